//! SELECT: results, grouping, ordering, bounds.

use std::ops::Range;

use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, OrderBy, OrderByKind, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, Spanned, Value,
};

use super::from::last;
use super::{Frame, Simple, Typed, Typer};
use crate::check::sql::fault::Fault;
use crate::check::sql::text::{quoted, range};
use crate::diagnostics::codes::sql as codes;
use crate::ir::types::Base;

/// A result column.
#[derive(Debug, Clone)]
pub struct Output {
    /// Alias, or the column's name; `None` for an expression without alias.
    pub name: Option<String>,
    /// Its type.
    pub typed: Typed,
    /// The item of the list it comes from (several for `*`).
    pub item: usize,
    /// Of a direct column.
    pub origin: Option<(String, String)>,
}

/// A query's result.
#[derive(Debug, Default)]
pub struct Results {
    /// Columns.
    pub outputs: Vec<Output>,
    /// There is a row in every case.
    pub always: bool,
    /// It has a LIMIT of its own.
    pub limited: bool,
    /// Most rows, where the statement itself says so.
    pub most: Option<usize>,
    /// The same without its LIMIT.
    pub own_most: Option<usize>,
    /// It is one SELECT without DISTINCT whose result list can be cut without changing its rows.
    pub cuttable: bool,
    /// It says which rows come first.
    pub ordered: bool,
    /// Every row is the same.
    pub same: bool,
    /// Of each column, where something is known: that no two rows share its value, or that some may.
    pub unique: Vec<Option<bool>>,
    /// What ORDER BY names, where that is columns of the result: which, and whether the greatest comes first.
    pub order: Option<Vec<(usize, bool)>>,
}

impl Results {
    /// What a statement that writes returns of its rows, `most` of them: it has no LIMIT, and needs none.
    pub(super) fn returned(outputs: Vec<Output>, always: bool, most: Option<usize>) -> Self {
        Self {
            outputs,
            always,
            limited: true,
            most,
            own_most: most,
            cuttable: true,
            ..Self::default()
        }
    }
}

