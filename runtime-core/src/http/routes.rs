//! Which route stands where: one listener, or two. The routes themselves are in [`super::api`].

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::Instant;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use utoipa::openapi::RefOr;
use utoipa::openapi::path::ParameterIn;

use super::api::{self, Door};
use super::error::Problem;
use super::extract::{NoParams, query};
use super::guard;
use super::listener::Peer;
use super::openapi;
use crate::deployment::Deployment;
use crate::telemetry::life::Life;
use crate::telemetry::trace::{self, Trace};
use crate::telemetry::{self, events};

/// Longest body of an admin or preview request, in bytes, where its route does not say otherwise.
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
    finished(routes(Door::Alive, deployment).merge(operators(deployment)))
}

fn routes(door: Door, deployment: &Deployment) -> Router {
    let router = Router::from(api::behind(door)).with_state(deployment.clone());
    let state = deployment.clone();
    match door {
        // The webhook bounds its body itself: it must check the secret first.
        Door::Telegram => router.layer(middleware::from_fn(with_flushes)),
        Door::Alive | Door::Health => router,
        Door::Page => router.route_layer(middleware::from_fn_with_state(state, guard::page)),
        Door::Metrics => router.route_layer(middleware::from_fn_with_state(state, guard::metrics)),
        Door::Admin => router
            .layer(DefaultBodyLimit::max(BODY_BYTES))
            .route_layer(middleware::from_fn(no_query))
            .route_layer(middleware::from_fn_with_state(state, guard::admin))
            .route_layer(middleware::map_response(kept_by_nobody)),
    }
}

fn telegram(deployment: &Deployment) -> Router {
    routes(Door::Telegram, deployment).merge(routes(Door::Alive, deployment))
}

fn operators(deployment: &Deployment) -> Router {
    [Door::Health, Door::Page, Door::Metrics, Door::Admin]
        .into_iter()
        .fold(Router::new(), |router, door| {
            router.merge(routes(door, deployment))
        })
        .route_layer(middleware::from_fn(counted))
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

/// Operators' routes without parameters, as method and pattern. `deprecated` ones do nothing that a parameter could change.
static WITHOUT_PARAMETERS: LazyLock<BTreeSet<(String, String)>> = LazyLock::new(|| {
    let mut without = BTreeSet::new();
    for (pattern, mut item) in api::behind(Door::Admin).into_openapi().paths.paths {
        openapi::each(&mut item, &mut |method, operation| {
            let mut parameters = operation.parameters.iter().flatten();
            let asked = parameters.any(|one| match one {
                RefOr::T(one) => one.parameter_in == ParameterIn::Query,
                RefOr::Ref(_) => true, // none of ours is one
            });
            if !asked && operation.deprecated.is_none() {
                without.insert((method.to_ascii_uppercase(), pattern.clone()));
            }
        });
    }
    without
});

/// A parameter of a route that has none would be passed over in silence: `DELETE …?dry_run=true` would delete.
async fn no_query(request: Request, next: Next) -> Response {
    let method = match *request.method() {
        Method::HEAD => "GET",
        ref method => method.as_str(),
    };
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("", MatchedPath::as_str);
    if request.uri().query().is_some()
        && WITHOUT_PARAMETERS.contains(&(method.to_owned(), route.to_owned()))
        && let Err(problem) = query::<NoParams>(request.uri())
    {
        return problem.into_response();
    }
    next.run(request).await
}

/// What operators are told is for them: no cache keeps it, and nothing in it is taken for a page.
async fn kept_by_nobody(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

/// Counts operators' requests by their route's pattern: a closed set. What they cause goes on with the trace that they bring.
async fn counted(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let header = request.headers().get(trace::HEADER);
    let life = Life::traced(Trace::of(header.map(HeaderValue::as_bytes)));
    let response = life.during(next.run(request)).await;
    telemetry::emit(events::ApiAnswered {
        route: route.as_ref().map_or("other", MatchedPath::as_str),
        status: response.status().as_u16(),
        took: began.elapsed(),
    });
    response
}
