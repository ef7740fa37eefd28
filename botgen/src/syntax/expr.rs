//! Expressions (placeholder until the parser lands).

use crate::diagnostics::Sink;
use crate::source::Str;
use crate::syntax::ast::{Expr, ExprKind, Field};

/// A field that is not a text: a literal, or `"{{EXPR}}"` alone.
pub fn parse_field(text: &Str, _sink: &mut Sink) -> Option<Field> {
    Some(Field::Literal(text.clone()))
}

/// An expression.
pub fn parse_expr(text: &Str, _sink: &mut Sink) -> Option<Expr> {
    Some(Expr {
        span: text.span,
        kind: ExprKind::Text(text.value.clone()),
    })
}
