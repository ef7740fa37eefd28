//! `on_timeout:` of a wizard.

use std::collections::BTreeSet;

use super::{FlowCheck, actions};
use crate::check::graph::{Env, Graph, waited};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::names;
use crate::ir::{Target, Timeout};
use crate::resolve::Written;
use crate::syntax::ast;

/// A timer and what it needs.
#[derive(Debug)]
pub struct Timed {
    /// What it does.
    pub does: Timeout,
    /// Variables (Rust identifiers) that it reads.
    pub reads: BTreeSet<String>,
}

impl FlowCheck<'_> {
    /// What happens when nobody answers; outside `None`: something is wrong and was reported.
    pub fn timeout(&mut self, wizard: &ast::Wizard, graph: &Graph) -> Option<Option<Timed>> {
        let Some(written) = &wizard.on_timeout else {
            return Some(None);
        };
        let silent = |does| Timed {
            does,
            reads: BTreeSet::new(),
        };
        let timed = match written {
            ast::OnTimeout::Bad => return None,
            ast::OnTimeout::Cancel => silent(Timeout::Cancel),
            ast::OnTimeout::Goto(step) => match self.target(step)? {
                Target::Step(to) => silent(Timeout::Goto(to)),
                Target::End => {
                    self.cx.sink.report(
                        Diagnostic::new(
                            &names::TIMEOUT_END,
                            step.span,
                            "a timer that leads to the end is `cancel: true`",
                        )
                        .help("say `cancel: true`, and the runtime tells the person, or end it in your own words with `reply`"),
                    );
                    return None;
                }
            },
            ast::OnTimeout::Reply(reply) => self.timeout_reply(wizard, graph, reply)?,
        };
        Some(Some(timed))
    }

    fn timeout_reply(
        &mut self,
        wizard: &ast::Wizard,
        graph: &Graph,
        reply: &ast::Action,
    ) -> Option<Timed> {
        // It may fire at any step, so it knows what all of them know.
        let mut known: Option<Env> = None;
        for (step, at) in wizard.steps.iter().zip(&graph.at) {
            let Some(at) = at else { continue };
            let here = waited(step, at.clone());
            match &mut known {
                Some(known) => {
                    known.join(&here);
                }
                None => known = Some(here),
            }
        }
        let known = known?;
        let mut scope = self.scope(&known, None);
        self.timed = true;
        let said = self.actions(&mut scope, std::slice::from_ref(reply));
        self.timed = false;
        let action = said?.pop()?;
        let reads = actions::reads(self, std::slice::from_ref(&action));
        let kept = self.names.vars.iter().filter_map(|var| {
            let step = matches!(var.by, Written::Step(_))
                || matches!(var.by, Written::Argument(i) if self.names.asks_for.contains(&Some(i)));
            let ident = self.ident_of(&var.name);
            let fact = known
                .get(&var.name)
                .filter(|_| step && reads.contains(ident))?;
            let ty = self.type_of(&var.name)?.clone();
            let nullable = ty.nullable || fact.null || !fact.always;
            Some(self.variable(&var.name, ty.with_null(nullable)))
        });
        let kept = kept.collect();
        Some(Timed {
            does: Timeout::Reply {
                action: Box::new(action),
                reads: kept,
            },
            reads,
        })
    }
}
