//! Serving one listener: HTTP/1.1 (TLS is the proxy's), with a bound on everything that a peer can make us wait for or keep.

use std::convert::Infallible;
use std::future::Future;

use axum::Router;
use axum::body::Body;
use axum::extract::connect_info::ConnectInfo;
use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::sync::watch;
use tower_service::Service;

use super::listener::{FlushListener, FlushStream, Peer};
use super::pace::Timely;

/// Longest head of a request, in bytes; hyper answers 431 to longer ones, and to more than 100 headers.
const HEAD_BYTES: usize = 64 << 10;

/// Serves until `closing` is over, then finishes what runs.
pub async fn run(mut listener: FlushListener, router: Router, closing: impl Future<Output = ()>) {
    let (close, closed) = watch::channel(false);
    let mut closing = std::pin::pin!(closing);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut closing => break,
        };
        tokio::spawn(connection(stream, peer, router.clone(), closed.clone()));
    }
    drop((listener, closed));
    let _ = close.send(true);
    // Every connection holds a receiver.
    close.closed().await;
}

async fn connection(
    stream: FlushStream,
    peer: Peer,
    router: Router,
    mut closed: watch::Receiver<bool>,
) {
    let service = service_fn(move |request| answer(request, peer.clone(), router.clone()));
    let connection = http1::Builder::new()
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    // A connection that breaks has nobody to tell.
    tokio::select! {
        _ = &mut connection => return,
        _ = closed.wait_for(|closed| *closed) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

async fn answer(
    request: Request<Incoming>,
    peer: Peer,
    mut router: Router,
) -> Result<Response, Infallible> {
    peer.pace.serving();
    let pace = peer.pace.clone();
    let mut request = request.map(|body| Body::new(Timely::new(body)));
    request.extensions_mut().insert(ConnectInfo(peer));
    let response = router.call(request).await;
    pace.answered();
    response
}