impl Typer<'_> {
    /// A query. `top`: its `*` is written out in the text.
    pub fn query(&mut self, query: &Query, top: bool) -> Results {
        let ctes = self.ctes.len();
        if let Some(with) = &query.with {
            for cte in &with.cte_tables {
                self.cte(&cte.alias, &cte.query, with.recursive);
            }
        }
        let mut results = match &*query.body {
            SetExpr::Select(select) => self.select(select, query.order_by.as_ref(), top),
            body => {
                let outputs = self.set(body, top);
                self.order_outputs(query.order_by.as_ref(), &outputs);
                Results {
                    outputs,
                    most: self.most_of_set(body),
                    ..Results::default()
                }
            }
        };
        results.ordered = query.order_by.is_some();
        results.own_most = results.most;
        if let Some(limit) = &query.limit_clause {
            self.limit(limit, &mut results);
        }
        if self.pg() && query.fetch.is_some() {
            results.limited = true;
            results.always = false;
        } else if !self.pg() && (query.fetch.is_some() || !query.locks.is_empty()) {
            let at = range(query.span());
            let help = if query.locks.is_empty() {
                "write LIMIT"
            } else {
                "leave it out: updates of one conversation run one after the other"
            };
            let what = if query.locks.is_empty() {
                "FETCH FIRST"
            } else {
                "FOR UPDATE"
            };
            self.fault(
                Fault::new(&codes::FORM, at, format!("SQLite does not know {what}")).help(help),
            );
            results.limited = true;
        }
        self.ctes.truncate(ctes);
        if let [only] = &results.outputs[..]
            && let Some(Simple::Column(r, c)) = only.typed.is
        {
            self.seen.passed.insert(range(query.span()).start, (r, c));
        }
        results
    }

    pub(super) fn select(
        &mut self,
        select: &Select,
        order: Option<&OrderBy>,
        top: bool,
    ) -> Results {
        self.frames.push(Frame::default());
        self.from(&select.from);
        let home = range(select.select_token.0.span).start;
        for rel in self.frame().relations.clone() {
            self.seen.homes.insert(rel, home);
        }
        if let Some(selection) = &select.selection {
            self.condition(selection, "WHERE");
            let own = self.frame().relations.clone();
            self.learn(selection, &own);
            self.narrow(selection);
        }
        self.group_by(select);
        // From here on columns and aggregates are told apart; before, every column may stand.
        self.frame().bare.clear();
        self.frame().may_aggregate = true;
        let outputs = self.projection(&select.projection, top);
        for out in &outputs {
            if let Some(name) = &out.name {
                let entry = (name.clone(), out.typed.clone());
                self.frame().aliases.push(entry);
            }
        }
        if let Some(having) = &select.having {
            self.condition(having, "HAVING");
            self.note(having);
        }
        if let Some(order) = order {
            self.order_by(order, &outputs);
        }
        let distinct = match &select.distinct {
            None | Some(Distinct::All) => false,
            Some(Distinct::Distinct) => true,
            Some(Distinct::On(list)) if self.pg() => {
                for expr in list {
                    let typed = self.infer(expr);
                    self.settle(&typed);
                }
                true
            }
            Some(Distinct::On(list)) => {
                let at = list.first().map_or(0..0, |e| self.lexed.expr(e));
                self.fault(
                    Fault::new(&codes::FORM, at, "SQLite does not know DISTINCT ON")
                        .help("write GROUP BY with MAX or MIN"),
                );
                true
            }
        };
        let frame = self.frame();
        let plain = frame.aggregated && !frame.grouped;
        let most = self.most_of_select(select, plain);
        let same = !plain && self.same_rows(select);
        let unique = match (plain, distinct) {
            (true, _) => vec![Some(true); outputs.len()],
            (false, true) => vec![(outputs.len() == 1).then_some(true); outputs.len()],
            (false, false) => self.unique_outputs(select, &outputs),
        };
        let order_of = order.and_then(|order| order_of(order, &outputs, |e| self.simple(e)));
        let at = range(select.select_token.0.span).start;
        self.seen.selects.insert(at, most);
        if let Some(selection) = &select.selection {
            let facts = self.facts_of(selection);
            self.seen.inner.insert(at, facts);
        }
        let frame = self.frames.pop().unwrap_or_default();
        if frame.aggregated || frame.grouped {
            self.check_grouping(&frame);
        }
        let nothing = select.from.is_empty() && select.selection.is_none();
        Results {
            always: (plain || nothing) && select.having.is_none(),
            limited: false,
            most,
            own_most: most,
            ordered: order.is_some(),
            same,
            unique,
            order: order_of,
            cuttable: !distinct && order.is_none_or(|o| !by_result(o, &outputs)),
            outputs,
        }
    }

    fn group_by(&mut self, select: &Select) {
        let GroupByExpr::Expressions(list, modifiers) = &select.group_by else {
            let at = range(select.group_by.span());
            self.fault(
                Fault::new(&codes::FORM, at, "GROUP BY ALL is not supported")
                    .help("name the columns"),
            );
            return;
        };
        if !modifiers.is_empty() {
            let at = range(select.group_by.span());
            self.fault(
                Fault::new(&codes::FORM, at, "WITH ROLLUP is not supported")
                    .help("write several queries"),
            );
        }
        if list.is_empty() {
            return;
        }
        let mut groups = Vec::new();
        let mut columns = Vec::new();
        for expr in list {
            // A position or an alias of the result.
            let item = match expr {
                Expr::Value(v) => match &v.value {
                    Value::Number(n, _) => n
                        .parse::<usize>()
                        .ok()
                        .and_then(|n| select.projection.get(n.checked_sub(1)?))
                        .and_then(item_expr),
                    _ => None,
                },
                Expr::Identifier(name) if self.simple(expr).is_none() => {
                    select.projection.iter().find_map(|item| match item {
                        SelectItem::ExprWithAlias { expr, alias }
                            if alias.value.eq_ignore_ascii_case(&name.value) =>
                        {
                            Some(expr)
                        }
                        _ => None,
                    })
                }
                _ => None,
            };
            let expr = match item {
                Some(item) => item, // typed with the result
                None => {
                    let typed = self.infer(expr);
                    self.settle(&typed);
                    expr
                }
            };
            if let Some(Simple::Column(rel, column)) = self.simple(expr) {
                columns.push((rel, column));
            }
            groups.push(expr.to_string());
        }
        let frame = self.frame();
        frame.grouped = true;
        frame.groups = groups;
        frame.group_columns = columns;
    }

    pub(super) fn projection(&mut self, items: &[SelectItem], top: bool) -> Vec<Output> {
        let mut outputs = Vec::new();
        for (i, item) in items.iter().enumerate() {
            match item {
                SelectItem::UnnamedExpr(expr) => {
                    let typed = self.infer(expr);
                    let name = match (&typed.is, expr) {
                        (Some(Simple::Column(r, c)), _) => {
                            Some(self.relations[*r].columns[*c].name.clone())
                        }
                        // An unknown column still has its name.
                        (_, Expr::Identifier(name)) => Some(name.value.clone()),
                        (_, Expr::CompoundIdentifier(parts)) => {
                            parts.last().map(|p| p.value.clone())
                        }
                        _ => None,
                    };
                    outputs.push(self.output(name, typed, i));
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    let typed = self.infer(expr);
                    outputs.push(self.output(Some(alias.value.clone()), typed, i));
                }
                SelectItem::Wildcard(options) => {
                    let at = range(options.wildcard_token.0.span);
                    let relations = self.frame().relations.clone();
                    if relations.is_empty() {
                        self.fault(Fault::new(&codes::SYNTAX, at, "`*` needs a FROM"));
                        continue;
                    }
                    self.wildcard(&relations, at, i, top, &mut outputs);
                }
                SelectItem::QualifiedWildcard(kind, options) => {
                    let star = range(options.wildcard_token.0.span);
                    let SelectItemQualifiedWildcardKind::ObjectName(name) = kind else {
                        continue;
                    };
                    let at = range(name.span()).start..star.end;
                    let wanted = last(name);
                    let relations: Vec<usize> = self
                        .frame()
                        .relations
                        .clone()
                        .into_iter()
                        .filter(|&r| self.relations[r].alias.eq_ignore_ascii_case(&wanted))
                        .collect();
                    if relations.is_empty() {
                        self.fault(Fault::new(
                            &codes::UNKNOWN_TABLE,
                            range(name.span()),
                            format!("there is no table `{wanted}` in this statement"),
                        ));
                        continue;
                    }
                    self.wildcard(&relations, at, i, top, &mut outputs);
                }
                SelectItem::ExprWithAliases { .. } => {
                    let at = range(item.span());
                    self.fault(Fault::new(&codes::SYNTAX, at, "a column has one alias"));
                }
            }
        }
        outputs
    }

    fn output(&self, name: Option<String>, typed: Typed, item: usize) -> Output {
        let origin = match typed.is {
            Some(Simple::Column(r, c)) => self.relations[r].columns[c].origin.clone(),
            _ => None,
        };
        Output {
            name,
            typed,
            item,
            origin,
        }
    }

    /// `*`: all columns, written out, so that a later migration changes no statement.
    fn wildcard(
        &mut self,
        relations: &[usize],
        at: Range<usize>,
        item: usize,
        top: bool,
        outputs: &mut Vec<Output>,
    ) {
        let several = self.frame().relations.len() > 1;
        let mut text = Vec::new();
        for &rel in relations {
            let relation = self.relations[rel].clone();
            for (i, column) in relation.columns.iter().enumerate() {
                if column.merged {
                    continue;
                }
                let null = (column.null && !self.narrowed.contains(&(rel, i))) || relation.outer;
                let typed = Typed {
                    base: column.base.clone(),
                    untyped: column.untyped,
                    is: Some(Simple::Column(rel, i)),
                    by_param: column.by_param,
                    ..Typed::of(Base::Null, null, at.clone())
                };
                let grouped = self.frame().covered;
                if !grouped {
                    self.frame().bare.push((at.clone(), rel, i));
                }
                outputs.push(self.output(Some(column.name.clone()), typed, item));
                text.push(if several && !relation.alias.is_empty() {
                    format!("{}.{}", quoted(&relation.alias), quoted(&column.name))
                } else {
                    quoted(&column.name)
                });
            }
        }
        if top && !text.is_empty() {
            self.edits.replace(at, text.join(", "));
        }
    }

    fn order_by(&mut self, order: &OrderBy, outputs: &[Output]) {
        let OrderByKind::Expressions(list) = &order.kind else {
            let at = range(order.span());
            self.fault(
                Fault::new(&codes::FORM, at, "ORDER BY ALL is not supported")
                    .help("name the columns"),
            );
            return;
        };
        for item in list {
            match &item.expr {
                Expr::Value(v) if matches!(v.value, Value::Number(..)) => {
                    self.position(v, outputs.len());
                }
                Expr::Identifier(name)
                    if self
                        .frame()
                        .aliases
                        .iter()
                        .any(|(a, _)| a.eq_ignore_ascii_case(&name.value)) => {}
                expr => {
                    let typed = self.infer(expr);
                    self.settle(&typed);
                }
            }
        }
    }

    pub(super) fn position(&mut self, value: &sqlparser::ast::ValueWithSpan, count: usize) {
        let ok = match &value.value {
            Value::Number(n, _) => n.parse::<usize>().is_ok_and(|n| (1..=count).contains(&n)),
            _ => false,
        };
        if !ok {
            self.fault(Fault::new(
                &codes::UNKNOWN_COLUMN,
                range(value.span),
                format!("the result has {count} columns"),
            ));
        }
    }

    /// With aggregates or GROUP BY, a column stands in an aggregate or makes the group.
    fn check_grouping(&mut self, frame: &Frame) {
        for (at, rel, column) in &frame.bare {
            if !frame.relations.contains(rel) || frame.group_columns.contains(&(*rel, *column)) {
                continue;
            }
            let relation = &self.relations[*rel];
            // A group that fixes the key fixes the row.
            let table = relation.table.as_ref().and_then(|t| self.tables.get(t));
            let fixed = table.and_then(|t| t.primary()).is_some_and(|key| {
                key.columns.iter().all(|k| {
                    frame
                        .group_columns
                        .iter()
                        .any(|(r, c)| r == rel && relation.columns[*c].name.eq_ignore_ascii_case(k))
                })
            });
            if fixed {
                continue;
            }
            let name = relation.columns[*column].name.clone();
            let help = if frame.grouped {
                format!("add `{name}` to GROUP BY, or put it into MAX(…)")
            } else {
                format!("add GROUP BY `{name}`, or put it into MAX(…)")
            };
            self.fault(
                Fault::new(
                    &codes::GROUPING,
                    at.clone(),
                    format!("`{name}` has many values in one group"),
                )
                .help(help),
            );
        }
    }
}

