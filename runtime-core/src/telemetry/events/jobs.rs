//! Handlers that wait for something outside.

use std::time::Duration;

use tracing::debug;

use crate::telemetry::Fact;
use crate::telemetry::metrics::Metrics;

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobEnd {
    /// With an answer.
    Answered,
    /// With its fallback, for this reason out of a closed set.
    Refused(&'static str),
}

/// A job ended: the rest of its handler is stored.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct JobEnded {
    pub bot: &'static str,
    pub end: JobEnd,
    /// Since it was stored.
    pub waited: Duration,
    /// Since it was taken.
    pub took: Duration,
}

impl Fact for JobEnded {
    fn observe(&self, metrics: Option<&Metrics>) {
        let (outcome, reason) = match self.end {
            JobEnd::Answered => ("answered", ""),
            JobEnd::Refused(reason) => ("fallback", reason),
        };
        if let Some(m) = metrics {
            m.jobs.with_label_values(&[self.bot, outcome]).inc();
            m.job_seconds
                .with_label_values(&[self.bot])
                .observe(self.waited.as_secs_f64());
        }
        debug!(
            bot_id = self.bot,
            outcome,
            reason,
            took_us = u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX),
            "job ended"
        );
    }
}

/// What waits of a bot's jobs, looked at now and then.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct JobsWaiting {
    pub bot: &'static str,
    pub jobs: i64,
    /// Age of the oldest.
    pub oldest: Duration,
}

impl Fact for JobsWaiting {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.jobs_waiting.with_label_values(&[self.bot]).set(self.jobs);
            m.jobs_oldest
                .with_label_values(&[self.bot])
                .set(i64::try_from(self.oldest.as_secs()).unwrap_or(i64::MAX));
        }
    }
}
