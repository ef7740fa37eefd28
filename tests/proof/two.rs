//! Two instances on one database: the same people's messages and presses go to either of them.

use std::time::Duration;

use crate::deployment::{Deployment, Engine};
use crate::load::{Load, judge};
use crate::long;

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_is_killed_again_and_again() {
    two(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rolling_restarts_lose_and_double_nothing() {
    two(false).await;
}

async fn two(kill: bool) {
    let deployment = Deployment::new(Engine::Postgres, 2, true, false).await;
    let began = std::time::Instant::now();
    deployment.start().await;
    let (people, rounds) = if long() { (300, 100) } else { (60, 6) };
    let load = Load::start(&deployment, people);
    for round in 0..rounds {
        tokio::time::sleep(Duration::from_millis(rand::random_range(300..1500))).await;
        let at = round % 2;
        if kill {
            deployment.kill(at).await;
        } else {
            deployment.instances[at].stop().await;
        }
        assert!(deployment.instances[at].start().await, "it starts");
    }
    load.everybody().await;
    let done = load.finish().await;
    deployment.settle().await;
    let report = judge(&deployment, &done).await;
    // Whoever starts beside another does not tell Telegram again what that has just said; each says it for 30 s.
    let registered = deployment.telegram.accepted("setWebhook").len();
    let spans = usize::try_from(began.elapsed().as_secs() / 30).unwrap() + 1;
    assert!(
        registered <= 2 * (spans + 1),
        "{registered} registrations in {spans} spans"
    );
    println!(
        "two instances, {}: {} people, {} bookings, {rounds} restarts, {} messages, {} doubled, p50 {:?}, p99 {:?}",
        if kill { "killed" } else { "restarted" },
        report.people,
        report.bookings,
        report.messages,
        report.doubled,
        report.at(0.5),
        report.at(0.99)
    );
    assert!(
        report.bookings > usize::try_from(people).unwrap(),
        "people came through"
    );
    if !kill {
        assert_eq!(
            report.doubled, 0,
            "whoever ends properly leaves nothing ambiguous"
        );
    }
}
