//! The outbox on SQLite.

use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::Sqlite;
use crate::store::error::StoreError;
use crate::store::outbox::{CLASS_BULK, CLASS_REPLY, OutboxRow, RowKey, class, decode};

/// Rows of a class that are due.
macro_rules! due {
    ($order:literal) => {
        concat!(
            "SELECT bot, update_id, n, chat, at, call, given_back, attempts, class, flags FROM bf_outbox \
             WHERE state IN (1, 2) AND class = $3 AND lease_until <= $1 ORDER BY ",
            $order,
            " LIMIT $2"
        )
    };
}

/// Marks of chats that were heard of after them.
macro_rules! back {
    () => {
        "FROM json_each($1) h JOIN bf_unreachable u ON u.bot = h.value->>0 AND u.chat = h.value->>1 \
         WHERE u.since < h.value->>2"
    };
}

impl Sqlite {
    pub(crate) async fn lease_expired(
        &self,
        bulk: bool,
        now: i64,
        until: i64,
        limit: u32,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        writing!(self, [], connection => lease_expired(connection, bulk, now, until, limit))
    }

    pub(crate) async fn mark_sent(&self, rows: Vec<RowKey>) -> Result<(), StoreError> {
        let keys = json_keys(&rows);
        writing!(self, [keys], connection => sqlx::query(
            "DELETE FROM bf_outbox WHERE n > 0 AND (bot, update_id, n) IN \
               (SELECT value->>0, value->>1, value->>2 FROM json_each($1));
             UPDATE bf_outbox SET state = 0, call = NULL WHERE n = 0 AND (bot, update_id, n) IN \
               (SELECT value->>0, value->>1, value->>2 FROM json_each($1))",
        )
        .bind(keys)
        .execute(connection))?;
        Ok(())
    }

    pub(crate) async fn mark_rode(&self, rows: Vec<RowKey>) -> Result<(), StoreError> {
        let keys = json_keys(&rows);
        writing!(self, [keys], connection => sqlx::query(
            "UPDATE bf_outbox SET state = 3 WHERE state = 1 AND (bot, update_id, n) IN \
               (SELECT value->>0, value->>1, value->>2 FROM json_each($1))",
        )
        .bind(keys)
        .execute(connection))?;
        Ok(())
    }

    pub(crate) async fn mark_failed(
        &self,
        row: RowKey,
        code: &'static str,
        method: &'static str,
        now: i64,
    ) -> Result<(), StoreError> {
        writing!(self, [], connection => sqlx::query(
            // Where the row is gone already it was marked before: no second letter.
            "INSERT INTO bf_dead_letters (bot, update_id, at, code, trace_id, n, method) \
               SELECT bot, update_id, $4, $5, '', n, $6 FROM bf_outbox \
               WHERE bot = $1 AND update_id = $2 AND n = $3 AND state IN (1, 2);
             UPDATE bf_outbox SET state = 4 \
             WHERE bot = $1 AND update_id = $2 AND n = $3 AND state IN (1, 2)",
        )
        .bind(row.bot)
        .bind(row.update_id)
        .bind(row.n)
        .bind(now)
        .bind(code)
        .bind(method)
        .execute(connection))?;
        Ok(())
    }

    pub(crate) async fn give_back(
        &self,
        rows: Vec<RowKey>,
        not_before: i64,
        attempted: bool,
    ) -> Result<(), StoreError> {
        let keys = json_keys(&rows);
        writing!(self, [keys], connection => sqlx::query(
            "UPDATE bf_outbox SET state = 2, given_back = 1, lease_until = $2, attempts = attempts + $3 \
             WHERE state IN (1, 2) AND (bot, update_id, n) IN \
               (SELECT value->>0, value->>1, value->>2 FROM json_each($1))",
        )
        .bind(keys)
        .bind(not_before)
        .bind(attempted)
        .execute(connection))?;
        Ok(())
    }

    pub(crate) async fn extend_lease(
        &self,
        rows: Vec<RowKey>,
        until: i64,
    ) -> Result<(), StoreError> {
        let keys = json_keys(&rows);
        writing!(self, [keys], connection => sqlx::query(
            "UPDATE bf_outbox SET lease_until = $2 WHERE state = 2 AND given_back = 0 \
             AND (bot, update_id, n) IN (SELECT value->>0, value->>1, value->>2 FROM json_each($1))",
        )
        .bind(keys)
        .bind(until)
        .execute(connection))?;
        Ok(())
    }

