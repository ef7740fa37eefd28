//! A value on its way into a column.

use crate::check::sql::fault::Fault;
use crate::check::sql::tables::{Column, Table};
use crate::check::sql::typer::{Leaf, Simple, Typed, Typer};
use crate::diagnostics::codes::sql as codes;
use crate::ir::types::Base;

impl<'a> Typer<'a> {
    pub(super) fn owner_of(&self, typed: &Typed) -> Option<&'static str> {
        match typed.is {
            Some(Simple::Param(p)) => self.params[p].owner,
            _ => None,
        }
    }

    /// A value goes into a column.
    pub(in crate::check::sql::typer) fn store(
        &mut self,
        typed: &Typed,
        column: &Column,
        table: Option<&Table>,
    ) {
        let table = table.map(|t| t.name.as_str()).unwrap_or_default();
        let what = format!("`{table}.{}`", column.name);
        match &column.base {
            Some(base) => {
                let faults = self.faults.len();
                self.constrain(typed, base, &what);
                if self.faults.len() == faults {
                    self.too_long(typed, base, &what);
                }
            }
            None => self.settle(typed),
        }
        if typed.null && !column.null && (typed.base.is_some() || typed.untyped) {
            let text = crate::check::sql::typer::open::short(self.lexed.slice(&typed.range));
            let literal = typed.base == Some(Base::Null);
            self.fault(
                Fault::new(
                    &codes::NULL,
                    typed.range.clone(),
                    if literal {
                        format!("{what} is NOT NULL")
                    } else {
                        format!("`{text}` may be null, {what} is NOT NULL")
                    },
                )
                .note(column.defined, "declared here")
                .help(if literal {
                    "give it a value, or leave NOT NULL out of the migration".to_owned()
                } else {
                    format!("test it before (`when: … is not null`), write COALESCE({text}, …), or allow null in the migration")
                }),
            );
        }
    }

    /// Postgres refuses a text that is longer than its column; SQLite would take it, and differ.
    fn too_long(&mut self, typed: &Typed, base: &Base, what: &str) {
        let (Base::Text { max: Some(holds) }, Some(Base::Text { max })) = (base, &typed.base)
        else {
            return;
        };
        let literal = typed.leaves.iter().any(|l| matches!(l, Leaf::Literal(_)));
        if literal || max.is_some_and(|max| max <= *holds) {
            return;
        }
        let shown = crate::check::sql::typer::open::short(self.lexed.slice(&typed.range));
        let length = max.map_or("any length".to_owned(), |max| {
            format!("up to {max} characters")
        });
        let help = match typed.is {
            Some(Simple::Param(_)) => {
                let name = shown.trim_start_matches(':');
                format!(
                    "cut it: `params: {{ short: {name} | truncate: {holds} }}`, or make the column TEXT"
                )
            }
            _ => format!("cut it: `CAST({shown} AS VARCHAR({holds}))`, or make the column TEXT"),
        };
        self.fault(
            Fault::new(
                &codes::TYPE,
                typed.range.clone(),
                format!("`{shown}` can have {length}, {what} holds {holds}"),
            )
            .help(help),
        );
    }
}
