//! Values in few bytes, for payloads that carry them under a MAC. Whoever reads them knows which stand there.

use super::BASE64;
use crate::value::{Date, Decimal, Instant, TimeOfDay};
use base64::Engine as _;
use sha2::{Digest as _, Sha256};

/// A value that can stand in a payload.
pub trait Pack: Sized {
    /// Appends it.
    fn pack(&self, out: &mut Vec<u8>);
    /// Takes it off the front; `None`: something else stands there.
    fn unpack(from: &mut &[u8]) -> Option<Self>;
}

/// Most bytes of a number that lies between `least` and `greatest`.
pub fn int_bytes(least: i64, greatest: i64) -> usize {
    let of = |number: i64| {
        let bits = 64 - zigzag(number).leading_zeros();
        bits.div_ceil(7).max(1) as usize
    };
    of(least).max(of(greatest))
}

/// Most bytes of a number.
pub const INT_BYTES: usize = 10;
/// Most bytes of a date.
pub const DATE_BYTES: usize = 4;
/// Most bytes of a time of day.
pub const TIME_BYTES: usize = 3;
/// Most bytes of a point in time.
pub const INSTANT_BYTES: usize = 6;

/// Bytes as letters, digits, `-` and `_`.
pub fn to_text(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// Back from [`to_text`].
pub fn from_text(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text).ok()
}

/// The first 12 bytes of SHA-256, as [`to_text`]: 16 characters for a text of any length.
pub fn hash_text(text: &str) -> String {
    let hash: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let (start, _) = hash.split_at(12);
    to_text(start)
}

/// Small numbers of either sign are small.
fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

impl Pack for i64 {
    fn pack(&self, out: &mut Vec<u8>) {
        let mut rest = zigzag(*self);
        while rest >= 0x80 {
            out.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        out.push(rest as u8);
    }
    fn unpack(from: &mut &[u8]) -> Option<Self> {
        let mut number: u64 = 0;
        for shift in (0..).step_by(7).take(INT_BYTES) {
            let (byte, rest) = from.split_first()?;
            *from = rest;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return None;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                // One spelling for each number.
                if *byte == 0 && shift > 0 {
                    return None;
                }
                return Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed());
            }
        }
        None
    }
}

impl Pack for bool {
    fn pack(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
    fn unpack(from: &mut &[u8]) -> Option<Self> {
        let (byte, rest) = from.split_first()?;
        *from = rest;
        match byte {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Pack for Date {
    fn pack(&self, out: &mut Vec<u8>) {
        let day = self.civil();
        let number =
            (i64::from(day.year()) << 9) | (i64::from(day.month()) << 5) | i64::from(day.day());
        number.pack(out);
    }
    fn unpack(from: &mut &[u8]) -> Option<Self> {
        let number = i64::unpack(from)?;
        let part = |bits: i64| i8::try_from(bits).ok();
        Self::new(
            i16::try_from(number >> 9).ok()?,
            part((number >> 5) & 0xf)?,
            part(number & 0x1f)?,
        )
    }
}

impl Pack for TimeOfDay {
    fn pack(&self, out: &mut Vec<u8>) {
        let time = self.civil();
        let (hour, minute, second) = (time.hour(), time.minute(), time.second());
        (i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second)).pack(out);
    }
    fn unpack(from: &mut &[u8]) -> Option<Self> {
        let seconds = i64::unpack(from)?;
        let part = |number: i64| i8::try_from(number).ok();
        Self::new(
            part(seconds.div_euclid(3600))?,
            part(seconds.div_euclid(60) % 60)?,
            part(seconds.rem_euclid(60))?,
        )
    }
}

impl Pack for Instant {
    fn pack(&self, out: &mut Vec<u8>) {
        self.unix().pack(out);
    }
    fn unpack(from: &mut &[u8]) -> Option<Self> {
        Self::try_from_unix(i64::unpack(from)?)
    }
}

impl<const SCALE: u8> Pack for Decimal<SCALE> {
    fn pack(&self, out: &mut Vec<u8>) {
        self.units().pack(out);
    }
    fn unpack(from: &mut &[u8]) -> Option<Self> {
        i64::unpack(from).map(Self::from_units)
    }
}

impl Pack for String {
    fn pack(&self, out: &mut Vec<u8>) {
        i64::try_from(self.len()).unwrap_or(i64::MAX).pack(out);
        out.extend_from_slice(self.as_bytes());
    }
    fn unpack(from: &mut &[u8]) -> Option<Self> {
        let length = usize::try_from(i64::unpack(from)?).ok()?;
        let (text, rest) = from.split_at_checked(length)?;
        *from = rest;
        std::str::from_utf8(text).ok().map(str::to_owned)
    }
}

impl<T: Pack> Pack for Option<T> {
    fn pack(&self, out: &mut Vec<u8>) {
        self.is_some().pack(out);
        if let Some(value) = self {
            value.pack(out);
        }
    }
    fn unpack(from: &mut &[u8]) -> Option<Self> {
        if bool::unpack(from)? {
            T::unpack(from).map(Some)
        } else {
            Some(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round<T: Pack + PartialEq + std::fmt::Debug>(value: T) -> usize {
        let mut out = Vec::new();
        value.pack(&mut out);
        let mut rest = &out[..];
        assert_eq!(T::unpack(&mut rest).as_ref(), Some(&value), "{out:?}");
        assert!(rest.is_empty());
        for cut in 0..out.len() {
            assert_ne!(T::unpack(&mut &out[..cut]).as_ref(), Some(&value));
        }
        out.len()
    }

    #[test]
    fn values_round_trip_within_their_bounds() {
        let mut seed: u64 = 5;
        for _ in 0..20_000 {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(99);
            let number = seed.cast_signed() >> (seed % 64);
            assert_eq!(round(number), int_bytes(number, number));
            assert!(round(Decimal::<2>::from_units(number)) <= INT_BYTES);
            assert!(round(Instant::from_unix(number)) <= INSTANT_BYTES);
            round(Some(number));
            let at = Instant::from_unix(number % 300_000_000_000);
            let tz = jiff::tz::TimeZone::UTC;
            assert!(round(at.date(&tz)) <= DATE_BYTES);
            assert!(round(at.time(&tz)) <= TIME_BYTES);
        }
        for number in [0, 1, -1, 63, 64, i64::MAX, i64::MIN] {
            assert!(round(number) <= INT_BYTES);
        }
        assert_eq!(int_bytes(i64::MIN, i64::MAX), INT_BYTES);
        round(Option::<i64>::None);
        round(true);
        round(String::from("Чай 🍵"));
        round(String::new());
    }

    #[test]
    fn other_bytes_are_no_values() {
        for bytes in [&[0xff; 10][..], &[0x80, 0x00], &[], &[0x80; 12]] {
            assert_eq!(i64::unpack(&mut &bytes[..]), None, "{bytes:?}");
        }
        assert_eq!(bool::unpack(&mut &[2][..]), None);
        assert_eq!(String::unpack(&mut &[4, 0xff, 0xff][..]), None);
        assert_eq!(String::unpack(&mut &[20, b'a'][..]), None);
        let mut seed: u64 = 9;
        for _ in 0..20_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(7);
            let bytes = seed.to_le_bytes();
            let _ = (
                Date::unpack(&mut &bytes[..]),
                TimeOfDay::unpack(&mut &bytes[..]),
                Instant::unpack(&mut &bytes[..]),
                String::unpack(&mut &bytes[..]),
                Option::<String>::unpack(&mut &bytes[..]),
            );
        }
    }
}
