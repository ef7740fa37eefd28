//! Checked arithmetic for generated expressions.

use botfactory_lang::value::{Date, Decimal, Duration, Instant};

use super::error::HandlerError;

/// `a + b`, `a - b`, `a * b`, `a / b` on the DSL's numbers, instants and durations. What leaves a type's range stops at
/// its end: what people type and tables hold has no bound that a compiler could know. A division by zero is
/// [`HandlerError::Arithmetic`]. Implemented for i64, f64, `Decimal<N>`, `Instant ± Duration`, `Date ± Duration`,
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

/// `value`, or the end of the range that it left.
fn ended<T>(value: Option<T>, negative: bool, min: T, max: T) -> T {
    value.unwrap_or(if negative { min } else { max })
}

fn finite(value: f64) -> f64 {
    value.clamp(f64::MIN, f64::MAX)
}

impl Checked for i64 {
    type Output = i64;
    fn add(self, rhs: i64) -> Result<i64, HandlerError> {
        Ok(self.saturating_add(rhs))
    }
    fn sub(self, rhs: i64) -> Result<i64, HandlerError> {
        Ok(self.saturating_sub(rhs))
    }
    fn mul(self, rhs: i64) -> Result<i64, HandlerError> {
        Ok(self.saturating_mul(rhs))
    }
    fn div(self, rhs: i64) -> Result<i64, HandlerError> {
        if rhs == 0 {
            return Err(HandlerError::Arithmetic);
        }
        Ok(self.saturating_div(rhs))
    }
}

impl Checked for f64 {
    type Output = f64;
    fn add(self, rhs: f64) -> Result<f64, HandlerError> {
        Ok(finite(self + rhs))
    }
    fn sub(self, rhs: f64) -> Result<f64, HandlerError> {
        Ok(finite(self - rhs))
    }
    fn mul(self, rhs: f64) -> Result<f64, HandlerError> {
        Ok(finite(self * rhs))
    }
    fn div(self, rhs: f64) -> Result<f64, HandlerError> {
        if rhs == 0.0 {
            return Err(HandlerError::Arithmetic);
        }
        Ok(finite(self / rhs))
    }
}

impl<const N: u8> Checked for Decimal<N> {
    type Output = Decimal<N>;
    fn add(self, rhs: Self) -> Result<Self, HandlerError> {
        Ok(self + rhs)
    }
    fn sub(self, rhs: Self) -> Result<Self, HandlerError> {
        Ok(self - rhs)
    }
    fn mul(self, rhs: Self) -> Result<Self, HandlerError> {
        Ok(self * rhs)
    }
    fn div(self, rhs: Self) -> Result<Self, HandlerError> {
        if rhs == Self::ZERO {
            return Err(HandlerError::Arithmetic);
        }
        let negative = (self.units() < 0) != (rhs.units() < 0);
        let (min, max) = (Self::from_units(i64::MIN), Self::from_units(i64::MAX));
        Ok(ended(self.checked_div(rhs), negative, min, max))
    }
}

impl Checked for Duration {
    type Output = Duration;
    fn add(self, rhs: Self) -> Result<Self, HandlerError> {
        Ok(Duration(self.0.saturating_add(rhs.0)))
    }
    fn sub(self, rhs: Self) -> Result<Self, HandlerError> {
        Ok(Duration(self.0.saturating_sub(rhs.0)))
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
        Ok(Instant::from_unix(self.unix().saturating_add(rhs.0)))
    }
    fn sub(self, rhs: Duration) -> Result<Instant, HandlerError> {
        Ok(Instant::from_unix(self.unix().saturating_sub(rhs.0)))
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
        Ok(self.plus_days(rhs.0 / 86_400))
    }
    fn sub(self, rhs: Duration) -> Result<Date, HandlerError> {
        Ok(self.plus_days((rhs.0 / 86_400).saturating_neg()))
    }
    fn mul(self, _: Duration) -> Result<Date, HandlerError> {
        Err(HandlerError::Bug("date times duration"))
    }
    fn div(self, _: Duration) -> Result<Date, HandlerError> {
        Err(HandlerError::Bug("date by duration"))
    }
}

/// A number (or date) as a wider type: int to decimal and real, decimal to a greater scale, date to its first instant
/// in the bot's zone is [`super::printer::Words::midnight`].
pub trait Widen<T> {
    /// Converts; beyond the range of `T` it is its end.
    fn widen(self) -> Result<T, HandlerError>;
}

impl<const N: u8> Widen<Decimal<N>> for i64 {
    fn widen(self) -> Result<Decimal<N>, HandlerError> {
        let (min, max) = (Decimal::from_units(i64::MIN), Decimal::from_units(i64::MAX));
        Ok(ended(Decimal::from_int(self), self < 0, min, max))
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
        let (min, max) = (Decimal::from_units(i64::MIN), Decimal::from_units(i64::MAX));
        Ok(ended(self.rescale(), self.units() < 0, min, max))
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
    fn an_overflow_stops_at_the_end_and_a_division_by_zero_is_an_error() {
        assert_eq!(i64::MAX.add(1).unwrap(), i64::MAX);
        assert_eq!(i64::MIN.div(-1).unwrap(), i64::MAX);
        assert_eq!(i64::MAX.mul(-2).unwrap(), i64::MIN);
        assert_eq!(f64::MAX.mul(10.0).unwrap(), f64::MAX);
        let tiny = Decimal::<2>::from_units(1);
        let great = Decimal::<2>::from_units(i64::MAX);
        assert_eq!(great.div(tiny).unwrap(), great);
        assert_eq!(great.mul(great).unwrap(), great);
        assert!(matches!(1.div(0), Err(HandlerError::Arithmetic)));
        assert!(matches!(1.0.div(0.0), Err(HandlerError::Arithmetic)));
        assert!(matches!(
            tiny.div(Decimal::ZERO),
            Err(HandlerError::Arithmetic)
        ));
        assert_eq!(7.div(2).unwrap(), 3);
    }

    #[test]
    fn dates_and_instants_move_by_durations() {
        let day = Date::new(2026, 2, 27).unwrap();
        assert_eq!(
            day.add(Duration(2 * 86_400)).unwrap(),
            Date::new(2026, 3, 1).unwrap()
        );
        assert_eq!(
            day.sub(Duration(i64::MIN)).unwrap().to_string(),
            "9999-12-31"
        );
        let now = Instant::from_unix(1_000);
        assert_eq!(now.sub(Duration(400)).unwrap(), Instant::from_unix(600));
        assert_eq!(now.add(Duration(i64::MAX)).unwrap(), Instant::MAX);
    }

    #[test]
    fn widening() {
        assert_eq!(widen::<_, Decimal<2>>(3_i64).unwrap(), Decimal(300));
        assert_eq!(widen::<_, Decimal<9>>(i64::MIN).unwrap(), Decimal(i64::MIN));
        assert_eq!(
            widen::<_, Decimal<3>>(Decimal::<1>(15)).unwrap(),
            Decimal(1500)
        );
    }
}
