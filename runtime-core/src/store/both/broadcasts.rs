//! What is asked about broadcasts by operators and whoever sends them.

use crate::store::broadcasts::sql;
use crate::store::error::StoreError;

on_both! {
    impl Engine {
        pub(crate) async fn letters_of(&self, id: i64) -> Result<Option<String>, StoreError> {
            reading!(self, connection => sqlx::query_scalar("SELECT messages FROM bf_broadcast WHERE id = $1")
                .bind(id)
                .fetch_optional(connection))
        }

        pub(crate) async fn requested(&self, bot: i64, request: &str) -> Result<Option<i64>, StoreError> {
            reading!(self, connection => sqlx::query_scalar(sql::REQUESTED)
                .bind(bot)
                .bind(request)
                .fetch_optional(connection))
        }
    }
}
