//! Decimal numbers as scaled integers.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign};

/// A decimal number with `SCALE` digits after the point, held as a scaled integer.
/// DSL `decimal(SCALE)`; SQLite INTEGER (scaled), JSON its decimal string.
///
/// `SCALE` is at most 18, what 64 bits can hold. Operators stop at the ends of that range; the `checked_`
/// functions say `None`. What has more digits than fit is rounded half away from zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Decimal<const SCALE: u8>(pub i64);

/// The greatest `SCALE`: 10¹⁸ is the last power of ten in 64 bits.
pub(crate) const MAX_SCALE: u8 = 18;

/// Ten to the `scale`.
pub(crate) const fn power(scale: u8) -> i64 {
    10i64.pow(if scale > MAX_SCALE { MAX_SCALE } else { scale } as u32)
}

impl<const SCALE: u8> Decimal<SCALE> {
    /// Zero.
    pub const ZERO: Self = Self(0);
    /// Units in one.
    pub const ONE: i64 = {
        assert!(
            SCALE <= MAX_SCALE,
            "a decimal has at most 18 digits after the point"
        );
        power(SCALE)
    };

    /// From scaled units: 150 is `1.50` at scale 2.
    pub const fn from_units(units: i64) -> Self {
        Self(units)
    }

    /// The scaled units.
    pub const fn units(self) -> i64 {
        self.0
    }

    /// From a whole number; `None` when it does not fit.
    pub fn from_int(number: i64) -> Option<Self> {
        number.checked_mul(Self::ONE).map(Self)
    }

    /// From the nearest decimal of a float; `None` when it does not fit or is no number.
    pub fn from_f64(number: f64) -> Option<Self> {
        let units = (number * Self::ONE as f64).round();
        // Both ends are exact as floats; the upper one is one beyond the greatest i64.
        (units >= i64::MIN as f64 && units < i64::MAX as f64).then_some(Self(units as i64))
    }

    /// As a float.
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / Self::ONE as f64
    }

    /// The whole part, towards zero.
    pub fn trunc(self) -> i64 {
        self.0 / Self::ONE
    }

    /// With another number of digits, rounded; `None` when it does not fit.
    pub fn rescale<const OTHER: u8>(self) -> Option<Decimal<OTHER>> {
        divide(
            i128::from(self.0) * i128::from(Decimal::<OTHER>::ONE),
            i128::from(Self::ONE),
        )
        .map(Decimal)
    }

    /// Sum.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// Difference.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// Product, rounded.
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        divide(
            i128::from(self.0) * i128::from(other.0),
            i128::from(Self::ONE),
        )
        .map(Self)
    }

    /// Quotient, rounded; `None` by zero.
    pub fn checked_div(self, other: Self) -> Option<Self> {
        divide(
            i128::from(self.0) * i128::from(Self::ONE),
            i128::from(other.0),
        )
        .map(Self)
    }

    /// Reads `-12.5`: an optional sign, digits, at most `SCALE` digits after a point.
    pub fn parse(text: &str) -> Option<Self> {
        parse_units(text, SCALE, b'.').map(Self)
    }
}

/// Scaled units of a decimal number with `point`; `None` when it has another form, more digits or does not fit.
pub(crate) fn parse_units(text: &str, scale: u8, point: u8) -> Option<i64> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let (whole, fraction) = match digits.iter().position(|byte| *byte == point) {
        Some(at) => (&digits[..at], &digits[at + 1..]),
        None => (digits, &[][..]),
    };
    if whole.is_empty()
        || (fraction.is_empty() && whole.len() < digits.len())
        || fraction.len() > usize::from(scale)
    {
        return None;
    }
    let padding = usize::from(scale) - fraction.len();
    let mut units: i64 = 0;
    for byte in whole
        .iter()
        .chain(fraction)
        .copied()
        .chain(std::iter::repeat_n(b'0', padding))
    {
        if !byte.is_ascii_digit() {
            return None;
        }
        // Counted downwards, where one number more fits.
        units = units.checked_mul(10)?.checked_sub(i64::from(byte - b'0'))?;
    }
    if negative {
        Some(units)
    } else {
        units.checked_neg()
    }
}

/// `units` at `scale` as text with `.`.
pub(crate) fn write_units(units: i64, scale: u8, out: &mut impl fmt::Write) -> fmt::Result {
    if scale == 0 {
        return write!(out, "{units}");
    }
    let scale = scale.min(MAX_SCALE);
    let one = power(scale).unsigned_abs();
    let size = units.unsigned_abs();
    let sign = if units < 0 { "-" } else { "" };
    write!(
        out,
        "{sign}{}.{:0width$}",
        size / one,
        size % one,
        width = usize::from(scale)
    )
}

/// Rounded half away from zero; `None` by zero or when it does not fit.
fn divide(number: i128, by: i128) -> Option<i64> {
    if by == 0 {
        return None;
    }
    let (quotient, rest) = (number / by, number % by);
    let up = rest.unsigned_abs() * 2 >= by.unsigned_abs();
    let step = if (number < 0) == (by < 0) { 1 } else { -1 };
    i64::try_from(if up { quotient + step } else { quotient }).ok()
}

impl<const SCALE: u8> fmt::Display for Decimal<SCALE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_units(self.0, SCALE, f)
    }
}

