//! Buttons below a message.

use super::{Expr, Text};
use crate::source::{Span, Spanned};

/// Rows of buttons.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct Keyboard {
    pub span: Option<Span>,
    pub rows: Vec<Vec<Button>>,
}

/// A button.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Button {
    pub span: Span,
    /// One for each row of a list.
    pub each: Option<Each>,
    pub text: Text,
    pub when: Option<Expr>,
    /// `allow: admin`.
    pub allow: Option<Span>,
    pub does: ButtonDoes,
}

/// `each: xs as x`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Each {
    pub list: Expr,
    pub alias: Option<Spanned<String>>,
    /// Buttons in a row; only where the button has rows of its own.
    pub columns: Option<Spanned<i64>>,
}

/// What a button does.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum ButtonDoes {
    /// `callback: "/product {id=p.id}"`.
    Callback {
        /// With the leading `/`.
        command: Spanned<String>,
        args: Vec<(Spanned<String>, Expr)>,
        span: Span,
    },
    Url(Text),
    Toast(Text),
}
