//! What a person typed, parsed into a typed value or a refusal.
//!
//! The compiler uses the same rules to prove bounds; the runtime uses them on every answer.

use crate::value::{Date, Decimal, Instant, TimeOfDay};

/// Why an answer was not accepted. Each has a message `bf-*` in the runtime's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A kind of message that the step cannot use (a photo where text was asked): what is wanted.
    WrongKind(Wanted),
    /// Not of the wanted form.
    Malformed(Wanted),
    /// Smaller (or shorter) than `min`, which is printed for people.
    TooSmall { min: String, length: bool },
    /// Greater (or longer) than `max`.
    TooGreat { max: String, length: bool },
    /// Does not match the step's own pattern.
    Pattern,
    /// Not one of the options.
    NotAnOption,
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
        todo!()
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

/// Text: trimmed at both ends, length in UTF-16 units within `bounds`; empty is malformed.
pub fn text(typed: &str, bounds: Bounds<usize>) -> Result<String, Refusal> {
    let _ = (typed, bounds);
    todo!()
}
/// Whole number: optional sign, digits, spaces or no-break spaces between thousands.
pub fn int(typed: &str, bounds: Bounds<i64>) -> Result<i64, Refusal> {
    let _ = (typed, bounds);
    todo!()
}
/// Decimal number with point or comma and at most `SCALE` digits after it.
pub fn decimal<const SCALE: u8>(
    typed: &str,
    bounds: Bounds<Decimal<SCALE>>,
) -> Result<Decimal<SCALE>, Refusal> {
    let _ = (typed, bounds);
    todo!()
}
/// Yes or no in the words given (the locale's), besides `yes no true false 1 0 + -`.
pub fn boolean(typed: &str, yes: &str, no: &str) -> Result<bool, Refusal> {
    let _ = (typed, yes, no);
    todo!()
}
/// `YYYY-MM-DD` or `DD.MM.YYYY`.
pub fn date(typed: &str, bounds: Bounds<Date>) -> Result<Date, Refusal> {
    let _ = (typed, bounds);
    todo!()
}
/// `HH:MM` or `HH:MM:SS`.
pub fn time(typed: &str, bounds: Bounds<TimeOfDay>) -> Result<TimeOfDay, Refusal> {
    let _ = (typed, bounds);
    todo!()
}
/// A date, a space or `T`, and a time, in `tz`. A local time that a DST gap skips is malformed;
/// one that happens twice is the earlier.
pub fn datetime(
    typed: &str,
    tz: &jiff::tz::TimeZone,
    bounds: Bounds<Instant>,
) -> Result<Instant, Refusal> {
    let _ = (typed, tz, bounds);
    todo!()
}
/// A phone number: digits, spaces, `()-`, optional `+`; 5 to 15 digits; kept as `+` and digits
/// where a `+` was given, else digits.
pub fn phone(typed: &str) -> Result<String, Refusal> {
    let _ = typed;
    todo!()
}
/// An e-mail address of the plain `local@domain.tld` form, at most 254 characters.
pub fn email(typed: &str) -> Result<String, Refusal> {
    let _ = typed;
    todo!()
}
