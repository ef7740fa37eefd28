//! What instances share, on a real Redis: and what is left when it goes away.

use std::sync::Arc;
use std::time::{Duration, Instant};

use runtime_core::limits::{Answer, Ask, LimitKey, LimitScope, LimitSpec, Limits, OnError, Who};
use runtime_core::redis::budget::Budgets;
use runtime_core::redis::counters::Counters;
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
async fn counters_are_shared() {
    let server = Server::start();
    let a = Counters::new(opened(&server).await);
    let b = Counters::new(opened(&server).await);
    assert_eq!(a.count("x", Duration::from_secs(60)).await, 1);
    assert_eq!(b.count("x", Duration::from_secs(60)).await, 2);
}

static SHORT: LimitSpec = LimitSpec {
    rule: "order.on_enter.1",
    command: "order",
    scope: LimitScope::User,
    window: 1,
    allowance: 3,
    on_error: OnError::Deny,
};
static LONG: LimitSpec = LimitSpec {
    rule: "order.on_enter.2",
    command: "order",
    scope: LimitScope::User,
    window: 600,
    allowance: 3,
    on_error: OnError::Allow,
};
static DENY: LimitSpec = LimitSpec {
    rule: "order.on_enter.3",
    command: "order",
    scope: LimitScope::User,
    window: 600,
    allowance: 3,
    on_error: OnError::Deny,
};

async fn limits(server: &Server) -> Limits {
    let limits = Limits::new([9; 32]);
    limits.share(opened(server).await);
    limits
}

fn ask(limits: &Limits, limit: &'static LimitSpec, update_id: i64, once: bool) -> Ask {
    let who = Who {
        bot: BOT,
        update_id,
        person: 4242,
        chat: 4242,
    };
    let key = LimitKey::new().word("for:").value("massage");
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let now = i64::try_from(now.as_micros()).unwrap();
    limits.ask(limit, &key, who, "demo", now, once)
}

