//! INSERT, UPDATE, DELETE.

use std::collections::BTreeMap;
use std::ops::Range;

use sqlparser::ast::{
    Assignment, AssignmentTarget, Delete, Expr, FromTable, Insert, SelectItem, SetExpr, Spanned,
    SqliteOnConflict, Statement, TableFactor, TableObject, TableWithJoins, Update,
    UpdateTableFromKind,
};

use super::from::last;
use super::select::Results;
use super::{Fact, Frame, Leaf, Simple, Typed, Typer};
use crate::check::sql::fault::Fault;
use crate::check::sql::tables::{Column, Table};
use crate::check::sql::text::range;
use crate::diagnostics::codes::sql as codes;
use crate::diagnostics::meant;
use crate::ir::types::Base;

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

    fn insert(&mut self, insert: &Insert) -> Results {
        self.frames.push(Frame::default());
        let results = self.insert_inner(insert);
        self.frames.pop();
        results
    }

    fn insert_inner(&mut self, insert: &Insert) -> Results {
        let verb = range(insert.insert_token.0.span);
        let TableObject::TableName(name) = &insert.table else {
            self.fault(Fault::new(&codes::SYNTAX, verb, "a table is named here"));
            return Results::default();
        };
        let rel = self.named(name, None);
        if let Some(alias) = &insert.table_alias {
            self.relations[rel].alias = alias.alias.value.clone();
        }
        let table = self.relations[rel].table.clone();
        let table = table.and_then(|t| self.table(&t));
        if table.is_some_and(|t| t.view) {
            let at = self.relations[rel].range.clone();
            self.fault(Fault::new(
                &codes::KIND,
                at,
                "a view cannot be inserted into",
            ));
        }
        // Names first, so that values can be looked at whatever is wrong with the table.
        let mut columns: Vec<Option<&'a Column>> = Vec::new();
        let mut given = BTreeMap::new();
        for name in &insert.columns {
            let wanted = last(name);
            let at = range(name.span());
            let column = table.and_then(|t| t.column(&wanted)).map(|(_, c)| c);
            if let (None, Some(table)) = (column, table) {
                let names = table.columns.iter().map(|c| c.name.as_str());
                self.fault(
                    Fault::new(
                        &codes::UNKNOWN_COLUMN,
                        at.clone(),
                        format!("there is no column `{wanted}` in `{}`", table.name),
                    )
                    .suggest(&wanted, meant(&wanted, names)),
                );
            }
            if given.insert(wanted.to_ascii_lowercase(), None).is_some() {
                self.fault(Fault::new(
                    &codes::SYNTAX,
                    at,
                    format!("`{wanted}` is given twice"),
                ));
            }
            columns.push(column);
        }
        if insert.columns.is_empty()
            && let (Some(table), Some(_)) = (table, &insert.source)
        {
            columns = table.columns.iter().map(Some).collect();
            given = table
                .columns
                .iter()
                .map(|c| (c.name.to_ascii_lowercase(), None))
                .collect();
        }
        self.or_clause(insert.or, insert.replace_into, &verb);
        let (rows, always) = self.source(insert, &columns, &mut given, rel, table);
        let most = match &insert.source {
            Some(source) => self.most_of_query(source),
            None => Some(1),
        };
        if let Some(table) = table {
            // A misspelt column is the missing one.
            if insert.columns.is_empty() || columns.iter().all(Option::is_some) {
                self.missing(table, &given, &verb);
            }
            let handled = match &insert.or {
                Some(SqliteOnConflict::Ignore) => Handled::All(true),
                _ => Handled::Nothing,
            };
            self.write = Some(Write {
                verb: Verb::Insert,
                relation: rel,
                table: table.name.clone(),
                given,
                handled,
                updated: Vec::new(),
                filtered: false,
                range: verb,
            });
        }
        self.frame().relations = vec![rel];
        let mut certain = always && rows > 0 && insert.or.is_none();
        if let Some(on) = &insert.on {
            certain &= self.on_conflict(on, rel, table);
        }
        let outputs = self.returning(insert.returning.as_deref());
        Results {
            outputs,
            always: certain,
            limited: true,
            most,
            own_most: most,
            cuttable: true,
            ordered: false,
            same: false,
            unique: Vec::new(),
            order: None,
        }
    }

    /// What is inserted. Gives the number of rows, and whether they are certain.
    fn source(
        &mut self,
        insert: &Insert,
        columns: &[Option<&Column>],
        given: &mut BTreeMap<String, Option<&'static str>>,
        rel: usize,
        table: Option<&Table>,
    ) -> (usize, bool) {
        let Some(source) = &insert.source else {
            return (1, true); // DEFAULT VALUES
        };
        let count = |this: &mut Self, has: usize, at: Range<usize>| {
            let wants = columns.len();
            if has != wants && table.is_some() {
                this.fault(Fault::new(
                    &codes::SHAPE,
                    at,
                    format!("{has} values for {wants} columns"),
                ));
            }
        };
        // Owner columns: the built-in that every row stores.
        let mut stored: Vec<Option<&'static str>> = Vec::new();
        let mut merge = |row: Vec<Option<&'static str>>| {
            if stored.is_empty() {
                stored = row;
            } else {
                for (all, one) in stored.iter_mut().zip(row) {
                    if *all != one {
                        *all = None;
                    }
                }
            }
        };
        let result = match &*source.body {
            SetExpr::Values(values) if source.with.is_none() => {
                for row in &values.rows {
                    let at =
                        range(row.opening_token.0.span).start..range(row.closing_token.0.span).end;
                    count(self, row.content.len(), at);
                    let mut owners = Vec::new();
                    for (i, expr) in row.content.iter().enumerate() {
                        let typed = self.infer(expr);
                        owners.push(self.owner_of(&typed));
                        if let Some(Some(column)) = columns.get(i) {
                            self.note_stored(&column.name, &[expr], &typed);
                        }
                        match columns.get(i) {
                            Some(Some(column)) => self.store(&typed, column, table),
                            _ => self.settle(&typed),
                        }
                    }
                    merge(owners);
                }
                (values.rows.len(), true)
            }
            _ => {
                let results = self.query(source, false);
                let at = range(source.span());
                if !results.outputs.is_empty() {
                    count(self, results.outputs.len(), at);
                }
                let mut owners = Vec::new();
                for (i, out) in results.outputs.iter().enumerate() {
                    owners.push(self.owner_of(&out.typed));
                    if let Some(Some(column)) = columns.get(i) {
                        let mut exprs = Vec::new();
                        projected(&source.body, out.item, &mut exprs);
                        self.note_stored(&column.name, &exprs, &out.typed);
                    }
                    if let (Some(Simple::Column(r, c)), Some(Some(column))) =
                        (out.typed.is, columns.get(i))
                        && let Some((own, _)) = table.and_then(|t| t.column(&column.name))
                    {
                        // What is known of the source's column holds for the new row's.
                        self.facts.push(Fact::Same((rel, own), (r, c)));
                    }
                    match columns.get(i) {
                        Some(Some(column)) => self.store(&out.typed, column, table),
                        _ => self.settle(&out.typed),
                    }
                }
                merge(owners);
                (1, results.always)
            }
        };
        for (i, owner) in stored.into_iter().enumerate() {
            if let Some(Some(column)) = columns.get(i) {
                given.insert(column.name.to_ascii_lowercase(), owner);
            }
        }
        result
    }

    fn owner_of(&self, typed: &Typed) -> Option<&'static str> {
        match typed.is {
            Some(Simple::Param(p)) => self.params[p].owner,
            _ => None,
        }
    }

    /// A value goes into a column.
    pub(super) fn store(&mut self, typed: &Typed, column: &Column, table: Option<&Table>) {
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
            let text = super::open::short(self.lexed.slice(&typed.range));
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
        let shown = super::open::short(self.lexed.slice(&typed.range));
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

    /// Columns that must be given and are not.
    fn missing(
        &mut self,
        table: &Table,
        given: &BTreeMap<String, Option<&'static str>>,
        verb: &Range<usize>,
    ) {
        for column in &table.columns {
            let needed = !column.null && !column.default && !column.serial;
            if needed && !given.contains_key(&column.name.to_ascii_lowercase()) {
                self.fault(
                    Fault::new(
                        &codes::MISSING,
                        verb.clone(),
                        format!("`{}.{}` needs a value", table.name, column.name),
                    )
                    .note(column.defined, "it is NOT NULL and has no default")
                    .help(format!("add `{}` to the columns and a value", column.name)),
                );
            }
        }
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
        Results {
            outputs,
            always: false,
            limited: true,
            most,
            own_most: most,
            cuttable: true,
            ordered: false,
            same: false,
            unique: Vec::new(),
            order: None,
        }
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
        Results {
            outputs,
            always: false,
            limited: true,
            most,
            own_most: most,
            cuttable: true,
            ordered: false,
            same: false,
            unique: Vec::new(),
            order: None,
        }
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
