//! `POST|GET /bots/{id}/i18n/keys`, `POST /bots/{id}/i18n/locale`: the previous system's names for overridden texts, and
//! people's locales.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{DefaultBodyLimit, State};
use serde::de::Error;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use super::bots::find;
use super::compiled::store;
use super::error::{ErrorBody, Problem};
use super::extract::{At, JsonBody, Params, unfit};
use super::given::Fault;
use super::paging::{MOST, limit, page};
use super::texts::{self, NOBODY};
use crate::deployment::{Deployment, Served};
use crate::i18n::Strategy;
use crate::texts::desk::{Desk, Done, Wanted};

/// The routes of this file.
pub fn routes() -> OpenApiRouter<Deployment> {
    OpenApiRouter::default()
        .routes(routes!(keys, set_keys).layer(DefaultBodyLimit::max(texts::BODY_BYTES)))
        .routes(routes!(set_locale))
}

/// Texts to override.
#[derive(Debug, ToSchema)]
#[schema(as = I18nKeysBody)]
#[allow(dead_code)]
struct KeysBody {
    /// Tag of one of the bot's locales.
    locale: String,
    /// Key → Fluent, as it would stand after the `=`.
    keys: BTreeMap<String, String>,
}

/// Its fields: the previous system's 400 of what stands in them is not what a body of another form has.
const FIELDS: &[&str] = &["locale", "keys"];

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = I18nKeysSet)]
pub struct KeysSet {
    bot_id: &'static str,
    locale: String,
    /// How many keys were given.
    keys_count: usize,
    success: bool,
    #[serde(flatten)]
    done: Done,
}

/// Which texts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Tag; the bot's default without it.
    locale: Option<String>,
    /// Entries of a page, 1000 without it.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// Keys after this one only.
    after: Option<String>,
}

/// What people are told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = I18nKeys)]
pub struct Keys {
    bot_id: &'static str,
    locale: String,
    /// Key → Fluent, as it stands after the `=`: overridden, or the original.
    keys: BTreeMap<String, String>,
    /// How many this page has.
    keys_count: usize,
    /// `after` of the next page; null: this is the last one.
    next: Option<String>,
}

/// Whose locale: exactly one of `user_id` and `chat_id`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = I18nLocaleBody)]
pub struct LocaleBody {
    /// Tag of one of the bot's locales.
    locale: String,
    /// A person, by Telegram's id.
    #[serde(default)]
    user_id: Option<i64>,
    /// A chat, by Telegram's id.
    #[serde(default)]
    chat_id: Option<i64>,
}

/// What was stored.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = I18nLocaleSet)]
pub struct LocaleSet {
    bot_id: &'static str,
    locale: &'static str,
    user_id: Option<i64>,
    chat_id: Option<i64>,
    success: bool,
}

/// A tag of the bot's, as the compiler has it.
fn tag_of(bot: &Served, tag: &str) -> Result<&'static str, Problem> {
    let mut tags = bot.spec().locales.iter().map(|locale| locale.tag);
    tags.find(|known| *known == tag).ok_or_else(|| {
        let known: Vec<&str> = bot.spec().locales.iter().map(|locale| locale.tag).collect();
        Problem::bad_request(format!(
            "the bot does not speak this locale; it has {}",
            known.join(", ")
        ))
    })
}

/// Override texts
///
/// The same as `PUT /bots/{id}/texts/{locale}`: all or none, proven by the compiler's own checks.
#[utoipa::path(post, path = "/bots/{id}/i18n/keys", tag = "texts", request_body = KeysBody,
    params(("id" = String, Path, description = "The bot's id")),
    responses((status = 200, body = KeysSet),
        (status = 400, description = "No locale, one that the bot does not have, or `keys` are not texts by key", body = ErrorBody),
        (status = 404, description = "No such bot", body = ErrorBody),
        (status = 422, description = "The texts are at fault; `details.diagnostics` says where", body = ErrorBody),
        (status = 503, description = "The database does not answer", body = ErrorBody)))]
pub async fn set_keys(
    State(deployment): State<Deployment>,
    At(id): At<String>,
    JsonBody(body): JsonBody<Value>,
) -> Result<Json<KeysSet>, Problem> {
    let bot = find(&deployment, &id)?;
    let mut fields = body.as_object().into_iter().flat_map(Map::keys);
    if let Some(unknown) = fields.find(|name| !FIELDS.contains(&name.as_str())) {
        let fault = Fault::unknown_field(unknown, FIELDS);
        return Err(unfit(&fault));
    }
    let locale = body.get("locale").and_then(Value::as_str);
    let locale = locale.ok_or_else(|| Problem::bad_request("`locale` is missing"))?;
    let locale = tag_of(bot, locale)?;
    let keys = body.get("keys").and_then(Value::as_object);
    let not_texts = || Problem::bad_request("`keys` is an object of texts by key");
    let wanted: Option<Vec<Wanted>> = keys
        .ok_or_else(not_texts)?
        .iter()
        .map(|(key, words)| Some(Wanted::new(key.clone(), words.as_str()?.to_owned())))
        .collect();
    let wanted = wanted.ok_or_else(not_texts)?;
    let keys_count = wanted.len();
    let desk = Desk::new(store(&deployment)?, bot.spec());
    let done = desk.set(locale, NOBODY, wanted).await;
    let done = done.map_err(texts::problem)?;
    texts::spoken(&deployment, bot).await;
    Ok(Json(KeysSet {
        bot_id: bot.spec().id,
        locale: locale.to_owned(),
        keys_count,
        success: true,
        done,
    }))
}

