//! Migrations at start: the runtime's own, then each owner's, in order of their numbers, each in its own transaction and
//! recorded with its checksum in `bf_migrations`. One that was changed after it was applied is an error: nobody could tell
//! what the tables look like.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Row};

use super::error::{StoreError, sql_code};
use crate::bot::{Migration, MigrationSet};
use crate::clock::Clock;

/// The runtime as an owner: no folder can have this name.
const RUNTIME: &str = "#runtime";

static OWN: MigrationSet = MigrationSet {
    owner: RUNTIME,
    files: &[Migration {
        version: 1,
        name: "runtime",
        sqlite: include_str!("../../../migrations/sqlite/0001_runtime.sql"),
    }],
};

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
    apply(connection, &OWN, clock).await?;
    let mut owners: BTreeMap<&str, &'static MigrationSet> = BTreeMap::new();
    for &set in sets {
        match owners.get(set.owner) {
            None => {
                apply(connection, set, clock).await?;
                owners.insert(set.owner, set);
            }
            Some(first) => {
                let same = first.files.len() == set.files.len()
                    && first
                        .files
                        .iter()
                        .zip(set.files)
                        .all(|(a, b)| a.version == b.version && a.sqlite == b.sqlite);
                if !same {
                    return Err(problem(
                        set,
                        "two bots of this build bring different files; build them together again",
                    ));
                }
            }
        }
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

    for version in applied.keys() {
        if !set.files.iter().any(|file| file.version == *version) {
            return Err(problem(
                set,
                &format!(
                    "the database has number {version:04}, which this build does not know; deploy a newer build or restore the file"
                ),
            ));
        }
    }
    let newest = applied.keys().next_back().copied();
    for file in set.files {
        let checksum = checksum(file);
        match applied.get(&file.version) {
            Some(known) if *known == checksum => {}
            Some(_) => {
                return Err(problem(
                    set,
                    &format!(
                        "`{:04}_{}` was changed after it was applied; restore it and put the change into a new file",
                        file.version, file.name
                    ),
                ));
            }
            None if newest.is_some_and(|newest| file.version < newest) => {
                return Err(problem(
                    set,
                    &format!(
                        "`{:04}_{}` comes before files that are applied already; give it a higher number",
                        file.version, file.name
                    ),
                ));
            }
            None => {
                // A file of this build, checked by the compiler: no value of anybody's is in it.
                sqlx::raw_sql(AssertSqlSafe(file.sqlite))
                    .execute(&mut *connection)
                    .await
                    .map_err(|error| {
                        problem(
                            set,
                            &format!(
                                "`{:04}_{}` failed ({})",
                                file.version,
                                file.name,
                                sql_code(&error)
                            ),
                        )
                    })?;
                sqlx::query(
                    "INSERT INTO bf_migrations (owner, version, checksum, applied) VALUES ($1, $2, $3, $4)",
                )
                .bind(set.owner)
                .bind(file.version)
                .bind(checksum)
                .bind(clock.micros())
                .execute(&mut *connection)
                .await?;
            }
        }
    }
    Ok(())
}

fn checksum(file: &Migration) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(file.sqlite.as_bytes()) {
        let _ = std::fmt::Write::write_fmt(&mut hex, format_args!("{byte:02x}"));
    }
    hex
}

fn problem(set: &MigrationSet, problem: &str) -> StoreError {
    StoreError::Migration {
        owner: set.owner.to_owned(),
        problem: problem.to_owned(),
    }
}
