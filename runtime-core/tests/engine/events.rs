//! Events: one for each update, committed with what it stores; never a word of a person.

use runtime_core::bot::Bot;
use runtime_core::incoming::Content;
use runtime_core::store::events::{Filter, Found};
use tokio::sync::watch;

use super::rig::{ANNA, BORIS, BOT_ID, Rig};

async fn rig() -> Rig {
    let rig = Rig::new().await;
    rig.store.keep_events(30);
    rig
}

/// What waits is written.
async fn flush(rig: &Rig) {
    let (stop, stopped) = watch::channel(true);
    rig.store.write_events(stopped).await;
    drop(stop);
}

async fn all(rig: &Rig, filter: Filter) -> Vec<Found> {
    let filter = Filter {
        limit: 500,
        ..filter
    };
    let mut found = rig.store.events("booking", &filter).await.unwrap();
    found.reverse();
    found
}

#[tokio::test]
async fn every_update_leaves_one_and_it_says_what_it_was() {
    let mut rig = rig().await;
    for words in [
        "/start",
        "/book",
        "nothing of it",
        "spa",
        "/cancel",
        "hello",
    ] {
        rig.say(ANNA, words).await;
    }
    rig.say(BORIS, "/boom").await;
    // What was stored has its event already; what stored nothing waits.
    let stored = all(&rig, Filter::default()).await;
    assert!(!stored.is_empty());
    assert!(stored.iter().all(|event| event.kind != "unknown"));
    flush(&rig).await;
    let mut events = all(&rig, Filter::default()).await;
    events.sort_by(|a, b| a.at.cmp(&b.at));
    let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(events.len(), 7, "{events:#?}");
    for kind in [
        "command",
        "wizard_start",
        "wizard_refused",
        "wizard_step",
        "wizard_left",
        "unknown",
        "error",
    ] {
        assert!(kinds.contains(&kind), "no {kind} in {kinds:?}");
    }
    for event in &events {
        assert!(event.ms >= 0.0 && event.ms < 60_000.0);
        let text = serde_json::to_string(event).unwrap();
        for word in ["nothing of it", "hello"] {
            assert!(!text.contains(word), "{text}");
        }
        let data: serde_json::Value = serde_json::from_str(event.data.get()).unwrap();
        assert_eq!(data["channel"], "webhook", "{data}");
        assert!(!data["locale"].as_str().unwrap().is_empty());
    }
    let step = events.iter().find(|e| e.kind == "wizard_step").unwrap();
    assert_eq!(step.name, "book");
    assert!(!step.step.is_empty());
    assert_eq!(step.user_id, Some(ANNA));
    let error = events.iter().find(|e| e.kind == "error").unwrap();
    assert_eq!(error.user_id, Some(BORIS));
    // The questions that operators have.
    let of = |filter| all(&rig, filter);
    let boris = Filter {
        person: Some(BORIS),
        ..Filter::default()
    };
    assert_eq!(of(boris).await.len(), 1);
    let steps = Filter {
        kind: Some("wizard_step".to_owned()),
        ..Filter::default()
    };
    assert_eq!(of(steps).await.len(), 1);
    let trace = Filter {
        trace: Some(step.trace_id.clone()),
        ..Filter::default()
    };
    assert_eq!(of(trace).await.len(), 1);
    let newest = rig
        .store
        .events(
            "booking",
            &Filter {
                limit: 2,
                ..Filter::default()
            },
        )
        .await
        .unwrap();
    assert_eq!(newest.len(), 2);
    let older = Filter {
        before: Some(newest[1].id),
        ..Filter::default()
    };
    assert_eq!(of(older).await.len(), 5);
    let report = rig.store.report("booking", 24).await.unwrap();
    assert_eq!((report.events, report.people), (7, 2));
    assert!(report.within_200_ms.unwrap() <= 1.0);
    assert_eq!(report.errors.len(), 1);
    assert_eq!(report.errors[0].events, 1);
    assert!(report.slow.iter().any(|flow| flow.name == "book"));
    assert_eq!(
        report.types.iter().map(|typed| typed.events).sum::<i64>(),
        7
    );
    assert!(report.tags.is_empty());
    let nobodys = rig.store.report("another", 24).await.unwrap();
    assert_eq!(nobodys.events, 0);
    assert!(nobodys.within_200_ms.is_none());
}

/// Type, name, step and flow of every event, oldest first.
async fn told(rig: &Rig) -> Vec<(String, String, String, String)> {
    flush(rig).await;
    let mut events = all(rig, Filter::default()).await;
    events.sort_by_key(|event| event.trace_id[1..].parse::<i64>().unwrap());
    events
        .into_iter()
        .map(|event| {
            let data: serde_json::Value = serde_json::from_str(event.data.get()).unwrap();
            let flow = data["flow"].as_str().unwrap_or_default().to_owned();
            (event.kind, event.name, event.step, flow)
        })
        .collect()
}

