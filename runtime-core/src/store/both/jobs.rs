//! Jobs: those of an update, and what needs no lock.

use sqlx::Row as _;

use crate::store::conversation::{Effects, Key};
use crate::store::error::StoreError;
use crate::store::jobs::Job;
use crate::store::letters::BATCH;

/// What [`sqlite::read`] and its twin read.
macro_rules! columns {
    () => {
        "id, bot, chat, person, thread, flow, segment, version, at, deadline, attempts, job"
    };
}
pub(crate) use columns;

on_both! {
    pub(crate) fn read(row: &Row) -> Result<Job, sqlx::Error> {
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
            attempts: row.try_get::<i32, _>(10)?.into(),
            body: row.try_get(11)?,
        })
    }

    /// What an update does to jobs, in its transaction or savepoint and before that ends.
    pub(crate) async fn store(
        connection: &mut Connection,
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

    impl Engine {
        pub(crate) async fn put_off_job(&self, id: i64, ready: i64) -> Result<(), StoreError> {
            writing!(self, [], connection => sqlx::query("UPDATE bf_jobs SET ready = $2 WHERE id = $1")
                .bind(id)
                .bind(ready)
                .execute(connection))?;
            Ok(())
        }

        pub(crate) async fn jobs_waiting(&self, bot: i64) -> Result<(i64, i64), StoreError> {
            reading!(self, connection => sqlx::query_as(
                "SELECT count(*), coalesce(min(at), 0) FROM bf_jobs WHERE bot = $1",
            )
            .bind(bot)
            .fetch_one(connection))
        }

        pub(crate) async fn prune_jobs(&self, before: i64) -> Result<u64, StoreError> {
            let gone = writing!(self, [], connection => sqlx::query(
                "DELETE FROM bf_jobs WHERE id IN (SELECT id FROM bf_jobs ORDER BY id LIMIT $2) AND deadline < $1",
            )
            .bind(before)
            .bind(BATCH)
            .execute(connection))?;
            Ok(gone.rows_affected())
        }
    }
}
