//! Fluent's functions `NUMBER` and `DATETIME`, and how values are printed where fluent-bundle prints them.

use super::Arg;
use crate::format::{Formats, Style};
use crate::markup::{ParseMode, Place, escape_tail};
use crate::value::{Date, Instant, TimeOfDay, power};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::types::{FluentNumber, FluentNumberOptions, FluentNumberStyle, FluentType};
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

/// From here on floats do not hold whole numbers with three digits after the point, and Fluent's plural rules
/// could not be asked.
const TOO_GREAT: f64 = 1e15;
/// Most digits after the point: more would not fit into the numbers of Fluent's plural rules.
const MOST_DIGITS: usize = 18;
/// Digits after the point where nothing else is said (ECMA-402).
const DEFAULT_DIGITS: usize = 3;

/// A date or time on its way through Fluent.
#[derive(Debug, Clone, PartialEq)]
struct When {
    value: WhenValue,
    date: Option<OwnStyle>,
    time: Option<OwnStyle>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum WhenValue {
    Date(Date),
    Time(TimeOfDay),
    Instant(Instant),
}

#[derive(Debug, Clone, PartialEq)]
enum OwnStyle {
    Short,
    Medium,
    Long,
    Pattern(String),
}

/// A number that Fluent's floats cannot hold, printed already.
#[derive(Debug, Clone, PartialEq)]
struct Printed(String);

macro_rules! custom {
    ($($type:ty: $print:expr),*) => {$(
        impl FluentType for $type {
            fn duplicate(&self) -> Box<dyn FluentType + Send> {
                Box::new(self.clone())
            }
            fn as_string(&self, _: &intl_memoizer::IntlLangMemoizer) -> Cow<'static, str> {
                let print: fn(&Self) -> String = $print;
                Cow::Owned(print(self))
            }
            fn as_string_threadsafe(&self, _: &intl_memoizer::concurrent::IntlLangMemoizer) -> Cow<'static, str> {
                let print: fn(&Self) -> String = $print;
                Cow::Owned(print(self))
            }
        }
    )*};
}
// Reached only without a formatter, which every bundle here has.
custom!(
    When: |when| match when.value {
        WhenValue::Date(date) => date.to_string(),
        WhenValue::Time(time) => time.to_string(),
        WhenValue::Instant(instant) => instant.to_string(),
    },
    Printed: |printed| printed.0.clone()
);

/// The value that Fluent sees.
pub(super) fn value<'a>(arg: &'a Arg<'_>, formats: &Formats) -> FluentValue<'a> {
    let number = |value: f64, minimum_fraction_digits| {
        FluentValue::Number(FluentNumber::new(
            value,
            FluentNumberOptions {
                minimum_fraction_digits,
                ..FluentNumberOptions::default()
            },
        ))
    };
    let printed = || {
        let mut out = String::new();
        print(arg, formats, &mut out);
        FluentValue::Custom(Box::new(Printed(out)))
    };
    let when = |value| {
        FluentValue::Custom(Box::new(When {
            value,
            date: None,
            time: None,
        }))
    };
    match arg {
        Arg::Text(text) => FluentValue::String(Cow::Borrowed(text)),
        Arg::Int(int) if (*int as f64).abs() < TOO_GREAT => number(*int as f64, None),
        Arg::Number(float) if float.abs() < TOO_GREAT => {
            // Nine digits are more than is printed, and few enough for the plural rules.
            number((float * 1e9).round() / 1e9, None)
        }
        Arg::Decimal(units, scale) if (*units as f64).abs() < TOO_GREAT => number(
            *units as f64 / power(*scale) as f64,
            Some(usize::from(*scale)).filter(|scale| *scale > 0),
        ),
        Arg::Int(_) | Arg::Number(_) | Arg::Decimal(..) => printed(),
        Arg::Date(date) => when(WhenValue::Date(*date)),
        Arg::Time(time) => when(WhenValue::Time(*time)),
        Arg::Instant(instant) => when(WhenValue::Instant(*instant)),
    }
}

