//! The task that stores steps: what waits while one call runs goes together in the next. One transaction and one sync for
//! all of them, and each is decided by itself. No timer: a step that finds nobody waiting goes at once.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::{Arguments, Row};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::QUICK;
use super::conversation::{add, add_event, outcome, state};
use super::events;
use super::pool::{Pool, on};
use crate::faults;
use crate::store::conversation::{Effects, Step, json_rows};
use crate::store::error::{StoreError, is_disconnect, sql_code};
use crate::telemetry;
use crate::telemetry::events::GroupCommitted;

/// Steps that may wait; more is overload.
const QUEUE: usize = 4096;
/// Steps of one call.
const BATCH: usize = 64;
/// How long a step waits for its outcome. One that comes later is found by its claim.
const WAIT: Duration = Duration::from_secs(8);

/// `None`: handled before, its response is to be looked up.
type Outcome = Result<Option<Step>, StoreError>;

struct Job {
    effects: Effects,
    tell: oneshot::Sender<Outcome>,
}

/// The way to the task.
#[derive(Debug)]
pub(super) struct Steps {
    queue: RwLock<Option<mpsc::Sender<Job>>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Steps {
    /// Steps go over the one connection of `pool`.
    pub(super) fn start(pool: Arc<Pool>) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        Self {
            queue: RwLock::new(Some(queue)),
            task: Mutex::new(Some(tokio::spawn(supervise(pool, waiting)))),
        }
    }

    /// Stores a step; what came of it.
    ///
    /// # Errors
    /// Busy: too much waits, or the outcome is not known in time. A database's error is this step's own.
    pub(super) async fn submit(&self, effects: Effects) -> Outcome {
        let (tell, told) = oneshot::channel();
        {
            let queue = self.queue.read().unwrap_or_else(PoisonError::into_inner);
            let queue = queue.as_ref().ok_or(StoreError::Busy)?;
            queue
                .try_send(Job { effects, tell })
                .map_err(|_| StoreError::Busy)?;
        }
        match tokio::time::timeout(WAIT, told).await {
            Ok(Ok(told)) => told,
            _ => Err(StoreError::Busy),
        }
    }

    /// Steps that wait.
    pub(super) fn depth(&self) -> usize {
        let queue = self.queue.read().unwrap_or_else(PoisonError::into_inner);
        queue
            .as_ref()
            .map_or(0, |queue| queue.max_capacity() - queue.capacity())
    }

