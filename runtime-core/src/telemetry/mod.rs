//! What can be observed. Every observable fact is a struct in [`events`] that writes its log line and its metric;
//! nothing else logs or counts. No event can hold a person's words, a token, or an address with a token in it: their
//! fields are ids, durations, counts and `&'static str` out of closed sets, which also bounds every metric's labels.

pub mod discretion;
pub mod events;
pub mod life;
pub mod logs;
pub mod metrics;
pub mod otlp;
pub mod trace;

/// An observable fact.
pub trait Fact {
    /// Writes its log line and its metric.
    fn observe(&self, metrics: Option<&metrics::Metrics>);
}

/// Observes a fact. Metrics are missing only where their registration failed, which a test rules out.
pub fn emit(fact: impl Fact) {
    fact.observe(metrics::metrics());
}
