//! `GET /bots/{id}/people`, `GET /bots/{id}/segments`, `GET|POST /bots/{id}/segments/{segment}`.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::bots::find;
use super::compiled::store;
use super::error::{ErrorBody, Problem};
use super::extract::{At, JsonBody, Params};
use crate::bot::Bot;
use crate::deployment::Deployment;
use crate::store::broadcasts::audience::{NoAudience, is_segment};
use crate::store::seen::PAGE;
use crate::store::{Store, StoreError};

/// People of one request.
const MOST: usize = 1_000;
/// Telegram's ids of people (at most 52 significant bits).
const PEOPLE: std::ops::RangeInclusive<i64> = 1..=1 << 52;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<Deployment> {
    OpenApiRouter::default()
        .routes(routes!(people))
        .routes(routes!(list))
        .routes(routes!(members, change))
}

/// How many people a bot knows.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PeopleCounts)]
pub struct People {
    bot_id: &'static str,
    /// Who has a private chat with it.
    known: i64,
    /// Those of them whom a broadcast to `all` would reach: not blocked, not opted out.
    reachable: i64,
}

/// A segment.
#[derive(Debug, Serialize, ToSchema)]
pub struct Segment {
    /// Its name.
    segment: String,
    /// How many people belong to it.
    people: i64,
}

/// A bot's segments.
#[derive(Debug, Serialize, ToSchema)]
pub struct Segments {
    bot_id: &'static str,
    segments: Vec<Segment>,
}

/// A page of a segment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SegmentMembers)]
pub struct Members {
    bot_id: &'static str,
    segment: String,
    /// Telegram's ids.
    user_ids: Vec<i64>,
    /// `after` of the next page; null: this is the last one.
    next: Option<i64>,
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// People with greater ids only.
    after: Option<i64>,
}

/// Who joins and who leaves.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SegmentChange)]
pub struct Wanted {
    /// Telegram's ids of those who join, at most 1000.
    #[serde(default)]
    add: Vec<i64>,
    /// And of those who leave, at most 1000.
    #[serde(default)]
    remove: Vec<i64>,
}

/// What has changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SegmentChanged)]
pub struct Changed {
    bot_id: &'static str,
    segment: String,
    /// Who was not there before.
    added: u64,
    /// Who is not there any more.
    removed: u64,
}

struct Desk<'a> {
    of: Of<'a>,
    name: &'static str,
}

/// The segments of a bot.
#[derive(Clone, Copy)]
pub(super) struct Of<'a> {
    pub(super) bot: &'static dyn Bot,
    /// Telegram's number of it.
    pub(super) id: i64,
    pub(super) store: &'a Store,
}

impl Of<'_> {
    /// A bot that declares segments has those, and others only as long as somebody is left in them; to one that declares none,
    /// operators give what names they like.
    pub(super) async fn has(&self, name: &str) -> Result<bool, Problem> {
        let declared: &[&str] = self.bot.segments();
        if declared.is_empty() || declared.contains(&name) {
            return Ok(true);
        }
        let people = self.store.segment(self.id, name, i64::MIN).await;
        Ok(!people.map_err(failed)?.is_empty())
    }

    /// `name` has the form of one.
    pub(super) fn missing(&self, name: &str) -> String {
        let declared = self.bot.segments().join("`, `");
        format!("the bot has no segment `{name}`: its `segments` are `{declared}`")
    }
}

fn place<'a>(deployment: &'a Deployment, id: &str) -> Result<Desk<'a>, Problem> {
    let bot = find(deployment, id)?;
    let store = store(deployment)?;
    let id = bot
        .telegram_id()
        .ok_or_else(|| Problem::conflict("this bot has no token: it knows nobody"))?;
    Ok(Desk {
        of: Of {
            bot: bot.bot,
            id,
            store,
        },
        name: bot.spec().id,
    })
}

fn failed(_: StoreError) -> Problem {
    Problem::unavailable("the database does not answer", 2)
}

fn named(segment: &str) -> Result<(), Problem> {
    if is_segment(segment) {
        return Ok(());
    }
    Err(Problem::validation(NoAudience::Segment.to_string()))
}

/// How many people a bot knows
#[utoipa::path(get, path = "/bots/{id}/people", tag = "broadcasts",
    params(("id" = String, Path, description = "The bot's id")),
    responses((status = 200, body = People), (status = 404, description = "No such bot", body = ErrorBody),
        (status = 409, description = "The bot has no token", body = ErrorBody)))]
