//! Claims and outgoing calls: one table.
//!
//! The writer of an update inserts its calls already leased to this process and, once they are committed, hands them to
//! the sender through the [`OutboxNotice`]. The sender marks what it sent ([`Store::mark_sent`]), gives back what it could not
//! send ([`Store::give_back`]), and takes what crashes have left ([`Store::lease_expired`]).

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;

use super::Store;
use super::error::StoreError;
use crate::telegram::flood::Class;
use crate::telegram::method::Call;
use crate::telemetry::life::Life;

/// What becomes of a message of which nobody knows whether it arrived: no answer came, or its sender died.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnAmbiguous {
    /// Sent again; a person may see it twice.
    #[default]
    Resend,
    /// Given up; a person may miss it.
    Skip,
}

impl OnAmbiguous {
    /// As it stands in `bot.yaml`, and in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Resend => "resend",
            Self::Skip => "skip",
        }
    }
}

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
    /// Reply or bulk.
    pub class: Class,
    /// [`FLAG_SKIP`].
    pub flags: i16,
    /// The update that it belongs to, while the process that handled it holds it.
    pub life: Option<Life>,
}

/// Given up where nobody knows whether it arrived.
pub(crate) const FLAG_SKIP: i16 = 1;

/// The id of its message is kept, for calls that change it later.
pub(crate) const FLAG_KEEP: i16 = 2;

/// What is known of the message of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SentAs {
    /// It is still to be sent.
    Waiting,
    /// Telegram's id.
    Message(i64),
    /// It was not sent, or nobody kept its id.
    Never,
}

impl SentAs {
    /// From the row, where there is one.
    pub(crate) fn of(row: Option<(i64, Option<i64>)>) -> Self {
        match row {
            Some((_, Some(message))) => Self::Message(message),
            Some((STATE_OFFERED | STATE_WAITING, None)) => Self::Waiting,
            _ => Self::Never,
        }
    }
}

impl OutboxRow {
    /// Whether the id of its message is kept.
    pub fn keeps(&self) -> bool {
        self.flags & FLAG_KEEP != 0
    }

    /// What becomes of it when nobody knows whether it arrived.
    pub fn on_ambiguous(&self) -> OnAmbiguous {
        policy(self.flags)
    }
}

fn policy(flags: i16) -> OnAmbiguous {
    if flags & FLAG_SKIP == 0 {
        OnAmbiguous::Resend
    } else {
        OnAmbiguous::Skip
    }
}

/// As it is stored.
pub(crate) fn flags(policy: OnAmbiguous) -> i16 {
    match policy {
        OnAmbiguous::Resend => 0,
        OnAmbiguous::Skip => FLAG_SKIP,
    }
}

/// [`Class`] as it is stored.
#[cfg(feature = "sqlite")]
pub(crate) const CLASS_REPLY: i16 = 0;
/// [`Class::Bulk`] as it is stored.
pub(crate) const CLASS_BULK: i16 = 1;

