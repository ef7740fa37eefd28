//! Command lines, typed or pressed, and their arguments.

use crate::limits::COMMAND;
use crate::value::{Date, Decimal, Instant, TimeOfDay};
use std::borrow::Cow;
use std::fmt::Write as _;

/// A command's name without the `/`, in lower case.
pub type CommandName<'a> = Cow<'a, str>;

/// Splits a command line as typed or pressed: `/cmd@bot rest` → (`cmd`, `Some("bot")`, `rest`).
/// `None` when it is no command. The name (`[A-Za-z0-9_]`, at most 32 characters) is lower-cased, the rest trimmed.
pub fn command_line(text: &str) -> Option<(CommandName<'_>, Option<&str>, &str)> {
    let line = text.strip_prefix('/')?;
    let (head, rest) = line.split_at(line.find(char::is_whitespace).unwrap_or(line.len()));
    let (name, bot) = match head.split_once('@') {
        Some((_, "")) => return None,
        Some((name, bot)) => (name, Some(bot)),
        None => (head, None),
    };
    let word = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    if name.is_empty() || name.len() > COMMAND || !word(name) || !bot.is_none_or(word) {
        return None;
    }
    let name = if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    };
    Some((name, bot, rest.trim()))
}

/// Takes the next argument off `rest`: a word, or a `"…"` string with `\"` and `\\`. The last declared text
/// argument takes the whole rest (`last`). Returns (argument, remainder); `None` when nothing is left.
///
/// A quote that is never closed, or is followed by more than a space, is an ordinary character.
pub fn next_arg(rest: &str, last: bool) -> Option<(Cow<'_, str>, &str)> {
    let rest = rest.trim_start();
    if rest.is_empty() {
        return None;
    }
    if let Some((text, after)) = quoted(rest) {
        let after = after.trim_start();
        if !last || after.is_empty() {
            return Some((text, after));
        }
    }
    if last {
        return Some((Cow::Borrowed(rest.trim_end()), ""));
    }
    let (word, after) = rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()));
    Some((Cow::Borrowed(word), after.trim_start()))
}

/// A `"…"` string at the start of `rest`, followed by a space or nothing.
fn quoted(rest: &str) -> Option<(Cow<'_, str>, &str)> {
    let inner = rest.strip_prefix('"')?;
    let bytes = inner.as_bytes();
    let (mut at, mut escaped) = (0, false);
    let end = loop {
        match bytes.get(at)? {
            b'"' => break at,
            b'\\' if matches!(bytes.get(at + 1), Some(b'"' | b'\\')) => {
                escaped = true;
                at += 2;
            }
            _ => at += 1,
        }
    };
    let after = &inner[end + 1..];
    if !after.is_empty() && !after.starts_with(char::is_whitespace) {
        return None;
    }
    let text = &inner[..end];
    if !escaped {
        return Some((Cow::Borrowed(text), after));
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        let next = if char == '\\' {
            chars.next_if(|next| matches!(next, '"' | '\\'))
        } else {
            None
        };
        out.push(next.unwrap_or(char));
    }
    Some((Cow::Owned(out), after))
}

/// Appends one text argument to a command line so that [`next_arg`] reads it back.
/// Other types are appended as: int and decimal in digits, bool `1`/`0`, date `YYYY-MM-DD`, time `HH:MM:SS`,
/// datetime Unix seconds prefixed by `@`, choice its value (as text); see [`Payloaded`]. The text `~` is quoted:
/// bare it can stand for an absent argument.
pub fn encode_arg_text(line: &mut String, value: &str, last: bool) {
    line.push(' ');
    let plain = !value.is_empty()
        && !value.starts_with('"')
        // By itself it stands for an absent argument.
        && value != "~"
        && if last {
            value.trim() == value
        } else {
            !value.contains(char::is_whitespace)
        };
    if plain {
        line.push_str(value);
        return;
    }
    line.push('"');
    for char in value.chars() {
        if matches!(char, '"' | '\\') {
            line.push('\\');
        }
        line.push(char);
    }
    line.push('"');
}

/// A value that can be an argument of a command: appended in the form that its answer parser reads back.
pub trait Payloaded {
    /// Appends a space and the value; `last` says whether it is the last declared argument.
    fn append(&self, line: &mut String, last: bool);
}

impl Payloaded for str {
    fn append(&self, line: &mut String, last: bool) {
        encode_arg_text(line, self, last);
    }
}

impl Payloaded for String {
    fn append(&self, line: &mut String, last: bool) {
        encode_arg_text(line, self, last);
    }
}