#[tokio::test]
async fn each_names_its_command_and_where_its_dialogue_stood() {
    let mut rig = rig().await;
    rig.say(ANNA, "/cancel").await;
    rig.say(ANNA, "/back").await;
    let question = rig.say(ANNA, "/book").await;
    rig.say(ANNA, "/back").await;
    rig.say(ANNA, "/skip").await;
    let slot = rig.press(ANNA, &question.button("Spa!")).await;
    rig.press(ANNA, &slot.button("Back")).await;
    rig.say(ANNA, "spa").await;
    rig.say(ANNA, "/start").await;
    rig.say(ANNA, "/add 12:00").await;
    let note = rig.say(ANNA, "11:00").await;
    rig.press(ANNA, &note.button("Cancel")).await;
    rig.say(ANNA, "/book").await;
    rig.say(ANNA, "/cancel").await;
    let late = rig.say(ANNA, "/book").await;
    rig.clock.advance(3601);
    rig.press(ANNA, &late.button("Spa!")).await;
    rig.say(ANNA, "/book").await;
    rig.clock.advance(3601);
    rig.say(ANNA, "spa").await;
    let events = told(&rig).await;
    let events: Vec<(&str, &str, &str)> = events
        .iter()
        .map(|(kind, name, step, _)| (kind.as_str(), name.as_str(), step.as_str()))
        .collect();
    assert_eq!(
        events,
        [
            ("command", "cancel", ""),
            ("unknown", "", ""),
            ("wizard_start", "book", ""),
            ("wizard_refused", "book", "service"),
            ("wizard_refused", "book", "service"),
            ("wizard_step", "book", "service"),
            ("wizard_step", "book", "service"),
            ("wizard_step", "book", "service"),
            ("command", "start", ""),
            ("command", "add", ""),
            ("wizard_step", "book", "slot"),
            ("wizard_left", "book", "note"),
            ("wizard_start", "book", ""),
            ("wizard_left", "book", "service"),
            ("wizard_start", "book", ""),
            ("wizard_timeout", "book", "service"),
            ("wizard_start", "book", ""),
            ("wizard_timeout", "book", "service"),
        ]
    );
}

#[tokio::test]
async fn an_error_names_what_failed_and_where() {
    let mut rig = rig().await;
    rig.say(ANNA, "/boom").await;
    rig.say(ANNA, "/panic").await;
    for words in ["/book", "spa", "11:00"] {
        rig.say(ANNA, words).await;
    }
    rig.execute("ALTER TABLE bookings RENAME TO gone").await;
    rig.say(ANNA, "a note").await; // the dialogue's answer
    rig.say(ANNA, "/add 12:00").await; // a command in the middle of it
    rig.say(ANNA, "/my").await; // one that only reads
    let events = told(&rig).await;
    let errors: Vec<(&str, &str, &str)> = events
        .iter()
        .filter(|(kind, ..)| kind == "error")
        .map(|(_, name, step, flow)| (name.as_str(), flow.as_str(), step.as_str()))
        .collect();
    assert_eq!(
        errors,
        [
            ("arithmetic", "boom", ""),
            ("panic", "panic", ""),
            ("sql", "book", "note"),
            ("sql", "add", ""),
            ("sql", "my", ""),
        ]
    );
}

#[tokio::test]
async fn a_redelivery_leaves_none() {
    let mut rig = rig().await;
    let before = rig.count("bf_events").await;
    let event = Rig::message(ANNA, ANNA, Content::Text("/book".to_owned()));
    rig.update(900, event.clone()).await;
    assert_eq!(rig.count("bf_events").await, before + 1);
    rig.update(900, event).await;
    assert_eq!(rig.count("bf_events").await, before + 1);
}

#[tokio::test]
async fn old_ones_are_forgotten_and_none_are_written_without_a_wish() {
    let mut rig = rig().await;
    rig.say(ANNA, "/book").await;
    rig.say(ANNA, "spa").await;
    rig.execute("UPDATE bf_events SET at = at - 31 * 86400000000 WHERE type = 'wizard_start'")
        .await;
    rig.store.prune().await.unwrap();
    assert_eq!(rig.count("bf_events").await, 1);
    rig.store.keep_events(0);
    rig.say(ANNA, "/cancel").await;
    assert_eq!(rig.count("bf_events").await, 1);
    rig.store.prune().await.unwrap();
    assert_eq!(rig.count("bf_events").await, 0);
}

#[tokio::test]
async fn who_is_erased_is_nobody_in_them() {
    let mut rig = rig().await;
    rig.say(ANNA, "/book").await;
    rig.say(BORIS, "/book").await;
    rig.store
        .erase_person(super::bot::BOT.held(), &[BOT_ID], ANNA)
        .await
        .unwrap();
    let people: Vec<_> = all(&rig, Filter::default())
        .await
        .into_iter()
        .map(|event| event.user_id)
        .collect();
    assert_eq!(people, [None, Some(BORIS)]);
}

