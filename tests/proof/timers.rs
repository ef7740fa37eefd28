//! Whoever does not answer is told so once, by some instance, whatever is killed meanwhile.

use std::time::{Duration, Instant};

use runtime_core::faults::POINTS;
use runtime_core::testing::telegram::User;

use crate::deployment::{Deployment, Engine};
use crate::long;

/// The survey's last words.
const CLOSED: &str = "we have closed it";
/// How long a place is waited for before the process is killed anyway.
const REACHED: Duration = Duration::from_secs(3);
/// Longest wait for what must come.
const PATIENCE: Duration = Duration::from_secs(60);
/// The survey's `ttl` is two hours. Every start is so much later that what was leased before is free again.
const TTL: u64 = 7_300;
const LATER: u64 = 120;

#[tokio::test(flavor = "multi_thread")]
async fn timers_on_sqlite() {
    timers(Engine::Sqlite, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn timers_of_two_instances() {
    timers(Engine::Postgres, 2).await;
}

async fn timers(engine: Engine, instances: usize) {
    let deployment = Deployment::new(engine, instances, false, false).await;
    deployment.start().await;
    let (people, rounds) = if long() { (2_000, 10) } else { (300, 1) };
    let user = |id| User {
        id,
        name: "Anna",
        language: "en",
    };
    for id in 1..=people {
        deployment.survey.say(user(id), id, "/survey");
    }
    until("everybody is asked", async || {
        (1..=people).all(|id| !deployment.survey.shown_in(id, 0).is_empty())
    })
    .await;
    deployment.stop().await;

    let mut ahead = TTL;
    let mut kills = 0;
    for round in 0..rounds {
        for point in POINTS.iter().filter(|point| point.starts_with("timers.")) {
            ahead += LATER;
            let times = if round == 0 && point.ends_with("_take") {
                1
            } else {
                rand::random_range(1..20)
            };
            for instance in &deployment.instances {
                instance.home.set("CLOCK_AHEAD", &ahead.to_string());
                instance.home.set("KILL_POINT", &format!("{point}:{times}"));
                // It may be over before it has answered.
                instance.start().await;
            }
            let began = Instant::now();
            for instance in &deployment.instances {
                while instance.runs() && began.elapsed() < REACHED {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                kills += usize::from(!instance.runs());
                instance.kill().await;
            }
        }
    }
    for instance in &deployment.instances {
        instance.home.set("KILL_POINT", "");
        instance
            .home
            .set("CLOCK_AHEAD", &(ahead + LATER).to_string());
        assert!(instance.start().await, "it starts");
    }
    let left = "SELECT (SELECT count(*) FROM bf_conversations WHERE waiting IS NOT NULL OR timer > 0) \
                + (SELECT count(*) FROM bf_outbox WHERE state IN (1, 2))";
    until("nobody waits", async || deployment.number(left).await == 0).await;
    deployment.stop().await;

    let fired = "SELECT count(*) FROM bf_outbox WHERE n = 0 AND update_id < 0";
    assert_eq!(deployment.number(fired).await, people, "each fired once");
    let letters = "SELECT count(*) FROM bf_dead_letters";
    assert_eq!(deployment.number(letters).await, 0);
    let mut doubled = 0;
    for id in 1..=people {
        let shown = deployment.survey.shown_in(id, 0);
        let told = shown.iter().filter(|one| one.text.contains(CLOSED)).count();
        assert!(told >= 1, "{id} was not told");
        doubled += told - 1;
    }
    println!("{engine:?}: {people} timers, {kills} kills, {doubled} messages doubled");
    assert!(kills >= 2 * instances, "{kills} kills");
}

async fn until(what: &str, mut come: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !come().await {
        assert!(began.elapsed() < PATIENCE, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
