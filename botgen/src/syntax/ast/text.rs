//! Texts and the pieces of templates.

use super::Expr;
use crate::source::{Span, Spanned, Str};

/// A text: `t:key {…}` or a template.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Text {
    pub source: Str,
    pub kind: TextKind,
}

/// See [`Text`].
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum TextKind {
    Key(KeyRef),
    Template(Vec<Piece>),
}

/// `t:KEY {name=EXPR, …}`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct KeyRef {
    pub span: Span,
    pub key: Spanned<String>,
    pub attribute: Option<Spanned<String>>,
    pub args: Vec<(Spanned<String>, Expr)>,
}

/// A piece of a template. Lines that hold nothing but block tags are already gone, outer whitespace trimmed,
/// comments dropped.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Piece {
    Literal {
        text: String,
        span: Span,
        /// Byte offset of `text` in the value of [`Text::source`]: its characters stand there in one run.
        at: usize,
    },
    Value(Expr),
    Key(KeyRef),
    Each {
        span: Span,
        list: Expr,
        alias: Option<Spanned<String>>,
        body: Vec<Piece>,
        otherwise: Vec<Piece>,
    },
    If {
        span: Span,
        arms: Vec<(Expr, Vec<Piece>)>,
        otherwise: Vec<Piece>,
    },
}
