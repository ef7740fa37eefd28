//! What can go wrong in a handler. Never carries texts or values.

use crate::store::StoreError;
use crate::store::error::{is_constraint, is_interrupt, is_outage};

/// What a handler gives back: everything it did is in the [`super::Cx`].
pub type Handled = Result<(), HandlerError>;

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
    /// A query gave more rows than what reads them can hold.
    #[error("more than {0} rows")]
    TooMany(usize),
    /// The compiler promised something that does not hold: a bug in botgen, reported with this place.
    #[error("compiler bug: {0}")]
    Bug(&'static str),
    /// Too much waits for the database: later again.
    #[error("the store is busy")]
    Busy,
    /// The conversation has moved while the handler ran: it runs again.
    #[error("the conversation has moved meanwhile")]
    Overtaken,
    /// A limit's decision must be had from elsewhere: it runs again with that.
    #[error("a limit is to be decided")]
    Undecided,
    /// Generated code panicked: a bug of ours.
    #[error("the handler panicked")]
    Panicked,
}

impl From<StoreError> for HandlerError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Sql(error) => Self::Sql(error),
            _ => Self::Busy,
        }
    }
}

impl HandlerError {
    /// A UNIQUE, CHECK, NOT NULL or FOREIGN KEY constraint refused the statement.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Sql(error) if is_constraint(error))
    }

    /// Nobody's fault but the store's: the update is tried again and never counted.
    pub(crate) fn is_outage(&self) -> bool {
        match self {
            Self::Sql(error) => is_outage(error),
            Self::Busy => true,
            _ => false,
        }
    }

    /// Codes of those that end an update.
    pub(crate) const CODES: [&str; 10] = [
        "sql_conflict",
        "deadline",
        "sql",
        "bad_column",
        "arithmetic",
        "outdated",
        "conversation_too_large",
        "too_many_rows",
        "compiler_bug",
        "panic",
    ];

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
            Self::TooMany(_) => "too_many_rows",
            Self::Bug(_) => "compiler_bug",
            Self::Busy => "busy",
            Self::Overtaken => "overtaken",
            Self::Undecided => "undecided",
            Self::Panicked => "panic",
        }
    }
}
