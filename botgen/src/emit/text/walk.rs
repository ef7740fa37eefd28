//! Every expression of a text.

use crate::emit::expr::walk;
use crate::ir::expr::Expr;
use crate::ir::text::{How, KeyArg, Piece, Print};

pub(super) fn prints(list: &[Piece]) -> bool {
    list.iter().any(|piece| match piece {
        Piece::Literal(_) => false,
        Piece::Value { .. } | Piece::Key { .. } => true,
        Piece::Each {
            body, otherwise, ..
        } => prints(body) || prints(otherwise),
        Piece::If { arms, otherwise } => {
            arms.iter().any(|(_, body)| prints(body)) || prints(otherwise)
        }
    })
}

/// Every expression of a text.
pub fn walk_pieces<'e>(list: &'e [Piece], visit: &mut dyn FnMut(&'e Expr)) {
    for piece in list {
        match piece {
            Piece::Literal(_) => {}
            Piece::Value { print, .. } => walk_print(print, visit),
            Piece::Key { args, .. } => args.iter().for_each(|(_, arg)| match arg {
                KeyArg::Value(e) => walk(e, visit),
                KeyArg::Printed(print) => walk_print(print, visit),
            }),
            Piece::Each {
                list,
                body,
                otherwise,
                ..
            } => {
                walk(list, visit);
                walk_pieces(body, visit);
                walk_pieces(otherwise, visit);
            }
            Piece::If { arms, otherwise } => {
                for (condition, body) in arms {
                    walk(condition, visit);
                    walk_pieces(body, visit);
                }
                walk_pieces(otherwise, visit);
            }
        }
    }
}

/// Every expression of a printing.
pub fn walk_print<'e>(print: &'e Print, visit: &mut dyn FnMut(&'e Expr)) {
    walk(&print.value, visit);
    let mut how = &print.how;
    loop {
        how = match how {
            How::Upper(inner)
            | How::Lower(inner)
            | How::Truncate(_, inner)
            | How::Join { each: inner, .. } => inner,
            How::Or(other, inner) => {
                walk_print(other, visit);
                inner
            }
            _ => return,
        };
    }
}
