//! `flow.generic.v1`: actions.

use crate::check::flow::actions::speaks;
use crate::check::flow::{Body, FlowCheck};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::graph;

/// Checks the flow.
pub fn check(check: &mut FlowCheck<'_>) -> Option<Body> {
    check.graph(None);
    let mut scope = check.scope(&check.start(), None);
    let flow = check.flow;
    let on_enter = check.actions(&mut scope, &flow.on_enter)?;
    if !speaks(&on_enter) && !flow.incomplete {
        let command = check.cx.command;
        check.cx.sink.report(
            Diagnostic::new(
                &graph::SILENT,
                flow.entry_cmd.span,
                format!("`/{command}` never answers"),
            )
            .help("add an `action.reply_template.v1` to its `on_enter`: a person who gets no answer tries again"),
        );
    }
    let effect = check.cx.effect(&on_enter);
    Some(Body {
        on_enter,
        wizard: None,
        effect,
    })
}
