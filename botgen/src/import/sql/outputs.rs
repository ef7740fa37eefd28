//! The columns a query gives: where each comes from and whether it may be null.

use sqlparser::ast::{
    BinaryOperator, Expr, GroupByExpr, Query, Select, SelectItem, SetExpr, Statement, Value,
};

use super::facts::literal_type;
use super::scope::{self, Col, Ctes, Known, Scope, Source};
use super::{Ty, arguments, last, name, param};

/// What decides a column's type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::import) enum Origin {
    Column(Col),
    Type(Ty),
    Param(String),
    Unknown,
}

/// Whether it may be null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::import) enum Nullness {
    Never,
    Maybe,
    /// As what decides its type.
    AsOrigin,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::import) struct Output {
    pub name: String,
    pub origin: Origin,
    pub null: Nullness,
}

/// The columns of a query, in order.
pub(in crate::import) fn of(ast: &Statement, known: &Known) -> Vec<Output> {
    let Statement::Query(query) = ast else {
        return Vec::new();
    };
    let mut ctes = Ctes::new();
    scope::add_ctes(query, &mut ctes, known);
    let Some(select) = select(query) else {
        return Vec::new();
    };
    let mut scope = Scope::of_select(select, &ctes, known);
    let mut there = Vec::new();
    let conditions = select.selection.iter();
    for condition in conditions.chain(super::scoping::inner_conditions(&select.from)) {
        compared(condition, &mut there);
    }
    let there: Vec<(String, String)> = there
        .into_iter()
        .filter_map(|expr| scope.find(expr, known))
        .map(|(relation, column)| (relation.alias.clone(), column))
        .collect();
    // A row that has a value is there.
    for relation in &mut scope.relations {
        relation.outer &= !there.iter().any(|(alias, _)| *alias == relation.alias);
    }
    scope.there.extend(there);
    select
        .projection
        .iter()
        .filter_map(|item| {
            let (expr, called) = match item {
                SelectItem::UnnamedExpr(expr) => (expr, column_name(expr)?),
                SelectItem::ExprWithAlias { expr, alias } => (expr, name(alias)),
                _ => return None,
            };
            let (origin, null) = origin(expr, &scope, known);
            Some(Output {
                name: called,
                origin,
                null,
            })
        })
        .collect()
}

/// Expressions that are not null where the condition holds.
fn compared<'a>(condition: &'a Expr, into: &mut Vec<&'a Expr>) {
    use BinaryOperator as Op;
    match condition {
        Expr::Nested(inner) => compared(inner, into),
        Expr::BinaryOp {
            left,
            op: Op::And,
            right,
        } => {
            compared(left, into);
            compared(right, into);
        }
        Expr::BinaryOp {
            left,
            op: Op::Eq | Op::NotEq | Op::Lt | Op::LtEq | Op::Gt | Op::GtEq,
            right,
        } => into.extend([&**left, &**right]),
        Expr::IsNotNull(expr) | Expr::Like { expr, .. } | Expr::Between { expr, .. } => {
            into.push(expr);
        }
        Expr::InList {
            expr,
            negated: false,
            ..
        }
        | Expr::InSubquery {
            expr,
            negated: false,
            ..
        } => into.push(expr),
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => into.push(condition),
        _ => {}
    }
}

/// Whether the query always gives one row: aggregates without GROUP BY.
pub(in crate::import) fn always_one(ast: &Statement) -> bool {
    let Statement::Query(query) = ast else {
        return false;
    };
    let Some(select) = select(query) else {
        return false;
    };
    let grouped = match &select.group_by {
        GroupByExpr::All(_) => true,
        GroupByExpr::Expressions(by, _) => !by.is_empty(),
    };
    !grouped
        && select.having.is_none()
        && query.limit_clause.is_none()
        && select.projection.iter().any(|item| match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                is_aggregate(expr)
            }
            _ => false,
        })
}

