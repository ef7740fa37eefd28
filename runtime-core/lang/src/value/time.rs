//! Points in time, days, times of day and spans.

use jiff::civil;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

/// A point in time (UTC, whole seconds). DSL `datetime`.
/// In SQLite it is TEXT `YYYY-MM-DD HH:MM:SS`; in JSON (stored conversations) the same string.
///
/// It lies between the years 1 and 9999, what that text can say; arithmetic stops at the ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(jiff::Timestamp);

/// A calendar day. DSL `date`; SQLite TEXT `YYYY-MM-DD`. Years 1 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(civil::Date);

/// A time of day, whole seconds. DSL `time`; SQLite TEXT `HH:MM:SS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(civil::Time);

/// A span of time in whole seconds. DSL durations `30s 15m 24h 7d`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Duration(pub i64);

/// 0001-01-02 00:00:00: a day after the first, so that every zone still says year 1.
const MIN_UNIX: i64 = -62_135_510_400;
/// 9999-12-30 22:00:00: the last whole second of the library.
const MAX_UNIX: i64 = 253_402_207_200;

impl Instant {
    /// The earliest: 0001-01-02 00:00:00.
    pub const MIN: Self = Self(jiff::Timestamp::constant(MIN_UNIX, 0));
    /// The latest: 9999-12-30 22:00:00.
    pub const MAX: Self = Self(jiff::Timestamp::constant(MAX_UNIX, 0));

    /// The machine's clock, cut to whole seconds.
    pub fn now() -> Self {
        Self::from_unix(jiff::Timestamp::now().as_second())
    }

    /// From Unix seconds; beyond [`Self::MIN`] and [`Self::MAX`] it is these.
    pub fn from_unix(seconds: i64) -> Self {
        Self::try_from_unix(seconds).unwrap_or(if seconds < 0 { Self::MIN } else { Self::MAX })
    }

    /// From Unix seconds; `None` beyond [`Self::MIN`] and [`Self::MAX`].
    pub fn try_from_unix(seconds: i64) -> Option<Self> {
        if seconds < MIN_UNIX {
            return None;
        }
        jiff::Timestamp::from_second(seconds).ok().map(Self)
    }

    /// Unix seconds.
    pub fn unix(self) -> i64 {
        self.0.as_second()
    }

    /// The local date and time in `tz`.
    pub fn in_tz(self, tz: &TimeZone) -> civil::DateTime {
        tz.to_datetime(self.0)
    }

    /// The local date in `tz`.
    pub fn date(self, tz: &TimeZone) -> Date {
        Date(self.in_tz(tz).date())
    }

    /// The local time of day in `tz`.
    pub fn time(self, tz: &TimeZone) -> TimeOfDay {
        TimeOfDay(self.in_tz(tz).time())
    }

    /// The instant at which clocks in `tz` show `date` and `time`: the earlier one where they show it twice,
    /// `None` where they skip it.
    pub fn from_local(date: Date, time: TimeOfDay, tz: &TimeZone) -> Option<Self> {
        let ambiguous = tz.to_ambiguous_timestamp(date.0.to_datetime(time.0));
        let timestamp = match ambiguous.offset() {
            jiff::tz::AmbiguousOffset::Gap { .. } => return None,
            _ => ambiguous.earlier().ok()?,
        };
        Self::try_from_unix(timestamp.as_second())
    }

    /// Reads the form of SQL: `YYYY-MM-DD HH:MM:SS`. A `T` for the space, a fraction (dropped) and a `Z` are
    /// accepted too, as `strftime` users write them.
    pub fn parse_sql(text: &str) -> Option<Self> {
        let (day, rest) = text.split_at_checked(10)?;
        let clock = rest.strip_prefix([' ', 'T'])?;
        let clock = clock.strip_suffix('Z').unwrap_or(clock);
        let clock = match clock.split_once('.') {
            Some((clock, fraction))
                if !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit()) =>
            {
                clock
            }
            Some(_) => return None,
            None => clock,
        };
        Self::from_local(
            Date::parse_sql(day)?,
            TimeOfDay::parse_sql(clock)?,
            &TimeZone::UTC,
        )
    }

    /// The underlying timestamp.
    pub fn timestamp(self) -> jiff::Timestamp {
        self.0
    }
}

