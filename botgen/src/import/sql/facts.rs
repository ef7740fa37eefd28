//! What a statement tells about tables, columns and the types of what is stored in them.

use std::collections::{BTreeSet, HashSet};
use std::ops::ControlFlow;

use sqlparser::ast::{
    AssignmentTarget, BinaryOperator, ConflictTarget, Expr, Insert, LimitClause, OnInsert, Query,
    Select, SelectItem, SetExpr, Statement, UnaryOperator, Value, Visit, Visitor,
};
use sqlparser::tokenizer::Location;

use super::scope::{self, Col, Ctes, Known, Scope, Source};
use super::{Ty, arguments, last, name, param};

/// What a type belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::import) enum Node {
    Param(String),
    Col(Col),
}

/// Where a NULL in a column may come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::import) enum Null {
    /// The expression itself.
    Itself,
    /// This parameter, if it may be null.
    Param(String),
}

/// An INSERT's columns.
#[derive(Debug, Clone)]
pub(in crate::import) struct Inserted {
    pub table: String,
    pub columns: Vec<String>,
}

/// See the module.
#[derive(Debug, Default)]
pub(in crate::import) struct Facts {
    pub tables: BTreeSet<String>,
    /// In order of appearance.
    pub columns: Vec<Col>,
    /// Both have one type.
    pub links: Vec<(Node, Node)>,
    /// Has this type; `true`: surely.
    pub is: Vec<(Node, Ty, bool)>,
    pub inserts: Vec<Inserted>,
    pub nulls: Vec<(Col, Null)>,
    /// Columns that a query asks `IS NULL` about.
    pub tested: Vec<Col>,
    /// Column sets that `ON CONFLICT (…)` needs to be unique.
    pub unique: Vec<(String, Vec<String>)>,
    /// Columns that an UPDATE changes.
    pub changed: BTreeSet<String>,
    /// Parameters whose type the column beside them tells.
    pub placed: HashSet<Location>,
}

/// Reads one statement. `known` is what earlier statements told.
pub(in crate::import) fn of(ast: &Statement, known: &Known) -> Facts {
    let mut reader = Reader {
        known,
        stack: Vec::new(),
        ctes: Ctes::new(),
        facts: Facts::default(),
    };
    let _ = ast.visit(&mut reader);
    reader.facts
}

struct Reader<'a> {
    known: &'a Known,
    stack: Vec<Scope>,
    ctes: Ctes,
    facts: Facts,
}

/// A side of a comparison.
enum Side {
    Param(String, Location),
    Col(Col),
    Literal(Ty),
    Other,
}

