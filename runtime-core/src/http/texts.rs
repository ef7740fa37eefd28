//! `GET /bots/{id}/texts`, `GET|PUT|DELETE /bots/{id}/texts/{locale}`, `DELETE /bots/{id}/texts/{locale}/{key}`,
//! `DELETE /bots/{id}/texts`, `GET /bots/{id}/text-changes`.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::http::header;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use super::bots::find;
use super::error::{ErrorBody, Problem};
use super::extract::{At, JsonBody, Params};
use super::paging::{MOST, limit, page};
use crate::deployment::{Deployment, Served};
use crate::store::texts::{PAGE, TextChanged};
use crate::store::{Store, StoreError};
use crate::texts::desk::{Desk, Done, Refused, TextEntry, Wanted};
use crate::texts::told::Finding;

/// Longest body of a request with texts, in bytes.
pub const BODY_BYTES: usize = 1 << 20;
/// Who it is that says nothing.
pub(super) const NOBODY: &str = "api";

/// The routes of this file.
pub fn routes() -> OpenApiRouter<Deployment> {
    OpenApiRouter::default()
        .routes(routes!(list, revert_all))
        .routes(routes!(export, set, revert_locale).layer(DefaultBodyLimit::max(BODY_BYTES)))
        .routes(routes!(revert_one))
        .routes(routes!(changes))
}

/// What to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Tag; all locales without it.
    locale: Option<String>,
    /// `true`: the overridden ones only.
    overridden: Option<bool>,
    /// Entries of a page, 1000 without it.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// `next` of the page before.
    after: Option<String>,
}

/// Who changes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Who {
    /// A name for the list of changes; `api` without it.
    #[param(max_length = 64)]
    author: Option<String>,
}

/// Which page of changes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// Changes with smaller numbers only.
    before: Option<i64>,
}

/// Texts to override.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TextsBody)]
pub struct Body {
    /// Key → Fluent, as it would stand after the `=`.
    texts: BTreeMap<String, String>,
}

/// Texts of a bot.
#[derive(Debug, Serialize, ToSchema)]
pub struct Texts {
    bot_id: &'static str,
    texts: Vec<TextEntry>,
    /// `after` of the next page; null: this is the last one.
    next: Option<String>,
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TextsChanged)]
pub struct Changed {
    bot_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<String>,
    #[serde(flatten)]
    done: Done,
}

/// A page of changes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TextChanges)]
pub struct Changes {
    bot_id: &'static str,
    changes: Vec<TextChanged>,
    /// `before` of the next page; null: this is the last one.
    next: Option<i64>,
}

fn place<'a>(deployment: &'a Deployment, id: &str) -> Result<(&'a Served, &'a Store), Problem> {
    let bot = find(deployment, id)?;
    let store = deployment
        .core()
        .letters()
        .ok_or_else(|| Problem::unavailable("there is no database", 60))?;
    Ok((bot, store))
}

pub(super) fn problem(refused: Refused) -> Problem {
    match refused {
        Refused::Locale => Problem::not_found("the bot has no such locale"),
        Refused::Bound(words) => Problem::unprocessable(words),
        Refused::Race => Problem::unavailable("others change the same texts; try again", 1),
        Refused::Store(_) => Problem::unavailable("the database does not answer", 2),
        Refused::Faults(found) => {
            let errors = found
                .iter()
                .filter(|f: &&Finding| f.severity == "error")
                .count();
            let plural = if errors == 1 { "" } else { "s" };
            let message = format!("{errors} error{plural} in these texts: nothing is stored");
            Problem::unprocessable(message)
                .with_details(serde_json::json!({ "diagnostics": found }))
        }
    }
}

/// Speaks what was changed before anybody is told that it was.
pub(super) async fn spoken(deployment: &Deployment, bot: &Served) {
    let index = deployment.find(bot.spec().id);
    if let (Some(overrides), Some(index)) = (deployment.core().overrides(), index) {
        // If this fails, the next look reads them.
        let _: Result<(), StoreError> = overrides.refresh(index).await;
    }
}

