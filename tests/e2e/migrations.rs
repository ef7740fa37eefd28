//! Migrations on a real Postgres, by the built binary: once, in order, however many begin at once.

use runtime_core::testing::postgres::Postgres;
use sqlx::Row;

use crate::support::{Home, within};

/// `botfactory migrate` on a database: exit code and what it said.
async fn migrate(home: &Home, url: &str) -> (i32, String) {
    home.set("DATABASE_URL", url);
    let output = home.run(&["migrate"], "").await;
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code().expect("it was not killed"),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

async fn history(postgres: &Postgres, database: &str) -> Vec<(String, i64, String)> {
    let mut connection = postgres.connect(database).await;
    sqlx::query("SELECT owner, version, checksum FROM bf_migrations ORDER BY owner, version")
        .fetch_all(&mut connection)
        .await
        .unwrap()
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect()
}

/// The files of the bots, as they are applied.
const OWN: [(&str, i64); 7] = [
    ("booking", 1),
    ("newsletter", 1),
    ("newsletter", 2),
    ("shop", 1),
    ("support", 1),
    ("survey", 1),
    ("survey", 2),
];

/// How many migrations the runtime has.
fn runtime() -> i64 {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/postgres");
    i64::try_from(std::fs::read_dir(folder).unwrap().count()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_brought_up_to_date_once_by_all_who_begin() {
    let postgres = Postgres::start();
    let url = postgres.database("fleet").await;
    let homes: Vec<Home> = (0..4).map(|_| Home::new()).collect();
    let children: Vec<_> = homes
        .iter()
        .map(|home| {
            home.set("DATABASE_URL", &url);
            home.command(&["migrate"]).spawn().unwrap()
        })
        .collect();
    for child in children {
        let output = within("migrating", child.wait_with_output()).await.unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let first = history(&postgres, "fleet").await;
    let owners: Vec<(&str, i64)> = first
        .iter()
        .map(|(owner, version, _)| (owner.as_str(), *version))
        .collect();
    let mut wanted: Vec<(&str, i64)> = (1..=runtime()).map(|n| ("#runtime", n)).collect();
    wanted.extend(OWN);
    assert_eq!(owners, wanted);
    // The tables have Postgres's own types, and they work.
    postgres
        .execute("fleet", "INSERT INTO bookings (bot_id, user_id, service, slot) VALUES ('booking', 1, 'spa', now())")
        .await;
    postgres
        .execute("fleet", "INSERT INTO bf_outbox (bot, update_id, n, at, state, lease_until, call) VALUES (1, 1, 0, 0, 2, 0, '{}')")
        .await;

    let (code, said) = migrate(&homes[0], &url).await;
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("up to date") && !said.contains("postgres@"),
        "{said}"
    );
    assert_eq!(history(&postgres, "fleet").await, first);

    // Two bots gone, and one from a newer build.
    postgres
        .execute(
            "fleet",
            "UPDATE bf_migrations SET checksum = 'x' WHERE owner = 'booking'",
        )
        .await;
    let (code, said) = migrate(&homes[0], &url).await;
    assert_eq!(code, 1);
    assert!(
        said.contains("`booking`") && said.contains("was changed after it was applied"),
        "{said}"
    );
    postgres
        .execute("fleet", "DELETE FROM bf_migrations WHERE owner = 'booking'; INSERT INTO bf_migrations VALUES ('booking', 7, 'x', 0)")
        .await;
    let (code, said) = migrate(&homes[0], &url).await;
    assert_eq!(code, 1);
    assert!(
        said.contains("number 0007, which this build does not know"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_it_goes_on_where_it_was() {
    let mut postgres = Postgres::start();
    let url = postgres.database("cut").await;
    let home = Home::new();
    // Somebody holds the name of a bot's table: the runtime's file is applied, the bot's waits.
    let mut holder = postgres.connect("cut").await;
    sqlx::raw_sql("BEGIN; CREATE TABLE bookings (id INT)")
        .execute(&mut holder)
        .await
        .unwrap();
    home.set("DATABASE_URL", &url);
    let mut child = home.command(&["migrate"]).spawn().unwrap();
    let applied = async {
        loop {
            let mut connection = postgres.connect("cut").await;
            let waits: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype = 'transactionid')",
            )
            .fetch_one(&mut connection)
            .await
            .unwrap();
            if waits {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    within("the bot's file", applied).await;
    child.kill().await.unwrap();
    let own = usize::try_from(runtime()).unwrap();
    assert_eq!(history(&postgres, "cut").await.len(), own);
    drop(holder);

    // The server dies too.
    postgres.kill();
    let (code, said) = migrate(&home, &url).await;
    assert_eq!(code, 1, "{said}");
    postgres.restart();
    let (code, said) = migrate(&home, &url).await;
    assert_eq!(code, 0, "{said}");
    assert_eq!(history(&postgres, "cut").await.len(), own + OWN.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_is_named_without_its_password() {
    let home = Home::new().with("DATABASE_URL", "postgres://u:hunter2@127.0.0.1:1/d");
    let (code, said) = home.refused().await;
    assert_eq!(code, 1);
    assert!(
        said.contains("cannot open the database postgres://127.0.0.1:1/d")
            && !said.contains("hunter2"),
        "{said}"
    );
    let (code, said) = migrate(&home, "postgres://u:hunter2@127.0.0.1:1/d").await;
    assert_eq!(code, 1);
    assert!(
        said.contains("postgres://127.0.0.1:1/d") && !said.contains("hunter2"),
        "{said}"
    );
}
