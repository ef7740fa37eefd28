//! What a calendar shows of a locale: names of months and weekdays, the first day of the week.

use super::when::input;
use crate::value::Date;
use icu_calendar::Gregorian;
use icu_calendar::types::Weekday as IcuWeekday;
use icu_calendar::week::{WeekInformation, WeekPreferences};
use icu_datetime::fieldsets::enums::{
    CalendarPeriodFieldSet, CompositeDateTimeFieldSet, DateFieldSet,
};
use icu_datetime::fieldsets::{YM, YMDE};
use icu_datetime::{DateTimeFormatterPreferences, FixedCalendarDateTimeFormatter};
use icu_locale_core::Locale;
use jiff::civil::Weekday;
use writeable::Writeable as _;

type Formatter = FixedCalendarDateTimeFormatter<Gregorian, CompositeDateTimeFieldSet>;

/// Made on first use: most bots show no calendar.
pub(super) struct Calendar {
    month: Option<Formatter>,
    day: Option<Formatter>,
    first: Weekday,
}

impl Calendar {
    pub fn new(locale: &Locale) -> Self {
        let make =
            |fields| Formatter::try_new(DateTimeFormatterPreferences::from(locale), fields).ok();
        Self {
            month: make(CompositeDateTimeFieldSet::CalendarPeriod(
                CalendarPeriodFieldSet::YM(YM::long()),
            )),
            day: make(CompositeDateTimeFieldSet::Date(DateFieldSet::YMDE(
                YMDE::long(),
            ))),
            first: first_weekday(locale),
        }
    }

    pub fn first(&self) -> Weekday {
        self.first
    }
    pub fn month(&self, day: Date) -> String {
        capital(print(self.month.as_ref(), day))
    }
    pub fn day(&self, day: Date) -> String {
        capital(print(self.day.as_ref(), day))
    }
}

/// CLDR has the formats of every locale; without one the date is printed as SQL writes it.
fn print(formatter: Option<&Formatter>, day: Date) -> String {
    let value = input(day.civil().to_datetime(jiff::civil::Time::midnight()));
    match (formatter, value) {
        (Some(formatter), Some(value)) => formatter.format(&value).write_to_string().into_owned(),
        _ => day.to_string(),
    }
}

/// A month's name begins a line: many languages write it with a small letter elsewhere.
fn capital(text: String) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) if first.is_lowercase() => first.to_uppercase().chain(chars).collect(),
        _ => text,
    }
}

/// Monday where CLDR says nothing.
fn first_weekday(locale: &Locale) -> Weekday {
    let first =
        WeekInformation::try_new(WeekPreferences::from(locale)).map(|week| week.first_weekday);
    match first {
        Ok(IcuWeekday::Tuesday) => Weekday::Tuesday,
        Ok(IcuWeekday::Wednesday) => Weekday::Wednesday,
        Ok(IcuWeekday::Thursday) => Weekday::Thursday,
        Ok(IcuWeekday::Friday) => Weekday::Friday,
        Ok(IcuWeekday::Saturday) => Weekday::Saturday,
        Ok(IcuWeekday::Sunday) => Weekday::Sunday,
        Ok(IcuWeekday::Monday) | Err(_) => Weekday::Monday,
    }
}
