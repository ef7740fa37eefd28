//! Expressions, and fields that may be one.

use crate::source::{Span, Spanned, Str};

/// A field that is not a text: a literal, or `"{{EXPR}}"` alone.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Field {
    Literal(Str),
    Expr(Expr),
}

impl Field {
    /// Where it is written.
    pub fn span(&self) -> Span {
        match self {
            Self::Literal(text) => text.span,
            Self::Expr(value) => value.span,
        }
    }
}

impl Expr {
    /// The expressions that it is made of.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Not(a)
            | ExprKind::Negate(a)
            | ExprKind::IsNull { value: a, .. }
            | ExprKind::IsEmpty { value: a, .. } => vec![a],
            ExprKind::And(a, b)
            | ExprKind::Or(a, b)
            | ExprKind::Compare(_, a, b)
            | ExprKind::Arithmetic(_, a, b)
            | ExprKind::In {
                value: a, list: b, ..
            } => vec![a, b],
            ExprKind::List(items) => items.iter().collect(),
            ExprKind::Filter { value, args, .. } => {
                let mut all = vec![&**value];
                all.extend(args);
                all
            }
            _ => Vec::new(),
        }
    }
}

/// An expression.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Expr {
    pub span: Span,
    pub kind: ExprKind,
}

/// See [`Expr`].
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum ExprKind {
    /// `service`, `user.first_name`, `row.slot`; never empty.
    Path(Vec<Spanned<String>>),
    /// `this`.
    This,
    /// `@index`.
    Index,
    Text(String),
    Int(i64),
    /// A number with a point: digits and scale.
    Decimal {
        units: i64,
        scale: u8,
    },
    Bool(bool),
    Null,
    /// Seconds.
    Duration(i64),
    List(Vec<Expr>),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Compare(Comparison, Box<Expr>, Box<Expr>),
    In {
        value: Box<Expr>,
        list: Box<Expr>,
        negated: bool,
    },
    IsNull {
        value: Box<Expr>,
        negated: bool,
    },
    IsEmpty {
        value: Box<Expr>,
        negated: bool,
    },
    Arithmetic(Operator, Box<Expr>, Box<Expr>),
    /// `value | name: arg, arg`.
    Filter {
        value: Box<Expr>,
        name: Spanned<String>,
        args: Vec<Expr>,
    },
}

/// `== != < <= > >=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Comparison {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// `+ - * /`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Operator {
    Add,
    Sub,
    Mul,
    Div,
}
