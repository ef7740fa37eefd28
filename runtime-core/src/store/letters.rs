//! Dead letters, failure counts, and forgetting: what is older than Telegram's longest retry is of no use.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Store;
use super::error::StoreError;
use super::outbox::{RowKey, micros};

/// Claims are kept this long. Telegram retries for 24 hours; ids restart at random after a week of silence.
pub const KEEP_CLAIMS: Duration = Duration::from_secs(8 * 24 * 3600);
/// Dead letters are kept this long.
pub const KEEP_LETTERS: Duration = Duration::from_secs(90 * 24 * 3600);
/// Attempts at an update before it becomes a dead letter.
pub const ATTEMPTS: i64 = 3;
/// Rows looked at by one turn of [`Store::prune`].
pub(crate) const BATCH: i64 = 500;

/// Where the last turn ended.
#[derive(Debug, Default)]
pub(crate) struct Pruning {
    cursor: Mutex<Option<RowKey>>,
}

impl Pruning {
    fn lock(&self) -> MutexGuard<'_, Option<RowKey>> {
        self.cursor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// Forgets one batch of what is old; how many rows were forgotten. Call it every few seconds, and again at once while it
    /// forgets much.
    pub async fn prune(&self) -> Result<u64, StoreError> {
        let now = self.clock.micros();
        let claims = now.saturating_sub(micros(KEEP_CLAIMS));
        let letters = now.saturating_sub(micros(KEEP_LETTERS));
        let from = *self.pruning.lock();
        let (forgotten, next) =
            backend!(self, backend => backend.prune(claims, letters, from).await)?;
        *self.pruning.lock() = next;
        Ok(forgotten)
    }

    /// How many dead letters are stored.
    pub async fn dead_letters(&self) -> Result<i64, StoreError> {
        backend!(self, backend => backend.dead_letters().await)
    }

    /// For conversation tests: code of the newest dead letter.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) async fn newest_letter(&self) -> Result<Option<String>, StoreError> {
        backend!(self, backend => backend.newest_letter().await)
    }

    /// For conversation tests: how many rows a query of the test gives.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) async fn count_rows(&self, sql: &'static str) -> Result<usize, StoreError> {
        backend!(self, backend => backend.count_rows(sql).await)
    }

    /// Counts an attempt that ended in no answer; how many there were.
    pub(crate) async fn count_failure(&self, bot: i64, update_id: i64) -> Result<i64, StoreError> {
        let now = self.clock.micros();
        backend!(self, backend => backend.count_failure(bot, update_id, now).await)
    }
}
