//! The only task that writes to SQLite: it owns the write connection, lets waiting jobs commit together, and
//! acknowledges after COMMIT.
//!
//! A group is one transaction; each job runs alone in its own savepoint. It takes what waits, up to [`GROUP`] jobs and
//! [`GROUP_TIME`], and never waits for more. If a job loses the transaction (SQLite rolls back by itself on some errors)
//! or COMMIT fails, every job of the group runs again alone.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::events;
use super::watchdog::Watchdog;
use crate::faults;
use crate::store::error::{StoreError, is_busy, is_constraint, is_fatal, sql_code};
use crate::store::events::{Event, encoded};
use crate::telemetry;
use crate::telemetry::events::{EventsWritten, GroupCommitted};

/// Most jobs of one commit.
pub(crate) const GROUP: usize = 64;
/// A group takes no further job after this long, so that one slow handler delays few acks.
pub(crate) const GROUP_TIME: Duration = Duration::from_millis(50);

/// A boxed future.
pub(crate) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Which attempt at a job this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// Together with others.
    Group,
    /// Alone, after a group was lost.
    Alone,
    /// Its own transaction was refused: the job records that instead of trying again.
    Refused,
}

/// How a job left its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ran {
    /// Its savepoint is released (or rolled back and released); the transaction goes on.
    Done,
    /// The transaction is gone or in doubt.
    Lost,
}

/// What a job gives back: the connection (without it the next group opens another), and how it left it.
pub(crate) type Left = (Option<Box<SqliteConnection>>, Ran);

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Committed: it may be acknowledged.
    Committed,
    /// Nothing of it is stored; the store is at fault.
    Failed,
}

/// Something that writes. It may run more than once; only the run before [`End::Committed`] counts.
pub(crate) trait Job: Send {
    /// Runs within its own savepoint, and gives the connection back.
    fn run<'a>(
        &'a mut self,
        connection: Box<SqliteConnection>,
        attempt: Attempt,
    ) -> Boxed<'a, Left>;
    /// What operators can ask afterwards; commits with the job.
    fn event(&self) -> Option<&Event> {
        None
    }
    /// Tells whoever waits.
    fn finish(self: Box<Self>, end: End);
}

/// The way to the writer task.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: RwLock<Option<mpsc::Sender<Box<dyn Job>>>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the task on an open connection.
    pub(crate) fn start(
        connection: SqliteConnection,
        options: SqliteConnectOptions,
        watchdog: Watchdog,
        capacity: usize,
    ) -> Self {
        let (queue, waiting) = mpsc::channel(capacity.max(1));
        let task = tokio::spawn(supervise(
            Some(Box::new(connection)),
            options,
            watchdog,
            Arc::new(tokio::sync::Mutex::new(waiting)),
        ));
        Self {
            queue: RwLock::new(Some(queue)),
            task: Mutex::new(Some(task)),
        }
    }

    /// Hands a job over; a full queue is overload.
    pub(crate) fn submit(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        let queue = self.queue.read().unwrap_or_else(PoisonError::into_inner);
        match queue.as_ref().map(|queue| queue.try_send(job)) {
            Some(Ok(())) => Ok(()),
            _ => Err(StoreError::Busy),
        }
    }

    /// Jobs that wait.
    pub(crate) fn depth(&self) -> usize {
        let queue = self.queue.read().unwrap_or_else(PoisonError::into_inner);
        queue
            .as_ref()
            .map_or(0, |queue| queue.max_capacity() - queue.capacity())
    }

    /// Runs a write of the runtime's own in its savepoint.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnMut(&'c mut SqliteConnection) -> Boxed<'c, Result<T, sqlx::Error>>
            + Send
            + 'static,
    {
        let (tell, told) = oneshot::channel();
        self.submit(Box::new(Own {
            work,
            result: None,
            tell,
        }))?;
        told.await.map_err(|_| StoreError::Busy)?
    }

    /// Takes no further jobs, runs those that wait, and closes the connection.
    pub(crate) async fn close(&self) {
        self.queue
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let task = self
            .task
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(task) = task {
            let _ = task.await;
        }
    }
}

