//! `GET /bots/{id}/dead-letters`, `POST /bots/{id}/dead-letters/{letter}/requeue`, `DELETE /bots/{id}/dead-letters/{letter}`.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::bots::find;
use super::compiled::store;
use super::error::{ErrorBody, Problem};
use super::extract::{At, Params};
use crate::deployment::Deployment;
use crate::store::letters::{Letter, PAGE, Requeued};
use crate::store::{Store, StoreError};

/// The routes of this file.
pub fn routes() -> OpenApiRouter<Deployment> {
    OpenApiRouter::default()
        .routes(routes!(list))
        .routes(routes!(discard))
        .routes(routes!(requeue))
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// Letters with greater numbers only.
    after: Option<i64>,
}

/// A page of dead letters.
#[derive(Debug, Serialize, ToSchema)]
pub struct Letters {
    dead_letters: Vec<Letter>,
    /// `after` of the next page; null: this is the last one.
    next: Option<i64>,
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeadLetterDone)]
pub struct Done {
    /// Its number.
    dead_letter: i64,
    /// `requeued` or `discarded`.
    done: &'static str,
}

fn failed(_: StoreError) -> Problem {
    Problem::unavailable("the database does not answer", 2)
}

/// The store, and the bot's number there.
fn place<'a>(deployment: &'a Deployment, id: &str) -> Result<(&'a Store, i64), Problem> {
    let bot = find(deployment, id)?;
    let store = store(deployment)?;
    let bot = bot.telegram_id().ok_or_else(|| {
        Problem::conflict("this bot has no token: it sends nothing and has no dead letters")
    })?;
    Ok((store, bot))
}

fn number(letter: &str) -> Result<i64, Problem> {
    letter
        .parse()
        .map_err(|_| Problem::not_found("no such dead letter"))
}

/// Dead letters of a bot
///
/// One page, oldest first.
#[utoipa::path(get, path = "/bots/{id}/dead-letters", tag = "dead letters",
    params(("id" = String, Path, description = "The bot's id"), Page),
    responses((status = 200, body = Letters), (status = 404, description = "No such bot", body = ErrorBody),
        (status = 409, description = "The bot has no token", body = ErrorBody)))]
pub async fn list(
    State(deployment): State<Deployment>,
    At(id): At<String>,
    Params(page): Params<Page>,
) -> Result<Json<Letters>, Problem> {
    let (store, bot) = place(&deployment, &id)?;
    let after = page.after.unwrap_or(0);
    let dead_letters = store.letters(bot, after).await.map_err(failed)?;
    let full = dead_letters.len() >= PAGE as usize;
    let next = dead_letters.last().map(|letter| letter.id).filter(|_| full);
    Ok(Json(Letters { dead_letters, next }))
}

/// Send a dead letter's call again
///
/// Once, however many ask for it; the letter is gone then.
#[utoipa::path(post, path = "/bots/{id}/dead-letters/{letter}/requeue", tag = "dead letters",
    params(("id" = String, Path, description = "The bot's id"), ("letter" = i64, Path, description = "Its number")),
    responses((status = 200, body = Done), (status = 404, description = "No such bot or letter", body = ErrorBody),
        (status = 409, description = "It has no call: its handler failed; or the bot has no token", body = ErrorBody)))]
pub async fn requeue(
    State(deployment): State<Deployment>,
    At((id, letter)): At<(String, String)>,
) -> Result<Json<Done>, Problem> {
    let (store, bot) = place(&deployment, &id)?;
    let letter = number(&letter)?;
    match store.requeue(bot, letter).await.map_err(failed)? {
        Requeued::Done => {
            deployment.core().requeued();
            Ok(Json(Done {
                dead_letter: letter,
                done: "requeued",
            }))
        }
        Requeued::NoCall => Err(Problem::conflict(
            "this dead letter has no call: its handler failed",
        )),
        Requeued::Missing => Err(Problem::not_found("no such dead letter")),
    }
}

/// Forget a dead letter and its call
#[utoipa::path(delete, path = "/bots/{id}/dead-letters/{letter}", tag = "dead letters",
    params(("id" = String, Path, description = "The bot's id"), ("letter" = i64, Path, description = "Its number")),
    responses((status = 200, body = Done), (status = 404, description = "No such bot or letter", body = ErrorBody),
        (status = 409, description = "The bot has no token", body = ErrorBody)))]
pub async fn discard(
    State(deployment): State<Deployment>,
    At((id, letter)): At<(String, String)>,
) -> Result<Json<Done>, Problem> {
    let (store, bot) = place(&deployment, &id)?;
    let letter = number(&letter)?;
    if store.discard(bot, letter).await.map_err(failed)? {
        return Ok(Json(Done {
            dead_letter: letter,
            done: "discarded",
        }));
    }
    Err(Problem::not_found("no such dead letter"))
}
