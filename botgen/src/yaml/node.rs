//! The tree.

use crate::source::{Span, Str};

/// A node and its place: a collection's place ends with its last child, or its closing bracket.
#[derive(Debug, Clone)]
pub struct Node {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

/// See [`Node`].
#[derive(Debug, Clone)]
pub enum Kind {
    /// A text, number, truth value or nothing: the decoder decides.
    Scalar(Scalar),
    /// A sequence.
    List(List),
    /// A mapping.
    Map(Map),
    /// Already reported.
    Broken,
}

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Bare.
    Plain,
    /// `'…'`
    Single,
    /// `"…"`
    Double,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// A leaf.
#[derive(Debug, Clone)]
pub struct Scalar {
    /// The decoded text; empty for an absent value.
    pub text: Str,
    /// How it is written.
    pub style: Style,
    /// Nothing is written at all (`key:` alone).
    pub absent: bool,
    /// A comment that follows on the same line.
    pub comment: Option<Span>,
    /// Stands inside `{…}` or `[…]`.
    pub in_flow: bool,
}

impl Scalar {
    /// YAML's null: absent, `~` or `null`, bare.
    pub fn is_null(&self) -> bool {
        self.absent
            || self.style == Style::Plain
                && matches!(
                    self.text.value.as_str(),
                    "~" | "null" | "Null" | "NULL" | ""
                )
    }
}

/// A sequence.
#[derive(Debug, Clone)]
pub struct List {
    /// In order.
    pub items: Vec<Node>,
    /// Written as `[…]`.
    pub flow: bool,
    /// The file's syntax breaks off inside it.
    pub truncated: bool,
}

/// A mapping with unique scalar keys.
#[derive(Debug, Clone)]
pub struct Map {
    /// In order.
    pub entries: Vec<Entry>,
    /// Written as `{…}`.
    pub flow: bool,
    /// The file's syntax breaks off inside it, or an entry was refused: what is missing may stand there.
    pub truncated: bool,
}

/// A key and its value.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key.
    pub key: Scalar,
    /// The value.
    pub value: Node,
}
