//! Who may use admin and preview routes: with `BOTFACTORY_ADMIN_TOKEN`, whoever shows it; without, only this machine
//! itself. "This machine" takes three proofs, since a proxy in front of us also comes from loopback and a web page in
//! somebody's browser also reaches it: the peer's address, a `Host` of localhost (no DNS rebinding) and no sign of
//! forwarding; and where a browser says which page asks, it must be our own.

use axum::extract::connect_info::ConnectInfo;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, Method, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::client;
use super::error::Problem;
use super::listener::Peer;
use crate::deployment::Deployment;
use crate::telemetry::{self, events};

/// Headers that proxies add, beside all that begin with `x-forwarded`.
const FORWARDING: &[&str] = &[
    "forwarded",
    "via",
    "x-real-ip",
    "x-remote-ip",
    "x-remote-addr",
    "x-originating-ip",
    "x-scheme",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-original-forwarded-for",
    "x-original-host",
    "x-envoy-external-address",
    "x-amzn-trace-id",
    "x-azure-clientip",
    "x-appengine-user-ip",
    "x-vercel-forwarded-for",
    "proxy-client-ip",
    "wl-proxy-client-ip",
    "cdn-loop",
    "do-connecting-ip",
    "fly-client-ip",
    "cf-connecting-ip",
    "cf-connecting-ipv6",
    "fastly-client-ip",
    "true-client-ip",
];

/// Lets a request through, or explains what is missing.
pub async fn admin(State(deployment): State<Deployment>, request: Request, next: Next) -> Response {
    if let Err((problem, reason)) = allowed(&deployment, &request) {
        telemetry::emit(events::AdminRefused { reason });
        return problem.into_response();
    }
    let writes = !matches!(*request.method(), Method::GET | Method::HEAD);
    let acted = writes.then(|| {
        let route = request.extensions().get::<MatchedPath>().cloned();
        let client = client::address(&request, &deployment.settings().proxies);
        let bot = bot(&deployment, request.uri().path());
        (request.method().clone(), route, bot, client)
    });
    let response = next.run(request).await;
    if let Some((method, route, bot, client)) = acted {
        telemetry::emit(events::AdminActed {
            method: method.as_str(),
            route: route.as_ref().map_or("", MatchedPath::as_str),
            status: response.status().as_u16(),
            bot,
            client,
        });
    }
    response
}

/// The bot that a path below `/bots/` names, under its own name: never a word of the path.
fn bot(deployment: &Deployment, path: &str) -> &'static str {
    path.strip_prefix("/bots/")
        .and_then(|rest| deployment.find(rest.split('/').next()?))
        .map_or("", |index| deployment.name(index))
}

/// The chat page holds nothing secret: with a token set it is served to everybody and asks for the token.
pub async fn page(State(deployment): State<Deployment>, request: Request, next: Next) -> Response {
    if deployment.admin_key().is_some() {
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

fn allowed(deployment: &Deployment, request: &Request) -> Result<(), (Problem, &'static str)> {
    let Some(key) = deployment.admin_key() else {
        return if local(request) {
            Ok(())
        } else {
            Err((
                Problem::forbidden(
                    "without BOTFACTORY_ADMIN_TOKEN this route answers only to this machine itself (http://127.0.0.1 or http://localhost, no proxy)",
                ),
                "not_local",
            ))
        };
    };
    match bearer(request.headers()) {
        Some(given) if key.fits(given) => Ok(()),
        given => Err((
            Problem::unauthorized(
                "this route needs `Authorization: Bearer …` with BOTFACTORY_ADMIN_TOKEN",
            ),
            if given.is_some() {
                "wrong_token"
            } else {
                "no_token"
            },
        )),
    }
}

/// The value of a header that must not be there twice: whoever sends two hopes that somebody reads the other one.
pub(crate) fn only(headers: &HeaderMap, name: HeaderName) -> Option<&[u8]> {
    let mut all = headers.get_all(name).iter();
    let first = all.next()?;
    all.next().is_none().then(|| first.as_bytes())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = std::str::from_utf8(only(headers, header::AUTHORIZATION)?).ok()?;
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
    let is_local = |host: &[u8]| std::str::from_utf8(host).is_ok_and(is_local_host);
    let named = only(headers, header::HOST).filter(|host| is_local(host));
    // `GET http://bots.example.org/bots HTTP/1.1` asks for that host, whatever its header says.
    let target = request.uri().authority();
    let target = target.is_none_or(|authority| is_local_host(authority.as_str()));
    // Another port of this machine is another program's page.
    let own_page = |origin: &[u8]| {
        let page = origin.strip_prefix(b"http://");
        page.zip(named)
            .is_some_and(|(page, host)| page.eq_ignore_ascii_case(host))
    };
    let origins = headers.get_all(header::ORIGIN);
    let foreign_page = !origins.iter().all(|origin| own_page(origin.as_bytes()));
    // "same-site" is another port too.
    let cross_site = headers
        .get_all("sec-fetch-site")
        .iter()
        .any(|site| site != "same-origin" && site != "none");
    // A proxy that says nothing of itself and asks for the address that it was told (nginx, as it comes) speaks HTTP/1.0.
    let spoken = request.version() >= Version::HTTP_11;
    peer && named.is_some()
        && target
        && spoken
        && !forwarded(headers)
        && !foreign_page
        && !cross_site
}

/// Whether a proxy has passed this on.
fn forwarded(headers: &HeaderMap) -> bool {
    headers
        .keys()
        .any(|name| name.as_str().starts_with("x-forwarded") || FORWARDING.contains(&name.as_str()))
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
