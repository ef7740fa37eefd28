//! Values made once and shared by all instances: secrets, and who polls a bot from where.

use std::time::Duration;

use sqlx::Row;

use super::Store;
use super::error::StoreError;
use super::outbox::micros;

impl Store {
    /// 32 random bytes under this name: made on first use, the same ever after.
    pub async fn secret(&self, name: &'static str) -> Result<[u8; 32], StoreError> {
        let fresh: [u8; 32] = rand::random();
        let stored: Vec<u8> = self
            .writer
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
            .await?;
        stored
            .try_into()
            .map_err(|_| StoreError::Sql(sqlx::Error::Decode("a secret of another length".into())))
    }

    /// Takes or renews the right to poll `bot` for `lease`. `Some`: it is ours, and the lowest update id that is not
    /// finished (0 at first: ask Telegram without an offset). `None`: another instance has it.
    pub async fn polling_lease(
        &self,
        bot: i64,
        lease: Duration,
    ) -> Result<Option<i64>, StoreError> {
        let now = self.clock.micros();
        let until = now.saturating_add(micros(lease));
        let holder = self.instance.clone();
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

    /// Remembers that every update below `next_id` is finished; false when another instance polls by now.
    pub async fn polling_advance(&self, bot: i64, next_id: i64) -> Result<bool, StoreError> {
        let holder = self.instance.clone();
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

    /// Lets another instance poll at once (shutdown).
    pub async fn polling_release(&self, bot: i64) -> Result<(), StoreError> {
        let holder = self.instance.clone();
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
