//! `GET /bots/{id}/spec|graph|status`, `POST /bots/{id}/validate|prepare`: what was compiled, and how it stands here.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::bots::{find, sources_differ};
use super::error::{ErrorBody, Problem};
use super::extract::{At, Params, Raw};
use super::hooks;
use crate::deployment::{Deployment, Mode, Served};
use crate::store::tables::MigrationSet;
use crate::store::{Store, migrate};
use crate::texts::desk::Desk;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<Deployment> {
    OpenApiRouter::default()
        .routes(routes!(spec))
        .routes(routes!(graph))
        .routes(routes!(status))
        .routes(routes!(validate))
        .routes(routes!(prepare))
}

/// What the compiler has made of a bot.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CompiledSpec)]
pub struct Spec {
    bot_id: &'static str,
    name: &'static str,
    /// SHA-256 of its sources.
    spec_version: &'static str,
    tz: &'static str,
    locales: Vec<&'static str>,
    default_locale: &'static str,
    /// Each with its block, place, arguments, effect, dialogue and queries.
    #[schema(value_type = Vec<Object>)]
    commands: Value,
    /// Each with its owner columns.
    #[schema(value_type = Vec<Object>)]
    tables: Value,
    migrations: Vec<String>,
}

/// In which form.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Form {
    /// `json`, or `mermaid`: a flowchart as text.
    #[param(inline)]
    format: Option<GraphFormat>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum GraphFormat {
    Json,
    Mermaid,
}

/// How commands, questions and buttons lead to each other.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BotGraph)]
pub struct Graph {
    bot_id: &'static str,
    /// `{"id", "kind": "command" | "step" | "complete"}`.
    #[schema(value_type = Vec<Object>)]
    nodes: Value,
    /// `{"from", "to", "by": "next" | "case" | "goto" | "button" | "timeout"}`.
    #[schema(value_type = Vec<Object>)]
    edges: Value,
}

/// How a bot is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BotStatus)]
pub struct Status {
    bot_id: &'static str,
    mode: Mode,
    /// The database answers.
    db_ok: bool,
    /// Redis answers; false where there is none, which lacks nothing.
    redis_ok: bool,
    /// `REDIS_URL` is set.
    redis_configured: bool,
    /// Telegram calls this deployment for the bot; false under polling.
    webhook_ok: bool,
    /// SHA-256 of its sources.
    spec_version: &'static str,
    /// When this process last read tokens, `.env` and overridden texts, by a start or a reload: RFC 3339.
    last_reload_at: String,
}

/// Something that is not right.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ValidationError)]
pub struct Fault {
    /// `texts/en/btn-book`, `migrations/0002_slots`.
    path: String,
    /// What is wrong.
    msg: String,
}

/// Whether what runs here is right.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Validation)]
pub struct Validated {
    bot_id: &'static str,
    ok: bool,
    /// The files themselves were proven at build time: what is left is what changes at run time.
    errors: Vec<Fault>,
    spec_version: &'static str,
    /// The files on this machine are another version; null where there are none.
    sources_differ: Option<bool>,
}

/// How the database stands to this build.
#[derive(Debug, Serialize, ToSchema)]
pub struct Prepared {
    bot_id: &'static str,
    /// Files of the bot's tables that are applied, in order.
    migrations_applied: Vec<String>,
    /// Those that this build brings and the database lacks: none after a start.
    migrations_pending: Vec<String>,
    /// The bot whose folder they belong to.
    owner: &'static str,
    /// The same for the runtime's own tables.
    runtime_applied: Vec<String>,
    /// The same.
    runtime_pending: Vec<String>,
}

pub(super) fn store(deployment: &Deployment) -> Result<&Arc<Store>, Problem> {
    deployment
        .core()
        .letters()
        .ok_or_else(|| Problem::unavailable("there is no database", 60))
}

