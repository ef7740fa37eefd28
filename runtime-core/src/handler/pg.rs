//! The DSL's values on Postgres's wire, where sqlx has no type of its own for them: exact, in the binary form.
//!
//! Formats: `src/backend/utils/adt/{timestamp,date,numeric}.c` of Postgres (`*_send`, `*_recv`).

use botfactory_lang::value::{Date, Decimal, Instant, TimeOfDay};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueFormat, PgValueRef};
use sqlx::{Decode, Encode, Postgres, Type};

/// A value as Postgres holds it: `TIMESTAMPTZ`, `DATE`, `TIME`, `NUMERIC`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pg<T>(pub T);

/// 2000-01-01 00:00:00 UTC: Postgres counts from here.
const EPOCH: i64 = 946_684_800;
const MICROS: i64 = 1_000_000;
const DAY: i64 = 86_400;

/// A column holds something that the DSL's type has no value for: infinity, a year beyond 9999, NaN, too many digits.
#[derive(Debug, thiserror::Error)]
#[error("a stored {0} is outside of what this bot can hold")]
struct Outside(&'static str);

macro_rules! wire {
    ($($type:ty, $name:literal, [$($generic:tt)*];)*) => {$(
        impl<$($generic)*> Type<Postgres> for Pg<$type> {
            fn type_info() -> PgTypeInfo {
                PgTypeInfo::with_name($name)
            }
        }

        impl<$($generic)*> PgHasArrayType for Pg<$type> {
            fn array_type_info() -> PgTypeInfo {
                PgTypeInfo::array_of($name)
            }
        }
    )*};
}
wire! {
    Instant, "timestamptz", [];
    Date, "date", [];
    TimeOfDay, "time", [];
    Decimal<SCALE>, "numeric", [const SCALE: u8];
}

/// The bytes of a value; only prepared statements are used, whose values are binary.
fn bytes<'r>(value: &PgValueRef<'r>) -> Result<&'r [u8], BoxDynError> {
    match value.format() {
        PgValueFormat::Binary => value.as_bytes(),
        PgValueFormat::Text => Err("a value in the text form".into()),
    }
}

fn integer(value: &PgValueRef<'_>) -> Result<i64, BoxDynError> {
    Ok(i64::from_be_bytes(bytes(value)?.try_into()?))
}

impl Encode<'_, Postgres> for Pg<Instant> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let micros = (self.0.unix() - EPOCH)
            .checked_mul(MICROS)
            .ok_or(Outside("datetime"))?;
        buffer.extend_from_slice(&micros.to_be_bytes());
        Ok(IsNull::No)
    }
}

impl Decode<'_, Postgres> for Pg<Instant> {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        let micros = integer(&value)?;
        // The ends of the range are -infinity and infinity.
        micros
            .div_euclid(MICROS)
            .checked_add(EPOCH)
            .filter(|_| micros != i64::MAX && micros != i64::MIN)
            .and_then(Instant::try_from_unix)
            .map(Self)
            .ok_or_else(|| Outside("datetime").into())
    }
}

impl Encode<'_, Postgres> for Pg<Date> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let days = (midnight(self.0).ok_or(Outside("date"))? - EPOCH) / DAY;
        buffer.extend_from_slice(&i32::try_from(days)?.to_be_bytes());
        Ok(IsNull::No)
    }
}

impl Decode<'_, Postgres> for Pg<Date> {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        let days = i32::from_be_bytes(bytes(&value)?.try_into()?);
        let moment = Instant::try_from_unix(i64::from(days) * DAY + EPOCH);
        moment
            .filter(|_| days != i32::MAX && days != i32::MIN)
            .and_then(|moment| Date::parse_sql(moment.to_string().get(..10)?))
            .map(Self)
            .ok_or_else(|| Outside("date").into())
    }
}

fn midnight(date: Date) -> Option<i64> {
    Instant::parse_sql(&format!("{date} 00:00:00")).map(Instant::unix)
}

impl Encode<'_, Postgres> for Pg<TimeOfDay> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let time = self.0.civil();
        let seconds = i64::from(time.hour()) * 3600
            + i64::from(time.minute()) * 60
            + i64::from(time.second());
        buffer.extend_from_slice(&(seconds * MICROS).to_be_bytes());
        Ok(IsNull::No)
    }
}

impl Decode<'_, Postgres> for Pg<TimeOfDay> {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        // 24:00:00 is a time of Postgres's, not of ours.
        let seconds = integer(&value)?.div_euclid(MICROS);
        let part = |of: i64| i8::try_from(of).ok();
        let time = part(seconds / 3600)
            .zip(part(seconds / 60 % 60))
            .zip(part(seconds % 60))
            .and_then(|((hour, minute), second)| TimeOfDay::new(hour, minute, second));
        time.map(Self).ok_or_else(|| Outside("time").into())
    }
}

/// Digits of `NUMERIC` are of base 10 000.
const BASE: i128 = 10_000;
const POSITIVE: u16 = 0x0000;
const NEGATIVE: u16 = 0x4000;

