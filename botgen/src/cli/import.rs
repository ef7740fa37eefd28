//! `botgen import`.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::engines;
use crate::Options;
use crate::import::{self, Files, Finding, ImportError, KeyFile, proof};

/// The engines that the new bot is checked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Engines {
    /// SQLite and Postgres, where there is a server or the programs of one; Postgres alone where SQLite cannot run what
    /// Postgres can (the old system had no other); without a Postgres SQLite alone
    Auto,
    /// SQLite alone
    Sqlite,
    /// Postgres alone
    Postgres,
    /// Both; without a Postgres nothing is imported
    All,
}

/// Translates one spec into a new folder and prints what was changed.
pub fn run(spec: &Path, keys: &[PathBuf], out: &Path, engines: Engines) -> u8 {
    let shown = spec.display().to_string();
    let read = |path: &Path| match std::fs::read_to_string(path) {
        Ok(text) => Some(text),
        Err(error) => {
            super::complain(&format!("{}: {error}", path.display()));
            None
        }
    };
    let Some(json) = read(spec) else {
        return super::WRONG_USE;
    };
    let mut texts = Vec::new();
    for path in keys {
        let Some(text) = read(path) else {
            return super::WRONG_USE;
        };
        texts.push((path.display().to_string(), text));
    }
    let keys: Vec<KeyFile<'_>> = texts
        .iter()
        .map(|(name, content)| KeyFile { name, content })
        .collect();
    let server = match engines {
        Engines::Sqlite => None,
        Engines::Auto => engines::quiet_server(),
        Engines::Postgres | Engines::All => match engines::server() {
            Some(server) => Some(server),
            None => return super::WRONG_USE,
        },
    };
    let asked = server.is_some();
    let options = Options {
        postgres: server,
        ..Options::default()
    };
    // What only SQLite refuses, where nobody has asked for SQLite.
    let beyond_sqlite = Cell::new(0);
    let check = |files: &Files| -> Vec<Finding> {
        match engines {
            Engines::Postgres => proof::on_postgres(files, &options),
            Engines::Auto if asked => {
                let findings = proof::on_postgres(files, &options);
                if findings.is_empty() {
                    beyond_sqlite.set(proof::on_sqlite(files).len());
                }
                findings
            }
            _ if asked => proof::on_both(files, &options),
            _ => proof::on_sqlite(files),
        }
    };
    match import::run(&json, &shown, &keys, out, &check) {
        Ok(report) => {
            let engines = match (engines, asked, beyond_sqlite.get()) {
                (Engines::Postgres, ..) => "checked for Postgres".to_owned(),
                (_, true, 0) => "checked for SQLite and Postgres".to_owned(),
                (_, true, n) => format!(
                    "checked for Postgres; SQLite cannot run all of it ({n} errors): it is a bot for Postgres alone (`check --engine postgres`); `--engine all` leaves that out"
                ),
                _ => "checked for SQLite; no Postgres was asked".to_owned(),
            };
            super::print(&format!(
                "{report}{engines}; the report stands in {}\n",
                out.join("IMPORT.md").display()
            ))
        }
        Err(error) => {
            let of_the_spec = matches!(
                error,
                ImportError::Json { .. } | ImportError::Shape(_) | ImportError::Keys { .. }
            );
            let prefix = match error {
                ImportError::Json { .. } | ImportError::Shape(_) => format!("{shown}: "),
                _ => String::new(),
            };
            super::complain(&format!("{prefix}{error}"));
            if of_the_spec {
                super::ERRORS
            } else {
                super::WRONG_USE
            }
        }
    }
}
