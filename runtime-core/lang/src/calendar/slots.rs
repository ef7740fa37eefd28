//! Hours and step: the times of a day.

use crate::value::{Date, Duration, Instant, TimeOfDay};
use jiff::tz::TimeZone;

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// The times of a day at which something may begin, by the clock of the place: from the first on, a step apart, the
/// last one included.
///
/// A time that the clocks skip is none; one that they show twice means the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    /// Minutes from midnight.
    from: u16,
    to: u16,
    /// Minutes.
    step: u16,
}

/// What is wrong with hours and a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadHours {
    /// Not `HH:MM-HH:MM`.
    Form,
    /// They do not begin before they end.
    Order,
    /// Nothing, or not whole minutes, or longer than a day.
    Step,
    /// From the beginning to the end there is no whole number of steps.
    Remainder,
}

impl Slots {
    /// Of hours as an author writes them (`09:00-20:00`; the day ends at `24:00`) and a step in seconds.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn new(hours: &str, step: i64) -> Result<Self, BadHours> {
        let (from, to) = Self::hours(hours)?;
        let minutes = u16::try_from(step / 60).map_err(|_| BadHours::Step)?;
        if minutes == 0 || minutes > DAY || step % 60 != 0 {
            return Err(BadHours::Step);
        }
        if (to - from) % minutes != 0 {
            return Err(BadHours::Remainder);
        }
        Ok(Self {
            from,
            to,
            step: minutes,
        })
    }

    /// Minutes from midnight of the beginning and the end.
    ///
    /// # Errors
    /// [`BadHours::Form`] or [`BadHours::Order`].
    pub fn hours(text: &str) -> Result<(u16, u16), BadHours> {
        let (from, to) = text.split_once('-').ok_or(BadHours::Form)?;
        let (from, to) = (clock(from.trim_end())?, clock(to.trim_start())?);
        if from < to {
            Ok((from, to))
        } else {
            Err(BadHours::Order)
        }
    }

    /// A constant, from minutes; checked by the compiler of the bot. A step of nothing counts as a minute.
    pub const fn literal(from: u16, to: u16, step: u16) -> Self {
        let step = if step == 0 { 1 } else { step };
        Self { from, to, step }
    }

    /// Minutes from midnight of the first time and of the end, and the step in minutes.
    pub const fn minutes(self) -> (u16, u16, u16) {
        (self.from, self.to, self.step)
    }

    /// From one time to the next.
    pub fn step(&self) -> Duration {
        Duration::minutes(self.step.into())
    }

    /// The times of a day in a zone, in order.
    pub fn of<'a>(&self, day: Date, tz: &'a TimeZone) -> impl Iterator<Item = Instant> + 'a {
        // 24:00 is the next day.
        (self.from..=self.to.min(DAY - 1))
            .step_by(self.step.into())
            .filter_map(move |minute| begin(day, minute, tz))
    }

    /// Whether it is one of the times of its day.
    pub fn has(&self, at: Instant, tz: &TimeZone) -> bool {
        let local = at.in_tz(tz);
        let minute =
            u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs());
        (self.from..=self.to).contains(&minute)
            && (minute - self.from).is_multiple_of(self.step)
            && begin(at.date(tz), minute, tz) == Some(at)
    }
}

/// The point in time at which clocks show so many minutes of a day; `None` where they skip them.
fn begin(day: Date, minute: u16, tz: &TimeZone) -> Option<Instant> {
    let (hour, minute) = (
        i8::try_from(minute / 60).ok()?,
        i8::try_from(minute % 60).ok()?,
    );
    Instant::from_local(day, TimeOfDay::new(hour, minute, 0)?, tz)
}

/// `HH:MM` up to `24:00`, in minutes.
fn clock(text: &str) -> Result<u16, BadHours> {
    let [h1, h2, b':', m1, m2] = *text.as_bytes() else {
        return Err(BadHours::Form);
    };
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Ok(u16::from(byte - b'0')),
        _ => Err(BadHours::Form),
    };
    let (hour, minute) = (digit(h1)? * 10 + digit(h2)?, digit(m1)? * 10 + digit(m2)?);
    let all = hour * 60 + minute;
    if minute < 60 && all <= DAY {
        Ok(all)
    } else {
        Err(BadHours::Form)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_and_steps_that_are_none() {
        for (hours, step, wrong) in [
            ("", 1800, BadHours::Form),
            ("9:00-20:00", 1800, BadHours::Form),
            ("09:00", 1800, BadHours::Form),
            ("09:00-20:60", 1800, BadHours::Form),
            ("09:00-24:30", 1800, BadHours::Form),
            ("09-20", 1800, BadHours::Form),
            ("09:00-20:00-21:00", 1800, BadHours::Form),
            ("ё9:00-20:00", 1800, BadHours::Form),
            ("20:00-09:00", 1800, BadHours::Order),
            ("09:00-09:00", 1800, BadHours::Order),
            ("09:00-20:00", 0, BadHours::Step),
            ("09:00-20:00", -60, BadHours::Step),
            ("09:00-20:00", 90, BadHours::Step),
            ("09:00-20:00", 25 * 3600, BadHours::Step),
            ("09:00-20:00", i64::MAX, BadHours::Step),
            ("09:00-20:00", 45 * 60, BadHours::Remainder),
            ("09:00-20:00", 12 * 3600, BadHours::Remainder),
        ] {
            assert_eq!(Slots::new(hours, step), Err(wrong), "{hours} {step}");
        }
    }

    #[test]
    fn the_last_one_is_included_and_24_00_is_not_a_time_of_the_day() {
        let day = Date::new(2026, 3, 5).unwrap();
        let count = |hours, step| {
            Slots::new(hours, step)
                .unwrap()
                .of(day, &TimeZone::UTC)
                .count()
        };
        assert_eq!(count("09:00-20:00", 1800), 23);
        assert_eq!(count("00:00-24:00", 1800), 48);
        assert_eq!(count("00:00-24:00", 60), 1440);
        assert_eq!(count("09:00 - 10:00", 3600), 2);
    }

    #[test]
    fn clocks_that_jump() {
        let new_york = TimeZone::get("America/New_York").unwrap();
        let of = |month, day| -> Vec<String> {
            Slots::new("01:00-03:00", 1800)
                .unwrap()
                .of(Date::new(2026, month, day).unwrap(), &new_york)
                .map(|at| at.to_string())
                .collect()
        };
        assert_eq!(
            of(3, 8),
            [
                "2026-03-08 06:00:00",
                "2026-03-08 06:30:00",
                "2026-03-08 07:00:00"
            ],
            "02:00 and 02:30 do not exist"
        );
        assert_eq!(
            of(11, 1),
            [
                "2026-11-01 05:00:00",
                "2026-11-01 05:30:00",
                "2026-11-01 07:00:00",
                "2026-11-01 07:30:00",
                "2026-11-01 08:00:00"
            ],
            "01:00 and 01:30 happen twice: the first"
        );
    }
}
