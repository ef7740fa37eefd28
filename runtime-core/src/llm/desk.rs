//! What operators see of a bot's questions to the model, and what they set.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::time::Instant;

use serde::Serialize;
use utoipa::ToSchema;

use super::breaker::BreakerView;
use super::presets::Preset;
use super::{Inner, Llm, SETTINGS_LIVE, budget, day};
use crate::store::StoreError;
use crate::store::llm::LlmBot;

/// Tokens of a bot's today.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = BudgetUsage)]
pub struct Usage {
    /// 0: any number.
    pub daily_limit: i64,
    /// Those of calls under way included.
    pub current_usage: i64,
    /// Never below 0; 0 too where there is no limit.
    pub remaining: i64,
    /// Two decimals; 0 where there is no limit.
    pub percentage_used: f64,
}

impl Usage {
    fn of(limit: i64, used: i64) -> Self {
        #[allow(clippy::cast_precision_loss)] // below a million
        let percentage = if limit > 0 {
            (used as f64 * 10_000.0 / limit as f64).round() / 100.0
        } else {
            0.0
        };
        Self {
            daily_limit: limit,
            current_usage: used,
            remaining: limit.saturating_sub(used).max(0),
            percentage_used: percentage,
        }
    }
}

/// What holds for a bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = LlmSettings)]
pub struct Settings {
    /// Its questions are asked: a model is configured, and nobody has switched it off for the bot. So it stays false without
    /// a model, whatever is set.
    pub llm_enabled: bool,
    /// How replies are rewritten whose style is neutral.
    pub llm_preset: Preset,
}

/// Numbers of a bot's today.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = LlmNumbers)]
pub struct Numbers {
    /// Questions.
    pub requests_today: i64,
    /// Of these, answered without a call: 0 to 1.
    pub cache_hit_rate: f64,
    /// Calls that failed: 0 to 1.
    pub error_rate: f64,
    /// Of calls that went well, in milliseconds.
    pub avg_latency_ms: f64,
}

impl Llm {
    /// Tokens of a bot's today; `None`: no such bot.
    pub async fn usage(&self, bot: &str) -> Result<Option<Usage>, StoreError> {
        let Some((inner, at)) = self.place(bot) else {
            return Ok(None);
        };
        inner.budget.flush().await;
        let (id, today) = inner.today(at);
        let budget = inner.store.llm_bot(id).await?.budget;
        let days = inner.store.llm_days(id, &today).await?;
        let used = days.iter().find(|d| d.day == today).map_or(0, |d| d.used);
        let limit = budget.unwrap_or(inner.config.daily_budget);
        Ok(Some(Usage::of(limit, used)))
    }

    /// Sets a bot's tokens of a day; 0: any number. It holds everywhere when this returns: where instances may hold a block
    /// of a larger budget, it waits until they do no longer, a second.
    pub async fn set_budget(&self, bot: &str, tokens: i64) -> Result<(), StoreError> {
        let Some((inner, at)) = self.place(bot) else {
            return Ok(());
        };
        let (id, _) = inner.today(at);
        let before = inner.store.llm_bot(id).await?.budget;
        let before = before.unwrap_or(inner.config.daily_budget);
        let change = LlmBot {
            budget: Some(tokens),
            ..LlmBot::default()
        };
        self.set(bot, change).await?;
        inner.budget.flush().await;
        let less = tokens != 0 && (before == 0 || tokens < before);
        if less && budget::block(before) > 0 {
            tokio::time::sleep(budget::BLOCK_LIVE).await;
        }
        Ok(())
    }

    /// Nothing of today's tokens was used. What calls under way use counts.
    pub async fn reset_budget(&self, bot: &str) -> Result<(), StoreError> {
        let Some((inner, at)) = self.place(bot) else {
            return Ok(());
        };
        inner.budget.flush().await;
        let (id, today) = inner.today(at);
        inner.store.reset_llm(id, &today).await?;
        // A block that was taken meanwhile belongs to what was reset.
        inner.budget.flush().await;
        Ok(())
    }

    /// Tokens of a bot's last days, today's included; days without any are 0.
    pub async fn tokens_by_day(
        &self,
        bot: &str,
        days: u32,
    ) -> Result<BTreeMap<String, i64>, StoreError> {
        let Some((inner, at)) = self.place(bot) else {
            return Ok(BTreeMap::new());
        };
        inner.budget.flush().await;
        let Some(facts) = inner.bots.get(at) else {
            return Ok(BTreeMap::new());
        };
        let now = inner.store.clock().micros();
        let today: jiff::civil::Date = day(&facts.zone, now).parse().unwrap_or_default();
        let mut by_day = BTreeMap::new();
        let mut date = today;
        for _ in 0..days.max(1) {
            by_day.insert(date.to_string(), 0);
            date = date.yesterday().unwrap_or(date);
        }
        let from = by_day.keys().next().cloned().unwrap_or_default();
        for kept in inner.store.llm_days(facts.id, &from).await? {
            if let Some(tokens) = by_day.get_mut(&kept.day) {
                *tokens = kept.spent;
            }
        }
        Ok(by_day)
    }

