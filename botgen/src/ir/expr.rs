//! Typed expressions.

use super::types::{ChoiceId, Ty};
pub use crate::syntax::ast::{Comparison, Operator};

/// An expression and its type. Where a test has narrowed a nullable variable, the reference's own `ty` is not
/// nullable while the variable is (`narrowed`): the emitter unwraps locally, without panicking.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// The type of the value.
    pub ty: Ty,
    /// What it is.
    pub kind: ExprKind,
}

/// See [`Expr`].
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum ExprKind {
    /// A flow variable, a loop variable, or `this`.
    Var {
        ident: String,
        narrowed: bool,
    },
    /// A field of a row, contact, location or file. `narrowed`: the field itself is nullable and was tested.
    Field {
        of: Box<Expr>,
        ident: String,
        narrowed: bool,
    },
    Builtin(Builtin),
    /// `@index`, from 1, of the innermost loop.
    Index,
    Text(String),
    Int(i64),
    Decimal {
        units: i64,
        scale: u8,
    },
    Bool(bool),
    Null,
    /// Seconds.
    Duration(i64),
    /// A date, time or datetime literal in SQL form (`2026-01-15`, `09:00:00`, UTC `2026-01-15 09:00:00`).
    DateLit(String),
    TimeLit(String),
    InstantLit(String),
    List(Vec<Expr>),
    /// A choice's option, by index.
    Option(ChoiceId, usize),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    /// Both sides have one base type (choice against choice; int against decimal and real have been converted by
    /// `Widen`). Null-safe: a nullable side is compared as `Option`.
    Compare(Comparison, Box<Expr>, Box<Expr>),
    In {
        value: Box<Expr>,
        list: Box<Expr>,
        negated: bool,
    },
    IsNull {
        value: Box<Expr>,
        negated: bool,
    },
    /// Of a list or a text.
    IsEmpty {
        value: Box<Expr>,
        negated: bool,
    },
    /// Numbers of one type; datetime ± duration; date ± duration (whole days); duration ± duration. Checked at
    /// run time: overflow and division by zero are a handler error.
    Arithmetic(Operator, Box<Expr>, Box<Expr>),
    /// Int to decimal or real, decimal to a greater scale or real, date to datetime (its start in the bot's zone).
    Widen(Box<Expr>),
    /// A choice's value as text.
    ChoiceValue(Box<Expr>),
    /// `xs | count`.
    Count(Box<Expr>),
    /// `x | default: y`: the first that is not null.
    Default(Box<Expr>, Box<Expr>),
    /// Anything printed to text by a filter chain, for `join`, `upper`, comparisons of printed text. A text function.
    Printed(Box<super::text::Print>),
}

/// What every flow can read. The last name and the user name may be missing; a reference whose type is not nullable
/// was tested before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Builtin {
    BotId,
    /// `:bot_id` of a statement that reads the runtime's views alone: there previews have names of their own.
    BotInViews,
    UserId,
    ChatId,
    UserFirstName,
    UserLastName,
    UserUsername,
    UserIsAdmin,
    /// Whoever reads the message is an admin: `allow: admin` on a button.
    ReaderIsAdmin,
    Locale,
    Now,
    Today,
    /// The command's argument text as typed.
    Args,
    /// Fields of whoever gets a broadcast: only as values that are printed as they are.
    RecipientFirstName,
    RecipientLastName,
    RecipientUsername,
}
