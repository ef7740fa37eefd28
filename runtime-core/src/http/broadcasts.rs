//! `POST /bots/{id}/broadcast`, `POST /bots/{id}/broadcast/preview`, `GET /bots/{id}/broadcasts`,
//! `GET /bots/{id}/broadcasts/{broadcast}`, and what may be done to one.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::bots::find;
use super::error::{ErrorBody, Problem};
use super::extract::{At, JsonBody, Params};
use super::guard::only;
use super::segments;
use crate::bot::Bot;
use crate::broadcast::desk::{Said, SaidForm, Wrong, compose};
use crate::broadcast::letter::Letters;
use crate::broadcast::{Broadcasts, DEFAULT_PER_SECOND, PER_SECOND};
use crate::deployment::Deployment;
use crate::store::StoreError;
use crate::store::broadcasts::audience::{Audience, NoAudience};
use crate::store::broadcasts::sending::Fields;
use crate::store::broadcasts::{Making, Missed, Obeyed, Order, PAGE, RECIPIENTS, Row};
use crate::store::outbox::OnAmbiguous;
use crate::store::texts::moment;
use crate::telemetry;
use crate::telemetry::events::BroadcastMoved;

/// Longest key of a request.
const REQUEST_KEY: usize = 200;
/// A moment so long ago, in microseconds, is a mistake and not "at once".
const PAST: i64 = 60_000_000;
/// Nobody means a moment that is further away, in microseconds: as the compiler has it of `at`.
const FAR: i64 = 10 * 366 * 86_400_000_000;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<Deployment> {
    OpenApiRouter::default()
        .routes(routes!(create))
        .routes(routes!(preview))
        .routes(routes!(list))
        .routes(routes!(details))
        .routes(routes!(failures))
        .routes(routes!(pause))
        .routes(routes!(resume))
        .routes(routes!(cancel))
}

/// A broadcast to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewBroadcast)]
pub struct Wanted {
    /// `all`, `active_7d` (any number of days), or `segment:name`.
    #[schema(example = "all")]
    audience: String,
    /// What is said.
    #[schema(value_type = SaidForm)]
    message: Said,
    /// How fast.
    throttle: Option<Throttle>,
    /// Not before this moment (RFC 3339), which is to come; without it at once.
    #[schema(value_type = Option<String>, example = "2030-01-01T09:00:00Z")]
    starts_at: Option<String>,
    /// What becomes of a message of which nobody knows whether it arrived.
    #[serde(default)]
    on_ambiguous: Policy,
}

/// How fast.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Throttle {
    /// Messages a second: 1 to 100. What the deployment allows is the ceiling.
    per_sec: i64,
}

/// What becomes of a message of which nobody knows whether it arrived.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = BroadcastOnAmbiguous)]
pub enum Policy {
    /// Given up, and counted.
    #[default]
    Skip,
    /// Sent again: somebody may get it twice.
    Resend,
}

/// A broadcast that was made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BroadcastMade)]
pub struct Made {
    /// Its number.
    broadcast_id: i64,
    /// `running` or `scheduled`; of one that the same request made before, where it stands.
    status: &'static str,
    /// In words.
    message: &'static str,
    /// How many people it has now; those count who are there when it begins.
    audience_size: i64,
}

/// What a broadcast would be.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BroadcastPreview)]
pub struct Preview {
    bot_id: &'static str,
    audience: String,
    /// How many people would get it now.
    total_users: i64,
    /// Messages a second, the ceiling considered.
    per_sec: i64,
    /// How long it would take.
    eta_seconds: i64,
    /// The call of each locale, as somebody named `Anna` would get it.
    messages: Vec<Shown>,
}

/// A message as it would be sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BroadcastPreviewMessage)]
pub struct Shown {
    locale: String,
    /// The call to Telegram.
    #[schema(value_type = Object)]
    call: serde_json::Value,
}

