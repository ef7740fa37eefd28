//! To whom rows without an owner column belong: by the references that they hang on.

use super::name;
use crate::check::sql::tables::{Foreign, OWNER_COLUMNS, OnGone, Table, Tables};

/// How far tables hang on each other.
pub(super) const DEPTH: usize = 6;

/// The columns that a reference names there.
pub(super) fn referred(parent: &Table, fk: &Foreign) -> Vec<String> {
    if fk.referred.is_empty() {
        parent
            .primary()
            .map(|k| k.columns.clone())
            .unwrap_or_default()
    } else {
        fk.referred.clone()
    }
}

/// The reference names a person, by the columns that own rows.
pub(super) fn is_person(parent: &Table, fk: &Foreign) -> bool {
    referred(parent, fk)
        .iter()
        .all(|c| OWNER_COLUMNS.iter().any(|o| c.eq_ignore_ascii_case(o)))
}

/// References to rows that belong to a person, directly or by the references of those.
pub(super) fn references(tables: &Tables, table: &Table) -> Vec<Foreign> {
    let list = if table.view {
        &table.shows
    } else {
        &table.foreign
    };
    list.iter()
        .filter(|fk| {
            let Some(parent) = tables.get(&fk.table) else {
                return false;
            };
            // A reference to a person is no reference to what they own.
            let person = is_person(parent, fk);
            let itself = parent.name == table.name;
            !person && !itself && belongs(tables, parent, 0)
        })
        .cloned()
        .collect()
}

fn belongs(tables: &Tables, table: &Table, depth: usize) -> bool {
    table.owned.iter().any(|o| o == "user_id") || !hangs(tables, table, depth + 1).is_empty()
}

/// A reference that a thing with a name of its own may have or not: `coupons (code TEXT PRIMARY KEY, used_by … NULL)`.
fn is_aside(table: &Table, fk: &Foreign) -> bool {
    let null = |c: &String| table.column(c).is_some_and(|(_, c)| c.null);
    let own_name = table.primary().is_some_and(|key| {
        key.columns
            .iter()
            .all(|c| !fk.columns.contains(c) && table.column(c).is_some_and(|(_, c)| !c.serial))
    });
    fk.columns.iter().any(null) && fk.on_delete != OnGone::Cascade && own_name
}

/// The references by which rows of a table without an owner column belong to a person.
pub(super) fn hangs(tables: &Tables, table: &Table, depth: usize) -> Vec<Foreign> {
    if depth > DEPTH || table.owned.iter().any(|o| o == "user_id") {
        return Vec::new();
    }
    let list = if table.view {
        &table.shows
    } else {
        &table.foreign
    };
    list.iter()
        .filter(|fk| {
            tables
                .get(&fk.table)
                .is_some_and(|parent| parent.name != table.name && belongs(tables, parent, depth))
        })
        .filter(|fk| !is_aside(table, fk))
        .cloned()
        .collect()
}

/// The condition that joins a relation with what it hangs on.
pub(super) fn join(alias: &str, fk: &Foreign, tables: &Tables) -> String {
    let keys = tables
        .get(&fk.table)
        .map(|t| referred(t, fk))
        .unwrap_or_default();
    fk.columns
        .iter()
        .zip(keys)
        .map(|(own, key)| {
            format!(
                "{}.{} = {}.{}",
                name(&fk.table),
                name(&key),
                name(alias),
                name(own)
            )
        })
        .collect::<Vec<_>>()
        .join(" AND ")
}
