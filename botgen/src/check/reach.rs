//! Which commands people can learn of, which only admins can, and which entries of Telegram's menu can run.

use std::collections::BTreeSet;

use super::BotCx;
use super::i18n::Translations;
use crate::diagnostics::codes::{names, roles};
use crate::diagnostics::{Diagnostic, Sink};
use crate::source::{Span, Str};
use crate::syntax::ast::{self, ActionKind, ButtonDoes, FlowKind, Piece, Text, TextKind};
use botfactory_lang::ftl::tree::{Element, Expr, Pattern};

/// Commands that people try without having been told (Telegram asks every bot to have them), and the runtime's.
const KNOWN: [&str; 4] = ["start", "help", "settings", "cancel"];

/// Warns about commands that nothing lists and nothing leads to, and about those that the menu cannot run.
pub fn check(cx: &BotCx<'_>, sink: &mut Sink) {
    // What could not be read may lead there; and without `/start` people begin who knows where.
    if cx.ast.incomplete || cx.symbols.incomplete || cx.ast.flows.iter().any(|f| f.incomplete) {
        return;
    }
    for (cmd, description) in commands(cx.ast) {
        needs_argument(cx, cmd, description.is_some(), sink);
    }
    let mut reached: BTreeSet<String> = KNOWN.iter().map(|c| (*c).to_owned()).collect();
    mentioned(cx.ast, cx.words, &mut reached);
    half_open(cx, &reached, sink);
    if !cx.symbols.commands.contains_key("start") {
        return;
    }
    let listed = commands(cx.ast).filter(|(_, d)| d.is_some());
    reached.extend(listed.map(|(cmd, _)| name(cmd).to_owned()));
    let mut todo: Vec<String> = reached.iter().cloned().collect();
    while let Some(command) = todo.pop() {
        let flow = cx.ast.flows.iter().find(|f| name(&f.entry_cmd) == command);
        for link in flow.into_iter().flat_map(links) {
            if reached.insert(link.to.to_owned()) {
                todo.push(link.to.to_owned());
            }
        }
    }
    for (cmd, _) in commands(cx.ast).filter(|(cmd, _)| !reached.contains(name(cmd))) {
        let mut d = Diagnostic::new(
            &names::UNLISTED,
            cmd.span,
            format!(
                "nobody learns of `/{}`: no menu lists it, no button and no text leads to it",
                name(cmd)
            ),
        )
        .help("give it a `description`, or a button that people can come to");
        let from = cx.ast.flows.iter().find_map(|f| {
            let link = links(f).into_iter().find(|link| link.to == name(cmd))?;
            (name(&f.entry_cmd) != name(cmd)).then_some((f, link.span))
        });
        if let Some((flow, span)) = from {
            d = d.note(
                span,
                format!(
                    "only from `/{}`, which nobody learns of either",
                    name(&flow.entry_cmd)
                ),
            );
        }
        sink.report(d);
    }
}

fn name(cmd: &Str) -> &str {
    cmd.value.trim_start_matches('/')
}

fn commands(bot: &ast::Bot) -> impl Iterator<Item = (&Str, Option<&Text>)> {
    let intents = bot.intents.iter().map(|i| (&i.cmd, i.description.as_ref()));
    intents.chain(
        bot.flows
            .iter()
            .map(|f| (&f.entry_cmd, f.description.as_ref())),
    )
}

/// Telegram's menu and a first `/start` send the bare command.
fn needs_argument(cx: &BotCx<'_>, cmd: &Str, listed: bool, sink: &mut Sink) {
    let command = name(cmd);
    if !listed && command != "start" {
        return;
    }
    let Some(owner) = cx.symbols.commands.get(command) else {
        return;
    };
    let Some(argument) = owner.args.iter().find(|a| !a.optional) else {
        return;
    };
    let (who, help) = if listed {
        (
            "Telegram's menu sends it alone",
            "make the argument `optional`, ask for it in a step, or leave the `description` out",
        )
    } else {
        (
            "the first one comes alone",
            "make the argument `optional`, or ask for it in a step",
        )
    };
    sink.report(
        Diagnostic::new(
            &names::NEEDS_ARGUMENT,
            cmd.span,
            format!(
                "`/{command}` needs `{}`, but {who}, so it is refused",
                argument.name
            ),
        )
        .note(argument.span, "the argument")
        .help(help),
    );
}

/// A button that runs a command.
struct Link<'a> {
    /// The command, without its `/`.
    to: &'a str,
    span: Span,
    /// Nobody else sees it.
    admins: bool,
}

/// The commands that a flow's buttons run.
fn links(flow: &ast::Flow) -> Vec<Link<'_>> {
    let mut all = Vec::new();
    let own = flow.allow.is_some();
    if let FlowKind::Menu(menu) = &flow.kind {
        keyboard(&menu.options, own, &mut all);
    }
    for action in super::walk::actions(flow) {
        match &action.kind {
            ActionKind::Reply(reply) => {
                let admins = match &reply.to {
                    Some(to) => matches!(to, ast::To::Admins(_)),
                    None => own,
                };
                keyboard(&reply.keyboard, admins, &mut all);
            }
            ActionKind::Broadcast(broadcast) => {
                keyboard(&broadcast.message.keyboard, false, &mut all);
            }
            ActionKind::Pages(pages) => {
                keyboard(&pages.extra, own, &mut all);
                all.extend(pages.select.iter().map(|select| Link {
                    to: select.command.node.trim_start_matches('/'),
                    span: select.command.span,
                    admins: own,
                }));
            }
            _ => {}
        }
    }
    let steps = match &flow.kind {
        FlowKind::Wizard(wizard) => &wizard.steps[..],
        _ => &[],
    };
    for widget in steps.iter().filter_map(|step| step.widget.as_ref()) {
        if let ast::Widget::Pages(pages) = &widget.node {
            keyboard(&pages.extra, own, &mut all);
        }
    }
    all
}

