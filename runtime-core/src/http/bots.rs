//! `GET /bots`, `GET /bots/{id}`, `POST /bots/{id}/reload`.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::{ErrorBody, Problem};
use super::extract::{At, Params};
use super::paging::{USUAL, limit, page};
use crate::bot::{BotSpec, Scope};
use crate::config::Config;
use crate::deployment::{Deployment, Mode, Served, Standing};
use crate::handler::effect::Effect;
use crate::i18n::Strategy;
use crate::store::texts::moment;
use crate::telemetry::{self, events};

/// The routes of this file.
pub fn routes() -> OpenApiRouter<Deployment> {
    OpenApiRouter::default()
        .routes(routes!(list))
        .routes(routes!(details))
        .routes(routes!(reload))
}

/// A bot in the list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BotSummary)]
#[allow(missing_docs)]
pub struct Summary {
    bot_id: &'static str,
    /// The same, as the previous system's lists call it.
    id: &'static str,
    name: &'static str,
    /// `active`: a bot that is not served is not here.
    status: &'static str,
    mode: Mode,
    /// A token is set; which one nobody is told.
    token_set: bool,
    locales: Vec<&'static str>,
    default_locale: &'static str,
}

/// A bot alone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BotDetails)]
#[allow(missing_docs)]
pub struct Details {
    #[serde(flatten)]
    summary: Summary,
    tz: &'static str,
    scope: &'static str,
    strategy: &'static str,
    build: &'static str,
    /// The same: SHA-256 of its sources.
    spec_version: &'static str,
    /// When its first migration was applied to this database: RFC 3339; null where it has none.
    created_at: Option<String>,
    /// What Telegram is to call; null where `BOTFACTORY_PUBLIC_URL` or the token is not set.
    webhook_url: Option<String>,
    telegram: Option<Telegram>,
    commands: Vec<Command>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BotTelegram)]
struct Telegram {
    id: i64,
    username: Option<String>,
    updates: Standing,
    commands: Standing,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BotCommand)]
struct Command {
    command: &'static str,
    effect: &'static str,
    dialogue: bool,
    listed: bool,
    usage: &'static str,
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Entries of a page, 100 without it.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// Bots after this id only.
    after: Option<String>,
}

/// Bots of this deployment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BotList)]
pub struct List {
    /// In order of their ids.
    bots: Vec<Summary>,
    /// How many there are in all.
    total: usize,
    /// `after` of the next page; null: this is the last one.
    next: Option<String>,
}

/// What a reload did.
#[derive(Debug, Serialize, ToSchema)]
#[allow(missing_docs)]
pub struct Reload {
    bot_id: &'static str,
    reloaded: bool,
    build: &'static str,
    /// Null where the sources are not on this machine.
    sources_differ: Option<bool>,
    /// Null where the bot has no token.
    webhook_synced: Option<bool>,
    /// The token is another bot's, appeared, or went away, or the admin token went away: that takes a new start.
    restart_needed: bool,
}

fn summary(deployment: &Deployment, bot: &Served) -> Summary {
    let spec = bot.spec();
    Summary {
        bot_id: spec.id,
        id: spec.id,
        name: spec.name,
        status: "active",
        mode: deployment.mode(bot),
        token_set: bot.telegram_id().is_some(),
        locales: spec.locales.iter().map(|locale| locale.tag).collect(),
        default_locale: spec
            .locales
            .get(spec.default_locale)
            .map_or("", |locale| locale.tag),
    }
}

/// The bots of this deployment
#[utoipa::path(get, path = "/bots", tag = "bots", params(Which), responses((status = 200, body = List),
    (status = 400, description = "The query cannot be read", body = ErrorBody)))]
pub async fn list(
    State(deployment): State<Deployment>,
    Params(which): Params<Which>,
) -> Result<Json<List>, Problem> {
    let most = limit(which.limit, USUAL)?;
    let mut bots: Vec<&Served> = deployment.bots().iter().collect();
    bots.sort_by_key(|bot| bot.spec().id);
    let total = bots.len();
    let after = which.after.unwrap_or_default();
    let wanted = bots
        .into_iter()
        .filter(|bot| after.is_empty() || bot.spec().id > after.as_str());
    let (bots, more) = page(wanted.map(|bot| summary(&deployment, bot)), most);
    let next = bots.last().map(|bot| bot.bot_id.to_owned());
    Ok(Json(List {
        bots,
        total,
        next: next.filter(|_| more),
    }))
}

/// One bot
#[utoipa::path(get, path = "/bots/{id}", tag = "bots", params(("id" = String, Path, description = "The bot's id")),
    responses((status = 200, body = Details), (status = 404, description = "No such bot", body = ErrorBody)))]
