//! CREATE INDEX and VIEW.

use std::ops::Range;

use sqlparser::ast::{CreateIndex, CreateView, Expr, Query, SetExpr, Spanned};

use super::{Builder, Index, Source};
use crate::check::sql::fault::Fault;
use crate::check::sql::tables::{self, Column, Foreign, Key, Table};
use crate::check::sql::text::{Edits, range};
use crate::check::sql::typer::{Results, Typer, last};
use crate::diagnostics::codes::sql as codes;
use crate::diagnostics::meant;

impl Builder<'_> {
    pub(super) fn create_index(
        &mut self,
        source: &Source<'_>,
        create: &CreateIndex,
        edits: &mut Edits,
    ) {
        let at = range(create.table_name.span());
        let Some(name) = create.name.as_ref() else {
            self.form(
                source,
                at,
                "an index needs a name on SQLite",
                "write CREATE INDEX name ON …",
            );
            return;
        };
        let index = last(name);
        let place = range(name.span());
        if create.concurrently && source.postgres {
            self.form(
                source,
                place.clone(),
                "CONCURRENTLY cannot run in a transaction, and every migration does",
                "leave it out",
            );
        } else if source.postgres {
        } else if create.concurrently
            || create.using.is_some()
            || !create.include.is_empty()
            || create.nulls_distinct.is_some()
            || !create.with.is_empty()
        {
            self.form(
                source,
                place.clone(),
                "CONCURRENTLY, USING, INCLUDE, NULLS DISTINCT and WITH are Postgres's",
                "leave them out",
            );
        }
        if self.reserved(source, &index, &place) {
            return;
        }
        if let Some(before) = self.indexes.get(&index.to_ascii_lowercase()) {
            let fault = Fault::new(
                &codes::TAKEN,
                place,
                format!("`{index}` is an index already"),
            )
            .note(before.defined, "made here")
            .help("names of indexes are shared by all tables of all bots");
            self.report(fault, source);
            return;
        }
        let wanted = last(&create.table_name);
        let Some(table) = self
            .tables
            .get(&wanted)
            .filter(|t| t.owner == self.owner && !t.view)
            .cloned()
        else {
            self.unknown_table(source, &wanted, at);
            return;
        };
        let mut columns = Vec::new();
        let mut partial = false;
        for column in &create.columns {
            match &column.column.expr {
                Expr::Identifier(name) => {
                    self.own_column(source, &table, name);
                    columns.push(name.value.to_ascii_lowercase());
                }
                expr => {
                    partial = true;
                    let mut typer = Typer::new(&self.tables, source.lexed, self.owner, &[]);
                    typer.in_migration = true;
                    columns.extend(typer.row_expression(expr, &table));
                    self.take(source, typer.faults, typer.edits, edits);
                }
            }
        }
        if let Some(predicate) = &create.predicate {
            partial = true;
            let mut typer = Typer::new(&self.tables, source.lexed, self.owner, &[]);
            typer.in_migration = true;
            let mentioned = typer.row_condition(predicate, &table, "WHERE");
            columns.extend(mentioned);
            self.take(source, typer.faults, typer.edits, edits);
        }
        columns.dedup();
        let defined = source.span(place);
        self.indexes.insert(
            index.to_ascii_lowercase(),
            Index {
                table: wanted.to_ascii_lowercase(),
                owner: self.owner.to_owned(),
                defined,
            },
        );
        if !create.unique
            && let Some(table) = self.tables.get_mut(&wanted)
        {
            let (name, columns) = (index, columns);
            table.indexes.push(tables::Index { name, columns });
            return;
        }
        if create.unique
            && let Some(table) = self.tables.get_mut(&wanted)
        {
            table.keys.push(Key {
                name: Some(index),
                columns,
                primary: false,
                partial,
                defined,
            });
        }
    }

    pub(super) fn unknown_table(&mut self, source: &Source<'_>, wanted: &str, at: Range<usize>) {
        let own: Vec<String> = self
            .tables
            .iter()
            .filter(|t| t.owner == self.owner)
            .map(|t| t.name.clone())
            .collect();
        let (help, near) = match self.tables.get(wanted) {
            Some(other) if other.owner != self.owner => {
                let whose = format!(
                    "it belongs to `{}`, whose migrations change it",
                    other.owner
                );
                (Some(whose), None)
            }
            _ => (None, meant(wanted, own.iter().map(String::as_str))),
        };
        self.report(
            Fault::new(
                &codes::UNKNOWN_TABLE,
                at,
                format!("there is no table `{wanted}` in these migrations"),
            )
            .maybe_help(help)
            .suggest(wanted, near),
            source,
        );
    }

    pub(super) fn create_view(
        &mut self,
        source: &Source<'_>,
        create: &CreateView,
        edits: &mut Edits,
    ) {
        let name = last(&create.name);
        let at = range(create.name.span());
        if create.or_replace || create.materialized || create.temporary {
            self.form(
                source,
                at.clone(),
                "a view is made once: OR REPLACE and MATERIALIZED are not supported",
                "write DROP VIEW before CREATE VIEW",
            );
        }
        if !self.fresh(source, &name, &at) {
            return;
        }
        let mut typer = Typer::new(&self.tables, source.lexed, self.owner, &[]);
        typer.in_migration = true;
        let results = typer.query(&create.query, false);
        let mut owned: Vec<String> = typer
            .relations
            .iter()
            .filter_map(|r| self.tables.get(r.table.as_ref()?))
            .flat_map(|t| t.owned.clone())
            .collect();
        owned.sort();
        owned.dedup();
        let mut columns = Vec::new();
        for (i, out) in results.outputs.iter().enumerate() {
            let renamed = create.columns.get(i).map(|c| c.name.value.clone());
            let Some(name) = renamed.or_else(|| out.name.clone()) else {
                typer.faults.push(
                    Fault::new(
                        &codes::COLUMN_NAME,
                        out.typed.range.clone(),
                        "this column of the view has no name",
                    )
                    .help("write `… AS name`"),
                );
                continue;
            };
            if out.typed.untyped && out.typed.base.is_none() {
                let text = source.lexed.slice(&out.typed.range);
                let fault = crate::check::sql::typer::untyped(&out.typed, text);
                typer.faults.push(fault);
            }
            columns.push(Column {
                name,
                base: out.typed.base.clone(),
                null: out.typed.null,
                default: false,
                default_text: None,
                serial: false,
                defined: source.span(out.typed.range.clone()),
            });
        }
        let (keys, shows) = passed_on(&typer, &create.query, &results, &columns);
        let (faults, from) = (typer.faults, typer.edits);
        self.take(source, faults, from, edits);
        self.tables.insert(Table {
            name,
            owner: self.owner.to_owned(),
            defined: source.span(at),
            columns,
            keys,
            checks: Vec::new(),
            foreign: Vec::new(),
            indexes: Vec::new(),
            shows,
            seeds: 0,
            view: true,
            owned,
        });
    }
}

