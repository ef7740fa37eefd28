//! The rest of handlers that wait for the model: run once, whatever happens meanwhile.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use runtime_core::clock::Clock;
use runtime_core::scheduler::{PLACES, Worker};

use super::rig::{ANNA, BORIS, Database, Rig};
use super::thinker::{Alike, THINKER};

async fn rig() -> Rig {
    let clock = Clock::fixed(1_800_000_000);
    Rig::with(&THINKER, Arc::new(Database::new()), clock, 1).await
}

fn model(rig: &Rig, words: &'static str, takes: Duration) -> Arc<Alike> {
    let model = Arc::new(Alike::new(words, takes));
    rig.engine.set_model(model.clone());
    model
}

/// Ends what is ready; what it says.
async fn end(rig: &mut Rig) -> Vec<String> {
    let mut worker = Worker::new(rig.store.clone(), rig.engine.clone());
    worker.end_ready().await.unwrap();
    let reply = rig.reply(runtime_core::engine::Outcome::NOTHING);
    reply.texts().into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn the_rest_runs_once_after_a_restart() {
    let mut rig = rig().await;
    assert!(rig.say(ANNA, "/think one").await.calls.is_empty());
    assert_eq!(rig.count("bf_jobs").await, 1);
    let mut rig = rig.restart().await;
    let asked = model(&rig, "two", Duration::ZERO);
    assert_eq!(end(&mut rig).await, ["one: two"]);
    assert_eq!(rig.count("bf_jobs").await, 0);
    assert_eq!(end(&mut rig).await, Vec::<String>::new());
    assert_eq!(asked.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn two_instances_end_a_job_once() {
    let mut rig = rig().await;
    let slow = model(&rig, "two", Duration::from_secs(2));
    rig.say(ANNA, "/think one").await;
    let worker = |rig: &Rig| Worker::new(rig.store.clone(), rig.engine.clone());
    let (mut one, mut other) = (worker(&rig), worker(&rig));
    let first = tokio::spawn(async move { one.end_ready().await.unwrap() });
    while slow.asked.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Whoever had it is thought dead: its lease is over, and another one takes it.
    rig.execute("UPDATE bf_jobs SET ready = 0").await;
    assert_eq!(other.end_ready().await.unwrap(), 1);
    assert_eq!(first.await.unwrap(), 1);
    assert_eq!(slow.asked.load(Ordering::SeqCst), 2);
    let said = rig.reply(runtime_core::engine::Outcome::NOTHING);
    assert_eq!(said.texts(), ["one: two"]);
    assert_eq!(rig.count("bf_dead_letters").await, 0);
}

#[tokio::test]
async fn after_the_deadline_the_fallback_holds_and_nobody_is_asked() {
    let mut rig = rig().await;
    let asked = model(&rig, "two", Duration::ZERO);
    rig.say(ANNA, "/think one").await;
    rig.clock.advance(31);
    assert_eq!(end(&mut rig).await, ["one: nothing"]);
    assert_eq!(asked.asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_dialogue_waits_and_an_answer_meanwhile_is_kept_off() {
    let mut rig = rig().await;
    let words = model(&rig, "again", Duration::ZERO);
    assert_eq!(rig.say(ANNA, "/talk").await.texts(), ["A word?"]);
    assert!(rig.say(ANNA, "one").await.texts().is_empty());
    assert!(rig.say(ANNA, "two").await.text().contains("still working"));
    assert!(
        rig.say(ANNA, "/back")
            .await
            .text()
            .contains("still working")
    );
    assert_eq!(rig.count("bf_jobs").await, 1);
    assert_eq!(end(&mut rig).await, ["one: again", "A word?"]);
    *words.words.lock().unwrap() = "three";
    rig.say(ANNA, "two").await;
    assert_eq!(end(&mut rig).await, ["two: three"]);
    assert_eq!(rig.count("bf_conversations").await, 1);
    assert_eq!(rig.count("bf_jobs").await, 0);
}

#[tokio::test]
async fn whoever_has_moved_on_is_not_answered() {
    let mut rig = rig().await;
    model(&rig, "again", Duration::ZERO);
    rig.say(ANNA, "/talk").await;
    rig.say(ANNA, "one").await;
    assert!(rig.say(ANNA, "/cancel").await.text().contains("cancelled"));
    assert_eq!(end(&mut rig).await, Vec::<String>::new());
    // Begun anew: the old answer does not belong there.
    rig.say(ANNA, "/talk").await;
    rig.say(ANNA, "one").await;
    assert!(rig.say(ANNA, "/talk").await.text().contains("A word?"));
    assert_eq!(end(&mut rig).await, Vec::<String>::new());
    assert_eq!(rig.count("bf_jobs").await, 0);
    rig.say(ANNA, "two").await;
    assert_eq!(end(&mut rig).await, ["two: again", "A word?"]);
}

#[tokio::test]
async fn a_handler_that_fails_leaves_its_question_and_a_letter() {
    let mut rig = rig().await;
    let words = model(&rig, "fail", Duration::ZERO);
    rig.say(ANNA, "/talk").await;
    rig.say(ANNA, "one").await;
    let said = end(&mut rig).await;
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("something went wrong"));
    let codes = rig.texts("SELECT code FROM bf_dead_letters").await;
    assert_eq!(codes, [Some("arithmetic".to_owned())]);
    assert_eq!(rig.count("bf_jobs").await, 0);
    // The question is still there, and takes an answer.
    *words.words.lock().unwrap() = "well";
    assert!(rig.say(ANNA, "two").await.texts().is_empty());
    assert_eq!(end(&mut rig).await, ["two: well"]);
}

#[tokio::test]
async fn what_another_build_stored_is_told_and_never_sticks() {
    let mut rig = rig().await;
    model(&rig, "again", Duration::ZERO);
    rig.say(ANNA, "/talk").await;
    rig.say(ANNA, "one").await;
    rig.say(BORIS, "/think one").await;
    // The variables no longer fit.
    rig.execute("UPDATE bf_jobs SET job = replace(job, '\"word\":', '\"other\":')")
        .await;
    let said = end(&mut rig).await;
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(
        said.iter().all(|text| text.contains("out of date")),
        "{said:?}"
    );
    assert_eq!(rig.count("bf_jobs").await, 0);
    assert_eq!(rig.count("bf_dead_letters").await, 2);
    // Nobody waits.
    assert_eq!(rig.say(ANNA, "/talk").await.texts(), ["A word?"]);
    // Nor does what cannot be read at all.
    rig.say(BORIS, "/think two").await;
    rig.execute("UPDATE bf_jobs SET job = '{}'").await;
    assert_eq!(end(&mut rig).await.len(), 1);
    assert_eq!(rig.count("bf_jobs").await, 0);
}

#[tokio::test]
async fn a_question_that_kills_is_not_asked_for_ever() {
    let mut rig = rig().await;
    let asked = model(&rig, "two", Duration::ZERO);
    rig.say(ANNA, "/think one").await;
    rig.execute("UPDATE bf_jobs SET attempts = 3").await;
    assert_eq!(end(&mut rig).await, ["one: nothing"]);
    assert_eq!(asked.asked.load(Ordering::SeqCst), 0);
    rig.say(ANNA, "/think two").await;
    rig.execute("UPDATE bf_jobs SET attempts = 10").await;
    assert_eq!(end(&mut rig).await.len(), 1);
    assert_eq!(rig.count("bf_dead_letters").await, 1);
    assert_eq!(rig.count("bf_jobs").await, 0);
}

#[tokio::test]
async fn a_bot_has_so_many_places_and_no_more() {
    let mut rig = rig().await;
    let slow = model(&rig, "two", Duration::from_millis(100));
    let people = PLACES + 8;
    for n in 0..people {
        let id = 2000 + i64::try_from(n).unwrap();
        rig.say(id, "/think one").await;
    }
    let said = end(&mut rig).await;
    assert_eq!(said.len(), people);
    assert_eq!(slow.most.load(Ordering::SeqCst), PLACES);
}

#[tokio::test]
async fn whoever_waits_long_is_told_once() {
    let mut rig = rig().await;
    model(&rig, "two", Duration::from_millis(3300));
    rig.say(ANNA, "/think one").await;
    assert_eq!(end(&mut rig).await, ["A moment.", "one: two"]);
}

#[tokio::test]
async fn whose_job_was_erased_is_not_answered() {
    let mut rig = rig().await;
    let slow = model(&rig, "two", Duration::from_secs(2));
    rig.say(ANNA, "/think one").await;
    let mut worker = Worker::new(rig.store.clone(), rig.engine.clone());
    let working = tokio::spawn(async move { worker.end_ready().await.unwrap() });
    while slow.asked.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    rig.execute("DELETE FROM bf_jobs").await;
    assert_eq!(working.await.unwrap(), 1);
    let said = rig.reply(runtime_core::engine::Outcome::NOTHING);
    assert!(said.texts().is_empty());
}

#[tokio::test]
async fn events_say_who_wrote_a_reply() {
    use runtime_core::llm::ab::Variant;

    let mut rig = rig().await;
    rig.store.keep_events(30);
    let somebody = |of| {
        let found =
            (1..1000_i64).find(|id| Variant::assigned("llm_improve", "booking", *id, 5_000) == of);
        found.unwrap()
    };
    let treated = somebody(Variant::Treatment);
    let tag = |llm: &str, variant: Option<&str>, reason: Option<&str>| {
        let mut tag = serde_json::json!({ "llm": llm, "source": "explicit_config" });
        if let Some(variant) = variant {
            tag["source"] = "ab_test".into();
            tag["variant"] = variant.into();
        }
        if let Some(reason) = reason {
            tag["reason"] = reason.into();
        }
        tag
    };
    let mut expected = Vec::new();
    // Nobody is there to be asked: the treatment fails, and is no success.
    rig.say(treated, "/polish ab Your table is booked.").await;
    assert_eq!(end(&mut rig).await, ["ab Your table is booked."]);
    expected.push(tag("error", Some("treatment"), Some("disabled")));
    model(&rig, "It is all yours!", Duration::ZERO);
    rig.say(treated, "/polish ab Your table is booked.").await;
    assert_eq!(end(&mut rig).await, ["It is all yours!"]);
    expected.push(tag("yes", Some("treatment"), None));
    let control = somebody(Variant::Control);
    let said = rig.say(control, "/polish ab Your table is booked.").await;
    assert_eq!(said.texts(), ["ab Your table is booked."]);
    expected.push(tag("no", Some("control"), None));
    // Too short to be rewritten.
    assert_eq!(rig.say(ANNA, "/polish Booked.").await.texts(), ["Booked."]);
    expected.push(tag("no", None, None));
    // A link, which other words would not have.
    let link = "Read <a href=\"https://example.org\">our terms</a>, please.";
    let said = rig.say(ANNA, &format!("/polish {link}")).await;
    assert_eq!(said.texts(), [link]);
    expected.push(tag("no", None, None));
    rig.say(ANNA, "/polish Your table is booked.").await;
    assert_eq!(end(&mut rig).await, ["It is all yours!"]);
    expected.push(tag("yes", None, None));
    // What is no rewriting has none.
    rig.say(ANNA, "/think one").await;
    assert_eq!(end(&mut rig).await, ["one: It is all yours!"]);

    let (_stop, stopped) = tokio::sync::watch::channel(true);
    rig.store.write_events(stopped).await;
    let filter = runtime_core::store::events::Filter {
        limit: 500,
        ..Default::default()
    };
    let events = rig.store.events("booking", &filter).await.unwrap();
    let tags = events.iter().filter_map(|event| event.result_tag.as_ref());
    let mut tags: Vec<serde_json::Value> = tags
        .map(|tag| serde_json::from_str(tag.get()).unwrap())
        .collect();
    // Not by their text: in which order an object has its keys hangs on what else is built (serde_json's features).
    let by_words = |tag: &serde_json::Value| {
        ["llm", "source", "variant", "reason"].map(|key| tag[key].to_string())
    };
    tags.sort_by_key(by_words);
    expected.sort_by_key(by_words);
    assert_eq!(tags, expected);
}

#[tokio::test]
async fn what_follows_a_question_bears_the_trace_of_the_update_that_asked() {
    let mut rig = rig().await;
    rig.store.keep_events(30);
    model(&rig, "again", Duration::ZERO);
    rig.say(ANNA, "/talk").await;
    rig.say(ANNA, "one").await;
    assert_eq!(end(&mut rig).await, ["one: again", "A word?"]);
    let filter = runtime_core::store::events::Filter {
        limit: 500,
        ..Default::default()
    };
    let events = rig.store.events("booking", &filter).await.unwrap();
    let events: Vec<(&str, &str, &str)> = events
        .iter()
        .rev()
        .map(|event| (&*event.kind, &*event.step, &*event.trace_id))
        .collect();
    // The answer is an answer, though a question to the model follows it and not one to the person.
    assert_eq!(
        events,
        [
            ("wizard_start", "", "t1"),
            ("wizard_step", "word", "t2"),
            ("llm", "word", "t2")
        ]
    );
    // What an earlier build stored has a trace of its own.
    rig.say(ANNA, "two").await;
    rig.execute("UPDATE bf_jobs SET job = replace(job, ',\"trace\":\"t3\"', '')")
        .await;
    assert_eq!(end(&mut rig).await.len(), 2);
    let last = rig.store.events("booking", &filter).await.unwrap();
    assert_eq!(last[0].kind, "llm");
    assert_eq!(last[0].trace_id.len(), 32, "{}", last[0].trace_id);
}

#[tokio::test]
async fn a_dialogue_that_the_model_begins_or_ends_is_told_once() {
    let mut rig = rig().await;
    rig.store.keep_events(30);
    let words = model(&rig, "again", Duration::ZERO);
    rig.say(ANNA, "/talk now").await;
    assert_eq!(end(&mut rig).await, ["A word?"]);
    rig.say(ANNA, "one").await;
    assert_eq!(end(&mut rig).await, ["one: again", "A word?"]);
    *words.words.lock().unwrap() = "well";
    rig.say(ANNA, "two").await;
    assert_eq!(end(&mut rig).await, ["two: well"]);
    // Nobody waits any more, and nothing else is told.
    assert_eq!(end(&mut rig).await, Vec::<String>::new());
    // A model that has nothing to say ends it as well.
    rig.say(ANNA, "/talk").await;
    rig.say(ANNA, "three").await;
    rig.clock.advance(31);
    assert_eq!(end(&mut rig).await, ["three: nothing"]);
    // Who leaves has not done it, whatever the model says afterwards.
    rig.say(ANNA, "/talk").await;
    rig.say(ANNA, "four").await;
    rig.say(ANNA, "/cancel").await;
    assert_eq!(end(&mut rig).await, Vec::<String>::new());
    let (_stop, stopped) = tokio::sync::watch::channel(true);
    rig.store.write_events(stopped).await;
    let filter = runtime_core::store::events::Filter {
        limit: 500,
        ..Default::default()
    };
    let events = rig.store.events("booking", &filter).await.unwrap();
    let kinds: Vec<&str> = events.iter().rev().map(|event| &*event.kind).collect();
    let expected = [
        "command",
        "wizard_start",
        "wizard_step",
        "llm",
        "wizard_step",
        "wizard_done",
        "wizard_start",
        "wizard_step",
        "wizard_done",
        "wizard_start",
        "wizard_step",
        "wizard_left",
        "llm",
    ];
    assert_eq!(kinds, expected);
    let done = events.iter().filter(|event| event.kind == "wizard_done");
    let done: Vec<(&str, &str)> = done.map(|event| (&*event.name, &*event.step)).collect();
    assert_eq!(done, [("talk", "word"); 2]);
}

#[tokio::test]
async fn what_is_not_answered_at_the_end_is_given_back() {
    let mut rig = rig().await;
    let slow = model(&rig, "late", Duration::from_secs(60));
    rig.say(ANNA, "/think one").await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let worker = Worker::new(rig.store.clone(), rig.engine.clone());
    let working = tokio::spawn(worker.patience(Duration::from_millis(50)).run(stopped));
    while slow.asked.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stop.send(true).unwrap();
    working.await.unwrap();
    // The clock stands still: no lease has ended.
    let mut rig = rig.restart().await;
    model(&rig, "two", Duration::ZERO);
    assert_eq!(end(&mut rig).await, ["one: two"]);
}
