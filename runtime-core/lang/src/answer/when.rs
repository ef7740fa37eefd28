//! Dates and times as people type them.

use super::{Bounds, Refusal, Wanted};
use crate::value::{Date, Instant, TimeOfDay};
use jiff::tz::TimeZone;

/// `YYYY-MM-DD` or `DD.MM.YYYY`; zeros in front may be left out.
pub fn date(typed: &str, bounds: Bounds<Date>) -> Result<Date, Refusal> {
    let date = read_date(typed.trim()).ok_or(Refusal::Malformed(Wanted::Date))?;
    bounds.check(date, false, |bound| bound.to_string())
}

/// `HH:MM` or `HH:MM:SS`; the hour may have one digit.
pub fn time(typed: &str, bounds: Bounds<TimeOfDay>) -> Result<TimeOfDay, Refusal> {
    let time = read_time(typed.trim()).ok_or(Refusal::Malformed(Wanted::Time))?;
    bounds.check(time, false, print_time)
}

/// A date, a space or `T`, and a time, in `tz`. A local time that a DST gap skips is malformed;
/// one that happens twice is the earlier. `@` and Unix seconds, the form of payloads, is read too.
pub fn datetime(typed: &str, tz: &TimeZone, bounds: Bounds<Instant>) -> Result<Instant, Refusal> {
    let instant = read_instant(typed.trim(), tz).ok_or(Refusal::Malformed(Wanted::DateTime))?;
    bounds.check(instant, false, |bound| print_instant(bound, tz))
}

/// A bound as it can be typed.
pub(crate) fn print_instant(instant: Instant, tz: &TimeZone) -> String {
    format!("{} {}", instant.date(tz), print_time(instant.time(tz)))
}

fn read_instant(typed: &str, tz: &TimeZone) -> Option<Instant> {
    if let Some(unix) = typed.strip_prefix('@') {
        return Instant::try_from_unix(unix.parse().ok()?);
    }
    let (day, clock) = typed
        .split_once(['T', 't'])
        .or_else(|| typed.split_once(char::is_whitespace))?;
    let day = day.strip_suffix(',').unwrap_or(day);
    Instant::from_local(read_date(day)?, read_time(clock.trim_start())?, tz)
}

fn read_date(typed: &str) -> Option<Date> {
    let (year, month, day) = if typed.contains('-') {
        let mut parts = typed.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        parts.next().is_none().then_some((year, month, day))?
    } else {
        let mut parts = typed.split('.');
        let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
        parts.next().is_none().then_some((year, month, day))?
    };
    if year.len() != 4 {
        return None;
    }
    Date::new(
        number(year)?,
        i8::try_from(short(month)?).ok()?,
        i8::try_from(short(day)?).ok()?,
    )
}

fn read_time(typed: &str) -> Option<TimeOfDay> {
    let mut parts = typed.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next().unwrap_or("00"));
    if parts.next().is_some() || minute.len() != 2 || second.len() != 2 {
        return None;
    }
    TimeOfDay::new(
        i8::try_from(short(hour)?).ok()?,
        i8::try_from(short(minute)?).ok()?,
        i8::try_from(short(second)?).ok()?,
    )
}

/// One or two digits.
fn short(digits: &str) -> Option<i16> {
    if digits.len() <= 2 {
        number(digits)
    } else {
        None
    }
}

/// Digits and nothing else.
fn number(digits: &str) -> Option<i16> {
    let fine = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    fine.then(|| digits.parse().ok()).flatten()
}

