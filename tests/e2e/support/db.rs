//! What the database holds, read beside the running process.

use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, SqliteConnection};

use super::until;

/// The database's file.
#[derive(Debug, Clone)]
pub struct Db(PathBuf);

impl Db {
    /// This file; it need not exist yet.
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    async fn connect(&self, read_only: bool) -> SqliteConnection {
        SqliteConnectOptions::new()
            .filename(&self.0)
            .read_only(read_only)
            .busy_timeout(std::time::Duration::from_secs(5))
            .connect()
            .await
            .unwrap()
    }

    /// The first column of the first row, a number.
    pub async fn number(&self, sql: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
            .fetch_one(&mut self.connect(true).await)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The first column of every row, texts.
    pub async fn texts(&self, sql: &str) -> Vec<Option<String>> {
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
            .fetch_all(&mut self.connect(true).await)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Changes something behind the process's back: for what only time would do.
    pub async fn execute(&self, sql: &str) {
        sqlx::query(AssertSqlSafe(sql.to_owned()))
            .execute(&mut self.connect(false).await)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Rows of the booking bot's table.
    pub async fn bookings(&self) -> i64 {
        self.number("SELECT count(*) FROM bookings").await
    }

    /// Calls that wait to be sent.
    pub async fn unsent(&self) -> i64 {
        self.number("SELECT count(*) FROM bf_outbox WHERE state = 2")
            .await
    }

    /// Calls that were offered as a response and are not known to have left.
    pub async fn offered(&self) -> i64 {
        self.number("SELECT count(*) FROM bf_outbox WHERE state = 1")
            .await
    }

    /// Updates that ended as dead letters: their codes.
    pub async fn dead_letters(&self) -> Vec<String> {
        let codes = self
            .texts("SELECT code FROM bf_dead_letters ORDER BY id")
            .await;
        codes.into_iter().flatten().collect()
    }

    /// Waits until everything that goes through the outbox has been sent and marked.
    pub async fn settled(&self) {
        until("sending", || async {
            (self.unsent().await == 0).then_some(())
        })
        .await;
    }

    /// Lets every lease end, as time would.
    pub async fn end_leases(&self) {
        self.execute("UPDATE bf_outbox SET lease_until = 0 WHERE state IN (1, 2)")
            .await;
        self.execute("UPDATE bf_polling SET lease_until = 0").await;
    }
}