impl<T: Payloaded + ?Sized> Payloaded for &T {
    fn append(&self, line: &mut String, last: bool) {
        T::append(self, line, last);
    }
}

impl Payloaded for bool {
    fn append(&self, line: &mut String, _: bool) {
        line.push_str(if *self { " 1" } else { " 0" });
    }
}

impl Payloaded for Instant {
    fn append(&self, line: &mut String, _: bool) {
        // Writing to a string cannot fail.
        let _ = write!(line, " @{}", self.unix());
    }
}

macro_rules! displayed {
    ($($type:ty),*) => {$(
        impl Payloaded for $type {
            fn append(&self, line: &mut String, _: bool) {
                let _ = write!(line, " {self}");
            }
        }
    )*};
}
displayed!(i64, Date, TimeOfDay);

impl<const SCALE: u8> Payloaded for Decimal<SCALE> {
    fn append(&self, line: &mut String, _: bool) {
        let _ = write!(line, " {self}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines() {
        let line =
            |text| command_line(text).map(|(name, bot, rest)| (name.into_owned(), bot, rest));
        assert_eq!(line("/book"), Some(("book".into(), None, "")));
        assert_eq!(
            line("/Book@My_bot  a b "),
            Some(("book".into(), Some("My_bot"), "a b"))
        );
        assert_eq!(
            line("/start\npayload"),
            Some(("start".into(), None, "payload"))
        );
        assert!(matches!(
            command_line("/book"),
            Some((Cow::Borrowed(_), ..))
        ));
        let long = format!("/{}", "a".repeat(33));
        for text in [
            "",
            "book",
            "/",
            "/ book",
            "//",
            "/бук",
            "/a-b",
            "/a@",
            "/a@b@c",
            "/@bot",
            " /a",
            long.as_str(),
        ] {
            assert_eq!(command_line(text), None, "{text}");
        }
    }

    #[test]
    fn arguments_as_typed() {
        assert_eq!(next_arg("  a b", false), Some(("a".into(), "b")));
        assert_eq!(next_arg("a  b ", true), Some(("a  b".into(), "")));
        assert_eq!(next_arg("\"a b\" c", false), Some(("a b".into(), "c")));
        assert_eq!(
            next_arg(r#""say \"hi\" \\ \n""#, false),
            Some((r#"say "hi" \ \n"#.into(), ""))
        );
        assert_eq!(
            next_arg("\"a b\" c", true),
            Some(("\"a b\" c".into(), "")),
            "the quotes are the person's own"
        );
        assert_eq!(
            next_arg("\"a b", false),
            Some(("\"a".into(), "b")),
            "never closed"
        );
        assert_eq!(next_arg("\"a\"b c", false), Some(("\"a\"b".into(), "c")));
        assert_eq!(next_arg("\"\" x", false), Some(("".into(), "x")));
        assert_eq!(next_arg("   ", false), None);
        assert_eq!(next_arg("", true), None);
    }

    #[test]
    fn text_arguments_round_trip() {
        const PIECES: [&str; 13] = [
            "~", "a", "\"", "\\", " ", "\n", "\u{a0}", "é", "🙂", "\\\"", "b c", "'", "@",
        ];
        let mut seed: u64 = 11;
        let mut next = |bound: usize| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % bound
        };
        for _ in 0..20_000 {
            let mut values: Vec<String> = Vec::new();
            for _ in 0..1 + next(3) {
                let length = next(6);
                values.push((0..length).map(|_| PIECES[next(PIECES.len())]).collect());
            }
            let mut line = "/cmd".to_owned();
            for (index, value) in values.iter().enumerate() {
                encode_arg_text(&mut line, value, index + 1 == values.len());
            }
            let (name, bot, mut rest) = command_line(&line).unwrap();
            assert_eq!((name.as_ref(), bot), ("cmd", None));
            for (index, value) in values.iter().enumerate() {
                let (found, after) = next_arg(rest, index + 1 == values.len()).unwrap();
                assert_eq!(found, value.as_str(), "{line:?}");
                rest = after;
            }
            assert_eq!(rest, "");
        }
    }

    #[test]
    fn other_types() {
        let mut line = "/x".to_owned();
        5i64.append(&mut line, false);
        Decimal::<2>(-150).append(&mut line, false);
        true.append(&mut line, false);
        Instant::from_unix(1_772_719_200).append(&mut line, false);
        Date::new(2026, 3, 5).unwrap().append(&mut line, false);
        TimeOfDay::new(14, 0, 0).unwrap().append(&mut line, false);
        "a b".append(&mut line, true);
        assert_eq!(line, "/x 5 -1.50 1 @1772719200 2026-03-05 14:00:00 a b");
    }
}
