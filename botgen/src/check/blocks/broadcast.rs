//! `ops.broadcast.v1`: who gets what, how fast, and who may start it.

use std::ops::RangeInclusive;

use super::{media, mode, moment, recipient, segment, trust};
use crate::check::flow::FlowCheck;
use crate::check::scope::Scope;
use crate::check::sql::{self, Kind};
use crate::check::text::bounds;
use crate::check::text::{self, TextUse};
use crate::check::{FlowCx, expr};
use crate::diagnostics::codes::broadcasts as codes;
use crate::diagnostics::{Diagnostic, meant};
use crate::ir::broadcast::{Audience, Broadcast, Who};
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::text::{Slot, TextCall};
use crate::ir::types::{Base, Ty};
use crate::ir::{ActionKind, Button};
use crate::source::{Span, Str};
use crate::syntax::ast;
use botfactory_lang::limits;

/// Messages a second.
const PACE: RangeInclusive<i64> = 1..=100;
/// Days of `active_7d`.
const DAYS: RangeInclusive<u16> = 1..=3650;

/// Checks the action. The result's type does not yet say that `when` may skip it.
pub fn check(
    check: &mut FlowCheck<'_>,
    scope: &Scope,
    broadcast: &ast::Broadcast,
    action: &ast::Action,
) -> Option<ActionKind> {
    let errors = check.cx.sink.errors();
    if check.flow.allow.is_none() && !check.flow.incomplete {
        let cmd = &check.flow.entry_cmd;
        let message = format!(
            "whoever writes `{}` to the bot reaches all of this audience",
            cmd.value
        );
        check.cx.sink.report(
            Diagnostic::new(&codes::ANYBODY, action.block.span, message)
                .note(cmd.span, "everybody may use this command")
                .help("let only the bot's admins do it: `allow: admin` below `entry_cmd`"),
        );
    }
    let audience = audience(
        check,
        scope,
        &broadcast.audience.node,
        broadcast.audience.span,
    );
    let letter = letter(check, scope, &broadcast.message);
    let pace = match &broadcast.per_sec {
        Some(pace) => self::pace(&mut check.cx, scope, pace).map(Some),
        None => Some(None),
    };
    let at = match &broadcast.at {
        Some(at) => moment::check(&mut check.cx, scope, at).map(Some),
        None => Some(None),
    };
    let result = broadcast
        .result_var
        .as_ref()
        .map(|name| check.variable(&name.value, result(broadcast)));
    let Letter {
        text,
        keyboard,
        media,
    } = letter?;
    if check.cx.sink.errors() > errors {
        return None;
    }
    Some(ActionKind::Broadcast(Box::new(Broadcast {
        origin: check.cx.origin(action.span),
        name: match &broadcast.name {
            Some(name) => name.value.clone(),
            None => check.cx.command.to_owned(),
        },
        audience: audience?,
        text,
        keyboard,
        media,
        pace: pace?,
        at: at?,
        dry_run: broadcast.dry_run,
        progress: broadcast.progress,
        on_ambiguous: broadcast.on_ambiguous.as_ref().map(|p| p.node),
        result,
    })))
}

/// The type of what `result_var` holds.
pub fn result(broadcast: &ast::Broadcast) -> Ty {
    let made = !broadcast.dry_run;
    Ty::some(Base::Broadcast { made })
}

fn audience(
    check: &mut FlowCheck<'_>,
    scope: &Scope,
    written: &ast::Audience,
    span: Span,
) -> Option<Audience> {
    match written {
        ast::Audience::Named(name) => who(&mut check.cx, name).map(Audience::Fixed),
        ast::Audience::Query(statement) => people(check, scope, statement),
        ast::Audience::Chosen(value) => {
            let help = "ask for it by a choice whose values are audiences: `all`, `active_7d`, `segment:vip`";
            let chosen = chosen(check, scope, value, span, help)?;
            let named: Option<Vec<Who>> = values(check, &chosen)?
                .into_iter()
                .map(|name| who(&mut check.cx, &name))
                .collect();
            Some(Audience::Chosen(chosen.0, chosen.1, named?))
        }
        ast::Audience::Segment(value) => {
            let help = "ask for it by a choice whose values are names of `segments`";
            let chosen = chosen(check, scope, value, span, help)?;
            let named: Option<Vec<Who>> = values(check, &chosen)?
                .into_iter()
                .map(|name| segment::known(&mut check.cx, &name, None).map(Who::Segment))
                .collect();
            Some(Audience::Chosen(chosen.0, chosen.1, named?))
        }
    }
}

