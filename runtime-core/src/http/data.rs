//! `DELETE /bots/{id}/data`: the rows of a bot's own tables.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::bots::find;
use super::compiled::store;
use super::error::{ErrorBody, Problem};
use super::extract::{At, Params};
use crate::deployment::Deployment;
use crate::store::StoreError;
use crate::store::tables::TableSpec;
use crate::telemetry::{self, events};

/// How long one request deletes; what is left is for the next.
const TIME: Duration = Duration::from_secs(20);

/// The routes of this file.
pub fn routes() -> OpenApiRouter<Deployment> {
    OpenApiRouter::default().routes(routes!(clear))
}

/// That it is meant.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Confirm {
    /// The bot's id once more, for scripts that fill in the path: where it is given and is another, nothing is deleted.
    confirm: Option<String>,
}

/// What was deleted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DataCleared)]
pub struct Cleared {
    bot_id: &'static str,
    /// Nothing that could go is left; false: time was up, ask again.
    data_cleared: bool,
    /// Tables without rows of this bot now.
    tables_cleared: Vec<&'static str>,
    /// How many rows went.
    rows: u64,
    /// Tables whose rows stay, and why.
    tables_left: Vec<Left>,
}

/// A table whose rows stay.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TableLeft)]
pub struct Left {
    table: &'static str,
    why: &'static str,
}

/// Delete the rows of a bot's tables
///
/// Of tables that the bot's migrations make: its rows (where they have `bot_id`) or all. Tables that migrations fill stay, and
/// tables without `bot_id` that several bots share. Not what the runtime keeps: dialogues, locales, overridden texts. There is
/// no way back.
#[utoipa::path(delete, path = "/bots/{id}/data", tag = "bots",
    params(("id" = String, Path, description = "The bot's id"), Confirm),
    responses((status = 200, body = Cleared),
        (status = 400, description = "`confirm` is another bot's id; nothing was deleted", body = ErrorBody),
        (status = 404, description = "No such bot", body = ErrorBody),
        (status = 409, description = "Rows of other tables refer to these; what went before stays gone", body = ErrorBody),
        (status = 503, description = "The database does not answer", body = ErrorBody)))]
pub async fn clear(
    State(deployment): State<Deployment>,
    At(id): At<String>,
    Params(confirm): Params<Confirm>,
) -> Result<Json<Cleared>, Problem> {
    let bot = find(&deployment, &id)?;
    let spec = bot.spec();
    if confirm.confirm.is_some_and(|meant| meant != spec.id) {
        return Err(Problem::bad_request(
            "`confirm` names another bot than the path: nothing was deleted",
        ));
    }
    let store = store(&deployment)?;
    let sharing = deployment.bots().iter();
    let sharing = sharing.filter(|other| other.spec().migrations.owner == spec.migrations.owner);
    let alone = sharing.count() == 1 && spec.migrations.owner == spec.id;
    let ends = Instant::now() + TIME;
    let mut cleared = Cleared {
        bot_id: spec.id,
        data_cleared: true,
        tables_cleared: Vec::new(),
        rows: 0,
        tables_left: Vec::new(),
    };
    for table in bot.bot.tables() {
        if let Some(why) = stays(table, alone) {
            let table = table.name;
            cleared.tables_left.push(Left { table, why });
            continue;
        }
        loop {
            if Instant::now() >= ends {
                cleared.data_cleared = false;
                break;
            }
            let gone = store.empty(spec.id, table).await;
            let gone = gone.map_err(|error| failed(&error, table))?;
            cleared.rows += gone;
            if gone == 0 {
                cleared.tables_cleared.push(table.name);
                break;
            }
        }
    }
    telemetry::emit(events::DataCleared {
        bot: spec.id,
        rows: cleared.rows,
        complete: cleared.data_cleared,
    });
    Ok(Json(cleared))
}

fn stays(table: &TableSpec, alone: bool) -> Option<&'static str> {
    if table.seeded {
        return Some("migrations fill it");
    }
    (!table.bot && !alone).then_some("other bots share it, and it has no `bot_id`")
}

fn failed(error: &StoreError, table: &TableSpec) -> Problem {
    match error {
        StoreError::Sql(error) if crate::store::error::is_constraint(error) => Problem::conflict(
            format!("rows of other tables refer to those of `{}`", table.name),
        ),
        _ => Problem::unavailable("the database does not answer", 2),
    }
}
