//! `GET|POST /bots/{id}/webhook`: what Telegram is told to call.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::bots::find;
use super::error::{ErrorBody, Problem};
use super::extract::{At, JsonBody};
use crate::deployment::registration::Registrar;
use crate::deployment::{Deployment, Mode, Served, Standing};
use crate::telegram::error::ApiError;
use crate::telegram::method::WebhookInfo;
use crate::telegram::token::Token;

/// How long an answer waits for Telegram.
const PATIENCE: Duration = Duration::from_secs(10);

/// The routes of this file.
pub fn routes() -> OpenApiRouter<Deployment> {
    OpenApiRouter::default().routes(routes!(info, change))
}

/// What to do: exactly one of them is true.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookChange)]
pub struct Change {
    /// Telegram is to call this deployment.
    #[serde(default)]
    set: bool,
    /// Telegram is to call nobody; updates wait there.
    #[serde(default)]
    delete: bool,
}

/// What Telegram knows.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookState {
    bot_id: &'static str,
    mode: Mode,
    /// Telegram calls the address of this deployment.
    webhook_ok: bool,
    /// What Telegram calls; null: nobody.
    url: Option<String>,
    /// What it would call; null where `BOTFACTORY_PUBLIC_URL` is not set.
    expected_url: Option<String>,
    /// Updates that wait at Telegram.
    pending_update_count: i64,
    /// When Telegram last failed to deliver: RFC 3339.
    last_error_at: Option<String>,
    /// Its words.
    last_error_message: Option<String>,
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookChanged)]
pub struct Changed {
    bot_id: &'static str,
    /// It was done.
    webhook_ok: bool,
    /// What Telegram calls now; null: nobody.
    url: Option<String>,
}

/// What Telegram knows of a bot's webhook
#[utoipa::path(get, path = "/bots/{id}/webhook", tag = "bots",
    params(("id" = String, Path, description = "The bot's id")),
    responses((status = 200, body = WebhookState), (status = 404, description = "No such bot", body = ErrorBody),
        (status = 409, description = "The bot has no token", body = ErrorBody),
        (status = 502, description = "Telegram does not answer, or refuses", body = ErrorBody)))]
pub async fn info(
    State(deployment): State<Deployment>,
    At(id): At<String>,
) -> Result<Json<WebhookState>, Problem> {
    let bot = find(&deployment, &id)?;
    let (registrar, token) = connected(&deployment, bot)?;
    let known = told(registrar.webhook_info(&token)).await?;
    let expected_url = registrar.webhook_url(bot.spec().id);
    let moment = |seconds| Some(jiff::Timestamp::from_second(seconds).ok()?.to_string());
    Ok(Json(WebhookState {
        bot_id: bot.spec().id,
        mode: deployment.mode(bot),
        webhook_ok: is_ours(&known, expected_url.as_deref()),
        url: Some(known.url).filter(|url| !url.is_empty()),
        expected_url,
        pending_update_count: known.pending_update_count,
        last_error_at: known.last_error_date.and_then(moment),
        last_error_message: known.last_error_message,
    }))
}

/// Set or delete a bot's webhook
///
/// Updates that wait are kept. The next start or reload sets it again.
#[utoipa::path(post, path = "/bots/{id}/webhook", tag = "bots", request_body = Change,
    params(("id" = String, Path, description = "The bot's id")),
    responses((status = 200, body = Changed),
        (status = 400, description = "Neither of `set` and `delete`, or both", body = ErrorBody),
        (status = 404, description = "No such bot", body = ErrorBody),
        (status = 409, description = "The bot has no token, or there is no public address", body = ErrorBody),
        (status = 502, description = "Telegram does not answer, or refuses", body = ErrorBody)))]
pub async fn change(
    State(deployment): State<Deployment>,
    At(id): At<String>,
    JsonBody(change): JsonBody<Change>,
) -> Result<Json<Changed>, Problem> {
    let bot = find(&deployment, &id)?;
    let set = match (change.set, change.delete) {
        (true, false) => true,
        (false, true) => false,
        _ => {
            return Err(Problem::bad_request(
                "exactly one of `set` and `delete` is true",
            ));
        }
    };
    let (registrar, token) = connected(&deployment, bot)?;
    let url = registrar.webhook_url(bot.spec().id);
    if set && url.is_none() {
        return Err(Problem::conflict(
            "BOTFACTORY_PUBLIC_URL is not set: Telegram needs an address to call, and this deployment asks it instead",
        ));
    }
    let standing = if set {
        told(registrar.set_webhook(bot.spec().id, &token)).await?;
        Standing::Ok
    } else {
        told(registrar.delete_webhook(&token)).await?;
        Standing::None
    };
    // Under polling the poller says how it stands.
    if deployment.mode(bot) == Mode::Webhook {
        bot.update(|link| link.updates = standing);
    }
    Ok(Json(Changed {
        bot_id: bot.spec().id,
        webhook_ok: true,
        url: url.filter(|_| set),
    }))
}

/// Whether Telegram calls this deployment, as far as it says so in time; `None`: there is nothing to ask about.
pub(super) async fn calls_us(deployment: &Deployment, bot: &Served) -> Option<bool> {
    if deployment.mode(bot) != Mode::Webhook {
        return None;
    }
    let (registrar, token) = connected(deployment, bot).ok()?;
    let known = told(registrar.webhook_info(&token)).await;
    let expected = registrar.webhook_url(bot.spec().id);
    Some(known.is_ok_and(|known| is_ours(&known, expected.as_deref())))
}

fn is_ours(known: &WebhookInfo, expected: Option<&str>) -> bool {
    expected.is_some_and(|url| url == known.url)
}

fn connected<'d>(
    deployment: &'d Deployment,
    bot: &Served,
) -> Result<(&'d Registrar, Token), Problem> {
    match (deployment.registrar(), bot.link().token) {
        (Some(registrar), Some(token)) => Ok((registrar, token)),
        _ => Err(Problem::conflict(
            "this bot has no token: Telegram knows nothing of it",
        )),
    }
}

/// What Telegram answers, in time.
async fn told<T>(asked: impl Future<Output = Result<T, ApiError>>) -> Result<T, Problem> {
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(Problem::upstream(error.to_string())
            .with_details(serde_json::json!({ "class": error.class() }))),
        Err(_) => Err(Problem::upstream("telegram does not answer in time")),
    }
}