async fn decide(limits: &Limits, limit: &'static LimitSpec, update_id: i64) -> Answer {
    limits.decide(&ask(limits, limit, update_id, false)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn rate_limits_count_together_and_decide_once() {
    let server = Server::start();
    let (a, b) = (limits(&server).await, limits(&server).await);
    // Sixteen at once over two instances: three pass, and each update has one answer.
    let (a, b) = (Arc::new(a), Arc::new(b));
    let asked: Vec<_> = (0..16)
        .map(|n| {
            let limits = if n % 2 == 0 { a.clone() } else { b.clone() };
            tokio::spawn(async move { decide(&limits, &LONG, n).await })
        })
        .collect();
    let mut answers = Vec::new();
    for one in asked {
        answers.push(one.await.unwrap());
    }
    let passed = answers.iter().filter(|a| **a == Answer::Pass).count();
    assert_eq!(passed, 3);
    for answer in &answers {
        if let Some(seconds) = answer.retry_in() {
            assert!((595..=600).contains(&seconds), "{seconds}");
        }
    }
    // Delivered again, to the other instance, and to one that has just started.
    let late = limits(&server).await;
    for (n, answer) in (0..16).zip(&answers) {
        for limits in [&*a, &*b, &late] {
            assert_eq!(decide(limits, &LONG, n).await, *answer, "{n}");
        }
    }
    assert!(matches!(
        decide(&late, &LONG, 99).await,
        Answer::Wait { .. }
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_window_slides() {
    let server = Server::start();
    let instances = [limits(&server).await, limits(&server).await];
    let began = Instant::now();
    let mut passed: Vec<Duration> = Vec::new();
    let mut update_id = 0;
    while began.elapsed() < Duration::from_millis(4500) {
        update_id += 1;
        let limits = &instances[update_id as usize % 2];
        let before = began.elapsed();
        let answer = decide(limits, &SHORT, update_id).await;
        let after = began.elapsed();
        match answer {
            Answer::Pass => passed.push(before),
            Answer::Wait { millis, .. } => {
                assert!(millis <= 1000);
                // Not refused while one is free: the third before this one was less than a window ago. (A whole second
                // is what they say who have had no answer in time, on a busy machine.)
                let third = passed[passed.len() - 3];
                let early = before - third < Duration::from_millis(1000 + 60);
                assert!(early || millis == 1000, "{third:?} {after:?} {millis}");
            }
        }
        tokio::time::sleep(Duration::from_millis(37)).await;
    }
    // Three at once, then three each second: fifteen in four and a half seconds, fewer on a busy machine.
    assert!((9..=15).contains(&passed.len()), "{passed:?}");
    for four in passed.windows(4) {
        // Asked before it was decided: a little of the wait for the answer may be missing.
        let apart = four[3] + Duration::from_millis(60) - four[0];
        assert!(apart >= Duration::from_millis(1000), "{passed:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_held_back_from_a_whole_bot_is_told_once_by_all_instances() {
    let server = Server::start();
    let (a, b) = (limits(&server).await, limits(&server).await);
    let mut told = 0;
    for n in 0..12 {
        let limits = if n % 2 == 0 { &a } else { &b };
        let answer = limits.decide(&ask(limits, &LONG, n, true)).await;
        if matches!(answer, Answer::Wait { tell: true, .. }) {
            told += 1;
            let again = limits.decide(&ask(limits, &LONG, n, true)).await;
            assert_eq!(again, answer, "the same answer");
        }
    }
    assert_eq!(told, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_of_a_limit_names_anybody() {
    let server = Server::start();
    let a = limits(&server).await;
    for n in 1..=5 {
        a.decide(&ask(&a, &LONG, n, true)).await;
    }
    let client = redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let keys: Vec<String> = redis::cmd("KEYS")
        .arg("*")
        .query_async(&mut connection)
        .await
        .unwrap();
    assert_eq!(keys.len(), 1 + 5 + 1, "{keys:?}");
    for key in keys {
        assert!(key.starts_with("bf:{77}:"), "{key}");
        for named in ["massage", "4242", "order", "demo"] {
            assert!(!key.contains(named), "{key}");
        }
        let left: i64 = redis::cmd("PTTL")
            .arg(&key)
            .query_async(&mut connection)
            .await
            .unwrap();
        assert!(left > 0 && left <= 600_000, "{key} lives {left} ms");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_goes_away_opens_nothing() {
    let mut server = Server::start();
    let (a, b) = (limits(&server).await, limits(&server).await);
    for n in 1..=3 {
        assert_eq!(decide(&a, &LONG, n).await, Answer::Pass);
        assert_eq!(decide(&a, &DENY, 100 + n).await, Answer::Pass);
    }
    server.pause();
    // Whoever has had its three here gets no more here; the first question waits its bound, no other waits at all.
    let began = Instant::now();
    for n in 4..=20 {
        assert!(matches!(decide(&a, &LONG, n).await, Answer::Wait { .. }));
    }
    assert!(began.elapsed() < PATIENCE * 3, "{:?}", began.elapsed());
    // An instance that knows nothing counts for itself, or lets nobody pass.
    for n in 21..=23 {
        assert_eq!(decide(&b, &LONG, n).await, Answer::Pass);
    }
    assert!(matches!(decide(&b, &LONG, 24).await, Answer::Wait { .. }));
    let refused = decide(&b, &DENY, 121).await;
    assert_eq!(refused.retry_in(), Some(30));
    assert!(began.elapsed() < PATIENCE * 6, "{:?}", began.elapsed());
    // What was decided before stays decided.
    assert_eq!(decide(&a, &LONG, 2).await, Answer::Pass);
    assert!(matches!(decide(&a, &LONG, 4).await, Answer::Wait { .. }));
    server.kill();
    server.restart(); // empty
    // Both know what they have let pass themselves, whatever Redis has lost.
    let began = Instant::now();
    let mut update_id = 200;
    while began.elapsed() < Duration::from_millis(1500) {
        for limits in [&a, &b] {
            update_id += 1;
            let answer = decide(limits, &LONG, update_id).await;
            assert!(matches!(answer, Answer::Wait { .. }), "{update_id}");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(decide(&b, &DENY, 121).await, refused, "the same answer");
    until_passes(&b).await;
}

/// The shared counters are back: whom they do not know passes again.
async fn until_passes(limits: &Limits) {
    let began = Instant::now();
    let mut update_id = 1000;
    while decide(limits, &DENY, update_id).await != Answer::Pass {
        update_id += 1;
        assert!(began.elapsed() < Duration::from_secs(5), "they come back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
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
