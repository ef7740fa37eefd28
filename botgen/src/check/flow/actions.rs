//! Actions, one after another.

use super::FlowCheck;
use crate::check::expr;
use crate::check::graph::env::shows;
use crate::check::scope::Scope;
use crate::check::{blocks, facts, graph};
use crate::diagnostics::codes::expressions;
use crate::ir;
use crate::ir::types::{Base, Ty};
use crate::source::Str;
use crate::syntax::ast;

impl FlowCheck<'_> {
    /// Checks actions in order. The scope grows with their results and with what their conditions show; what
    /// follows an unconditional `goto` has been reported and is not looked at.
    pub fn actions(
        &mut self,
        scope: &mut Scope,
        actions: &[ast::Action],
    ) -> Option<Vec<ir::Action>> {
        let mut done = Some(Vec::new());
        for action in actions {
            match (self.action(scope, action), &mut done) {
                (Some(action), Some(done)) => done.push(action),
                _ => done = None,
            }
            if action.leaves() {
                break;
            }
        }
        let mut done = done?;
        self.carry(scope, actions, &mut done)?;
        Some(done)
    }

    fn action(&mut self, scope: &mut Scope, action: &ast::Action) -> Option<ir::Action> {
        let mut inside = scope.clone();
        self.cx.advice.origins.enter(action.when.as_ref());
        let when = match &action.when {
            Some(when) => {
                narrow(&mut inside, when, true);
                self.guard(scope, when, ("it does not run", "it always runs"))
                    .map(|typed| {
                        facts::learn(&self.cx, &mut inside, when, &typed, true);
                        Some(typed)
                    })
            }
            None => Some(None),
        };
        let mark = self.cx.sink.mark();
        let mut kind = blocks::action(self, &inside, action);
        if when.is_none() || action.unsure {
            self.cx.sink.take_back(mark, &expressions::NULLABLE);
            if action.goto.is_some() || action.unsure {
                self.unguarded.get_or_insert(mark);
            }
        }
        self.cx.advice.origins.leave(action.goto.is_some());
        if let Some(name) = action.kind.result_var() {
            self.result(scope, name, kind.as_mut(), action);
        }
        if let ast::ActionKind::Ask(ask) = &action.kind {
            self.result(scope, &ask.result_var, kind.as_mut(), action);
        }
        let goto = match &action.goto {
            Some(goto) => {
                if let Some(test) = &action.when {
                    narrow(scope, test, false);
                    if let Some(Some(typed)) = &when {
                        facts::learn(&self.cx, scope, test, typed, false);
                    }
                }
                self.target(goto).map(Some)
            }
            None => Some(None),
        };
        Some(ir::Action {
            origin: self.origin(action.span),
            when: when?,
            kind: kind?,
            goto: goto?,
        })
    }

    /// A typed condition; one that is the same for everybody at this place is warned about.
    pub fn guard(
        &mut self,
        scope: &Scope,
        when: &ast::Expr,
        means: (&str, &str),
    ) -> Option<ir::expr::Expr> {
        let typed = expr::condition(&mut self.cx, scope, when)?;
        facts::judge(&mut self.cx, scope, when, &typed, means);
        Some(typed)
    }

    fn result(
        &mut self,
        scope: &mut Scope,
        name: &Str,
        kind: Option<&mut ir::ActionKind>,
        action: &ast::Action,
    ) {
        let conditional = action.when.is_some();
        match (
            kind.and_then(ir::ActionKind::result_mut),
            blocks::result(&action.kind),
        ) {
            (Some(var), _) => {
                self.learn(&name.value, Some(var.ty.clone()));
                var.ty.nullable |= conditional;
                scope.define(var.clone(), name.span);
            }
            (None, Some(mut ty)) => {
                self.learn(&name.value, Some(ty.clone()));
                ty.nullable |= conditional;
                let var = self.variable(&name.value, ty);
                scope.define(var, name.span);
            }
            _ => {
                self.learn(&name.value, None);
                let var = self.variable(&name.value, Ty::maybe(Base::Null));
                scope.define_broken(var, name.span);
            }
        }
        scope.forget(&name.value);
    }
}

/// Narrows by what `test` shows when it gives `truth`.
pub fn narrow(scope: &mut Scope, test: &ast::Expr, truth: bool) {
    for path in shows(test, truth) {
        scope.narrow(&path);
    }
    expr::fill(scope, test, truth);
}

/// Something is said to the person in every run, or at least may be.
pub fn speaks(actions: &[ir::Action]) -> bool {
    actions.iter().any(|a| match &a.kind {
        ir::ActionKind::Reply(reply) => reply.to.is_none(),
        ir::ActionKind::AskLocale | ir::ActionKind::Pages(_) => true,
        _ => false,
    })
}

/// The variables that some actions read.
pub fn reads(check: &FlowCheck<'_>, actions: &[ir::Action]) -> std::collections::BTreeSet<String> {
    let mut reads = graph::reads::Reads::new(&check.cx.texts, &check.cx.queries);
    reads.actions(actions);
    reads.found
}
