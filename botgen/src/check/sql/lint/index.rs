//! Lookups that no index serves: the engine reads the whole table for each.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::sql::fault::Fault;
use crate::check::sql::lint::name;
use crate::check::sql::tables::Table;
use crate::check::sql::typer::{Op, Typer};
use crate::diagnostics::codes::sql as codes;

/// Columns by which rows of a relation are found.
type Lookups = BTreeMap<usize, BTreeSet<usize>>;

/// Every lookup that reads a whole table which grows.
pub fn check(typer: &Typer<'_>) -> Vec<Fault> {
    let mut said: BTreeSet<(String, Vec<String>)> = BTreeSet::new();
    let mut faults = Vec::new();
    for (rel, columns) in lookups(typer) {
        let relation = &typer.relations[rel];
        let Some(table) = relation.table.as_ref().and_then(|t| typer.tables.get(t)) else {
            continue;
        };
        if table.view || typer.tables.is_still(&table.name) {
            continue;
        }
        let names: Vec<String> = columns
            .iter()
            .filter_map(|c| relation.columns.get(*c))
            .map(|c| c.name.to_ascii_lowercase())
            .collect();
        if names.iter().all(|n| n == "bot_id") || served(table, &names) {
            continue;
        }
        let mut wanted = names.clone();
        wanted.sort_by_key(|n| match n.as_str() {
            "bot_id" => 0,
            "user_id" => 1,
            _ => 2,
        });
        if !said.insert((table.name.clone(), wanted.clone())) {
            continue;
        }
        let list: Vec<String> = wanted.iter().map(|n| name(n)).collect();
        let index = format!(
            "{}_by_{}",
            table.name.to_ascii_lowercase(),
            wanted.join("_")
        );
        let index: String = index.chars().take(60).collect();
        faults.push(
            Fault::new(
                &codes::NO_INDEX,
                relation.range.clone(),
                format!(
                    "rows of `{}` are looked up by {}, and no index begins with that: every row is read",
                    table.name,
                    shown(&wanted)
                ),
            )
            .note(table.defined, "the table")
            .help(format!(
                "write `CREATE INDEX {} ON {} ({});`: beside the table while no release has it, else in a new migration",
                name(&index),
                name(&table.name),
                list.join(", ")
            )),
        );
    }
    faults
}

fn shown(columns: &[String]) -> String {
    let list: Vec<String> = columns.iter().map(|c| format!("`{c}`")).collect();
    match &list[..] {
        [one] => one.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
        [] => String::new(),
    }
}

/// A key or index whose first columns are all given. The bot alone finds half the table.
fn served(table: &Table, given: &[String]) -> bool {
    let serves = |columns: &[String]| {
        let first: Vec<&String> = columns.iter().take_while(|c| given.contains(c)).collect();
        first.iter().any(|c| *c != "bot_id")
    };
    table.keys.iter().any(|k| serves(&k.columns))
        || table.indexes.iter().any(|i| serves(&i.columns))
}

fn lookups(typer: &Typer<'_>) -> Lookups {
    let home = |rel: usize| typer.seen.homes.get(&rel);
    let mut found = Lookups::new();
    let mut edges = Vec::new();
    for atom in &typer.seen.atoms {
        let (rel, column) = atom.column;
        if !atom.must || !atom.alone || !matches!(atom.op, Op::Equal(_)) {
            continue;
        }
        let joined: Vec<usize> = atom
            .columns
            .iter()
            .map(|(r, _)| *r)
            .filter(|r| home(*r) == home(rel))
            .collect();
        if joined.is_empty() {
            found.entry(rel).or_default().insert(column);
        } else if !joined.contains(&rel) {
            edges.push((joined, rel, column));
        }
    }
    // From what is found, joins find the rest.
    loop {
        let next: Vec<(usize, usize)> = edges
            .iter()
            .filter(|(from, to, _)| {
                from.iter().all(|f| found.contains_key(f)) && !found.contains_key(to)
            })
            .map(|(_, to, column)| (*to, *column))
            .collect();
        if next.is_empty() {
            return found;
        }
        for (to, column) in next {
            found.entry(to).or_default().insert(column);
        }
    }
}
