//! ALTER TABLE: what SQLite can do too.

use sqlparser::ast::{AlterTable, AlterTableOperation, ColumnOption, RenameTableNameKind, Spanned};

use super::{Builder, Source};
use crate::check::sql::fault::Fault;
use crate::check::sql::tables::Table;
use crate::check::sql::text::{Edits, range};
use crate::check::sql::typer::last;
use crate::diagnostics::codes::sql as codes;

impl Builder<'_> {
    pub(super) fn alter_table(
        &mut self,
        source: &Source<'_>,
        alter: &AlterTable,
        edits: &mut Edits,
    ) {
        let name = last(&alter.name);
        let at = range(alter.name.span());
        if self.reserved(source, &name, &at) {
            return;
        }
        let Some(table) = self
            .tables
            .get(&name)
            .filter(|t| t.owner == self.owner && !t.view)
            .cloned()
        else {
            self.unknown_table(source, &name, at);
            return;
        };
        let form = |message: &str, help: &str| {
            Fault::new(&codes::MIGRATION_FORM, at.clone(), message).help(help)
        };
        if source.postgres {
            for operation in &alter.operations {
                self.alter_on_postgres(source, &name, operation, edits);
            }
            return;
        }
        if alter.if_exists || alter.only || alter.operations.len() != 1 {
            let fault = form(
                "SQLite changes one thing per ALTER TABLE",
                "write one ALTER TABLE name … per change, without IF EXISTS and ONLY",
            );
            self.report(fault, source);
            return;
        }
        self.alter_one(source, table, &alter.operations[0], edits, at.clone());
    }

    /// One change, which both engines know.
    pub(super) fn alter_one(
        &mut self,
        source: &Source<'_>,
        table: Table,
        operation: &AlterTableOperation,
        edits: &mut Edits,
        at: std::ops::Range<usize>,
    ) {
        let name = table.name.clone();
        let form = |message: &str, help: &str| {
            Fault::new(&codes::MIGRATION_FORM, at.clone(), message).help(help)
        };
        match operation {
            AlterTableOperation::AddColumn {
                if_not_exists,
                column_def,
                column_position: None,
                ..
            } => {
                let place = range(column_def.name.span);
                if *if_not_exists && !source.postgres {
                    let fault = form(
                        "SQLite does not know ADD COLUMN IF NOT EXISTS",
                        "leave IF NOT EXISTS out: every migration runs once",
                    );
                    self.report(fault, source);
                }
                let mut changed = table;
                let before = (changed.keys.len(), changed.foreign.len());
                self.column(source, &mut changed, column_def, None, edits);
                if changed.keys.len() > before.0 && !source.postgres {
                    let fault = form(
                        "SQLite cannot add a column that is a key",
                        "add it without, then CREATE UNIQUE INDEX",
                    );
                    self.report(fault, source);
                }
                if let Some(column) = changed.columns.last()
                    && !column.null
                    && !column.default
                {
                    let fault = Fault::new(
                        &codes::MIGRATION_FORM,
                        place,
                        format!(
                            "the rows that are there have no value for `{}`",
                            column.name
                        ),
                    )
                    .help("give it a DEFAULT, or leave NOT NULL out");
                    self.report(fault, source);
                }
                let constant = column_def.options.iter().all(|o| match &o.option {
                    ColumnOption::Default(e) => !matches!(e, sqlparser::ast::Expr::Function(_)),
                    _ => true,
                });
                if !constant && !source.postgres {
                    let fault = form(
                        "SQLite cannot add a column whose default changes with time",
                        "leave the default out, and set the column in INSERT",
                    );
                    self.report(fault, source);
                }
                changed.own();
                let (name, first) = (changed.name.clone(), before.1);
                let count = changed.foreign.len();
                self.tables.insert(changed);
                self.expressions(source, &name, std::iter::once(column_def), &[], edits);
                for i in first..count {
                    self.check_foreign(source, &name, i);
                }
            }
            AlterTableOperation::DropColumn {
                column_names,
                if_exists: false,
                drop_behavior: None,
                ..
            } if column_names.len() == 1 => {
                let wanted = &column_names[0];
                let lower = wanted.value.to_ascii_lowercase();
                let place = range(wanted.span);
                let Some((i, _)) = table.column(&lower) else {
                    let fault = Fault::new(
                        &codes::UNKNOWN_COLUMN,
                        place,
                        format!("there is no column `{}` in `{name}`", wanted.value),
                    );
                    self.report(fault, source);
                    return;
                };
                let used = table.keys.iter().any(|k| k.columns.contains(&lower))
                    || table.checks.iter().any(|c| c.columns.contains(&lower))
                    || table.foreign.iter().any(|f| f.columns.contains(&lower));
                if used {
                    let fault = Fault::new(
                        &codes::MIGRATION_FORM,
                        place,
                        format!("SQLite cannot drop `{}`: a constraint or index needs it", wanted.value),
                    )
                    .help("drop the index before; for a constraint make a new table, copy the rows, and rename it");
                    self.report(fault, source);
                    return;
                }
                let mut changed = table;
                changed.columns.remove(i);
                changed.own();
                self.tables.insert(changed);
            }
            AlterTableOperation::RenameColumn {
                old_column_name,
                new_column_name,
            } => {
                let mut changed = table;
                let old = old_column_name.value.to_ascii_lowercase();
                let new = new_column_name.value.to_ascii_lowercase();
                let Some((i, _)) = changed.column(&old) else {
                    let fault = Fault::new(
                        &codes::UNKNOWN_COLUMN,
                        range(old_column_name.span),
                        format!("there is no column `{}` in `{name}`", old_column_name.value),
                    );
                    self.report(fault, source);
                    return;
                };
                new_column_name
                    .value
                    .clone_into(&mut changed.columns[i].name);
                rename(&mut changed, &old, &new);
                let own = changed.name.to_ascii_lowercase();
                changed.own();
                self.tables.insert(changed);
                for other in self.tables.iter_mut() {
                    for fk in other.foreign.iter_mut().filter(|f| f.table == own) {
                        swap(&mut fk.referred, &old, &new);
                    }
                }
            }
            AlterTableOperation::RenameTable {
                table_name: RenameTableNameKind::To(to) | RenameTableNameKind::As(to),
            } => {
                let new = last(to);
                if !self.fresh(source, &new, &range(to.span())) {
                    return;
                }
                self.tables.remove(&name);
                let (old, lower) = (name.to_ascii_lowercase(), new.to_ascii_lowercase());
                self.tables.insert(Table { name: new, ..table });
                for other in self.tables.iter_mut() {
                    for fk in other.foreign.iter_mut().filter(|f| f.table == old) {
                        fk.table.clone_from(&lower);
                    }
                }
                for index in self.indexes.values_mut().filter(|i| i.table == old) {
                    index.table.clone_from(&lower);
                }
            }
            _ => {
                let fault = form(
                    if source.postgres {
                        "a migration cannot change a table this way"
                    } else {
                        "SQLite cannot change a table this way"
                    },
                    "it can ADD, DROP and RENAME COLUMN and RENAME; for the rest make a new table, copy the rows, drop \
                     the old and rename; or write `migrations/sqlite/` and `migrations/postgres/`",
                );
                self.report(fault, source);
            }
        }
    }
}

fn rename(table: &mut Table, old: &str, new: &str) {
    for key in &mut table.keys {
        swap(&mut key.columns, old, new);
    }
    for check in &mut table.checks {
        swap(&mut check.columns, old, new);
    }
    for index in &mut table.indexes {
        swap(&mut index.columns, old, new);
    }
    for fk in &mut table.foreign {
        swap(&mut fk.columns, old, new);
    }
}

fn swap(list: &mut [String], old: &str, new: &str) {
    for name in list.iter_mut().filter(|n| *n == old) {
        new.clone_into(name);
    }
}
