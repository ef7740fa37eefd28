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
//! | [`people`] | which rows are a person's, for export and erasure |
//! | [`recipients`], [`segments`] | what an audience's query gives, segments that a statement names |
//! | [`runtime`] | the views of the runtime that bots may read |
//! | [`pages`] | the queries behind a list that is shown in pages |
//! | [`lint`] | what runs, and still is not meant |
//! | [`describe`], [`engine`] | sqlx, and SQLite's words as carets |
//! | [`postgres`], [`last_word`] | what the checks ask Postgres, and what becomes of its answer |
//! | [`kept`] | the files of its answers |
//! | [`cache`] | what sqlx's macros read |
//! | [`compare`] | both engines' tables and statements side by side |

mod cache;
pub mod compare;
mod conflicts;
mod describe;
mod engine;
mod fault;
pub mod kept;
mod kinds;
mod last_word;
pub mod lint;
mod migrations;
mod naming;
mod owned;
pub mod pages;
mod parameters;
mod people;
pub mod postgres;
mod recipients;
mod result;
mod runtime;
mod segments;
mod statement;
mod tables;
mod text;
mod typer;
mod types;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use sha2::{Digest, Sha256};

use crate::diagnostics::codes::sql as codes;
use crate::diagnostics::{Diagnostic, Sink};
use crate::ir;
use crate::ir::types::Ty;
use crate::source::{FileId, Span};
use crate::{Engine, Options};
pub use statement::statement;

/// One owner's migrations, as found in its folder.
#[derive(Debug, Clone)]
pub struct OwnerMigrations {
    /// The bot's id: name in `bf_migrations.owner`.
    pub owner: String,
    /// The folder of the bot that brings them, for what to run.
    pub folder: String,
    /// The owner's `bot.yaml`, for findings about a folder.
    pub place: Span,
    /// Every `.sql` file below `migrations/`.
    pub files: Vec<MigrationFile>,
    /// A file could not be read (reported): what is missing may stand there.
    pub incomplete: bool,
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
    /// The engine that everything is proven on.
    pub engine: Engine,
    tables: tables::Tables,
    owners: BTreeMap<String, migrations::Owner>,
    database: Option<Check>,
    /// What was said once and for all: bots whose kept answers are old, a server that is gone.
    said: Mutex<BTreeSet<String>>,
}

/// Who has the last word.
#[derive(Debug)]
enum Check {
    /// A private one in memory.
    Sqlite(describe::Database),
    /// A server, or what was kept of its answers.
    Postgres(Box<dyn postgres::Database>),
}

impl Schema {
    /// Applies every owner's migrations to one database; on SQLite the runtime's (`runtime_migrations`) before.
    /// What is wrong with one owner's files is reported and does not hide the others.
    pub fn build(
        owners: &[OwnerMigrations],
        runtime_migrations: &str,
        options: &Options,
        sink: &mut Sink,
    ) -> Self {
        let engine = options.engine;
        let database = match (engine, &options.postgres) {
            (Engine::Sqlite, _) => describe::Database::open().and_then(|database| {
                database.run(runtime_migrations)?;
                Ok(Check::Sqlite(database))
            }),
            // No name of a bot can meet the runtime's: `bf_` is refused.
            (Engine::Postgres, Some(oracle)) => oracle.open().and_then(|database| {
                database.prepare(runtime::POSTGRES)?;
                Ok(Check::Postgres(database))
            }),
            (Engine::Postgres, None) => Err("nobody answers for Postgres".to_owned()),
        };
        let database = match database {
            Ok(database) => Some(database),
            Err(words) => {
                if let Some(owner) = owners.first() {
                    sink.report(no_database(owner.place, engine, &words));
                }
                None
            }
        };
        let place = owners.first().map(|o| o.place);
        let built = text::with_stack(true, || {
            migrations::build(owners, engine, database.as_ref(), sink)
        });
        let (tables, owners) = match (built, place) {
            (Ok(built), _) => built,
            (Err(fault), Some(place)) => {
                sink.report(Diagnostic::new(&codes::DATABASE, place, fault.message()));
                Default::default()
            }
            (Err(_), None) => Default::default(),
        };
        Self {
            engine,
            tables,
            owners,
            database,
            said: Mutex::default(),
        }
    }

