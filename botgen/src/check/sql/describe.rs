//! The check database: an in-memory SQLite that sqlx prepares every statement on. The only file that knows sqlx.
//!
//! It prepares, it does not run: `Describe` would step queries whose column types it does not know, and a
//! `WITH RECURSIVE` without end would never come back. Types are ours anyway; tests compare them with `Describe`.

use std::sync::mpsc;
use std::thread;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Column, Connection, Executor, SqlSafeStr, SqliteConnection, Statement};

/// Most steps of SQLite's machine for one piece of a migration: a row takes some ten of them.
const STEPS: i32 = 20_000_000;
/// Most bytes that SQLite may hold.
const HEAP: &str = "200000000";

/// A handle to the thread that owns the connection: it works from any thread, inside or outside of a runtime.
#[derive(Debug)]
pub struct Database {
    requests: mpsc::Sender<(Request, mpsc::Sender<Answer>)>,
}

#[derive(Debug)]
enum Request {
    /// Runs statements.
    Run(String),
    /// Prepares one.
    Prepare(String),
}

type Answer = Result<Prepared, String>;

/// What the engine says about a statement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prepared {
    /// Number of parameters.
    pub parameters: usize,
    /// Names of the result's columns.
    pub columns: Vec<String>,
}

impl Database {
    /// An empty database.
    ///
    /// # Errors
    /// No thread, runtime or memory for it.
    pub fn open() -> Result<Self, String> {
        let (requests, inbox) = mpsc::channel::<(Request, mpsc::Sender<Answer>)>();
        let (ready, opened) = mpsc::channel();
        thread::Builder::new()
            .name("botgen-sql".into())
            .spawn(move || serve(&inbox, &ready))
            .map_err(|e| e.to_string())?;
        opened
            .recv()
            .unwrap_or_else(|_| Err("the check database has stopped".into()))?;
        Ok(Self { requests })
    }

    /// Runs statements without parameters.
    ///
    /// # Errors
    /// The engine's own words.
    pub fn run(&self, sql: &str) -> Result<(), String> {
        self.ask(Request::Run(sql.to_owned())).map(|_| ())
    }

    /// Prepares a statement: every name in it is looked up.
    ///
    /// # Errors
    /// The engine's own words.
    pub fn prepare(&self, sql: &str) -> Result<Prepared, String> {
        self.ask(Request::Prepare(sql.to_owned()))
    }

    fn ask(&self, request: Request) -> Answer {
        let (back, answer) = mpsc::channel();
        let stopped = || "the check database has stopped".to_owned();
        self.requests.send((request, back)).map_err(|_| stopped())?;
        answer.recv().unwrap_or_else(|_| Err(stopped()))
    }
}

fn serve(
    inbox: &mpsc::Receiver<(Request, mpsc::Sender<Answer>)>,
    ready: &mpsc::Sender<Result<(), String>>,
) {
    let runtime = match tokio::runtime::Builder::new_current_thread().build() {
        Ok(runtime) => runtime,
        Err(e) => {
            let _ = ready.send(Err(e.to_string()));
            return;
        }
    };
    let options = SqliteConnectOptions::new()
        .in_memory(true)
        .foreign_keys(true)
        .pragma("hard_heap_limit", HEAP)
        .statement_cache_capacity(0);
    let mut connection = match runtime.block_on(SqliteConnection::connect_with(&options)) {
        Ok(connection) => {
            let _ = ready.send(Ok(()));
            connection
        }
        Err(e) => {
            let _ = ready.send(Err(words(&e)));
            return;
        }
    };
    // Ends when the handle is dropped.
    while let Ok((request, back)) = inbox.recv() {
        let answer = runtime.block_on(async {
            match request {
                Request::Run(sql) => {
                    // Each run counts anew. Steps are counted, not seconds: the answer is the same everywhere.
                    if let Ok(mut handle) = connection.lock_handle().await {
                        handle.set_progress_handler(STEPS, || false);
                    }
                    sqlx::raw_sql(AssertSqlSafe(sql))
                        .execute(&mut connection)
                        .await
                        .map(|_| Prepared::default())
                }
                Request::Prepare(sql) => (&mut connection)
                    .prepare(AssertSqlSafe(sql).into_sql_str())
                    .await
                    .map(|statement| Prepared {
                        parameters: statement.parameters().map_or(0, |p| match p {
                            sqlx::Either::Left(types) => types.len(),
                            sqlx::Either::Right(count) => count,
                        }),
                        columns: statement
                            .columns()
                            .iter()
                            .map(|c| c.name().to_owned())
                            .collect(),
                    }),
            }
        });
        let _ = back.send(answer.map_err(|e| words(&e)));
    }
}

fn words(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(e) if e.message() == "interrupted" => {
            format!("it takes more than {STEPS} steps")
        }
        sqlx::Error::Database(e) => e.message().to_owned(),
        other => other.to_string(),
    }
}
