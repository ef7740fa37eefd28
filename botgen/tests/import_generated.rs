//! Specs that nobody wrote: whatever the old vocabulary allows comes through, passes the check of both engines, and no
//! word of it is lost. `GENERATED=400` for a longer run.

#[path = "support/random.rs"]
mod random;
#[path = "support/spec.rs"]
mod spec;

use std::sync::Arc;

use botgen::import::{self, Files, Finding, Order, Severity, Surroundings, proof};
use botgen::{Engine, Options};
use random::Random;

fn rounds(otherwise: u64) -> u64 {
    let given = std::env::var("GENERATED").ok();
    given.and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

/// Who answers for Postgres here, if anybody.
fn postgres() -> Option<Options> {
    #[cfg(feature = "postgres")]
    {
        use botgen::check::sql::postgres::Oracle;
        let server = botgen::postgres::Server::from_env().ok()?;
        server.open().ok()?;
        Some(Options {
            engine: Engine::Postgres,
            postgres: Some(Arc::new(server)),
            ..Options::default()
        })
    }
    #[cfg(not(feature = "postgres"))]
    None
}

/// What is left to say of a translated bot.
fn errors(files: &Files, options: Option<&Options>) -> Vec<Finding> {
    match options {
        Some(options) => proof::on_both(files, options),
        None => proof::on_sqlite(files),
    }
}

#[test]
fn specs_of_the_whole_vocabulary_come_through() {
    let options = postgres();
    if options.is_none() {
        eprintln!("SKIPPED for Postgres: there is none");
    }
    let check = |files: &Files| errors(files, options.as_ref());
    let (mut wrong, mut taken_back) = (Vec::new(), 0);
    for seed in 1..=rounds(60) {
        let mut random = Random::new(seed);
        let made = spec::spec(&mut random);
        let text = made.spec.to_string();
        let keys = made.keys.to_string();
        let file = import::KeyFile {
            name: "keys.json",
            content: &keys,
        };
        let order = Order {
            spec: &text,
            keys: if made.keys.is_null() {
                &[]
            } else {
                std::slice::from_ref(&file)
            },
            beside: &Surroundings::default(),
        };
        let imported = import::translate_checked(&order, &check)
            .unwrap_or_else(|e| panic!("seed {seed}: {e}\n{text}"));
        for finding in check(&imported.files) {
            wrong.push(format!("seed {seed}: {finding:?}"));
        }
        for line in &imported.report {
            // Whatever stands in these specs has its like here.
            if line.message.starts_with("the check says ") {
                taken_back += 1;
                wrong.push(format!("seed {seed}: {line}"));
            }
        }
        let mut all: String = imported.files.values().map(String::as_str).collect();
        for line in &imported.report {
            all.push_str(&format!("{line}\n"));
        }
        for word in made.words {
            if !all.contains(&word) {
                wrong.push(format!("seed {seed}: `{word}` is lost"));
            }
        }
        if std::env::var("GENERATED_SEED").is_ok_and(|s| s == seed.to_string()) {
            println!("{text}\n{keys}\n{all}");
        }
        assert!(
            imported
                .report
                .iter()
                .any(|l| l.severity == Severity::Translated),
            "seed {seed}"
        );
    }
    println!("{} specs, {taken_back} taken back", rounds(60));
    assert!(
        wrong.is_empty(),
        "{} findings:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
