//! Types of expressions.

use sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, Expr, UnaryOperator, Value, ValueWithSpan,
};

use super::open::LiteralValue;
use super::{Bind, Leaf, Simple, Typed, Typer};
use crate::check::sql::fault::Fault;
use crate::check::sql::text::range;
use crate::diagnostics::codes::sql as codes;
use crate::ir::types::Base;

const TEXT: Base = Base::Text { max: None };

impl Typer<'_> {
    /// The type of an expression.
    pub(super) fn infer(&mut self, expr: &Expr) -> Typed {
        let at = self.lexed.expr(expr);
        let grouped = self.frame().grouped
            && !self.frame().covered
            && !matches!(expr, Expr::Value(_))
            && self.frame().groups.contains(&expr.to_string());
        let before = self.frame().covered;
        if grouped {
            self.frame().covered = true;
        }
        let typed = self.infer_inner(expr).at(at);
        self.frame().covered = before;
        typed
    }

    fn infer_inner(&mut self, expr: &Expr) -> Typed {
        let at = self.lexed.expr(expr);
        let bool_of = |null| Typed::of(Base::Bool, null, at.clone());
        match expr {
            Expr::Identifier(name) => self.column(None, name),
            Expr::CompoundIdentifier(parts) => match &parts[..] {
                [table, name] => self.column(Some(table), name),
                [first, .., _] if self.pg() && self.is_row(first) => Typed::untyped(at),
                _ => self.not_portable(at, "a column is named `table.column`"),
            },
            Expr::Value(value) => self.value(value),
            Expr::Nested(inner) => self.infer(inner),
            Expr::IsNull(e) | Expr::IsNotNull(e) => {
                let typed = self.infer(e);
                self.settle(&typed);
                bool_of(false)
            }
            Expr::IsTrue(e) | Expr::IsNotTrue(e) | Expr::IsFalse(e) | Expr::IsNotFalse(e) => {
                self.condition(e, "IS TRUE");
                bool_of(false)
            }
            Expr::IsDistinctFrom(a, b) | Expr::IsNotDistinctFrom(a, b) => {
                let typed = self.compared(&[a, b], at.clone());
                bool_of(false).by(&[&typed])
            }
            Expr::InList { expr, list, .. } => {
                let all: Vec<&Expr> = std::iter::once(&**expr).chain(list).collect();
                let typed = self.compared(&all, at.clone());
                bool_of(typed.null).by(&[&typed])
            }
            Expr::InSubquery { expr, subquery, .. }
                if self.pg() && matches!(**expr, Expr::Tuple(_)) =>
            {
                let left = self.infer(expr);
                self.query(subquery, false);
                bool_of(true).by(&[&left])
            }
            Expr::InSubquery { expr, subquery, .. } => {
                let left = self.infer(expr);
                let outputs = self.query(subquery, false).outputs;
                let typed = match &outputs[..] {
                    [one] => {
                        let right = one.typed.clone();
                        self.joined(&[left, right], at.clone())
                    }
                    [] => Typed::unknown(at.clone()),
                    _ => self.one_column(at.clone()),
                };
                bool_of(typed.null).by(&[&typed])
            }
            Expr::Between {
                expr, low, high, ..
            } => {
                let typed = self.compared(&[expr, low, high], at.clone());
                bool_of(typed.null).by(&[&typed])
            }
            Expr::Like {
                expr,
                pattern,
                escape_char,
                any: false,
                ..
            } => {
                let (a, b) = (self.infer(expr), self.infer(pattern));
                self.constrain(&a, &TEXT, "LIKE's left side");
                self.constrain(&b, &TEXT, "LIKE's pattern");
                if let Some(escape) = escape_char {
                    let escape = self.infer(escape);
                    self.constrain(&escape, &TEXT, "ESCAPE");
                }
                bool_of(a.null || b.null).by(&[&a, &b])
            }
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right, at),
            Expr::UnaryOp { op, expr } => match op {
                UnaryOperator::Not | UnaryOperator::BangNot => {
                    let typed = self.infer(expr);
                    self.constrain(&typed, &Base::Bool, "NOT");
                    bool_of(typed.null).by(&[&typed])
                }
                UnaryOperator::Minus | UnaryOperator::Plus => {
                    let typed = self.infer(expr);
                    self.number(&typed);
                    Typed { is: None, ..typed }
                }
                _ if self.pg() => self.deferred(&[expr], at),
                _ => self.not_portable(at, "write it with functions that both engines know"),
            },
            Expr::Case {
                operand,
                conditions,
                else_result,
                ..
            } => self.case(operand.as_deref(), conditions, else_result.as_deref(), at),
            Expr::Cast {
                kind,
                expr,
                data_type,
                format: None,
            } if *kind == CastKind::Cast || (self.pg() && *kind == CastKind::DoubleColon) => {
                self.cast(expr, data_type, at)
            }
            Expr::Exists { subquery, .. } => {
                self.query(subquery, false);
                bool_of(false)
            }
            Expr::Subquery(query) => {
                let result = self.query(query, false);
                match &result.outputs[..] {
                    [one] => Typed {
                        null: one.typed.null || !result.always,
                        is: None,
                        ..one.typed.clone()
                    },
                    [] => Typed::unknown(at),
                    _ => self.one_column(at),
                }
            }
            Expr::Function(f) => self.function(f, at),
            Expr::Collate { expr, .. } => {
                let typed = self.infer(expr);
                Typed { is: None, ..typed }
            }
            Expr::Ceil { expr, .. } | Expr::Floor { expr, .. } => {
                let typed = self.infer(expr);
                self.constrain(&typed, &Base::Real, "the function");
                Typed::of(Base::Real, typed.null, at).by(&[&typed])
            }
            Expr::Substring {
                expr,
                substring_from,
                substring_for,
                special,
                ..
            } if *special || self.pg() => {
                let typed = self.infer(expr);
                self.constrain(&typed, &TEXT, "SUBSTR's text");
                let mut null = typed.null;
                for part in [substring_from, substring_for].into_iter().flatten() {
                    let part = self.infer(part);
                    self.constrain(&part, &Base::Int, "SUBSTR's position");
                    null |= part.null;
                }
                Typed::of(TEXT, null, at).by(&[&typed])
            }
            Expr::Trim {
                trim_where: None,
                trim_what: None,
                expr,
                trim_characters,
            } => {
                let typed = self.infer(expr);
                self.constrain(&typed, &TEXT, "TRIM's text");
                let mut null = typed.null;
                for part in trim_characters.iter().flatten() {
                    let part = self.infer(part);
                    self.constrain(&part, &TEXT, "TRIM's characters");
                    null |= part.null;
                }
                Typed::of(TEXT, null, at).by(&[&typed])
            }
            other if self.pg() => self.postgres_form(other, at),
            other => self.foreign_form(other, at),
        }
    }

    /// Several expressions that are compared: one type, settled.
    pub(super) fn compared(&mut self, list: &[&Expr], at: std::ops::Range<usize>) -> Typed {
        let items: Vec<Typed> = list.iter().map(|e| self.infer(e)).collect();
        self.joined(&items, at)
    }

    fn joined(&mut self, items: &[Typed], at: std::ops::Range<usize>) -> Typed {
        let joined = self.join(items, at);
        self.settle(&joined);
        joined
    }

    fn one_column(&mut self, at: std::ops::Range<usize>) -> Typed {
        self.fault(Fault::new(
            &codes::SHAPE,
            at.clone(),
            "this subquery must have one column",
        ));
        Typed::unknown(at)
    }

    fn value(&mut self, value: &ValueWithSpan) -> Typed {
        let at = range(value.span);
        match &value.value {
            Value::Number(n, _) => {
                let hex = n.starts_with("0x") || n.starts_with("0X");
                if hex {
                    return Typed::of(Base::Int, false, at);
                }
                self.literal(at, LiteralValue::Number(n.clone()))
            }
            Value::SingleQuotedString(s) => self.literal(at, LiteralValue::Text(s.clone())),
            Value::Boolean(_) => Typed::of(Base::Bool, false, at),
            Value::Null => Typed::of(Base::Null, true, at),
            Value::Placeholder(p) => match p.strip_prefix(':') {
                Some(name) => self.parameter(name, at),
                None => {
                    self.fault(
                        Fault::new(
                            &codes::SYNTAX,
                            at.clone(),
                            format!("`{p}` is not a parameter here"),
                        )
                        .help("parameters are named: write `:name`"),
                    );
                    Typed::unknown(at)
                }
            },
            Value::EscapedStringLiteral(_) | Value::DollarQuotedString(_) if self.pg() => {
                Typed::of(TEXT, false, at)
            }
            _ => self.not_portable(
                at,
                "a text stands in single quotes, with '' for a quote in it",
            ),
        }
    }

    fn parameter(&mut self, name: &str, at: std::ops::Range<usize>) -> Typed {
        let Some(param) = self.params.iter().position(|p| p.name == name) else {
            // `: name`: everything else was found where the parameters were looked up.
            self.fault(
                Fault::new(&codes::SYNTAX, at.clone(), "a parameter is one word")
                    .help(format!("write `:{name}`")),
            );
            return Typed::unknown(at);
        };
        let given = &self.params[param];
        let (base, null) = (given.base.clone(), given.null);
        self.binds.push(Bind {
            range: at.clone(),
            param,
            base: None,
        });
        Typed {
            leaves: vec![Leaf::Param(self.binds.len() - 1)],
            by_param: true,
            is: Some(Simple::Param(param)),
            base,
            ..Typed::of(Base::Null, null, at)
        }
    }

    /// Demands a number of any kind.
    fn number(&mut self, typed: &Typed) -> bool {
        match &typed.base {
            Some(Base::Int | Base::Real | Base::Decimal(_) | Base::Null) => true,
            None if !typed.untyped => false,
            _ => self.constrain(typed, &Base::Int, "the arithmetic"),
        }
    }

    fn binary(
        &mut self,
        left: &Expr,
        op: &BinaryOperator,
        right: &Expr,
        at: std::ops::Range<usize>,
    ) -> Typed {
        use BinaryOperator as Op;
        match op {
            Op::And | Op::Or => {
                let (a, b) = (self.infer(left), self.infer(right));
                for side in [&a, &b] {
                    self.constrain(side, &Base::Bool, if *op == Op::And { "AND" } else { "OR" });
                }
                Typed::of(Base::Bool, a.null || b.null, at).by(&[&a, &b])
            }
            Op::Eq | Op::NotEq | Op::Lt | Op::LtEq | Op::Gt | Op::GtEq => {
                let typed = self.compared(&[left, right], at.clone());
                if matches!(left, Expr::Value(v) if v.value == Value::Null)
                    || matches!(right, Expr::Value(v) if v.value == Value::Null)
                {
                    self.fault(
                        Fault::new(
                            &codes::TYPE,
                            at.clone(),
                            "a comparison with NULL never holds",
                        )
                        .help("write IS NULL or IS NOT NULL"),
                    );
                }
                Typed::of(Base::Bool, typed.null, at).by(&[&typed])
            }
            Op::StringConcat => {
                let (a, b) = (self.infer(left), self.infer(right));
                // Arrays and jsonb are joined by it too.
                if self.pg() && [&a, &b].iter().any(|t| t.untyped && t.base.is_none()) {
                    self.settle(&a);
                    self.settle(&b);
                    let null = a.null || b.null;
                    return Typed::untyped(at).or_null(null).by(&[&a, &b]);
                }
                for side in [&a, &b] {
                    let printable = side.leaves.is_empty()
                        && matches!(
                            side.base,
                            Some(Base::Int | Base::Date | Base::Time | Base::DateTime)
                        );
                    if !printable {
                        self.constrain(side, &TEXT, "`||`");
                    }
                }
                // What is stored as a number or a date is written out.
                let long = |side: &Typed| match side.base {
                    Some(Base::Text { max }) => max,
                    Some(Base::Int) => Some(20),
                    Some(Base::Date | Base::Time | Base::DateTime) => Some(32),
                    _ => None,
                };
                let max = long(&a).zip(long(&b)).map(|(x, y)| x.saturating_add(y));
                Typed::of(Base::Text { max }, a.null || b.null, at).by(&[&a, &b])
            }
            Op::Plus | Op::Minus | Op::Multiply | Op::Divide | Op::Modulo => {
                let (a, b) = (self.infer(left), self.infer(right));
                self.arithmetic(op, a, b, right, at)
            }
            Op::Glob => {
                let (a, b) = (self.infer(left), self.infer(right));
                self.constrain(&a, &TEXT, "GLOB's left side");
                self.constrain(&b, &TEXT, "GLOB's pattern");
                Typed::of(Base::Bool, a.null || b.null, at).by(&[&a, &b])
            }
            Op::BitwiseAnd | Op::BitwiseOr | Op::PGBitwiseShiftLeft | Op::PGBitwiseShiftRight => {
                let (a, b) = (self.infer(left), self.infer(right));
                self.constrain(&a, &Base::Int, "the operator");
                self.constrain(&b, &Base::Int, "the operator");
                Typed::of(Base::Int, a.null || b.null, at).by(&[&a, &b])
            }
            Op::Arrow | Op::LongArrow if !self.pg() => {
                let (a, b) = (self.infer(left), self.infer(right));
                self.constrain(&a, &TEXT, "JSON");
                self.settle(&b);
                Typed::untyped(at).by(&[&a, &b])
            }
            _ if self.pg() => self.deferred(&[left, right], at).or_null(true),
            _ => self.not_portable(at, "write it with functions that both engines know"),
        }
    }

    fn arithmetic(
        &mut self,
        op: &BinaryOperator,
        a: Typed,
        b: Typed,
        right: &Expr,
        at: std::ops::Range<usize>,
    ) -> Typed {
        use BinaryOperator as Op;
        let instant = |t: &Typed| {
            matches!(
                t.base,
                Some(Base::DateTime | Base::Date | Base::Time | Base::Duration)
            )
        };
        let failed = |t: &Typed| t.base.is_none() && !t.untyped;
        if failed(&a) || failed(&b) {
            return Typed::unknown(at);
        }
        let ours = self.arithmetic_of_postgres(op, &a, &b, right);
        if let Some(divisor) = ours.divisor {
            self.edits.wrap(&divisor, "NULLIF(", ", 0)");
        }
        if ours.deferred {
            self.settle(&a);
            self.settle(&b);
            let null = a.null || b.null;
            return Typed::untyped(at).or_null(null).by(&[&a, &b]);
        }
        if instant(&a) || instant(&b) {
            let message = if self.pg() {
                "dates and times add to intervals alone"
            } else {
                "SQLite has no arithmetic on dates and times"
            };
            self.fault(
                Fault::new(&codes::TYPE, at.clone(), message).help(
                    "bind the moment: `params: { since: now - 7d }`, and compare with `:since`",
                ),
            );
            return Typed::unknown(at);
        }
        if !self.number(&a) || !self.number(&b) {
            return Typed::unknown(at);
        }
        // A division by zero is null on SQLite.
        let divides = matches!(op, Op::Divide | Op::Modulo);
        let null = a.null || b.null || (divides && !is_nonzero(right));
        let decimal = |t: &Typed| match t.base {
            Some(Base::Decimal(s)) if s > 0 => Some(s),
            _ => None,
        };
        let by = |t: Typed| t.by(&[&a, &b]);
        if decimal(&a).is_some() || decimal(&b).is_some() {
            return match op {
                Op::Plus | Op::Minus => {
                    let joined = self.join(&[a.clone(), b.clone()], at.clone());
                    by(Typed { null, ..joined })
                }
                Op::Multiply => {
                    // Scaled integers multiply; their scales add up.
                    let whole = |t: &Typed| matches!(t.base, Some(Base::Int | Base::Null));
                    let scale = match (decimal(&a), decimal(&b)) {
                        (Some(x), Some(y)) if x + y <= 18 => x + y,
                        (Some(x), None) if whole(&b) => x,
                        (None, Some(y)) if whole(&a) => y,
                        _ => {
                            self.fault(
                                Fault::new(
                                    &codes::TYPE,
                                    at.clone(),
                                    "a decimal is multiplied by an int or a decimal",
                                )
                                .help("bind the factor: `params: { factor: … }`"),
                            );
                            return Typed::unknown(at);
                        }
                    };
                    self.settle(&a);
                    self.settle(&b);
                    by(Typed::of(Base::Decimal(scale), null, at))
                }
                _ => {
                    self.fault(
                        Fault::new(
                            &codes::TYPE,
                            at.clone(),
                            "a decimal cannot be divided: SQLite keeps it as a scaled integer",
                        )
                        .help("select both numbers, and divide in the text: `{{total / count}}`"),
                    );
                    Typed::unknown(at)
                }
            };
        }
        let joined = self.join(&[a.clone(), b.clone()], at);
        by(Typed { null, ..joined })
    }

    fn case(
        &mut self,
        operand: Option<&Expr>,
        conditions: &[CaseWhen],
        otherwise: Option<&Expr>,
        at: std::ops::Range<usize>,
    ) -> Typed {
        match operand {
            Some(operand) => {
                let all: Vec<&Expr> = std::iter::once(operand)
                    .chain(conditions.iter().map(|w| &w.condition))
                    .collect();
                self.compared(&all, at.clone());
            }
            None => {
                for when in conditions {
                    self.condition(&when.condition, "WHEN");
                }
            }
        }
        let mut results: Vec<Typed> = conditions.iter().map(|w| self.infer(&w.result)).collect();
        results.extend(otherwise.map(|e| self.infer(e)));
        let joined = self.join(&results, at);
        Typed {
            null: joined.null || otherwise.is_none(),
            ..joined
        }
    }
}

/// A number that is not zero.
pub(super) fn is_nonzero(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(e) => is_nonzero(e),
        Expr::Value(v) => match &v.value {
            Value::Number(n, _) => n.bytes().any(|b| (b'1'..=b'9').contains(&b)),
            _ => false,
        },
        _ => false,
    }
}