fn compiled(bot: &Served) -> Value {
    serde_json::from_str(bot.bot.compiled()).unwrap_or_default()
}

fn part(compiled: &mut Value, name: &str) -> Value {
    compiled
        .get_mut(name)
        .map_or_else(|| Value::Array(Vec::new()), Value::take)
}

/// What the compiler has made of a bot
///
/// Its commands with their effects, dialogues and statements, its tables. The files themselves are not in the binary.
#[utoipa::path(get, path = "/bots/{id}/spec", tag = "bots",
    params(("id" = String, Path, description = "The bot's id")),
    responses((status = 200, body = Spec), (status = 404, description = "No such bot", body = ErrorBody)))]
pub async fn spec(
    State(deployment): State<Deployment>,
    At(id): At<String>,
) -> Result<Json<Spec>, Problem> {
    let bot = find(&deployment, &id)?;
    let spec = bot.spec();
    let mut form = compiled(bot);
    Ok(Json(Spec {
        bot_id: spec.id,
        name: spec.name,
        spec_version: spec.source_hash,
        tz: spec.tz,
        locales: spec.locales.iter().map(|locale| locale.tag).collect(),
        default_locale: spec
            .locales
            .get(spec.default_locale)
            .map_or("", |locale| locale.tag),
        commands: part(&mut form, "commands"),
        tables: part(&mut form, "tables"),
        migrations: names(&spec.migrations, |_| true),
    }))
}

/// How commands, questions and buttons lead to each other
#[utoipa::path(get, path = "/bots/{id}/graph", tag = "bots",
    params(("id" = String, Path, description = "The bot's id"), Form),
    responses((status = 200, content((Graph = "application/json"), (String = "text/plain"))),
        (status = 404, description = "No such bot", body = ErrorBody)))]
pub async fn graph(
    State(deployment): State<Deployment>,
    At(id): At<String>,
    Params(form): Params<Form>,
) -> Result<Response, Problem> {
    let bot = find(&deployment, &id)?;
    let mut compiled = compiled(bot);
    let mut graph = part(&mut compiled, "graph");
    if form.format == Some(GraphFormat::Mermaid) {
        let drawn = graph.get("mermaid").and_then(|drawn| drawn.as_str());
        let text = drawn.unwrap_or_default().to_owned();
        let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
        return Ok((kind, text).into_response());
    }
    Ok(Json(Graph {
        bot_id: bot.spec().id,
        nodes: part(&mut graph, "nodes"),
        edges: part(&mut graph, "edges"),
    })
    .into_response())
}

/// How a bot is
///
/// Asks Telegram about the webhook.
#[utoipa::path(get, path = "/bots/{id}/status", tag = "bots",
    params(("id" = String, Path, description = "The bot's id")),
    responses((status = 200, body = Status), (status = 404, description = "No such bot", body = ErrorBody)))]
pub async fn status(
    State(deployment): State<Deployment>,
    At(id): At<String>,
) -> Result<Json<Status>, Problem> {
    let bot = find(&deployment, &id)?;
    let redis_configured = deployment.settings().redis;
    Ok(Json(Status {
        bot_id: bot.spec().id,
        mode: deployment.mode(bot),
        db_ok: deployment.vitals().database().await,
        redis_ok: redis_configured && deployment.vitals().redis(),
        redis_configured,
        webhook_ok: hooks::calls_us(&deployment, bot).await.unwrap_or(false),
        spec_version: bot.spec().source_hash,
        last_reload_at: bot.read_at().to_string(),
    }))
}

/// Whether what runs here is right
///
/// A bot that is served was proven at build time; what changes at run time is proven again: overridden texts against this build,
/// migrations against the database. Another spec is checked by `botgen serve` (`POST /spec/validate`), so this takes no body.
#[utoipa::path(post, path = "/bots/{id}/validate", tag = "bots",
    params(("id" = String, Path, description = "The bot's id")),
    responses((status = 200, body = Validated), (status = 404, description = "No such bot", body = ErrorBody),
        (status = 422, description = "A spec was sent; explains what checks it", body = ErrorBody),
        (status = 503, description = "The database does not answer", body = ErrorBody)))]