/// `admins`: who else cannot see the message.
fn keyboard<'a>(keyboard: &'a ast::Keyboard, admins: bool, all: &mut Vec<Link<'a>>) {
    for button in keyboard.rows.iter().flatten() {
        if let ButtonDoes::Callback { command, .. } = &button.does {
            all.push(Link {
                to: command.node.trim_start_matches('/'),
                span: command.span,
                admins: admins || button.allow.is_some(),
            });
        }
    }
}

/// Warns about commands that only admins are shown and everybody may use: one of two locks was forgotten.
fn half_open(cx: &BotCx<'_>, named: &BTreeSet<String>, sink: &mut Sink) {
    let flows = cx.ast.flows.iter();
    let all: Vec<_> = flows
        .flat_map(|f| {
            links(f)
                .into_iter()
                .map(move |link| (name(&f.entry_cmd), link))
        })
        .collect();
    for (cmd, description) in commands(cx.ast) {
        let command = name(cmd);
        let owner = cx.symbols.commands.get(command);
        if description.is_some()
            || named.contains(command)
            || owner.is_none_or(|owner| owner.admins)
        {
            continue;
        }
        // A button below its own answer tells nobody of it.
        let mut leading = all
            .iter()
            .filter(|(from, link)| link.to == command && *from != command);
        let Some((_, first)) = leading.clone().next() else {
            continue;
        };
        if leading.all(|(_, link)| link.admins) {
            sink.report(
                Diagnostic::new(
                    &roles::HALF_OPEN,
                    cmd.span,
                    format!("only admins are shown `/{command}`, and everybody may use it"),
                )
                .note(first.span, "a button that only admins see")
                .help("write `allow: admin` below it; where it is for everybody, give it a `description`"),
            );
        }
    }
}

/// Commands that some text names: Telegram makes a link of them.
fn mentioned(bot: &ast::Bot, words: &Translations, out: &mut BTreeSet<String>) {
    for locale in &words.locales {
        for message in locale.messages.values().chain(locale.terms.values()) {
            message.patterns().for_each(|p| pattern(p, out));
        }
    }
    let mut text = |t: &Text| {
        if let TextKind::Template(p) = &t.kind {
            pieces(p, out);
        }
    };
    bot.fallback.iter().for_each(&mut text);
    for intent in &bot.intents {
        text(&intent.reply);
    }
    for flow in &bot.flows {
        if let FlowKind::Menu(menu) = &flow.kind {
            text(&menu.title);
        }
        if let FlowKind::Wizard(wizard) = &flow.kind {
            for step in &wizard.steps {
                text(&step.ask);
                step.validate
                    .iter()
                    .filter_map(|v| v.msg.as_ref())
                    .for_each(&mut text);
            }
        }
        for action in super::walk::actions(flow) {
            match &action.kind {
                ActionKind::Reply(reply) => {
                    text(&reply.text);
                    reply.empty_text.iter().for_each(&mut text);
                }
                ActionKind::Query(s) | ActionKind::Exec(s) => {
                    s.on_conflict.iter().for_each(|c| text(&c.reply));
                }
                ActionKind::Limit(limit) => limit.message.iter().for_each(&mut text),
                ActionKind::Ask(ask) => ask.on_long.iter().chain(&ask.on_late).for_each(&mut text),
                ActionKind::SetLocale(_) | ActionKind::Segment(_) | ActionKind::Subscribe(_) => {}
                ActionKind::Broadcast(broadcast) => {
                    broadcast.message.text.iter().for_each(&mut text);
                }
                ActionKind::Pages(pages) => {
                    pages.title.iter().for_each(&mut text);
                    pages.empty_text.iter().for_each(&mut text);
                }
            }
        }
    }
}

fn pieces(list: &[Piece], out: &mut BTreeSet<String>) {
    for piece in list {
        match piece {
            Piece::Literal { text, .. } => named(text, out),
            Piece::Value(_) | Piece::Key(_) => {}
            Piece::Each {
                body, otherwise, ..
            } => {
                pieces(body, out);
                pieces(otherwise, out);
            }
            Piece::If {
                arms, otherwise, ..
            } => {
                arms.iter().for_each(|(_, body)| pieces(body, out));
                pieces(otherwise, out);
            }
        }
    }
}

fn pattern(p: &Pattern, out: &mut BTreeSet<String>) {
    for element in &p.elements {
        match element {
            Element::Words { text, .. } | Element::Placeable(Expr::Text { text, .. }) => {
                named(text, out);
            }
            Element::Placeable(Expr::Select { variants, .. }) => {
                variants.iter().for_each(|v| pattern(&v.pattern, out));
            }
            Element::Placeable(_) => {}
        }
    }
}

/// Words of a text that begin with `/`.
fn named(text: &str, out: &mut BTreeSet<String>) {
    for (at, _) in text.match_indices('/') {
        let word = text.get(at + 1..).unwrap_or_default();
        let end = word.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let word = word.get(..end.unwrap_or(word.len())).unwrap_or_default();
        if !word.is_empty() {
            out.insert(word.to_ascii_lowercase());
        }
    }
}
