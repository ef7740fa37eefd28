//! A message in the conversation.

use botfactory_lang::proof::Overflow;

use super::{Expr, Improve, Keyboard, OnAmbiguous, Text};
use crate::source::{Span, Spanned};

/// `action.reply_template.v1`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Reply {
    pub text: Text,
    pub empty_text: Option<Text>,
    pub overflow: Option<Spanned<Overflow>>,
    pub keyboard: Keyboard,
    pub parse_mode: Option<Spanned<ParseMode>>,
    pub to: Option<To>,
    pub edit: Option<Spanned<bool>>,
    pub on_ambiguous: Option<Spanned<OnAmbiguous>>,
    pub improve: Option<Improve>,
}

/// `to:` of a reply.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum To {
    Admins(Span),
    Chat(Expr),
}

/// As written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ParseMode {
    Html,
    MarkdownV2,
    None,
}
