//! What instances share in Redis, and what is left when it goes away.

use std::sync::Arc;
use std::time::Duration;

use runtime_core::llm::Refused;
use runtime_core::llm::settings::LlmConfig;
use runtime_core::redis::Redis;
use runtime_core::testing::llm::{Act, Stub};
use runtime_core::testing::redis::Redis as Server;

use crate::rig::{Database, Rig, Wanted, config, text, until};

async fn two(stub: &Stub, server: &Server) -> (Rig, Rig) {
    let database = Arc::new(Database::sqlite());
    let mut rigs = Vec::new();
    for _ in 0..2 {
        let redis = Redis::open_patiently(&server.url()).unwrap();
        until("it answers", async || redis.up()).await;
        let mut wanted = Wanted::new(LlmConfig {
            cache: Duration::from_secs(60),
            user_per_minute: 3,
            ..config(stub)
        });
        wanted.redis = redis;
        wanted.database = database.clone();
        rigs.push(wanted.open().await);
    }
    let second = rigs.pop().unwrap();
    (rigs.pop().unwrap(), second)
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_and_limits_are_shared() {
    let stub = Stub::start().await.unwrap();
    let server = Server::start();
    let (a, b) = two(&stub, &server).await;
    assert!(!a.ask(&text("x")).await.unwrap().cached);
    assert!(b.ask(&text("x")).await.unwrap().cached);
    assert!(b.ask(&text("y")).await.is_ok() && a.ask(&text("z")).await.is_ok());
    assert_eq!(b.ask(&text("w")).await, Err(Refused::Limited));
    assert_eq!(stub.calls(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_model_has_answers_and_a_breaker_of_its_own() {
    let stub = Stub::start().await.unwrap();
    let server = Server::start();
    let database = Arc::new(Database::sqlite());
    let mut rigs = Vec::new();
    for model in ["small", "large"] {
        let mut config = LlmConfig {
            cache: Duration::from_secs(60),
            ..config(&stub)
        };
        if let Some(upstream) = &mut config.upstream {
            upstream.model = model.to_owned();
        }
        let mut wanted = Wanted::new(config);
        wanted.redis = Redis::open_patiently(&server.url()).unwrap();
        until("it answers", async || wanted.redis.up()).await;
        wanted.database = database.clone();
        rigs.push(wanted.open().await);
    }
    let [small, large] = &rigs[..] else {
        panic!("two");
    };
    assert!(!small.ask(&text("x")).await.unwrap().cached);
    assert!(!large.ask(&text("x")).await.unwrap().cached);
    assert_eq!(stub.calls(), 2);
    stub.always(Act::Status(500, None));
    for n in 0..5 {
        let asked = small.ask(&text(&format!("fails {n}"))).await;
        assert_eq!(asked, Err(Refused::Failed));
    }
    assert_eq!(small.ask(&text("y")).await, Err(Refused::Open));
    stub.say("ok");
    assert!(large.ask(&text("y")).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_questions_alike_one_instance_asks() {
    let stub = Stub::start().await.unwrap();
    stub.always(Act::Slow(Duration::from_millis(150), "ok".to_owned()));
    let server = Server::start();
    let (a, b) = two(&stub, &server).await;
    let mut all = tokio::task::JoinSet::new();
    for n in 0..20 {
        let llm = if n % 2 == 0 {
            a.llm.clone()
        } else {
            b.llm.clone()
        };
        all.spawn(async move { llm.ask("shop", n, &text("x")).await });
    }
    assert!(all.join_all().await.iter().all(Result::is_ok));
    assert_eq!(stub.calls(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn losing_redis_loses_only_the_sharing() {
    let stub = Stub::start().await.unwrap();
    let mut server = Server::start();
    let (a, b) = two(&stub, &server).await;
    assert!(a.ask(&text("x")).await.is_ok());
    // It is there before Redis goes: kept without anybody waiting for it.
    assert!(b.llm.ask("shop", 9, &text("x")).await.unwrap().cached);
    server.kill();
    for rig in [&a, &b] {
        until("found out", async || {
            rig.llm.breaker("shop").await.is_some_and(|v| !v.shared)
        })
        .await;
        // An answer that was on its way to Redis when it went is kept a moment later.
        let asks = std::sync::atomic::AtomicI64::new(100);
        until("kept apart", async || {
            let user = asks.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let answer = rig.llm.ask("shop", user, &text("w")).await;
            answer.is_ok_and(|answer| answer.cached)
        })
        .await;
        let before = stub.calls();
        assert!(!rig.llm.ask("shop", 5, &text("x")).await.unwrap().cached);
        assert!(rig.llm.ask("shop", 5, &text("x")).await.unwrap().cached);
        assert_eq!(stub.calls(), before + 1);
    }
    server.restart();
    until("found again", async || {
        a.llm.breaker("shop").await.is_some_and(|v| v.shared)
    })
    .await;
    assert!(a.llm.ask("shop", 6, &text("q")).await.is_ok());
}
