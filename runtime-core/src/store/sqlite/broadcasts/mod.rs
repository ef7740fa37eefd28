//! Broadcasts on SQLite: made, ordered about, looked at.

mod recipients;

use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

use super::Sqlite;
use crate::store::broadcasts::{
    Filter, Making, Missed, Order, Row, Telling, columns, missed, read, sql,
};
use crate::store::error::StoreError;

/// Who of a bot's people is in an audience: bot, since, segment, people.
macro_rules! audience {
    () => {
        "FROM bf_person p WHERE p.bot = $1 AND p.private AND p.subscribed \
         AND NOT EXISTS (SELECT 1 FROM bf_unreachable u WHERE u.bot = p.bot AND u.chat = p.person) \
         AND ($2 IS NULL OR p.last_seen >= $2) \
         AND ($3 IS NULL OR EXISTS (SELECT 1 FROM bf_segment s WHERE s.bot = p.bot AND s.segment = $3 AND s.person = p.person)) \
         AND ($4 IS NULL OR p.person IN (SELECT value FROM json_each($4)))"
    };
}
pub(super) use audience;

/// Stores a broadcast, within an update's transaction or by itself.
pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    making: &Making,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "INSERT INTO bf_broadcast (bot, bot_id, name, request, audience, people, since, messages, per_second, skip, state, \
           created, starts, started, told_chat, told_tag, told_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
           CASE WHEN $15 IS NULL THEN 0 ELSE $12 + 2000000 END) RETURNING id",
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
pub(crate) async fn close(connection: &mut SqliteConnection, id: i64) -> Result<(), sqlx::Error> {
    sqlx::query(sql::CLOSE).bind(id).execute(connection).await?;
    Ok(())
}

/// How many people are in an audience.
pub(crate) async fn count(
    connection: &mut SqliteConnection,
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
    connection: &mut SqliteConnection,
    telling: &Telling,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO bf_outbox (bot, update_id, n, chat, at, state, lease_until, given_back, call, class, flags) \
         VALUES ($1, $2, $3, $4, $5, 2, $5, 1, $6, 0, $7) ON CONFLICT DO NOTHING",
    )
    .bind(telling.bot)
    .bind(telling.update_id)
    .bind(telling.n)
    .bind(telling.chat)
    .bind(telling.now)
    .bind(&telling.call)
    .bind(telling.flags)
    .execute(connection)
    .await?;
    Ok(())
}

impl Sqlite {
    pub(crate) async fn make_broadcast(&self, making: Making) -> Result<(i64, bool), StoreError> {
        self.writer
            .write(move |connection| {
                let making = making.clone();
                Box::pin(async move {
                    if let Some(request) = &making.request {
                        let made = sqlx::query_scalar(sql::REQUESTED)
                            .bind(making.bot)
                            .bind(request)
                            .fetch_optional(&mut *connection)
                            .await?;
                        if let Some(id) = made {
                            return Ok((id, false));
                        }
                    }
                    Ok((insert(connection, &making).await?, true))
                })
            })
            .await
    }

    pub(crate) async fn audience(&self, bot: i64, filter: Filter) -> Result<i64, StoreError> {
        let mut reader = self.readers.get().await?;
        let people = count(reader.connection()?, bot, &filter).await?;
        reader.clean();
        Ok(people)
    }

