//! Stored locales on SQLite.

use std::sync::Arc;

use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::Sqlite;
use crate::store::error::StoreError;
use crate::store::locales::Subject;

impl Sqlite {
    pub(crate) async fn locale(&self, subject: Subject) -> Result<Option<String>, StoreError> {
        reading!(self, connection => sqlx::query_scalar("SELECT tag FROM bf_locales WHERE bot = $1 AND subject = $2")
            .bind(subject.0)
            .bind(subject.1)
            .fetch_optional(connection))
    }

    pub(crate) async fn locales(
        &self,
        seen: i64,
        first: bool,
    ) -> Result<(Vec<(Subject, Arc<str>)>, i64), StoreError> {
        let mut reader = self.readers.get().await?;
        let changes = changed(reader.connection()?, seen, first).await?;
        reader.clean();
        Ok(changes)
    }
}

/// The changes after `seen`, and the newest; the first time only the newest.
async fn changed(
    connection: &mut SqliteConnection,
    seen: i64,
    first: bool,
) -> Result<(Vec<(Subject, Arc<str>)>, i64), sqlx::Error> {
    if first {
        let newest = sqlx::query_scalar("SELECT coalesce(max(changed), 0) FROM bf_locales")
            .fetch_one(connection)
            .await?;
        return Ok((Vec::new(), newest));
    }
    let rows = sqlx::query(
        "SELECT bot, subject, tag, changed FROM bf_locales WHERE changed > $1 ORDER BY changed",
    )
    .bind(seen)
    .fetch_all(connection)
    .await?;
    let mut newest = seen;
    let mut changes = Vec::with_capacity(rows.len());
    for row in &rows {
        let tag: String = row.try_get(2)?;
        changes.push(((row.try_get(0)?, row.try_get(1)?), tag.into()));
        newest = row.try_get(3)?;
    }
    Ok((changes, newest))
}
