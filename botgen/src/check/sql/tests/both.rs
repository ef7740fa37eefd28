//! Every statement of these tests on Postgres too: the same codes at the same places, or the same types.

use super::*;
use crate::postgres::Server;

/// What makes a statement or a migration one of SQLite's alone.
const OF_SQLITE: &[&str] = &[
    "strftime",
    "datetime(",
    "time(",
    "julianday",
    "unixepoch",
    "printf",
    "typeof",
    "json_extract",
    "json_array",
    "GLOB",
    "glob",
    "[service]",
    "`quantity`",
    "sqlite_",
    "OR IGNORE",
    "OR REPLACE",
    "REPLACE INTO",
    "random()",
    "RANDOM()",
    "date(",
    "total_changes",
    "last_insert_rowid",
    "hex(",
    "LIMIT 1, 2",
    "0x1",
    "price / 2",
    "SELECT ?",
];

/// What Postgres knows and SQLite does not.
const OF_POSTGRES: &[&str] = &[
    "::",
    "INTERVAL",
    "interval",
    "ILIKE",
    "now()",
    "to_char",
    "date_trunc",
    "EXTRACT",
    "ANY",
    "ARRAY",
    "DISTINCT ON",
    "FOR UPDATE",
    "LATERAL",
    "generate_series",
    "to_timestamp",
    "greatest",
    "GREATEST",
    "LEFT(",
    "array_agg",
    "USING",
    "FETCH FIRST",
    "AT TIME ZONE",
    "ON CONSTRAINT",
    "gen_random_uuid",
    "bool_or",
    "left(",
    "date_part",
    "nextval",
    "DATE '",
    "pg_sleep",
    "strpos",
    "POSITION",
    "SIMILAR",
    "btrim",
];

pub fn options() -> Options {
    Options {
        engine: Engine::Postgres,
        postgres: Some(Arc::new(Server::from_env().unwrap())),
        ..Options::default()
    }
}

pub fn with_twin(mut world: World, files: &[(&str, &str, &str)]) -> World {
    let twin = world_on(&options(), files);
    let codes = |w: &World| -> Vec<String> {
        w.findings
            .iter()
            .map(|d| format!("{} [{}]", d.code.id, w.sources.slice(d.span)))
            .collect()
    };
    // What SQLite cannot express is its own matter.
    let own = world.findings.iter().any(|d| d.code.id == "BF0504")
        || files.iter().any(|(_, name, _)| name.contains('/'));
    if !own {
        assert_eq!(
            codes(&twin),
            codes(&world),
            "on Postgres: {:#?}",
            print(&twin.findings, &twin.sources)
        );
    }
    if world.findings.is_empty() && twin.findings.is_empty() {
        world.twin = Some(Box::new(twin));
    }
    world
}

#[track_caller]
pub fn same(given: &Given<'_>, mut twin: Box<World>, outcome: &Outcome) -> Box<World> {
    let of_one = |list: &[&str]| list.iter().any(|word| given.sql.contains(word));
    if of_one(OF_SQLITE) || of_one(OF_POSTGRES) {
        return twin;
    }
    let theirs = given.clone().run_here(&mut twin);
    assert_eq!(
        theirs.places, outcome.places,
        "on Postgres: {}\n{:#?}",
        given.sql, theirs.said
    );
    if let (Some(ours), Some(theirs)) = (&outcome.query, &theirs.query) {
        assert_eq!(columns(theirs), columns(ours), "on Postgres: {}", given.sql);
        assert_eq!(params(theirs), params(ours), "on Postgres: {}", given.sql);
        assert_eq!(theirs.shape, ours.shape, "on Postgres: {}", given.sql);
    }
    twin
}
