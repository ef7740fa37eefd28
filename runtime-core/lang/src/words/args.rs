//! Arguments of messages.

use crate::value::{Date, Decimal, Instant, TimeOfDay};
use std::borrow::Cow;

/// Arguments of a message. Text is escaped for the place where the message stands.
#[derive(Debug, Default)]
pub struct Args<'a> {
    pub(crate) list: Vec<(&'a str, Arg<'a>)>,
}

/// One argument.
#[allow(missing_docs)]
#[derive(Debug, Clone, PartialEq)]
pub enum Arg<'a> {
    Text(Cow<'a, str>),
    Int(i64),
    Number(f64),
    /// A decimal as (scaled units, scale).
    Decimal(i64, u8),
    Date(Date),
    Time(TimeOfDay),
    Instant(Instant),
}

impl<'a> Args<'a> {
    /// No arguments.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one; generated code calls it in the order of the template. Of two with one name the later counts.
    #[must_use]
    pub fn with(mut self, name: &'a str, value: impl Into<Arg<'a>>) -> Self {
        self.list.push((name, value.into()));
        self
    }
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl<'a> From<&'a String> for Arg<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Arg<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<'a> From<Cow<'a, str>> for Arg<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Arg<'_> {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<f64> for Arg<'_> {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl<const SCALE: u8> From<Decimal<SCALE>> for Arg<'_> {
    fn from(number: Decimal<SCALE>) -> Self {
        Self::Decimal(number.units(), SCALE)
    }
}

impl From<Date> for Arg<'_> {
    fn from(date: Date) -> Self {
        Self::Date(date)
    }
}

impl From<TimeOfDay> for Arg<'_> {
    fn from(time: TimeOfDay) -> Self {
        Self::Time(time)
    }
}

impl From<Instant> for Arg<'_> {
    fn from(instant: Instant) -> Self {
        Self::Instant(instant)
    }
}
