//! Raw connections on loan. sqlx's own pool asks the server once more for every loan, whatever its options say.
//!
//! A loan is dirty while something runs on it; one that is dropped dirty (a cancelled handler, a broken connection) is
//! thrown away. A connection that turns out to be dead takes all idle ones of its time with it: after a restart or a
//! failover of the server the next statement finds a new one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use super::settings::Settings;
use crate::store::error::{
    StoreError, is_disconnect, is_final, is_retryable, is_stale_plan, is_state, sql_code,
};
use crate::telemetry;
use crate::telemetry::events::PoolWaited;

/// How long a caller waits for a connection.
const WAIT: Duration = Duration::from_secs(3);
/// An idle connection older than this is not used again: something on the way may have forgotten it.
const IDLE: Duration = Duration::from_secs(300);
/// One that has been idle for so long is asked first, where a handler's own statement could not be repeated.
const ASK: Duration = Duration::from_secs(1);

/// The server has as many connections as it takes (`too_many_connections`): it is asked again after some rounds.
const TOO_MANY: &str = "53300";
const ROUND: Duration = Duration::from_millis(10);
const ROUNDS: u32 = 20;

/// Runs `$call` with a connection of `$pool` for at most `$limit`. A dead idle connection is replaced, a deadlock or a
/// conflict of serialisation runs again: what goes through here can be repeated.
macro_rules! on {
    ($pool:expr, $limit:expr, $connection:ident => $call:expr) => {{
        let mut attempts = 0_u32;
        loop {
            attempts += 1;
            let mut loan = match $pool.get().await {
                Ok(loan) => loan,
                Err(error) => break Err(error),
            };
            let asked = async {
                let $connection = loan.connection()?;
                $call.await
            };
            match $crate::store::postgres::pool::within($limit, asked).await {
                Ok(value) => {
                    loan.clean();
                    break Ok::<_, StoreError>(value);
                }
                Err(error) => {
                    let again = loan.failed(&error);
                    drop(loan);
                    if !again || attempts >= $crate::store::postgres::pool::ATTEMPTS {
                        break Err(StoreError::Sql(error));
                    }
                    $crate::store::postgres::pool::pause(&error, attempts).await;
                }
            }
        }
    }};
}
pub(crate) use on;

/// Attempts at what [`on!`] runs.
pub(crate) const ATTEMPTS: u32 = 4;

/// At most `limit`.
pub(crate) async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    match tokio::time::timeout(limit, work).await {
        Ok(done) => done,
        Err(_) => Err(timed_out()),
    }
}

fn timed_out() -> sqlx::Error {
    sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())
}

/// Rivals come apart; a new connection is tried at once.
pub(crate) async fn pause(error: &sqlx::Error, attempts: u32) {
    if is_retryable(error) {
        let most = 5_u64 << attempts.min(8);
        let pause = rand::Rng::random_range(&mut rand::rng(), 1..=most);
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
}

struct Idle {
    connection: PgConnection,
    since: Instant,
}

/// The pool. Connections are opened on first use and kept; the last one returned is the first one used.
pub(crate) struct Pool {
    name: &'static str,
    most: usize,
    settings: Arc<Settings>,
    /// How long its statements wait for a lock.
    lock_timeout: Duration,
    idle: Mutex<Vec<Idle>>,
    free: Arc<Semaphore>,
    /// Grows whenever a connection turns out to be dead.
    generation: AtomicU64,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool")
            .field("free", &self.free.available_permits())
            .finish_non_exhaustive()
    }
}

impl Pool {
    /// Of at most `most` connections; `name`: for metrics.
    pub(crate) fn new(
        name: &'static str,
        settings: Arc<Settings>,
        most: usize,
        lock_timeout: Duration,
    ) -> Arc<Self> {
        Arc::new(Self {
            name,
            most: most.max(1),
            settings,
            lock_timeout,
            idle: Mutex::new(Vec::new()),
            free: Arc::new(Semaphore::new(most.max(1))),
            generation: AtomicU64::new(0),
        })
    }

