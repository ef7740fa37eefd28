//! What operators see of Postgres.

use super::pool::on;
use super::{Postgres, QUICK};
use crate::store::counts::{DIALOGUES, OUTBOX, Place, STEP_ENDS, placed};
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

    pub(crate) async fn step_ends(
        &self,
        after: Place,
        rows: i64,
    ) -> Result<Option<Place>, StoreError> {
        on!(self.own, QUICK, connection =>
            placed!(sqlx::query_as(STEP_ENDS), after).bind(rows).fetch_optional(connection))
    }

    pub(crate) async fn count_dialogues(
        &self,
        after: Place,
        to: Place,
        now: i64,
    ) -> Result<Vec<(i64, i64)>, StoreError> {
        on!(self.own, QUICK, connection =>
            placed!(placed!(sqlx::query_as(DIALOGUES), after), to).bind(now).fetch_all(connection))
    }
}
