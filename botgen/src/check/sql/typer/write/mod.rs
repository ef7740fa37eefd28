//! INSERT, UPDATE, DELETE.

mod insert;
mod store;

use std::collections::BTreeMap;
use std::ops::Range;

use sqlparser::ast::{
    Assignment, AssignmentTarget, Delete, Expr, FromTable, SelectItem, SetExpr, Spanned,
    SqliteOnConflict, Statement, TableFactor, TableWithJoins, Update, UpdateTableFromKind,
};

use super::from::last;
use super::select::Results;
use super::{Frame, Typer};
use crate::check::sql::fault::Fault;
use crate::check::sql::tables::Table;
use crate::check::sql::text::range;
use crate::diagnostics::codes::sql as codes;
use crate::diagnostics::meant;

/// What a statement does to its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// INSERT.
    Insert,
    /// UPDATE.
    Update,
    /// DELETE.
    Delete,
}

/// Which violated keys an INSERT deals with itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handled {
    /// None.
    Nothing,
    /// Every key; the second: CHECKs too.
    All(bool),
    /// The key of these columns, lower case.
    Key(Vec<String>),
}

/// The table that a statement changes.
#[derive(Debug, Clone)]
pub struct Write {
    /// INSERT, UPDATE or DELETE.
    pub verb: Verb,
    /// Index into [`Typer::relations`].
    pub relation: usize,
    /// The table.
    pub table: String,
    /// Columns that are given, lower case; with the built-in, where every row gets it.
    pub given: BTreeMap<String, Option<&'static str>>,
    /// ON CONFLICT.
    pub handled: Handled,
    /// Columns that DO UPDATE sets, lower case.
    pub updated: Vec<String>,
    /// It has a WHERE.
    pub filtered: bool,
    /// The verb's place.
    pub range: Range<usize>,
}

impl<'a> Typer<'a> {
    /// Any statement: what it returns.
    pub fn statement(&mut self, statement: &Statement) -> Results {
        self.seen.top = match statement {
            Statement::Query(query) => Self::select_of(query),
            Statement::Insert(insert) => insert.source.as_deref().and_then(Self::select_of),
            _ => None,
        };
        match statement {
            Statement::Query(query) => self.query(query, true),
            Statement::Insert(insert) => self.insert(insert),
            Statement::Update(update) => self.update(update),
            Statement::Delete(delete) => self.delete(delete),
            _ => Results::default(),
        }
    }

    fn target(&mut self, factor: &TableFactor) -> Option<(usize, &'a Table)> {
        let TableFactor::Table {
            name,
            alias,
            args: None,
            ..
        } = factor
        else {
            let at = range(factor.span());
            self.fault(Fault::new(&codes::SYNTAX, at, "a table is named here"));
            return None;
        };
        let rel = self.named(name, alias.as_ref());
        self.frame().relations.push(rel);
        let table = self.relations[rel].table.clone();
        let table = table.and_then(|t| self.table(&t));
        let Some(table) = table else {
            self.relations[rel].broken = true;
            return None;
        };
        if table.view {
            let at = self.relations[rel].range.clone();
            let help = match (table.owner.is_empty(), table.name.as_str()) {
                (true, "bf_segments") => {
                    "people join and leave segments by `action.segment.v1` and the API"
                }
                (true, "bf_broadcasts") => {
                    "a broadcast is made by `ops.broadcast.v1`; operators pause and cancel it by the API"
                }
                (true, _) => {
                    "the runtime keeps it; whether somebody gets broadcasts is changed by `action.subscribe.v1` and `action.unsubscribe.v1`"
                }
                (false, _) => "change the tables it is made of",
            };
            let message = format!("`{}` is a view", table.name);
            self.fault(Fault::new(&codes::KIND, at, message).help(help));
            return None;
        }
        Some((rel, table))
    }

