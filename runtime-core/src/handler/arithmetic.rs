//! Checked arithmetic for generated expressions.

use super::error::HandlerError;
use botfactory_lang::value::{Date, Decimal, Duration, Instant};

/// `a + b`, `a - b`, `a * b`, `a / b` on the DSL's numbers, instants and durations; an overflow or a division by zero
/// is [`HandlerError::Arithmetic`]. Implemented for i64, f64, `Decimal<N>`, `Instant ± Duration`, `Date ± Duration`,
/// `Duration ± Duration`.
pub trait Checked<Rhs = Self>: Sized {
    /// What comes out.
    type Output;
    /// `+`.
    fn add(self, rhs: Rhs) -> Result<Self::Output, HandlerError>;
    /// `-`.
    fn sub(self, rhs: Rhs) -> Result<Self::Output, HandlerError>;
    /// `*`.
    fn mul(self, rhs: Rhs) -> Result<Self::Output, HandlerError>;
    /// `/`.
    fn div(self, rhs: Rhs) -> Result<Self::Output, HandlerError>;
}
#[allow(dead_code)]
type Pairs = (Date, Decimal<2>, Duration, Instant);
