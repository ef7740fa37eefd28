//! Numbers as people type them.

use super::{Bounds, Refusal, Wanted};
use crate::value::{Decimal, parse_units};

/// The longest number that is looked at, in bytes: more than any number of 64 bits with its spaces.
const LONGEST: usize = 128;

/// Whole number: optional sign, digits, spaces or no-break spaces between thousands.
pub fn int(typed: &str, bounds: Bounds<i64>) -> Result<i64, Refusal> {
    let number = tidy(typed)
        .and_then(|number| parse_units(&number, 0, b'.'))
        .ok_or(Refusal::Malformed(Wanted::Int))?;
    bounds.check(number, false, |bound| bound.to_string())
}

/// Decimal number with point or comma and at most `SCALE` digits after it. Spaces as in [`int`].
pub fn decimal<const SCALE: u8>(
    typed: &str,
    bounds: Bounds<Decimal<SCALE>>,
) -> Result<Decimal<SCALE>, Refusal> {
    let number = tidy(typed)
        .and_then(|number| parse_units(&number, SCALE, b'.'))
        .ok_or(Refusal::Malformed(Wanted::Decimal))?;
    bounds.check(Decimal(number), false, |bound| bound.to_string())
}

/// `typed` with an ASCII sign, a point, and without the spaces between thousands; `None` where a space stands
/// elsewhere.
fn tidy(typed: &str) -> Option<String> {
    let typed = typed.trim();
    if typed.len() > LONGEST {
        return None;
    }
    let (sign, digits) = match typed.strip_prefix(['-', '−']) {
        Some(digits) => ("-", digits),
        None => ("", typed.strip_prefix('+').unwrap_or(typed)),
    };
    let mut out = String::with_capacity(typed.len());
    out.push_str(sign);
    // Digits since the last space before the point, and whether there was one.
    let (mut run, mut grouped, mut whole) = (0, false, true);
    for char in digits.chars() {
        match char {
            '0'..='9' => {
                run += usize::from(whole);
                out.push(char);
            }
            ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}'
                if whole
                    && (if grouped {
                        run == 3
                    } else {
                        (1..=3).contains(&run)
                    }) =>
            {
                grouped = true;
                run = 0;
            }
            '.' | ',' if whole && (!grouped || run == 3) => {
                whole = false;
                out.push('.');
            }
            _ => return None,
        }
    }
    (!whole || !grouped || run == 3).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers() {
        for (typed, number) in [
            ("5", 5),
            (" -12 ", -12),
            ("−12", -12),
            ("+7", 7),
            ("1 000", 1000),
            ("12\u{a0}345\u{202f}678", 12_345_678),
            ("1000000", 1_000_000),
            ("007", 7),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(int(typed, Bounds::NONE), Ok(number), "{typed}");
        }
        for typed in [
            "",
            "-",
            "abc",
            "1.5",
            "1,000",
            "1 2",
            "1  000",
            "10 00",
            "1 000 ",
            "5 ₽",
            "--5",
            "- 5",
            "9223372036854775808",
            "٣",
            "1e5",
            "1000 000",
        ] {
            let found = int(typed, Bounds::NONE);
            assert!(
                found.is_err() || typed.trim() != typed,
                "{typed}: {found:?}"
            );
        }
        let long = "0".repeat(1000);
        assert_eq!(
            int(&long, Bounds::NONE),
            Err(Refusal::Malformed(Wanted::Int))
        );
    }

    #[test]
    fn decimals() {
        for (typed, units) in [
            ("1.5", 150),
            ("1,5", 150),
            ("-0,05", -5),
            ("1 234,50", 123_450),
            ("7", 700),
            ("0", 0),
        ] {
            assert_eq!(
                decimal::<2>(typed, Bounds::NONE),
                Ok(Decimal(units)),
                "{typed}"
            );
        }
        for typed in [
            "1.555", "1.", ".5", "1,234.5", "1.2.3", "", "1 23,5", "1,5 0",
        ] {
            assert_eq!(
                decimal::<2>(typed, Bounds::NONE),
                Err(Refusal::Malformed(Wanted::Decimal)),
                "{typed}"
            );
        }
    }

    #[test]
    fn bounds_are_inclusive_and_printed() {
        let bounds = Bounds {
            min: Some(1),
            max: Some(10),
        };
        assert_eq!(int("1", bounds), Ok(1));
        assert_eq!(int("10", bounds), Ok(10));
        assert_eq!(
            int("0", bounds),
            Err(Refusal::TooSmall {
                min: "1".into(),
                length: false
            })
        );
        let bounds = Bounds {
            min: None,
            max: Some(Decimal::<2>(150)),
        };
        assert_eq!(
            decimal("1.51", bounds),
            Err(Refusal::TooGreat {
                max: "1.50".into(),
                length: false
            })
        );
    }
}
