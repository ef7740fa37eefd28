//! What operators see and set of bots' questions to the model: `/bots/{id}/budget/…`, `/bots/{id}/llm/…`,
//! `/bots/budget/overview`.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::bots::find;
use super::error::{ErrorBody, Problem};
use super::extract::{At, JsonBody, Params};
use crate::deployment::Deployment;
use crate::llm::Llm;
use crate::llm::breaker::BreakerView;
use crate::llm::desk::{Numbers, Settings, Usage};
use crate::llm::presets::Preset;
use crate::llm::settings::BUDGET_MOST;
use crate::store::StoreError;

/// Days of [`stats`].
const DAYS: std::ops::RangeInclusive<u32> = 1..=30;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<Deployment> {
    OpenApiRouter::default()
        .routes(routes!(overview))
        .routes(routes!(usage))
        .routes(routes!(limit))
        .routes(routes!(stats))
        .routes(routes!(reset))
        .routes(routes!(settings, set_settings))
        .routes(routes!(numbers))
        .routes(routes!(breaker))
        .routes(routes!(reset_breaker))
}

fn place<'a>(deployment: &'a Deployment, id: &str) -> Result<(&'static str, &'a Llm), Problem> {
    let bot = find(deployment, id)?;
    Ok((bot.spec().id, llm(deployment)?))
}

fn llm(deployment: &Deployment) -> Result<&Llm, Problem> {
    deployment
        .core()
        .llm()
        .ok_or_else(|| Problem::unavailable("there is no database", 60))
}

fn failed(_: StoreError) -> Problem {
    Problem::unavailable("the database does not answer", 2)
}

/// Tokens of a bot's today.
#[derive(Debug, Serialize, ToSchema)]
pub struct BotUsage {
    bot_id: &'static str,
    #[serde(flatten)]
    usage: Usage,
}

/// Tokens of a bot's day.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BudgetSettings)]
pub struct Limit {
    /// 0: any number.
    #[schema(minimum = 0, maximum = 1_000_000)]
    daily_budget_limit: i64,
}

/// It is done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BudgetDone)]
pub struct Done {
    bot_id: &'static str,
    message: &'static str,
}

/// How many days.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Days {
    /// 7 without it.
    #[param(minimum = 1, maximum = 30)]
    days: Option<u32>,
}

/// Tokens by day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BudgetStats)]
pub struct Stats {
    bot_id: &'static str,
    /// `YYYY-MM-DD` of the bot's zone → tokens; resets change nothing here.
    daily_stats: BTreeMap<String, i64>,
}

/// A bot with a budget.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BudgetOfBot)]
pub struct Budgeted {
    bot_id: &'static str,
    name: &'static str,
    llm_enabled: bool,
    #[serde(flatten)]
    usage: Usage,
}

/// Bots with budgets.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BudgetOverview)]
pub struct Overview {
    bots: Vec<Budgeted>,
}

/// What holds for a bot.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LlmSettingsOfBot)]
pub struct BotSettings {
    bot_id: &'static str,
    #[serde(flatten)]
    settings: Settings,
    /// A model is configured.
    configured: bool,
    /// Its name.
    model: Option<String>,
}

/// What to set; what is missing stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LlmSettingsChange)]
pub struct Change {
    llm_enabled: Option<bool>,
    llm_preset: Option<Preset>,
}

/// What holds from now on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LlmSettingsChanged)]
pub struct Changed {
    bot_id: &'static str,
    updated: bool,
    settings: Settings,
    /// Why nothing is asked all the same; absent: a model is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
}

/// Numbers of today.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LlmStats)]
pub struct BotNumbers {
    bot_id: &'static str,
    stats: Numbers,
}

/// The circuit breaker between a bot and the model.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LlmBreaker)]
pub struct Breaker {
    bot_id: &'static str,
    /// The model's name; null: none is configured.
    model: Option<String>,
    /// Null: no model is configured.
    breaker: Option<BreakerView>,
}

/// Tokens of a bot's today
#[utoipa::path(get, path = "/bots/{id}/budget/usage", tag = "llm",
    params(("id" = String, Path, description = "The bot's id")),
    responses((status = 200, body = BotUsage), (status = 404, description = "No such bot", body = ErrorBody)))]
