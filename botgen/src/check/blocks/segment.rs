//! `segments:` and `action.segment.v1`.

use std::collections::BTreeMap;

use crate::check::flow::FlowCheck;
use crate::check::scope::Scope;
use crate::check::{FlowCx, expr, walk};
use crate::diagnostics::codes::broadcasts as codes;
use crate::diagnostics::{Diagnostic, Sink, meant};
use crate::ir::ActionKind;
use crate::ir::broadcast::{Segment, SegmentChange};
use crate::ir::types::Base;
use crate::source::{Span, Str};
use crate::syntax::ast;

/// Checks the action.
pub fn check(
    check: &mut FlowCheck<'_>,
    scope: &Scope,
    change: &ast::SegmentChange,
    action: &ast::Action,
) -> Option<ActionKind> {
    let segment = match &change.segment {
        ast::Field::Literal(name) => known(&mut check.cx, name, None).map(Segment::Fixed),
        ast::Field::Expr(value) => chosen(check, scope, value),
    };
    let user = match &change.user {
        Some(user) => somebody_else(check, scope, user, action.block.span).map(Some),
        None => Some(None),
    };
    Some(ActionKind::Segment(SegmentChange {
        join: change.join,
        segment: segment?,
        user: user?,
    }))
}

/// A declared segment. `at`: its name begins there, in a longer word.
pub fn known(cx: &mut FlowCx<'_>, written: &Str, at: Option<usize>) -> Option<String> {
    let from = at.unwrap_or(0);
    let name = written.value.get(from..)?;
    let segments = &cx.bot.ast.segments;
    if segments.iter().any(|s| s.value == name) {
        return Some(name.to_owned());
    }
    if cx.bot.ast.incomplete {
        return None;
    }
    let span = match at {
        Some(from) => written.span_of(from..written.value.len()),
        None => written.span,
    };
    let d = Diagnostic::new(
        &codes::SEGMENT,
        span,
        match name {
            "" => "a segment has a name".to_owned(),
            _ => format!("there is no segment `{name}`"),
        },
    );
    let near = meant(name, segments.iter().map(|s| s.value.as_str()));
    cx.sink.report(match near {
        Some(near) => d.suggest(name, &near),
        None if segments.is_empty() => d.help(format!(
            "declare it at the top of `bot.yaml`: `segments: [{}]`",
            named(cx.bot.ast, name).join(", ")
        )),
        None => d.help(format!(
            "the bot's segments are {}; further ones stand under `segments` in `bot.yaml`",
            segments
                .iter()
                .map(|s| format!("`{}`", s.value))
                .collect::<Vec<_>>()
                .join(", ")
        )),
    });
    None
}

/// Every segment that the bot names, where it declares none: one list for all of them.
fn named<'a>(bot: &'a ast::Bot, name: &'a str) -> Vec<&'a str> {
    let mut all = Vec::new();
    for flow in &bot.flows {
        for action in crate::check::walk::actions(flow) {
            match &action.kind {
                ast::ActionKind::Segment(change) => {
                    if let ast::Field::Literal(word) = &change.segment {
                        all.push(word.value.as_str());
                    }
                }
                ast::ActionKind::Broadcast(broadcast) => {
                    if let ast::Audience::Named(word) = &broadcast.audience.node {
                        all.extend(word.value.strip_prefix("segment:"));
                    }
                }
                _ => {}
            }
        }
        let options = crate::resolve::steps(flow).iter().flat_map(|s| &s.options);
        all.extend(options.filter_map(|o| o.value.value.strip_prefix("segment:")));
    }
    all.push(if name.is_empty() { "vip" } else { name });
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|word| !word.is_empty() && seen.insert(*word));
    all
}

/// The value of a choice, or several of them.
fn chosen(check: &mut FlowCheck<'_>, scope: &Scope, written: &ast::Expr) -> Option<Segment> {
    let value = expr::check(&mut check.cx, scope, written)?;
    let id = match &value.ty.base {
        Base::Choice(id) => Some(*id),
        Base::List { item, .. } => match item.base {
            Base::Choice(id) => Some(id),
            _ => None,
        },
        _ => None,
    };
    let Some(id) = id else {
        let message = format!(
            "this is {}, which may be something else than a segment",
            expr::a(&value.ty)
        );
        check.cx.sink.report(
            Diagnostic::new(&codes::CHOSEN_AUDIENCE, written.span, message)
                .help("ask for it by a choice whose values are names of `segments`"),
        );
        return None;
    };
    if value.ty.nullable {
        expr::report_nullable(&mut check.cx, written);
        return None;
    }
    let at = check.names.choices.get(id.0)?;
    let mut fine = true;
    for option in at.options(check.flow) {
        fine &= known(&mut check.cx, &option.value, None).is_some();
    }
    fine.then_some(Segment::Chosen(value))
}

