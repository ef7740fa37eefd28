//! Every date of ten years, in zones whose clocks jump in every way, under bounds of every kind, in locales of every
//! kind of week; compared with a table that is made by walking through time itself.

use super::view::KEY;
use super::*;
use crate::format::{Formats, Style};
use crate::length::{is_blank, utf16};
use std::collections::{BTreeMap, HashSet};

/// At night, at midnight (São Paulo), by half an hour (Lord Howe), a whole day (Apia in 2011), twice a year around
/// Ramadan (Casablanca), back in 2014 (Moscow), an offset of 5:45 (Kathmandu), none (UTC).
const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Moscow",
    "America/New_York",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Asia/Kathmandu",
];
/// Weeks from Monday, Sunday, Saturday; other digits, other orders of the parts of a date.
const LOCALES: [&str; 6] = ["ru", "en", "de", "ar-EG", "ja", "fa"];
const YEARS: std::ops::RangeInclusive<i16> = 2011..=2020;
const HOURS: &str = "00:00-24:00";
const STEP: i64 = 30 * 60;

fn day(text: &str) -> Date {
    Date::parse_sql(text).unwrap()
}
fn at(text: &str) -> Instant {
    Instant::parse_sql(text).unwrap()
}

/// The times of each day: every quarter of an hour of ten years is asked what the clocks show.
/// With what they show, in seconds from midnight.
type Table = BTreeMap<Date, Vec<(Instant, i64)>>;

fn walk(tz: &TimeZone) -> Table {
    let mut table = Table::new();
    let mut latest = jiff::civil::DateTime::MIN;
    let end = at("2021-01-02 00:00:00").unix();
    let mut unix = at("2010-12-30 00:00:00").unix();
    while unix < end {
        let instant = Instant::from_unix(unix);
        let local = instant.in_tz(tz);
        // What is not later was shown before: the clocks were set back.
        if local.minute() % 30 == 0 && local > latest {
            let shown = i64::from(local.hour()) * 3600 + i64::from(local.minute()) * 60;
            let date = Date::new(local.year(), local.month(), local.day()).unwrap();
            table.entry(date).or_default().push((instant, shown));
            latest = local;
        }
        unix += 15 * 60;
    }
    table
}

fn rules(tz: &TimeZone, slots: bool) -> Rules {
    Rules {
        tz: tz.clone(),
        now: at("2016-02-29 12:10:00"),
        min: None,
        max: None,
        closed: Weekdays::NONE,
        disabled: Disabled::default(),
        slots: slots.then(|| Slots::new(HOURS, STEP).unwrap()),
    }
}

/// Every time of the first case is compared; in the others what bounds it.
fn step(case: usize) -> i64 {
    if case == 0 { STEP } else { 8 * STEP }
}

/// Rules, and the same said once more in the plainest way.
type Case = (Rules, Box<dyn Fn(Date, Option<Instant>) -> bool>);

