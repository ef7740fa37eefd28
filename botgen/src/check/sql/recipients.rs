//! What an audience's query gives: people, and not the numbers that a table counts its rows by.

use std::ops::Range;

use super::fault::Fault;
use super::owned::constrained;
use super::tables::{OWNER_COLUMNS, Table, Tables};
use super::typer::{Results, Simple, Typer};
use crate::diagnostics::codes::broadcasts as codes;

/// What is wrong with it, and what is only odd.
pub fn check(typer: &Typer<'_>, results: &Results) -> (Option<Fault>, Option<Fault>) {
    let [output] = results.outputs.as_slice() else {
        return (None, None); // that there are several is said elsewhere
    };
    let at = output.typed.range.clone();
    let (table, column) = match (&output.origin, output.typed.is) {
        (Some((table, column)), _) => (typer.tables.get(table), column.as_str()),
        (None, Some(Simple::Column(rel, column))) => {
            let relation = typer.relations.get(rel);
            let table = relation.and_then(|r| typer.tables.get(r.table.as_ref()?));
            let column = relation.and_then(|r| r.columns.get(column));
            (table, column.map_or("", |column| column.name.as_str()))
        }
        _ => (None, ""),
    };
    if let Some(table) = table {
        let runtime = table.owner.is_empty() && !column.eq_ignore_ascii_case(OWNER_COLUMNS[1]);
        if runtime {
            let message = format!("`{column}` of `{}` is nobody's number", table.name);
            let help = "select the people's `user_id`: `SELECT user_id FROM bf_people WHERE bot_id = :bot_id`";
            return (
                Some(Fault::new(&codes::PEOPLE, at, message).help(help)),
                None,
            );
        }
        if let Some(fault) = counting(typer.tables, table, column, at.clone()) {
            return (Some(fault), None);
        }
    }
    // An aggregate over everything has one row, whose number counts something.
    let computed = output.origin.is_none() && output.typed.is.is_none();
    if results.always && computed && typer.relations.iter().any(|r| r.table.is_some()) {
        let fault = Fault::new(
            &codes::PEOPLE,
            at,
            "this gives one number in every case, which is nobody's",
        );
        let help = "select the people's `user_id`, a row for each; how many they are says `result_var` (`{{sent.total}}`)";
        return (Some(fault.help(help)), None);
    }
    let Some(Simple::Column(rel, column)) = output.typed.is else {
        return (None, None);
    };
    let own = constrained(typer);
    let alone = own
        .iter()
        .any(|((r, c), builtin)| (*r, *c) == (rel, column) && builtin == OWNER_COLUMNS[1]);
    let odd = alone.then(|| {
        Fault::new(
            &codes::ONLY_SELF,
            at,
            "nobody but whoever starts the broadcast is among these people",
        )
        .help("leave `user_id = :user_id` out: an audience is other people")
    });
    (None, odd)
}

/// The table counts its rows by this column, or by what it refers to.
fn counting(tables: &Tables, table: &Table, column: &str, at: Range<usize>) -> Option<Fault> {
    let counted = counts(tables, table, column, 0)?;
    let message = match counted.eq_ignore_ascii_case(&table.name) {
        true => format!("`{column}` counts the rows of `{counted}`, it is nobody's number"),
        false => {
            format!("`{column}` is a number of the rows of `{counted}`, it is nobody's number")
        }
    };
    let help = match table.column(OWNER_COLUMNS[1]).is_some() {
        true => "select `user_id`: people are known by the number that Telegram gave them",
        false => {
            "select a column that holds people's `user_id`, the number that Telegram gave them; join the table that has it"
        }
    };
    let fault = Fault::new(&codes::PEOPLE, at, message).note(table.defined, "the table");
    Some(fault.help(help))
}

/// References that are followed to the column that counts.
const STEPS: usize = 8;

/// The table by whose rows a column counts, itself or through what it refers to.
fn counts<'t>(tables: &'t Tables, table: &'t Table, column: &str, steps: usize) -> Option<&'t str> {
    let (_, found) = table.column(column)?;
    if found.serial {
        return Some(&table.name);
    }
    if steps == STEPS {
        return None;
    }
    let foreign = table.foreign.iter().chain(&table.shows);
    let mut foreign = foreign.filter_map(|foreign| {
        let at = foreign.columns.iter();
        let at = at
            .clone()
            .position(|name| name.eq_ignore_ascii_case(column))?;
        let other = tables.get(&foreign.table)?;
        let key = other.primary().map(|key| key.columns.as_slice());
        let referred = match foreign.referred.as_slice() {
            [] => key.unwrap_or_default(),
            some => some,
        };
        counts(tables, other, referred.get(at)?, steps + 1)
    });
    foreign.next()
}
