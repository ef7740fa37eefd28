//! The metrics, in one registry. Names of the old system where they make sense; times in seconds, with buckets that
//! the values really fall into. [`families`] lists them.

use std::sync::LazyLock;

use prometheus::{Encoder, TextEncoder};

mod begin;
mod families;
mod process;

pub use begin::{begin, begin_jobs, begin_limits, begin_llm, begin_process, begin_redis};
pub use families::{FAMILIES, Metrics};

/// What is known of a family of metrics.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// As Prometheus shows it.
    pub name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// What it counts.
    pub help: &'static str,
    /// Names of its labels.
    pub labels: &'static [&'static str],
    /// Upper bounds; empty: it is no histogram.
    pub buckets: &'static [f64],
}

static METRICS: LazyLock<Option<Metrics>> = LazyLock::new(|| Metrics::new().ok());

/// The metrics of this process.
pub fn metrics() -> Option<&'static Metrics> {
    METRICS.as_ref()
}

/// The text exposition format, version 0.0.4.
pub fn text() -> Vec<u8> {
    let mut out = Vec::new();
    if let Some(metrics) = metrics() {
        process::sample(metrics);
        if let Ok(tokio) = tokio::runtime::Handle::try_current() {
            let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
            let running = tokio.metrics();
            metrics.tasks.set(count(running.num_alive_tasks()));
            metrics.task_queue.set(count(running.global_queue_depth()));
        }
        // Writing to memory cannot fail; a metric that cannot be encoded is left out.
        let _ = TextEncoder::new().encode(&metrics.registry.gather(), &mut out);
    }
    out
}

#[cfg(test)]
mod page;
#[cfg(test)]
mod tests;
