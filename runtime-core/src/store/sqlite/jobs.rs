//! Jobs on SQLite.

use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::Sqlite;
use crate::faults;
use crate::store::conversation::{Effects, Key};
use crate::store::error::StoreError;
use crate::store::jobs::Job;
use crate::store::letters::BATCH;

macro_rules! columns {
    () => {
        "id, bot, chat, person, thread, flow, segment, version, at, deadline, attempts, job"
    };
}

fn read(row: &SqliteRow) -> Result<Job, sqlx::Error> {
    Ok(Job {
        id: row.try_get(0)?,
        key: Key {
            bot: row.try_get(1)?,
            chat: row.try_get(2)?,
            person: row.try_get(3)?,
            thread: row.try_get(4)?,
        },
        flow: row.try_get(5)?,
        segment: row.try_get(6)?,
        version: row.try_get(7)?,
        at: row.try_get(8)?,
        deadline: row.try_get(9)?,
        attempts: row.try_get(10)?,
        body: row.try_get(11)?,
    })
}

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

/// What an update does to jobs, within its savepoint and before that is closed.
pub(crate) async fn store(
    connection: &mut SqliteConnection,
    effects: &Effects,
) -> Result<(), sqlx::Error> {
    if let Some(id) = effects.settles {
        sqlx::query("DELETE FROM bf_jobs WHERE id = $1")
            .bind(id)
            .execute(&mut *connection)
            .await?;
    }
    if let Some(job) = &effects.job {
        let key = effects.key;
        sqlx::query(
            "INSERT INTO bf_jobs (bot, chat, person, thread, flow, segment, version, at, deadline, ready, job) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10)",
        )
        .bind(key.bot)
        .bind(key.chat)
        .bind(key.person)
        .bind(key.thread)
        .bind(job.flow)
        .bind(job.segment)
        .bind(job.version)
        .bind(effects.at)
        .bind(job.deadline)
        .bind(job.body.as_str())
        .execute(connection)
        .await?;
    }
    Ok(())
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
        let mut reader = self.readers.get().await?;
        let any: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM bf_jobs WHERE bot = $1 AND ready <= $2)",
        )
        .bind(bot)
        .bind(now)
        .fetch_one(reader.connection()?)
        .await?;
        reader.clean();
        drop(reader);
        if !any {
            return Ok(Vec::new());
        }
        faults::point("jobs.before_take");
        let rows = self
            .writer
            .write(move |connection| {
                Box::pin(async move {
                    sqlx::query(concat!(
                        "UPDATE bf_jobs SET ready = max(deadline, $2) + $3, attempts = attempts + 1 WHERE id IN \
                           (SELECT id FROM bf_jobs WHERE bot = $1 AND ready <= $2 ORDER BY id LIMIT $4) \
                         RETURNING ",
                        columns!()
                    ))
                    .bind(bot)
                    .bind(now)
                    .bind(grace)
                    .bind(limit)
                    .fetch_all(connection)
                    .await
                })
            })
            .await?;
        faults::point("jobs.after_take");
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    pub(crate) async fn take_job_of(
        &self,
        key: Key,
        until: i64,
    ) -> Result<Option<Job>, StoreError> {
        let row = self
            .writer
            .write(move |connection| {
                Box::pin(async move {
                    sqlx::query(concat!(
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
                    .fetch_optional(connection)
                    .await
                })
            })
            .await?;
        Ok(row.as_ref().map(read).transpose()?)
    }

    pub(crate) async fn put_off_job(&self, id: i64, ready: i64) -> Result<(), StoreError> {
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    sqlx::query("UPDATE bf_jobs SET ready = $2 WHERE id = $1")
                        .bind(id)
                        .bind(ready)
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            })
            .await
    }

    pub(crate) async fn jobs_waiting(&self, bot: i64) -> Result<(i64, i64), StoreError> {
        let mut reader = self.readers.get().await?;
        let waiting =
            sqlx::query_as("SELECT count(*), coalesce(min(at), 0) FROM bf_jobs WHERE bot = $1")
                .bind(bot)
                .fetch_one(reader.connection()?)
                .await?;
        reader.clean();
        Ok(waiting)
    }

    pub(crate) async fn prune_jobs(&self, before: i64) -> Result<u64, StoreError> {
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    let gone = sqlx::query(
                        "DELETE FROM bf_jobs WHERE id IN (SELECT id FROM bf_jobs ORDER BY id LIMIT $2) AND deadline < $1",
                    )
                    .bind(before)
                    .bind(BATCH)
                    .execute(connection)
                    .await?;
                    Ok(gone.rows_affected())
                })
            })
            .await
    }
}