/// A write of the runtime's own.
struct Own<T, F> {
    work: F,
    result: Option<Result<T, sqlx::Error>>,
    tell: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Own<T, F>
where
    T: Send,
    F: for<'c> FnMut(&'c mut SqliteConnection) -> Boxed<'c, Result<T, sqlx::Error>> + Send,
{
    fn run<'a>(
        &'a mut self,
        mut connection: Box<SqliteConnection>,
        attempt: Attempt,
    ) -> Boxed<'a, Left> {
        Box::pin(async move {
            if attempt == Attempt::Refused {
                return (Some(connection), Ran::Done); // the error of the last run stays
            }
            let c = &mut *connection;
            let result = match sqlx::query("SAVEPOINT u").execute(&mut *c).await {
                Ok(_) => (self.work)(c).await,
                Err(error) => Err(error),
            };
            let close = if result.is_ok() {
                "RELEASE u"
            } else {
                "ROLLBACK TO u; RELEASE u"
            };
            self.result = Some(result);
            let ran = match sqlx::query(close).execute(&mut *c).await {
                Ok(_) => Ran::Done,
                Err(_) => Ran::Lost,
            };
            (Some(connection), ran)
        })
    }

    fn finish(self: Box<Self>, end: End) {
        let told = match (end, self.result) {
            (End::Committed, Some(result)) => result.map_err(StoreError::Sql),
            (End::Failed, Some(Err(error))) => Err(StoreError::Sql(error)),
            _ => Err(StoreError::Busy),
        };
        let _ = self.tell.send(told); // whoever waited may have gone
    }
}

type Waiting = Arc<tokio::sync::Mutex<mpsc::Receiver<Box<dyn Job>>>>;

/// Keeps the task alive: a panic costs the jobs of its group (their callers answer busy), never the store.
async fn supervise(
    mut connection: Option<Box<SqliteConnection>>,
    options: SqliteConnectOptions,
    watchdog: Watchdog,
    waiting: Waiting,
) {
    loop {
        let lane = Lane {
            connection: connection.take(),
            options: options.clone(),
            watchdog: watchdog.clone(),
        };
        match tokio::spawn(lane.serve(waiting.clone())).await {
            Ok(()) => return,
            Err(_) => tracing::error!(code = "writer_panic", "the writer task starts again"),
        }
    }
}

/// What jobs did, and how many say so.
fn told(ran: &[Box<dyn Job>]) -> Option<(String, usize)> {
    let events: Vec<&Event> = ran.iter().filter_map(|job| job.event()).collect();
    Some((encoded(&events)?, events.len()))
}

struct Lane {
    connection: Option<Box<SqliteConnection>>,
    options: SqliteConnectOptions,
    watchdog: Watchdog,
}

