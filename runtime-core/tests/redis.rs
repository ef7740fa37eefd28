//! What instances share, on a real Redis: and what is left when it goes away.

use std::time::{Duration, Instant};

use runtime_core::redis::budget::Budgets;
use runtime_core::redis::counters::{Asked, Counters};
use runtime_core::redis::notices::Notice;
use runtime_core::redis::{PATIENCE, Redis};
use runtime_core::telegram::flood::Class;
use runtime_core::testing::redis::Redis as Server;

const BOT: i64 = 77;

async fn opened(server: &Server) -> Redis {
    let redis = Redis::open(&server.url()).unwrap();
    until("it answers", || redis.up()).await;
    redis
}

async fn until(what: &str, done: impl Fn() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(
            began.elapsed() < Duration::from_secs(5),
            "{what}: not within 5 s"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn taken(budgets: &Budgets, chat: i64, class: Class, tries: u32) -> u32 {
    let mut taken = 0;
    for _ in 0..tries {
        taken += u32::from(budgets.take(BOT, chat, class).await.is_ok());
    }
    taken
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_share_one_budget() {
    let server = Server::start();
    let (a, b) = (opened(&server).await, opened(&server).await);
    let (a, b) = (Budgets::new(a), Budgets::new(b));
    // A private chat: twenty at once, whoever sends them.
    let both = taken(&a, 5, Class::Reply, 12).await + taken(&b, 5, Class::Reply, 12).await;
    assert!((20..=21).contains(&both), "{both}");
    let wait = b.take(BOT, 5, Class::Reply).await.unwrap_err();
    assert!(wait <= Duration::from_secs(1), "{wait:?}");
    // What was refused is not taken from its own budget: a second later there is one, not less.
    tokio::time::sleep(wait + Duration::from_millis(20)).await;
    assert!(b.take(BOT, 5, Class::Reply).await.is_ok());
    // A group: twenty a minute.
    let both = taken(&a, -5, Class::Reply, 15).await + taken(&b, -5, Class::Reply, 15).await;
    assert_eq!(both, 20);
    // Bulk: to many chats, 25 a second for both together.
    let mut both = 0;
    for chat in 100..130 {
        both += taken(&a, chat, Class::Bulk, 1).await + taken(&b, chat + 100, Class::Bulk, 1).await;
    }
    assert!((25..=27).contains(&both), "{both}");
    assert_eq!(
        taken(&a, 900, Class::Reply, 1).await,
        1,
        "replies are not held up by bulk"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_in_responses_cost_no_question_and_count_all_the_same() {
    let server = Server::start();
    let (a, b) = (opened(&server).await, opened(&server).await);
    let (a, b) = (Budgets::new(a), Budgets::new(b));
    for _ in 0..20 {
        assert!(a.ride(BOT, 5));
    }
    assert!(!a.ride(BOT, 5));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(b.take(BOT, 5, Class::Reply).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_429_closes_everywhere_at_once() {
    let server = Server::start();
    let redis = opened(&server).await;
    let mut heard = redis.hear();
    let (a, b) = (Budgets::new(opened(&server).await), Budgets::new(redis));
    a.closed(BOT, Some(5), Class::Reply, 7).await;
    let notice = tokio::time::timeout(Duration::from_secs(1), heard.recv()).await;
    let notice = notice.unwrap().unwrap();
    let expected = Notice::Flood {
        bot: BOT,
        chat: Some(5),
        seconds: 7,
    };
    assert_eq!(notice, expected);
    b.heard(BOT, Some(5), 7);
    assert!(!b.ride(BOT, 5));
    assert!(b.ride(BOT, 6));
    // An instance that starts later has heard nothing, and asks.
    let late = Budgets::new(opened(&server).await);
    let wait = late.take(BOT, 5, Class::Reply).await.unwrap_err();
    assert!(
        wait > Duration::from_secs(5) && wait <= Duration::from_secs(7),
        "{wait:?}"
    );
    assert!(late.take(BOT, 6, Class::Reply).await.is_ok());
    // Three chats: the bot.
    a.closed(BOT, Some(8), Class::Reply, 7).await;
    a.closed(BOT, Some(9), Class::Reply, 7).await;
    assert!(late.take(BOT, 6, Class::Reply).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn counters_are_shared_and_decide_once() {
    let server = Server::start();
    let a = Counters::new(opened(&server).await);
    let b = Counters::new(opened(&server).await);
    assert_eq!(a.count("x", Duration::from_secs(60)).await, 1);
    assert_eq!(b.count("x", Duration::from_secs(60)).await, 2);
    let asked = |update_id| Asked {
        bot: BOT,
        update_id,
        rule: "order",
        subject: 5,
        limit: 2,
        window: Duration::from_millis(400),
    };
    assert!(a.take(asked(1)).await.is_ok());
    assert!(b.take(asked(2)).await.is_ok());
    let wait = a.take(asked(3)).await.unwrap_err();
    assert!(wait <= Duration::from_millis(400));
    for counters in [&a, &b] {
        assert!(counters.take(asked(1)).await.is_ok(), "decided before");
        assert!(counters.take(asked(3)).await.is_err(), "decided before");
    }
    tokio::time::sleep(Duration::from_millis(450)).await;
    assert!(b.take(asked(4)).await.is_ok(), "another window");
}

#[tokio::test(flavor = "multi_thread")]
async fn losing_it_costs_no_waiting_and_it_comes_back() {
    let mut server = Server::start();
    let redis = opened(&server).await;
    let mut heard = redis.hear();
    let budgets = Budgets::new(redis.clone());
    assert!(budgets.take(BOT, 5, Class::Reply).await.is_ok());
    redis.put("bf:test", "kept", Duration::from_secs(60)).await;
    assert_eq!(redis.get("bf:test").await.as_deref(), Some("kept"));

    // Paused: the first waits its bound, the others not at all.
    server.pause();
    let began = Instant::now();
    assert_eq!(
        taken(&budgets, 6, Class::Reply, 50).await,
        20,
        "its own budget"
    );
    let took = began.elapsed();
    assert!(took < PATIENCE * 4, "{took:?}");
    until("it is known to be away", || !redis.up()).await;
    server.go_on();
    until("it is back", || redis.up()).await;

    // Killed and started empty.
    server.kill();
    until("it is known to be away", || !redis.up()).await;
    let began = Instant::now();
    assert_eq!(taken(&budgets, 7, Class::Reply, 50).await, 20);
    assert_eq!(redis.get("bf:test").await, None);
    assert!(began.elapsed() < PATIENCE, "nobody waits");
    server.restart();
    until("it is back", || redis.up()).await;
    assert_eq!(redis.get("bf:test").await, None);
    // It hears again.
    let began = Instant::now();
    loop {
        redis.tell(Notice::Outbox);
        let notice = tokio::time::timeout(Duration::from_millis(100), heard.recv()).await;
        if let Ok(Ok(Notice::Outbox)) = notice {
            break;
        }
        assert!(
            began.elapsed() < Duration::from_secs(5),
            "notices come again"
        );
    }
}

#[tokio::test]
async fn one_that_was_never_there_is_a_fallback_from_the_start() {
    let redis = Redis::open("redis://127.0.0.1:1/0").unwrap();
    let budgets = Budgets::new(redis.clone());
    let began = Instant::now();
    assert_eq!(taken(&budgets, 5, Class::Reply, 30).await, 20);
    assert!(began.elapsed() < PATIENCE * 2);
    assert!(redis.configured() && !redis.up());
    let error = Redis::open("http://user:hunter2@x")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("REDIS_URL") && !error.contains("hunter2"),
        "{error}"
    );
}
