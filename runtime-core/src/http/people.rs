//! `GET /bots/{id}/people/{user}`, `DELETE /bots/{id}/people/{user}`: what is stored about a person, and erasing it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Json;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use http_body::Frame;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::bots::find;
use super::compiled::store;
use super::error::{ErrorBody, Problem};
use super::extract::At;
use crate::deployment::{Deployment, Served};
use crate::store::export::Export;
use crate::store::person::{Erased, NOBODY, preview_number};
use crate::store::{Store, StoreError};
use crate::telemetry::{self, events};

/// The routes of this file.
pub fn routes() -> OpenApiRouter<Deployment> {
    OpenApiRouter::default().routes(routes!(export, erase))
}

/// Everything about a person.
#[derive(Debug, ToSchema)]
#[schema(as = PersonExport)]
#[allow(dead_code)] // it is written as it is read: this describes it
struct Whole {
    bot_id: String,
    user_id: i64,
    /// Tables with rows of theirs: the bot's own and the runtime's.
    tables: Vec<PersonRows>,
}

/// A table's rows of a person.
#[derive(Debug, ToSchema)]
#[allow(dead_code)]
struct PersonRows {
    table: String,
    /// As they are stored: numbers of SQLite stand for truth and decimals there.
    #[schema(value_type = Vec<Object>)]
    rows: Vec<()>,
}

/// What was erased.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PersonErased)]
pub struct Done {
    bot_id: &'static str,
    /// Nothing is stored about the person now.
    erased: bool,
    /// All rows that went.
    rows: u64,
    /// By table.
    #[schema(value_type = Vec<Object>)]
    tables: Vec<Erased>,
}

fn failed(error: &StoreError) -> Problem {
    if error.is_conflict() {
        Problem::conflict(
            "rows of others refer to this person's: the tables' foreign keys do not say what becomes of them",
        )
    } else {
        Problem::unavailable("the database does not answer", 2)
    }
}

/// The store, and the numbers under which the bot's people are kept.
fn place<'a>(
    deployment: &'a Deployment,
    id: &str,
) -> Result<(&'a Arc<Store>, &'a Served, Vec<i64>), Problem> {
    let bot = find(deployment, id)?;
    let store = store(deployment)?;
    let preview = preview_number(bot.spec().id);
    Ok((
        store,
        bot,
        bot.telegram_id().into_iter().chain([preview]).collect(),
    ))
}

fn number(user: &str) -> Result<i64, Problem> {
    let number = user.parse().ok().filter(|number| *number != NOBODY);
    number.ok_or_else(|| Problem::not_found("a person is named by Telegram's number"))
}

/// What is stored about a person
///
/// Every row of the bot's own tables and of the runtime's, as it is stored, of one moment. It is sent while it is read; an answer
/// that breaks off is not whole, and no JSON. One export at a time. Somebody of whom nothing is known has no tables.
#[utoipa::path(get, path = "/bots/{id}/people/{user}", tag = "people",
    params(("id" = String, Path, description = "The bot's id"), ("user" = i64, Path, description = "Telegram's number of the person")),
    responses((status = 200, body = Whole), (status = 404, description = "No such bot", body = ErrorBody),
        (status = 503, description = "The database does not answer, or another export is at work", body = ErrorBody)))]
pub async fn export(
    State(deployment): State<Deployment>,
    At((id, user)): At<(String, String)>,
) -> Result<Response, Problem> {
    let (store, bot, numbers) = place(&deployment, &id)?;
    let user_id = number(&user)?;
    let export = store.export(bot.bot.held(), &numbers, user_id).await;
    let mut export = export.map_err(|_| Problem::unavailable("another export is at work", 5))?;
    // As long as nothing is sent it can be refused; then it can only break off. Nearly every export is one piece, whose length
    // is said.
    let first = piece(&mut export).await?;
    let body = match piece(&mut export).await? {
        None => Body::from(first.unwrap_or_default()),
        second => Body::new(Pieces {
            first: [second, first],
            export,
        }),
    };
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

async fn piece(export: &mut Export) -> Result<Option<Bytes>, Problem> {
    let piece = export.next().await.transpose();
    piece.map_err(|error| failed(&error))
}

/// An export as a body.
struct Pieces {
    /// Those that are here already, the last one first.
    first: [Option<Bytes>; 2],
    export: Export,
}

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = StoreError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StoreError>>> {
        let [second, first] = &mut self.first;
        if let Some(first) = first.take().or_else(|| second.take()) {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        let next = std::task::ready!(self.export.poll_next(cx));
        Poll::Ready(next.map(|piece| piece.map(Frame::data)))
    }
}

/// Erase what is stored about a person
///
/// In one transaction. A second time there is nothing left to erase. What reaches the bot afterwards is new.
#[utoipa::path(delete, path = "/bots/{id}/people/{user}", tag = "people",
    params(("id" = String, Path, description = "The bot's id"), ("user" = i64, Path, description = "Telegram's number of the person")),
    responses((status = 200, body = Done), (status = 404, description = "No such bot", body = ErrorBody),
        (status = 409, description = "Rows of others refer to theirs; nothing was erased", body = ErrorBody)))]
pub async fn erase(
    State(deployment): State<Deployment>,
    At((id, user)): At<(String, String)>,
) -> Result<Json<Done>, Problem> {
    let (store, bot, numbers) = place(&deployment, &id)?;
    let user = number(&user)?;
    let tables = store
        .erase_person(bot.bot.held(), &numbers, user)
        .await
        .map_err(|error| failed(&error))?;
    let bot_id = bot.spec().id;
    let rows = tables.iter().map(|table| table.rows).sum();
    telemetry::emit(events::PersonHandled {
        bot: bot_id,
        what: "erase",
        rows,
    });
    Ok(Json(Done {
        bot_id,
        erased: true,
        rows,
        tables,
    }))
}
