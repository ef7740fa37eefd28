//! Expressions are typed here: names, operators, filters, nullability.
//!
//! | file | holds |
//! |---|---|
//! | this | operators, conditions |
//! | [`names`] | paths: loops, columns, variables, built-ins |
//! | [`narrow`] | what a test shows about nullable values |
//! | [`types`] | how types meet: widening, literals of other types, fields of YAML |
//! | [`filters`] | `value \| filter`, and how a value is printed |

mod filters;
mod names;
mod narrow;
mod types;

pub use filters::{Printing, print};
pub(crate) use names::{alias_is_free, is_builtin};
pub use narrow::{narrowed, narrowed_in_text};
pub use types::{coerce, field};

use super::FlowCx;
use super::scope::Scope;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::expressions as codes;
use crate::ir::expr::{Comparison, Expr, ExprKind, Operator};
use crate::ir::types::{Base, Ty};
use crate::source::Span;
use crate::syntax::ast;
use types::{common, convert, is_number, unify};

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
            if !matches!(checked.ty.base, Base::List(_) | Base::Text { .. }) {
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
            base: Base::List(_),
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
            base: Base::List(_),
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

fn list(cx: &mut FlowCx<'_>, scope: &Scope, items: &[ast::Expr], span: Span) -> Option<Expr> {
    let mut checked = Vec::new();
    for item in items {
        checked.push(present(cx, scope, item));
    }
    let checked: Vec<Expr> = checked.into_iter().collect::<Option<_>>()?;
    let Some(first) = checked.first() else {
        cx.sink.report(
            Diagnostic::new(&codes::TYPE_MISMATCH, span, "an empty list has no type")
                .help("name at least one value"),
        );
        return None;
    };
    let mut base = first.ty.base.clone();
    for (item, e) in checked.iter().zip(items) {
        let Some(wider) = common(&base, &item.ty.base) else {
            cx.sink.report(Diagnostic::new(
                &codes::TYPE_MISMATCH,
                e.span,
                format!(
                    "this is {}, the values before it are {}",
                    a(&item.ty),
                    Ty::some(base).describe()
                ),
            ));
            return None;
        };
        base = wider;
    }
    let items = checked.into_iter().map(|i| convert(i, &base)).collect();
    Some(Expr {
        ty: Ty::some(Base::List(Box::new(Ty::some(base)))),
        kind: ExprKind::List(items),
    })
}

fn negate(cx: &mut FlowCx<'_>, scope: &Scope, inner: &ast::Expr) -> Option<Expr> {
    let checked = present(cx, scope, inner)?;
    if !is_number(&checked.ty.base) && checked.ty.base != Base::Duration {
        cx.sink.report(Diagnostic::new(
            &codes::TYPE_MISMATCH,
            inner.span,
            format!("`-` needs a number, this is {}", a(&checked.ty)),
        ));
        return None;
    }
    Some(Expr {
        ty: checked.ty.clone(),
        kind: ExprKind::Negate(Box::new(checked)),
    })
}

fn is_null(
    cx: &mut FlowCx<'_>,
    scope: &Scope,
    value: &ast::Expr,
    negated: bool,
    span: Span,
) -> Option<Expr> {
    let checked = check(cx, scope, value)?;
    let kind = if checked.ty.nullable && checked.ty.base != Base::Null {
        ExprKind::IsNull {
            value: Box::new(checked),
            negated,
        }
    } else {
        let (what, always) = (quoted(value), if negated { "true" } else { "false" });
        let help = if matches!(checked.ty.base, Base::List(_)) {
            "a list is never null: ask `is empty`"
        } else {
            "leave the test out"
        };
        if checked.ty.base == Base::Null {
            cx.sink.report(Diagnostic::new(
                &codes::TYPE_MISMATCH,
                span,
                "this compares `null` with `null`",
            ));
            return None;
        }
        cx.sink.report(
            Diagnostic::new(
                &codes::NEVER_NULL,
                span,
                format!("{what} is never null here, so this is always {always}"),
            )
            .help(help),
        );
        ExprKind::Bool(negated)
    };
    Some(Expr {
        ty: Ty::some(Base::Bool),
        kind,
    })
}

/// `== null` is asked with `is null`.
fn no_null(
    cx: &mut FlowCx<'_>,
    comparison: Comparison,
    left: &ast::Expr,
    right: &ast::Expr,
) -> bool {
    let null = |e: &ast::Expr| matches!(e.kind, ast::ExprKind::Null);
    let (value, at) = match (null(left), null(right)) {
        (false, true) => (left, right.span),
        (true, false) => (right, left.span),
        (true, true) => (left, right.span),
        (false, false) => return true,
    };
    let help = match comparison {
        Comparison::Eq => format!("write `{} is null`", shown(value)),
        Comparison::Ne => format!("write `{} is not null`", shown(value)),
        _ => "`null` has no order".into(),
    };
    cx.sink.report(
        Diagnostic::new(&codes::TYPE_MISMATCH, at, "nothing is compared with `null`").help(help),
    );
    false
}

fn compare(
    cx: &mut FlowCx<'_>,
    scope: &Scope,
    comparison: Comparison,
    left: &ast::Expr,
    right: &ast::Expr,
    span: Span,
) -> Option<Expr> {
    if !no_null(cx, comparison, left, right) {
        return None;
    }
    let (l, r) = sides(cx, scope, left, right)?;
    let (l, r) = unify(cx, (l, left), (r, right), span)?;
    let ordered = !matches!(comparison, Comparison::Eq | Comparison::Ne);
    let fits = match &l.ty.base {
        Base::Int
        | Base::Decimal(_)
        | Base::Real
        | Base::Date
        | Base::Time
        | Base::DateTime
        | Base::Duration => true,
        Base::Text { .. } | Base::Bool | Base::Choice(_) => !ordered,
        _ => false,
    };
    if !fits {
        let message = if ordered {
            format!("{} has no order", a(&l.ty))
        } else {
            format!("{} cannot be compared", a(&l.ty))
        };
        let help = match &l.ty.base {
            Base::Row(_) | Base::Contact | Base::Location | Base::File => {
                "compare one of its fields"
            }
            Base::List(_) => "ask `is empty`, or `value in list`",
            _ => "there are `==`, `!=` and `in`",
        };
        cx.sink
            .report(Diagnostic::new(&codes::TYPE_MISMATCH, span, message).help(help));
        return None;
    }
    Some(Expr {
        ty: Ty::some(Base::Bool),
        kind: ExprKind::Compare(comparison, Box::new(l), Box::new(r)),
    })
}

/// Types both sides. A word that is no variable beside a choice or a text was meant as a literal.
fn sides(
    cx: &mut FlowCx<'_>,
    scope: &Scope,
    left: &ast::Expr,
    right: &ast::Expr,
) -> Option<(Expr, Expr)> {
    let l = present(cx, scope, left);
    let r = present(cx, scope, right);
    Some((l?, r?))
}

fn contained(
    cx: &mut FlowCx<'_>,
    scope: &Scope,
    value: &ast::Expr,
    list: &ast::Expr,
    negated: bool,
) -> Option<Expr> {
    let checked = present(cx, scope, value);
    let (value_expr, list_expr) = if let ast::ExprKind::List(items) = &list.kind {
        let items_checked: Vec<Option<Expr>> =
            items.iter().map(|i| present(cx, scope, i)).collect();
        let mut checked = checked?;
        let items_checked: Vec<Expr> = items_checked.into_iter().collect::<Option<_>>()?;
        let mut out = Vec::new();
        for (item, e) in items_checked.into_iter().zip(items) {
            let (v, i) = unify(cx, (checked, value), (item, e), e.span)?;
            checked = v;
            out.push(i);
        }
        if out.is_empty() {
            cx.sink.report(
                Diagnostic::new(
                    &codes::TYPE_MISMATCH,
                    list.span,
                    "nothing is in an empty list",
                )
                .help("name at least one value"),
            );
            return None;
        }
        // A later item may have widened the value: bring the earlier ones along.
        let base = checked.ty.base.clone();
        let out = out.into_iter().map(|i| convert(i, &base)).collect();
        let list = Expr {
            ty: Ty::some(Base::List(Box::new(Ty::some(base)))),
            kind: ExprKind::List(out),
        };
        (checked, list)
    } else {
        let list_checked = present(cx, scope, list);
        let (checked, list_checked) = (checked?, list_checked?);
        let Base::List(item) = list_checked.ty.base.clone() else {
            cx.sink.report(
                Diagnostic::new(
                    &codes::TYPE_MISMATCH,
                    list.span,
                    format!("`in` needs a list, this is {}", a(&list_checked.ty)),
                )
                .help("a list is written `['a', 'b']`, or comes from a query with `flatten: true`"),
            );
            return None;
        };
        if item.nullable {
            cx.sink.report(
                Diagnostic::new(
                    &codes::NULLABLE,
                    list.span,
                    "elements of this list may be null",
                )
                .help("leave them out in the query: `WHERE column IS NOT NULL`"),
            );
            return None;
        }
        let element = Expr {
            ty: Ty::some(item.base.clone()),
            kind: ExprKind::Null,
        };
        let (value_expr, element) = unify(cx, (checked, value), (element, list), list.span)?;
        if element.ty.base != item.base && !matches!(item.base, Base::Text { .. }) {
            cx.sink.report(Diagnostic::new(
                &codes::TYPE_MISMATCH,
                list.span,
                format!(
                    "this is a list of {}, the value is {}",
                    item.describe(),
                    a(&value_expr.ty)
                ),
            ));
            return None;
        }
        (value_expr, list_checked)
    };
    let comparable = matches!(
        value_expr.ty.base,
        Base::Text { .. }
            | Base::Int
            | Base::Decimal(_)
            | Base::Real
            | Base::Bool
            | Base::Date
            | Base::Time
            | Base::DateTime
            | Base::Choice(_)
    );
    if !comparable {
        cx.sink.report(Diagnostic::new(
            &codes::TYPE_MISMATCH,
            value.span,
            format!("{} cannot be compared", a(&value_expr.ty)),
        ));
        return None;
    }
    Some(Expr {
        ty: Ty::some(Base::Bool),
        kind: ExprKind::In {
            value: Box::new(value_expr),
            list: Box::new(list_expr),
            negated,
        },
    })
}

fn arithmetic(
    cx: &mut FlowCx<'_>,
    scope: &Scope,
    operator: Operator,
    left: &ast::Expr,
    right: &ast::Expr,
    span: Span,
) -> Option<Expr> {
    let (l, r) = sides(cx, scope, left, right)?;
    let additive = matches!(operator, Operator::Add | Operator::Sub);
    let make = |base, l, r| {
        Some(Expr {
            ty: Ty::some(base),
            kind: ExprKind::Arithmetic(operator, Box::new(l), Box::new(r)),
        })
    };
    match (&l.ty.base, &r.ty.base) {
        (left_base, right_base) if is_number(left_base) && is_number(right_base) => {
            if operator == Operator::Div && is_zero(&r) {
                cx.sink.report(Diagnostic::new(
                    &codes::DIVISION_BY_ZERO,
                    right.span,
                    "this divides by zero",
                ));
                return None;
            }
            let base = common(left_base, right_base)?;
            let (l, r) = (convert(l, &base), convert(r, &base));
            make(base, l, r)
        }
        (Base::DateTime, Base::Duration) if additive => make(Base::DateTime, l, r),
        (Base::Duration, Base::Duration) if additive => make(Base::Duration, l, r),
        // The instant stands first in the typed form.
        (Base::Duration, Base::DateTime) if operator == Operator::Add => make(Base::DateTime, r, l),
        (Base::Date, Base::Duration) | (Base::Duration, Base::Date)
            if additive && (l.ty.base == Base::Date || operator == Operator::Add) =>
        {
            let (date, duration, at) = if l.ty.base == Base::Date {
                (l, r, right.span)
            } else {
                (r, l, left.span)
            };
            if seconds(&duration).is_none_or(|s| s % 86_400 != 0) {
                cx.sink.report(
                    Diagnostic::new(&codes::TYPE_MISMATCH, at, "a date moves by whole days only")
                        .help("write it in days (`7d`), or begin with a datetime such as `now`"),
                );
                return None;
            }
            make(Base::Date, date, duration)
        }
        _ => {
            let sign = match operator {
                Operator::Add => '+',
                Operator::Sub => '-',
                Operator::Mul => '*',
                Operator::Div => '/',
            };
            let text = [&l, &r]
                .iter()
                .any(|e| matches!(e.ty.base, Base::Text { .. }));
            let help = if text {
                "texts are put together in a text: `{{a}} {{b}}`"
            } else {
                "`+ - * /` take numbers; `+` and `-` also move a datetime or a date by a duration"
            };
            cx.sink.report(
                Diagnostic::new(
                    &codes::TYPE_MISMATCH,
                    span,
                    format!("{} `{sign}` {} has no meaning", a(&l.ty), a(&r.ty)),
                )
                .help(help),
            );
            None
        }
    }
}

fn is_zero(e: &Expr) -> bool {
    match &e.kind {
        ExprKind::Int(0) | ExprKind::Decimal { units: 0, .. } => true,
        ExprKind::Negate(inner) | ExprKind::Widen(inner) => is_zero(inner),
        _ => false,
    }
}

/// Seconds of a duration that is known now.
fn seconds(e: &Expr) -> Option<i64> {
    match &e.kind {
        ExprKind::Duration(s) => Some(*s),
        ExprKind::Negate(inner) => seconds(inner)?.checked_neg(),
        ExprKind::Arithmetic(Operator::Add, l, r) => seconds(l)?.checked_add(seconds(r)?),
        ExprKind::Arithmetic(Operator::Sub, l, r) => seconds(l)?.checked_sub(seconds(r)?),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
