//! What the lints look at: comparisons, stored values and bounds, noted while names can still be looked up.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{ControlFlow, Range};

use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Query,
    SetExpr, Spanned, UnaryOperator, Value, Visit, Visitor,
};

use super::{Fact, Simple, Typed, Typer};
use crate::check::sql::text::range;

/// See the module.
#[derive(Debug, Default)]
pub struct Seen {
    /// Comparisons of WHERE, ON and HAVING.
    pub atoms: Vec<Atom>,
    /// Values that INSERT and SET store.
    pub stored: Vec<Stored>,
    /// Parameters that stand alone on a side of a comparison which must hold and never does with null.
    pub compared: Vec<(usize, Range<usize>)>,
    /// Parameters whose null is asked for somewhere.
    pub asked: BTreeSet<usize>,
    /// Columns that are compared with themselves, and where they stand the second time.
    pub selves: Vec<((usize, usize), Range<usize>)>,
    /// Columns that a condition which always holds shows to be null.
    pub nulls: BTreeSet<(usize, usize)>,
    /// The SELECT that gives the statement its rows.
    pub top: Option<usize>,
    /// The SELECT that a relation stands in, by its first byte.
    pub homes: BTreeMap<usize, usize>,
    /// Most rows, by the first byte of a SELECT.
    pub(super) selects: BTreeMap<usize, Option<usize>>,
    /// Most rows of a subquery in FROM.
    pub(super) derived: BTreeMap<usize, Option<usize>>,
    /// Most rows of a CTE, by lower-case name.
    pub(super) ctes: BTreeMap<String, Option<usize>>,
    /// What a SELECT's WHERE says, by its first byte: an EXISTS that holds says it too.
    pub(super) inner: BTreeMap<usize, Vec<Fact>>,
    /// The only column of a subquery, by its first byte.
    pub(super) passed: BTreeMap<usize, (usize, usize)>,
}

/// How two sides are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `=`, or IN with so many values.
    Equal(Option<usize>),
    /// BETWEEN.
    Within,
    /// Any other.
    Other,
}

/// A comparison of a column.
#[derive(Debug, Clone)]
pub struct Atom {
    /// The column.
    pub column: (usize, usize),
    /// How.
    pub op: Op,
    /// It holds for every row: no OR, NOT or CASE around it.
    pub must: bool,
    /// The column stands alone on its side.
    pub alone: bool,
    /// Parameters on the other side, with their places.
    pub params: Vec<(usize, Range<usize>)>,
    /// Columns on the other side.
    pub columns: Vec<(usize, usize)>,
}

/// A value that goes into a column of the table that is written.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Lower case.
    pub column: String,
    /// It is this column.
    pub is: Option<(usize, usize)>,
    /// Parameters in it, with their places.
    pub params: Vec<(usize, Range<usize>)>,
}

/// Columns and parameters that an expression mentions.
#[derive(Debug, Default)]
struct Mentions {
    columns: Vec<(usize, usize)>,
    params: Vec<(usize, Range<usize>)>,
}

struct Collector<'t, 'a> {
    typer: &'t Typer<'a>,
    /// Queries with a FROM around this: what they mention is compared there.
    inside: usize,
    found: Mentions,
}

/// Parameters of IS [NOT] NULL.
struct Asks<'t, 'a> {
    typer: &'t Typer<'a>,
    found: BTreeSet<usize>,
}

impl Visitor for Asks<'_, '_> {
    type Break = ();
    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Expr::IsNull(e) | Expr::IsNotNull(e) = expr
            && let Some(Simple::Param(p)) = self.typer.simple(e)
        {
            self.found.insert(p);
        }
        ControlFlow::Continue(())
    }
}

fn reads_tables(query: &Query) -> bool {
    !matches!(&*query.body, SetExpr::Select(select) if select.from.is_empty())
}

impl Visitor for Collector<'_, '_> {
    type Break = ();
    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.inside += usize::from(reads_tables(query));
        ControlFlow::Continue(())
    }
    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.inside -= usize::from(reads_tables(query));
        ControlFlow::Continue(())
    }
    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if self.inside == 0 && !matches!(expr, Expr::Nested(_)) {
            match self.typer.simple(expr) {
                Some(Simple::Column(r, c)) => self.found.columns.push((r, c)),
                Some(Simple::Param(p)) => {
                    self.found.params.push((p, self.typer.lexed.expr(expr)));
                }
                None => {}
            }
        }
        ControlFlow::Continue(())
    }
}

