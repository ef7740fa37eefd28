//! Expressions are typed here: names, operators, filters, nullability.
//!
//! | file | holds |
//! |---|---|
//! | this | every kind of expression, conditions |
//! | [`operators`] | what their sides may be |
//! | [`names`] | paths: loops, columns, variables, built-ins |
//! | [`narrow`] | what a test shows about nullable values |
//! | [`types`] | how types meet: widening, literals of other types, fields of YAML |
//! | [`filters`] | `value \| filter`, and how a value is printed |
//! | [`format`] | the filters that print |

mod filters;
mod format;
mod names;
mod narrow;
mod operators;
mod types;

pub use filters::{Printing, print};
pub(crate) use names::{alias_is_free, is_builtin};
pub use narrow::{fill, is_filled, narrowed, narrowed_in_text};
pub use types::{coerce, field};

use super::FlowCx;
use super::scope::Scope;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::expressions as codes;
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::types::{Base, Ty};
use crate::source::Span;
use crate::syntax::ast;
use operators::{arithmetic, compare, contained, is_null, list, negate};

/// Types an expression.
pub fn check(cx: &mut FlowCx<'_>, scope: &Scope, e: &ast::Expr) -> Option<Expr> {
    use ast::ExprKind as A;
    let some = |base, kind| {
        Some(Expr {
            ty: Ty::some(base),
            kind,
        })
    };
    match &e.kind {
        A::Path(path) => names::path(cx, scope, path, e.span),
        A::This => names::this(cx, scope, e.span),
        A::Index => names::index(cx, scope, e.span),
        A::Text(text) => some(
            Base::Text {
                max: Some(botfactory_lang::length::utf16(text)),
            },
            ExprKind::Text(text.clone()),
        ),
        A::Int(n) => some(Base::Int, ExprKind::Int(*n)),
        A::Decimal { units, scale } => some(
            Base::Decimal(*scale),
            ExprKind::Decimal {
                units: *units,
                scale: *scale,
            },
        ),
        A::Bool(b) => some(Base::Bool, ExprKind::Bool(*b)),
        A::Null => Some(Expr {
            ty: Ty::maybe(Base::Null),
            kind: ExprKind::Null,
        }),
        A::Duration(seconds) => some(Base::Duration, ExprKind::Duration(*seconds)),
        A::List(items) => list(cx, scope, items, e.span),
        A::Not(inner) => {
            let inner = condition(cx, scope, inner)?;
            some(Base::Bool, ExprKind::Not(Box::new(inner)))
        }
        A::Negate(inner) => negate(cx, scope, inner),
        A::And(left, right) => {
            let right_scope = narrowed(scope, left, true);
            let left = condition(cx, scope, left);
            let right = condition(cx, &right_scope, right);
            some(Base::Bool, ExprKind::And(Box::new(left?), Box::new(right?)))
        }
        A::Or(left, right) => {
            let right_scope = narrowed(scope, left, false);
            let left = condition(cx, scope, left);
            let right = condition(cx, &right_scope, right);
            some(Base::Bool, ExprKind::Or(Box::new(left?), Box::new(right?)))
        }
        A::Compare(comparison, left, right) => compare(cx, scope, *comparison, left, right, e.span),
        A::In {
            value,
            list,
            negated,
        } => contained(cx, scope, value, list, *negated),
        A::IsNull { value, negated } => is_null(cx, scope, value, *negated, e.span),
        A::IsEmpty { value, negated } => {
            let checked = present(cx, scope, value)?;
            if !matches!(checked.ty.base, Base::List { .. } | Base::Text { .. }) {
                cx.sink.report(
                    Diagnostic::new(
                        &codes::TYPE_MISMATCH,
                        value.span,
                        format!("{} is never empty", a(&checked.ty)),
                    )
                    .help("`is empty` is asked of a list or a text"),
                );
                return None;
            }
            some(
                Base::Bool,
                ExprKind::IsEmpty {
                    value: Box::new(checked),
                    negated: *negated,
                },
            )
        }
        A::Arithmetic(operator, left, right) => {
            arithmetic(cx, scope, *operator, left, right, e.span)
        }
        A::Filter { .. } => filters::value(cx, scope, e),
    }
}

