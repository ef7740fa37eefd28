//! Peers that dawdle: each is let go in time, and nobody else notices.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

use crate::ground::{Engine, Ground, say};
use crate::long;
use crate::support::WEBHOOK_SECRET;
use crate::wire::{Wire, connect, read};

/// As `http::pace` has it.
const HEAD: u64 = 10;
const BODY: u64 = 15;
const RESPONSE: u64 = 60;
const IDLE: u64 = 75;

/// Sends `first`, then `drip` every half second, until the connection is closed; how long that took.
async fn drip(to: std::net::SocketAddr, first: Vec<u8>, drip: &'static [u8]) -> Duration {
    let began = Instant::now();
    let mut stream = connect(to).await;
    stream.write_all(&first).await.unwrap();
    let mut buffer = [0; 512];
    loop {
        let wait = tokio::time::timeout(Duration::from_millis(500), stream.read(&mut buffer));
        match wait.await {
            Ok(Ok(0) | Err(_)) => return began.elapsed(),
            Ok(Ok(_)) => {}
            Err(_) if !drip.is_empty() => {
                if stream.write_all(drip).await.is_err() {
                    return began.elapsed();
                }
            }
            Err(_) => {}
        }
        assert!(
            began.elapsed() < Duration::from_secs(2 * IDLE),
            "never let go"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_waited_for_for_ever() {
    let ground = Ground::with(Engine::Sqlite, &[("RUST_LOG", "warn")]).await;
    let to = ground.address();
    let head = format!(
        "POST /tg/booking HTTP/1.1\r\nHost: localhost\r\nX-Telegram-Bot-Api-Secret-Token: {WEBHOOK_SECRET}\r\nContent-Length: 900000\r\n\r\n{{"
    );
    let preview = "POST /preview/send HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{";
    let mut cases: Vec<(&str, Vec<u8>, &'static [u8], u64)> = vec![
        ("silence", Vec::new(), b"", HEAD),
        ("half a line", b"GET /hea".to_vec(), b"", HEAD),
        (
            "a head in drops",
            b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-A: ".to_vec(),
            b"a",
            HEAD,
        ),
        (
            "headers in drops",
            b"GET /health HTTP/1.1\r\nHost: localhost\r\n".to_vec(),
            b"X-A: a\r\n",
            HEAD,
        ),
        ("an update in drops", head.clone().into_bytes(), b" ", BODY),
        ("an update that stops", head.into_bytes(), b"", BODY),
        (
            "a preview in drops",
            preview.as_bytes().to_vec(),
            b" ",
            BODY,
        ),
    ];
    if long() {
        cases.push((
            "idle after an answer",
            b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
            b"",
            IDLE,
        ));
    }
    let mut waiting = JoinSet::new();
    for (name, first, drops, limit) in cases {
        // Several of each.
        for _ in 0..40 {
            let first = first.clone();
            waiting.spawn(async move {
                let took = drip(to, first, drops).await;
                let limit = Duration::from_secs(limit);
                let slack = Duration::from_secs(4);
                assert!(
                    took + Duration::from_millis(500) >= limit,
                    "{name}: let go after {took:?}"
                );
                assert!(took <= limit + slack, "{name}: let go after {took:?}");
            });
        }
    }
    // Meanwhile others are served as ever.
    let mut wire = Wire::new(to);
    let mut slowest = Duration::ZERO;
    for n in 0..20 {
        let began = Instant::now();
        assert!(
            ground
                .hook(&mut wire, "booking", say(4000 + n, "/start"))
                .await
                .is_some()
        );
        slowest = slowest.max(began.elapsed());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    while let Some(done) = waiting.join_next().await {
        done.unwrap();
    }
    ground.end().await;
}

/// Asks and asks, and reads nothing: its answers pile up until it is let go.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_read_is_let_go() {
    let ground = Ground::with(Engine::Sqlite, &[("RUST_LOG", "warn")]).await;
    let to = ground.address();
    let mut stream = connect(to).await;
    let ask = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(50);
    let began = Instant::now();
    let limit = Duration::from_secs(RESPONSE + 20);
    let mut closed = false;
    // Until the system's buffers are full both ways, and then some.
    while began.elapsed() < limit {
        match tokio::time::timeout(Duration::from_secs(1), stream.write_all(&ask)).await {
            Ok(Err(_)) => {
                closed = true;
                break;
            }
            _ if !long() && began.elapsed() > Duration::from_secs(5) => break,
            _ => {}
        }
    }
    if long() {
        assert!(closed, "never let go");
        println!("let go after {:?}", began.elapsed());
    }
    // Nobody else has noticed.
    let mut wire = Wire::new(to);
    assert!(
        ground
            .hook(&mut wire, "booking", say(4100, "/start"))
            .await
            .is_some()
    );
    drop(stream);
    ground.end().await;
}

/// More connections than a process may have: those beyond are closed, the others are served, and when they go there is room.
#[tokio::test(flavor = "multi_thread")]
async fn connections_are_bounded() {
    let ground = Ground::with(Engine::Sqlite, &[("RUST_LOG", "warn")]).await;
    let to = ground.address();
    let mut held = Vec::new();
    for _ in 0..500 {
        held.push(connect(to).await);
    }
    let mut wire = Wire::new(to);
    assert!(
        ground
            .hook(&mut wire, "booking", say(4200, "/start"))
            .await
            .is_some()
    );
    // All of them still work: none was closed to let another in.
    for stream in held.iter_mut().step_by(50) {
        stream
            .write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .await
            .unwrap();
        assert_eq!(read(stream).await.unwrap().status, 200);
    }
    drop(held);
    ground.end().await;
}
