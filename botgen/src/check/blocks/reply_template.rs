//! `action.reply_template.v1`: a message.

use super::{mode, overflow};
use crate::check::flow::FlowCheck;
use crate::check::scope::Scope;
use crate::check::text;
use crate::check::text::TextUse;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::graph;
use crate::ir::{ActionKind, Reply};
use crate::syntax::ast;

/// Checks the action.
pub fn check(check: &mut FlowCheck<'_>, scope: &Scope, reply: &ast::Reply) -> Option<ActionKind> {
    let mode = mode(reply.parse_mode.as_ref());
    let overflow = overflow(reply.overflow.as_ref());
    let usage = |hint| TextUse::message(mode, hint).overflow(overflow);
    let text = text::with_lists(&mut check.cx, scope, &reply.text, usage("text"));
    let empty = reply
        .empty_text
        .as_ref()
        .map(|t| text::text(&mut check.cx, scope, t, usage("empty_text")));
    let keyboard = check.keyboard(scope, &reply.keyboard);
    let text = text?;
    if reply.empty_text.is_none() && !text::needs_empty_text(&mut check.cx, &text, &reply.text) {
        return None;
    }
    if let Some(written) = &reply.empty_text
        && text.top_lists.is_empty()
    {
        check.cx.sink.report(
            Diagnostic::new(
                &graph::EMPTY_TEXT,
                written.source.span,
                "`empty_text` is never sent: `text` walks no list at top level",
            )
            .note(
                reply.text.source.span,
                "has no `{{#each}}` outside other blocks",
            )
            .help("remove `empty_text`, or choose by `when: xs is empty`"),
        );
        return None;
    }
    let empty = match empty {
        Some(empty) => Some((text.top_lists, empty?.call)),
        None => None,
    };
    Some(ActionKind::Reply(Reply {
        text: text.call,
        empty,
        truncate: overflow == ast::Overflow::Truncate,
        keyboard: keyboard?,
        edit: reply.edit.as_ref().is_some_and(|e| e.node),
        on_ambiguous: reply.on_ambiguous.as_ref().map(|p| p.node),
    }))
}
