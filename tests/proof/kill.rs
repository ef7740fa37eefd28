//! SIGKILL at every named place of the protocols, and at random.

use std::time::{Duration, Instant};

use runtime_core::faults::POINTS;

use crate::deployment::{Deployment, Engine};
use crate::load::{Load, judge};
use crate::long;

/// How long a place is waited for before the process is killed anyway.
const REACHED: Duration = Duration::from_millis(1500);
/// What a process had still to say when it was killed waits for its lease of 20 s, on Postgres. Where that was said to
/// everybody nobody is left to talk: then the next process comes by so many seconds later.
const LEASE_ENDS: u32 = 21;

#[tokio::test(flavor = "multi_thread")]
async fn killed_everywhere_on_sqlite() {
    killed_everywhere(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_everywhere_on_postgres() {
    killed_everywhere(Engine::Postgres).await;
}

/// Telegram's pauses as they are: 2, 4, 8 seconds.
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_on_telegrams_own_clock() {
    let deployment = Deployment::new(Engine::Sqlite, 1, false, false).await;
    deployment.telegram.scale_pauses(1.0);
    deployment.start().await;
    let (people, kills) = if long() { (100, 60) } else { (20, 4) };
    let load = Load::start(&deployment, people);
    let instance = &deployment.instances[0];
    for _ in 0..kills {
        tokio::time::sleep(Duration::from_millis(rand::random_range(300..2500))).await;
        deployment.kill(0).await;
        assert!(instance.start().await, "it starts");
    }
    load.everybody().await;
    let done = load.finish().await;
    deployment.settle().await;
    let report = judge(&deployment, &done).await;
    println!(
        "unscaled: {} people, {} bookings, {kills} kills, {} messages, {} of them doubled, p50 {:?}, p99 {:?}",
        report.people,
        report.bookings,
        report.messages,
        report.doubled,
        report.at(0.5),
        report.at(0.99)
    );
}

/// Whether an engine passes there.
fn passes(engine: Engine, point: &str) -> bool {
    let protocol = point.split('.').next().unwrap_or_default();
    match protocol {
        "writer" => engine == Engine::Sqlite,
        "state" | "steps" | "one" | "write" => engine == Engine::Postgres,
        "timers" => false,    // these people always answer; see `timers.rs`
        "broadcast" => false, // see `broadcast.rs`
        "jobs" => false,      // these bots ask no model; see `questions.rs`
        _ => true,
    }
}

async fn killed_everywhere(engine: Engine) {
    let deployment = Deployment::new(engine, 1, false, false).await;
    deployment.start().await;
    let (people, rounds, random) = if long() { (400, 10, 100) } else { (60, 1, 5) };
    let load = Load::start(&deployment, people);
    let instance = &deployment.instances[0];
    let mut reached = 0;
    let mut missed = Vec::new();
    let mut ahead = 0;
    for round in 0..rounds {
        for point in POINTS.iter().filter(|point| passes(engine, point)) {
            let times = if round == 0 {
                3
            } else {
                rand::random_range(1..60)
            };
            instance.home.set("KILL_POINT", &format!("{point}:{times}"));
            // Where rows are taken whose lease has ended, some must have.
            let mut later = engine == Engine::Postgres && point.starts_with("lease");
            let mut ended = false;
            for _ in 0..2 {
                if later {
                    ahead += LEASE_ENDS;
                    instance.home.set("CLOCK_AHEAD", &ahead.to_string());
                }
                deployment.kill(0).await;
                // It may be over before it has answered.
                instance.start().await;
                let began = Instant::now();
                while instance.runs() && began.elapsed() < REACHED {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                ended = !instance.runs();
                if ended || later {
                    break;
                }
                later = engine == Engine::Postgres;
            }
            if ended {
                reached += 1;
            } else {
                missed.push(*point);
            }
        }
    }
    instance.home.set("KILL_POINT", "");
    for _ in 0..random {
        deployment.kill(0).await;
        assert!(instance.start().await, "it starts");
        tokio::time::sleep(Duration::from_millis(rand::random_range(20..400))).await;
    }
    deployment.kill(0).await;
    assert!(instance.start().await, "it starts");
    load.everybody().await;
    let done = load.finish().await;
    deployment.settle().await;
    let report = judge(&deployment, &done).await;
    println!(
        "{engine:?}: {} people, {} bookings, {} kills ({reached} at named places, {} places not reached in time), {} \
         messages, {} of them doubled",
        report.people,
        report.bookings,
        report.kills,
        missed.len(),
        report.messages,
        report.doubled
    );
    assert!(
        report.bookings > usize::try_from(people).unwrap(),
        "people came through: {report:?}"
    );
    assert!(missed.len() <= reached / 4, "{missed:?}");
}
