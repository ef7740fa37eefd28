//! Tokens of a day are never overshot, and kept.

use std::sync::Arc;
use std::time::Duration;

use runtime_core::llm::settings::LlmConfig;
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
        let redis = Redis::open_patiently(&server.url()).unwrap();
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

/// So large that instances take blocks of it, and used up by some hundred calls that cost all that they reserve.
const LARGE: i64 = 64_000;

/// Asks so many questions, forty at a time, shared out among instances; how many were answered. Others find no budget.
async fn many(rigs: &[&Rig], from: usize, count: usize) -> usize {
    let mut all = tokio::task::JoinSet::new();
    for person in 0..40 {
        let llm = rigs[person % rigs.len()].llm.clone();
        all.spawn(async move {
            let mut answered = 0;
            for n in (from + person..from + count).step_by(40) {
                match llm.ask("shop", 1, &small(n)).await {
                    Ok(_) => answered += 1,
                    Err(refused) => assert_eq!(refused, Refused::Budget),
                }
            }
            answered
        });
    }
    all.join_all().await.into_iter().sum()
}

/// Instances on one database.
async fn instances(database: &Arc<Database>, config: &LlmConfig, count: usize) -> Vec<Rig> {
    let mut rigs = Vec::new();
    for _ in 0..count {
        let mut wanted = Wanted::new(config.clone());
        wanted.database = database.clone();
        rigs.push(wanted.open().await);
    }
    rigs
}

fn large(stub: &Stub) -> LlmConfig {
    // Every call costs as much as was reserved for it.
    stub.usage(100_000, 100_000);
    LlmConfig {
        daily_budget: LARGE,
        ..config(stub)
    }
}

/// What a question of [`many`] costs.
async fn cost(rig: &Rig) -> i64 {
    assert!(rig.ask(&small(1_000_000)).await.is_ok());
    rig.used().await
}

