//! A few raw read-only connections. sqlx's own pool pings on every release, whatever its options say.

use std::sync::{Arc, Mutex, PoisonError};

use std::time::Instant;

use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::watchdog::Watchdog;
use crate::store::error::StoreError;
use crate::telemetry;
use crate::telemetry::events::PoolWaited;

type Idle = Vec<(Box<SqliteConnection>, Watchdog)>;

/// The pool. Connections are opened on first use and kept.
#[derive(Debug)]
pub(crate) struct Readers {
    options: SqliteConnectOptions,
    idle: Mutex<Idle>,
    most: usize,
    free: Arc<Semaphore>,
}

/// A wait for a connection, told of even if whoever waited has given up.
struct Wait {
    began: Instant,
    timed_out: bool,
}

impl Drop for Wait {
    fn drop(&mut self) {
        telemetry::emit(PoolWaited {
            pool: "readers",
            took: self.began.elapsed(),
            timed_out: self.timed_out,
        });
    }
}

impl Readers {
    /// Of at most `most` connections.
    pub(crate) fn new(options: SqliteConnectOptions, most: usize) -> Arc<Self> {
        Arc::new(Self {
            options,
            idle: Mutex::new(Vec::new()),
            most: most.max(1),
            free: Arc::new(Semaphore::new(most.max(1))),
        })
    }

    /// A connection, as soon as one is free. The caller bounds the wait.
    pub(crate) async fn get(self: &Arc<Self>) -> Result<Reader, StoreError> {
        let permit = match self.free.clone().try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                let mut wait = Wait {
                    began: Instant::now(),
                    timed_out: true,
                };
                let permit = self.free.clone().acquire_owned().await;
                wait.timed_out = false;
                drop(wait);
                permit.map_err(|_| StoreError::Busy)?
            }
        };
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let (connection, watchdog) = match idle {
            Some(idle) => idle,
            None => {
                let mut connection = Box::new(self.options.connect().await?);
                let watchdog = Watchdog::default();
                watchdog.watch(&mut connection).await?;
                (connection, watchdog)
            }
        };
        Ok(Reader {
            connection: Some(connection),
            watchdog,
            dirty: false,
            snapshot: false,
            pool: self.clone(),
            _permit: permit,
        })
    }

    /// Connections that are lent out, and how many there may be.
    pub(crate) fn lent(&self) -> (usize, usize) {
        let free = self.free.available_permits();
        (self.most.saturating_sub(free), self.most)
    }

    /// No connection is given out any more.
    pub(crate) fn close(&self) {
        self.free.close();
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

/// A connection on loan. One that is dropped between [`Reader::connection`] and [`Reader::clean`] (its handler was
/// cancelled or failed) is thrown away.
#[derive(Debug)]
pub(crate) struct Reader {
    connection: Option<Box<SqliteConnection>>,
    watchdog: Watchdog,
    dirty: bool,
    snapshot: bool,
    pool: Arc<Readers>,
    _permit: OwnedSemaphorePermit,
}

impl Reader {
    /// The connection; dirty from now on.
    pub(crate) fn connection(&mut self) -> Result<&mut SqliteConnection, sqlx::Error> {
        self.dirty = true;
        self.connection
            .as_deref_mut()
            .ok_or(sqlx::Error::WorkerCrashed)
    }

    /// The deadline of its statements.
    pub(crate) fn watchdog(&self) -> &Watchdog {
        &self.watchdog
    }

    /// All queries until [`Reader::done`] see one snapshot.
    pub(crate) async fn snapshot(&mut self) -> Result<(), sqlx::Error> {
        sqlx::query("BEGIN").execute(self.connection()?).await?;
        self.snapshot = true;
        Ok(())
    }

    /// A handler that reads has ended well.
    pub(crate) async fn done(&mut self) {
        if self.snapshot {
            self.snapshot = false;
            let Ok(connection) = self.connection() else {
                return;
            };
            if sqlx::query("COMMIT").execute(connection).await.is_err() {
                return; // it stays dirty, and goes
            }
        }
        self.clean();
    }

    /// What was begun has ended well.
    pub(crate) fn clean(&mut self) {
        self.dirty = false;
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // A dirty one keeps its deadline: what still runs on it is interrupted, and its thread ends.
        if let Some(connection) = self.connection.take()
            && !self.dirty
            && !self.pool.free.is_closed()
        {
            self.watchdog.rest();
            self.pool
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push((connection, self.watchdog.clone()));
        }
    }
}