impl<const SCALE: u8> std::str::FromStr for Decimal<SCALE> {
    type Err = super::BadColumn;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text).ok_or(super::BadColumn {
            expected: "decimal",
        })
    }
}

impl<const SCALE: u8> Add for Decimal<SCALE> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl<const SCALE: u8> Sub for Decimal<SCALE> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl<const SCALE: u8> Neg for Decimal<SCALE> {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl<const SCALE: u8> Mul for Decimal<SCALE> {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let end = if (self.0 < 0) == (other.0 < 0) {
            i64::MAX
        } else {
            i64::MIN
        };
        self.checked_mul(other).unwrap_or(Self(end))
    }
}

impl<const SCALE: u8> Mul<i64> for Decimal<SCALE> {
    type Output = Self;
    fn mul(self, times: i64) -> Self {
        Self(self.0.saturating_mul(times))
    }
}

impl<const SCALE: u8> AddAssign for Decimal<SCALE> {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl<const SCALE: u8> SubAssign for Decimal<SCALE> {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl<const SCALE: u8> std::iter::Sum for Decimal<SCALE> {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::ZERO, Add::add)
    }
}

impl<const SCALE: u8> Serialize for Decimal<SCALE> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, const SCALE: u8> Deserialize<'de> for Decimal<SCALE> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::text::read(deserializer, "a decimal number", Self::parse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_and_parses() {
        for (units, text) in [
            (0, "0.00"),
            (5, "0.05"),
            (-5, "-0.05"),
            (150, "1.50"),
            (-12_345, "-123.45"),
            (i64::MAX, "92233720368547758.07"),
            (i64::MIN, "-92233720368547758.08"),
        ] {
            assert_eq!(Decimal::<2>(units).to_string(), text);
            assert_eq!(Decimal::<2>::parse(text), Some(Decimal(units)), "{text}");
        }
        assert_eq!(Decimal::<2>::parse("1.5"), Some(Decimal(150)));
        assert_eq!(Decimal::<2>::parse("+7"), Some(Decimal(700)));
        assert_eq!(Decimal::<0>(42).to_string(), "42");
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "1.234",
            "1,5",
            "1e3",
            "--1",
            "92233720368547758.08",
            "1 000",
            "٣",
        ] {
            assert_eq!(Decimal::<2>::parse(text), None, "{text}");
        }
    }

    #[test]
    fn parse_is_the_inverse_of_print() {
        let mut seed: u64 = 1;
        for _ in 0..5_000 {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let units = (seed.cast_signed()) >> (seed % 60);
            assert_eq!(
                Decimal::<4>::parse(&Decimal::<4>(units).to_string()),
                Some(Decimal(units))
            );
            assert_eq!(
                Decimal::<18>::parse(&Decimal::<18>(units).to_string()),
                Some(Decimal(units))
            );
        }
    }

    #[test]
    fn arithmetic_rounds_and_stops() {
        let d = Decimal::<2>;
        assert_eq!(d(150) + d(25), d(175));
        assert_eq!(d(150) * d(150), d(225));
        assert_eq!(
            d(5) * d(10),
            d(1),
            "0.05 × 0.10 is 0.005, rounded away from zero"
        );
        assert_eq!(d(-5) * d(10), d(-1));
        assert_eq!(d(100).checked_div(d(300)), Some(d(33)));
        assert_eq!(d(200).checked_div(d(300)), Some(d(67)));
        assert_eq!(d(1).checked_div(d(0)), None);
        assert_eq!(d(i64::MIN).checked_div(d(-1)), None);
        assert_eq!(d(i64::MAX) + d(1), d(i64::MAX));
        assert_eq!(d(i64::MAX) * d(-200), d(i64::MIN));
        assert_eq!(d(150) * 3, d(450));
        assert_eq!([d(1), d(2)].into_iter().sum::<Decimal<2>>(), d(3));
        assert_eq!(d(155).rescale::<1>(), Some(Decimal(16)));
        assert_eq!(d(155).rescale::<4>(), Some(Decimal(15_500)));
        assert_eq!(d(i64::MAX).rescale::<4>(), None);
    }

    #[test]
    fn floats() {
        assert_eq!(
            Decimal::<2>::from_f64(1.005),
            Some(Decimal(100)),
            "1.005 is a little less as a float"
        );
        assert_eq!(Decimal::<2>::from_f64(-2.5), Some(Decimal(-250)));
        assert_eq!(Decimal::<2>::from_f64(f64::NAN), None);
        assert_eq!(Decimal::<2>::from_f64(1e300), None);
        assert_eq!(Decimal::<2>::from_f64(9.3e16), None);
        assert!((Decimal::<2>(150).to_f64() - 1.5).abs() < f64::EPSILON);
        assert_eq!(Decimal::<2>(-199).trunc(), -1);
    }

    #[test]
    fn serde_as_a_string() {
        assert_eq!(
            serde_json::to_string(&Decimal::<2>(150)).unwrap(),
            "\"1.50\""
        );
        assert_eq!(
            serde_json::from_str::<Decimal<2>>("\"1.5\"").unwrap(),
            Decimal(150)
        );
        assert!(serde_json::from_str::<Decimal<2>>("1.5").is_err());
    }
}