type Chosen = (Expr, crate::ir::types::ChoiceId);

/// A value that is one of a choice's, and there.
fn chosen(
    check: &mut FlowCheck<'_>,
    scope: &Scope,
    written: &ast::Expr,
    span: Span,
    help: &str,
) -> Option<Chosen> {
    let value = expr::check(&mut check.cx, scope, written)?;
    let Base::Choice(id) = value.ty.base else {
        let message = format!(
            "this is {}, which may be something else than an audience",
            expr::a(&value.ty)
        );
        check
            .cx
            .sink
            .report(Diagnostic::new(&codes::CHOSEN_AUDIENCE, span, message).help(help));
        return None;
    };
    if value.ty.nullable {
        expr::report_nullable(&mut check.cx, written);
        return None;
    }
    Some((value, id))
}

/// The values of a choice, where they stand.
fn values(check: &FlowCheck<'_>, chosen: &Chosen) -> Option<Vec<Str>> {
    let at = check.names.choices.get(chosen.1.0)?;
    let options = at.options(check.flow);
    Some(options.iter().map(|o| o.value.clone()).collect())
}

/// A named audience.
fn who(cx: &mut FlowCx<'_>, name: &Str) -> Option<Who> {
    let written = name.value.as_str();
    if written == "all" {
        return Some(Who::All);
    }
    if let Some(segment) = written.strip_prefix("segment:") {
        let at = written.len() - segment.len();
        return segment::known(cx, name, Some(at)).map(Who::Segment);
    }
    let days = written
        .strip_prefix("active_")
        .and_then(|rest| rest.strip_suffix('d'))
        .filter(|days| !days.is_empty() && days.bytes().all(|b| b.is_ascii_digit()));
    if let Some(days) = days {
        if let Some(days) = days.parse().ok().filter(|days| DAYS.contains(days)) {
            return Some(Who::ActiveDays(days));
        }
        cx.sink.report(
            Diagnostic::new(
                &codes::AUDIENCE,
                name.span,
                format!("`{written}` counts days that are not from 1 to 3650"),
            )
            .help("write the days within which people were seen: `active_7d`"),
        );
        return None;
    }
    let d = Diagnostic::new(
        &codes::AUDIENCE,
        name.span,
        format!("`{written}` is no audience"),
    );
    let segments = cx.bot.ast.segments.iter();
    let d = if segments.clone().any(|s| s.value == written) {
        let right = format!("segment:{written}");
        let title = format!("write `{right}`");
        let place = name.span_of(0..written.len());
        d.help(title.clone())
            .fix(title, [crate::diagnostics::Edit::replace(place, right)])
    } else {
        let names: Vec<String> = segments.map(|s| format!("segment:{}", s.value)).collect();
        // The number is the author's, whatever stands around it.
        let days: String = written.chars().filter(char::is_ascii_digit).collect();
        let active = match days.as_str() {
            "" => "active_7d".to_owned(),
            days => format!("active_{days}d"),
        };
        if let Some(days) = in_days(written) {
            let help = format!("days are counted: `active_{days}d`");
            cx.sink.report(d.help(help));
            return None;
        }
        let known = ["all", active.as_str()].into_iter();
        let near = meant(written, known.chain(names.iter().map(String::as_str)));
        match (elsewhere(cx, written), near) {
            (Some(help), _) => d.help(help),
            (None, Some(near)) => d.suggest(written, &near),
            (None, None) => d.help(
                "it is `all`, `active_7d` (any number of days), `segment:name`, or a query: `{ sql: … }`",
            ),
        }
    };
    cx.sink.report(d);
    None
}

