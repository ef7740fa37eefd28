//! An intent: a command with a fixed reply.

use crate::check::FlowCx;
use crate::check::scope::Scope;
use crate::check::text;
use crate::check::text::TextUse;
use crate::ir::{Action, ActionKind, Effect, Flow, Reply};
use crate::syntax::ast;
use botfactory_lang::markup::ParseMode;

/// Checks an intent.
pub fn check(mut cx: FlowCx<'_>, intent: &ast::Intent) -> Option<Flow> {
    let description = cx.description(intent.description.as_ref());
    let overflow = super::overflow(intent.overflow.as_ref());
    let usage = TextUse::message(ParseMode::Html, "reply").overflow(overflow);
    let text = text::text(&mut cx, &Scope::default(), &intent.reply, usage)?.call;
    let reply = Action {
        origin: cx.origin(intent.reply.source.span),
        when: None,
        kind: ActionKind::Reply(Reply {
            text,
            empty: None,
            truncate: overflow == ast::Overflow::Truncate,
            keyboard: Vec::new(),
            to: None,
            edit: false,
            on_ambiguous: None,
            improve: None,
        }),
        goto: None,
    };
    Some(Flow {
        command: cx.command.to_owned(),
        module: cx.module(),
        origin: cx.origin(intent.cmd.span),
        block: "intent",
        description,
        admins: intent.allow.is_some(),
        args: Vec::new(),
        effect: Effect::Pure,
        on_enter: vec![reply],
        wizard: None,
        texts: cx.texts,
        queries: cx.queries,
        choices: cx.choices,
        records: cx.records,
    })
}
