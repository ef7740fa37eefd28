//! Dialogues whose time is over, on Postgres. Several instances take them at once, each others.

use super::pool::on;
use super::{Postgres, QUICK};
use crate::faults;
use crate::store::both::timers::postgres::due;
use crate::store::error::StoreError;
use crate::store::timers::Due;

impl Postgres {
    pub(crate) async fn due(
        &self,
        bots: &[i64],
        now: i64,
        until: i64,
        limit: u32,
    ) -> Result<Vec<Due>, StoreError> {
        faults::point("timers.before_take");
        let rows = on!(self.own, QUICK, connection => sqlx::query(
            "WITH found AS MATERIALIZED (SELECT f.ctid FROM bf_conversations f \
               WHERE f.timer > 0 AND f.timer <= $1 AND f.bot = ANY ($3) \
               ORDER BY f.timer LIMIT $4 FOR NO KEY UPDATE SKIP LOCKED) \
             UPDATE bf_conversations c SET timer = $2 FROM found WHERE c.ctid = found.ctid \
             RETURNING c.bot, c.chat, c.person, c.thread, c.run, c.version, coalesce(c.waiting::text, '')",
        )
        .bind(now)
        .bind(until)
        .bind(bots)
        .bind(i64::from(limit))
        .fetch_all(connection))?;
        faults::point("timers.after_take");
        rows.iter().map(due).collect()
    }
}
