//! Texts that are replaced at run time: what the compiler hands over so that they can be proven again, and the proof.
//!
//! A text is named by its key: `menu-title`, an attribute `menu.hint`, a term `-brand`, its attribute `-brand.case`. What
//! replaces it is the Fluent source that would stand after the `=`.
//!
//! | file | holds |
//! |---|---|
//! | this | what is handed over, and keys |
//! | `parts` | where the texts of an `.ftl` file stand; other words in their places |
//! | `check` | the compiler's checks over the overridden texts |

mod check;
mod parts;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::markup::ParseMode;
use crate::proof::shape::{self, Node};
use crate::proof::{self, Overflow, Slot};

pub use check::{Checked, Fault, Given, Position, Written, check, settle, syntax};
pub use parts::{Located, Part, located, parts, spliced, words};

/// Everything that is handed over of a bot.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Handed {
    /// Texts with words that can be overridden.
    #[serde(rename = "t", default)]
    pub texts: Vec<TextUse>,
    /// Choices with labels that can be overridden.
    #[serde(rename = "c", default)]
    pub choices: Vec<ChoiceUse>,
}

impl Handed {
    /// As it stands in generated code.
    pub fn encode(&self) -> String {
        // Maps with keys of text, numbers and texts: nothing that JSON lacks.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What stands in generated code; nothing where it cannot be read.
    pub fn decode(encoded: &str) -> Self {
        serde_json::from_str(encoded).unwrap_or_default()
    }
}

/// A text of a bot: its shape, as it was proven.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TextUse {
    /// Where it is written, within the bot's folder: `flows/book.yaml:17`.
    #[serde(rename = "a")]
    pub at: String,
    /// The command whose flow it belongs to, without `/`.
    #[serde(rename = "f", default, skip_serializing_if = "String::is_empty")]
    pub command: String,
    /// What it is for.
    #[serde(rename = "s")]
    pub slot: Slot,
    /// How it is marked up.
    #[serde(rename = "m")]
    pub mode: ParseMode,
    /// What happens to what is too long.
    #[serde(rename = "o", default)]
    pub overflow: Overflow,
    /// Words, values, translations.
    #[serde(rename = "n")]
    pub nodes: Vec<Node>,
}

impl TextUse {
    /// `None`: it has no words that can be overridden.
    pub fn new(text: &proof::Text<'_>, at: String, nodes: &[Node]) -> Option<Self> {
        let mut any = false;
        shape::each_message(nodes, &mut |_| any = true);
        any.then(|| Self {
            at,
            command: text.command.to_owned(),
            slot: text.slot,
            mode: text.mode,
            overflow: text.overflow,
            nodes: shape::folded(nodes),
        })
    }
}

/// A choice: its options as people read and type them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChoiceUse {
    /// Where it is written, within the bot's folder.
    #[serde(rename = "a")]
    pub at: String,
    /// In order.
    #[serde(rename = "o")]
    pub options: Vec<OptionUse>,
}

/// An option.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OptionUse {
    /// Its value.
    #[serde(rename = "v")]
    pub value: String,
    /// It is offered only when a condition holds.
    #[serde(rename = "w", default)]
    pub when: bool,
    /// What people read.
    #[serde(rename = "l")]
    pub label: LabelUse,
}

/// What people read of an option.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum LabelUse {
    /// These words in every language.
    #[serde(rename = "w")]
    Words(String),
    /// A message or its attribute.
    #[serde(rename = "k")]
    Key(String, Option<String>),
    /// Something that depends on more.
    #[serde(rename = "x")]
    Other,
}

/// The name of a text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// A term's.
    pub term: bool,
    /// The message's or the term's name, without `-`.
    pub id: String,
    /// The attribute.
    pub attribute: Option<String>,
}

impl Key {
    /// Reads `menu-title`, `menu.hint`, `-brand`, `-brand.case`.
    pub fn parse(key: &str) -> Option<Self> {
        let name = |name: &str| {
            let mut bytes = name.bytes();
            bytes.next().is_some_and(|b| b.is_ascii_alphabetic())
                && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        };
        let (term, rest) = match key.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, key),
        };
        let (id, attribute) = match rest.split_once('.') {
            Some((id, attribute)) => (id, Some(attribute)),
            None => (rest, None),
        };
        (key.len() <= LONGEST_KEY && name(id) && attribute.is_none_or(name)).then(|| Self {
            term,
            id: id.to_owned(),
            attribute: attribute.map(str::to_owned),
        })
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.term {
            f.write_str("-")?;
        }
        f.write_str(&self.id)?;
        match &self.attribute {
            Some(attribute) => write!(f, ".{attribute}"),
            None => Ok(()),
        }
    }
}

/// Longest key, in bytes.
pub const LONGEST_KEY: usize = 200;
