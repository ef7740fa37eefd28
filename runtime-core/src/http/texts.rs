//! `GET /bots/{id}/texts`, `GET|PUT|DELETE /bots/{id}/texts/{locale}`, `DELETE /bots/{id}/texts/{locale}/{key}`,
//! `DELETE /bots/{id}/texts`, `GET /bots/{id}/text-changes`.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequest, Path, Query, Request, State};
use axum::http::header;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};

use super::bots::find;
use super::error::{JsonBody, Problem};
use super::state::{Deployment, Served};
use crate::store::texts::{PAGE, TextChanged};
use crate::store::{Store, StoreError};
use crate::texts::desk::{Desk, Done, Refused, TextEntry, Wanted};
use crate::texts::told::Finding;

/// Longest body of a request with texts, in bytes.
pub const BODY_BYTES: usize = 1 << 20;
/// Who it is that says nothing.
const NOBODY: &str = "api";

/// What to list.
#[derive(Debug, Deserialize)]
pub struct Which {
    /// Tag; all locales without it.
    locale: Option<String>,
    /// `true`: the overridden ones only.
    overridden: Option<bool>,
}

/// Who changes.
#[derive(Debug, Deserialize)]
pub struct Who {
    author: Option<String>,
}

/// Which page of changes.
#[derive(Debug, Deserialize)]
pub struct Page {
    /// Changes with smaller numbers only.
    before: Option<i64>,
}

/// Texts to override.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    /// Key → Fluent, as it would stand after the `=`.
    texts: BTreeMap<String, String>,
}

/// Texts of a bot.
#[derive(Debug, Serialize)]
pub struct Texts {
    bot_id: &'static str,
    texts: Vec<TextEntry>,
}

/// What was done.
#[derive(Debug, Serialize)]
pub struct Changed {
    bot_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<String>,
    #[serde(flatten)]
    done: Done,
}

/// A page of changes.
#[derive(Debug, Serialize)]
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

fn query<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, Problem> {
    match query {
        Ok(Query(query)) => Ok(query),
        Err(_) => Err(Problem::bad_request("the query cannot be read")),
    }
}

fn problem(refused: Refused) -> Problem {
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
async fn spoken(deployment: &Deployment, bot: &Served) {
    let index = deployment.find(bot.spec().id);
    if let (Some(overrides), Some(index)) = (deployment.core().overrides(), index) {
        // If this fails, the next look reads them.
        let _: Result<(), StoreError> = overrides.refresh(index).await;
    }
}

/// Texts with their originals.
pub async fn list(
    State(deployment): State<Deployment>,
    Path(id): Path<String>,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Json<Texts>, Problem> {
    let (bot, store) = place(&deployment, &id)?;
    let which = query(which)?;
    let desk = Desk::new(store, bot.spec());
    let overridden = which.overridden.unwrap_or(false);
    let texts = desk.list(which.locale.as_deref(), overridden).await;
    Ok(Json(Texts {
        bot_id: bot.spec().id,
        texts: texts.map_err(problem)?,
    }))
}

/// The `.ftl` file of a locale, overridden texts in their places.
pub async fn export(
    State(deployment): State<Deployment>,
    Path((id, locale)): Path<(String, String)>,
) -> Result<impl IntoResponse, Problem> {
    let (bot, store) = place(&deployment, &id)?;
    let ftl = Desk::new(store, bot.spec())
        .export(&locale)
        .await
        .map_err(problem)?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], ftl))
}

/// Overrides texts: `{"texts": {"key": "words"}}` as JSON, or an `.ftl` source as `text/plain`.
pub async fn set(
    State(deployment): State<Deployment>,
    Path((id, locale)): Path<(String, String)>,
    who: Result<Query<Who>, QueryRejection>,
    request: Request,
) -> Result<Json<Changed>, Problem> {
    let (bot, store) = place(&deployment, &id)?;
    let who = query(who)?;
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
    who: Result<Query<Who>, QueryRejection>,
) -> Result<Json<Changed>, Problem> {
    let (bot, store) = place(&deployment, id)?;
    let who = query(who)?;
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

/// Reverts one text.
pub async fn revert_one(
    State(deployment): State<Deployment>,
    Path((id, locale, key)): Path<(String, String, String)>,
    who: Result<Query<Who>, QueryRejection>,
) -> Result<Json<Changed>, Problem> {
    revert(deployment, &id, Some(locale), Some(key), who).await
}

/// Reverts the texts of a locale.
pub async fn revert_locale(
    State(deployment): State<Deployment>,
    Path((id, locale)): Path<(String, String)>,
    who: Result<Query<Who>, QueryRejection>,
) -> Result<Json<Changed>, Problem> {
    revert(deployment, &id, Some(locale), None, who).await
}

/// Reverts all texts of a bot.
pub async fn revert_all(
    State(deployment): State<Deployment>,
    Path(id): Path<String>,
    who: Result<Query<Who>, QueryRejection>,
) -> Result<Json<Changed>, Problem> {
    revert(deployment, &id, None, None, who).await
}

/// Who has changed what, newest first.
pub async fn changes(
    State(deployment): State<Deployment>,
    Path(id): Path<String>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Changes>, Problem> {
    let (bot, store) = place(&deployment, &id)?;
    let before = query(page)?.before.unwrap_or(i64::MAX);
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
