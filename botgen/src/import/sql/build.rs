//! Expressions that the rewriting makes.

use sqlparser::ast::{
    BinaryOperator, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentList, FunctionArguments, Ident, ObjectName, Value,
};

use super::{Ty, last, literal, param};

/// Whole numbers of Postgres' fields.
pub(super) fn integer(expr: Expr) -> Expr {
    cast_to(expr, DataType::Integer(None))
}

pub(super) fn as_text(expr: Expr) -> Expr {
    cast_to(expr, DataType::Text)
}

pub(super) fn cast_to(expr: Expr, data_type: DataType) -> Expr {
    Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(expr),
        data_type,
        format: None,
    }
}

pub(super) fn text(text: &str) -> Expr {
    Expr::value(Value::SingleQuotedString(text.to_owned()))
}

pub(super) fn number(digits: &str) -> Expr {
    Expr::value(Value::Number(digits.to_owned(), false))
}

pub(super) fn concatenated(left: Expr, right: Expr) -> Expr {
    Expr::BinaryOp {
        left: Box::new(left),
        op: BinaryOperator::StringConcat,
        right: Box::new(right),
    }
}

/// A part of CONCAT, which passes over nulls.
pub(super) fn joined(expr: &Expr) -> Expr {
    if literal(expr).is_some() || param(expr).is_some() {
        return expr.clone();
    }
    call("coalesce", vec![as_text(expr.clone()), text("")])
}

/// The elements of an array that stands in the statement.
pub(super) fn elements(expr: &Expr) -> Option<Vec<Expr>> {
    match expr {
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => elements(inner),
        Expr::Array(array) => Some(array.elem.clone()),
        other => {
            let inside = literal(other)?.strip_prefix('{')?.strip_suffix('}')?;
            let plain = !inside.is_empty() && !inside.contains(['"', '{', '\\']);
            plain.then(|| inside.split(',').map(|e| text(e.trim())).collect())
        }
    }
}

pub(super) fn unnest(expr: &Expr) -> Expr {
    match expr {
        Expr::Nested(inner) => unnest(inner),
        other => other.clone(),
    }
}

pub(super) fn call(name: &str, args: Vec<Expr>) -> Expr {
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: args
                .into_iter()
                .map(|a| FunctionArg::Unnamed(FunctionArgExpr::Expr(a)))
                .collect(),
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

pub(super) fn cast_type(data_type: &DataType) -> Option<Ty> {
    Some(match data_type {
        DataType::Timestamp(..) | DataType::Datetime(_) => Ty::DateTime,
        DataType::Date => Ty::Date,
        DataType::Int(_)
        | DataType::Integer(_)
        | DataType::BigInt(_)
        | DataType::SmallInt(_)
        | DataType::Int2(_)
        | DataType::Int4(_)
        | DataType::Int8(_) => Ty::Int,
        DataType::Text | DataType::Varchar(_) | DataType::CharacterVarying(_) | DataType::Uuid => {
            Ty::Text
        }
        DataType::Boolean | DataType::Bool => Ty::Bool,
        DataType::Numeric(_) | DataType::Decimal(_) => Ty::Decimal,
        DataType::Real | DataType::Float(_) | DataType::DoublePrecision | DataType::Float8 => {
            Ty::Real
        }
        // Postgres spells them as custom names in some versions of the parser.
        DataType::Custom(name, _) => match last(name).as_str() {
            "timestamptz" | "timestamp" => Ty::DateTime,
            _ => return None,
        },
        _ => return None,
    })
}