/// What people are told, by key
///
/// Texts of the bot, overridden or not, and the runtime's own where they are overridden. `GET /bots/{id}/texts` says more.
#[utoipa::path(get, path = "/bots/{id}/i18n/keys", tag = "texts",
    params(("id" = String, Path, description = "The bot's id"), Which),
    responses((status = 200, body = Keys),
        (status = 400, description = "The bot does not have this locale, or the query cannot be read", body = ErrorBody),
        (status = 404, description = "No such bot", body = ErrorBody),
        (status = 503, description = "The database does not answer", body = ErrorBody)))]
pub async fn keys(
    State(deployment): State<Deployment>,
    At(id): At<String>,
    Params(which): Params<Which>,
) -> Result<Json<Keys>, Problem> {
    let bot = find(&deployment, &id)?;
    let spec = bot.spec();
    let most = limit(which.limit, MOST)?;
    let locale = match &which.locale {
        Some(tag) => tag_of(bot, tag)?,
        None => spec.locales.get(spec.default_locale).map_or("", |l| l.tag),
    };
    let texts = Desk::new(store(&deployment)?, spec)
        .list(Some(locale), false)
        .await
        .map_err(texts::problem)?;
    let spoken: BTreeMap<String, String> = texts
        .into_iter()
        .filter(|text| text.source == "bot" || text.overridden.is_some())
        .map(|text| {
            let words = text.overridden.filter(|o| !o.stale).map(|o| o.words);
            (text.key, words.unwrap_or(text.original))
        })
        .collect();
    let after = which.after.unwrap_or_default();
    let (entries, more) = page(
        spoken
            .into_iter()
            .filter(|(key, _)| after.is_empty() || *key > after),
        most,
    );
    let next = entries.last().map(|(key, _)| key.clone()).filter(|_| more);
    Ok(Json(Keys {
        bot_id: spec.id,
        locale: locale.to_owned(),
        keys_count: entries.len(),
        keys: entries.into_iter().collect(),
        next,
    }))
}

/// Store the locale of a person or a chat
///
/// As if they had chosen it; every instance speaks it within a second. Whose locale counts is the bot's `i18n.strategy`.
#[utoipa::path(post, path = "/bots/{id}/i18n/locale", tag = "texts", request_body = LocaleBody,
    params(("id" = String, Path, description = "The bot's id")),
    responses((status = 200, body = LocaleSet),
        (status = 400, description = "The bot does not have this locale, or not exactly one of `user_id` and `chat_id`", body = ErrorBody),
        (status = 404, description = "No such bot", body = ErrorBody),
        (status = 409, description = "The bot has no token, or does not look at such a locale", body = ErrorBody),
        (status = 503, description = "The database does not answer", body = ErrorBody)))]
pub async fn set_locale(
    State(deployment): State<Deployment>,
    At(id): At<String>,
    JsonBody(body): JsonBody<LocaleBody>,
) -> Result<Json<LocaleSet>, Problem> {
    let bot = find(&deployment, &id)?;
    let locale = tag_of(bot, &body.locale)?;
    let (subject, of) = match (body.user_id, body.chat_id) {
        (Some(user), None) => (user, Strategy::User),
        (None, Some(chat)) => (chat, Strategy::Chat),
        _ => {
            return Err(Problem::bad_request(
                "give exactly one of `user_id` and `chat_id`",
            ));
        }
    };
    if bot.spec().strategy != of {
        return Err(Problem::conflict(match bot.spec().strategy {
            Strategy::User => "this bot speaks the language of the person: give `user_id`",
            Strategy::Chat => "this bot speaks the language of the chat: give `chat_id`",
            Strategy::Fixed => "this bot speaks one language: `strategy: fixed`",
        }));
    }
    let telegram = bot.telegram_id().ok_or_else(|| {
        Problem::conflict("this bot has no token: there is nobody whose locale could be stored")
    })?;
    let stored = store(&deployment)?
        .set_locale(telegram, subject, locale)
        .await;
    stored.map_err(|_| Problem::unavailable("the database does not answer", 2))?;
    Ok(Json(LocaleSet {
        bot_id: bot.spec().id,
        locale,
        user_id: body.user_id,
        chat_id: body.chat_id,
        success: true,
    }))
}
