//! Dates and times.

use super::{Style, pattern};
use crate::length::utf16;
use icu_calendar::Gregorian;
use icu_datetime::fieldsets::enums::{
    CompositeDateTimeFieldSet, DateAndTimeFieldSet, DateFieldSet, TimeFieldSet,
};
use icu_datetime::fieldsets::{T, YMD};
use icu_datetime::input::{Date, DateTime, Time};
use icu_datetime::options::TimePrecision;
use icu_datetime::pattern::{DateTimePattern, FixedCalendarDateTimeNames};
use icu_datetime::{DateTimeFormatterPreferences, FixedCalendarDateTimeFormatter};
use icu_locale_core::Locale;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use writeable::{TryWriteable as _, Writeable as _};

/// Most patterns kept compiled per locale: a bot's patterns are written in its sources, so there are few; more
/// are compiled anew at each use.
const KEPT_PATTERNS: usize = 64;

/// What of a value is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Date = 0,
    Time = 1,
    DateTime = 2,
}

type Styled = FixedCalendarDateTimeFormatter<Gregorian, CompositeDateTimeFieldSet>;

pub(super) struct When {
    locale: Locale,
    /// By kind and style, made on first use. `None`: the locale has no such format, which CLDR rules out.
    styles: [[OnceLock<Option<Box<Styled>>>; 3]; 3],
    patterns: RwLock<HashMap<Box<str>, Arc<Compiled>>>,
}

/// A pattern with the names it needs.
pub(super) struct Compiled {
    pattern: DateTimePattern,
    names: FixedCalendarDateTimeNames<Gregorian>,
}

impl Compiled {
    /// `None` for a pattern that `check_pattern` refuses.
    pub fn new(locale: &Locale, pattern: &str) -> Option<Self> {
        let pattern = DateTimePattern::try_from_pattern_str(pattern).ok()?;
        let mut names =
            FixedCalendarDateTimeNames::try_new(DateTimeFormatterPreferences::from(locale)).ok()?;
        names.include_for_pattern(&pattern).ok()?;
        Some(Self { pattern, names })
    }

    fn print(&self, value: &DateTime<Gregorian>, out: &mut String) {
        // All names are loaded and all fields given; what could still be missing is written as a placeholder.
        let _ = self
            .names
            .with_pattern_unchecked(&self.pattern)
            .format(value)
            .try_write_to(out);
    }
}

/// Whether CLDR knows the locale's language: the root locale calls months `M03`.
pub(super) fn is_known(locale: &Locale) -> bool {
    let mut out = String::new();
    if let (Some(compiled), Some(march)) = (
        Compiled::new(locale, "LLLL"),
        input(jiff::civil::datetime(2026, 3, 5, 0, 0, 0, 0)),
    ) {
        compiled.print(&march, &mut out);
    }
    !out.is_empty() && out != "M03"
}

pub(super) fn input(value: jiff::civil::DateTime) -> Option<DateTime<Gregorian>> {
    let date = Date::try_new_gregorian(
        value.year().into(),
        value.month().unsigned_abs(),
        value.day().unsigned_abs(),
    )
    .ok()?;
    let time = Time::try_new(
        value.hour().unsigned_abs(),
        value.minute().unsigned_abs(),
        value.second().unsigned_abs(),
        0,
    )
    .ok()?;
    Some(DateTime { date, time })
}

impl When {
    pub fn new(locale: &Locale) -> Self {
        Self {
            locale: locale.clone(),
            styles: Default::default(),
            patterns: RwLock::default(),
        }
    }

    pub fn print(
        &self,
        value: jiff::civil::DateTime,
        kind: Kind,
        style: Style<'_>,
        out: &mut String,
    ) {
        // Values are between the years 1 and 9999, which ICU takes.
        let Some(value) = input(value) else { return };
        let style = match style {
            Style::Short => 0,
            Style::Medium => 1,
            Style::Long => 2,
            Style::Pattern(pattern) => {
                if let Some(compiled) = self.compiled(pattern) {
                    return compiled.print(&value, out);
                }
                1
            }
        };
        if let Some(Some(formatter)) = self
            .styles
            .get(kind as usize)
            .and_then(|styles| styles.get(style))
            .map(|cell| cell.get_or_init(|| styled(&self.locale, kind, style)))
        {
            // Writing to a string cannot fail.
            let _ = formatter.format(&value).write_to(out);
        }
    }

