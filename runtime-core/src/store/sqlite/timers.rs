//! Dialogues whose time is over, on SQLite.

use sqlx::Row;

use super::Sqlite;
use crate::faults;
use crate::store::conversation::Key;
use crate::store::error::StoreError;
use crate::store::timers::Due;

impl Sqlite {
    pub(crate) async fn due(
        &self,
        bots: &[i64],
        now: i64,
        until: i64,
        limit: u32,
    ) -> Result<Vec<Due>, StoreError> {
        let bots = serde_json::to_string(bots).unwrap_or_default();
        // Mostly there are none: the writer is not troubled then.
        let mut reader = self.readers.get().await?;
        let any: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM bf_conversations WHERE timer > 0 AND timer <= $1 \
             AND bot IN (SELECT value FROM json_each($2)))",
        )
        .bind(now)
        .bind(bots.clone())
        .fetch_one(reader.connection()?)
        .await?;
        reader.clean();
        drop(reader);
        if !any {
            return Ok(Vec::new());
        }
        faults::point("timers.before_take");
        let rows = self
            .writer
            .write(move |connection| {
                let bots = bots.clone();
                Box::pin(async move {
                    sqlx::query(
                        "UPDATE bf_conversations SET timer = $2 WHERE (bot, chat, person, thread) IN \
                           (SELECT bot, chat, person, thread FROM bf_conversations \
                            WHERE timer > 0 AND timer <= $1 AND bot IN (SELECT value FROM json_each($3)) \
                            ORDER BY timer LIMIT $4) \
                         RETURNING bot, chat, person, thread, run, version, coalesce(waiting, '')",
                    )
                    .bind(now)
                    .bind(until)
                    .bind(bots)
                    .bind(limit)
                    .fetch_all(connection)
                    .await
                })
            })
            .await?;
        faults::point("timers.after_take");
        rows.iter()
            .map(|row| {
                Ok(Due {
                    key: Key {
                        bot: row.try_get(0)?,
                        chat: row.try_get(1)?,
                        person: row.try_get(2)?,
                        thread: row.try_get(3)?,
                    },
                    run: row.try_get(4)?,
                    version: row.try_get(5)?,
                    waiting: row.try_get(6)?,
                })
            })
            .collect()
    }

    pub(crate) async fn put_off(
        &self,
        key: Key,
        version: i64,
        timer: i64,
    ) -> Result<(), StoreError> {
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    sqlx::query(
                        "UPDATE bf_conversations SET timer = $6 \
                         WHERE bot = $1 AND chat = $2 AND person = $3 AND thread = $4 AND version = $5 AND timer > 0",
                    )
                    .bind(key.bot)
                    .bind(key.chat)
                    .bind(key.person)
                    .bind(key.thread)
                    .bind(version)
                    .bind(timer)
                    .execute(connection)
                    .await?;
                    Ok(())
                })
            })
            .await
    }
}
