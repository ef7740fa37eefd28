//! Migrations at start: the runtime's own, then each owner's, in order of their numbers, recorded with their checksums in
//! `bf_migrations`. What is to be done is decided here, for both engines; `sqlite` and `postgres` do it.
//!
//! One that was changed after it was applied is an error: nobody could tell what the tables look like.

#[cfg(feature = "postgres")]
pub(crate) mod postgres;
#[cfg(feature = "sqlite")]
pub(super) mod sqlite;

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::error::{StoreError, sql_code};
use crate::store::tables::{Migration, MigrationSet};

/// The runtime as an owner: no folder can have this name.
pub(crate) const RUNTIME: &str = "#runtime";

/// A file of the runtime's own, for each engine.
macro_rules! own {
    ($version:literal, $name:literal, $file:literal) => {
        Migration {
            version: $version,
            name: $name,
            sqlite: include_str!(concat!("../../../../migrations/sqlite/", $file)),
            #[cfg(feature = "postgres")]
            postgres: Some(include_str!(concat!(
                "../../../../migrations/postgres/",
                $file
            ))),
            #[cfg(not(feature = "postgres"))]
            postgres: None,
        }
    };
}

static OWN: MigrationSet = MigrationSet {
    owner: RUNTIME,
    files: &[
        own!(1, "runtime", "0001_runtime.sql"),
        own!(2, "engine", "0002_engine.sql"),
        own!(3, "texts", "0003_texts.sql"),
        own!(4, "people", "0004_people.sql"),
        own!(5, "jobs", "0005_jobs.sql"),
        own!(6, "llm", "0006_llm.sql"),
        own!(7, "events", "0007_events.sql"),
        own!(8, "pace", "0008_pace.sql"),
        own!(9, "views", "0009_views.sql"),
    ],
};

/// How the runtime's own files are called.
pub(crate) fn own() -> &'static MigrationSet {
    &OWN
}

/// A file to apply.
struct Pending {
    file: &'static Migration,
    sql: &'static str,
    checksum: String,
}

/// The text of a file for an engine.
type Text = fn(&'static Migration) -> Option<&'static str>;

/// The owners in the order in which they are applied, each once: bots may share one's tables.
fn owners(sets: &[&'static MigrationSet]) -> Result<Vec<&'static MigrationSet>, StoreError> {
    let mut owners: Vec<&'static MigrationSet> = vec![&OWN];
    for &set in sets {
        match owners.iter().find(|first| first.owner == set.owner) {
            None => owners.push(set),
            Some(first) => {
                let same = first.files.len() == set.files.len()
                    && first.files.iter().zip(set.files).all(|(a, b)| {
                        a.version == b.version && a.sqlite == b.sqlite && a.postgres == b.postgres
                    });
                if !same {
                    return Err(problem(
                        set,
                        "two bots of this build bring different files; build them together again",
                    ));
                }
            }
        }
    }
    Ok(owners)
}

/// What botgen writes after a key of SQLite that counts up.
const COUNTS_ON: &str = " AUTOINCREMENT";

/// What is still to be done for an owner, whose `applied` files the database knows by number and checksum.
fn pending(
    set: &'static MigrationSet,
    applied: &BTreeMap<i64, String>,
    text: Text,
) -> Result<Vec<Pending>, StoreError> {
    for version in applied.keys() {
        if !set.files.iter().any(|file| file.version == *version) {
            return Err(problem(
                set,
                &format!(
                    "the database has number {version:04}, which this build does not know; deploy a newer build or restore the file"
                ),
            ));
        }
    }
    let newest = applied.keys().next_back().copied();
    let mut list = Vec::new();
    for file in set.files {
        let Some(sql) = text(file) else {
            return Err(problem(
                set,
                &format!(
                    "`{:04}_{}` has no text for this engine in this build; build with its cargo feature",
                    file.version, file.name
                ),
            ));
        };
        let checksum = checksum(sql);
        match applied.get(&file.version) {
            Some(known) if *known == checksum => {}
            // Applied before keys of SQLite counted on after the last row has gone; tables that are there count as they did.
            Some(known) if *known == self::checksum(&sql.replace(COUNTS_ON, "")) => {}
            Some(_) => {
                return Err(problem(
                    set,
                    &format!(
                        "`{:04}_{}` was changed after it was applied; restore it and put the change into a new file",
                        file.version, file.name
                    ),
                ));
            }
            None if newest.is_some_and(|newest| file.version < newest) => {
                return Err(problem(
                    set,
                    &format!(
                        "`{:04}_{}` comes before files that are applied already; give it a higher number",
                        file.version, file.name
                    ),
                ));
            }
            None => list.push(Pending {
                file,
                sql,
                checksum,
            }),
        }
    }
    Ok(list)
}

/// The engine refused a file.
fn failed(set: &MigrationSet, file: &Migration, error: &sqlx::Error) -> StoreError {
    #[cfg(feature = "postgres")]
    let why = if super::error::is_lock_wait(error) {
        ": a table that it needs is in use; start again"
    } else {
        ""
    };
    #[cfg(not(feature = "postgres"))]
    let why = "";
    problem(
        set,
        &format!(
            "`{:04}_{}` failed ({}{why})",
            file.version,
            file.name,
            sql_code(error)
        ),
    )
}

fn checksum(sql: &str) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(sql.as_bytes()) {
        let _ = std::fmt::Write::write_fmt(&mut hex, format_args!("{byte:02x}"));
    }
    hex
}

fn problem(set: &MigrationSet, problem: &str) -> StoreError {
    StoreError::Migration {
        owner: set.owner.to_owned(),
        problem: problem.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static SET: MigrationSet = MigrationSet {
        owner: "demo",
        files: &[Migration {
            version: 1,
            name: "init",
            sqlite: "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT);",
            postgres: None,
        }],
    };

    /// A build of before has applied the file as it was written then.
    #[test]
    fn a_file_applied_before_keys_counted_on_is_the_same() {
        let applied = |sql: &str| BTreeMap::from([(1, checksum(sql))]);
        let sqlite: Text = |file| Some(file.sqlite);
        let todo = |sql| pending(&SET, &applied(sql), sqlite).map(|list| list.len());
        let before = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);";
        assert_eq!(todo(before).unwrap(), 0);
        assert_eq!(todo(SET.files[0].sqlite).unwrap(), 0);
        assert!(todo("CREATE TABLE t (id INTEGER PRIMARY KEY);").is_err());
        assert_eq!(pending(&SET, &BTreeMap::new(), sqlite).unwrap().len(), 1);
    }
}
