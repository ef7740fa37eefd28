//! Stops statements that outlive their handler: SQLite cannot be cancelled from outside, but asks now and then.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sqlx::sqlite::SqliteConnection;

/// SQLite asks after about this many steps of its virtual machine: some ten microseconds.
const STEPS: i32 = 20_000;

/// The deadline of what runs on one connection; a statement beyond it ends with `SQLITE_INTERRUPT`.
#[derive(Debug, Clone)]
pub(crate) struct Watchdog {
    origin: Instant,
    /// Milliseconds after `origin`; 0: none.
    until: Arc<AtomicU64>,
}

impl Default for Watchdog {
    fn default() -> Self {
        Self {
            origin: Instant::now(),
            until: Arc::new(AtomicU64::new(0)),
        }
    }
}

impl Watchdog {
    /// Installs it on a connection.
    pub(crate) async fn watch(&self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let (origin, until) = (self.origin, self.until.clone());
        connection
            .lock_handle()
            .await?
            .set_progress_handler(STEPS, move || {
                let until = until.load(Ordering::Relaxed);
                until == 0 || origin.elapsed().as_millis() < u128::from(until)
            });
        Ok(())
    }

    /// What runs from now on must end within `time`.
    pub(crate) fn within(&self, time: Duration) {
        let until = (self.origin.elapsed() + time).as_millis();
        self.until
            .store(u64::try_from(until).unwrap_or(0).max(1), Ordering::Relaxed);
    }

    /// No deadline any more.
    pub(crate) fn rest(&self) {
        self.until.store(0, Ordering::Relaxed);
    }
}
