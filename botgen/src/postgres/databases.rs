//! An empty database for a run.
//!
//! On the private server there are a few that stay: a run takes one that nobody uses (an advisory lock says so), does
//! everything in one transaction and rolls it back. That costs a millisecond where making a database costs a hundred.
//! On somebody's server a run makes its own and drops it; what a killed run left there is dropped by a later one.

use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use sqlx::postgres::{PgConnectOptions, PgDatabaseError};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, Row};

use super::binaries::OLDEST;
use super::cluster::{Cluster, ROLE};
use super::{CONNECT, STATEMENT, URL};

/// Databases of the private server: that many runs at once.
const DATABASES: u32 = 24;
/// Key of the lock on one of them.
const IN_USE: i64 = 0x626f_7467_656e;
/// Begins the names on somebody's server; the time of its making follows.
const PREFIX: &str = "botgen_check_";
/// Seconds after which a database without connections is a leftover.
const LEFTOVER: u64 = 3600;

/// A connection to an empty database, and what is to be done afterwards.
#[derive(Debug)]
pub struct Lease {
    pub connection: PgConnection,
    /// Its process on the server.
    pub backend: i32,
    /// The same server, for cancelling; and the database to drop there, if it was made for this run.
    pub admin: PgConnectOptions,
    pub made: Option<String>,
}

impl Lease {
    /// Gives the database back.
    pub async fn end(mut self) {
        // Waited for, so that a run that follows at once finds it free.
        let _ = sqlx::raw_sql("ROLLBACK; SELECT pg_advisory_unlock_all()")
            .execute(&mut self.connection)
            .await;
        let _ = self.connection.close().await;
        if let Some(name) = self.made
            && let Ok(mut admin) = self.admin.connect().await
        {
            let _ = drop_database(&mut admin, &name).await;
            let _ = admin.close().await;
        }
    }
}

/// One of the private server, which is started if it does not run.
///
/// # Errors
/// In words for people.
pub async fn private(cluster: &Cluster) -> Result<Lease, String> {
    let admin = cluster.options(ROLE, "postgres");
    let mut started = false;
    let mut number = 0;
    while number < DATABASES {
        let name = format!("check_{number}");
        match cluster.options(ROLE, &name).connect().await {
            Ok(connection) => {
                cluster.touch();
                match settle(connection).await? {
                    Settled::Empty(connection, backend) => {
                        return Ok(Lease {
                            connection,
                            backend,
                            admin,
                            made: None,
                        });
                    }
                    Settled::Used => number += 1,
                    // Somebody's migrations have broken out of their transaction.
                    Settled::Full(connection) => {
                        let _ = connection.close().await;
                        let mut admin = admin.connect().await.map_err(|e| words(&e))?;
                        drop_database(&mut admin, &name)
                            .await
                            .map_err(|e| words(&e))?;
                    }
                }
            }
            Err(sqlx::Error::Database(e)) if e.code().as_deref() == Some("3D000") => {
                let mut admin = admin.connect().await.map_err(|e| words(&e))?;
                match make(&mut admin, &name).await {
                    Err(sqlx::Error::Database(e)) if is_taken(&e.code().unwrap_or_default()) => {}
                    made => made.map_err(|e| words(&e))?,
                }
            }
            Err(e) if started => {
                return Err(format!(
                    "the private Postgres does not let botgen in: {}",
                    words(&e)
                ));
            }
            Err(_) => {
                cluster.start().await?;
                started = true;
            }
        }
    }
    Err(format!(
        "{DATABASES} checks run at once; wait for one of them to end"
    ))
}

/// A new one on the server of `BOTGEN_DATABASE_URL`.
///
/// # Errors
/// In words for people, without the URL: it may hold a password.
pub async fn given(url: &str) -> Result<Lease, String> {
    let scheme = url.split(':').next().unwrap_or_default();
    if !matches!(scheme, "postgres" | "postgresql") {
        return Err(format!("`{URL}` must begin with `postgres://`"));
    }
    let admin = PgConnectOptions::from_str(url)
        .map_err(|_| {
            format!("`{URL}` is not a URL such as `postgres://user:password@host/database`")
        })?
        .statement_cache_capacity(0)
        .disable_statement_logging();
    let unusable = |e: &sqlx::Error| {
        format!(
            "the server of `{URL}` cannot be used: {}\nhelp: correct the variable, or unset it to check on a private server",
            words(e)
        )
    };
    let connected = tokio::time::timeout(CONNECT, admin.connect()).await;
    let Ok(connected) = connected else {
        return Err(format!(
            "the server of `{URL}` does not answer within {} s\nhelp: correct the variable, or unset it to check on a private server",
            CONNECT.as_secs()
        ));
    };
    let mut connection = connected.map_err(|e| unusable(&e))?;
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    clear(&mut connection, now).await;
    let name = format!("{PREFIX}{now}_{}_{:08x}", std::process::id(), unique());
    match make(&mut connection, &name).await {
        Err(sqlx::Error::Database(e)) if e.code().as_deref() == Some("42501") => {
            return Err(format!(
                "the user of `{URL}` may not make a database to check on\n\
                 help: allow it (`ALTER ROLE … CREATEDB`), or unset the variable to check on a private server"
            ));
        }
        made => made.map_err(|e| unusable(&e))?,
    }
    let _ = connection.close().await;
    let settled = match admin.clone().database(&name).connect().await {
        Ok(connection) => settle(connection).await,
        Err(e) => Err(unusable(&e)),
    };
    match settled {
        Ok(Settled::Empty(connection, backend)) => Ok(Lease {
            connection,
            backend,
            admin,
            made: Some(name),
        }),
        other => {
            if let Ok(mut admin) = admin.connect().await {
                let _ = drop_database(&mut admin, &name).await;
            }
            Err(other
                .err()
                .unwrap_or_else(|| format!("a new database of `{URL}`'s server is not empty")))
        }
    }
}

