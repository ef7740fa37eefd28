//! Values printed in a locale and a time zone: the filters of the DSL. CLDR data from ICU4X.

use crate::value::{Date, Instant, TimeOfDay};

/// A locale's and zone's way of printing; built once per bot and locale.
pub struct Formats {/* icu locale, decimal formatter, tz; date patterns compiled on first use in a bounded cache */}

/// How a date, time or datetime is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Style<'a> {
    /// Short, medium, long of CLDR.
    Short,
    /// The default.
    Medium,
    /// Long.
    Long,
    /// A CLDR pattern such as `d MMMM, HH:mm`, checked by the compiler with [`check_pattern`].
    Pattern(&'a str),
}

/// Checks a CLDR date pattern: `Err` says what is wrong (unknown field, time field for a date, …).
pub fn check_pattern(pattern: &str, has_date: bool, has_time: bool) -> Result<(), String> {
    let _ = (pattern, has_date, has_time);
    todo!()
}

/// The longest text, in UTF-16 units, that `pattern` can print in `tag` (upper bound over all dates).
pub fn longest(tag: &str, style: Style<'_>, has_date: bool, has_time: bool) -> usize {
    let _ = (tag, style, has_date, has_time);
    todo!()
}

impl Formats {
    /// `tag`: BCP 47; unknown languages print as `en`.
    pub fn new(tag: &str, tz: jiff::tz::TimeZone) -> Self {
        let _ = (tag, tz);
        todo!()
    }
    /// The zone.
    pub fn tz(&self) -> &jiff::tz::TimeZone {
        todo!()
    }
    /// An instant in the bot's zone.
    pub fn instant(&self, value: Instant, style: Style<'_>, out: &mut String) {
        let _ = (value, style, out);
        todo!()
    }
    /// The date part of an instant in the bot's zone (filter `date` on a datetime).
    pub fn instant_date(&self, value: Instant, style: Style<'_>, out: &mut String) {
        let _ = (value, style, out);
        todo!()
    }
    /// The time part of an instant in the bot's zone (filter `time` on a datetime).
    pub fn instant_time(&self, value: Instant, style: Style<'_>, out: &mut String) {
        let _ = (value, style, out);
        todo!()
    }
    /// A date.
    pub fn date(&self, value: Date, style: Style<'_>, out: &mut String) {
        let _ = (value, style, out);
        todo!()
    }
    /// A time of day.
    pub fn time(&self, value: TimeOfDay, style: Style<'_>, out: &mut String) {
        let _ = (value, style, out);
        todo!()
    }
    /// A whole number with the locale's grouping (filter `number`).
    pub fn int(&self, value: i64, out: &mut String) {
        let _ = (value, out);
        todo!()
    }
    /// A decimal (scaled units, scale) with the locale's separators.
    pub fn decimal(&self, units: i64, scale: u8, out: &mut String) {
        let _ = (units, scale, out);
        todo!()
    }
    /// A float, at most `digits` after the point.
    pub fn real(&self, value: f64, digits: u8, out: &mut String) {
        let _ = (value, digits, out);
        todo!()
    }
    /// Money: decimal and an ISO 4217 code, in the locale's order (`1 234,50 ₽`, `$1,234.50`).
    pub fn money(&self, units: i64, scale: u8, currency: &str, out: &mut String) {
        let _ = (units, scale, currency, out);
        todo!()
    }
}
