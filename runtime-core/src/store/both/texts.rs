//! Overridden texts, to read.

use sqlx::Row as _;

use crate::store::error::StoreError;
use crate::store::texts::{TextChanged, TextRow};

on_both! {
    impl Engine {
        pub(crate) async fn text_versions(&self) -> Result<Vec<(String, i64)>, StoreError> {
            reading!(self, connection => sqlx::query_as("SELECT bot, version FROM bf_text_versions")
                .fetch_all(connection))
        }

        pub(crate) async fn texts(&self, bot: &str) -> Result<(i64, Vec<TextRow>), StoreError> {
            let rows = reading!(self, connection => sqlx::query(
                "SELECT v.version, t.locale, t.key, t.words, t.original, t.author, t.at \
                 FROM (SELECT coalesce(max(version), 0) AS version FROM bf_text_versions WHERE bot = $1) v \
                 LEFT JOIN bf_texts t ON t.bot = $1 ORDER BY t.locale, t.key",
            )
            .bind(bot)
            .fetch_all(connection))?;
            let mut version = 0;
            let mut texts = Vec::with_capacity(rows.len());
            for row in &rows {
                version = row.try_get(0)?;
                if let Some(locale) = row.try_get(1)? {
                    texts.push(TextRow {
                        locale,
                        key: row.try_get(2)?,
                        words: row.try_get(3)?,
                        original: row.try_get(4)?,
                        author: row.try_get(5)?,
                        at: row.try_get(6)?,
                    });
                }
            }
            Ok((version, texts))
        }

        pub(crate) async fn text_changes(
            &self,
            bot: &str,
            before: i64,
            limit: i64,
        ) -> Result<Vec<TextChanged>, StoreError> {
            let rows = reading!(self, connection => sqlx::query(
                "SELECT id, at, author, locale, key, words FROM bf_text_history \
                 WHERE bot = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
            )
            .bind(bot)
            .bind(before)
            .bind(limit)
            .fetch_all(connection))?;
            let changes = rows.iter().map(|row| {
                Ok(TextChanged::new(
                    (row.try_get(0)?, row.try_get(1)?),
                    row.try_get(2)?,
                    row.try_get(3)?,
                    row.try_get(4)?,
                    row.try_get(5)?,
                ))
            });
            Ok(changes.collect::<Result<_, sqlx::Error>>()?)
        }
    }
}
