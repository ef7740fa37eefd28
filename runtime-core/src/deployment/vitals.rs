//! What the health routes say. A task asks the parts again and again and remembers the answers, so that a route answers at
//! once even while a part hangs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::parts::Core;
use crate::telemetry::{self, events};

/// How often the parts are asked.
const EVERY: Duration = Duration::from_millis(500);
/// How often the model's server is asked.
const MODEL_EVERY: Duration = Duration::from_secs(5);
/// A part that takes longer is not well.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a route waits for the first answer after the start.
const FIRST: Duration = Duration::from_millis(150);

/// How the parts are.
#[derive(Debug, Clone)]
pub struct Vitals {
    database: watch::Receiver<Option<bool>>,
    redis: Arc<AtomicBool>,
    model: Arc<AtomicBool>,
    stopping: Arc<AtomicBool>,
}

impl Vitals {
    /// Begins to ask, until the last copy of what this returns is gone. To be called inside a runtime.
    pub fn watch(core: Arc<dyn Core>) -> Self {
        let (tell, database) = watch::channel(None);
        let redis = Arc::new(AtomicBool::new(false));
        let model = Arc::new(AtomicBool::new(false));
        tokio::spawn(ask_model(core.clone(), tell.clone(), model.clone()));
        tokio::spawn(ask(core, tell, redis.clone()));
        Self {
            database,
            redis,
            model,
            stopping: Arc::default(),
        }
    }

    /// Whether the database answered the last time it was asked.
    pub async fn database(&self) -> bool {
        let mut database = self.database.clone();
        let first = database.wait_for(Option::is_some);
        match tokio::time::timeout(FIRST, first).await {
            Ok(Ok(known)) => *known == Some(true),
            _ => false,
        }
    }

    /// Whether Redis answered the last time it was asked.
    pub fn redis(&self) -> bool {
        self.redis.load(Ordering::Relaxed)
    }

    /// Whether the model's server answered the last time it was asked.
    pub fn model(&self) -> bool {
        self.model.load(Ordering::Relaxed)
    }

    /// From now on this process is not ready.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked to stop.
    pub fn stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}

async fn ask(core: Arc<dyn Core>, tell: watch::Sender<Option<bool>>, redis: Arc<AtomicBool>) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = tell.closed() => return,
        }
        let began = Instant::now();
        redis.store(core.redis_healthy(), Ordering::Relaxed);
        let asked = tokio::time::timeout(PATIENCE, core.healthy()).await;
        let database = asked.unwrap_or(false);
        let before = tell.send_replace(Some(database));
        if before != Some(database) {
            telemetry::emit(events::DatabaseChanged {
                ok: database,
                took: began.elapsed(),
            });
        }
    }
}

/// Asks the model's server, where one is configured.
async fn ask_model(core: Arc<dyn Core>, tell: watch::Sender<Option<bool>>, model: Arc<AtomicBool>) {
    let Some(llm) = core.llm().filter(|llm| llm.configured()) else {
        return;
    };
    let mut tick = tokio::time::interval(MODEL_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut first = true;
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = tell.closed() => return,
        }
        let up = llm.healthy().await;
        if model.swap(up, Ordering::Relaxed) != up || first {
            telemetry::emit(events::LlmUp { up });
        }
        first = false;
    }
}