pub async fn validate(
    State(deployment): State<Deployment>,
    At(id): At<String>,
    Raw(body): Raw,
) -> Result<Json<Validated>, Problem> {
    let bot = find(&deployment, &id)?;
    if !matches!(body.trim_ascii(), b"" | b"{}" | b"null") {
        return Err(Problem::unprocessable(
            "this route takes no spec: the compiler is not part of this binary; `botgen serve` checks specs (`POST /spec/validate`)",
        )
        .with_details(serde_json::json!({ "command": "cargo botgen serve", "docs": "docs/api.md" })));
    }
    let spec = bot.spec();
    let store = store(&deployment)?;
    let mut errors = Vec::new();
    let texts = Desk::new(store, spec).list(None, true).await;
    for text in texts.map_err(super::texts::problem)? {
        let Some(overridden) = text.overridden.filter(|overridden| overridden.stale) else {
            continue;
        };
        errors.push(Fault {
            path: format!("texts/{}/{}", text.locale, text.key),
            msg: overridden.finding.map_or_else(
                || "the bot has no such locale".to_owned(),
                |finding| format!("{}: {}", finding.code, finding.message),
            ),
        });
    }
    let (_, pending) = standing(store, &spec.migrations).await?;
    errors.extend(pending.into_iter().map(|name| Fault {
        path: format!("migrations/{name}"),
        msg: "not applied".to_owned(),
    }));
    Ok(Json(Validated {
        bot_id: spec.id,
        ok: errors.is_empty(),
        errors,
        spec_version: spec.source_hash,
        sources_differ: sources_differ(spec).await,
    }))
}

/// How the database stands to this build
///
/// Migrations are applied at start (or by `botfactory migrate`), never by a request; this says which are.
#[utoipa::path(post, path = "/bots/{id}/prepare", tag = "bots",
    params(("id" = String, Path, description = "The bot's id")),
    responses((status = 200, body = Prepared), (status = 404, description = "No such bot", body = ErrorBody),
        (status = 503, description = "The database does not answer", body = ErrorBody)))]
pub async fn prepare(
    State(deployment): State<Deployment>,
    At(id): At<String>,
) -> Result<Json<Prepared>, Problem> {
    let bot = find(&deployment, &id)?;
    let store = store(&deployment)?;
    // A bot that shares another's tables may not bring their files itself.
    let owner = bot.spec().migrations.owner;
    let sets = deployment.bots().iter().map(|bot| &bot.spec().migrations);
    let set = sets
        .filter(|set| set.owner == owner)
        .max_by_key(|set| set.files.len())
        .unwrap_or(&bot.spec().migrations);
    let (migrations_applied, migrations_pending) = standing(store, set).await?;
    let (runtime_applied, runtime_pending) = standing(store, migrate::own()).await?;
    Ok(Json(Prepared {
        bot_id: bot.spec().id,
        migrations_applied,
        migrations_pending,
        owner,
        runtime_applied,
        runtime_pending,
    }))
}

/// Which files of a set are applied, and which are not.
async fn standing(
    store: &Store,
    set: &'static MigrationSet,
) -> Result<(Vec<String>, Vec<String>), Problem> {
    let applied = store
        .applied(set.owner)
        .await
        .map_err(|_| Problem::unavailable("the database does not answer", 2))?;
    let is = |version: i64| applied.iter().any(|one| one.version == version);
    Ok((names(set, is), names(set, |version| !is(version))))
}

fn names(set: &MigrationSet, keep: impl Fn(i64) -> bool) -> Vec<String> {
    set.files
        .iter()
        .filter(|file| keep(file.version))
        .map(|file| format!("{:04}_{}", file.version, file.name))
        .collect()
}
