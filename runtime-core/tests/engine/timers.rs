//! Timers of dialogues: fired once, by some instance, whatever happens beside.

use std::sync::atomic::Ordering;
use std::time::Duration;

use runtime_core::incoming::Content;
use runtime_core::scheduler::Scheduler;

use super::bot::FIRED;
use super::rig::{ANNA, BORIS, GROUP, Rig};

/// What the timers that are due say.
async fn fire(rig: &mut Rig) -> Vec<String> {
    fired(rig).await.1
}

async fn fired(rig: &mut Rig) -> (usize, Vec<String>) {
    let scheduler = Scheduler::new(rig.store.clone(), rig.engine.clone());
    let count = scheduler.fire_due().await.unwrap();
    let outcome = runtime_core::engine::Outcome::NOTHING;
    let reply = rig.reply(outcome);
    (
        count,
        reply.texts().into_iter().map(str::to_owned).collect(),
    )
}

const CLOSED: &str = "It has been a while, so this dialogue was closed. Please start again.";

#[tokio::test]
async fn the_last_words_reach_the_person_in_their_locale() {
    let mut rig = Rig::new().await;
    rig.say(ANNA, "/late !").await;
    rig.clock.advance(59);
    assert_eq!(fired(&mut rig).await, (0, vec![]));
    rig.clock.advance(1);
    assert_eq!(fire(&mut rig).await, ["Hello, Anna &lt;b&gt;!!"]);
    assert_eq!(fired(&mut rig).await, (0, vec![]));
    // The dialogue is over.
    assert_ne!(rig.say(ANNA, "a word").await.texts(), ["In time."]);
    assert_eq!(rig.count("bf_dead_letters").await, 0);
    // A chosen locale counts, although no update tells it.
    let keyboard = rig.say(ANNA, "/lang").await;
    let russian = keyboard.button("Русский");
    rig.press(ANNA, &russian).await;
    rig.say(ANNA, "/late !").await;
    rig.clock.advance(61);
    assert_eq!(fire(&mut rig).await, ["Привет, Anna &lt;b&gt;!!"]);
}

#[tokio::test]
async fn a_timer_asks_once_in_a_row() {
    let mut rig = Rig::new().await;
    rig.say(ANNA, "/late again").await;
    rig.clock.advance(61);
    assert_eq!(fire(&mut rig).await, ["A word at last?"]);
    // It waits as long again.
    rig.clock.advance(59);
    assert_eq!(fired(&mut rig).await, (0, vec![]));
    assert_eq!(rig.say(ANNA, "a word").await.texts(), ["In time."]);
    // Nobody there at all.
    rig.say(ANNA, "/late again").await;
    rig.clock.advance(61);
    assert_eq!(fire(&mut rig).await, ["A word at last?"]);
    rig.clock.advance(61);
    assert_eq!(fire(&mut rig).await, [CLOSED]);
    rig.clock.advance(100_000);
    assert_eq!(fired(&mut rig).await, (0, vec![]));
}

#[tokio::test]
async fn an_answer_ends_the_timer_and_a_wizard_without_one_is_left_alone() {
    let mut rig = Rig::new().await;
    rig.say(ANNA, "/late !").await;
    rig.clock.advance(50);
    assert_eq!(rig.say(ANNA, "a word").await.texts(), ["In time."]);
    rig.say(BORIS, "/book").await;
    rig.clock.advance(100_000);
    assert_eq!(fired(&mut rig).await, (0, vec![]));
    assert_eq!(rig.say(BORIS, "spa").await.texts(), [CLOSED]);
}

#[tokio::test]
async fn an_answer_that_comes_too_late_and_before_the_timer_does_what_that_would_have_done() {
    let mut rig = Rig::new().await;
    rig.say(ANNA, "/late !").await;
    rig.clock.advance(61);
    assert_eq!(
        rig.say(ANNA, "a word").await.texts(),
        ["Hello, Anna &lt;b&gt;!!"]
    );
    assert_eq!(fired(&mut rig).await, (0, vec![]));
    // Who wants to leave may.
    rig.say(ANNA, "/late !").await;
    rig.clock.advance(61);
    assert_eq!(rig.say(ANNA, "/cancel").await.texts(), [CLOSED]);
}