/// What to write for audiences that are said in another way here.
fn elsewhere(cx: &FlowCx<'_>, written: &str) -> Option<String> {
    let lower = written.to_ascii_lowercase();
    Some(match lower.as_str() {
        "everyone" | "everybody" | "users" | "people" | "subscribers" | "anyone" | "*" => {
            "write `audience: all`: it leaves out who has opted out".to_owned()
        }
        "admin" | "admins" => {
            "to the bot's admins goes a reply: `action.reply_template.v1` with `to: admins`".to_owned()
        }
        _ if lower.starts_with("inactive") => {
            "who was not seen lately is found by a query: `{ sql: \"SELECT user_id FROM bf_people WHERE bot_id = :bot_id AND last_seen < :since\", params: { since: now - 30d } }`"
                .to_owned()
        }
        _ if is_variable(cx, written) => {
            format!("for what the variable holds write `audience: \"{{{{{written}}}}}\"`")
        }
        _ => return None,
    })
}

/// A step or an argument of this flow is called so.
fn is_variable(cx: &FlowCx<'_>, name: &str) -> bool {
    let command = cx.bot.symbols.commands.get(cx.command);
    let names = command.and_then(|c| cx.bot.symbols.flows.get(c.flow));
    names.is_some_and(|names| names.vars.iter().any(|v| v.name == name))
}

/// `active_2w`, `active_1month`: how many days those are.
fn in_days(written: &str) -> Option<u32> {
    let rest = written.to_ascii_lowercase();
    let rest = rest.strip_prefix("active")?.trim_start_matches(['_', '-']);
    let unit = rest.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = rest.split_at(unit);
    let times = match unit.trim_matches(['_', '-', ' ']) {
        "w" | "week" | "weeks" => 7,
        "m" | "mo" | "mon" | "month" | "months" => 30,
        "y" | "year" | "years" => 365,
        _ => return None,
    };
    let days = number.parse::<u32>().ok()?.checked_mul(times)?;
    let most = u32::from(*DAYS.end());
    (1..=most).contains(&days).then_some(days)
}

/// The people of a query.
fn people(
    check: &mut FlowCheck<'_>,
    scope: &Scope,
    statement: &ast::Statement,
) -> Option<Audience> {
    let checked = sql::statement(&mut check.cx, scope, statement, Kind::Audience, "audience")?;
    let columns = &check.cx.queries.get(checked.query.0)?.columns;
    let ty = &columns.first()?.ty;
    if ty.base != Base::Int || ty.nullable {
        let message = format!("people are whole numbers, and this gives {}", expr::a(ty));
        let help = match (&ty.base, ty.nullable) {
            (Base::Int, true) => "leave out rows without one: `WHERE user_id IS NOT NULL`",
            _ => "select the people's `user_id`",
        };
        check
            .cx
            .sink
            .report(Diagnostic::new(&codes::PEOPLE, statement.sql.span, message).help(help));
        return None;
    }
    Some(Audience::People(checked.query))
}

/// What people get.
struct Letter {
    text: Option<TextCall>,
    keyboard: Vec<Vec<Button>>,
    media: Option<(ast::MediaKind, Expr)>,
}

fn letter(check: &mut FlowCheck<'_>, scope: &Scope, written: &ast::Letter) -> Option<Letter> {
    let media = match &written.media {
        Some(media) => media::check(check, scope, media).map(|file| Some((media.kind, file))),
        None => Some(None),
    };
    let text = match &written.text {
        Some(text) => {
            let fine = recipient::fields(&mut check.cx, text);
            let usage = TextUse {
                slot: match written.media {
                    Some(_) => Slot::Caption,
                    None => Slot::Message,
                },
                ..TextUse::message(mode(written.parse_mode.as_ref()), "broadcast")
            };
            let overflow = written
                .overflow
                .as_ref()
                .map_or(ast::Overflow::Truncate, |o| o.node);
            let inside = scope.clone().with_recipient();
            let usage = usage.overflow(overflow).whole();
            let checked = fine.then(|| text::text(&mut check.cx, &inside, text, usage));
            let checked = checked.flatten();
            if let (Some(checked), None) = (&checked, &written.overflow) {
                cut(check, text, usage.slot, checked.most);
            }
            checked.map(|checked| Some(checked.call))
        }
        None => Some(None),
    };
    let mut fine = recipient::nowhere_else(&mut check.cx, written);
    fine &= readers(check, &written.keyboard);
    let keyboard = match fine {
        true => check.keyboard(scope, &written.keyboard),
        false => None,
    };
    let letter = Letter {
        text: text?,
        keyboard: keyboard?,
        media: media?,
    };
    let places = written.text.iter().map(|text| text.source.span);
    let files = written.media.iter().map(|media| media.file.span());
    let whole = trust::Letter {
        texts: letter.text.iter().zip(places).collect(),
        values: letter
            .media
            .iter()
            .map(|(_, file)| file)
            .zip(files)
            .collect(),
        keyboard: &letter.keyboard,
        written: &written.keyboard,
    };
    trust::sent(check, &whole);
    Some(letter)
}

