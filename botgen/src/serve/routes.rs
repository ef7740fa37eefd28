//! The routes of `botgen serve`, and their description.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::Semaphore;
use utoipa::ToSchema;
use utoipa::openapi::path::PathItem;
use utoipa::openapi::{Content, InfoBuilder, OpenApi, OpenApiBuilder, Ref, ResponseBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::engines::Checks;
use super::given::Kind;
use super::problem::{ErrorBody, Problem};
use super::task::What;
use super::worker;
use crate::diagnostics::codes;
use crate::schema;

/// Longest body, in bytes.
const BODY_BYTES: usize = 2 << 20;
/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(15);
/// Tasks that wait for a processor; more are told to come again.
const WAITING: usize = 32;
/// How long one waits.
const WAIT: Duration = Duration::from_secs(20);

const ABOUT: &str = "The compiler of BotFactory: checks and mends bots for editors, web tools and pipelines in which a model \
    writes them. Keeps nothing. Every error is `{\"error\": {\"code\", \"message\", \"trace_id\"}}`; a bot with mistakes is \
    no error: it is answered 200 with its findings.";

/// Who works.
#[derive(Debug, Clone)]
pub struct Desk {
    /// As many as there are processors.
    workers: Arc<Semaphore>,
    /// They, and those who wait for them.
    places: Arc<Semaphore>,
    checks: Checks,
}

/// A bot, in one of its forms. Without `files`, `yaml`, `raw_dsl` and `spec` the body itself is a spec of the previous system.
#[derive(Debug, ToSchema)]
#[allow(dead_code)]
struct BotBody {
    /// The bot's id: the name of its folder; `bot` without it.
    #[schema(pattern = "^[a-z][a-z0-9_]{0,31}$")]
    bot_id: Option<String>,
    /// A whole bot: content by path in its folder (`bot.yaml`, `locales/en.ftl`, `migrations/0001_notes.sql`, …).
    files: Option<std::collections::BTreeMap<String, String>>,
    /// `bot.yaml` alone.
    yaml: Option<String>,
    /// What a model wrote: YAML or a spec of the previous system, also within a fenced block of Markdown.
    raw_dsl: Option<String>,
    /// A spec of the previous system.
    #[schema(value_type = Option<Object>)]
    spec: Option<Value>,
    /// Texts of its keys: a list of `{"locale", "keys"}`.
    #[schema(value_type = Option<Vec<Object>>)]
    keys: Option<Value>,
}

/// What is wrong with a bot.
#[derive(Debug, ToSchema)]
#[allow(dead_code)]
struct Validation {
    /// It has no errors.
    ok: bool,
    bot_id: String,
    /// For which it was checked: `sqlite`, `postgres`, or both.
    engines: Vec<String>,
    /// `files`, or `imported`: translated from the previous system's.
    form: String,
    /// Errors in short.
    errors: Vec<PathError>,
    /// Everything that was found.
    diagnostics: Vec<Finding>,
    /// What a spec of the previous system became.
    imported: Option<Imported>,
}

/// What a bot became.
#[derive(Debug, ToSchema)]
#[allow(dead_code)]
struct Mended {
    /// It has no errors (any more).
    success: bool,
    bot_id: String,
    /// For which it was checked: `sqlite`, `postgres`, or both.
    engines: Vec<String>,
    /// `files`, or `imported`.
    form: String,
    /// In words.
    message: String,
    /// `bot.yaml:17: did you mean …`.
    fixes_applied: Vec<String>,
    /// Files that are not what they were.
    changed: Vec<String>,
    /// All files as they are now.
    files: std::collections::BTreeMap<String, String>,
    /// `bot.yaml` as it is now; null: there are errors left.
    final_spec: Option<String>,
    /// Errors that are left, in short.
    errors: Vec<PathError>,
    /// Everything that is left.
    diagnostics: Vec<Finding>,
    /// What to do about the errors that are left.
    suggestions: Vec<Suggestion>,
    /// A small bot that compiles, to start from; null: there are no errors.
    fallback_template: Option<std::collections::BTreeMap<String, String>>,
    /// What a spec of the previous system became before it was mended.
    imported: Option<Imported>,
}

#[derive(Debug, ToSchema)]
#[allow(dead_code)]
struct PathError {
    /// `bot.yaml:17:43`, or `spec`.
    path: String,
    /// `BF0201: there is no command …`.
    msg: String,
}

#[derive(Debug, ToSchema)]
#[allow(dead_code)]
struct Finding {
    /// `BF0201`.
    code: String,
    /// `error` or `warning`.
    severity: String,
    message: String,
    help: Option<String>,
    file: String,
    /// From 1.
    line: u32,
    /// From 1, in characters.
    column: u32,
    end_line: u32,
    end_column: u32,
    /// Other places that matter.
    notes: Vec<Object>,
    /// Fixes: each with a title and its edits.
    fixes: Vec<Object>,
    /// The page of its code, here.
    explain: String,
}

/// Anything.
#[derive(Debug, ToSchema)]
struct Object {}

#[derive(Debug, ToSchema)]
#[allow(dead_code)]
struct Suggestion {
    path: String,
    code: String,
    message: String,
    help: Option<String>,
    /// Titles of the fixes that there are.
    fixes: Vec<String>,
    explain: String,
    /// Markdown, with a wrong and a right example; once for each code.
    page: Option<String>,
}

#[derive(Debug, ToSchema)]
#[allow(dead_code)]
struct Imported {
    /// Content by path.
    files: std::collections::BTreeMap<String, String>,
    /// What was changed, and what a person must look at.
    report: Vec<ReportLine>,
}

#[derive(Debug, ToSchema)]
#[allow(dead_code)]
struct ReportLine {
    /// `translated`, `changed` or `needs a person`.
    severity: String,
    path: String,
    message: String,
}

/// What a code means.
#[derive(Debug, Serialize, ToSchema)]
struct Explanation {
    code: &'static str,
    title: &'static str,
    severity: &'static str,
    family: &'static str,
    /// Markdown, with a wrong and a right example.
    page: &'static str,
}

#[derive(Debug, Serialize, ToSchema)]
struct Alive {
    ok: bool,
}

/// All routes; pages of `origins` may read the answers.
pub fn all(origins: Vec<String>, checks: Checks) -> Router {
    let processors = std::thread::available_parallelism().map_or(2, usize::from);
    let desk = Desk {
        workers: Arc::new(Semaphore::new(processors)),
        places: Arc::new(Semaphore::new(processors + WAITING)),
        checks,
    };
    let origins: Arc<[String]> = origins.into();
    Router::from(table())
        .with_state(desk)
        .fallback(|| async { Problem::new(404, "no such route").into_response() })
        .method_not_allowed_fallback(|| async {
            Problem::new(405, "this route has other methods").into_response()
        })
        .layer(middleware::from_fn_with_state(origins, across))
}

fn table() -> OpenApiRouter<Desk> {
    OpenApiRouter::default()
        .routes(routes!(validate))
        .routes(routes!(fix))
        .routes(routes!(explain))
        .routes(routes!(schemas))
        .routes(routes!(health))
        .routes(routes!(description))
}

/// The description.
pub fn document() -> OpenApi {
    let info = InfoBuilder::new()
        .title("botgen serve")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT));
    let mut whole = OpenApiBuilder::new().info(info).build();
    whole.merge(table().into_openapi());
    for (path, item) in &mut whole.paths.paths {
        finish(path, item);
    }
    let mut schemas = Vec::new();
    <ErrorBody as ToSchema>::schemas(&mut schemas);
    schemas.push((
        "ErrorBody".to_owned(),
        <ErrorBody as utoipa::PartialSchema>::schema(),
    ));
    whole
        .components
        .get_or_insert_default()
        .schemas
        .extend(schemas);
    whole
}