fn cases(tz: &TimeZone, slots: bool) -> Vec<Case> {
    let now = at("2016-02-29 12:10:00");
    let today = Date::today(now, tz);
    let zone = tz.clone();
    let all = |min, max| Rules {
        min,
        max,
        ..rules(tz, slots)
    };
    let mut closed = rules(tz, slots);
    closed.closed = Weekdays::from_bits(0b110_0000);
    let mut disabled = all(Some(Limit::Day(day("2012-01-31"))), None);
    disabled
        .disabled
        .days([day("2012-02-29"), day("2020-12-31")]);
    // Within a slot, not at its beginning.
    let taken = day("2014-10-26").start(tz) + crate::value::Duration::minutes(12 * 60 + 5);
    let zone_of_taken = tz.clone();
    let slot = crate::value::Duration::seconds(step(4));
    disabled.disabled.times([taken]);
    vec![
        (all(None, None), Box::new(|_, _| true)),
        (
            all(Some(Limit::Today(0)), Some(Limit::Today(60))),
            Box::new(move |day, at| {
                today <= day
                    && day <= today.plus_days(60)
                    && at.is_none_or(|at| day != today || at >= now)
            }),
        ),
        (
            all(
                Some(Limit::At(at("2015-03-29 00:30:00"))),
                Some(Limit::At(at("2018-11-04 04:00:00"))),
            ),
            Box::new(move |day, time| {
                let (from, until) = (at("2015-03-29 00:30:00"), at("2018-11-04 04:00:00"));
                match time {
                    Some(time) => from <= time && time <= until,
                    None => from.date(&zone) <= day && day <= until.date(&zone),
                }
            }),
        ),
        (
            closed,
            Box::new(|day, _| {
                // The 3rd of January 2000 was a Monday.
                let days = day.civil() - jiff::civil::date(2000, 1, 3);
                days.get_days().rem_euclid(7) < 5
            }),
        ),
        (
            disabled,
            Box::new(move |date, time| {
                date >= day("2012-01-31")
                    && date != day("2012-02-29")
                    && date != day("2020-12-31")
                    && match time {
                        Some(time) => taken < time || time + slot <= taken,
                        None => date != taken.date(&zone_of_taken),
                    }
            }),
        ),
        // Crossed: nothing is free, and nothing breaks.
        (
            all(
                Some(Limit::Day(day("2016-05-01"))),
                Some(Limit::Day(day("2016-04-01"))),
            ),
            Box::new(|_, _| false),
        ),
    ]
}

fn months() -> impl Iterator<Item = Month> {
    YEARS.flat_map(|year| (1..=12).filter_map(move |month| Month::new(year, month)))
}

#[test]
fn every_day_of_ten_years() {
    ten_years(false);
}

#[test]
fn every_time_of_ten_years() {
    ten_years(true);
}

fn ten_years(with_time: bool) {
    let formats = LOCALES.map(|tag| Formats::new(tag, TimeZone::UTC));
    for (at, name) in ZONES.into_iter().enumerate() {
        let tz = zone(name).unwrap();
        let table = walk(&tz);
        for (number, (rules, allowed)) in cases(&tz, with_time).into_iter().enumerate() {
            let step = step(number);
            let calendar = Calendar::new(Rules {
                slots: with_time.then(|| Slots::new(HOURS, step).unwrap()),
                ..rules
            });
            let free = |date: Date| -> Vec<Instant> {
                let times = table.get(&date).map_or(&[][..], Vec::as_slice);
                times
                    .iter()
                    .filter(|(_, shown)| shown % step == 0)
                    .map(|(time, _)| *time)
                    .filter(|time| allowed(date, Some(*time)))
                    .collect()
            };
            let what = format!("{name} {with_time} {number}");
            for (turn, month) in months().enumerate() {
                let times: Vec<Vec<Instant>> = match with_time {
                    true => month.days().map(free).collect(),
                    false => Vec::new(),
                };
                let expected: Vec<bool> = match with_time {
                    true => times.iter().map(|times| !times.is_empty()).collect(),
                    false => month.days().map(|day| allowed(day, None)).collect(),
                };
                // The locales take turns: each meets every month, every zone, every bound.
                let formats = &formats[(turn + at + number) % LOCALES.len()];
                one_month(&calendar, month, &expected, formats, &what);
                for (index, (date, expected)) in month.days().zip(expected).enumerate() {
                    let times = times.get(index).map_or(&[][..], Vec::as_slice);
                    one_day(&calendar, date, expected, times, &what);
                }
            }
        }
    }
}

