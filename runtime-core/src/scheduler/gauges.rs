//! What is looked at from time to time for the metrics, because no event tells of it.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::Scheduler;
use crate::store::counts::Walk;
use crate::telemetry;
use crate::telemetry::events::{DialoguesCounted, StoreFailed};

/// How often queues and pools are looked at.
const LOOK: Duration = Duration::from_secs(2);
/// The tables are counted every so many looks: twice a minute. So often a walk over the conversations begins, if the one
/// before has ended: it takes a step at a look.
const COUNT: u32 = 15;

impl Scheduler {
    /// Looks until the stop signal.
    pub(super) async fn gauges(&self, mut stopped: watch::Receiver<bool>) {
        let bots = self.engine.names();
        let (mut walk, mut walking) = (Walk::default(), false);
        let mut tick = tokio::time::interval(LOOK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for look in 0_u32.. {
            tokio::select! {
                _ = stopped.wait_for(|stop| *stop) => return,
                _ = tick.tick() => {}
            }
            telemetry::emit(self.store.depths());
            if look % COUNT == 0 {
                walking = true;
                match self.store.counted().await {
                    Ok(counted) => telemetry::emit(counted),
                    Err(_) => telemetry::emit(StoreFailed { task: "counts" }),
                }
            }
            if !walking {
                continue;
            }
            match self.store.walk(&mut walk).await {
                Ok(None) => {}
                Ok(Some(found)) => {
                    walking = false;
                    let of = |(name, bot): &(&'static str, i64)| {
                        (*name, found.get(bot).copied().unwrap_or_default())
                    };
                    telemetry::emit(DialoguesCounted(bots.iter().map(of).collect()));
                }
                Err(_) => {
                    walking = false; // on it goes with the next count
                    telemetry::emit(StoreFailed { task: "counts" });
                }
            }
        }
    }
}
