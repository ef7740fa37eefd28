//! What operators see: log lines, traces, metrics, events.

use runtime_core::testing::telegram::Fault;
use serde_json::{Value, json};

use super::support::raw::{SECRET, text};
use super::support::{Channel, Home, WEBHOOK_SECRET, World, http, until};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// Fields of every log line, as docs/observability.md says.
const FIELDS: &[&str] = &[
    "timestamp",
    "level",
    "event",
    "trace_id",
    "bot_id",
    "user_id",
    "version",
    "spec_version",
];

async fn hook_traced(world: &World, update: &Value, traceparent: &str) {
    let headers = [(SECRET, WEBHOOK_SECRET), ("traceparent", traceparent)];
    let body = update.to_string();
    let answer = http::post(world.address(), "/tg/booking", &headers, body.as_bytes()).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_an_updates_life_says_whose_it_is() {
    let home = Home::new().with("BOTFACTORY_LOG", "debug");
    let world = World::start_at(Channel::Webhook, home).await;
    let group = text(1, 1_000_000_007, -5, "/start");
    hook_traced(&world, &group, TRACEPARENT).await; // its reply leaves before the acknowledgement
    world
        .hook(&text(2, 1_000_000_007, 1_000_000_007, "/book"))
        .await;
    world.hook(&text(3, 1_000_000_007, -5, "/lang")).await;
    let passed_on = world.telegram().traces();
    assert!(
        passed_on
            .iter()
            .any(|header| header.starts_with(&format!("00-{TRACE}-")) && header.ends_with("-01")),
        "{passed_on:?}"
    );
    world.db().settled().await;
    world.node().await.signal().await;
    let mut node = world.node().await;
    assert!(node.ended().await.success());
    let lines: Vec<Value> = node
        .logs()
        .iter()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect();
    for line in &lines {
        for field in FIELDS {
            assert!(line.get(field).is_some(), "no {field} in {line}");
        }
        assert!(!line.to_string().contains("1000000007"), "{line}");
        assert!(!line["version"].is_null(), "{line}");
    }
    let of = |trace: &str| -> Vec<&Value> {
        let own = lines.iter().filter(|line| line["trace_id"] == trace);
        own.collect()
    };
    let life = of(TRACE);
    let events: Vec<&str> = life.iter().map(|l| l["event"].as_str().unwrap()).collect();
    for event in [
        "update received",
        "handler ran",
        "reply sent",
        "update done",
    ] {
        assert!(events.contains(&event), "no {event:?} in {events:?}");
    }
    let mut lives = 0;
    for done in lines.iter().filter(|line| line["event"] == "update done") {
        lives += 1;
        for line in of(done["trace_id"].as_str().unwrap()) {
            assert_eq!(line["bot_id"], "booking", "{line}");
            assert_eq!(line["user_id"].as_str().unwrap().len(), 16, "{line}");
            assert_eq!(line["user_id"], done["user_id"], "{line}");
            assert_eq!(line["spec_version"].as_str().unwrap().len(), 16, "{line}");
        }
    }
    assert_eq!(lives, 3);
    // What the writer does for one of many says whose it is, and so does what the outbox sends afterwards.
    let sent = lines
        .iter()
        .filter(|line| line["event"] == "reply sent" && line["via"] == "outbox");
    for line in sent {
        assert!(line["trace_id"].is_string(), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn log_lines_have_the_level_that_was_asked_for() {
    let home = Home::new()
        .with("BOTFACTORY_LOG", "warn")
        .with("RUST_LOG", "debug");
    let world = World::start_at(Channel::Webhook, home).await;
    world.hook(&text(1, 7, 7, "/start")).await;
    world.node().await.signal().await;
    let mut node = world.node().await;
    assert!(node.ended().await.success());
    let logs = node.logs();
    assert!(
        logs.iter()
            .all(|line| !line.contains("\"debug\"") && !line.contains("\"info\"")),
        "{logs:#?}"
    );
    let refused = Home::new()
        .with("BOTFACTORY_LOG_FORMAT", "xml")
        .refused()
        .await;
    assert!(refused.1.contains("BOTFACTORY_LOG_FORMAT"), "{}", refused.1);
}

/// Samples of a family that are not 0.
fn counted(metrics: &str, family: &str) -> bool {
    metrics.lines().any(|line| {
        let Some(rest) = line.strip_prefix(family) else {
            return false;
        };
        let own = [" ", "{", "_count ", "_count{"];
        own.iter().any(|next| rest.starts_with(next))
            && line.rsplit(' ').next().is_some_and(|value| value != "0")
    })
}

/// What a deployment without a model, Redis and Postgres, in which little went wrong, must have counted.
const EMITTED: &[&str] = &[
    "api_request_duration_seconds",
    "api_requests_total",
    "bot_conversation_races_total", // on Postgres only: see below
    "bot_dead_letters_total",       // nothing has failed: see below
    "bot_reload_total",
    "bot_sql_exec_total",
    "bot_sql_query_total",
    "bot_updates_claimed_total",
    "bot_updates_duplicate_total",
    "bot_updates_total",
    "botfactory_build_info",
    "database_up",
    "db_pool_size",
    "dsl_handle_latency_seconds",
    "events_written_total",
    "i18n_renders_total",
    "locale_cache_total",
    "lock_wait_seconds",
    "outbox_unreachable_total",
    "process_cpu_seconds_total",
    "process_max_fds",
    "process_open_fds",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_threads",
    "process_virtual_memory_bytes",
    "reply_failed_total",
    "reply_latency_seconds",
    "reply_sent_total",
    "sql_latency_seconds",
    "store_commit_seconds",
    "store_commit_updates",
    "telegram_request_duration_seconds",
    "telegram_requests_total",
    "tokio_alive_tasks",
    "webhook_latency_seconds",
    "webhook_refused_total",
    "widget_picks_total",
    "widget_renders_total",
    "wizard_active",
    "wizard_completions_total",
    "wizard_errors_total",
    "wizard_flows_total",
    "wizard_steps_total",
];

#[tokio::test(flavor = "multi_thread")]
async fn families_are_really_counted_and_nobody_makes_series() {
    let world = World::start_at(Channel::Webhook, Home::new()).await;
    let anna = world.person("Anna", "en");
    for words in [
        "/book",
        "nothing",
        "spa",
        "2030-01-15 14:00",
        "/skip",
        "/my",
        "/start",
    ] {
        anna.say(words).await;
    }
    // Another one stands in a dialogue, a redelivery comes, somebody has blocked the bot.
    world.hook(&text(900_001, 77, 77, "/book")).await;
    world.hook(&text(900_001, 77, 77, "/book")).await;
    // In a group nothing rides in the response: the outbox sends it.
    world.hook(&text(900_003, 79, -8, "/book")).await;
    world.db().settled().await;
    world
        .telegram()
        .fail_next(Some("sendMessage"), Fault::Blocked);
    world.hook(&text(900_002, 78, -9, "/start")).await;
    world.post("/bots/booking/reload", &json!({})).await;
    world.db().settled().await;
    let before: Vec<String> = names(&world.get("/metrics").await.text());
    for n in 0..50 {
        let path = format!("/tg/bot-{n}");
        let headers = [(SECRET, WEBHOOK_SECRET)];
        http::post(world.address(), &path, &headers, b"{}").await;
        world.get(&format!("/bots/bot-{n}")).await;
        world.get(&format!("/nothing/{n}")).await;
        world
            .preview(json!({"bot_id": format!("bot-{n}"), "text": "/start"}))
            .await;
        world
            .hook(&json!({"update_id": 950_000 + n, format!("kind_{n}"): {}}))
            .await;
    }
    let after = until("counting", || async {
        let metrics = world.get("/metrics").await.text();
        counted(&metrics, "wizard_active").then_some(metrics)
    })
    .await;
    assert!(
        !after.contains("bot-7") && !after.contains("kind_7"),
        "{after}"
    );
    let new: Vec<String> = names(&after)
        .into_iter()
        .filter(|name| !before.contains(name))
        .collect();
    assert!(new.len() < 12, "{new:#?}");
    let missing: Vec<&&str> = EMITTED
        .iter()
        .filter(|family| !counted(&after, family))
        .collect();
    let silent = ["bot_conversation_races_total", "bot_dead_letters_total"];
    assert_eq!(missing, silent.iter().collect::<Vec<_>>(), "{after}");
    let families = after.lines().filter(|line| line.starts_with("# TYPE"));
    assert!(families.count() >= 45);
}

/// Series without their values.
fn names(metrics: &str) -> Vec<String> {
    metrics
        .lines()
        .filter(|line| !line.starts_with('#') && !line.contains("_bucket"))
        .filter_map(|line| Some(line.rsplit_once(' ')?.0.to_owned()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_asked_for_over_http_and_by_hand() {
    let world = World::start_at(Channel::Webhook, Home::new()).await;
    let anna = world.person("Anna", "en");
    for words in [
        "/book",
        "nothing of it",
        "spa",
        "2030-01-15 14:00",
        "/skip",
        "/my",
    ] {
        anna.say(words).await;
    }
    let events = until("events", || async {
        let page = world.get("/bots/booking/events").await.ok();
        (page["events"].as_array().unwrap().len() >= 6).then_some(page)
    })
    .await;
    let all = events["events"].as_array().unwrap();
    let kinds: Vec<&str> = all.iter().map(|e| e["type"].as_str().unwrap()).collect();
    for kind in [
        "wizard_start",
        "wizard_refused",
        "wizard_step",
        "wizard_done",
        "command",
    ] {
        assert!(kinds.contains(&kind), "no {kind} in {kinds:?}");
    }
    assert!(!events.to_string().contains("nothing of it"));
    let user = all[0]["user_id"].as_i64().unwrap();
    let own = world
        .get(&format!(
            "/bots/booking/events?user_id={user}&type=wizard_done"
        ))
        .await
        .ok();
    assert_eq!(own["events"].as_array().unwrap().len(), 1);
    assert_eq!(own["log_user_id"].as_str().unwrap().len(), 16);
    let report = world.get("/bots/booking/events/report?hours=1").await.ok();
    assert_eq!(report["people"], 1);
    assert!(report["within_200_ms"].as_f64().unwrap() <= 1.0);
    world
        .get("/bots/booking/events?type=gossip")
        .await
        .refused(400);
    world.get("/bots/booking/events?limit=0").await.refused(400);
    world
        .get("/bots/booking/events/report?hours=0")
        .await
        .refused(400);
    world.get("/bots/plumbus/events").await.refused(404);
    let listed = world
        .home()
        .run(&["events", "booking", "--type", "wizard_done"], "")
        .await;
    let line: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(line["type"], "wizard_done");
    let report = world.home().run(&["events", "booking", "report"], "").await;
    let report: Value = serde_json::from_slice(&report.stdout).unwrap();
    assert!(report["events"].as_i64().unwrap() >= 6);
    world.stop().await;
}