/// A name, and the form of errors.
fn finish(path: &str, item: &mut PathItem) {
    let name = path.replace(['/', '.', '-'], "_").replace(['{', '}'], "");
    for (method, operation) in [("get", &mut item.get), ("post", &mut item.post)] {
        let Some(operation) = operation else { continue };
        operation.operation_id = Some(format!("{method}{name}"));
        let error = ResponseBuilder::new()
            .description("Any other refusal")
            .content(
                "application/json",
                Content::new(Some(Ref::from_schema_name("ErrorBody"))),
            )
            .build();
        operation
            .responses
            .responses
            .entry("default".to_owned())
            .or_insert_with(|| error.into());
    }
}

/// What is wrong with a bot
///
/// A whole bot, one YAML, what a model wrote, or a spec of the previous system, which is translated first. Checked for the
/// engines that the server was started for: SQLite, where nothing was said.
#[utoipa::path(post, path = "/spec/validate", tag = "spec",
    request_body(content((BotBody = "application/json"), (Value = "application/yaml"), (String = "text/plain"))),
    responses((status = 200, body = Validation),
        (status = 400, description = "No JSON, or no UTF-8", body = ErrorBody),
        (status = 403, description = "A page whose origin was not allowed asks", body = ErrorBody),
        (status = 413, description = "More than 2 MB", body = ErrorBody),
        (status = 415, description = "Neither JSON nor YAML nor text", body = ErrorBody),
        (status = 422, description = "Nothing that could be a bot", body = ErrorBody),
        (status = 503, description = "Too many at once, or it takes too long", body = ErrorBody)))]
