//! Broadcasts, and the people who may get them.

use std::time::Duration;

use tracing::{info, warn};

use crate::telemetry::Fact;
use crate::telemetry::metrics::Metrics;

/// People who were seen are written.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct PeopleWritten {
    pub people: usize,
}

impl Fact for PeopleWritten {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.people_written
                .inc_by(u64::try_from(self.people).unwrap_or(u64::MAX));
        }
    }
}

/// The first recipients of a broadcast have their rows.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct BroadcastBegun {
    pub bot: &'static str,
    pub id: i64,
    /// `all`, `active`, `segment` or `people`.
    pub audience: &'static str,
}

impl Fact for BroadcastBegun {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.broadcasts
                .with_label_values(&[self.bot, self.audience])
                .inc();
        }
        info!(
            bot_id = self.bot,
            broadcast = self.id,
            audience = self.audience,
            "broadcast begins"
        );
    }
}

/// A broadcast changed its state.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct BroadcastMoved {
    pub bot: &'static str,
    pub id: i64,
    /// `running`, `paused`, `completed` or `cancelled`.
    pub state: &'static str,
    /// Of one that is completed.
    pub took: Option<Duration>,
}

impl Fact for BroadcastMoved {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.broadcast_moves
                .with_label_values(&[self.bot, self.state])
                .inc();
            if let Some(took) = self.took {
                m.broadcast_seconds
                    .with_label_values(&[self.bot])
                    .observe(took.as_secs_f64());
            }
        }
        info!(
            bot_id = self.bot,
            broadcast = self.id,
            state = self.state,
            "broadcast moved"
        );
    }
}

/// This instance begins (1) or stops (-1) sending a broadcast.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct BroadcastRunning {
    pub bot: &'static str,
    pub by: i64,
}

impl Fact for BroadcastRunning {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.broadcasts_running
                .with_label_values(&[self.bot])
                .add(self.by);
        }
    }
}

/// So many recipients of a bot's running broadcasts wait.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct BroadcastsWaiting {
    pub bot: &'static str,
    pub people: i64,
}

impl Fact for BroadcastsWaiting {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.broadcast_waiting
                .with_label_values(&[self.bot])
                .set(self.people);
        }
    }
}

/// Recipients came to an end.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct BroadcastSettled {
    pub bot: &'static str,
    /// `sent`, `failed`, `blocked`, `ambiguous`, `skipped`, or `again`.
    pub outcome: &'static str,
    pub people: i64,
}

impl Fact for BroadcastSettled {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.broadcast_recipients
                .with_label_values(&[self.bot, self.outcome])
                .inc_by(u64::try_from(self.people).unwrap_or(0));
        }
    }
}

/// A call of a broadcast was made.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct BroadcastCalled {
    pub bot: &'static str,
    /// After the moment that the pace gave it.
    pub late: Duration,
}

impl Fact for BroadcastCalled {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.broadcast_late
                .with_label_values(&[self.bot])
                .observe(self.late.as_secs_f64());
        }
    }
}

/// Moments of a broadcast's pace that this instance could not use.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct MomentsLost {
    pub bot: &'static str,
    /// `begin`: no call had been committed; `answers`: too many calls had no answer; `late`: this process was.
    pub reason: &'static str,
    pub moments: i64,
}

impl Fact for MomentsLost {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.broadcast_lost
                .with_label_values(&[self.bot, self.reason])
                .inc_by(u64::try_from(self.moments).unwrap_or(0));
        }
    }
}

/// A bot's broadcasts pause: flood control, or a Telegram that does not answer.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct BroadcastHeld {
    pub bot: &'static str,
    pub id: i64,
    pub pause: Duration,
}

impl Fact for BroadcastHeld {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.broadcast_holds.with_label_values(&[self.bot]).inc();
        }
        warn!(
            bot_id = self.bot,
            broadcast = self.id,
            pause_ms = u64::try_from(self.pause.as_millis()).unwrap_or(u64::MAX),
            "broadcasts pause"
        );
    }
}
