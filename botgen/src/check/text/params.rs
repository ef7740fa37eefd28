//! Which flow variables a finished text reads.

use crate::check::scope::{Loop, Scope};
use crate::ir::expr::{Expr, ExprKind};
use crate::ir::text::{How, KeyArg, Piece, Print};
use crate::ir::types::{Base, Ty, Variable};

/// The Rust name of `@index`.
const INDEX: &str = "index";

/// In order of first use. `items`: Rust names of loop items, which are no parameters.
pub(super) fn of(scope: &Scope, items: &[String], pieces: &[Piece]) -> Vec<Variable> {
    let mut idents: Vec<&str> = Vec::new();
    each_piece(pieces, &mut |ident| {
        if !items.iter().any(|i| i == ident) && !idents.contains(&ident) {
            idents.push(ident);
        }
    });
    idents
        .into_iter()
        .filter_map(|ident| {
            let entry = scope.entries().iter().find(|e| e.var.ident == ident);
            // A text of a button that stands in a loop reads that loop's item.
            let index = || Variable {
                name: "@index".to_owned(),
                ident: INDEX.to_owned(),
                ty: Ty::some(Base::Int),
            };
            if ident == INDEX && !scope.loops().is_empty() {
                return Some(index());
            }
            let item = || scope.loops().iter().find(|l| l.ident == ident);
            let of = |l: &Loop| Variable {
                name: l.alias.clone().unwrap_or_else(|| "item".to_owned()),
                ident: l.ident.clone(),
                ty: l.item.clone(),
            };
            entry.map(|e| e.var.clone()).or_else(|| item().map(of))
        })
        .collect()
}

fn each_piece<'p>(pieces: &'p [Piece], see: &mut dyn FnMut(&'p str)) {
    for piece in pieces {
        match piece {
            Piece::Literal(_) => {}
            Piece::Value { print, .. } => each_print(print, see),
            Piece::Key { args, .. } => {
                for (_, arg) in args {
                    match arg {
                        KeyArg::Value(e) => each_expr(e, see),
                        KeyArg::Printed(p) => each_print(p, see),
                    }
                }
            }
            Piece::Each {
                list,
                body,
                otherwise,
                ..
            } => {
                each_expr(list, see);
                // It counts its own rows.
                each_piece(body, &mut |ident: &'p str| {
                    if ident != INDEX {
                        see(ident);
                    }
                });
                each_piece(otherwise, see);
            }
            Piece::If { arms, otherwise } => {
                for (condition, body) in arms {
                    each_expr(condition, see);
                    each_piece(body, see);
                }
                each_piece(otherwise, see);
            }
        }
    }
}

fn each_print<'p>(print: &'p Print, see: &mut dyn FnMut(&'p str)) {
    each_expr(&print.value, see);
    each_how(&print.how, see);
}

fn each_how<'p>(how: &'p How, see: &mut dyn FnMut(&'p str)) {
    match how {
        How::Join { each: inner, .. }
        | How::Upper(inner)
        | How::Lower(inner)
        | How::Truncate(_, inner) => each_how(inner, see),
        How::Or(print, inner) => {
            each_print(print, see);
            each_how(inner, see);
        }
        How::Plain
        | How::Date(_)
        | How::Time(_)
        | How::DateTime(_)
        | How::Duration
        | How::Number { .. }
        | How::Money { .. }
        | How::Label(_)
        | How::LabelOf { .. } => {}
    }
}

fn each_expr<'p>(e: &'p Expr, see: &mut dyn FnMut(&'p str)) {
    use ExprKind as K;
    match &e.kind {
        K::Var { ident, .. } => see(ident),
        K::Field { of: inner, .. }
        | K::Not(inner)
        | K::Negate(inner)
        | K::Widen(inner)
        | K::ChoiceValue(inner)
        | K::Count(inner)
        | K::IsNull { value: inner, .. }
        | K::IsEmpty { value: inner, .. } => each_expr(inner, see),
        K::And(a, b)
        | K::Or(a, b)
        | K::Compare(_, a, b)
        | K::Arithmetic(_, a, b)
        | K::Default(a, b) => {
            each_expr(a, see);
            each_expr(b, see);
        }
        K::In { value, list, .. } => {
            each_expr(value, see);
            each_expr(list, see);
        }
        K::List(items) => items.iter().for_each(|i| each_expr(i, see)),
        K::Printed(print) => each_print(print, see),
        K::Index => see(INDEX),
        K::Builtin(_)
        | K::Text(_)
        | K::Int(_)
        | K::Decimal { .. }
        | K::Bool(_)
        | K::Null
        | K::Duration(_)
        | K::DateLit(_)
        | K::TimeLit(_)
        | K::InstantLit(_)
        | K::Option(..) => {}
    }
}
