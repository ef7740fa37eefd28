//! What only SQLite has: a file, one writer, locks beside the file.

use std::sync::Arc;
use std::time::Duration;

use runtime_core::clock::Clock;
use runtime_core::incoming::Content;
use runtime_core::store::Store;
use runtime_core::store::tables::{Migration, MigrationSet};
use runtime_core::telegram::flood::Class;
use sqlx::{Connection, SqliteConnection};

use super::rig::{ANNA, BORIS, Database, Rig};

fn text(words: &str) -> Content {
    Content::Text(words.to_owned())
}

#[tokio::test]
async fn a_store_that_is_down_is_busy_and_never_counts() {
    let mut rig = Rig::new().await;
    assert_eq!(rig.say(ANNA, "/add one").await.texts(), ["Added."]);
    let mut other = SqliteConnection::connect(&rig.database.url())
        .await
        .unwrap();
    sqlx::query("BEGIN IMMEDIATE")
        .execute(&mut other)
        .await
        .unwrap();
    let id = rig.id();
    let event = Rig::message(ANNA, ANNA, text("/add two"));
    assert!(rig.update(id, event.clone()).await.busy);
    // Readers go on: they never wait for a writer.
    assert_eq!(rig.say(ANNA, "/my").await.texts(), ["Slots: one"]);
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    assert_eq!(rig.update(id, event).await.texts(), ["Added."]);
    assert_eq!(rig.count("bf_failures").await, 0);
    assert_eq!(rig.count("bookings").await, 2);
}

#[tokio::test]
async fn migrations_run_once_in_order_and_their_history_is_kept() {
    static ADDED: MigrationSet = MigrationSet {
        owner: "booking",
        files: &[
            Migration {
                version: 1,
                name: "bookings",
                sqlite: BOT_SQL,
                postgres: None,
            },
            Migration {
                version: 2,
                name: "more",
                sqlite: "ALTER TABLE bookings ADD COLUMN more TEXT; CREATE TABLE extra (id INTEGER)",
                postgres: None,
            },
        ],
    };
    const BOT_SQL: &str = "CREATE TABLE bookings (id INTEGER PRIMARY KEY)";
    static FIRST: MigrationSet = MigrationSet {
        owner: "booking",
        files: &[Migration {
            version: 1,
            name: "bookings",
            sqlite: BOT_SQL,
            postgres: None,
        }],
    };
    static CHANGED: MigrationSet = MigrationSet {
        owner: "booking",
        files: &[Migration {
            version: 1,
            name: "bookings",
            sqlite: "CREATE TABLE bookings (id INTEGER)",
            postgres: None,
        }],
    };
    static BROKEN: MigrationSet = MigrationSet {
        owner: "broken",
        files: &[Migration {
            version: 1,
            name: "x",
            sqlite: "CREATE TABLE halfway (id INTEGER); CREATE TABLE bookings (id INTEGER)",
            postgres: None,
        }],
    };
    let database = Arc::new(Database::new());
    let open = async |sets: &[&'static MigrationSet]| {
        let store = Store::open(&database.url(), sets, Clock::system()).await?;
        store.close().await;
        Ok::<_, runtime_core::store::StoreError>(())
    };
    open(&[&FIRST, &FIRST]).await.unwrap();
    open(&[&FIRST]).await.unwrap();
    let error = open(&[&CHANGED]).await.unwrap_err().to_string();
    assert!(error.contains("`0001_bookings` was changed"), "{error}");
    let error = open(&[&FIRST, &CHANGED]).await.unwrap_err().to_string();
    assert!(error.contains("different files"), "{error}");
    open(&[&ADDED]).await.unwrap();
    let error = open(&[&FIRST]).await.unwrap_err().to_string();
    assert!(error.contains("newer build"), "{error}");
    let error = open(&[&ADDED, &BROKEN]).await.unwrap_err().to_string();
    assert!(error.contains("`0001_x` failed"), "{error}");
    // Nothing of the broken one is left.
    open(&[&ADDED]).await.unwrap();
    let mut connection = SqliteConnection::connect(&database.url()).await.unwrap();
    let halfway: i64 =
        sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE name = 'halfway'")
            .fetch_one(&mut connection)
            .await
            .unwrap();
    assert_eq!(halfway, 0);
}

#[tokio::test]
async fn who_is_alone_does_not_wait_for_leases_of_the_dead() {
    let mut rig = Rig::new().await;
    let first = rig.store.enter().await.unwrap();
    rig.say(ANNA, "/add one").await;
    rig.say_in_group(BORIS, "/add two").await;
    let lease = Duration::from_secs(60);
    assert_eq!(rig.store.polling_lease(7, lease).await.unwrap(), Some(0));
    // Somebody who comes while the first serves takes nothing away.
    let clock = rig.clock.clone();
    let other = Store::open(&rig.database.url(), &[], clock).await.unwrap();
    let second = other.enter().await.unwrap();
    assert!(
        other
            .lease_expired(Class::Reply, 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(other.polling_lease(7, lease).await.unwrap(), None);
    // Both are killed: the lock goes with the process.
    drop((first, second));
    let _third = other.enter().await.unwrap();
    let rows = other.lease_expired(Class::Reply, 10).await.unwrap();
    assert_eq!(
        rows.len(),
        1,
        "the offered response is Telegram's to ask for"
    );
    assert!(rows[0].ambiguous);
    assert_eq!(other.polling_lease(7, lease).await.unwrap(), Some(0));
}

#[tokio::test]
async fn what_a_clock_that_was_ahead_has_put_off_is_due_soon() {
    let mut rig = Rig::new().await;
    let first = rig.store.enter().await.unwrap();
    rig.say(ANNA, "/add one").await;
    rig.say_in_group(BORIS, "/add two").await;
    // An hour ahead one row was offered, and the other given back.
    rig.execute(
        "UPDATE bf_outbox SET given_back = (state = 2), lease_until = lease_until + 3600000000 WHERE state IN (1, 2)",
    )
    .await;
    drop(first);
    let _second = rig.store.enter().await.unwrap();
    for (seconds, due) in [(29, 0), (2, 1), (45, 2)] {
        rig.clock.advance(seconds);
        let rows = rig.store.lease_expired(Class::Reply, 10).await.unwrap();
        assert_eq!(rows.len(), due, "after {seconds} s more");
    }
}
