//! What an old `validate.regex` really asks for. The old system matched at the start of the answer only
//! (Python's `re.match`); the new one matches all of it.

use regex::{Regex, RegexBuilder};

/// What a pattern means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Checks only that the answer looks like `YYYY-MM-DD HH:MM`.
    DateTime,
    /// Checks only that the answer looks like `YYYY-MM-DD`.
    Date,
    /// Accepts exactly the whole numbers of a range.
    Int { min: i64, max: Option<i64> },
    /// Accepts any text of some length.
    Length {
        min: Option<usize>,
        max: Option<usize>,
    },
    /// A pattern, now matching all of the answer; `widened` when something had to be added for that.
    Regex { pattern: String, widened: bool },
    /// Not expressible (look-around, back references, or no regex at all).
    Unusable(String),
}

/// Largest compiled size we accept, in bytes; far above any pattern a person writes.
const COMPILED: usize = 1 << 20;
/// Longest text that a message holds.
const LONGEST: usize = botfactory_lang::limits::MESSAGE_TEXT;
/// Whole numbers up to here are tried one by one.
const TRIED: i64 = 20_000;

/// Finds out what `old` means.
pub(super) fn meaning(old: &str) -> Meaning {
    // Python's end of text is Rust's `\z`; signs that no YAML scalar keeps are written by number.
    let mut old: String = old.replace("\\Z", "\\z");
    if old.contains(unwritable) {
        old = old
            .chars()
            .map(|c| match unwritable(c) {
                true => format!("\\x{{{:X}}}", u32::from(c)),
                false => c.to_string(),
            })
            .collect();
    }
    if ["^", "$", "\\A", "\\z"]
        .iter()
        .fold(old.clone(), |rest, a| rest.replace(a, ""))
        .is_empty()
    {
        return match ends_anchored(&old) {
            true => Meaning::Unusable("it accepts an empty answer only".to_owned()),
            false => Meaning::Length {
                min: None,
                max: None,
            },
        };
    }
    if let Some(length) = length(&old) {
        return length;
    }
    let (pattern, widened) = whole(&old);
    let full = match compile(&format!("^(?:{pattern})$")) {
        Ok(full) => full,
        Err(error) => return Meaning::Unusable(error),
    };
    if looks_like(&full, DATETIMES, &[DATES, NEITHER]) {
        return Meaning::DateTime;
    }
    if looks_like(&full, DATES, &[DATETIMES, NEITHER]) {
        return Meaning::Date;
    }
    if digits_only(&old)
        && let Some((min, max)) = range(&full, &old)
    {
        return Meaning::Int { min, max };
    }
    Meaning::Regex { pattern, widened }
}

/// The pattern that matches all of an answer where `old` matched at its start, and whether that is another one.
pub(super) fn whole(old: &str) -> (String, bool) {
    match ends_anchored(old) {
        true => (old.to_owned(), false),
        false => (format!("(?:{old})(?s:.*)"), true),
    }
}

fn unwritable(c: char) -> bool {
    c.is_control() || super::yaml::needs_escape(c)
}

fn compile(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern)
        .size_limit(COMPILED)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "too big".to_owned(),
            // The message draws the pattern over several lines; its last line says what is wrong.
            other => other
                .to_string()
                .lines()
                .last()
                .unwrap_or_default()
                .trim_start_matches("error: ")
                .to_owned(),
        })
}

/// Every digit in every place, so that a pattern that asks for more than the form is noticed.
const DATETIMES: &[&str] = &[
    "2024-12-25 14:30",
    "1999-01-01 00:00",
    "2031-10-31 23:59",
    "0000-07-08 05:06",
    "8765-04-29 19:47",
];
const DATES: &[&str] = &[
    "2024-12-25",
    "1999-01-01",
    "2031-10-31",
    "0000-07-08",
    "8765-04-29",
];
const NEITHER: &[&str] = &[
    "2024-12-25 14:30 x",
    "2024-12-25x",
    "x",
    "14:30",
    "25",
    "hello, world and more",
    "привет",
    "aaaa-bb-cc dd:ee",
    "aaaa-bb-cc",
    "2024/12/25 14/30",
];

fn looks_like(full: &Regex, yes: &[&str], no: &[&[&str]]) -> bool {
    yes.iter().all(|s| full.is_match(s)) && !no.iter().any(|l| l.iter().any(|s| full.is_match(s)))
}

