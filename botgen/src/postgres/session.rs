//! One run's database: a thread that owns the connection, so that it works inside and outside of a runtime.

use std::sync::mpsc;
use std::thread;

use sqlx::{AssertSqlSafe, ConnectOptions};

use super::STATEMENT;
use super::cluster::Cluster;
use super::databases::{self, Lease};
use super::describe::{Catalogue, refusal};
use crate::check::sql::postgres::{Database, Described, Refusal};

/// Where to find a server.
#[derive(Debug)]
pub enum Place {
    /// A URL.
    Given(String),
    /// Our own.
    Private(Cluster),
}

/// A handle to the thread.
#[derive(Debug)]
pub struct Session {
    requests: Option<mpsc::Sender<(Request, mpsc::Sender<Answer>)>>,
    thread: Option<thread::JoinHandle<()>>,
}

#[derive(Debug)]
enum Request {
    Run(String),
    Describe(String),
}

type Answer = Result<Described, Refusal>;

impl Session {
    /// Connects.
    ///
    /// # Errors
    /// Why there is no database, in words for people.
    pub fn open(place: Place) -> Result<Self, String> {
        let (requests, inbox) = mpsc::channel();
        let (ready, opened) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("botgen-postgres".into())
            .spawn(move || serve(&place, &inbox, &ready))
            .map_err(|e| e.to_string())?;
        opened
            .recv()
            .unwrap_or_else(|_| Err("the connection to Postgres has stopped".into()))?;
        Ok(Self {
            requests: Some(requests),
            thread: Some(thread),
        })
    }

    fn ask(&self, request: Request) -> Answer {
        let stopped = || Refusal::Gone("the connection to Postgres has stopped".into());
        let (back, answer) = mpsc::channel();
        let requests = self.requests.as_ref().ok_or_else(stopped)?;
        requests.send((request, back)).map_err(|_| stopped())?;
        answer.recv().unwrap_or_else(|_| Err(stopped()))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // The thread ends when nobody can ask any more; its database is given back before the process ends.
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Database for Session {
    fn prepare(&self, sql: &str) -> Result<(), String> {
        match self.ask(Request::Run(sql.to_owned())) {
            Ok(_) => Ok(()),
            Err(Refusal::Refused { message, .. } | Refusal::Gone(message)) => Err(message),
            Err(Refusal::Missing) => Err("no answer is kept".to_owned()),
        }
    }
    fn run(&self, _key: &str, sql: &str) -> Result<(), Refusal> {
        readable(sql)?;
        self.ask(Request::Run(sql.to_owned())).map(|_| ())
    }
    fn describe(&self, _key: &str, sql: &str) -> Result<Described, Refusal> {
        readable(sql)?;
        self.ask(Request::Describe(sql.to_owned()))
    }
}

/// The protocol ends a text at NUL.
fn readable(sql: &str) -> Result<(), Refusal> {
    match sql.chars().position(|c| c == '\0') {
        None => Ok(()),
        Some(at) => Err(Refusal::Refused {
            sqlstate: "22021".to_owned(),
            message: "a NUL character, which Postgres does not take".to_owned(),
            position: Some(at + 1),
            hint: None,
        }),
    }
}

fn serve(
    place: &Place,
    inbox: &mpsc::Receiver<(Request, mpsc::Sender<Answer>)>,
    ready: &mpsc::Sender<Result<(), String>>,
) {
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(e) => {
            let _ = ready.send(Err(e.to_string()));
            return;
        }
    };
    let lease = runtime.block_on(async {
        match place {
            Place::Given(url) => databases::given(url).await,
            Place::Private(cluster) => databases::private(cluster).await,
        }
    });
    let mut lease = match lease {
        Ok(lease) => lease,
        Err(words) => {
            let _ = ready.send(Err(words));
            return;
        }
    };
    let _ = ready.send(Ok(()));
    let mut catalogue = Catalogue::default();
    let mut gone = None;
    while let Ok((request, back)) = inbox.recv() {
        let answer = match &gone {
            Some(words) => Err(Refusal::Gone(String::clone(words))),
            None => runtime.block_on(answer(&mut lease, &mut catalogue, request)),
        };
        if let Err(Refusal::Gone(words)) = &answer {
            gone = Some(words.clone());
        }
        let _ = back.send(answer);
    }
    runtime.block_on(lease.end());
}

async fn answer(lease: &mut Lease, catalogue: &mut Catalogue, request: Request) -> Answer {
    let connection = &mut lease.connection;
    let work = async {
        match request {
            Request::Run(sql) => {
                catalogue.clear();
                sqlx::raw_sql(AssertSqlSafe(sql))
                    .execute(&mut *connection)
                    .await?;
                // The next refusal goes back to here.
                sqlx::raw_sql("RELEASE last; SAVEPOINT last")
                    .execute(&mut *connection)
                    .await?;
                Ok(Described::default())
            }
            Request::Describe(sql) => catalogue.describe(connection, &sql).await,
        }
    };
    // The server has its own limit, which a migration can lift.
    match tokio::time::timeout(STATEMENT * 2, work).await {
        Ok(Ok(described)) => Ok(described),
        Ok(Err(error)) => {
            let refusal = refusal(&error);
            let back = sqlx::raw_sql("ROLLBACK TO last")
                .execute(&mut lease.connection)
                .await;
            match (&refusal, back) {
                (Refusal::Refused { .. }, Err(e)) if is_lost(&e) => {
                    Err(Refusal::Gone(databases::words(&e)))
                }
                // The transaction is gone, and with it what the migrations made: a statement has ended it.
                (Refusal::Refused { .. }, Err(_)) => Err(Refusal::Gone(
                    "a migration has ended the transaction that it runs in".to_owned(),
                )),
                _ => Err(refusal),
            }
        }
        Err(_) => {
            let backend = lease.backend;
            if let Ok(mut admin) = lease.admin.connect().await {
                let _ = sqlx::query("SELECT pg_terminate_backend($1)")
                    .bind(backend)
                    .execute(&mut admin)
                    .await;
            }
            Err(Refusal::Gone(format!(
                "a statement does not end within {} s",
                STATEMENT.as_secs() * 2
            )))
        }
    }
}

fn is_lost(error: &sqlx::Error) -> bool {
    !matches!(error, sqlx::Error::Database(_))
}
