//! A month of a year.

use crate::value::Date;

/// A month between the years 1 and 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Month {
    year: i16,
    month: i8,
}

/// The ends of what a calendar can show.
const YEARS: std::ops::RangeInclusive<i16> = 1..=9999;

impl Month {
    /// `None`: there is no such month.
    pub fn new(year: i16, month: i8) -> Option<Self> {
        (YEARS.contains(&year) && (1..=12).contains(&month)).then_some(Self { year, month })
    }
    /// The month of a day.
    pub fn of(day: Date) -> Self {
        Self {
            year: day.civil().year(),
            month: day.civil().month(),
        }
    }
    pub fn year(self) -> i16 {
        self.year
    }
    pub fn number(self) -> i8 {
        self.month
    }
    /// So many months later, or earlier.
    pub fn plus(self, months: i32) -> Option<Self> {
        let all = i32::from(self.year) * 12 + i32::from(self.month) - 1 + months;
        Self::new(
            i16::try_from(all.div_euclid(12)).ok()?,
            i8::try_from(all.rem_euclid(12) + 1).ok()?,
        )
    }
    /// Its first day.
    pub fn first(self) -> Date {
        Date::literal(self.year, self.month, 1)
    }
    /// Its last day.
    pub fn last(self) -> Date {
        let first = self.first();
        Date::new(self.year, self.month, first.civil().days_in_month()).unwrap_or(first)
    }
    /// Its days, in order.
    pub fn days(self) -> impl Iterator<Item = Date> {
        (1..=self.first().civil().days_in_month())
            .filter_map(move |day| Date::new(self.year, self.month, day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_pass_over_the_turn_of_the_year_and_stop_at_the_ends() {
        let december = Month::new(2025, 12).unwrap();
        assert_eq!(december.plus(1), Month::new(2026, 1));
        assert_eq!(december.plus(-12), Month::new(2024, 12));
        assert_eq!(Month::new(9999, 12).unwrap().plus(1), None);
        assert_eq!(Month::new(1, 1).unwrap().plus(-1), None);
        assert_eq!(december.last(), Date::new(2025, 12, 31).unwrap());
        assert_eq!(Month::new(2024, 2).unwrap().days().count(), 29);
    }
}
