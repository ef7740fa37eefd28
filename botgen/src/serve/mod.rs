//! `botgen serve`: the compiler over HTTP, for editors, web tools and pipelines in which a model writes bots.
//!
//! | file | holds |
//! |---|---|
//! | this | the listener: how many connections, how long each may take |
//! | `routes` | the routes and their description |
//! | `problem` | the envelope of errors |
//! | `engines` | the databases that bots are checked for, and the one Postgres of all tasks |
//! | `worker` | one process for each task: what hostile input does to it ends with it |
//! | `given` | what was sent, in its forms |
//! | `task` | checking and mending it |
//!
//! It keeps nothing, knows no secret (but the way to Postgres, where it checks for that) and reads no file of this machine:
//! what is sent is all that it sees.

mod engines;
mod given;
mod problem;
mod routes;
mod task;
pub mod worker;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower_service::Service;

pub use engines::{Checks, Engines};
pub use routes::document;

/// Connections at one moment; more wait to be accepted.
const CONNECTIONS: usize = 128;
/// For the head of a request.
const HEAD: Duration = Duration::from_secs(10);
/// For everything about a connection: an editor that works longer connects again.
const CONNECTION: Duration = Duration::from_secs(300);
/// Longest head, in bytes.
const HEAD_BYTES: usize = 64 << 10;

/// Serves until the process ends.
///
/// # Errors
/// The address cannot be listened on.
pub fn run(
    listen: SocketAddr,
    origins: Vec<String>,
    checks: Checks,
    started: impl FnOnce(SocketAddr),
) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(listen).await?;
        started(listener.local_addr()?);
        let router = routes::all(origins, checks);
        let seats = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            // Nobody closes it.
            let Ok(seat) = seats.clone().acquire_owned().await else {
                return Ok(());
            };
            let stream = match listener.accept().await {
                Ok((stream, _)) => stream,
                Err(_) => {
                    // No descriptors left, or a connection that is gone already.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let router = router.clone();
            tokio::spawn(async move {
                let _ = tokio::time::timeout(CONNECTION, connection(stream, router)).await;
                drop(seat);
            });
        }
    })
}

async fn connection(stream: TcpStream, router: Router) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let mut router = router.clone();
        async move { Ok::<_, Infallible>(unwrapped(router.call(request.map(Body::new)).await)) }
    });
    // A connection that breaks has nobody to tell.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

fn unwrapped<T>(never_fails: Result<T, Infallible>) -> T {
    match never_fails {
        Ok(value) => value,
        Err(never) => match never {},
    }
}
