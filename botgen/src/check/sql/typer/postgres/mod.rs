//! What only Postgres knows. Where we know the type too it is ours; where we do not, the expression is *deferred*
//! ([`Typed::untyped`]): Postgres's description of the statement says what it is.

mod functions;

use std::ops::Range;

use sqlparser::ast::{
    AccessExpr, BinaryOperator, DataType, Expr, Ident, ObjectName, Spanned, Subscript, TableAlias,
    TableFactor,
};

use super::expr::is_nonzero;
use super::from::{RelColumn, last};
use super::{Leaf, Relation, Typed, Typer};
use crate::check::sql::fault::Fault;
use crate::check::sql::tables::Table;
use crate::check::sql::text::{lex, range};
use crate::check::sql::types;
use crate::diagnostics::codes::sql as codes;
use crate::diagnostics::meant;
use crate::ir::types::Base;

/// What becomes of an arithmetic operation on Postgres.
#[derive(Debug, Default)]
pub(super) struct Arithmetic {
    /// Postgres says the type.
    pub deferred: bool,
    /// A divisor that may be zero: null on SQLite, a failure on Postgres unless it is made null first.
    pub divisor: Option<Range<usize>>,
}

impl Typer<'_> {
    /// Types the parts; the whole is Postgres's. Null where one of them is.
    pub(super) fn deferred(&mut self, parts: &[&Expr], at: Range<usize>) -> Typed {
        let typed: Vec<Typed> = parts
            .iter()
            .map(|e| match e {
                Expr::UnaryOp { expr, .. } => self.infer(expr),
                e => self.infer(e),
            })
            .collect();
        for t in &typed {
            self.settle(t);
        }
        let refs: Vec<&Typed> = typed.iter().collect();
        Typed::untyped(at)
            .or_null(typed.iter().any(|t| t.null))
            .by(&refs)
    }

    /// Forms of Postgres.
    pub(super) fn postgres_form(&mut self, expr: &Expr, at: Range<usize>) -> Typed {
        match expr {
            Expr::ILike { expr, pattern, .. }
            | Expr::SimilarTo { expr, pattern, .. }
            | Expr::RLike { expr, pattern, .. } => {
                let text = Base::Text { max: None };
                let (a, b) = (self.infer(expr), self.infer(pattern));
                self.constrain(&a, &text, "the left side");
                self.constrain(&b, &text, "the pattern");
                Typed::of(Base::Bool, a.null || b.null, at).by(&[&a, &b])
            }
            Expr::Like { expr, pattern, .. } => {
                let typed = self.deferred(&[expr, pattern], at.clone());
                Typed::of(Base::Bool, typed.null, at).by(&[&typed])
            }
            Expr::IsUnknown(e) | Expr::IsNotUnknown(e) => {
                self.condition(e, "IS UNKNOWN");
                Typed::of(Base::Bool, false, at)
            }
            Expr::AnyOp { left, right, .. } | Expr::AllOp { left, right, .. } => {
                let typed = match &**right {
                    Expr::Subquery(query) => {
                        let left = self.infer(left);
                        let outputs = self.query(query, false).outputs;
                        let mut items = vec![left];
                        items.extend(outputs.into_iter().take(1).map(|o| o.typed));
                        let joined = self.join(&items, at.clone());
                        self.settle(&joined);
                        joined
                    }
                    _ => self.deferred(&[left, right], at.clone()),
                };
                Typed::of(Base::Bool, typed.null, at).by(&[&typed])
            }
            Expr::Interval(interval) => {
                let typed = self.infer(&interval.value);
                Typed::untyped(at).or_null(typed.null).by(&[&typed])
            }
            Expr::TypedString(typed) => match base_of(&typed.data_type) {
                Some(base) => Typed::of(base, false, at),
                None => Typed::untyped(at).or_null(false),
            },
            Expr::Extract { expr, .. } => self.deferred(&[expr], at),
            Expr::AtTimeZone {
                timestamp,
                time_zone,
            } => self.deferred(&[timestamp, time_zone], at),
            Expr::Position { expr, r#in } => {
                let text = Base::Text { max: None };
                let (a, b) = (self.infer(expr), self.infer(r#in));
                self.constrain(&a, &text, "POSITION's text");
                self.constrain(&b, &text, "POSITION's text");
                Typed::of(Base::Int, a.null || b.null, at).by(&[&a, &b])
            }
            Expr::Trim {
                trim_what, expr, ..
            } => {
                let text = Base::Text { max: None };
                let mut null = false;
                for part in [Some(expr), trim_what.as_ref()].into_iter().flatten() {
                    let part = self.infer(part);
                    self.constrain(&part, &text, "TRIM's text");
                    null |= part.null;
                }
                Typed::of(text, null, at)
            }
            Expr::Array(array) => {
                let parts: Vec<&Expr> = array.elem.iter().collect();
                self.deferred(&parts, at).or_null(false)
            }
            Expr::Tuple(parts) => {
                let parts: Vec<&Expr> = parts.iter().collect();
                self.deferred(&parts, at)
            }
            Expr::CompoundFieldAccess { root, access_chain } => {
                let mut parts: Vec<&Expr> = vec![root];
                for access in access_chain {
                    match access {
                        AccessExpr::Subscript(Subscript::Index { index }) => parts.push(index),
                        AccessExpr::Subscript(Subscript::Slice {
                            lower_bound,
                            upper_bound,
                            ..
                        }) => parts.extend(lower_bound.iter().chain(upper_bound)),
                        AccessExpr::Dot(_) => {}
                    }
                }
                self.deferred(&parts, at).or_null(true)
            }
            Expr::Overlay {
                expr,
                overlay_what,
                overlay_from,
                overlay_for,
            } => {
                let mut parts: Vec<&Expr> = vec![expr, overlay_what, overlay_from];
                parts.extend(overlay_for.as_deref());
                self.deferred(&parts, at)
            }
            Expr::Collate { expr, .. } | Expr::IsNormalized { expr, .. } => {
                self.deferred(&[expr], at)
            }
            _ => self.not_portable(at, "write it another way"),
        }
    }

    /// `CAST(x AS type)` and `x::type`.
    pub(super) fn postgres_cast(
        &mut self,
        typed: Typed,
        data_type: &DataType,
        at: Range<usize>,
    ) -> Typed {
        let Some(to) = base_of(data_type) else {
            // A type of Postgres: what is made of it decides.
            self.settle(&typed);
            return Typed::untyped(at).or_null(typed.null).by(&[&typed]);
        };
        let done = Typed::of(to.clone(), typed.null, at).by(&[&typed]);
        if typed.leaves.is_empty() {
            return match typed.base {
                None if !typed.untyped => Typed::unknown(done.range),
                _ => done,
            };
        }
        let number = matches!(typed.base, Some(Base::Int | Base::Real | Base::Decimal(_)));
        // `'5'::bigint`: Postgres reads the literal.
        let literal = typed.leaves.iter().all(|l| matches!(l, Leaf::Literal(_)));
        let reads = literal && matches!(to, Base::Int | Base::Real | Base::Bool | Base::Decimal(_));
        if reads || (number && matches!(to, Base::Text { .. })) {
            self.settle(&typed);
        } else {
            self.constrain(&typed, &to, "the CAST");
        }
        done
    }

    /// Dates and times have arithmetic, decimals divide and meet reals; a division by zero fails.
    pub(super) fn arithmetic_of_postgres(
        &mut self,
        op: &BinaryOperator,
        a: &Typed,
        b: &Typed,
        right: &Expr,
    ) -> Arithmetic {
        if !self.pg() {
            return Arithmetic::default();
        }
        let moment = |t: &Typed| {
            matches!(
                t.base,
                Some(Base::DateTime | Base::Date | Base::Time | Base::Duration)
            )
        };
        let unknown = |t: &Typed| t.untyped && t.base.is_none();
        let decimal = |t: &Typed| matches!(t.base, Some(Base::Decimal(s)) if s > 0);
        let divides = matches!(op, BinaryOperator::Divide | BinaryOperator::Modulo);
        let mixed = (decimal(a) && b.base == Some(Base::Real))
            || (decimal(b) && a.base == Some(Base::Real));
        let number = |t: &Typed| {
            unknown(t)
                || matches!(
                    t.base,
                    Some(Base::Int | Base::Real | Base::Decimal(_) | Base::Null)
                )
        };
        // A day is a day plus days; an instant adds to intervals alone, which are unknown to us, or to another.
        let day = |t: &Typed| t.base == Some(Base::Date);
        let open_text =
            |t: &Typed| !t.leaves.is_empty() && matches!(t.base, Some(Base::Text { .. }));
        let moments = matches!(op, BinaryOperator::Plus | BinaryOperator::Minus)
            && ((moment(a) && moment(b))
                || ((day(a) || day(b)) && [a, b].iter().any(|t| t.base == Some(Base::Int)))
                || open_text(a)
                || open_text(b));
        Arithmetic {
            deferred: (moments && (moment(a) || moment(b)))
                || unknown(a)
                || unknown(b)
                || (divides && (decimal(a) || decimal(b)) && number(a) && number(b))
                || (*op == BinaryOperator::Multiply && mixed),
            divisor: (divides && number(a) && number(b) && !is_nonzero(right) && !nullif(right))
                .then(|| b.range.clone()),
        }
    }

    /// `generate_series(…) AS g(day)`, `unnest(…)`: its columns are Postgres's. False: something else.
    pub(super) fn function_in_from(&mut self, factor: &TableFactor) -> bool {
        use sqlparser::ast::{FunctionArg, FunctionArgExpr};
        let (name, args, alias): (String, Vec<&Expr>, &Option<TableAlias>) = match factor {
            TableFactor::Table {
                name,
                args: Some(args),
                alias,
                ..
            } => (last(name), expressions(&args.args), alias),
            TableFactor::Function {
                name, args, alias, ..
            } => (last(name), expressions(args), alias),
            TableFactor::UNNEST {
                array_exprs, alias, ..
            } => ("unnest".to_owned(), array_exprs.iter().collect(), alias),
            _ => return false,
        };
        fn expressions(args: &[FunctionArg]) -> Vec<&Expr> {
            args.iter()
                .filter_map(|a| match a {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(e)) => Some(e),
                    _ => None,
                })
                .collect()
        }
        for arg in args {
            let typed = self.infer(arg);
            self.settle(&typed);
        }
        let columns = alias.as_ref().map(|a| a.columns.as_slice());
        let columns = columns.unwrap_or_default().iter();
        let relation = Relation {
            alias: alias
                .as_ref()
                .map_or_else(|| name.clone(), |a| a.name.value.clone()),
            table: None,
            columns: columns
                .map(|c| RelColumn {
                    name: c.name.value.clone(),
                    base: None,
                    null: true,
                    untyped: true,
                    by_param: false,
                    source: None,
                    origin: None,
                    merged: false,
                })
                .collect(),
            outer: false,
            range: self.lexed.with_arguments(range(factor.span())),
            broken: false,
            open: true,
        };
        self.relations.push(relation);
        let rel = self.relations.len() - 1;
        self.frame().relations.push(rel);
        true
    }

    /// A relation of this statement, used as a row.
    pub(super) fn is_row(&self, name: &Ident) -> bool {
        self.relations
            .iter()
            .any(|r| r.alias.eq_ignore_ascii_case(&name.value))
    }

    /// ON CONFLICT ON CONSTRAINT: its columns.
    pub(super) fn constraint_key(
        &mut self,
        name: &ObjectName,
        table: Option<&Table>,
    ) -> Option<Vec<String>> {
        let table = table?;
        let wanted = last(name);
        let found = table
            .keys
            .iter()
            .find(|k| key_name(table, k).eq_ignore_ascii_case(&wanted));
        if let Some(key) = found {
            return Some(key.columns.clone());
        }
        let names: Vec<String> = table.keys.iter().map(|k| key_name(table, k)).collect();
        self.fault(
            Fault::new(
                &codes::CONFLICT_TARGET,
                range(name.span()),
                format!("`{}` has no constraint `{wanted}`", table.name),
            )
            .suggest(&wanted, meant(&wanted, names.iter().map(String::as_str))),
        );
        None
    }
}

/// The name of a key's constraint, as Postgres gives it where the author does not.
fn key_name(table: &Table, key: &crate::check::sql::tables::Key) -> String {
    let name = table.name.to_ascii_lowercase();
    match &key.name {
        Some(name) => name.clone(),
        None if key.primary => format!("{name}_pkey"),
        None => format!("{name}_{}_key", key.columns.join("_")),
    }
}

/// The DSL's type of a type in a CAST.
pub(super) fn base_of(data_type: &DataType) -> Option<Base> {
    let text = data_type.to_string();
    let lexed = lex(&text, crate::Engine::Postgres).ok()?;
    match types::read(&lexed.tokens) {
        Ok(w) if w.tokens == lexed.tokens.len() && !w.serial => Some(w.base),
        _ => None,
    }
}

/// `NULLIF(x, 0)`: the author has thought of it.
fn nullif(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(e) => nullif(e),
        Expr::Function(f) => last(&f.name).eq_ignore_ascii_case("nullif"),
        _ => false,
    }
}
