//! SQL: migrations make the deployment's one check database, statements are proven against it.
//!
//! | file | holds |
//! |---|---|
//! | [`migrations`] | files and their order, translation to SQLite, the model of the tables ([`tables`]) |
//! | [`types`] | the closed list of column types |
//! | [`text`] | tokens with byte ranges, parsing, changes of the text |
//! | [`typer`] | names and types of a statement |
//! | [`statement`](fn@statement) | one statement from YAML to IR |
//! | [`kinds`], [`naming`] | what a block runs, Rust names |
//! | [`parameters`], [`result`] | its `:name`s, what it gives |
//! | [`owned`], [`conflicts`] | whose rows, which constraints |
//! | [`describe`], [`engine`] | sqlx, and SQLite's words as carets |
//! | [`postgres`] | what the checks ask Postgres |
//! | [`cache`] | what sqlx's macros read |

mod cache;
mod conflicts;
mod describe;
mod engine;
mod fault;
mod kinds;
mod migrations;
mod naming;
mod owned;
mod parameters;
pub mod postgres;
mod result;
mod statement;
mod tables;
mod text;
mod typer;
mod types;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::diagnostics::codes::sql as codes;
use crate::diagnostics::{Diagnostic, Sink};
use crate::ir;
use crate::ir::types::Ty;
use crate::source::{FileId, Span};
pub use statement::statement;

/// One owner's migrations, as found in its folder.
#[derive(Debug, Clone)]
pub struct OwnerMigrations {
    /// The bot's id: name in `bf_migrations.owner`.
    pub owner: String,
    /// The owner's `bot.yaml`, for findings about a folder.
    pub place: Span,
    /// Every `.sql` file below `migrations/`.
    pub files: Vec<MigrationFile>,
}

/// One file.
#[derive(Debug, Clone)]
pub struct MigrationFile {
    /// Relative to `migrations/`: `0001_init.sql`, `sqlite/0001_init.sql`.
    pub name: String,
    /// Its place in the source map.
    pub file: FileId,
    /// Its contents.
    pub text: String,
}

/// Tables of the deployment, and the check database.
#[derive(Debug, Default)]
pub struct Schema {
    tables: tables::Tables,
    owners: BTreeMap<String, migrations::Owner>,
    database: Option<describe::Database>,
}

impl Schema {
    /// Applies the runtime's migrations (SQLite's own text) and every owner's to one in-memory database.
    /// What is wrong with one owner's files is reported and does not hide the others.
    pub fn build(owners: &[OwnerMigrations], runtime_migrations: &str, sink: &mut Sink) -> Self {
        let database = describe::Database::open().and_then(|database| {
            database.run(runtime_migrations)?;
            Ok(database)
        });
        let database = match database {
            Ok(database) => Some(database),
            Err(words) => {
                if let Some(owner) = owners.first() {
                    sink.report(
                        Diagnostic::new(
                            &codes::DATABASE,
                            owner.place,
                            format!("the check database does not work: {words}"),
                        )
                        .help("this is a fault of botgen or of the machine, not of the bot"),
                    );
                }
                None
            }
        };
        let place = owners.first().map(|o| o.place);
        let built = text::with_stack(true, || migrations::build(owners, database.as_ref(), sink));
        let (tables, owners) = match (built, place) {
            (Ok(built), _) => built,
            (Err(fault), Some(place)) => {
                sink.report(Diagnostic::new(&codes::DATABASE, place, fault.message()));
                Default::default()
            }
            (Err(_), None) => Default::default(),
        };
        Self {
            tables,
            owners,
            database,
        }
    }

    /// The owner's migrations, translated; in order. Empty for an unknown owner.
    pub fn migrations_of(&self, owner: &str) -> Vec<ir::Migration> {
        self.owners
            .get(owner)
            .map(|o| o.migrations.clone())
            .unwrap_or_default()
    }
}

/// Which block a statement stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `action.sql_query.v1`: reads.
    Query,
    /// `action.sql_exec.v1`: writes.
    Exec,
}

/// A statement that was proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// In [`FlowCx::queries`](crate::check::FlowCx::queries).
    pub query: ir::sql::QueryId,
    /// Type of `result_var`, where there is one.
    pub result: Option<Ty>,
    /// It may violate a constraint of the migrations (then `on_conflict` is there).
    pub may_conflict: bool,
}
