//! What is known about the variables of a dialogue at one point of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::syntax::ast::{Comparison, Expr, ExprKind};

/// What is known about one variable. That it is here at all: some way to this point writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fact {
    /// Every way to this point writes it.
    pub always: bool,
    /// What was written may be null for a reason of the flow: skipped, passed over, a missing argument, a `when`.
    pub null: bool,
}

/// What is known at a point.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Env {
    vars: BTreeMap<String, Fact>,
    /// Paths (`gone`, `me.name`) that tests have shown not to be null on every way here.
    shown: BTreeSet<String>,
}

impl Env {
    /// Writes a variable: what was shown about its old value is forgotten.
    pub fn write(&mut self, name: &str, null: bool) {
        self.forget(name);
        self.vars
            .insert(name.to_owned(), Fact { always: true, null });
    }
    /// The variable has no value any more.
    pub fn clear(&mut self, name: &str) {
        self.forget(name);
        self.vars.remove(name);
    }
    /// One variable.
    pub fn get(&self, name: &str) -> Option<Fact> {
        self.vars.get(name).copied()
    }
    /// Paths shown not to be null.
    pub fn shown(&self) -> &BTreeSet<String> {
        &self.shown
    }
    /// What holds after `test` gave `truth`.
    #[must_use]
    pub fn after(&self, test: &Expr, truth: bool) -> Self {
        let mut env = self.clone();
        env.shown.extend(shows(test, truth));
        env
    }
    /// Keeps what holds on both ways; true if `self` changed.
    pub fn join(&mut self, other: &Self) -> bool {
        let before = self.clone();
        for (name, fact) in &mut self.vars {
            match other.vars.get(name) {
                Some(o) => {
                    fact.always &= o.always;
                    fact.null |= o.null;
                }
                None => fact.always = false,
            }
        }
        for (name, fact) in &other.vars {
            self.vars.entry(name.clone()).or_insert(Fact {
                always: false,
                null: fact.null,
            });
        }
        self.shown.retain(|p| other.shown.contains(p));
        *self != before
    }

    fn forget(&mut self, name: &str) {
        self.shown
            .retain(|p| p != name && !p.strip_prefix(name).is_some_and(|r| r.starts_with('.')));
    }
}

/// The paths that are not null when `test` gives `truth`.
pub fn shows(test: &Expr, truth: bool) -> BTreeSet<String> {
    match &test.kind {
        ExprKind::IsNull { value, negated } if *negated == truth => {
            path(value).into_iter().collect()
        }
        ExprKind::Not(inner) => shows(inner, !truth),
        ExprKind::And(a, b) => both(a, b, truth, truth),
        ExprKind::Or(a, b) => both(a, b, truth, !truth),
        ExprKind::Compare(op, a, b)
            if matches!(
                (op, truth),
                (Comparison::Eq, true) | (Comparison::Ne, false)
            ) =>
        {
            [(a, b), (b, a)]
                .into_iter()
                .filter(|(_, other)| is_literal(other))
                .filter_map(|(side, _)| path(side))
                .collect()
        }
        _ => BTreeSet::new(),
    }
}

/// Both sides are known to give `truth` (`all`), or only one of them is.
fn both(a: &Expr, b: &Expr, truth: bool, all: bool) -> BTreeSet<String> {
    let (a, b) = (shows(a, truth), shows(b, truth));
    if all { &a | &b } else { &a & &b }
}

fn path(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Path(parts) => Some(
            parts
                .iter()
                .map(|p| p.node.as_str())
                .collect::<Vec<_>>()
                .join("."),
        ),
        _ => None,
    }
}

fn is_literal(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::Text(_)
            | ExprKind::Int(_)
            | ExprKind::Decimal { .. }
            | ExprKind::Bool(_)
            | ExprKind::Duration(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FileId, Span, Spanned};

    const AT: Span = Span {
        file: FileId(0),
        lo: 0,
        hi: 0,
    };
    fn expr(kind: ExprKind) -> Expr {
        Expr { span: AT, kind }
    }
    fn var(name: &str) -> Box<Expr> {
        Box::new(expr(ExprKind::Path(
            name.split('.')
                .map(|p| Spanned {
                    node: p.to_owned(),
                    span: AT,
                })
                .collect(),
        )))
    }
    fn is_null(name: &str, negated: bool) -> Box<Expr> {
        Box::new(expr(ExprKind::IsNull {
            value: var(name),
            negated,
        }))
    }
    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|n| (*n).to_owned()).collect()
    }

    #[test]
    fn tests_show() {
        assert_eq!(shows(&is_null("a", false), false), set(&["a"]));
        assert_eq!(shows(&is_null("a", false), true), set(&[]));
        assert_eq!(shows(&is_null("me.name", true), true), set(&["me.name"]));
        let or = expr(ExprKind::Or(is_null("a", false), is_null("b", false)));
        assert_eq!(shows(&or, false), set(&["a", "b"]));
        assert_eq!(shows(&or, true), set(&[]));
        let and = expr(ExprKind::And(is_null("a", true), is_null("b", true)));
        assert_eq!(shows(&and, true), set(&["a", "b"]));
        assert_eq!(shows(&and, false), set(&[]));
        let not = expr(ExprKind::Not(Box::new(or)));
        assert_eq!(shows(&not, true), set(&["a", "b"]));
        let eq = expr(ExprKind::Compare(
            Comparison::Eq,
            var("a"),
            Box::new(expr(ExprKind::Text("x".into()))),
        ));
        assert_eq!(shows(&eq, true), set(&["a"]));
        assert_eq!(shows(&eq, false), set(&[]));
    }

    #[test]
    fn joins() {
        let mut a = Env::default();
        a.write("x", false);
        a.write("y", true);
        let mut b = a.after(&is_null("y", true), true);
        assert_eq!(b.shown(), &set(&["y"]));
        b.write("z", false);
        assert!(a.join(&b));
        assert!(!a.join(&b));
        assert!(a.get("x").unwrap().always);
        assert!(!a.get("z").unwrap().always);
        assert_eq!(a.shown(), &set(&[]));
        b.write("y", false);
        assert_eq!(b.shown(), &set(&[]));
    }
}
