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

impl StoreError {
    /// Whether a constraint of the tables refused it.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Sql(error) if is_constraint(error))
    }

    /// Whether it is nobody's fault but the store's, and passes.
    pub(crate) fn is_outage(&self) -> bool {
        match self {
            Self::Busy => true,
            Self::Sql(error) => is_outage(error) || is_interrupt(error),
            Self::Url | Self::Folder(_) | Self::Migration { .. } => false,
        }
    }
}

/// What an operator can do about a database that cannot be opened; empty where the code says it all. Never carries values.
pub fn advice(error: &StoreError) -> &'static str {
    let StoreError::Sql(error) = error else {
        return "";
    };
    match error {
        sqlx::Error::Io(_) => {
            "nobody answers there: look at host, port and firewall (`@`, `/`, `:` and `#` in a password are written %40, \
             %2F, %3A, %23)"
        }
        sqlx::Error::Tls(_) => "the encrypted connection fails: look at sslmode and sslrootcert",
        sqlx::Error::Configuration(_) => "the address cannot be used: look at its parameters",
        sqlx::Error::Database(error) => match error.code().as_deref() {
            Some("3D000") => "there is no such database: CREATE DATABASE makes it",
            Some("28000" | "28P01") => {
                "the server does not let this user in: look at name and password"
            }
            Some("42501") => {
                "the user may not make tables there: GRANT CREATE ON SCHEMA public TO the user, or make it the owner of the \
                 database"
            }
            Some("25006") => "this server takes no writes: it is a replica",
            Some("53300") => {
                "the server has no free connection: raise max_connections or lower `connections`"
            }
            Some("57P03") => "the server is starting or stopping: it will be there in a moment",
            Some("14") => "the file cannot be opened: look at its folder and who may write there",
            _ => "",
        },
        _ => "",
    }
}

/// An error's class without the database's message, which can hold values.
pub fn sql_code(error: &sqlx::Error) -> String {
    match error {
        #[cfg(feature = "postgres")]
        error if sqlstate(error).is_some() => {
            format!("postgres_{}", sqlstate(error).unwrap_or_default())
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

/// What Postgres calls it, if it is Postgres's error: five characters, the first two are its class
/// (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
#[cfg(feature = "postgres")]
fn sqlstate(error: &sqlx::Error) -> Option<&str> {
    let sqlx::Error::Database(error) = error else {
        return None;
    };
    error
        .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
        .map(sqlx::postgres::PgDatabaseError::code)
}

#[cfg(not(feature = "postgres"))]
fn sqlstate(_: &sqlx::Error) -> Option<&str> {
    None
}

fn class(code: &str) -> &str {
    code.get(..2).unwrap_or_default()
}

/// Whether Postgres says so by this code.
#[cfg(feature = "postgres")]
pub(crate) fn is_state(error: &sqlx::Error, code: &str) -> bool {
    sqlstate(error) == Some(code)
}

/// Whether somebody held a lock for longer than we wait (`lock_not_available`).
#[cfg(feature = "postgres")]
pub(crate) fn is_lock_wait(error: &sqlx::Error) -> bool {
    is_state(error, "55P03")
}

/// Whether the same transaction may succeed when it runs again: a deadlock, a conflict of serialisation.
#[cfg(feature = "postgres")]
pub(crate) fn is_retryable(error: &sqlx::Error) -> bool {
    matches!(sqlstate(error), Some("40001" | "40P01")) || is_stale_plan(error)
}

/// Whether a prepared statement no longer fits its table, which a newer build has migrated meanwhile: it runs on another
/// connection.
#[cfg(feature = "postgres")]
pub(crate) fn is_stale_plan(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else {
        return false;
    };
    error
        .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
        .is_some_and(|error| {
            error.code() == "0A000" && error.routine() == Some("RevalidateCachedQuery")
        })
}

/// Whether the server has closed the connection with it.
#[cfg(feature = "postgres")]
pub(crate) fn is_final(error: &sqlx::Error) -> bool {
    use sqlx::postgres::{PgDatabaseError, PgSeverity};
    let sqlx::Error::Database(error) = error else {
        return false;
    };
    error
        .try_downcast_ref::<PgDatabaseError>()
        .is_some_and(|error| matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic))
}

/// Whether the connection is of no use any more, and others of its time neither: it broke, the server ends, or has become
/// one that only reads.
#[cfg(feature = "postgres")]
pub(crate) fn is_disconnect(error: &sqlx::Error) -> bool {
    match sqlstate(error) {
        Some(code) => {
            class(code) == "08" || matches!(code, "57P01" | "57P02" | "57P03" | "57P05" | "25006")
        }
        None => matches!(
            error,
            sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::WorkerCrashed
        ),
    }
}

/// SQLite's primary result code (<https://sqlite.org/rescode.html>), if it is SQLite's error.
pub(crate) fn result_code(error: &sqlx::Error) -> Option<i32> {
    if sqlstate(error).is_some() {
        return None; // some of those are numbers too
    }
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
        sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => return true,
        #[cfg(feature = "postgres")]
        sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => return true,
        _ => {}
    }
    match sqlstate(error) {
        // Connection, resources, the server's end, its files; rivals; a lock that another holds; the server has become one
        // that only reads, or found our transaction asleep; it knows us no more, or its files are damaged.
        Some(code) if code != "57014" => {
            matches!(class(code), "08" | "53" | "57" | "58" | "40" | "XX")
                || matches!(
                    code,
                    "55P03" | "25006" | "25P03" | "28000" | "28P01" | "3D000"
                )
        }
        Some(_) => false,
        // BUSY, LOCKED, NOMEM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, NOTADB
        None => matches!(
            result_code(error),
            Some(5 | 6 | 7 | 8 | 10 | 11 | 13 | 14 | 15 | 26)
        ),
    }
}

/// Whether a statement ran out of its handler's time (`SQLITE_INTERRUPT`, `query_canceled`).
pub(crate) fn is_interrupt(error: &sqlx::Error) -> bool {
    sqlstate(error) == Some("57014") || result_code(error) == Some(9)
}

/// Whether a constraint refused it (`SQLITE_CONSTRAINT`, class 23).
pub(crate) fn is_constraint(error: &sqlx::Error) -> bool {
    match sqlstate(error) {
        Some(code) => class(code) == "23",
        None => result_code(error) == Some(19),
    }
}

/// Whether another process holds the lock (`SQLITE_BUSY`, `SQLITE_LOCKED`).
#[cfg(feature = "sqlite")]
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    matches!(result_code(error), Some(5 | 6))
}

/// Whether SQLite's connection should be replaced.
#[cfg(feature = "sqlite")]
pub(crate) fn is_fatal(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => true,
        // IOERR, CORRUPT, CANTOPEN, NOTADB
        _ => matches!(result_code(error), Some(10 | 11 | 14 | 26)),
    }
}
