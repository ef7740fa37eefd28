//! What an update goes through.

use std::time::Duration;

use tracing::{debug, error, warn};

use crate::telemetry::life::Life;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::{Fact, otlp};

/// An update was received.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct UpdateReceived {
    pub bot: &'static str,
    pub channel: &'static str,
    pub kind: &'static str,
}

impl Fact for UpdateReceived {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.updates
                .with_label_values(&[self.bot, self.channel, self.kind])
                .inc();
            m.in_flight.inc();
        }
        debug!(
            bot_id = self.bot,
            channel = self.channel,
            kind = self.kind,
            "update received"
        );
    }
}

/// An update was acknowledged, or sent back to Telegram's queue.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct UpdateFinished<'a> {
    pub bot: &'static str,
    pub channel: &'static str,
    pub update_id: i64,
    pub trace_id: &'a str,
    /// `done` or `busy`.
    pub outcome: &'static str,
    pub took: Duration,
}

/// True at most once a second.
fn once_a_second() -> bool {
    use std::sync::atomic::{AtomicU64, Ordering};
    static LAST: AtomicU64 = AtomicU64::new(0);
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    LAST.swap(now, Ordering::Relaxed) != now
}

impl Fact for UpdateFinished<'_> {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.in_flight.dec();
            m.update_seconds
                .with_label_values(&[self.bot, self.channel])
                .observe(self.took.as_secs_f64());
            if self.outcome == "busy" {
                m.errors
                    .with_label_values(&[self.bot, self.channel, "busy"])
                    .inc();
            }
        }
        if let Some(life) = Life::current()
            && otlp::wanted(life.trace)
        {
            otlp::record(otlp::Span {
                trace: life.trace,
                name: "update",
                kind: otlp::Kind::Server,
                took: self.took,
                attributes: vec![("bot_id", self.bot), ("channel", self.channel)],
                failed: (self.outcome != "done").then_some(self.outcome),
            });
        }
        // Under overload there are thousands: the counter tells how many, the log that there are.
        if self.outcome == "busy" && once_a_second() {
            warn!(
                bot_id = self.bot,
                channel = self.channel,
                update_id = self.update_id,
                trace_id = self.trace_id,
                "update left for later"
            );
        } else {
            debug!(
                bot_id = self.bot,
                channel = self.channel,
                update_id = self.update_id,
                trace_id = self.trace_id,
                took_us = u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX),
                "update done"
            );
        }
    }
}

/// A handler ran.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct HandlerRan {
    pub bot: &'static str,
    /// `pure`, `read`, `state` or `write`.
    pub effect: &'static str,
    pub took: Duration,
}

impl Fact for HandlerRan {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.handler_seconds
                .with_label_values(&[self.bot, self.effect])
                .observe(self.took.as_secs_f64());
        }
        let attributes = [("bot_id", self.bot), ("effect", self.effect)];
        otlp::within("handler", self.took, &attributes, None);
        debug!(
            bot_id = self.bot,
            effect = self.effect,
            took_us = u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX),
            "handler ran"
        );
    }
}

/// A handler failed: rolled back, recorded, apologised for.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct HandlerFailed<'a> {
    pub bot: &'static str,
    /// Out of a closed set.
    pub code: &'static str,
    pub trace_id: &'a str,
    pub update_id: i64,
}

impl Fact for HandlerFailed<'_> {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.errors
                .with_label_values(&[self.bot, "handler", self.code])
                .inc();
            m.dead_letters
                .with_label_values(&[self.bot, self.code])
                .inc();
        }
        error!(
            bot_id = self.bot,
            code = self.code,
            trace_id = self.trace_id,
            update_id = self.update_id,
            "handler failed"
        );
    }
}

/// A redelivery was answered from what was stored.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct DuplicateAnswered {
    pub bot: &'static str,
    pub update_id: i64,
}

impl Fact for DuplicateAnswered {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.duplicates.with_label_values(&[self.bot]).inc();
        }
        debug!(
            bot_id = self.bot,
            update_id = self.update_id,
            "duplicate update"
        );
    }
}

/// What a dialogue did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum WizardMove {
    Begun,
    Answered,
    Refused,
    Completed,
    TimedOut,
}

