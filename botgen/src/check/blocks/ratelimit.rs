//! `policy.ratelimit.v1`: a limit in a list of actions, or of the whole bot.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::check::flow::FlowCheck;
use crate::check::scope::Scope;
use crate::check::text::TextUse;
use crate::check::{FlowCx, expr, facts, text, walk};
use crate::diagnostics::codes::{limits as codes, names};
use crate::diagnostics::{Diagnostic, Sink};
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::text::How;
use crate::ir::types::{Base, Ty, Variable};
use crate::ir::{ActionKind, Limit};
use crate::source::{Span, Spanned};
use crate::syntax::ast;
use botfactory_lang::markup::ParseMode;

/// Seconds that a window may have.
const WINDOW: RangeInclusive<i64> = 1..=30 * 24 * 60 * 60;
/// Those of the old system, where nothing is written.
const DEFAULT_WINDOW: i64 = 60;
/// How many may pass in a window: each is a moment that is kept.
const ALLOWANCE: RangeInclusive<i64> = 1..=10_000;
/// That of the old system.
const DEFAULT_ALLOWANCE: i64 = 5;

/// Checks the action.
pub fn check(
    check: &mut FlowCheck<'_>,
    scope: &Scope,
    limit: &ast::Limit,
    action: &ast::Action,
) -> Option<ActionKind> {
    if let (Some(message), Some(var)) = (
        &limit.message,
        check.names.vars.iter().find(|v| v.name == Limit::RETRY_IN),
    ) {
        let d = Diagnostic::new(
            &names::BUILTIN_SHADOWED,
            var.span,
            format!(
                "`{}` is what the message of a limit knows by this name",
                var.name
            ),
        )
        .note(message.source.span, "this message")
        .help("choose another name");
        check.cx.sink.report(d);
        return None;
    }
    let place = place(check.flow, check.cx.command, action.span);
    let origin = action.span;
    self::limit(&mut check.cx, scope, limit, place, origin).map(ActionKind::Limit)
}

/// Checks a limit of the whole bot, the `n`th.
pub fn policy(
    cx: &mut FlowCx<'_>,
    policy: &ast::Action,
    n: usize,
) -> Option<(Option<Expr>, Limit)> {
    let ast::ActionKind::Limit(written) = &policy.kind else {
        return None; // the decoder takes nothing else
    };
    let mut scope = Scope::default();
    let when = match &policy.when {
        Some(when) => expr::condition(cx, &scope, when).map(|typed| {
            let means = ("it holds nobody back", "it always holds");
            facts::judge(cx, &scope, when, &typed, means);
            Some(typed)
        }),
        None => Some(None),
    };
    if let Some(test) = &policy.when {
        crate::check::flow::actions::narrow(&mut scope, test, true);
    }
    let limit = limit(cx, &scope, written, format!("policies.{n}"), policy.span);
    Some((when?, limit?))
}

fn limit(
    cx: &mut FlowCx<'_>,
    scope: &Scope,
    limit: &ast::Limit,
    place: String,
    span: Span,
) -> Option<Limit> {
    let window = within(
        cx.sink,
        limit.window.as_ref(),
        DEFAULT_WINDOW,
        &WINDOW,
        ("`window`", "a window has at least `1s` and at most `30d`"),
    );
    let allowance = within(
        cx.sink,
        limit.allowance.as_ref(),
        DEFAULT_ALLOWANCE,
        &ALLOWANCE,
        (
            "`allowance`",
            "at least 1 and at most 10000 pass in a window; to let nobody pass leave the flow out",
        ),
    );
    let suffix = match &limit.key_suffix {
        Some(suffix) => self::suffix(cx, scope, suffix),
        None => Some(Vec::new()),
    };
    let message = match &limit.message {
        Some(message) => self::message(cx, scope, message, window, span).map(Some),
        None => Some(None),
    };
    Some(Limit {
        origin: cx.origin(span),
        rule: match &limit.key {
            Some(key) => key.value.clone(),
            None => place.clone(),
        },
        place,
        scope: limit.scope.as_ref().map(|s| s.node).unwrap_or_default(),
        window: window?,
        allowance: allowance?,
        suffix: suffix?,
        message: message?,
        on_error: limit.on_error.as_ref().map(|e| e.node).unwrap_or_default(),
    })
}