    /// SET. The columns, lower case, with the built-in that is assigned.
    pub(super) fn assignments(
        &mut self,
        list: &[Assignment],
        table: Option<&Table>,
    ) -> BTreeMap<String, Option<&'static str>> {
        let mut assigned = BTreeMap::new();
        for assignment in list {
            let AssignmentTarget::ColumnName(name) = &assignment.target else {
                let at = range(assignment.span());
                self.fault(
                    Fault::new(&codes::FORM, at, "columns are assigned one by one")
                        .help("write SET a = …, b = …"),
                );
                continue;
            };
            let wanted = last(name);
            let at = range(name.span());
            let typed = self.infer(&assignment.value);
            let owner = self.owner_of(&typed);
            self.note_stored(&wanted, &[&assignment.value], &typed);
            if assigned
                .insert(wanted.to_ascii_lowercase(), owner)
                .is_some()
            {
                self.fault(Fault::new(
                    &codes::SYNTAX,
                    at.clone(),
                    format!("`{wanted}` is assigned twice"),
                ));
            }
            let Some(table) = table else {
                self.settle(&typed);
                continue;
            };
            match table.column(&wanted) {
                Some((_, column)) => self.store(&typed, column, Some(table)),
                None => {
                    self.settle(&typed);
                    let names = table.columns.iter().map(|c| c.name.as_str());
                    self.fault(
                        Fault::new(
                            &codes::UNKNOWN_COLUMN,
                            at,
                            format!("there is no column `{wanted}` in `{}`", table.name),
                        )
                        .suggest(&wanted, meant(&wanted, names)),
                    );
                }
            }
        }
        assigned
    }

    fn update(&mut self, update: &Update) -> Results {
        self.frames.push(Frame::default());
        let verb = range(update.update_token.0.span);
        let target = self.target(&update.table.relation);
        for join in &update.table.joins {
            let at = range(join.span());
            self.fault(
                Fault::new(&codes::FORM, at, "UPDATE does not join")
                    .help("write UPDATE … SET … FROM …"),
            );
        }
        let own = self.frame().relations.clone();
        match &update.from {
            Some(UpdateTableFromKind::BeforeSet(list) | UpdateTableFromKind::AfterSet(list)) => {
                self.from(list);
            }
            None => {}
        }
        self.or_clause(update.or, false, &verb);
        let filtered = self.filter(update.selection.as_ref());
        let most = self.most_of(&[], update.selection.as_ref());
        let table = target.map(|(_, t)| t);
        let assigned = self.assignments(&update.assignments, table);
        let assigned_names: Vec<String> = assigned.keys().cloned().collect();
        self.bounded(update.limit.as_ref(), !update.order_by.is_empty(), &verb);
        if let Some((rel, table)) = target {
            let handled = match &update.or {
                Some(SqliteOnConflict::Ignore) => Handled::All(true),
                _ => Handled::Nothing,
            };
            self.write = Some(Write {
                verb: Verb::Update,
                relation: rel,
                table: table.name.clone(),
                given: assigned,
                handled,
                updated: Vec::new(),
                filtered,
                range: verb,
            });
        }
        // RETURNING gives the new values: what WHERE showed of the old ones is gone.
        if let Some((rel, table)) = target {
            self.narrowed.retain(|(r, c)| {
                *r != rel
                    || !table
                        .columns
                        .get(*c)
                        .is_some_and(|c| assigned_names.contains(&c.name.to_ascii_lowercase()))
            });
        }
        self.frame().relations = own;
        let outputs = self.returning(update.returning.as_deref());
        self.frames.pop();
        Results::returned(outputs, false, most)
    }

    fn delete(&mut self, delete: &Delete) -> Results {
        self.frames.push(Frame::default());
        let verb = range(delete.delete_token.0.span);
        let (FromTable::WithFromKeyword(list) | FromTable::WithoutKeyword(list)) = &delete.from;
        let target = match &list[..] {
            [TableWithJoins { relation, joins }] if joins.is_empty() => self.target(relation),
            _ => {
                self.fault(Fault::new(
                    &codes::SYNTAX,
                    verb.clone(),
                    "DELETE names one table",
                ));
                None
            }
        };
        if let Some(using) = delete.using.as_ref().filter(|_| self.pg()) {
            self.from(using);
        } else if let Some(using) = &delete.using {
            let at = using.first().map_or(verb.clone(), |t| range(t.span()));
            self.fault(
                Fault::new(&codes::FORM, at, "SQLite does not know DELETE … USING")
                    .help("write WHERE id IN (SELECT …)"),
            );
            self.from(using);
        }
        let filtered = self.filter(delete.selection.as_ref());
        let most = self.most_of(&[], delete.selection.as_ref());
        self.bounded(delete.limit.as_ref(), !delete.order_by.is_empty(), &verb);
        if let Some((rel, table)) = target {
            self.write = Some(Write {
                verb: Verb::Delete,
                relation: rel,
                table: table.name.clone(),
                given: BTreeMap::new(),
                handled: Handled::Nothing,
                updated: Vec::new(),
                filtered,
                range: verb,
            });
        }
        let outputs = self.returning(delete.returning.as_deref());
        self.frames.pop();
        Results::returned(outputs, false, most)
    }

    /// `OR IGNORE` is fine; REPLACE deletes what is in the way, ROLLBACK ends the transaction that others share.
    fn or_clause(&mut self, or: Option<SqliteOnConflict>, replaces: bool, verb: &Range<usize>) {
        if replaces
            || !matches!(or, None | Some(SqliteOnConflict::Ignore))
            || (or.is_some() && self.pg())
        {
            self.fault(
                Fault::new(
                    &codes::FORM,
                    verb.clone(),
                    "REPLACE and OR … do more than they say, and only on SQLite",
                )
                .help("write ON CONFLICT (…) DO UPDATE SET …, or DO NOTHING"),
            );
        }
    }

    /// WHERE of UPDATE and DELETE. `WHERE TRUE` says on purpose that all rows are meant.
    fn filter(&mut self, selection: Option<&Expr>) -> bool {
        let Some(selection) = selection else {
            return false;
        };
        self.condition(selection, "WHERE");
        let own = self.frame().relations.clone();
        self.learn(selection, &own);
        self.narrow(selection);
        true
    }

    fn bounded(&mut self, limit: Option<&Expr>, ordered: bool, verb: &Range<usize>) {
        if limit.is_some() || ordered {
            self.fault(
                Fault::new(
                    &codes::FORM,
                    verb.clone(),
                    "UPDATE and DELETE know no ORDER BY and LIMIT",
                )
                .help("write WHERE id IN (SELECT id … ORDER BY … LIMIT …)"),
            );
        }
    }

    fn returning(&mut self, items: Option<&[SelectItem]>) -> Vec<super::Output> {
        let outputs = match items {
            Some(items) => self.projection(items, true),
            None => Vec::new(),
        };
        for out in &outputs {
            if out.typed.leaves.is_empty() {
                continue;
            }
            self.settle(&out.typed);
        }
        outputs
    }
}

/// The expressions that a source has at a place of its result list.
fn projected<'e>(body: &'e SetExpr, item: usize, out: &mut Vec<&'e Expr>) {
    match body {
        SetExpr::Select(select) => {
            if let Some(SelectItem::UnnamedExpr(e) | SelectItem::ExprWithAlias { expr: e, .. }) =
                select.projection.get(item)
            {
                out.push(e);
            }
        }
        SetExpr::Query(query) => projected(&query.body, item, out),
        SetExpr::SetOperation { left, right, .. } => {
            projected(left, item, out);
            projected(right, item, out);
        }
        SetExpr::Values(values) => {
            out.extend(values.rows.iter().filter_map(|row| row.content.get(item)));
        }
        _ => {}
    }
}