/// Prints a value that stands by itself.
pub(super) fn print(arg: &Arg<'_>, formats: &Formats, out: &mut String) {
    match arg {
        Arg::Text(text) => out.push_str(text),
        Arg::Int(int) => formats.int(*int, out),
        Arg::Number(float) => formats.real(*float, DEFAULT_DIGITS as u8, out),
        Arg::Decimal(units, scale) => formats.decimal(*units, *scale, out),
        Arg::Date(date) => formats.date(*date, Style::Medium, out),
        Arg::Time(time) => formats.time(*time, Style::Medium, out),
        Arg::Instant(instant) => formats.instant(*instant, Style::Medium, out),
    }
}

thread_local! {
    /// What is being printed on this thread: Fluent's formatter is a plain function and has no other way to know.
    static PRINTING: RefCell<Option<(ParseMode, Place, Arc<Formats>)>> = const { RefCell::new(None) };
}

/// Lives while a message is printed.
pub(super) struct Printing;

impl Printing {
    pub fn start(mode: ParseMode, place: Place, formats: &Arc<Formats>) -> Self {
        PRINTING.set(Some((mode, place, Arc::clone(formats))));
        Self
    }
}

impl Drop for Printing {
    fn drop(&mut self) {
        PRINTING.set(None);
    }
}

/// Adds `NUMBER`, `DATETIME` and the printing of values.
pub(super) fn add(bundle: &mut FluentBundle<FluentResource>) {
    // Adding to a new bundle cannot collide.
    let _ = bundle.add_function("NUMBER", number);
    let _ = bundle.add_function("DATETIME", datetime);
    bundle.set_formatter(Some(|value, _| {
        PRINTING.with_borrow(|printing| {
            let (mode, place, formats) = printing.as_ref()?;
            let mut out = String::new();
            write(value, formats, &mut out)?;
            escape_tail(*mode, *place, &mut out, 0);
            Some(out)
        })
    }));
}

/// `None` where Fluent's own printing is right: nothing, faults.
fn write(value: &FluentValue<'_>, formats: &Formats, out: &mut String) -> Option<()> {
    match value {
        FluentValue::String(text) => out.push_str(text),
        FluentValue::Number(number) => write_number(number, formats, out),
        FluentValue::Custom(custom) => {
            let custom = custom.as_any();
            if let Some(when) = custom.downcast_ref::<When>() {
                when.write(formats, out);
            } else {
                out.push_str(&custom.downcast_ref::<Printed>()?.0);
            }
        }
        FluentValue::None | FluentValue::Error => return None,
    }
    Some(())
}

/// `NUMBER($n, minimumFractionDigits: 2, …)`, the options of ECMA-402 that make sense in a chat:
/// `minimumFractionDigits maximumFractionDigits minimumIntegerDigits useGrouping style currency type`.
fn number<'a>(positional: &[FluentValue<'a>], named: &FluentArgs<'_>) -> FluentValue<'a> {
    match positional.first() {
        Some(FluentValue::Number(number)) => {
            let mut number = number.clone();
            number.options.merge(named);
            if matches!(named.get("useGrouping"), Some(FluentValue::Number(on)) if on.value == 0.0)
            {
                number.options.use_grouping = false;
            }
            for digits in [
                &mut number.options.minimum_fraction_digits,
                &mut number.options.maximum_fraction_digits,
            ] {
                *digits = digits.map(|digits| digits.min(MOST_DIGITS));
            }
            FluentValue::Number(number)
        }
        Some(custom @ FluentValue::Custom(_)) => custom.clone(),
        _ => FluentValue::Error,
    }
}