/// Where a broadcast stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Broadcast)]
pub struct Status {
    /// Its number.
    broadcast_id: i64,
    bot_id: &'static str,
    /// Of the block that made it, or `api`.
    name: String,
    /// `scheduled`, `running`, `paused`, `completed` or `cancelled`.
    status: &'static str,
    /// Why it has paused by itself: `refused` (Telegram refuses the message), `unreadable` (another build made it).
    problem: Option<String>,
    audience: String,
    per_sec: i64,
    /// Recipients; grows while it begins.
    total_users: i64,
    sent_count: i64,
    /// Refused, or given up after several attempts.
    failed_count: i64,
    /// Who has blocked the bot, or is gone.
    blocked_count: i64,
    /// Of which nobody knows whether they arrived, and which were given up.
    ambiguous_count: i64,
    /// Opted out or became unreachable before their turn, or it was cancelled.
    skipped_count: i64,
    /// For whom something is left to do.
    waiting_count: i64,
    /// Of a running one.
    eta_seconds: Option<i64>,
    created_at: String,
    starts_at: String,
    started_at: Option<String>,
    /// When it was completed or cancelled.
    completed_at: Option<String>,
}

/// A page of broadcasts, newest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BroadcastList)]
pub struct List {
    bot_id: &'static str,
    broadcasts: Vec<Status>,
    /// `before` of the next page; null: this is the last one.
    next: Option<i64>,
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// Broadcasts with smaller numbers only.
    before: Option<i64>,
}

/// Recipients that got nothing: not who, but why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BroadcastFailures)]
pub struct Failures {
    broadcast_id: i64,
    failures: Vec<Missed>,
    /// `offset` of the next page; null: this is the last one.
    next: Option<i64>,
}

/// Which failures.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct From {
    /// So many are left out.
    #[param(minimum = 0)]
    offset: Option<i64>,
}

struct Desk<'a> {
    bot: &'static dyn Bot,
    id: i64,
    all: &'a Broadcasts,
}

fn failed(_: StoreError) -> Problem {
    Problem::unavailable("the database does not answer", 2)
}

fn place<'a>(deployment: &'a Deployment, id: &str) -> Result<Desk<'a>, Problem> {
    let bot = find(deployment, id)?;
    let all = deployment.core().broadcasts();
    let all = all.ok_or_else(|| Problem::unavailable("there is no database", 60))?;
    let id = bot.telegram_id().ok_or_else(|| {
        Problem::conflict("this bot has no token: it knows nobody and sends nothing")
    })?;
    Ok(Desk {
        bot: bot.bot,
        id,
        all,
    })
}

fn number(broadcast: &str) -> Result<i64, Problem> {
    broadcast
        .parse()
        .map_err(|_| Problem::not_found("no such broadcast"))
}

impl Desk<'_> {
    fn folder(&self) -> &'static str {
        self.bot.spec().id
    }

    fn letters(&self, said: &Said) -> Result<Letters, Problem> {
        let words = self.all.every_locale(self.id);
        compose(self.bot, &words, said).map_err(|Wrong(words)| Problem::validation(words))
    }

    /// A segment is one of the bot's.
    async fn known(&self, audience: &Audience) -> Result<(), Problem> {
        let Audience::Segment(name) = audience else {
            return Ok(());
        };
        let of = segments::Of {
            bot: self.bot,
            id: self.id,
            store: self.all.store(),
        };
        match of.has(name).await? {
            true => Ok(()),
            false => Err(Problem::validation(of.missing(name))),
        }
    }

    /// How many people there are now.
    async fn size(&self, audience: &Audience) -> Result<i64, Problem> {
        let store = self.all.store();
        // Who was seen a moment ago counts.
        store.write_people().await.map_err(failed)?;
        let size = store.audience(self.id, audience).await.map_err(failed)?;
        if size > RECIPIENTS {
            return Err(Problem::validation(format!(
                "an audience has at most {RECIPIENTS} people"
            )));
        }
        Ok(size)
    }

    fn status(&self, row: Row) -> Status {
        let counts = row.counts;
        let rate = self.all.rate(row.per_second);
        let running = row.state == crate::store::broadcasts::State::Running;
        Status {
            broadcast_id: row.id,
            bot_id: self.folder(),
            name: row.name,
            status: row.state.name(),
            problem: row.problem,
            audience: row.audience,
            per_sec: row.per_second,
            total_users: counts.total,
            sent_count: counts.sent,
            failed_count: counts.failed,
            blocked_count: counts.blocked,
            ambiguous_count: counts.ambiguous,
            skipped_count: counts.skipped,
            waiting_count: counts.waiting(),
            eta_seconds: running.then(|| eta(counts.waiting(), rate)),
            created_at: moment(row.created),
            starts_at: moment(row.starts),
            started_at: row.started.map(moment),
            completed_at: row.finished.map(moment),
        }
    }

    async fn row(&self, broadcast: &str) -> Result<Row, Problem> {
        let id = number(broadcast)?;
        let row = self.all.store().broadcast(self.id, id).await;
        row.map_err(failed)?
            .ok_or_else(|| Problem::not_found("no such broadcast"))
    }
}

