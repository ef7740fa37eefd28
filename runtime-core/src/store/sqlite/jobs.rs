//! Jobs on SQLite.

use sqlx::sqlite::SqliteConnection;

use super::Sqlite;
use crate::faults;
use crate::store::both::jobs::columns;
use crate::store::both::jobs::sqlite::read;
pub(crate) use crate::store::both::jobs::sqlite::store;
use crate::store::conversation::Key;
use crate::store::error::StoreError;
use crate::store::jobs::Job;

/// Whether a job is still there: a person may have been erased meanwhile.
pub(crate) async fn is_there(
    connection: &mut SqliteConnection,
    id: i64,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM bf_jobs WHERE id = $1)")
        .bind(id)
        .fetch_one(connection)
        .await
}

impl Sqlite {
    pub(crate) async fn take_jobs(
        &self,
        bot: i64,
        now: i64,
        grace: i64,
        limit: u32,
    ) -> Result<Vec<Job>, StoreError> {
        // Mostly there are none: the writer is not troubled then.
        let any: bool = reading!(self, connection => sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM bf_jobs WHERE bot = $1 AND ready <= $2)",
        )
        .bind(bot)
        .bind(now)
        .fetch_one(connection))?;
        if !any {
            return Ok(Vec::new());
        }
        faults::point("jobs.before_take");
        let rows = writing!(self, [], connection => sqlx::query(concat!(
            "UPDATE bf_jobs SET ready = max(deadline, $2) + $3, attempts = attempts + 1 WHERE id IN \
               (SELECT id FROM bf_jobs WHERE bot = $1 AND ready <= $2 ORDER BY id LIMIT $4) \
             RETURNING ",
            columns!()
        ))
        .bind(bot)
        .bind(now)
        .bind(grace)
        .bind(limit)
        .fetch_all(connection))?;
        faults::point("jobs.after_take");
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    pub(crate) async fn take_job_of(
        &self,
        key: Key,
        until: i64,
    ) -> Result<Option<Job>, StoreError> {
        let row = writing!(self, [], connection => sqlx::query(concat!(
            "UPDATE bf_jobs SET ready = $5, attempts = attempts + 1 WHERE id = \
               (SELECT min(id) FROM bf_jobs WHERE bot = $1 AND chat = $2 AND person = $3 AND thread = $4) \
             RETURNING ",
            columns!()
        ))
        .bind(key.bot)
        .bind(key.chat)
        .bind(key.person)
        .bind(key.thread)
        .bind(until)
        .fetch_optional(connection))?;
        Ok(row.as_ref().map(read).transpose()?)
    }
}
