//! What operators have set for bots' questions to the model, and the tokens of each bot's days.

use super::Store;
use super::error::StoreError;

/// Days of a bot that are remembered.
pub(crate) const KEEP_DAYS: i64 = 400;

/// What is set for a bot; `None`: the deployment's default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LlmBot {
    pub(crate) enabled: Option<bool>,
    pub(crate) preset: Option<String>,
    /// Tokens a day; 0: any number.
    pub(crate) budget: Option<i64>,
}

/// What happens to a day at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LlmBatch {
    /// Reservations that have ended: their epoch and tokens.
    pub(crate) back: Vec<(i64, i64)>,
    /// Tokens that were really used.
    pub(crate) spent: i64,
    pub(crate) counts: LlmCounts,
    /// Tokens to reserve, in order.
    pub(crate) wanted: Vec<i64>,
}

/// Numbers of a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct LlmCounts {
    /// Questions, whatever became of them.
    pub(crate) asked: i64,
    /// Of these, answered without a call.
    pub(crate) cached: i64,
    /// Calls of the model.
    pub(crate) calls: i64,
    /// Of these, failed.
    pub(crate) failed: i64,
    /// Milliseconds of those that went well.
    pub(crate) millis: i64,
}

/// A day after a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LlmCharged {
    pub(crate) epoch: i64,
    pub(crate) used: i64,
    pub(crate) reserved: i64,
    /// 0: none.
    pub(crate) limit: i64,
    /// For each of `wanted`.
    pub(crate) granted: Vec<bool>,
}

/// A day as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LlmDay {
    /// `YYYY-MM-DD`.
    pub(crate) day: String,
    /// Since the last reset, those of calls under way included.
    pub(crate) used: i64,
    /// Of the whole day.
    pub(crate) spent: i64,
    pub(crate) counts: LlmCounts,
}

impl Store {
    /// What is set for a bot.
    pub(crate) async fn llm_bot(&self, bot: &str) -> Result<LlmBot, StoreError> {
        backend!(self, backend => backend.llm_bot(bot).await)
    }

    /// Sets what is `Some`, leaves the rest.
    pub(crate) async fn set_llm_bot(
        &self,
        bot: &'static str,
        change: LlmBot,
    ) -> Result<(), StoreError> {
        backend!(self, backend => backend.set_llm_bot(bot, change).await)
    }

    /// Does a batch with a day, all of it or nothing. Where nobody knows whether it was done it is not done again: what was
    /// reserved stays so.
    pub(crate) async fn charge_llm(
        &self,
        bot: &'static str,
        day: &str,
        default_limit: i64,
        batch: LlmBatch,
    ) -> Result<LlmCharged, StoreError> {
        backend!(self, backend => backend.charge_llm(bot, day.to_owned(), default_limit, batch).await)
    }

    /// A bot's days from this one on, in order.
    pub(crate) async fn llm_days(&self, bot: &str, from: &str) -> Result<Vec<LlmDay>, StoreError> {
        backend!(self, backend => backend.llm_days(bot, from).await)
    }

    /// Nothing was used of this day's budget. Forgets days that are too old.
    pub(crate) async fn reset_llm(&self, bot: &'static str, day: &str) -> Result<(), StoreError> {
        backend!(self, backend => backend.reset_llm(bot, day.to_owned()).await)
    }

    /// Forgets a bot's days before this one.
    pub(crate) async fn forget_llm_days(
        &self,
        bot: &'static str,
        before: &str,
    ) -> Result<(), StoreError> {
        backend!(self, backend => backend.forget_llm_days(bot, before.to_owned()).await)
    }
}
