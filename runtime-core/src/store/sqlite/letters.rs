//! Dead letters, failure counts and forgetting on SQLite.

use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::Sqlite;
use super::outbox::json_keys;
use crate::store::error::StoreError;
use crate::store::letters::{BATCH, Requeued};
use crate::store::outbox::RowKey;

impl Sqlite {
    pub(crate) async fn prune(
        &self,
        claims: i64,
        letters: i64,
        from: Option<RowKey>,
    ) -> Result<(u64, Option<RowKey>), StoreError> {
        self.writer
            .write(move |connection| Box::pin(prune(connection, claims, letters, from)))
            .await
    }

    pub(crate) async fn requeue(
        &self,
        bot: i64,
        letter: i64,
        now: i64,
    ) -> Result<Requeued, StoreError> {
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    let queued = sqlx::query(
                        "UPDATE bf_outbox SET state = 2, given_back = 1, attempts = 0, lease_until = $3 \
                         WHERE state = 4 AND (bot, update_id, n) IN \
                           (SELECT bot, update_id, n FROM bf_dead_letters WHERE bot = $1 AND id = $2)",
                    )
                    .bind(bot)
                    .bind(letter)
                    .bind(now)
                    .execute(&mut *connection)
                    .await?;
                    let gone = sqlx::query(
                        "DELETE FROM bf_dead_letters WHERE bot = $1 AND id = $2 AND $3",
                    )
                    .bind(bot)
                    .bind(letter)
                    .bind(queued.rows_affected() > 0)
                    .execute(&mut *connection)
                    .await?;
                    if gone.rows_affected() > 0 {
                        return Ok(Requeued::Done);
                    }
                    let there = sqlx::query_scalar(
                        "SELECT EXISTS (SELECT 1 FROM bf_dead_letters WHERE bot = $1 AND id = $2)",
                    )
                    .bind(bot)
                    .bind(letter)
                    .fetch_one(connection)
                    .await?;
                    Ok(if there {
                        Requeued::NoCall
                    } else {
                        Requeued::Missing
                    })
                })
            })
            .await
    }

    pub(crate) async fn discard(&self, bot: i64, letter: i64) -> Result<bool, StoreError> {
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    sqlx::query(
                        "UPDATE bf_outbox SET state = 0, call = NULL WHERE state = 4 AND (bot, update_id, n) IN \
                           (SELECT bot, update_id, n FROM bf_dead_letters WHERE bot = $1 AND id = $2)",
                    )
                    .bind(bot)
                    .bind(letter)
                    .execute(&mut *connection)
                    .await?;
                    let gone = sqlx::query("DELETE FROM bf_dead_letters WHERE bot = $1 AND id = $2")
                        .bind(bot)
                        .bind(letter)
                        .execute(connection)
                        .await?;
                    Ok(gone.rows_affected() > 0)
                })
            })
            .await
    }

    pub(crate) async fn count_failure(
        &self,
        bot: i64,
        update_id: i64,
        now: i64,
    ) -> Result<i64, StoreError> {
        self.writer
            .write(move |connection| Box::pin(count_failure(connection, bot, update_id, now)))
            .await
    }
}

/// Claims grow with the update ids, so the old ones are the first of their bot, those of timers (below 0) and those of
/// updates each for themselves; where ids have restarted at random they stand elsewhere, and a cursor that goes round finds
/// them. Rows that still wait to be sent stay, and those of dead letters stay as long as these.
async fn prune(
    connection: &mut SqliteConnection,
    claims: i64,
    letters: i64,
    from: Option<RowKey>,
) -> Result<(u64, Option<RowKey>), sqlx::Error> {
    let mut forgotten = sqlx::query(
        "DELETE FROM bf_failures WHERE at < $1;
         UPDATE bf_outbox SET state = 0, call = NULL WHERE state = 4 AND (bot, update_id, n) IN \
           (SELECT bot, update_id, n FROM bf_dead_letters \
            WHERE id IN (SELECT id FROM bf_dead_letters ORDER BY id LIMIT $2) AND at < $3);
         DELETE FROM bf_dead_letters WHERE id IN (SELECT id FROM bf_dead_letters ORDER BY id LIMIT $2) AND at < $3",
    )
    .bind(claims)
    .bind(BATCH)
    .bind(letters)
    .execute(&mut *connection)
    .await?
    .rows_affected();
    let bots: Vec<i64> = sqlx::query_scalar(
        "WITH RECURSIVE b(bot) AS (SELECT min(bot) FROM bf_outbox \
         UNION ALL SELECT (SELECT min(bot) FROM bf_outbox o WHERE o.bot > b.bot) FROM b WHERE b.bot IS NOT NULL) \
         SELECT bot FROM b WHERE bot IS NOT NULL",
    )
    .fetch_all(&mut *connection)
    .await?;
    for bot in bots {
        forgotten += sqlx::query(
            "DELETE FROM bf_outbox WHERE bot = $1 AND at < $2 AND state IN (0, 3) AND (update_id, n) IN \
             (SELECT * FROM (SELECT update_id, n FROM bf_outbox WHERE bot = $1 AND update_id < 0 ORDER BY update_id, n LIMIT $3) \
             UNION ALL SELECT * FROM (SELECT update_id, n FROM bf_outbox WHERE bot = $1 AND update_id >= 0 ORDER BY update_id, n LIMIT $3))",
        )
        .bind(bot)
        .bind(claims)
        .bind(BATCH)
        .execute(&mut *connection)
        .await?
        .rows_affected();
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
    .bind(from.n)
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
            n: row.try_get(2)?,
        };
        if row.try_get(3)? {
            old.push(key);
        }
        next = Some(key);
    }
    if !old.is_empty() {
        forgotten += sqlx::query(
            "DELETE FROM bf_outbox WHERE (bot, update_id, n) IN \
             (SELECT value->>0, value->>1, value->>2 FROM json_each($1))",
        )
        .bind(json_keys(&old))
        .execute(connection)
        .await?
        .rows_affected();
    }
    Ok((forgotten, next.filter(|_| window.len() as i64 == BATCH)))
}

/// Counts an attempt that ended in no answer; how many there were.
pub(crate) async fn count_failure(
    connection: &mut SqliteConnection,
    bot: i64,
    update_id: i64,
    now: i64,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "INSERT INTO bf_failures (bot, update_id, count, at) VALUES ($1, $2, 1, $3) \
         ON CONFLICT (bot, update_id) DO UPDATE SET count = count + 1, at = $3 RETURNING count",
    )
    .bind(bot)
    .bind(update_id)
    .bind(now)
    .fetch_one(connection)
    .await
}