    /// A connection, as soon as one is free.
    ///
    /// # Errors
    /// None is free within [`WAIT`] (busy), or the server does not take a new one.
    pub(crate) async fn get(self: &Arc<Self>) -> Result<Loan, StoreError> {
        let permit = match self.free.clone().try_acquire_owned() {
            Ok(permit) => permit,
            Err(TryAcquireError::Closed) => return Err(StoreError::Busy),
            Err(TryAcquireError::NoPermits) => {
                let began = Instant::now();
                let waited = tokio::time::timeout(WAIT, self.free.clone().acquire_owned()).await;
                telemetry::emit(PoolWaited {
                    pool: self.name,
                    took: began.elapsed(),
                    timed_out: waited.is_err(),
                });
                match waited {
                    Ok(Ok(permit)) => permit,
                    _ => return Err(StoreError::Busy),
                }
            }
        };
        let generation = self.generation.load(Ordering::Acquire);
        let (connection, idle) = self.open().await?;
        Ok(Loan {
            connection: Some(connection),
            generation,
            idle,
            dirty: false,
            snapshot: false,
            pool: self.clone(),
            _permit: permit,
        })
    }

    /// Its name, connections that are lent out, and how many there may be.
    pub(crate) fn lent(&self) -> (&'static str, usize, usize) {
        let free = self.free.available_permits();
        (self.name, self.most.saturating_sub(free), self.most)
    }

    /// Opens `some` connections ahead of the first that need them. A server that takes none now is asked again then.
    pub(crate) async fn warm(self: &Arc<Self>, some: usize) {
        let mut loans = Vec::with_capacity(some);
        for _ in 0..some {
            match self.get().await {
                Ok(loan) => loans.push(loan),
                Err(_) => break,
            }
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<Idle> {
        let mut idle = self.idle();
        match idle.pop() {
            Some(last) if last.since.elapsed() > IDLE => {
                idle.clear(); // the others are older still
                None
            }
            last => last,
        }
    }

    /// An idle connection and for how long it was, or a new one. Where the server takes no more of them, those that we have
    /// go round.
    async fn open(&self) -> Result<(PgConnection, Option<Duration>), StoreError> {
        let began = Instant::now();
        loop {
            if let Some(idle) = self.take() {
                return Ok((idle.connection, Some(idle.since.elapsed())));
            }
            match self.connect().await {
                Ok(connection) => return Ok((connection, None)),
                Err(StoreError::Sql(error))
                    if is_state(&error, TOO_MANY) && began.elapsed() < WAIT => {}
                Err(error) => return Err(error),
            }
            for _ in 0..ROUNDS {
                tokio::time::sleep(ROUND).await;
                if !self.idle().is_empty() {
                    break;
                }
            }
        }
    }

    async fn connect(&self) -> Result<PgConnection, StoreError> {
        let limit = self.settings.connect;
        let opened = within(limit, async {
            let mut connection = self.settings.options.connect().await?;
            self.prepare(&mut connection).await?;
            Ok(connection)
        });
        Ok(opened.await?)
    }

    /// The session's own limits: by statements, for a pooler between would refuse them as options of the start.
    async fn prepare(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let statement = self.settings.statement.as_millis();
        let lock = self.lock_timeout.as_millis();
        // A transaction is only ever idle while a handler computes. What is acknowledged must survive a crash of the server.
        let session = format!(
            "SET default_transaction_isolation = 'read committed'; SET statement_timeout = {statement}; \
             SET lock_timeout = {lock}; SET idle_in_transaction_session_timeout = {}; \
             SET client_min_messages = warning; \
             SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'; \
             SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3",
            statement.saturating_add(2000)
        );
        // Numbers only.
        sqlx::raw_sql(AssertSqlSafe(session))
            .execute(&mut *connection)
            .await?;
        // A statement whose caller has gone ends within a second. Postgres 14 and newer, not on every system.
        let check = sqlx::raw_sql(
            "SELECT set_config(name, '1s', false) FROM pg_settings WHERE name = 'client_connection_check_interval'",
        );
        match check.execute(connection).await {
            Err(error) if !matches!(error, sqlx::Error::Database(_)) => Err(error),
            _ => Ok(()),
        }
    }

    /// A connection of `generation` is dead: so are the idle ones.
    fn lost(&self, generation: u64, error: &sqlx::Error) {
        let next = generation.wrapping_add(1);
        let first =
            self.generation
                .compare_exchange(generation, next, Ordering::AcqRel, Ordering::Relaxed);
        if first.is_ok() {
            let dropped = std::mem::take(&mut *self.idle()).len();
            tracing::warn!(
                code = sql_code(error),
                idle = dropped,
                "a connection to the database is lost"
            );
        }
    }

    /// No connection is given out any more; idle ones say goodbye.
    pub(crate) async fn close(&self) {
        self.free.close();
        let idle = std::mem::take(&mut *self.idle());
        for idle in idle {
            let _ = within(Duration::from_secs(1), idle.connection.close()).await;
        }
    }
}

/// A connection on loan.
pub(crate) struct Loan {
    connection: Option<PgConnection>,
    generation: u64,
    /// For how long it was idle; `None`: just opened.
    idle: Option<Duration>,
    dirty: bool,
    snapshot: bool,
    pool: Arc<Pool>,
    _permit: OwnedSemaphorePermit,
}

impl std::fmt::Debug for Loan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loan")
            .field("dirty", &self.dirty)
            .field("snapshot", &self.snapshot)
            .finish_non_exhaustive()
    }
}

