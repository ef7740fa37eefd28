//! CREATE TABLE, INDEX, VIEW.

mod constraints;

use std::ops::Range;

use sqlparser::ast::{
    ColumnDef, ColumnOption, CreateTable, Expr, Ident, IndexColumn, Spanned, TableConstraint,
};
use sqlparser::tokenizer::Token;

use super::{Builder, Source};
use crate::check::sql::fault::Fault;
use crate::check::sql::tables::{Check, Column, Key, Table};
use crate::check::sql::text::{Edits, range};
use crate::check::sql::typer::{Typer, last};
use crate::check::sql::types;
use crate::diagnostics::codes::sql as codes;
use crate::ir::types::Base;

/// Without it SQLite gives the number of a row that was deleted to another one, which Postgres never does: a button of an
/// old message would find somebody else's row.
const COUNTS_ON: &str = " AUTOINCREMENT";

impl Builder<'_> {
    pub(super) fn form(
        &mut self,
        source: &Source<'_>,
        at: Range<usize>,
        message: &str,
        help: &str,
    ) {
        self.report(
            Fault::new(&codes::MIGRATION_FORM, at, message).help(help),
            source,
        );
    }

    pub(super) fn create_table(
        &mut self,
        source: &Source<'_>,
        create: &CreateTable,
        edits: &mut Edits,
    ) {
        let name = last(&create.name);
        let at = range(create.name.span());
        if create.name.0.len() > 1 {
            self.form(
                source,
                at.clone(),
                "a table is named without a schema",
                &format!("write `{name}`"),
            );
        }
        if create.temporary || create.query.is_some() || create.like.is_some() {
            self.form(
                source,
                at.clone(),
                "a table is made with its columns",
                "write CREATE TABLE name (column TYPE, …)",
            );
        }
        if !self.fresh(source, &name, &at) {
            return;
        }
        let mut table = Table {
            name,
            owner: self.owner.to_owned(),
            defined: source.span(at.clone()),
            columns: Vec::new(),
            keys: Vec::new(),
            checks: Vec::new(),
            foreign: Vec::new(),
            indexes: Vec::new(),
            shows: Vec::new(),
            seeds: 0,
            view: false,
            owned: Vec::new(),
        };
        // A key of one column in the constraints makes it a serial's key too.
        let single_key: Option<String> = create.constraints.iter().find_map(|c| match c {
            TableConstraint::PrimaryKey(key) => match &key.columns[..] {
                [only] => index_column(only),
                _ => None,
            },
            _ => None,
        });
        for column in &create.columns {
            self.column(source, &mut table, column, single_key.as_deref(), edits);
        }
        for constraint in &create.constraints {
            self.table_constraint(source, &mut table, constraint);
        }
        for constraint in &create.constraints {
            let TableConstraint::PrimaryKey(key) = constraint else {
                continue;
            };
            let counts = |name: &str| table.column(name).is_some_and(|(_, c)| c.serial);
            if let [column] = key.columns.as_slice()
                && index_column(column).is_some_and(|name| counts(&name))
                && !source.sqlite
                && !source.postgres
            {
                let end = range(column.column.span()).end;
                edits.replace(end..end, COUNTS_ON);
            }
        }
        table.own();
        self.tables.insert(table.clone());
        self.expressions(
            source,
            &table.name,
            create.columns.iter(),
            &create.constraints,
            edits,
        );
        let foreign = table.foreign.len();
        for i in 0..foreign {
            self.check_foreign(source, &table.name, i);
        }
    }

    /// A column: its type is translated, its keys and references are noted.
    pub(super) fn column(
        &mut self,
        source: &Source<'_>,
        table: &mut Table,
        def: &ColumnDef,
        single_key: Option<&str>,
        edits: &mut Edits,
    ) {
        let lexed = source.lexed;
        let at = range(def.name.span);
        let name = def.name.value.clone();
        if let Some((_, before)) = table.column(&name) {
            let fault = Fault::new(&codes::TAKEN, at, format!("`{name}` is there already"))
                .note(before.defined, "first here");
            self.report(fault, source);
            return;
        }
        let first = lexed
            .token_at(at.end.saturating_sub(1))
            .map_or(0, |i| i + 1);
        let tokens = lexed.tokens.get(first..).unwrap_or_default();
        let read = if source.sqlite {
            types::read_sqlite(tokens)
        } else {
            types::read(tokens)
        };
        let mut column = Column {
            name: name.clone(),
            base: None,
            null: true,
            default: false,
            default_text: None,
            serial: false,
            defined: source.span(at.clone()),
        };
        let mut serial = false;
        match read {
            Ok(written) => {
                let place = lexed.bytes(&(first..first + written.tokens));
                let spelled = match source.postgres {
                    true => written.on_postgres(),
                    false => Some(written.sqlite.to_owned()),
                };
                if let Some(spelled) = spelled
                    && lexed.slice(&place) != spelled
                {
                    edits.replace(place, spelled);
                }
                serial = written.serial;
                column.base = Some(written.base);
            }
            Err(unknown) => {
                let place = if unknown.tokens == 0 {
                    at.clone()
                } else {
                    lexed.bytes(&(first..first + unknown.tokens))
                };
                self.form(source, place, &unknown.message, &unknown.help);
            }
        }
        let lower = name.to_ascii_lowercase();
        let mut primary = single_key.is_some_and(|k| k == lower);
        // Where PRIMARY KEY ends, if it stands at the column.
        let mut keyed = None;
        // The column's own words, and those in parentheses among them: up to the next column, the table's end, or the statement's.
        let level = first
            .checked_sub(1)
            .and_then(|i| lexed.tokens.get(i)?.within);
        let end = level.and_then(|open| lexed.tokens.get(open)?.pair);
        let own = |i: &usize| lexed.tokens[*i].within == level;
        let words = (first..end.unwrap_or(lexed.tokens.len()))
            .take_while(|i| {
                !own(i) || !matches!(lexed.tokens[*i].token, Token::Comma | Token::SemiColon)
            })
            .collect::<Vec<_>>();
        let word = |wanted: &[&str]| {
            let mut words = words.iter().map(|i| &lexed.tokens[*i]);
            let found = words.find(|token| wanted.iter().any(|w| token.is_word(w)));
            found.map_or(at.clone(), |token| token.range.clone())
        };
        // As Postgres's the parser passes it over.
        let counts = words
            .iter()
            .find(|i| own(i) && lexed.tokens[**i].is_word("AUTOINCREMENT"));
        if let (false, Some(i)) = (source.sqlite, counts) {
            self.form(
                source,
                lexed.tokens[*i].range.clone(),
                "`AUTOINCREMENT` is SQLite's own",
                &format!(
                    "write `{} BIGSERIAL PRIMARY KEY`, which counts up on both engines",
                    column.name
                ),
            );
        }
        for option in &def.options {
            match &option.option {
                ColumnOption::Null => {}
                ColumnOption::NotNull => column.null = false,
                ColumnOption::Default(value) => {
                    column.default = true;
                    column.default_text = Some(default_text(value));
                }
                ColumnOption::PrimaryKey(_) => {
                    primary = true;
                    let key = word(&["KEY"]);
                    keyed = (key != at).then_some(key.end);
                    table.keys.push(Key {
                        name: None,
                        columns: vec![lower.clone()],
                        primary: true,
                        partial: false,
                        defined: source.span(word(&["PRIMARY"])),
                    });
                }
                ColumnOption::Unique(_) => table.keys.push(Key {
                    name: option.name.as_ref().map(|n| n.value.clone()),
                    columns: vec![lower.clone()],
                    primary: false,
                    partial: false,
                    defined: source.span(word(&["UNIQUE"])),
                }),
                ColumnOption::ForeignKey(key) => {
                    let place = word(&["REFERENCES"]);
                    let name = option.name.as_ref();
                    self.foreign(source, table, key, vec![lower.clone()], name, place);
                }
                ColumnOption::Check(_) => {}
                ColumnOption::Generated {
                    generation_expr: None,
                    ..
                } => {
                    // GENERATED … AS IDENTITY says what SERIAL says.
                    serial = true;
                    if source.postgres {
                        continue;
                    }
                    let from = word(&["GENERATED"]);
                    let mut to = word(&["IDENTITY"]);
                    if let Some(open) = lexed
                        .token_at(to.end.saturating_sub(1))
                        .and_then(|i| lexed.tokens.get(i + 1))
                        && let (Token::LParen, Some(close)) = (&open.token, open.pair)
                    {
                        to.end = lexed.tokens[close].range.end;
                    }
                    edits.replace(from.start..to.end, "");
                }
                // Said above, or SQLite's own.
                ColumnOption::DialectSpecific(list)
                    if list
                        .iter()
                        .any(|t| t.to_string().eq_ignore_ascii_case("AUTOINCREMENT")) => {}
                ColumnOption::Collation(_) if source.sqlite || source.postgres => {}
                // Computed: nobody gives it.
                ColumnOption::Generated { .. } if source.postgres => column.default = true,
                other => {
                    let place = range(option.span());
                    let place = if place.is_empty() { at.clone() } else { place };
                    self.form(
                        source,
                        place,
                        &format!("`{}` cannot be expressed for both engines", short(&other.to_string())),
                        "where the engines must differ, write `migrations/sqlite/` and `migrations/postgres/`",
                    );
                }
            }
        }
        if let (true, false, false, Some(end)) = (serial, source.sqlite, source.postgres, keyed) {
            edits.replace(end..end, COUNTS_ON);
        }
        if serial {
            column.null = false;
            if !primary && !source.postgres {
                self.form(
                    source,
                    at.clone(),
                    "only a primary key counts up by itself on SQLite",
                    "write `id BIGSERIAL PRIMARY KEY`",
                );
            }
        }
        if primary {
            column.null = false;
            // SQLite's own INTEGER PRIMARY KEY counts up.
            serial |= source.sqlite && column.base == Some(Base::Int);
        }
        column.serial = serial;
        table.columns.push(column);
    }

    /// Defaults and CHECKs, typed with the table's columns.
    pub(super) fn expressions<'c>(
        &mut self,
        source: &Source<'_>,
        name: &str,
        columns: impl Iterator<Item = &'c ColumnDef>,
        constraints: &[TableConstraint],
        edits: &mut Edits,
    ) {
        let Some(table) = self.tables.get(name).cloned() else {
            return;
        };
        let mut checks: Vec<(Option<&Ident>, &Expr)> = Vec::new();
        for def in columns {
            for option in &def.options {
                match &option.option {
                    ColumnOption::Default(expr) => {
                        let column = table.column(&def.name.value).map(|(_, c)| c);
                        let mut typer = Typer::new(&self.tables, source.lexed, self.owner, &[]);
                        typer.in_migration = true;
                        typer.default(expr, column, &table);
                        self.take(source, typer.faults, typer.edits, edits);
                    }
                    ColumnOption::Check(check) => checks.push((option.name.as_ref(), &check.expr)),
                    _ => {}
                }
            }
        }
        for constraint in constraints {
            if let TableConstraint::Check(check) = constraint {
                checks.push((check.name.as_ref(), &check.expr));
            }
        }
        for (label, expr) in checks {
            let mut typer = Typer::new(&self.tables, source.lexed, self.owner, &[]);
            typer.in_migration = true;
            let mentioned = typer.row_condition(expr, &table, "CHECK");
            self.take(source, typer.faults, typer.edits, edits);
            if let Some(table) = self.tables.get_mut(name) {
                table.checks.push(Check {
                    name: label.map(|n| n.value.clone()),
                    columns: mentioned,
                    defined: source.span(source.lexed.expr(expr)),
                });
            }
        }
    }

    pub(super) fn take(
        &mut self,
        source: &Source<'_>,
        faults: Vec<Fault>,
        mut from: Edits,
        edits: &mut Edits,
    ) {
        edits.0.append(&mut from.0);
        for fault in faults {
            self.report(fault, source);
        }
    }
}

/// A DEFAULT in one spelling.
pub(super) fn default_text(value: &Expr) -> String {
    let value = match value {
        Expr::Nested(inner) => return default_text(inner),
        Expr::Cast { expr, .. } => return default_text(expr),
        value => value.to_string(),
    };
    match value.to_ascii_uppercase().as_str() {
        "NOW()" | "CURRENT_TIMESTAMP" | "TRANSACTION_TIMESTAMP()" | "DATETIME('NOW')" => {
            "CURRENT_TIMESTAMP".to_owned()
        }
        "CURRENT_DATE" | "DATE('NOW')" => "CURRENT_DATE".to_owned(),
        "TRUE" => "1".to_owned(),
        "FALSE" => "0".to_owned(),
        _ => value,
    }
}

fn index_column(column: &IndexColumn) -> Option<String> {
    match &column.column.expr {
        Expr::Identifier(name) => Some(name.value.to_ascii_lowercase()),
        _ => None,
    }
}

fn short(text: &str) -> String {
    crate::check::sql::typer::short(text)
}
