//! Events on Postgres.

use serde::Serialize;

use super::pool::on;
use super::{Postgres, QUICK};
use crate::store::both::events::postgres::report;
use crate::store::error::StoreError;
pub(crate) use crate::store::events::ask::postgres as sql;
use crate::store::events::{Event, FORGOTTEN, ask};

/// The columns of an event, and an event as a row of JSON.
macro_rules! columns {
    () => {
        "at, bot, bot_id, person, type, name, step, took, trace_id, data, result_tag"
    };
}
/// Events out of a parameter with a JSON array of them; NULL: none.
macro_rules! rows {
    ($parameter:literal) => {
        concat!(
            "json_to_recordset(",
            $parameter,
            "::json) AS e (at bigint, bot bigint, bot_id text, person bigint, type text, name text, step text, \
             took bigint, trace_id text, data jsonb, result_tag jsonb, place int)"
        )
    };
}

/// `bf_finish`, and the event beside it, if it has stored the update.
pub(super) const TOLD: &str = concat!(
    "WITH s AS MATERIALIZED (SELECT bf_finish($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, \
     $19, $20, $21) AS outcome), told AS (INSERT INTO bf_events (",
    columns!(),
    ") SELECT ",
    columns!(),
    " FROM s, ",
    rows!("$22"),
    " WHERE s.outcome = 0) SELECT outcome FROM s"
);
/// `bf_steps`, and the events of those that it has stored: each says the place of its update.
pub(super) const MANY_TOLD: &str = concat!(
    "WITH s AS MATERIALIZED (SELECT * FROM bf_steps($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, \
     $18, $19, $20, $21)), told AS (INSERT INTO bf_events (",
    columns!(),
    ") SELECT ",
    columns!(),
    " FROM ",
    rows!("$22"),
    " WHERE NOT EXISTS (SELECT 1 FROM s WHERE s.place = e.place)) SELECT * FROM s"
);

/// The statement that inserts events out of the parameter `at`.
pub(super) fn beside(at: usize) -> String {
    INSERT.replace("$1", &format!("${at}"))
}

/// Events with the places of their updates in a batch, from 1 on.
pub(super) fn placed<'a>(events: impl Iterator<Item = Option<&'a Event>>) -> Option<String> {
    #[derive(Serialize)]
    struct Placed<'a> {
        place: usize,
        #[serde(flatten)]
        event: &'a Event,
    }
    let placed: Vec<Placed<'_>> = (1..)
        .zip(events)
        .filter_map(|(place, event)| {
            Some(Placed {
                place,
                event: event?,
            })
        })
        .collect();
    (!placed.is_empty())
        .then(|| serde_json::to_string(&placed).ok())
        .flatten()
}

const INSERT: &str = concat!(
    "INSERT INTO bf_events (",
    columns!(),
    ") SELECT ",
    columns!(),
    " FROM ",
    rows!("$1")
);

impl Postgres {
    pub(crate) async fn store_events(&self, json: String) -> Result<(), StoreError> {
        on!(self.own, QUICK, connection =>
            sqlx::query(INSERT).bind(json.as_str()).execute(connection))?;
        Ok(())
    }

    pub(crate) async fn forget_events(&self, before: i64) -> Result<u64, StoreError> {
        let done = on!(self.own, QUICK, connection => sqlx::query(
            "DELETE FROM bf_events WHERE id IN (SELECT id FROM bf_events WHERE id IN \
               (SELECT id FROM bf_events ORDER BY id LIMIT $1) AND at < $2 FOR UPDATE SKIP LOCKED)",
        )
        .bind(FORGOTTEN)
        .bind(before)
        .execute(connection))?;
        Ok(done.rows_affected())
    }

    pub(crate) async fn report(&self, bot: &str, since: i64) -> Result<ask::Parts, StoreError> {
        on!(self.own, self.settings.statement, connection => report(connection, bot, since))
    }
}
