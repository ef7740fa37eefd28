//! Keys and references of a table.

use std::ops::Range;

use sqlparser::ast::{
    Expr, ForeignKeyConstraint, Ident, IndexColumn, ReferentialAction, Spanned, TableConstraint,
};

use super::{index_column, short};
use crate::check::sql::fault::Fault;
use crate::check::sql::migrations::{Builder, Source};
use crate::check::sql::tables::{Foreign, Key, OnGone, Table};
use crate::check::sql::text::range;
use crate::check::sql::typer::last;
use crate::diagnostics::codes::sql as codes;
use crate::diagnostics::meant;
use crate::ir::types::Base;

impl Builder<'_> {
    pub(in crate::check::sql::migrations) fn table_constraint(
        &mut self,
        source: &Source<'_>,
        table: &mut Table,
        constraint: &TableConstraint,
    ) {
        let at = range(constraint.span());
        let columns_of = |list: &[IndexColumn]| -> Vec<String> {
            list.iter().filter_map(index_column).collect()
        };
        match constraint {
            TableConstraint::PrimaryKey(key) => {
                let columns = columns_of(&key.columns);
                for column in &mut table.columns {
                    if columns.contains(&column.name.to_ascii_lowercase()) {
                        column.null = false;
                    }
                }
                self.key(source, table, key.name.as_ref(), &key.columns, true, at);
            }
            TableConstraint::Unique(key) => {
                self.key(source, table, key.name.as_ref(), &key.columns, false, at);
            }
            TableConstraint::ForeignKey(key) => {
                let columns: Vec<String> = key
                    .columns
                    .iter()
                    .map(|c| c.value.to_ascii_lowercase())
                    .collect();
                for column in &key.columns {
                    self.own_column(source, table, column);
                }
                self.foreign(source, table, key, columns, key.name.as_ref(), at);
            }
            TableConstraint::Check(_) => {}
            other => self.form(
                source,
                at,
                &format!(
                    "`{}` cannot be expressed for both engines",
                    short(&other.to_string())
                ),
                "write PRIMARY KEY, UNIQUE, CHECK or FOREIGN KEY",
            ),
        }
    }

    pub(super) fn key(
        &mut self,
        source: &Source<'_>,
        table: &mut Table,
        name: Option<&Ident>,
        list: &[IndexColumn],
        primary: bool,
        at: Range<usize>,
    ) {
        for column in list {
            match &column.column.expr {
                Expr::Identifier(name) => self.own_column(source, table, name),
                other => {
                    let at = source.lexed.expr(other);
                    self.form(
                        source,
                        at,
                        "a key is made of columns",
                        "write a UNIQUE INDEX for an expression",
                    );
                }
            }
        }
        table.keys.push(Key {
            name: name.map(|n| n.value.clone()),
            columns: list.iter().filter_map(index_column).collect(),
            primary,
            partial: false,
            defined: source.span(at),
        });
    }

    /// A column that a constraint names.
    pub(in crate::check::sql::migrations) fn own_column(
        &mut self,
        source: &Source<'_>,
        table: &Table,
        name: &Ident,
    ) {
        if table.column(&name.value).is_none() {
            let names = table.columns.iter().map(|c| c.name.as_str());
            let near = meant(&name.value, names);
            self.report(
                Fault::new(
                    &codes::UNKNOWN_COLUMN,
                    range(name.span),
                    format!("there is no column `{}` in `{}`", name.value, table.name),
                )
                .maybe_help(near.is_none().then(|| {
                    let names = table.columns.iter().map(|c| format!("`{}`", c.name));
                    format!("its columns are {}", names.collect::<Vec<_>>().join(", "))
                }))
                .suggest(&name.value, near),
                source,
            );
        }
    }

    pub(super) fn foreign(
        &mut self,
        source: &Source<'_>,
        table: &mut Table,
        key: &ForeignKeyConstraint,
        columns: Vec<String>,
        name: Option<&Ident>,
        at: Range<usize>,
    ) {
        let action = |a: Option<ReferentialAction>| match a {
            None | Some(ReferentialAction::Restrict | ReferentialAction::NoAction) => {
                OnGone::Refuse
            }
            Some(ReferentialAction::Cascade) => OnGone::Cascade,
            Some(ReferentialAction::SetNull | ReferentialAction::SetDefault) => OnGone::Set,
        };
        if key.characteristics.is_some() {
            self.form(
                source,
                at.clone(),
                "a deferred constraint fails when the update is committed, after the reply",
                "leave out DEFERRABLE and INITIALLY DEFERRED",
            );
        }
        table.foreign.push(Foreign {
            name: name.map(|n| n.value.clone()),
            columns,
            table: last(&key.foreign_table).to_ascii_lowercase(),
            referred: key
                .referred_columns
                .iter()
                .map(|c| c.value.to_ascii_lowercase())
                .collect(),
            on_delete: action(key.on_delete),
            on_update: action(key.on_update),
            defined: source.span(if key.foreign_table.0.is_empty() {
                at
            } else {
                range(key.foreign_table.span())
            }),
        });
    }

    /// A reference must name a key of a table of this owner.
    pub(in crate::check::sql::migrations) fn check_foreign(
        &mut self,
        source: &Source<'_>,
        table: &str,
        i: usize,
    ) {
        let Some(own) = self.tables.get(table) else {
            return;
        };
        let Some(fk) = own.foreign.get(i).cloned() else {
            return;
        };
        let at = (fk.defined.lo as usize)..(fk.defined.hi as usize);
        let Some(other) = self
            .tables
            .get(&fk.table)
            .filter(|t| t.owner == self.owner && !t.view)
        else {
            let names = self
                .tables
                .iter()
                .filter(|t| t.owner == self.owner)
                .map(|t| t.name.as_str());
            let near = meant(&fk.table, names);
            let fault = Fault::new(
                &codes::UNKNOWN_TABLE,
                at,
                format!("there is no table `{}` in these migrations", fk.table),
            )
            .help("a table is made before it is referred to")
            .suggest(&fk.table, near);
            self.report(fault, source);
            return;
        };
        let referred = if fk.referred.is_empty() {
            other
                .primary()
                .map(|k| k.columns.clone())
                .unwrap_or_default()
        } else {
            fk.referred.clone()
        };
        let is_key = other.keys.iter().any(|k| {
            !k.partial
                && k.columns.len() == referred.len()
                && k.columns.iter().all(|c| referred.contains(c))
        });
        if !is_key || referred.len() != fk.columns.len() {
            let fault = Fault::new(
                &codes::MIGRATION,
                at,
                format!(
                    "`{}` has no key ({}) to refer to",
                    other.name,
                    referred.join(", ")
                ),
            )
            .note(other.defined, "the table")
            .help("refer to its PRIMARY KEY, or make the columns UNIQUE there");
            self.report(fault, source);
            return;
        }
        for (mine, theirs) in fk.columns.iter().zip(&referred) {
            let base = |t: &Table, c: &str| t.column(c).and_then(|(_, c)| c.base.clone());
            let (Some(a), Some(b)) = (base(own, mine), base(other, theirs)) else {
                continue;
            };
            let text = matches!((&a, &b), (Base::Text { .. }, Base::Text { .. }));
            if a != b && !text {
                let fault = crate::check::sql::typer::mismatch(
                    at,
                    mine,
                    &a,
                    &b,
                    &format!("`{}.{theirs}`", other.name),
                );
                self.report(fault, source);
                return;
            }
        }
    }
}
