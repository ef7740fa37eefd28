//! How many rows a query can give: one, where a key is fixed; as many as LIMIT says.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::{
    BinaryOperator, Expr, JoinConstraint, JoinOperator, LimitClause, Query, Select, SelectItem,
    SetExpr, SetOperator, TableFactor, TableWithJoins,
};

use super::from::last;
use super::seen::literal;
use super::{Frame, Output, Simple, Typer};
use crate::check::sql::text::range;

/// `column = something`: the relations that it takes to know it, and how many values it can be.
struct Equal {
    column: (usize, usize),
    needs: BTreeSet<usize>,
    values: usize,
    /// Only these relations are constrained by it (ON of a LEFT JOIN).
    only: Option<BTreeSet<usize>>,
}

/// What FROM says.
#[derive(Default)]
struct From {
    equals: Vec<Equal>,
    /// A join whose other side may have any number of rows.
    open: bool,
    /// Relations met so far.
    next: usize,
}

impl Typer<'_> {
    /// Most rows of the SELECT whose frame is the innermost; `None`: any number.
    pub(super) fn most_of_select(&self, select: &Select, plain: bool) -> Option<usize> {
        if plain {
            return Some(1);
        }
        let frame = self.frames.last()?;
        if select.from.is_empty() {
            return Some(1);
        }
        let most = self.most_of(&select.from, select.selection.as_ref());
        // Groups of what is fixed are one.
        let fixed = frame.grouped
            && !frame.groups.is_empty()
            && frame.group_columns.len() == frame.groups.len()
            && frame
                .group_columns
                .iter()
                .all(|c| self.is_fixed(*c, select.selection.as_ref(), frame));
        if fixed { Some(1) } else { most }
    }

    /// Of each output: `Some(true)` where no two rows of the SELECT share its value, `Some(false)` where nothing keeps
    /// them from it, `None` where that is not known.
    pub(super) fn unique_outputs(&self, select: &Select, outputs: &[Output]) -> Vec<Option<bool>> {
        let unknown = vec![None; outputs.len()];
        let Some(frame) = self.frames.last() else {
            return unknown;
        };
        let selection = select.selection.as_ref();
        let of = |output: &Output| {
            let Some(Simple::Column(rel, column)) = output.typed.is else {
                return None;
            };
            if frame.grouped {
                let alone = frame.groups.len() == 1 && frame.group_columns == [(rel, column)];
                return alone.then_some(true);
            }
            let relation = self.relations.get(rel)?;
            let table = self.tables.get(relation.table.as_ref()?)?;
            let alone = frame.relations.len() == 1;
            let fixed = |name: &String| {
                let position = |c: &super::from::RelColumn| c.name.eq_ignore_ascii_case(name);
                relation
                    .columns
                    .iter()
                    .position(position)
                    .is_some_and(|c| c == column || self.is_fixed((rel, c), selection, frame))
            };
            let key = table
                .keys
                .iter()
                .filter(|k| !k.partial && !k.columns.is_empty())
                .any(|k| k.columns.iter().all(fixed));
            if !key {
                // What a view's rows have in common is not known.
                return (alone && !table.view).then_some(false);
            }
            (alone || self.follow(&select.from, selection, rel)).then_some(true)
        };
        outputs.iter().map(of).collect()
    }

    /// Whether a row of one relation has at most one of every other.
    fn follow(&self, from: &[TableWithJoins], selection: Option<&Expr>, rel: usize) -> bool {
        self.most_beside(from, selection, BTreeMap::from([(rel, 1)])) == Some(1)
    }

    /// Every row of the SELECT is the same.
    pub(super) fn same_rows(&self, select: &Select) -> bool {
        let Some(frame) = self.frames.last() else {
            return false;
        };
        select.projection.iter().all(|item| match item {
            SelectItem::UnnamedExpr(e) | SelectItem::ExprWithAlias { expr: e, .. } => self
                .columns_in(e)
                .iter()
                .all(|c| self.is_fixed(*c, select.selection.as_ref(), frame)),
            _ => false,
        })
    }

    fn is_fixed(&self, column: (usize, usize), selection: Option<&Expr>, frame: &Frame) -> bool {
        if !frame.relations.contains(&column.0) {
            return true;
        }
        let mut equals = Vec::new();
        if let Some(selection) = selection {
            self.equals(selection, &frame.relations, None, &mut equals);
        }
        equals
            .iter()
            .any(|e| e.column == column && e.needs.is_empty() && e.values == 1)
    }

    /// Most rows of the innermost frame's relations, joined by `from` and filtered by `selection`.
    pub(super) fn most_of(
        &self,
        from: &[TableWithJoins],
        selection: Option<&Expr>,
    ) -> Option<usize> {
        self.most_beside(from, selection, BTreeMap::new())
    }

    /// The same where for some relations it is known.
    fn most_beside(
        &self,
        from: &[TableWithJoins],
        selection: Option<&Expr>,
        mut known: BTreeMap<usize, usize>,
    ) -> Option<usize> {
        let own = &self.frames.last()?.relations;
        let mut joined = From::default();
        for item in from {
            self.joins(item, own, &mut joined);
        }
        if let Some(selection) = selection {
            self.equals(selection, own, None, &mut joined.equals);
        }
        if joined.open {
            return None;
        }
        loop {
            let before = known.len();
            for &rel in own {
                if !known.contains_key(&rel)
                    && let Some(n) = self.most_of_relation(rel, &known, &joined.equals)
                {
                    known.insert(rel, n);
                }
            }
            if known.len() == own.len() {
                return Some(
                    known
                        .values()
                        .fold(1, |all, n| all.saturating_mul((*n).max(1))),
                );
            }
            if known.len() == before {
                return None;
            }
        }
    }

    fn most_of_relation(
        &self,
        rel: usize,
        known: &BTreeMap<usize, usize>,
        equals: &[Equal],
    ) -> Option<usize> {
        let relation = self.relations.get(rel)?;
        let Some(table) = relation.table.as_ref().and_then(|t| self.tables.get(t)) else {
            return self.seen.derived.get(&rel).copied().flatten();
        };
        let of_key = |columns: &[String]| {
            columns.iter().try_fold(1_usize, |all, name| {
                let values = equals
                    .iter()
                    .filter(|e| {
                        e.column.0 == rel
                            && relation
                                .columns
                                .get(e.column.1)
                                .is_some_and(|c| c.name.eq_ignore_ascii_case(name))
                            && e.only.as_ref().is_none_or(|o| o.contains(&rel))
                            && e.needs.iter().all(|n| known.contains_key(n))
                    })
                    .map(|e| e.values)
                    .min()?;
                Some(all.saturating_mul(values))
            })
        };
        table
            .keys
            .iter()
            .filter(|k| !k.partial && !k.columns.is_empty())
            .filter_map(|k| of_key(&k.columns))
            .min()
    }

    fn joins(&self, item: &TableWithJoins, own: &[usize], out: &mut From) {
        let first = out.next;
        self.count_factor(&item.relation, own, out);
        for join in &item.joins {
            let before = out.next;
            self.count_factor(&join.relation, own, out);
            let right: BTreeSet<usize> = own
                .get(before..out.next)
                .unwrap_or_default()
                .iter()
                .copied()
                .collect();
            let left: Vec<usize> = own.get(first..before).unwrap_or_default().to_vec();
            let (constraint, only) = match &join.join_operator {
                JoinOperator::Join(c) | JoinOperator::Inner(c) | JoinOperator::CrossJoin(c) => {
                    (c, None)
                }
                JoinOperator::Left(c) | JoinOperator::LeftOuter(c) => (c, Some(right.clone())),
                _ => {
                    out.open = true;
                    continue;
                }
            };
            match constraint {
                JoinConstraint::On(on) => self.equals(on, own, only.as_ref(), &mut out.equals),
                JoinConstraint::Using(names) => {
                    for name in names {
                        let wanted = last(name);
                        let find = |rels: Vec<usize>| {
                            rels.into_iter().find_map(|r| {
                                let columns = &self.relations.get(r)?.columns;
                                columns
                                    .iter()
                                    .position(|c| c.name.eq_ignore_ascii_case(&wanted))
                                    .map(|c| (r, c))
                            })
                        };
                        let l = find(left.clone());
                        let r = find(right.iter().copied().collect());
                        if let (Some(l), Some(r)) = (l, r) {
                            for (a, b) in [(l, r), (r, l)] {
                                out.equals.push(Equal {
                                    column: a,
                                    needs: BTreeSet::from([b.0]),
                                    values: 1,
                                    only: only.clone(),
                                });
                            }
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn count_factor(&self, factor: &TableFactor, own: &[usize], out: &mut From) {
        match factor {
            TableFactor::NestedJoin {
                table_with_joins, ..
            } => self.joins(table_with_joins, own, out),
            _ => out.next += 1,
        }
    }

    /// What must hold for every row.
    fn equals(
        &self,
        expr: &Expr,
        own: &[usize],
        only: Option<&BTreeSet<usize>>,
        out: &mut Vec<Equal>,
    ) {
        match expr {
            Expr::Nested(e) | Expr::IsTrue(e) => self.equals(e, own, only, out),
            Expr::BinaryOp {
                left,
                op: BinaryOperator::And,
                right,
            } => {
                self.equals(left, own, only, out);
                self.equals(right, own, only, out);
            }
            Expr::BinaryOp {
                left,
                op: BinaryOperator::Eq,
                right,
            } => {
                for (a, b) in [(left, right), (right, left)] {
                    self.equal(a, &[b], 1, own, only, out);
                }
            }
            Expr::InList {
                expr,
                list,
                negated: false,
            } => {
                let list: Vec<&Expr> = list.iter().collect();
                self.equal(expr, &list, list.len(), own, only, out);
            }
            Expr::InSubquery {
                expr,
                subquery,
                negated: false,
            } => {
                if let Some(n) = self.most_of_query(subquery) {
                    self.equal(expr, &[], n, own, only, out);
                }
            }
            _ => {}
        }
    }

    fn equal(
        &self,
        column: &Expr,
        to: &[&Expr],
        values: usize,
        own: &[usize],
        only: Option<&BTreeSet<usize>>,
        out: &mut Vec<Equal>,
    ) {
        let Some(Simple::Column(r, c)) = self.simple(column) else {
            return;
        };
        if !own.contains(&r) {
            return;
        }
        let needs: BTreeSet<usize> = to
            .iter()
            .flat_map(|e| self.columns_in(e))
            .map(|(rel, _)| rel)
            .filter(|rel| own.contains(rel))
            .collect();
        // A correlated subquery may give another value for every row.
        let correlated = to.iter().any(|e| self.is_correlated(e, r));
        if !needs.contains(&r) && !correlated {
            out.push(Equal {
                column: (r, c),
                needs,
                values,
                only: only.cloned(),
            });
        }
    }

    fn is_correlated(&self, expr: &Expr, rel: usize) -> bool {
        use sqlparser::ast::visit_expressions;
        use std::ops::ControlFlow;
        let Some(alias) = self.relations.get(rel).map(|r| r.alias.clone()) else {
            return false;
        };
        let mut found = false;
        let _ = visit_expressions(expr, |e| {
            if let Expr::CompoundIdentifier(parts) = e
                && let [table, _] = &parts[..]
            {
                found |= table.value.eq_ignore_ascii_case(&alias);
            }
            ControlFlow::<()>::Continue(())
        });
        found
    }

    /// Most rows of a query that was typed.
    pub(super) fn most_of_query(&self, query: &Query) -> Option<usize> {
        let most = self.most_of_set(&query.body);
        let limit = match &query.limit_clause {
            Some(LimitClause::LimitOffset { limit, .. }) => limit.as_ref().and_then(literal),
            Some(LimitClause::OffsetCommaLimit { limit, .. }) => literal(limit),
            None => None,
        };
        match (most, limit) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// The same without its LIMIT.
    pub(super) fn most_of_set(&self, body: &SetExpr) -> Option<usize> {
        match body {
            SetExpr::Select(select) => self
                .seen
                .selects
                .get(&range(select.select_token.0.span).start)
                .copied()
                .flatten(),
            SetExpr::Query(query) => self.most_of_query(query),
            SetExpr::SetOperation {
                left, op, right, ..
            } => {
                let left = self.most_of_set(left)?;
                match op {
                    SetOperator::Union => Some(left.saturating_add(self.most_of_set(right)?)),
                    _ => Some(left),
                }
            }
            SetExpr::Values(values) => Some(values.rows.len()),
            _ => None,
        }
    }
}
