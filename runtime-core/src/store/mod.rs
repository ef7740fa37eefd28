//! Everything durable, on SQLite: one writer task, a few readers, the runtime's own tables.
//!
//! | module | holds |
//! |---|---|
//! | [`outbox`] | claims and outgoing calls |
//! | `conversation` | where a person stands in a dialogue, and the one script that stores what an update did |
//! | `writer` | the task that owns the write connection and commits in groups |
//! | `readers` | raw read-only connections |
//! | `locales` | people's stored locales and their cache |
//! | `letters` | dead letters, failure counts, retention |
//! | `values` | secrets, polling leases |
//! | `presence` | who serves this database |
//! | `migrate` | the runtime's and the bots' migrations |

pub(crate) mod conversation;
pub mod error;
pub(crate) mod letters;
pub(crate) mod locales;
pub(crate) mod migrate;
pub mod outbox;
pub mod presence;
pub(crate) mod readers;
mod values;
pub(crate) mod watchdog;
pub(crate) mod writer;

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};

pub use error::StoreError;

use crate::bot::MigrationSet;
use crate::clock::Clock;
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

/// The database of this deployment.
#[derive(Debug)]
pub struct Store {
    pub(crate) writer: Writer,
    pub(crate) readers: Arc<Readers>,
    pub(crate) locales: locales::Cache,
    clock: Clock,
    /// Names this process in leases.
    instance: String,
    last_at: AtomicI64,
    pub(crate) watchdog: Watchdog,
    pruning: letters::Pruning,
    /// `None`: in memory.
    file: Option<PathBuf>,
}

impl Store {
    /// Opens (and makes, where it is missing) the database of `sqlite://PATH`, and applies what is new of the runtime's
    /// migrations and of `sets`. Sets of one owner count once.
    ///
    /// # Errors
    /// A URL of another form, a database that cannot be opened, a migration that fails or was changed after it was applied.
    pub async fn open(
        url: &str,
        sets: &[&'static MigrationSet],
        clock: Clock,
    ) -> Result<Arc<Self>, StoreError> {
        let options = options(url)?;
        if let Some(folder) = folder(url) {
            tokio::fs::create_dir_all(folder)
                .await
                .map_err(StoreError::Folder)?;
        }
        let in_memory = url.contains(":memory:") || url.contains("mode=memory");
        let file = (!in_memory).then(|| options.get_filename().to_path_buf());
        let watchdog = Watchdog::default();
        let mut connection = prepared(&options, sets, &clock).await?;
        let last_at: i64 =
            sqlx::query_scalar("SELECT coalesce(max(at), 0) FROM bf_outbox WHERE state IN (1, 2)")
                .fetch_one(&mut connection)
                .await?;
        watchdog.watch(&mut connection).await?;
        Ok(Arc::new(Self {
            readers: Readers::new(
                options
                    .clone()
                    .create_if_missing(false)
                    .pragma("query_only", "ON"),
                READERS,
            ),
            writer: Writer::start(connection, options, watchdog.clone(), QUEUE),
            locales: locales::Cache::default(),
            clock,
            instance: format!("{:016x}", rand::random::<u64>()),
            last_at: AtomicI64::new(last_at),
            watchdog,
            pruning: letters::Pruning::default(),
            file,
        }))
    }

    /// The clock of leases and deadlines.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Whether the database answers a read within two seconds and the writer takes work.
    pub async fn health(&self) -> bool {
        let read = async {
            let mut reader = self.readers.get().await?;
            sqlx::query("SELECT 1")
                .execute(reader.connection()?)
                .await?;
            reader.clean();
            self.writer.write(|_| Box::pin(async { Ok(()) })).await
        };
        matches!(
            tokio::time::timeout(Duration::from_secs(2), read).await,
            Ok(Ok(()))
        )
    }

    /// Lets the writer finish what waits, then closes every connection.
    pub async fn close(&self) {
        self.writer.close().await;
        self.readers.close();
    }

    /// A moment that no other row of this process has.
    pub(crate) fn next_at(&self) -> i64 {
        let now = self.clock.micros();
        let last = self
            .last_at
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
                Some(now.max(last.saturating_add(1)))
            })
            .unwrap_or(now);
        now.max(last.saturating_add(1))
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
    if !url.starts_with("sqlite:") || url.contains(":memory:") || url.contains("mode=memory") {
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

fn folder(url: &str) -> Option<&Path> {
    let path = url
        .strip_prefix("sqlite://")
        .or_else(|| url.strip_prefix("sqlite:"))?;
    let path = path.split('?').next()?;
    Path::new(path)
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
}
