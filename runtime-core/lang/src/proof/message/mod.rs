//! `t:KEY {…}`: a message in every locale, and the arguments against what it needs.

mod arguments;
mod grow;

pub use arguments::arguments;
pub use grow::{fixed, grow};

use serde::{Deserialize, Serialize};

use crate::ftl::Locale;
use crate::ftl::tree::Pattern;
use crate::proof::bounds::Bound;
use crate::proof::shape::{Kind as HoleKind, Node};
use crate::source::Span;

/// A use of a message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Message {
    /// Its index in the list of places.
    #[serde(skip)]
    pub id: usize,
    /// The key.
    #[serde(rename = "k")]
    pub key: String,
    /// The attribute, without the `.`.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
    /// Where the key is written.
    #[serde(skip)]
    pub span: Span,
    /// What it is given.
    #[serde(rename = "g", default, skip_serializing_if = "Vec::is_empty")]
    pub given: Vec<Given>,
    /// What it is in each locale ([`grow`]); a locale that lacks it has nothing.
    #[serde(skip)]
    pub locales: Vec<Vec<Node>>,
}

/// An argument as the caller gives it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Given {
    /// Without the `$`.
    #[serde(rename = "n")]
    pub name: String,
    /// Where the name is written.
    #[serde(skip)]
    pub name_span: Span,
    /// Where the value is written.
    #[serde(skip)]
    pub span: Span,
    /// Type of the value itself.
    #[serde(rename = "t")]
    pub ty: Type,
    /// As the author calls it: `text`, `decimal(2)`, `contact or null`.
    #[serde(rename = "s")]
    pub shown: String,
    /// Printed by filters: Fluent sees a text.
    #[serde(rename = "f")]
    pub printed: bool,
    /// How long it can be, by locale.
    #[serde(rename = "b")]
    pub bounds: Vec<Bound>,
    /// What it can hold beside letters.
    #[serde(rename = "k")]
    pub kind: HoleKind,
}

/// Types as far as translations tell them apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Type {
    Text,
    Int,
    /// With so many digits after the point.
    Decimal(u8),
    Real,
    Date,
    Time,
    DateTime,
    /// With these values.
    Choice(Vec<String>),
    /// Anything else.
    Other,
}

/// The pattern in each locale that has it.
fn patterns<'a>(
    locales: &'a [Locale],
    key: &str,
    attribute: Option<&str>,
) -> Vec<(usize, &'a Locale, &'a Pattern)> {
    let found =
        |(i, l): (usize, &'a Locale)| Some((i, l, l.messages.get(key)?.pattern(attribute)?));
    locales.iter().enumerate().filter_map(found).collect()
}

/// Whether some locale has a message.
pub fn exists(locales: &[Locale], key: &str, attribute: Option<&str>) -> bool {
    !patterns(locales, key, attribute).is_empty()
}
