//! The tables that the migrations make, as the checks see them.

use std::collections::BTreeMap;

use crate::ir::types::Base;
use crate::source::Span;

/// Columns that make a table owned: each is constrained by the built-in of its name.
pub const OWNER_COLUMNS: [&str; 2] = ["bot_id", "user_id"];

/// Most rows of a table that is read as a whole without a thought.
const SMALL: usize = 100;

/// A table or a view.
#[derive(Debug, Clone)]
pub struct Table {
    /// As written.
    pub name: String,
    /// The owner of the migrations that made it.
    pub owner: String,
    /// Where it was created.
    pub defined: Span,
    /// In order.
    pub columns: Vec<Column>,
    /// PRIMARY KEY and UNIQUE, by constraint or index.
    pub keys: Vec<Key>,
    /// CHECKs.
    pub checks: Vec<Check>,
    /// FOREIGN KEYs of this table.
    pub foreign: Vec<Foreign>,
    /// A view: it cannot be written.
    pub view: bool,
    /// Columns of indexes that are no keys, lower case, in order.
    pub indexes: Vec<Index>,
    /// Of a view: the references of its tables that its columns show.
    pub shows: Vec<Foreign>,
    /// Rows that the migrations insert.
    pub seeds: usize,
    /// Owner columns that its rows have (a view: also those of its tables that it does not show).
    pub owned: Vec<String>,
}

/// A column.
#[derive(Debug, Clone)]
pub struct Column {
    /// As written.
    pub name: String,
    /// Its type; `None` where it has an error that was reported.
    pub base: Option<Base>,
    /// May be null.
    pub null: bool,
    /// Has a value when an INSERT leaves it out.
    pub default: bool,
    /// DEFAULT as both engines would print it; `None` where it is not known.
    pub default_text: Option<String>,
    /// Counts up by itself.
    pub serial: bool,
    /// Where it was defined.
    pub defined: Span,
}

/// A set of columns that no two rows share. Names are lower case.
#[derive(Debug, Clone)]
pub struct Key {
    /// Name of constraint or index, if it has one.
    pub name: Option<String>,
    /// Columns, in order. Of an index on expressions: the columns they mention.
    pub columns: Vec<String>,
    /// PRIMARY KEY.
    pub primary: bool,
    /// Only some rows or expressions: never a proof that rows are one.
    pub partial: bool,
    /// Where.
    pub defined: Span,
}

/// An index that allows equal rows.
#[derive(Debug, Clone)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Columns, lower case, in order.
    pub columns: Vec<String>,
}

/// A CHECK.
#[derive(Debug, Clone)]
pub struct Check {
    /// Name, if it has one.
    pub name: Option<String>,
    /// Columns it mentions, lower case.
    pub columns: Vec<String>,
    /// Where.
    pub defined: Span,
}

/// What happens to rows that refer to one that goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnGone {
    /// The statement fails.
    Refuse,
    /// They go too.
    Cascade,
    /// They are changed.
    Set,
}

/// A FOREIGN KEY.
#[derive(Debug, Clone)]
pub struct Foreign {
    /// Name, if it has one.
    pub name: Option<String>,
    /// Columns, lower case.
    pub columns: Vec<String>,
    /// The table it refers to, lower case.
    pub table: String,
    /// Its columns, lower case; empty: the primary key.
    pub referred: Vec<String>,
    /// ON DELETE.
    pub on_delete: OnGone,
    /// ON UPDATE.
    pub on_update: OnGone,
    /// Where.
    pub defined: Span,
}

impl Table {
    /// A column by name, in any case.
    pub fn column(&self, name: &str) -> Option<(usize, &Column)> {
        self.columns
            .iter()
            .enumerate()
            .find(|(_, c)| c.name.eq_ignore_ascii_case(name))
    }
    /// The primary key.
    pub fn primary(&self) -> Option<&Key> {
        self.keys.iter().find(|k| k.primary)
    }
    /// Recomputes [`Table::owned`] of a table from its columns.
    pub fn own(&mut self) {
        self.owned = OWNER_COLUMNS
            .iter()
            .filter(|c| self.column(c).is_some())
            .map(|c| (*c).to_owned())
            .collect();
    }
}

/// All tables, by lower-case name.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    list: BTreeMap<String, Table>,
    /// Tables that statements of bots write, lower case.
    pub written: std::collections::BTreeSet<String>,
}

impl Tables {
    /// A table by name, in any case.
    pub fn get(&self, name: &str) -> Option<&Table> {
        self.list.get(&name.to_ascii_lowercase())
    }
    /// The same, to change it.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Table> {
        self.list.get_mut(&name.to_ascii_lowercase())
    }
    /// Adds or replaces.
    pub fn insert(&mut self, table: Table) {
        self.list.insert(table.name.to_ascii_lowercase(), table);
    }
    /// Drops.
    pub fn remove(&mut self, name: &str) -> Option<Table> {
        self.list.remove(&name.to_ascii_lowercase())
    }
    /// A small table that only the migrations fill: it does not grow.
    pub fn is_still(&self, name: &str) -> bool {
        self.get(name).is_some_and(|t| {
            !t.view
                && (1..=SMALL).contains(&t.seeds)
                && !self.written.contains(&name.to_ascii_lowercase())
        })
    }
    /// All, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Table> {
        self.list.values()
    }
    /// All, to change them.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Table> {
        self.list.values_mut()
    }
}

/// Tables of the runtime and of SQLite itself: no bot reads or makes them.
pub fn is_reserved(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("bf_") || name.starts_with("sqlite_") || name.starts_with("pg_")
}

/// Tables of an engine itself: `sqlite_master`, `pg_class`, `information_schema.tables`.
pub fn is_catalogue(name: &sqlparser::ast::ObjectName) -> bool {
    let parts: Vec<String> = name
        .0
        .iter()
        .filter_map(|p| p.as_ident())
        .map(|p| p.value.to_ascii_lowercase())
        .collect();
    let engine = |n: &String| n.starts_with("sqlite_") || n.starts_with("pg_");
    match &parts[..] {
        [one] => engine(one) || one == "dbstat",
        [schema, .., table] => {
            engine(table) || schema == "information_schema" || schema == "pg_catalog"
        }
        [] => false,
    }
}
