//! What a migration does to rows and instances that are there: it destroys, it may fail, it locks, it renames. Never
//! about a table that the same file makes.

use std::collections::BTreeSet;
use std::ops::Range;

use sqlparser::ast::{
    AlterColumnOperation, AlterTable, AlterTableOperation, ColumnDef, ColumnOption, CreateIndex,
    Expr, FromTable, ObjectType, Spanned, Statement, TableConstraint, TableFactor, Value,
};

use crate::Engine;
use crate::check::sql::conflicts;
use crate::check::sql::fault::Fault;
use crate::check::sql::tables::{Table, Tables};
use crate::check::sql::text::{Lexed, range};
use crate::check::sql::typer::{Typer, Verb, last};
use crate::check::sql::types;
use crate::diagnostics::Code;
use crate::diagnostics::codes::sql as codes;
use crate::ir::types::Base;

/// What a file has made so far.
#[derive(Debug, Default)]
pub struct File {
    /// Tables, lower case.
    made: BTreeSet<String>,
    /// Columns added to earlier tables: `table.column`, lower case.
    added: BTreeSet<String>,
}

impl File {
    /// Notes what a statement makes.
    pub fn note(&mut self, statement: &Statement) {
        match statement {
            Statement::CreateTable(create) => {
                self.made.insert(last(&create.name).to_ascii_lowercase());
            }
            Statement::AlterTable(alter) => {
                let table = last(&alter.name).to_ascii_lowercase();
                for operation in &alter.operations {
                    match operation {
                        AlterTableOperation::AddColumn { column_def, .. } => {
                            let column = column_def.name.value.to_ascii_lowercase();
                            self.added.insert(format!("{table}.{column}"));
                        }
                        AlterTableOperation::RenameTable {
                            table_name:
                                sqlparser::ast::RenameTableNameKind::To(to)
                                | sqlparser::ast::RenameTableNameKind::As(to),
                        } if self.made.contains(&table) => {
                            self.made.insert(last(to).to_ascii_lowercase());
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}

/// A statement of a migration, before it is applied.
pub struct Step<'s, 'a> {
    /// What there is before it.
    pub tables: &'s Tables,
    /// Whose migrations these are.
    pub owner: &'s str,
    /// The file.
    pub lexed: &'s Lexed<'a>,
    /// What the file has made.
    pub file: &'s File,
    /// The engine.
    pub engine: Engine,
}

impl<'s> Step<'s, '_> {
    /// All that should be known before it is run.
    pub fn check(&self, statement: &Statement, tokens: &Range<usize>) -> Vec<Fault> {
        let mut out = Vec::new();
        match statement {
            Statement::Drop {
                object_type, names, ..
            } => {
                for name in names {
                    let at = range(name.span());
                    match object_type {
                        ObjectType::Table => self.drop_table(&last(name), at, tokens, &mut out),
                        ObjectType::Index => self.drop_index(&last(name), at, &mut out),
                        _ => {}
                    }
                }
            }
            Statement::CreateIndex(create) => self.index(create, &mut out),
            Statement::AlterTable(alter) => self.alter(alter, &mut out),
            Statement::Delete(delete) => {
                let (FromTable::WithFromKeyword(list) | FromTable::WithoutKeyword(list)) =
                    &delete.from;
                if let Some(TableFactor::Table { name, .. }) = list.first().map(|t| &t.relation)
                    && let Some(table) = self.earlier(&last(name))
                    && is_everything(delete.selection.as_ref())
                {
                    let at = range(name.span());
                    let message = format!("this deletes every row of `{}`", table.name);
                    out.push(destroys(at, message, "if that is meant"));
                }
                self.write(statement, &mut out);
            }
            Statement::Update(update) => {
                if let TableFactor::Table { name, .. } = &update.table.relation
                    && let Some(table) = self.earlier(&last(name))
                    && is_everything(update.selection.as_ref())
                {
                    let lower = table.name.to_ascii_lowercase();
                    let old: Vec<String> = update
                        .assignments
                        .iter()
                        .filter_map(|a| match &a.target {
                            sqlparser::ast::AssignmentTarget::ColumnName(name) => Some(last(name)),
                            sqlparser::ast::AssignmentTarget::Tuple(_) => None,
                        })
                        .filter(|c| {
                            let column = format!("{lower}.{}", c.to_ascii_lowercase());
                            !self.file.added.contains(&column)
                        })
                        .collect();
                    if let Some(first) = old.first() {
                        let message =
                            format!("this overwrites `{first}` in every row of `{}`", table.name);
                        out.push(destroys(range(name.span()), message, "if that is meant"));
                    }
                }
                self.write(statement, &mut out);
            }
            Statement::Insert(_) => self.write(statement, &mut out),
            _ => {}
        }
        out
    }

    /// A table that an earlier file made.
    fn earlier(&self, name: &str) -> Option<&'s Table> {
        self.tables
            .get(name)
            .filter(|t| t.owner == self.owner && !t.view)
            .filter(|t| !self.file.made.contains(&t.name.to_ascii_lowercase()))
    }

    fn drop_table(
        &self,
        name: &str,
        at: Range<usize>,
        tokens: &Range<usize>,
        out: &mut Vec<Fault>,
    ) {
        let Some(table) = self.earlier(name) else {
            return;
        };
        // Copied to a new table that takes its name: SQLite's way to change one.
        let words = &self.lexed.tokens;
        let is = |i: usize| {
            words.get(i).is_some_and(|t| match &t.token {
                sqlparser::tokenizer::Token::Word(w) => w.value.eq_ignore_ascii_case(name),
                _ => false,
            })
        };
        let copied = (1..tokens.start).any(|i| words[i - 1].is_word("FROM") && is(i));
        let renamed =
            (tokens.end..words.len()).any(|i| i > 0 && words[i - 1].is_word("TO") && is(i));
        if !(copied && renamed) {
            let message = format!("this drops `{}` with all its rows", table.name);
            let help = "keep it until no version of the bot reads it; then";
            out.push(destroys(at, message, help));
        }
    }

    fn drop_index(&self, name: &str, at: Range<usize>, out: &mut Vec<Fault>) {
        let key = self
            .tables
            .iter()
            .filter(|t| self.earlier(&t.name).is_some())
            .flat_map(|t| t.keys.iter().map(move |k| (t, k)))
            .find(|(_, k)| {
                k.name
                    .as_ref()
                    .is_some_and(|n| n.eq_ignore_ascii_case(name))
            });
        if let Some((table, key)) = key {
            out.push(relies(
                at,
                &format!("UNIQUE ({})", key.columns.join(", ")),
                &table.name,
            ));
        }
    }

    fn index(&self, create: &CreateIndex, out: &mut Vec<Fault>) {
        let Some(table) = self.earlier(&last(&create.table_name)) else {
            return;
        };
        let at = create
            .name
            .as_ref()
            .map_or(range(create.table_name.span()), |n| range(n.span()));
        let columns: Vec<String> = create
            .columns
            .iter()
            .filter_map(|c| match &c.column.expr {
                Expr::Identifier(name) => Some(name.value.to_ascii_lowercase()),
                _ => None,
            })
            .collect();
        if create.unique && !self.is_unique(table, &columns, columns.len() == create.columns.len())
        {
            out.push(not_unique(at.clone(), table, &columns));
        }
        if self.engine == Engine::Postgres {
            out.push(locks(
                at,
                format!(
                    "nobody can write `{}` while this index is built",
                    table.name
                ),
            ));
        }
    }

    /// Keys that are there already make these columns unique.
    fn is_unique(&self, table: &Table, columns: &[String], plain: bool) -> bool {
        let fresh = columns.iter().any(|c| {
            let column = format!("{}.{c}", table.name.to_ascii_lowercase());
            // A new column without a default is null everywhere.
            self.file.added.contains(&column)
                && table.column(c).is_some_and(|(_, c)| c.null && !c.default)
        });
        plain
            && (fresh
                || table
                    .keys
                    .iter()
                    .any(|k| !k.partial && k.columns.iter().all(|c| columns.contains(c))))
    }

    fn alter(&self, alter: &AlterTable, out: &mut Vec<Fault>) {
        let Some(table) = self.earlier(&last(&alter.name)) else {
            return;
        };
        for operation in &alter.operations {
            match operation {
                AlterTableOperation::DropColumn { column_names, .. } => {
                    for column in column_names {
                        let message = format!(
                            "this drops `{}.{}` with all its values",
                            table.name, column.value
                        );
                        let help = "keep it until no version of the bot reads it; then";
                        out.push(destroys(range(column.span), message, help));
                    }
                }
                AlterTableOperation::RenameColumn {
                    old_column_name, ..
                } => out.push(renames(
                    range(old_column_name.span),
                    &format!("{}.{}", table.name, old_column_name.value),
                )),
                AlterTableOperation::RenameTable { .. } => {
                    out.push(renames(range(alter.name.span()), &table.name));
                }
                AlterTableOperation::AddColumn { column_def, .. } => {
                    self.add_column(table, column_def, out);
                }
                AlterTableOperation::AddConstraint {
                    constraint,
                    not_valid,
                } if self.engine == Engine::Postgres => {
                    self.constraint(table, constraint, *not_valid, out);
                }
                AlterTableOperation::ValidateConstraint { name } => out.push(risky(
                    range(name.span),
                    format!(
                        "rows of `{}` that are there may not hold `{}`",
                        table.name, name.value
                    ),
                )),
                AlterTableOperation::DropConstraint { name, .. } => {
                    out.push(relies(
                        range(name.span),
                        &format!("`{}`", name.value),
                        &table.name,
                    ));
                }
                AlterTableOperation::AlterColumn { column_name, op } => {
                    self.alter_column(table, &column_name.value, range(column_name.span), op, out);
                }
                _ => {}
            }
        }
    }

    fn add_column(&self, table: &Table, column: &ColumnDef, out: &mut Vec<Fault>) {
        if self.engine != Engine::Postgres {
            return;
        }
        let at = range(column.name.span);
        for option in &column.options {
            match &option.option {
                ColumnOption::Default(Expr::Function(f)) => {
                    let name = last(&f.name).to_ascii_lowercase();
                    let stable = ["now", "transaction_timestamp", "statement_timestamp"];
                    if !stable.contains(&name.as_str()) {
                        out.push(locks(
                            at.clone(),
                            format!("`{name}` gives every row another value: all of `{}` is rewritten, and nobody can use it meanwhile", table.name),
                        ));
                    }
                }
                ColumnOption::Unique(_) | ColumnOption::PrimaryKey(_) => out.push(locks(
                    at.clone(),
                    format!(
                        "nobody can use `{}` while the key's index is built",
                        table.name
                    ),
                )),
                ColumnOption::Check(_) => out.push(locks(
                    at.clone(),
                    format!("nobody can use `{}` while every row is checked", table.name),
                )),
                _ => {}
            }
        }
    }

    fn constraint(
        &self,
        table: &Table,
        constraint: &TableConstraint,
        not_valid: bool,
        out: &mut Vec<Fault>,
    ) {
        // Its name, or the word that it begins with.
        let first = range(constraint.span()).start;
        let at = self
            .lexed
            .token_at(first)
            .and_then(|i| self.lexed.tokens.get(i))
            .map_or(first..first, |t| t.range.clone());
        let columns = |list: &[sqlparser::ast::IndexColumn]| -> Vec<String> {
            list.iter()
                .filter_map(|c| match &c.column.expr {
                    Expr::Identifier(name) => Some(name.value.to_ascii_lowercase()),
                    _ => None,
                })
                .collect()
        };
        match constraint {
            TableConstraint::Unique(key) => {
                let list = columns(&key.columns);
                if !self.is_unique(table, &list, true) {
                    out.push(not_unique(at.clone(), table, &list));
                }
                out.push(locks(
                    at,
                    format!(
                        "nobody can use `{}` while the key's index is built",
                        table.name
                    ),
                ));
            }
            TableConstraint::PrimaryKey(key) => {
                let list = columns(&key.columns);
                if !self.is_unique(table, &list, true) {
                    out.push(not_unique(at.clone(), table, &list));
                }
                out.push(locks(
                    at,
                    format!(
                        "nobody can use `{}` while the key's index is built",
                        table.name
                    ),
                ));
            }
            TableConstraint::Check(_) | TableConstraint::ForeignKey(_) if !not_valid => {
                out.push(risky(
                    at.clone(),
                    format!("rows of `{}` that are there may break this", table.name),
                ));
                out.push(
                    locks(at, format!("nobody can write `{}` while every row is checked", table.name))
                        .help("add it with NOT VALID, and VALIDATE CONSTRAINT in a later migration; for a small table say so: `-- botgen: allow(BF0507) …`"),
                );
            }
            _ => {}
        }
    }

    fn alter_column(
        &self,
        table: &Table,
        column: &str,
        at: Range<usize>,
        op: &AlterColumnOperation,
        out: &mut Vec<Fault>,
    ) {
        let name = format!("{}.{column}", table.name);
        let before = table.column(column).map(|(_, c)| c);
        match op {
            AlterColumnOperation::SetNotNull if before.is_none_or(|c| c.null) => {
                out.push(risky(
                    at.clone(),
                    format!("rows that are there may have no `{name}`"),
                ));
                out.push(locks(
                    at,
                    format!("nobody can use `{}` while every row is checked", table.name),
                ));
            }
            AlterColumnOperation::DropNotNull => {
                out.push(
                    Fault::new(
                        &codes::RENAMES,
                        at,
                        format!("the version before this one reads `{name}` as never null"),
                    )
                    .help(allow(
                        "RENAMES",
                        "when all instances are new before the first null is stored",
                    )),
                );
            }
            AlterColumnOperation::DropDefault if before.is_some_and(|c| !c.null) => {
                out.push(relies(
                    at,
                    &format!("the default of `{column}`"),
                    &table.name,
                ));
            }
            AlterColumnOperation::SetDataType { data_type, .. } => {
                let old = before.and_then(|c| c.base.clone());
                let written = data_type.to_string();
                let new = crate::check::sql::text::lex(&written, self.engine)
                    .ok()
                    .and_then(|lexed| types::read(&lexed.tokens).ok())
                    .map(|w| w.base);
                let fits = match (&old, &new) {
                    (Some(Base::Text { .. }), Some(Base::Text { max: None })) => true,
                    (Some(Base::Text { max: Some(a) }), Some(Base::Text { max: Some(b) })) => {
                        a <= b
                    }
                    _ => false,
                };
                if fits {
                    return;
                }
                let wider = matches!((&old, &new), (Some(a), Some(b)) if a == b && !matches!(a, Base::Text { .. }))
                    && !written.to_ascii_uppercase().starts_with("SMALL");
                if !wider {
                    out.push(risky(
                        at.clone(),
                        format!("values of `{name}` that are there may not fit into {written}"),
                    ));
                }
                out.push(locks(
                    at,
                    format!(
                        "all of `{}` is rewritten, and nobody can use it meanwhile",
                        table.name
                    ),
                ));
            }
            _ => {}
        }
    }

    /// Rows of the bot's that refuse a change.
    fn write(&self, statement: &Statement, out: &mut Vec<Fault>) {
        let mut typer = Typer::new(self.tables, self.lexed, self.owner, &[]);
        typer.in_migration = true;
        typer.statement(statement);
        let Some(write) = &typer.write else {
            return;
        };
        let Some(table) = self.earlier(&write.table) else {
            return;
        };
        // What the migrations have filled so far they know.
        if write.verb == Verb::Insert && table.seeds > 0 && table.seeds != usize::MAX {
            return;
        }
        let risks = conflicts::risks(self.tables, write);
        if risks.is_empty() {
            return;
        }
        let names: Vec<&str> = risks.iter().map(|r| r.name.as_str()).collect();
        let mut fault = risky(
            write.range.clone(),
            format!(
                "rows that are there can make this fail: {}",
                names.join("; ")
            ),
        );
        for risk in &risks {
            fault = fault.note(risk.defined, "declared here");
        }
        out.push(fault);
    }
}

/// No WHERE, or one that is always true.
fn is_everything(selection: Option<&Expr>) -> bool {
    match selection {
        None => true,
        Some(Expr::Nested(e)) => is_everything(Some(e)),
        Some(Expr::Value(v)) => matches!(v.value, Value::Boolean(true)),
        Some(Expr::BinaryOp {
            left,
            op: sqlparser::ast::BinaryOperator::Eq,
            right,
        }) => matches!((&**left, &**right), (Expr::Value(a), Expr::Value(b)) if a.value == b.value),
        _ => false,
    }
}

fn code(name: &str) -> &'static Code {
    match name {
        "DESTRUCTIVE" => &codes::DESTRUCTIVE,
        "LOCKING" => &codes::LOCKING,
        "RISKY" => &codes::RISKY,
        _ => &codes::RENAMES,
    }
}

fn allow(name: &str, when: &str) -> String {
    format!("{when}, say so: `-- botgen: allow({}) …`", code(name).id)
}

fn destroys(at: Range<usize>, message: String, when: &str) -> Fault {
    Fault::new(&codes::DESTRUCTIVE, at, message).help(allow("DESTRUCTIVE", when))
}

fn risky(at: Range<usize>, message: String) -> Fault {
    Fault::new(&codes::RISKY, at, message).help(allow(
        "RISKY",
        "a migration that fails keeps the new version from starting: mend the rows by an UPDATE before; if it cannot happen",
    ))
}

fn not_unique(at: Range<usize>, table: &Table, columns: &[String]) -> Fault {
    risky(
        at,
        format!(
            "rows of `{}` that are there may be equal in ({})",
            table.name,
            columns.join(", ")
        ),
    )
}

fn locks(at: Range<usize>, message: String) -> Fault {
    Fault::new(&codes::LOCKING, at, message).help(allow("LOCKING", "for a small table"))
}

fn renames(at: Range<usize>, name: &str) -> Fault {
    Fault::new(
        &codes::RENAMES,
        at,
        format!("the version before this one, which still runs while this one starts, knows `{name}` by that name"),
    )
    .help(allow(
        "RENAMES",
        "add the new one beside it, and drop the old one in a later version; if all instances stop first",
    ))
}

fn relies(at: Range<usize>, what: &str, table: &str) -> Fault {
    Fault::new(
        &codes::RENAMES,
        at,
        format!("the version before this one, which still runs while this one starts, may rely on {what} of `{table}`"),
    )
    .help(allow(
        "RENAMES",
        "drop it when no version needs it any more; if all instances stop first",
    ))
}
