//! Broadcasts on Postgres: made, ordered about, looked at.

mod recipients;

use sqlx::postgres::PgConnection;
use sqlx::{Connection, Row as _};

use super::pool::on;
use super::{Postgres, QUICK};
use crate::store::broadcasts::{
    Filter, Making, Missed, Order, Row, Telling, columns, missed, read, sql,
};
use crate::store::error::{StoreError, is_constraint};

/// Who of a bot's people is in an audience: bot, since, segment, people.
macro_rules! audience {
    () => {
        "FROM bf_person p WHERE p.bot = $1 AND p.private AND p.subscribed \
         AND NOT EXISTS (SELECT 1 FROM bf_unreachable u WHERE u.bot = p.bot AND u.chat = p.person) \
         AND ($2::bigint IS NULL OR p.last_seen >= $2) \
         AND ($3::text IS NULL OR EXISTS (SELECT 1 FROM bf_segment s WHERE s.bot = p.bot AND s.segment = $3 AND s.person = p.person)) \
         AND ($4::text IS NULL OR p.person IN (SELECT v::bigint FROM json_array_elements_text($4::json) AS e (v)))"
    };
}
pub(super) use audience;

/// Stores a broadcast, within an update's transaction or by itself.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    making: &Making,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "INSERT INTO bf_broadcast (bot, bot_id, name, request, audience, people, since, messages, per_second, skip, state, \
           created, starts, started, told_chat, told_tag, told_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
           CASE WHEN $15::bigint IS NULL THEN 0 ELSE $12::bigint + 2000000 END) RETURNING id",
    )
    .bind(making.bot)
    .bind(&*making.bot_id)
    .bind(making.name)
    .bind(making.request.as_deref())
    .bind(making.audience.to_string())
    .bind(making.people())
    .bind(making.since())
    .bind(&making.messages)
    .bind(i32::from(making.per_second))
    .bind(making.skip())
    .bind(making.state().stored())
    .bind(making.now)
    .bind(making.starts)
    .bind(making.started())
    .bind(making.told.map(|(chat, _)| chat))
    .bind(making.told.map(|(_, tag)| tag))
    .fetch_one(connection)
    .await
}

/// It is over as soon as it is made.
pub(crate) async fn close(connection: &mut PgConnection, id: i64) -> Result<(), sqlx::Error> {
    sqlx::query(sql::CLOSE).bind(id).execute(connection).await?;
    Ok(())
}

/// How many people are in an audience.
pub(crate) async fn count(
    connection: &mut PgConnection,
    bot: i64,
    filter: &Filter,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(concat!("SELECT count(*) ", audience!()))
        .bind(bot)
        .bind(filter.since)
        .bind(filter.segment.as_deref())
        .bind(filter.people.as_deref())
        .fetch_one(connection)
        .await
}

/// Puts a text of a progress message into the outbox.
pub(crate) async fn tell(
    connection: &mut PgConnection,
    telling: &Telling,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO bf_outbox (bot, update_id, n, chat, at, state, lease_until, given_back, call, class, flags) \
         VALUES ($1, $2, $3, $4, $5, 2, $5, TRUE, $6::json, 0, $7) ON CONFLICT DO NOTHING",
    )
    .bind(telling.bot)
    .bind(telling.update_id)
    .bind(i32::try_from(telling.n).unwrap_or(i32::MAX))
    .bind(telling.chat)
    .bind(telling.now)
    .bind(&telling.call)
    .bind(telling.flags)
    .execute(connection)
    .await?;
    Ok(())
}

/// A broadcast that a request makes: the same one makes it once.
async fn make(connection: &mut PgConnection, making: &Making) -> Result<(i64, bool), sqlx::Error> {
    for last in [false, true] {
        if let Some(request) = &making.request {
            let made = sqlx::query_scalar(sql::REQUESTED)
                .bind(making.bot)
                .bind(request);
            if let Some(id) = made.fetch_optional(&mut *connection).await? {
                return Ok((id, false));
            }
        }
        match insert(connection, making).await {
            // The same request at the same moment was faster.
            Err(error) if !last && is_constraint(&error) => {}
            made => return Ok((made?, true)),
        }
    }
    Err(sqlx::Error::RowNotFound)
}

async fn tell_once(connection: &mut PgConnection, telling: &Telling) -> Result<bool, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let ours = sqlx::query(sql::TELL)
        .bind(telling.broadcast)
        .bind(telling.n - 2)
        .bind(telling.next)
        .bind(telling.now)
        .execute(&mut *transaction)
        .await?;
    if ours.rows_affected() == 0 {
        transaction.rollback().await?;
        return Ok(false);
    }
    tell(&mut transaction, telling).await?;
    transaction.commit().await?;
    Ok(true)
}

impl Postgres {
    pub(crate) async fn make_broadcast(&self, making: Making) -> Result<(i64, bool), StoreError> {
        on!(self.own, QUICK, connection => make(connection, &making))
    }

    pub(crate) async fn audience(&self, bot: i64, filter: Filter) -> Result<i64, StoreError> {
        on!(self.own, QUICK, connection => count(connection, bot, &filter))
    }