impl Date {
    /// A day of the Gregorian calendar; `None` when there is no such day.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        if year < 1 {
            return None;
        }
        civil::Date::new(year, month, day).ok().map(Self)
    }

    /// The day it is at `now` in `tz`.
    pub fn today(now: Instant, tz: &TimeZone) -> Self {
        now.date(tz)
    }

    /// Reads the form of SQL: `YYYY-MM-DD`.
    pub fn parse_sql(text: &str) -> Option<Self> {
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text.as_bytes() else {
            return None;
        };
        let year = i16::from(two(y1, y2)?) * 100 + i16::from(two(y3, y4)?);
        Self::new(year, two(m1, m2)?, two(d1, d2)?)
    }

    /// The day `days` later, or earlier; stops at the ends of the years 1 to 9999.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        let moved = self
            .0
            .saturating_add(jiff::Span::new().try_days(days).unwrap_or_else(|_| {
                let all = 4_000_000; // more days than the years 1 to 9999 have
                jiff::Span::new().days(if days < 0 { -all } else { all })
            }));
        if moved.year() < 1 {
            Self(civil::date(1, 1, 1))
        } else {
            Self(moved)
        }
    }

    /// The instant at which the day begins in `tz`: midnight, or the end of a gap that swallows midnight.
    pub fn start(self, tz: &TimeZone) -> Instant {
        match tz.to_zoned(self.0.to_datetime(civil::Time::midnight())) {
            Ok(zoned) => Instant::from_unix(zoned.timestamp().as_second()),
            Err(_) => Instant::MAX,
        }
    }

    /// The instant at which the clocks in `tz` are so many seconds past midnight of the day (before it, where negative):
    /// ten hours are ten o'clock, on days on which the clocks change, too.
    pub fn clock(self, by: Duration, tz: &TimeZone) -> Instant {
        let midnight = self.0.to_datetime(civil::Time::midnight());
        let at = midnight.checked_add(jiff::SignedDuration::from_secs(by.0));
        match at.and_then(|at| tz.to_zoned(at)) {
            Ok(zoned) => Instant::from_unix(zoned.timestamp().as_second()),
            Err(_) if by.0 < 0 => Instant::MIN,
            Err(_) => Instant::MAX,
        }
    }

    /// The underlying date.
    pub fn civil(self) -> civil::Date {
        self.0
    }
}

impl TimeOfDay {
    /// A time of day; `None` when there is none such.
    pub fn new(hour: i8, minute: i8, second: i8) -> Option<Self> {
        civil::Time::new(hour, minute, second, 0).ok().map(Self)
    }

    /// Reads the form of SQL: `HH:MM:SS`, or `HH:MM`.
    pub fn parse_sql(text: &str) -> Option<Self> {
        match *text.as_bytes() {
            [h1, h2, b':', m1, m2] => Self::new(two(h1, h2)?, two(m1, m2)?, 0),
            [h1, h2, b':', m1, m2, b':', s1, s2] => {
                Self::new(two(h1, h2)?, two(m1, m2)?, two(s1, s2)?)
            }
            _ => None,
        }
    }

    /// The underlying time.
    pub fn civil(self) -> civil::Time {
        self.0
    }
}

/// Two ASCII digits.
fn two(tens: u8, ones: u8) -> Option<i8> {
    (tens.is_ascii_digit() && ones.is_ascii_digit())
        .then(|| ((tens - b'0') * 10 + (ones - b'0')).cast_signed())
}

impl Duration {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many seconds.
    pub const fn seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// So many minutes.
    pub const fn minutes(minutes: i64) -> Self {
        Self(minutes.saturating_mul(60))
    }