    fn compiled(&self, pattern: &str) -> Option<Arc<Compiled>> {
        let kept = self
            .patterns
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(pattern)
            .cloned();
        if kept.is_some() {
            return kept;
        }
        let compiled = Arc::new(Compiled::new(&self.locale, pattern)?);
        let mut patterns = self
            .patterns
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if patterns.len() < KEPT_PATTERNS {
            patterns.insert(pattern.into(), Arc::clone(&compiled));
        }
        Some(compiled)
    }
}

fn styled(locale: &Locale, kind: Kind, style: usize) -> Option<Box<Styled>> {
    let date = match style {
        0 => YMD::short(),
        1 => YMD::medium(),
        _ => YMD::long(),
    };
    let time = match style {
        0 => T::short(),
        1 => T::medium(),
        _ => T::long(),
    };
    let precision = if style == 2 {
        TimePrecision::Second
    } else {
        TimePrecision::Minute
    };
    let fields = match kind {
        Kind::Date => CompositeDateTimeFieldSet::Date(DateFieldSet::YMD(date)),
        Kind::Time => {
            CompositeDateTimeFieldSet::Time(TimeFieldSet::T(time.with_time_precision(precision)))
        }
        Kind::DateTime => CompositeDateTimeFieldSet::DateTime(DateAndTimeFieldSet::YMDT(
            date.with_time(precision),
        )),
    };
    Styled::try_new(DateTimeFormatterPreferences::from(locale), fields)
        .ok()
        .map(Box::new)
}

/// The longest text, in UTF-16 units, that `pattern` can print in `tag` (upper bound over all dates).
pub fn longest(tag: &str, style: Style<'_>, has_date: bool, has_time: bool) -> usize {
    let when = When::new(&super::locale(tag));
    let kind = match (has_date, has_time) {
        (true, false) => Kind::Date,
        (false, true) => Kind::Time,
        _ => Kind::DateTime,
    };
    let mut longest = 0;
    let mut out = String::new();
    let mut see = |value: jiff::civil::DateTime| {
        out.clear();
        when.print(value, kind, style, &mut out);
        longest = longest.max(utf16(&out));
    };
    // Every month with every weekday, on days of two digits; every hour, with two-digit minutes and seconds. A name
    // of a month or weekday never depends on the time, so they need not be combined.
    for month in 1..=12 {
        for day in 22..=28 {
            see(jiff::civil::datetime(2026, month, day, 22, 58, 58, 0));
        }
    }
    let dates = longest;
    let mut shortest_hour = usize::MAX;
    let mut longest_hour = 0;
    for hour in 0..24 {
        for minute in [0, 58] {
            out.clear();
            when.print(
                jiff::civil::datetime(2026, 12, 28, hour, minute, 58, 0),
                kind,
                style,
                &mut out,
            );
            longest_hour = longest_hour.max(utf16(&out));
            shortest_hour = shortest_hour.min(utf16(&out));
        }
    }
    // The day of the year has three digits only from April on.
    let days_of_year = match style {
        Style::Pattern(pattern) => pattern::fields(pattern).map_or(0, |fields| {
            fields.iter().filter(|(letter, _)| *letter == 'D').count() * 2
        }),
        _ => 0,
    };
    dates.max(longest_hour) + longest_hour.saturating_sub(shortest_hour) + days_of_year
}

#[cfg(test)]
mod tests {
    use super::super::Formats;
    use super::*;
    use crate::value::{Date, Instant, TimeOfDay};
    use jiff::tz::TimeZone;

    fn moscow(tag: &str) -> Formats {
        Formats::new(tag, TimeZone::get("Europe/Moscow").unwrap())
    }

    fn instant(formats: &Formats, style: Style<'_>) -> String {
        let mut out = String::new();
        formats.instant(
            Instant::parse_sql("2026-03-05 11:30:15").unwrap(),
            style,
            &mut out,
        );
        out
    }

    fn date(formats: &Formats, style: Style<'_>) -> String {
        let mut out = String::new();
        formats.date(Date::new(2026, 3, 5).unwrap(), style, &mut out);
        out
    }

    fn time(formats: &Formats, style: Style<'_>) -> String {
        let mut out = String::new();
        formats.time(TimeOfDay::new(14, 30, 15).unwrap(), style, &mut out);
        out
    }