    pub(crate) async fn due_broadcasts(
        &self,
        bots: &[i64],
        now: i64,
    ) -> Result<Vec<Row>, StoreError> {
        let rows = on!(self.own, QUICK, connection => sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM bf_broadcast WHERE state < 3 AND (state = 1 OR (state = 0 AND starts <= $1)) AND bot = ANY ($2) \
             ORDER BY id"
        ))
        .bind(now)
        .bind(bots)
        .fetch_all(connection))?;
        Ok(rows
            .iter()
            .map(|row| read!(row))
            .collect::<Result<_, _>>()?)
    }

    pub(crate) async fn begin_broadcast(
        &self,
        id: i64,
        now: i64,
        since: Option<i64>,
    ) -> Result<bool, StoreError> {
        let begun = on!(self.own, QUICK, connection => sqlx::query(sql::BEGIN)
            .bind(id)
            .bind(now)
            .bind(since)
            .execute(connection))?;
        Ok(begun.rows_affected() > 0)
    }

    pub(crate) async fn complete(&self, id: i64, now: i64) -> Result<Option<Row>, StoreError> {
        let row = on!(self.own, QUICK, connection => sqlx::query(sql::COMPLETE)
            .bind(id)
            .bind(now)
            .fetch_optional(connection))?;
        Ok(row.as_ref().map(|row| read!(row)).transpose()?)
    }

    pub(crate) async fn suspend(
        &self,
        id: i64,
        problem: &'static str,
        now: i64,
    ) -> Result<bool, StoreError> {
        let done = on!(self.own, QUICK, connection => sqlx::query(sql::SUSPEND)
            .bind(id)
            .bind(now)
            .bind(problem)
            .execute(connection))?;
        Ok(done.rows_affected() > 0)
    }

    pub(crate) async fn order(
        &self,
        bot: i64,
        id: i64,
        order: Order,
        now: i64,
    ) -> Result<bool, StoreError> {
        let done = on!(self.own, QUICK, connection => sqlx::query(order.sql())
            .bind(bot)
            .bind(id)
            .bind(now)
            .execute(connection))?;
        Ok(done.rows_affected() > 0)
    }

    pub(crate) async fn broadcast(&self, bot: i64, id: i64) -> Result<Option<Row>, StoreError> {
        let row = on!(self.own, QUICK, connection => sqlx::query(sql::ONE)
            .bind(bot)
            .bind(id)
            .fetch_optional(connection))?;
        Ok(row.as_ref().map(|row| read!(row)).transpose()?)
    }

    pub(crate) async fn broadcasts(
        &self,
        bot: i64,
        before: i64,
        limit: i64,
    ) -> Result<Vec<Row>, StoreError> {
        let rows = on!(self.own, QUICK, connection => sqlx::query(sql::LIST)
            .bind(bot)
            .bind(before)
            .bind(limit)
            .fetch_all(connection))?;
        Ok(rows
            .iter()
            .map(|row| read!(row))
            .collect::<Result<_, _>>()?)
    }

    pub(crate) async fn missed(
        &self,
        id: i64,
        offset: i64,
        limit: i64,
    ) -> Result<Vec<Missed>, StoreError> {
        let rows = on!(self.own, QUICK, connection => sqlx::query(sql::MISSED)
            .bind(id)
            .bind(offset)
            .bind(limit)
            .fetch_all(connection))?;
        Ok(rows
            .iter()
            .map(|row| missed!(row))
            .collect::<Result<_, _>>()?)
    }

    pub(crate) async fn untold(&self, bots: &[i64], now: i64) -> Result<Vec<Row>, StoreError> {
        let rows = on!(self.own, QUICK, connection => sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM bf_broadcast WHERE told_at > 0 AND told_at <= $1 AND bot = ANY ($2)"
        ))
        .bind(now)
        .bind(bots)
        .fetch_all(connection))?;
        Ok(rows
            .iter()
            .map(|row| read!(row))
            .collect::<Result<_, _>>()?)
    }

    pub(crate) async fn tell_again(&self, telling: Telling) -> Result<bool, StoreError> {
        on!(self.own, QUICK, connection => tell_once(connection, &telling))
    }

    pub(crate) async fn prune_broadcasts(
        &self,
        recipients: i64,
        broadcasts: i64,
    ) -> Result<u64, StoreError> {
        let any: bool = on!(self.own, QUICK, connection => sqlx::query_scalar(sql::OLD)
            .bind(recipients)
            .bind(broadcasts)
            .fetch_one(connection))?;
        if !any {
            return Ok(0);
        }
        let forgotten = on!(self.own, QUICK, connection => sqlx::query(sql::FORGET_RECIPIENTS)
            .bind(recipients)
            .execute(connection))?;
        let gone = on!(self.own, QUICK, connection => sqlx::query(sql::FORGET)
            .bind(broadcasts)
            .execute(connection))?;
        Ok(forgotten.rows_affected() + gone.rows_affected())
    }

    pub(crate) async fn hold_broadcasts(&self, bot: i64, until: i64) -> Result<(), StoreError> {
        on!(self.own, QUICK, connection => sqlx::query(
            "INSERT INTO bf_pace (bot, next_at, held) VALUES ($1, 0, $2) \
             ON CONFLICT (bot) DO UPDATE SET held = greatest(bf_pace.held, excluded.held)",
        )
        .bind(bot)
        .bind(until)
        .execute(connection))?;
        Ok(())
    }
}
