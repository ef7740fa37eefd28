//! Migrations on SQLite: one transaction for each owner, so that nobody sees half of its files.

use std::collections::BTreeMap;

use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Row};

use super::StoreError;
use crate::clock::Clock;
use crate::store::tables::MigrationSet;

/// Applies what is new.
pub(crate) async fn run(
    connection: &mut SqliteConnection,
    sets: &[&'static MigrationSet],
    clock: &Clock,
) -> Result<(), StoreError> {
    sqlx::query(
        "CREATE TABLE IF NOT EXISTS bf_migrations (owner TEXT NOT NULL, version INTEGER NOT NULL, \
         checksum TEXT NOT NULL, applied INTEGER NOT NULL, PRIMARY KEY (owner, version)) WITHOUT ROWID",
    )
    .execute(&mut *connection)
    .await?;
    for set in super::owners(sets)? {
        apply(connection, set, clock).await?;
    }
    Ok(())
}

async fn apply(
    connection: &mut SqliteConnection,
    set: &'static MigrationSet,
    clock: &Clock,
) -> Result<(), StoreError> {
    // IMMEDIATE: of two instances that start together, one applies and the other finds it applied.
    sqlx::query("BEGIN IMMEDIATE")
        .execute(&mut *connection)
        .await?;
    let result = pending(connection, set, clock).await;
    let end = if result.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = sqlx::query(end).execute(&mut *connection).await;
    result?;
    ended?;
    Ok(())
}

async fn pending(
    connection: &mut SqliteConnection,
    set: &'static MigrationSet,
    clock: &Clock,
) -> Result<(), StoreError> {
    let applied: BTreeMap<i64, String> = sqlx::query(
        "SELECT version, checksum FROM bf_migrations WHERE owner = $1 ORDER BY version",
    )
    .bind(set.owner)
    .fetch_all(&mut *connection)
    .await?
    .iter()
    .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
    .collect::<Result<_, sqlx::Error>>()?;

    for next in super::pending(set, &applied, |file| Some(file.sqlite))? {
        // A file of this build, checked by the compiler: no value of anybody's is in it.
        sqlx::raw_sql(AssertSqlSafe(next.sql))
            .execute(&mut *connection)
            .await
            .map_err(|error| super::failed(set, next.file, &error))?;
        sqlx::query(
            "INSERT INTO bf_migrations (owner, version, checksum, applied) VALUES ($1, $2, $3, $4)",
        )
        .bind(set.owner)
        .bind(next.file.version)
        .bind(next.checksum)
        .bind(clock.micros())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