impl<const SCALE: u8> Encode<'_, Postgres> for Pg<Decimal<SCALE>> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let value = i128::from(self.0.0);
        // Digits behind the point fill whole groups of four.
        let groups = i16::from(SCALE.div_ceil(4));
        let missing = u32::from(SCALE.div_ceil(4) * 4 - SCALE);
        let mut rest = value.unsigned_abs() * 10_u128.pow(missing);
        let mut digits = Vec::with_capacity(8);
        while rest > 0 {
            digits.push(u16::try_from(rest % 10_000)?);
            rest /= 10_000;
        }
        let weight = i16::try_from(digits.len())? - 1 - groups;
        digits.reverse();
        while digits.last() == Some(&0) {
            digits.pop(); // zeros at the end are understood
        }
        let sign = if value < 0 { NEGATIVE } else { POSITIVE };
        for header in [
            u16::try_from(digits.len())?.to_be_bytes(),
            (if digits.is_empty() { 0 } else { weight }).to_be_bytes(),
            sign.to_be_bytes(),
            u16::from(SCALE).to_be_bytes(),
        ] {
            buffer.extend_from_slice(&header);
        }
        for digit in digits {
            buffer.extend_from_slice(&digit.to_be_bytes());
        }
        Ok(IsNull::No)
    }
}

impl<const SCALE: u8> Decode<'_, Postgres> for Pg<Decimal<SCALE>> {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        decimal::<SCALE>(bytes(&value)?)
            .map(Self)
            .ok_or_else(|| Outside("decimal").into())
    }
}

/// What has more digits than fit is rounded half away from zero, like everywhere in the DSL.
fn decimal<const SCALE: u8>(bytes: &[u8]) -> Option<Decimal<SCALE>> {
    let mut words = bytes
        .chunks_exact(2)
        .filter_map(|word| Some(u16::from_be_bytes(word.try_into().ok()?)));
    let count = words.next()?;
    let weight = i32::from(words.next()?.cast_signed());
    let sign = words.next()?;
    words.next()?; // how many digits to show
    if sign != POSITIVE && sign != NEGATIVE {
        return None; // NaN, infinity
    }
    let wanted = 10_i128.checked_pow(u32::from(SCALE))?;
    let mut scaled: i128 = 0;
    let mut remainder: i128 = 0; // of the first group that is cut, in its own base
    let mut divisor: i128 = 1;
    for at in 0..i32::from(count) {
        let digit = i128::from(words.next()?);
        let exponent = weight - at;
        if exponent >= 0 {
            let worth = BASE.checked_pow(u32::try_from(exponent).ok()?)?;
            scaled = scaled.checked_add(digit.checked_mul(worth)?.checked_mul(wanted)?)?;
            continue;
        }
        // digit × wanted / BASE^-exponent, exactly as far as it goes.
        let Some(below) = u32::try_from(-exponent)
            .ok()
            .filter(|below| *below <= 8)
            .and_then(|below| BASE.checked_pow(below))
        else {
            break; // too small to matter, even for rounding
        };
        if below > divisor {
            remainder = remainder.checked_mul(below / divisor)?;
            divisor = below;
        }
        remainder = remainder.checked_add(digit.checked_mul(wanted)?)?;
    }
    scaled = scaled.checked_add(remainder.div_euclid(divisor))?;
    if remainder.rem_euclid(divisor).checked_mul(2)? >= divisor && divisor > 1 {
        scaled = scaled.checked_add(1)?;
    }
    let signed = if sign == NEGATIVE { -scaled } else { scaled };
    i64::try_from(signed).ok().map(Decimal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded<const SCALE: u8>(value: i64) -> Vec<u8> {
        let mut buffer = PgArgumentBuffer::default();
        let _ = Pg(Decimal::<SCALE>(value))
            .encode_by_ref(&mut buffer)
            .unwrap();
        buffer.to_vec()
    }

    #[test]
    fn decimals_are_exact_over_the_whole_range() {
        for value in [
            0,
            1,
            -1,
            9,
            10,
            9_999,
            10_000,
            10_001,
            123_456_789,
            -123_456_789,
            1_0000_0000,
            i64::MAX,
            i64::MIN,
            999_999_999_999_999_999,
        ] {
            assert_eq!(decimal::<0>(&encoded::<0>(value)), Some(Decimal(value)));
            assert_eq!(decimal::<1>(&encoded::<1>(value)), Some(Decimal(value)));
            assert_eq!(decimal::<2>(&encoded::<2>(value)), Some(Decimal(value)));
            assert_eq!(decimal::<4>(&encoded::<4>(value)), Some(Decimal(value)));
            assert_eq!(decimal::<7>(&encoded::<7>(value)), Some(Decimal(value)));
            assert_eq!(decimal::<18>(&encoded::<18>(value)), Some(Decimal(value)));
        }
    }

    #[test]
    fn more_digits_are_rounded_and_more_than_fit_is_refused() {
        assert_eq!(decimal::<2>(&encoded::<3>(1_235)), Some(Decimal(124)));
        assert_eq!(decimal::<2>(&encoded::<3>(1_234)), Some(Decimal(123)));
        assert_eq!(decimal::<2>(&encoded::<3>(-1_235)), Some(Decimal(-124)));
        assert_eq!(
            decimal::<0>(&encoded::<18>(499_999_999_999_999_999)),
            Some(Decimal(0))
        );
        assert_eq!(
            decimal::<0>(&encoded::<18>(500_000_000_000_000_000)),
            Some(Decimal(1))
        );
        assert_eq!(decimal::<4>(&encoded::<0>(i64::MAX)), None);
        let nan = [0_u16, 0, 0xC000, 0].map(u16::to_be_bytes).concat();
        assert_eq!(decimal::<2>(&nan), None);
        assert_eq!(decimal::<2>(&[]), None);
        assert_eq!(
            decimal::<2>(&[0, 5, 0, 0, 0, 0, 0, 0, 0, 1]),
            None,
            "cut off"
        );
    }
}
