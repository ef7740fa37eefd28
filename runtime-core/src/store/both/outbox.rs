//! Chats of the outbox, and what single rows were sent as.

use crate::store::error::StoreError;
use crate::store::outbox::{RowKey, SentAs};

/// A row's number among its update's, as its column keeps it.
pub(crate) fn n(row: RowKey) -> i32 {
    i32::try_from(row.n).unwrap_or(i32::MAX)
}

on_both! {
    impl Engine {
        pub(crate) async fn mark_kept(&self, row: RowKey, message: i64) -> Result<(), StoreError> {
            self.keep(row, message, "UPDATE bf_outbox SET state = 0, call = NULL, message = $4 WHERE bot = $1 AND update_id = $2 AND n = $3")
                .await
        }

        pub(crate) async fn replace_message(&self, row: RowKey, message: i64) -> Result<(), StoreError> {
            self.keep(row, message, "UPDATE bf_outbox SET message = $4 WHERE bot = $1 AND update_id = $2 AND n = $3")
                .await
        }

        async fn keep(&self, row: RowKey, message: i64, sql: &'static str) -> Result<(), StoreError> {
            writing!(self, [], connection => sqlx::query(sql)
                .bind(row.bot)
                .bind(row.update_id)
                .bind(n(row))
                .bind(message)
                .execute(connection))?;
            Ok(())
        }

        pub(crate) async fn sent_as(&self, row: RowKey) -> Result<SentAs, StoreError> {
            let found: Option<(i16, Option<i64>)> = reading!(self, connection => sqlx::query_as(
                "SELECT state, message FROM bf_outbox WHERE bot = $1 AND update_id = $2 AND n = $3",
            )
            .bind(row.bot)
            .bind(row.update_id)
            .bind(n(row))
            .fetch_optional(connection))?;
            Ok(SentAs::of(found.map(|(state, message)| (i64::from(state), message))))
        }

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
