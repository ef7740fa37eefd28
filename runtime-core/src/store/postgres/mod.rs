//! Postgres: raw connections, stored functions, batched state steps.
//!
//! | module | holds |
//! |---|---|
//! | `settings` | what `DATABASE_URL` says |
//! | `pool` | connections on loan |
//! | `conversation` | claim and conversation in one call, transactions, statements together with their claim |
//! | `steps` | the task that stores waiting steps together |
//! | `outbox`, `seen`, `broadcasts`, `jobs`, `letters`, `locales`, `texts` | the rest |
//!
//! **Time.** Leases are compared by several machines, so there is one clock: the server's, which every instance follows
//! (`clock::Led`). A machine whose own time is wrong or jumps harms nobody.
//!
//! **Presence.** SQLite's processes tell from a locked file that nobody else serves, and end old leases at once. Here that
//! would be a guess: an instance that the server has lost sight of may still be sending. Leases end by themselves.

/// Runs `$call` on a connection of the runtime's own, again where [`pool::on!`] says so.
macro_rules! reading {
    ($postgres:expr, $connection:ident => $call:expr) => {
        $crate::store::postgres::pool::on!($postgres.own, $crate::store::postgres::QUICK, $connection => $call)
    };
}
pub(crate) use reading;

/// The same; what it names is SQLite's to clone.
macro_rules! writing {
    ($postgres:expr, [$($named:ident),*], $connection:ident => $call:expr) => {
        $crate::store::postgres::reading!($postgres, $connection => $call)
    };
}
pub(crate) use writing;

pub(crate) mod broadcasts;
mod conversation;
mod counts;
pub(crate) mod events;
mod jobs;
mod letters;
mod llm;
mod locales;
mod manage;
mod outbox;
mod person;
pub(crate) mod pool;
pub(crate) mod seen;
pub(crate) mod settings;
mod steps;
#[cfg(test)]
mod tests;
mod texts;
mod timers;

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::error::StoreError;
use super::migrate;
use crate::clock::{Clock, Led};
use crate::store::tables::MigrationSet;
use conversation::Wrapped;
pub(crate) use conversation::Writing;
pub(crate) use pool::Loan;
use pool::{Pool, on, within};
use settings::{RESERVED, Settings};
use steps::Steps;

/// How long the runtime's own statements may take: each touches a few rows by their keys.
pub(crate) const QUICK: Duration = Duration::from_secs(5);
/// How much longer than the server we wait for a statement of a bot's.
const GRACE: Duration = Duration::from_secs(1);
/// How long a step waits for a lock: the others of its batch wait with it.
const STEP_LOCK: Duration = Duration::from_secs(1);
/// Connections for handlers that are opened at start.
const WARM: usize = 2;
/// How often the server is asked for its time.
const ASK_TIME: Duration = Duration::from_secs(20);
/// How often in a row, of which the quickest answer counts: the time may be wrong by half of what an answer takes.
const ASK_TIMES: usize = 3;
/// An answer that took longer says too little about the time.
const TIME_ANSWER: Duration = Duration::from_millis(250);

/// A database of a server.
#[derive(Debug)]
pub(crate) struct Postgres {
    settings: Arc<Settings>,
    clock: Clock,
    /// For handlers.
    handlers: Arc<Pool>,
    /// For everything that is not an update: it goes on while handlers wait for each other.
    pub(crate) own: Arc<Pool>,
    steps: Steps,
    wrapped: Wrapped,
    timekeeper: tokio::task::AbortHandle,
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.timekeeper.abort();
    }
}

impl Postgres {
    pub(crate) async fn open(
        url: &str,
        sets: &[&'static MigrationSet],
        clock: &Clock,
    ) -> Result<(Self, Clock), StoreError> {
        let settings = Arc::new(Settings::parse(url).map_err(|_| StoreError::Url)?);
        migrate::postgres::run(url, sets, clock).await?;
        let most = settings.connections.saturating_sub(RESERVED);
        let own = Pool::new("own", settings.clone(), 2, settings.lock);
        let (clock, led) = clock.led();
        if let Some(led) = &led {
            // The first answer counts, however long it takes: without one this machine's time would stand.
            keep_time(&own, led, QUICK).await?;
        }
        let timekeeper = tokio::spawn(timekeeper(own.clone(), led)).abort_handle();
        let handlers = Pool::new("handlers", settings.clone(), most, settings.lock);
        let steps = Pool::new("steps", settings.clone(), 1, STEP_LOCK);
        tokio::spawn({
            let (handlers, steps) = (handlers.clone(), steps.clone());
            async move { tokio::join!(handlers.warm(WARM.min(most / 2)), steps.warm(1)) }
        });
        let postgres = Self {
            handlers,
            steps: Steps::start(steps),
            wrapped: Wrapped::default(),
            own,
            clock: clock.clone(),
            settings,
            timekeeper,
        };
        Ok((postgres, clock))
    }

    /// The newest moment of a row that waits.
    pub(crate) async fn last_at(&self) -> Result<i64, StoreError> {
        on!(self.own, QUICK, connection => sqlx::query_scalar(
            "SELECT coalesce(max(at), 0) FROM bf_outbox WHERE state IN (1, 2)"
        ).fetch_one(connection))
    }

    /// Whether the server answers, has our tables, and takes writes: a statement that locks no row is refused all the same by
    /// a standby, and by one that was told to be read-only (as managed servers are when their disk is full).
    pub(crate) async fn health(&self) -> Result<(), StoreError> {
        on!(self.own, QUICK, connection => sqlx::query(
            "SELECT 1 FROM bf_values WHERE name = '' FOR UPDATE"
        ).execute(connection))?;
        Ok(())
    }

    /// Nothing: see the module's head.
    #[allow(clippy::unused_async)] // the other engine's asks a file
    pub(crate) async fn enter(&self, _now: i64) -> Result<(), StoreError> {
        Ok(())
    }

    pub(crate) async fn close(&self) {
        self.timekeeper.abort();
        self.steps.close().await;
        self.handlers.close().await;
        self.own.close().await;
    }
}

async fn timekeeper(own: Arc<Pool>, led: Option<Arc<Led>>) {
    let Some(led) = led else { return };
    loop {
        tokio::time::sleep(ASK_TIME).await;
        // A server that does not answer now is asked again; until then this machine's monotonic clock goes on.
        let _ = keep_time(&own, &led, TIME_ANSWER).await;
    }
}

/// Sets the clock by the server's, if that answers within `limit`.
async fn keep_time(own: &Arc<Pool>, led: &Led, limit: Duration) -> Result<(), StoreError> {
    let mut loan = own.get().await?;
    let mut best = None;
    let mut quickest = limit;
    for _ in 0..ASK_TIMES {
        let asked = Instant::now();
        let told: Result<i64, _> = within(QUICK, async {
            sqlx::query_scalar("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
                .fetch_one(loan.connection()?)
                .await
        })
        .await;
        let told = match told {
            Ok(told) => told,
            Err(error) => {
                loan.failed(&error);
                return Err(error.into());
            }
        };
        let took = asked.elapsed();
        if took <= quickest {
            quickest = took;
            best = Some((told, asked + took / 2));
        }
    }
    loan.clean();
    if let Some((told, at)) = best {
        let since = i64::try_from(at.elapsed().as_micros()).unwrap_or_default();
        led.set(told.saturating_add(since));
    }
    Ok(())
}