    /// So many hours.
    pub const fn hours(hours: i64) -> Self {
        Self(hours.saturating_mul(3600))
    }

    /// So many days of 24 hours.
    pub const fn days(days: i64) -> Self {
        Self(days.saturating_mul(86_400))
    }

    /// Reads `30s`, `15m`, `24h`, `7d`.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let number: i64 = number.parse().ok()?;
        let scale = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86_400,
            _ => return None,
        };
        number.checked_mul(scale).map(Self)
    }

    /// The standard library's form; zero for a negative span.
    pub fn as_std(self) -> std::time::Duration {
        std::time::Duration::from_secs(u64::try_from(self.0).unwrap_or(0))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;
    /// Stops at [`Instant::MIN`] and [`Instant::MAX`].
    fn add(self, span: Duration) -> Self {
        Self::from_unix(self.unix().saturating_add(span.0))
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;
    /// Stops at [`Instant::MIN`] and [`Instant::MAX`].
    fn sub(self, span: Duration) -> Self {
        Self::from_unix(self.unix().saturating_sub(span.0))
    }
}

impl Sub for Instant {
    type Output = Duration;
    fn sub(self, earlier: Self) -> Duration {
        Duration(self.unix().saturating_sub(earlier.unix()))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, span: Duration) {
        *self = *self + span;
    }
}

impl SubAssign<Duration> for Instant {
    fn sub_assign(&mut self, span: Duration) {
        *self = *self - span;
    }
}

impl Add for Duration {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Duration {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Duration {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

/// Writes `YYYY-MM-DD` over `place`.
fn put_date(place: &mut [u8; 10], date: civil::Date) {
    let year = date.year().unsigned_abs();
    put_two(place, 0, (year / 100) as u8);
    put_two(place, 2, (year % 100) as u8);
    put_two(place, 5, date.month().unsigned_abs());
    put_two(place, 8, date.day().unsigned_abs());
}

/// Writes `HH:MM:SS` over `place`.
fn put_time(place: &mut [u8; 8], time: civil::Time) {
    put_two(place, 0, time.hour().unsigned_abs());
    put_two(place, 3, time.minute().unsigned_abs());
    put_two(place, 6, time.second().unsigned_abs());
}

fn put_two(place: &mut [u8], at: usize, number: u8) {
    if let Some([tens, ones]) = place.get_mut(at..at + 2) {
        *tens = b'0' + number / 10 % 10;
        *ones = b'0' + number % 10;
    }
}

fn ascii(bytes: &[u8]) -> &str {
    // Only ASCII digits and separators were written.
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// The form of SQL.
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let local = TimeZone::UTC.to_datetime(self.0);
        let (mut day, mut clock) = (*b"0000-00-00", *b"00:00:00");
        put_date(&mut day, local.date());
        put_time(&mut clock, local.time());
        f.write_str(ascii(&day))?;
        f.write_str(" ")?;
        f.write_str(ascii(&clock))
    }
}

/// The form of SQL.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut day = *b"0000-00-00";
        put_date(&mut day, self.0);
        f.pad(ascii(&day))
    }
}

/// The form of SQL.
impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut clock = *b"00:00:00";
        put_time(&mut clock, self.0);
        f.pad(ascii(&clock))
    }
}

/// In the greatest unit that divides it: `90m`, `7d`.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (scale, unit) in [(86_400, 'd'), (3600, 'h'), (60, 'm')] {
            if self.0 != 0 && self.0 % scale == 0 {
                return write!(f, "{}{unit}", self.0 / scale);
            }
        }
        write!(f, "{}s", self.0)
    }
}

macro_rules! as_string {
    ($($type:ty => $form:literal),*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                super::text::read(deserializer, $form, Self::parse_sql)
            }
        }
    )*};
}
as_string!(
    Instant => "a datetime `YYYY-MM-DD HH:MM:SS`",
    Date => "a date `YYYY-MM-DD`",
    TimeOfDay => "a time `HH:MM:SS`"
);

