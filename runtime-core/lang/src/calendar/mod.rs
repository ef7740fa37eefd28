//! The calendar: which days and times a person may choose, how they are laid out as buttons, what a press or a
//! typed answer means.
//!
//! Everything is a pure function of [`Rules`]: the runtime makes them anew for each question, press and answer, so
//! that what is refused is what is not free *now*, whatever a keyboard shows.
//!
//! | file | holds |
//! |---|---|
//! | this | the rules and what they leave free |
//! | [`month`] | the days of a month |
//! | [`slots`] | hours and step: the times of a day, with daylight saving |
//! | [`view`] | what is shown, as the short word that a button carries and a conversation keeps |
//! | [`draw`] | the buttons of a view |

mod draw;
mod month;
mod slots;
mod view;

pub use draw::{Cell, Drawn};
pub use slots::{BadHours, Slots};
pub use view::{KEY, Pressed};

use crate::answer::{self, Bounds, Refusal};
use crate::value::{Date, Instant};
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use month::Month;
use std::collections::{BTreeSet, HashSet};

/// The time zone of this IANA name (`Europe/Moscow`, `UTC`), from the data that the binary carries. `None`: there is
/// none of that name.
pub fn zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok()
}

/// What bounds a calendar on one side, inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// A day: all of it. Where it is the day of `now`, times that have passed are not free.
    Day(Date),
    /// So many days after today in the calendar's zone, or before it; passed times as with [`Self::Day`].
    Today(i64),
    /// A point in time; where days are chosen, its day in the calendar's zone.
    At(Instant),
}

/// Days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Weekdays(u8);

impl Weekdays {
    /// None.
    pub const NONE: Self = Self(0);

    /// From bits: Monday is the lowest, Sunday the seventh.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 0x7f)
    }
    /// Monday is the lowest bit.
    pub const fn bits(self) -> u8 {
        self.0
    }
    /// Whether this day is one of them.
    pub fn has(self, day: Weekday) -> bool {
        self.0 & (1 << day.to_monday_zero_offset()) != 0
    }
}

/// Days and points in time that cannot be chosen.
#[derive(Debug, Clone, Default)]
pub struct Disabled {
    days: HashSet<Date>,
    times: BTreeSet<Instant>,
}

impl Disabled {
    /// Adds whole days.
    pub fn days(&mut self, days: impl IntoIterator<Item = Date>) {
        self.days.extend(days);
    }
    /// Adds points in time: the slot that one lies in, from its beginning to a step later, is taken; where days are
    /// chosen, its day.
    pub fn times(&mut self, times: impl IntoIterator<Item = Instant>) {
        self.times.extend(times);
    }
}

/// What may be chosen at one moment, with all values known.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Whose days and hours are meant.
    pub tz: TimeZone,
    /// The moment.
    pub now: Instant,
    /// The earliest; `None`: any.
    pub min: Option<Limit>,
    /// The latest; `None`: any.
    pub max: Option<Limit>,
    /// Weekdays that are never free.
    pub closed: Weekdays,
    /// What is taken.
    pub disabled: Disabled,
    /// The times of a day, where a time is chosen too.
    pub slots: Option<Slots>,
}

/// A calendar at one moment.
#[derive(Debug, Clone)]
pub struct Calendar {
    tz: TimeZone,
    today: Date,
    /// First and last day, inclusive; empty when the bounds have crossed.
    first: Date,
    last: Date,
    /// The same as points in time, for the times of the first and the last day.
    from: Instant,
    until: Instant,
    closed: Weekdays,
    disabled: Disabled,
    slots: Option<Slots>,
}

/// The first and the last day of all.
const YEARS: (Date, Date) = (Date::literal(1, 1, 2), Date::literal(9999, 12, 29));
/// Months after the first one in which a free day is looked for.
const LOOK_AHEAD: usize = 12;

impl Calendar {
    /// Of these rules.
    pub fn new(rules: Rules) -> Self {
        let today = Date::today(rules.now, &rules.tz);
        let day = |limit: Limit| match limit {
            Limit::Day(day) => day,
            Limit::Today(days) => today.plus_days(days),
            Limit::At(instant) => instant.date(&rules.tz),
        };
        let first = rules.min.map_or(YEARS.0, day).max(YEARS.0);
        let last = rules.max.map_or(YEARS.1, day).min(YEARS.1);
        let from = match rules.min {
            Some(Limit::At(instant)) => instant,
            Some(_) if first == today => rules.now,
            _ => Instant::MIN,
        };
        let until = match rules.max {
            Some(Limit::At(instant)) => instant,
            _ => Instant::MAX,
        };
        let mut disabled = rules.disabled;
        if rules.slots.is_none() {
            let days = disabled.times.iter().map(|at| at.date(&rules.tz));
            disabled.days.extend(days);
        }
        Self {
            tz: rules.tz,
            today,
            first,
            last,
            from,
            until,
            closed: rules.closed,
            disabled,
            slots: rules.slots,
        }
    }

    /// Whether a time is chosen too.
    pub fn with_time(&self) -> bool {
        self.slots.is_some()
    }

