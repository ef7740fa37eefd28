//! What operators see of Postgres.

use super::pool::on;
use super::{Postgres, QUICK};
use crate::store::counts::{DIALOGUES, OUTBOX};
use crate::store::error::StoreError;
use crate::telemetry::events::Depths;

impl Postgres {
    pub(crate) fn depths(&self, depths: &mut Depths) {
        depths.queues.push(("steps", self.steps.depth()));
        depths.pools.extend([self.handlers.lent(), self.own.lent()]);
    }

    pub(crate) async fn count_outbox(&self, most: i64) -> Result<Vec<(i16, i64, i64)>, StoreError> {
        on!(self.own, QUICK, connection => sqlx::query_as(OUTBOX).bind(most).fetch_all(connection))
    }

    pub(crate) async fn count_dialogues(
        &self,
        now: i64,
        most: i64,
    ) -> Result<Vec<(i64, i64)>, StoreError> {
        on!(self.own, QUICK, connection =>
            sqlx::query_as(DIALOGUES).bind(now).bind(most).fetch_all(connection))
    }
}
