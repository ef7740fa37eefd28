//! What leaves: calls to the Bot API and the outbox.

use std::time::Duration;

use tracing::{debug, error, info, warn};

use crate::telemetry::Fact;
use crate::telemetry::metrics::Metrics;

/// A call to the Bot API ended.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct TelegramCalled {
    pub method: &'static str,
    pub class: &'static str,
    pub took: Duration,
}

impl Fact for TelegramCalled {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.telegram_calls
                .with_label_values(&[self.method, self.class])
                .inc();
            m.telegram_seconds
                .with_label_values(&[self.method])
                .observe(self.took.as_secs_f64());
        }
    }
}

/// A message left. `via` is `response`, `api` or `outbox`.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct ReplySent {
    pub bot: &'static str,
    pub via: &'static str,
    /// Since the commit, where it is known.
    pub after: Option<Duration>,
}

impl Fact for ReplySent {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.replies_sent
                .with_label_values(&[self.bot, self.via])
                .inc();
            if let Some(after) = self.after {
                m.reply_seconds
                    .with_label_values(&[self.bot])
                    .observe(after.as_secs_f64());
            }
        }
        debug!(bot_id = self.bot, via = self.via, "reply sent");
    }
}

/// A message will never leave.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct ReplyFailed<'a> {
    pub bot: &'static str,
    pub class: &'static str,
    pub method: &'static str,
    /// Telegram's words, cleaned by [`crate::telegram::error`].
    pub reason: &'a str,
    pub update_id: i64,
}

impl Fact for ReplyFailed<'_> {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.replies_failed
                .with_label_values(&[self.bot, self.class])
                .inc();
        }
        // A person who blocked the bot is everyday life; everything else is worth a look.
        if self.class == "unreachable" {
            debug!(
                bot_id = self.bot,
                class = self.class,
                update_id = self.update_id,
                "reply not deliverable"
            );
        } else {
            error!(
                bot_id = self.bot,
                class = self.class,
                method = self.method,
                reason = self.reason,
                update_id = self.update_id,
                "reply failed"
            );
        }
    }
}

/// A call that cannot be made has become a dead letter.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct CallBuried {
    pub bot: &'static str,
    /// Out of a closed set.
    pub code: &'static str,
}

impl Fact for CallBuried {
    /// The log has the line of [`ReplyFailed`].
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            let letters = m.dead_letters.with_label_values(&[self.bot, self.code]);
            letters.inc();
        }
    }
}

/// A send will be tried again.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct SendRetried {
    pub bot: &'static str,
    pub class: &'static str,
    pub attempt: i64,
    pub after: Duration,
}

impl Fact for SendRetried {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.outbox_retries
                .with_label_values(&[self.bot, self.class])
                .inc();
        }
        warn!(
            bot_id = self.bot,
            class = self.class,
            attempt = self.attempt,
            after_ms = u64::try_from(self.after.as_millis()).unwrap_or(u64::MAX),
            "send will be tried again"
        );
    }
}

/// Nobody knows whether a send arrived; the policy decided.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct SendAmbiguous {
    pub bot: &'static str,
    /// `resend` or `skip`.
    pub policy: &'static str,
}

impl Fact for SendAmbiguous {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.outbox_ambiguous
                .with_label_values(&[self.bot, self.policy])
                .inc();
        }
        warn!(bot_id = self.bot, policy = self.policy, "ambiguous send");
    }
}

/// Telegram does not deliver to a chat: what waited for it was dropped.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct ChatUnreachable {
    pub bot: &'static str,
    /// Calls.
    pub dropped: u64,
}

impl Fact for ChatUnreachable {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.unreachable.with_label_values(&[self.bot]).inc();
            m.outbox_dropped
                .with_label_values(&[self.bot])
                .inc_by(self.dropped);
        }
        debug!(
            bot_id = self.bot,
            dropped = self.dropped,
            "chat unreachable"
        );
    }
}

/// Rows were taken over from a sender whose lease ended.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct RowsTakenOver {
    pub rows: usize,
}

impl Fact for RowsTakenOver {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.outbox_taken_over
                .inc_by(u64::try_from(self.rows).unwrap_or(u64::MAX));
        }
        info!(rows = self.rows, "outbox rows taken over");
    }
}

/// How many rows this instance holds unsent.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct OutboxWaiting {
    pub rows: usize,
}

impl Fact for OutboxWaiting {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.outbox_waiting
                .set(i64::try_from(self.rows).unwrap_or(i64::MAX));
        }
    }
}

/// A send was held back, so that Telegram's limits are kept.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct FloodWaited {
    pub bot: &'static str,
    /// `reply` or `bulk`.
    pub class: &'static str,
    pub wait: Duration,
}

impl Fact for FloodWaited {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.flood_waits
                .with_label_values(&[self.bot, self.class])
                .inc();
            m.flood_wait_seconds
                .with_label_values(&[self.bot])
                .observe(self.wait.as_secs_f64());
        }
    }
}
