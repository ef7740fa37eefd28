//! What webhook and polling share: they hand an update to the engine within its deadline, and send what must leave before
//! the acknowledgement.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::parts::Core;
use crate::engine::{OfferedRow, Outcome};
use crate::incoming::{Event, Incoming};
use crate::outbox::DirectError;
use crate::redis::counters::Counters;
use crate::telegram::error::ApiError;
use crate::telegram::method::Call;
use crate::telemetry::life::Life;
use crate::telemetry::{self, events};

/// From arrival to acknowledgement, queueing included. Telegram itself waits 60 s
/// (Bot API server, `WebhookActor.cpp`: idle timeout).
pub const DEADLINE: Duration = Duration::from_secs(25);
/// Attempts at an update whose replies Telegram does not take; then they are given up.
const ATTEMPTS: u64 = 3;
/// How long attempts at an update are remembered: Telegram's pauses between them grow to two minutes.
const REMEMBERED: Duration = Duration::from_secs(3600);

/// What the update's sender is told.
#[derive(Debug)]
pub enum Delivered {
    /// Acknowledged; the call may ride in the response.
    Done(Option<(Call, Option<OfferedRow>)>),
    /// Later again.
    Busy {
        /// Seconds.
        retry_after: u32,
    },
}

/// A bot as ingress sees it.
#[derive(Debug, Clone, Copy)]
pub struct Addressee {
    /// Folder name, for metrics and logs.
    pub name: &'static str,
    /// Telegram's numeric id.
    pub id: i64,
}

/// Hands updates on.
#[derive(Debug)]
pub struct Delivery {
    /// Failed attempts to send what must leave before the acknowledgement, by bot and update.
    counters: Arc<Counters>,
}

impl Delivery {
    /// Counts with these.
    pub fn new(counters: Arc<Counters>) -> Self {
        Self { counters }
    }

    /// Handles one update. Kinds that no bot uses are counted and done with.
    pub async fn run(&self, core: &dyn Core, bot: Addressee, incoming: Incoming) -> Delivered {
        let (arrived, trace_id) = (incoming.arrived, incoming.trace_id.clone());
        let life = Life::of(&trace_id, bot.name, incoming.event.person());
        let mut finished = UnderWay::begin(life, &incoming);
        let delivered = if matches!(incoming.event, Event::Other(_)) {
            Delivered::Done(None)
        } else {
            let until = tokio::time::Instant::from_std(arrived + DEADLINE);
            let handled = life.during(self.handle(core, bot, incoming));
            tokio::time::timeout_at(until, handled)
                .await
                .unwrap_or(Delivered::Busy { retry_after: 1 })
        };
        finished.outcome = match delivered {
            Delivered::Done(_) => "done",
            Delivered::Busy { .. } => "busy",
        };
        delivered
    }

    async fn handle(&self, core: &dyn Core, bot: Addressee, incoming: Incoming) -> Delivered {
        let update_id = incoming.update_id;
        match core.handle(incoming).await {
            Outcome::Busy { retry_after } => Delivered::Busy { retry_after },
            Outcome::Done { response, calls } => {
                for outgoing in calls {
                    let method = outgoing.call.name();
                    match core.direct(bot.id, outgoing).await {
                        Ok(()) => {}
                        Err(error) => {
                            if let Some(busy) = self.failed(bot, update_id, method, error).await {
                                return busy;
                            }
                        }
                    }
                }
                Delivered::Done(response)
            }
        }
    }

    /// A call did not leave. `Some`: the whole update again, later; `None`: nothing more can be done for this call.
    async fn failed(
        &self,
        bot: Addressee,
        update_id: i64,
        method: &'static str,
        error: DirectError,
    ) -> Option<Delivered> {
        let error = match error {
            // Flood control is not a failure, only a delay.
            DirectError::Later { retry_after } => return Some(Delivered::Busy { retry_after }),
            DirectError::Api(error) => error,
        };
        let transient = error.transient() || matches!(error, ApiError::BadToken);
        if transient && self.attempt(bot.id, update_id).await < ATTEMPTS {
            return Some(Delivered::Busy { retry_after: 2 });
        }
        telemetry::emit(events::ReplyFailed {
            bot: bot.name,
            class: error.class(),
            method,
            reason: &error.to_string(),
            update_id,
        });
        None
    }

    async fn attempt(&self, bot: i64, update_id: i64) -> u64 {
        let name = format!("attempts:{bot}:{update_id}");
        self.counters.count(&name, REMEMBERED).await
    }
}

/// An update under way: counted as received, and as finished even if its future is dropped with its connection.
pub(crate) struct UnderWay {
    channel: &'static str,
    update_id: i64,
    trace_id: String,
    arrived: Instant,
    /// `done`, `busy`, or `dropped`.
    pub(crate) outcome: &'static str,
    life: Life,
}

impl UnderWay {
    pub(crate) fn begin(life: Life, incoming: &Incoming) -> Self {
        let channel = incoming.channel.name();
        life.within(|| {
            telemetry::emit(events::UpdateReceived {
                bot: life.bot,
                channel,
                kind: incoming.event.kind(),
            });
        });
        Self {
            channel,
            update_id: incoming.update_id,
            trace_id: incoming.trace_id.clone(),
            arrived: incoming.arrived,
            outcome: "dropped",
            life,
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.life.within(|| {
            telemetry::emit(events::UpdateFinished {
                bot: self.life.bot,
                channel: self.channel,
                update_id: self.update_id,
                trace_id: &self.trace_id,
                outcome: self.outcome,
                took: self.arrived.elapsed(),
            });
        });
    }
}