// Constants of generated code: checked by the compiler of the bot, evaluated by rustc.

impl Instant {
    /// A constant, from Unix seconds. Out of range it does not compile (use it in `const`).
    pub const fn literal(unix: i64) -> Self {
        Self(jiff::Timestamp::constant(unix, 0))
    }
}

impl Date {
    /// A constant. A day that does not exist does not compile (use it in `const`).
    pub const fn literal(year: i16, month: i8, day: i8) -> Self {
        Self(civil::date(year, month, day))
    }
}

impl TimeOfDay {
    /// A constant. A time that does not exist does not compile (use it in `const`).
    pub const fn literal(hour: i8, minute: i8, second: i8) -> Self {
        Self(civil::time(hour, minute, second, 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    #[test]
    fn instants_in_sql_form() {
        for text in [
            "2026-03-05 14:00:00",
            "1970-01-01 00:00:00",
            "0001-01-02 00:00:00",
            "9999-12-30 22:00:00",
            "2024-02-29 23:59:59",
        ] {
            assert_eq!(Instant::parse_sql(text).unwrap().to_string(), text);
        }
        let instant = Instant::parse_sql("2026-03-05 14:00:00");
        assert_eq!(Instant::parse_sql("2026-03-05T14:00:00Z"), instant);
        assert_eq!(Instant::parse_sql("2026-03-05 14:00:00.123"), instant);
        assert_eq!(Instant::parse_sql("2026-03-05 14:00"), instant);
        for text in [
            "",
            "2026-03-05",
            "2026-02-30 00:00:00",
            "2026-03-05 24:00:00",
            "2026-3-5 14:00:00",
            "2026-03-05 14:00:00.",
            "2026-03-05 14:00:00.x",
            "0000-01-01 00:00:00",
            "ыыыыы 14:00:00",
            "+026-03-05 14:00:00",
        ] {
            assert_eq!(Instant::parse_sql(text), None, "{text}");
        }
    }

    #[test]
    fn arithmetic_stops_at_the_ends() {
        assert_eq!(Instant::MAX + Duration(1), Instant::MAX);
        assert_eq!(Instant::MIN - Duration(1), Instant::MIN);
        assert_eq!(Instant::from_unix(i64::MIN), Instant::MIN);
        assert_eq!(Instant::from_unix(i64::MAX), Instant::MAX);
        assert_eq!(Instant::from_unix(0) + Duration(i64::MAX), Instant::MAX);
        assert_eq!(
            Instant::from_unix(100) - Instant::from_unix(40),
            Duration(60)
        );
        assert_eq!(Instant::MIN.unix(), MIN_UNIX);
        assert_eq!(
            Date::new(2026, 2, 28).unwrap().plus_days(1),
            Date::new(2026, 3, 1).unwrap()
        );
        assert_eq!(
            Date::new(2026, 2, 28)
                .unwrap()
                .plus_days(i64::MAX)
                .to_string(),
            "9999-12-31"
        );
        assert_eq!(
            Date::new(2026, 2, 28)
                .unwrap()
                .plus_days(i64::MIN)
                .to_string(),
            "0001-01-01"
        );
    }

    #[test]
    fn local_times_and_dst() {
        let berlin = zone("Europe/Berlin");
        let day = Date::new(2026, 3, 29).unwrap();
        assert_eq!(
            Instant::from_local(day, TimeOfDay::new(2, 30, 0).unwrap(), &berlin),
            None,
            "skipped"
        );
        let day = Date::new(2026, 10, 25).unwrap();
        let twice = Instant::from_local(day, TimeOfDay::new(2, 30, 0).unwrap(), &berlin).unwrap();
        assert_eq!(
            twice.to_string(),
            "2026-10-25 00:30:00",
            "the earlier, in summer time"
        );
        let later = twice + Duration::hours(1);
        assert_eq!(later.time(&berlin), twice.time(&berlin));
    }

    #[test]
    fn hours_of_a_day_are_those_of_its_clocks() {
        let berlin = zone("Europe/Berlin");
        // The clocks go forward at two, and back at three.
        for (month, day) in [(3, 28), (3, 29), (10, 25), (12, 31)] {
            let day = Date::new(2026, month, day).unwrap();
            let ten = day.clock(Duration::hours(10), &berlin);
            assert_eq!(ten.time(&berlin), TimeOfDay::new(10, 0, 0).unwrap());
            assert_eq!(ten.date(&berlin), day);
            let before = day.clock(Duration(-1800), &berlin);
            assert_eq!(before.time(&berlin), TimeOfDay::new(23, 30, 0).unwrap());
            assert_eq!(before.date(&berlin), day.plus_days(-1));
        }
        let day = Date::new(2026, 3, 29).unwrap();
        let skipped = day.clock(Duration(9000), &berlin);
        assert_eq!(skipped.time(&berlin), TimeOfDay::new(3, 30, 0).unwrap());
        assert_eq!(day.clock(Duration(i64::MAX), &berlin), Instant::MAX);
        assert_eq!(day.clock(Duration(i64::MIN), &berlin), Instant::MIN);
    }

    #[test]
    fn local_round_trip_in_many_zones() {
        for name in [
            "Europe/Moscow",
            "Europe/Berlin",
            "America/New_York",
            "Australia/Lord_Howe",
            "Asia/Kathmandu",
            "Pacific/Apia",
            "UTC",
        ] {
            let tz = zone(name);
            let mut unix = 1_700_000_000;
            for _ in 0..2_000 {
                unix += 17_891;
                let instant = Instant::from_unix(unix);
                let back = Instant::from_local(instant.date(&tz), instant.time(&tz), &tz).unwrap();
                assert!(
                    back == instant || instant - back <= Duration::hours(1),
                    "{name} {instant}: the earlier of two"
                );
                assert_eq!(back.in_tz(&tz), instant.in_tz(&tz));
            }
        }
    }

    #[test]
    fn a_day_begins_after_a_gap_at_midnight() {
        let cairo = zone("Africa/Cairo");
        let day = Date::new(2026, 4, 24).unwrap();
        assert_eq!(day.start(&cairo).time(&cairo).to_string(), "01:00:00");
        assert_eq!(Date::today(day.start(&cairo), &cairo), day);
        assert_eq!(Date::new(9999, 12, 31).unwrap().start(&cairo), Instant::MAX);
    }

    #[test]
    fn durations() {
        assert_eq!(Duration::parse("30s"), Some(Duration(30)));
        assert_eq!(Duration::parse("15m"), Some(Duration::minutes(15)));
        assert_eq!(Duration::parse("24h"), Some(Duration::days(1)));
        assert_eq!(Duration::parse("7d"), Some(Duration(604_800)));
        for text in [
            "",
            "s",
            "1",
            "-1s",
            "1w",
            "1.5h",
            "9223372036854775807d",
            "1ы",
            "+1s",
        ] {
            assert_eq!(Duration::parse(text), None, "{text}");
        }
        assert_eq!(Duration(90).to_string(), "90s");
        assert_eq!(Duration(5400).to_string(), "90m");
        assert_eq!(Duration(0).to_string(), "0s");
        assert_eq!(Duration(-5).as_std(), std::time::Duration::ZERO);
    }

    #[test]
    fn serde_as_strings() {
        let json = serde_json::to_string(&(
            Instant::from_unix(0),
            Date::new(2026, 1, 2),
            TimeOfDay::new(3, 4, 5),
            Duration(7),
        ))
        .unwrap();
        assert_eq!(json, r#"["1970-01-01 00:00:00","2026-01-02","03:04:05",7]"#);
        let back: (Instant, Date, TimeOfDay, Duration) = serde_json::from_str(&json).unwrap();
        assert_eq!(back.0, Instant::from_unix(0));
        assert!(serde_json::from_str::<Date>("\"2026-13-01\"").is_err());
        assert!(serde_json::from_str::<Date>("5").is_err());
    }
}