fn audience(text: &str) -> Result<Audience, Problem> {
    Audience::parse(text).map_err(|error| match error {
        NoAudience::Form => Problem::unprocessable(error.to_string()),
        _ => Problem::validation(error.to_string()),
    })
}

/// Seconds, rounded up.
fn eta(people: i64, rate: i64) -> i64 {
    let rate = rate.max(1);
    people.saturating_add(rate - 1) / rate
}

fn per_second(throttle: Option<&Throttle>) -> Result<u16, Problem> {
    let Some(throttle) = throttle else {
        return Ok(DEFAULT_PER_SECOND);
    };
    u16::try_from(throttle.per_sec)
        .ok()
        .filter(|number| PER_SECOND.contains(number))
        .ok_or_else(|| Problem::validation("`per_sec` is 1 to 100"))
}

fn starts(text: Option<&str>, now: i64) -> Result<Option<i64>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let at: Timestamp = text
        .parse()
        .map_err(|_| Problem::validation("`starts_at` is a moment such as 2030-01-01T09:00:00Z"))?;
    let at = at.as_microsecond();
    if at.saturating_sub(now) > FAR {
        return Err(Problem::validation(
            "`starts_at` is more than ten years away",
        ));
    }
    Ok(Some(at))
}

fn is_over(at: Option<i64>, now: i64) -> bool {
    at.is_some_and(|at| at < now.saturating_sub(PAST))
}

fn over() -> Problem {
    Problem::validation("`starts_at` is over: leave it out to begin at once")
}

fn now(deployment: &Deployment) -> i64 {
    let all = deployment.core().broadcasts();
    all.map_or_else(
        || Timestamp::now().as_microsecond(),
        |all| all.store().clock().micros(),
    )
}

/// The request's own key, if it has one.
fn request_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    const NAME: HeaderName = HeaderName::from_static("idempotency-key");
    if !headers.contains_key(&NAME) {
        return Ok(None);
    }
    // Given twice it is none: nobody knows which one a retry repeats.
    let key = only(headers, NAME).and_then(|key| std::str::from_utf8(key).ok());
    let key = key.unwrap_or_default().trim();
    let visible = key
        .bytes()
        .all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if key.is_empty() || key.len() > REQUEST_KEY || !visible {
        return Err(Problem::validation(
            "`Idempotency-Key` is 1 to 200 visible ASCII characters",
        ));
    }
    Ok(Some(key.to_owned()))
}