/// The drawn month is the month, and what is offered is what is free.
fn one_month(calendar: &Calendar, month: Month, free: &[bool], formats: &Formats, what: &str) {
    let word = format!("m{:04}{:02}", month.year(), month.number());
    let what = format!("{what} {word} {}", formats.tag());
    let drawn = calendar.draw(&word, formats);
    sound(&drawn, &what);
    if !calendar.overlaps(month) {
        assert!(free.iter().all(|free| !free), "{what}");
        return; // the nearest month was drawn
    }
    assert_eq!(drawn.nothing, !free.contains(&true), "{what}");
    let names: Vec<String> = formats.weekdays().collect();
    let header = drawn
        .rows
        .iter()
        .position(|row| row.iter().map(|cell| &cell.label).eq(&names))
        .unwrap_or_else(|| panic!("{what}: no header"));
    let cells = drawn.rows[header + 1..]
        .iter()
        .flat_map(|row| row.iter().enumerate())
        .filter(|(_, cell)| cell.label != "·");
    let mut days = month.days().zip(free);
    for (column, cell) in cells {
        let (date, free) = days.next().unwrap_or_else(|| panic!("{what}: too many"));
        let (mut number, mut name) = (String::new(), String::new());
        formats.int(date.civil().day().into(), &mut number);
        formats.date(date, Style::Pattern("cccccc"), &mut name);
        assert_eq!(names[column], name, "{what} {date}");
        let (label, key) = match free {
            true => (number, day_key(date)),
            false => (format!("·{number}·"), "-".to_owned()),
        };
        assert_eq!((&cell.label, &cell.key), (&label, &key), "{what} {date}");
    }
    assert!(days.next().is_none(), "{what}: too few");
}

fn day_key(date: Date) -> String {
    format!("d{}", date.to_string().replace('-', ""))
}

/// Pressing and typing say the same, and it is what is free.
fn one_day(calendar: &Calendar, date: Date, expected: bool, times: &[Instant], what: &str) {
    let civil = date.civil();
    let typed = format!("{}.{}.{}", civil.day(), civil.month(), civil.year());
    let pressed = calendar.pressed(&day_key(date));
    if !calendar.with_time() {
        match expected {
            true => {
                assert_eq!(pressed, Pressed::Day(date), "{what} {date}");
                assert_eq!(calendar.typed_day(&typed), Ok(date), "{what} {date}");
            }
            false => {
                assert!(matches!(pressed, Pressed::Refused(_)), "{what} {date}");
                assert!(calendar.typed_day(&typed).is_err(), "{what} {date}");
            }
        }
        return;
    }
    if !expected {
        assert!(matches!(pressed, Pressed::Refused(_)), "{what} {date}");
        assert!(
            calendar.typed_time(&format!("{typed} 12:00")).is_err(),
            "{what} {date}"
        );
        return;
    }
    assert_eq!(pressed, Pressed::View(day_key(date)), "{what} {date}");
    assert_eq!(calendar.free_times(date), times, "{what} {date}");
    // The first and the last are where the bounds and the jumps are.
    for time in [times.first(), times.last()].into_iter().flatten() {
        let word = format!("t{}", time.unix());
        assert_eq!(
            calendar.pressed(&word),
            Pressed::Time(*time),
            "{what} {time}"
        );
        let local = time.in_tz(calendar.tz());
        let typed = format!("{date} {}:{:02}", local.hour(), local.minute());
        assert_eq!(calendar.typed_time(&typed), Ok(*time), "{what} {typed}");
        let between = *time + crate::value::Duration::minutes(7);
        assert!(
            calendar.accept_time(between).is_err(),
            "{what} {between}: no slot"
        );
    }
}

/// What Telegram takes, and what fits into a payload.
fn sound(drawn: &Drawn, what: &str) {
    let all: usize = drawn.rows.iter().map(Vec::len).sum();
    assert!(all <= 62, "{what}: {all}");
    for cell in drawn.rows.iter().flatten() {
        assert!(
            cell.key.len() <= KEY && cell.key.is_ascii(),
            "{what}: {}",
            cell.key
        );
        assert!(
            !is_blank(&cell.label) && utf16(&cell.label) <= 40,
            "{what}: {}",
            cell.label
        );
    }
    assert!(
        drawn.rows.iter().all(|row| (1..=8).contains(&row.len())),
        "{what}"
    );
}

