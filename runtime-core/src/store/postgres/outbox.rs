//! The outbox on Postgres.

use sqlx::Row;
use sqlx::postgres::{PgConnection, PgRow};

use super::pool::on;
use super::{Postgres, QUICK};
use crate::store::both::outbox::n;
use crate::store::error::StoreError;
use crate::store::outbox::{OutboxRow, RowKey, class, decode};

/// Keys as the parameters of `unnest`.
pub(super) struct Keys {
    pub(super) bots: Vec<i64>,
    pub(super) updates: Vec<i64>,
    pub(super) ns: Vec<i32>,
}

impl Keys {
    /// Sorted: whoever changes several rows takes them in this order.
    pub(super) fn new(mut rows: Vec<RowKey>) -> Self {
        rows.sort_unstable();
        Self {
            bots: rows.iter().map(|row| row.bot).collect(),
            updates: rows.iter().map(|row| row.update_id).collect(),
            ns: rows.iter().map(|row| n(*row)).collect(),
        }
    }
}

/// A statement over the rows of `k`, which are locked in their order first: `unnest` is a nested loop of look-ups.
macro_rules! over_keys {
    ($statement:literal) => {
        concat!(
            "WITH k AS MATERIALIZED (SELECT o.bot, o.update_id, o.n FROM unnest($1::bigint[], $2::bigint[], $3::int[]) \
             AS t (bot, update_id, n) JOIN bf_outbox o ON o.bot = t.bot AND o.update_id = t.update_id AND o.n = t.n \
             ORDER BY o.bot, o.update_id, o.n FOR NO KEY UPDATE OF o) ",
            $statement,
            " FROM k WHERE o.bot = k.bot AND o.update_id = k.update_id AND o.n = k.n"
        )
    };
}