#[tokio::test]
async fn who_is_held_back_is_recorded() {
    let mut rig = rig().await;
    for _ in 0..4 {
        rig.say(ANNA, "/limited").await;
    }
    // Behind a query, and behind a statement that writes, in the middle of a dialogue.
    rig.say(BORIS, "/book").await;
    for n in 0..3 {
        rig.say(BORIS, "/limited_read").await;
        rig.say(BORIS, &format!("/limited_late s{n}")).await;
    }
    flush(&rig).await;
    let held = async |person| {
        let filter = Filter {
            kind: Some("ratelimit_hit".to_owned()),
            person: Some(person),
            ..Filter::default()
        };
        let events = all(&rig, filter).await;
        let mut held: Vec<_> = events.into_iter().map(|e| (e.name, e.step)).collect();
        held.sort();
        held
    };
    let named = |names: &[&str]| -> Vec<(String, String)> {
        let named = names.iter().map(|name| ((*name).to_owned(), String::new()));
        named.collect()
    };
    assert_eq!(held(ANNA).await, named(&["limited", "limited"]));
    assert_eq!(held(BORIS).await, named(&["limited_late", "limited_read"]));
}

/// The statements of docs/observability.md, one by one.
fn documented() -> Vec<String> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/observability.md");
    let page = std::fs::read_to_string(page).unwrap();
    let block = page.split_once("```sql").unwrap().1;
    let lines = block.split_once("```").unwrap().0.lines();
    let code: Vec<&str> = lines.filter(|line| !line.starts_with("--")).collect();
    let statements = code.join("\n");
    let statements = statements.split(';').map(str::trim);
    statements
        .filter(|statement| !statement.is_empty())
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn the_documented_statements_run_and_find_what_they_are_for() {
    let mut rig = rig().await;
    for words in ["/start", "/book", "spa", "/add s1", "/list", "hello"] {
        rig.say(ANNA, words).await;
    }
    rig.say(BORIS, "/boom").await;
    flush(&rig).await;
    let tag = r#"{"llm":"yes","variant":"treatment","source":"ab_test"}"#;
    rig.execute(&format!(
        "UPDATE bf_events SET result_tag = '{tag}' WHERE type = 'command'"
    ))
    .await;
    let known = all(&rig, Filter::default()).await;
    let trace = known[0].trace_id.clone();
    let hour = if super::POSTGRES {
        "(extract(epoch from now()) - 3600) * 1000000"
    } else {
        "(unixepoch() - 3600) * 1000000"
    };
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/observability.md");
    assert!(std::fs::read_to_string(page).unwrap().contains(hour));
    let statements = documented();
    assert_eq!(statements.len(), 10);
    for statement in statements {
        let own = statement
            .replace("0af7651916cd43dd8448eb211c80319c", &trace)
            .replace("person = 42", &format!("person = {ANNA}"));
        let rows = async |since: &str| {
            let inner = own.replace(":since", since);
            let counted = format!("SELECT count(*) FROM ({inner}) q");
            rig.numbers(&counted).await[0]
        };
        assert!(rows("0").await > 0, "{own}");
        assert!(rows(hour).await >= 0, "{own}");
        // All of it is read, every column and in its order, and not only counted.
        rig.execute(&own.replace(":since", hour)).await;
    }
    rig.execute("DELETE FROM bf_events").await;
    for statement in documented() {
        rig.execute(&statement.replace(":since", hour)).await;
    }
    let nothing = rig.store.report("booking", 24).await.unwrap();
    assert_eq!((nothing.events, nothing.people), (0, 0));
    assert!(nothing.within_200_ms.is_none() && nothing.types.is_empty());
    assert!(all(&rig, Filter::default()).await.is_empty());
}

#[tokio::test]
async fn events_that_the_database_does_not_take_are_counted() {
    let mut rig = rig().await;
    rig.say(ANNA, "hello").await;
    rig.execute("ALTER TABLE bf_events RENAME TO gone").await;
    flush(&rig).await;
    let metrics = String::from_utf8(runtime_core::telemetry::metrics::text()).unwrap();
    assert!(metrics.contains("\nevents_dropped_total 1\n"), "{metrics}");
}

#[tokio::test]
async fn events_wait_for_a_database_that_comes_back() {
    let mut rig = rig().await;
    rig.say(ANNA, "hello").await;
    rig.execute("ALTER TABLE bf_events RENAME TO gone").await;
    let back = async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        rig.execute("ALTER TABLE gone RENAME TO bf_events").await;
    };
    tokio::join!(flush(&rig), back);
    assert_eq!(rig.count("bf_events").await, 1);
}
