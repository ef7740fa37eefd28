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

/// The database answers.
pub async fn database(State(deployment): State<Deployment>) -> Response {
    let ok = deployment.core().healthy().await;
    answer(ok, json!({"db_ok": ok}))
}

/// Updates can be taken: the database answers. Telegram being away does not make an instance unready: another one
/// would not reach it either.
pub async fn ready(State(deployment): State<Deployment>) -> Response {
    let db_ok = deployment.core().healthy().await;
    let waiting: Vec<&str> = deployment
        .bots()
        .iter()
        .filter(|bot| deployment.mode(bot) != Mode::Preview)
        .filter(|bot| bot.link().updates != Standing::Ok)
        .map(|bot| bot.spec().id)
        .collect();
    answer(
        db_ok,
        json!({"ready": db_ok, "db_ok": db_ok, "not_registered": waiting}),
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
