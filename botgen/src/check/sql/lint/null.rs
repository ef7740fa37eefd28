//! Comparisons with a value that may be null: nothing equals null, so the statement finds nothing, without a word.

use std::collections::BTreeSet;

use crate::check::sql::fault::Fault;
use crate::check::sql::typer::{Typer, short};
use crate::diagnostics::codes::sql as codes;

/// Each such parameter once, where it stands first.
pub fn check(typer: &Typer<'_>) -> Vec<Fault> {
    let mut said = BTreeSet::new();
    let mut faults = Vec::new();
    for (param, range) in &typer.seen.compared {
        let Some(given) = typer.params.get(*param) else {
            continue;
        };
        // `null` itself is a mistake of types.
        let may_be = given.null && given.base.is_some();
        if !may_be || typer.seen.asked.contains(param) || !said.insert(*param) {
            continue;
        }
        let name = short(&format!(":{}", given.name));
        faults.push(
            Fault::new(
                &codes::NULL_COMPARED,
                range.clone(),
                format!("`{name}` may be null here, and nothing is equal to null: no row is found then"),
            )
            .help(format!(
                "test it before (`when: {} is not null`), or say what null means: `({name} IS NULL OR …)`",
                given.name
            )),
        );
    }
    faults
}
