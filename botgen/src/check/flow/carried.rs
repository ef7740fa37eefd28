//! What it takes to show a list again when its page is turned. No conversation knows the list, so its buttons carry the
//! values it depends on, and the queries before it run again.

use std::collections::BTreeSet;

use super::FlowCheck;
use crate::check::graph::reads::Reads;
use crate::check::scope::Scope;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::lists as codes;
use crate::ir::pages::{Carried, Mark, OFFSET, Pages, Rows, mark_name};
use crate::ir::types::{Base, Ty, Variable};
use crate::ir::{Action, ActionKind};
use crate::source::Span;
use crate::syntax::ast;
use botfactory_lang::callback::{PAGE_ROOM, pack};

/// How the bytes of a button are shared out.
pub struct Room;

impl Room {
    /// Most bytes of a mark, so that something is left for what the list depends on.
    pub const MARK: usize = 20;
    /// The number of rows before a page.
    pub const NUMBER: usize = 5;
}

/// Most bytes of a value in a button; `None`: no bound is known, or it cannot stand there.
pub fn bytes(ty: &Ty) -> Option<usize> {
    let bytes = match &ty.base {
        Base::Int | Base::Decimal(_) => pack::INT_BYTES,
        Base::Bool => 1,
        Base::Date => pack::DATE_BYTES,
        Base::Time => pack::TIME_BYTES,
        Base::DateTime => pack::INSTANT_BYTES,
        // A UTF-16 unit is at most three bytes of UTF-8; its length stands before it.
        Base::Text { max } => (*max)?.checked_mul(3)?.checked_add(2)?,
        _ => return None,
    };
    Some(bytes + usize::from(ty.nullable))
}

