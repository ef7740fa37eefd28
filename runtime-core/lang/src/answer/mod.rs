//! What a person typed, parsed into a typed value or a refusal.
//!
//! The compiler uses the same rules to prove bounds; the runtime uses them on every answer.

mod contact;
mod number;
mod when;

pub use contact::{email, phone};
pub use number::{decimal, int};
pub(crate) use when::print_instant;
pub use when::{date, datetime, time};

use crate::length::{is_blank, utf16};

/// Why an answer was not accepted. Each has a message `bf-*` in the runtime's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A kind of message that the step cannot use (a photo where text was asked): what is wanted.
    WrongKind(Wanted),
    /// Not of the wanted form.
    Malformed(Wanted),
    /// Smaller (or shorter) than `min`.
    TooSmall {
        /// The least, printed for people in the form in which it can be typed.
        min: String,
        /// Whether it is a length, in characters.
        length: bool,
    },
    /// Greater (or longer) than `max`.
    TooGreat {
        /// The greatest, printed for people in the form in which it can be typed.
        max: String,
        /// Whether it is a length, in characters.
        length: bool,
    },
    /// Does not match the step's own pattern.
    Pattern,
    /// Not one of the options.
    NotAnOption,
    /// Fewer options than so many were taken.
    TooFew(usize),
    /// No more options than so many can be taken.
    TooMany(usize),
    /// A day or a time that cannot be chosen: closed, taken, no slot.
    NotFree,
}

/// What a step waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Wanted {
    Text,
    Int,
    Decimal,
    Bool,
    Date,
    Time,
    DateTime,
    Choice,
    Phone,
    Email,
    Contact,
    Location,
    Photo,
    File,
}

impl Refusal {
    /// The message of the runtime's words (`bf-bad-int`, `bf-too-long` with `max`, …) and its arguments.
    pub fn message(&self) -> (&'static str, Vec<(&'static str, String)>) {
        match self {
            Self::WrongKind(wanted) | Self::Malformed(wanted) => (wanted.message(), Vec::new()),
            Self::TooSmall { min, length } => (
                if *length {
                    "bf-too-short"
                } else {
                    "bf-too-small"
                },
                vec![("min", min.clone())],
            ),
            Self::TooGreat { max, length } => (
                if *length {
                    "bf-too-long"
                } else {
                    "bf-too-great"
                },
                vec![("max", max.clone())],
            ),
            Self::Pattern => ("bf-bad-pattern", Vec::new()),
            Self::NotAnOption => ("bf-bad-option", Vec::new()),
            Self::TooFew(min) => ("bf-too-few", vec![("min", min.to_string())]),
            Self::TooMany(max) => ("bf-too-many", vec![("max", max.to_string())]),
            Self::NotFree => ("bf-not-free", Vec::new()),
        }
    }
}

impl Wanted {
    /// The message that asks for it.
    fn message(self) -> &'static str {
        match self {
            Self::Text => "bf-want-text",
            Self::Int => "bf-bad-int",
            Self::Decimal => "bf-bad-decimal",
            Self::Bool => "bf-bad-bool",
            Self::Date => "bf-bad-date",
            Self::Time => "bf-bad-time",
            Self::DateTime => "bf-bad-datetime",
            Self::Choice => "bf-bad-option",
            Self::Phone => "bf-bad-phone",
            Self::Email => "bf-bad-email",
            Self::Contact => "bf-want-contact",
            Self::Location => "bf-want-location",
            Self::Photo => "bf-want-photo",
            Self::File => "bf-want-file",
        }
    }
}

/// Bounds of a value, inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds<T> {
    /// Least.
    pub min: Option<T>,
    /// Greatest.
    pub max: Option<T>,
}

impl<T> Bounds<T> {
    /// No bounds.
    pub const NONE: Self = Self {
        min: None,
        max: None,
    };
}

impl<T> Default for Bounds<T> {
    fn default() -> Self {
        Self::NONE
    }
}

