//! Dead letters, failure counts and forgetting on Postgres. Several instances forget at once: each takes other rows.

use sqlx::Row;
use sqlx::postgres::PgConnection;

use super::outbox::Keys;
use super::pool::on;
use super::{Postgres, QUICK};
use crate::store::error::StoreError;
use crate::store::letters::{BATCH, Requeued};
use crate::store::outbox::RowKey;

impl Postgres {
    pub(crate) async fn prune(
        &self,
        claims: i64,
        letters: i64,
        from: Option<RowKey>,
    ) -> Result<(u64, Option<RowKey>), StoreError> {
        on!(self.own, QUICK, connection => prune(connection, claims, letters, from))
    }

    pub(crate) async fn requeue(
        &self,
        bot: i64,
        letter: i64,
        now: i64,
    ) -> Result<Requeued, StoreError> {
        // Whoever deletes the letter sends its call.
        let queued = on!(self.own, QUICK, connection => sqlx::query(
            "WITH l AS (DELETE FROM bf_dead_letters d USING bf_outbox o \
               WHERE d.bot = $1 AND d.id = $2 \
                 AND o.bot = d.bot AND o.update_id = d.update_id AND o.n = d.n AND o.state = 4 \
               RETURNING d.bot, d.update_id, d.n) \
             UPDATE bf_outbox o SET state = 2, given_back = TRUE, attempts = 0, lease_until = $3 FROM l \
               WHERE o.bot = l.bot AND o.update_id = l.update_id AND o.n = l.n",
        )
        .bind(bot)
        .bind(letter)
        .bind(now)
        .execute(connection))?;
        if queued.rows_affected() > 0 {
            return Ok(Requeued::Done);
        }
        let there = on!(self.own, QUICK, connection => sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM bf_dead_letters WHERE bot = $1 AND id = $2)",
        )
        .bind(bot)
        .bind(letter)
        .fetch_one(connection))?;
        Ok(if there {
            Requeued::NoCall
        } else {
            Requeued::Missing
        })
    }

    pub(crate) async fn discard(&self, bot: i64, letter: i64) -> Result<bool, StoreError> {
        let gone: i64 = on!(self.own, QUICK, connection => sqlx::query_scalar(
            "WITH l AS (DELETE FROM bf_dead_letters WHERE bot = $1 AND id = $2 RETURNING bot, update_id, n), \
             o AS (UPDATE bf_outbox o SET state = 0, call = NULL FROM l \
               WHERE o.bot = l.bot AND o.update_id = l.update_id AND o.n = l.n AND o.state = 4) \
             SELECT count(*) FROM l",
        )
        .bind(bot)
        .bind(letter)
        .fetch_one(connection))?;
        Ok(gone > 0)
    }

    /// Outside every transaction: what takes the update back must not take the count back.
    pub(crate) async fn count_failure(
        &self,
        bot: i64,
        update_id: i64,
        now: i64,
    ) -> Result<i64, StoreError> {
        let rows = on!(self.own, QUICK, connection => sqlx::query(
            "INSERT INTO bf_failures AS f (bot, update_id, count, at) VALUES ($1, $2, 1, $3) \
             ON CONFLICT (bot, update_id) DO UPDATE SET count = f.count + 1, at = $3 RETURNING count",
        )
        .bind(bot)
        .bind(update_id)
        .bind(now)
        .fetch_all(connection))?;
        let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
        Ok(row.try_get::<i32, _>(0).map_err(StoreError::Sql)?.into())
    }
}

