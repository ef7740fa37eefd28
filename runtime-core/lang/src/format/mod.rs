//! Values printed in a locale and a time zone: the filters of the DSL. CLDR data from ICU4X.

mod calendar;
mod duration;
mod money;
mod number;
mod pattern;
mod when;

pub use duration::longest_durations;
pub use pattern::check_pattern;
pub use when::longest;

use crate::value::{Date, Instant, TimeOfDay};
use icu_locale_core::Locale;
use jiff::tz::TimeZone;
use std::sync::OnceLock;

/// A locale's and zone's way of printing; built once per bot and locale.
///
/// CLDR's data are static; what is built from them is small, made on first use and kept.
pub struct Formats {
    tag: String,
    tz: TimeZone,
    numbers: number::Numbers,
    money: money::Layout,
    when: when::When,
    percent: &'static str,
    locale: Locale,
    calendar: OnceLock<calendar::Calendar>,
    durations: duration::Units,
}

/// How a date, time or datetime is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Style<'a> {
    /// Short, medium, long of CLDR. Times are hours and minutes; the long style adds seconds.
    Short,
    /// The default.
    Medium,
    /// Long.
    Long,
    /// A CLDR pattern such as `d MMMM, HH:mm`, checked by the compiler with [`check_pattern`].
    Pattern(&'a str),
}

impl std::fmt::Debug for Formats {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Formats")
            .field("tag", &self.tag)
            .field("tz", &self.tz)
            .finish_non_exhaustive()
    }
}

/// The locale of a tag; English where CLDR does not know the language.
fn locale(tag: &str) -> Locale {
    let english = || Locale::try_from_str("en").unwrap_or(Locale::UNKNOWN);
    match Locale::try_from_str(tag) {
        Ok(locale) if when::is_known(&locale) => locale,
        _ => english(),
    }
}

impl Formats {
    /// `tag`: BCP 47; unknown languages print as `en`.
    pub fn new(tag: &str, tz: TimeZone) -> Self {
        let locale = locale(tag);
        Self {
            tag: tag.to_owned(),
            tz,
            numbers: number::Numbers::new(&locale),
            money: money::Layout::of(&locale),
            percent: number::percent(&locale),
            durations: duration::Units::of(&locale),
            when: when::When::new(&locale),
            calendar: OnceLock::new(),
            locale,
        }
    }

    /// The tag it was built for.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The zone.
    pub fn tz(&self) -> &TimeZone {
        &self.tz
    }

    /// An instant in the bot's zone.
    pub fn instant(&self, value: Instant, style: Style<'_>, out: &mut String) {
        self.when
            .print(value.in_tz(&self.tz), when::Kind::DateTime, style, out);
    }

    /// The date part of an instant in the bot's zone (filter `date` on a datetime).
    pub fn instant_date(&self, value: Instant, style: Style<'_>, out: &mut String) {
        self.when
            .print(value.in_tz(&self.tz), when::Kind::Date, style, out);
    }

    /// The time part of an instant in the bot's zone (filter `time` on a datetime).
    pub fn instant_time(&self, value: Instant, style: Style<'_>, out: &mut String) {
        self.when
            .print(value.in_tz(&self.tz), when::Kind::Time, style, out);
    }

    /// A date.
    pub fn date(&self, value: Date, style: Style<'_>, out: &mut String) {
        self.when.print(
            value.civil().to_datetime(jiff::civil::Time::midnight()),
            when::Kind::Date,
            style,
            out,
        );
    }

    /// A time of day.
    pub fn time(&self, value: TimeOfDay, style: Style<'_>, out: &mut String) {
        self.when.print(
            jiff::civil::date(1970, 1, 1).to_datetime(value.civil()),
            when::Kind::Time,
            style,
            out,
        );
    }

    fn calendar(&self) -> &calendar::Calendar {
        self.calendar
            .get_or_init(|| calendar::Calendar::new(&self.locale))
    }

