//! Operators: what their sides may be.

use super::types::{common, convert, is_number, unify};
use super::{a, check, present, quoted, shown};
use crate::check::FlowCx;
use crate::check::scope::Scope;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::expressions as codes;
use crate::ir::expr::{Comparison, Expr, ExprKind, Operator};
use crate::ir::types::{Base, Ty};
use crate::source::Span;
use crate::syntax::ast;

pub(super) fn list(
    cx: &mut FlowCx<'_>,
    scope: &Scope,
    items: &[ast::Expr],
    span: Span,
) -> Option<Expr> {
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
    let items: Vec<_> = checked.into_iter().map(|i| convert(i, &base)).collect();
    Some(Expr {
        ty: Ty::some(Base::list(Ty::some(base), Some(items.len()))),
        kind: ExprKind::List(items),
    })
}

pub(super) fn negate(cx: &mut FlowCx<'_>, scope: &Scope, inner: &ast::Expr) -> Option<Expr> {
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

pub(super) fn is_null(
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
        let help = if matches!(checked.ty.base, Base::List { .. }) {
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

pub(super) fn compare(
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
            Base::Row(_)
            | Base::Record(_)
            | Base::Contact
            | Base::Location
            | Base::File
            | Base::Broadcast { .. } => "compare one of its fields",
            Base::List { .. } => "ask `is empty`, or `value in list`",
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

pub(super) fn contained(
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
        let out: Vec<_> = out.into_iter().map(|i| convert(i, &base)).collect();
        let list = Expr {
            ty: Ty::some(Base::list(Ty::some(base), Some(out.len()))),
            kind: ExprKind::List(out),
        };
        (checked, list)
    } else {
        let list_checked = present(cx, scope, list);
        let (checked, list_checked) = (checked?, list_checked?);
        let Base::List { item, .. } = list_checked.ty.base.clone() else {
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

pub(super) fn arithmetic(
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
            let (date, duration) = if l.ty.base == Base::Date {
                (l, r)
            } else {
                (r, l)
            };
            if seconds(&duration).is_none_or(|s| s % 86_400 != 0) {
                // A time of that day: `today+10h`.
                return make(Base::DateTime, convert(date, &Base::DateTime), duration);
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
            let moment = matches!(l.ty.base, Base::Date | Base::DateTime);
            let help = match &right.kind {
                ast::ExprKind::Filter { value, .. } => {
                    let part = |lo: u32, hi: u32| cx.bot.sources.slice(Span { lo, hi, ..span });
                    format!(
                        "a filter takes what stands right before it: write `({}){}`",
                        part(span.lo, value.span.hi),
                        part(value.span.hi, right.span.hi)
                    )
                }
                ast::ExprKind::Int(n) if moment && additive => {
                    format!("a moment moves by a duration: `{sign} {n}h`, `{sign} {n}d`")
                }
                _ if text => "texts are put together in a text: `{{a}} {{b}}`".to_owned(),
                _ => {
                    "`+ - * /` take numbers; `+` and `-` also move a datetime or a date by a duration"
                        .to_owned()
                }
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
