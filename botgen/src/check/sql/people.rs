//! Which rows of a bot's tables are a person's: what is exported for them, and erased.
//!
//! A table with an INTEGER column `user_id` holds rows of people; one with `bot_id` too, those of each bot apart. A table
//! without `user_id` that refers to such rows (and does not merely forget them: `ON DELETE SET NULL`) belongs to them: lines
//! of an order belong to whom the order belongs to.

use std::collections::{BTreeMap, BTreeSet};

use super::Schema;
use super::tables::{Foreign, OnGone, Table};
use crate::ir::PersonTable;
use crate::ir::types::Base;

impl Schema {
    /// Tables of this owner with rows of people; those that refer to others stand before them.
    pub fn people_of(&self, owner: &str) -> Vec<PersonTable> {
        let tables: Vec<&Table> = self
            .tables
            .iter()
            .filter(|table| table.owner == owner && !table.view)
            .collect();
        let mut found: BTreeMap<String, PersonTable> = BTreeMap::new();
        for table in &tables {
            if let Some(own) = own(table) {
                found.insert(key(&table.name), own);
            }
        }
        // What refers to them, what refers to that: each table once, so this ends.
        loop {
            let more: Vec<PersonTable> = tables
                .iter()
                .filter(|table| table.column("user_id").is_none())
                .filter(|table| !found.contains_key(&key(&table.name)))
                .filter_map(|table| self.through(table, &found))
                .collect();
            if more.is_empty() {
                break;
            }
            found.extend(more.into_iter().map(|table| (key(&table.table), table)));
        }
        ordered(&tables, found)
    }

    /// A table without `user_id` whose rows belong to people through what they refer to.
    fn through(&self, table: &Table, found: &BTreeMap<String, PersonTable>) -> Option<PersonTable> {
        let mut conditions = Vec::new();
        let mut by_bot = false;
        for foreign in belongs(table) {
            let Some(parent) = found.get(&key(&foreign.table)) else {
                continue;
            };
            let referred = self.referred(foreign)?;
            conditions.push(format!(
                "({}) IN (SELECT {} FROM {} WHERE {})",
                list(&foreign.columns),
                list(&referred),
                quoted(&parent.table),
                parent.condition
            ));
            by_bot |= parent.by_bot;
        }
        (!conditions.is_empty()).then(|| PersonTable {
            table: table.name.clone(),
            condition: conditions.join(" OR "),
            by_bot,
            columns: columns(table),
        })
    }

    fn referred(&self, foreign: &Foreign) -> Option<Vec<String>> {
        if !foreign.referred.is_empty() {
            return Some(foreign.referred.clone());
        }
        let parent = self.tables.get(&foreign.table)?;
        Some(parent.primary()?.columns.clone())
    }
}

/// A table with a column of its own that says whose its rows are.
fn own(table: &Table) -> Option<PersonTable> {
    let (_, user) = table.column("user_id")?;
    if user.base != Some(Base::Int) {
        return None;
    }
    let by_bot = table
        .column("bot_id")
        .is_some_and(|(_, column)| matches!(column.base, Some(Base::Text { .. })));
    let mut condition = format!("{} = $1", quoted(&user.name));
    if by_bot {
        condition.push_str(" AND \"bot_id\" = $2");
    }
    Some(PersonTable {
        table: table.name.clone(),
        condition,
        by_bot,
        columns: columns(table),
    })
}

/// References whose rows go with what they refer to, or keep it from going.
fn belongs(table: &Table) -> impl Iterator<Item = &Foreign> {
    table
        .foreign
        .iter()
        .filter(|foreign| foreign.on_delete != OnGone::Set)
}

/// Those that refer before those that are referred to; tables of a circle in the order of their names.
fn ordered(tables: &[&Table], mut found: BTreeMap<String, PersonTable>) -> Vec<PersonTable> {
    let mut out = Vec::with_capacity(found.len());
    while !found.is_empty() {
        let referred: BTreeSet<String> = tables
            .iter()
            .filter(|table| found.contains_key(&key(&table.name)))
            .flat_map(|table| {
                let own = key(&table.name);
                belongs(table)
                    .map(|foreign| key(&foreign.table))
                    .filter(move |parent| *parent != own)
            })
            .collect();
        let free: Vec<String> = found
            .keys()
            .filter(|name| !referred.contains(*name))
            .cloned()
            .collect();
        let next = match free.is_empty() {
            true => found.keys().take(1).cloned().collect(),
            false => free,
        };
        out.extend(next.iter().filter_map(|name| found.remove(name)));
    }
    out
}

fn key(name: &str) -> String {
    name.to_ascii_lowercase()
}

fn columns(table: &Table) -> Vec<String> {
    table
        .columns
        .iter()
        .map(|column| key(&column.name))
        .collect()
}

/// As both engines find it: Postgres keeps names that are not quoted in lower case, SQLite takes any.
fn quoted(name: &str) -> String {
    format!("\"{}\"", key(name).replace('"', "\"\""))
}

fn list(names: &[String]) -> String {
    names
        .iter()
        .map(|name| quoted(name))
        .collect::<Vec<_>>()
        .join(", ")
}