/// Begin a broadcast, or schedule one
///
/// It is sent by every instance, at the declared pace, once to each recipient: people whom the bot knows from a private
/// chat, who can be reached and have not opted out. A request with an `Idempotency-Key` makes one broadcast, however
/// often it comes.
#[utoipa::path(post, path = "/bots/{id}/broadcast", tag = "broadcasts",
    params(("id" = String, Path, description = "The bot's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "The request's own key")),
    request_body = Wanted,
    responses((status = 200, body = Made),
        (status = 400, description = "A message that Telegram would refuse, a text, command or segment that the bot does not have, a segment's name, `per_sec`, `starts_at`", body = ErrorBody),
        (status = 404, description = "No such bot", body = ErrorBody),
        (status = 409, description = "The bot has no token, or the request's key has made another broadcast", body = ErrorBody),
        (status = 422, description = "An audience or a body of another form", body = ErrorBody)))]
pub async fn create(
    State(deployment): State<Deployment>,
    At(id): At<String>,
    headers: HeaderMap,
    JsonBody(wanted): JsonBody<Wanted>,
) -> Result<Json<Made>, Problem> {
    find(&deployment, &id)?;
    // What is wrong with a request is wrong whether the bot has a token or not.
    let audience = audience(&wanted.audience)?;
    let per_second = per_second(wanted.throttle.as_ref())?;
    let request = request_key(&headers)?;
    let now = now(&deployment);
    let at = starts(wanted.starts_at.as_deref(), now)?;
    if is_over(at, now) && request.is_none() {
        return Err(over());
    }
    let desk = place(&deployment, &id)?;
    let store = desk.all.store();
    // The same request may come again when what it made has long begun.
    if is_over(at, now)
        && let Some(key) = &request
        && store
            .requested(desk.id, key)
            .await
            .map_err(failed)?
            .is_none()
    {
        return Err(over());
    }
    let letters = desk.letters(&wanted.message)?;
    desk.known(&audience).await?;
    let audience_size = desk.size(&audience).await?;
    let making = Making {
        bot: desk.id,
        bot_id: desk.folder().into(),
        name: "api",
        request,
        audience,
        messages: serde_json::to_string(&letters)
            .map_err(|_| Problem::validation("the message cannot be written down"))?,
        per_second,
        on_ambiguous: match wanted.on_ambiguous {
            Policy::Skip => OnAmbiguous::Skip,
            Policy::Resend => OnAmbiguous::Resend,
        },
        now,
        starts: at.unwrap_or(now),
        told: None,
    };
    let (state, skip) = (making.state(), making.skip());
    let (audience, messages) = (making.audience.to_string(), making.messages.clone());
    let (broadcast_id, new) = store.make_broadcast(making).await.map_err(failed)?;
    let (status, message) = if new {
        let message = match (state, audience_size) {
            (crate::store::broadcasts::State::Scheduled, _) => "it waits for its time",
            (_, 0) => "it begins, and nobody gets it: there is nobody in its audience",
            _ => "it begins",
        };
        (state.name(), message)
    } else {
        let row = store
            .broadcast(desk.id, broadcast_id)
            .await
            .map_err(failed)?;
        let before = store.broadcast_letters(broadcast_id).await;
        let before = before.map_err(failed)?;
        let other = row.as_ref().is_some_and(|row| {
            row.audience != audience
                || row.per_second != i64::from(per_second)
                || row.skip != skip
                // Without a moment it begins when it is made.
                || at.unwrap_or(row.created) != row.starts
        });
        // A correction under the same key would be lost without a word.
        if other || before.is_some_and(|before| before != messages) {
            return Err(Problem::conflict(format!(
                "this `Idempotency-Key` has made broadcast {broadcast_id}, which is another one"
            )));
        }
        let state = row.map_or(state, |row| row.state);
        (state.name(), "this request has made it before")
    };
    Ok(Json(Made {
        broadcast_id,
        status,
        message,
        audience_size,
    }))
}

/// What a broadcast would be
///
/// Nothing is stored or sent: how many people, how long, and the calls of each locale.
#[utoipa::path(post, path = "/bots/{id}/broadcast/preview", tag = "broadcasts",
    params(("id" = String, Path, description = "The bot's id")), request_body = Wanted,
    responses((status = 200, body = Preview),
        (status = 400, description = "As of the broadcast", body = ErrorBody),
        (status = 404, description = "No such bot", body = ErrorBody),
        (status = 409, description = "The bot has no token", body = ErrorBody),
        (status = 422, description = "An audience or a body of another form", body = ErrorBody)))]
