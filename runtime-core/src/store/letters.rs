//! Dead letters, failure counts, and forgetting: what is older than Telegram's longest retry is of no use.

use std::sync::Mutex;
use std::time::Duration;

use sqlx::sqlite::SqliteConnection;

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
const BATCH: i64 = 500;

/// Where the last turn ended.
#[derive(Debug, Default)]
pub(crate) struct Pruning {
    cursor: Mutex<Option<RowKey>>,
}

impl Store {
    /// Forgets one batch of what is old; how many rows. Call it every few seconds, and again at once while it returns much.
    pub async fn prune(&self) -> Result<u64, StoreError> {
        todo!()
    }

    /// Dead letters since the beginning, for metrics and admins: how many are stored.
    pub async fn dead_letters(&self) -> Result<i64, StoreError> {
        todo!()
    }
}

/// Counts an attempt that ended in no answer; how many there were.
pub(crate) async fn count_failure(
    connection: &mut SqliteConnection,
    bot: i64,
    update_id: i64,
    now: i64,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "INSERT INTO bf_failures (bot, update_id, count, at) VALUES ($1, $2, 1, $3) \
         ON CONFLICT (bot, update_id) DO UPDATE SET count = count + 1, at = $3 RETURNING count",
    )
    .bind(bot)
    .bind(update_id)
    .bind(now)
    .fetch_one(connection)
    .await
}

#[allow(dead_code)]
const UNUSED: fn(Duration) -> i64 = micros;
#[allow(dead_code)]
const UNUSED2: i64 = BATCH;
#[allow(dead_code)]
fn unused(p: &Pruning) {
    let _ = &p.cursor;
}
