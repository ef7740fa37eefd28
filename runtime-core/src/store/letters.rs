//! Dead letters, failure counts, and forgetting: what is older than Telegram's longest retry is of no use.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

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

/// Letters of one page of [`Store::letters`].
pub const PAGE: u32 = 100;

/// A dead letter: what happened to which update, never a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = DeadLetter)]
pub struct Letter {
    /// Its number.
    pub id: i64,
    /// When it was written: RFC 3339.
    pub at: String,
    /// Why, such as `telegram_refused`.
    pub code: String,
    /// The update; `None`: bulk, which no update asked for.
    pub update_id: Option<i64>,
    /// Method of the call that Telegram refused; `None`: a handler failed.
    pub method: Option<String>,
    /// Of the handler that failed, as in the log.
    pub trace_id: Option<String>,
    /// Its call is kept and can be sent again.
    pub requeueable: bool,
}

impl Letter {
    /// As it is stored.
    pub(crate) fn new(
        (id, at): (i64, i64),
        code: String,
        update_id: i64,
        method: String,
        trace_id: String,
        requeueable: bool,
    ) -> Self {
        let at = jiff::Timestamp::from_microsecond(at).unwrap_or_default();
        Self {
            id,
            at: at.to_string(),
            code,
            update_id: Some(update_id).filter(|id| *id >= 0),
            method: Some(method).filter(|method| !method.is_empty()),
            trace_id: Some(trace_id).filter(|id| !id.is_empty()),
            requeueable,
        }
    }
}

/// What became of a wish to send a dead letter's call again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requeued {
    /// It waits to be sent; the letter is gone.
    Done,
    /// The letter has no call.
    NoCall,
    /// There is no such letter (any more).
    Missing,
}

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
        Ok(forgotten + self.forget_events().await?)
    }

    /// How many dead letters are stored; counted up to 100 000.
    pub async fn dead_letters(&self) -> Result<i64, StoreError> {
        backend!(self, backend => backend.dead_letters().await)
    }

    /// Dead letters of a bot with a greater number than `after`, at most [`PAGE`], oldest first.
    pub async fn letters(&self, bot: i64, after: i64) -> Result<Vec<Letter>, StoreError> {
        backend!(self, backend => backend.letters(bot, after, PAGE).await)
    }

    /// Sends a dead letter's call again: once, however many ask for it.
    pub async fn requeue(&self, bot: i64, letter: i64) -> Result<Requeued, StoreError> {
        let now = self.clock.micros();
        backend!(self, backend => backend.requeue(bot, letter, now).await)
    }

    /// Forgets a dead letter and its call; false: there is none.
    pub async fn discard(&self, bot: i64, letter: i64) -> Result<bool, StoreError> {
        backend!(self, backend => backend.discard(bot, letter).await)
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