pub async fn preview(
    State(deployment): State<Deployment>,
    At(id): At<String>,
    JsonBody(wanted): JsonBody<Wanted>,
) -> Result<Json<Preview>, Problem> {
    find(&deployment, &id)?;
    let audience = audience(&wanted.audience)?;
    let per_second = per_second(wanted.throttle.as_ref())?;
    let now = now(&deployment);
    if is_over(starts(wanted.starts_at.as_deref(), now)?, now) {
        return Err(over());
    }
    let desk = place(&deployment, &id)?;
    let letters = desk.letters(&wanted.message)?;
    desk.known(&audience).await?;
    let total_users = desk.size(&audience).await?;
    let rate = desk.all.rate(i64::from(per_second));
    let anna = Fields {
        first_name: "Anna".to_owned(),
        ..Fields::default()
    };
    let show = |(locale, letter): (&str, &crate::broadcast::letter::Letter)| Shown {
        locale: locale.to_owned(),
        call: serde_json::to_value(letter.call(0, &anna)).unwrap_or_default(),
    };
    Ok(Json(Preview {
        bot_id: desk.folder(),
        audience: audience.to_string(),
        total_users,
        per_sec: rate,
        eta_seconds: eta(total_users, rate),
        messages: letters.each().map(show).collect(),
    }))
}

/// Broadcasts of a bot
///
/// One page, newest first.
#[utoipa::path(get, path = "/bots/{id}/broadcasts", tag = "broadcasts",
    params(("id" = String, Path, description = "The bot's id"), Page),
    responses((status = 200, body = List), (status = 404, description = "No such bot", body = ErrorBody),
        (status = 409, description = "The bot has no token", body = ErrorBody)))]
pub async fn list(
    State(deployment): State<Deployment>,
    At(id): At<String>,
    Params(page): Params<Page>,
) -> Result<Json<List>, Problem> {
    let desk = place(&deployment, &id)?;
    let before = page.before.unwrap_or(i64::MAX);
    let rows = desk.all.store().broadcasts(desk.id, before).await;
    let rows = rows.map_err(failed)?;
    let full = i64::try_from(rows.len()).is_ok_and(|n| n >= PAGE);
    let next = rows.last().map(|row| row.id).filter(|_| full);
    Ok(Json(List {
        bot_id: desk.folder(),
        broadcasts: rows.into_iter().map(|row| desk.status(row)).collect(),
        next,
    }))
}

/// Where a broadcast stands
#[utoipa::path(get, path = "/bots/{id}/broadcasts/{broadcast}", tag = "broadcasts",
    params(("id" = String, Path, description = "The bot's id"), ("broadcast" = i64, Path, description = "Its number")),
    responses((status = 200, body = Status), (status = 404, description = "No such bot or broadcast", body = ErrorBody),
        (status = 409, description = "The bot has no token", body = ErrorBody)))]
pub async fn details(
    State(deployment): State<Deployment>,
    At((id, broadcast)): At<(String, String)>,
) -> Result<Json<Status>, Problem> {
    let desk = place(&deployment, &id)?;
    let row = desk.row(&broadcast).await?;
    Ok(Json(desk.status(row)))
}

/// Recipients that got nothing
///
/// Without names: when, and why.
#[utoipa::path(get, path = "/bots/{id}/broadcasts/{broadcast}/failures", tag = "broadcasts",
    params(("id" = String, Path, description = "The bot's id"), ("broadcast" = i64, Path, description = "Its number"), From),
    responses((status = 200, body = Failures), (status = 400, description = "A negative `offset`", body = ErrorBody),
        (status = 404, description = "No such bot or broadcast", body = ErrorBody),
        (status = 409, description = "The bot has no token", body = ErrorBody)))]
