//! Far more than can be served: what is too much is told to come later at once, what is accepted is answered in time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::deployment::{Deployment, Engine};
use crate::long;
use crate::support::{WEBHOOK_SECRET, http};

/// Requests that are under way at one moment: more than an instance takes (512).
const AT_ONCE: usize = 1500;
/// Memory may grow by so much.
const GROWTH_KIB: u64 = 120 << 10;

#[derive(Debug, Default)]
struct Seen {
    accepted: AtomicUsize,
    shed: AtomicUsize,
    /// 503 without `Retry-After`, or another status.
    wrong: AtomicUsize,
    next: AtomicUsize,
}

#[tokio::test(flavor = "multi_thread")]
async fn too_much_is_shed_and_the_rest_is_served_in_time() {
    let deployment = Deployment::new(Engine::Sqlite, 1, false, false).await;
    deployment.start().await;
    let instance = &deployment.instances[0];
    let address = ([127, 0, 0, 1], instance.home.port).into();
    let before = instance.weight().unwrap();
    let seen = Arc::new(Seen::default());
    let until = Instant::now() + Duration::from_secs(if long() { 60 } else { 8 });
    let tasks: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let seen = seen.clone();
            tokio::spawn(async move {
                let mut waits = Vec::new();
                while Instant::now() < until {
                    let id = seen.next.fetch_add(1, Ordering::Relaxed) as i64 + 1;
                    let began = Instant::now();
                    let update = json!({
                        "update_id": id,
                        "message": {
                            "message_id": 1, "date": 0, "text": "/book",
                            "from": { "id": id, "is_bot": false, "first_name": "A", "language_code": "en" },
                            "chat": { "id": id, "type": "private" },
                        },
                    });
                    let header = [("X-Telegram-Bot-Api-Secret-Token", WEBHOOK_SECRET)];
                    let answer = http::post(address, "/tg/booking", &header, update.to_string().as_bytes()).await;
                    match answer.status {
                        200 => {
                            seen.accepted.fetch_add(1, Ordering::Relaxed);
                            waits.push(began.elapsed());
                        }
                        503 if answer.header("retry-after").is_some() => {
                            seen.shed.fetch_add(1, Ordering::Relaxed);
                        }
                        _ => {
                            seen.wrong.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
                waits
            })
        })
        .collect();
    let mut waits = Vec::new();
    for task in tasks {
        waits.extend(task.await.unwrap());
    }
    waits.sort_unstable();
    let after = instance.weight().unwrap();
    let (accepted, shed) = (
        seen.accepted.load(Ordering::SeqCst),
        seen.shed.load(Ordering::SeqCst),
    );
    let p99 = waits[waits.len() * 99 / 100];
    println!(
        "overload: {accepted} accepted, {shed} shed, p50 {:?}, p99 {p99:?}, memory {} to {} KiB",
        waits[waits.len() / 2],
        before.0,
        after.0
    );
    assert!(shed > 0 && accepted > 0);
    assert_eq!(
        seen.wrong.load(Ordering::SeqCst),
        0,
        "200, or 503 with Retry-After"
    );
    // An answer leaves within 25 s, or it is a 503.
    let bound = Duration::from_secs(if long() { 10 } else { 20 });
    assert!(p99 < bound, "{p99:?}");
    assert!(after.0 < before.0 + GROWTH_KIB, "{before:?} {after:?}");
    // What was accepted is stored, and it is well at once.
    let claims = deployment
        .number("SELECT count(*) FROM bf_outbox WHERE n = 0")
        .await;
    assert!(
        claims >= i64::try_from(accepted).unwrap(),
        "{claims} of {accepted}"
    );
    assert_eq!(
        instance.get("/health/ready", Duration::from_secs(1)).await,
        Some(200)
    );
    deployment.stop().await;
}
