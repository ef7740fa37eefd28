//! Fixes: edits of the author's files that mend a finding, with only one right answer.

use crate::source::Span;

/// One way to mend a finding.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fix {
    /// What it does, as a command: ``write `/help` ``.
    pub title: String,
    /// The changes, which belong together and do not overlap.
    pub edits: Vec<Edit>,
}

/// One change of a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Edit {
    /// What goes; empty to insert.
    pub span: Span,
    /// What comes in its place.
    pub text: String,
}

impl Edit {
    /// Writes `text` in the place of `span`.
    pub fn replace(span: Span, text: impl Into<String>) -> Self {
        Self {
            span,
            text: text.into(),
        }
    }
    /// Writes `text` before `span`.
    pub fn insert(span: Span, text: impl Into<String>) -> Self {
        Self::replace(
            Span {
                hi: span.lo,
                ..span
            },
            text,
        )
    }
    /// Takes `span` out.
    pub fn remove(span: Span) -> Self {
        Self::replace(span, "")
    }
}
