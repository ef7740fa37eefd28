//! Whether the process and its parts are well.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::deployment::{Deployment, Mode, Standing};
use crate::llm::Llm;
use crate::telemetry::metrics;

/// Routes for balancers and probes.
pub fn routes() -> OpenApiRouter<Deployment> {
    OpenApiRouter::default()
        .routes(routes!(database))
        .routes(routes!(postgres))
        .routes(routes!(redis))
        .routes(routes!(model))
        .routes(routes!(ready))
}

#[derive(Debug, Serialize, ToSchema)]
struct Alive {
    ok: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct DatabaseHealth {
    db_ok: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct PostgresHealth {
    pg_ok: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct RedisHealth {
    redis_ok: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct LlmHealth {
    llm_ok: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct Readiness {
    ready: bool,
    db_ok: bool,
    /// Somebody has asked this process to stop.
    stopping: bool,
    /// Bots that Telegram could not be told about yet.
    not_registered: Vec<&'static str>,
}

/// Names the deployment in answers of `/health`, for an instance that wants to share its port.
pub const DEPLOYMENT: &str = "x-botfactory-deployment";

/// The process answers
#[utoipa::path(get, path = "/health", tag = "health", responses((status = 200, body = Alive)))]
pub async fn alive(State(deployment): State<Deployment>) -> Response {
    let name = [(DEPLOYMENT, deployment.settings().name.clone())];
    (name, Json(Alive { ok: true })).into_response()
}

/// The database answers, or did a moment ago
#[utoipa::path(get, path = "/health/db", tag = "health",
    responses((status = 200, body = DatabaseHealth), (status = 503, body = DatabaseHealth)))]
pub async fn database(State(deployment): State<Deployment>) -> Response {
    let db_ok = deployment.vitals().database().await;
    answer(db_ok, &DatabaseHealth { db_ok })
}

/// Postgres answers
///
/// Where it is not what this deployment stands on (`/health/db` says whether that is well), it cannot be well.
#[utoipa::path(get, path = "/health/pg", tag = "health",
    responses((status = 200, body = PostgresHealth), (status = 503, body = PostgresHealth)))]
pub async fn postgres(State(deployment): State<Deployment>) -> Response {
    let pg_ok = deployment.settings().postgres && deployment.vitals().database().await;
    answer(pg_ok, &PostgresHealth { pg_ok })
}

/// Redis answers
///
/// Without `REDIS_URL` there is none to be well; nothing is missing then: `redis_configured` of a bot's status says so.
#[utoipa::path(get, path = "/health/redis", tag = "health",
    responses((status = 200, body = RedisHealth), (status = 503, body = RedisHealth)))]
pub async fn redis(State(deployment): State<Deployment>) -> Response {
    let redis_ok = deployment.settings().redis && deployment.vitals().redis();
    answer(redis_ok, &RedisHealth { redis_ok })
}

/// The model's server answers
///
/// At `/health`, or with its list of models; asked every five seconds. Without `LLM_BASE_URL` there is none to be well;
/// bots answer with their fallbacks then, and `configured` of a bot's settings of the model says so.
#[utoipa::path(get, path = "/health/llm", tag = "health",
    responses((status = 200, body = LlmHealth), (status = 503, body = LlmHealth)))]
pub async fn model(State(deployment): State<Deployment>) -> Response {
    let configured = deployment.core().llm().is_some_and(Llm::configured);
    let llm_ok = configured && deployment.vitals().model();
    answer(llm_ok, &LlmHealth { llm_ok })
}

/// Updates can be taken
///
/// The database answers, and nobody has asked this process to stop. Telegram being away does not make an instance unready:
/// another one would not reach it either. Nor does Redis: everything works without it.
#[utoipa::path(get, path = "/health/ready", tag = "health",
    responses((status = 200, body = Readiness), (status = 503, body = Readiness)))]
pub async fn ready(State(deployment): State<Deployment>) -> Response {
    let db_ok = deployment.vitals().database().await;
    let stopping = deployment.vitals().stopping();
    let not_registered: Vec<&str> = deployment
        .bots()
        .iter()
        .filter(|bot| deployment.mode(bot) != Mode::Preview)
        .filter(|bot| bot.link().updates != Standing::Ok)
        .map(|bot| bot.spec().id)
        .collect();
    let ready = db_ok && !stopping;
    answer(
        ready,
        &Readiness {
            ready,
            db_ok,
            stopping,
            not_registered,
        },
    )
}

/// Metrics, as Prometheus reads them
#[utoipa::path(get, path = "/metrics", tag = "health",
    responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn metrics() -> Response {
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        metrics::text(),
    )
        .into_response()
}

fn answer<T: Serialize>(ok: bool, body: &T) -> Response {
    let status = if ok {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(body)).into_response()
}