/// Claims grow with the update ids, so the old ones are the first of their bot, those of timers (below 0) and those of
/// updates each for themselves; where ids have restarted at random they
/// stand elsewhere, and a cursor that goes round finds them. Rows that still wait to be sent stay. No index of the time is
/// needed for it, which every claim would have to pay for.
async fn prune(
    connection: &mut PgConnection,
    claims: i64,
    letters: i64,
    from: Option<RowKey>,
) -> Result<(u64, Option<RowKey>), sqlx::Error> {
    let failures = sqlx::query(
        "DELETE FROM bf_failures WHERE ctid = ANY (ARRAY (SELECT ctid FROM bf_failures WHERE at < $1 \
         LIMIT $2 FOR UPDATE SKIP LOCKED))",
    )
    .bind(claims)
    .bind(BATCH)
    .execute(&mut *connection)
    .await?;
    // Their calls are freed with them; the rows are claims like others then.
    let old_letters: i64 = sqlx::query_scalar(
        "WITH l AS (DELETE FROM bf_dead_letters WHERE id IN (SELECT id FROM bf_dead_letters WHERE id IN \
           (SELECT id FROM bf_dead_letters ORDER BY id LIMIT $2) AND at < $1 FOR UPDATE SKIP LOCKED) \
           RETURNING bot, update_id, n), \
         o AS (UPDATE bf_outbox o SET state = 0, call = NULL FROM l \
           WHERE o.bot = l.bot AND o.update_id = l.update_id AND o.n = l.n AND o.state = 4) \
         SELECT count(*) FROM l",
    )
    .bind(letters)
    .bind(BATCH)
    .fetch_one(&mut *connection)
    .await?;
    let mut forgotten = failures.rows_affected() + u64::try_from(old_letters).unwrap_or_default();
    let bots: Vec<i64> = sqlx::query_scalar(
        "WITH RECURSIVE b (bot) AS ((SELECT bot FROM bf_outbox ORDER BY bot LIMIT 1) \
         UNION ALL SELECT (SELECT o.bot FROM bf_outbox o WHERE o.bot > b.bot ORDER BY o.bot LIMIT 1) \
         FROM b WHERE b.bot IS NOT NULL) SELECT bot FROM b WHERE bot IS NOT NULL",
    )
    .fetch_all(&mut *connection)
    .await?;
    for bot in bots {
        let first = sqlx::query(
            "SELECT update_id, n FROM (\
             (SELECT update_id, n, at, state FROM bf_outbox WHERE bot = $1 AND update_id < 0 \
             ORDER BY bot, update_id, n LIMIT $3) UNION ALL \
             (SELECT update_id, n, at, state FROM bf_outbox WHERE bot = $1 AND update_id >= 0 \
             ORDER BY bot, update_id, n LIMIT $3)) f WHERE at < $2 AND state IN (0, 3)",
        )
        .bind(bot)
        .bind(claims)
        .bind(BATCH)
        .fetch_all(&mut *connection)
        .await?;
        let mut old = Vec::with_capacity(first.len());
        for row in &first {
            old.push(RowKey {
                bot,
                update_id: row.try_get(0)?,
                n: row.try_get::<i32, _>(1)?.into(),
            });
        }
        forgotten += forget(connection, old, claims).await?;
    }
    let from = from.unwrap_or(RowKey {
        bot: i64::MIN,
        update_id: i64::MIN,
        n: 0,
    });
    let window = sqlx::query(
        "SELECT bot, update_id, n, at < $4 AND state IN (0, 3) FROM bf_outbox \
         WHERE (bot, update_id, n) > ($1, $2, $3) ORDER BY bot, update_id, n LIMIT $5",
    )
    .bind(from.bot)
    .bind(from.update_id)
    .bind(i32::try_from(from.n).unwrap_or(i32::MAX))
    .bind(claims)
    .bind(BATCH)
    .fetch_all(&mut *connection)
    .await?;
    let mut next = None;
    let mut old = Vec::new();
    for row in &window {
        let key = RowKey {
            bot: row.try_get(0)?,
            update_id: row.try_get(1)?,
            n: row.try_get::<i32, _>(2)?.into(),
        };
        if row.try_get(3)? {
            old.push(key);
        }
        next = Some(key);
    }
    forgotten += forget(connection, old, claims).await?;
    Ok((forgotten, next.filter(|_| window.len() as i64 == BATCH)))
}

/// Forgets those of the rows that are still old and that nobody else is at.
async fn forget(
    connection: &mut PgConnection,
    rows: Vec<RowKey>,
    claims: i64,
) -> Result<u64, sqlx::Error> {
    if rows.is_empty() {
        return Ok(0);
    }
    let keys = Keys::new(rows);
    let done = sqlx::query(
        "DELETE FROM bf_outbox o USING (SELECT f.bot, f.update_id, f.n \
           FROM unnest($1::bigint[], $2::bigint[], $3::int[]) AS k (bot, update_id, n) \
           JOIN bf_outbox f ON f.bot = k.bot AND f.update_id = k.update_id AND f.n = k.n \
           WHERE f.at < $4 AND f.state IN (0, 3) FOR UPDATE OF f SKIP LOCKED) old \
         WHERE o.bot = old.bot AND o.update_id = old.update_id AND o.n = old.n",
    )
    .bind(keys.bots)
    .bind(keys.updates)
    .bind(keys.ns)
    .bind(claims)
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}