async fn validate(State(desk): State<Desk>, request: Request) -> Result<Json<Value>, Problem> {
    work(&desk, What::Validate, request).await
}

/// Mend a bot
///
/// What has only one right answer is mended, the rest comes with suggestions and a template that works.
#[utoipa::path(post, path = "/spec/fix", tag = "spec",
    request_body(content((BotBody = "application/json"), (Value = "application/yaml"), (String = "text/plain"))),
    responses((status = 200, body = Mended),
        (status = 400, description = "No JSON, or no UTF-8", body = ErrorBody),
        (status = 403, description = "A page whose origin was not allowed asks", body = ErrorBody),
        (status = 413, description = "More than 2 MB", body = ErrorBody),
        (status = 415, description = "Neither JSON nor YAML nor text", body = ErrorBody),
        (status = 422, description = "Nothing that could be a bot", body = ErrorBody),
        (status = 503, description = "Too many at once, or it takes too long", body = ErrorBody)))]
async fn fix(State(desk): State<Desk>, request: Request) -> Result<Json<Value>, Problem> {
    work(&desk, What::Fix, request).await
}

/// What a code means
#[utoipa::path(get, path = "/explain/{code}", tag = "language",
    params(("code" = String, Path, description = "Such as `BF0201`")),
    responses((status = 200, body = Explanation), (status = 404, description = "No such code", body = ErrorBody)))]
async fn explain(
    path: Result<Path<String>, axum::extract::rejection::PathRejection>,
) -> Result<Json<Explanation>, Problem> {
    let code = path.ok().and_then(|Path(id)| codes::find(&id));
    let code = code.ok_or_else(|| Problem::new(404, "there is no such code"))?;
    Ok(Json(Explanation {
        code: code.id,
        title: code.title,
        severity: code.severity.name(),
        family: codes::family(code.id),
        page: codes::page(code),
    }))
}

/// The JSON Schema of a file
#[utoipa::path(get, path = "/schema/{name}", tag = "language",
    params(("name" = String, Path, description = "`bot`, `flows` or `chats`")),
    responses((status = 200, body = Object), (status = 404, description = "No such schema", body = ErrorBody)))]
