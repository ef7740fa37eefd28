//! INSERT: its columns, its sources, and what it leaves out.

use std::collections::BTreeMap;
use std::ops::Range;

use sqlparser::ast::{Insert, SetExpr, Spanned, SqliteOnConflict, TableObject};

use super::{Handled, Verb, Write, projected};
use crate::check::sql::fault::Fault;
use crate::check::sql::tables::{Column, Table};
use crate::check::sql::text::range;
use crate::check::sql::typer::from::last;
use crate::check::sql::typer::select::Results;
use crate::check::sql::typer::{Fact, Frame, Simple, Typer};
use crate::diagnostics::codes::sql as codes;
use crate::diagnostics::meant;

impl<'a> Typer<'a> {
    pub(super) fn insert(&mut self, insert: &Insert) -> Results {
        self.frames.push(Frame::default());
        let results = self.insert_inner(insert);
        self.frames.pop();
        results
    }

    fn insert_inner(&mut self, insert: &Insert) -> Results {
        let verb = range(insert.insert_token.0.span);
        let TableObject::TableName(name) = &insert.table else {
            self.fault(Fault::new(&codes::SYNTAX, verb, "a table is named here"));
            return Results::default();
        };
        let rel = self.named(name, None);
        if let Some(alias) = &insert.table_alias {
            self.relations[rel].alias = alias.alias.value.clone();
        }
        let table = self.relations[rel].table.clone();
        let table = table.and_then(|t| self.table(&t));
        if table.is_some_and(|t| t.view) {
            let at = self.relations[rel].range.clone();
            self.fault(Fault::new(
                &codes::KIND,
                at,
                "a view cannot be inserted into",
            ));
        }
        // Names first, so that values can be looked at whatever is wrong with the table.
        let mut columns: Vec<Option<&'a Column>> = Vec::new();
        let mut given = BTreeMap::new();
        for name in &insert.columns {
            let wanted = last(name);
            let at = range(name.span());
            let column = table.and_then(|t| t.column(&wanted)).map(|(_, c)| c);
            if let (None, Some(table)) = (column, table) {
                let names = table.columns.iter().map(|c| c.name.as_str());
                self.fault(
                    Fault::new(
                        &codes::UNKNOWN_COLUMN,
                        at.clone(),
                        format!("there is no column `{wanted}` in `{}`", table.name),
                    )
                    .suggest(&wanted, meant(&wanted, names)),
                );
            }
            if given.insert(wanted.to_ascii_lowercase(), None).is_some() {
                self.fault(Fault::new(
                    &codes::SYNTAX,
                    at,
                    format!("`{wanted}` is given twice"),
                ));
            }
            columns.push(column);
        }
        if insert.columns.is_empty()
            && let (Some(table), Some(_)) = (table, &insert.source)
        {
            columns = table.columns.iter().map(Some).collect();
            given = table
                .columns
                .iter()
                .map(|c| (c.name.to_ascii_lowercase(), None))
                .collect();
        }
        self.or_clause(insert.or, insert.replace_into, &verb);
        let (rows, always) = self.source(insert, &columns, &mut given, rel, table);
        let most = match &insert.source {
            Some(source) => self.most_of_query(source),
            None => Some(1),
        };
        if let Some(table) = table {
            // A misspelt column is the missing one.
            if insert.columns.is_empty() || columns.iter().all(Option::is_some) {
                self.missing(table, &given, &verb);
            }
            let handled = match &insert.or {
                Some(SqliteOnConflict::Ignore) => Handled::All(true),
                _ => Handled::Nothing,
            };
            self.write = Some(Write {
                verb: Verb::Insert,
                relation: rel,
                table: table.name.clone(),
                given,
                handled,
                updated: Vec::new(),
                filtered: false,
                range: verb,
            });
        }
        self.frame().relations = vec![rel];
        let mut certain = always && rows > 0 && insert.or.is_none();
        if let Some(on) = &insert.on {
            certain &= self.on_conflict(on, rel, table);
        }
        let outputs = self.returning(insert.returning.as_deref());
        Results::returned(outputs, certain, most)
    }