    /// Month and year of a day as a heading: `March 2026`, `Март 2026 г.`.
    pub fn month(&self, value: Date) -> String {
        self.calendar().month(value)
    }

    /// A day with its weekday as a heading: `Thursday, March 5, 2026`.
    pub fn day(&self, value: Date) -> String {
        self.calendar().day(value)
    }

    /// Short names of the weekdays, from the first day of the locale's week on.
    pub fn weekdays(&self) -> impl Iterator<Item = String> {
        // The 1st of June 2026 is a Monday.
        let monday = Date::literal(2026, 6, 1);
        let first = self.calendar().first().to_monday_zero_offset();
        (0..7).map(move |day| {
            let mut out = String::new();
            let day = monday.plus_days((i64::from(first) + day) % 7);
            self.date(day, Style::Pattern("cccccc"), &mut out);
            out
        })
    }

    /// The column of a day in a week of the locale: 0 for the first day of the week.
    pub fn column(&self, value: Date) -> usize {
        let first = self.calendar().first();
        usize::try_from(first.until(value.civil().weekday())).unwrap_or(0)
    }

    /// Seconds in words, `2 min 5 s` (filter `duration`); what is left out rounds up.
    pub fn duration(&self, seconds: i64, out: &mut String) {
        self.durations.print(seconds, &self.numbers, out);
    }

    /// A whole number with the locale's grouping (filter `number`).
    pub fn int(&self, value: i64, out: &mut String) {
        self.numbers.int(value, out);
    }

    /// A decimal (scaled units, scale) with the locale's separators and grouping; all its digits.
    pub fn decimal(&self, units: i64, scale: u8, out: &mut String) {
        self.numbers.decimal(units, scale, true, out);
    }

    /// A decimal with the locale's separator but without grouping; all its digits.
    pub fn plain_decimal(&self, units: i64, scale: u8, out: &mut String) {
        self.numbers.decimal(units, scale, false, out);
    }

    /// A decimal rounded, half away from zero, to exactly `digits` after the point, grouped.
    pub fn rounded(&self, units: i64, scale: u8, digits: u8, out: &mut String) {
        self.numbers.rounded(units, scale, digits, out);
    }

    /// A float, at most `digits` after the point, grouped.
    pub fn real(&self, value: f64, digits: u8, out: &mut String) {
        self.numbers.real(
            value,
            number::Digits {
                whole: 1,
                min: 0,
                max: digits,
                grouped: true,
            },
            out,
        );
    }

    /// A float with at least `min` and at most `max` digits after the point.
    pub fn real_between(&self, value: f64, min: u8, max: u8, grouped: bool, out: &mut String) {
        self.real_padded(value, 1, min, max, grouped, out);
    }

    /// The same, with zeros in front up to `whole` digits before the point.
    pub fn real_padded(
        &self,
        value: f64,
        whole: u8,
        min: u8,
        max: u8,
        grouped: bool,
        out: &mut String,
    ) {
        self.numbers.real(
            value,
            number::Digits {
                whole,
                min,
                max,
                grouped,
            },
            out,
        );
    }

    /// The sign after a percentage, with the space that the locale puts before it.
    pub fn percent(&self) -> &'static str {
        self.percent
    }

    /// Money: decimal and an ISO 4217 code, in the locale's order (`1 234,50 ₽`, `$1,234.50`).
    pub fn money(&self, units: i64, scale: u8, currency: &str, out: &mut String) {
        self.money.print(&self.numbers, units, scale, currency, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn can_be_shared_between_threads() {
        fn shared<T: Send + Sync + 'static>() {}
        shared::<Formats>();
    }

    #[test]
    fn unknown_languages_print_as_english() {
        for tag in ["tlh", "xx-YY", "", "not a tag", "und"] {
            let mut out = String::new();
            Formats::new(tag, TimeZone::UTC).date(
                Date::new(2026, 3, 5).unwrap(),
                Style::Long,
                &mut out,
            );
            assert_eq!(out, "March 5, 2026", "{tag:?}");
        }
    }
}