    /// Its zone.
    pub fn tz(&self) -> &TimeZone {
        &self.tz
    }

    /// Whether the day itself is no obstacle: within the bounds, not closed, not disabled.
    fn open(&self, day: Date) -> bool {
        self.first <= day
            && day <= self.last
            && !self.closed.has(day.civil().weekday())
            && !self.disabled.days.contains(&day)
    }

    /// Whether something of the day can be chosen.
    pub fn is_free(&self, day: Date) -> bool {
        self.open(day)
            && self
                .slots
                .as_ref()
                .is_none_or(|slots| slots.of(day, &self.tz).any(|at| self.in_time(at, slots)))
    }

    /// The free times of a day, in order; none where only days are chosen.
    pub fn free_times(&self, day: Date) -> Vec<Instant> {
        match &self.slots {
            Some(slots) if self.open(day) => slots
                .of(day, &self.tz)
                .filter(|at| self.in_time(*at, slots))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Within the bounds, and not taken.
    fn in_time(&self, at: Instant, slots: &Slots) -> bool {
        let taken = || self.disabled.times.range(at..at + slots.step()).next();
        self.from <= at && at <= self.until && taken().is_none()
    }

    /// The day, if it may be chosen.
    ///
    /// # Errors
    /// It is beyond the bounds, or closed.
    pub fn accept_day(&self, day: Date) -> Result<Date, Refusal> {
        self.within(day)?;
        if self.open(day) {
            Ok(day)
        } else {
            Err(Refusal::NotFree)
        }
    }

    /// The point in time, if it is a slot that may be chosen.
    ///
    /// # Errors
    /// It is beyond the bounds, on a closed day, no slot, or taken.
    pub fn accept_time(&self, at: Instant) -> Result<Instant, Refusal> {
        let day = at.date(&self.tz);
        self.within(day)?;
        if at < self.from {
            return Err(Refusal::TooSmall {
                min: answer::print_instant(self.from, &self.tz),
                length: false,
            });
        }
        if at > self.until {
            return Err(Refusal::TooGreat {
                max: answer::print_instant(self.until, &self.tz),
                length: false,
            });
        }
        let offered = self
            .slots
            .as_ref()
            .is_some_and(|slots| slots.has(at, &self.tz) && self.in_time(at, slots));
        if offered && self.open(day) {
            Ok(at)
        } else {
            Err(Refusal::NotFree)
        }
    }

    /// A typed date, as [`answer::date`] reads it.
    ///
    /// # Errors
    /// It is none, or may not be chosen.
    pub fn typed_day(&self, typed: &str) -> Result<Date, Refusal> {
        self.accept_day(answer::date(typed, Bounds::NONE)?)
    }

    /// A typed date and time in the calendar's zone, as [`answer::datetime`] reads it.
    ///
    /// # Errors
    /// It is none, or may not be chosen.
    pub fn typed_time(&self, typed: &str) -> Result<Instant, Refusal> {
        self.accept_time(answer::datetime(typed, &self.tz, Bounds::NONE)?)
    }

    /// What a typed date shows where a time is chosen too: the times of the day. `None`: it is no date.
    ///
    /// # Errors
    /// Nothing of the day may be chosen.
    pub fn typed_view(&self, typed: &str) -> Option<Result<String, Refusal>> {
        let day = answer::date(typed, Bounds::NONE).ok()?;
        Some(match self.accept_day(day) {
            Ok(day) if self.is_free(day) => Ok(view::day_word(day)),
            Ok(_) => Err(Refusal::NotFree),
            Err(refusal) => Err(refusal),
        })
    }

    /// The bounds, said in the form in which an answer can be typed.
    fn within(&self, day: Date) -> Result<(), Refusal> {
        if day < self.first {
            return Err(Refusal::TooSmall {
                min: self.first.to_string(),
                length: false,
            });
        }
        if day > self.last {
            return Err(Refusal::TooGreat {
                max: self.last.to_string(),
                length: false,
            });
        }
        Ok(())
    }

    /// The month to begin with: the first with a free day from today on, or from the bound that is nearest to today.
    fn first_month(&self) -> Month {
        let start = Month::of(self.nearest());
        let mut month = start;
        for _ in 0..=LOOK_AHEAD {
            if month.days().any(|day| self.is_free(day)) {
                return month;
            }
            match month.plus(1).filter(|month| self.overlaps(*month)) {
                Some(next) => month = next,
                None => break,
            }
        }
        start
    }

    /// The day within the bounds that is nearest to today.
    fn nearest(&self) -> Date {
        self.today.min(self.last).max(self.first)
    }

    /// Whether a day of the month is within the bounds.
    fn overlaps(&self, month: Month) -> bool {
        month.first() <= self.last && self.first <= month.last()
    }

    /// The month itself, or the nearest one that has a day within the bounds.
    fn nearby(&self, month: Month) -> Month {
        if self.first > self.last {
            return Month::of(self.nearest());
        }
        month.min(Month::of(self.last)).max(Month::of(self.first))
    }
}

#[cfg(test)]
mod tests;