fn item_expr(item: &SelectItem) -> Option<&Expr> {
    match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    }
}

fn falling(options: &sqlparser::ast::OrderByOptions) -> bool {
    matches!(options.sort, Some(sqlparser::ast::OrderBySort::Desc))
}

/// ORDER BY as columns of the result; `None`: something else stands there.
fn order_of(
    order: &OrderBy,
    outputs: &[Output],
    simple: impl Fn(&Expr) -> Option<Simple>,
) -> Option<Vec<(usize, bool)>> {
    let OrderByKind::Expressions(list) = &order.kind else {
        return None;
    };
    let item = |item: &sqlparser::ast::OrderByExpr| {
        let column = match &item.expr {
            Expr::Value(v) => match &v.value {
                Value::Number(n, _) => n.parse::<usize>().ok()?.checked_sub(1)?,
                _ => return None,
            },
            expr => {
                let by_name = match expr {
                    Expr::Identifier(name) => outputs.iter().position(|o| {
                        o.name
                            .as_ref()
                            .is_some_and(|n| n.eq_ignore_ascii_case(&name.value))
                    }),
                    _ => None,
                };
                let by_column = || match simple(expr) {
                    Some(column @ Simple::Column(..)) => {
                        outputs.iter().position(|o| o.typed.is == Some(column))
                    }
                    _ => None,
                };
                by_name.or_else(by_column)?
            }
        };
        Some((column, falling(&item.options)))
    };
    list.iter().map(item).collect()
}

/// ORDER BY names a result column that is not the first: cutting the list would change it.
fn by_result(order: &OrderBy, outputs: &[Output]) -> bool {
    let OrderByKind::Expressions(list) = &order.kind else {
        return true;
    };
    list.iter().any(|item| match &item.expr {
        Expr::Value(v) => !matches!(&v.value, Value::Number(n, _) if n == "1"),
        Expr::Identifier(name) => outputs.iter().skip(1).any(|o| {
            o.origin.is_none()
                && o.name
                    .as_ref()
                    .is_some_and(|n| n.eq_ignore_ascii_case(&name.value))
        }),
        _ => false,
    })
}