async fn schemas(
    path: Result<Path<String>, axum::extract::rejection::PathRejection>,
) -> Result<Response, Problem> {
    let name = path.map_or_else(|_| String::new(), |Path(name)| name);
    let text = match name.as_str() {
        "bot" => schema::bot_schema(),
        "flows" => schema::flows_schema(),
        "chats" => schema::chats_schema(),
        _ => return Err(Problem::new(404, "there is no such schema")),
    };
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

/// The process answers
#[utoipa::path(get, path = "/health", tag = "health", responses((status = 200, body = Alive)))]
async fn health() -> Json<Alive> {
    Json(Alive { ok: true })
}

/// The description of these routes, for programs
#[utoipa::path(get, path = "/openapi.json", tag = "health", responses((status = 200, body = Object)))]
async fn description() -> Response {
    static DOCUMENT: LazyLock<Bytes> =
        LazyLock::new(|| document().to_json().unwrap_or_default().into());
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, DOCUMENT.clone()).into_response()
}

async fn work(desk: &Desk, what: What, request: Request) -> Result<Json<Value>, Problem> {
    let busy = || Problem::busy("too many at once", 1);
    let _place = desk
        .places
        .clone()
        .try_acquire_owned()
        .map_err(|_| busy())?;
    let kind = kind(&request)?;
    let body = body(request.into_body()).await?;
    let worker = tokio::time::timeout(WAIT, desk.workers.acquire()).await;
    let _worker = worker.map_err(|_| busy())?.map_err(|_| busy())?;
    desk.checks.ready().await?;
    let answer = worker::ask(what, kind, desk.checks.engines, body).await;
    answer.map(Json)
}

fn kind(request: &Request) -> Result<Kind, Problem> {
    let given = request.headers().get(header::CONTENT_TYPE);
    let given = given
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    let essence = given
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    match essence.as_str() {
        "application/json" => Ok(Kind::Json),
        "application/yaml" | "application/x-yaml" | "text/yaml" | "text/x-yaml" | "text/plain" => {
            Ok(Kind::Text)
        }
        _ => Err(Problem::new(
            415,
            "send `Content-Type: application/json`, `application/yaml` or `text/plain`",
        )),
    }
}

async fn body(body: Body) -> Result<Bytes, Problem> {
    use axum::body::HttpBody as _;
    let too_large = || Problem::new(413, "the body has more than 2 MB");
    if body.size_hint().lower() > BODY_BYTES as u64 {
        return Err(too_large());
    }
    match tokio::time::timeout(BODY_TIME, to_bytes(body, BODY_BYTES)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        // It broke off, or it was longer than it said: axum tells neither from the other by a type of its own.
        Ok(Err(error)) if error.to_string().contains("limit") => Err(too_large()),
        Ok(Err(_)) => Err(Problem::new(400, "the body broke off")),
        Err(_) => Err(Problem::new(408, "the body takes too long")),
    }
}

/// Lets pages of the given origins ask and read the answers. Other pages in a browser of this machine could not read them, but
/// could keep the compiler (and the Postgres that it asks) busy: they are refused.
async fn across(State(origins): State<Arc<[String]>>, request: Request, next: Next) -> Response {
    let named: Vec<HeaderValue> = request
        .headers()
        .get_all(header::ORIGIN)
        .iter()
        .cloned()
        .collect();
    let known = |given: &HeaderValue| {
        let mut known = origins.iter();
        known.any(|known| known.as_bytes() == given.as_bytes())
    };
    if request.method() == Method::POST && !named.iter().all(known) {
        let words = "pages of this origin may not ask: `--allow-origin` names those that may";
        return Problem::new(403, words).into_response();
    }
    let origin = match named.as_slice() {
        [one] if known(one) => Some(one.clone()),
        _ => None,
    };
    let mut response = match (&origin, request.method() == Method::OPTIONS) {
        (Some(_), true) => StatusCode::NO_CONTENT.into_response(),
        _ => next.run(request).await,
    };
    if let Some(origin) = origin {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::VARY, HeaderValue::from_static("origin"));
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("GET, POST"),
        );
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("content-type"),
        );
    }
    response
}
