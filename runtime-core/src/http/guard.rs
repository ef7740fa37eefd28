//! Who may use admin and preview routes: with `BOTFACTORY_ADMIN_TOKEN`, whoever shows it; without, only this machine
//! itself. "This machine" takes three proofs, since a proxy in front of us also comes from loopback and a web page in
//! somebody's browser also reaches it: the peer's address, a `Host` of localhost (no DNS rebinding) and no sign of
//! forwarding; and where a browser says which page asks, it must be our own.

use axum::extract::connect_info::ConnectInfo;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;

use super::error::Problem;
use super::listener::Peer;
use super::state::Deployment;

/// Headers that proxies add.
const FORWARDING: &[&str] = &[
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-server",
    "x-real-ip",
    "cf-connecting-ip",
    "true-client-ip",
];

/// Lets a request through, or explains what is missing.
pub async fn admin(State(deployment): State<Deployment>, request: Request, next: Next) -> Response {
    match allowed(&deployment, &request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// The chat page holds nothing secret: with a token set it is served to everybody and asks for the token.
pub async fn page(State(deployment): State<Deployment>, request: Request, next: Next) -> Response {
    if deployment.settings().admin_token.is_some() {
        return next.run(request).await;
    }
    admin(State(deployment), request, next).await
}

/// Metrics on a listener of their own need no token: that listener is the operators' network.
pub async fn metrics(
    State(deployment): State<Deployment>,
    request: Request,
    next: Next,
) -> Response {
    if deployment.settings().admin_apart {
        return next.run(request).await;
    }
    admin(State(deployment), request, next).await
}

fn allowed(deployment: &Deployment, request: &Request) -> Result<(), Problem> {
    match &deployment.settings().admin_token {
        Some(token) => {
            let given = bearer(request.headers()).unwrap_or_default();
            let right: bool = given
                .as_bytes()
                .ct_eq(token.expose_secret().as_bytes())
                .into();
            if right {
                Ok(())
            } else {
                Err(Problem::unauthorized(
                    "this route needs `Authorization: Bearer …` with BOTFACTORY_ADMIN_TOKEN",
                ))
            }
        }
        None if local(request) => Ok(()),
        None => Err(Problem::forbidden(
            "without BOTFACTORY_ADMIN_TOKEN this route answers only to this machine itself (http://127.0.0.1 or http://localhost, no proxy)",
        )),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}

fn local(request: &Request) -> bool {
    let headers = request.headers();
    let peer = request
        .extensions()
        .get::<ConnectInfo<Peer>>()
        .is_some_and(|ConnectInfo(peer)| peer.address.ip().to_canonical().is_loopback());
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .is_some_and(is_local_host);
    let forwarded = FORWARDING.iter().any(|name| headers.contains_key(*name));
    let foreign_page = headers.get(header::ORIGIN).is_some_and(|origin| {
        !origin
            .to_str()
            .ok()
            .and_then(|origin| origin.strip_prefix("http://"))
            .is_some_and(is_local_host)
    });
    let cross_site = headers
        .get("sec-fetch-site")
        .is_some_and(|site| site == "cross-site");
    peer && host && !forwarded && !foreign_page && !cross_site
}

/// `localhost`, `127.0.0.1` or `[::1]`, with or without a port.
fn is_local_host(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((name, port)) => (
                name,
                port.strip_prefix(':').or((port.is_empty()).then_some("0")),
            ),
            None => return false,
        },
        None => match host.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (host, Some("0")),
        },
    };
    let named = name.eq_ignore_ascii_case("localhost") || name == "127.0.0.1" || name == "::1";
    named && port.is_some_and(|port| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::is_local_host;

    #[test]
    fn hosts() {
        for yes in [
            "localhost",
            "LOCALHOST:8000",
            "127.0.0.1",
            "127.0.0.1:8000",
            "[::1]",
            "[::1]:8000",
        ] {
            assert!(is_local_host(yes), "{yes}");
        }
        for no in [
            "",
            "example.org",
            "localhost.example.org",
            "127.0.0.1.example.org",
            "127.0.0.1:x",
            "[::1",
            "[::1]x",
            "10.0.0.1",
            "localhost:8000/x",
        ] {
            assert!(!is_local_host(no), "{no}");
        }
    }
}
