//! Rate limits in the engine: where they are decided, that they count once, and what is left of whoever is held back.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use runtime_core::engine::Outcome;
use runtime_core::incoming::Content;
use runtime_core::redis::{PATIENCE, Redis};
use runtime_core::testing::redis::Redis as Server;

use super::bot::RUNS;
use super::rig::{ANNA, BORIS, Rig};

/// The commands, and what each says to those who pass.
const COMMANDS: [(&str, &str); 3] = [
    ("/limited", "Added."),
    ("/limited_late", "Added."),
    ("/limited_read", "Read."),
];

async fn share(rig: &Rig, server: &Server) {
    let redis = Redis::open(&server.url()).unwrap();
    let began = Instant::now();
    while !redis.up() {
        assert!(began.elapsed() < Duration::from_secs(5), "it answers");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    rig.engine.share(redis);
}

fn held_back(text: &str) -> bool {
    text.contains("too often") || text.starts_with("Wait 6") || text.starts_with("Wait 5")
}

/// Two pass, the third does not; nothing of it is written; each is delivered again and gets the same.
async fn each_command_lets_two_pass(rig: &mut Rig) {
    for (command, passes) in COMMANDS {
        let before = rig.count("bookings").await;
        let mut said = Vec::new();
        for n in 0..4 {
            let id = rig.id();
            let text = Content::Text(format!("{command} {command}{n}"));
            let event = Rig::message(ANNA, ANNA, text);
            let first = rig.update(id, event.clone()).await;
            assert!(!first.busy, "{command} {n}");
            let again = rig.update(id, event).await;
            assert_eq!(again.text(), first.text(), "{command} {n}");
            said.push(first.text());
        }
        assert_eq!(said[..2], [passes, passes], "{command}");
        assert!(held_back(&said[2]) && held_back(&said[3]), "{said:?}");
        let added = if command == "/limited_read" { 0 } else { 2 };
        assert_eq!(rig.count("bookings").await, before + added, "{command}");
    }
    assert_eq!(rig.count("bf_dead_letters").await, 0);
}

#[tokio::test]
async fn alone() {
    let mut rig = Rig::new().await;
    each_command_lets_two_pass(&mut rig).await;
    // Somebody else, and later.
    assert_eq!(rig.say(BORIS, "/limited boris").await.text(), "Added.");
    rig.clock.advance(599);
    assert!(held_back(&rig.say(ANNA, "/limited later").await.text()));
    rig.clock.advance(1);
    assert_eq!(rig.say(ANNA, "/limited later").await.text(), "Added.");
}

#[tokio::test]
async fn with_a_redis_and_after_a_restart() {
    let server = Server::start();
    let mut rig = Rig::new().await;
    share(&rig, &server).await;
    each_command_lets_two_pass(&mut rig).await;
    // Another process, which remembers nothing itself.
    let mut rig = rig.restart().await;
    share(&rig, &server).await;
    for (command, _) in COMMANDS {
        let text = rig.say(ANNA, &format!("{command} x")).await.text();
        assert!(held_back(&text), "{command}: {text}");
    }
    assert_eq!(rig.say(BORIS, "/limited boris").await.text(), "Added.");
}

#[tokio::test]
async fn a_handler_is_not_run_twice_where_its_limit_stands_first() {
    let server = Server::start();
    let mut rig = Rig::new().await;
    share(&rig, &server).await;
    rig.say(BORIS, "/limited warm").await;
    let before = RUNS.load(Ordering::SeqCst);
    rig.say(ANNA, "/limited one").await;
    let runs = RUNS.load(Ordering::SeqCst) - before;
    // Once ahead, up to the database, once in the transaction.
    assert_eq!(runs, 2);
    rig.say(ANNA, "/limited two").await;
    let before = RUNS.load(Ordering::SeqCst);
    assert!(held_back(&rig.say(ANNA, "/limited three").await.text()));
    let runs = RUNS.load(Ordering::SeqCst) - before;
    assert_eq!(runs, 1, "whoever is held back is held back ahead");
    let before = RUNS.load(Ordering::SeqCst);
    rig.say(ANNA, "/start").await;
    assert_eq!(
        RUNS.load(Ordering::SeqCst) - before,
        1,
        "without limits once"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once() {
    for shared in [false, true] {
        let server = shared.then(Server::start);
        let mut rig = Rig::new().await;
        if let Some(server) = &server {
            share(&rig, server).await;
        }
        let mut tasks = Vec::new();
        for n in 0..30 {
            let (command, _) = COMMANDS[n % 3];
            let person = if n % 2 == 0 { ANNA } else { BORIS };
            let text = Content::Text(format!("{command} slot{n}"));
            let id = rig.id();
            let incoming = rig.incoming(id, Rig::message(person, person, text));
            let engine = rig.engine.clone();
            tasks.push(tokio::spawn(async move { engine.handle(incoming).await }));
        }
        let mut said = Vec::new();
        for task in tasks {
            let outcome = task.await.unwrap();
            assert!(!matches!(outcome, Outcome::Busy { .. }));
            let reply = rig.reply(outcome);
            said.extend(reply.texts().into_iter().map(str::to_owned));
        }
        let count = |words: &str| said.iter().filter(|text| *text == words).count();
        // Two people, two each, by two commands that write and one that reads.
        assert_eq!((count("Added."), count("Read.")), (8, 4), "{said:?}");
        assert_eq!(rig.count("bookings").await, 8);
        assert_eq!(said.len(), 30);
    }
}

#[tokio::test]
async fn a_redis_that_dies_holds_nobody_up_and_opens_nothing() {
    let mut server = Server::start();
    let mut rig = Rig::new().await;
    share(&rig, &server).await;
    for n in 0..2 {
        let text = rig.say(ANNA, &format!("/limited {n}")).await.text();
        assert_eq!(text, "Added.");
    }
    server.pause();
    let began = Instant::now();
    for n in 2..6 {
        let text = rig.say(ANNA, &format!("/limited {n}")).await.text();
        assert!(held_back(&text), "{text}");
        let text = rig.say(BORIS, &format!("/limited boris{n}")).await.text();
        assert_eq!(text == "Added.", n < 4, "{n}: {text}");
    }
    assert!(began.elapsed() < PATIENCE * 20, "{:?}", began.elapsed());
    server.kill();
    assert!(held_back(&rig.say(ANNA, "/limited x").await.text()));
    assert_eq!(rig.count("bookings").await, 4);
}
