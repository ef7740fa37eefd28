//! Migrations: numbered files per owner, translated to SQLite and applied to the check database.

mod alter;
mod alter_postgres;
mod create;
mod files;
mod views;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use sqlparser::ast::{ObjectType, Spanned, Statement};

use super::engine;
use super::fault::Fault;
use super::postgres::Refusal;
use super::tables::{Tables, is_reserved};
use super::text::{Edits, Lexed, lex, range};
use super::typer::{Typer, Verb};
use super::{Check, MigrationFile, OwnerMigrations, key_of, lint};
use crate::Engine;
use crate::diagnostics::codes::{files as files_codes, sql as codes};
use crate::diagnostics::{Severity, Sink};
use crate::ir;
use crate::source::{Span, Str};

/// Most statements of one file.
const STATEMENTS: usize = 2_000;

/// An owner's result.
#[derive(Debug, Default)]
pub struct Owner {
    /// Translated, in order.
    pub migrations: Vec<ir::Migration>,
    /// Something is wrong with its files: the check database does not have all its tables.
    pub broken: bool,
    /// The kept answers of Postgres lack some of its statements; that was said.
    pub stale: bool,
    /// Hash of all its statements.
    pub key: String,
}

/// Applies migrations in order.
pub(super) struct Builder<'a> {
    tables: Tables,
    indexes: BTreeMap<String, Index>,
    engine: Engine,
    database: Option<&'a Check>,
    owner: &'a str,
    folder: &'a str,
    /// The owner's `bot.yaml`.
    place: Span,
    broken: bool,
    /// A statement that could not be read may have made or dropped what seems to be missing.
    lost: bool,
    stale: bool,
    key: String,
    sink: &'a mut Sink,
}

/// An index: names are shared by all tables.
#[derive(Debug)]
struct Index {
    table: String,
    owner: String,
    defined: Span,
}

/// A file being applied.
pub(super) struct Source<'a> {
    lexed: &'a Lexed<'a>,
    place: Str,
    /// Of `migrations/sqlite/`: SQLite's own spellings are fine.
    sqlite: bool,
    /// Postgres gets it: what SQLite lacks is fine.
    postgres: bool,
}

impl Source<'_> {
    fn span(&self, range: Range<usize>) -> Span {
        self.place.span_of(range)
    }
}

/// Applies every owner's migrations.
pub(super) fn build(
    owners: &[OwnerMigrations],
    engine: Engine,
    database: Option<&Check>,
    sink: &mut Sink,
) -> (Tables, BTreeMap<String, Owner>) {
    let mut tables = super::runtime::tables();
    let mut indexes = BTreeMap::new();
    let mut done = BTreeMap::new();
    for owner in owners {
        if done.contains_key(&owner.owner) {
            continue;
        }
        let errors = sink.errors();
        let files = files::in_order(owner, engine, sink);
        let mut builder = Builder {
            tables,
            indexes,
            engine,
            database,
            owner: &owner.owner,
            folder: &owner.folder,
            place: owner.place,
            stale: false,
            lost: owner.incomplete,
            key: String::new(),
            broken: owner.incomplete || sink.errors() > errors,
            sink,
        };
        let migrations = files
            .iter()
            .map(|f| {
                let text = builder.apply(f.file, f.own);
                let (sqlite, postgres) = match engine {
                    Engine::Sqlite => (Some(text), None),
                    Engine::Postgres => (None, Some(text)),
                };
                ir::Migration {
                    version: f.version,
                    name: f.title.clone(),
                    sqlite,
                    postgres,
                }
            })
            .collect();
        let finished = Owner {
            migrations,
            broken: builder.broken,
            stale: builder.stale,
            key: builder.key,
        };
        (tables, indexes) = (builder.tables, builder.indexes);
        done.insert(owner.owner.clone(), finished);
    }
    (tables, done)
}

