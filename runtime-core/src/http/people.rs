//! `GET /bots/{id}/people/{user}`, `DELETE /bots/{id}/people/{user}`: what is stored about a person, and erasing it.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::bots::find;
use super::error::{ErrorBody, Problem};
use super::extract::At;
use super::state::{Deployment, Served};
use crate::store::person::{Erased, PersonRows, preview_number};
use crate::store::{Store, StoreError};
use crate::telemetry::{self, events};

/// The routes of this file.
pub fn routes() -> OpenApiRouter<Deployment> {
    OpenApiRouter::default().routes(routes!(export, erase))
}

/// Everything about a person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PersonExport)]
pub struct Export {
    bot_id: &'static str,
    user_id: i64,
    /// Tables with rows of theirs: the bot's own and the runtime's.
    #[schema(value_type = Vec<Object>)]
    tables: Vec<PersonRows>,
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
) -> Result<(&'a Store, &'a Served, Vec<i64>), Problem> {
    let bot = find(deployment, id)?;
    let store = deployment
        .core()
        .letters()
        .ok_or_else(|| Problem::unavailable("there is no database", 60))?;
    let preview = preview_number(bot.spec().id);
    Ok((
        store,
        bot,
        bot.telegram_id().into_iter().chain([preview]).collect(),
    ))
}

fn number(user: &str) -> Result<i64, Problem> {
    user.parse()
        .map_err(|_| Problem::not_found("a person is named by Telegram's number"))
}

/// What is stored about a person
///
/// Every row of the bot's own tables and of the runtime's, as it is stored; at most 2000 of a table. Somebody of whom nothing
/// is known has no tables.
#[utoipa::path(get, path = "/bots/{id}/people/{user}", tag = "people",
    params(("id" = String, Path, description = "The bot's id"), ("user" = i64, Path, description = "Telegram's number of the person")),
    responses((status = 200, body = Export), (status = 404, description = "No such bot", body = ErrorBody)))]
pub async fn export(
    State(deployment): State<Deployment>,
    At((id, user)): At<(String, String)>,
) -> Result<Json<Export>, Problem> {
    let (store, bot, numbers) = place(&deployment, &id)?;
    let user_id = number(&user)?;
    let tables = store
        .person(bot.bot, &numbers, user_id)
        .await
        .map_err(|error| failed(&error))?;
    let bot_id = bot.spec().id;
    telemetry::emit(events::PersonHandled {
        bot: bot_id,
        what: "export",
        rows: tables.iter().map(|table| table.rows.len() as u64).sum(),
    });
    Ok(Json(Export {
        bot_id,
        user_id,
        tables,
    }))
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
        .erase_person(bot.bot, &numbers, user)
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
