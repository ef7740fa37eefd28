//! What the compiler and the runtime share: markup and the values that people send.

use botfactory_lang::answer::{self, Bounds};
use botfactory_lang::callback::{self, Keys, Owner, Payload};
use botfactory_lang::format::{Formats, Style, check_pattern};
use botfactory_lang::length::{cut, utf16};
use botfactory_lang::limits::{CALLBACK_DATA_BYTES, MESSAGE_RAW_BYTES, MESSAGE_TEXT};
use botfactory_lang::markup::{
    ParseMode, Place, check, escape_into, plain_text, split, visible_length,
};
use botfactory_lang::value::{Date, Instant};
use jiff::tz::TimeZone;

use super::held;

const MODES: [ParseMode; 3] = [ParseMode::Html, ParseMode::MarkdownV2, ParseMode::Plain];

/// The first byte chooses the parse mode and how often the text is repeated (so that it must be split).
pub fn markup(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    let mode = MODES[usize::from(*first) % MODES.len()];
    let text = held::text(rest);
    let (faults, _) = check(mode, &text, &[]);
    for fault in &faults {
        assert!(
            text.get(fault.range.clone()).is_some(),
            "{text:?}: {fault:?}"
        );
    }
    let plain = plain_text(mode, &text);
    assert_eq!(utf16(&plain), visible_length(mode, &text), "{text:?}");
    for place in [Place::Text, Place::Code] {
        let mut out = String::new();
        let (open, close) = match (mode, place) {
            (ParseMode::Plain, _) => ("", ""),
            (ParseMode::Html, Place::Code) => ("<code>", "</code>"),
            (ParseMode::Html, _) => ("<b>", "</b>"),
            (_, Place::Code) => ("```\n", "```"),
            _ => ("*", "*"),
        };
        out.push_str(open);
        escape_into(mode, place, &text, &mut out);
        out.push_str(close);
        assert_eq!(check(mode, &out, &[]).0, vec![], "{out:?}");
        if place == Place::Text {
            assert_eq!(plain_text(mode, &out), text, "{out:?}");
        }
    }
    if !faults.is_empty() {
        return;
    }
    // Whole copies of correct markup are correct; cut into messages each is correct by itself, and nothing is lost.
    let copies = 1 + usize::from(*first / 3) % 64;
    let long = text.repeat(copies);
    if long.len() > 200_000 || !check(mode, &long, &[]).0.is_empty() {
        return;
    }
    let breaks: Vec<usize> = (1..copies).map(|n| n * text.len()).collect();
    let cuts = split(mode, &long, &breaks);
    let seen = |text: &str| {
        text.chars()
            .filter(|c| !c.is_whitespace())
            .collect::<String>()
    };
    let mut all = String::new();
    for part in &cuts {
        if cuts.len() > 1 {
            assert!(
                visible_length(mode, part) <= MESSAGE_TEXT,
                "a part is too long"
            );
            assert!(
                part.len() <= MESSAGE_RAW_BYTES,
                "a part has {} bytes",
                part.len()
            );
            assert_eq!(check(mode, part, &[]).0, vec![], "{part:?} of {text:?}");
        }
        all.push_str(&seen(&plain_text(mode, part)));
    }
    if cuts.len() > 1 {
        assert_eq!(all, seen(&plain_text(mode, &long)), "{text:?}");
    }
}

/// Whatever a person types or a client sends back.
pub fn values(data: &[u8]) {
    let text = held::text(data);
    let text = text.as_ref();
    let _ = answer::text(
        text,
        Bounds {
            min: Some(2),
            max: Some(50),
        },
    );
    let _ = answer::phone(text);
    let _ = answer::email(text);
    let _ = answer::time(text, Bounds::NONE);
    let _ = answer::boolean(text, "yes", "no");
    answer::same(text, "yes");
    if let Ok(n) = answer::int(text, Bounds::NONE) {
        assert_eq!(answer::int(&n.to_string(), Bounds::NONE), Ok(n), "{text:?}");
    }
    if let Ok(n) = answer::decimal::<2>(text, Bounds::NONE) {
        assert_eq!(
            answer::decimal::<2>(&n.to_string(), Bounds::NONE),
            Ok(n),
            "{text:?}"
        );
    }
    for tz in [
        TimeZone::UTC,
        jiff::tz::db().get("America/New_York").expect("a zone"),
    ] {
        let _ = answer::datetime(text, &tz, Bounds::NONE);
    }
    if let Ok(date) = answer::date(text, Bounds::NONE) {
        assert_eq!(
            answer::date(&date.to_string(), Bounds::NONE),
            Ok(date),
            "{text:?}"
        );
    }
    payload(text);
    arguments(text);
    lengths(text);
    pattern(text);
}