/// Timer and answer at one moment, on two instances: one of them counts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_at_the_same_moment() {
    let mut rig = Rig::new().await;
    let mut other = Rig::on(rig.database.clone(), rig.clock.clone(), 1_000).await;
    for round in 0..20 {
        rig.say(ANNA, "/late !").await;
        rig.clock.advance(60);
        let scheduler = Scheduler::new(other.store.clone(), other.engine.clone());
        let content = Content::Text("a word".to_owned());
        let id = rig.id();
        let incoming = rig.incoming(id, Rig::message(ANNA, ANNA, content));
        let engine = rig.engine.clone();
        // Before its time is over the word is an answer; set the clock back a second for half of them.
        if round % 2 == 0 {
            rig.clock.advance(-1);
        }
        let answer = tokio::spawn(async move { engine.handle(incoming).await });
        if round % 2 == 0 {
            rig.clock.advance(1);
        }
        let (fired, outcome) = tokio::join!(scheduler.fire_due(), answer);
        fired.unwrap();
        let reply = rig.reply(outcome.unwrap());
        let mut said: Vec<String> = reply.texts().into_iter().map(str::to_owned).collect();
        said.extend(other.announced().iter().map(|call| format!("{call:?}")));
        let timed = said
            .iter()
            .filter(|text| text.contains("Hello, Anna"))
            .count();
        let answered = said.iter().filter(|text| text.contains("In time.")).count();
        assert_eq!(timed + answered, 1, "round {round}: {said:?}");
        let waiting =
            "SELECT count(*) FROM bf_conversations WHERE waiting IS NOT NULL OR timer > 0";
        assert_eq!(rig.numbers(waiting).await, [0]);
    }
}

/// Two instances look at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_fire_each_timer_once() {
    const PEOPLE: i64 = 150;
    let mut rig = Rig::new().await;
    let mut other = Rig::on(rig.database.clone(), rig.clock.clone(), 100_000).await;
    for person in 1..=PEOPLE {
        rig.say(person, "/late !").await;
    }
    rig.clock.advance(61);
    let (a, b) = (
        Scheduler::new(rig.store.clone(), rig.engine.clone()),
        Scheduler::new(other.store.clone(), other.engine.clone()),
    );
    let drain = |scheduler: Scheduler| async move {
        let mut taken = 0;
        loop {
            match scheduler.fire_due().await.unwrap() {
                0 => return taken,
                more => taken += more,
            }
        }
    };
    let (a, b) = tokio::join!(tokio::spawn(drain(a)), tokio::spawn(drain(b)));
    let taken = a.unwrap() + b.unwrap();
    assert!(taken >= usize::try_from(PEOPLE).unwrap());
    let said = rig.announced().len() + other.announced().len();
    assert_eq!(said, usize::try_from(PEOPLE).unwrap());
    let rows = "SELECT count(*) FROM bf_outbox WHERE update_id < 0";
    assert_eq!(rig.numbers(rows).await, [PEOPLE]);
}

#[tokio::test]
async fn a_timer_survives_downtime() {
    let mut rig = Rig::new().await;
    rig.say(ANNA, "/late !").await;
    rig.say_in_group(BORIS, "/late !").await;
    let mut rig = rig.restart().await;
    rig.clock.advance(3 * 24 * 3600);
    let scheduler = Scheduler::new(rig.store.clone(), rig.engine.clone());
    assert_eq!(scheduler.fire_due().await.unwrap(), 2);
    let calls = rig.announced();
    let chats: Vec<_> = calls
        .iter()
        .filter_map(|call| match call {
            runtime_core::telegram::method::Call::SendMessage(message) => Some(message.chat_id),
            _ => None,
        })
        .collect();
    assert!(chats.contains(&ANNA) && chats.contains(&GROUP), "{calls:?}");
}

#[tokio::test]
async fn what_was_taken_and_not_fired_is_taken_again() {
    let mut rig = Rig::new().await;
    rig.say(ANNA, "/late !").await;
    rig.clock.advance(61);
    // As an instance that died after it took the timer.
    let lease = rig.clock.micros() + 60_000_000;
    rig.execute(&format!("UPDATE bf_conversations SET timer = {lease}"))
        .await;
    assert_eq!(fired(&mut rig).await, (0, vec![]));
    rig.clock.advance(60);
    assert_eq!(fire(&mut rig).await, ["Hello, Anna &lt;b&gt;!!"]);
}

