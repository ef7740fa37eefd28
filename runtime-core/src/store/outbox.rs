//! Claims and outgoing calls: one table.
//!
//! The writer of an update inserts its calls already leased to this process and, once they are committed, hands them to
//! the sender through the [`OutboxNotice`]. The sender marks what it sent ([`Store::mark_sent`]), gives back what it could not
//! send ([`Store::give_back`]), and takes what crashes have left ([`Store::lease_expired`]).

use std::time::Duration;

use tokio::sync::mpsc;

use super::Store;
use super::error::StoreError;
use crate::telegram::method::Call;

/// How long a row belongs to the process that wrote or leased it.
pub const LEASE: Duration = Duration::from_secs(20);
/// How long a row that rides in a webhook's response is left alone: Telegram waits 60 s for the response.
pub const OFFERED_LEASE: Duration = Duration::from_secs(75);

/// Which row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowKey {
    /// Telegram's numeric bot id.
    pub bot: i64,
    /// The update that caused it.
    pub update_id: i64,
    /// Its place among the update's calls; 0 is also the claim.
    pub n: i64,
}

/// A call to be sent, leased to this process.
#[derive(Debug, Clone)]
pub struct OutboxRow {
    /// Which.
    pub key: RowKey,
    /// Where it goes; `None`: order does not matter (an answer to a callback).
    pub chat: Option<i64>,
    /// Order within the chat, before `key.n` (microseconds since 1970, strictly increasing within a process).
    pub at: i64,
    /// The call.
    pub call: Call,
    /// Till when it is ours, in microseconds of [`Store::clock`].
    pub lease_until: i64,
    /// A former lease ended unmarked: it may have been sent. `on_ambiguous` decides.
    pub ambiguous: bool,
    /// How often it was given back after an attempt.
    pub attempts: i64,
}

/// Where committed rows are announced to the sender.
#[derive(Debug, Clone)]
pub struct OutboxNotice {
    rows: mpsc::Sender<Vec<OutboxRow>>,
}

impl OutboxNotice {
    /// The channel; `capacity` updates may wait. What does not fit is given back to the table at once.
    pub fn channel(capacity: usize) -> (Self, mpsc::Receiver<Vec<OutboxRow>>) {
        let (rows, receiver) = mpsc::channel(capacity.max(1));
        (Self { rows }, receiver)
    }

    /// Announces rows; gives back those that nobody can take.
    pub(crate) fn announce(&self, rows: Vec<OutboxRow>) -> Result<(), Vec<RowKey>> {
        if rows.is_empty() {
            return Ok(());
        }
        self.rows.try_send(rows).map_err(|refused| {
            let rows = match refused {
                mpsc::error::TrySendError::Full(rows) | mpsc::error::TrySendError::Closed(rows) => {
                    rows
                }
            };
            rows.into_iter().map(|row| row.key).collect()
        })
    }
}

/// Nothing to send (any more).
pub(crate) const STATE_NONE: i64 = 0;
/// Offered as the webhook's response.
pub(crate) const STATE_OFFERED: i64 = 1;
/// To be sent by the sender.
pub(crate) const STATE_WAITING: i64 = 2;
/// Has left in a webhook's response. Whether it arrived is Telegram's to say: a redelivery means that it did not, and
/// gets it again.
pub(crate) const STATE_RODE: i64 = 3;

impl Store {
    /// Leases up to `limit` rows that nobody sends (given back, or left by a crash), oldest first, for [`LEASE`].
    pub async fn lease_expired(&self, limit: u32) -> Result<Vec<OutboxRow>, StoreError> {
        let now = self.clock.micros();
        let until = now.saturating_add(micros(LEASE));
        backend!(self, backend => backend.lease_expired(now, until, limit).await)
    }

    /// Remembers that these rows were sent (or need not be): calls are forgotten, claims stay.
    pub async fn mark_sent(&self, rows: Vec<RowKey>) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        backend!(self, backend => backend.mark_sent(rows).await)
    }

    /// Remembers that these offered rows have left in a response: the outbox will not send them. The call is kept for
    /// a redelivery, which Telegram makes only when it has not got the response.
    pub async fn mark_rode(&self, rows: Vec<RowKey>) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        backend!(self, backend => backend.mark_rode(rows).await)
    }

    /// Remembers that Telegram refused this call for good: a dead letter with `code` (such as `telegram_400`, never a text).
    pub async fn mark_failed(&self, row: RowKey, code: &'static str) -> Result<(), StoreError> {
        let now = self.clock.micros();
        backend!(self, backend => backend.mark_failed(row, code, now).await)
    }

    /// Gives rows back that were surely not sent; nobody takes them before `delay` has passed. `attempted`: Telegram
    /// refused for now (429, 5xx), so it counts as an attempt.
    pub async fn give_back(
        &self,
        rows: Vec<RowKey>,
        delay: Duration,
        attempted: bool,
    ) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let not_before = self.clock.micros().saturating_add(micros(delay));
        backend!(self, backend => backend.give_back(rows, not_before, attempted).await)
    }

    /// Prolongs the lease of rows that still wait in this process; the new end.
    pub async fn extend_lease(&self, rows: Vec<RowKey>) -> Result<i64, StoreError> {
        let until = self.clock.micros().saturating_add(micros(LEASE));
        backend!(self, backend => backend.extend_lease(rows, until).await)?;
        Ok(until)
    }

    /// A group became a supergroup: what still waits for the old chat goes to the new one, and dialogues and the chat's
    /// locale move with it (their buttons do not: a MAC covers the chat).
    pub async fn move_chat(&self, bot: i64, from: i64, to: i64) -> Result<(), StoreError> {
        backend!(self, backend => backend.move_chat(bot, from, to).await)
    }

    /// Chats for which unsent rows of earlier processes wait, and till when the longest lease among them runs: what
    /// this process sends there should wait for them (order in a chat). Responses that were offered do not count: while
    /// Telegram has not got one, it delivers nothing newer of that chat. Ask once, at start.
    pub async fn unsent_chats(&self) -> Result<Vec<(i64, i64, i64)>, StoreError> {
        backend!(self, backend => backend.unsent_chats().await)
    }
}

/// A stored call.
pub(crate) fn decode(call: &str) -> Result<Call, sqlx::Error> {
    serde_json::from_str(call).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// Microseconds of a duration.
pub(crate) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
