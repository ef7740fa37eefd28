//! Log lines.

use serde_json::Value;

use super::{TRACE, TRACEPARENT, hook_traced};
use crate::support::raw::text;
use crate::support::{Channel, Home, World};

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

/// Whoever collects the lines of a process learns from them why there are no more.
#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_it_from_starting_is_a_line_too() {
    let unwritable = "sqlite:///proc/botfactory/bot.db";
    for (name, value, code) in [
        ("BOTFACTORY_ADMIN_TOKEN", "tooshort", "settings"),
        ("BOTFACTORY_LISTN", "tooshort", "settings"),
        ("DATABASE_URL", unwritable, "start"),
    ] {
        let home = Home::new().with(name, value).with("RUST_LOG", "info");
        let output = home.run(&["serve"], "").await;
        assert_eq!(output.status.code(), Some(1), "{name}");
        let said = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<Value> = said
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
            .collect();
        for line in &lines {
            for field in FIELDS {
                assert!(line.get(field).is_some(), "no {field} in {line}");
            }
            assert!(!line["version"].is_null(), "{line}");
        }
        let last = lines.last().unwrap();
        assert_eq!(last["event"], "cannot start", "{said}");
        assert_eq!(last["level"], "error");
        assert_eq!(last["code"], code);
        let reason = last["reason"].as_str().unwrap();
        assert!(code == "start" || reason.contains(name), "{reason}");
        assert!(!said.contains("tooshort"), "{said}");
        // People who look at the terminal of a service read it, too.
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains(&format!("error: {reason}")), "{told}");
    }
}

/// Everything but `serve` keeps standard output for itself, and says what it has to say in the same form.
#[tokio::test(flavor = "multi_thread")]
async fn commands_say_it_in_the_same_form() {
    let world = World::start(Channel::Webhook).await;
    world
        .hook(&text(1, 1_000_000_007, 1_000_000_007, "/start"))
        .await;
    for (verb, what) in [("export", "export"), ("erase", "erase")] {
        let output = world
            .home()
            .run(&["people", "booking", verb, "1000000007"], "")
            .await;
        assert!(output.status.success());
        assert!(!String::from_utf8_lossy(&output.stdout).contains("timestamp"));
        let said = String::from_utf8(output.stderr).unwrap();
        let lines: Vec<Value> = said
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
            .collect();
        assert_eq!(lines.len(), 1, "{said}");
        for field in FIELDS {
            assert!(lines[0].get(field).is_some(), "no {field} in {said}");
        }
        assert_eq!(lines[0]["event"], "person's data");
        assert_eq!(lines[0]["what"], what);
        assert_eq!(lines[0]["bot_id"], "booking");
        assert!(!lines[0]["spec_version"].is_null());
        assert!(!said.contains("1000000007"), "{said}");
    }
    world.stop().await;
}
