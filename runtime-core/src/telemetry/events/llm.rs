//! The model that bots ask.

use std::time::Duration;

use tracing::{debug, info, warn};

use crate::telemetry::Fact;
use crate::telemetry::metrics::Metrics;

/// A question was answered, or refused.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct LlmAsked {
    pub bot: &'static str,
    /// `ok`, `cached`, or a code of [`crate::llm::Refused`].
    pub outcome: &'static str,
    pub took: Duration,
}

impl Fact for LlmAsked {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.llm_requests
                .with_label_values(&[self.bot, self.outcome])
                .inc();
            if matches!(self.outcome, "ok" | "cached") {
                let cached = if self.outcome == "cached" {
                    "true"
                } else {
                    "false"
                };
                m.llm_seconds
                    .with_label_values(&[self.bot, cached])
                    .observe(self.took.as_secs_f64());
            }
            match self.outcome {
                "cached" => m.llm_cache_hits.with_label_values(&[self.bot]).inc(),
                "timeout" => m.llm_timeouts.with_label_values(&[self.bot]).inc(),
                "limited" => m
                    .llm_limits_hit
                    .with_label_values(&[self.bot, "rate_limit"])
                    .inc(),
                "budget" => m
                    .llm_limits_hit
                    .with_label_values(&[self.bot, "daily_budget"])
                    .inc(),
                _ => {}
            }
        }
        debug!(
            bot_id = self.bot,
            outcome = self.outcome,
            milliseconds = u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
            "the model was asked"
        );
    }
}

/// A call of the model ended.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct LlmCalled {
    pub bot: &'static str,
    /// `ok`, or the class of the failure.
    pub class: &'static str,
    pub took: Duration,
    /// Tokens of the question and of the answer, as the server counts them.
    pub tokens: Option<(u32, u32)>,
}

impl Fact for LlmCalled {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.llm_calls.with_label_values(&[self.bot, self.class]).inc();
            m.llm_call_seconds
                .with_label_values(&[self.bot])
                .observe(self.took.as_secs_f64());
            if let Some((question, answer)) = self.tokens {
                m.llm_tokens
                    .with_label_values(&[self.bot, "input"])
                    .inc_by(question.into());
                m.llm_tokens
                    .with_label_values(&[self.bot, "output"])
                    .inc_by(answer.into());
            }
        }
        if self.class != "ok" {
            warn!(
                bot_id = self.bot,
                class = self.class,
                milliseconds = u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
                "a call of the model failed"
            );
        }
    }
}

/// An answer that has to have a form was read.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct LlmRead {
    pub bot: &'static str,
    /// `text`, `choice` or `record`.
    pub form: &'static str,
    pub valid: bool,
}

impl Fact for LlmRead {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            let valid = if self.valid { "true" } else { "false" };
            m.llm_read
                .with_label_values(&[self.bot, self.form, valid])
                .inc();
        }
    }
}

/// What we took for a question beside the model's own time.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct LlmOverhead {
    pub bot: &'static str,
    pub took: Duration,
}

impl Fact for LlmOverhead {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.llm_overhead
                .with_label_values(&[self.bot])
                .observe(self.took.as_secs_f64());
        }
    }
}

/// Moderation refused a question or an answer.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct LlmModerated {
    pub bot: &'static str,
    /// `question` or `answer`.
    pub what: &'static str,
    /// Out of a closed set.
    pub why: &'static str,
}

impl Fact for LlmModerated {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.llm_moderated
                .with_label_values(&[self.bot, self.what, self.why])
                .inc();
        }
        info!(
            bot_id = self.bot,
            what = self.what,
            why = self.why,
            "moderation refused a text"
        );
    }
}

/// Tokens of a bot's day changed.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct LlmBudget {
    pub bot: &'static str,
    /// Just now.
    pub spent: u64,
    /// Of the day's budget, with what calls under way have reserved.
    pub used: i64,
    /// 0: none.
    pub limit: i64,
}

impl Fact for LlmBudget {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.llm_budget_usage
                .with_label_values(&[self.bot])
                .inc_by(self.spent);
            m.llm_budget_used
                .with_label_values(&[self.bot])
                .set(self.used);
            m.llm_budget_limit
                .with_label_values(&[self.bot])
                .set(self.limit);
        }
    }
}

/// A circuit breaker changed its state.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct BreakerMoved {
    pub bot: &'static str,
    /// `closed`, `open` or `half_open`.
    pub from: &'static str,
    pub to: &'static str,
    /// How long it was in `from`.
    pub after: Duration,
}

impl Fact for BreakerMoved {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.breaker_changes
                .with_label_values(&[self.bot, self.from, self.to])
                .inc();
            m.breaker_open
                .with_label_values(&[self.bot])
                .set(i64::from(self.to != "closed"));
            if self.from == "open" {
                m.breaker_open_seconds
                    .with_label_values(&[self.bot])
                    .observe(self.after.as_secs_f64());
            }
        }
        if self.to == "open" {
            warn!(
                bot_id = self.bot,
                from = self.from,
                to = self.to,
                "the model is left alone: the circuit breaker opens"
            );
        } else {
            info!(
                bot_id = self.bot,
                from = self.from,
                to = self.to,
                "the circuit breaker moves"
            );
        }
    }
}

/// How the shared circuit breaker stands, as another instance may have moved it.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct BreakerStands {
    pub bot: &'static str,
    pub open: bool,
}

impl Fact for BreakerStands {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.breaker_open
                .with_label_values(&[self.bot])
                .set(i64::from(self.open));
        }
    }
}

/// A call was not made because the circuit breaker is open.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct BreakerRefused {
    pub bot: &'static str,
}

impl Fact for BreakerRefused {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.breaker_refusals.with_label_values(&[self.bot]).inc();
        }
    }
}

/// The model's server went away, or is there (again).
#[derive(Debug)]
#[allow(missing_docs)]
pub struct LlmUp {
    pub up: bool,
}

impl Fact for LlmUp {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.llm_up.set(i64::from(self.up));
        }
        if self.up {
            info!("the model's server answers");
        } else {
            warn!("the model's server does not answer");
        }
    }
}