    pub(crate) async fn due_broadcasts(
        &self,
        bots: &[i64],
        now: i64,
    ) -> Result<Vec<Row>, StoreError> {
        let bots = serde_json::to_string(bots).unwrap_or_default();
        let mut reader = self.readers.get().await?;
        let rows = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM bf_broadcast WHERE state < 3 AND (state = 1 OR (state = 0 AND starts <= $1)) \
             AND bot IN (SELECT value FROM json_each($2)) ORDER BY id"
        ))
        .bind(now)
        .bind(bots)
        .fetch_all(reader.connection()?)
        .await?;
        reader.clean();
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
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    let query = sqlx::query(sql::BEGIN).bind(id).bind(now).bind(since);
                    Ok(query.execute(connection).await?.rows_affected() > 0)
                })
            })
            .await
    }

    pub(crate) async fn complete(&self, id: i64, now: i64) -> Result<Option<Row>, StoreError> {
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    let query = sqlx::query(sql::COMPLETE).bind(id).bind(now);
                    let row = query.fetch_optional(connection).await?;
                    row.as_ref().map(|row| read!(row)).transpose()
                })
            })
            .await
    }

    pub(crate) async fn suspend(
        &self,
        id: i64,
        problem: &'static str,
        now: i64,
    ) -> Result<bool, StoreError> {
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    let query = sqlx::query(sql::SUSPEND).bind(id).bind(now).bind(problem);
                    Ok(query.execute(connection).await?.rows_affected() > 0)
                })
            })
            .await
    }

    pub(crate) async fn order(
        &self,
        bot: i64,
        id: i64,
        order: Order,
        now: i64,
    ) -> Result<bool, StoreError> {
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    let query = sqlx::query(order.sql()).bind(bot).bind(id).bind(now);
                    Ok(query.execute(connection).await?.rows_affected() > 0)
                })
            })
            .await
    }

    pub(crate) async fn broadcast(&self, bot: i64, id: i64) -> Result<Option<Row>, StoreError> {
        let mut reader = self.readers.get().await?;
        let query = sqlx::query(sql::ONE).bind(bot).bind(id);
        let row = query.fetch_optional(reader.connection()?).await?;
        reader.clean();
        Ok(row.as_ref().map(|row| read!(row)).transpose()?)
    }

    pub(crate) async fn broadcasts(
        &self,
        bot: i64,
        before: i64,
        limit: i64,
    ) -> Result<Vec<Row>, StoreError> {
        let mut reader = self.readers.get().await?;
        let query = sqlx::query(sql::LIST).bind(bot).bind(before).bind(limit);
        let rows = query.fetch_all(reader.connection()?).await?;
        reader.clean();
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
        let mut reader = self.readers.get().await?;
        let query = sqlx::query(sql::MISSED).bind(id).bind(offset).bind(limit);
        let rows = query.fetch_all(reader.connection()?).await?;
        reader.clean();
        Ok(rows
            .iter()
            .map(|row| missed!(row))
            .collect::<Result<_, _>>()?)
    }

    pub(crate) async fn untold(&self, bots: &[i64], now: i64) -> Result<Vec<Row>, StoreError> {
        let bots = serde_json::to_string(bots).unwrap_or_default();
        let mut reader = self.readers.get().await?;
        let rows = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM bf_broadcast WHERE told_at > 0 AND told_at <= $1 AND bot IN (SELECT value FROM json_each($2))"
        ))
        .bind(now)
        .bind(bots)
        .fetch_all(reader.connection()?)
        .await?;
        reader.clean();
        Ok(rows
            .iter()
            .map(|row| read!(row))
            .collect::<Result<_, _>>()?)
    }

    pub(crate) async fn tell_again(&self, telling: Telling) -> Result<bool, StoreError> {
        self.writer
            .write(move |connection| {
                let telling = telling.clone();
                Box::pin(async move {
                    let ours = sqlx::query(sql::TELL)
                        .bind(telling.broadcast)
                        .bind(telling.n - 2)
                        .bind(telling.next)
                        .bind(telling.now)
                        .execute(&mut *connection)
                        .await?;
                    if ours.rows_affected() == 0 {
                        return Ok(false);
                    }
                    tell(connection, &telling).await?;
                    Ok(true)
                })
            })
            .await
    }

    pub(crate) async fn prune_broadcasts(
        &self,
        recipients: i64,
        broadcasts: i64,
    ) -> Result<u64, StoreError> {
        // Mostly there is nothing: the writer is not troubled then.
        let mut reader = self.readers.get().await?;
        let query = sqlx::query_scalar(sql::OLD)
            .bind(recipients)
            .bind(broadcasts);
        let any: bool = query.fetch_one(reader.connection()?).await?;
        reader.clean();
        drop(reader);
        if !any {
            return Ok(0);
        }
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    let query = sqlx::query(sql::FORGET_RECIPIENTS).bind(recipients);
                    let forgotten = query.execute(&mut *connection).await?;
                    let query = sqlx::query(sql::FORGET).bind(broadcasts);
                    let gone = query.execute(connection).await?;
                    Ok(forgotten.rows_affected() + gone.rows_affected())
                })
            })
            .await
    }

    pub(crate) async fn hold_broadcasts(&self, bot: i64, until: i64) -> Result<(), StoreError> {
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    sqlx::query(
                        "INSERT INTO bf_pace (bot, next_at, held) VALUES ($1, 0, $2) \
                         ON CONFLICT (bot) DO UPDATE SET held = max(held, $2)",
                    )
                    .bind(bot)
                    .bind(until)
                    .execute(connection)
                    .await?;
                    Ok(())
                })
            })
            .await
    }
}
