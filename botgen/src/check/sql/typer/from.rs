//! FROM: relations, joins, names of columns, and what WHERE and ON prove about them.

use std::ops::Range;

use sqlparser::ast::{
    BinaryOperator, Expr, Join, JoinConstraint, JoinOperator, ObjectName, Query, Spanned,
    TableAlias, TableFactor, TableWithJoins,
};

use super::names::Found;
use super::select::Results;
use super::{Fact, Frame, Output, Simple, Typer};
use crate::check::sql::fault::Fault;
use crate::check::sql::tables::Table;
use crate::check::sql::text::range;
use crate::diagnostics::codes::sql as codes;
use crate::ir::types::Base;

/// A table, view, subquery or CTE that a statement names.
#[derive(Debug, Clone)]
pub struct Relation {
    /// What its columns are qualified with.
    pub alias: String,
    /// The table, if it is one.
    pub table: Option<String>,
    /// Its columns.
    pub columns: Vec<RelColumn>,
    /// Its rows may be missing (the other side of an outer join).
    pub outer: bool,
    /// Where it is named.
    pub range: Range<usize>,
    /// It has an error that was reported: every column is silently unknown.
    pub broken: bool,
    /// A function of Postgres in FROM: what columns it has, Postgres knows.
    pub open: bool,
}

/// A relation's column.
#[derive(Debug, Clone)]
pub struct RelColumn {
    /// As its table has it.
    pub name: String,
    /// Its type.
    pub base: Option<Base>,
    /// May be null.
    pub null: bool,
    /// Its type is not known, and that is no error so far.
    pub untyped: bool,
    /// Type or nullability depend on a parameter's.
    pub by_param: bool,
    /// Of a subquery: the column that it passes on.
    pub source: Option<(usize, usize)>,
    /// The table's column that it is in the end.
    pub origin: Option<(String, String)>,
    /// Merged into another by USING: not part of `*`, never ambiguous.
    pub merged: bool,
}

