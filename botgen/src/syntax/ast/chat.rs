//! Conversation tests.

use crate::source::{Span, Spanned, Str};

/// A conversation test of `chats/*.yaml`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Conversation {
    pub span: Span,
    pub name: Str,
    pub locale: Option<Str>,
    pub group: bool,
    pub admins: Vec<Str>,
    pub begins: Option<Str>,
    pub steps: Vec<Spanned<ChatStep>>,
}

/// What happens in a conversation, or what must have happened.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum ChatStep {
    As(Str),
    Say(Str),
    Press(Str),
    Send(SentKind),
    Expect {
        contains: Vec<Str>,
        exact: Option<Str>,
        buttons: Vec<Str>,
    },
    Toast(Str),
    Silence,
    /// Seconds.
    Clock(i64),
    Locale(Str),
    Redeliver,
    Restart,
    /// What the model answers: JSON of a text, or of texts by name.
    Model(String),
    ModelFails,
    ModelWaits,
    Rows {
        sql: Str,
        count: Spanned<usize>,
    },
}

/// What a person can send besides texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum SentKind {
    Photo,
    File,
    Contact,
    Location,
    Sticker,
}
