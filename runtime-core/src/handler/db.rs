//! The database as a handler sees it. Only generated query functions know which engine they talk to.

#[cfg(feature = "postgres")]
use sqlx::postgres::{PgArguments, PgConnection};
#[cfg(feature = "sqlite")]
use sqlx::sqlite::SqliteConnection;

use super::error::HandlerError;
#[cfg(feature = "postgres")]
use crate::store::conversation::{Found, Key};
#[cfg(feature = "postgres")]
use crate::store::postgres::{Loan, Postgres, Writing};
#[cfg(feature = "sqlite")]
use crate::store::sqlite::readers::Reader;

/// A connection of the engine that serves.
#[derive(Debug)]
#[non_exhaustive]
pub enum Db<'a> {
    /// SQLite.
    #[cfg(feature = "sqlite")]
    Sqlite(&'a mut SqliteConnection),
    /// Postgres.
    #[cfg(feature = "postgres")]
    Postgres(&'a mut PgConnection),
}

impl<'a> Db<'a> {
    /// SQLite's connection.
    ///
    /// # Errors
    /// The other engine serves.
    #[cfg(feature = "sqlite")]
    pub fn sqlite(self) -> Result<&'a mut SqliteConnection, HandlerError> {
        match self {
            Self::Sqlite(connection) => Ok(connection),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => Err(HandlerError::Bug(
                "this build has no statements for Postgres",
            )),
        }
    }

    /// Postgres's connection.
    ///
    /// # Errors
    /// The other engine serves.
    #[cfg(feature = "postgres")]
    pub fn postgres(self) -> Result<&'a mut PgConnection, HandlerError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => Err(HandlerError::Bug("this build has no statements for SQLite")),
            Self::Postgres(connection) => Ok(connection),
        }
    }
}

/// What the handler may use of the database.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // one for each update: a box would cost more
pub(crate) enum Connection {
    /// Nothing: `pure`.
    None,
    /// A read-only connection.
    #[cfg(feature = "sqlite")]
    SqliteRead(Reader),
    /// In the writer, inside a savepoint.
    #[cfg(feature = "sqlite")]
    SqliteWrite(Box<SqliteConnection>),
    /// A connection as soon as a query needs one; a step of the conversation follows.
    #[cfg(feature = "postgres")]
    PostgresRead(Reading),
    /// In a transaction that holds the conversation's lock.
    #[cfg(feature = "postgres")]
    PostgresWrite(Box<Transaction>),
}

impl Connection {
    /// Whether the handler may move the conversation and set a locale: what it does will be stored.
    pub(crate) fn stores(&self) -> bool {
        match self {
            Self::None => false,
            #[cfg(feature = "sqlite")]
            Self::SqliteRead(_) => false,
            #[cfg(feature = "sqlite")]
            Self::SqliteWrite(_) => true,
            #[cfg(feature = "postgres")]
            Self::PostgresRead(reading) => reading.stores,
            #[cfg(feature = "postgres")]
            Self::PostgresWrite(_) => true,
        }
    }

    /// Whether the handler holds something of the database that others wait for.
    pub(crate) fn is_held(&self) -> bool {
        match self {
            Self::None => false,
            #[cfg(feature = "sqlite")]
            Self::SqliteRead(_) | Self::SqliteWrite(_) => true,
            #[cfg(feature = "postgres")]
            Self::PostgresRead(reading) => reading.loan.is_some(),
            #[cfg(feature = "postgres")]
            Self::PostgresWrite(_) => true,
        }
    }

