//! Ownership: a table with `bot_id` or `user_id` is read and changed only in the rows of the acting bot and person.

use std::collections::BTreeSet;

use super::fault::Fault;
use super::tables::{OWNER_COLUMNS, Table};
use super::typer::{Fact, Typer, Verb};
use crate::diagnostics::codes::sql as codes;

/// What is not constrained.
#[derive(Default)]
pub struct Open {
    /// Of the bot's own tables: it may say why.
    pub own: Vec<Fault>,
    /// Of the runtime's views: other bots' rows are never shown.
    pub runtime: Vec<Fault>,
}

/// What is not constrained. Empty: the statement is scoped. `people`: rows of all people of the bot are meant.
/// `admins`: only they may run it.
pub fn check(typer: &Typer<'_>, people: &dyn Fn(&Table) -> bool, admins: bool) -> Open {
    let holds = constrained(typer);
    let mut open = Open::default();
    for (rel, relation) in typer.relations.iter().enumerate() {
        let Some(table) = relation.table.as_ref().and_then(|t| typer.tables.get(t)) else {
            continue;
        };
        let write = typer.write.as_ref().filter(|w| w.relation == rel);
        let runtime = table.owner.is_empty();
        let mut missing = Vec::new();
        for owner in &table.owned {
            if owner == OWNER_COLUMNS[1] && people(table) {
                continue;
            }
            let own = holds.iter().any(|((r, c), builtin)| {
                *r == rel
                    && builtin == owner
                    && relation.columns[*c].name.eq_ignore_ascii_case(owner)
            });
            let stored = |columns: &std::collections::BTreeMap<String, Option<&'static str>>| {
                columns.get(owner).copied()
            };
            let fine = match write {
                None => own,
                Some(w) => match w.verb {
                    // Every new row stores it (INSERT … SELECT: or its source is constrained by it).
                    Verb::Insert => {
                        let new = stored(&w.given) == Some(Some(owner.as_str()))
                            || (own && w.updated.is_empty());
                        // DO UPDATE changes a row that was there.
                        let old = w.updated.is_empty() || own;
                        new && old && !w.updated.contains(owner)
                    }
                    Verb::Update => {
                        own && stored(&w.given).is_none_or(|given| given == Some(owner.as_str()))
                    }
                    Verb::Delete => own,
                },
            };
            if !fine {
                missing.push(owner.as_str());
            }
        }
        if missing.is_empty() {
            continue;
        }
        let conditions: Vec<String> = missing
            .iter()
            .map(|m| {
                let shown = relation
                    .columns
                    .iter()
                    .any(|c| c.name.eq_ignore_ascii_case(m));
                let several = typer.relations.iter().filter(|r| r.table.is_some()).count() > 1;
                match (shown, several) {
                    (true, true) => format!("{}.{m} = :{m}", relation.alias),
                    _ => format!("{m} = :{m}"),
                }
            })
            .collect();
        let inserts = write.is_some_and(|w| w.verb == Verb::Insert);
        let (message, fix) = if inserts {
            let updates = write.is_some_and(|w| !w.updated.is_empty());
            if updates {
                (
                    format!("this can change rows of others in `{}`", table.name),
                    format!("write `DO UPDATE SET … WHERE {}`", conditions.join(" AND ")),
                )
            } else {
                (
                    format!(
                        "rows of `{}` belong to a bot or person, this one does not store whose it is",
                        table.name
                    ),
                    format!(
                        "store {}",
                        missing
                            .iter()
                            .map(|m| format!("`:{m}` in `{m}`"))
                            .collect::<Vec<_>>()
                            .join(" and ")
                    ),
                )
            }
        } else {
            (
                format!(
                    "this reaches rows of `{}` that belong to others",
                    table.name
                ),
                format!("add `{}` to its condition", conditions.join(" AND ")),
            )
        };
        let fault = Fault::new(&codes::UNSCOPED, relation.range.clone(), message);
        if runtime && missing.contains(&OWNER_COLUMNS[0]) {
            open.runtime.push(fault.help(format!(
                "{fix}: a bot sees only its own rows of the runtime's views"
            )));
            continue;
        }
        let fault = match runtime {
            true => fault,
            false => fault.note(table.defined, "owned by the columns of this table"),
        };
        let everybody = admins && !inserts && missing.contains(&OWNER_COLUMNS[1]);
        let condition = conditions.first().filter(|c| c.contains(OWNER_COLUMNS[0]));
        open.own.push(fault.help(match (everybody, condition) {
            (true, Some(bot)) => format!(
                "admins see the rows of everybody: add `{bot}` and say why, `unscoped: \"the desk sees all of them\"`; for the admin's own rows add `{}`",
                conditions.join(" AND ")
            ),
            (true, None) => format!(
                "admins see the rows of everybody: say why, `unscoped: \"the desk sees all of them\"`; for the admin's own rows {fix}"
            ),
            (false, _) => format!("{fix}; if all rows are meant, say why: `unscoped: \"…\"`"),
        }));
    }
    open
}

/// Columns that equal a built-in.
pub(super) fn constrained(typer: &Typer<'_>) -> BTreeSet<((usize, usize), String)> {
    let mut holds: BTreeSet<((usize, usize), String)> = typer
        .facts
        .iter()
        .filter_map(|f| match f {
            Fact::Is(column, builtin) => Some((*column, (*builtin).to_owned())),
            _ => None,
        })
        .collect();
    loop {
        let before = holds.len();
        let mut more = Vec::new();
        for fact in &typer.facts {
            if let Fact::Same(target, source) = fact {
                more.extend(
                    holds
                        .iter()
                        .filter(|(c, _)| c == source)
                        .map(|(_, b)| (*target, b.clone())),
                );
            }
        }
        // A subquery's column is what it passes on.
        for (rel, relation) in typer.relations.iter().enumerate() {
            for (i, column) in relation.columns.iter().enumerate() {
                if let Some(source) = column.source {
                    more.extend(
                        holds
                            .iter()
                            .filter(|(c, _)| *c == source)
                            .map(|(_, b)| ((rel, i), b.clone())),
                    );
                }
            }
        }
        holds.extend(more);
        if holds.len() == before {
            return holds;
        }
    }
}