/// Types a condition: a bool and nothing that is merely there.
pub fn condition(cx: &mut FlowCx<'_>, scope: &Scope, e: &ast::Expr) -> Option<Expr> {
    let checked = check(cx, scope, e)?;
    if checked.ty == Ty::some(Base::Bool) {
        return Some(checked);
    }
    let help = match &checked.ty {
        Ty {
            base: Base::Bool,
            nullable: true,
        } => "test it first: `x is not null and x`",
        Ty { nullable: true, .. } => "ask `is null` or `is not null`",
        Ty {
            base: Base::List { .. },
            ..
        } => "ask `is empty` or `is not empty`",
        Ty {
            base: Base::Text { .. },
            ..
        } => "compare it (`== '…'`) or ask `is not empty`",
        _ => "compare it with something",
    };
    cx.sink.report(
        Diagnostic::new(
            &codes::NOT_A_CONDITION,
            e.span,
            format!("{} is not a condition", a(&checked.ty)),
        )
        .help(help),
    );
    None
}

/// Types the condition of `{{#if}}`, where a value alone means: a bool itself, a nullable `is not null`, a list
/// `is not empty`.
pub fn condition_in_text(cx: &mut FlowCx<'_>, scope: &Scope, e: &ast::Expr) -> Option<Expr> {
    if !matches!(e.kind, ast::ExprKind::Path(_) | ast::ExprKind::This) {
        return condition(cx, scope, e);
    }
    let checked = check(cx, scope, e)?;
    let kind = match &checked.ty {
        Ty {
            base: Base::Bool, ..
        } => return condition_of(cx, checked, e.span),
        Ty { nullable: true, .. } => ExprKind::IsNull {
            value: Box::new(checked),
            negated: true,
        },
        Ty {
            base: Base::List { .. },
            ..
        } => ExprKind::IsEmpty {
            value: Box::new(checked),
            negated: true,
        },
        ty => {
            let message = format!("{} is always there", a(ty));
            let help = if matches!(ty.base, Base::Text { .. }) {
                "ask `is not empty`, or compare it (`== '…'`)"
            } else {
                "compare it with something, or leave the `{{#if}}` out"
            };
            cx.sink
                .report(Diagnostic::new(&codes::NOT_A_CONDITION, e.span, message).help(help));
            return None;
        }
    };
    Some(Expr {
        ty: Ty::some(Base::Bool),
        kind,
    })
}

fn condition_of(cx: &mut FlowCx<'_>, checked: Expr, span: Span) -> Option<Expr> {
    if checked.ty.nullable {
        cx.sink.report(
            Diagnostic::new(
                &codes::NOT_A_CONDITION,
                span,
                "a bool that may be null is neither true nor false",
            )
            .help("ask `x is not null and x`"),
        );
        return None;
    }
    Some(checked)
}

/// `an int`, `a text or null`.
pub(crate) fn a(ty: &Ty) -> String {
    if ty.base == Base::Null {
        return "`null`".into();
    }
    let name = ty.describe();
    let article = if name.starts_with(['a', 'e', 'i', 'o']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {name}")
}

/// Types a value that must be there: not `null` and not nullable.
pub(crate) fn present(cx: &mut FlowCx<'_>, scope: &Scope, e: &ast::Expr) -> Option<Expr> {
    let checked = check(cx, scope, e)?;
    if checked.ty.base == Base::Null {
        cx.sink.report(
            Diagnostic::new(&codes::NULLABLE, e.span, "`null` cannot be used as a value")
                .help("to test for it write `x is null`"),
        );
        return None;
    }
    if checked.ty.nullable {
        report_nullable(cx, e);
        return None;
    }
    Some(checked)
}

/// A nullable value stands where a value is needed.
pub(crate) fn report_nullable(cx: &mut FlowCx<'_>, e: &ast::Expr) {
    let shown = shown(e);
    let help = match &e.kind {
        ast::ExprKind::Path(_) | ast::ExprKind::This => format!(
            "test it first: `{shown} is not null` in a condition, `{{{{#if {shown}}}}}` in a text; or give a value for it: `{shown} | default: …`"
        ),
        _ => "test it first, or give a value for it with `default`".into(),
    };
    cx.sink.report(
        Diagnostic::new(
            &codes::NULLABLE,
            e.span,
            format!("{} may be null", quoted(e)),
        )
        .help(help),
    );
}

/// A path as the author wrote it, else `…`.
pub(crate) fn shown(e: &ast::Expr) -> String {
    match &e.kind {
        ast::ExprKind::Path(path) => names::joined(path),
        ast::ExprKind::This => "this".into(),
        _ => "…".into(),
    }
}

/// `` `me.name` ``, else `this value`.
pub(crate) fn quoted(e: &ast::Expr) -> String {
    match &e.kind {
        ast::ExprKind::Path(_) | ast::ExprKind::This => format!("`{}`", shown(e)),
        _ => "this value".into(),
    }
}