async fn blocks_hold(database: Database) {
    let stub = Stub::start().await.unwrap();
    let config = large(&stub);
    let rigs = instances(&Arc::new(database), &config, 2).await;
    let cost = cost(&rigs[0]).await;
    let calls = usize::try_from(LARGE / cost).unwrap();
    let answered = many(&[&rigs[0], &rigs[1]], 2_000_000, calls * 5 / 4).await;
    assert_eq!(stub.calls(), answered + 1);
    for rig in &rigs {
        rig.llm.flush().await;
    }
    let used = rigs[0].used().await;
    assert_eq!(used, stub.calls() as i64 * cost);
    assert!(used <= LARGE, "{used}");
    assert!(
        used > LARGE - cost,
        "as much of it is used as can be: {used}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_budget_holds_for_two_processes_on_one_sqlite_file() {
    blocks_hold(Database::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_budget_holds_for_two_instances_on_postgres() {
    blocks_hold(Database::postgres()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_fit_into_a_block_wait_for_no_database() {
    let stub = Stub::start().await.unwrap();
    let rig = rig(LlmConfig {
        daily_budget: 1_000_000,
        ..config(&stub)
    })
    .await;
    assert_eq!(many(&[&rig], 0, 80).await, 80);
    rig.store.close().await;
    assert!(rig.ask(&small(1_000)).await.is_ok());
    // Not for long: nobody knows what others have reserved meanwhile.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(rig.ask(&small(1_001)).await, Err(Refused::Failed));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_goes_back_when_nobody_asks() {
    let stub = Stub::start().await.unwrap();
    let config = LlmConfig {
        daily_budget: 1_000_000,
        ..config(&stub)
    };
    let rigs = instances(&Arc::new(Database::sqlite()), &config, 2).await;
    assert_eq!(many(&[&rigs[0]], 0, 80).await, 80);
    // The other one sees it, and cannot give it back.
    until("it goes back", async || rigs[1].used().await == 800).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_smaller_budget_holds_at_once_and_everywhere() {
    let stub = Stub::start().await.unwrap();
    let config = LlmConfig {
        daily_budget: 1_000_000,
        ..config(&stub)
    };
    let rigs = instances(&Arc::new(Database::sqlite()), &config, 2).await;
    assert_eq!(many(&[&rigs[0], &rigs[1]], 0, 160).await, 160);
    rigs[0].llm.set_budget("shop", 200).await.unwrap();
    assert_eq!(many(&[&rigs[1], &rigs[0]], 1_000, 80).await, 0);
    assert_eq!(stub.calls(), 160);
}

/// An instance is killed while forty calls are under way; the next one asks until nothing is left.
async fn killed(limit: i64, first: usize) -> (i64, i64) {
    let stub = Stub::start().await.unwrap();
    let config = LlmConfig {
        daily_budget: limit,
        ..large(&stub)
    };
    stub.always(Act::Slow(Duration::from_millis(20), "ok".to_owned()));
    let database = Arc::new(Database::sqlite());
    let (other, dying) = (database.clone(), config.clone());
    // Nothing of it is finished and nothing given back: a runtime that is gone as a process is.
    let death = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let rigs = instances(&other, &dying, 1).await;
            for person in 0..40 {
                let llm = rigs[0].llm.clone();
                tokio::spawn(async move {
                    for n in (person..first).step_by(40) {
                        let _ = llm.ask("shop", 1, &small(5_000_000 + n)).await;
                    }
                });
            }
            tokio::time::sleep(Duration::from_millis(150)).await;
        });
        runtime.shutdown_background();
    });
    death.join().unwrap();
    stub.always(Act::Say("ok".to_owned()));
    let rigs = instances(&database, &config, 1).await;
    let before = stub.calls();
    let answered = many(&[&rigs[0]], 3_000_000, 2_000).await;
    assert_eq!(stub.calls() - before, answered);
    let lost = rigs[0].used().await;
    let days = rigs[0].llm.tokens_by_day("shop", 1).await.unwrap();
    (stub.calls() as i64, lost - days["2026-03-01"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_overshoots_nothing_and_loses_little() {
    let probe = Stub::start().await.unwrap();
    let rig = rig(large(&probe)).await;
    let cost = cost(&rig).await;
    for limit in [100, LARGE] {
        let (calls, lost) = killed(limit, 400).await;
        assert!(
            calls * cost <= limit,
            "{calls} calls of {cost}, limit {limit}"
        );
        // Calls under way, what is stored a quarter of a second late, and a block: none of a small budget.
        let most = if limit < LARGE {
            limit
        } else {
            400 * cost + LARGE / 32
        };
        assert!(lost <= most, "{lost} of {limit}");
    }
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

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_turn_did_not_come_costs_nothing() {
    let stub = Stub::start().await.unwrap();
    let rig = rig(LlmConfig {
        parallel: 1,
        ..bounded(&stub)
    })
    .await;
    rig.llm.set_budget("shop", 1_000).await.unwrap();
    stub.always(Act::Slow(Duration::from_millis(600), "ok".to_owned()));
    let first = tokio::spawn({
        let llm = rig.llm.clone();
        async move { llm.ask("shop", 1, &small(1)).await }
    });
    until("it is asked", async || stub.calls() == 1).await;
    let second = tokio::time::timeout(Duration::from_millis(100), rig.ask(&small(2))).await;
    assert!(second.is_err(), "{second:?}");
    assert!(first.await.unwrap().is_ok());
    assert_eq!((stub.calls(), rig.used().await), (1, 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_belongs_to_the_day_on_which_it_was_made() {
    let stub = Stub::start().await.unwrap();
    let rig = rig(bounded(&stub)).await;
    stub.next(Act::Slow(Duration::from_millis(300), "ok".to_owned()));
    let asked = tokio::spawn({
        let llm = rig.llm.clone();
        async move { llm.ask("shop", 1, &small(1)).await }
    });
    until("it is asked", async || stub.calls() == 1).await;
    rig.clock.advance(3 * 3600); // past midnight
    let reserved = rig.llm.tokens_by_day("shop", 2).await.unwrap();
    assert_eq!(reserved["2026-03-02"], 0);
    assert!(asked.await.unwrap().is_ok());
    assert_eq!(rig.used().await, 0, "the new day is whole");
    let days = rig.llm.tokens_by_day("shop", 2).await.unwrap();
    assert_eq!((days["2026-03-01"], days["2026-03-02"]), (10, 0));
    assert!(rig.ask(&small(2)).await.is_ok());
    assert_eq!(rig.used().await, 10);
}
