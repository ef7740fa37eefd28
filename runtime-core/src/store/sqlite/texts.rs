//! Overridden texts on SQLite.

use std::sync::Arc;

use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::Sqlite;
use crate::store::error::StoreError;
use crate::store::texts::{KEEP_CHANGES, TextChange, TextChanged, TextRow};

impl Sqlite {
    pub(crate) async fn text_versions(&self) -> Result<Vec<(String, i64)>, StoreError> {
        let mut reader = self.readers.get().await?;
        let versions = sqlx::query_as("SELECT bot, version FROM bf_text_versions")
            .fetch_all(reader.connection()?)
            .await?;
        reader.clean();
        Ok(versions)
    }

    pub(crate) async fn texts(&self, bot: &str) -> Result<(i64, Vec<TextRow>), StoreError> {
        let mut reader = self.readers.get().await?;
        let rows = sqlx::query(
            "SELECT v.version, t.locale, t.key, t.words, t.original, t.author, t.at \
             FROM (SELECT coalesce(max(version), 0) AS version FROM bf_text_versions WHERE bot = $1) v \
             LEFT JOIN bf_texts t ON t.bot = $1 ORDER BY t.locale, t.key",
        )
        .bind(bot)
        .fetch_all(reader.connection()?)
        .await?;
        reader.clean();
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

    pub(crate) async fn change_texts(
        &self,
        bot: &'static str,
        expected: i64,
        author: String,
        at: i64,
        changes: Vec<TextChange>,
    ) -> Result<Option<i64>, StoreError> {
        let changes: Arc<[TextChange]> = changes.into();
        self.writer
            .write(move |connection| {
                let (author, changes) = (author.clone(), changes.clone());
                Box::pin(
                    async move { change(connection, bot, expected, &author, at, &changes).await },
                )
            })
            .await
    }

    pub(crate) async fn text_changes(
        &self,
        bot: &str,
        before: i64,
        limit: i64,
    ) -> Result<Vec<TextChanged>, StoreError> {
        let mut reader = self.readers.get().await?;
        let rows = sqlx::query(
            "SELECT id, at, author, locale, key, words FROM bf_text_history \
             WHERE bot = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
        )
        .bind(bot)
        .bind(before)
        .bind(limit)
        .fetch_all(reader.connection()?)
        .await?;
        reader.clean();
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

async fn change(
    connection: &mut SqliteConnection,
    bot: &str,
    expected: i64,
    author: &str,
    at: i64,
    changes: &[TextChange],
) -> Result<Option<i64>, sqlx::Error> {
    let version: Option<i64> = sqlx::query_scalar(
        "INSERT INTO bf_text_versions (bot, version) SELECT $1, 1 WHERE $2 = 0 OR EXISTS \
           (SELECT 1 FROM bf_text_versions WHERE bot = $1) \
         ON CONFLICT (bot) DO UPDATE SET version = version + 1 WHERE version = $2 \
         RETURNING version",
    )
    .bind(bot)
    .bind(expected)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(version) = version else {
        return Ok(None);
    };
    for change in changes {
        sqlx::query("DELETE FROM bf_texts WHERE bot = $1 AND locale = $2 AND key = $3")
            .bind(bot)
            .bind(&change.locale)
            .bind(&change.key)
            .execute(&mut *connection)
            .await?;
        if let Some(words) = &change.words {
            sqlx::query(
                "INSERT INTO bf_texts (bot, locale, key, words, original, author, at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(bot)
            .bind(&change.locale)
            .bind(&change.key)
            .bind(words)
            .bind(&change.original)
            .bind(author)
            .bind(at)
            .execute(&mut *connection)
            .await?;
        }
        sqlx::query(
            "INSERT INTO bf_text_history (bot, locale, key, words, author, at) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(bot)
        .bind(&change.locale)
        .bind(&change.key)
        .bind(&change.words)
        .bind(author)
        .bind(at)
        .execute(&mut *connection)
        .await?;
    }
    sqlx::query(
        "DELETE FROM bf_text_history WHERE bot = $1 AND id <= \
           (SELECT id FROM bf_text_history WHERE bot = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)",
    )
    .bind(bot)
    .bind(KEEP_CHANGES)
    .execute(connection)
    .await?;
    Ok(Some(version))
}
