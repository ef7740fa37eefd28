//! `GET /bots/{id}/dead-letters`, `POST /bots/{id}/dead-letters/{letter}/requeue`, `DELETE /bots/{id}/dead-letters/{letter}`.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};

use super::bots::find;
use super::error::Problem;
use super::state::Deployment;
use crate::store::letters::{Letter, PAGE, Requeued};
use crate::store::{Store, StoreError};

/// Which page.
#[derive(Debug, Deserialize)]
pub struct Page {
    /// Letters with greater numbers only.
    after: Option<String>,
}

/// A page of dead letters.
#[derive(Debug, Serialize)]
pub struct Letters {
    dead_letters: Vec<Letter>,
    /// `after` of the next page; null: this is the last one.
    next: Option<i64>,
}

/// What was done.
#[derive(Debug, Serialize)]
pub struct Done {
    dead_letter: i64,
    done: &'static str,
}

fn failed(_: StoreError) -> Problem {
    Problem::unavailable("the database does not answer", 2)
}

/// The store, and the bot's number there.
fn place<'a>(deployment: &'a Deployment, id: &str) -> Result<(&'a Store, i64), Problem> {
    let bot = find(deployment, id)?;
    let store = deployment
        .core()
        .letters()
        .ok_or_else(|| Problem::unavailable("there is no database", 60))?;
    let bot = bot.telegram_id().ok_or_else(|| {
        Problem::not_found("this bot has no token: it sends nothing and has no dead letters")
    })?;
    Ok((store, bot))
}

fn number(letter: &str) -> Result<i64, Problem> {
    letter
        .parse()
        .map_err(|_| Problem::not_found("no such dead letter"))
}

/// One page, oldest first.
pub async fn list(
    State(deployment): State<Deployment>,
    Path(id): Path<String>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Letters>, Problem> {
    let (store, bot) = place(&deployment, &id)?;
    let after = match page {
        Ok(Query(Page { after: None })) => 0,
        Ok(Query(Page { after: Some(after) })) => after
            .parse()
            .map_err(|_| Problem::bad_request("`after` is the number of a dead letter"))?,
        Err(_) => return Err(Problem::bad_request("the query cannot be read")),
    };
    let dead_letters = store.letters(bot, after).await.map_err(failed)?;
    let full = dead_letters.len() >= PAGE as usize;
    let next = dead_letters.last().map(|letter| letter.id).filter(|_| full);
    Ok(Json(Letters { dead_letters, next }))
}

/// Sends its call again, once.
pub async fn requeue(
    State(deployment): State<Deployment>,
    Path((id, letter)): Path<(String, String)>,
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

/// Forgets it and its call.
pub async fn discard(
    State(deployment): State<Deployment>,
    Path((id, letter)): Path<(String, String)>,
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
