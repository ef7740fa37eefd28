//! Checked arithmetic for generated expressions.

use botfactory_lang::value::{Date, Decimal, Duration, Instant};

use super::error::HandlerError;

/// `a + b`, `a - b`, `a * b`, `a / b` on the DSL's numbers, instants and durations; an overflow or a division by zero
/// is [`HandlerError::Arithmetic`]. Implemented for i64, f64, `Decimal<N>`, `Instant ± Duration`, `Date ± Duration`,
/// `Duration ± Duration`. What a pair of types does not have (an instant times a duration) is an error too; the compiler
/// excludes it.
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

fn some<T>(value: Option<T>) -> Result<T, HandlerError> {
    value.ok_or(HandlerError::Arithmetic)
}

fn finite(value: f64) -> Result<f64, HandlerError> {
    some(value.is_finite().then_some(value))
}

impl Checked for i64 {
    type Output = i64;
    fn add(self, rhs: i64) -> Result<i64, HandlerError> {
        some(self.checked_add(rhs))
    }
    fn sub(self, rhs: i64) -> Result<i64, HandlerError> {
        some(self.checked_sub(rhs))
    }
    fn mul(self, rhs: i64) -> Result<i64, HandlerError> {
        some(self.checked_mul(rhs))
    }
    fn div(self, rhs: i64) -> Result<i64, HandlerError> {
        some(self.checked_div(rhs))
    }
}

impl Checked for f64 {
    type Output = f64;
    fn add(self, rhs: f64) -> Result<f64, HandlerError> {
        finite(self + rhs)
    }
    fn sub(self, rhs: f64) -> Result<f64, HandlerError> {
        finite(self - rhs)
    }
    fn mul(self, rhs: f64) -> Result<f64, HandlerError> {
        finite(self * rhs)
    }
    fn div(self, rhs: f64) -> Result<f64, HandlerError> {
        finite(self / rhs)
    }
}

impl<const N: u8> Checked for Decimal<N> {
    type Output = Decimal<N>;
    fn add(self, rhs: Self) -> Result<Self, HandlerError> {
        some(self.checked_add(rhs))
    }
    fn sub(self, rhs: Self) -> Result<Self, HandlerError> {
        some(self.checked_sub(rhs))
    }
    fn mul(self, rhs: Self) -> Result<Self, HandlerError> {
        some(self.checked_mul(rhs))
    }
    fn div(self, rhs: Self) -> Result<Self, HandlerError> {
        some(self.checked_div(rhs))
    }
}

impl Checked for Duration {
    type Output = Duration;
    fn add(self, rhs: Self) -> Result<Self, HandlerError> {
        some(self.0.checked_add(rhs.0)).map(Duration)
    }
    fn sub(self, rhs: Self) -> Result<Self, HandlerError> {
        some(self.0.checked_sub(rhs.0)).map(Duration)
    }
    fn mul(self, _: Self) -> Result<Self, HandlerError> {
        Err(HandlerError::Bug("duration times duration"))
    }
    fn div(self, _: Self) -> Result<Self, HandlerError> {
        Err(HandlerError::Bug("duration by duration"))
    }
}

impl Checked<Duration> for Instant {
    type Output = Instant;
    fn add(self, rhs: Duration) -> Result<Instant, HandlerError> {
        let moved = self.unix().checked_add(rhs.0);
        some(moved.and_then(Instant::try_from_unix))
    }
    fn sub(self, rhs: Duration) -> Result<Instant, HandlerError> {
        let moved = self.unix().checked_sub(rhs.0);
        some(moved.and_then(Instant::try_from_unix))
    }
    fn mul(self, _: Duration) -> Result<Instant, HandlerError> {
        Err(HandlerError::Bug("instant times duration"))
    }
    fn div(self, _: Duration) -> Result<Instant, HandlerError> {
        Err(HandlerError::Bug("instant by duration"))
    }
}

impl Checked<Duration> for Date {
    type Output = Date;
    fn add(self, rhs: Duration) -> Result<Date, HandlerError> {
        some(plus_days(self, rhs.0 / 86_400))
    }
    fn sub(self, rhs: Duration) -> Result<Date, HandlerError> {
        let days = some((rhs.0 / 86_400).checked_neg())?;
        some(plus_days(self, days))
    }
    fn mul(self, _: Duration) -> Result<Date, HandlerError> {
        Err(HandlerError::Bug("date times duration"))
    }
    fn div(self, _: Duration) -> Result<Date, HandlerError> {
        Err(HandlerError::Bug("date by duration"))
    }
}

fn plus_days(day: Date, days: i64) -> Option<Date> {
    let span = jiff::Span::new().try_days(days).ok()?;
    let moved = day.civil().checked_add(span).ok()?;
    Date::new(moved.year(), moved.month(), moved.day())
}

/// A number (or date) as a wider type: int to decimal and real, decimal to a greater scale, date to its first instant
/// in the bot's zone is [`super::printer::Words::midnight`].
pub trait Widen<T> {
    /// Converts; out of range is [`HandlerError::Arithmetic`].
    fn widen(self) -> Result<T, HandlerError>;
}

impl<const N: u8> Widen<Decimal<N>> for i64 {
    fn widen(self) -> Result<Decimal<N>, HandlerError> {
        some(Decimal::from_int(self))
    }
}

impl Widen<f64> for i64 {
    #[allow(clippy::cast_precision_loss)] // the DSL's widening, as SQL does it
    fn widen(self) -> Result<f64, HandlerError> {
        Ok(self as f64)
    }
}

impl<const N: u8, const M: u8> Widen<Decimal<M>> for Decimal<N> {
    fn widen(self) -> Result<Decimal<M>, HandlerError> {
        some(self.rescale())
    }
}

impl<const N: u8> Widen<f64> for Decimal<N> {
    fn widen(self) -> Result<f64, HandlerError> {
        Ok(self.to_f64())
    }
}

/// `xs | count`.
pub fn count<T>(list: &[T]) -> i64 {
    i64::try_from(list.len()).unwrap_or(i64::MAX)
}

/// See [`Widen`].
pub fn widen<A: Widen<B>, B>(value: A) -> Result<B, HandlerError> {
    value.widen()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overflow_and_division_by_zero_are_errors() {
        assert!(matches!(i64::MAX.add(1), Err(HandlerError::Arithmetic)));
        assert!(matches!(1.div(0), Err(HandlerError::Arithmetic)));
        assert!(matches!(1.0.div(0.0), Err(HandlerError::Arithmetic)));
        assert!(matches!(i64::MIN.div(-1), Err(HandlerError::Arithmetic)));
        assert_eq!(7.div(2).unwrap(), 3);
    }

    #[test]
    fn dates_and_instants_move_by_durations() {
        let day = Date::new(2026, 2, 27).unwrap();
        assert_eq!(
            day.add(Duration(2 * 86_400)).unwrap(),
            Date::new(2026, 3, 1).unwrap()
        );
        assert!(day.sub(Duration(i64::MIN)).is_err());
        let now = Instant::from_unix(1_000);
        assert_eq!(now.sub(Duration(400)).unwrap(), Instant::from_unix(600));
        assert!(now.add(Duration(i64::MAX)).is_err());
    }

    #[test]
    fn widening() {
        assert_eq!(widen::<_, Decimal<2>>(3_i64).unwrap(), Decimal(300));
        assert!(widen::<_, Decimal<9>>(i64::MAX).is_err());
        assert_eq!(
            widen::<_, Decimal<3>>(Decimal::<1>(15)).unwrap(),
            Decimal(1500)
        );
    }
}
