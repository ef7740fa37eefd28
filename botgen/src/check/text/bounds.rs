//! How long a printed value can be, in UTF-16 units.

use botfactory_lang::length::utf16;

use crate::check::FlowCx;
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::text::{How, KeyArg, Print};
use crate::ir::types::Base;

/// Any date, time, number or amount of money in any locale. CLDR's longest long dates have some 60 characters; a
/// pattern of the author is at most 128 bytes of at most long names.
pub(super) const FORMATTED: usize = 400;

/// `None`: no bound is known.
pub(super) fn print(cx: &FlowCx<'_>, p: &Print) -> Option<usize> {
    how(cx, &p.how, &p.value)
}

/// Of an argument of a message.
pub(super) fn argument(cx: &FlowCx<'_>, arg: &KeyArg) -> Option<usize> {
    match arg {
        KeyArg::Value(e) => value(cx, e),
        KeyArg::Printed(p) => print(cx, p),
    }
}

fn how(cx: &FlowCx<'_>, how_: &How, e: &Expr) -> Option<usize> {
    match how_ {
        How::Plain => value(cx, e),
        How::Date(_) | How::Time(_) | How::DateTime(_) | How::Number { .. } | How::Money { .. } => {
            Some(FORMATTED)
        }
        How::Label(_) | How::LabelOf { .. } | How::Join { .. } => None,
        // No character has more than three in the other case.
        How::Upper(inner) | How::Lower(inner) => how(cx, inner, e)?.checked_mul(3),
        How::Truncate(units, inner) => {
            Some(how(cx, inner, e).map_or(*units, |inner| inner.min(*units)))
        }
        How::Or(other, inner) => Some(print(cx, other)?.max(how(cx, inner, e)?)),
    }
}

fn value(cx: &FlowCx<'_>, e: &Expr) -> Option<usize> {
    if let ExprKind::Text(text) = &e.kind {
        return Some(utf16(text));
    }
    match &e.ty.base {
        Base::Text { max } => *max,
        Base::Int | Base::Decimal(_) | Base::Bool => Some(24),
        // The largest floats have 309 digits, and separators.
        Base::Real | Base::Date | Base::Time | Base::DateTime => Some(FORMATTED + 24),
        Base::Choice(id) => cx
            .choices
            .get(id.0)?
            .options
            .iter()
            .map(|o| utf16(&o.value))
            .max(),
        _ => None,
    }
}