    #[test]
    fn styles() {
        let (ru, en) = (moscow("ru"), moscow("en"));
        assert_eq!(
            [Style::Short, Style::Medium, Style::Long].map(|style| date(&ru, style)),
            [
                "05.03.2026",
                "5 мар. 2026\u{202f}г.",
                "5 марта 2026\u{202f}г."
            ]
            .map(|text| text.replace('\u{202f}', &gap(&date(&ru, Style::Long))))
        );
        assert_eq!(
            [Style::Short, Style::Medium, Style::Long].map(|style| date(&en, style)),
            ["3/5/26", "Mar 5, 2026", "March 5, 2026"]
        );
        assert_eq!(
            [Style::Short, Style::Medium, Style::Long].map(|style| time(&ru, style)),
            ["14:30", "14:30", "14:30:15"]
        );
        assert_eq!(time(&en, Style::Medium), "2:30\u{202f}PM");
        assert_eq!(instant(&ru, Style::Short), "05.03.2026, 14:30");
        assert_eq!(instant(&en, Style::Medium), "Mar 5, 2026, 2:30\u{202f}PM");
        assert!(instant(&ru, Style::Long).starts_with("5 марта 2026"));
    }

    /// The space that CLDR's data have before `г.`, which changes between versions.
    fn gap(long: &str) -> String {
        long.trim_end_matches("г.")
            .chars()
            .next_back()
            .map(String::from)
            .unwrap_or_default()
    }

    #[test]
    fn patterns_in_the_right_case() {
        let ru = moscow("ru");
        assert_eq!(date(&ru, Style::Pattern("d MMMM")), "5 марта");
        assert_eq!(date(&ru, Style::Pattern("LLLL")), "март");
        assert_eq!(date(&ru, Style::Pattern("d MMM, EEE")), "5 мар., чт");
        assert_eq!(
            date(&ru, Style::Pattern("EEEE, d MMMM y 'года'")),
            "четверг, 5 марта 2026 года"
        );
        assert_eq!(
            instant(&ru, Style::Pattern("d MMMM, HH:mm")),
            "5 марта, 14:30"
        );
        assert_eq!(
            instant(&moscow("en"), Style::Pattern("MMMM d, h:mm a")),
            "March 5, 2:30 PM"
        );
        assert_eq!(time(&ru, Style::Pattern("HH'ч'mm")), "14ч30");
    }

    #[test]
    fn parts_of_an_instant() {
        let ru = moscow("ru");
        let late = Instant::parse_sql("2026-03-05 21:30:00").unwrap();
        let mut out = String::new();
        ru.instant_date(late, Style::Pattern("d MMMM"), &mut out);
        out.push(' ');
        ru.instant_time(late, Style::Short, &mut out);
        assert_eq!(out, "6 марта 00:30", "the zone's day, not that of UTC");
    }

    #[test]
    fn an_unchecked_bad_pattern_prints_the_default() {
        assert_eq!(date(&moscow("en"), Style::Pattern("'")), "Mar 5, 2026");
    }

    #[test]
    fn more_patterns_than_are_kept() {
        let ru = moscow("ru");
        for number in 0..200 {
            assert_eq!(
                date(&ru, Style::Pattern(&format!("d '{number}'"))),
                format!("5 {number}")
            );
        }
        assert_eq!(ru.when.patterns.read().unwrap().len(), KEPT_PATTERNS);
    }

    #[test]
    fn all_of_time_prints() {
        let formats = Formats::new("en", TimeZone::get("Asia/Tokyo").unwrap());
        for instant in [Instant::MIN, Instant::from_unix(0), Instant::MAX] {
            let mut out = String::new();
            formats.instant(instant, Style::Pattern("y-MM-dd HH:mm"), &mut out);
            assert!(out.len() >= 13, "{out}");
        }
    }

    #[test]
    fn longest_is_an_upper_bound() {
        for tag in ["ru", "en", "de", "ja", "ar"] {
            let formats = Formats::new(tag, TimeZone::UTC);
            for style in [
                Style::Short,
                Style::Medium,
                Style::Long,
                Style::Pattern("EEEE, d MMMM y, HH:mm"),
                Style::Pattern("D h:mm a"),
                Style::Pattern("LLLL B"),
            ] {
                let bound = longest(tag, style, true, true);
                let mut unix = 1_700_000_000;
                for _ in 0..400 {
                    unix += 86_400 + 4_013;
                    let mut out = String::new();
                    formats.instant(Instant::from_unix(unix), style, &mut out);
                    assert!(utf16(&out) <= bound, "{tag} {style:?}: {out}");
                    assert!(
                        bound < utf16(&out) + 40,
                        "{tag} {style:?}: {bound} is no useful bound for {out}"
                    );
                }
            }
        }
    }
}
