//! Stored locales on Postgres.
//!
//! Transactions end in another order than they begin: a counter would show a later change before an earlier one, which
//! would then never be read. So a row has the number of its transaction, and a reader goes on from the lowest one that had
//! not ended when it read.

use std::sync::Arc;

use sqlx::Row;

use super::pool::on;
use super::{Postgres, QUICK};
use crate::store::error::StoreError;
use crate::store::locales::Subject;

impl Postgres {
    pub(crate) async fn locale(&self, subject: Subject) -> Result<Option<String>, StoreError> {
        on!(self.handlers, QUICK, connection => sqlx::query_scalar(
            "SELECT tag FROM bf_locales WHERE bot = $1 AND subject = $2",
        )
        .bind(subject.0)
        .bind(subject.1)
        .fetch_optional(connection))
        .map_err(super::conversation::ours)
    }

    /// Changes of transactions from `seen` on, some of them perhaps not for the first time, and from where to go on.
    pub(crate) async fn locales(
        &self,
        seen: i64,
        first: bool,
    ) -> Result<(Vec<(Subject, Arc<str>)>, i64), StoreError> {
        // Numbers that are still to come are those of another server, whose tables were copied here.
        let rows = on!(self.own, QUICK, connection => sqlx::query(
            "SELECT s.until, l.bot, l.subject, l.tag FROM (SELECT txid_snapshot_xmin(txid_current_snapshot()) AS until, \
             txid_snapshot_xmax(txid_current_snapshot()) AS future) s \
             LEFT JOIN bf_locales l ON NOT $2 AND l.changed >= $1 AND l.changed < s.future",
        )
        .bind(seen)
        .bind(first)
        .fetch_all(connection))?;
        let mut until = seen;
        let mut changes = Vec::with_capacity(rows.len());
        for row in &rows {
            until = row.try_get(0)?;
            if let Some(bot) = row.try_get::<Option<i64>, _>(1)? {
                let tag: &str = row.try_get(3)?;
                changes.push(((bot, row.try_get(2)?), tag.into()));
            }
        }
        Ok((changes, until))
    }
}
