//! The outbox on SQLite.

use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::Sqlite;
use crate::store::error::StoreError;
use crate::store::outbox::{OutboxRow, RowKey, decode};

impl Sqlite {
    pub(crate) async fn lease_expired(
        &self,
        now: i64,
        until: i64,
        limit: u32,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        self.writer
            .write(move |connection| Box::pin(lease_expired(connection, now, until, limit)))
            .await
    }

    pub(crate) async fn mark_sent(&self, rows: Vec<RowKey>) -> Result<(), StoreError> {
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

    pub(crate) async fn mark_rode(&self, rows: Vec<RowKey>) -> Result<(), StoreError> {
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

    pub(crate) async fn mark_failed(
        &self,
        row: RowKey,
        code: &'static str,
        now: i64,
    ) -> Result<(), StoreError> {
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

    pub(crate) async fn give_back(
        &self,
        rows: Vec<RowKey>,
        not_before: i64,
        attempted: bool,
    ) -> Result<(), StoreError> {
        let keys = json_keys(&rows);
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

    pub(crate) async fn extend_lease(
        &self,
        rows: Vec<RowKey>,
        until: i64,
    ) -> Result<(), StoreError> {
        let keys = json_keys(&rows);
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
                    Ok(())
                })
            })
            .await
    }

    pub(crate) async fn move_chat(&self, bot: i64, from: i64, to: i64) -> Result<(), StoreError> {
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

    pub(crate) async fn unsent_chats(&self) -> Result<Vec<(i64, i64, i64)>, StoreError> {
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
