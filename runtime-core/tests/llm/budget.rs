//! Tokens of a day are never overshot, and kept.

use std::sync::Arc;
use std::time::Duration;

use runtime_core::config::llm::LlmConfig;
use runtime_core::llm::{Ask, Refused};
use runtime_core::redis::Redis;
use runtime_core::testing::llm::{Act, Stub};
use runtime_core::testing::redis::Redis as Server;

use crate::rig::{Database, Rig, Wanted, config, rig, text, until};

/// Costs at most a hundred tokens.
fn small(n: usize) -> Ask {
    Ask {
        system: String::new(),
        max_tokens: 5,
        ..text(&n.to_string())
    }
}

/// Forty calls at the same moment, shared out among instances. Gives how many were answered and how many found no budget.
async fn forty(rigs: &[&Rig], from: usize) -> (usize, usize) {
    let mut all = tokio::task::JoinSet::new();
    for n in 0..40 {
        let llm = rigs[n % rigs.len()].llm.clone();
        all.spawn(async move { llm.ask("shop", 1, &small(from + n)).await });
    }
    let answers = all.join_all().await;
    let answered = answers.iter().filter(|a| a.is_ok()).count();
    let refused = answers
        .iter()
        .filter(|a| **a == Err(Refused::Budget))
        .count();
    (answered, refused)
}

/// Of instances: the budget holds, and as much of it is used as can be.
async fn holds(stub: &Stub, rigs: &[&Rig]) {
    stub.always(Act::Slow(Duration::from_millis(10), "ok".to_owned()));
    for limit in [100, 130, 200] {
        for rig in rigs {
            rig.llm.reset_budget("shop").await.unwrap();
        }
        rigs[0].llm.set_budget("shop", limit).await.unwrap();
        let before = stub.calls();
        let (answered, refused) = forty(rigs, limit as usize * 1000).await;
        let calls = stub.calls() - before;
        assert_eq!(answered + refused, 40);
        assert_eq!(answered, calls);
        assert!(calls >= 1, "{calls} of {limit}");
        assert!(
            calls as i64 * 10 <= limit,
            "{calls} calls of 10 tokens, limit {limit}"
        );
        for rig in rigs {
            rig.llm.flush().await;
        }
        let usage = rigs[0].llm.usage("shop").await.unwrap().unwrap();
        assert_eq!(usage.current_usage, calls as i64 * 10);
        assert_eq!(usage.remaining, limit - calls as i64 * 10);
    }
}

