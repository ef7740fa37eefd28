//! What the metrics show of it while nobody asks: the day's tokens begin anew at midnight, and the breaker that all
//! instances share may be moved by another one.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::Llm;
use crate::telemetry;
use crate::telemetry::events::{BreakerStands, LlmBudget};

/// How often it is looked at.
const LOOK: Duration = Duration::from_secs(30);

impl Llm {
    /// Looks until the stop signal.
    pub async fn watch(self, mut stopped: watch::Receiver<bool>) {
        let Some(inner) = self.inner.clone().filter(|inner| inner.model.is_some()) else {
            return;
        };
        let mut tick = tokio::time::interval(LOOK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = stopped.wait_for(|stop| *stop) => return,
                _ = tick.tick() => {}
            }
            for bot in &inner.bots {
                if let Ok(Some(usage)) = self.usage(bot.id).await {
                    telemetry::emit(LlmBudget {
                        bot: bot.id,
                        spent: 0,
                        used: usage.current_usage,
                        limit: usage.daily_limit,
                    });
                }
                if let Some(view) = self.breaker(bot.id).await {
                    telemetry::emit(BreakerStands {
                        bot: bot.id,
                        open: view.state != "closed",
                    });
                }
            }
        }
    }
}