#[test]
fn all_that_is_free_can_be_reached_and_nothing_else() {
    let formats = Formats::new("en", TimeZone::UTC);
    for name in ZONES {
        let tz = zone(name).unwrap();
        for with_time in [false, true] {
            let mut rules = rules(&tz, with_time);
            rules.min = Some(Limit::Day(day("2015-11-15")));
            rules.max = Some(Limit::Today(400));
            rules.slots = with_time.then(|| Slots::new(HOURS, 4 * 3600).unwrap());
            let calendar = Calendar::new(rules);
            let (mut seen, mut chosen) = (HashSet::new(), HashSet::new());
            let mut todo = vec![String::new()];
            while let Some(view) = todo.pop() {
                let drawn = calendar.draw(&view, &formats);
                sound(&drawn, name);
                for cell in drawn.rows.iter().flatten() {
                    match calendar.pressed(&cell.key) {
                        Pressed::View(next) => {
                            assert_eq!(next, cell.key, "a view that is drawn is shown");
                            if seen.insert(next.clone()) {
                                todo.push(next);
                            }
                        }
                        Pressed::Day(date) => drop(chosen.insert(date)),
                        Pressed::Time(time) => drop(chosen.insert(time.date(&tz))),
                        Pressed::Nothing => assert_eq!(cell.key, "-"),
                        Pressed::Refused(refusal) => panic!("{name} {}: {refusal:?}", cell.key),
                    }
                }
            }
            let mut date = day("2015-11-01");
            while date < day("2017-06-01") {
                assert_eq!(
                    chosen.contains(&date),
                    calendar.is_free(date),
                    "{name} {date}"
                );
                date = date.plus_days(1);
            }
        }
    }
}

#[test]
fn the_first_view_is_within_the_bounds_and_has_something_free() {
    let formats = Formats::new("en", TimeZone::UTC);
    let heading = |rules: Rules| {
        let drawn = Calendar::new(rules).draw("", &formats);
        let row = drawn
            .rows
            .iter()
            .find(|row| row.len() == 3 && row[1].key == "-");
        (row.unwrap()[1].label.clone(), drawn.nothing)
    };
    let utc = TimeZone::UTC;
    let month = |min: Option<&str>, max: Option<&str>| {
        heading(Rules {
            min: min.map(|text| Limit::Day(day(text))),
            max: max.map(|text| Limit::Day(day(text))),
            ..rules(&utc, true)
        })
    };
    assert_eq!(month(None, None), ("February 2016".into(), false));
    assert_eq!(
        month(Some("2016-04-30"), None),
        ("April 2016".into(), false)
    );
    assert_eq!(
        month(None, Some("2015-12-01")),
        ("December 2015".into(), false)
    );
    assert_eq!(
        month(Some("2016-05-01"), Some("2016-04-01")),
        ("May 2016".into(), true)
    );
    // On the evening of the last day of a month nothing of it is left.
    let evening = Rules {
        now: at("2016-02-29 23:45:00"),
        min: Some(Limit::Today(0)),
        ..rules(&utc, true)
    };
    assert_eq!(heading(evening), ("March 2016".into(), false));
}

#[test]
fn today_is_the_day_of_the_zone() {
    for (name, first) in [
        ("Asia/Tokyo", "2026-01-02"),
        ("America/New_York", "2026-01-01"),
    ] {
        let tz = zone(name).unwrap();
        let calendar = Calendar::new(Rules {
            now: at("2026-01-01 20:00:00"),
            min: Some(Limit::Today(0)),
            ..rules(&tz, false)
        });
        assert!(calendar.is_free(day(first)));
        assert!(!calendar.is_free(day(first).plus_days(-1)), "{name}");
    }
}

