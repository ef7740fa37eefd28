//! What is looked at from time to time for the metrics, because no event tells of it.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::Scheduler;
use crate::telemetry;
use crate::telemetry::events::StoreFailed;

/// How often queues and pools are looked at.
const LOOK: Duration = Duration::from_secs(2);
/// The tables are counted every so many looks: twice a minute.
const COUNT: u32 = 15;

impl Scheduler {
    /// Looks until the stop signal.
    pub(super) async fn gauges(&self, mut stopped: watch::Receiver<bool>) {
        let bots = self.engine.names();
        let mut tick = tokio::time::interval(LOOK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for look in 0_u32.. {
            tokio::select! {
                _ = stopped.wait_for(|stop| *stop) => return,
                _ = tick.tick() => {}
            }
            telemetry::emit(self.store.depths());
            if look % COUNT == 0 {
                match self.store.counted(&bots).await {
                    Ok(counted) => telemetry::emit(counted),
                    Err(_) => telemetry::emit(StoreFailed { task: "counts" }),
                }
            }
        }
    }
}