/// A number within its range, or its default.
fn within(
    sink: &mut Sink,
    written: Option<&Spanned<i64>>,
    default: i64,
    range: &RangeInclusive<i64>,
    (what, help): (&str, &str),
) -> Option<i64> {
    let Some(written) = written else {
        return Some(default);
    };
    if range.contains(&written.node) {
        return Some(written.node);
    }
    let great = written.node > *range.end();
    let message = format!("{what} is too {}", if great { "great" } else { "small" });
    sink.report(Diagnostic::new(&codes::LIMIT_RANGE, written.span, message).help(help));
    None
}

/// What is said to those who are held back; it knows how long.
fn message(
    cx: &mut FlowCx<'_>,
    scope: &Scope,
    message: &ast::Text,
    window: Option<i64>,
    span: Span,
) -> Option<crate::ir::text::TextCall> {
    let retry_in = Variable {
        name: Limit::RETRY_IN.to_owned(),
        ident: Limit::RETRY_IN.to_owned(),
        ty: Ty::some(Base::Int),
    };
    let mut scope = scope.clone();
    scope.define(retry_in, span);
    let most = window.unwrap_or(*WINDOW.end());
    let known = (1, most);
    cx.known.ranges.insert(Limit::RETRY_IN.to_owned(), known);
    scope
        .facts_mut()
        .bound(Limit::RETRY_IN, Some(1), Some(most), span);
    let usage = TextUse::message(ParseMode::Html, "slow_down");
    Some(text::text(cx, &scope, message, usage)?.call)
}

/// Words and values that separate counters.
fn suffix(cx: &mut FlowCx<'_>, scope: &Scope, suffix: &ast::Text) -> Option<Vec<Expr>> {
    fn wrong<T>(cx: &mut FlowCx<'_>, span: Span, message: &str, help: &str) -> Option<T> {
        cx.sink
            .report(Diagnostic::new(&codes::LIMIT_KEY, span, message).help(help));
        None
    }
    let plain = "a key is made of words and `{{values}}`, the same in every language";
    let pieces = match &suffix.kind {
        ast::TextKind::Key(key) => {
            return wrong(cx, key.span, "a translation makes no key", plain);
        }
        ast::TextKind::Template(pieces) => pieces,
    };
    if pieces.is_empty() {
        let help = "write what separates the counters, or leave `key_suffix` out";
        return wrong(cx, suffix.source.span, "this key is empty", help);
    }
    let parts: Vec<Option<Expr>> = pieces
        .iter()
        .map(|piece| match piece {
            ast::Piece::Literal { text, .. } => Some(Expr {
                ty: Ty::some(Base::Text { max: None }),
                kind: ExprKind::Text(text.clone()),
            }),
            ast::Piece::Value(value) => part(cx, scope, value),
            ast::Piece::Key(key) => wrong(cx, key.span, "a translation makes no key", plain),
            ast::Piece::Each { span, .. } | ast::Piece::If { span, .. } => {
                wrong(cx, *span, "a block makes no key", plain)
            }
        })
        .collect();
    parts.into_iter().collect()
}

/// A value as a part of a key: it must be there, and the same for everybody.
fn part(cx: &mut FlowCx<'_>, scope: &Scope, written: &ast::Expr) -> Option<Expr> {
    let value = expr::check(cx, scope, written)?;
    if let ExprKind::Printed(print) = &value.kind
        && speaks_a_language(&print.how)
    {
        cx.sink.report(
            Diagnostic::new(
                &codes::LIMIT_KEY,
                written.span,
                "this is printed in the language of the person, so that one value would have several counters",
            )
            .help("leave the filter out: a key is made of the value itself"),
        );
        return None;
    }
    let help = match &value.ty.base {
        Base::Text { .. }
        | Base::Int
        | Base::Decimal(_)
        | Base::Bool
        | Base::Date
        | Base::Time
        | Base::DateTime => None,
        Base::Choice(_) => {
            if value.ty.nullable {
                expr::report_nullable(cx, written);
                return None;
            }
            return Some(Expr {
                ty: Ty::some(Base::Text { max: None }),
                kind: ExprKind::ChoiceValue(Box::new(value)),
            });
        }
        Base::Real => Some("take a whole number or a decimal"),
        Base::List { .. } => Some("take one of its elements, or their number: `| count`"),
        Base::Row(_) => Some("take one of its columns"),
        Base::Record(_) => Some("take one of its fields"),
        Base::Contact => {
            Some("take one of its fields: `phone`, `first_name`, `last_name`, `user_id`")
        }
        Base::Location | Base::File | Base::Broadcast { .. } | Base::Duration | Base::Null => {
            Some("take another value")
        }
    };
    if let Some(help) = help {
        let message = format!("{} makes no key", expr::a(&value.ty));
        cx.sink
            .report(Diagnostic::new(&codes::LIMIT_KEY, written.span, message).help(help));
        return None;
    }
    if value.ty.nullable {
        expr::report_nullable(cx, written);
        return None;
    }
    Some(value)
}