/// Keys and references that a view's rows have because those of its table have them.
fn passed_on(
    typer: &Typer<'_>,
    query: &Query,
    results: &Results,
    columns: &[Column],
) -> (Vec<Key>, Vec<Foreign>) {
    // The view's name of a table's column.
    let shown = |table: &Table, name: &String| {
        results
            .outputs
            .iter()
            .zip(columns)
            .find(|(out, _)| {
                out.origin.as_ref().is_some_and(|(t, c)| {
                    t.eq_ignore_ascii_case(&table.name) && c.eq_ignore_ascii_case(name)
                })
            })
            .map(|(_, column)| column.name.to_ascii_lowercase())
    };
    let all = |table: &Table, names: &[String]| -> Option<Vec<String>> {
        names.iter().map(|n| shown(table, n)).collect()
    };
    let named = typer.relations.iter().filter_map(|r| r.table.as_ref());
    let list: Vec<&Table> = named.filter_map(|t| typer.tables.get(t)).collect();
    let mut shows = Vec::new();
    for table in &list {
        for fk in table.foreign.iter().chain(&table.shows) {
            if let Some(columns) = all(table, &fk.columns) {
                shows.push(Foreign {
                    columns,
                    ..fk.clone()
                });
            }
        }
    }
    let mut keys = Vec::new();
    if let (SetExpr::Select(_), [table]) = (&*query.body, &list[..])
        && typer.relations.len() == 1
    {
        for key in table.keys.iter().filter(|k| !k.partial) {
            if let Some(columns) = all(table, &key.columns) {
                keys.push(Key {
                    columns,
                    ..key.clone()
                });
            }
        }
    }
    (keys, shows)
}
