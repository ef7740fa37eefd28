//! The observable facts.

use std::time::Duration;

use tracing::{debug, error, info, warn};

use super::Fact;
use super::metrics::Metrics;

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
}

impl Fact for StatementsRan {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
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

/// A request to an operators' or builders' route was answered.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct ApiAnswered {
    /// The route's pattern, never the path.
    pub route: &'static str,
    pub status: u16,
}

impl Fact for ApiAnswered {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            // A status is one of a few that we send.
            m.api_requests
                .with_label_values(&[self.route, &self.status.to_string()])
                .inc();
        }
    }
}

/// A bot was registered with Telegram, or that failed and will be tried again.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Registered<'a> {
    pub bot: &'static str,
    /// `webhook` or `commands` or `polling`.
    pub what: &'static str,
    /// Class and words of the error.
    pub error: Option<(&'static str, &'a str)>,
}

impl Fact for Registered<'_> {
    fn observe(&self, metrics: Option<&Metrics>) {
        match self.error {
            None => info!(
                bot_id = self.bot,
                what = self.what,
                "registered with telegram"
            ),
            Some((class, reason)) => {
                if let Some(m) = metrics {
                    m.errors
                        .with_label_values(&[self.bot, self.what, class])
                        .inc();
                }
                warn!(
                    bot_id = self.bot,
                    what = self.what,
                    class,
                    reason,
                    "registration failed; it will be tried again"
                );
            }
        }
    }
}

/// Polling broke off; it goes on after a pause.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct PollingFailed<'a> {
    pub bot: &'static str,
    pub class: &'static str,
    pub reason: &'a str,
}

impl Fact for PollingFailed<'_> {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.errors
                .with_label_values(&[self.bot, "polling", self.class])
                .inc();
        }
        warn!(
            bot_id = self.bot,
            class = self.class,
            reason = self.reason,
            "polling failed; it goes on after a pause"
        );
    }
}

/// A reload was asked for.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Reloaded {
    pub bot: &'static str,
}

impl Fact for Reloaded {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.reloads.with_label_values(&[self.bot]).inc();
        }
        info!(bot_id = self.bot, "reloaded");
    }
}

/// Texts of a bot were overridden or reverted here.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct TextsChanged {
    pub bot: &'static str,
    /// Empty: of all.
    pub locale: &'static str,
    pub set: usize,
    pub reverted: usize,
}

impl Fact for TextsChanged {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            let count = |what, n: usize| {
                m.text_changes
                    .with_label_values(&[self.bot, what])
                    .inc_by(u64::try_from(n).unwrap_or(u64::MAX));
            };
            count("set", self.set);
            count("reverted", self.reverted);
        }
        info!(
            bot_id = self.bot,
            locale = self.locale,
            set = self.set,
            reverted = self.reverted,
            "texts changed"
        );
    }
}

/// Somebody wanted to override texts with others that do not suit the bot.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct TextsRefused {
    pub bot: &'static str,
}

impl Fact for TextsRefused {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.text_changes
                .with_label_values(&[self.bot, "refused"])
                .inc();
        }
    }
}

/// This process speaks other texts from now on.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct TextsSpoken {
    pub bot: &'static str,
    pub version: i64,
    pub active: usize,
    pub stale: usize,
}

impl Fact for TextsSpoken {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            let set = |state, n: usize| {
                m.text_overrides
                    .with_label_values(&[self.bot, state])
                    .set(i64::try_from(n).unwrap_or(i64::MAX));
            };
            set("active", self.active);
            set("stale", self.stale);
        }
        info!(
            bot_id = self.bot,
            version = self.version,
            active = self.active,
            stale = self.stale,
            "speaks overridden texts"
        );
    }
}

/// An overridden text does not suit this build and is set aside: the bot says what its files say.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct TextStale<'a> {
    pub bot: &'static str,
    pub locale: &'a str,
    pub key: &'a str,
    /// Why, as `botgen explain` knows it; empty: its locale is gone.
    pub code: &'static str,
}

impl Fact for TextStale<'_> {
    fn observe(&self, _: Option<&Metrics>) {
        warn!(
            bot_id = self.bot,
            locale = self.locale,
            key = self.key,
            code = self.code,
            "an overridden text does not suit this build and is set aside"
        );
    }
}

/// Overridden texts were proven and could not be read all the same: nothing changes.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct TextsUnread {
    pub bot: &'static str,
}

impl Fact for TextsUnread {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            m.errors
                .with_label_values(&[self.bot, "texts", "unread"])
                .inc();
        }
        error!(bot_id = self.bot, "overridden texts cannot be read");
    }
}

/// The process came up, or goes down.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Lifecycle<'a> {
    pub what: &'static str,
    pub version: &'static str,
    pub sources: &'a str,
}

impl Fact for Lifecycle<'_> {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            let build = m.build.with_label_values(&[self.version, self.sources]);
            build.reset();
            build.inc();
        }
        info!(
            version = self.version,
            sources = self.sources,
            "{}",
            self.what
        );
    }
}
