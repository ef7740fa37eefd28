//! CAST, and forms that only one engine knows.

use sqlparser::ast::{DataType, Expr, Function, FunctionArguments, Spanned, Value};

use super::open::short;
use super::{Typed, Typer};
use crate::check::sql::fault::Fault;
use crate::check::sql::text::range;
use crate::check::sql::types;
use crate::diagnostics::codes::sql as codes;
use crate::ir::types::Base;

impl Typer<'_> {
    pub(super) fn cast(
        &mut self,
        expr: &Expr,
        data_type: &DataType,
        at: std::ops::Range<usize>,
    ) -> Typed {
        let typed = self.infer(expr);
        if self.pg() {
            return self.postgres_cast(typed, data_type, at);
        }
        // `CAST(` … `AS` type `)`: the type's tokens follow the last AS of these parentheses.
        let inner = self.lexed.expr(expr);
        let Some((_, open)) = self.lexed.around(&inner) else {
            return Typed::unknown(at);
        };
        let close = self.lexed.tokens[open].pair.unwrap_or(open);
        let Some(as_at) = (open..close).rev().find(|&i| {
            self.lexed.tokens[i].is_word("AS") && self.lexed.tokens[i].within == Some(open)
        }) else {
            return Typed::unknown(at);
        };
        let tokens = &self.lexed.tokens[as_at + 1..close];
        let place = self.lexed.bytes(&(as_at + 1..close));
        let written = match types::read_sqlite(tokens) {
            Ok(w) if w.tokens == tokens.len() && !w.serial => w,
            Ok(_) => return self.not_portable(place, "name one type after AS"),
            Err(unknown) => {
                self.fault(Fault::new(&codes::FORM, place, unknown.message).help(unknown.help));
                return Typed::unknown(at);
            }
        };
        // BOOLEAN would mean NUMERIC to SQLite's CAST.
        let sqlite = if written.sqlite == "BOOLEAN" {
            "INTEGER"
        } else {
            written.sqlite
        };
        self.edits.replace(place.clone(), sqlite);
        let to = written.base;
        let done = |t: &Typed| Typed::of(to.clone(), t.null, at.clone()).by(&[t]);
        if !typed.leaves.is_empty() {
            // `CAST(:n AS BIGINT)` says what the parameter is, as on Postgres.
            let number = matches!(typed.base, Some(Base::Int | Base::Real));
            let to_text = number && matches!(to, Base::Text { .. });
            if to_text {
                self.settle(&typed);
            } else {
                self.constrain(&typed, &to, "the CAST");
            }
            return done(&typed);
        }
        let from = match &typed.base {
            Some(base) => base,
            // A function of unknown type: the author says.
            None if matches!(to, Base::Text { .. } | Base::Int | Base::Real) => {
                return done(&typed);
            }
            None if !typed.untyped => return Typed::unknown(at),
            None => &Base::Null,
        };
        let allowed = match (&to, from) {
            _ if *from == to || (*from == Base::Null && !typed.untyped) => true,
            (Base::Text { .. }, Base::Decimal(s)) => *s == 0,
            (Base::Text { .. }, Base::Bool) => false,
            (Base::Text { .. }, _) => true,
            (Base::Int, Base::Text { .. } | Base::Real | Base::Bool | Base::Decimal(0)) => true,
            (Base::Real, Base::Int | Base::Text { .. }) => true,
            (Base::Decimal(0), Base::Int) => true,
            (Base::Bool, Base::Int) => false,
            _ => false,
        };
        if !allowed {
            let text = short(self.lexed.slice(&typed.range));
            let has = crate::ir::types::Ty::some(from.clone()).describe();
            let has = if typed.untyped {
                "of no known type".to_owned()
            } else {
                has
            };
            let into = crate::ir::types::Ty::some(to.clone()).describe();
            self.fault(
                Fault::new(
                    &codes::TYPE,
                    at.clone(),
                    format!("`{text}` is {has}, SQLite cannot make it {into}"),
                )
                .help("select the column as it is, and print it with a filter"),
            );
        }
        done(&typed)
    }

    /// A form that the engine does not have.
    pub(super) fn not_portable(&mut self, at: std::ops::Range<usize>, help: &str) -> Typed {
        let text = short(self.lexed.slice(&at));
        let engine = self.lexed.engine.name();
        self.fault(
            Fault::new(
                &codes::FORM,
                at.clone(),
                format!("{engine} does not know `{text}`"),
            )
            .help(help),
        );
        Typed::unknown(at)
    }

    /// Forms of Postgres, with the spelling that works on both engines.
    pub(super) fn foreign_form(&mut self, expr: &Expr, at: std::ops::Range<usize>) -> Typed {
        let text = |s: &Self, e: &Expr| short(s.lexed.slice(&s.lexed.expr(e)));
        let help = match expr {
            Expr::Cast {
                expr, data_type, ..
            } => {
                // A parameter or column has its type already.
                match **expr {
                    Expr::Value(ref v) if matches!(v.value, Value::Placeholder(_)) => format!(
                        "write `{}`: it takes the type of its column",
                        text(self, expr)
                    ),
                    _ => format!("write `CAST({} AS {data_type})`", text(self, expr)),
                }
            }
            Expr::ILike { expr, pattern, .. } => format!(
                "write `LOWER({}) LIKE LOWER({})`",
                text(self, expr),
                text(self, pattern)
            ),
            Expr::Interval(_) => {
                "bind the moment: `params: { since: now - 7d }`, and compare with `:since`".into()
            }
            Expr::TypedString(t) => format!("write {} alone", t.value),
            Expr::Extract { expr, .. } => format!(
                "write `CAST(strftime('%Y', {}) AS INTEGER)`, say",
                text(self, expr)
            ),
            Expr::AtTimeZone { .. } => {
                "instants are UTC; texts print them in the bot's `tz`".to_owned()
            }
            Expr::AnyOp { .. } | Expr::AllOp { .. } | Expr::Array(_) => {
                "there are no arrays: use IN (…) or a table of its own".to_owned()
            }
            Expr::Position { expr, r#in } => {
                format!("write `INSTR({}, {})`", text(self, r#in), text(self, expr))
            }
            Expr::SimilarTo { .. } | Expr::RLike { .. } => "write LIKE".to_owned(),
            Expr::Tuple(_) => "compare the columns one by one, with AND".to_owned(),
            _ => "write it another way".to_owned(),
        };
        let at = if at.is_empty() {
            range(expr.span())
        } else {
            at
        };
        self.not_portable(at, &help)
    }

    /// The arguments of a function, as expressions. `None` where there is a `*` or something stranger.
    pub(super) fn arguments(f: &Function) -> Option<Vec<&Expr>> {
        use sqlparser::ast::{FunctionArg, FunctionArgExpr};
        match &f.args {
            FunctionArguments::None => Some(Vec::new()),
            FunctionArguments::Subquery(_) => None,
            FunctionArguments::List(list) => list
                .args
                .iter()
                .map(|a| match a {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(e)) => Some(e),
                    _ => None,
                })
                .collect(),
        }
    }
}
