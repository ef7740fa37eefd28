//! Fluent catalogues: the bot's texts and the runtime's own words (`bf-*`).

use crate::markup::{ParseMode, Place};
use crate::value::{Date, Instant, TimeOfDay};

/// The runtime's own words, by locale tag: shipped `.ftl` sources (`ru`, `en`).
pub fn own(tag: &str) -> Option<&'static str> {
    let _ = tag;
    todo!()
}

/// Every message id of the runtime's own words, sorted, and the variables each may use.
pub fn own_ids() -> &'static [(&'static str, &'static [&'static str])] {
    todo!()
}

/// One locale's messages, ready to print: bot's `.ftl` over the runtime's own words.
pub struct Catalogue {
    /* fluent_bundle::concurrent::FluentBundle, isolating off, NUMBER and DATETIME registered,
    tz and locale for formatting */
}

/// Arguments of a message. Text is escaped for the place where the message stands.
#[derive(Default)]
pub struct Args<'a> {
    pub(crate) list: Vec<(&'static str, Arg<'a>)>,
}

/// One argument.
#[allow(missing_docs)]
pub enum Arg<'a> {
    Text(std::borrow::Cow<'a, str>),
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
    /// Adds one; generated code calls it in the order of the template.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Arg<'a>>) -> Self {
        self.list.push((name, value.into()));
        self
    }
}
// To write: `From<&'a str> | &'a String | String | i64 | f64 | Decimal<N> | Date | TimeOfDay | Instant` for Arg.

/// A fault in an `.ftl` source, for callers that have not compiled it (`botgen` reports its own, richer ones).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FtlError {
    /// Byte range in the source.
    pub range: std::ops::Range<usize>,
    /// What is wrong.
    pub message: String,
}

impl Catalogue {
    /// Builds the catalogue of one locale. `sources`: later ones override earlier ones.
    pub fn new(tag: &str, tz: jiff::tz::TimeZone, sources: &[&str]) -> Result<Self, Vec<FtlError>> {
        let _ = (tag, tz, sources);
        todo!()
    }

    /// Prints message `key` (or its attribute) into `out`. Text arguments are escaped for `mode` at `place`; the
    /// message's own text is the author's markup and stays. A missing key prints the key: the compiler has
    /// proven that this does not happen.
    pub fn print(
        &self,
        key: &str,
        attribute: Option<&str>,
        args: &Args<'_>,
        mode: ParseMode,
        place: Place,
        out: &mut String,
    ) {
        let _ = (key, attribute, args, mode, place, out);
        todo!()
    }

    /// Whether it has this message (with a value, or this attribute).
    pub fn has(&self, key: &str, attribute: Option<&str>) -> bool {
        let _ = (key, attribute);
        todo!()
    }
}
