//! Chats of the outbox.

use crate::store::error::StoreError;

on_both! {
    impl Engine {
        pub(crate) async fn unsent_chats(&self, before: i64) -> Result<Vec<(i64, i64, i64)>, StoreError> {
            // `state IN (1, 2)` is the partial index's.
            reading!(self, connection => sqlx::query_as(
                "SELECT bot, chat, max(lease_until) FROM bf_outbox \
                 WHERE state IN (1, 2) AND state = 2 AND class = 0 AND chat IS NOT NULL AND at < $1 GROUP BY bot, chat",
            )
            .bind(before)
            .fetch_all(connection))
        }

        pub(crate) async fn unreachable(&self, bot: i64, chat: i64) -> Result<bool, StoreError> {
            reading!(self, connection => sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM bf_unreachable WHERE bot = $1 AND chat = $2)",
            )
            .bind(bot)
            .bind(chat)
            .fetch_one(connection))
        }
    }
}
