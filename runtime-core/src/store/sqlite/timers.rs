//! Dialogues whose time is over, on SQLite.

use super::Sqlite;
use crate::faults;
use crate::store::both::timers::sqlite::due;
use crate::store::error::StoreError;
use crate::store::timers::Due;

impl Sqlite {
    pub(crate) async fn due(
        &self,
        bots: &[i64],
        now: i64,
        until: i64,
        limit: u32,
    ) -> Result<Vec<Due>, StoreError> {
        let bots = serde_json::to_string(bots).unwrap_or_default();
        // Mostly there are none: the writer is not troubled then.
        let any: bool = reading!(self, connection => sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM bf_conversations WHERE timer > 0 AND timer <= $1 \
             AND bot IN (SELECT value FROM json_each($2)))",
        )
        .bind(now)
        .bind(&bots)
        .fetch_one(connection))?;
        if !any {
            return Ok(Vec::new());
        }
        faults::point("timers.before_take");
        let rows = writing!(self, [bots], connection => sqlx::query(
            "UPDATE bf_conversations SET timer = $2 WHERE (bot, chat, person, thread) IN \
               (SELECT bot, chat, person, thread FROM bf_conversations \
                WHERE timer > 0 AND timer <= $1 AND bot IN (SELECT value FROM json_each($3)) \
                ORDER BY timer LIMIT $4) \
             RETURNING bot, chat, person, thread, run, version, coalesce(waiting, '')",
        )
        .bind(now)
        .bind(until)
        .bind(&bots)
        .bind(limit)
        .fetch_all(connection))?;
        faults::point("timers.after_take");
        rows.iter().map(due).collect()
    }
}