impl Reader<'_> {
    fn push(&mut self, scope: Scope) {
        for relation in &scope.relations {
            if let Source::Table(table) = &relation.source {
                self.facts.tables.insert(table.clone());
            }
        }
        self.stack.push(scope);
    }

    fn column(&self, expr: &Expr) -> Option<Col> {
        self.stack
            .iter()
            .rev()
            .find_map(|scope| scope.column(expr, self.known))
    }

    fn side(&self, expr: &Expr) -> Side {
        if let Some(called) = param(expr) {
            return Side::Param(called.to_owned(), location(expr));
        }
        if let Some(ty) = literal_type(expr) {
            return Side::Literal(ty);
        }
        if let Expr::Subquery(query) = expr {
            let column = scope::derived(query, &self.ctes, self.known)
                .into_values()
                .next();
            return column.flatten().map_or(Side::Other, Side::Col);
        }
        self.column(expr).map_or(Side::Other, Side::Col)
    }

    fn is(&mut self, node: Node, ty: Ty, surely: bool) {
        self.facts.is.push((node, ty, surely));
    }

    fn compare(&mut self, left: &Expr, right: &Expr) {
        match (self.side(left), self.side(right)) {
            (Side::Param(called, place), Side::Col(col))
            | (Side::Col(col), Side::Param(called, place)) => {
                self.facts.placed.insert(place);
                self.link(Node::Param(called), Node::Col(col));
            }
            (Side::Col(a), Side::Col(b)) => self.link(Node::Col(a), Node::Col(b)),
            (Side::Col(col), Side::Literal(ty)) | (Side::Literal(ty), Side::Col(col)) => {
                self.is(Node::Col(col), ty, true);
            }
            (Side::Param(called, _), Side::Literal(ty))
            | (Side::Literal(ty), Side::Param(called, _)) => {
                self.is(Node::Param(called), ty, true);
            }
            (Side::Param(a, _), Side::Param(b, _)) => {
                self.link(Node::Param(a), Node::Param(b));
            }
            _ => {}
        }
    }

    fn link(&mut self, a: Node, b: Node) {
        self.facts.links.push((a, b));
    }

    /// `column = value` of INSERT and UPDATE.
    fn store(&mut self, col: Col, value: &Expr) {
        self.seen(col.clone());
        let mut nulls = Vec::new();
        null_sources(value, &mut nulls);
        for null in nulls {
            self.facts.nulls.push((col.clone(), null));
        }
        self.typed_store(&col, value, true);
    }

    fn typed_store(&mut self, col: &Col, value: &Expr, direct: bool) {
        match self.side(value) {
            Side::Param(called, place) => {
                if direct {
                    self.facts.placed.insert(place);
                }
                self.link(Node::Param(called), Node::Col(col.clone()));
            }
            Side::Col(other) => self.link(Node::Col(other), Node::Col(col.clone())),
            Side::Literal(ty) => self.is(Node::Col(col.clone()), ty, true),
            Side::Other => match value {
                // The value of a CASE is one of its results.
                Expr::Case {
                    conditions,
                    else_result,
                    ..
                } => {
                    let results = conditions.iter().map(|c| &c.result);
                    for result in results.chain(else_result.as_deref()) {
                        self.typed_store(col, result, false);
                    }
                }
                Expr::Function(function) => {
                    if let Some(ours) = super::either::sqlite(function) {
                        return self.typed_store(col, ours, false);
                    }
                    let args: Vec<&Expr> = arguments(function).into_iter().flatten().collect();
                    match (last(&function.name).as_str(), args.as_slice()) {
                        ("lower" | "upper" | "trim" | "substr" | "replace" | "concat", _) => {
                            self.is(Node::Col(col.clone()), Ty::Text, true);
                        }
                        ("datetime", _) => self.is(Node::Col(col.clone()), Ty::DateTime, true),
                        ("date", _) => self.is(Node::Col(col.clone()), Ty::Date, true),
                        ("count" | "length", _) => self.is(Node::Col(col.clone()), Ty::Int, true),
                        ("coalesce" | "nullif" | "max" | "min", _) => {
                            for arg in args {
                                self.typed_store(col, arg, false);
                            }
                        }
                        _ => {}
                    }
                }
                Expr::Cast { data_type, .. } => {
                    if let Some(ty) = super::build::cast_type(data_type) {
                        self.is(Node::Col(col.clone()), ty, true);
                    }
                }
                Expr::BinaryOp {
                    op: BinaryOperator::StringConcat,
                    ..
                } => self.is(Node::Col(col.clone()), Ty::Text, true),
                _ => {}
            },
        }
    }

    fn seen(&mut self, col: Col) {
        if !self.facts.columns.contains(&col) {
            self.facts.columns.push(col);
        }
    }

    fn insert(&mut self, insert: &Insert) {
        let Some(table) = scope::insert_table(insert) else {
            return;
        };
        let columns: Vec<String> = insert.columns.iter().map(last).collect();
        let cols: Vec<Col> = columns.iter().map(|c| (table.clone(), c.clone())).collect();
        for col in &cols {
            self.seen(col.clone());
        }
        match insert.source.as_deref().map(|q| q.body.as_ref()) {
            Some(SetExpr::Values(values)) => {
                for row in &values.rows {
                    for (col, value) in cols.iter().zip(row.content.iter()) {
                        self.store(col.clone(), value);
                    }
                }
            }
            Some(SetExpr::Select(select)) => {
                let scope = Scope::of_select(select, &self.ctes, self.known);
                self.push(scope);
                for (col, item) in cols.iter().zip(&select.projection) {
                    if let SelectItem::UnnamedExpr(value)
                    | SelectItem::ExprWithAlias { expr: value, .. } = item
                    {
                        self.store(col.clone(), value);
                    }
                }
                self.stack.pop();
            }
            _ => {}
        }
        if let Some(OnInsert::OnConflict(conflict)) = &insert.on
            && let Some(ConflictTarget::Columns(target)) = &conflict.conflict_target
        {
            let target: Vec<String> = target.iter().map(name).collect();
            for column in &target {
                self.seen((table.clone(), column.clone()));
            }
            self.facts.unique.push((table.clone(), target));
        }
        if let Some(OnInsert::OnConflict(conflict)) = &insert.on
            && let sqlparser::ast::OnConflictAction::DoUpdate(update) = &conflict.action
        {
            self.assign(&table, &update.assignments);
        }
        self.facts.inserts.push(Inserted { table, columns });
    }

    fn assign(&mut self, table: &str, assignments: &[sqlparser::ast::Assignment]) {
        for assignment in assignments {
            if let AssignmentTarget::ColumnName(column) = &assignment.target {
                self.facts.changed.insert(last(column));
                self.store((table.to_owned(), last(column)), &assignment.value);
            }
        }
    }

    fn count_param(&mut self, expr: &Expr) {
        if let Side::Param(called, place) = self.side(expr) {
            self.facts.placed.insert(place);
            self.is(Node::Param(called), Ty::Int, true);
        }
    }
}

