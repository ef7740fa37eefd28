//! What the database holds, read beside the running process.

use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, SqliteConnection};
#[cfg(feature = "postgres")]
use sqlx::{Connection, PgConnection};

use super::{Home, until};

/// The database: its file, or a server's address.
#[derive(Debug, Clone)]
pub enum Db {
    File(PathBuf),
    #[cfg(feature = "postgres")]
    Server(String),
}

/// Runs a query on a connection of its own.
macro_rules! run {
    ($db:expr, $read_only:expr, $query:expr, $method:ident) => {
        match $db {
            Db::File(path) => $query.$method(&mut file(path, $read_only).await).await,
            #[cfg(feature = "postgres")]
            Db::Server(url) => {
                let mut connection = PgConnection::connect(url).await.unwrap();
                $query.$method(&mut connection).await
            }
        }
    };
}

async fn file(path: &Path, read_only: bool) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(path)
        .read_only(read_only)
        .busy_timeout(std::time::Duration::from_secs(5))
        .connect()
        .await
        .unwrap()
}

impl Db {
    /// This file; it need not exist yet.
    pub fn new(path: &Path) -> Self {
        Self::File(path.to_owned())
    }

    /// Where a deployment's data lies.
    pub fn of(home: &Home) -> Self {
        match home.variable("DATABASE_URL") {
            #[cfg(feature = "postgres")]
            Some(url) if url.starts_with("postgres") => Self::Server(url),
            _ => Self::new(&home.database()),
        }
    }

    /// The first column of the first row, a number.
    pub async fn number(&self, sql: &str) -> i64 {
        let query = AssertSqlSafe(sql.to_owned());
        run!(self, true, sqlx::query_scalar(query), fetch_one)
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The first column of every row, texts.
    pub async fn texts(&self, sql: &str) -> Vec<Option<String>> {
        let query = AssertSqlSafe(sql.to_owned());
        run!(self, true, sqlx::query_scalar(query), fetch_all)
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Changes something behind the process's back: for what only time would do.
    pub async fn execute(&self, sql: &str) {
        let query = AssertSqlSafe(sql.to_owned());
        let done = match self {
            Self::File(path) => {
                let done = sqlx::query(query)
                    .execute(&mut file(path, false).await)
                    .await;
                done.map(drop)
            }
            #[cfg(feature = "postgres")]
            Self::Server(url) => {
                let mut connection = PgConnection::connect(url).await.unwrap();
                sqlx::query(query).execute(&mut connection).await.map(drop)
            }
        };
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
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