impl<T: PartialOrd + Copy> Bounds<T> {
    /// `value`, or what is wrong with it; `print` writes a bound for people.
    fn check(self, value: T, length: bool, print: impl Fn(T) -> String) -> Result<T, Refusal> {
        if let Some(min) = self.min.filter(|min| value < *min) {
            return Err(Refusal::TooSmall {
                min: print(min),
                length,
            });
        }
        if let Some(max) = self.max.filter(|max| value > *max) {
            return Err(Refusal::TooGreat {
                max: print(max),
                length,
            });
        }
        Ok(value)
    }
}

/// Text: trimmed at both ends, length in UTF-16 units within `bounds`; empty is malformed.
pub fn text(typed: &str, bounds: Bounds<usize>) -> Result<String, Refusal> {
    let typed = typed.trim();
    if is_blank(typed) {
        return Err(Refusal::Malformed(Wanted::Text));
    }
    bounds.check(utf16(typed), true, |bound| bound.to_string())?;
    Ok(typed.to_owned())
}

/// Yes or no in the words given (the locale's), besides `yes no true false 1 0 + -`. Case does not matter.
pub fn boolean(typed: &str, yes: &str, no: &str) -> Result<bool, Refusal> {
    let typed = typed.trim();
    let is = |words: &[&str]| words.iter().any(|word| same(typed, word));
    if is(&[yes, "yes", "true", "1", "+"]) {
        Ok(true)
    } else if is(&[no, "no", "false", "0", "-", "−"]) {
        Ok(false)
    } else {
        Err(Refusal::Malformed(Wanted::Bool))
    }
}

/// Whether a typed answer is this label or value: case and outer spaces do not matter. An empty one is none.
pub fn same(typed: &str, label: &str) -> bool {
    let (typed, label) = (typed.trim(), label.trim());
    !typed.is_empty()
        && (typed == label
            || typed
                .chars()
                .flat_map(char::to_lowercase)
                .eq(label.chars().flat_map(char::to_lowercase)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let bounds = Bounds {
            min: Some(3),
            max: Some(5),
        };
        assert_eq!(text("  abc ", bounds), Ok("abc".into()));
        assert_eq!(
            text(" \n ", Bounds::NONE),
            Err(Refusal::Malformed(Wanted::Text))
        );
        assert_eq!(
            text("ab", bounds),
            Err(Refusal::TooSmall {
                min: "3".into(),
                length: true
            })
        );
        assert_eq!(
            text("🙂🙂🙂", bounds),
            Err(Refusal::TooGreat {
                max: "5".into(),
                length: true
            }),
            "UTF-16 units"
        );
    }

    #[test]
    fn booleans() {
        for typed in ["да", "ДА", " yes ", "True", "1", "+"] {
            assert_eq!(boolean(typed, "Да", "Нет"), Ok(true), "{typed}");
        }
        for typed in ["нет", "no", "FALSE", "0", "-", "−"] {
            assert_eq!(boolean(typed, "Да", "Нет"), Ok(false), "{typed}");
        }
        assert_eq!(boolean("", "", ""), Err(Refusal::Malformed(Wanted::Bool)));
        assert_eq!(
            boolean("maybe", "Да", "Нет"),
            Err(Refusal::Malformed(Wanted::Bool))
        );
    }

    #[test]
    fn every_refusal_has_a_message_of_the_runtimes_words() {
        use Wanted::*;
        let kinds = [
            Text, Int, Decimal, Bool, Date, Time, DateTime, Choice, Phone, Email, Contact,
            Location, Photo, File,
        ];
        let mut refusals = vec![Refusal::Pattern, Refusal::NotAnOption, Refusal::NotFree];
        refusals.extend(
            kinds
                .into_iter()
                .flat_map(|kind| [Refusal::WrongKind(kind), Refusal::Malformed(kind)]),
        );
        for length in [true, false] {
            refusals.push(Refusal::TooSmall {
                min: "1".into(),
                length,
            });
            refusals.push(Refusal::TooGreat {
                max: "1".into(),
                length,
            });
        }
        for refusal in refusals {
            let (id, args) = refusal.message();
            let names: Vec<&str> = args.iter().map(|(name, _)| *name).collect();
            let known = crate::words::own_ids()
                .iter()
                .find(|(known, _)| *known == id);
            assert_eq!(
                known.map(|(_, variables)| *variables),
                Some(names.as_slice()),
                "{id}"
            );
        }
    }
}
