//! Dialogues whose time is over, on Postgres. Several instances take them at once, each others.

use sqlx::Row;

use super::pool::on;
use super::{Postgres, QUICK};
use crate::faults;
use crate::store::conversation::Key;
use crate::store::error::StoreError;
use crate::store::timers::Due;

impl Postgres {
    pub(crate) async fn due(
        &self,
        bots: &[i64],
        now: i64,
        until: i64,
        limit: u32,
    ) -> Result<Vec<Due>, StoreError> {
        faults::point("timers.before_take");
        let rows = on!(self.own, QUICK, connection => sqlx::query(
            "WITH found AS MATERIALIZED (SELECT f.ctid FROM bf_conversations f \
               WHERE f.timer > 0 AND f.timer <= $1 AND f.bot = ANY ($3) \
               ORDER BY f.timer LIMIT $4 FOR NO KEY UPDATE SKIP LOCKED) \
             UPDATE bf_conversations c SET timer = $2 FROM found WHERE c.ctid = found.ctid \
             RETURNING c.bot, c.chat, c.person, c.thread, c.run, c.version, coalesce(c.waiting::text, '')",
        )
        .bind(now)
        .bind(until)
        .bind(bots)
        .bind(i64::from(limit))
        .fetch_all(connection))?;
        faults::point("timers.after_take");
        let read = |row: &sqlx::postgres::PgRow| {
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
        };
        rows.iter()
            .map(read)
            .collect::<Result<_, sqlx::Error>>()
            .map_err(StoreError::Sql)
    }

    pub(crate) async fn put_off(
        &self,
        key: Key,
        version: i64,
        timer: i64,
    ) -> Result<(), StoreError> {
        on!(self.own, QUICK, connection => sqlx::query(
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