impl Lane {
    async fn serve(mut self, waiting: Waiting) {
        let mut waiting = waiting.lock().await;
        while let Some(first) = waiting.recv().await {
            self.group(first, &mut waiting).await;
        }
        if let Some(connection) = self.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(
                code = sql_code(&error),
                "closing the write connection failed"
            );
        }
    }

    async fn group(&mut self, first: Box<dyn Job>, waiting: &mut mpsc::Receiver<Box<dyn Job>>) {
        faults::point("writer.before_begin");
        if !self.begin().await {
            first.finish(End::Failed);
            return;
        }
        faults::point("writer.after_begin");
        let started = Instant::now();
        let mut ran = Vec::with_capacity(8);
        let mut next = Some(first);
        let mut lost = false;
        while let Some(mut job) = next.take() {
            lost = self.run(&mut *job, Attempt::Group).await == Ran::Lost;
            ran.push(job);
            if !lost && ran.len() < GROUP && started.elapsed() < GROUP_TIME {
                next = waiting.try_recv().ok();
            }
        }
        let told = told(&ran);
        if !lost && self.account(told).await && self.commit().await.is_ok() {
            telemetry::emit(GroupCommitted {
                updates: ran.len(),
                took: started.elapsed(),
            });
            for job in ran {
                job.finish(End::Committed);
            }
            return;
        }
        self.rollback().await;
        for job in ran {
            self.alone(job).await;
        }
    }

    /// One job, one transaction; if even that is refused, the job records its refusal in another.
    async fn alone(&mut self, mut job: Box<dyn Job>) {
        for attempt in [Attempt::Alone, Attempt::Refused] {
            if !self.begin().await {
                break;
            }
            let ran = self.run(&mut *job, attempt).await;
            let told = told(std::slice::from_ref(&job));
            if ran == Ran::Done && self.account(told).await {
                match self.commit().await {
                    Ok(()) => {
                        job.finish(End::Committed);
                        return;
                    }
                    // A deferred constraint is the statement's fault, anything else the store's.
                    Err(error) if !is_constraint(&error) => {
                        self.rollback().await;
                        break;
                    }
                    Err(_) => {}
                }
            }
            self.rollback().await;
        }
        job.finish(End::Failed);
    }

    async fn run(&mut self, job: &mut dyn Job, attempt: Attempt) -> Ran {
        let Some(connection) = self.connection.take() else {
            return Ran::Lost;
        };
        let (connection, ran) = job.run(connection, attempt).await;
        self.connection = connection;
        ran
    }

    /// Opens the transaction, on a new connection if the last one is gone.
    async fn begin(&mut self) -> bool {
        if self.connection.is_none() {
            match self.connect().await {
                Ok(connection) => self.connection = Some(connection),
                Err(error) => {
                    tracing::error!(code = sql_code(&error), "the database cannot be opened");
                    return false;
                }
            }
        }
        // IMMEDIATE: nobody else can write between our reads and our writes.
        let begun = self.execute("BEGIN IMMEDIATE").await;
        if let Err(error) = &begun
            && !is_busy(error)
        {
            self.connection = None; // whatever state it is in, a new one is in none
        }
        begun.is_ok()
    }

    /// Writes down what was told, in the open transaction; false: that is in doubt.
    async fn account(&mut self, told: Option<(String, usize)>) -> bool {
        let (Some((json, count)), Some(connection)) = (told, self.connection.as_mut()) else {
            return true;
        };
        let stored = events::insert(connection, &json).await;
        match &stored {
            Ok(()) => telemetry::emit(EventsWritten { events: count }),
            Err(error) => {
                tracing::error!(code = sql_code(error), "events cannot be written");
            }
        }
        stored.is_ok()
    }

    async fn connect(&self) -> Result<Box<SqliteConnection>, sqlx::Error> {
        let mut connection = Box::new(self.options.connect().await?);
        self.watchdog.watch(&mut connection).await?;
        Ok(connection)
    }

    async fn commit(&mut self) -> Result<(), sqlx::Error> {
        faults::point("writer.before_commit");
        let committed = self.execute("COMMIT").await;
        faults::point("writer.after_commit");
        committed
    }

    /// After a loss: the transaction may be gone already, then this fails and all is well.
    async fn rollback(&mut self) {
        if let Some(connection) = self.connection.as_mut() {
            let _ = sqlx::query("ROLLBACK").execute(&mut **connection).await;
        }
    }

    async fn execute(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        let Some(connection) = self.connection.as_mut() else {
            return Err(sqlx::Error::WorkerCrashed);
        };
        match sqlx::query(sql).execute(&mut **connection).await {
            Ok(_) => Ok(()),
            Err(error) => {
                tracing::error!(code = sql_code(&error), "`{sql}` failed");
                if is_fatal(&error) {
                    self.connection = None;
                }
                Err(error)
            }
        }
    }
}
