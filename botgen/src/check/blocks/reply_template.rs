//! `action.reply_template.v1`: a message.

use super::{llm, mode, overflow, trust};
use crate::check::expr;
use crate::check::flow::FlowCheck;
use crate::check::scope::Scope;
use crate::check::text;
use crate::check::text::TextUse;
use crate::diagnostics::codes::{graph, roles};
use crate::diagnostics::{Diagnostic, meant};
use crate::ir::types::Base;
use crate::ir::{ActionKind, Reply, To};
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
    check.to_admins = matches!(reply.to, Some(ast::To::Admins(_)));
    let keyboard = check.keyboard(scope, &reply.keyboard);
    check.to_admins = false;
    let to = to(check, scope, reply);
    let improve = llm::improve(check, reply, text.as_ref(), mode);
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
    let keyboard = keyboard?;
    if reply.to.is_some() {
        let letter = trust::Letter {
            texts: [(&text.call, reply.text.source.span)]
                .into_iter()
                .chain(
                    empty
                        .iter()
                        .zip(&reply.empty_text)
                        .map(|((_, text), written)| (text, written.source.span)),
                )
                .collect(),
            values: Vec::new(),
            keyboard: &keyboard,
            written: &reply.keyboard,
        };
        trust::sent(check, &letter);
    }
    Some(ActionKind::Reply(Reply {
        text: text.call,
        empty,
        truncate: overflow == ast::Overflow::Truncate,
        keyboard,
        to: to?,
        edit: reply.edit.as_ref().is_some_and(|e| e.node),
        on_ambiguous: reply.on_ambiguous.as_ref().map(|p| p.node),
        improve: improve?,
    }))
}

/// `to:`.
fn to(check: &mut FlowCheck<'_>, scope: &Scope, reply: &ast::Reply) -> Option<Option<To>> {
    let Some(to) = &reply.to else {
        return Some(None);
    };
    let span = match to {
        ast::To::Admins(span) => *span,
        ast::To::Chat(chat) => chat.span,
    };
    if let Some(edit) = reply.edit.as_ref().filter(|edit| edit.node) {
        check.cx.sink.report(
            Diagnostic::new(
                &roles::EDIT_ELSEWHERE,
                edit.span,
                "`edit` changes the message whose button was pressed, and that is in another chat",
            )
            .note(span, "where this one goes")
            .help("leave `edit` out, or `to`"),
        );
        return None;
    }
    let chat = match to {
        ast::To::Admins(_) => return Some(Some(To::Admins)),
        ast::To::Chat(chat) => {
            somebody(check, scope, chat)?;
            expr::check(&mut check.cx, scope, chat)?
        }
    };
    if !matches!(chat.ty.base, Base::Int) {
        let what = chat.ty.describe();
        check.cx.sink.report(
            Diagnostic::new(
                &roles::RECIPIENT,
                span,
                format!("a message goes to a chat's id, and this is a {what}"),
            )
            .help("write `to: admins`, or an int: `to: ticket.user_id`"),
        );
        return None;
    }
    if chat.ty.nullable {
        expr::report_nullable(&mut check.cx, to_expr(to)?);
        return None;
    }
    if check.flow.allow.is_none() && check.cx.advice.origins.is_chosen(&chat) {
        check.cx.sink.report(
            Diagnostic::new(
                &roles::CHOSEN_RECIPIENT,
                span,
                "whoever writes to the bot chooses to whom this goes",
            )
            .help(
                "look the id up in a table, or let only admins do it: `allow: admin` on the flow",
            ),
        );
        return None;
    }
    Some(Some(To::Chat(chat)))
}

/// A word that names nobody. `None`: it was reported.
fn somebody(check: &mut FlowCheck<'_>, scope: &Scope, chat: &ast::Expr) -> Option<()> {
    let name = match &chat.kind {
        ast::ExprKind::Path(path) => match &path[..] {
            [name] => name.node.as_str(),
            _ => return Some(()),
        },
        ast::ExprKind::Text(text) => text.as_str(),
        _ => return Some(()),
    };
    let written = matches!(chat.kind, ast::ExprKind::Text(_));
    let known = !written && (scope.get(name).is_some() || expr::is_builtin(name));
    let names = scope.entries().iter().map(|entry| entry.var.name.as_str());
    let near = meant(name, names.chain(["admins", "user_id", "chat_id"]));
    if known || scope.is_incomplete() || (!written && near.is_some_and(|n| n.word != "admins")) {
        return Some(());
    }
    let message = format!("`{name}` is no chat");
    let d = Diagnostic::new(&roles::RECIPIENT, chat.span, message);
    check
        .cx
        .sink
        .report(match near.filter(|near| near.word == "admins") {
            Some(near) if !written => d.suggest(name, &near),
            _ => d.help("write `to: admins`, or the number of a chat: `to: ticket.user_id`"),
        });
    None
}

fn to_expr(to: &ast::To) -> Option<&ast::Expr> {
    match to {
        ast::To::Chat(chat) => Some(chat),
        ast::To::Admins(_) => None,
    }
}
