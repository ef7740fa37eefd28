//! What is written and never read.

use std::collections::BTreeSet;

use super::{Body, FlowCheck};
use crate::check::graph::reads::Reads;
use crate::check::walk;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::names;
use crate::resolve::Written;
use crate::syntax::ast;

/// Whether `action.llm.v1` writes the variable.
fn asked_of_the_model(check: &FlowCheck<'_>, name: &str) -> bool {
    walk::actions(check.flow).any(|action| match &action.kind {
        ast::ActionKind::Ask(ask) => ask.result_var.value == name,
        _ => false,
    })
}

/// Warns about variables that nothing reads. Only for flows without errors: then it is certain.
pub fn report(check: &mut FlowCheck<'_>, body: &Body) {
    let read = read(check, body);
    for var in &check.names.vars {
        if read.contains(check.ident_of(&var.name)) {
            continue;
        }
        let name = &var.name;
        let asked = |i| check.names.asks_for.contains(&Some(i));
        let (code, message, help) = match var.by {
            Written::Argument(i) if !asked(i) => (
                &names::UNUSED_ARGUMENT,
                format!("the argument `{name}` is never used"),
                "use it, or remove it from `args`",
            ),
            Written::Argument(_) | Written::Step(_) => (
                &names::UNUSED_ANSWER,
                format!("the answer `{name}` is never used"),
                "store it with an `action.sql_exec.v1`, say it in a text, or do not ask",
            ),
            Written::OnEnter | Written::Run if asked_of_the_model(check, name) => (
                &names::UNUSED_RESULT,
                format!("the model's answer `{name}` is never used"),
                "use it, or do not ask: every question costs tokens and time",
            ),
            Written::OnEnter | Written::Run => (
                &names::UNUSED_RESULT,
                format!("the result `{name}` is never used"),
                "remove `result_var`, or use it",
            ),
        };
        check
            .cx
            .sink
            .report(Diagnostic::new(code, var.span, message).help(help));
    }
}

fn read(check: &FlowCheck<'_>, body: &Body) -> BTreeSet<String> {
    let mut reads = Reads::new(&check.cx.texts, &check.cx.queries);
    reads.actions(&body.on_enter);
    if let Some(wizard) = &body.wizard {
        for step in &wizard.steps {
            reads.text(&step.ask);
            reads.exprs(&step.when);
            reads.rule(&step.rule);
            if let Some(refusal) = &step.refusal {
                reads.text(refusal);
            }
            reads.actions(&step.after);
            for branch in &step.case {
                reads.exprs(&branch.when);
            }
        }
        reads.actions(&wizard.on_complete);
        if let Some(crate::ir::Timeout::Reply { action, .. }) = &wizard.timeout {
            reads.actions(std::slice::from_ref(action));
        }
    }
    for choice in &check.cx.choices {
        reads.choice(choice);
    }
    reads.found
}
