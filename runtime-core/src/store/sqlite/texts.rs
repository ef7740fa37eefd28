//! Overridden texts on SQLite.

use std::sync::Arc;

use sqlx::sqlite::SqliteConnection;

use super::Sqlite;
use crate::store::error::StoreError;
use crate::store::texts::{KEEP_CHANGES, TextChange};

impl Sqlite {
    pub(crate) async fn change_texts(
        &self,
        bot: &'static str,
        expected: i64,
        author: String,
        at: i64,
        changes: Vec<TextChange>,
    ) -> Result<Option<i64>, StoreError> {
        let changes: Arc<[TextChange]> = changes.into();
        writing!(self, [author, changes], connection => change(connection, bot, expected, &author, at, &changes))
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
