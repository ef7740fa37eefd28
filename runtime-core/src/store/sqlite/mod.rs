//! SQLite: one writer task, a few readers.
//!
//! | module | holds |
//! |---|---|
//! | `writer` | the task that owns the write connection and commits in groups |
//! | `readers` | raw read-only connections |
//! | `watchdog` | ends statements that outlive their handler |
//! | `presence` | who serves this database |

/// Runs `$call` on a connection that only reads.
macro_rules! reading {
    ($sqlite:expr, $connection:ident => $call:expr) => {{
        let mut reader = $sqlite.readers.get().await?;
        let $connection = reader.connection()?;
        let read = $call.await?;
        reader.clean();
        Ok::<_, $crate::store::StoreError>(read)
    }};
}
pub(crate) use reading;

/// Runs `$call` in the writer's task, again where its group fails; what it names is cloned for each run.
macro_rules! writing {
    ($sqlite:expr, [$($named:ident),*], $connection:ident => $call:expr) => {
        $sqlite
            .writer
            .write(move |$connection| {
                $(let $named = $named.clone();)*
                Box::pin(async move { $call.await })
            })
            .await
    };
}
pub(crate) use writing;

pub(crate) mod broadcasts;
pub(crate) mod conversation;
pub(crate) mod events;
pub(crate) mod jobs;
pub(crate) mod letters;
mod llm;
mod locales;
mod manage;
pub(crate) mod outbox;
mod person;
mod presence;
pub(crate) mod readers;
pub(crate) mod seen;
mod texts;
mod timers;
pub(crate) mod watchdog;
pub(crate) mod writer;

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};

use super::conversation::Key;
use super::error::{self, StoreError};
use super::migrate;
use crate::clock::Clock;
use crate::store::tables::MigrationSet;
use readers::Readers;
use watchdog::Watchdog;
use writer::Writer;

/// Jobs that may wait for the writer; more is overload.
const QUEUE: usize = 4096;
/// Read-only connections, each with a thread of sqlx's.
const READERS: usize = 4;
/// How long a statement waits for another process's write.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Prepared statements kept per connection; sqlx's default of 100 is less than a big deployment's queries.
const STATEMENTS: usize = 512;

/// A database file.
#[derive(Debug)]
pub(crate) struct Sqlite {
    pub(crate) writer: Writer,
    pub(crate) readers: Arc<Readers>,
    pub(crate) watchdog: Watchdog,
    file: PathBuf,
}

impl Sqlite {
    pub(crate) async fn open(
        url: &str,
        sets: &[&'static MigrationSet],
        clock: &Clock,
    ) -> Result<Self, StoreError> {
        let options = options(url)?;
        let file = options.get_filename().to_path_buf();
        if let Some(folder) = folder(&file) {
            tokio::fs::create_dir_all(folder)
                .await
                .map_err(StoreError::Folder)?;
        }
        let watchdog = Watchdog::default();
        let mut connection = prepared(&options, sets, clock).await?;
        watchdog.watch(&mut connection).await?;
        Ok(Self {
            readers: Readers::new(
                options
                    .clone()
                    .create_if_missing(false)
                    .pragma("query_only", "ON"),
                READERS,
            ),
            writer: Writer::start(connection, options, watchdog.clone(), QUEUE),
            watchdog,
            file,
        })
    }

    /// The newest moment of a row that waits.
    pub(crate) async fn last_at(&self) -> Result<i64, StoreError> {
        let mut reader = self.readers.get().await?;
        let last =
            sqlx::query_scalar("SELECT coalesce(max(at), 0) FROM bf_outbox WHERE state IN (1, 2)")
                .fetch_one(reader.connection()?)
                .await?;
        reader.clean();
        Ok(last)
    }

    /// A read, and an empty job of the writer.
    pub(crate) async fn health(&self) -> Result<(), StoreError> {
        let mut reader = self.readers.get().await?;
        sqlx::query("SELECT 1")
            .execute(reader.connection()?)
            .await?;
        reader.clean();
        self.writer.write(|_| Box::pin(async { Ok(()) })).await
    }

    pub(crate) async fn close(&self) {
        self.writer.close().await;
        self.readers.close();
    }

    pub(crate) async fn waits(&self, key: Key) -> Result<bool, StoreError> {
        let mut reader = self.readers.get().await?;
        let waits = conversation::waits(reader.connection()?, key).await?;
        reader.clean();
        Ok(waits)
    }
}

/// A connection to an up-to-date database. Several processes may begin at once: whoever switches on the write-ahead log
/// or makes the first table keeps the others out without a chance to wait, so they come again.
async fn prepared(
    options: &SqliteConnectOptions,
    sets: &[&'static MigrationSet],
    clock: &Clock,
) -> Result<SqliteConnection, StoreError> {
    let began = std::time::Instant::now();
    loop {
        let attempt = async {
            let mut connection = options.connect().await?;
            migrate::sqlite::run(&mut connection, sets, clock).await?;
            Ok(connection)
        };
        match attempt.await {
            Err(StoreError::Sql(error))
                if error::is_busy(&error) && began.elapsed() < BUSY_TIMEOUT =>
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            done => return done,
        }
    }
}

fn options(url: &str) -> Result<SqliteConnectOptions, StoreError> {
    // In memory every connection would have a database of its own.
    if url.contains(":memory:") || url.contains("mode=memory") {
        return Err(StoreError::Url);
    }
    Ok(SqliteConnectOptions::from_str(url)
        .map_err(|_| StoreError::Url)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging())
}

fn folder(file: &Path) -> Option<&Path> {
    file.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
}