/// Says that values can make the text longer than one message, and nobody has said what becomes of it then: everybody would
/// get it without its end.
fn cut(check: &mut FlowCheck<'_>, text: &ast::Text, slot: Slot, most: Option<usize>) {
    let (limit, what) = match slot {
        Slot::Caption => (limits::CAPTION, "the text below a file"),
        _ => (limits::MESSAGE_TEXT, "a message"),
    };
    if most.is_some_and(|most| most <= limit) {
        return;
    }
    let long = match most {
        Some(most) => format!("this can have {most} characters, {what} has at most {limit}"),
        None => format!("nothing bounds the length of this, {what} has at most {limit} characters"),
    };
    let message = format!("{long}: everybody would get it without its end");
    check.cx.sink.report(
        Diagnostic::new(&codes::CUT, text.source.span, message).help(
            "bound its values (`max:` on their steps, `| truncate: …`) and say `overflow: error`, so that this is proven; or say that it may be cut: `overflow: truncate`",
        ),
    );
}

/// Reports buttons that those who get them cannot use. `true`: there are none.
fn readers(check: &mut FlowCheck<'_>, keyboard: &ast::Keyboard) -> bool {
    let errors = check.cx.sink.errors();
    for button in keyboard.rows.iter().flatten() {
        if let Some(allow) = button.allow {
            check.cx.sink.report(
                Diagnostic::new(
                    &codes::CLOSED_BUTTON,
                    allow,
                    "the buttons of a broadcast are the same for everybody",
                )
                .help("leave `allow` out, or the button"),
            );
            continue;
        }
        let ast::ButtonDoes::Callback { command, .. } = &button.does else {
            continue;
        };
        let name = command.node.trim_start_matches('/');
        let commands = &check.cx.bot.symbols.commands;
        let (message, note, help) = match commands.get(name) {
            Some(owner) if owner.admins => (
                format!("only admins may use `/{name}`, and everybody gets this button"),
                Some(owner.span),
                "lead them to a command that is theirs",
            ),
            None if name == "cancel" => (
                "whoever gets a broadcast is in no dialogue that could be cancelled".to_owned(),
                None,
                "lead them to a command of the bot, or leave the button out",
            ),
            _ => continue,
        };
        let mut d = Diagnostic::new(&codes::CLOSED_BUTTON, command.span, message).help(help);
        if let Some(note) = note {
            d = d.note(note, "for admins");
        }
        check.cx.sink.report(d);
    }
    check.cx.sink.errors() == errors
}

/// Messages a second.
fn pace(cx: &mut FlowCx<'_>, scope: &Scope, written: &ast::Field) -> Option<Expr> {
    let (span, literal) = match written {
        ast::Field::Literal(s) => (s.span, true),
        ast::Field::Expr(e) => (e.span, false),
    };
    let pace = expr::field(cx, scope, written, &Ty::some(Base::Int))?;
    let (least, most) = bounds::range(cx, &pace);
    let unknown = (least, most) == (i64::MIN, i64::MAX);
    let answer = match &pace.kind {
        ExprKind::Var { ident, .. } => cx.known.ranges.contains_key(ident),
        _ => false,
    };
    // What a table holds is held within the bounds when the broadcast is made.
    if (PACE.contains(&least) && PACE.contains(&most)) || (unknown && !answer) {
        return Some(pace);
    }
    let (message, help) = if literal {
        (
            "a broadcast sends from 1 to 100 messages a second".to_owned(),
            "of one bot Telegram takes about 30: 25 leaves room for answers".to_owned(),
        )
    } else {
        (
            "this number may lie outside of 1 to 100 messages a second".to_owned(),
            "bound the answer: `min: 1, max: 100`".to_owned(),
        )
    };
    cx.sink
        .report(Diagnostic::new(&codes::PACE, span, message).help(help));
    None
}