impl FlowCheck<'_> {
    /// Finds what each list among `actions` depends on. `None`: its pages cannot be turned, reported.
    pub(super) fn carry(
        &mut self,
        scope: &Scope,
        written: &[ast::Action],
        actions: &mut [Action],
    ) -> Option<()> {
        let mut fine = Some(());
        for position in 0..actions.len() {
            let (before, rest) = actions.split_at_mut(position);
            let Some(action) = rest.first_mut() else {
                break;
            };
            let span = written
                .get(position)
                .map_or(self.flow.span, |a| a.block.span);
            let needed = self.needed(std::slice::from_ref(action));
            let ActionKind::Pages(list) = &mut action.kind else {
                continue;
            };
            match self.of_list(scope, before, needed, &list.pages, span) {
                Some(carried) => list.carried = carried,
                None => fine = None,
            }
        }
        fine
    }

    fn needed(&self, actions: &[Action]) -> BTreeSet<String> {
        let mut reads = Reads::new(&self.cx.texts, &self.cx.queries);
        reads.actions(actions);
        reads.found
    }

    fn of_list(
        &mut self,
        scope: &Scope,
        before: &[Action],
        mut needed: BTreeSet<String>,
        pages: &Pages,
        span: Span,
    ) -> Option<Carried> {
        needed.remove(&pages.row.ident);
        needed.remove(OFFSET);
        if let Rows::Query {
            mark: Mark::Keys(keys),
            ..
        } = &pages.rows
        {
            (0..keys.len()).for_each(|n| {
                needed.remove(&mark_name(n));
            });
        }
        needed.remove(&mark_name(0));
        let result = |action: &Action| match &action.kind {
            ActionKind::Sql { query, result, .. } => {
                let writes = self.cx.queries.get(query.0).is_none_or(|q| q.writes);
                result.as_ref().map(|var| (var.clone(), writes))
            }
            ActionKind::Ask(ask) => Some((ask.result.clone(), true)),
            ActionKind::Broadcast(broadcast) => {
                let result = broadcast.result.as_ref();
                result.map(|var| (var.clone(), !broadcast.dry_run))
            }
            _ => None,
        };
        let written: Vec<Variable> = before
            .iter()
            .filter_map(result)
            .filter_map(|(var, writes)| writes.then_some(var))
            .collect();
        let mut again = Vec::new();
        let mut made = BTreeSet::new();
        for (i, action) in before.iter().enumerate().rev() {
            let reads = self.needed(std::slice::from_ref(action));
            let given = result(action).filter(|(_, writes)| !writes);
            let wanted = given
                .as_ref()
                .is_some_and(|(var, _)| needed.contains(&var.ident));
            // Whoever was sent away then is sent away now, but for what only a statement that writes can tell.
            let leaves = action.goto.is_some()
                && matches!(action.kind, ActionKind::Reply(_))
                && !written.iter().any(|var| reads.contains(&var.ident));
            if wanted || leaves {
                again.insert(0, i);
                needed.extend(reads);
                made.extend(given.map(|(var, _)| var.ident));
            }
        }
        if let Some(var) = written.iter().find(|var| needed.contains(&var.ident)) {
            self.cx.sink.report(
                Diagnostic::new(
                    &codes::CARRIED,
                    span,
                    format!(
                        "the list needs `{}`, which a statement that writes, or the model, has given: to turn a page must not do that again",
                        var.name
                    ),
                )
                .help("read it once more by an `action.sql_query.v1`, or give the list a command of its own"),
            );
            return None;
        }
        let entries = scope.entries().iter().map(|e| &e.var);
        let inputs: Vec<Variable> = entries
            .filter(|var| needed.contains(&var.ident) && !made.contains(&var.ident))
            .cloned()
            .collect();
        self.carries(&inputs, pages, span)
            .then_some(Carried { inputs, again })
    }

    fn carries(&mut self, inputs: &[Variable], pages: &Pages, span: Span) -> bool {
        let columns = self
            .cx
            .queries
            .get(pages.of.0)
            .map_or(&[][..], |q| &q.columns);
        let own = |column: usize| columns.get(column).and_then(|c| bytes(&c.ty)).unwrap_or(0);
        let (mark, place) = match &pages.rows {
            Rows::Query {
                mark: Mark::Keys(keys),
                ..
            } => (keys.iter().map(|(c, _)| own(*c)).sum(), 0),
            Rows::Query { mark: Mark::Id, .. } | Rows::List { mark: Mark::Id, .. } => {
                (own(pages.id), Room::NUMBER)
            }
            Rows::Query { .. } | Rows::List { .. } => (0, Room::NUMBER),
        };
        let mut total = mark + place;
        let mut parts = vec![format!("{total} for the place")];
        for var in inputs {
            let most = match &var.ty.base {
                Base::Choice(id) => {
                    let options = self.cx.choices.get(id.0).map_or(&[][..], |c| &c.options);
                    let longest = options.iter().map(|o| o.value.len()).max().unwrap_or(0);
                    Some(longest + 2 + usize::from(var.ty.nullable))
                }
                _ => bytes(&var.ty),
            };
            let Some(most) = most else {
                let what = match &var.ty.base {
                    Base::Text { .. } => "a text of any length".to_owned(),
                    _ => var.ty.describe(),
                };
                self.cx.sink.report(
                    Diagnostic::new(
                        &codes::CARRIED,
                        span,
                        format!("the list depends on `{}`, {what}, which the buttons that turn its pages cannot carry", var.name),
                    )
                    .help("give the text a small `max`, pass an id and load the rest by a query before the list, or show the list as a step"),
                );
                return false;
            };
            total += most;
            parts.push(format!("up to {most} for `{}`", var.name));
        }
        if total > PAGE_ROOM {
            self.cx.sink.report(
                Diagnostic::new(
                    &codes::CARRIED,
                    span,
                    format!("to turn its pages the list's buttons would carry {total} bytes, {PAGE_ROOM} fit"),
                )
                .label(parts.join(", "))
                .help("let it depend on less: an id instead of what it stands for, numbers and texts with a small `max`"),
            );
            return false;
        }
        true
    }
}
