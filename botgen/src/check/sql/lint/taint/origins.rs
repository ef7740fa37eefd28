//! Where values come from that a person can choose.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::scope::Scope;
use crate::ir::expr::{Builtin, Expr, ExprKind};
use crate::syntax::ast;

/// Who chose a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// An argument: of a button, a typed command, a deep link.
    Argument,
    /// A typed answer, a shared contact.
    Answer,
    /// The result of a statement that found its row by one of these.
    Result,
}

/// An id that was looked up among the person's own rows.
#[derive(Debug, Clone)]
pub(super) struct Proof {
    /// Rust identifier of the variable.
    pub(super) ident: String,
    /// The table, lower case.
    pub(super) table: String,
    /// The variable that is null or empty when it was not found.
    pub(super) result: String,
}

/// Who chooses the variables of a flow, by Rust identifier.
#[derive(Debug, Default)]
pub struct Origins {
    pub(super) chosen: BTreeMap<String, Source>,
    pub(super) proofs: Vec<Proof>,
    /// Variables that a `when` with a `goto` has asked about.
    asked: BTreeSet<String>,
    /// Variables that the `when` of this action asks about.
    here: BTreeSet<String>,
    /// Rust identifiers by the author's names.
    pub(super) idents: BTreeMap<String, String>,
}

impl Origins {
    /// A variable that the person chooses.
    pub fn choose(&mut self, ident: &str, source: Source) {
        self.chosen.insert(ident.to_owned(), source);
    }

    /// Whether the person chooses a variable, by its Rust identifier.
    pub fn chosen(&self, ident: &str) -> bool {
        self.chosen.contains_key(ident)
    }

    /// The Rust identifier of a variable.
    pub fn name(&mut self, name: &str, ident: &str) {
        self.idents.insert(name.to_owned(), ident.to_owned());
    }

    /// The `when` of the action that comes next.
    pub fn enter(&mut self, when: Option<&ast::Expr>) {
        self.here = when.map(names).unwrap_or_default();
    }

    /// The action is over; with a `goto` its `when` has decided about what follows.
    pub fn leave(&mut self, goto: bool) {
        let here = std::mem::take(&mut self.here);
        if goto {
            self.asked.extend(here);
        }
    }

    pub(super) fn of(&self, value: &Expr) -> Option<Source> {
        let mut found = None;
        for ident in variables(value) {
            found = found.or(self.chosen.get(&ident).copied());
        }
        let raw = mentions_args(value).then_some(Source::Argument);
        found.or(raw)
    }

    /// Whether the person chooses the value: it was typed, pressed, or found by what was.
    pub fn is_chosen(&self, value: &Expr) -> bool {
        matches!(self.of(value), Some(Source::Argument | Source::Answer))
    }

    pub(super) fn proven(&self, value: &Expr, table: &str, scope: &Scope) -> bool {
        let Some(ident) = variable(value) else {
            return false;
        };
        self.proofs.iter().any(|p| {
            let null = scope
                .get(&p.result)
                .is_some_and(|e| e.var.ty.nullable && !scope.is_narrowed(&p.result));
            p.ident == ident
                && p.table.eq_ignore_ascii_case(table)
                && !null
                && (scope.is_narrowed(&p.result)
                    || self.asked.contains(&p.result)
                    || self.here.contains(&p.result))
        })
    }
}

/// The variables that a condition asks about.
fn names(test: &ast::Expr) -> BTreeSet<String> {
    fn walk(e: &ast::Expr, out: &mut BTreeSet<String>) {
        use ast::ExprKind as K;
        match &e.kind {
            K::Path(parts) => out.extend(parts.first().map(|p| p.node.clone())),
            K::Not(a) | K::IsNull { value: a, .. } | K::IsEmpty { value: a, .. } => walk(a, out),
            K::And(a, b) | K::Or(a, b) | K::Compare(_, a, b) => {
                walk(a, out);
                walk(b, out);
            }
            K::Filter { value, .. } | K::In { value, .. } => walk(value, out),
            _ => {}
        }
    }
    let mut out = BTreeSet::new();
    walk(test, &mut out);
    out
}

fn variables(value: &Expr) -> BTreeSet<String> {
    let mut reads = crate::check::graph::reads::Reads::new(&[], &[]);
    reads.expr(value);
    reads.found
}

pub(super) fn variable(value: &Expr) -> Option<&str> {
    match &value.kind {
        ExprKind::Var { ident, .. } => Some(ident),
        ExprKind::Widen(inner) => variable(inner),
        _ => None,
    }
}

fn mentions_args(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Builtin(Builtin::Args) => true,
        ExprKind::Widen(a) | ExprKind::Negate(a) => mentions_args(a),
        ExprKind::Default(a, b) | ExprKind::Arithmetic(_, a, b) => {
            mentions_args(a) || mentions_args(b)
        }
        ExprKind::Printed(print) => mentions_args(&print.value),
        _ => false,
    }
}
