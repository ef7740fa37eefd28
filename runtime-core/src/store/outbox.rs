//! Claims and outgoing calls: one table.
//!
//! The writer of an update inserts its calls already leased to this process and, once they are committed, hands them to
//! the sender through the [`OutboxNotice`]. The sender marks what it sent ([`Store::mark_sent`]), gives back what it could not
//! send ([`Store::give_back`]), and takes what crashes have left ([`Store::lease_expired`]).

use std::time::Duration;

use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
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
        self.writer
            .write(move |connection| Box::pin(lease_expired(connection, now, until, limit)))
            .await
    }

    /// Remembers that these rows were sent (or need not be): calls are forgotten, claims stay.
    pub async fn mark_sent(&self, rows: Vec<RowKey>) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let keys = json_keys(&rows);
        self.writer
            .write(move |connection| {
                let keys = keys.clone();
                Box::pin(async move {
                    sqlx::query(
                        "DELETE FROM bf_outbox WHERE n > 0 AND (bot, update_id, n) IN \
                           (SELECT value->>0, value->>1, value->>2 FROM json_each($1));
                         UPDATE bf_outbox SET state = 0, call = NULL WHERE n = 0 AND (bot, update_id, n) IN \
                           (SELECT value->>0, value->>1, value->>2 FROM json_each($1))",
                    )
                    .bind(keys)
                    .execute(connection)
                    .await?;
                    Ok(())
                })
            })
            .await
    }

    /// Remembers that these offered rows have left in a response: the outbox will not send them. The call is kept for
    /// a redelivery, which Telegram makes only when it has not got the response.
    pub async fn mark_rode(&self, rows: Vec<RowKey>) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let keys = json_keys(&rows);
        self.writer
            .write(move |connection| {
                let keys = keys.clone();
                Box::pin(async move {
                    sqlx::query(
                        "UPDATE bf_outbox SET state = 3 WHERE state = 1 AND (bot, update_id, n) IN \
                           (SELECT value->>0, value->>1, value->>2 FROM json_each($1))",
                    )
                    .bind(keys)
                    .execute(connection)
                    .await?;
                    Ok(())
                })
            })
            .await
    }

    /// Remembers that Telegram refused this call for good: a dead letter with `code` (such as `telegram_400`, never a text).
    pub async fn mark_failed(&self, row: RowKey, code: &'static str) -> Result<(), StoreError> {
        let now = self.clock.micros();
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    sqlx::query(
                        "INSERT INTO bf_dead_letters (bot, update_id, at, code, trace_id) VALUES ($1, $2, $4, $5, '');
                         DELETE FROM bf_outbox WHERE bot = $1 AND update_id = $2 AND n = $3 AND n > 0;
                         UPDATE bf_outbox SET state = 0, call = NULL \
                         WHERE bot = $1 AND update_id = $2 AND n = $3 AND n = 0",
                    )
                    .bind(row.bot)
                    .bind(row.update_id)
                    .bind(row.n)
                    .bind(now)
                    .bind(code)
                    .execute(connection)
                    .await?;
                    Ok(())
                })
            })
            .await
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
        let keys = json_keys(&rows);
        let not_before = self.clock.micros().saturating_add(micros(delay));
        self.writer
            .write(move |connection| {
                let keys = keys.clone();
                Box::pin(async move {
                    sqlx::query(
                        "UPDATE bf_outbox SET state = 2, given_back = 1, lease_until = $2, attempts = attempts + $3 \
                         WHERE state IN (1, 2) AND (bot, update_id, n) IN \
                           (SELECT value->>0, value->>1, value->>2 FROM json_each($1))",
                    )
                    .bind(keys)
                    .bind(not_before)
                    .bind(attempted)
                    .execute(connection)
                    .await?;
                    Ok(())
                })
            })
            .await
    }

    /// Prolongs the lease of rows that still wait in this process; the new end.
    pub async fn extend_lease(&self, rows: Vec<RowKey>) -> Result<i64, StoreError> {
        let keys = json_keys(&rows);
        let until = self.clock.micros().saturating_add(micros(LEASE));
        self.writer
            .write(move |connection| {
                let keys = keys.clone();
                Box::pin(async move {
                    sqlx::query(
                        "UPDATE bf_outbox SET lease_until = $2 WHERE state = 2 AND given_back = 0 \
                         AND (bot, update_id, n) IN (SELECT value->>0, value->>1, value->>2 FROM json_each($1))",
                    )
                    .bind(keys)
                    .bind(until)
                    .execute(connection)
                    .await?;
                    Ok(until)
                })
            })
            .await
    }

    /// A group became a supergroup: what still waits for the old chat goes to the new one, and dialogues and the chat's
    /// locale move with it (their buttons do not: a MAC covers the chat).
    pub async fn move_chat(&self, bot: i64, from: i64, to: i64) -> Result<(), StoreError> {
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    sqlx::query(
                        "UPDATE bf_outbox SET chat = $3, call = json_set(call, '$.chat_id', $3) \
                         WHERE state IN (1, 2) AND bot = $1 AND chat = $2;
                         UPDATE OR IGNORE bf_conversations SET chat = $3 WHERE bot = $1 AND chat = $2;
                         UPDATE OR IGNORE bf_locales SET subject = $3 WHERE bot = $1 AND subject = $2",
                    )
                    .bind(bot)
                    .bind(from)
                    .bind(to)
                    .execute(connection)
                    .await?;
                    Ok(())
                })
            })
            .await
    }

    /// Chats for which unsent rows of earlier processes wait, and till when the longest lease among them runs: what
    /// this process sends there should wait for them (order in a chat). Responses that were offered do not count: while
    /// Telegram has not got one, it delivers nothing newer of that chat. Ask once, at start.
    pub async fn unsent_chats(&self) -> Result<Vec<(i64, i64, i64)>, StoreError> {
        let mut reader = self.readers.get().await?;
        let rows = sqlx::query(
            "SELECT bot, chat, max(lease_until) FROM bf_outbox WHERE state = 2 AND chat IS NOT NULL GROUP BY bot, chat",
        )
        .fetch_all(reader.connection()?)
        .await?;
        reader.clean();
        rows.iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)))
            .collect()
    }
}

