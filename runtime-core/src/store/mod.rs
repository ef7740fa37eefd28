//! Everything durable. One [`Store`], two engines behind it, each with its own strengths: SQLite with one writer that
//! commits waiting updates together (`sqlite`), Postgres with stored functions and batches (`postgres`).
//!
//! | module | holds |
//! |---|---|
//! | [`outbox`] | claims and outgoing calls |
//! | `conversation` | where a person stands in a dialogue, and what an update leaves behind |
//! | `locales` | people's stored locales and their cache |
//! | `texts` | texts that were overridden at run time |
//! | `seen` | people seen, and segments of them |
//! | `broadcasts` | broadcasts and their recipients |
//! | `jobs` | the rest of handlers that wait for something outside |
//! | `letters` | dead letters, failure counts, retention |
//! | `llm` | tokens of bots' days, and what operators have set for them |
//! | [`person`] | what is stored about a person: export and erasure |
//! | `manage` | what the management API asks |
//! | `counts` | queues, pools, what waits in the tables |
//! | [`events`] | what bots did, for operators to ask |
//! | `timers` | dialogues whose time is over |
//! | `values` | secrets, polling leases |
//! | [`tables`] | what the compiler says of a bot's own tables |
//! | `migrate` | the runtime's and the bots' migrations |
//! | `both` | what is the same on both engines |
//! | `sqlite`, `postgres` | what each does in its own way; files of the same names |

/// The same call on whichever engine this store stands.
macro_rules! backend {
    ($store:expr, $backend:ident => $call:expr) => {
        match &$store.backend {
            #[cfg(feature = "sqlite")]
            $crate::store::Backend::Sqlite($backend) => $call,
            #[cfg(feature = "postgres")]
            $crate::store::Backend::Postgres($backend) => $call,
        }
    };
}

pub(crate) mod both;
pub(crate) mod broadcasts;
pub(crate) mod conversation;
pub mod counts;
pub mod error;
pub mod events;
pub mod export;
pub(crate) mod jobs;
pub(crate) mod letters;
pub(crate) mod llm;
pub(crate) mod locales;
pub mod manage;
pub(crate) mod migrate;
pub mod outbox;
pub mod person;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
pub(crate) mod seen;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;
pub mod tables;
pub mod texts;
pub(crate) mod timers;
mod values;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

pub use error::StoreError;

use crate::clock::Clock;
use crate::redis::Redis;
use tables::MigrationSet;

/// How long a health check waits for the database.
const HEALTH_TIME: Duration = Duration::from_secs(2);

/// A database that takes longer for nothing is in trouble: what ran out of time meanwhile is not to blame.
const EASE: Duration = Duration::from_millis(500);

/// The database of this deployment.
#[derive(Debug)]
pub struct Store {
    pub(crate) backend: Backend,
    pub(crate) locales: locales::Cache,
    clock: Clock,
    /// Names this process in leases.
    instance: String,
    last_at: AtomicI64,
    pruning: letters::Pruning,
    pub(crate) heard: outbox::Heard,
    pub(crate) people: seen::People,
    pub(crate) events: events::Recorder,
    texts_told: tokio::sync::Notify,
    /// One export at a time.
    exports: Arc<tokio::sync::Semaphore>,
}

/// An engine. The scheme of `DATABASE_URL` picks it.
#[derive(Debug)]
pub(crate) enum Backend {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlite::Sqlite),
    #[cfg(feature = "postgres")]
    Postgres(postgres::Postgres),
}

/// This process serves the database, until it is dropped.
#[derive(Debug)]
pub struct Presence {
    /// What tells the others: a locked file, a session.
    _held: Box<dyn std::any::Any + Send + Sync>,
}

impl Store {
    /// Opens the database of `sqlite://PATH` (made, where it is missing) or `postgres://…`, and applies what is new of the
    /// runtime's migrations and of `sets`. Sets of one owner count once.
    ///
    /// # Errors
    /// A URL of another form or of an engine that this build does not have, a database that cannot be opened, a migration
    /// that fails or was changed after it was applied.
    pub async fn open(
        url: &str,
        sets: &[&'static MigrationSet],
        clock: Clock,
    ) -> Result<Arc<Self>, StoreError> {
        let (backend, clock) = open(url, sets, clock).await?;
        let mut store = Self {
            backend,
            locales: locales::Cache::default(),
            clock,
            instance: format!("{:016x}", rand::random::<u64>()),
            last_at: AtomicI64::new(0),
            pruning: letters::Pruning::default(),
            heard: outbox::Heard::default(),
            people: seen::People::default(),
            events: events::Recorder::default(),
            texts_told: tokio::sync::Notify::new(),
            exports: Arc::new(tokio::sync::Semaphore::new(1)),
        };
        let last_at = backend!(store, backend => backend.last_at().await)?;
        store.last_at = AtomicI64::new(last_at);
        Ok(Arc::new(store))
    }

    /// Other instances are told through this what concerns them.
    pub fn share(&self, redis: Redis) {
        self.locales.share(redis);
    }

    /// The clock of leases and deadlines.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Whether the database answers within two seconds and takes work.
    pub async fn health(&self) -> bool {
        let asked = async { backend!(self, backend => backend.health().await) };
        matches!(tokio::time::timeout(HEALTH_TIME, asked).await, Ok(Ok(())))
    }

    /// Whether the database answers as fast as one does that is not the reason why a handler ran out of time.
    pub(crate) async fn at_ease(&self) -> bool {
        let asked = async { backend!(self, backend => backend.health().await) };
        matches!(tokio::time::timeout(EASE, asked).await, Ok(Ok(())))
    }

    /// Enters; where nobody else serves this database, ends the leases that earlier processes left. A response that was
    /// offered keeps its lease, as far as no clock that was ahead has written it: Telegram asks for it again.
    ///
    /// # Errors
    /// The database fails.
    pub async fn enter(&self) -> Result<Presence, StoreError> {
        let now = self.clock.micros();
        Ok(Presence {
            _held: backend!(self, backend => Box::new(backend.enter(now).await?)),
        })
    }

    /// Lets what waits finish, then closes every connection.
    pub async fn close(&self) {
        backend!(self, backend => backend.close().await);
    }

    /// Postgres, if that serves.
    #[cfg(feature = "postgres")]
    pub(crate) fn postgres(&self) -> Option<&postgres::Postgres> {
        match &self.backend {
            #[cfg(feature = "sqlite")]
            Backend::Sqlite(_) => None,
            Backend::Postgres(postgres) => Some(postgres),
        }
    }

    /// SQLite, which serves in this test.
    #[cfg(all(test, feature = "sqlite"))]
    pub(crate) fn sqlite(&self) -> &sqlite::Sqlite {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite,
            #[cfg(feature = "postgres")]
            Backend::Postgres(_) => panic!("Postgres serves"),
        }
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

async fn open(
    url: &str,
    sets: &[&'static MigrationSet],
    clock: Clock,
) -> Result<(Backend, Clock), StoreError> {
    #[cfg(feature = "sqlite")]
    if url.starts_with("sqlite:") {
        let sqlite = sqlite::Sqlite::open(url, sets, &clock).await?;
        return Ok((Backend::Sqlite(sqlite), clock));
    }
    #[cfg(feature = "postgres")]
    if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        let (postgres, clock) = postgres::Postgres::open(url, sets, &clock).await?;
        return Ok((Backend::Postgres(postgres), clock));
    }
    Err(StoreError::Url)
}
