//! `POST /preview/send`: the real handlers and the real database, for a person who does not exist.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::{ErrorBody, Problem};
use super::extract::JsonBody;
use crate::deployment::Deployment;
use crate::incoming::guest::Guest;
use crate::ingress::preview::{self, Given, Reply};

/// Longest text, in UTF-16 units: what Telegram lets a person send.
const TEXT: usize = botfactory_lang::limits::MESSAGE_TEXT;
/// Longest callback, in bytes.
const CALLBACK: usize = botfactory_lang::limits::CALLBACK_DATA_BYTES;
/// Longest locale tag.
const LOCALE: usize = 35;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<Deployment> {
    OpenApiRouter::default().routes(routes!(send))
}

/// Who says or presses what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PreviewSend)]
pub struct Send {
    /// Which bot.
    bot_id: String,
    /// What the person writes; exactly one of this and `callback`.
    #[serde(default)]
    #[schema(max_length = 4096)]
    text: Option<String>,
    /// `callback` of a button of an earlier answer, or a command.
    #[serde(default)]
    #[schema(max_length = 64)]
    callback: Option<String>,
    /// Any number; the same one is the same person. They exist only in previews.
    #[serde(default)]
    user_id: Option<i64>,
    /// A group, by any number; without it their private chat.
    #[serde(default)]
    chat_id: Option<i64>,
    /// Their client's language.
    #[serde(default)]
    #[schema(max_length = 35)]
    locale: Option<String>,
    /// They are one of the bot's admins: another person than the one with the same number who is none.
    #[serde(default)]
    admin: bool,
}

/// Say or press something, as a person who does not exist
///
/// The real handlers and the real database; what would be sent is returned instead.
#[utoipa::path(post, path = "/preview/send", tag = "preview", request_body = Send,
    responses((status = 200, body = Reply), (status = 404, description = "No such bot", body = ErrorBody),
        (status = 422, description = "The body is not as it must be", body = ErrorBody),
        (status = 503, description = "Not now; `Retry-After` says when", body = ErrorBody)))]
pub async fn send(
    State(deployment): State<Deployment>,
    JsonBody(body): JsonBody<Send>,
) -> Result<Json<Reply>, Problem> {
    let bot = deployment
        .find(&body.bot_id)
        .ok_or_else(|| Problem::not_found("no such bot"))?;
    let given = match (body.text, body.callback) {
        (Some(text), None) => {
            let text = text.trim();
            if text.is_empty() {
                return Err(Problem::unprocessable("`text` is empty"));
            }
            if botfactory_lang::length::utf16(text) > TEXT {
                return Err(Problem::unprocessable("`text` is longer than 4096 units"));
            }
            Given::Text(text.to_owned())
        }
        (None, Some(callback)) if callback.is_empty() || callback.len() > CALLBACK => {
            return Err(Problem::unprocessable("`callback` has 1 to 64 bytes"));
        }
        (None, Some(callback)) => Given::Callback(callback),
        _ => {
            return Err(Problem::unprocessable(
                "give exactly one of `text` and `callback`",
            ));
        }
    };
    let locale = match body.locale {
        Some(tag) if tag.is_empty() || tag.len() > LOCALE => {
            return Err(Problem::unprocessable("`locale` is a tag such as `en`"));
        }
        locale => locale,
    };
    let who = Guest {
        user: body.user_id.unwrap_or(0),
        chat: body.chat_id,
        locale,
        admin: body.admin,
    };
    let _permit = deployment
        .permit()
        .ok_or_else(|| Problem::unavailable("too many updates at once", 1))?;
    preview::send(deployment.core(), bot, deployment.name(bot), &who, given)
        .await
        .map(Json)
        .map_err(|preview::Busy { retry_after }| {
            Problem::unavailable("the update cannot be handled now", retry_after)
        })
}