/// Without the seconds where there are none.
fn print_time(time: TimeOfDay) -> String {
    let mut text = time.to_string();
    if text.ends_with(":00") {
        text.truncate(5);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i16, month: i8, day: i8) -> Date {
        Date::new(year, month, day).unwrap()
    }

    #[test]
    fn dates() {
        for typed in [
            "2026-03-05",
            "05.03.2026",
            "5.3.2026",
            "2026-3-5",
            " 05.03.2026 ",
        ] {
            assert_eq!(date(typed, Bounds::NONE), Ok(day(2026, 3, 5)), "{typed}");
        }
        for typed in [
            "",
            "05.03.26",
            "30.02.2026",
            "05/03/2026",
            "2026.03.05",
            "05-03-2026",
            "2026-03-05-1",
            "5.3.2026.",
            "+5.3.2026",
            "today",
            "005.03.2026",
            "0000-01-01",
        ] {
            assert_eq!(
                date(typed, Bounds::NONE),
                Err(Refusal::Malformed(Wanted::Date)),
                "{typed}"
            );
        }
        let bounds = Bounds {
            min: Some(day(2026, 3, 5)),
            max: None,
        };
        assert_eq!(
            date("04.03.2026", bounds),
            Err(Refusal::TooSmall {
                min: "2026-03-05".into(),
                length: false
            })
        );
    }

    #[test]
    fn times() {
        assert_eq!(
            time("9:05", Bounds::NONE),
            Ok(TimeOfDay::new(9, 5, 0).unwrap())
        );
        assert_eq!(
            time("23:59:59", Bounds::NONE),
            Ok(TimeOfDay::new(23, 59, 59).unwrap())
        );
        for typed in [
            "",
            "9",
            "9:5",
            "24:00",
            "12:60",
            "12:00:60",
            "12:00:00:00",
            "12.30",
            "-1:00",
            "123:00",
        ] {
            assert_eq!(
                time(typed, Bounds::NONE),
                Err(Refusal::Malformed(Wanted::Time)),
                "{typed}"
            );
        }
        let bounds = Bounds {
            min: None,
            max: TimeOfDay::new(20, 0, 0),
        };
        assert_eq!(
            time("20:00:01", bounds),
            Err(Refusal::TooGreat {
                max: "20:00".into(),
                length: false
            })
        );
    }

    #[test]
    fn datetimes() {
        let moscow = TimeZone::get("Europe/Moscow").unwrap();
        let wanted = Instant::parse_sql("2026-03-05 11:30:00").unwrap();
        for typed in [
            "2026-03-05 14:30",
            "05.03.2026 14:30:00",
            "05.03.2026, 14:30",
            "2026-03-05T14:30",
            "5.3.2026   14:30",
            "@1772710200",
        ] {
            assert_eq!(
                datetime(typed, &moscow, Bounds::NONE),
                Ok(wanted),
                "{typed}"
            );
        }
        for typed in [
            "",
            "05.03.2026",
            "14:30",
            "05.03.2026 25:00",
            "@",
            "@x",
            "@99999999999999",
            "05.03.2026 14:30 x",
        ] {
            assert_eq!(
                datetime(typed, &moscow, Bounds::NONE),
                Err(Refusal::Malformed(Wanted::DateTime)),
                "{typed}"
            );
        }
        let bounds = Bounds {
            min: Some(wanted),
            max: None,
        };
        assert_eq!(
            datetime("05.03.2026 14:29", &moscow, bounds),
            Err(Refusal::TooSmall {
                min: "2026-03-05 14:30".into(),
                length: false
            }),
            "bounds are printed as they can be typed, in the zone"
        );
    }

    #[test]
    fn daylight_saving() {
        let new_york = TimeZone::get("America/New_York").unwrap();
        assert!(
            datetime("2026-03-08 02:30", &new_york, Bounds::NONE).is_err(),
            "skipped"
        );
        let twice = datetime("2026-11-01 01:30", &new_york, Bounds::NONE).unwrap();
        assert_eq!(
            twice.to_string(),
            "2026-11-01 05:30:00",
            "the earlier, still daylight saving time"
        );
    }

    #[test]
    fn what_is_printed_can_be_typed() {
        for name in [
            "Europe/Moscow",
            "Europe/London",
            "America/Sao_Paulo",
            "Australia/Lord_Howe",
            "Asia/Kolkata",
        ] {
            let tz = TimeZone::get(name).unwrap();
            let mut unix = 1_577_836_800;
            for _ in 0..1_000 {
                unix += 86_400 + 3_607;
                let instant = Instant::from_unix(unix);
                for typed in [
                    instant.in_tz(&tz).strftime("%d.%m.%Y %H:%M:%S").to_string(),
                    format!("@{unix}"),
                ] {
                    let back = datetime(&typed, &tz, Bounds::NONE).unwrap();
                    assert_eq!(back.in_tz(&tz), instant.in_tz(&tz), "{name} {typed}");
                }
            }
        }
    }
}
