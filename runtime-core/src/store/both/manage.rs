//! What the management API asks.

use crate::store::error::StoreError;

on_both! {
    impl Engine {
        pub(crate) async fn applied(&self, owner: &str) -> Result<Vec<(i64, i64)>, StoreError> {
            reading!(self, connection => sqlx::query_as(
                "SELECT version, applied FROM bf_migrations WHERE owner = $1 ORDER BY version",
            )
            .bind(owner)
            .fetch_all(connection))
        }
    }
}
