//! What probes are told of each part, well and not: at once, whatever the part does.

use std::time::{Duration, Instant};

use runtime_core::testing::llm::Stub;
use runtime_core::testing::postgres::Postgres;
use runtime_core::testing::redis::Redis;
use serde_json::{Value, json};

use crate::support::{Home, Node, until};

/// The old system's objective for every probe; the best of three, for this machine has other work, too.
const AT_ONCE: Duration = Duration::from_millis(200);

async fn ask(node: &Node, path: &str) -> (u16, Value) {
    let mut best = Duration::MAX;
    let mut said = (0, Value::Null);
    for _ in 0..3 {
        let began = Instant::now();
        let answer = node.get(path).await;
        best = best.min(began.elapsed());
        said = (answer.status, answer.json());
    }
    assert!(best < AT_ONCE, "{path} took {best:?}");
    said
}

async fn becomes(node: &Node, path: &str, status: u16, body: Value) {
    until(path, || async {
        (ask(node, path).await == (status, body.clone())).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_not_well_and_not_missed() {
    let node = Home::new().start().await;
    for (path, status, body) in [
        ("/health", 200, json!({"ok": true})),
        ("/health/db", 200, json!({"db_ok": true})),
        ("/health/pg", 503, json!({"pg_ok": false})),
        ("/health/redis", 503, json!({"redis_ok": false})),
        ("/health/llm", 503, json!({"llm_ok": false})),
    ] {
        becomes(&node, path, status, body).await;
    }
    assert_eq!(ask(&node, "/health/ready").await.0, 200);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_away_is_told_and_what_comes_back() {
    let (mut redis, stub) = (Redis::start(), Stub::start().await.unwrap());
    let postgres = Postgres::start();
    let home = Home::new()
        .with("DATABASE_URL", &postgres.url("postgres"))
        .with("REDIS_URL", &redis.url())
        .with("LLM_BASE_URL", stub.url())
        .with("LLM_MODEL", "small");
    let node = home.start().await;
    let database = |well: bool| json!({ "pg_ok": well });
    let cache = |well: bool| json!({ "redis_ok": well });
    becomes(&node, "/health/pg", 200, database(true)).await;
    becomes(&node, "/health/redis", 200, cache(true)).await;
    let model = json!({"llm_ok": true});
    becomes(&node, "/health/llm", 200, model).await;
    redis.kill();
    becomes(&node, "/health/redis", 503, cache(false)).await;
    assert_eq!(ask(&node, "/health/ready").await.0, 200, "nothing is lost");
    postgres.pause();
    becomes(&node, "/health/pg", 503, database(false)).await;
    becomes(&node, "/health/db", 503, json!({"db_ok": false})).await;
    assert_eq!(ask(&node, "/health/ready").await.0, 503);
    assert_eq!(ask(&node, "/health").await, (200, json!({"ok": true})));
    postgres.resume();
    redis.restart();
    becomes(&node, "/health/pg", 200, database(true)).await;
    becomes(&node, "/health/redis", 200, cache(true)).await;
    node.stop().await;
}
