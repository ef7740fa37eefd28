//! The server behind the checks for Postgres: a real one, started from the installed programs.
#![cfg(feature = "postgres")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use botgen::check::sql::postgres::{Database, Described, Oracle, Refusal};
use botgen::postgres::{Cluster, Server, cluster::Status};

/// A cluster of one test's own, stopped and removed with it.
struct Own {
    cluster: Cluster,
    folder: PathBuf,
}

impl Own {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("pg-{name}"));
        let cluster = Cluster::new(Some(&folder), None, 60).unwrap();
        cluster.stop().unwrap();
        let _ = std::fs::remove_dir_all(&folder);
        Self { cluster, folder }
    }
    fn open(&self) -> Box<dyn Database> {
        Server::Private(self.cluster.clone()).open().unwrap()
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let _ = self.cluster.stop();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn refused(answer: Result<Described, Refusal>) -> (String, String, Option<usize>, Option<String>) {
    match answer {
        Err(Refusal::Refused {
            sqlstate,
            message,
            position,
            hint,
        }) => (sqlstate, message, position, hint),
        other => panic!("{other:?}"),
    }
}

#[test]
fn describes_on_a_server_that_stays_warm() {
    let own = Own::new("describe");
    let began = Instant::now();
    let db = own.open();
    eprintln!("cold: {:?}", began.elapsed());
    db.run("", "CREATE TABLE bookings (id BIGSERIAL PRIMARY KEY, slot TIMESTAMPTZ NOT NULL, note TEXT, price NUMERIC(10,2))").unwrap();
    db.run("", "CREATE VIEW slots AS SELECT slot FROM bookings")
        .unwrap();
    db.run("", "CREATE TYPE mood AS ENUM ('sad', 'glad')")
        .unwrap();
    let refusal = db.run("", "CREATE TABLE x (id NOPE)");
    assert!(
        matches!(&refusal, Err(Refusal::Refused { sqlstate, position: Some(20), .. }) if sqlstate == "42704"),
        "{refusal:?}"
    );
    let described = db
        .describe("", "SELECT b.id, b.note, s.slot, count(*) AS n, $2::mood AS m, ARRAY[b.price] FROM bookings b JOIN slots s ON s.slot = b.slot WHERE b.slot > $1 GROUP BY 1, 2, 3, b.price")
        .unwrap();
    assert_eq!(described.parameters, ["timestamptz", "mood"]);
    let columns: Vec<_> = described
        .columns
        .iter()
        .map(|c| {
            (
                c.name.as_str(),
                c.ty.as_str(),
                c.nullable,
                c.origin.as_ref().map(|(t, c)| format!("{t}.{c}")),
            )
        })
        .collect();
    assert_eq!(
        columns,
        [
            ("id", "int8", Some(false), Some("bookings.id".to_owned())),
            ("note", "text", Some(true), Some("bookings.note".to_owned())),
            ("slot", "timestamptz", None, Some("slots.slot".to_owned())),
            ("n", "int8", None, None),
            ("m", "mood", None, None),
            ("array", "_numeric", None, None),
        ]
    );
    let (state, message, position, hint) = refused(db.describe("", "SELECT sloot FROM bookings"));
    assert_eq!((state.as_str(), position), ("42703", Some(8)), "{message}");
    assert!(hint.unwrap().contains("bookings.slot"));
    // Positions count characters.
    assert_eq!(
        refused(db.describe("", "SELECT 'жжж', nope FROM bookings")).2,
        Some(15)
    );
    // After refusals everything is still there.
    assert_eq!(
        db.describe("", "INSERT INTO bookings (slot) VALUES ($1) RETURNING id")
            .unwrap()
            .parameters,
        ["timestamptz"]
    );
    let began = Instant::now();
    for n in 0..300 {
        db.describe(
            "",
            &format!("SELECT id, slot, note FROM bookings WHERE id = $1 AND note <> '{n}'"),
        )
        .unwrap();
    }
    let took = began.elapsed();
    eprintln!("300 statements: {took:?}");
    assert!(took < Duration::from_secs(2), "{took:?}");
    drop(db);

    let Status::Running(server) = own.cluster.status() else {
        panic!("not kept")
    };
    // The best of a few: other tests run beside this one.
    let warm = (0..5).map(|_| {
        let began = Instant::now();
        drop(own.open());
        began.elapsed()
    });
    let warm = warm.min().unwrap();
    eprintln!("warm: {warm:?}");
    assert!(warm < Duration::from_millis(500), "{warm:?}");
    let db = own.open();
    assert_eq!(own.cluster.status(), Status::Running(server));
    // Nothing of the first run is left.
    assert_eq!(
        refused(db.describe("", "SELECT 1 FROM bookings")).0,
        "42P01"
    );
    drop(db);
    assert!(own.cluster.stop().unwrap());
    assert_eq!(own.cluster.status(), Status::Stopped);
    assert!(!own.cluster.stop().unwrap());
}
