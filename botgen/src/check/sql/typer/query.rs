//! WITH, UNION, LIMIT: what stands around SELECTs.

use std::ops::Range;

use sqlparser::ast::{
    Expr, LimitClause, OrderBy, OrderByKind, Query, SetExpr, SetOperator, Spanned, TableAlias,
    Value,
};

use super::from::last;
use super::select::{Output, Results};
use super::{Typed, Typer};
use crate::check::sql::fault::Fault;
use crate::check::sql::text::range;
use crate::diagnostics::codes::sql as codes;
use crate::ir::types::Base;

impl Typer<'_> {
    pub(super) fn cte(&mut self, alias: &TableAlias, query: &Query, recursive: bool) {
        let frames = std::mem::take(&mut self.frames);
        let name = alias.name.value.clone();
        self.seen.ctes.insert(name.to_ascii_lowercase(), None);
        let refers = recursive && refers_to(query, &name);
        let columns = match (&*query.body, refers) {
            (SetExpr::SetOperation { left, right, .. }, true) => {
                let first = self.set(left, false);
                let mut columns = self.passed_on(&first, Some(alias));
                for c in &mut columns {
                    c.source = None; // later rows come from elsewhere
                }
                self.ctes.push((name.clone(), columns.clone()));
                let next = self.set(right, false);
                self.ctes.pop();
                self.same_width(&first, &next, range(query.span()));
                let mut changed = false;
                for (column, out) in columns.iter_mut().zip(&next) {
                    if let Some(base) = column.base.clone() {
                        self.constrain(&out.typed, &base, "the first SELECT's column");
                    }
                    changed |= out.typed.null && !column.null;
                }
                for column in &mut columns {
                    column.null |= changed;
                }
                columns
            }
            (_, true) => {
                self.fault(
                    Fault::new(
                        &codes::SYNTAX,
                        range(alias.name.span),
                        format!("`{name}` refers to itself without a first SELECT"),
                    )
                    .help("write a SELECT that begins, UNION ALL, and one that goes on"),
                );
                Vec::new()
            }
            (SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_), _) => {
                self.fault(
                    Fault::new(
                        &codes::KIND,
                        range(alias.name.span),
                        "WITH cannot change data",
                    )
                    .help("write the change as a statement of its own, in `action.sql_exec.v1`"),
                );
                Vec::new()
            }
            _ => {
                let results = self.query(query, false);
                self.seen
                    .ctes
                    .insert(name.to_ascii_lowercase(), results.most);
                self.passed_on(&results.outputs, Some(alias))
            }
        };
        self.frames = frames;
        self.ctes.push((name, columns));
    }

    pub(super) fn same_width(&mut self, a: &[Output], b: &[Output], at: Range<usize>) {
        if a.len() != b.len() && !a.is_empty() && !b.is_empty() {
            self.fault(Fault::new(
                &codes::SHAPE,
                at,
                format!(
                    "the SELECTs have {} and {} columns, they need the same number",
                    a.len(),
                    b.len()
                ),
            ));
        }
    }

    /// A SELECT or a combination of several.
    pub(super) fn set(&mut self, body: &SetExpr, top: bool) -> Vec<Output> {
        match body {
            SetExpr::Select(select) => self.select(select, None, top).outputs,
            SetExpr::Query(query) => self.query(query, top).outputs,
            SetExpr::SetOperation {
                left, op, right, ..
            } => {
                let a = self.set(left, top);
                let b = self.set(right, top);
                let at = range(right.span());
                self.same_width(&a, &b, at.clone());
                a.into_iter()
                    .zip(b)
                    .map(|(a, b)| {
                        let place = a.typed.range.clone();
                        let null = match op {
                            SetOperator::Union => a.typed.null || b.typed.null,
                            _ => a.typed.null,
                        };
                        let typed = self.join(&[a.typed, b.typed], place);
                        Output {
                            name: a.name,
                            typed: Typed { null, ..typed },
                            item: a.item,
                            origin: None,
                        }
                    })
                    .collect()
            }
            SetExpr::Values(values) => {
                let mut columns: Vec<Vec<Typed>> = Vec::new();
                for row in &values.rows {
                    for (i, expr) in row.content.iter().enumerate() {
                        let typed = self.infer(expr);
                        match columns.get_mut(i) {
                            Some(column) => column.push(typed),
                            None => columns.push(vec![typed]),
                        }
                    }
                }
                columns
                    .into_iter()
                    .enumerate()
                    .map(|(i, column)| {
                        let at = column.first().map_or(0..0, |t| t.range.clone());
                        Output {
                            name: Some(format!("column{}", i + 1)),
                            typed: self.join(&column, at),
                            item: i,
                            origin: None,
                        }
                    })
                    .collect()
            }
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                self.fault(Fault::new(
                    &codes::KIND,
                    range(body.span()),
                    "a change of data cannot stand inside another statement",
                ));
                Vec::new()
            }
            SetExpr::Table(_) => {
                self.fault(
                    Fault::new(
                        &codes::FORM,
                        range(body.span()),
                        "TABLE alone is not supported",
                    )
                    .help("write SELECT … FROM"),
                );
                Vec::new()
            }
        }
    }

    /// ORDER BY of a UNION: names or positions of its result only.
    pub(super) fn order_outputs(&mut self, order: Option<&OrderBy>, outputs: &[Output]) {
        let Some(OrderBy {
            kind: OrderByKind::Expressions(list),
            ..
        }) = order
        else {
            return;
        };
        for item in list {
            match &item.expr {
                Expr::Value(v) => self.position(v, outputs.len()),
                Expr::Identifier(name)
                    if outputs.iter().any(|o| {
                        o.name
                            .as_ref()
                            .is_some_and(|n| n.eq_ignore_ascii_case(&name.value))
                    }) => {}
                expr => {
                    let at = self.lexed.expr(expr);
                    self.fault(
                        Fault::new(
                            &codes::UNKNOWN_COLUMN,
                            at,
                            "a combined result is ordered by its own columns",
                        )
                        .help("name a column of the first SELECT, or its position"),
                    );
                }
            }
        }
    }

    pub(super) fn limit(&mut self, limit: &LimitClause, results: &mut Results) {
        let (limit, offset) = match limit {
            LimitClause::LimitOffset { limit, offset, .. } => {
                (limit.as_ref(), offset.as_ref().map(|o| &o.value))
            }
            LimitClause::OffsetCommaLimit { offset, limit } => (Some(limit), Some(offset)),
        };
        results.limited = limit.is_some();
        for expr in [limit, offset].into_iter().flatten() {
            let frames = std::mem::take(&mut self.frames);
            let typed = self.infer(expr);
            self.frames = frames;
            self.constrain(&typed, &Base::Int, "a bound");
            if typed.null {
                self.fault(
                    Fault::new(&codes::NULL, typed.range, "a bound cannot be null")
                        .help("test the variable before, or write COALESCE(…, 10)"),
                );
            }
        }
        let one = limit.is_none_or(|e| {
            matches!(e, Expr::Value(v) if matches!(&v.value, Value::Number(n, _) if n.parse::<u64>().is_ok_and(|n| n > 0)))
        });
        if let Some(Expr::Value(v)) = limit
            && let Value::Number(n, _) = &v.value
            && let Ok(n) = n.parse::<usize>()
        {
            results.most = Some(results.most.map_or(n, |most| most.min(n)));
        }
        results.always &= one && offset.is_none();
    }
}

/// Whether a recursive CTE names itself.
fn refers_to(query: &Query, name: &str) -> bool {
    use sqlparser::ast::{ObjectName, visit_relations};
    use std::ops::ControlFlow;
    let mut found = false;
    let _ = visit_relations(query, |relation: &ObjectName| {
        found |= last(relation).eq_ignore_ascii_case(name);
        ControlFlow::<()>::Continue(())
    });
    found
}
