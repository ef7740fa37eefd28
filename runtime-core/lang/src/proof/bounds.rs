//! How long a printed value can be, in UTF-16 units, in one locale.

use std::cell::RefCell;
use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::message::Type;
use crate::format::{Formats, Style, longest};
use crate::length::utf16;

/// The least and the most; `most: None`: no bound is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(usize, Option<usize>)", into = "(usize, Option<usize>)")]
pub struct Bound {
    /// What is seen in every case: 0 where the value can be empty or blank.
    pub least: usize,
    /// UTF-16 units.
    pub most: Option<usize>,
}

impl From<(usize, Option<usize>)> for Bound {
    fn from((least, most): (usize, Option<usize>)) -> Self {
        Self { least, most }
    }
}

impl From<Bound> for (usize, Option<usize>) {
    fn from(bound: Bound) -> Self {
        (bound.least, bound.most)
    }
}

impl Bound {
    /// Always something.
    pub fn up_to(most: usize) -> Self {
        Self {
            least: 1,
            most: Some(most),
        }
    }
    /// Exactly this text.
    pub fn exactly(text: &str) -> Self {
        Self {
            least: if text.trim().is_empty() {
                0
            } else {
                utf16(text)
            },
            most: Some(utf16(text)),
        }
    }
    /// One of both.
    pub fn either(self, other: Self) -> Self {
        Self {
            least: self.least.min(other.least),
            most: self.most.zip(other.most).map(|(a, b)| a.max(b)),
        }
    }
}

/// Formats of a bot's locales, and the lengths that were asked before: each costs some hundred printings.
#[derive(Debug, Default)]
pub struct Lengths {
    formats: RefCell<BTreeMap<String, std::rc::Rc<Formats>>>,
    kept: RefCell<BTreeMap<(String, String, bool, bool), usize>>,
}

impl Lengths {
    fn formats(&self, tag: &str) -> std::rc::Rc<Formats> {
        let mut known = self.formats.borrow_mut();
        if let Some(formats) = known.get(tag) {
            return std::rc::Rc::clone(formats);
        }
        let formats = std::rc::Rc::new(Formats::new(tag, TimeZone::UTC));
        known.insert(tag.to_owned(), std::rc::Rc::clone(&formats));
        formats
    }

    /// The longest date or time in a locale.
    pub fn when(&self, tag: &str, style: Style<'_>, date: bool, time: bool) -> usize {
        let key = (tag.to_owned(), format!("{style:?}"), date, time);
        if let Some(known) = self.kept.borrow().get(&key) {
            return *known;
        }
        let units = longest(tag, style, date, time);
        self.kept.borrow_mut().insert(key, units);
        units
    }

    /// How long what `print` prints is in a locale.
    pub fn printed(&self, tag: &str, print: impl Fn(&Formats, &mut String)) -> usize {
        let mut out = String::new();
        print(&self.formats(tag), &mut out);
        utf16(&out)
    }
}

/// The value of a number or date that `NUMBER` or `DATETIME` prints with these options.
pub fn call(lengths: &Lengths, tag: &str, given: Option<&Type>, options: &[(&str, &str)]) -> Bound {
    let find = |name: &str| options.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
    if let Some(when @ (Type::Date | Type::Time | Type::DateTime)) = given {
        let (date, time) = (*when != Type::Time, *when != Type::Date);
        if let Some(pattern) = find("pattern") {
            return Bound::up_to(lengths.when(tag, Style::Pattern(pattern), date, time));
        }
        let style = |name: &str| {
            find(name).map(|style| match style {
                "short" => Style::Short,
                "long" | "full" => Style::Long,
                _ => Style::Medium,
            })
        };
        let part = |style: Option<Style<'_>>, date: bool| {
            style.map_or(0, |style| lengths.when(tag, style, date, !date))
        };
        let (d, t) = (style("dateStyle"), style("timeStyle"));
        let apart = part(d, true) + part(t, false) + 2;
        let both = d.or(t).unwrap_or(Style::Medium);
        return Bound::up_to(apart.max(lengths.when(tag, both, date, time)));
    }
    let number = |name: &str| find(name).and_then(|n| n.parse::<u8>().ok());
    let scale = match given {
        Some(Type::Decimal(scale)) => *scale,
        _ => 3,
    };
    let digits = number("minimumFractionDigits")
        .into_iter()
        .chain(number("maximumFractionDigits"))
        .fold(scale, u8::max)
        .min(18);
    let whole = match given {
        Some(Type::Real) | None => lengths.printed(tag, |f, out| f.real(-f64::MAX, 0, out)),
        // Two more and a separator for a percentage.
        _ => lengths.printed(tag, |f, out| f.int(i64::MIN, out)) + 3,
    };
    let around = match find("currency") {
        Some(currency) => lengths.printed(tag, |f, out| f.money(0, 0, currency, out)),
        None => 2,
    };
    Bound::up_to(whole + 1 + usize::from(digits) + around)
}
