//! Events on SQLite.

use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::Sqlite;
use crate::store::error::StoreError;
use crate::store::events::{FORGOTTEN, Filter, ask};

/// Inserts events, a JSON array of them.
pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    json: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO bf_events (at, bot, bot_id, person, type, name, step, took, trace_id, data, result_tag) \
         SELECT value->>'at', value->>'bot', value->>'bot_id', value->>'person', value->>'type', value->>'name', \
           value->>'step', value->>'took', value->>'trace_id', value->'data', nullif(value->'result_tag', 'null') \
         FROM json_each($1)",
    )
    .bind(json)
    .execute(connection)
    .await?;
    Ok(())
}

impl Sqlite {
    pub(crate) async fn store_events(&self, json: String) -> Result<(), StoreError> {
        self.writer
            .write(move |connection| {
                let json = json.clone();
                Box::pin(async move { insert(connection, &json).await })
            })
            .await
    }

    pub(crate) async fn forget_events(&self, before: i64) -> Result<u64, StoreError> {
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    let done = sqlx::query(
                        "DELETE FROM bf_events WHERE id IN (SELECT id FROM bf_events ORDER BY id LIMIT $1) AND at < $2",
                    )
                    .bind(FORGOTTEN)
                    .bind(before)
                    .execute(connection)
                    .await?;
                    Ok(done.rows_affected())
                })
            })
            .await
    }

    pub(crate) async fn events(
        &self,
        bot: &str,
        filter: &Filter,
    ) -> Result<Vec<ask::Raw>, StoreError> {
        let mut reader = self.readers.get().await?;
        let rows = sqlx::query(ask::PAGE_SQLITE)
            .bind(bot)
            .bind(filter.person)
            .bind(filter.kind.as_deref())
            .bind(filter.trace.as_deref())
            .bind(filter.since)
            .bind(filter.before)
            .bind(i64::from(filter.limit.min(ask::MOST)))
            .fetch_all(reader.connection()?)
            .await?;
        reader.clean();
        let raw = rows.iter().map(|row| {
            Ok(ask::Raw {
                numbers: (
                    row.try_get(0)?,
                    row.try_get(1)?,
                    row.try_get(2)?,
                    row.try_get(3)?,
                ),
                words: (
                    row.try_get(4)?,
                    row.try_get(5)?,
                    row.try_get(6)?,
                    row.try_get(7)?,
                ),
                data: row.try_get(8)?,
                tag: row.try_get(9)?,
            })
        });
        Ok(raw.collect::<Result<_, sqlx::Error>>()?)
    }

    pub(crate) async fn report(&self, bot: &str, since: i64) -> Result<ask::Parts, StoreError> {
        use ask::sqlite as sql;
        let mut reader = self.readers.get().await?;
        let c = reader.connection()?;
        let top = i64::from(ask::TOP);
        macro_rules! all {
            ($sql:expr) => {
                sqlx::query_as($sql)
                    .bind(bot)
                    .bind(since)
                    .bind(top)
                    .fetch_all(&mut *c)
                    .await?
            };
        }
        let parts = ask::Parts {
            totals: sqlx::query_as(sql::TOTALS)
                .bind(bot)
                .bind(since)
                .fetch_one(&mut *c)
                .await?,
            types: sqlx::query_as(sql::TYPES)
                .bind(bot)
                .bind(since)
                .fetch_all(&mut *c)
                .await?,
            slow: all!(sql::SLOW),
            slow_sql: all!(sql::SLOW_SQL),
            errors: all!(sql::ERRORS),
            tags: all!(sql::TAGS),
        };
        reader.clean();
        Ok(parts)
    }
}
