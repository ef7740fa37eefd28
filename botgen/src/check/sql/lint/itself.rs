//! Columns that are compared with themselves: mostly a parameter without its colon.

use crate::check::sql::fault::Fault;
use crate::check::sql::typer::Typer;
use crate::diagnostics::codes::sql as codes;

/// Each such comparison.
pub fn check(typer: &Typer<'_>) -> Vec<Fault> {
    let named = |(r, c): (usize, usize)| typer.relations.get(r)?.columns.get(c);
    let found = typer.seen.selves.iter().filter_map(|(at, range)| {
        let column = &named(*at)?.name;
        let message =
            format!("`{column}` is compared with itself, so this says nothing of the row");
        let help = format!("for a variable write `:{column}`, else leave the comparison out");
        Some(Fault::new(&codes::ITSELF, range.clone(), message).help(help))
    });
    found.collect()
}
