//! What is shown, as the short word that a button carries and a conversation keeps.

use super::month::Month;
use super::{Calendar, Refusal};
use crate::value::{Date, Instant};

/// Longest word of a button, in bytes.
pub const KEY: usize = 16;
/// The word of a cell that does nothing.
pub(super) const INERT: &str = "-";

/// What is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// The days of a month: `m202603`.
    Month(Month),
    /// The times of a day, from the page of this number on: `d20260305`, `d20260305p2`.
    Day(Date, u16),
    /// Years around this month's, to jump to: `y202603`.
    Years(Month),
}

/// What a press means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pressed {
    /// A day was chosen.
    Day(Date),
    /// A point in time was chosen.
    Time(Instant),
    /// Something else is to be shown.
    View(String),
    /// It cannot be chosen, or no longer.
    Refused(Refusal),
    /// Nothing: a cell that shows something.
    Nothing,
}

impl std::fmt::Display for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let day = |f: &mut std::fmt::Formatter<'_>, day: Date| {
            let day = day.civil();
            write!(f, "d{:04}{:02}{:02}", day.year(), day.month(), day.day())
        };
        match *self {
            Self::Month(month) => write!(f, "m{:04}{:02}", month.year(), month.number()),
            Self::Years(month) => write!(f, "y{:04}{:02}", month.year(), month.number()),
            Self::Day(date, 0) => day(f, date),
            Self::Day(date, page) => {
                day(f, date)?;
                write!(f, "p{page}")
            }
        }
    }
}

impl View {
    fn read(word: &str) -> Option<Self> {
        let (kind, rest) = word.split_at_checked(1)?;
        match kind {
            "m" => month(rest).map(Self::Month),
            "y" => month(rest).map(Self::Years),
            "d" => {
                let (day, page) = match rest.split_once('p') {
                    Some((day, page)) => (day, number(page)?),
                    None => (rest, 0),
                };
                Some(Self::Day(read_day(day)?, page))
            }
            _ => None,
        }
    }
}

/// The word of a chosen time.
pub(super) fn time_word(at: Instant) -> String {
    format!("t{}", at.unix())
}

/// The word of a chosen day: the same as of its view.
pub(super) fn day_word(day: Date) -> String {
    View::Day(day, 0).to_string()
}

/// Digits and nothing else.
fn number<T: std::str::FromStr>(digits: &str) -> Option<T> {
    let fine = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    fine.then(|| digits.parse().ok()).flatten()
}

fn month(digits: &str) -> Option<Month> {
    let (year, month) = digits.split_at_checked(4)?;
    (month.len() == 2).then(|| Month::new(number(year)?, number(month)?))?
}

fn read_day(digits: &str) -> Option<Date> {
    let (year_month, day) = digits.split_at_checked(6)?;
    let month = month(year_month)?;
    (day.len() == 2).then(|| Date::new(month.year(), month.number(), number(day)?))?
}

impl Calendar {
    /// What a kept word shows now: bounds and data may have changed since.
    pub(super) fn view(&self, kept: &str) -> View {
        match View::read(kept) {
            Some(View::Month(month)) => View::Month(self.nearby(month)),
            Some(View::Years(month)) => View::Years(self.nearby(month)),
            Some(View::Day(day, page)) if self.with_time() => {
                if self.is_free(day) {
                    View::Day(day, page)
                } else {
                    View::Month(self.nearby(Month::of(day)))
                }
            }
            _ => View::Month(self.first_month()),
        }
    }

    /// What a press of the button with this word means.
    pub fn pressed(&self, word: &str) -> Pressed {
        if let Some(unix) = word.strip_prefix('t') {
            let digits = unix.strip_prefix('-').unwrap_or(unix);
            let at = number::<i64>(digits)
                .and_then(|_| unix.parse().ok())
                .and_then(Instant::try_from_unix);
            return match at {
                Some(at) if self.with_time() => match self.accept_time(at) {
                    Ok(at) => Pressed::Time(at),
                    Err(refusal) => Pressed::Refused(refusal),
                },
                _ => Pressed::Nothing,
            };
        }
        match View::read(word) {
            Some(View::Day(day, 0)) if !self.with_time() => match self.accept_day(day) {
                Ok(day) => Pressed::Day(day),
                Err(refusal) => Pressed::Refused(refusal),
            },
            Some(View::Day(day, _)) if self.with_time() && !self.is_free(day) => {
                Pressed::Refused(self.accept_day(day).err().unwrap_or(Refusal::NotFree))
            }
            Some(View::Day(..)) if !self.with_time() => Pressed::Nothing,
            Some(view) => Pressed::View(self.view(&view.to_string()).to_string()),
            None => Pressed::Nothing,
        }
    }
}
