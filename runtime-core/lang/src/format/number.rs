//! Numbers with the locale's digits, separators and grouping.

use icu_decimal::input::Decimal;
use icu_decimal::options::{DecimalFormatterOptions, GroupingStrategy};
use icu_decimal::{DecimalFormatter, DecimalFormatterPreferences};
use icu_locale_core::Locale;
use std::fmt::Write as _;
use writeable::Writeable as _;

/// Most digits after the point that a float is printed with: more than it has.
const FLOAT_DIGITS: u8 = 20;

/// How many digits a float is printed with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Digits {
    /// At least before the point.
    pub whole: u8,
    /// At least after it.
    pub min: u8,
    /// At most after it.
    pub max: u8,
    pub grouped: bool,
}

/// The sign of CLDR's `percentFormats` and the space before it.
pub(super) fn percent(locale: &Locale) -> &'static str {
    match locale.id.language.as_str() {
        "en" | "zh" | "ja" | "ko" | "it" | "pt" | "nl" | "pl" | "hi" | "id" | "ms" | "th"
        | "vi" | "el" | "sr" | "ro" | "uk" | "he" | "bn" | "sw" | "uz" => "%",
        _ => "\u{a0}%",
    }
}

pub(super) struct Numbers {
    /// `None` only if ICU's compiled data lacked the locale's fallback; then digits are printed as in Rust.
    grouped: Option<DecimalFormatter>,
    plain: Option<DecimalFormatter>,
    /// Whether digits are ASCII: small numbers need no formatter then.
    ascii: bool,
    /// The locale's minus sign.
    minus: String,
}

impl Numbers {
    pub fn new(locale: &Locale) -> Self {
        let build = |strategy| {
            let mut options = DecimalFormatterOptions::default();
            options.grouping_strategy = Some(strategy);
            DecimalFormatter::try_new(DecimalFormatterPreferences::from(locale), options).ok()
        };
        let mut numbers = Self {
            grouped: build(GroupingStrategy::Auto),
            plain: build(GroupingStrategy::Never),
            ascii: false,
            minus: String::new(),
        };
        let (mut seven, mut minus_seven) = (String::new(), String::new());
        numbers.write(&Decimal::from(7), false, &mut seven);
        numbers.write(&Decimal::from(-7), false, &mut minus_seven);
        numbers.ascii = seven == "7";
        numbers.minus = minus_seven.strip_suffix(&seven).unwrap_or("-").to_owned();
        numbers
    }

    /// The locale's minus sign.
    pub fn minus(&self) -> &str {
        &self.minus
    }

    fn write(&self, number: &Decimal, grouped: bool, out: &mut String) {
        let formatter = if grouped { &self.grouped } else { &self.plain };
        // Writing to a string cannot fail.
        let _ = match formatter {
            Some(formatter) => formatter.format(number).write_to(out),
            None => number.write_to(out),
        };
    }

    pub fn int(&self, value: i64, out: &mut String) {
        if self.ascii && (0..1000).contains(&value) {
            let _ = write!(out, "{value}");
        } else {
            self.write(&Decimal::from(value), true, out);
        }
    }

    pub fn decimal(&self, units: i64, scale: u8, grouped: bool, out: &mut String) {
        self.write(&scaled(units, scale), grouped, out);
    }

    /// Of the absolute value.
    pub fn unsigned(&self, units: i64, scale: u8, out: &mut String) {
        let mut number = Decimal::from(units.unsigned_abs());
        number.multiply_pow10(-i16::from(scale));
        self.write(&number, true, out);
    }

    pub fn rounded(&self, units: i64, scale: u8, digits: u8, out: &mut String) {
        let dropped = scale.saturating_sub(digits);
        if dropped == 0 {
            let mut number = scaled(units, scale);
            number.pad_end(-i16::from(digits));
            self.write(&number, true, out);
            return;
        }
        // 19 digits and more leave nothing of 64 bits but a possible one.
        let by = 10i128.pow(u32::from(dropped.min(20)));
        let half = if units < 0 { -by / 2 } else { by / 2 };
        let rounded = (i128::from(units) + half) / by;
        self.write(
            &scaled(i64::try_from(rounded).unwrap_or_default(), digits),
            true,
            out,
        );
    }