/// Whether nothing but digits can match: no other literal, class or escape stands in the pattern.
fn digits_only(pattern: &str) -> bool {
    let (mut class, mut count, mut before) = (false, false, ' ');
    let pattern = pattern.replace("\\d", "0").replace("(?:", "(");
    pattern.chars().all(|c| {
        let fits = match c {
            '[' if !class => {
                class = true;
                true
            }
            ']' if class => {
                class = false;
                true
            }
            '{' if !class => {
                count = true;
                true
            }
            '}' if count => {
                count = false;
                true
            }
            ',' => count,
            // A range of digits; at the edge of a class it would be a literal.
            '-' => class && before.is_ascii_digit(),
            '^' | '$' | '(' | ')' | '|' | '?' | '*' | '+' => !class,
            c => c.is_ascii_digit(),
        };
        before = c;
        fits
    })
}

/// The range of whole numbers, when the pattern accepts exactly the numbers of one range, written plainly.
fn range(full: &Regex, pattern: &str) -> Option<(i64, Option<i64>)> {
    // Not anchored at the end, or not at all.
    if ["", "-", "1x", "x"].iter().any(|s| full.is_match(s)) {
        return None;
    }
    // A code such as `007` is no number: what is accepted padded must be accepted plain.
    for n in [0, 1, 7, 12, 99, 123, 4567] {
        let plain = full.is_match(&n.to_string());
        if !plain && (2..=10).any(|width| full.is_match(&format!("{n:0width$}"))) {
            return None;
        }
    }
    let accepts = |n: i64| full.is_match(&n.to_string());
    let min = (0..=TRIED).find(|&n| accepts(n))?;
    let Some(end) = (min..=TRIED).find(|&n| !accepts(n)) else {
        return open_range(accepts).map(|max| (min, max));
    };
    // Beyond what was tried: longer runs of digits, and numbers that stand in the pattern itself.
    let spelt = pattern
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|n| n.parse().ok())
        .filter(|&n: &i64| n >= end);
    let gap = (end..=TRIED).any(&accepts)
        || (6..=18).any(|k| accepts(10i64.pow(k) - 1))
        || spelt.into_iter().any(accepts);
    (!gap).then_some((min, Some(end - 1)))
}

/// The greatest number of a pattern that accepts everything tried: bounded by a count of digits, or unbounded.
fn open_range(accepts: impl Fn(i64) -> bool) -> Option<Option<i64>> {
    // 10^18 is the greatest power of ten an i64 holds.
    let max = (5..=18)
        .map(|k| 10i64.pow(k))
        .find(|&n| !accepts(n))
        .map(|n| n - 1);
    // A few numbers in between, to see that nothing is missing.
    let fair = [54_321, 90_807, 123_456, 7_777_777, 1_020_304_050]
        .into_iter()
        .all(|n| accepts(n) == max.is_none_or(|m| n <= m));
    fair.then_some(max)
}

/// `.{10,}`, `^.{2,50}$`, `.+`: the length of any text.
fn length(old: &str) -> Option<Meaning> {
    let body = old.strip_prefix('^').unwrap_or(old);
    let (body, ended) = match body.strip_suffix('$') {
        Some(body) => (body, true),
        None => (body, false),
    };
    let (min, max) = match body {
        ".+" => (1, None),
        ".*" => (0, None),
        _ => {
            let counts = body.strip_prefix(".{")?.strip_suffix('}')?;
            match counts.split_once(',') {
                None => {
                    let n = counts.parse().ok()?;
                    (n, Some(n))
                }
                Some((min, "")) => (min.parse().ok()?, None),
                Some((min, max)) => (min.parse().ok()?, Some(max.parse().ok()?)),
            }
        }
    };
    if min > LONGEST || max.is_some_and(|max| max > LONGEST) {
        return Some(Meaning::Unusable(
            "it is about texts longer than a message".to_owned(),
        ));
    }
    Some(Meaning::Length {
        min: (min > 1).then_some(min),
        // Not anchored at the end: whatever follows was accepted.
        max: max.filter(|_| ended),
    })
}

