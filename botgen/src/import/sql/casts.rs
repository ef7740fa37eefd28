//! Types of parameters that no column beside them tells.

use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;

use sqlparser::ast::{CastKind, DataType, Expr, Statement, VisitMut, VisitorMut};
use sqlparser::tokenizer::Location;

use super::{Ty, param};

/// Gives a CAST to every parameter whose type no column beside it tells.
pub(in crate::import) fn cast_loose(
    ast: &mut Statement,
    placed: &HashSet<Location>,
    types: &BTreeMap<String, Ty>,
) {
    struct Casts<'a> {
        placed: &'a HashSet<Location>,
        types: &'a BTreeMap<String, Ty>,
    }
    impl VisitorMut for Casts<'_> {
        type Break = ();
        fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            let Expr::Value(value) = &*expr else {
                return ControlFlow::Continue(());
            };
            if self.placed.contains(&value.span.start) {
                return ControlFlow::Continue(());
            }
            let data_type = match param(expr) {
                Some("bot_id" | "locale") => DataType::Text,
                Some("user_id" | "chat_id") => DataType::Integer(None),
                Some(called) => match self.types.get(called) {
                    Some(Ty::Text) => DataType::Text,
                    Some(Ty::Int) => DataType::Integer(None),
                    // No CAST means the same instant, day or fraction on both engines.
                    _ => return ControlFlow::Continue(()),
                },
                None => return ControlFlow::Continue(()),
            };
            *expr = Expr::Cast {
                kind: CastKind::Cast,
                expr: Box::new(expr.clone()),
                data_type,
                format: None,
            };
            ControlFlow::Continue(())
        }
    }
    let _ = ast.visit(&mut Casts { placed, types });
}