pub async fn usage(
    State(deployment): State<Deployment>,
    At(id): At<String>,
) -> Result<Json<BotUsage>, Problem> {
    let (bot_id, llm) = place(&deployment, &id)?;
    let usage = llm.usage(bot_id).await.map_err(failed)?;
    let usage = usage.ok_or_else(|| Problem::not_found("no such bot"))?;
    Ok(Json(BotUsage { bot_id, usage }))
}

/// Set a bot's tokens of a day
///
/// Holds at once, on every instance; what was used today counts.
#[utoipa::path(put, path = "/bots/{id}/budget/settings", tag = "llm",
    params(("id" = String, Path, description = "The bot's id")), request_body = Limit,
    responses((status = 200, body = Done), (status = 400, description = "Not 0 to 1 000 000", body = ErrorBody),
        (status = 404, description = "No such bot", body = ErrorBody), (status = 422, description = "A body of another form", body = ErrorBody)))]
pub async fn limit(
    State(deployment): State<Deployment>,
    At(id): At<String>,
    JsonBody(limit): JsonBody<Limit>,
) -> Result<Json<Done>, Problem> {
    let (bot_id, llm) = place(&deployment, &id)?;
    if !(0..=BUDGET_MOST).contains(&limit.daily_budget_limit) {
        return Err(Problem::bad_request(
            "`daily_budget_limit` is 0 (any number) to 1000000",
        ));
    }
    llm.set_budget(bot_id, limit.daily_budget_limit)
        .await
        .map_err(failed)?;
    let message = "the budget is set";
    Ok(Json(Done { bot_id, message }))
}

/// Tokens of a bot's last days
#[utoipa::path(get, path = "/bots/{id}/budget/stats", tag = "llm",
    params(("id" = String, Path, description = "The bot's id"), Days),
    responses((status = 200, body = Stats), (status = 400, description = "Not 1 to 30 days", body = ErrorBody),
        (status = 404, description = "No such bot", body = ErrorBody)))]
pub async fn stats(
    State(deployment): State<Deployment>,
    At(id): At<String>,
    Params(days): Params<Days>,
) -> Result<Json<Stats>, Problem> {
    let (bot_id, llm) = place(&deployment, &id)?;
    let days = days.days.unwrap_or(7);
    if !DAYS.contains(&days) {
        return Err(Problem::bad_request("`days` is 1 to 30"));
    }
    let daily_stats = llm.tokens_by_day(bot_id, days).await.map_err(failed)?;
    Ok(Json(Stats {
        bot_id,
        daily_stats,
    }))
}

/// Begin a bot's day anew
///
/// Nothing of today's budget was used; the history stays as it is.
#[utoipa::path(post, path = "/bots/{id}/budget/reset", tag = "llm",
    params(("id" = String, Path, description = "The bot's id")),
    responses((status = 200, body = Done), (status = 404, description = "No such bot", body = ErrorBody)))]
pub async fn reset(
    State(deployment): State<Deployment>,
    At(id): At<String>,
) -> Result<Json<Done>, Problem> {
    let (bot_id, llm) = place(&deployment, &id)?;
    llm.reset_budget(bot_id).await.map_err(failed)?;
    let message = "nothing of today's budget is used";
    Ok(Json(Done { bot_id, message }))
}

/// Tokens of every bot's today
///
/// Bots without a limit are left out; in order of names.
#[utoipa::path(get, path = "/bots/budget/overview", tag = "llm", responses((status = 200, body = Overview)))]
pub async fn overview(State(deployment): State<Deployment>) -> Result<Json<Overview>, Problem> {
    let llm = llm(&deployment)?;
    let mut bots = Vec::new();
    for bot in deployment.bots() {
        let spec = bot.spec();
        if let Some(usage) = llm.usage(spec.id).await.map_err(failed)?
            && usage.daily_limit > 0
        {
            bots.push(Budgeted {
                bot_id: spec.id,
                name: spec.name,
                llm_enabled: llm.settings(spec.id).await.llm_enabled,
                usage,
            });
        }
    }
    bots.sort_by_key(|bot| bot.name);
    Ok(Json(Overview { bots }))
}

