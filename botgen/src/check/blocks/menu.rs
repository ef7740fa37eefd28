//! `flow.menu.v1`: a message with buttons.

use super::{mode, overflow};
use crate::check::flow::{Body, FlowCheck};
use crate::check::text;
use crate::check::text::TextUse;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::graph as codes;
use crate::ir::{Action, ActionKind, Reply};
use crate::syntax::ast;

/// Checks the flow.
pub fn check(check: &mut FlowCheck<'_>, menu: &ast::Menu) -> Option<Body> {
    let graph = check.graph(None);
    if let (Some(None), false) = (graph.at.first(), graph.uncertain) {
        check.cx.sink.report(
            Diagnostic::new(
                &codes::UNREACHABLE_END,
                menu.title.source.span,
                "the menu is never shown: its `on_enter` always leaves",
            )
            .help("give the `goto` in `on_enter` a `when`"),
        );
    }
    let flow = check.flow;
    let mut scope = check.scope(&check.start(), None);
    let on_enter = check.actions(&mut scope, &flow.on_enter);
    let overflow = overflow(menu.overflow.as_ref());
    let usage = TextUse::message(mode(menu.parse_mode.as_ref()), "title").overflow(overflow);
    let title = text::text(&mut check.cx, &scope, &menu.title, usage);
    let keyboard = check.keyboard(&scope, &menu.options);
    let mut on_enter = on_enter?;
    on_enter.push(Action {
        origin: check.origin(flow.block.span),
        when: None,
        kind: ActionKind::Reply(Reply {
            text: title?.call,
            empty: None,
            truncate: overflow == ast::Overflow::Truncate,
            keyboard: keyboard?,
            to: None,
            edit: menu.edit.as_ref().is_none_or(|e| e.node),
            on_ambiguous: None,
            improve: None,
        }),
        goto: None,
    });
    let effect = check.cx.effect(&on_enter);
    Some(Body {
        on_enter,
        wizard: None,
        effect,
    })
}