/// `user:`.
fn somebody_else(
    check: &mut FlowCheck<'_>,
    scope: &Scope,
    written: &ast::Expr,
    block: Span,
) -> Option<crate::ir::expr::Expr> {
    if check.flow.allow.is_none() && !check.flow.incomplete {
        let cmd = &check.flow.entry_cmd;
        check.cx.sink.report(
            Diagnostic::new(
                &codes::SOMEBODY_ELSE,
                block,
                format!("whoever writes `{}` changes the segments of somebody else", cmd.value),
            )
            .note(cmd.span, "everybody may use this command")
            .help("let only the bot's admins do it: `allow: admin` below `entry_cmd`; or leave `user` out"),
        );
        return None;
    }
    let value = expr::check(&mut check.cx, scope, written)?;
    if value.ty.nullable {
        expr::report_nullable(&mut check.cx, written);
        return None;
    }
    if value.ty.base != Base::Int {
        let message = format!(
            "people are whole numbers, and this is {}",
            expr::a(&value.ty)
        );
        check.cx.sink.report(
            Diagnostic::new(&codes::PEOPLE, written.span, message)
                .help("write a `user_id`: `user: person.user_id`"),
        );
        return None;
    }
    Some(value)
}

/// The declarations: each once.
pub fn declared(bot: &ast::Bot, sink: &mut Sink) {
    let mut first: BTreeMap<&str, Span> = BTreeMap::new();
    for segment in &bot.segments {
        if let Some(before) = first.insert(&segment.value, segment.span) {
            sink.report(
                Diagnostic::new(
                    &codes::SEGMENT_TWICE,
                    segment.span,
                    format!("`{}` stands twice in `segments`", segment.value),
                )
                .note(before, "the first")
                .help("remove one of them"),
            );
        }
    }
}

/// What holds over the whole bot, once nothing is wrong.
pub fn advice(bot: &ast::Bot, sink: &mut Sink) {
    let all = || bot.flows.iter().flat_map(walk::actions);
    let named = |segment: &str| {
        let is = |name: &Str| name.value == segment;
        let in_choice = bot.flows.iter().any(|flow| {
            let values = crate::resolve::steps(flow)
                .iter()
                .flat_map(|step| &step.options)
                .chain(flow.args.iter().flat_map(|arg| &arg.options));
            values.into_iter().any(|option| {
                let value = option.value.value.as_str();
                value == segment || value.strip_prefix("segment:") == Some(segment)
            })
        });
        in_choice
            || all().any(|action| match &action.kind {
                ast::ActionKind::Segment(change) => match &change.segment {
                    ast::Field::Literal(name) => is(name),
                    ast::Field::Expr(_) => false,
                },
                ast::ActionKind::Broadcast(broadcast) => match &broadcast.audience.node {
                    ast::Audience::Named(name) => {
                        name.value.strip_prefix("segment:") == Some(segment)
                    }
                    _ => false,
                },
                _ => false,
            })
    };
    for segment in bot.segments.iter().filter(|s| !named(&s.value)) {
        sink.report(
            Diagnostic::new(
                &codes::UNUSED_SEGMENT,
                segment.span,
                format!(
                    "nobody joins the segment `{}`, and nothing is sent to it",
                    segment.value
                ),
            )
            .help("let people join it with `action.segment.v1`, or remove it"),
        );
    }
    let sends = all().find(|action| match &action.kind {
        ast::ActionKind::Broadcast(broadcast) => !broadcast.dry_run,
        _ => false,
    });
    let stops = |action: &ast::Action| matches!(action.kind, ast::ActionKind::Subscribe(false));
    if let (Some(sends), false) = (sends, all().any(stops)) {
        sink.report(
            Diagnostic::new(
                &codes::NO_WAY_OUT,
                sends.block.span,
                "nobody can stop the broadcasts of this bot but by blocking it",
            )
            .help("give people a command for it: `- action.unsubscribe.v1: {}`"),
        );
    }
}
