//! The metrics, in one registry. Names of the old system where they make sense; times in seconds, with buckets that
//! the values really fall into. [`families`] lists them.

use std::sync::LazyLock;

use prometheus::{Encoder, TextEncoder};

mod begin;
mod families;

pub use begin::{begin, begin_jobs, begin_limits, begin_llm, begin_redis};
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
        if let Some(bytes) = resident_bytes() {
            metrics.resident.set(bytes);
        }
        // Writing to memory cannot fail; a metric that cannot be encoded is left out.
        let _ = TextEncoder::new().encode(&metrics.registry.gather(), &mut out);
    }
    out
}

/// `VmRSS` of Linux; elsewhere unknown.
fn resident_bytes() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: i64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_metric_registers() {
        assert!(super::Metrics::new().is_ok());
        let text = String::from_utf8(super::text()).unwrap();
        assert!(text.contains("process_resident_memory_bytes"));
    }
}