/// Texts of a bot, with their originals
#[utoipa::path(get, path = "/bots/{id}/texts", tag = "texts",
    params(("id" = String, Path, description = "The bot's id"), Which),
    responses((status = 200, body = Texts), (status = 404, description = "No such bot or locale", body = ErrorBody)))]
pub async fn list(
    State(deployment): State<Deployment>,
    At(id): At<String>,
    Params(which): Params<Which>,
) -> Result<Json<Texts>, Problem> {
    let (bot, store) = place(&deployment, &id)?;
    let most = limit(which.limit, MOST)?;
    let desk = Desk::new(store, bot.spec());
    let overridden = which.overridden.unwrap_or(false);
    let texts = desk.list(which.locale.as_deref(), overridden).await;
    let texts = texts.map_err(problem)?;
    let (texts, more) = page(after(texts, which.after.as_deref()), most);
    let next = texts.last().map(cursor).filter(|_| more);
    Ok(Json(Texts {
        bot_id: bot.spec().id,
        texts,
        next,
    }))
}

/// `en/btn-book`.
fn cursor(text: &TextEntry) -> String {
    format!("{}/{}", text.locale, text.key)
}

/// The entries after a cursor. Locales stand in the bot's order, keys of each in the order of their letters.
fn after(texts: Vec<TextEntry>, cursor: Option<&str>) -> impl Iterator<Item = TextEntry> {
    let cursor = cursor.and_then(|cursor| cursor.split_once('/'));
    let cursor = cursor.map(|(locale, key)| (locale.to_owned(), key.to_owned()));
    let mut seen = cursor.is_none();
    texts.into_iter().filter(move |text| match &cursor {
        Some((locale, key)) if text.locale == *locale => {
            seen = true;
            text.key > *key
        }
        _ => seen,
    })
}

/// The `.ftl` file of a locale
///
/// Overridden texts stand in their places.
#[utoipa::path(get, path = "/bots/{id}/texts/{locale}", tag = "texts",
    params(("id" = String, Path, description = "The bot's id"), ("locale" = String, Path, description = "Tag, such as `en`")),
    responses((status = 200, body = String, content_type = "text/plain"), (status = 404, description = "No such bot or locale", body = ErrorBody)))]
pub async fn export(
    State(deployment): State<Deployment>,
    At((id, locale)): At<(String, String)>,
) -> Result<impl IntoResponse, Problem> {
    let (bot, store) = place(&deployment, &id)?;
    let ftl = Desk::new(store, bot.spec())
        .export(&locale)
        .await
        .map_err(problem)?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], ftl))
}

/// Override texts of a locale
///
/// `{"texts": {"key": "words"}}` as JSON, or an `.ftl` source as `text/plain`. All or none: they are proven by the compiler's
/// own checks first.
#[utoipa::path(put, path = "/bots/{id}/texts/{locale}", tag = "texts",
    params(("id" = String, Path, description = "The bot's id"), ("locale" = String, Path, description = "Tag, such as `en`"), Who),
    request_body(content((Body = "application/json"), (String = "text/plain"))),
    responses((status = 200, body = Changed), (status = 404, description = "No such bot or locale", body = ErrorBody),
        (status = 422, description = "The texts are at fault; `details.diagnostics` says where", body = ErrorBody)))]
pub async fn set(
    State(deployment): State<Deployment>,
    At((id, locale)): At<(String, String)>,
    Params(who): Params<Who>,
    request: Request,
) -> Result<Json<Changed>, Problem> {
    let (bot, store) = place(&deployment, &id)?;
    let author = who.author.as_deref().unwrap_or(NOBODY);
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let desk = Desk::new(store, bot.spec());
    let done = if kind.starts_with("text/") {
        let ftl = String::from_request(request, &())
            .await
            .map_err(
                |rejection| match rejection.into_response().status().as_u16() {
                    413 => Problem::too_large("the body is too large"),
                    _ => Problem::bad_request("the body is not UTF-8"),
                },
            )?;
        desk.set_ftl(&locale, author, ftl).await
    } else {
        let JsonBody(Body { texts }) = JsonBody::from_request(request, &()).await?;
        let wanted = texts
            .into_iter()
            .map(|(key, words)| Wanted::new(key, words));
        desk.set(&locale, author, wanted.collect()).await
    };
    let done = done.map_err(problem)?;
    spoken(&deployment, bot).await;
    Ok(Json(Changed {
        bot_id: bot.spec().id,
        locale: Some(locale),
        done,
    }))
}

