//! Jobs on Postgres. Several instances take them at once, each others.

use sqlx::postgres::PgConnection;

use super::pool::on;
use super::{Postgres, QUICK};
use crate::faults;
use crate::store::both::jobs::columns;
use crate::store::both::jobs::postgres::read;
pub(super) use crate::store::both::jobs::postgres::store;
use crate::store::conversation::Key;
use crate::store::error::StoreError;
use crate::store::jobs::Job;

/// Holds a job until the transaction ends; false: it is gone, since a person may have been erased meanwhile.
pub(super) async fn hold(connection: &mut PgConnection, id: i64) -> Result<bool, sqlx::Error> {
    let held = sqlx::query("SELECT 1 FROM bf_jobs WHERE id = $1 FOR UPDATE")
        .bind(id)
        .fetch_optional(connection)
        .await?;
    Ok(held.is_some())
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
            "WITH found (found_id) AS MATERIALIZED (SELECT f.id FROM bf_jobs f \
               WHERE f.bot = $1 AND f.ready <= $2 ORDER BY f.id LIMIT $4 FOR UPDATE SKIP LOCKED) \
             UPDATE bf_jobs j SET ready = greatest(j.deadline, $2) + $3, attempts = j.attempts + 1 \
             FROM found WHERE j.id = found_id RETURNING ",
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
}