fn select(query: &Query) -> Option<&Select> {
    match query.body.as_ref() {
        SetExpr::Select(select) => Some(select),
        SetExpr::Query(inner) => select_of(inner),
        SetExpr::SetOperation { left, .. } => match left.as_ref() {
            SetExpr::Select(select) => Some(select),
            _ => None,
        },
        _ => None,
    }
}

fn select_of(query: &Query) -> Option<&Select> {
    match query.body.as_ref() {
        SetExpr::Select(select) => Some(select),
        _ => None,
    }
}

fn column_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(ident) => Some(name(ident)),
        Expr::CompoundIdentifier(parts) => parts.last().map(name),
        _ => None,
    }
}

fn is_aggregate(expr: &Expr) -> bool {
    match expr {
        Expr::Function(function) if function.over.is_none() => {
            match (last(&function.name).as_str(), arguments(function).len()) {
                ("count" | "sum" | "avg" | "total" | "group_concat" | "string_agg", _)
                | ("min" | "max", 1) => true,
                _ => arguments(function).into_iter().flatten().any(is_aggregate),
            }
        }
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => is_aggregate(inner),
        Expr::BinaryOp { left, right, .. } => is_aggregate(left) || is_aggregate(right),
        _ => false,
    }
}

fn origin(expr: &Expr, scope: &Scope, known: &Known) -> (Origin, Nullness) {
    use Nullness::{AsOrigin, Maybe, Never};
    if let Some(called) = param(expr) {
        return (Origin::Param(called.to_owned()), AsOrigin);
    }
    if let Some(ty) = literal_type(expr) {
        return (Origin::Type(ty), Never);
    }
    match expr {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => match scope.find(expr, known) {
            Some((relation, column)) => {
                let shown = column.clone();
                let col = match &relation.source {
                    Source::Table(table) => Some((table.clone(), column)),
                    Source::Derived(columns) => columns.get(&column).cloned().flatten(),
                };
                match col {
                    Some(col) => {
                        let there = (relation.alias.clone(), shown);
                        let null = if scope.there.contains(&there) {
                            Never
                        } else if relation.outer {
                            Maybe
                        } else {
                            AsOrigin
                        };
                        (Origin::Column(col), null)
                    }
                    None => (Origin::Unknown, Maybe),
                }
            }
            None => (Origin::Unknown, Maybe),
        },
        Expr::Nested(inner) => origin(inner, scope, known),
        Expr::Cast {
            expr: inner,
            data_type,
            ..
        } => {
            let ty = match data_type.to_string().to_uppercase().as_str() {
                "INTEGER" | "INT" | "BIGINT" | "SMALLINT" => Ty::Int,
                "REAL" | "DOUBLE PRECISION" | "FLOAT" => Ty::Real,
                _ => Ty::Text,
            };
            (Origin::Type(ty), origin(inner, scope, known).1)
        }
        Expr::Case {
            conditions,
            else_result,
            ..
        } => {
            let results: Vec<_> = conditions
                .iter()
                .map(|c| &c.result)
                .chain(else_result.as_deref())
                .map(|r| origin(r, scope, known))
                .collect();
            let sure = else_result.is_some() && results.iter().all(|(_, null)| *null == Never);
            let typed = results.into_iter().find(|(o, _)| *o != Origin::Unknown);
            (
                typed.map_or(Origin::Unknown, |(o, _)| o),
                if sure { Never } else { Maybe },
            )
        }
        Expr::Function(function) => {
            if let Some(ours) = super::either::sqlite(function) {
                return origin(ours, scope, known);
            }
            let args: Vec<&Expr> = arguments(function).into_iter().flatten().collect();
            match (last(&function.name).as_str(), args.as_slice()) {
                ("count" | "row_number" | "rank" | "dense_rank", _) => {
                    (Origin::Type(Ty::Int), Never)
                }
                ("avg", _) => (Origin::Type(Ty::Real), Maybe),
                ("sum" | "min" | "max", [arg]) => (origin(arg, scope, known).0, Maybe),
                ("coalesce", [first, .., fallback]) => (
                    origin(first, scope, known).0,
                    origin(fallback, scope, known).1,
                ),
                ("length" | "instr", _) => (Origin::Type(Ty::Int), Maybe),
                ("datetime", _) => (Origin::Type(Ty::DateTime), Maybe),
                ("date", _) => (Origin::Type(Ty::Date), Maybe),
                ("random", _) => (Origin::Type(Ty::Int), Never),
                ("round", [arg, ..]) => origin(arg, scope, known),
                ("greatest" | "least", [arg, ..]) => (origin(arg, scope, known).0, Maybe),
                (
                    "upper" | "lower" | "trim" | "substr" | "replace" | "group_concat"
                    | "string_agg" | "strftime",
                    _,
                ) => (Origin::Type(Ty::Text), Maybe),
                _ => (Origin::Unknown, Maybe),
            }
        }
        Expr::BinaryOp { left, op, right } => {
            let (left, right) = (origin(left, scope, known), origin(right, scope, known));
            let null = if left.1 == Never && right.1 == Never {
                Never
            } else {
                Maybe
            };
            match op {
                BinaryOperator::StringConcat => (Origin::Type(Ty::Text), null),
                BinaryOperator::Plus
                | BinaryOperator::Minus
                | BinaryOperator::Multiply
                | BinaryOperator::Divide => (left.0, null),
                _ => (Origin::Type(Ty::Bool), null),
            }
        }
        Expr::Exists { .. } | Expr::IsNull(_) | Expr::IsNotNull(_) => {
            (Origin::Type(Ty::Bool), Never)
        }
        Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::Between { .. }
        | Expr::Like { .. }
        | Expr::IsTrue(_)
        | Expr::IsFalse(_)
        | Expr::UnaryOp {
            op: sqlparser::ast::UnaryOperator::Not,
            ..
        } => (Origin::Type(Ty::Bool), Maybe),
        Expr::Value(value) if value.value == Value::Null => (Origin::Unknown, Maybe),
        _ => (Origin::Unknown, Maybe),
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse_sqlite;
    use super::*;

    #[test]
    fn columns_aggregates_and_outer_joins() {
        let ast = parse_sqlite(
            "SELECT a, b.x AS y, COUNT(*) AS n, AVG(a) AS mean, 'x' || a AS t FROM t LEFT JOIN b ON b.id = t.id",
        )
        .unwrap();
        let known = Known {
            tables: [("t".into(), ["a".to_owned()].into())].into(),
            guess: false,
        };
        let outputs = of(&ast, &known);
        let brief: Vec<_> = outputs
            .iter()
            .map(|o| (o.name.as_str(), &o.origin, o.null))
            .collect();
        assert_eq!(
            brief,
            [
                (
                    "a",
                    &Origin::Column(("t".into(), "a".into())),
                    Nullness::AsOrigin
                ),
                (
                    "y",
                    &Origin::Column(("b".into(), "x".into())),
                    Nullness::Maybe
                ),
                ("n", &Origin::Type(Ty::Int), Nullness::Never),
                ("mean", &Origin::Type(Ty::Real), Nullness::Maybe),
                ("t", &Origin::Type(Ty::Text), Nullness::Maybe),
            ]
        );
        assert!(always_one(&ast));
        let sure =
            parse_sqlite("SELECT b.x FROM t LEFT JOIN b ON b.id = t.id WHERE t.a = 1 AND b.x > 5");
        assert_eq!(of(&sure.unwrap(), &known)[0].null, Nullness::Never);
        let grouped = parse_sqlite("SELECT a, COUNT(*) AS n FROM t GROUP BY a").unwrap();
        assert!(!always_one(&grouped));
    }
}