impl Builder<'_> {
    fn report(&mut self, fault: Fault, source: &Source<'_>) {
        if fault.code().severity == Severity::Error {
            self.broken = true;
        }
        if self.lost && fault.is_absence() {
            return;
        }
        self.sink.report(fault.at(&source.place));
    }

    /// Applies a file; gives the engine's text. `own`: it stands in the engine's own folder.
    fn apply(&mut self, file: &MigrationFile, own: bool) -> String {
        let text = file.text.as_str();
        let place = Str {
            value: text.to_owned(),
            span: Span {
                file: file.file,
                lo: 0,
                hi: u32::try_from(text.len()).unwrap_or(u32::MAX),
            },
            map: Arc::from([(0, 0)]),
        };
        let lexed = match lex(text, self.engine) {
            Ok(lexed) => lexed,
            Err(fault) => {
                (self.broken, self.lost) = (true, true);
                self.sink.report(fault.at(&place));
                return String::new();
            }
        };
        let source = Source {
            lexed: &lexed,
            place,
            sqlite: own && self.engine == Engine::Sqlite,
            postgres: self.engine == Engine::Postgres,
        };
        let statements = lexed.statements();
        if statements.is_empty() {
            let fault = Fault::new(&codes::FILES, 0..0, "this migration has no statement")
                .help("write one, or remove the file");
            self.report(fault, &source);
        }
        let mut edits = Edits::default();
        let bytes: Vec<_> = statements.iter().map(|s| lexed.bytes(s)).collect();
        let allows = lint::allow::read(&lexed, &bytes);
        let mut made = lint::migration::File::default();
        let mut findings = Vec::new();
        for (count, tokens) in statements.iter().enumerate() {
            if count == STATEMENTS {
                let at = source.lexed.bytes(tokens);
                let message = format!("the migration has more than {STATEMENTS} statements");
                let fault = Fault::new(&files_codes::TOO_LARGE, at, message)
                    .help("split it; one INSERT takes many rows: `VALUES (…), (…)`");
                self.report(fault, &source);
                break;
            }
            let mut found = Vec::new();
            self.statement(&source, tokens, &mut edits, &mut made, &mut found);
            findings.extend(found.into_iter().map(|f| (count, f)));
        }
        for fault in lint::allow::settle(&allows, findings, self.engine) {
            self.report(fault, &source);
        }
        edits.apply(text, 0..text.len())
    }

    fn statement(
        &mut self,
        source: &Source<'_>,
        tokens: &Range<usize>,
        edits: &mut Edits,
        made: &mut lint::migration::File,
        found: &mut Vec<Fault>,
    ) {
        let mut own = Edits::default();
        let errors = self.sink.errors();
        if let Some(fault) = unsupported(source, tokens) {
            self.report(fault, source);
            return;
        }
        match source.lexed.parse(tokens) {
            Ok(statement) => {
                let step = lint::migration::Step {
                    tables: &self.tables,
                    owner: self.owner,
                    lexed: source.lexed,
                    file: made,
                    engine: self.engine,
                };
                let said = step.check(&statement, tokens);
                self.apply_statement(source, &statement, tokens, &mut own);
                // A statement that is wrong is not judged by what it would do.
                if self.sink.errors() == errors {
                    found.extend(said);
                }
                made.note(&statement);
            }
            Err(fault) => {
                self.report(fault, source);
                let first = source.lexed.tokens.get(tokens.start);
                self.lost |=
                    first.is_some_and(|t| ["CREATE", "ALTER", "DROP"].iter().any(|w| t.is_word(w)));
            }
        }
        for fault in lint::calls::check(source.lexed, tokens, true) {
            self.report(fault, source);
        }
        if self.sink.errors() == errors && !self.broken {
            self.run(source, tokens, &own);
        }
        edits.0.append(&mut own.0);
    }

    /// The engine runs it.
    fn run(&mut self, source: &Source<'_>, tokens: &Range<usize>, edits: &Edits) {
        let lexed = source.lexed;
        let (sql, origins) = edits.apply_mapped(lexed.text, lexed.bytes(tokens));
        self.key = key_of(&self.key, &sql);
        match self.database {
            None => {}
            Some(Check::Sqlite(database)) => {
                if let Err(words) = database.run(&sql) {
                    let fault = engine::fault(&words, lexed, tokens, &codes::MIGRATION);
                    self.report(fault, source);
                }
            }
            Some(Check::Postgres(_)) if self.stale => {}
            Some(Check::Postgres(database)) => match database.run(&self.key, &sql) {
                Ok(()) => {}
                Err(Refusal::Refused {
                    sqlstate,
                    message,
                    position,
                    hint,
                }) => {
                    let at = position.and_then(|p| engine::byte_of(&sql, p));
                    let words = engine::Words {
                        sqlstate: &sqlstate,
                        message: &message,
                        hint: hint.as_deref(),
                        at: at.map(|byte| origins.old(byte)),
                    };
                    let fault = engine::refusal_as(&words, lexed, tokens, &codes::MIGRATION);
                    self.report(fault, source);
                }
                Err(Refusal::Missing) => {
                    self.stale = true;
                    let at = source.span(lexed.bytes(tokens));
                    self.sink.report(super::stale(at, self.folder));
                }
                Err(Refusal::Gone(words)) => {
                    self.stale = true;
                    let finding = super::no_database(self.place, self.engine, &words);
                    self.sink.report(finding);
                }
            },
        }
    }

    fn apply_statement(
        &mut self,
        source: &Source<'_>,
        statement: &Statement,
        tokens: &Range<usize>,
        edits: &mut Edits,
    ) {
        match statement {
            Statement::CreateTable(create) => self.create_table(source, create, edits),
            Statement::CreateIndex(create) => self.create_index(source, create, edits),
            Statement::CreateView(create) => self.create_view(source, create, edits),
            Statement::AlterTable(alter) => self.alter_table(source, alter, edits),
            Statement::Drop {
                object_type,
                names,
                cascade,
                if_exists,
                ..
            } => {
                let whole = source.lexed.bytes(tokens);
                if *cascade {
                    self.report(
                        Fault::new(
                            &codes::MIGRATION_FORM,
                            whole,
                            "CASCADE drops more than it names",
                        )
                        .help("drop what depends on it first"),
                        source,
                    );
                    return;
                }
                for name in names {
                    self.drop_one(source, *object_type, name, *if_exists);
                }
            }
            Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_) => {
                let mut typer = Typer::new(&self.tables, source.lexed, self.owner, &[]);
                typer.in_migration = true;
                let results = typer.statement(statement);
                let inserted = typer
                    .write
                    .as_ref()
                    .filter(|w| w.verb == Verb::Insert)
                    .map(|w| (w.table.clone(), results.most));
                let faults = std::mem::take(&mut typer.faults);
                edits.0.append(&mut typer.edits.0);
                if let Some((table, most)) = inserted
                    && let Some(table) = self.tables.get_mut(&table)
                {
                    table.seeds = table.seeds.saturating_add(most.unwrap_or(usize::MAX));
                }
                let parameter = source.lexed.tokens[tokens.clone()]
                    .iter()
                    .find(|t| matches!(t.token, sqlparser::tokenizer::Token::Placeholder(_)))
                    .map(|t| t.range.clone());
                for fault in faults {
                    self.report(fault, source);
                }
                if let Some(at) = parameter {
                    self.report(
                        Fault::new(&codes::MIGRATION_FORM, at, "a migration has no parameters"),
                        source,
                    );
                }
            }
            Statement::Query(_) => {
                let whole = source.lexed.bytes(tokens);
                self.report(
                    Fault::new(
                        &codes::MIGRATION_FORM,
                        whole,
                        "a migration changes something",
                    )
                    .help("a query stands in `action.sql_query.v1`"),
                    source,
                );
            }
            _ => {
                let first = source.lexed.tokens[tokens.start].range.clone();
                let at = first.start..source.lexed.bytes(tokens).end.min(first.end);
                self.report(
                    Fault::new(
                        &codes::MIGRATION_FORM,
                        at,
                        "a migration cannot hold this statement",
                    )
                    .help(SUPPORTED),
                    source,
                );
            }
        }
    }

    fn drop_one(
        &mut self,
        source: &Source<'_>,
        kind: ObjectType,
        name: &sqlparser::ast::ObjectName,
        if_exists: bool,
    ) {
        let at = range(name.span());
        let wanted = super::typer::last(name);
        if self.reserved(source, &wanted, &at) {
            return;
        }
        let found = match kind {
            ObjectType::Index => match self.indexes.get(&wanted.to_ascii_lowercase()) {
                Some(index) if index.owner == self.owner => {
                    let table = index.table.clone();
                    self.indexes.remove(&wanted.to_ascii_lowercase());
                    if let Some(table) = self.tables.get_mut(&table) {
                        table.keys.retain(|k| {
                            !k.name
                                .as_ref()
                                .is_some_and(|n| n.eq_ignore_ascii_case(&wanted))
                        });
                        table
                            .indexes
                            .retain(|i| !i.name.eq_ignore_ascii_case(&wanted));
                    }
                    true
                }
                _ => false,
            },
            ObjectType::Table | ObjectType::View => {
                let own = self
                    .tables
                    .get(&wanted)
                    .is_some_and(|t| t.owner == self.owner);
                if own {
                    self.tables.remove(&wanted);
                    let gone = wanted.to_ascii_lowercase();
                    self.indexes.retain(|_, i| i.table != gone);
                }
                own
            }
            _ => {
                self.report(
                    Fault::new(&codes::MIGRATION_FORM, at, "a migration cannot drop this")
                        .help(SUPPORTED),
                    source,
                );
                return;
            }
        };
        if !found && !if_exists {
            self.report(
                Fault::new(
                    &codes::UNKNOWN_TABLE,
                    at,
                    format!("`{wanted}` is not there to be dropped"),
                ),
                source,
            );
        }
    }

    /// Names of the runtime and of SQLite.
    fn reserved(&mut self, source: &Source<'_>, name: &str, at: &Range<usize>) -> bool {
        let reserved = is_reserved(name);
        if reserved {
            self.report(
                Fault::new(
                    &codes::RESERVED,
                    at.clone(),
                    format!("`{name}` belongs to the runtime, a bot cannot use it"),
                )
                .help("names that begin with `bf_`, `sqlite_` or `pg_` are taken"),
                source,
            );
        }
        reserved
    }

    /// A name for a new table or view. False: it cannot be used.
    fn fresh(&mut self, source: &Source<'_>, name: &str, at: &Range<usize>) -> bool {
        if self.reserved(source, name, at) {
            return false;
        }
        let Some(before) = self.tables.get(name) else {
            return true;
        };
        let (owner, defined) = (before.owner.clone(), before.defined);
        let fault = if owner == self.owner {
            Fault::new(
                &codes::TAKEN,
                at.clone(),
                format!("`{name}` exists already"),
            )
        } else {
            Fault::new(
                &codes::TAKEN,
                at.clone(),
                format!("`{name}` is a table of `{owner}`: all bots share one database"),
            )
            .help(format!(
                "name it `{}_{name}`; or share it: `migrations: ../{owner}/migrations`",
                self.owner
            ))
        };
        self.report(fault.note(defined, "made here"), source);
        false
    }
}

