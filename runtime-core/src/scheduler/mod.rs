//! What happens without an update: timers of dialogues, and forgetting.
//!
//! Every instance runs it and none leads: each takes other rows, and what it has taken falls to another one if it dies.

mod gauges;
mod jobs;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

pub use jobs::{PLACES, Worker};

use crate::engine::Engine;
use crate::store::letters::BATCH;
use crate::store::{Store, StoreError};
use crate::telemetry;
use crate::telemetry::events::StoreFailed;

/// How often timers are looked for: a timer fires at most about this much late.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Timers taken at once.
const TAKEN: u32 = 64;
/// Timers fired beside each other: they must not crowd out updates.
const BESIDE: usize = 8;
/// How often old claims are forgotten.
const PRUNE_EVERY: Duration = Duration::from_secs(10);
/// While there is much to forget: turns of one round, and the pause between two of them.
const PRUNE_TURNS: u32 = 150;
const PRUNE_PAUSE: Duration = Duration::from_millis(20);

/// The scheduler of one instance.
#[derive(Debug, Clone)]
pub struct Scheduler {
    store: Arc<Store>,
    engine: Arc<Engine>,
}

impl Scheduler {
    /// At rest.
    pub fn new(store: Arc<Store>, engine: Arc<Engine>) -> Self {
        Self { store, engine }
    }

    /// Works until the stop signal; a batch of timers that was taken is fired first.
    pub async fn run(self, stopped: watch::Receiver<bool>) {
        let forgetting = self.clone().forget(stopped.clone());
        let looking = self.gauges(stopped.clone());
        tokio::join!(self.timers(stopped), forgetting, looking);
    }

    /// Takes one batch of the timers that are due and fires them; how many.
    ///
    /// # Errors
    /// The database fails; what was taken is taken again when its lease ends.
    pub async fn fire_due(&self) -> Result<usize, StoreError> {
        let due = self.store.due(&self.engine.bot_ids(), TAKEN).await?;
        let taken = due.len();
        let mut firing = JoinSet::new();
        for timer in due {
            if firing.len() >= BESIDE {
                firing.join_next().await;
            }
            let engine = self.engine.clone();
            firing.spawn(async move { engine.fire(timer).await });
        }
        while firing.join_next().await.is_some() {}
        Ok(taken)
    }

    async fn timers(&self, mut stopped: watch::Receiver<bool>) {
        if !self.engine.has_timers() {
            return;
        }
        // Instances that were started together do not look together.
        let first = Instant::now() + LOOK_EVERY.mul_f64(rand::random());
        let mut tick = interval_at(first, LOOK_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = stopped.wait_for(|stop| *stop) => return,
                _ = tick.tick() => {}
            }
            while !*stopped.borrow() {
                match self.fire_due().await {
                    Ok(taken) if taken == TAKEN as usize => {}
                    Ok(_) => break,
                    Err(_) => {
                        telemetry::emit(StoreFailed { task: "timers" });
                        break;
                    }
                }
            }
        }
    }

    async fn forget(self, mut stopped: watch::Receiver<bool>) {
        let mut tick = tokio::time::interval(PRUNE_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = stopped.wait_for(|stop| *stop) => return,
                _ = tick.tick() => {}
            }
            for _ in 0..PRUNE_TURNS {
                match self.store.prune().await {
                    Ok(forgotten) if i64::try_from(forgotten).is_ok_and(|n| n >= BATCH) => {
                        tokio::time::sleep(PRUNE_PAUSE).await;
                    }
                    Ok(_) => break,
                    Err(_) => {
                        telemetry::emit(StoreFailed { task: "prune" });
                        break;
                    }
                }
                if *stopped.borrow() {
                    return;
                }
            }
        }
    }
}
