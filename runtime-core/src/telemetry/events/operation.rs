//! The process, its routes and its registration with Telegram.

use std::time::Duration;

use tracing::{error, info, warn};

use crate::telemetry::Fact;
use crate::telemetry::metrics::Metrics;

/// A request to an operators' or builders' route was answered.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct ApiAnswered<'a> {
    /// The route's pattern, never the path.
    pub route: &'a str,
    pub status: u16,
    pub took: Duration,
}

impl Fact for ApiAnswered<'_> {
    fn observe(&self, metrics: Option<&Metrics>) {
        if let Some(m) = metrics {
            // A status is one of a few that we send.
            m.api_requests
                .with_label_values(&[self.route, &self.status.to_string()])
                .inc();
            m.api_seconds
                .with_label_values(&[self.route])
                .observe(self.took.as_secs_f64());
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

/// The process does not come up.
#[derive(Debug)]
pub struct NotStarted<'a> {
    /// `settings` or `start`.
    pub code: &'static str,
    /// For a person; it names variables, never their values.
    pub reason: &'a str,
}

impl Fact for NotStarted<'_> {
    fn observe(&self, _: Option<&Metrics>) {
        error!(code = self.code, reason = self.reason, "cannot start");
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
            build.set(1);
        }
        info!(
            version = self.version,
            sources = self.sources,
            "{}",
            self.what
        );
    }
}
