//! `widget.number.v1`.

use crate::check::expr;
use crate::check::flow::FlowCheck;
use crate::check::flow::rules::Given;
use crate::check::scope::Scope;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::widgets;
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::types::{Base, Ty};
use crate::ir::widget::{Number, Widget};
use crate::source::Span;
use crate::syntax::ast::{self, Field};

/// A stepper.
pub fn check(
    check: &mut FlowCheck<'_>,
    scope: &Scope,
    step: &ast::Step,
    number: &ast::Number,
) -> Option<Widget> {
    let given = Given::step(step);
    let ty = given.ty(check);
    let errors = check.cx.sink.errors();
    let (min, max) = check.bounds(scope, given);
    let mut read = |field: &Option<Field>| {
        let field = field.as_ref()?;
        let typed = expr::field(&mut check.cx, scope, field, &ty)?;
        Some((typed, span(field)))
    };
    let start = read(&number.start);
    let by = read(&number.step);
    let jump = read(&number.jump);
    let scale = match ty.base {
        Base::Decimal(scale) => Some(scale),
        _ => None,
    };
    let whole = |n: i64| whole(n, scale, &ty);
    let min = min.unwrap_or_else(|| whole(0));
    let mut wrong = |at: Span, message: &str, help: &str| {
        let d = Diagnostic::new(&widgets::STEPPER, at, message);
        check.cx.sink.report(d.help(help));
    };
    for (name, field) in [("step", &by), ("jump", &jump)] {
        if let Some((typed, at)) = field
            && units(typed).is_some_and(|n| n <= 0)
        {
            let message = format!("`{name}` is not positive");
            wrong(
                *at,
                &message,
                "say by how much one press changes the number, such as `1`",
            );
        }
    }
    if let (Some((by, at)), Some(max)) = (&by, &max)
        && let (Some(by), Some(least), Some(greatest)) = (units(by), units(&min), units(max))
        && greatest > least
        && by > greatest.saturating_sub(least)
    {
        let message = "one press of this goes from one end to the other";
        wrong(
            *at,
            message,
            "make `step` smaller than the way from `min` to `max`, or ask with a choice",
        );
    }
    if let (Some(max), Some(at)) = (&max, step.max.as_ref().map(span))
        && let (Some(least), Some(greatest)) = (units(&min), units(max))
        // `min: 5, max: 3` has been reported; without `min` it is 0.
        && greatest < least
        && step.min.is_none()
    {
        wrong(
            at,
            "`max` is below 0, and without `min` the least value is 0",
            "say `min`",
        );
    }
    if let Some((typed, at)) = &start
        && let Some(n) = units(typed)
        && (units(&min).is_some_and(|least| n < least)
            || max.as_ref().and_then(units).is_some_and(|most| n > most))
    {
        wrong(
            *at,
            "`start` does not lie between `min` and `max`",
            "move it between them",
        );
    }
    if check.cx.sink.errors() > errors {
        return None;
    }
    Some(Widget::Number(Box::new(Number {
        scale,
        min,
        max,
        start: start.map(|(e, _)| e),
        step: by.map_or_else(|| whole(1), |(e, _)| e),
        jump: jump.map(|(e, _)| e),
    })))
}

fn span(field: &Field) -> Span {
    match field {
        Field::Literal(s) => s.span,
        Field::Expr(e) => e.span,
    }
}

/// A literal, in units of its last digit.
fn units(e: &Expr) -> Option<i64> {
    match &e.kind {
        ExprKind::Int(n) => Some(*n),
        ExprKind::Decimal { units, .. } => Some(*units),
        ExprKind::Widen(inner) => units(inner),
        _ => None,
    }
}

/// A whole number of the widget's type.
fn whole(n: i64, scale: Option<u8>, ty: &Ty) -> Expr {
    let kind = match scale {
        None => ExprKind::Int(n),
        Some(scale) => ExprKind::Decimal {
            units: n.saturating_mul(10i64.saturating_pow(u32::from(scale))),
            scale,
        },
    };
    Expr {
        ty: ty.clone(),
        kind,
    }
}
