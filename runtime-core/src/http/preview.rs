//! `POST /preview/send`: the real handlers and the real database, for a person who does not exist.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;

use super::error::{JsonBody, Problem};
use super::state::Deployment;
use crate::ingress::preview::{self, Given, Reply};

/// Longest text, in UTF-16 units: what Telegram lets a person send.
const TEXT: usize = botfactory_lang::limits::MESSAGE_TEXT;
/// Longest callback, in bytes.
const CALLBACK: usize = botfactory_lang::limits::CALLBACK_DATA_BYTES;
/// Longest locale tag.
const LOCALE: usize = 35;

/// The body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Send {
    bot_id: String,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    callback: Option<String>,
    #[serde(default)]
    user_id: Option<i64>,
    #[serde(default)]
    chat_id: Option<i64>,
    #[serde(default)]
    locale: Option<String>,
}

/// Says or presses something.
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
    let who = preview::Who {
        user: body.user_id.unwrap_or(0),
        chat: body.chat_id,
        locale,
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