    pub(crate) async fn db(&mut self) -> Result<Db<'_>, HandlerError> {
        match self {
            Self::None => Err(HandlerError::Bug("a pure handler reads")),
            #[cfg(feature = "sqlite")]
            Self::SqliteRead(reader) => Ok(Db::Sqlite(reader.connection()?)),
            #[cfg(feature = "sqlite")]
            Self::SqliteWrite(connection) => Ok(Db::Sqlite(connection)),
            #[cfg(feature = "postgres")]
            Self::PostgresRead(reading) => Ok(Db::Postgres(reading.connection().await?)),
            #[cfg(feature = "postgres")]
            Self::PostgresWrite(transaction) => Ok(Db::Postgres(transaction.writing.connection()?)),
        }
    }

    pub(crate) fn db_write(&mut self) -> Result<Db<'_>, HandlerError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::SqliteWrite(connection) => Ok(Db::Sqlite(connection)),
            #[cfg(feature = "postgres")]
            Self::PostgresWrite(transaction) => Ok(Db::Postgres(transaction.writing.connection()?)),
            _ => Err(HandlerError::Bug("a handler that only reads writes")),
        }
    }

    /// A read has ended well: the connection is free.
    pub(crate) async fn done(&mut self) {
        match self {
            #[cfg(feature = "sqlite")]
            Self::SqliteRead(reader) => reader.done().await,
            #[cfg(feature = "postgres")]
            Self::PostgresRead(reading) => reading.done().await,
            _ => {}
        }
    }

    /// Takes back the statements so far.
    pub(crate) async fn undo(&mut self) -> Result<(), HandlerError> {
        match self {
            // The savepoint was opened right before the handler: nothing but its statements are in it.
            #[cfg(feature = "sqlite")]
            Self::SqliteWrite(connection) => {
                sqlx::query("ROLLBACK TO u")
                    .execute(&mut **connection)
                    .await?;
                Ok(())
            }
            // The refused statement has ended the transaction: another one, with lock, claim and state as they were.
            #[cfg(feature = "postgres")]
            Self::PostgresWrite(transaction) => transaction.again().await,
            // Nothing has run; what was handed over will not.
            #[cfg(feature = "postgres")]
            Self::PostgresRead(reading) => {
                reading.deferred = None;
                Ok(())
            }
            _ => Err(HandlerError::Bug("a handler that only reads undoes")),
        }
    }
}

/// An open transaction, and what was true of its conversation when it began.
#[cfg(feature = "postgres")]
#[derive(Debug)]
pub(crate) struct Transaction {
    pub(crate) writing: Writing,
    pub(crate) key: Key,
    pub(crate) update_id: i64,
    pub(crate) version: i64,
}

#[cfg(feature = "postgres")]
impl Transaction {
    /// What ran is taken back; lock, claim and version are as they were.
    pub(crate) async fn again(&mut self) -> Result<(), HandlerError> {
        match self.writing.again(self.key, self.update_id).await? {
            Found::Row(stand) if stand.version == self.version => Ok(()),
            _ => Err(HandlerError::Overtaken),
        }
    }
}

/// A handler outside a writing transaction: its connection is taken when the first query runs.
#[cfg(feature = "postgres")]
pub(crate) struct Reading {
    store: std::sync::Arc<crate::store::Store>,
    /// Several queries may run: they see one snapshot.
    many: bool,
    loan: Option<Loan>,
    /// What the handler does will be stored by a step.
    stores: bool,
    /// May hand its only statement over.
    pub(crate) defers: bool,
    /// A statement that runs together with the claim.
    pub(crate) deferred: Option<Deferred>,
    /// The statement was refused by a constraint when it ran: the handler is told so now.
    pub(crate) conflict: Option<sqlx::Error>,
}

/// A statement of the bot's that waits to run together with claim, state and response.
#[cfg(feature = "postgres")]
pub(crate) struct Deferred {
    pub(crate) sql: &'static str,
    pub(crate) arguments: PgArguments,
}

#[cfg(feature = "postgres")]
impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reading")
            .field("many", &self.many)
            .field("open", &self.loan.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "postgres")]
impl Reading {
    pub(crate) fn new(
        store: std::sync::Arc<crate::store::Store>,
        many: bool,
        stores: bool,
    ) -> Self {
        Self {
            store,
            many,
            loan: None,
            stores,
            defers: false,
            deferred: None,
            conflict: None,
        }
    }

    async fn connection(&mut self) -> Result<&mut PgConnection, HandlerError> {
        if self.loan.is_none() {
            let postgres: &Postgres = self
                .store
                .postgres()
                .ok_or(HandlerError::Bug("this deployment has no Postgres"))?;
            self.loan = Some(postgres.reading(self.many).await?);
        }
        match &mut self.loan {
            Some(loan) => Ok(loan.connection()?),
            None => Err(HandlerError::Bug("no connection")),
        }
    }

    pub(crate) fn defer(
        &mut self,
        sql: &'static str,
        arguments: PgArguments,
    ) -> Result<(), HandlerError> {
        if let Some(conflict) = self.conflict.take() {
            return Err(conflict.into());
        }
        if !self.defers || self.deferred.is_some() {
            return Err(HandlerError::Bug("a second statement is handed over"));
        }
        self.deferred = Some(Deferred { sql, arguments });
        Ok(())
    }

    /// What was begun has ended well.
    pub(crate) async fn done(&mut self) {
        if let Some(loan) = self.loan.take() {
            loan.done().await;
        }
    }
}
