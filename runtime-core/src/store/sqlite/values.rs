//! Secrets and polling leases on SQLite.

use sqlx::Row;

use super::Sqlite;
use crate::store::error::StoreError;

impl Sqlite {
    pub(crate) async fn secret(
        &self,
        name: &'static str,
        fresh: [u8; 32],
    ) -> Result<Vec<u8>, StoreError> {
        self.writer
            .write(move |connection| {
                Box::pin(async move {
                    sqlx::query(
                        "INSERT INTO bf_values (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                    )
                    .bind(name)
                    .bind(fresh.to_vec())
                    .execute(&mut *connection)
                    .await?;
                    sqlx::query_scalar("SELECT value FROM bf_values WHERE name = $1")
                        .bind(name)
                        .fetch_one(connection)
                        .await
                })
            })
            .await
    }

    pub(crate) async fn polling_lease(
        &self,
        bot: i64,
        holder: String,
        now: i64,
        until: i64,
    ) -> Result<Option<i64>, StoreError> {
        self.writer
            .write(move |connection| {
                let holder = holder.clone();
                Box::pin(async move {
                    let row = sqlx::query(
                        "INSERT INTO bf_polling (bot, next_id, holder, lease_until) VALUES ($1, 0, $2, $3) \
                         ON CONFLICT (bot) DO UPDATE SET holder = $2, lease_until = $3 \
                           WHERE holder = $2 OR lease_until <= $4 \
                         RETURNING next_id",
                    )
                    .bind(bot)
                    .bind(holder)
                    .bind(until)
                    .bind(now)
                    .fetch_optional(connection)
                    .await?;
                    row.map(|row| row.try_get(0)).transpose()
                })
            })
            .await
    }

    pub(crate) async fn polling_advance(
        &self,
        bot: i64,
        holder: String,
        next_id: i64,
    ) -> Result<bool, StoreError> {
        self.writer
            .write(move |connection| {
                let holder = holder.clone();
                Box::pin(async move {
                    let done = sqlx::query(
                        "UPDATE bf_polling SET next_id = $3 WHERE bot = $1 AND holder = $2",
                    )
                    .bind(bot)
                    .bind(holder)
                    .bind(next_id)
                    .execute(connection)
                    .await?;
                    Ok(done.rows_affected() == 1)
                })
            })
            .await
    }

    pub(crate) async fn polling_release(&self, bot: i64, holder: String) -> Result<(), StoreError> {
        self.writer
            .write(move |connection| {
                let holder = holder.clone();
                Box::pin(async move {
                    sqlx::query(
                        "UPDATE bf_polling SET lease_until = 0 WHERE bot = $1 AND holder = $2",
                    )
                    .bind(bot)
                    .bind(holder)
                    .execute(connection)
                    .await?;
                    Ok(())
                })
            })
            .await
    }
}