impl Typer<'_> {
    /// A FROM list.
    pub(super) fn from(&mut self, list: &[TableWithJoins]) {
        for item in list {
            self.table_with_joins(item);
        }
    }

    fn table_with_joins(&mut self, item: &TableWithJoins) {
        let before = self.frame().relations.len();
        self.factor(&item.relation);
        for join in &item.joins {
            self.join_with(join, before);
        }
    }

    fn join_with(&mut self, join: &Join, first: usize) {
        let before = self.frame().relations.len();
        self.factor(&join.relation);
        let left: Vec<usize> = self.frame().relations[first..before].to_vec();
        let right: Vec<usize> = self.frame().relations[before..].to_vec();
        // Whose rows may be missing, and whose are constrained by ON.
        let (constraint, left_outer, right_outer) = match &join.join_operator {
            JoinOperator::Join(c) | JoinOperator::Inner(c) | JoinOperator::CrossJoin(c) => {
                (c, false, false)
            }
            JoinOperator::Left(c) | JoinOperator::LeftOuter(c) => (c, false, true),
            JoinOperator::Right(c) | JoinOperator::RightOuter(c) => (c, true, false),
            JoinOperator::FullOuter(c) => (c, true, true),
            _ => {
                let at = range(join.relation.span());
                self.fault(
                    Fault::new(&codes::SYNTAX, at, "this join is not supported")
                        .help("write JOIN … ON … or LEFT JOIN … ON …"),
                );
                return;
            }
        };
        let all: Vec<usize> = left.iter().chain(&right).copied().collect();
        let targets: &[usize] = match (left_outer, right_outer) {
            (false, false) => &all,
            (false, true) => &right,
            (true, false) => &left,
            (true, true) => &[],
        };
        match constraint {
            JoinConstraint::On(on) => {
                self.condition(on, "ON");
                self.learn(on, targets);
                if !left_outer && !right_outer {
                    self.narrow(on);
                }
            }
            JoinConstraint::Using(columns) => {
                for name in columns {
                    self.using(name, &left, &right, targets);
                }
            }
            JoinConstraint::Natural => {
                let at = range(join.relation.span());
                self.fault(
                    Fault::new(&codes::SYNTAX, at, "a NATURAL JOIN changes with the tables")
                        .help("write JOIN … ON …"),
                );
            }
            JoinConstraint::None => {}
        }
        for (outer, side) in [(left_outer, &left), (right_outer, &right)] {
            if outer {
                for &rel in side {
                    self.relations[rel].outer = true;
                }
            }
        }
    }

    fn using(&mut self, name: &ObjectName, left: &[usize], right: &[usize], targets: &[usize]) {
        let at = range(name.span());
        let wanted = last(name);
        let find = |rels: &[usize], this: &Self| {
            rels.iter().find_map(|&r| {
                this.relations[r]
                    .columns
                    .iter()
                    .position(|c| c.name.eq_ignore_ascii_case(&wanted))
                    .map(|c| (r, c))
            })
        };
        let (Some(l), Some(r)) = (find(left, self), find(right, self)) else {
            if !left.iter().chain(right).any(|&r| self.relations[r].broken) {
                self.fault(Fault::new(
                    &codes::UNKNOWN_COLUMN,
                    at,
                    format!("both tables need a column `{wanted}`"),
                ));
            }
            return;
        };
        for (a, b) in [(l, r), (r, l)] {
            if targets.contains(&a.0) {
                self.facts.push(Fact::Same(a, b));
            }
        }
        self.relations[r.0].columns[r.1].merged = true;
    }

    fn factor(&mut self, factor: &TableFactor) {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args: None,
                with_hints,
                version: None,
                sample: None,
                ..
            } if with_hints.is_empty() => {
                let rel = self.named(name, alias.as_ref());
                if self.relations[rel].table.is_none() {
                    let wanted = last(name).to_ascii_lowercase();
                    let most = self.seen.ctes.get(&wanted).copied().flatten();
                    self.seen.derived.insert(rel, most);
                }
                self.frame().relations.push(rel);
            }
            TableFactor::Derived {
                subquery,
                alias,
                lateral,
                ..
            } if !*lateral || self.pg() => {
                // A subquery in FROM does not see the other tables of its FROM, but for LATERAL.
                let Results { outputs, most, .. } = if *lateral {
                    self.query(subquery, false)
                } else {
                    let hidden = std::mem::take(&mut self.frame().relations);
                    let results = self.query(subquery, false);
                    self.frame().relations = hidden;
                    results
                };
                let at = self.around_query(subquery);
                let alias = alias.as_ref();
                let columns = self.passed_on(&outputs, alias);
                self.relations.push(Relation {
                    alias: alias.map_or_else(String::new, |a| a.name.value.clone()),
                    table: None,
                    columns,
                    outer: false,
                    range: at,
                    broken: false,
                    open: false,
                });
                let rel = self.relations.len() - 1;
                self.seen.derived.insert(rel, most);
                self.frame().relations.push(rel);
            }
            TableFactor::NestedJoin {
                table_with_joins,
                alias: None,
            } => self.table_with_joins(table_with_joins),
            other if self.pg() && self.function_in_from(other) => {}
            other => {
                let at = self.lexed.with_arguments(range(other.span()));
                let text = super::open::short(self.lexed.slice(&at));
                self.fault(
                    Fault::new(&codes::FORM, at, format!("`{text}` cannot stand in FROM"))
                        .help("name tables and subqueries only"),
                );
                self.broken_relation(range(other.span()));
            }
        }
    }

    fn broken_relation(&mut self, at: Range<usize>) {
        self.relations.push(Relation {
            alias: String::new(),
            table: None,
            columns: Vec::new(),
            outer: false,
            range: at,
            broken: true,
            open: false,
        });
        let rel = self.relations.len() - 1;
        self.frame().relations.push(rel);
    }

    /// The place of a subquery, with its parentheses.
    pub(super) fn around_query(&self, query: &Query) -> Range<usize> {
        let inner = range(query.span());
        self.lexed.around(&inner).map_or(inner, |(outer, _)| outer)
    }

    /// Columns of a subquery or CTE. What is open in them takes its own type.
    pub(super) fn passed_on(
        &mut self,
        outputs: &[Output],
        alias: Option<&TableAlias>,
    ) -> Vec<RelColumn> {
        let renamed = alias.map(|a| a.columns.as_slice()).unwrap_or_default();
        outputs
            .iter()
            .enumerate()
            .map(|(i, out)| {
                self.settle(&out.typed);
                let name = renamed
                    .get(i)
                    .map(|c| c.name.value.clone())
                    .or_else(|| out.name.clone());
                let source = match out.typed.is {
                    Some(Simple::Column(r, c)) => Some((r, c)),
                    _ => None,
                };
                RelColumn {
                    name: name.unwrap_or_default(),
                    base: out.typed.base.clone(),
                    null: out.typed.null,
                    untyped: out.typed.untyped,
                    by_param: out.typed.by_param,
                    source,
                    origin: source.and_then(|(r, c)| self.relations[r].columns[c].origin.clone()),
                    merged: false,
                }
            })
            .collect()
    }

    /// A condition: a bool.
    pub(super) fn condition(&mut self, expr: &Expr, of: &str) {
        let typed = self.infer(expr);
        if matches!(typed.base, Some(Base::Bool | Base::Null)) && typed.leaves.is_empty() {
            return;
        }
        self.constrain(&typed, &Base::Bool, &format!("the condition of {of}"));
    }

    /// What a condition says about owner columns: only `targets` are constrained by it.
    pub(super) fn learn(&mut self, expr: &Expr, targets: &[usize]) {
        self.note(expr);
        let facts = self.facts_of(expr);
        self.facts.extend(facts.into_iter().filter(|f| match f {
            Fact::Is((rel, _), _) | Fact::Same((rel, _), _) | Fact::Bound((rel, _), _) => {
                targets.contains(rel)
            }
            Fact::Proven(..) => true,
        }));
    }

    pub(super) fn facts_of(&self, expr: &Expr) -> Vec<Fact> {
        match expr {
            Expr::Nested(inner) => self.facts_of(inner),
            Expr::BinaryOp {
                left,
                op: BinaryOperator::And,
                right,
            } => {
                let mut all = self.facts_of(left);
                all.extend(self.facts_of(right));
                all
            }
            // What both branches say.
            Expr::BinaryOp {
                left,
                op: BinaryOperator::Or,
                right,
            } => {
                let right = self.facts_of(right);
                let mut both = self.facts_of(left);
                both.retain(|f| right.contains(f));
                both
            }
            Expr::BinaryOp {
                left,
                op: BinaryOperator::Eq,
                right,
            } => {
                let (a, b) = (self.simple(left), self.simple(right));
                match (a, b) {
                    (Some(Simple::Column(r, c)), Some(Simple::Param(p)))
                    | (Some(Simple::Param(p)), Some(Simple::Column(r, c))) => self.params[p]
                        .owner
                        .map(|o| Fact::Is((r, c), o))
                        .into_iter()
                        .chain([Fact::Bound((r, c), p)])
                        .collect(),
                    (Some(Simple::Column(r, c)), Some(Simple::Column(s, d))) => {
                        vec![Fact::Same((r, c), (s, d)), Fact::Same((s, d), (r, c))]
                    }
                    // The value of a subquery is one of its column's.
                    (Some(Simple::Column(r, c)), None) => self
                        .passes(right)
                        .map(|source| Fact::Same((r, c), source))
                        .into_iter()
                        .collect(),
                    (None, Some(Simple::Column(r, c))) => self
                        .passes(left)
                        .map(|source| Fact::Same((r, c), source))
                        .into_iter()
                        .collect(),
                    _ => Vec::new(),
                }
            }
            Expr::InSubquery {
                expr,
                subquery,
                negated: false,
            } => match (self.simple(expr), self.passes_query(subquery)) {
                (Some(Simple::Column(r, c)), Some(source)) => vec![Fact::Same((r, c), source)],
                _ => Vec::new(),
            },
            Expr::Exists {
                subquery,
                negated: false,
            } => Self::select_of(subquery)
                .and_then(|at| self.seen.inner.get(&at))
                .into_iter()
                .flatten()
                .map(|fact| match fact {
                    Fact::Bound(column, param) => Fact::Proven(*column, *param),
                    fact => fact.clone(),
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// A column or parameter standing alone, found without reporting.
    pub(super) fn simple(&self, expr: &Expr) -> Option<Simple> {
        let find = |q: Option<&str>, n: &str| match self.find(q, n) {
            Found::One(r, c, _) => Some(Simple::Column(r, c)),
            _ => None,
        };
        match expr {
            Expr::Nested(inner) => self.simple(inner),
            Expr::Identifier(name) => find(None, &name.value),
            Expr::CompoundIdentifier(parts) => match &parts[..] {
                [table, name] => find(Some(&table.value), &name.value),
                _ => None,
            },
            Expr::Value(v) => match &v.value {
                sqlparser::ast::Value::Placeholder(p) => {
                    let name = p.strip_prefix(':')?;
                    self.params
                        .iter()
                        .position(|g| g.name == name)
                        .map(Simple::Param)
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// Columns that a condition shows not to be null, where it holds.
    pub(super) fn narrow(&mut self, expr: &Expr) {
        let strict: Vec<&Expr> = match expr {
            Expr::Nested(inner) => return self.narrow(inner),
            Expr::BinaryOp {
                left,
                op: BinaryOperator::And,
                right,
            } => {
                self.narrow(left);
                return self.narrow(right);
            }
            Expr::BinaryOp {
                left,
                op:
                    BinaryOperator::Eq
                    | BinaryOperator::NotEq
                    | BinaryOperator::Lt
                    | BinaryOperator::LtEq
                    | BinaryOperator::Gt
                    | BinaryOperator::GtEq,
                right,
            } => vec![left, right],
            Expr::IsNotNull(e) => vec![e],
            Expr::Like { expr, .. }
            | Expr::Between { expr, .. }
            | Expr::InList {
                expr,
                negated: false,
                ..
            }
            | Expr::InSubquery {
                expr,
                negated: false,
                ..
            } => vec![expr],
            e @ (Expr::Identifier(_) | Expr::CompoundIdentifier(_)) => vec![e],
            _ => return,
        };
        for expr in strict {
            if let Some(Simple::Column(rel, column)) = self.simple(expr) {
                self.narrowed.insert((rel, column));
                // A row that has a value is there.
                let own = self
                    .frames
                    .last()
                    .is_some_and(|f: &Frame| f.relations.contains(&rel));
                if own {
                    self.relations[rel].outer = false;
                }
            }
        }
    }
}

/// Columns of a table.
pub fn columns_of(table: &Table) -> Vec<RelColumn> {
    table
        .columns
        .iter()
        .map(|c| RelColumn {
            name: c.name.clone(),
            base: c.base.clone(),
            null: c.null,
            untyped: false,
            by_param: false,
            source: None,
            origin: (!table.view).then(|| (table.name.clone(), c.name.clone())),
            merged: false,
        })
        .collect()
}

/// The last part of a name.
pub fn last(name: &ObjectName) -> String {
    name.0
        .last()
        .and_then(|p| p.as_ident())
        .map(|i| i.value.clone())
        .unwrap_or_default()
}