impl Postgres {
    pub(crate) async fn lease_expired(
        &self,
        bulk: bool,
        now: i64,
        until: i64,
        limit: u32,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        let sql = if bulk {
            "SELECT * FROM bf_lease_bulk($1, $2, $3)"
        } else {
            "SELECT * FROM bf_lease($1, $2, $3)"
        };
        let found = on!(self.own, QUICK, connection => sqlx::query(sql)
            .bind(now)
            .bind(until)
            .bind(i64::from(limit))
            .fetch_all(connection))?;
        let mut rows = Vec::with_capacity(found.len());
        for row in &found {
            match read(row, until) {
                Ok(row) => rows.push(row),
                // A call of a build that knew more: it can never be sent, and must not stop the others.
                Err(sqlx::Error::Decode(_)) => {
                    self.mark_failed(key(row)?, "unreadable_call", "", now)
                        .await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(rows)
    }

    pub(crate) async fn mark_sent(&self, rows: Vec<RowKey>) -> Result<(), StoreError> {
        let keys = Keys::new(rows);
        self.each(
            // Both go by the same locked keys.
            concat!(
                "WITH k AS MATERIALIZED (SELECT o.bot, o.update_id, o.n FROM unnest($1::bigint[], $2::bigint[], $3::int[]) \
                 AS t (bot, update_id, n) JOIN bf_outbox o ON o.bot = t.bot AND o.update_id = t.update_id AND o.n = t.n \
                 ORDER BY o.bot, o.update_id, o.n FOR UPDATE OF o), ",
                "d AS (DELETE FROM bf_outbox o USING k \
                 WHERE k.n > 0 AND o.bot = k.bot AND o.update_id = k.update_id AND o.n = k.n) \
                 UPDATE bf_outbox o SET state = 0, call = NULL FROM k \
                 WHERE k.n = 0 AND o.bot = k.bot AND o.update_id = k.update_id AND o.n = 0"
            ),
            &keys,
        )
        .await?;
        Ok(())
    }

    pub(crate) async fn mark_rode(&self, rows: Vec<RowKey>) -> Result<(), StoreError> {
        let keys = Keys::new(rows);
        self.each(
            concat!(
                over_keys!("UPDATE bf_outbox o SET state = 3"),
                " AND o.state = 1"
            ),
            &keys,
        )
        .await
    }

    async fn each(&self, sql: &'static str, keys: &Keys) -> Result<(), StoreError> {
        on!(self.own, QUICK, connection => sqlx::query(sql)
            .bind(&keys.bots)
            .bind(&keys.updates)
            .bind(&keys.ns)
            .execute(connection))?;
        Ok(())
    }

    pub(crate) async fn mark_failed(
        &self,
        row: RowKey,
        code: &'static str,
        method: &'static str,
        now: i64,
    ) -> Result<(), StoreError> {
        // Where the row is gone already it was marked before: no second letter.
        on!(self.own, QUICK, connection => sqlx::query(
            "WITH k AS MATERIALIZED (SELECT bot, update_id, n FROM bf_outbox \
               WHERE bot = $1 AND update_id = $2 AND n = $3 AND state IN (1, 2) FOR UPDATE), \
             l AS (INSERT INTO bf_dead_letters (bot, update_id, at, code, trace_id, n, method) \
               SELECT bot, update_id, $4, $5, '', n, $6 FROM k) \
             UPDATE bf_outbox o SET state = 4 FROM k \
               WHERE o.bot = k.bot AND o.update_id = k.update_id AND o.n = k.n",
        )
        .bind(row.bot)
        .bind(row.update_id)
        .bind(n(row))
        .bind(now)
        .bind(code)
        .bind(method)
        .execute(connection))?;
        Ok(())
    }

    pub(crate) async fn give_back(
        &self,
        rows: Vec<RowKey>,
        not_before: i64,
        attempted: bool,
    ) -> Result<(), StoreError> {
        let keys = Keys::new(rows);
        on!(self.own, QUICK, connection => sqlx::query(concat!(
            over_keys!("UPDATE bf_outbox o SET state = 2, given_back = TRUE, lease_until = $4, attempts = attempts + $5"),
            " AND o.state IN (1, 2)"
        ))
        .bind(&keys.bots)
        .bind(&keys.updates)
        .bind(&keys.ns)
        .bind(not_before)
        .bind(i32::from(attempted))
        .execute(connection))?;
        Ok(())
    }

    pub(crate) async fn extend_lease(
        &self,
        rows: Vec<RowKey>,
        until: i64,
    ) -> Result<(), StoreError> {
        let keys = Keys::new(rows);
        on!(self.own, QUICK, connection => sqlx::query(concat!(
            over_keys!("UPDATE bf_outbox o SET lease_until = $4"),
            " AND o.state = 2 AND NOT o.given_back"
        ))
        .bind(&keys.bots)
        .bind(&keys.updates)
        .bind(&keys.ns)
        .bind(until)
        .execute(connection))?;
        Ok(())
    }

    pub(crate) async fn move_chat(&self, bot: i64, from: i64, to: i64) -> Result<(), StoreError> {
        let mut loan = self.own.get().await?;
        let moved = async {
            let connection = loan.connection()?;
            sqlx::raw_sql("BEGIN ISOLATION LEVEL READ COMMITTED")
                .execute(&mut *connection)
                .await?;
            move_chat(connection, bot, from, to).await?;
            sqlx::raw_sql("COMMIT").execute(&mut *connection).await
        };
        match super::pool::within(QUICK, moved).await {
            Ok(_) => {
                loan.clean();
                Ok(())
            }
            Err(error) => {
                loan.failed(&error);
                loan.spoiled();
                Err(error.into())
            }
        }
    }

    pub(crate) async fn store_bulk(
        &self,
        bot: i64,
        update_id: i64,
        now: i64,
        flags: i16,
        rows: String,
    ) -> Result<(), StoreError> {
        on!(self.own, QUICK, connection => sqlx::query(
            "INSERT INTO bf_outbox \
               (bot, update_id, n, chat, at, state, lease_until, given_back, call, class, flags) \
             SELECT $1, $2, r.n, (r.row->>0)::bigint, $3, 2, $3, TRUE, (r.row->>1)::json, 1, $4 \
             FROM json_array_elements($5::json) WITH ORDINALITY AS r (row, n) \
             WHERE NOT EXISTS (SELECT 1 FROM bf_unreachable u WHERE u.bot = $1 AND u.chat = (r.row->>0)::bigint) \
             ON CONFLICT DO NOTHING",
        )
        .bind(bot)
        .bind(update_id)
        .bind(now)
        .bind(flags)
        .bind(&rows)
        .execute(connection))?;
        Ok(())
    }

    pub(crate) async fn mark_unreachable(
        &self,
        bot: i64,
        chat: i64,
        now: i64,
    ) -> Result<u64, StoreError> {
        let dropped = on!(self.own, QUICK, connection => sqlx::query(
            "WITH m AS (INSERT INTO bf_unreachable AS u (bot, chat, since) VALUES ($1, $2, $3) \
               ON CONFLICT (bot, chat) DO UPDATE SET since = greatest(u.since, $3)), \
             k AS MATERIALIZED (SELECT bot, update_id, n FROM bf_outbox \
               WHERE state IN (1, 2) AND state = 2 AND bot = $1 AND chat = $2 \
               ORDER BY bot, update_id, n FOR NO KEY UPDATE) \
             UPDATE bf_outbox o SET state = 0, call = NULL FROM k \
               WHERE o.bot = k.bot AND o.update_id = k.update_id AND o.n = k.n",
        )
        .bind(bot)
        .bind(chat)
        .bind(now)
        .execute(connection))?;
        Ok(dropped.rows_affected())
    }

    pub(crate) async fn forget_unreachable(
        &self,
        heard: &[(i64, i64, i64)],
    ) -> Result<(), StoreError> {
        let bots: Vec<i64> = heard.iter().map(|heard| heard.0).collect();
        let chats: Vec<i64> = heard.iter().map(|heard| heard.1).collect();
        let ats: Vec<i64> = heard.iter().map(|heard| heard.2).collect();
        on!(self.own, QUICK, connection => sqlx::query(
            "DELETE FROM bf_unreachable u USING (SELECT f.bot, f.chat \
               FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS h (bot, chat, at) \
               JOIN bf_unreachable f ON f.bot = h.bot AND f.chat = h.chat AND f.since < h.at \
               ORDER BY f.bot, f.chat FOR UPDATE OF f SKIP LOCKED) back \
             WHERE u.bot = back.bot AND u.chat = back.chat",
        )
        .bind(&bots)
        .bind(&chats)
        .bind(&ats)
        .execute(connection))?;
        Ok(())
    }
}

async fn move_chat(
    connection: &mut PgConnection,
    bot: i64,
    from: i64,
    to: i64,
) -> Result<(), sqlx::Error> {
    let rows = sqlx::query(
        "SELECT update_id, n, call::text FROM bf_outbox WHERE state IN (1, 2) AND bot = $1 AND chat = $2 \
         ORDER BY update_id, n FOR NO KEY UPDATE",
    )
    .bind(bot)
    .bind(from)
    .fetch_all(&mut *connection)
    .await?;
    let mut updates: Vec<i64> = Vec::with_capacity(rows.len());
    let mut ns: Vec<i32> = Vec::with_capacity(rows.len());
    let mut calls: Vec<Option<String>> = Vec::with_capacity(rows.len());
    for row in &rows {
        updates.push(row.try_get(0)?);
        ns.push(row.try_get(1)?);
        let call: Option<&str> = row.try_get(2)?;
        calls.push(call.map(|call| addressed(call, to)));
    }
    sqlx::query(
        "UPDATE bf_outbox o SET chat = $3, call = t.call::json FROM unnest($4::bigint[], $5::int[], $6::text[]) \
         AS t (update_id, n, call) WHERE o.bot = $1 AND o.chat = $2 AND o.update_id = t.update_id AND o.n = t.n",
    )
    .bind(bot)
    .bind(from)
    .bind(to)
    .bind(updates)
    .bind(ns)
    .bind(calls)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "UPDATE bf_conversations c SET chat = $3, version = version + 1 WHERE bot = $1 AND chat = $2 \
         AND NOT EXISTS (SELECT 1 FROM bf_conversations d WHERE d.bot = $1 AND d.chat = $3 \
           AND d.person = c.person AND d.thread = c.thread)",
    )
    .bind(bot)
    .bind(from)
    .bind(to)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "UPDATE bf_locales SET subject = $3, changed = txid_current() WHERE bot = $1 AND subject = $2 \
         AND NOT EXISTS (SELECT 1 FROM bf_locales WHERE bot = $1 AND subject = $3)",
    )
    .bind(bot)
    .bind(from)
    .bind(to)
    .execute(&mut *connection)
    .await?;
    sqlx::query("UPDATE bf_broadcast SET told_chat = $3 WHERE bot = $1 AND told_chat = $2")
        .bind(bot)
        .bind(from)
        .bind(to)
        .execute(connection)
        .await?;
    Ok(())
}

/// The call, to another chat. Not by a function of Postgres: those refuse a text with a NUL in it.
fn addressed(call: &str, to: i64) -> String {
    match serde_json::from_str::<serde_json::Value>(call) {
        Ok(serde_json::Value::Object(mut parts)) => {
            parts.insert("chat_id".to_owned(), to.into());
            serde_json::Value::Object(parts).to_string()
        }
        _ => call.to_owned(),
    }
}

fn key(row: &PgRow) -> Result<RowKey, sqlx::Error> {
    Ok(RowKey {
        bot: row.try_get(0)?,
        update_id: row.try_get(1)?,
        n: row.try_get::<i32, _>(2)?.into(),
    })
}

fn read(row: &PgRow, until: i64) -> Result<OutboxRow, sqlx::Error> {
    Ok(OutboxRow {
        key: key(row)?,
        chat: row.try_get(3)?,
        at: row.try_get(4)?,
        call: decode(row.try_get::<Option<&str>, _>(5)?.unwrap_or_default())?,
        lease_until: until,
        ambiguous: !row.try_get::<bool, _>(6)?,
        attempts: row.try_get::<i32, _>(7)?.into(),
        class: class(row.try_get(8)?),
        flags: row.try_get(9)?,
        life: None,
    })
}
