//! What an update costs on Postgres: the figures of `docs/scale.md`.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use runtime_core::engine::Outcome;
use runtime_core::incoming::Content;

use super::rig::Rig;

/// People who book once each, in four updates, and how many of them at a time.
const PEOPLE: i64 = 5_000;
const AT_ONCE: i64 = 32;

/// `cargo nextest run -p runtime-core --features postgres,testing -E 'test(what_an_update_costs)' --run-ignored only
/// --no-capture`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures; prints its figures"]
async fn what_an_update_costs() {
    if !super::POSTGRES {
        return;
    }
    let rig = Arc::new(Rig::new().await);
    rig.execute("CHECKPOINT").await;
    let wal = "SELECT (pg_current_wal_lsn() - '0/0')::bigint";
    let commits = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()";
    let before = [rig.numbers(wal).await[0], rig.numbers(commits).await[0]];
    let began = std::time::Instant::now();
    let next = Arc::new(AtomicI64::new(1));
    let mut tasks = Vec::new();
    for _ in 0..AT_ONCE {
        let (rig, next) = (rig.clone(), next.clone());
        tasks.push(tokio::spawn(async move {
            let mut rode = Vec::new();
            loop {
                let person = next.fetch_add(1, Ordering::SeqCst);
                if person > PEOPLE {
                    break;
                }
                let slot = format!("slot {person}");
                for words in ["/book", "spa", &slot, "a window seat, please"] {
                    let content = Content::Text(words.to_owned());
                    let event = Rig::message(person, person, content);
                    let incoming = rig.incoming(rig.id(), event);
                    match rig.engine.handle(incoming).await {
                        Outcome::Done { response, .. } => {
                            rode.extend(response.and_then(|(_, row)| row).map(|row| row.key()));
                        }
                        Outcome::Busy { .. } => panic!("busy"),
                    }
                }
                if rode.len() >= 256 {
                    rig.store
                        .mark_rode(std::mem::take(&mut rode))
                        .await
                        .unwrap();
                }
            }
            rig.store.mark_rode(rode).await.unwrap();
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let took = began.elapsed();
    tokio::time::sleep(std::time::Duration::from_secs(2)).await; // statistics arrive late
    let updates = PEOPLE * 4;
    let grown = rig.numbers(wal).await[0] - before[0];
    let committed = rig.numbers(commits).await[0] - before[1];
    assert_eq!(rig.count("bf_outbox WHERE n = 0").await, updates);
    println!(
        "updates {updates}, {:.0} a second",
        4.0 * PEOPLE as f64 / took.as_secs_f64()
    );
    println!("WAL bytes per update {}", grown / updates);
    println!(
        "commits per update {:.2}",
        committed as f64 / updates as f64
    );
    for table in ["bf_outbox", "bf_conversations", "bookings"] {
        let table_size = format!("SELECT pg_table_size('{table}')");
        let index_size = format!("SELECT pg_indexes_size('{table}')");
        let rows = rig.count(table).await;
        println!(
            "{table}: {rows} rows, {} + {} bytes a row (table + indexes)",
            rig.numbers(&table_size).await[0] / rows.max(1),
            rig.numbers(&index_size).await[0] / rows.max(1),
        );
    }
}