/// A dialogue moved.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct WizardMoved {
    pub bot: &'static str,
    pub command: &'static str,
    pub how: WizardMove,
}

impl Fact for WizardMoved {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            let counters = match self.how {
                WizardMove::Begun => &m.wizard_flows,
                WizardMove::Answered => &m.wizard_steps,
                WizardMove::Refused => &m.wizard_refusals,
                WizardMove::Completed => &m.wizard_completions,
                WizardMove::TimedOut => &m.wizard_timeouts,
            };
            counters.with_label_values(&[self.bot, self.command]).inc();
        }
    }
}

/// A handler ran statements.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct StatementsRan {
    pub bot: &'static str,
    pub queries: u64,
    pub execs: u64,
    /// How long the handler waited for them.
    pub waited: Duration,
}

impl Fact for StatementsRan {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            if self.queries + self.execs > 0 {
                let kind = if self.execs > 0 { "exec" } else { "query" };
                m.sql_seconds
                    .with_label_values(&[self.bot, kind])
                    .observe(self.waited.as_secs_f64());
            }
            if self.queries > 0 {
                m.sql_queries
                    .with_label_values(&[self.bot])
                    .inc_by(self.queries);
            }
            if self.execs > 0 {
                m.sql_execs
                    .with_label_values(&[self.bot])
                    .inc_by(self.execs);
            }
        }
    }
}

/// Texts were rendered in a locale of the bot.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Rendered {
    pub bot: &'static str,
    pub locale: &'static str,
    pub texts: usize,
}

impl Fact for Rendered {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.i18n_renders
                .with_label_values(&[self.bot, self.locale])
                .inc_by(u64::try_from(self.texts).unwrap_or(u64::MAX));
        }
    }
}

/// A rate limit was asked and has decided (once for each update).
#[derive(Debug)]
#[allow(missing_docs)]
pub struct LimitDecided {
    pub bot: &'static str,
    /// The compiler's name for it.
    pub rule: &'static str,
    /// `passed`, `blocked`, or `unavailable`: nobody passes while the shared counters are away.
    pub outcome: &'static str,
}

impl Fact for LimitDecided {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.limits
                .with_label_values(&[self.bot, self.rule, self.outcome])
                .inc();
        }
        debug!(
            bot_id = self.bot,
            rule = self.rule,
            outcome = self.outcome,
            "rate limit"
        );
    }
}

/// A request was refused before it became an update.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct WebhookRefused<'a> {
    /// `unknown_bot`, `wrong_secret`, `too_large`, `malformed`, `overload`, `broken_body`.
    pub reason: &'static str,
    pub trace_id: &'a str,
}

impl Fact for WebhookRefused<'_> {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.refused.with_label_values(&[self.reason]).inc();
        }
        debug!(
            reason = self.reason,
            trace_id = self.trace_id,
            "webhook request refused"
        );
    }
}

/// An update was stored for the first time.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct UpdateClaimed {
    pub bot: &'static str,
}

impl Fact for UpdateClaimed {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.claims.with_label_values(&[self.bot]).inc();
        }
    }
}

/// A handler ran in vain: its conversation had moved meanwhile.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct ConversationRaced {
    pub bot: &'static str,
}

impl Fact for ConversationRaced {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.races.with_label_values(&[self.bot]).inc();
        }
    }
}

/// A widget was shown, or has given an answer.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct WidgetsUsed {
    pub bot: &'static str,
    /// The kinds of both.
    pub drawn: Option<&'static str>,
    pub picked: Option<&'static str>,
}

impl Fact for WidgetsUsed {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            if let Some(widget) = self.drawn {
                m.widget_renders
                    .with_label_values(&[self.bot, widget])
                    .inc();
            }
            if let Some(widget) = self.picked {
                m.widget_picks.with_label_values(&[self.bot, widget]).inc();
            }
        }
    }
}

/// An update waited for something that others held.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct LockWaited {
    /// `conversation`, `writer` or `database`.
    pub lock: &'static str,
    pub took: Duration,
}

impl Fact for LockWaited {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.lock_wait
                .with_label_values(&[self.lock])
                .observe(self.took.as_secs_f64());
        }
    }
}
