//! Which constraints of the migrations a statement can violate.

use super::tables::{Foreign, OnGone, Table, Tables};
use super::typer::{Handled, Verb, Write};
use crate::source::Span;

/// A constraint that can refuse a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Risk {
    /// As people know it: ``UNIQUE (`slot`)``.
    pub name: String,
    /// Where the migrations declare it.
    pub defined: Span,
}

/// All that `write` can violate and does not deal with itself.
pub fn risks(tables: &Tables, write: &Write) -> Vec<Risk> {
    let Some(table) = tables.get(&write.table) else {
        return Vec::new();
    };
    let mut list = Vec::new();
    match write.verb {
        Verb::Insert => {
            keys(table, &mut list, |key| {
                if key.primary && serial(table, &key.columns, write) {
                    return false;
                }
                match &write.handled {
                    Handled::Nothing => true,
                    Handled::All(_) => false,
                    Handled::Key(columns) => !same(columns, &key.columns),
                }
            });
            let given = |c: &String| write.given.contains_key(c);
            if write.handled != Handled::All(true) {
                checks(table, &mut list, given);
            }
            foreign(table, &mut list, given);
            if !write.updated.is_empty() {
                changed(tables, table, &write.updated, &Handled::Nothing, &mut list);
            }
        }
        Verb::Update => {
            let columns: Vec<String> = write.given.keys().cloned().collect();
            changed(tables, table, &columns, &write.handled, &mut list);
        }
        Verb::Delete => gone(tables, table, &mut list, 0),
    }
    let mut unique: Vec<Risk> = Vec::new();
    for risk in list {
        if !unique.contains(&risk) {
            unique.push(risk);
        }
    }
    unique
}

/// Columns of existing rows change.
fn changed(
    tables: &Tables,
    table: &Table,
    columns: &[String],
    handled: &Handled,
    list: &mut Vec<Risk>,
) {
    let touched = |c: &String| columns.contains(c);
    if *handled == Handled::Nothing {
        keys(table, list, |key| key.columns.iter().any(touched));
    }
    if *handled != Handled::All(true) {
        checks(table, list, touched);
    }
    foreign(table, list, touched);
    // Rows elsewhere that refer to the old value.
    for (other, fk) in referring(tables, table) {
        let refuses = fk.on_update == OnGone::Refuse
            && referred(table, fk).iter().any(|c| columns.contains(c));
        if refuses {
            list.push(reference(other, fk));
        }
    }
}

/// Rows go.
fn gone(tables: &Tables, table: &Table, list: &mut Vec<Risk>, depth: usize) {
    for (other, fk) in referring(tables, table) {
        match fk.on_delete {
            OnGone::Refuse => list.push(reference(other, fk)),
            // What goes with it can be referred to as well. Cycles end somewhere.
            OnGone::Cascade if depth < 8 => gone(tables, other, list, depth + 1),
            OnGone::Set => {
                let refuses = fk
                    .columns
                    .iter()
                    .any(|c| other.column(c).is_some_and(|(_, c)| !c.null));
                if refuses {
                    list.push(reference(other, fk));
                }
            }
            OnGone::Cascade => {}
        }
    }
}

fn keys(table: &Table, list: &mut Vec<Risk>, wanted: impl Fn(&super::tables::Key) -> bool) {
    for key in table.keys.iter().filter(|k| wanted(k)) {
        let kind = if key.primary { "PRIMARY KEY" } else { "UNIQUE" };
        list.push(Risk {
            name: format!("{kind} ({})", key.columns.join(", ")),
            defined: key.defined,
        });
    }
}

fn checks(table: &Table, list: &mut Vec<Risk>, touched: impl Fn(&String) -> bool) {
    for check in table
        .checks
        .iter()
        .filter(|c| c.columns.iter().any(&touched))
    {
        list.push(Risk {
            name: match &check.name {
                Some(name) => format!("CHECK {name}"),
                None => format!("CHECK on {}", check.columns.join(", ")),
            },
            defined: check.defined,
        });
    }
}

fn foreign(table: &Table, list: &mut Vec<Risk>, touched: impl Fn(&String) -> bool) {
    for fk in table
        .foreign
        .iter()
        .filter(|f| f.columns.iter().any(&touched))
    {
        list.push(Risk {
            name: match &fk.name {
                Some(name) => format!("FOREIGN KEY {name}"),
                None => format!("FOREIGN KEY ({})", fk.columns.join(", ")),
            },
            defined: fk.defined,
        });
    }
}

fn reference(other: &Table, fk: &Foreign) -> Risk {
    Risk {
        name: format!(
            "FOREIGN KEY ({}) of `{}`",
            fk.columns.join(", "),
            other.name
        ),
        defined: fk.defined,
    }
}

fn referring<'t>(tables: &'t Tables, table: &Table) -> Vec<(&'t Table, &'t Foreign)> {
    tables
        .iter()
        .flat_map(|t| t.foreign.iter().map(move |f| (t, f)))
        .filter(|(_, f)| f.table.eq_ignore_ascii_case(&table.name))
        .collect()
}

fn referred(table: &Table, fk: &Foreign) -> Vec<String> {
    if fk.referred.is_empty() {
        table
            .primary()
            .map(|k| k.columns.clone())
            .unwrap_or_default()
    } else {
        fk.referred.clone()
    }
}

/// A key that counts up by itself and is not given.
fn serial(table: &Table, columns: &[String], write: &Write) -> bool {
    columns
        .iter()
        .any(|c| table.column(c).is_some_and(|(_, c)| c.serial) && !write.given.contains_key(c))
}

fn same(a: &[String], b: &[String]) -> bool {
    a.len() == b.len() && a.iter().all(|c| b.contains(c))
}