    pub(crate) async fn move_chat(&self, bot: i64, from: i64, to: i64) -> Result<(), StoreError> {
        writing!(self, [], connection => sqlx::query(
            "UPDATE bf_outbox SET chat = $3, call = json_set(call, '$.chat_id', $3) \
             WHERE state IN (1, 2) AND bot = $1 AND chat = $2;
             UPDATE OR IGNORE bf_conversations SET chat = $3 WHERE bot = $1 AND chat = $2;
             UPDATE OR IGNORE bf_locales SET subject = $3 WHERE bot = $1 AND subject = $2;
             UPDATE bf_broadcast SET told_chat = $3 WHERE bot = $1 AND told_chat = $2",
        )
        .bind(bot)
        .bind(from)
        .bind(to)
        .execute(connection))?;
        Ok(())
    }

    pub(crate) async fn store_bulk(
        &self,
        bot: i64,
        update_id: i64,
        now: i64,
        flags: i16,
        rows: String,
    ) -> Result<(), StoreError> {
        writing!(self, [rows], connection => sqlx::query(
            "INSERT INTO bf_outbox \
               (bot, update_id, n, chat, at, state, lease_until, given_back, call, class, flags) \
             SELECT $1, $2, key + 1, value->>0, $3, 2, $3, 1, value->>1, 1, $4 FROM json_each($5) \
             WHERE NOT EXISTS (SELECT 1 FROM bf_unreachable WHERE bot = $1 AND chat = value->>0) \
             ON CONFLICT DO NOTHING",
        )
        .bind(bot)
        .bind(update_id)
        .bind(now)
        .bind(flags)
        .bind(rows)
        .execute(connection))?;
        Ok(())
    }

    pub(crate) async fn mark_unreachable(
        &self,
        bot: i64,
        chat: i64,
        now: i64,
    ) -> Result<u64, StoreError> {
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    sqlx::query(
                        "INSERT INTO bf_unreachable (bot, chat, since) VALUES ($1, $2, $3) \
                         ON CONFLICT (bot, chat) DO UPDATE SET since = $3",
                    )
                    .bind(bot)
                    .bind(chat)
                    .bind(now)
                    .execute(&mut *connection)
                    .await?;
                    let dropped = sqlx::query(
                        "UPDATE bf_outbox SET state = 0, call = NULL \
                         WHERE state IN (1, 2) AND state = 2 AND bot = $1 AND chat = $2",
                    )
                    .bind(bot)
                    .bind(chat)
                    .execute(connection)
                    .await?;
                    Ok(dropped.rows_affected())
                })
            })
            .await
    }

    /// The writer is asked only where there is something to forget.
    pub(crate) async fn forget_unreachable(
        &self,
        heard: &[(i64, i64, i64)],
    ) -> Result<(), StoreError> {
        let heard = serde_json::to_string(heard)
            .map_err(|error| StoreError::Sql(sqlx::Error::Encode(Box::new(error))))?;
        let any: bool = reading!(self, connection => sqlx::query_scalar(concat!("SELECT EXISTS (SELECT 1 ", back!(), ")"))
            .bind(&heard)
            .fetch_one(connection))?;
        if !any {
            return Ok(());
        }
        writing!(self, [heard], connection => sqlx::query(concat!(
            "DELETE FROM bf_unreachable WHERE (bot, chat) IN (SELECT u.bot, u.chat ",
            back!(),
            ")"
        ))
        .bind(heard)
        .execute(connection))?;
        Ok(())
    }
}

async fn lease_expired(
    connection: &mut SqliteConnection,
    bulk: bool,
    now: i64,
    until: i64,
    limit: u32,
) -> Result<Vec<OutboxRow>, sqlx::Error> {
    // Replies in the order of their chats; of bulk, which may be very many, those that are due longest.
    let (sql, class) = if bulk {
        (due!("lease_until"), CLASS_BULK)
    } else {
        (due!("at, update_id, n"), CLASS_REPLY)
    };
    let found = sqlx::query(sql)
        .bind(now)
        .bind(limit)
        .bind(class)
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
        "INSERT INTO bf_dead_letters (bot, update_id, at, code, trace_id, n) \
           VALUES ($1, $2, $4, 'unreadable_call', '', $3);
         UPDATE bf_outbox SET state = 4 WHERE bot = $1 AND update_id = $2 AND n = $3",
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
        class: class(row.try_get(8)?),
        flags: row.try_get(9)?,
        life: None,
    })
}

/// `[[bot, update_id, n], …]`.
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