    /// What is inserted. Gives the number of rows, and whether they are certain.
    pub(super) fn source(
        &mut self,
        insert: &Insert,
        columns: &[Option<&Column>],
        given: &mut BTreeMap<String, Option<&'static str>>,
        rel: usize,
        table: Option<&Table>,
    ) -> (usize, bool) {
        let Some(source) = &insert.source else {
            return (1, true); // DEFAULT VALUES
        };
        let count = |this: &mut Self, has: usize, at: Range<usize>| {
            let wants = columns.len();
            if has != wants && table.is_some() {
                this.fault(Fault::new(
                    &codes::SHAPE,
                    at,
                    format!("{has} values for {wants} columns"),
                ));
            }
        };
        // Owner columns: the built-in that every row stores.
        let mut stored: Vec<Option<&'static str>> = Vec::new();
        let mut merge = |row: Vec<Option<&'static str>>| {
            if stored.is_empty() {
                stored = row;
            } else {
                for (all, one) in stored.iter_mut().zip(row) {
                    if *all != one {
                        *all = None;
                    }
                }
            }
        };
        let result = match &*source.body {
            SetExpr::Values(values) if source.with.is_none() => {
                for row in &values.rows {
                    let at =
                        range(row.opening_token.0.span).start..range(row.closing_token.0.span).end;
                    count(self, row.content.len(), at);
                    let mut owners = Vec::new();
                    for (i, expr) in row.content.iter().enumerate() {
                        let typed = self.infer(expr);
                        owners.push(self.owner_of(&typed));
                        if let Some(Some(column)) = columns.get(i) {
                            self.note_stored(&column.name, &[expr], &typed);
                        }
                        match columns.get(i) {
                            Some(Some(column)) => self.store(&typed, column, table),
                            _ => self.settle(&typed),
                        }
                    }
                    merge(owners);
                }
                (values.rows.len(), true)
            }
            _ => {
                let results = self.query(source, false);
                let at = range(source.span());
                if !results.outputs.is_empty() {
                    count(self, results.outputs.len(), at);
                }
                let mut owners = Vec::new();
                for (i, out) in results.outputs.iter().enumerate() {
                    owners.push(self.owner_of(&out.typed));
                    if let Some(Some(column)) = columns.get(i) {
                        let mut exprs = Vec::new();
                        projected(&source.body, out.item, &mut exprs);
                        self.note_stored(&column.name, &exprs, &out.typed);
                    }
                    if let (Some(Simple::Column(r, c)), Some(Some(column))) =
                        (out.typed.is, columns.get(i))
                        && let Some((own, _)) = table.and_then(|t| t.column(&column.name))
                    {
                        // What is known of the source's column holds for the new row's.
                        self.facts.push(Fact::Same((rel, own), (r, c)));
                    }
                    match columns.get(i) {
                        Some(Some(column)) => self.store(&out.typed, column, table),
                        _ => self.settle(&out.typed),
                    }
                }
                merge(owners);
                (1, results.always)
            }
        };
        for (i, owner) in stored.into_iter().enumerate() {
            if let Some(Some(column)) = columns.get(i) {
                given.insert(column.name.to_ascii_lowercase(), owner);
            }
        }
        result
    }

    /// Columns that must be given and are not.
    fn missing(
        &mut self,
        table: &Table,
        given: &BTreeMap<String, Option<&'static str>>,
        verb: &Range<usize>,
    ) {
        for column in &table.columns {
            let needed = !column.null && !column.default && !column.serial;
            if needed && !given.contains_key(&column.name.to_ascii_lowercase()) {
                self.fault(
                    Fault::new(
                        &codes::MISSING,
                        verb.clone(),
                        format!("`{}.{}` needs a value", table.name, column.name),
                    )
                    .note(column.defined, "it is NOT NULL and has no default")
                    .help(format!("add `{}` to the columns and a value", column.name)),
                );
            }
        }
    }
}
