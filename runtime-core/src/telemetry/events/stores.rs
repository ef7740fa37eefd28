//! The database and Redis.

use std::time::Duration;

use tracing::{error, info, warn};

use crate::telemetry::Fact;
use crate::telemetry::metrics::Metrics;

/// The store's writer committed a group.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct GroupCommitted {
    pub updates: usize,
    pub took: Duration,
}

impl Fact for GroupCommitted {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.commit_seconds.observe(self.took.as_secs_f64());
            #[allow(clippy::cast_precision_loss)]
            m.commit_updates.observe(self.updates as f64);
        }
    }
}

/// The store failed a background task; it will be tried again.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct StoreFailed {
    /// What was being done.
    pub task: &'static str,
}

impl Fact for StoreFailed {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.errors.with_label_values(&["", "store", self.task]).inc();
        }
        error!(
            task = self.task,
            "the database failed; it will be tried again"
        );
    }
}

/// The database went away, or is back.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct DatabaseChanged {
    pub ok: bool,
    /// Of the answer, or of waiting for it.
    pub took: Duration,
}

impl Fact for DatabaseChanged {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.database_up.set(i64::from(self.ok));
        }
        let milliseconds = u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX);
        if self.ok {
            info!(milliseconds, "the database answers");
        } else {
            error!(milliseconds, "the database does not answer");
        }
    }
}

/// Redis went away, or is there (again).
#[derive(Debug)]
#[allow(missing_docs)]
pub struct RedisChanged {
    pub up: bool,
    pub code: &'static str,
}

impl Fact for RedisChanged {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.redis_up.set(i64::from(self.up));
        }
        if self.up {
            info!("Redis answers");
        } else {
            warn!(
                code = self.code,
                "Redis does not answer: budgets, counters and caches are this process's own meanwhile"
            );
        }
    }
}

/// Something that Redis is for went without it.
#[derive(Debug)]
pub struct RedisMissed {
    /// What for.
    pub purpose: &'static str,
}

impl Fact for RedisMissed {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.redis_missed.with_label_values(&[self.purpose]).inc();
        }
    }
}

/// Events were written down.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct EventsWritten {
    pub events: usize,
}

impl Fact for EventsWritten {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.events_written
                .inc_by(u64::try_from(self.events).unwrap_or(u64::MAX));
        }
    }
}

/// Events were lost.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct EventsDropped {
    pub events: usize,
}

impl Fact for EventsDropped {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.events_dropped
                .inc_by(u64::try_from(self.events).unwrap_or(u64::MAX));
        }
    }
}

/// A handler waited for a connection to the database.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct PoolWaited {
    /// `readers`, `handlers`, `own` or `steps`.
    pub pool: &'static str,
    pub took: Duration,
    /// In vain.
    pub timed_out: bool,
}

impl Fact for PoolWaited {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.pool_wait
                .with_label_values(&[self.pool])
                .observe(self.took.as_secs_f64());
            if self.timed_out {
                m.pool_timeouts.with_label_values(&[self.pool]).inc();
            }
        }
    }
}

/// A person's locale was looked up.
#[derive(Debug)]
pub struct LocaleLooked {
    /// It was known here.
    pub hit: bool,
}

impl Fact for LocaleLooked {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            let outcome = if self.hit { "hit" } else { "miss" };
            m.locale_cache.with_label_values(&[outcome]).inc();
        }
    }
}

/// How much waits, and how much is lent out.
#[derive(Debug, Default)]
#[allow(missing_docs)]
pub struct Depths {
    /// Queue and items.
    pub queues: Vec<(&'static str, usize)>,
    /// Pool, connections lent out, and how many there may be.
    pub pools: Vec<(&'static str, usize, usize)>,
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

impl Fact for Depths {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            for (queue, items) in &self.queues {
                m.queue_depth.with_label_values(&[queue]).set(count(*items));
            }
            for (pool, used, size) in &self.pools {
                m.pool_used.with_label_values(&[pool]).set(count(*used));
                m.pool_size.with_label_values(&[pool]).set(count(*size));
                // Their series exist before anybody has waited: a rate sees the first of them, too.
                m.pool_wait.with_label_values(&[pool]);
                m.pool_timeouts.with_label_values(&[pool]);
            }
        }
    }
}

/// What waits in the tables, of all instances.
#[derive(Debug, Default)]
#[allow(missing_docs)]
pub struct TablesCounted {
    /// Class, rows, seconds since the oldest could have been sent.
    pub outbox: Vec<(&'static str, i64, i64)>,
    pub letters: i64,
}

impl Fact for TablesCounted {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            for (class, rows, oldest) in &self.outbox {
                m.outbox_backlog.with_label_values(&[class]).set(*rows);
                m.outbox_oldest.with_label_values(&[class]).set(*oldest);
            }
            m.letters_stored.set(self.letters);
        }
    }
}

/// Every conversation was looked at once.
#[derive(Debug)]
pub struct DialoguesCounted(
    /// Bot and dialogues that wait for an answer.
    pub Vec<(&'static str, i64)>,
);

impl Fact for DialoguesCounted {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            for (bot, dialogues) in &self.0 {
                m.wizards_active.with_label_values(&[bot]).set(*dialogues);
            }
        }
    }
}
