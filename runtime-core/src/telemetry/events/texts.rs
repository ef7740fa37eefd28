//! Texts that are overridden at run time.

use tracing::{error, info, warn};

use crate::telemetry::Fact;
use crate::telemetry::metrics::Metrics;

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
