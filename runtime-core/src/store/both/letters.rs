//! Dead letters as they are listed and counted.

use sqlx::Row as _;

use crate::store::error::StoreError;
use crate::store::letters::Letter;

on_both! {
    impl Engine {
        pub(crate) async fn dead_letters(&self) -> Result<i64, StoreError> {
            reading!(self, connection => sqlx::query_scalar(
                "SELECT count(*) FROM (SELECT 1 AS one FROM bf_dead_letters LIMIT 100000) l",
            )
            .fetch_one(connection))
        }

        pub(crate) async fn letters(
            &self,
            bot: i64,
            after: i64,
            limit: u32,
        ) -> Result<Vec<Letter>, StoreError> {
            let rows = reading!(self, connection => sqlx::query(
                "SELECT l.id, l.at, l.code, l.update_id, l.method, l.trace_id, coalesce(o.state = 4, FALSE) \
                 FROM bf_dead_letters l \
                 LEFT JOIN bf_outbox o ON o.bot = l.bot AND o.update_id = l.update_id AND o.n = l.n \
                 WHERE l.bot = $1 AND l.id > $2 ORDER BY l.id LIMIT $3",
            )
            .bind(bot)
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(connection))?;
            let letters = rows.iter().map(|row| {
                Ok(Letter::new(
                    (row.try_get(0)?, row.try_get(1)?),
                    row.try_get(2)?,
                    row.try_get(3)?,
                    row.try_get(4)?,
                    row.try_get(5)?,
                    row.try_get(6)?,
                ))
            });
            Ok(letters.collect::<Result<_, sqlx::Error>>()?)
        }

        #[cfg(any(test, feature = "testing"))]
        pub(crate) async fn newest_letter(&self) -> Result<Option<String>, StoreError> {
            reading!(self, connection => sqlx::query_scalar(
                "SELECT code FROM bf_dead_letters ORDER BY id DESC LIMIT 1",
            )
            .fetch_optional(connection))
        }

        #[cfg(any(test, feature = "testing"))]
        pub(crate) async fn count_rows(&self, sql: &'static str) -> Result<usize, StoreError> {
            let rows = reading!(self, connection => sqlx::query(sql).fetch_all(connection))?;
            Ok(rows.len())
        }
    }
}