    /// Numbers of a bot's today.
    #[allow(clippy::cast_precision_loss)] // counts of a day
    pub async fn numbers(&self, bot: &str) -> Result<Numbers, StoreError> {
        let mut counts = crate::store::llm::LlmCounts::default();
        if let Some((inner, at)) = self.place(bot) {
            inner.budget.flush().await;
            let (id, today) = inner.today(at);
            let days = inner.store.llm_days(id, &today).await?;
            if let Some(today) = days.into_iter().find(|d| d.day == today) {
                counts = today.counts;
            }
        }
        let share = |part: i64, whole: i64| {
            let share = if whole > 0 {
                part as f64 / whole as f64
            } else {
                0.0
            };
            (share * 10_000.0).round() / 10_000.0
        };
        let well = counts.calls.saturating_sub(counts.failed);
        Ok(Numbers {
            requests_today: counts.asked,
            cache_hit_rate: share(counts.cached, counts.asked),
            error_rate: share(counts.failed, counts.calls),
            avg_latency_ms: (share(counts.millis, well) * 10.0).round() / 10.0,
        })
    }

    /// What holds for a bot.
    pub async fn settings(&self, bot: &str) -> Settings {
        let set = match self.place(bot) {
            Some((inner, at)) => inner.settings(at).await,
            None => LlmBot::default(),
        };
        Settings {
            llm_enabled: self.configured() && set.enabled != Some(false),
            llm_preset: Preset::of(&set),
        }
    }

    /// Sets what is `Some`.
    pub async fn set_settings(
        &self,
        bot: &str,
        enabled: Option<bool>,
        preset: Option<Preset>,
    ) -> Result<(), StoreError> {
        let change = LlmBot {
            enabled,
            preset: preset.map(|preset| preset.name().to_owned()),
            budget: None,
        };
        self.set(bot, change).await
    }

    /// The model's name, where one is configured.
    pub fn model(&self) -> Option<&str> {
        let model = self.inner.as_ref()?.model.as_ref()?;
        Some(&model.client.upstream().model)
    }

    /// How the breaker between a bot and the model stands; `None`: there is none.
    pub async fn breaker(&self, bot: &str) -> Option<BreakerView> {
        let (inner, at) = self.place(bot)?;
        inner.model.as_ref()?.breakers.view(at).await
    }

    /// Closes it.
    pub async fn reset_breaker(&self, bot: &str) {
        if let Some((inner, at)) = self.place(bot)
            && let Some(model) = &inner.model
        {
            model.breakers.reset(at).await;
        }
    }

    /// Whether the model's server answers.
    pub async fn healthy(&self) -> bool {
        match self.inner.as_ref().and_then(|inner| inner.model.as_ref()) {
            Some(model) => model.client.healthy().await,
            None => false,
        }
    }

    async fn set(&self, bot: &str, change: LlmBot) -> Result<(), StoreError> {
        let Some((inner, at)) = self.place(bot) else {
            return Ok(());
        };
        let (id, _) = inner.today(at);
        inner.store.set_llm_bot(id, change).await?;
        inner.known().remove(&at);
        Ok(())
    }

    fn place(&self, bot: &str) -> Option<(&Inner, usize)> {
        let inner = self.inner.as_deref()?;
        Some((inner, inner.find(bot)?))
    }
}

impl Inner {
    /// What is set for a bot, at most a second ago. While the database is away what was known holds.
    pub(super) async fn settings(&self, at: usize) -> LlmBot {
        let known = self.known().get(&at).cloned();
        if let Some((read, set)) = &known
            && read.elapsed() < SETTINGS_LIVE
        {
            return set.clone();
        }
        let id = self.bots.get(at).map_or("", |facts| facts.id);
        let set = match self.store.llm_bot(id).await {
            Ok(set) => set,
            Err(_) => known.map(|(_, set)| set).unwrap_or_default(),
        };
        self.known().insert(at, (Instant::now(), set.clone()));
        set
    }

    fn known(
        &self,
    ) -> std::sync::MutexGuard<'_, std::collections::HashMap<usize, (Instant, LlmBot)>> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
