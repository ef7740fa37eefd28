//! Events on SQLite.

use sqlx::sqlite::SqliteConnection;

use super::Sqlite;
use crate::store::both::events::sqlite::report;
use crate::store::error::StoreError;
pub(crate) use crate::store::events::ask::sqlite as sql;
use crate::store::events::{FORGOTTEN, ask};

/// Inserts events, a JSON array of them.
pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    json: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO bf_events (at, bot, bot_id, person, type, name, step, took, trace_id, data, result_tag) \
         SELECT value->>'at', value->>'bot', value->>'bot_id', value->>'person', value->>'type', value->>'name', \
           value->>'step', value->>'took', value->>'trace_id', value->'data', nullif(value->'result_tag', 'null') \
         FROM json_each($1)",
    )
    .bind(json)
    .execute(connection)
    .await?;
    Ok(())
}

impl Sqlite {
    pub(crate) async fn store_events(&self, json: String) -> Result<(), StoreError> {
        writing!(self, [json], connection => insert(connection, &json))
    }

    pub(crate) async fn forget_events(&self, before: i64) -> Result<u64, StoreError> {
        let done = writing!(self, [], connection => sqlx::query(
            "DELETE FROM bf_events WHERE id IN (SELECT id FROM bf_events ORDER BY id LIMIT $1) AND at < $2",
        )
        .bind(FORGOTTEN)
        .bind(before)
        .execute(connection))?;
        Ok(done.rows_affected())
    }

    pub(crate) async fn report(&self, bot: &str, since: i64) -> Result<ask::Parts, StoreError> {
        reading!(self, connection => report(connection, bot, since))
    }
}
