//! Round trips to Postgres are what an update costs: each protocol has its number.

use std::sync::Arc;
use std::time::Duration;

use runtime_core::clock::Clock;
use runtime_core::engine::Outcome;
use runtime_core::incoming::Content;

use super::rig::{ANNA, Database, Rig};

async fn rig() -> Rig {
    let database = Arc::new(Database::behind_a_proxy().await);
    Rig::on(database, Clock::fixed(1_800_000_000), 1).await
}

fn trips(rig: &Rig) -> u64 {
    rig.database.proxy.as_ref().unwrap().trips()
}

/// What one message costs, once every connection is open, its statements are prepared and the locale is known.
async fn cost(rig: &mut Rig, text: impl Fn(usize) -> String) -> u64 {
    for n in 0..3 {
        rig.say(ANNA, &text(n)).await;
    }
    let before = trips(rig);
    let reply = rig.say(ANNA, &text(3)).await;
    assert!(!reply.busy, "{reply:?}");
    // Nothing follows later that was not asked for.
    tokio::time::sleep(Duration::from_millis(20)).await;
    trips(rig) - before
}

#[tokio::test]
async fn every_protocol_costs_what_it_must() {
    let mut rig = rig().await;
    assert_eq!(cost(&mut rig, |_| "/start".to_owned()).await, 0, "pure");
    assert_eq!(
        cost(&mut rig, |_| "/my".to_owned()).await,
        1,
        "read: its query"
    );
    assert_eq!(
        cost(&mut rig, |_| "/book".to_owned()).await,
        2,
        "state: look, step"
    );
    assert_eq!(
        cost(&mut rig, |n| format!("/add one {n}")).await,
        2,
        "one: look, and the statement in the step"
    );
    assert_eq!(
        cost(&mut rig, |n| format!("/add_locked two {n}")).await,
        5,
        "write: BEGIN, lock and look, the statement, the rest, COMMIT"
    );
}

#[tokio::test]
async fn whoever_is_held_back_costs_the_database_nothing() {
    let mut rig = rig().await;
    let held_back = cost(&mut rig, |n| format!("/limited {n}")).await;
    assert_eq!(held_back, 0, "the third is held back, and so is the fourth");
    assert_eq!(rig.count("bookings").await, 2);
}

#[tokio::test]
async fn a_wizard_that_ends_in_an_insert_costs_two_each_step() {
    let mut rig = rig().await;
    for round in 0..3 {
        let mut costs = Vec::new();
        for text in ["/book", "spa", &format!("slot {round}"), "a note"] {
            let before = trips(&rig);
            let reply = rig.say(ANNA, text).await;
            assert!(!reply.busy, "{reply:?}");
            costs.push(trips(&rig) - before);
        }
        if round == 2 {
            assert_eq!(costs, [2, 2, 2, 2]);
        }
    }
    assert_eq!(rig.count("bookings").await, 3);
}

#[tokio::test]
async fn connections_that_break_are_replaced_and_nothing_is_lost() {
    let mut rig = rig().await;
    let mut done = 0;
    for n in 0..30 {
        if n % 5 == 2 {
            rig.database.proxy.as_ref().unwrap().cut();
        }
        let id = rig.id();
        let event = || {
            let text = runtime_core::incoming::Content::Text(format!("/add_locked {n}"));
            Rig::message(ANNA, ANNA, text)
        };
        let mut reply = rig.update(id, event()).await;
        let mut again = 0;
        while reply.busy {
            again += 1;
            assert!(again < 5, "it comes back");
            reply = rig.update(id, event()).await;
        }
        done += 1;
    }
    assert_eq!(rig.count("bookings").await, done);
    assert_eq!(rig.count("bf_dead_letters").await, 0);
}

/// Two instances that answer one person at the same moment: whoever lost ran in vain, and says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_in_vain_are_counted() {
    let rig = Rig::new().await;
    let other = Rig::on(rig.database.clone(), rig.clock.clone(), 10_000).await;
    let races = || -> u64 {
        let metrics = String::from_utf8(runtime_core::telemetry::metrics::text()).unwrap();
        metrics
            .lines()
            .find_map(|line| line.strip_prefix("bot_conversation_races_total{bot_id=\"booking\"} "))
            .and_then(|value| value.parse().ok())
            .unwrap_or_default()
    };
    for _ in 0..200 {
        let one = rig.incoming(
            rig.id(),
            Rig::message(ANNA, ANNA, Content::Text("/book".into())),
        );
        let two = other.incoming(
            other.id(),
            Rig::message(ANNA, ANNA, Content::Text("/book".into())),
        );
        let (one, two) = tokio::join!(rig.engine.handle(one), other.engine.handle(two));
        assert!(matches!(one, Outcome::Done { .. }) && matches!(two, Outcome::Done { .. }));
        if races() > 0 {
            return;
        }
    }
    panic!("nobody ever lost");
}
