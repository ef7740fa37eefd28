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
