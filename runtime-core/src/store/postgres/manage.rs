//! What the management API asks, on Postgres.

use std::time::Duration;

use super::pool::on;
use super::{Postgres, QUICK};
use crate::store::error::StoreError;
use crate::store::tables::TableSpec;

/// How long rows may take to go: others may refer to them, and indexes are looked through.
const EMPTYING: Duration = Duration::from_secs(15);

impl Postgres {
    pub(crate) async fn set_locale(
        &self,
        bot: i64,
        subject: i64,
        tag: &'static str,
    ) -> Result<(), StoreError> {
        on!(self.own, QUICK, connection => sqlx::query(
            "INSERT INTO bf_locales (bot, subject, tag, changed) VALUES ($1, $2, $3, txid_current()) \
             ON CONFLICT (bot, subject) DO UPDATE SET tag = excluded.tag, changed = excluded.changed",
        )
        .bind(bot)
        .bind(subject)
        .bind(tag)
        .execute(connection))
        .map(|_| ())
    }

    pub(crate) async fn empty(
        &self,
        bot: &'static str,
        table: &'static TableSpec,
    ) -> Result<u64, StoreError> {
        on!(self.own, EMPTYING, connection => {
            let delete = sqlx::query(table.postgres);
            let delete = if table.bot { delete.bind(bot) } else { delete };
            delete.execute(connection)
        })
        .map(|done| done.rows_affected())
    }
}
