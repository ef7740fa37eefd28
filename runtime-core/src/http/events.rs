//! `GET /bots/{id}/events`, `GET /bots/{id}/events/report`.

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
use crate::store::StoreError;
use crate::store::events::{Filter, Found, HOURS, Kind, Report};
use crate::telemetry::logs;

/// Events of a page when nothing is said.
const PAGE: u32 = 100;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<Deployment> {
    OpenApiRouter::default()
        .routes(routes!(list))
        .routes(routes!(report))
}

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Of this person (Telegram's id).
    user_id: Option<i64>,
    /// Of this type.
    #[serde(rename = "type")]
    #[param(rename = "type")]
    kind: Option<String>,
    /// Of this trace.
    trace_id: Option<String>,
    /// With smaller numbers only: `next` of the page before.
    before: Option<i64>,
    /// At most so many: 1 to 500; 100 when nothing is said.
    limit: Option<u32>,
}

/// A page of events, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Events {
    events: Vec<Found>,
    /// `before` of the next page; null: this is the last one.
    next: Option<i64>,
    /// What the log calls the person that was asked for.
    log_user_id: Option<String>,
}

/// Of which time.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Time {
    /// The last hours: 1 to 8760; 24 when nothing is said.
    hours: Option<u32>,
}

fn failed(_: StoreError) -> Problem {
    Problem::unavailable("the database does not answer", 2)
}

/// Events of a bot
///
/// What its updates did, newest first; never a text.
#[utoipa::path(get, path = "/bots/{id}/events", tag = "events",
    params(("id" = String, Path, description = "The bot's id"), Wanted),
    responses((status = 200, body = Events), (status = 400, description = "No such type, or a limit out of bounds", body = ErrorBody),
        (status = 404, description = "No such bot", body = ErrorBody)))]
pub async fn list(
    State(deployment): State<Deployment>,
    At(id): At<String>,
    Params(wanted): Params<Wanted>,
) -> Result<Json<Events>, Problem> {
    let bot = find(&deployment, &id)?.spec().id;
    let limit = wanted.limit.unwrap_or(PAGE);
    if !(1..=crate::store::events::MOST).contains(&limit) {
        return Err(Problem::bad_request("`limit` is 1 to 500"));
    }
    if let Some(kind) = &wanted.kind
        && !Kind::ALL.iter().any(|known| known.name() == kind)
    {
        return Err(Problem::bad_request("there are no events of this `type`"));
    }
    let filter = Filter {
        person: wanted.user_id,
        kind: wanted.kind,
        trace: wanted.trace_id,
        since: None,
        before: wanted.before,
        limit,
    };
    let store = store(&deployment)?;
    let events = store.events(bot, &filter).await.map_err(failed)?;
    let full = events.len() >= limit as usize;
    let next = events.last().map(|event| event.id).filter(|_| full);
    let log_user_id = wanted.user_id.and_then(|id| logs::pseudonym(bot, id));
    Ok(Json(Events {
        events,
        next,
        log_user_id,
    }))
}

/// What a bot did in some hours
///
/// Totals by type, people, the share of events within 200 ms, what is slow, what fails, replies by who wrote them.
#[utoipa::path(get, path = "/bots/{id}/events/report", tag = "events",
    params(("id" = String, Path, description = "The bot's id"), Time),
    responses((status = 200, body = Report), (status = 400, description = "Hours out of bounds", body = ErrorBody),
        (status = 404, description = "No such bot", body = ErrorBody)))]
pub async fn report(
    State(deployment): State<Deployment>,
    At(id): At<String>,
    Params(time): Params<Time>,
) -> Result<Json<Report>, Problem> {
    let bot = find(&deployment, &id)?.spec().id;
    let hours = time.hours.unwrap_or(24);
    if !(1..=HOURS).contains(&hours) {
        return Err(Problem::bad_request("`hours` is 1 to 8760"));
    }
    let store = store(&deployment)?;
    Ok(Json(store.report(bot, hours).await.map_err(failed)?))
}
