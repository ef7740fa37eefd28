//! What can go wrong in a handler. Never carries texts or values.

use crate::store::error::{is_constraint, is_interrupt};

/// A handler's failure.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// The database refused or failed. [`HandlerError::is_conflict`] tells constraint violations.
    #[error("database error: {}", crate::store::error::sql_code(.0))]
    Sql(#[from] sqlx::Error),
    /// A stored value does not have its column's form.
    #[error(transparent)]
    Column(#[from] botfactory_lang::value::BadColumn),
    /// A division by zero.
    #[error("division by zero")]
    Arithmetic,
    /// The stored conversation does not fit this build (the person is told, the conversation ends).
    #[error("stored conversation does not fit this build")]
    Outdated,
    /// A conversation grew beyond its bound (bytes).
    #[error("conversation larger than {0} bytes")]
    TooLarge(usize),
    /// The compiler promised something that does not hold: a bug in botgen, reported with this place.
    #[error("compiler bug: {0}")]
    Bug(&'static str),
    /// Generated code panicked: a bug of ours.
    #[error("the handler panicked")]
    Panicked,
}

impl HandlerError {
    /// A UNIQUE, CHECK, NOT NULL or FOREIGN KEY constraint refused the statement.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Sql(error) if is_constraint(error))
    }

    /// Out of a closed set, for dead letters, metrics and logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Sql(error) if is_constraint(error) => "sql_conflict",
            Self::Sql(error) if is_interrupt(error) => "deadline",
            Self::Sql(_) => "sql",
            Self::Column(_) => "bad_column",
            Self::Arithmetic => "arithmetic",
            Self::Outdated => "outdated",
            Self::TooLarge(_) => "conversation_too_large",
            Self::Bug(_) => "compiler_bug",
            Self::Panicked => "panic",
        }
    }
}