pub async fn people(
    State(deployment): State<Deployment>,
    At(id): At<String>,
) -> Result<Json<People>, Problem> {
    let desk = place(&deployment, &id)?;
    // Who was seen a moment ago counts.
    let Of { id, store, .. } = desk.of;
    store.write_people().await.map_err(failed)?;
    let (known, reachable) = store.count_people(id).await.map_err(failed)?;
    Ok(Json(People {
        bot_id: desk.name,
        known,
        reachable,
    }))
}

/// A bot's segments
///
/// Those that it declares, and others that somebody is in.
#[utoipa::path(get, path = "/bots/{id}/segments", tag = "broadcasts",
    params(("id" = String, Path, description = "The bot's id")),
    responses((status = 200, body = Segments), (status = 404, description = "No such bot", body = ErrorBody),
        (status = 409, description = "The bot has no token", body = ErrorBody)))]
pub async fn list(
    State(deployment): State<Deployment>,
    At(id): At<String>,
) -> Result<Json<Segments>, Problem> {
    let desk = place(&deployment, &id)?;
    let Of { bot, id, store } = desk.of;
    let found = store.segments(id).await.map_err(failed)?;
    let declared = bot.segments().iter().map(|name| ((*name).to_owned(), 0));
    let mut segments: BTreeMap<String, i64> = declared.collect();
    segments.extend(found);
    let segment = |(segment, people)| Segment { segment, people };
    Ok(Json(Segments {
        bot_id: desk.name,
        segments: segments.into_iter().map(segment).collect(),
    }))
}

/// People of a segment
///
/// One page.
#[utoipa::path(get, path = "/bots/{id}/segments/{segment}", tag = "broadcasts",
    params(("id" = String, Path, description = "The bot's id"), ("segment" = String, Path, description = "Its name"), Page),
    responses((status = 200, body = Members), (status = 400, description = "No name of a segment", body = ErrorBody),
        (status = 404, description = "No such bot or segment", body = ErrorBody),
        (status = 409, description = "The bot has no token", body = ErrorBody)))]
pub async fn members(
    State(deployment): State<Deployment>,
    At((id, segment)): At<(String, String)>,
    Params(page): Params<Page>,
) -> Result<Json<Members>, Problem> {
    let desk = place(&deployment, &id)?;
    named(&segment)?;
    let after = page.after.unwrap_or(i64::MIN);
    if !desk.of.has(&segment).await? {
        return Err(Problem::not_found(desk.of.missing(&segment)));
    }
    let user_ids = desk.of.store.segment(desk.of.id, &segment, after).await;
    let user_ids = user_ids.map_err(failed)?;
    let full = i64::try_from(user_ids.len()).is_ok_and(|n| n >= PAGE);
    let next = user_ids.last().copied().filter(|_| full);
    Ok(Json(Members {
        bot_id: desk.name,
        segment,
        user_ids,
        next,
    }))
}

/// Put people into a segment, and take others out
///
/// Somebody in both lists leaves.
#[utoipa::path(post, path = "/bots/{id}/segments/{segment}", tag = "broadcasts",
    params(("id" = String, Path, description = "The bot's id"), ("segment" = String, Path, description = "Its name")),
    request_body = Wanted,
    responses((status = 200, body = Changed),
        (status = 400, description = "No name of a segment, too many people, or a number that is nobody's", body = ErrorBody),
        (status = 404, description = "No such bot or segment", body = ErrorBody),
        (status = 409, description = "The bot has no token", body = ErrorBody),
        (status = 422, description = "A body of another form", body = ErrorBody)))]
pub async fn change(
    State(deployment): State<Deployment>,
    At((id, segment)): At<(String, String)>,
    JsonBody(wanted): JsonBody<Wanted>,
) -> Result<Json<Changed>, Problem> {
    let desk = place(&deployment, &id)?;
    named(&segment)?;
    if wanted.add.len() > MOST || wanted.remove.len() > MOST {
        return Err(Problem::validation(format!(
            "at most {MOST} people at once"
        )));
    }
    if !wanted.add.iter().all(|id| PEOPLE.contains(id)) {
        return Err(Problem::validation(
            "`add` holds what is nobody's number: people's are above 0",
        ));
    }
    if !wanted.add.is_empty() && !desk.of.has(&segment).await? {
        return Err(Problem::not_found(desk.of.missing(&segment)));
    }
    let Of { id, store, .. } = desk.of;
    let bot = (id, desk.name);
    let mut counts = [0, 0];
    let changes = [(wanted.add, true), (wanted.remove, false)];
    for (count, (people, join)) in counts.iter_mut().zip(changes) {
        if !people.is_empty() {
            let changed = store.change_segment(bot, &segment, people, join).await;
            *count = changed.map_err(failed)?;
        }
    }
    let [added, removed] = counts;
    Ok(Json(Changed {
        bot_id: desk.name,
        segment,
        added,
        removed,
    }))
}
