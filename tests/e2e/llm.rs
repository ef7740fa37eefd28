//! What operators see and set of bots' questions to the model.

use runtime_core::testing::llm::Stub;
use serde_json::{Value, json};

use crate::support::{Answer, Channel, Home, World, http, until};

const KEY: &str = "sk-hunter2-hunter2";

async fn world(stub: &Stub) -> World {
    let home = Home::new()
        .with("LLM_BASE_URL", stub.url())
        .with("LLM_MODEL", "small")
        .with("LLM_API_KEY", KEY)
        .with("LLM_DAILY_BUDGET", "5000");
    World::start_at(Channel::Preview, home).await
}

async fn put(world: &World, path: &str, body: &Value) -> Answer {
    let json = [("content-type", "application/json")];
    http::send(
        world.address(),
        "PUT",
        path,
        &json,
        body.to_string().as_bytes(),
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn budgets_are_seen_set_and_reset() {
    let stub = Stub::start().await.unwrap();
    let world = world(&stub).await;
    assert_eq!(
        world.get("/bots/booking/budget/usage").await.ok(),
        json!({"bot_id": "booking", "daily_limit": 5000, "current_usage": 0, "remaining": 5000, "percentage_used": 0.0})
    );
    let set = |limit: Value| {
        let world = &world;
        async move {
            put(
                world,
                "/bots/booking/budget/settings",
                &json!({"daily_budget_limit": limit}),
            )
            .await
        }
    };
    assert_eq!(set(json!(100)).await.ok()["bot_id"], "booking");
    assert_eq!(
        world.get("/bots/booking/budget/usage").await.ok()["daily_limit"],
        100
    );
    set(json!(-1)).await.refused(400);
    set(json!(1_000_001)).await.refused(400);
    set(json!("many")).await.refused(422);
    put(&world, "/bots/booking/budget/settings", &json!({}))
        .await
        .refused(422);
    put(
        &world,
        "/bots/nobody/budget/settings",
        &json!({"daily_budget_limit": 1}),
    )
    .await
    .refused(404);
    set(json!(0)).await.ok();
    let bots = world.get("/bots/budget/overview").await.ok();
    let names: Vec<&str> = bots["bots"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|b| b["bot_id"].as_str())
        .collect();
    assert!(
        names.contains(&"survey") && !names.contains(&"booking"),
        "{names:?}"
    );
    let stats = world.get("/bots/booking/budget/stats?days=3").await.ok();
    assert_eq!(stats["daily_stats"].as_object().unwrap().len(), 3);
    assert_eq!(
        world.get("/bots/booking/budget/stats").await.ok()["daily_stats"]
            .as_object()
            .unwrap()
            .len(),
        7
    );
    for days in ["0", "31", "-1", "x"] {
        world
            .get(&format!("/bots/booking/budget/stats?days={days}"))
            .await
            .refused(400);
    }
    assert!(
        world
            .post("/bots/booking/budget/reset", &json!({}))
            .await
            .ok()["message"]
            .is_string()
    );
    world
        .post("/bots/nobody/budget/reset", &json!({}))
        .await
        .refused(404);
    // What was set outlives the process.
    world.restart().await;
    assert_eq!(
        world.get("/bots/booking/budget/usage").await.ok()["daily_limit"],
        0
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_numbers_and_the_breaker_are_seen_and_set() {
    let stub = Stub::start().await.unwrap();
    let world = world(&stub).await;
    let settings = world.get("/bots/booking/llm/settings").await.ok();
    assert_eq!(
        settings,
        json!({"bot_id": "booking", "llm_enabled": true, "llm_preset": "neutral", "configured": true, "model": "small"})
    );
    let path = "/bots/booking/llm/settings";
    let set = put(
        &world,
        path,
        &json!({"llm_enabled": false, "llm_preset": "short"}),
    )
    .await
    .ok();
    assert_eq!(
        set,
        json!({"bot_id": "booking", "updated": true, "settings": {"llm_enabled": false, "llm_preset": "short"}})
    );
    let set = put(&world, path, &json!({"llm_enabled": true})).await.ok();
    assert_eq!(
        set["settings"],
        json!({"llm_enabled": true, "llm_preset": "short"})
    );
    put(&world, path, &json!({})).await.refused(400);
    put(&world, path, &json!({"llm_preset": "loud"}))
        .await
        .refused(422);
    put(&world, path, &json!({"llm_key": "x"}))
        .await
        .refused(422);
    world.get("/bots/nobody/llm/settings").await.refused(404);
    assert_eq!(
        world.get("/bots/booking/llm/stats").await.ok(),
        json!({"bot_id": "booking", "stats": {"requests_today": 0, "cache_hit_rate": 0.0, "error_rate": 0.0, "avg_latency_ms": 0.0}})
    );
    let breaker = world.get("/bots/booking/llm/breaker").await.ok();
    assert_eq!(breaker["model"], "small");
    assert_eq!(breaker["breaker"]["state"], "closed");
    assert_eq!(breaker["breaker"]["shared"], false);
    let reset = world
        .post("/bots/booking/llm/breaker/reset", &json!({}))
        .await
        .ok();
    assert_eq!(reset["breaker"]["failures"], 0);
    for path in [
        "/metrics",
        "/bots",
        "/bots/booking",
        "/bots/booking/llm/settings",
        "/openapi.json",
    ] {
        assert!(!world.get(path).await.text().contains("hunter2"), "{path}");
    }
    let node = world.node().await;
    let said = node.output();
    assert!(!said.contains("hunter2"), "{said}");
    drop(node);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_health_of_the_models_server_is_known() {
    let stub = Stub::start().await.unwrap();
    let without = World::start(Channel::Preview).await;
    let none = without.get("/health/llm").await;
    assert_eq!(
        (none.status, none.text().as_str()),
        (503, r#"{"llm_ok":false}"#)
    );
    assert_eq!(
        without.get("/health/ready").await.status,
        200,
        "nothing is missing"
    );
    assert_eq!(
        without.get("/bots/booking/llm/breaker").await.ok()["breaker"],
        Value::Null
    );
    without.stop().await;

    let world = world(&stub).await;
    let becomes = |status: u16| {
        let world = &world;
        async move {
            until("the model's health", || async {
                (world.get("/health/llm").await.status == status).then_some(())
            })
            .await;
        }
    };
    becomes(200).await;
    stub.well(false);
    becomes(503).await;
    stub.well(true);
    becomes(200).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_are_said_at_start_without_their_values() {
    let home = Home::new()
        .with("LLM_BASE_URL", "ftp://me:hunter2@llm")
        .with("LLM_MODEL", "small")
        .with("LLM_PARALLEL", "hunter2");
    let (code, said) = home.refused().await;
    assert_eq!(code, 1);
    assert!(
        said.contains("LLM_BASE_URL") && said.contains("LLM_PARALLEL"),
        "{said}"
    );
    assert!(!said.contains("hunter2"), "{said}");
}