impl Loan {
    /// The connection; dirty from now on.
    pub(crate) fn connection(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        self.dirty = true;
        self.connection.as_mut().ok_or(sqlx::Error::WorkerCrashed)
    }

    /// It may have died while it was idle.
    pub(crate) fn doubtful(&self) -> bool {
        self.idle.is_some_and(|idle| idle > ASK)
    }

    /// All queries until [`Loan::done`] see one snapshot, which was begun.
    pub(crate) fn in_snapshot(&mut self) {
        self.snapshot = true;
    }

    /// What ran has ended well.
    pub(crate) fn clean(&mut self) {
        self.dirty = false;
    }

    /// Something may be left open: it is thrown away.
    pub(crate) fn spoiled(&mut self) {
        self.dirty = true;
    }

    /// What ran outside a transaction has failed. Whether the same may go better on another connection, or later.
    pub(crate) fn failed(&mut self, error: &sqlx::Error) -> bool {
        if is_disconnect(error) {
            self.pool.lost(self.generation, error);
            // A new connection that dies as well, or a server that does not answer, is no better the next time.
            let silent =
                matches!(error, sqlx::Error::Io(io) if io.kind() == std::io::ErrorKind::TimedOut);
            return self.idle.is_some() && !silent;
        }
        if !matches!(error, sqlx::Error::Database(_)) {
            return false; // whatever is still on its way there, nobody reads it
        }
        let stale = is_stale_plan(error);
        if !stale && !is_final(error) {
            self.clean();
        }
        stale || is_retryable(error)
    }

    /// A handler that reads has ended well; ends the snapshot, if there is one.
    pub(crate) async fn done(mut self) {
        if self.snapshot {
            let Ok(connection) = self.connection() else {
                return;
            };
            let ended = within(WAIT, sqlx::raw_sql("COMMIT").execute(connection)).await;
            if ended.is_err() {
                return; // it stays dirty, and goes
            }
        }
        self.clean();
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        // A dirty one closes its socket: the server ends what still runs there.
        if let Some(connection) = self.connection.take()
            && !self.dirty
            && !self.pool.free.is_closed()
        {
            let mut idle = self.pool.idle();
            if self.pool.generation.load(Ordering::Acquire) == self.generation {
                idle.push(Idle {
                    connection,
                    since: Instant::now(),
                });
            }
        }
    }
}
