//! Hours in small: steady load, after which memory, open files and tables are as they were.

use std::time::Duration;

use crate::deployment::{Deployment, Engine};
use crate::load::{Load, judge};
use crate::long;

#[tokio::test(flavor = "multi_thread")]
async fn steady_load_on_sqlite() {
    soak(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn steady_load_on_postgres() {
    soak(Engine::Postgres).await;
}

async fn soak(engine: Engine) {
    let deployment = Deployment::new(engine, 1, engine == Engine::Postgres, false).await;
    deployment.start().await;
    let instance = &deployment.instances[0];
    let (people, spell, spells) = if long() {
        (1000, Duration::from_secs(60), 10)
    } else {
        (60, Duration::from_secs(3), 3)
    };
    let load = Load::start(&deployment, people);
    tokio::time::sleep(spell).await;
    let first = instance.weight().unwrap();
    let mut last = first;
    for _ in 0..spells {
        tokio::time::sleep(spell).await;
        last = instance.weight().unwrap();
        if long() {
            println!(
                "{engine:?}: {} KiB, {} files, {} replies",
                last.0,
                last.1,
                load.heard.load(std::sync::atomic::Ordering::Relaxed)
            );
        }
    }
    load.everybody().await;
    let done = load.finish().await;
    deployment.settle().await;
    let report = judge(&deployment, &done).await;
    println!(
        "soak, {engine:?}: {} people, {} bookings, {} messages, {} doubled, p50 {:?}, p95 {:?}, p99 {:?}, memory {} to {} KiB, \
         files {} to {}",
        report.people,
        report.bookings,
        report.messages,
        report.doubled,
        report.at(0.5),
        report.at(0.95),
        report.at(0.99),
        first.0,
        last.0,
        first.1,
        last.1
    );
    assert_eq!(report.doubled, 0);
    assert!(
        last.0 < first.0 + (20 << 10),
        "memory grows: {first:?} {last:?}"
    );
    // Connections of Telegram's that are kept open, and the pool's, are still few after the first short spell.
    let fill = if long() { 20 } else { 100 };
    assert!(
        last.1 < first.1 + fill,
        "open files grow: {first:?} {last:?}"
    );
}