fn write_number(number: &FluentNumber, formats: &Formats, out: &mut String) {
    let options = &number.options;
    let minimum = options
        .minimum_fraction_digits
        .unwrap_or(0)
        .min(MOST_DIGITS);
    let maximum = options.maximum_fraction_digits;
    match options.style {
        FluentNumberStyle::Currency => {
            // All digits that the number was given, else the cents that most currencies have.
            let scale = maximum
                .or(options.minimum_fraction_digits)
                .unwrap_or(2)
                .min(MOST_DIGITS) as u8;
            let units = (number.value * power(scale) as f64).round();
            // The cast stops at the ends of the range.
            formats.money(
                units as i64,
                scale,
                options.currency.as_deref().unwrap_or(""),
                out,
            );
        }
        FluentNumberStyle::Percent => {
            formats.real_between(
                number.value * 100.0,
                minimum as u8,
                maximum.unwrap_or(0).max(minimum) as u8,
                options.use_grouping,
                out,
            );
            out.push_str(formats.percent());
        }
        FluentNumberStyle::Decimal => {
            let maximum = maximum.unwrap_or(DEFAULT_DIGITS.max(minimum));
            // A maximum below the minimum wins: the author wrote it last.
            let minimum = minimum.min(maximum);
            let whole = options.minimum_integer_digits.unwrap_or(1).min(MOST_DIGITS) as u8;
            formats.real_padded(
                number.value,
                whole,
                minimum as u8,
                maximum as u8,
                options.use_grouping,
                out,
            );
        }
    }
}

/// `DATETIME($t, dateStyle: "long", timeStyle: "short")` or `DATETIME($t, pattern: "d MMMM")`.
fn datetime<'a>(positional: &[FluentValue<'a>], named: &FluentArgs<'_>) -> FluentValue<'a> {
    let Some(FluentValue::Custom(custom)) = positional.first() else {
        return FluentValue::Error;
    };
    let Some(when) = custom.as_any().downcast_ref::<When>() else {
        return FluentValue::Error;
    };
    let style = |name| match named.get(name) {
        Some(FluentValue::String(style)) => match style.as_ref() {
            "short" => Some(OwnStyle::Short),
            "long" | "full" => Some(OwnStyle::Long),
            _ => Some(OwnStyle::Medium),
        },
        _ => None,
    };
    let mut when = when.clone();
    if let Some(FluentValue::String(pattern)) = named.get("pattern") {
        let pattern = OwnStyle::Pattern(pattern.to_string());
        (when.date, when.time) = (Some(pattern.clone()), Some(pattern));
    } else {
        let (date, time) = (style("dateStyle"), style("timeStyle"));
        if date.is_some() || time.is_some() {
            (when.date, when.time) = (date, time);
        }
    }
    FluentValue::Custom(Box::new(when))
}

impl When {
    fn write(&self, formats: &Formats, out: &mut String) {
        let (date, time) = (
            self.date.as_ref().map(OwnStyle::style),
            self.time.as_ref().map(OwnStyle::style),
        );
        match self.value {
            WhenValue::Date(value) => formats.date(value, date.unwrap_or(Style::Medium), out),
            WhenValue::Time(value) => formats.time(value, time.unwrap_or(Style::Medium), out),
            WhenValue::Instant(value) => match (date, time) {
                (None, None) => formats.instant(value, Style::Medium, out),
                (Some(date), None) => formats.instant_date(value, date, out),
                (None, Some(time)) => formats.instant_time(value, time, out),
                (Some(date), Some(time)) if date == time => formats.instant(value, date, out),
                (Some(date), Some(time)) => {
                    formats.instant_date(value, date, out);
                    out.push_str(", ");
                    formats.instant_time(value, time, out);
                }
            },
        }
    }
}

impl OwnStyle {
    fn style(&self) -> Style<'_> {
        match self {
            Self::Short => Style::Short,
            Self::Medium => Style::Medium,
            Self::Long => Style::Long,
            Self::Pattern(pattern) => Style::Pattern(pattern),
        }
    }
}