async fn revert(
    deployment: Deployment,
    id: &str,
    locale: Option<String>,
    key: Option<String>,
    who: Who,
) -> Result<Json<Changed>, Problem> {
    let (bot, store) = place(&deployment, id)?;
    let author = who.author.as_deref().unwrap_or(NOBODY);
    let keys = key.map(|key| vec![key]);
    let desk = Desk::new(store, bot.spec());
    let done = desk
        .revert(locale.as_deref(), keys.as_deref(), author)
        .await;
    let done = done.map_err(problem)?;
    if keys.is_some() && done.reverted.is_empty() {
        return Err(Problem::not_found("this text is not overridden"));
    }
    spoken(&deployment, bot).await;
    Ok(Json(Changed {
        bot_id: bot.spec().id,
        locale,
        done,
    }))
}

/// Revert one text
#[utoipa::path(delete, path = "/bots/{id}/texts/{locale}/{key}", tag = "texts",
    params(("id" = String, Path, description = "The bot's id"), ("locale" = String, Path, description = "Tag, such as `en`"),
        ("key" = String, Path, description = "The text"), Who),
    responses((status = 200, body = Changed), (status = 404, description = "No such bot or locale, or it is not overridden", body = ErrorBody)))]
pub async fn revert_one(
    State(deployment): State<Deployment>,
    At((id, locale, key)): At<(String, String, String)>,
    Params(who): Params<Who>,
) -> Result<Json<Changed>, Problem> {
    revert(deployment, &id, Some(locale), Some(key), who).await
}

/// Revert the texts of a locale
#[utoipa::path(delete, path = "/bots/{id}/texts/{locale}", tag = "texts",
    params(("id" = String, Path, description = "The bot's id"), ("locale" = String, Path, description = "Tag, such as `en`"), Who),
    responses((status = 200, body = Changed), (status = 404, description = "No such bot or locale", body = ErrorBody)))]
pub async fn revert_locale(
    State(deployment): State<Deployment>,
    At((id, locale)): At<(String, String)>,
    Params(who): Params<Who>,
) -> Result<Json<Changed>, Problem> {
    revert(deployment, &id, Some(locale), None, who).await
}

/// Revert all texts of a bot
#[utoipa::path(delete, path = "/bots/{id}/texts", tag = "texts",
    params(("id" = String, Path, description = "The bot's id"), Who),
    responses((status = 200, body = Changed), (status = 404, description = "No such bot", body = ErrorBody)))]
pub async fn revert_all(
    State(deployment): State<Deployment>,
    At(id): At<String>,
    Params(who): Params<Who>,
) -> Result<Json<Changed>, Problem> {
    revert(deployment, &id, None, None, who).await
}

/// Who has changed which texts
///
/// One page, newest first.
#[utoipa::path(get, path = "/bots/{id}/text-changes", tag = "texts",
    params(("id" = String, Path, description = "The bot's id"), Page),
    responses((status = 200, body = Changes), (status = 404, description = "No such bot", body = ErrorBody)))]
pub async fn changes(
    State(deployment): State<Deployment>,
    At(id): At<String>,
    Params(page): Params<Page>,
) -> Result<Json<Changes>, Problem> {
    let (bot, store) = place(&deployment, &id)?;
    let before = page.before.unwrap_or(i64::MAX);
    let changes = store.text_changes(bot.spec().id, before).await;
    let changes = changes.map_err(|error| problem(Refused::Store(error)))?;
    let full = i64::try_from(changes.len()).is_ok_and(|n| n >= PAGE);
    let next = changes.last().map(|change| change.id).filter(|_| full);
    Ok(Json(Changes {
        bot_id: bot.spec().id,
        changes,
        next,
    }))
}
