//! Jobs on Postgres. Several instances take them at once, each others.

use sqlx::Row;
use sqlx::postgres::{PgConnection, PgRow};

use super::pool::on;
use super::{Postgres, QUICK};
use crate::faults;
use crate::store::conversation::{Effects, Key};
use crate::store::error::StoreError;
use crate::store::jobs::Job;
use crate::store::letters::BATCH;

macro_rules! columns {
    () => {
        "j.id, j.bot, j.chat, j.person, j.thread, j.flow, j.segment, j.version, j.at, j.deadline, j.attempts, j.job"
    };
}

fn read(row: &PgRow) -> Result<Job, sqlx::Error> {
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
        attempts: i64::from(row.try_get::<i32, _>(10)?),
        body: row.try_get(11)?,
    })
}

/// Holds a job until the transaction ends; false: it is gone, since a person may have been erased meanwhile.
pub(super) async fn hold(connection: &mut PgConnection, id: i64) -> Result<bool, sqlx::Error> {
    let held = sqlx::query("SELECT 1 FROM bf_jobs WHERE id = $1 FOR UPDATE")
        .bind(id)
        .fetch_optional(connection)
        .await?;
    Ok(held.is_some())
}

/// What an update does to jobs, in its transaction and before that ends.
pub(super) async fn store(
    connection: &mut PgConnection,
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

impl Postgres {
    pub(crate) async fn take_jobs(
        &self,
        bot: i64,
        now: i64,
        grace: i64,
        limit: u32,
    ) -> Result<Vec<Job>, StoreError> {
        faults::point("jobs.before_take");
        let rows = on!(self.own, QUICK, connection => sqlx::query(concat!(
            "WITH found AS MATERIALIZED (SELECT f.id FROM bf_jobs f \
               WHERE f.bot = $1 AND f.ready <= $2 ORDER BY f.id LIMIT $4 FOR UPDATE SKIP LOCKED) \
             UPDATE bf_jobs j SET ready = greatest(j.deadline, $2) + $3, attempts = j.attempts + 1 \
             FROM found WHERE j.id = found.id RETURNING ",
            columns!()
        ))
        .bind(bot)
        .bind(now)
        .bind(grace)
        .bind(i64::from(limit))
        .fetch_all(connection))?;
        faults::point("jobs.after_take");
        Ok(rows.iter().map(read).collect::<Result<_, sqlx::Error>>()?)
    }

    pub(crate) async fn take_job_of(
        &self,
        key: Key,
        until: i64,
    ) -> Result<Option<Job>, StoreError> {
        let row = on!(self.own, QUICK, connection => sqlx::query(concat!(
            "UPDATE bf_jobs j SET ready = $5, attempts = j.attempts + 1 WHERE j.id = \
               (SELECT min(f.id) FROM bf_jobs f \
                WHERE f.bot = $1 AND f.chat = $2 AND f.person = $3 AND f.thread = $4) \
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

    pub(crate) async fn put_off_job(&self, id: i64, ready: i64) -> Result<(), StoreError> {
        on!(self.own, QUICK, connection => sqlx::query("UPDATE bf_jobs SET ready = $2 WHERE id = $1")
            .bind(id)
            .bind(ready)
            .execute(connection))?;
        Ok(())
    }

    pub(crate) async fn jobs_waiting(&self, bot: i64) -> Result<(i64, i64), StoreError> {
        on!(self.own, QUICK, connection => sqlx::query_as(
            "SELECT count(*), coalesce(min(at), 0) FROM bf_jobs WHERE bot = $1",
        )
        .bind(bot)
        .fetch_one(connection))
    }

    pub(crate) async fn prune_jobs(&self, before: i64) -> Result<u64, StoreError> {
        let gone = on!(self.own, QUICK, connection => sqlx::query(
            "DELETE FROM bf_jobs WHERE id IN (SELECT id FROM bf_jobs ORDER BY id LIMIT $2) AND deadline < $1",
        )
        .bind(before)
        .bind(BATCH)
        .execute(connection))?;
        Ok(gone.rows_affected())
    }
}