pub async fn failures(
    State(deployment): State<Deployment>,
    At((id, broadcast)): At<(String, String)>,
    Params(from): Params<From>,
) -> Result<Json<Failures>, Problem> {
    let desk = place(&deployment, &id)?;
    let row = desk.row(&broadcast).await?;
    let offset = from.offset.unwrap_or(0);
    if offset < 0 {
        return Err(Problem::validation("`offset` is not below 0"));
    }
    let failures = desk.all.store().missed(row.id, offset).await;
    let failures = failures.map_err(failed)?;
    let full = i64::try_from(failures.len()).is_ok_and(|n| n >= PAGE);
    Ok(Json(Failures {
        broadcast_id: row.id,
        failures,
        next: full.then(|| offset.saturating_add(PAGE)),
    }))
}

async fn order(
    deployment: &Deployment,
    id: &str,
    broadcast: &str,
    order: Order,
) -> Result<Json<Status>, Problem> {
    let desk = place(deployment, id)?;
    let number = number(broadcast)?;
    let obeyed = desk.all.store().order(desk.id, number, order).await;
    match obeyed.map_err(failed)? {
        Obeyed::Done { row, changed } => {
            if changed {
                telemetry::emit(BroadcastMoved {
                    bot: desk.folder(),
                    id: row.id,
                    state: row.state.name(),
                    took: None,
                });
            }
            Ok(Json(desk.status(*row)))
        }
        Obeyed::Ended(state) => Err(Problem::conflict(format!(
            "this broadcast is {}",
            state.name()
        ))),
        Obeyed::Missing => Err(Problem::not_found("no such broadcast")),
    }
}

/// Pause a broadcast
///
/// Once this is answered, no further call begins on any instance. One that is paused stays so.
#[utoipa::path(post, path = "/bots/{id}/broadcasts/{broadcast}/pause", tag = "broadcasts",
    params(("id" = String, Path, description = "The bot's id"), ("broadcast" = i64, Path, description = "Its number")),
    responses((status = 200, body = Status), (status = 404, description = "No such bot or broadcast", body = ErrorBody),
        (status = 409, description = "It has ended, or the bot has no token", body = ErrorBody)))]
pub async fn pause(
    State(deployment): State<Deployment>,
    At((id, broadcast)): At<(String, String)>,
) -> Result<Json<Status>, Problem> {
    order(&deployment, &id, &broadcast, Order::Pause).await
}

/// Resume a broadcast
///
/// One that was scheduled waits for its time again.
#[utoipa::path(post, path = "/bots/{id}/broadcasts/{broadcast}/resume", tag = "broadcasts",
    params(("id" = String, Path, description = "The bot's id"), ("broadcast" = i64, Path, description = "Its number")),
    responses((status = 200, body = Status), (status = 404, description = "No such bot or broadcast", body = ErrorBody),
        (status = 409, description = "It has ended, or the bot has no token", body = ErrorBody)))]
pub async fn resume(
    State(deployment): State<Deployment>,
    At((id, broadcast)): At<(String, String)>,
) -> Result<Json<Status>, Problem> {
    order(&deployment, &id, &broadcast, Order::Resume).await
}

/// Cancel a broadcast
///
/// For good: whoever has not got it will not.
#[utoipa::path(post, path = "/bots/{id}/broadcasts/{broadcast}/cancel", tag = "broadcasts",
    params(("id" = String, Path, description = "The bot's id"), ("broadcast" = i64, Path, description = "Its number")),
    responses((status = 200, body = Status), (status = 404, description = "No such bot or broadcast", body = ErrorBody),
        (status = 409, description = "It is completed, or the bot has no token", body = ErrorBody)))]
pub async fn cancel(
    State(deployment): State<Deployment>,
    At((id, broadcast)): At<(String, String)>,
) -> Result<Json<Status>, Problem> {
    order(&deployment, &id, &broadcast, Order::Cancel).await
}
