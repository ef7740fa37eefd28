//! Names of columns: `*`, aliases, the lists of INSERT and RETURNING.

use std::collections::BTreeSet;

use sqlparser::ast::{
    Expr, Ident, Insert, LimitClause, ObjectName, Query, SelectItem, SetExpr, Statement, Value,
};

use super::formats::to_char;
use super::rewrite::Rewriter;
use super::{last, name, param};
use crate::import::names;

impl Rewriter<'_> {
    /// The outermost query: formats, `*`, names of columns.
    pub(super) fn query(&mut self, query: &mut Query) {
        query.locks.clear();
        if let Some(LimitClause::LimitOffset {
            limit: limit @ None,
            offset: Some(_),
            ..
        }) = &mut query.limit_clause
        {
            // The old system added it too.
            *limit = Some(Expr::value(Value::Number("100".to_owned(), false)));
        }
        let SetExpr::Select(select) = query.body.as_mut() else {
            return;
        };
        let mut items = Vec::new();
        for item in std::mem::take(&mut select.projection) {
            match item {
                SelectItem::Wildcard(_) => {
                    items.extend(self.wildcard(None));
                }
                SelectItem::QualifiedWildcard(kind, _) => {
                    let table = kind.to_string();
                    items.extend(self.wildcard(table.strip_suffix(".*").or(Some(&table))));
                }
                other => items.push(other),
            }
        }
        let mut used = BTreeSet::new();
        for (n, item) in items.iter_mut().enumerate() {
            let (expr, alias) = match item {
                SelectItem::UnnamedExpr(expr) => (expr, None),
                SelectItem::ExprWithAlias { expr, alias } => (expr, Some(name(alias))),
                _ => continue,
            };
            let natural = match &*expr {
                Expr::Identifier(ident) => Some(name(ident)),
                Expr::CompoundIdentifier(parts) => parts.last().map(name),
                _ => None,
            };
            let function = match &*expr {
                Expr::Function(f) => Some(last(&f.name)),
                _ => None,
            };
            let called = names::free(
                alias
                    .clone()
                    .or(natural.clone())
                    .or(function)
                    .filter(|c| names::variable(c, &BTreeSet::new()) == *c)
                    .unwrap_or_else(|| format!("column_{}", n + 1)),
                &used,
            );
            let natural_before = natural;
            let mut expr = expr.clone();
            if let Some((column, filter)) = to_char(&expr) {
                self.changed(format!(
                    "`to_char` is a filter of the text now: `{{{{{called} | {filter}}}}}`"
                ));
                self.out.formats.insert(called.clone(), filter);
                expr = column;
            }
            let natural = match &expr {
                Expr::Identifier(ident) => Some(name(ident)),
                Expr::CompoundIdentifier(parts) => parts.last().map(name),
                _ => None,
            };
            if alias.as_deref() != Some(called.as_str())
                && natural.as_deref() != Some(called.as_str())
            {
                self.translated(format!("a column without a usable name is `{called}` now"));
            }
            *item = if natural.as_deref() == Some(called.as_str()) {
                SelectItem::UnnamedExpr(expr)
            } else {
                SelectItem::ExprWithAlias {
                    expr,
                    alias: Ident::new(called.clone()),
                }
            };
            for old in [alias, natural_before].into_iter().flatten() {
                if old != called {
                    self.out
                        .renamed
                        .entry(old)
                        .or_insert_with(|| called.clone());
                }
            }
            used.insert(called);
        }
        select.projection = items;
    }

    /// `INSERT INTO t VALUES (…)`: columns called like what is stored in them.
    pub(super) fn name_columns(&mut self, insert: &mut Insert) {
        if !insert.columns.is_empty() {
            return;
        }
        let values: Vec<&Expr> = match insert.source.as_deref().map(|q| q.body.as_ref()) {
            Some(SetExpr::Values(values)) => values
                .rows
                .first()
                .map(|row| row.content.iter().collect())
                .unwrap_or_default(),
            Some(SetExpr::Select(select)) => select
                .projection
                .iter()
                .filter_map(|item| match item {
                    SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                        Some(expr)
                    }
                    _ => None,
                })
                .collect(),
            _ => return,
        };
        let mut used = BTreeSet::new();
        for (n, value) in values.into_iter().enumerate() {
            let called = match value {
                Expr::Function(f) if last(&f.name) == "now" => "created_at".to_owned(),
                Expr::Identifier(ident) => name(ident),
                other => param(other).map_or(format!("column_{}", n + 1), str::to_lowercase),
            };
            // A copied key is no key of this table.
            let called = if called == "id" {
                "old_id".to_owned()
            } else {
                called
            };
            let called = names::free(called, &used);
            used.insert(called.clone());
            insert
                .columns
                .push(ObjectName::from(vec![Ident::new(called)]));
        }
        self.person("the columns of this INSERT are guessed from its values");
    }

    fn wildcard(&mut self, table: Option<&str>) -> Vec<SelectItem> {
        let mut columns: Vec<String> = Vec::new();
        for column in self.around.wanted {
            if column != "this" && !columns.contains(column) {
                columns.push(column.clone());
            }
        }
        if columns.is_empty() {
            columns.push("id".into());
        }
        self.changed(format!(
            "`*` became the columns that the texts use: {}",
            columns.join(", ")
        ));
        columns
            .into_iter()
            .map(|column| {
                SelectItem::UnnamedExpr(match table {
                    None => Expr::Identifier(Ident::new(column)),
                    Some(table) => {
                        Expr::CompoundIdentifier(vec![Ident::new(table), Ident::new(column)])
                    }
                })
            })
            .collect()
    }

    /// RETURNING without anything that takes it.
    pub(super) fn returning(&mut self, ast: &mut Statement) {
        let returning = match ast {
            Statement::Insert(s) => &mut s.returning,
            Statement::Update(s) => &mut s.returning,
            Statement::Delete(s) => &mut s.returning,
            _ => return,
        };
        if returning.take().is_some() {
            self.translated("RETURNING was never readable; left out");
        }
    }
}
