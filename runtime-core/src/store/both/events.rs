//! Events, to read.

use sqlx::{FromRow, Row as _};

use crate::store::error::StoreError;
use crate::store::events::{Filter, ask};

on_both! {
    /// The parts of a report, within `engine`'s time for it.
    pub(crate) async fn report(
        connection: &mut Connection,
        bot: &str,
        since: i64,
    ) -> Result<ask::Parts, sqlx::Error> {
        use engine::events::sql;
        Ok(ask::Parts {
            totals: sqlx::query_as(sql::TOTALS)
                .bind(bot)
                .bind(since)
                .fetch_one(&mut *connection)
                .await?,
            types: sqlx::query_as(sql::TYPES)
                .bind(bot)
                .bind(since)
                .fetch_all(&mut *connection)
                .await?,
            slow: top(connection, sql::SLOW, bot, since).await?,
            slow_sql: top(connection, sql::SLOW_SQL, bot, since).await?,
            errors: top(connection, sql::ERRORS, bot, since).await?,
            tags: top(connection, sql::TAGS, bot, since).await?,
        })
    }

    async fn top<T>(
        connection: &mut Connection,
        sql: &'static str,
        bot: &str,
        since: i64,
    ) -> Result<Vec<T>, sqlx::Error>
    where
        T: for<'r> FromRow<'r, Row> + Send + Unpin,
    {
        sqlx::query_as(sql)
            .bind(bot)
            .bind(since)
            .bind(i64::from(ask::TOP))
            .fetch_all(connection)
            .await
    }

    impl Engine {
        pub(crate) async fn events(
            &self,
            bot: &str,
            filter: &Filter,
        ) -> Result<Vec<ask::Raw>, StoreError> {
            let rows = reading!(self, connection => sqlx::query(engine::events::sql::PAGE)
                .bind(bot)
                .bind(filter.person)
                .bind(filter.kind.as_deref())
                .bind(filter.trace.as_deref())
                .bind(filter.since)
                .bind(filter.before)
                .bind(i64::from(filter.limit.min(ask::MOST)))
                .fetch_all(connection))?;
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
    }
}
