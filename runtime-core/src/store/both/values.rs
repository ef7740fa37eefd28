//! Secrets and polling leases.

use crate::store::error::StoreError;

on_both! {
    impl Engine {
        /// Of several instances that make one at once, the first to insert wins; the others wait for it and read it.
        pub(crate) async fn secret(
            &self,
            name: &'static str,
            fresh: [u8; 32],
        ) -> Result<Vec<u8>, StoreError> {
            writing!(self, [], connection => sqlx::query(
                "INSERT INTO bf_values (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            )
            .bind(name)
            .bind(&fresh[..])
            .execute(connection))?;
            reading!(self, connection => sqlx::query_scalar("SELECT value FROM bf_values WHERE name = $1")
                .bind(name)
                .fetch_one(connection))
        }

        pub(crate) async fn polling_lease(
            &self,
            bot: i64,
            holder: String,
            now: i64,
            until: i64,
        ) -> Result<Option<i64>, StoreError> {
            let next: Vec<i64> = writing!(self, [holder], connection => sqlx::query_scalar(
                "INSERT INTO bf_polling AS p (bot, next_id, holder, lease_until) VALUES ($1, 0, $2, $3) \
                 ON CONFLICT (bot) DO UPDATE SET holder = $2, lease_until = $3 WHERE p.holder = $2 OR p.lease_until <= $4 \
                 RETURNING next_id",
            )
            .bind(bot)
            .bind(&holder)
            .bind(until)
            .bind(now)
            .fetch_all(connection))?;
            Ok(next.first().copied())
        }

        pub(crate) async fn polling_advance(
            &self,
            bot: i64,
            holder: String,
            next_id: i64,
        ) -> Result<bool, StoreError> {
            let done = writing!(self, [holder], connection => sqlx::query(
                "UPDATE bf_polling SET next_id = $3 WHERE bot = $1 AND holder = $2",
            )
            .bind(bot)
            .bind(&holder)
            .bind(next_id)
            .execute(connection))?;
            Ok(done.rows_affected() == 1)
        }

        pub(crate) async fn polling_release(&self, bot: i64, holder: String) -> Result<(), StoreError> {
            writing!(self, [holder], connection => sqlx::query(
                "UPDATE bf_polling SET lease_until = 0 WHERE bot = $1 AND holder = $2",
            )
            .bind(bot)
            .bind(&holder)
            .execute(connection))?;
            Ok(())
        }
    }
}
