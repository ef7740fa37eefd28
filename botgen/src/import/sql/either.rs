//! What the two engines spell differently. In the tree it is a call of a function that neither has, with SQLite's
//! expression and Postgres's as a text; a statement with one is written once for each engine.

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, Function, Statement, Value, VisitMut, VisitorMut};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

use super::{arguments, last, literal};
use crate::Engine;

/// Name of the function.
const EITHER: &str = "imported_either";

/// An expression of each engine.
pub(super) fn either(sqlite: Expr, mut postgres: Expr) -> Expr {
    let _ = postgres.visit(&mut Resolve(Engine::Postgres));
    let text = Expr::value(Value::SingleQuotedString(
        postgres.to_string().replace('\'', "''"),
    ));
    super::build::call(EITHER, vec![sqlite, text])
}

/// SQLite's expression, where a call is one of both.
pub(super) fn sqlite(function: &Function) -> Option<&Expr> {
    if last(&function.name) != EITHER {
        return None;
    }
    arguments(function).first().copied().flatten()
}

/// The statement for one engine.
pub(in crate::import) fn resolved(ast: &Statement, engine: Engine) -> Statement {
    let mut ast = ast.clone();
    let _ = ast.visit(&mut Resolve(engine));
    ast
}

struct Resolve(Engine);

impl VisitorMut for Resolve {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let Expr::Function(function) = &*expr else {
            return ControlFlow::Continue(());
        };
        let Some(ours) = sqlite(function) else {
            return ControlFlow::Continue(());
        };
        let new = match self.0 {
            Engine::Sqlite => Some(ours.clone()),
            Engine::Postgres => arguments(function)
                .get(1)
                .copied()
                .flatten()
                .and_then(literal)
                .and_then(|text| {
                    let parser = Parser::new(&PostgreSqlDialect {});
                    parser.try_with_sql(text).ok()?.parse_expr().ok()
                }),
        };
        if let Some(new) = new {
            *expr = new;
        }
        ControlFlow::Continue(())
    }
}
