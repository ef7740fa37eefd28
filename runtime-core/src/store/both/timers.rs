//! Dialogues whose time is over.

use sqlx::Row as _;

use crate::store::conversation::Key;
use crate::store::error::StoreError;
use crate::store::timers::Due;

on_both! {
    /// Of bot, chat, person, thread, run, version, what it waits for.
    pub(crate) fn due(row: &Row) -> Result<Due, StoreError> {
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
    }

    impl Engine {
        pub(crate) async fn put_off(
            &self,
            key: Key,
            version: i64,
            timer: i64,
        ) -> Result<(), StoreError> {
            writing!(self, [], connection => sqlx::query(
                "UPDATE bf_conversations SET timer = $6 \
                 WHERE bot = $1 AND chat = $2 AND person = $3 AND thread = $4 AND version = $5 AND timer > 0",
            )
            .bind(key.bot)
            .bind(key.chat)
            .bind(key.person)
            .bind(key.thread)
            .bind(version)
            .bind(timer)
            .execute(connection))?;
            Ok(())
        }
    }
}