#[tokio::test]
async fn a_clock_that_is_set_back_does_not_lose_a_timer() {
    let mut rig = Rig::new().await;
    rig.say(ANNA, "/late !").await;
    rig.clock.advance(-100_000);
    assert_eq!(fired(&mut rig).await, (0, vec![]));
    rig.clock.advance(100_061);
    assert_eq!(fire(&mut rig).await, ["Hello, Anna &lt;b&gt;!!"]);
}

#[tokio::test]
async fn a_timer_that_fails_is_a_dead_letter_and_the_end() {
    let mut rig = Rig::new().await;
    rig.say(ANNA, "/late boom").await;
    rig.clock.advance(61);
    assert_eq!(fire(&mut rig).await.len(), 1); // the apology
    let codes = rig.texts("SELECT code FROM bf_dead_letters").await;
    assert_eq!(codes, [Some("arithmetic".to_owned())]);
    rig.clock.advance(100_000);
    assert_eq!(fired(&mut rig).await, (0, vec![]));
    assert_ne!(rig.say(ANNA, "a word").await.texts(), ["In time."]);
}

#[tokio::test]
async fn a_timer_of_another_build_ends_its_dialogue() {
    let mut rig = Rig::new().await;
    rig.say(ANNA, "/late !").await;
    rig.execute("UPDATE bf_conversations SET waiting = '{\"what\":1}'")
        .await;
    rig.clock.advance(61);
    // Nobody is known whom it could tell: whoever writes is told.
    assert_eq!(fired(&mut rig).await, (1, vec![]));
    rig.clock.advance(100_000);
    assert_eq!(fired(&mut rig).await, (0, vec![]));
    assert_eq!(rig.say(ANNA, "a word").await.texts().len(), 1);
    assert_eq!(rig.count("bf_dead_letters").await, 0);
}

#[tokio::test]
async fn a_bot_of_another_deployment_is_left_alone() {
    let mut rig = Rig::new().await;
    rig.say(ANNA, "/late !").await;
    rig.execute("UPDATE bf_conversations SET bot = 78").await;
    rig.clock.advance(61);
    assert_eq!(fired(&mut rig).await, (0, vec![]));
    rig.execute("UPDATE bf_conversations SET bot = 77").await;
    assert_eq!(fire(&mut rig).await, ["Hello, Anna &lt;b&gt;!!"]);
}

/// It runs out of time three times; each time it is tried again.
#[tokio::test]
async fn a_timer_that_hangs_is_given_up() {
    let mut rig = Rig::new().await;
    rig.say(ANNA, "/late hang").await;
    rig.clock.advance(61);
    let before = FIRED.load(Ordering::SeqCst);
    for _ in 0..3 {
        fired(&mut rig).await;
        rig.clock.advance(3);
    }
    assert!(FIRED.load(Ordering::SeqCst) >= before + 3);
    let codes = rig.texts("SELECT code FROM bf_dead_letters").await;
    assert_eq!(codes, [Some("deadline".to_owned())]);
    assert_eq!(fired(&mut rig).await, (0, vec![]));
}

/// The task itself, with the system's clock.
#[tokio::test]
async fn the_scheduler_looks_every_second() {
    let mut rig = Rig::new().await;
    rig.say(ANNA, "/late !").await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let scheduler = Scheduler::new(rig.store.clone(), rig.engine.clone());
    let task = tokio::spawn(scheduler.run(stopped));
    rig.clock.advance(61);
    let began = std::time::Instant::now();
    let calls = loop {
        let calls = rig.announced();
        if !calls.is_empty() || began.elapsed() > Duration::from_secs(10) {
            break calls;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(calls.len(), 1);
    assert!(
        began.elapsed() < Duration::from_secs(4),
        "{:?}",
        began.elapsed()
    );
    stop.send(true).unwrap();
    tokio::time::timeout(Duration::from_secs(5), task)
        .await
        .unwrap()
        .unwrap();
}
