//! What can go wrong in the store. Never carries values.

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Too much waits for the writer or a reader, or the store is closed: later again.
    #[error("the store is busy")]
    Busy,
    /// The database failed.
    #[error("database error: {}", sql_code(.0))]
    Sql(#[from] sqlx::Error),
    /// `DATABASE_URL` is not of the form `sqlite://PATH`, or `postgres://…` where that is meant.
    #[error(
        "`DATABASE_URL` must look like `sqlite://data/botfactory.db` or `postgres://user:password@host/database`"
    )]
    Url,
    /// The database's folder cannot be made.
    #[error("cannot create the folder of the database: {0}")]
    Folder(std::io::Error),
    /// Migrations do not fit what the database has.
    #[error("migrations of `{owner}`: {problem}")]
    Migration {
        /// Owner of the tables.
        owner: String,
        /// What is wrong and what to do.
        problem: String,
    },
}

/// An error's class without the database's message, which can hold values.
pub fn sql_code(error: &sqlx::Error) -> String {
    match error {
        #[cfg(feature = "postgres")]
        sqlx::Error::Database(error) if is_postgres(error.as_ref()) => {
            match error.code().as_deref() {
                Some("55P03") => {
                    "postgres_55P03: a table that it needs is in use; start again".to_owned()
                }
                code => format!("postgres_{}", code.unwrap_or_default()),
            }
        }
        sqlx::Error::Database(error) => match error.code() {
            Some(code) => format!("sqlite_{code}"),
            None => "sqlite".to_owned(),
        },
        sqlx::Error::Io(_) => "io".to_owned(),
        sqlx::Error::RowNotFound => "row_not_found".to_owned(),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => "decode".to_owned(),
        sqlx::Error::WorkerCrashed => "worker_crashed".to_owned(),
        _ => "sqlx".to_owned(),
    }
}

#[cfg(feature = "postgres")]
fn is_postgres(error: &dyn sqlx::error::DatabaseError) -> bool {
    error
        .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
        .is_some()
}

/// Whether somebody held a lock for longer than we wait (`lock_not_available`).
#[cfg(feature = "postgres")]
pub(crate) fn is_lock_wait(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(e) if e.code().as_deref() == Some("55P03"))
}

/// Whether the same transaction may succeed when it runs again: a deadlock, a conflict of serialisation.
#[cfg(feature = "postgres")]
pub(crate) fn is_retryable(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(e) if matches!(e.code().as_deref(), Some("40001" | "40P01")))
}

/// SQLite's primary result code (<https://sqlite.org/rescode.html>), if it is SQLite's error.
pub(crate) fn result_code(error: &sqlx::Error) -> Option<i32> {
    let sqlx::Error::Database(error) = error else {
        return None;
    };
    error
        .code()
        .and_then(|code| code.parse::<i32>().ok())
        .map(|code| code & 0xff)
}

/// Whether the store is at fault, not the statement: such an update is tried again and never counted.
pub(crate) fn is_outage(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => true,
        // BUSY, LOCKED, NOMEM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, NOTADB
        _ => matches!(
            result_code(error),
            Some(5 | 6 | 7 | 8 | 10 | 11 | 13 | 14 | 15 | 26)
        ),
    }
}

/// Whether a statement ran out of its handler's time (`SQLITE_INTERRUPT`).
pub(crate) fn is_interrupt(error: &sqlx::Error) -> bool {
    result_code(error) == Some(9)
}

/// Whether a constraint refused it (`SQLITE_CONSTRAINT`).
pub(crate) fn is_constraint(error: &sqlx::Error) -> bool {
    result_code(error) == Some(19)
}

/// Whether another process holds the lock (`SQLITE_BUSY`, `SQLITE_LOCKED`).
#[cfg(feature = "sqlite")]
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    matches!(result_code(error), Some(5 | 6))
}

/// Whether this connection should be replaced.
#[cfg(feature = "sqlite")]
pub(crate) fn is_fatal(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => true,
        // IOERR, CORRUPT, CANTOPEN, NOTADB
        _ => matches!(result_code(error), Some(10 | 11 | 14 | 26)),
    }
}