    pub fn real(&self, value: f64, digits: Digits, out: &mut String) {
        if !value.is_finite() {
            // CLDR's symbols for both are the same in every locale that has Latin digits.
            out.push_str(if value.is_nan() {
                "NaN"
            } else if value > 0.0 {
                "∞"
            } else {
                "-∞"
            });
            return;
        }
        let max = digits.max.min(FLOAT_DIGITS);
        let text = format!("{value:.*}", usize::from(max));
        // No `-0`.
        let text = match text.strip_prefix('-') {
            Some(size) if size.bytes().all(|byte| matches!(byte, b'0' | b'.')) => size,
            _ => text.as_str(),
        };
        let Ok(mut number) = Decimal::try_from_str(text) else {
            out.push_str(text);
            return;
        };
        number.trim_end();
        number.pad_end(-i16::from(digits.min.min(max)));
        number.pad_start(i16::from(digits.whole.min(FLOAT_DIGITS)));
        self.write(&number, digits.grouped, out);
    }
}

fn scaled(units: i64, scale: u8) -> Decimal {
    let mut number = Decimal::from(units);
    number.multiply_pow10(-i16::from(scale));
    number
}

#[cfg(test)]
mod tests {
    use super::super::Formats;
    use jiff::tz::TimeZone;

    fn print(tag: &str, print: impl Fn(&Formats, &mut String)) -> String {
        let mut out = String::new();
        print(&Formats::new(tag, TimeZone::UTC), &mut out);
        out
    }

    #[test]
    fn whole_numbers() {
        for (tag, number, text) in [
            ("ru", 1_234_567, "1\u{a0}234\u{a0}567"),
            ("en", 1_234_567, "1,234,567"),
            ("de", -1234, "-1.234"),
            ("es", 1234, "1234"),
            ("hi", 1_234_567, "12,34,567"),
            ("en", 0, "0"),
            ("en", 999, "999"),
            ("en", i64::MIN, "-9,223,372,036,854,775,808"),
        ] {
            assert_eq!(
                print(tag, |formats, out| formats.int(number, out)),
                text,
                "{tag}"
            );
        }
        let arabic = print("ar-EG", |formats, out| formats.int(5, out));
        assert_eq!(arabic, "٥");
    }

    #[test]
    fn decimals_show_all_their_digits() {
        let cases = [
            (123_450, 2, "1\u{a0}234,50"),
            (5, 2, "0,05"),
            (-5, 2, "-0,05"),
            (100, 2, "1,00"),
            (7, 0, "7"),
            (0, 2, "0,00"),
        ];
        for (units, scale, text) in cases {
            assert_eq!(
                print("ru", |formats, out| formats.decimal(units, scale, out)),
                text
            );
        }
        assert_eq!(
            print("ru", |formats, out| formats.plain_decimal(123_450, 2, out)),
            "1234,50"
        );
        assert_eq!(
            print("en", |formats, out| formats.decimal(i64::MIN, 18, out)),
            "-9.223372036854775808"
        );
    }

    #[test]
    fn rounding() {
        for (units, scale, digits, text) in [
            (1235, 3, 2, "1.24"),
            (1234, 3, 2, "1.23"),
            (-1235, 3, 2, "-1.24"),
            (15, 1, 0, "2"),
            (5, 0, 2, "5.00"),
            (-4, 1, 0, "0"),
        ] {
            assert_eq!(
                print("en", |formats, out| formats
                    .rounded(units, scale, digits, out)),
                text
            );
        }
    }

    #[test]
    fn floats() {
        for (value, digits, text) in [
            (1234.5, 2, "1,234.5"),
            (1.0, 2, "1"),
            (0.126, 2, "0.13"),
            (-0.001, 2, "0"),
            (1e21, 0, "1,000,000,000,000,000,000,000"),
        ] {
            assert_eq!(
                print("en", |formats, out| formats.real(value, digits, out)),
                text
            );
        }
        assert_eq!(
            print("en", |formats, out| formats
                .real_between(1234.5, 2, 3, false, out)),
            "1234.50"
        );
        assert_eq!(
            print("en", |formats, out| formats.real(f64::NAN, 2, out)),
            "NaN"
        );
        assert_eq!(
            print("en", |formats, out| formats.real(f64::NEG_INFINITY, 2, out)),
            "-∞"
        );
        assert_eq!(
            print("en", |formats, out| formats.real(0.1, 255, out)),
            "0.10000000000000000555"
        );
    }
}