#[test]
fn refusals_say_the_bound_as_it_can_be_typed() {
    let tz = zone("Europe/Moscow").unwrap();
    let calendar = Calendar::new(Rules {
        min: Some(Limit::Today(0)),
        max: Some(Limit::Today(60)),
        ..rules(&tz, true)
    });
    let refused = |typed: &str| calendar.typed_time(typed).unwrap_err();
    let small = |min: &str| Refusal::TooSmall {
        min: min.into(),
        length: false,
    };
    assert_eq!(refused("2016-02-28 10:00"), small("2016-02-29"));
    assert_eq!(refused("2016-02-29 10:00"), small("2016-02-29 15:10"));
    assert_eq!(
        refused("2026-02-29 10:00"),
        Refusal::Malformed(answer::Wanted::DateTime)
    );
    assert_eq!(
        refused("30.04.2016 10:00"),
        Refusal::TooGreat {
            max: "2016-04-29".into(),
            length: false
        }
    );
    assert_eq!(refused("2016-03-01 10:10"), Refusal::NotFree);
    // A day alone is shown, if there is something on it.
    assert_eq!(
        calendar.typed_view("1.3.2016"),
        Some(Ok("d20160301".into()))
    );
    assert_eq!(
        calendar.typed_view("2016-02-28"),
        Some(Err(small("2016-02-29")))
    );
    assert_eq!(calendar.typed_view("tomorrow"), None);
    assert_eq!(
        calendar.typed_time("01.03.2016 10:30"),
        Ok(at("2016-03-01 07:30:00"))
    );
}

#[test]
fn times_of_a_long_day_come_in_pages() {
    let formats = Formats::new("ru", TimeZone::UTC);
    let calendar = Calendar::new(Rules {
        slots: Some(Slots::new("00:00-24:00", 300).unwrap()),
        ..rules(&TimeZone::UTC, true)
    });
    let mut found = HashSet::new();
    for page in 0..8 {
        let drawn = calendar.draw(&format!("d20160301p{page}"), &formats);
        sound(&drawn, "pages");
        found.extend(
            drawn
                .rows
                .iter()
                .flatten()
                .filter(|cell| cell.key.starts_with('t'))
                .map(|cell| cell.label.clone()),
        );
    }
    assert_eq!(found.len(), 288);
}

#[test]
fn any_word_is_read_without_panic() {
    let formats = Formats::new("en", TimeZone::UTC);
    let calendars = [false, true].map(|time| Calendar::new(rules(&TimeZone::UTC, time)));
    let mut seed: u64 = 5;
    for _ in 0..20_000 {
        let mut word = String::new();
        for _ in 0..seed % 14 {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(99);
            word.push_str(
                ["m", "d", "y", "t", "p", "-", "0", "1", "2", "9", "20", "ё"]
                    [(seed >> 40) as usize % 12],
            );
        }
        seed = seed.wrapping_add(1);
        for calendar in &calendars {
            let _ = calendar.pressed(&word);
        }
    }
    for calendar in &calendars {
        for word in [
            "m000000",
            "m000101",
            "m999912",
            "y000101",
            "y999912",
            "d99991231",
            "d20260230",
            "d20260301p65535",
            "t",
            "t-",
            "t99999999999999999999",
            "t253402207200",
            "t-62135510400",
        ] {
            let _ = calendar.pressed(word);
            sound(&calendar.draw(word, &formats), word);
        }
    }
}

#[test]
fn headings_and_weeks_of_locales() {
    let shown = |tag: &str| {
        let formats = Formats::new(tag, TimeZone::UTC);
        let week: Vec<String> = formats.weekdays().collect();
        (
            formats.month(day("2026-05-08")),
            formats.day(day("2026-05-08")),
            week.join(" "),
        )
    };
    let (month, long, week) = shown("ru");
    assert!(month.starts_with("Май 2026"), "{month}");
    assert!(long.starts_with("Пятница, 8 мая 2026"), "{long}");
    assert_eq!(week, "пн вт ср чт пт сб вс");
    assert_eq!(
        shown("en"),
        (
            "May 2026".into(),
            "Friday, May 8, 2026".into(),
            "Su Mo Tu We Th Fr Sa".into()
        )
    );
    assert_eq!(shown("en-GB").2, "Mo Tu We Th Fr Sa Su");
    assert_eq!(shown("ja").0, "2026年5月");
    assert!(shown("ar-EG").2.starts_with(&{
        let formats = Formats::new("ar-EG", TimeZone::UTC);
        let mut saturday = String::new();
        formats.date(day("2026-05-09"), Style::Pattern("cccccc"), &mut saturday);
        saturday
    }));
    assert_eq!(
        shown("tlh").0,
        "May 2026",
        "unknown languages are shown as English"
    );
}
