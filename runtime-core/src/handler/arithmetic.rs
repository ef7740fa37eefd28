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

/// A number (or date) as a wider type: int to decimal and real, decimal to a greater scale, date to its first instant
/// in the bot's zone is [`super::printer::Words::midnight`].
pub trait Widen<T> {
    /// Converts; out of range is [`HandlerError::Arithmetic`].
    fn widen(self) -> Result<T, HandlerError>;
}

/// See [`Widen`].
pub fn widen<A: Widen<B>, B>(value: A) -> Result<B, HandlerError> {
    value.widen()
}