/// What holds for a bot's questions
#[utoipa::path(get, path = "/bots/{id}/llm/settings", tag = "llm",
    params(("id" = String, Path, description = "The bot's id")),
    responses((status = 200, body = BotSettings), (status = 404, description = "No such bot", body = ErrorBody)))]
pub async fn settings(
    State(deployment): State<Deployment>,
    At(id): At<String>,
) -> Result<Json<BotSettings>, Problem> {
    let (bot_id, llm) = place(&deployment, &id)?;
    Ok(Json(BotSettings {
        bot_id,
        settings: llm.settings(bot_id).await,
        configured: llm.configured(),
        model: llm.model().map(str::to_owned),
    }))
}

/// Change what holds for a bot's questions
///
/// Holds on every instance within a second. Switched off, every question takes its fallback.
#[utoipa::path(put, path = "/bots/{id}/llm/settings", tag = "llm",
    params(("id" = String, Path, description = "The bot's id")), request_body = Change,
    responses((status = 200, body = Changed), (status = 400, description = "Nothing to set", body = ErrorBody),
        (status = 404, description = "No such bot", body = ErrorBody), (status = 422, description = "A body of another form", body = ErrorBody)))]
pub async fn set_settings(
    State(deployment): State<Deployment>,
    At(id): At<String>,
    JsonBody(change): JsonBody<Change>,
) -> Result<Json<Changed>, Problem> {
    let (bot_id, llm) = place(&deployment, &id)?;
    if change.llm_enabled.is_none() && change.llm_preset.is_none() {
        return Err(Problem::bad_request(
            "give `llm_enabled`, `llm_preset`, or both",
        ));
    }
    llm.set_settings(bot_id, change.llm_enabled, change.llm_preset)
        .await
        .map_err(failed)?;
    Ok(Json(Changed {
        bot_id,
        updated: true,
        settings: llm.settings(bot_id).await,
        note: (!llm.configured()).then_some(
            "no model is configured (`LLM_BASE_URL`): what was set is kept, and every question takes its fallback",
        ),
    }))
}

/// Numbers of a bot's questions today
#[utoipa::path(get, path = "/bots/{id}/llm/stats", tag = "llm",
    params(("id" = String, Path, description = "The bot's id")),
    responses((status = 200, body = BotNumbers), (status = 404, description = "No such bot", body = ErrorBody)))]
pub async fn numbers(
    State(deployment): State<Deployment>,
    At(id): At<String>,
) -> Result<Json<BotNumbers>, Problem> {
    let (bot_id, llm) = place(&deployment, &id)?;
    let stats = llm.numbers(bot_id).await.map_err(failed)?;
    Ok(Json(BotNumbers { bot_id, stats }))
}

/// The circuit breaker between a bot and the model
#[utoipa::path(get, path = "/bots/{id}/llm/breaker", tag = "llm",
    params(("id" = String, Path, description = "The bot's id")),
    responses((status = 200, body = Breaker), (status = 404, description = "No such bot", body = ErrorBody)))]
pub async fn breaker(
    State(deployment): State<Deployment>,
    At(id): At<String>,
) -> Result<Json<Breaker>, Problem> {
    let (bot_id, llm) = place(&deployment, &id)?;
    Ok(Json(seen(bot_id, llm).await))
}

/// Close the circuit breaker
///
/// Calls pass at once, on every instance that shares a Redis.
#[utoipa::path(post, path = "/bots/{id}/llm/breaker/reset", tag = "llm",
    params(("id" = String, Path, description = "The bot's id")),
    responses((status = 200, body = Breaker), (status = 404, description = "No such bot", body = ErrorBody)))]
pub async fn reset_breaker(
    State(deployment): State<Deployment>,
    At(id): At<String>,
) -> Result<Json<Breaker>, Problem> {
    let (bot_id, llm) = place(&deployment, &id)?;
    llm.reset_breaker(bot_id).await;
    Ok(Json(seen(bot_id, llm).await))
}

async fn seen(bot_id: &'static str, llm: &Llm) -> Breaker {
    Breaker {
        bot_id,
        model: llm.model().map(str::to_owned),
        breaker: llm.breaker(bot_id).await,
    }
}
