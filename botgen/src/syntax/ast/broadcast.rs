//! One message to many.

use botfactory_lang::proof::Overflow;

use super::{Expr, Field, Keyboard, OnAmbiguous, ParseMode, Statement, Text};
use crate::source::{Span, Spanned, Str};

/// `ops.broadcast.v1`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Broadcast {
    pub name: Option<Str>,
    pub audience: Spanned<Audience>,
    pub message: Letter,
    /// Messages a second.
    pub per_sec: Option<Field>,
    pub at: Option<Field>,
    pub dry_run: bool,
    pub progress: bool,
    pub on_ambiguous: Option<Spanned<OnAmbiguous>>,
    pub result_var: Option<Str>,
}

/// Who gets a broadcast, as written.
#[derive(Debug, Clone)]
pub enum Audience {
    /// `all`, `active_7d`, `segment:vip`.
    Named(Str),
    /// `"{{audience}}"`.
    Chosen(Expr),
    /// `"segment:{{segment}}"`.
    Segment(Expr),
    /// `{ sql: … }`: its shape is not written.
    Query(Box<Statement>),
}

/// What a broadcast says.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Letter {
    pub span: Span,
    pub text: Option<Text>,
    pub overflow: Option<Spanned<Overflow>>,
    pub parse_mode: Option<Spanned<ParseMode>>,
    pub keyboard: Keyboard,
    pub media: Option<Media>,
}

/// A file that goes with a message.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Media {
    pub kind: MediaKind,
    pub file: Field,
}

/// What kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum MediaKind {
    Photo,
    Video,
    Document,
    Audio,
    Animation,
    Voice,
}

impl MediaKind {
    /// With the keys that name them.
    pub const ALL: [(&'static str, Self); 6] = [
        ("photo", Self::Photo),
        ("video", Self::Video),
        ("document", Self::Document),
        ("audio", Self::Audio),
        ("animation", Self::Animation),
        ("voice", Self::Voice),
    ];
}
