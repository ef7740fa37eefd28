//! Which route stands where.

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};

use super::error::Problem;
use super::listener::Peer;
use super::state::Deployment;
use super::{bots, guard, health, letters, page, preview, texts};
use crate::ingress::webhook;
use crate::telemetry::{self, events};

/// Longest body of an admin or preview request, in bytes.
const BODY_BYTES: usize = 64 << 10;

/// Everything on one listener.
pub fn all(deployment: &Deployment) -> Router {
    finished(telegram(deployment).merge(operators(deployment)))
}

/// What Telegram and load balancers need: the listener that the world sees when admin routes are apart.
pub fn public(deployment: &Deployment) -> Router {
    finished(telegram(deployment))
}

/// Everything but `/tg/*`.
pub fn admin(deployment: &Deployment) -> Router {
    finished(
        Router::new()
            .route("/health", get(health::alive))
            .merge(operators(deployment)),
    )
}

fn telegram(deployment: &Deployment) -> Router {
    Router::new()
        .route("/health", get(health::alive))
        .route("/tg/{bot_id}", post(webhook::receive))
        // The webhook bounds its body itself: it must check the secret first.
        .layer(middleware::from_fn(with_flushes))
        .with_state(deployment.clone())
}

fn operators(deployment: &Deployment) -> Router {
    let admin = Router::new()
        .route("/bots", get(bots::list))
        .route("/bots/{id}", get(bots::details))
        .route("/bots/{id}/reload", post(bots::reload))
        .route("/bots/{id}/dead-letters", get(letters::list))
        .route("/bots/{id}/dead-letters/{letter}", delete(letters::discard))
        .route(
            "/bots/{id}/dead-letters/{letter}/requeue",
            post(letters::requeue),
        )
        .route(
            "/bots/{id}/texts",
            get(texts::list).delete(texts::revert_all),
        )
        .route(
            "/bots/{id}/texts/{locale}",
            get(texts::export)
                .put(texts::set)
                .delete(texts::revert_locale)
                .layer(DefaultBodyLimit::max(texts::BODY_BYTES)),
        )
        .route("/bots/{id}/texts/{locale}/{key}", delete(texts::revert_one))
        .route("/bots/{id}/text-changes", get(texts::changes))
        .route("/preview/send", post(preview::send))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .route_layer(middleware::from_fn_with_state(
            deployment.clone(),
            guard::admin,
        ));
    let page = Router::new()
        .route("/", get(page::show))
        .route("/favicon.ico", get(page::icon))
        .route_layer(middleware::from_fn_with_state(
            deployment.clone(),
            guard::page,
        ));
    let metrics = Router::new()
        .route("/metrics", get(health::metrics))
        .route_layer(middleware::from_fn_with_state(
            deployment.clone(),
            guard::metrics,
        ));
    Router::new()
        .route("/health/db", get(health::database))
        .route("/health/pg", get(health::postgres))
        .route("/health/redis", get(health::redis))
        .route("/health/ready", get(health::ready))
        .merge(admin)
        .merge(page)
        .merge(metrics)
        .route_layer(middleware::from_fn(counted))
        .with_state(deployment.clone())
}

fn finished(router: Router) -> Router {
    router
        .fallback(|| async { Problem::not_found("no such route").into_response() })
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed().into_response() })
}

/// Gives the webhook the connection's flushes.
async fn with_flushes(mut request: Request, next: Next) -> Response {
    let flushes = request
        .extensions()
        .get::<axum::extract::connect_info::ConnectInfo<Peer>>()
        .map(|info| info.0.flushes.clone());
    if let Some(flushes) = flushes {
        request.extensions_mut().insert(flushes);
    }
    next.run(request).await
}

/// Counts operators' requests by their route.
async fn counted(request: Request, next: Next) -> Response {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map(MatchedPath::as_str)
        .and_then(|path| ROUTES.iter().find(|route| **route == path))
        .copied()
        .unwrap_or("other");
    let response = next.run(request).await;
    telemetry::emit(events::ApiAnswered {
        route,
        status: response.status().as_u16(),
    });
    response
}

/// Labels of [`events::ApiAnswered`].
const ROUTES: &[&str] = &[
    "/",
    "/bots",
    "/bots/{id}",
    "/bots/{id}/text-changes",
    "/bots/{id}/texts",
    "/bots/{id}/texts/{locale}",
    "/bots/{id}/texts/{locale}/{key}",
    "/bots/{id}/dead-letters",
    "/bots/{id}/dead-letters/{letter}",
    "/bots/{id}/dead-letters/{letter}/requeue",
    "/bots/{id}/reload",
    "/favicon.ico",
    "/health/db",
    "/health/pg",
    "/health/ready",
    "/health/redis",
    "/metrics",
    "/preview/send",
];