impl Typer<'_> {
    fn mentions(&self, exprs: &[&Expr]) -> Mentions {
        let mut collector = Collector {
            typer: self,
            inside: 0,
            found: Mentions::default(),
        };
        for expr in exprs {
            let _ = expr.visit(&mut collector);
        }
        collector.found
    }

    /// Columns that an expression mentions outside of its subqueries.
    pub(super) fn columns_in(&self, expr: &Expr) -> Vec<(usize, usize)> {
        self.mentions(&[expr]).columns
    }

    /// Notes the comparisons of a condition.
    pub(super) fn note(&mut self, expr: &Expr) {
        let mut atoms = Vec::new();
        self.atoms(expr, true, false, &mut atoms);
        self.seen.atoms.append(&mut atoms);
        let mut nulls = Vec::new();
        self.nulls(expr, &mut nulls);
        self.seen.nulls.extend(nulls);
        let mut compared = Vec::new();
        self.against_null(expr, &mut compared);
        self.seen.compared.append(&mut compared);
        let mut selves = Vec::new();
        self.with_itself(expr, &mut selves);
        self.seen.selves.append(&mut selves);
        let mut asks = Asks {
            typer: self,
            found: BTreeSet::new(),
        };
        let _ = expr.visit(&mut asks);
        let asked = asks.found;
        self.seen.asked.extend(asked);
    }

    fn against_null(&self, expr: &Expr, out: &mut Vec<(usize, Range<usize>)>) {
        use BinaryOperator as B;
        match expr {
            Expr::Nested(e) | Expr::IsTrue(e) => self.against_null(e, out),
            Expr::BinaryOp {
                left,
                op: B::And,
                right,
            } => {
                self.against_null(left, out);
                self.against_null(right, out);
            }
            Expr::BinaryOp {
                left,
                op: B::Eq | B::NotEq | B::Lt | B::LtEq | B::Gt | B::GtEq,
                right,
            } => self.alone(&[left, right], out),
            Expr::Between {
                expr, low, high, ..
            } => self.alone(&[expr, low, high], out),
            Expr::Like { expr, pattern, .. } | Expr::ILike { expr, pattern, .. } => {
                self.alone(&[expr, pattern], out);
            }
            Expr::InList { expr, .. } | Expr::InSubquery { expr, .. } => self.alone(&[expr], out),
            _ => {}
        }
    }

    fn with_itself(&self, expr: &Expr, out: &mut Vec<((usize, usize), Range<usize>)>) {
        use BinaryOperator as B;
        match expr {
            Expr::Nested(e) | Expr::UnaryOp { expr: e, .. } => self.with_itself(e, out),
            Expr::BinaryOp {
                left,
                op: B::And | B::Or,
                right,
            } => {
                self.with_itself(left, out);
                self.with_itself(right, out);
            }
            Expr::BinaryOp {
                left,
                op: B::Eq | B::NotEq | B::Lt | B::LtEq | B::Gt | B::GtEq,
                right,
            } => {
                if let (Some(Simple::Column(r, c)), Some(Simple::Column(q, d))) =
                    (self.simple(left), self.simple(right))
                    && (r, c) == (q, d)
                {
                    out.push(((r, c), self.lexed.expr(right)));
                }
            }
            _ => {}
        }
    }

    fn alone(&self, sides: &[&Expr], out: &mut Vec<(usize, Range<usize>)>) {
        for side in sides {
            if let Some(Simple::Param(p)) = self.simple(side) {
                out.push((p, self.lexed.expr(side)));
            }
        }
    }

    fn nulls(&self, expr: &Expr, out: &mut Vec<(usize, usize)>) {
        match expr {
            Expr::Nested(e) => self.nulls(e, out),
            Expr::BinaryOp {
                left,
                op: BinaryOperator::And,
                right,
            } => {
                self.nulls(left, out);
                self.nulls(right, out);
            }
            Expr::IsNull(e) => {
                if let Some(Simple::Column(r, c)) = self.simple(e) {
                    out.push((r, c));
                }
            }
            _ => {}
        }
    }

    fn atoms(&self, expr: &Expr, must: bool, negated: bool, out: &mut Vec<Atom>) {
        use BinaryOperator as B;
        let equal = |holds: bool, n| {
            if holds != negated {
                Op::Equal(n)
            } else {
                Op::Other
            }
        };
        match expr {
            Expr::Nested(e) => self.atoms(e, must, negated, out),
            Expr::UnaryOp {
                op: UnaryOperator::Not | UnaryOperator::BangNot,
                expr,
            }
            | Expr::IsFalse(expr)
            | Expr::IsNotTrue(expr) => self.atoms(expr, false, !negated, out),
            Expr::IsTrue(e) => self.atoms(e, must, negated, out),
            Expr::IsNotFalse(e) => self.atoms(e, false, negated, out),
            Expr::BinaryOp { left, op, right } => match op {
                B::And | B::Or => {
                    let must = must && *op == B::And;
                    self.atoms(left, must, negated, out);
                    self.atoms(right, must, negated, out);
                }
                B::Eq | B::NotEq | B::Lt | B::LtEq | B::Gt | B::GtEq | B::Glob => {
                    let op = match op {
                        B::Eq => equal(true, None),
                        B::NotEq => equal(false, None),
                        _ => Op::Other,
                    };
                    self.atom(&[left], &[right], op, must, out);
                    // `CASE WHEN id = :id THEN 1 END = 1`.
                    for side in [left, right] {
                        self.atoms(side, false, negated, out);
                    }
                }
                _ => {}
            },
            Expr::IsNotDistinctFrom(a, b) => self.atom(&[a], &[b], equal(true, None), must, out),
            Expr::IsDistinctFrom(a, b) => self.atom(&[a], &[b], equal(false, None), must, out),
            Expr::InList {
                expr,
                list,
                negated: not,
            } => {
                let list: Vec<&Expr> = list.iter().collect();
                let op = equal(!not, Some(list.len()));
                self.atom(&[expr], &list, op, must, out);
            }
            Expr::InSubquery {
                expr,
                subquery,
                negated: not,
            } => {
                let whole = Expr::Subquery(subquery.clone());
                self.atom(&[expr], &[&whole], equal(!not, Some(2)), must, out);
            }
            Expr::Between {
                expr, low, high, ..
            } => self.atom(&[expr], &[low, high], Op::Within, must, out),
            Expr::Like { expr, pattern, .. } | Expr::ILike { expr, pattern, .. } => {
                self.atom(&[expr], &[pattern], Op::Other, must, out);
            }
            Expr::Case {
                operand,
                conditions,
                else_result,
                ..
            } => {
                for when in conditions {
                    match operand {
                        Some(operand) => {
                            let op = Op::Equal(None);
                            self.atom(&[operand], &[&when.condition], op, false, out);
                        }
                        None => self.atoms(&when.condition, false, negated, out),
                    }
                    self.atoms(&when.result, false, negated, out);
                }
                if let Some(e) = else_result {
                    self.atoms(e, false, negated, out);
                }
            }
            Expr::Function(Function {
                args: FunctionArguments::List(list),
                ..
            }) => {
                for arg in &list.args {
                    if let FunctionArg::Unnamed(FunctionArgExpr::Expr(e)) = arg {
                        self.atoms(e, false, negated, out);
                    }
                }
            }
            _ => {}
        }
    }

    fn atom(&self, left: &[&Expr], right: &[&Expr], op: Op, must: bool, out: &mut Vec<Atom>) {
        for (own, other) in [(left, right), (right, left)] {
            let (mine, theirs) = (self.mentions(own), self.mentions(other));
            let alone = matches!(own, [e] if matches!(self.simple(e), Some(Simple::Column(..))));
            // `id IN (…)` read the other way round says nothing.
            let op = match op {
                Op::Equal(Some(_)) if own.len() > 1 || std::ptr::eq(own, right) => Op::Other,
                op => op,
            };
            for column in mine.columns {
                out.push(Atom {
                    column,
                    op,
                    must,
                    alone,
                    params: theirs.params.clone(),
                    columns: theirs.columns.clone(),
                });
            }
        }
    }

    /// Notes a value that is stored.
    pub(super) fn note_stored(&mut self, column: &str, exprs: &[&Expr], typed: &Typed) {
        let params = self.mentions(exprs).params;
        let is = match typed.is {
            Some(Simple::Column(r, c)) => Some((r, c)),
            _ => None,
        };
        self.seen.stored.push(Stored {
            column: column.to_ascii_lowercase(),
            is,
            params,
        });
    }

    /// The first byte of a query's SELECT.
    pub(super) fn select_of(query: &Query) -> Option<usize> {
        match &*query.body {
            SetExpr::Select(select) => Some(range(select.select_token.0.span).start),
            SetExpr::Query(inner) => Self::select_of(inner),
            _ => None,
        }
    }

    /// The column that a subquery passes on, if it is just one.
    pub(super) fn passes(&self, expr: &Expr) -> Option<(usize, usize)> {
        match expr {
            Expr::Nested(e) => self.passes(e),
            Expr::Subquery(query) => self.passes_query(query),
            _ => None,
        }
    }

    /// The same of a query.
    pub(super) fn passes_query(&self, query: &Query) -> Option<(usize, usize)> {
        self.seen.passed.get(&range(query.span()).start).copied()
    }
}

/// A literal number of rows.
pub(super) fn literal(expr: &Expr) -> Option<usize> {
    match expr {
        Expr::Nested(e) => literal(e),
        Expr::Value(v) => match &v.value {
            Value::Number(n, _) => n.parse().ok(),
            _ => None,
        },
        _ => None,
    }
}