/// Whether a printing differs between languages.
fn speaks_a_language(how: &How) -> bool {
    match how {
        How::Plain => false,
        How::Join { each: inner, .. }
        | How::Upper(inner)
        | How::Lower(inner)
        | How::Truncate(_, inner) => speaks_a_language(inner),
        How::Or(other, inner) => speaks_a_language(&other.how) || speaks_a_language(inner),
        _ => true,
    }
}

/// Where a limit stands: `book.on_enter.1`, the first of its list. What else stands there does not move it.
fn place(flow: &ast::Flow, command: &str, span: Span) -> String {
    lists(flow)
        .into_iter()
        .find_map(|(name, list)| {
            let mut limits = list
                .iter()
                .filter(|a| matches!(a.kind, ast::ActionKind::Limit(_)));
            let n = limits.position(|a| a.span == span)? + 1;
            Some(format!("{command}.{name}.{n}"))
        })
        .unwrap_or_else(|| command.to_owned())
}

/// The lists of actions of a flow, by name.
fn lists(flow: &ast::Flow) -> Vec<(String, &[ast::Action])> {
    let mut lists = vec![("on_enter".to_owned(), flow.on_enter.as_slice())];
    if let ast::FlowKind::Wizard(wizard) = &flow.kind {
        for step in &wizard.steps {
            let id = &step.id.as_ref().unwrap_or(&step.var).value;
            lists.push((format!("{id}.on_step"), &step.on_step));
        }
        lists.push(("on_step".to_owned(), &wizard.on_step));
        lists.push(("on_complete".to_owned(), &wizard.on_complete));
    }
    lists
}

/// Warns about limits behind statements that write: what was written is undone for those who are held back.
pub fn after_writes(check: &mut FlowCheck<'_>) {
    let mut runs: Vec<Vec<&ast::Action>> = vec![check.flow.on_enter.iter().collect()];
    if let ast::FlowKind::Wizard(wizard) = &check.flow.kind {
        for step in &wizard.steps {
            runs.push(step.on_step.iter().chain(&wizard.on_step).collect());
        }
        runs.push(wizard.on_complete.iter().collect());
    }
    let mut told: Vec<Span> = Vec::new();
    for run in runs {
        let mut wrote: Option<Span> = None;
        for action in run {
            match &action.kind {
                ast::ActionKind::Exec(_) if action.goto.is_none() => wrote = Some(action.span),
                ast::ActionKind::Limit(_) => {
                    let Some(wrote) = wrote.filter(|_| !told.contains(&action.block.span)) else {
                        continue;
                    };
                    told.push(action.block.span);
                    check.cx.sink.report(
                        Diagnostic::new(
                            &codes::LIMIT_AFTER_WRITE,
                            action.block.span,
                            "whoever is held back here loses what was written before",
                        )
                        .note(wrote, "undone then")
                        .help("let the limit stand before what writes"),
                    );
                }
                _ => {}
            }
        }
    }
}

/// Limits of one `key` count together: they must count the same.
pub fn shared(bot: &ast::Bot, sink: &mut Sink) {
    type Counts = (ast::LimitScope, i64, i64);
    let mut first: BTreeMap<&str, (Counts, Span)> = BTreeMap::new();
    let all = bot
        .policies
        .iter()
        .chain(bot.flows.iter().flat_map(walk::actions));
    for action in all {
        let ast::ActionKind::Limit(limit) = &action.kind else {
            continue;
        };
        let Some(key) = &limit.key else { continue };
        let counts = (
            limit.scope.as_ref().map(|s| s.node).unwrap_or_default(),
            limit.window.as_ref().map_or(DEFAULT_WINDOW, |w| w.node),
            limit
                .allowance
                .as_ref()
                .map_or(DEFAULT_ALLOWANCE, |a| a.node),
        );
        let (other, span) = first.entry(&key.value).or_insert((counts, key.span));
        if *other != counts {
            sink.report(
                Diagnostic::new(
                    &codes::LIMIT_SHARED,
                    key.span,
                    format!(
                        "the limits of the key `{}` do not count the same",
                        key.value
                    ),
                )
                .note(*span, "the first")
                .help("give them one `scope`, `window` and `allowance`, or keys of their own"),
            );
        }
    }
}