/// As the sender knows it.
pub(crate) fn class(stored: i16) -> Class {
    if stored == CLASS_BULK {
        Class::Bulk
    } else {
        Class::Reply
    }
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
    /// Leases up to `limit` rows of a class that nobody sends (given back, or left by a crash), oldest first, for
    /// [`LEASE`].
    pub async fn lease_expired(
        &self,
        class: Class,
        limit: u32,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        let now = self.clock.micros();
        let until = now.saturating_add(micros(LEASE));
        let bulk = class == Class::Bulk;
        backend!(self, backend => backend.lease_expired(bulk, now, until, limit).await)
    }

    /// Stores bulk: calls that no update asked for, sent under the bulk limits and behind every reply. `batch` (from 1)
    /// names them: what is stored already under the same name is not stored again. Chats that are known to be
    /// unreachable are left out. Without a policy they are given up where nobody knows whether they arrived.
    ///
    /// # Errors
    /// The database fails: nothing is stored, or all of it.
    pub async fn store_bulk(
        &self,
        bot: i64,
        batch: i64,
        calls: Vec<Call>,
        on_ambiguous: Option<OnAmbiguous>,
    ) -> Result<(), StoreError> {
        let now = self.next_at();
        // No update has such an id.
        let update_id = i64::MIN.saturating_add(batch.max(1));
        let flags = flags(on_ambiguous.unwrap_or(OnAmbiguous::Skip));
        let mut rows = Vec::with_capacity(calls.len());
        for call in &calls {
            let json = serde_json::to_string(call)
                .map_err(|error| StoreError::Sql(sqlx::Error::Encode(Box::new(error))))?;
            rows.push((call.chat_id(), json));
        }
        let rows = serde_json::to_string(&rows)
            .map_err(|error| StoreError::Sql(sqlx::Error::Encode(Box::new(error))))?;
        backend!(self, backend => backend.store_bulk(bot, update_id, now, flags, rows).await)
    }

    /// Remembers that these rows were sent (or need not be): calls are forgotten, claims stay.
    pub async fn mark_sent(&self, rows: Vec<RowKey>) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        backend!(self, backend => backend.mark_sent(rows).await)
    }

    /// Remembers that this row was sent as this message, whose id stays with it.
    pub async fn mark_kept(&self, row: RowKey, message: i64) -> Result<(), StoreError> {
        backend!(self, backend => backend.mark_kept(row, message).await)
    }

    /// What is known of the message of a row.
    pub async fn sent_as(&self, row: RowKey) -> Result<SentAs, StoreError> {
        backend!(self, backend => backend.sent_as(row).await)
    }

    /// The message of this row, sent before, is another one by now.
    pub async fn replace_message(&self, row: RowKey, message: i64) -> Result<(), StoreError> {
        backend!(self, backend => backend.replace_message(row, message).await)
    }

    /// Remembers that these offered rows have left in a response: the outbox will not send them. The call is kept for
    /// a redelivery, which Telegram makes only when it has not got the response.
    pub async fn mark_rode(&self, rows: Vec<RowKey>) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        backend!(self, backend => backend.mark_rode(rows).await)
    }

    /// Remembers that Telegram refused this call for good: a dead letter with `code` (such as `telegram_refused`, never
    /// a text) that keeps the call.
    pub async fn mark_failed(
        &self,
        row: RowKey,
        code: &'static str,
        method: &'static str,
    ) -> Result<(), StoreError> {
        let now = self.clock.micros();
        backend!(self, backend => backend.mark_failed(row, code, method, now).await)
    }

    /// Remembers that Telegram does not deliver to this chat, and drops what waits for it; how many rows.
    pub async fn mark_unreachable(&self, bot: i64, chat: i64) -> Result<u64, StoreError> {
        let now = self.clock.micros();
        backend!(self, backend => backend.mark_unreachable(bot, chat, now).await)
    }

    /// Whether Telegram does not deliver to this chat, as far as is known.
    pub async fn unreachable(&self, bot: i64, chat: i64) -> Result<bool, StoreError> {
        backend!(self, backend => backend.unreachable(bot, chat).await)
    }

    /// Chats that were heard of since the last call are reachable: forgets what was remembered of them before. Call it
    /// every second.
    pub async fn forget_unreachable(&self) -> Result<(), StoreError> {
        let heard = self.heard.take();
        if heard.is_empty() {
            return Ok(());
        }
        let forgotten = backend!(self, backend => backend.forget_unreachable(&heard).await);
        if forgotten.is_err() {
            self.heard.put_back(heard);
        }
        forgotten
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

    /// Chats for which unsent rows wait that were written before this moment, and till when the longest lease among them
    /// runs: what this process sends there should wait for them (order in a chat). Responses that were offered do not
    /// count: while Telegram has not got one, it delivers nothing newer of that chat.
    pub async fn unsent_chats(&self, before: i64) -> Result<Vec<(i64, i64, i64)>, StoreError> {
        backend!(self, backend => backend.unsent_chats(before).await)
    }
}

/// Chats that were heard of, and when: whoever writes to a bot can be written to.
#[derive(Debug, Default)]
pub(crate) struct Heard(Mutex<HashMap<(i64, i64), i64>>);

/// Chats remembered till the next look; what does not fit is remembered by its next update.
const HEARD: usize = 65_536;

impl Heard {
    fn lock(&self) -> MutexGuard<'_, HashMap<(i64, i64), i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An update of this chat has arrived.
    pub(crate) fn hear(&self, bot: i64, chat: i64, now: i64) {
        let mut heard = self.lock();
        if heard.len() < HEARD || heard.contains_key(&(bot, chat)) {
            heard.insert((bot, chat), now);
        }
    }

    fn take(&self) -> Vec<(i64, i64, i64)> {
        let heard = std::mem::take(&mut *self.lock());
        let mut heard: Vec<_> = heard
            .into_iter()
            .map(|((bot, chat), at)| (bot, chat, at))
            .collect();
        heard.sort_unstable(); // whoever changes several rows takes them in this order
        heard
    }

    fn put_back(&self, heard: Vec<(i64, i64, i64)>) {
        for (bot, chat, at) in heard {
            let mut all = self.lock();
            if all.len() < HEARD {
                all.entry((bot, chat)).or_insert(at);
            }
        }
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
