//! Migrations on Postgres: one transaction for each file. Its locks on live tables end with it, and what a later file's
//! failure leaves is recorded, so that the next start goes on there.
//!
//! Every transaction takes one advisory lock first and then reads anew what is applied: any number of instances may start
//! at once, whoever comes second finds the work done. The lock is of the transaction, so that it also holds behind a
//! pooler that gives every transaction another session.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row};

use super::StoreError;
use crate::clock::Clock;
use crate::store::error::{is_lock_wait, is_retryable};
use crate::store::postgres::pool::within;
use crate::store::postgres::settings::Settings;
use crate::store::tables::MigrationSet;

/// Key of the lock: "bf-migra".
const LOCK: i64 = 0x6266_2d6d_6967_7261;
/// How often a file is tried again that found its table locked by running work.
const ATTEMPTS: u32 = 5;

/// Applies what is new of the runtime's migrations and of `sets` to the database of `postgres://…`.
///
/// # Errors
/// No such database, a migration that fails or was changed after it was applied.
pub(crate) async fn run(
    url: &str,
    sets: &[&'static MigrationSet],
    clock: &Clock,
) -> Result<(), StoreError> {
    let owners = super::owners(sets)?;
    let settings = Settings::parse(url).map_err(|_| StoreError::Url)?;
    let mut connection = within(settings.connect, settings.options.connect()).await?;
    let outcome = all(&mut connection, &owners, clock).await;
    // An open transaction ends with the connection.
    let _ = connection.close().await;
    outcome
}

async fn all(
    connection: &mut PgConnection,
    owners: &[&'static MigrationSet],
    clock: &Clock,
) -> Result<(), StoreError> {
    for set in owners {
        let mut attempt = 1;
        loop {
            match step(connection, set, clock).await {
                Ok(true) => attempt = 1,
                Ok(false) => break,
                Err(Stopped::Again(_)) if attempt < ATTEMPTS => {
                    tokio::time::sleep(Duration::from_secs(1) * attempt).await;
                    attempt += 1;
                }
                Err(Stopped::Again(error) | Stopped::Failed(error)) => return Err(error),
            }
        }
    }
    Ok(())
}

/// Why a file was not applied.
enum Stopped {
    /// Others hold what it needs.
    Again(StoreError),
    Failed(StoreError),
}

impl From<sqlx::Error> for Stopped {
    fn from(error: sqlx::Error) -> Self {
        let again = is_retryable(&error);
        let error = StoreError::Sql(error);
        if again {
            Self::Again(error)
        } else {
            Self::Failed(error)
        }
    }
}

/// Applies the owner's next file. `false`: there is none.
async fn step(
    connection: &mut PgConnection,
    set: &'static MigrationSet,
    clock: &Clock,
) -> Result<bool, Stopped> {
    let mut transaction = connection.begin().await?;
    // Another instance's long file is waited for; a table that is in use is not, for everybody who comes after us to it
    // would wait too.
    sqlx::raw_sql(
        "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0; \
         SET LOCAL lock_timeout = '10min'",
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(LOCK)
        .execute(&mut *transaction)
        .await?;
    sqlx::raw_sql(
        "SET LOCAL lock_timeout = '5s'; SET LOCAL client_min_messages = warning; \
         CREATE TABLE IF NOT EXISTS bf_migrations (owner TEXT NOT NULL, version BIGINT NOT NULL, \
         checksum TEXT NOT NULL, applied BIGINT NOT NULL, PRIMARY KEY (owner, version))",
    )
    .execute(&mut *transaction)
    .await?;
    let applied: BTreeMap<i64, String> =
        sqlx::query("SELECT version, checksum FROM bf_migrations WHERE owner = $1")
            .bind(set.owner)
            .fetch_all(&mut *transaction)
            .await?
            .iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
            .collect::<Result<_, sqlx::Error>>()?;
    let next = super::pending(set, &applied, |file| file.postgres).map_err(Stopped::Failed)?;
    let Some(next) = next.into_iter().next() else {
        transaction.commit().await?;
        return Ok(false);
    };
    // A file of this build, checked by the compiler: no value of anybody's is in it.
    sqlx::raw_sql(AssertSqlSafe(next.sql))
        .execute(&mut *transaction)
        .await
        .map_err(|error| {
            let failed = super::failed(set, next.file, &error);
            if is_lock_wait(&error) || is_retryable(&error) {
                Stopped::Again(failed)
            } else {
                Stopped::Failed(failed)
            }
        })?;
    sqlx::query(
        "INSERT INTO bf_migrations (owner, version, checksum, applied) VALUES ($1, $2, $3, $4)",
    )
    .bind(set.owner)
    .bind(next.file.version)
    .bind(next.checksum)
    .bind(clock.micros())
    .execute(&mut *transaction)
    .await?;
    // Deferred constraints are checked here.
    transaction.commit().await.map_err(|error| match error {
        sqlx::Error::Database(_) => Stopped::Failed(super::failed(set, next.file, &error)),
        other => other.into(),
    })?;
    Ok(true)
}
