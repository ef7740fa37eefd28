//! Broadcasts and segments.

use super::expr::Expr;
use super::sql::QueryId;
use super::text::TextCall;
use super::types::{ChoiceId, Variable};
use super::{Button, Origin};
use crate::syntax::ast::{MediaKind, OnAmbiguous};

/// `ops.broadcast.v1`.
#[derive(Debug)]
pub struct Broadcast {
    /// Where it was written.
    pub origin: Origin,
    /// For people and statistics.
    pub name: String,
    /// Who gets it.
    pub audience: Audience,
    /// The text, in which fields of the recipient may stand; the caption of `media`.
    pub text: Option<TextCall>,
    /// Rows. No field of the recipient stands in them.
    pub keyboard: Vec<Vec<Button>>,
    /// A file. Its value is a text, not null: an address, or Telegram's id of a file.
    pub media: Option<(MediaKind, Expr)>,
    /// Messages a second: a whole number, not null.
    pub pace: Option<Expr>,
    /// Not before this moment: a datetime, not null.
    pub at: Option<Expr>,
    /// Only counts.
    pub dry_run: bool,
    /// Whoever starts it is told how far it is.
    pub progress: bool,
    /// Other than giving up what is ambiguous.
    pub on_ambiguous: Option<OnAmbiguous>,
    /// What is known of it, of the type [`super::types::Base::Broadcast`]; always there for a dry run.
    pub result: Option<Variable>,
}

/// Who gets a broadcast.
#[derive(Debug, Clone)]
pub enum Audience {
    /// Always the same.
    Fixed(Who),
    /// By the option of a choice (not null): one for each, in order.
    Chosen(Expr, ChoiceId, Vec<Who>),
    /// The people that a query names, whose only column is a whole number, not null.
    People(QueryId),
}

/// One of the named audiences.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Who {
    All,
    ActiveDays(u16),
    Segment(String),
}

/// `action.segment.v1`.
#[derive(Debug)]
pub struct SegmentChange {
    /// Joins; else leaves.
    pub join: bool,
    /// Which.
    pub segment: Segment,
    /// Somebody else's id (a whole number, not null).
    pub user: Option<Expr>,
}

/// Which segment.
#[derive(Debug)]
pub enum Segment {
    /// Always the same.
    Fixed(String),
    /// The value of a choice (not null), or of each in a list of them; all of them are segments.
    Chosen(Expr),
}