fn payload(text: &str) {
    match callback::decode(text) {
        Ok(Payload::Toast(hash)) => {
            assert_eq!(
                callback::decode(&callback::toast(hash)),
                Ok(Payload::Toast(hash))
            );
        }
        Ok(Payload::Page(press)) => {
            let owner = Owner {
                bot: 1,
                chat: 2,
                person: 3,
                thread: 0,
            };
            let keys = Keys {
                current: [7; 32],
                old: None,
            };
            let again = callback::page(&keys, owner, press.list, press.leaf, press.data());
            let again = again.expect("what was read fits");
            assert!(again.len() <= CALLBACK_DATA_BYTES);
            let Ok(Payload::Page(ours)) = callback::decode(&again) else {
                panic!("{again:?} does not read back")
            };
            assert!(ours.verify(&keys, owner) && ours.data() == press.data());
        }
        Ok(Payload::Wizard(press)) => {
            let owner = Owner {
                bot: 1,
                chat: 2,
                person: 3,
                thread: 0,
            };
            let keys = Keys {
                current: [7; 32],
                old: None,
            };
            let again = callback::wizard(
                &keys,
                owner,
                press.flow,
                press.run,
                press.step,
                press.action,
            );
            assert!(again.len() <= CALLBACK_DATA_BYTES);
            let Ok(Payload::Wizard(ours)) = callback::decode(&again) else {
                panic!("{again:?} does not read back")
            };
            assert!(ours.verify(&keys, owner));
            // Somebody else's button: only the right MAC fits.
            assert_eq!(press.verify(&keys, owner), press.mac == ours.mac);
        }
        Ok(Payload::Command(line)) => assert_eq!(line, text),
        Ok(Payload::Locale(tag)) => assert_eq!(callback::locale(tag), text),
        Err(_) => {}
    }
}

fn arguments(text: &str) {
    if let Some((name, _, rest)) = callback::command_line(text) {
        assert_eq!(name, name.to_ascii_lowercase());
        let mut rest = rest;
        while let Some((_, more)) = callback::next_arg(rest, false) {
            assert!(more.len() < rest.len());
            rest = more;
        }
    }
    for last in [false, true] {
        let mut line = String::new();
        callback::encode_arg_text(&mut line, text, last);
        let read = callback::next_arg(&line, last)
            .map(|(value, rest)| (value.into_owned(), rest.to_owned()));
        assert_eq!(
            read,
            Some((text.to_owned(), String::new())),
            "{line:?} {last}"
        );
    }
}

fn lengths(text: &str) {
    for max in [0, 1, 5, 64, 200] {
        let short = cut(text, max);
        assert!(utf16(&short) <= max, "{text:?} cut to {max}: {short:?}");
    }
}

/// A date pattern that the compiler accepts prints.
fn pattern(text: &str) {
    let formats = [
        Formats::new("en", TimeZone::UTC),
        Formats::new("ru", TimeZone::UTC),
    ];
    let mut out = String::new();
    if check_pattern(text, true, true).is_ok() {
        for formats in &formats {
            formats.instant(
                Instant::from_unix(1_700_000_000),
                Style::Pattern(text),
                &mut out,
            );
        }
    }
    if check_pattern(text, true, false).is_ok()
        && let Some(date) = Date::new(2024, 2, 29)
    {
        formats[0].date(date, Style::Pattern(text), &mut out);
    }
}