    /// Takes no further steps and stores those that wait.
    pub(super) async fn close(&self) {
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

/// Keeps the task alive: a panic costs the steps of its batch (their callers answer busy), never the store.
async fn supervise(pool: Arc<Pool>, waiting: mpsc::Receiver<Job>) {
    let waiting = Arc::new(tokio::sync::Mutex::new(waiting));
    while let Err(ended) = tokio::spawn(serve(pool.clone(), waiting.clone())).await {
        if ended.is_cancelled() {
            break; // the runtime ends
        }
        tracing::error!(code = "steps_panic", "the task of steps starts again");
    }
    pool.close().await;
}

async fn serve(pool: Arc<Pool>, waiting: Arc<tokio::sync::Mutex<mpsc::Receiver<Job>>>) {
    let mut waiting = waiting.lock().await;
    let mut batch = Vec::with_capacity(BATCH);
    while waiting.recv_many(&mut batch, BATCH).await > 0 {
        batch.retain(|job| !job.tell.is_closed());
        if !batch.is_empty() {
            store(&pool, std::mem::take(&mut batch)).await;
            batch.reserve(BATCH);
        }
    }
}

async fn store(pool: &Arc<Pool>, mut batch: Vec<Job>) {
    if batch.len() > 1 {
        // Whoever else stores the same updates or conversations takes them in this order too.
        batch.sort_by_key(|job| {
            let key = job.effects.key;
            (
                key.bot,
                key.chat,
                key.person,
                key.thread,
                job.effects.update_id,
            )
        });
        let began = Instant::now();
        faults::point("steps.before_call");
        let stored = on!(pool, QUICK, connection => together(connection, &batch));
        faults::point("steps.after_call");
        match stored {
            Ok(outcomes) => {
                telemetry::emit(GroupCommitted {
                    updates: batch.len(),
                    took: began.elapsed(),
                });
                for (job, outcome) in batch.into_iter().zip(outcomes) {
                    let _ = job.tell.send(outcome); // whoever waited may have gone
                }
                return;
            }
            Err(StoreError::Sql(error))
                if matches!(error, sqlx::Error::Database(_)) && !is_disconnect(&error) =>
            {
                // One of them is to blame: each by itself.
                tracing::warn!(code = sql_code(&error), "a batch of steps runs one by one");
            }
            Err(_) => {
                for job in batch {
                    let _ = job.tell.send(Err(StoreError::Busy));
                }
                return;
            }
        }
    }
    for job in batch {
        if job.tell.is_closed() {
            continue;
        }
        let began = Instant::now();
        faults::point("steps.before_call");
        let stored = on!(pool, QUICK, connection => alone(connection, &job.effects));
        faults::point("steps.after_call");
        if stored.is_ok() {
            telemetry::emit(GroupCommitted {
                updates: 1,
                took: began.elapsed(),
            });
        }
        let _ = job.tell.send(stored);
    }
}

const ONE: &str = "SELECT bf_finish($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)";
const MANY: &str = "SELECT * FROM bf_steps($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)";

async fn alone(
    connection: &mut PgConnection,
    effects: &Effects,
) -> Result<Option<Step>, sqlx::Error> {
    let mut arguments = PgArguments::default();
    add(&mut arguments, effects)?;
    let told = add_event(&mut arguments, effects)?;
    let one = if told { events::TOLD } else { ONE };
    let rows = sqlx::query_with(one, arguments)
        .fetch_all(connection)
        .await?;
    let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    outcome(row.try_get(0)?, None, None)
}

async fn together(
    connection: &mut PgConnection,
    batch: &[Job],
) -> Result<Vec<Outcome>, sqlx::Error> {
    let mut arguments = PgArguments::default();
    bind(&mut arguments, batch).map_err(sqlx::Error::Encode)?;
    let told = events::placed(batch.iter().map(|job| job.effects.event.as_ref()));
    let many = if told.is_some() {
        events::MANY_TOLD
    } else {
        MANY
    };
    if let Some(told) = told {
        arguments.add(told).map_err(sqlx::Error::Encode)?;
    }
    let rows = sqlx::query_with(many, arguments)
        .fetch_all(connection)
        .await?;
    let mut outcomes: Vec<Outcome> = batch.iter().map(|_| Ok(Some(Step::Done))).collect();
    for row in &rows {
        let place: i32 = row.try_get(0)?;
        let told = outcome(row.try_get(1)?, row.try_get(2)?, row.try_get(3)?)?;
        let place = usize::try_from(place).ok().and_then(|n| n.checked_sub(1));
        if let Some(outcome) = place.and_then(|place| outcomes.get_mut(place)) {
            *outcome = Ok(told);
        }
    }
    Ok(outcomes)
}

/// One array for each parameter of [`add`].
fn bind(arguments: &mut PgArguments, batch: &[Job]) -> Result<(), sqlx::error::BoxDynError> {
    macro_rules! column {
        ($effects:ident => $value:expr) => {{
            let column: Vec<_> = batch
                .iter()
                .map(|job| {
                    let $effects = &job.effects;
                    $value
                })
                .collect();
            arguments.add(column)?;
        }};
    }
    column!(e => e.key.bot);
    column!(e => e.update_id);
    column!(e => e.key.chat);
    column!(e => e.key.person);
    column!(e => e.key.thread);
    column!(e => e.at);
    column!(e => e.first.chat);
    column!(e => state(&e.first));
    column!(e => e.first.lease_until);
    column!(e => e.first.call.as_deref());
    column!(e => json_rows(&e.rest));
    column!(e => e.conversation.as_ref().map(|_| e.expected));
    column!(e => e.conversation.as_ref().map(|moved| moved.run));
    column!(e => e.conversation.as_ref().map(|moved| moved.expires));
    column!(e => e.conversation.as_ref().and_then(|moved| moved.waiting.as_deref()));
    column!(e => e.conversation.as_ref().map(|moved| moved.timer));
    column!(e => e.locale.map(|locale| locale.0));
    column!(e => e.locale.map(|locale| locale.1));
    column!(e => e.letter.as_ref().map(|letter| letter.0));
    column!(e => e.letter.as_ref().map(|letter| letter.1.as_str()));
    column!(e => e.first.flags);
    Ok(())
}