impl Visitor for Reader<'_> {
    type Break = ();

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        let scope = Scope::of_statement(statement, &self.ctes, self.known);
        self.push(scope);
        match statement {
            Statement::Insert(insert) => self.insert(insert),
            Statement::Update(update) => {
                let table = self.stack.last().and_then(|s| s.relations.first());
                if let Some(Source::Table(table)) = table.map(|r| r.source.clone()) {
                    self.assign(&table, &update.assignments);
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn post_visit_statement(&mut self, _: &Statement) -> ControlFlow<()> {
        self.stack.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        scope::add_ctes(query, &mut self.ctes, self.known);
        // ORDER BY and LIMIT stand outside the SELECT but see its FROM.
        let scope = match query.body.as_ref() {
            SetExpr::Select(select) => Scope::of_select(select, &self.ctes, self.known),
            _ => Scope::default(),
        };
        self.push(scope);
        match &query.limit_clause {
            Some(LimitClause::LimitOffset { limit, offset, .. }) => {
                for expr in limit.iter().chain(offset.iter().map(|o| &o.value)) {
                    self.count_param(expr);
                }
            }
            Some(LimitClause::OffsetCommaLimit { offset, limit }) => {
                self.count_param(offset);
                self.count_param(limit);
            }
            None => {}
        }
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.stack.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        let scope = Scope::of_select(select, &self.ctes, self.known);
        self.push(scope);
        if let Some(selection) = &select.selection {
            self.boolean(selection);
        }
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, _: &Select) -> ControlFlow<()> {
        self.stack.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => {
                if let Some(col) = self.column(expr) {
                    self.seen(col);
                }
            }
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right),
            Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
                self.compare(left, right);
            }
            Expr::InList { expr, list, .. } => {
                for item in list {
                    self.compare(expr, item);
                }
            }
            Expr::InSubquery { expr, subquery, .. } => {
                let column = scope::derived(subquery, &self.ctes, self.known)
                    .into_values()
                    .next();
                if let (Some(Some(inner)), Side::Col(col)) = (column, self.side(expr)) {
                    self.link(Node::Col(inner), Node::Col(col));
                }
            }
            Expr::Between {
                expr, low, high, ..
            } => {
                self.compare(expr, low);
                self.compare(expr, high);
            }
            Expr::Like { expr, pattern, .. } => self.compare(expr, pattern),
            Expr::UnaryOp {
                op: UnaryOperator::Not,
                expr,
            } => self.boolean(expr),
            Expr::IsTrue(inner) | Expr::IsFalse(inner) => self.boolean(inner),
            Expr::IsNull(inner) | Expr::IsNotNull(inner) => {
                if let Side::Col(col) = self.side(inner) {
                    self.facts.tested.push(col);
                }
            }
            Expr::Cast { expr: inner, .. } => {
                if let Side::Param(_, place) = self.side(inner) {
                    self.facts.placed.insert(place);
                }
            }
            Expr::Function(function) => {
                let args: Vec<&Expr> = arguments(function).into_iter().flatten().collect();
                match (last(&function.name).as_str(), args.as_slice()) {
                    ("sum" | "avg", [arg]) => {
                        if let Side::Col(col) = self.side(arg) {
                            self.is(Node::Col(col), Ty::Int, true);
                        }
                    }
                    ("coalesce", [first, rest @ ..]) => {
                        if let Side::Col(col) = self.side(first) {
                            self.facts.tested.push(col);
                        }
                        for other in rest {
                            self.compare(first, other);
                        }
                    }
                    _ => {}
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

impl Reader<'_> {
    fn boolean(&mut self, expr: &Expr) {
        if matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_))
            && let Side::Col(col) = self.side(expr)
        {
            self.is(Node::Col(col), Ty::Bool, true);
        }
    }

    fn binary(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr) {
        use BinaryOperator as Op;
        match op {
            Op::Eq | Op::NotEq | Op::Lt | Op::LtEq | Op::Gt | Op::GtEq => self.compare(left, right),
            Op::And | Op::Or => {
                self.boolean(left);
                self.boolean(right);
            }
            Op::Plus | Op::Minus | Op::Multiply | Op::Divide | Op::Modulo => {
                self.operands([left, right], Ty::Int);
            }
            Op::StringConcat => self.operands([left, right], Ty::Text),
            _ => {}
        }
    }

    fn operands(&mut self, sides: [&Expr; 2], ty: Ty) {
        for side in sides {
            match self.side(side) {
                Side::Col(col) => self.is(Node::Col(col), ty, false),
                Side::Param(called, _) => self.is(Node::Param(called), ty, false),
                _ => {}
            }
        }
    }
}

/// The type of a literal.
pub(super) fn literal_type(expr: &Expr) -> Option<Ty> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::Number(text, _) if text.contains('.') => Some(Ty::Decimal),
            Value::Number(..) => Some(Ty::Int),
            Value::Boolean(_) => Some(Ty::Bool),
            _ => super::literal(expr).map(|_| Ty::Text),
        },
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        }
        | Expr::Nested(expr) => literal_type(expr),
        _ => None,
    }
}

