//! The text IR: both `t:` texts and templates end here and obey the same checks.

use super::Origin;
use super::expr::Expr;
use super::types::{ChoiceId, Variable};
use botfactory_lang::markup::{ParseMode, Place};
use botfactory_lang::overrides::TextUse;
pub use botfactory_lang::proof::Slot;

/// Index into [`super::Flow::texts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TextId(pub usize);

/// A use of a text where the flow has its variables at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextCall {
    /// Which.
    pub id: TextId,
}

/// A text: one Rust function that prints it.
#[derive(Debug, Clone)]
pub struct Text {
    /// Function name, unique in the flow: `booked_text`, `ask_slot`.
    pub ident: String,
    /// Where.
    pub origin: Origin,
    /// The author's source, shortened to one line, for the doc comment.
    pub summary: String,
    /// What it is for.
    pub slot: Slot,
    /// How it is marked up.
    pub mode: ParseMode,
    /// The flow variables that it reads, in order of first use: the function's parameters.
    pub params: Vec<Variable>,
    /// Whether it reads built-ins, `now` or the locale (anything of the context beyond the parameters).
    pub pieces: Vec<Piece>,
    /// What the runtime must know to prove it again; `None`: it has no words that can be overridden.
    pub handed: Option<TextUse>,
}

/// A piece.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Piece {
    /// The author's words, markup included, ready to send.
    Literal(String),
    /// A value, printed and escaped for `place`.
    Value { print: Print, place: Place },
    /// A message of the catalogue. Its own markup stays; text arguments are escaped.
    Key {
        key: String,
        attribute: Option<String>,
        args: Vec<(String, KeyArg)>,
        place: Place,
    },
    Each {
        list: Expr,
        /// Rust name of the item (and of `this`).
        item: String,
        /// The loop reads `@index`.
        indexed: bool,
        /// Ends of its rows are the best places to split a message (top level of a message).
        body: Vec<Piece>,
        otherwise: Vec<Piece>,
    },
    If {
        arms: Vec<(Expr, Vec<Piece>)>,
        otherwise: Vec<Piece>,
    },
}

/// An argument of a Fluent message.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum KeyArg {
    /// Given typed: text, int, decimal, real, date, time, datetime; Fluent prints it.
    Value(Expr),
    /// Printed by filters first (`label`, `date: 'd MMMM'`, a choice's value …).
    Printed(Print),
}

/// A value and how it is printed.
#[derive(Debug, Clone, PartialEq)]
pub struct Print {
    /// Never nullable (proven) unless `default` is among the filters.
    pub value: Expr,
    /// How. The chain of the author, typed.
    pub how: How,
}

/// How a value is printed.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum How {
    /// By its type: text as is, numbers, dates in the person's locale and the bot's zone, a choice its value.
    Plain,
    /// `date: 'd MMMM'`.
    Date(DateStyle),
    Time(DateStyle),
    DateTime(DateStyle),
    /// Grouped by locale; `digits` after the point.
    Number {
        digits: Option<u8>,
    },
    /// Seconds, in the two greatest units that they fill: `2 min 5 s`.
    Duration,
    /// ISO 4217.
    Money {
        currency: String,
    },
    /// Label of the value's own choice type.
    Label(ChoiceId),
    /// `label: 'book.service'`: the label of a text column by another flow's choice (command, index there).
    LabelOf {
        command: String,
        choice: ChoiceId,
    },
    /// Elements printed by `each`, joined.
    Join {
        separator: String,
        each: Box<How>,
    },
    /// Text functions over another printing.
    Upper(Box<How>),
    Lower(Box<How>),
    /// At most so many UTF-16 units, `…` included.
    Truncate(usize, Box<How>),
    /// Null prints this text, else `how`.
    Or(Box<Print>, Box<How>),
}

/// See [`botfactory_lang::format::Style`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum DateStyle {
    Short,
    Medium,
    Long,
    Pattern(String),
}
