//! Whether the process and its parts are well.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::state::{Deployment, Mode, Standing};
use crate::telemetry::metrics;

/// The process answers.
pub async fn alive() -> Response {
    Json(json!({"ok": true})).into_response()
}

/// The database answers, or did a moment ago.
pub async fn database(State(deployment): State<Deployment>) -> Response {
    let ok = deployment.vitals().database().await;
    answer(ok, json!({"db_ok": ok}))
}

/// Postgres answers. `configured` says whether it is what this deployment stands on; where it is not, it cannot be well.
pub async fn postgres(State(deployment): State<Deployment>) -> Response {
    let configured = deployment.settings().postgres;
    let ok = configured && deployment.vitals().database().await;
    answer(ok, json!({"pg_ok": ok, "configured": configured}))
}

/// Redis answers. Without `REDIS_URL` there is none to be well; nothing is missing then.
pub async fn redis(State(deployment): State<Deployment>) -> Response {
    let configured = deployment.settings().redis;
    let ok = configured && deployment.vitals().redis();
    answer(ok, json!({"redis_ok": ok, "configured": configured}))
}

/// Updates can be taken: the database answers, and nobody has asked this process to stop. Telegram being away does not
/// make an instance unready: another one would not reach it either. Nor does Redis: everything works without it.
pub async fn ready(State(deployment): State<Deployment>) -> Response {
    let db_ok = deployment.vitals().database().await;
    let stopping = deployment.vitals().stopping();
    let waiting: Vec<&str> = deployment
        .bots()
        .iter()
        .filter(|bot| deployment.mode(bot) != Mode::Preview)
        .filter(|bot| bot.link().updates != Standing::Ok)
        .map(|bot| bot.spec().id)
        .collect();
    let ready = db_ok && !stopping;
    answer(
        ready,
        json!({"ready": ready, "db_ok": db_ok, "stopping": stopping, "not_registered": waiting}),
    )
}

/// Prometheus text.
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

fn answer(ok: bool, body: serde_json::Value) -> Response {
    let status = if ok {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(body)).into_response()
}