/// Where a NULL in `expr` may come from.
fn null_sources(expr: &Expr, into: &mut Vec<Null>) {
    if let Some(called) = param(expr) {
        into.push(Null::Param(called.to_owned()));
        return;
    }
    match expr {
        Expr::Value(value) if value.value == Value::Null => into.push(Null::Itself),
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => null_sources(inner, into),
        Expr::Case {
            conditions,
            else_result,
            ..
        } => {
            for condition in conditions {
                null_sources(&condition.result, into);
            }
            match else_result {
                Some(result) => null_sources(result, into),
                None => into.push(Null::Itself),
            }
        }
        Expr::Function(function) => match last(&function.name).as_str() {
            "nullif" | "sum" | "avg" | "min" | "max" => into.push(Null::Itself),
            "coalesce" => {
                if let Some(Some(fallback)) = arguments(function).pop() {
                    null_sources(fallback, into);
                }
            }
            _ => {}
        },
        Expr::Subquery(_) => into.push(Null::Itself),
        _ => {}
    }
}

/// Where a parameter stands.
fn location(expr: &Expr) -> Location {
    match expr {
        Expr::Value(value) => value.span.start,
        Expr::Nested(inner) => location(inner),
        _ => Location::empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse_sqlite;
    use super::*;

    fn facts(sql: &str) -> Facts {
        of(&parse_sqlite(sql).expect(sql), &Known::default())
    }
    fn col(table: &str, column: &str) -> Col {
        (table.into(), column.into())
    }

    #[test]
    fn inserts_tell_columns_types_and_nulls() {
        let facts = facts(
            "INSERT INTO s (bot_id, n, note, status) VALUES (:bot_id, 5, CASE WHEN :note = 'skip' THEN NULL ELSE :note END, 'new')",
        );
        assert_eq!(
            facts.columns,
            [
                col("s", "bot_id"),
                col("s", "n"),
                col("s", "note"),
                col("s", "status")
            ]
        );
        assert!(facts.nulls.contains(&(col("s", "note"), Null::Itself)));
        assert!(
            facts
                .is
                .contains(&(Node::Col(col("s", "n")), Ty::Int, true))
        );
        // `:bot_id` stands in a column of its own, `:note` only inside a CASE.
        assert_eq!(facts.placed.len(), 1);
    }

    #[test]
    fn columns_find_their_tables() {
        let facts = facts(
            "SELECT COUNT(*) AS total, AVG(rating) AS mean FROM (SELECT DISTINCT user_id FROM users WHERE bot_id = :bot_id) u LEFT JOIN feedback f ON u.user_id = f.user_id AND f.bot_id = :bot_id ORDER BY total",
        );
        assert_eq!(
            facts.columns.iter().cloned().collect::<BTreeSet<_>>(),
            BTreeSet::from([
                col("users", "user_id"),
                col("users", "bot_id"),
                col("feedback", "rating"),
                col("feedback", "user_id"),
                col("feedback", "bot_id"),
            ])
        );
        assert!(facts.links.contains(&(
            Node::Col(col("users", "user_id")),
            Node::Col(col("feedback", "user_id"))
        )));
        assert_eq!(facts.placed.len(), 2);
    }

    #[test]
    fn truth_counts_and_conflicts() {
        let facts = facts("SELECT x FROM t WHERE active AND NOT gone AND p IS NULL LIMIT :n");
        assert!(
            facts
                .is
                .contains(&(Node::Col(col("t", "active")), Ty::Bool, true))
        );
        assert!(
            facts
                .is
                .contains(&(Node::Col(col("t", "gone")), Ty::Bool, true))
        );
        assert!(facts.is.contains(&(Node::Param("n".into()), Ty::Int, true)));
        assert_eq!(facts.tested, [col("t", "p")]);
        let facts = self::facts(
            "INSERT INTO t (a, b) VALUES (:a, :b) ON CONFLICT (a) DO UPDATE SET b = excluded.b",
        );
        assert_eq!(facts.unique, [("t".to_owned(), vec!["a".to_owned()])]);
    }
}
