//! What a bot does at a place of a flow.

use super::{Ask, Broadcast, Expr, Field, Limit, Pages, Reply, Statement};
use crate::source::{Span, Spanned, Str};

/// An action.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Action {
    pub span: Span,
    /// `action.sql_query.v1`, and where it stands.
    pub block: Spanned<&'static str>,
    pub when: Option<Expr>,
    /// A step's id or `end`.
    pub goto: Option<Str>,
    /// What stands for `when` or `goto` was refused: whether it runs, and what follows it, is not known.
    pub unsure: bool,
    pub kind: ActionKind,
}

impl Action {
    /// Nothing after it in its list runs.
    pub fn leaves(&self) -> bool {
        self.goto.is_some() && self.when.is_none() && !self.unsure
    }
}

/// What an action does.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum ActionKind {
    Query(Statement),
    Exec(Statement),
    Reply(Reply),
    SetLocale(SetLocale),
    Limit(Limit),
    Pages(Box<Pages>),
    Ask(Box<Ask>),
    Broadcast(Box<Broadcast>),
    Segment(SegmentChange),
    /// Whether the person wants broadcasts from now on.
    Subscribe(bool),
}

impl ActionKind {
    /// The variable that keeps what it gives.
    pub fn result_var(&self) -> Option<&Str> {
        match self {
            Self::Query(statement) | Self::Exec(statement) => statement.result_var.as_ref(),
            Self::Broadcast(broadcast) => broadcast.result_var.as_ref(),
            _ => None,
        }
    }
}

/// `action.segment.v1`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct SegmentChange {
    pub join: bool,
    pub segment: Field,
    /// Somebody else than whoever caused it.
    pub user: Option<Expr>,
}

/// `action.set_locale.v1`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct SetLocale {
    pub locale: Option<Field>,
}
