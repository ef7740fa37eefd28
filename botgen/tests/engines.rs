//! One language on two engines: the same bot has the same mistakes at the same places on SQLite and on Postgres.
//!
//! Needs Postgres's server programs (or `BOTGEN_DATABASE_URL`); where there are none the tests fail, they are not
//! skipped: what is not compared is not known.
#![cfg(feature = "cli")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use botgen::postgres::Server;
use botgen::{Compiled, Engine, Input, Options};

/// Fixtures that are truly about one engine, and why.
const OF_ONE_ENGINE: &[(&str, &str)] = &[
    ("BF0508_risky", "only Postgres locks a table to index it"),
    (
        "BF0515_no_statement_for_the_eng",
        "it has SQL for Postgres alone",
    ),
    (
        "BF0536_an_sql_expression_of_unk",
        "json_extract is a function of SQLite",
    ),
    (
        "BF0504_a_migration_that_sqlite",
        "Postgres can alter a column",
    ),
    (
        "BF0513_a_form_that_sqlite_does",
        "forms of Postgres, which it knows",
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn folders(dir: &Path) -> Vec<PathBuf> {
    let mut list: Vec<PathBuf> = fs::read_dir(dir)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.is_dir())
        .collect();
    list.sort();
    list
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn options(engine: Engine) -> Options {
    Options {
        engine,
        postgres: Some(Arc::new(Server::from_env().unwrap())),
        ..Options::default()
    }
}

/// `BF0521 error bot.yaml:100-107`.
fn said(compiled: &Compiled) -> BTreeSet<String> {
    compiled
        .diagnostics
        .iter()
        .map(|d| {
            let file = compiled.sources.file(d.span.file);
            format!(
                "{} {:?} {}:{}-{}",
                d.code.id, d.severity, file.path, d.span.lo, d.span.hi
            )
        })
        .collect()
}

/// What only one engine says, with its words.
fn differences(input: &Input) -> Vec<String> {
    let on = |engine| botgen::compile(input, &options(engine));
    let (sqlite, postgres) = (on(Engine::Sqlite), on(Engine::Postgres));
    let mut list = Vec::new();
    for (one, other, engine) in [
        (&sqlite, &postgres, "SQLite"),
        (&postgres, &sqlite, "Postgres"),
    ] {
        let others = said(other);
        for d in &one.diagnostics {
            let file = one.sources.file(d.span.file);
            let place = format!(
                "{} {:?} {}:{}-{}",
                d.code.id, d.severity, file.path, d.span.lo, d.span.hi
            );
            if !others.contains(&place) {
                list.push(format!("only on {engine}: {place}: {}", d.message));
            }
        }
    }
    if list.is_empty() && sqlite.program.is_some() != postgres.program.is_some() {
        list.push("a program on one engine only".to_owned());
    }
    list
}

#[test]
fn the_same_mistake_has_the_same_code_at_the_same_place() {
    let mut wrong = Vec::new();
    let mut compared = 0;
    let wanted = |name: &str| std::env::var("CASE").map_or(true, |case| name.contains(&case));
    for path in folders(&root().join("tests/ui")) {
        let name = name(&path);
        let exempt = OF_ONE_ENGINE.iter().any(|(n, _)| *n == name);
        if exempt || path.join("engine.txt").exists() || !wanted(&name) {
            continue;
        }
        let bots = path.join("bots");
        let dirs = match bots.is_dir() {
            true => folders(&bots),
            false => vec![path.clone()],
        };
        // Bad folders are a test of loading, not of engines.
        let Ok(input) = Input::load(&path, &dirs) else {
            continue;
        };
        compared += 1;
        for difference in differences(&input) {
            wrong.push(format!("{name}: {difference}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\n{} differences in {compared} fixtures",
        wrong.join("\n"),
        wrong.len()
    );
}

#[test]
fn good_bots_are_good_on_both() {
    let good = folders(&root().join("tests/good"));
    let bots: Vec<PathBuf> = folders(&root().join("../bots"))
        .into_iter()
        .filter(|p| p.join("bot.yaml").exists())
        .collect();
    let mut wrong = Vec::new();
    for path in good.into_iter().chain(bots) {
        let base = path.parent().unwrap();
        let input = Input::load(base, &[PathBuf::from(name(&path))]).unwrap();
        let compiled = botgen::compile(&input, &options(Engine::Postgres));
        if compiled.program.is_none() {
            let shown =
                botgen::diagnostics::render::human(&compiled.sources, &compiled.diagnostics, false);
            wrong.push(format!("{}:\n{shown}", name(&path)));
        }
        for difference in differences(&input) {
            wrong.push(format!("{}: {difference}", name(&path)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
