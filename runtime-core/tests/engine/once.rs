//! Nothing lost, nothing twice.

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use runtime_core::engine::Outcome;
use runtime_core::incoming::{Channel, Content};
use runtime_core::telegram::flood::Class;

use super::bot::RUNS;
use super::rig::{ANNA, BORIS, Rig};

fn text(words: &str) -> Content {
    Content::Text(words.to_owned())
}

#[tokio::test]
async fn a_redelivery_gets_the_stored_response_and_runs_nothing() {
    let mut rig = Rig::new().await;
    rig.say(ANNA, "/book").await;
    rig.say(ANNA, "spa").await;
    let id = rig.id();
    let event = Rig::message(ANNA, ANNA, text("10:00"));
    let first = rig.update(id, event.clone()).await;
    assert_eq!(first.texts(), ["Any note?"]);
    let offered = first.offered.unwrap();
    // The conversation has moved on since: the text would now be read as a note.
    let again = rig.update(id, event.clone()).await;
    assert_eq!(again.calls, first.calls);
    assert_eq!(rig.count("bookings").await, 0);
    // Once it is known to be sent, a redelivery gets nothing.
    rig.store.mark_sent(vec![offered.key()]).await.unwrap();
    let again = rig.update(id, event).await;
    assert!(again.calls.is_empty() && !again.busy);
    assert!(
        rig.store
            .lease_expired(Class::Reply, 10)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_redelivered_refusal_runs_again_and_a_redelivered_end_does_not() {
    let mut rig = Rig::new().await;
    rig.say(ANNA, "/book").await;
    rig.say(ANNA, "spa").await;
    rig.say(ANNA, "10:00").await;
    let id = rig.id();
    let event = Rig::message(ANNA, ANNA, text("see you"));
    assert_eq!(rig.update(id, event.clone()).await.texts(), ["Booked."]);
    // The conversation is idle: a naive check would answer "I don't understand".
    assert_eq!(rig.update(id, event).await.texts(), ["Booked."]);
    assert_eq!(rig.count("bookings").await, 1);
}

#[tokio::test]
async fn two_quick_presses_count_once() {
    let mut rig = Rig::new().await;
    let question = rig.say(ANNA, "/book").await;
    let data = question.button("Spa!");
    let first = rig.press(ANNA, &data).await;
    let second = rig.press(ANNA, &data).await;
    assert_eq!(first.texts(), ["Which slot?"]);
    assert!(second.texts().is_empty());
    assert_eq!((second.answers(), second.toast().is_some()), (1, true));
    // A button of an earlier run does not fit, although flow and step do.
    rig.say(ANNA, "/book").await;
    let old = rig.press(ANNA, &data).await;
    assert!(old.toast().unwrap().contains("already answered"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_deliveries_of_one_chat() {
    let mut rig = Rig::new().await;
    rig.say(ANNA, "/book").await;
    rig.say(ANNA, "spa").await;
    rig.say(ANNA, "10:00").await;
    let note = rig.id();
    // One update many times at once, and rivals for the same question.
    let mut tasks = Vec::new();
    for n in 0..24 {
        let id = if n % 2 == 0 { note } else { rig.id() };
        let incoming = rig.incoming(id, Rig::message(ANNA, ANNA, text("a note")));
        let engine = rig.engine.clone();
        tasks.push(tokio::spawn(async move { engine.handle(incoming).await }));
    }
    let mut booked = 0;
    for task in tasks {
        let reply = rig.reply(task.await.unwrap());
        assert!(!reply.busy);
        booked += reply.texts().iter().filter(|t| **t == "Booked.").count();
    }
    // All deliveries of the winner get its response.
    assert!(booked == 1 || booked == 12, "{booked}");
    assert_eq!(rig.count("bookings").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_updates_commit_together_and_one_failure_stays_alone() {
    let rig = Rig::new().await;
    let mut tasks = Vec::new();
    for n in 0..100 {
        let words = match n {
            17 => "/boom".to_owned(),
            23 => "/rollback".to_owned(),
            31 => "/deferred".to_owned(),
            _ => format!("/add s{n}"),
        };
        let incoming = rig.incoming(rig.id(), Rig::message(ANNA + n, ANNA + n, text(&words)));
        let engine = rig.engine.clone();
        tasks.push(tokio::spawn(async move { engine.handle(incoming).await }));
    }
    for task in tasks {
        assert!(matches!(task.await.unwrap(), Outcome::Done { .. }));
    }
    assert_eq!(rig.count("bookings").await, 97);
    assert_eq!(rig.count("visits").await, 0);
    assert_eq!(rig.count("bf_outbox").await, 100, "one claim each");
    let codes = rig
        .texts("SELECT code FROM bf_dead_letters ORDER BY code")
        .await;
    let codes: Vec<_> = codes.iter().flatten().collect();
    assert_eq!(codes, ["arithmetic", "sql_conflict", "sql_conflict"]);
}

#[tokio::test]
async fn a_handler_error_is_a_dead_letter_with_an_apology() {
    let mut rig = Rig::new().await;
    let id = rig.id();
    let event = Rig::message(ANNA, ANNA, text("/boom"));
    let sorry = rig.update(id, event.clone()).await;
    assert!(sorry.text().contains("something went wrong"), "{sorry:?}");
    assert_eq!(rig.count("bookings").await, 0);
    assert_eq!(rig.count("bf_dead_letters").await, 1);
    // Acknowledged: a redelivery neither runs nor writes a second letter.
    let runs = RUNS.load(Ordering::SeqCst);
    let again = rig.update(id, event).await;
    assert_eq!(again.calls, sorry.calls);
    assert!(RUNS.load(Ordering::SeqCst) >= runs);
    assert_eq!(rig.count("bf_dead_letters").await, 1);
    // A press gets it as a toast; a read handler's panic is no different.
    let sorry = rig.press(ANNA, "/panic").await;
    assert!(sorry.toast().unwrap().contains("something went wrong"));
    assert_eq!(rig.count("bf_dead_letters").await, 2);
    assert_eq!(rig.say(ANNA, "/add fine").await.texts(), ["Added."]);
}

#[tokio::test]
async fn deadlines_are_busy_twice_and_then_a_dead_letter() {
    for command in ["/sleep", "/spin"] {
        let mut rig = Rig::new().await;
        rig.late = Duration::from_millis(24_800);
        let id = rig.id();
        let event = Rig::message(ANNA, ANNA, text(command));
        for _ in 0..2 {
            assert!(rig.update(id, event.clone()).await.busy, "{command}");
        }
        let third = rig.update(id, event.clone()).await;
        rig.late = Duration::ZERO;
        // The apology may come too late for its caller; then the next delivery gets it.
        let sorry = if third.busy {
            rig.update(id, event).await
        } else {
            third
        };
        assert!(sorry.text().contains("something went wrong"), "{sorry:?}");
        assert_eq!(rig.count("bookings").await, 0);
        assert_eq!(rig.count("bf_dead_letters").await, 1);
        assert_eq!(rig.say(ANNA, "/add fine").await.texts(), ["Added."]);
    }
}

#[tokio::test]
async fn what_waits_too_long_in_the_queue_is_busy_and_not_counted() {
    let mut rig = Rig::new().await;
    rig.late = Duration::from_secs(26);
    for _ in 0..4 {
        assert!(rig.say(ANNA, "/add x").await.busy);
    }
    assert_eq!(rig.count("bf_failures").await, 0);
    assert_eq!(rig.count("bf_dead_letters").await, 0);
}

#[tokio::test]
async fn the_response_carries_a_call_only_where_it_may() {
    let mut rig = Rig::new().await;
    assert!(rig.say(ANNA, "/add one").await.offered.is_some());
    rig.gate.closed.store(true, Ordering::SeqCst);
    let reply = rig.say(ANNA, "/add two").await;
    assert!(reply.offered.is_none() && reply.texts() == ["Added."]);
    // A press is always answered by the response; the message goes through the outbox.
    let reply = rig.press(ANNA, "/add three").await;
    assert!(reply.offered.is_some());
    rig.gate.closed.store(false, Ordering::SeqCst);
    assert!(rig.say_in_group(ANNA, "/add four").await.offered.is_none());
    // Polling has no response.
    let mut incoming = rig.incoming(rig.id(), Rig::message(ANNA, ANNA, text("/add five")));
    incoming.channel = Channel::Polling;
    let reply = rig.take(incoming).await;
    assert!(reply.offered.is_none() && reply.texts() == ["Added."]);
}

#[tokio::test]
async fn previews_store_no_calls_and_keep_their_own_conversation() {
    let mut rig = Rig::new().await;
    let mut incoming = rig.incoming(rig.id(), Rig::message(-9, -9, text("/book")));
    incoming.channel = Channel::Preview;
    if let runtime_core::incoming::Event::Message(message) = &mut incoming.event {
        message.place.private = true;
    }
    let Outcome::Done { response, calls } = rig.engine.handle(incoming).await else {
        panic!("busy")
    };
    assert!(response.is_none());
    assert_eq!(calls.len(), 1);
    assert!(rig.announced().is_empty());
    let calls = rig.texts("SELECT CAST(call AS TEXT) FROM bf_outbox").await;
    assert_eq!(calls, [None]);
    let bots = rig.numbers("SELECT bot FROM bf_conversations").await;
    let bots: HashSet<i64> = bots.into_iter().collect();
    assert!(bots.iter().all(|bot| *bot < 0));
    assert_eq!(rig.engine.bot_id(0, true), *bots.iter().next().unwrap());
}

#[tokio::test]
async fn a_hot_chat_is_told_to_come_later_and_starves_nobody() {
    let mut rig = Rig::new().await;
    rig.say(ANNA, "/book").await;
    rig.say(ANNA, "spa").await;
    let mut hot = Vec::new();
    for n in 0..200 {
        let words = format!("/add_locked {n}");
        let incoming = rig.incoming(rig.id(), Rig::message(ANNA, ANNA, text(&words)));
        let engine = rig.engine.clone();
        hot.push(tokio::spawn(async move { engine.handle(incoming).await }));
    }
    tokio::task::yield_now().await;
    let id = rig.id();
    let other = rig.update(id, Rig::message(BORIS, BORIS, text("/book")));
    let other = other.await;
    assert!(other.text().contains("Which"), "{other:?}");
    let waiting = hot.iter().filter(|task| !task.is_finished()).count();
    assert!(
        waiting > 0,
        "Boris was served before Anna's line had an end"
    );
    let (mut done, mut busy) = (0, 0);
    for task in hot {
        match task.await.unwrap() {
            Outcome::Done { .. } => done += 1,
            Outcome::Busy { .. } => busy += 1,
        }
    }
    assert!(busy >= 100, "the line is bounded: {busy}");
    assert_eq!(rig.count("bookings").await, done, "what is done is done");
    assert_eq!(rig.count("bf_dead_letters").await, 0);
}

#[tokio::test]
async fn a_refused_statement_is_told_whichever_way_it_runs() {
    let mut rig = Rig::new().await;
    for command in ["/add", "/add_locked"] {
        assert_eq!(
            rig.say(ANNA, &format!("{command} x{command}"))
                .await
                .texts(),
            ["Added."]
        );
        let reply = rig.say(BORIS, &format!("{command} x{command}")).await;
        assert!(reply.text().contains("went wrong"), "{reply:?}");
    }
    assert_eq!(rig.count("bookings").await, 2);
    let codes = rig.texts("SELECT code FROM bf_dead_letters").await;
    let codes: Vec<_> = codes.iter().flatten().collect();
    assert_eq!(codes, ["sql_conflict", "sql_conflict"]);
    assert_eq!(rig.count("bf_outbox WHERE n = 0").await, 4, "a claim each");
}
