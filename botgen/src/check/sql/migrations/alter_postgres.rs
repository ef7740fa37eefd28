//! ALTER TABLE: what Postgres can do besides.

use sqlparser::ast::{AlterColumnOperation, AlterTableOperation, Ident, Spanned, TableConstraint};

use super::create::default_text;
use super::{Builder, Source};
use crate::check::sql::fault::Fault;
use crate::check::sql::tables::{Column, Table};
use crate::check::sql::text::{Edits, lex, range};
use crate::check::sql::typer::Typer;
use crate::check::sql::types;
use crate::diagnostics::codes::sql as codes;
use crate::diagnostics::meant;

impl Builder<'_> {
    pub(super) fn alter_on_postgres(
        &mut self,
        source: &Source<'_>,
        name: &str,
        operation: &AlterTableOperation,
        edits: &mut Edits,
    ) {
        let Some(table) = self.tables.get(name).cloned() else {
            return;
        };
        match operation {
            AlterTableOperation::AddConstraint { constraint, .. } => {
                self.add_constraint(source, table, constraint, edits);
            }
            AlterTableOperation::DropConstraint { name, .. } => {
                let mut changed = table;
                drop_constraint(&mut changed, &name.value);
                self.tables.insert(changed);
            }
            AlterTableOperation::AlterColumn { column_name, op } => {
                self.alter_column(source, table, column_name, op, edits);
            }
            AlterTableOperation::DropColumn {
                column_names,
                if_exists,
                ..
            } => {
                let mut changed = table;
                for column in column_names {
                    let lower = column.value.to_ascii_lowercase();
                    let Some((i, _)) = changed.column(&lower) else {
                        if !if_exists {
                            self.no_column(source, &changed, column);
                        }
                        continue;
                    };
                    // What needs the column goes with it.
                    changed.columns.remove(i);
                    changed.keys.retain(|k| !k.columns.contains(&lower));
                    changed.checks.retain(|c| !c.columns.contains(&lower));
                    changed.foreign.retain(|f| !f.columns.contains(&lower));
                }
                changed.own();
                self.tables.insert(changed);
            }
            other => {
                let at = range(operation.span());
                self.alter_one(source, table, other, edits, at);
            }
        }
    }

    fn no_column(&mut self, source: &Source<'_>, table: &Table, column: &Ident) {
        let names = table.columns.iter().map(|c| c.name.as_str());
        let fault = Fault::new(
            &codes::UNKNOWN_COLUMN,
            range(column.span),
            format!("there is no column `{}` in `{}`", column.value, table.name),
        )
        .suggest(&column.value, meant(&column.value, names));
        self.report(fault, source);
    }

    fn add_constraint(
        &mut self,
        source: &Source<'_>,
        table: Table,
        constraint: &TableConstraint,
        edits: &mut Edits,
    ) {
        let mut changed = table;
        let first = changed.foreign.len();
        self.table_constraint(source, &mut changed, constraint);
        let (name, count) = (changed.name.clone(), changed.foreign.len());
        self.tables.insert(changed);
        let one = std::slice::from_ref(constraint);
        self.expressions(source, &name, std::iter::empty(), one, edits);
        for i in first..count {
            self.check_foreign(source, &name, i);
        }
    }

    fn alter_column(
        &mut self,
        source: &Source<'_>,
        table: Table,
        column: &Ident,
        operation: &AlterColumnOperation,
        edits: &mut Edits,
    ) {
        let Some((i, _)) = table.column(&column.value) else {
            self.no_column(source, &table, column);
            return;
        };
        let mut changed = table;
        match operation {
            AlterColumnOperation::SetNotNull => changed.columns[i].null = false,
            AlterColumnOperation::DropNotNull => changed.columns[i].null = true,
            AlterColumnOperation::SetDefault { value } => {
                changed.columns[i].default = true;
                changed.columns[i].default_text = Some(default_text(value));
                let own: Option<Column> = changed.columns.get(i).cloned();
                let mut typer = Typer::new(&self.tables, source.lexed, self.owner, &[]);
                typer.in_migration = true;
                typer.default(value, own.as_ref(), &changed);
                self.take(source, typer.faults, typer.edits, edits);
            }
            AlterColumnOperation::DropDefault => {
                changed.columns[i].default = false;
                changed.columns[i].default_text = None;
            }
            AlterColumnOperation::SetDataType { data_type, .. } => {
                let text = data_type.to_string();
                let read = match lex(&text, self.engine) {
                    Ok(lexed) => types::read(&lexed.tokens),
                    Err(_) => return,
                };
                match read {
                    Ok(written) => changed.columns[i].base = Some(written.base),
                    Err(unknown) => {
                        let at = range(column.span);
                        self.form(source, at, &unknown.message, &unknown.help);
                    }
                }
            }
            AlterColumnOperation::AddGenerated { .. } => changed.columns[i].serial = true,
        }
        self.tables.insert(changed);
    }
}

/// By its name, or the one that Postgres gives it.
fn drop_constraint(table: &mut Table, wanted: &str) {
    let own = table.name.to_ascii_lowercase();
    let is = |name: &Option<String>, columns: &[String], suffix: &str| match name {
        Some(name) => name.eq_ignore_ascii_case(wanted),
        None => format!("{own}_{}_{suffix}", columns.join("_")).eq_ignore_ascii_case(wanted),
    };
    table.keys.retain(|k| {
        let given = k.primary && format!("{own}_pkey").eq_ignore_ascii_case(wanted);
        !(is(&k.name, &k.columns, "key") || given)
    });
    table.checks.retain(|c| !is(&c.name, &c.columns, "check"));
    table.foreign.retain(|f| !is(&f.name, &f.columns, "fkey"));
}