/// Whether every alternative ends with `$`, so that matching at the start already meant matching all.
fn ends_anchored(pattern: &str) -> bool {
    let (mut depth, mut class, mut escaped) = (0usize, false, false);
    let (mut last, mut anchored) = (None, true);
    for c in pattern.chars() {
        if escaped {
            escaped = false;
            last = (c == 'z' && depth == 0).then_some('$');
            continue;
        }
        match c {
            '\\' => escaped = true,
            '[' if !class => class = true,
            ']' if class => class = false,
            '(' if !class => depth += 1,
            ')' if !class => depth = depth.saturating_sub(1),
            '|' if !class && depth == 0 => {
                anchored &= last == Some('$');
                last = None;
                continue;
            }
            _ => {}
        }
        last = (depth == 0 && !class).then_some(c);
    }
    anchored && last == Some('$')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(min: i64, max: i64) -> Meaning {
        Meaning::Int {
            min,
            max: Some(max),
        }
    }
    fn kept(pattern: &str) -> Meaning {
        Meaning::Regex {
            pattern: pattern.into(),
            widened: false,
        }
    }

    #[test]
    fn plain_number_ranges_are_ints() {
        assert_eq!(meaning("^[1-5]$"), int(1, 5));
        assert_eq!(meaning(r"^\d{1,3}$"), int(0, 999));
        assert_eq!(meaning(r"^[1-9]\d?$"), int(1, 99));
        assert_eq!(meaning("^([5-9]|[1-4][0-9]|50)$"), int(5, 50));
        assert_eq!(meaning(r"^[0-9]{1,7}$"), int(0, 9_999_999));
        assert_eq!(meaning(r"^\d+$"), Meaning::Int { min: 0, max: None });
        assert_eq!(meaning(r"^[1-9]\d*$"), Meaning::Int { min: 1, max: None });
    }

    #[test]
    fn codes_and_gaps_are_no_numbers() {
        for pattern in [
            r"^\d{4}$",
            r"^\d{6}$",
            "^(1|3)$",
            r"^\d{10,12}$",
            "^(1|2|x)$",
            "^(1|2|stop)$",
            "^[1-5-]$",
            "^[^a-z]$",
            r"^(\+7|8)\d{10}$",
            r"^-?\d+$",
            "^([1-5]|100000000)$",
        ] {
            assert!(
                matches!(meaning(pattern), Meaning::Regex { .. }),
                "{pattern}"
            );
        }
    }

    #[test]
    fn forms_of_date_and_time_are_recognised_and_narrower_ones_are_not() {
        assert_eq!(
            meaning(r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}$"),
            Meaning::DateTime
        );
        assert_eq!(
            meaning("^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}$"),
            Meaning::DateTime
        );
        assert_eq!(meaning(r"^\d\d\d\d-\d\d-\d\d$"), Meaning::Date);
        assert!(matches!(
            meaning(r"^\d{4}-\d{2}-\d{2} \d{2}:(00|30)$"),
            Meaning::Regex { .. }
        ));
    }

    #[test]
    fn anchored_patterns_stay_and_open_ones_keep_matching_at_the_start_only() {
        assert_eq!(meaning("^(a|b)$"), kept("^(a|b)$"));
        assert_eq!(meaning("^a$|^b$"), kept("^a$|^b$"));
        assert_eq!(meaning(r"^a\Z"), kept(r"^a\z"));
        for open in ["^a|b$", r"^a\$", "^[a$", "ab", "^(a$)"] {
            match meaning(open) {
                Meaning::Regex { pattern, widened } => {
                    assert!(widened, "{open}");
                    assert_eq!(pattern, format!("(?:{open})(?s:.*)"));
                }
                Meaning::Unusable(_) => assert_eq!(open, "^[a$"),
                other => panic!("{open}: {other:?}"),
            }
        }
    }

    #[test]
    fn lengths() {
        let length = |min, max| Meaning::Length { min, max };
        assert_eq!(meaning(".{10,}"), length(Some(10), None));
        assert_eq!(meaning("^.{2,50}$"), length(Some(2), Some(50)));
        assert_eq!(meaning("^.{2,50}"), length(Some(2), None));
        assert_eq!(meaning(".+"), length(None, None));
    }

    #[test]
    fn what_rust_cannot_match_is_unusable() {
        for pattern in [
            "$",
            "^$",
            "^(?=x)",
            r"(a)\1",
            "(",
            "a{99999}{99999}",
            ".{99999,}",
        ] {
            assert!(
                matches!(meaning(pattern), Meaning::Unusable(_)),
                "{pattern}"
            );
        }
    }
}