const SUPPORTED: &str =
    "migrations hold CREATE TABLE, INDEX and VIEW, ALTER TABLE, DROP, INSERT, UPDATE, DELETE";

/// Statements that the parser would read in surprising ways, or not at all.
fn unsupported(source: &Source<'_>, tokens: &Range<usize>) -> Option<Fault> {
    let list = &source.lexed.tokens[tokens.clone()];
    let brackets = list.iter().find(
        |t| matches!(&t.token, sqlparser::tokenizer::Token::Word(w) if w.quote_style == Some('[')),
    );
    if let Some(brackets) = brackets {
        return Some(
            Fault::new(
                &codes::MIGRATION_FORM,
                brackets.range.clone(),
                "an array cannot be a column",
            )
            .help("make a table of its own with one row per element"),
        );
    }
    let word = list.first()?.word()?;
    let help = match word.as_str() {
        "BEGIN" | "COMMIT" | "START" | "ROLLBACK" | "END" => {
            "every migration runs in a transaction: leave it out"
        }
        "PRAGMA" | "SET" | "VACUUM" | "ATTACH" => {
            "the runtime sets the connection up: leave it out"
        }
        "COMMENT" => "write it as an SQL comment: `-- …`",
        "GRANT" | "REVOKE" => "leave it out",
        "CREATE"
            if list.iter().take(4).any(|t| {
                [
                    "TRIGGER",
                    "FUNCTION",
                    "TYPE",
                    "EXTENSION",
                    "DOMAIN",
                    "SEQUENCE",
                    "PROCEDURE",
                    "SCHEMA",
                ]
                .iter()
                .any(|w| t.is_word(w))
            }) =>
        {
            SUPPORTED
        }
        _ => return None,
    };
    Some(
        Fault::new(
            &codes::MIGRATION_FORM,
            list.first()?.range.start..list.last()?.range.end,
            format!("a migration cannot hold {word}"),
        )
        .help(help),
    )
}
