//! What does not fit, for whoever wrote it. Names fields; never holds a value that came.

use std::fmt;

use serde::de::{Error, Expected, Unexpected};

/// Longest name of a field that is repeated.
const NAME: usize = 40;
/// Most names that are listed.
const LISTED: usize = 12;

/// What numbers are called.
const WHOLE: &str = "a whole number";

/// Why something cannot be read, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// From the inside out.
    path: Vec<Step>,
    why: Why,
}

#[derive(Debug, Clone, PartialEq)]
enum Step {
    Field(String),
    Place(usize),
}

#[derive(Debug, Clone, PartialEq)]
enum Why {
    Missing,
    Twice,
    Unknown(Vec<&'static str>),
    Kind { given: &'static str, wanted: String },
    Bounds { wanted: String },
    Large,
    Choice(Vec<&'static str>),
    Words(String),
}

impl Fault {
    fn new(why: Why) -> Self {
        let path = Vec::new();
        Self { path, why }
    }

    pub(super) fn twice(name: String) -> Self {
        Self::new(Why::Twice).within(name)
    }

    /// The same, seen from the object whose field it is in.
    #[must_use]
    pub(super) fn within(mut self, name: String) -> Self {
        self.path.push(Step::Field(name));
        self
    }

    /// The same, seen from the list that it is in.
    #[must_use]
    pub(super) fn at(mut self, place: usize) -> Self {
        self.path.push(Step::Place(place));
        self
    }

    /// Where it is, such as `message.keyboard[0][1].text`; empty: the whole.
    pub fn path(&self) -> String {
        let mut path = String::new();
        for step in self.path.iter().rev() {
            match step {
                Step::Place(place) => path += &format!("[{place}]"),
                Step::Field(name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path += shown(name);
                }
            }
        }
        path
    }

    /// In words. `whole` is what it is a part of, such as `the body`; `part` what a part is called.
    pub fn words(&self, whole: &str, part: &str) -> String {
        let path = self.path();
        let place = match path.is_empty() {
            true => whole.to_owned(),
            false => format!("`{path}`"),
        };
        match &self.why {
            Why::Missing => format!("{place} is missing"),
            Why::Twice => format!("{place} is given twice"),
            Why::Unknown(known) => format!("there is no {part} {place}{}", self.meant(known)),
            Why::Kind { given, wanted } => format!("{place} should be {wanted}, not {given}"),
            Why::Bounds { wanted } => format!("{place} should be {wanted}"),
            Why::Large => format!("{place} is too large a number"),
            Why::Choice(known) => format!("{place} is none of {}", list(known)),
            Why::Words(words) => format!("{place}: {words}"),
        }
    }

    fn meant(&self, known: &[&'static str]) -> String {
        let Some(Step::Field(name)) = self.path.first() else {
            return String::new();
        };
        let near = known
            .iter()
            .map(|known| (strsim::damerau_levenshtein(known, name), known))
            .filter(|(distance, known)| *distance <= 2 && *distance < known.len())
            .min();
        match near {
            Some((_, near)) => format!(", did you mean `{near}`?"),
            None if known.is_empty() => ": nothing is expected here".to_owned(),
            None => format!("; there is {}", list(known)),
        }
    }
}

/// A field's name where it is one: whatever else stands in its place may be anything.
fn shown(name: &str) -> &str {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    match name.len() <= NAME && !name.is_empty() && name.chars().all(plain) {
        true => name,
        false => "…",
    }
}

fn list(names: &[&str]) -> String {
    let named: Vec<String> = names
        .iter()
        .take(LISTED)
        .map(|name| format!("`{name}`"))
        .collect();
    let more = if names.len() > LISTED { ", …" } else { "" };
    format!("{}{more}", named.join(", "))
}

/// What serde calls a type, for people.
fn wanted(expected: &dyn Expected) -> String {
    let said = expected.to_string();
    let plain = match said.as_str() {
        "i8" | "i16" | "i32" | "i64" | "isize" => WHOLE,
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0 on",
        "f32" | "f64" => "a number",
        "a boolean" => "`true` or `false`",
        "a string" | "a borrowed string" => "a text",
        "a sequence" => "a list",
        "a map" => "an object",
        _ if said.starts_with("struct ") => "an object",
        _ if said.starts_with("enum ") => "one of the known words",
        _ => return said,
    };
    plain.to_owned()
}

fn kind(given: &Unexpected<'_>) -> &'static str {
    match given {
        Unexpected::Bool(_) => "`true` or `false`",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) => "a whole number",
        Unexpected::Float(_) => "a number with a fraction or an exponent",
        Unexpected::Char(_) | Unexpected::Str(_) => "a text",
        Unexpected::Unit | Unexpected::Option => "null",
        Unexpected::Seq => "a list",
        Unexpected::Map => "an object",
        _ => "something else",
    }
}

impl Error for Fault {
    fn custom<T: fmt::Display>(words: T) -> Self {
        Self::new(Why::Words(words.to_string()))
    }

    fn invalid_type(given: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let wanted = wanted(expected);
        // Whole numbers beyond 64 bits come as these.
        if let Unexpected::Float(number) = given
            && number >= 2_f64.powi(64)
            && wanted.starts_with(WHOLE)
        {
            return Self::new(Why::Large);
        }
        let given = kind(&given);
        Self::new(Why::Kind { given, wanted })
    }

    fn invalid_value(given: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let wanted = wanted(expected);
        let large = match given {
            Unexpected::Unsigned(_) => true,
            Unexpected::Signed(number) => number > 0,
            Unexpected::Str(word) => word.bytes().all(|b| b.is_ascii_digit()) && !word.is_empty(),
            _ => false,
        };
        Self::new(match large && wanted.starts_with(WHOLE) {
            true => Why::Large,
            false => Why::Bounds { wanted },
        })
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::invalid_value(Unexpected::Seq, expected)
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Self {
        Self::new(Why::Choice(known.to_vec()))
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Self {
        Self::new(Why::Unknown(known.to_vec())).within(name.to_owned())
    }

    fn missing_field(name: &'static str) -> Self {
        Self::new(Why::Missing).within(name.to_owned())
    }

    fn duplicate_field(name: &'static str) -> Self {
        Self::twice(name.to_owned())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words("the body", "field"))
    }
}

impl std::error::Error for Fault {}