enum Settled {
    /// With its process on the server.
    Empty(PgConnection, i32),
    /// Another run has it.
    Used,
    /// It holds something.
    Full(PgConnection),
}

/// Takes the database and opens the transaction in which everything happens: one round trip.
async fn settle(mut connection: PgConnection) -> Result<Settled, String> {
    let timeout = STATEMENT.as_millis();
    // What the server or the environment has set must not change what a check says.
    let sql = format!(
        "SET search_path = public; SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; SET client_min_messages = error; \
         SET plan_cache_mode = force_generic_plan; SET standard_conforming_strings = on; \
         SET check_function_bodies = on; SET default_transaction_read_only = off; \
         SET idle_in_transaction_session_timeout = 0; SET lock_timeout = '{timeout}ms'; \
         SET statement_timeout = '{timeout}ms'; \
         SELECT current_setting('server_version_num')::int4, pg_try_advisory_lock({IN_USE}), \
           EXISTS (SELECT FROM pg_class WHERE oid >= 16384) OR EXISTS (SELECT FROM pg_type WHERE oid >= 16384) \
           OR EXISTS (SELECT FROM pg_proc WHERE oid >= 16384) OR EXISTS (SELECT FROM pg_namespace WHERE oid >= 16384) \
           OR EXISTS (SELECT FROM pg_extension WHERE oid >= 16384), \
           pg_backend_pid()"
    );
    let row = sqlx::raw_sql(AssertSqlSafe(sql))
        .fetch_one(&mut connection)
        .await
        .map_err(|e| words(&e))?;
    let get = |e: sqlx::Error| words(&e);
    let version: i32 = row.try_get(0).map_err(get)?;
    if version < i32::try_from(OLDEST).unwrap_or(0) * 10_000 {
        return Err(format!(
            "the server is Postgres {}, and botgen needs {OLDEST} or newer",
            version / 10_000
        ));
    }
    if !row.try_get::<bool, _>(1).map_err(get)? {
        let _ = connection.close().await;
        return Ok(Settled::Used);
    }
    if row.try_get::<bool, _>(2).map_err(get)? {
        return Ok(Settled::Full(connection));
    }
    sqlx::raw_sql("BEGIN; SAVEPOINT last")
        .execute(&mut connection)
        .await
        .map_err(|e| words(&e))?;
    let backend: i32 = row.try_get(3).map_err(|e| words(&e))?;
    Ok(Settled::Empty(connection, backend))
}

async fn make(connection: &mut PgConnection, name: &str) -> Result<(), sqlx::Error> {
    // Names are ours: letters, digits, `_`.
    let sql = format!(
        "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
    );
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await
        .map(|_| ())
}

async fn drop_database(connection: &mut PgConnection, name: &str) -> Result<(), sqlx::Error> {
    let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await
        .map(|_| ())
}

/// Drops what killed runs have left. Whatever cannot be dropped is left alone.
async fn clear(connection: &mut PgConnection, now: u64) {
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT datname::text FROM pg_database WHERE datname LIKE 'botgen\\_check\\_%' \
         AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datname = pg_database.datname)",
    )
    .fetch_all(&mut *connection)
    .await
    .unwrap_or_default();
    for name in names
        .iter()
        .filter(|name| made_at(name).is_some_and(|at| at + LEFTOVER < now))
    {
        let _ = drop_database(connection, name).await;
    }
}

/// When a database of ours was made.
fn made_at(name: &str) -> Option<u64> {
    let rest = name.strip_prefix(PREFIX)?;
    let ours = rest.bytes().all(|b| b.is_ascii_hexdigit() || b == b'_');
    rest.split('_').next()?.parse().ok().filter(|_| ours)
}

fn unique() -> u32 {
    use std::hash::{BuildHasher, RandomState};
    let bits = RandomState::new().hash_one(0);
    u32::try_from(bits & 0xffff_ffff).unwrap_or_default()
}

/// Two made it at once: by its name or by the index below.
fn is_taken(code: &str) -> bool {
    matches!(code, "42P04" | "23505")
}

/// An error for people.
pub fn words(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(e) => match e.try_downcast_ref::<PgDatabaseError>() {
            Some(e) => e.message().to_owned(),
            None => e.message().to_owned(),
        },
        sqlx::Error::Io(e) => e.to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_names_are_leftovers() {
        assert_eq!(
            made_at("botgen_check_1700000000_12_00ff"),
            Some(1_700_000_000)
        );
        assert_eq!(made_at("botgen_check_mine"), None);
        assert_eq!(made_at("botgen_check_17_mine"), None);
        assert_eq!(made_at("shop"), None);
    }
}