fn bounded(stub: &Stub) -> LlmConfig {
    LlmConfig {
        daily_budget: 100,
        ..config(stub)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_calls_do_not_overshoot_a_hundred_tokens_on_sqlite() {
    let stub = Stub::start().await.unwrap();
    let rig = rig(bounded(&stub)).await;
    holds(&stub, &[&rig]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_on_postgres_with_two_instances_and_redis() {
    let stub = Stub::start().await.unwrap();
    let server = Server::start();
    let database = Arc::new(Database::postgres());
    let mut rigs = Vec::new();
    for _ in 0..2 {
        let redis = Redis::open(&server.url()).unwrap();
        until("it answers", async || redis.up()).await;
        let mut wanted = Wanted::new(bounded(&stub));
        wanted.redis = redis;
        wanted.database = database.clone();
        rigs.push(wanted.open().await);
    }
    holds(&stub, &[&rigs[0], &rigs[1]]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_with_two_processes_on_one_sqlite_file() {
    let stub = Stub::start().await.unwrap();
    let database = Arc::new(Database::sqlite());
    let mut rigs = Vec::new();
    for _ in 0..2 {
        let mut wanted = Wanted::new(bounded(&stub));
        wanted.database = database.clone();
        rigs.push(wanted.open().await);
    }
    holds(&stub, &[&rigs[0], &rigs[1]]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_waits_for_what_others_may_leave() {
    let stub = Stub::start().await.unwrap();
    // One call reserves nearly all of it and uses a tenth.
    stub.always(Act::Slow(Duration::from_millis(20), "ok".to_owned()));
    let rig = rig(LlmConfig {
        daily_budget: 130,
        ..config(&stub)
    })
    .await;
    let (answered, refused) = forty(&[&rig], 0).await;
    assert!(
        (2..=13).contains(&answered),
        "{answered} answered, {refused} refused"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn days_are_those_of_the_bots_zone_and_are_kept() {
    let stub = Stub::start().await.unwrap();
    let rig = rig(bounded(&stub)).await;
    for bot in ["shop", "desk"] {
        assert!(rig.llm.ask(bot, 1, &small(1)).await.is_ok());
    }
    let days = async |bot| rig.llm.tokens_by_day(bot, 2).await.unwrap();
    assert_eq!(days("shop").await["2026-03-01"], 10);
    let desk = days("desk").await;
    assert_eq!(
        (desk["2026-03-02"], desk["2026-03-01"]),
        (10, 0),
        "it is later in Moscow"
    );
    // A reset begins the budget anew and leaves the history.
    rig.llm.reset_budget("shop").await.unwrap();
    assert_eq!(rig.used().await, 0);
    assert_eq!(days("shop").await["2026-03-01"], 10);
    rig.clock.advance(3 * 3600);
    assert_eq!(
        rig.llm.usage("desk").await.unwrap().unwrap().current_usage,
        10
    );
    assert!(rig.ask(&small(2)).await.is_ok());
    let shop = days("shop").await;
    assert_eq!((shop["2026-03-01"], shop["2026-03-02"]), (10, 10));
    assert_eq!(rig.used().await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn zero_is_any_number_and_is_counted_all_the_same() {
    let stub = Stub::start().await.unwrap();
    let rig = rig(config(&stub)).await;
    for n in 0..3 {
        assert!(rig.ask(&small(n)).await.is_ok());
    }
    let usage = rig.llm.usage("shop").await.unwrap().unwrap();
    assert_eq!((usage.daily_limit, usage.current_usage), (0, 30));
    assert_eq!((usage.remaining, usage.percentage_used), (0, 0.0));
    let numbers = rig.llm.numbers("shop").await.unwrap();
    assert_eq!((numbers.requests_today, numbers.error_rate), (3, 0.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_knows_counts_as_used() {
    let stub = Stub::start().await.unwrap();
    let mut config = bounded(&stub);
    if let Some(upstream) = &mut config.upstream {
        upstream.timeout = Duration::from_millis(100);
    }
    let rig = rig(config).await;
    stub.next(Act::Hang(Duration::from_secs(5)));
    assert_eq!(rig.ask(&small(1)).await, Err(Refused::TimedOut));
    let hung = rig.used().await;
    assert!((50..=100).contains(&hung), "{hung}");
    rig.llm.reset_budget("shop").await.unwrap();
    // A question that is dropped on the way.
    stub.next(Act::Slow(Duration::from_secs(5), "late".to_owned()));
    let dropped = tokio::time::timeout(Duration::from_millis(50), rig.ask(&small(2))).await;
    assert!(dropped.is_err());
    assert_eq!(rig.used().await, hung);
    rig.llm.reset_budget("shop").await.unwrap();
    // What was refused costs nothing.
    stub.next(Act::Status(500, None));
    assert_eq!(rig.ask(&small(3)).await, Err(Refused::Failed));
    assert_eq!(rig.used().await, 0);
    let numbers = rig.llm.numbers("shop").await.unwrap();
    assert!(numbers.error_rate > 0.6, "{numbers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_database_nothing_is_asked() {
    let stub = Stub::start().await.unwrap();
    let rig = rig(bounded(&stub)).await;
    assert!(rig.ask(&small(1)).await.is_ok());
    rig.store.close().await;
    assert_eq!(rig.ask(&small(2)).await, Err(Refused::Failed));
    assert_eq!(stub.calls(), 1);
}