async fn lease_expired(
    connection: &mut SqliteConnection,
    now: i64,
    until: i64,
    limit: u32,
) -> Result<Vec<OutboxRow>, sqlx::Error> {
    let found = sqlx::query(
        "SELECT bot, update_id, n, chat, at, call, given_back, attempts FROM bf_outbox \
         WHERE state IN (1, 2) AND lease_until <= $1 ORDER BY at, update_id, n LIMIT $2",
    )
    .bind(now)
    .bind(limit)
    .fetch_all(&mut *connection)
    .await?;
    let mut rows = Vec::with_capacity(found.len());
    for row in &found {
        match read(row, until) {
            Ok(row) => rows.push(row),
            // A call of a build that knew more: it can never be sent, and must not stop the others.
            Err(sqlx::Error::Decode(_)) => unreadable(connection, row, now).await?,
            Err(error) => return Err(error),
        }
    }
    if !rows.is_empty() {
        sqlx::query(
            "UPDATE bf_outbox SET state = 2, given_back = 0, lease_until = $2 WHERE (bot, update_id, n) IN \
               (SELECT value->>0, value->>1, value->>2 FROM json_each($1))",
        )
        .bind(json_keys(&rows.iter().map(|row| row.key).collect::<Vec<_>>()))
        .bind(until)
        .execute(connection)
        .await?;
    }
    Ok(rows)
}

async fn unreadable(
    connection: &mut SqliteConnection,
    row: &SqliteRow,
    now: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO bf_dead_letters (bot, update_id, at, code, trace_id) VALUES ($1, $2, $4, 'unreadable_call', '');
         UPDATE bf_outbox SET state = 0, call = NULL WHERE bot = $1 AND update_id = $2 AND n = $3",
    )
    .bind(row.try_get::<i64, _>(0)?)
    .bind(row.try_get::<i64, _>(1)?)
    .bind(row.try_get::<i64, _>(2)?)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}

fn read(row: &SqliteRow, until: i64) -> Result<OutboxRow, sqlx::Error> {
    Ok(OutboxRow {
        key: RowKey {
            bot: row.try_get(0)?,
            update_id: row.try_get(1)?,
            n: row.try_get(2)?,
        },
        chat: row.try_get(3)?,
        at: row.try_get(4)?,
        call: decode(row.try_get(5)?)?,
        lease_until: until,
        ambiguous: row.try_get::<i64, _>(6)? == 0,
        attempts: row.try_get(7)?,
    })
}

/// A stored call.
pub(crate) fn decode(call: &str) -> Result<Call, sqlx::Error> {
    serde_json::from_str(call).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

pub(crate) fn json_keys(rows: &[RowKey]) -> String {
    let mut keys = String::with_capacity(2 + rows.len() * 32);
    keys.push('[');
    for (at, row) in rows.iter().enumerate() {
        if at > 0 {
            keys.push(',');
        }
        let _ = std::fmt::Write::write_fmt(
            &mut keys,
            format_args!("[{},{},{}]", row.bot, row.update_id, row.n),
        );
    }
    keys.push(']');
    keys
}

/// Microseconds of a duration.
pub(crate) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
