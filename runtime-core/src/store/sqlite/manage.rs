//! What the management API asks, on SQLite.

use super::Sqlite;
use crate::store::error::StoreError;
use crate::store::tables::TableSpec;

impl Sqlite {
    pub(crate) async fn set_locale(
        &self,
        bot: i64,
        subject: i64,
        tag: &'static str,
    ) -> Result<(), StoreError> {
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    sqlx::query(
                        "INSERT INTO bf_locales (bot, subject, tag, changed) \
                         VALUES ($1, $2, $3, (SELECT coalesce(max(changed), 0) + 1 FROM bf_locales)) \
                         ON CONFLICT (bot, subject) DO UPDATE SET tag = $3, changed = (SELECT max(changed) + 1 FROM bf_locales)",
                    )
                    .bind(bot)
                    .bind(subject)
                    .bind(tag)
                    .execute(connection)
                    .await
                    .map(|_| ())
                })
            })
            .await
    }

    pub(crate) async fn empty(
        &self,
        bot: &'static str,
        table: &'static TableSpec,
    ) -> Result<u64, StoreError> {
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    let delete = sqlx::query(table.sqlite);
                    let delete = if table.bot { delete.bind(bot) } else { delete };
                    delete
                        .execute(connection)
                        .await
                        .map(|done| done.rows_affected())
                })
            })
            .await
    }
}