pub async fn details(
    State(deployment): State<Deployment>,
    At(id): At<String>,
) -> Result<Json<Details>, Problem> {
    let bot = find(&deployment, &id)?;
    let spec = bot.spec();
    let link = bot.link();
    let url = deployment.registrar().filter(|_| link.token.is_some());
    Ok(Json(Details {
        summary: summary(&deployment, bot),
        tz: spec.tz,
        scope: match spec.scope {
            Scope::UserInChat => "user_in_chat",
            Scope::Chat => "chat",
            Scope::User => "user",
            Scope::Thread => "thread",
        },
        strategy: match spec.strategy {
            Strategy::User => "user",
            Strategy::Chat => "chat",
            Strategy::Fixed => "fixed",
        },
        build: spec.source_hash,
        spec_version: spec.source_hash,
        created_at: created_at(&deployment, spec).await,
        webhook_url: url.and_then(|registrar| registrar.webhook_url(spec.id)),
        telegram: link.token.as_ref().map(|token| Telegram {
            id: token.bot(),
            username: link.username.clone(),
            updates: link.updates.clone(),
            commands: link.commands.clone(),
        }),
        commands: spec
            .commands
            .iter()
            .map(|command| Command {
                command: command.name,
                effect: match command.effect {
                    Effect::Pure => "pure",
                    Effect::Read => "read",
                    Effect::State => "state",
                    Effect::Write => "write",
                },
                dialogue: command.wizard,
                listed: command.description.is_some(),
                usage: command.usage,
            })
            .collect(),
    }))
}

/// Unknown where the database does not answer.
async fn created_at(deployment: &Deployment, spec: &BotSpec) -> Option<String> {
    let applied = deployment.core().letters()?.applied(spec.migrations.owner);
    let applied = applied.await.ok()?;
    applied.iter().map(|one| one.at).min().map(moment)
}

/// Read again what is read at run time
///
/// Secrets, admins, `.env`, overridden texts; the bot is registered with Telegram again. Bots themselves are compiled: `sources_differ`
/// says whether what is on disk is another version.
#[utoipa::path(post, path = "/bots/{id}/reload", tag = "bots", params(("id" = String, Path, description = "The bot's id")),
    responses((status = 200, body = Reload), (status = 404, description = "No such bot", body = ErrorBody),
        (status = 422, description = "The configuration is not right any more; nothing has changed", body = ErrorBody),
        (status = 503, description = "The database does not answer", body = ErrorBody)))]
pub async fn reload(
    State(deployment): State<Deployment>,
    At(id): At<String>,
) -> Result<Json<Reload>, Problem> {
    let bot = find(&deployment, &id)?;
    let spec = bot.spec();
    let names: Vec<&str> = deployment.bots().iter().map(|bot| bot.spec().id).collect();
    let config = Config::load(&names).map_err(|error| Problem::unprocessable(error.to_string()))?;
    if let Some(index) = deployment.find(&id) {
        let admins = config.admins.get(index).map_or(&[][..], Vec::as_slice);
        deployment.core().set_admins(index, admins);
    }
    let mut restart_needed = !deployment.set_admin_key(config.admin_key);
    if let Some(registrar) = deployment.registrar() {
        restart_needed |= registrar.reread(&deployment, bot, &config);
    }
    if let (Some(overrides), Some(index)) = (deployment.core().overrides(), deployment.find(&id)) {
        let read = overrides.refresh(index).await;
        read.map_err(|_| Problem::unavailable("the database does not answer", 2))?;
    }
    let webhook_synced = match (deployment.registrar(), deployment.mode(bot)) {
        (None, _) | (_, Mode::Preview) => None,
        (Some(registrar), _) => Some(registrar.register(&deployment, bot).await),
    };
    bot.read_again();
    telemetry::emit(events::Reloaded { bot: spec.id });
    Ok(Json(Reload {
        bot_id: spec.id,
        reloaded: true,
        build: spec.source_hash,
        sources_differ: sources_differ(spec).await,
        webhook_synced,
        restart_needed,
    }))
}

pub(super) fn find<'a>(deployment: &'a Deployment, id: &str) -> Result<&'a Served, Problem> {
    deployment
        .find(id)
        .and_then(|index| deployment.bot(index))
        .ok_or_else(|| Problem::not_found("no such bot"))
}

/// Whether `bots/<id>` below the working directory is not what this binary was built from; `None` where it is not there.
pub(super) async fn sources_differ(spec: &'static BotSpec) -> Option<bool> {
    let folder = std::path::Path::new("bots").join(spec.id);
    let on_disk =
        tokio::task::spawn_blocking(move || botfactory_lang::sources::hash_folder(&folder)).await;
    on_disk.ok()?.ok().map(|hash| hash != spec.source_hash)
}
