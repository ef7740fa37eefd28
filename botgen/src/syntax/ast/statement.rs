//! SQL of a bot.

use super::{Expr, Text};
use crate::source::{Span, Spanned, Str};

/// `action.sql_query.v1` and `action.sql_exec.v1`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Statement {
    pub sql: Sql,
    pub result_var: Option<Str>,
    pub shape: Spanned<Shape>,
    /// `params: { since: now - 7d }`.
    pub params: Vec<(Str, Expr)>,
    pub unscoped: Option<Str>,
    pub on_conflict: Option<OnConflict>,
    /// What was written for `on_conflict` was refused, or may have been: its lack says nothing.
    pub conflict_lost: bool,
}

/// What `result_var` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Shape {
    Rows,
    Single,
    Scalar,
    Flatten,
}

/// One statement, or one per engine.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Sql {
    pub span: Span,
    pub both: Option<Str>,
    pub sqlite: Option<Str>,
    pub postgres: Option<Str>,
}

/// `on_conflict:`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct OnConflict {
    pub span: Span,
    pub reply: Text,
    pub goto: Option<Str>,
}