    /// Whether every owner's tables are known.
    pub fn is_whole(&self) -> bool {
        self.database.is_some() && self.owners.values().all(|o| !o.broken && !o.stale)
    }

    /// True the first time.
    fn say_once(&self, what: &str) -> bool {
        let mut said = self
            .said
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        said.insert(what.to_owned())
    }

    /// Notes which tables a bot writes.
    pub fn learn_writes(&mut self, bot: &crate::syntax::ast::Bot) {
        self.tables.written.extend(lint::written(bot));
    }

    /// The owner's tables, without views; those that refer to others come first, so that rows can go in this order.
    pub fn tables_of(&self, owner: &str) -> Vec<ir::Table> {
        let own = |table: &&tables::Table| table.owner == owner && !table.view;
        in_order_of_going(self.tables.iter().filter(own).collect())
    }

    /// The owner's migrations, translated; in order. Empty for an unknown owner.
    pub fn migrations_of(&self, owner: &str) -> Vec<ir::Migration> {
        self.owners
            .get(owner)
            .map(|o| o.migrations.clone())
            .unwrap_or_default()
    }
}

/// See [`Schema::tables_of`].
fn in_order_of_going(mut waiting: Vec<&tables::Table>) -> Vec<ir::Table> {
    let refers = |from: &tables::Table, to: &tables::Table| {
        from.foreign
            .iter()
            .any(|foreign| foreign.table.eq_ignore_ascii_case(&to.name))
    };
    let mut done = Vec::new();
    while !waiting.is_empty() {
        let free = waiting.iter().position(|table| {
            let others = waiting.iter().filter(|other| other.name != table.name);
            !others.into_iter().any(|other| refers(other, table))
        });
        let table = waiting.remove(free.unwrap_or(0));
        let has = |column: &str| table.owned.iter().any(|owned| owned == column);
        done.push(ir::Table {
            name: table.name.clone(),
            bot: has("bot_id"),
            person: has("user_id"),
            seeded: table.seeds > 0,
            ring: free.is_none() || refers(table, table),
        });
    }
    done
}

/// Which block a statement stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `action.sql_query.v1`: reads.
    Query,
    /// `action.sql_exec.v1`: writes.
    Exec,
    /// `min`, `max` and `disabled` of `widget.calendar.v1`: reads one column, however many rows.
    Moments,
    /// `source` of `widget.pagination.v1`: reads, a page at a time ([`pages`]).
    Source,
    /// `audience` of `ops.broadcast.v1`: reads one column, whole numbers; rows of all people of the bot.
    Audience,
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
    /// What is known of the rows' order.
    pub order: pages::Order,
}

/// The key of a kept answer: a hash of everything before it and of its text.
fn key_of(before: &str, sql: &str) -> String {
    let mut sha = Sha256::new();
    sha.update(before);
    sha.update([0]);
    sha.update(sql);
    let mut key = String::with_capacity(64);
    for byte in sha.finalize() {
        use std::fmt::Write as _;
        let _ = write!(key, "{byte:02x}");
    }
    key
}

fn no_database(place: Span, engine: Engine, words: &str) -> Diagnostic {
    let name = engine.name();
    Diagnostic::new(
        &codes::DATABASE,
        place,
        match engine {
            Engine::Sqlite => format!("the check database does not work: {words}"),
            Engine::Postgres => format!("there is no {name} to check on: {words}"),
        },
    )
    .help(match engine {
        Engine::Sqlite => "this is a fault of botgen or of the machine, not of the bot",
        Engine::Postgres => "install Postgres's server, or name a database in BOTGEN_DATABASE_URL",
    })
}

/// The kept answers of Postgres lack something.
fn stale(place: Span, bot: &str) -> Diagnostic {
    Diagnostic::new(
        &codes::STALE,
        place,
        "`sqlx/` holds no answer of Postgres to this: it is new, or something before it has changed",
    )
    .help(format!("run `cargo botgen prepare {bot}`"))
}
