//! The worker: takes jobs of handlers that wait for the model, and ends them.
//!
//! Every bot has places of its own, so that one whose questions take long holds up no other.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::engine::Engine;
use crate::store::{Store, StoreError};
use crate::telemetry;
use crate::telemetry::events::{JobsWaiting, StoreFailed};

/// How often jobs of other instances and of earlier processes are looked for; those of this one are told at once.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Jobs of one bot that run beside each other.
pub const PLACES: usize = 32;
/// How long jobs under way may take after the stop signal: below what a process has for its end.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is counted what waits, and forgotten what nobody ends.
const COUNT_EVERY: Duration = Duration::from_secs(15);

/// The worker of one instance.
#[derive(Debug)]
pub struct Worker {
    store: Arc<Store>,
    engine: Arc<Engine>,
    tasks: JoinSet<()>,
    /// The job that a task ends, and whose it is.
    under_way: HashMap<Id, UnderWay>,
    patience: Duration,
}

#[derive(Debug)]
struct UnderWay {
    bot: i64,
    job: i64,
}

impl Worker {
    /// At rest.
    pub fn new(store: Arc<Store>, engine: Arc<Engine>) -> Self {
        Self {
            store,
            engine,
            tasks: JoinSet::new(),
            under_way: HashMap::new(),
            patience: PATIENCE,
        }
    }

    /// How long jobs under way may take after the stop signal.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Works until the stop signal; then what runs is ended, or given back to the other instances and the next process.
    pub async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        if self.engine.slow_bots().is_empty() {
            return;
        }
        // Instances that were started together do not look together.
        let first = Instant::now() + LOOK_EVERY.mul_f64(rand::random());
        let mut tick = interval_at(first, LOOK_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut count = tokio::time::interval(COUNT_EVERY);
        count.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let engine = self.engine.clone();
        loop {
            tokio::select! {
                () = async { let _ = stopped.wait_for(|stop| *stop).await; } => break,
                _ = tick.tick() => {}
                () = engine.jobs().notified() => {}
                Some(ended) = self.tasks.join_next_with_id() => self.ended(ended),
                _ = count.tick() => {
                    self.count().await;
                    continue;
                }
            }
            while let Some(ended) = self.tasks.try_join_next_with_id() {
                self.ended(ended);
            }
            if self.take().await.is_err() {
                telemetry::emit(StoreFailed { task: "jobs" });
            }
        }
        let patience = self.patience;
        let ending = async {
            while let Some(ended) = self.tasks.join_next_with_id().await {
                self.ended(ended);
            }
        };
        if tokio::time::timeout(patience, ending).await.is_err() {
            self.give_back().await;
        }
    }

    /// Nobody here waits for these answers any longer. A job that has ended meanwhile is not there to be given back.
    async fn give_back(&mut self) {
        self.tasks.shutdown().await;
        for (_, UnderWay { job, .. }) in self.under_way.drain() {
            if self.store.put_off_job(job, Duration::ZERO).await.is_err() {
                telemetry::emit(StoreFailed { task: "jobs" });
            }
        }
    }

    /// Ends every job that is ready, those that their ends make too; how many. For tests and tools.
    ///
    /// # Errors
    /// The database fails.
    pub async fn end_ready(&mut self) -> Result<usize, StoreError> {
        let mut all = 0;
        loop {
            let taken = self.take().await?;
            if taken == 0 && self.tasks.is_empty() {
                return Ok(all);
            }
            all += taken;
            while let Some(ended) = self.tasks.join_next_with_id().await {
                self.ended(ended);
            }
        }
    }

    /// Takes what there are places for.
    async fn take(&mut self) -> Result<usize, StoreError> {
        let mut all = 0;
        for (bot, _) in self.engine.slow_bots() {
            let running = self.under_way.values().filter(|of| of.bot == bot).count();
            let free = PLACES.saturating_sub(running);
            if free == 0 {
                continue;
            }
            let limit = u32::try_from(free).unwrap_or(u32::MAX);
            let jobs = self.store.take_jobs(bot, limit).await?;
            all += jobs.len();
            for job in jobs {
                let engine = self.engine.clone();
                let under_way = UnderWay { bot, job: job.id };
                let task = self.tasks.spawn(async move { engine.finish(job).await });
                self.under_way.insert(task.id(), under_way);
            }
        }
        Ok(all)
    }

    fn ended(&mut self, ended: Result<(Id, ()), JoinError>) {
        let id = match ended {
            Ok((id, ())) => id,
            Err(error) => {
                tracing::error!(code = "job_panic", "a job ended unclear; its lease ends");
                error.id()
            }
        };
        self.under_way.remove(&id);
    }

    async fn count(&self) {
        let now = self.store.clock().micros();
        for (bot, name) in self.engine.slow_bots() {
            let Ok((jobs, since)) = self.store.jobs_waiting(bot).await else {
                telemetry::emit(StoreFailed { task: "jobs" });
                return;
            };
            let oldest = if jobs == 0 {
                0
            } else {
                now.saturating_sub(since)
            };
            telemetry::emit(JobsWaiting {
                bot: name,
                jobs,
                oldest: Duration::from_micros(u64::try_from(oldest).unwrap_or(0)),
            });
        }
        if self.store.prune_jobs().await.is_err() {
            telemetry::emit(StoreFailed { task: "jobs" });
        }
    }
}
