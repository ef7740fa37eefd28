//! What a test shows about nullable values.

use crate::check::scope::Scope;
use crate::syntax::ast::{Comparison, Expr, ExprKind};

/// The scope in which `e` has turned out `truth`.
pub fn narrowed(scope: &Scope, e: &Expr, truth: bool) -> Scope {
    let mut scope = scope.clone();
    learn(&mut scope, e, truth);
    scope
}

/// [`narrowed`] for the condition of `{{#if}}`: there a nullable value alone means that it is there.
pub fn narrowed_in_text(scope: &Scope, e: &Expr, truth: bool) -> Scope {
    let mut scope = scope.clone();
    match key(&scope, e) {
        Some(key) if truth => scope.narrow(&key),
        Some(_) => {}
        None => learn(&mut scope, e, truth),
    }
    scope
}

/// Whether a test has shown that the text at the start of a chain is not empty.
pub fn is_filled(scope: &Scope, e: &Expr) -> bool {
    let mut value = e;
    while let ExprKind::Filter { value: inner, .. } = &value.kind {
        value = inner;
    }
    key(scope, value).is_some_and(|key| scope.is_filled(&key))
}

/// Notes the texts that `e` shows not to be empty when it has turned out `truth`; nothing else.
pub fn fill(scope: &mut Scope, e: &Expr, truth: bool) {
    let shown = narrowed(scope, e, truth);
    scope.fill_as(&shown);
}

fn learn(scope: &mut Scope, e: &Expr, truth: bool) {
    match &e.kind {
        ExprKind::Not(inner) => learn(scope, inner, !truth),
        ExprKind::And(left, right) if truth => {
            learn(scope, left, true);
            learn(scope, right, true);
        }
        ExprKind::Or(left, right) if !truth => {
            learn(scope, left, false);
            learn(scope, right, false);
        }
        ExprKind::IsEmpty { value, negated } if *negated == truth => {
            if let Some(key) = key(scope, value) {
                scope.fill(&key);
            }
        }
        ExprKind::Compare(comparison, left, right) => {
            let differs = match comparison {
                Comparison::Ne => truth,
                Comparison::Eq => !truth,
                _ => false,
            };
            for (value, other) in [(left, right), (right, left)] {
                let empty = matches!(&other.kind, ExprKind::Text(text) if text.is_empty());
                if differs
                    && empty
                    && let Some(key) = key(scope, value)
                {
                    scope.fill(&key);
                }
            }
        }
        ExprKind::IsNull { value, negated } if *negated == truth => {
            if let Some(key) = key(scope, value) {
                scope.narrow(&key);
            }
        }
        _ => {}
    }
}

/// The name under which facts about a path are kept: loop items by the loop's depth, so that `b.note` and
/// `this.note` are one, everything else as written.
pub(super) fn key(scope: &Scope, e: &Expr) -> Option<String> {
    match &e.kind {
        ExprKind::This => Some(item(scope.loops().len().checked_sub(1)?)),
        ExprKind::Path(path) => {
            let mut parts = path.iter().map(|p| p.node.as_str());
            let first = parts.next()?;
            let depth = if first == "this" {
                scope.loops().len().checked_sub(1)
            } else {
                scope
                    .loops()
                    .iter()
                    .rposition(|l| l.alias.as_deref() == Some(first))
            };
            let mut key = depth.map_or_else(|| first.to_owned(), item);
            for part in parts {
                key.push('.');
                key.push_str(part);
            }
            Some(key)
        }
        _ => None,
    }
}

/// Key of the item of the loop at `depth`.
pub(super) fn item(depth: usize) -> String {
    format!("#{depth}")
}
