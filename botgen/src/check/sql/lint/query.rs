//! Queries that are none: they change or lock rows, or make a table.

use std::ops::ControlFlow;

use sqlparser::ast::{LockType, Query, Select, SetExpr, Spanned, Statement, Visit, Visitor};

use crate::check::sql::Kind;
use crate::check::sql::fault::Fault;
use crate::check::sql::text::{Lexed, range};
use crate::diagnostics::codes::sql as codes;

struct Found<'l, 'a> {
    lexed: &'l Lexed<'a>,
    /// `action.sql_query.v1`.
    reads: bool,
    /// The statement is one SELECT at its top: nothing around it.
    faults: Vec<Fault>,
}

impl Visitor for Found<'_, '_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        for cte in query.with.iter().flat_map(|w| &w.cte_tables) {
            let verb = match &*cte.query.body {
                SetExpr::Insert(_) => "INSERT",
                SetExpr::Update(_) => "UPDATE",
                SetExpr::Delete(_) => "DELETE",
                SetExpr::Merge(_) => "MERGE",
                _ => continue,
            };
            let at = self.verb(verb, range(cte.alias.name.span).end);
            let help = if self.reads {
                "write the change as an action of its own, `action.sql_exec.v1` with RETURNING; both share one transaction"
            } else {
                "write each change as an action of its own; they share one transaction"
            };
            self.faults.push(
                Fault::new(
                    &codes::QUERY_WRITES,
                    at,
                    format!(
                        "`{}` runs {verb} inside of another statement",
                        cte.alias.name.value
                    ),
                )
                .help(help),
            );
        }
        for lock in &query.locks {
            let word = match lock.lock_type {
                LockType::Share => "FOR SHARE",
                LockType::Update => "FOR UPDATE",
            };
            let from = range(query.body.span()).end;
            let at = self
                .lexed
                .tokens
                .windows(2)
                .find(|w| {
                    w[0].range.start >= from
                        && w[0].is_word("FOR")
                        && (w[1].is_word("UPDATE")
                            || w[1].is_word("SHARE")
                            || w[1].is_word("NO")
                            || w[1].is_word("KEY"))
                })
                .map_or(range(query.span()), |w| w[0].range.start..w[1].range.end);
            self.faults.push(
                Fault::new(
                    &codes::QUERY_WRITES,
                    at,
                    format!("{word} locks rows, a query only reads"),
                )
                .help("leave it out: updates of one conversation run one after the other, and an UPDATE with its condition in WHERE needs no lock"),
            );
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        if select.into.is_some() {
            let from = range(select.select_token.0.span).start;
            let at = self
                .lexed
                .tokens
                .iter()
                .find(|t| t.range.start > from && t.is_word("INTO"))
                .map_or(from..from, |t| t.range.clone());
            self.faults.push(
                Fault::new(
                    &codes::QUERY_WRITES,
                    at,
                    "SELECT … INTO makes a table",
                )
                .help("tables are made by `migrations/NNNN_name.sql`; rows are copied by INSERT INTO … SELECT"),
            );
        }
        ControlFlow::Continue(())
    }
}

impl Found<'_, '_> {
    fn verb(&self, verb: &str, after: usize) -> std::ops::Range<usize> {
        self.lexed
            .tokens
            .iter()
            .find(|t| t.range.start >= after && t.is_word(verb))
            .map_or(after..after, |t| t.range.clone())
    }
}

/// What a statement changes or locks beside what it says.
pub fn check(statement: &Statement, kind: Kind, lexed: &Lexed<'_>) -> Vec<Fault> {
    let mut found = Found {
        lexed,
        reads: kind != Kind::Exec,
        faults: Vec::new(),
    };
    let _ = statement.visit(&mut found);
    found.faults
}
