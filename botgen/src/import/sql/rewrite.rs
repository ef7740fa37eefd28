//! Postgres forms into what both engines accept.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, CastKind, DataType, Expr, Function, Ident, ObjectName, SetExpr, Statement,
    Value, VisitMut, VisitorMut,
};

use super::build::{
    as_text, call, cast_type, concatenated, elements, integer, joined, number, text, unnest,
};
use super::either::either;
use super::formats::{self, interval, strftime};
use super::{Ty, arguments, last, literal, param, param_expr};
use crate::import::names;
use crate::import::report::Severity;

/// What [`rewrite`] found and made.
#[derive(Debug, Default)]
pub(in crate::import) struct Rewritten {
    /// `params:` of the action: name and expression.
    pub params: Vec<(String, String)>,
    /// Variables that a cast gave a type.
    pub casts: Vec<(String, Ty)>,
    /// Output columns that were formatted in SQL: the filter that does it now.
    pub formats: BTreeMap<String, String>,
    /// Parameters that nothing provides: old name and the name they have now.
    pub unknown: BTreeMap<String, String>,
    /// Output columns that have another name now.
    pub renamed: BTreeMap<String, String>,
    /// Lines for the report.
    pub notes: Vec<(Severity, String)>,
}

/// What surrounds a statement.
pub(in crate::import) struct Around<'a> {
    /// Old parameter names and what they are called now, built-ins included.
    pub names: &'a BTreeMap<String, String>,
    /// Names that no new parameter may have.
    pub taken: &'a BTreeSet<String>,
    /// Columns that texts read from this result, for `SELECT *`.
    pub wanted: &'a [String],
    /// Tables that are called something else now.
    pub tables: &'a BTreeMap<String, String>,
}

/// Rewrites the statement in place.
pub(in crate::import) fn rewrite(ast: &mut Statement, around: &Around<'_>) -> Rewritten {
    let mut rewriter = Rewriter {
        around,
        out: Rewritten::default(),
    };
    if let Statement::Query(query) = ast {
        rewriter.query(query);
    }
    if let Statement::Insert(insert) = ast {
        rewriter.made_up_key(insert);
        rewriter.name_columns(insert);
    }
    rewriter.all_rows(ast);
    // The visitor never breaks.
    let _ = ast.visit(&mut rewriter);
    rewriter.returning(ast);
    rewriter.out
}

pub(super) struct Rewriter<'a> {
    pub(super) around: &'a Around<'a>,
    pub(super) out: Rewritten,
}

impl Rewriter<'_> {
    pub(super) fn changed(&mut self, message: impl Into<String>) {
        self.note(Severity::Changed, message.into());
    }
    pub(super) fn translated(&mut self, message: impl Into<String>) {
        self.note(Severity::Translated, message.into());
    }
    pub(super) fn person(&mut self, message: impl Into<String>) {
        self.note(Severity::NeedsPerson, message.into());
    }
    fn note(&mut self, severity: Severity, message: String) {
        if !self.out.notes.iter().any(|(_, m)| *m == message) {
            self.out.notes.push((severity, message));
        }
    }

    /// A key that the database makes up is left to it.
    fn made_up_key(&mut self, insert: &mut sqlparser::ast::Insert) {
        let Some(at) = insert.columns.iter().position(|c| last(c) == "id") else {
            return;
        };
        let Some(SetExpr::Values(values)) = insert.source.as_deref_mut().map(|q| &mut *q.body)
        else {
            return;
        };
        let made_up = |expr: &Expr| match expr {
            Expr::Function(f) => matches!(
                last(&f.name).as_str(),
                "gen_random_uuid" | "uuid_generate_v4" | "nextval"
            ),
            Expr::Identifier(word) => word.value.eq_ignore_ascii_case("default"),
            _ => false,
        };
        if values
            .rows
            .iter()
            .all(|row| row.content.get(at).is_some_and(made_up))
        {
            for row in &mut values.rows {
                row.content.remove(at);
            }
            insert.columns.remove(at);
            self.changed("the key of a new row is the next number now");
        }
    }

    /// An UPDATE or DELETE of every row says so.
    fn all_rows(&mut self, ast: &mut Statement) {
        let selection = match ast {
            Statement::Update(update) => &mut update.selection,
            Statement::Delete(delete) => &mut delete.selection,
            _ => return,
        };
        if selection.is_none() {
            *selection = Some(Expr::value(Value::Boolean(true)));
            self.person("it changes every row of the table, of all people; `WHERE TRUE` says so");
        }
    }

    /// A parameter's name that is not taken.
    fn free(&self, name: String) -> String {
        let mut taken = self.around.taken.clone();
        taken.extend(self.out.params.iter().map(|(n, _)| n.clone()));
        taken.extend(self.out.unknown.values().cloned());
        names::free(name, &taken)
    }

    /// `now - INTERVAL '7 days'`: a value of `params:`.
    fn moment(&mut self, base: &str, minus: bool, seconds: i64, exact: bool) -> Expr {
        let value = format!(
            "{base} {} {}",
            if minus { '-' } else { '+' },
            crate::import::yaml::duration(seconds)
        );
        if !exact {
            self.person("months and years have no fixed length; counted as 30 and 365 days");
        }
        if let Some((known, _)) = self.out.params.iter().find(|(_, v)| *v == value) {
            return param_expr(known);
        }
        let called = self.free(if minus { "since" } else { "until" }.to_owned());
        self.translated(format!("INTERVAL became `params: {{ {called}: {value} }}`"));
        self.out.params.push((called.clone(), value));
        param_expr(&called)
    }

    fn function(&mut self, function: &Function) -> Option<Expr> {
        let called = last(&function.name);
        let args = arguments(function);
        match (called.as_str(), args.as_slice()) {
            (
                "now"
                | "current_timestamp"
                | "localtimestamp"
                | "transaction_timestamp"
                | "statement_timestamp"
                | "clock_timestamp",
                _,
            ) => {
                self.translated(format!(
                    "`{}` is the built-in `:now`",
                    called.to_uppercase()
                ));
                Some(param_expr("now"))
            }
            ("current_date", _) => {
                self.translated("`CURRENT_DATE` is the built-in `:today`");
                Some(param_expr("today"))
            }
            ("to_timestamp" | "to_date", [Some(value), Some(format)]) => {
                let (Some(variable), Some(format)) = (param(value), literal(format)) else {
                    self.person(format!("`{called}` of something else than an answer stays"));
                    return None;
                };
                let ty = if called == "to_date" {
                    Ty::Date
                } else {
                    Ty::DateTime
                };
                if !matches!(
                    format,
                    "YYYY-MM-DD HH24:MI"
                        | "YYYY-MM-DD HH24:MI:SS"
                        | "YYYY-MM-DD"
                        | "DD.MM.YYYY HH24:MI"
                        | "DD.MM.YYYY"
                ) {
                    self.person(format!(
                        "the form `{format}` is not one that a date step reads"
                    ));
                }
                self.out.casts.push((variable.to_owned(), ty));
                Some(param_expr(variable))
            }
            ("to_timestamp" | "age" | "to_number", _) => {
                self.person(format!("`{called}` does not exist on SQLite"));
                None
            }
            ("date_trunc", [Some(unit), Some(value)]) => {
                let sqlite = formats::truncated(literal(unit)?, value)?;
                Some(either(sqlite, Expr::Function(function.clone())))
            }
            ("date_part", [Some(field), Some(value)]) => {
                let sqlite = formats::part(literal(field)?, value)?;
                Some(either(sqlite, integer(Expr::Function(function.clone()))))
            }
            ("to_char", [Some(value), Some(format)]) => {
                let format = literal(format).and_then(strftime)?;
                let sqlite = call("strftime", vec![text(&format), (*value).clone()]);
                Some(either(sqlite, Expr::Function(function.clone())))
            }
            ("array_agg", [Some(value)]) => {
                self.changed("`array_agg` is a text with commas between the values now");
                Some(call("string_agg", vec![(*value).clone(), text(", ")]))
            }
            ("concat", _) if !args.is_empty() && args.iter().all(Option::is_some) => {
                let mut parts = args.into_iter().flatten().map(joined);
                let first = parts.next()?;
                Some(Expr::Nested(Box::new(parts.fold(first, concatenated))))
            }
            ("gen_random_uuid" | "uuid_generate_v4", []) => {
                let sqlite = call(
                    "lower",
                    vec![call("hex", vec![call("randomblob", vec![number("16")])])],
                );
                Some(either(
                    as_text(sqlite),
                    as_text(Expr::Function(function.clone())),
                ))
            }
            ("greatest" | "least", [_, _, ..]) if args.iter().all(Option::is_some) => {
                let both = if called == "greatest" { "max" } else { "min" };
                Some(call(both, args.into_iter().flatten().cloned().collect()))
            }
            ("left", [Some(value), Some(count)]) => Some(call(
                "substr",
                vec![(*value).clone(), number("1"), (*count).clone()],
            )),
            ("char_length" | "character_length", [Some(value)]) => {
                Some(call("length", vec![(*value).clone()]))
            }
            ("btrim", [Some(value)]) => Some(call("trim", vec![(*value).clone()])),
            _ => None,
        }
    }

    fn cast(&mut self, inner: &Expr, data_type: &DataType) -> Option<Expr> {
        let ty = cast_type(data_type);
        if let Some(variable) = param(inner) {
            match (variable, ty) {
                // `NOW()::date`
                ("now", Some(Ty::Date)) => return Some(param_expr("today")),
                (_, Some(ty)) => self.out.casts.push((variable.to_owned(), ty)),
                (_, None) => self.person(format!("the cast to `{data_type}` was left out")),
            }
            return Some(param_expr(variable));
        }
        if literal(inner).is_some() && ty == Some(Ty::Text) {
            return Some(inner.clone());
        }
        match ty {
            Some(Ty::Date) => Some(call("date", vec![inner.clone()])),
            // A column says itself what it is; so does what is counted from one.
            Some(Ty::DateTime | Ty::Decimal) => Some(inner.clone()),
            // INTERVAL literals are read by the arithmetic around them.
            None if matches!(data_type, DataType::Interval { .. }) => None,
            Some(_) => Some(Expr::Cast {
                kind: CastKind::Cast,
                expr: Box::new(inner.clone()),
                data_type: data_type.clone(),
                format: None,
            }),
            None => {
                self.person(format!("the cast to `{data_type}` stays as it was"));
                None
            }
        }
    }
}

impl VisitorMut for Rewriter<'_> {
    type Break = ();

    fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<()> {
        if relation.0.len() > 1 {
            self.translated("the schema before a table's name was left out");
            relation.0.drain(..relation.0.len() - 1);
        }
        if let Some(new) = self.around.tables.get(&last(relation)) {
            *relation = ObjectName::from(vec![Ident::new(new)]);
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let new = match &*expr {
            Expr::Value(value) => match &value.value {
                Value::Placeholder(text) => {
                    let old = text.strip_prefix(':').unwrap_or(text);
                    match self.around.names.get(old) {
                        Some(new) => Some(param_expr(new)),
                        // Parameters that this rewriting makes are never visited.
                        None => {
                            let old = old.to_owned();
                            let new = match self.out.unknown.get(&old) {
                                Some(new) => new.clone(),
                                None => self.free(names::variable(&old, self.around.taken)),
                            };
                            let expr = param_expr(&new);
                            self.out.unknown.insert(old, new);
                            Some(expr)
                        }
                    }
                }
                _ => None,
            },
            Expr::Nested(inner) if matches!(**inner, Expr::Value(_)) => Some((**inner).clone()),
            Expr::Function(function) => self.function(function),
            Expr::Cast {
                expr: inner,
                data_type,
                ..
            } => self.cast(inner, data_type),
            Expr::BinaryOp {
                left,
                op: op @ (BinaryOperator::Minus | BinaryOperator::Plus),
                right,
            } => match (param(left), interval(right)) {
                (Some(base @ ("now" | "today")), Some((seconds, exact))) => {
                    Some(self.moment(base, *op == BinaryOperator::Minus, seconds, exact))
                }
                (_, Some((seconds, _))) => {
                    let sign = if *op == BinaryOperator::Minus {
                        "-"
                    } else {
                        "+"
                    };
                    let modifier = text(&format!("{sign}{seconds} seconds"));
                    let sqlite = call("datetime", vec![(**left).clone(), modifier]);
                    Some(either(sqlite, expr.clone()))
                }
                _ => None,
            },
            Expr::ILike {
                negated,
                any,
                expr,
                pattern,
                escape_char,
            } => {
                self.changed("`ILIKE` is `LIKE`: on SQLite it ignores case for ASCII letters only");
                Some(Expr::Like {
                    negated: *negated,
                    any: *any,
                    expr: expr.clone(),
                    pattern: pattern.clone(),
                    escape_char: escape_char.clone(),
                })
            }
            // `= ANY(ARRAY[…])` and `= ANY('{a,b}')`
            Expr::AnyOp {
                left,
                compare_op: BinaryOperator::Eq,
                right,
                ..
            } if elements(right).is_some() => Some(Expr::InList {
                expr: left.clone(),
                list: elements(right).unwrap_or_default(),
                negated: false,
            }),
            Expr::AnyOp {
                left,
                compare_op: BinaryOperator::Eq,
                right,
                ..
            } => {
                self.person(
                    "arrays do not exist on SQLite: the column is a text of words with commas between now",
                );
                let with_commas = |inner: &Expr| {
                    let comma = || Box::new(Expr::value(Value::SingleQuotedString(",".into())));
                    let join = |left, right| Expr::BinaryOp {
                        left,
                        op: BinaryOperator::StringConcat,
                        right,
                    };
                    join(Box::new(join(comma(), Box::new(unnest(inner)))), comma())
                };
                Some(Expr::BinaryOp {
                    left: Box::new(call("instr", vec![with_commas(right), with_commas(left)])),
                    op: BinaryOperator::Gt,
                    right: Box::new(Expr::value(Value::Number("0".into(), false))),
                })
            }
            Expr::Extract {
                field, expr: value, ..
            } => match formats::part(&field.to_string(), value) {
                Some(sqlite) => Some(either(sqlite, integer(expr.clone()))),
                None => {
                    self.person(format!("`{expr}` does not exist on SQLite"));
                    None
                }
            },
            // The bot's zone is one for all of it.
            Expr::AtTimeZone { timestamp, .. } => {
                self.changed(format!("`{expr}`: times are printed in the bot's `tz` now"));
                Some((**timestamp).clone())
            }
            Expr::Array(_) => {
                self.person(format!("`{expr}` does not exist on SQLite"));
                None
            }
            _ => None,
        };
        if let Some(new) = new {
            *expr = new;
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{parse, print};
    use super::*;

    fn rewritten(sql: &str) -> (String, Rewritten) {
        let names = ["bot_id", "user_id", "now", "today", "slot", "x", "n"]
            .into_iter()
            .map(|n| (n.to_owned(), n.to_owned()))
            .collect();
        let (mut ast, _) = parse(sql).expect(sql);
        let out = rewrite(
            &mut ast,
            &Around {
                names: &names,
                taken: &BTreeSet::new(),
                wanted: &["title".to_owned()],
                tables: &BTreeMap::new(),
            },
        );
        (print::line(&ast), out)
    }

    #[test]
    fn answers_with_a_cast_become_plain_and_typed() {
        let (sql, out) = rewritten(
            "INSERT INTO b(slot, day, at) VALUES(:slot::timestamptz, to_date(:x, 'YYYY-MM-DD'), NOW())",
        );
        assert_eq!(
            sql,
            "INSERT INTO b (slot, day, at) VALUES (:slot, :x, :now)"
        );
        assert_eq!(
            out.casts,
            [
                ("slot".to_owned(), Ty::DateTime),
                ("x".to_owned(), Ty::Date)
            ]
        );
        let (sql, out) = rewritten(
            "SELECT id FROM b WHERE slot=to_timestamp(:slot, 'YYYY-MM-DD HH24:MI') AND n=CAST(:n AS int)",
        );
        assert_eq!(sql, "SELECT id FROM b WHERE slot = :slot AND n = :n");
        assert_eq!(out.casts.len(), 2);
    }

    #[test]
    fn doubled_quotes_are_single_again() {
        let (ast, doubled) = parse("SELECT to_char(slot,''YYYY-MM-DD'') AS t FROM b").unwrap();
        assert!(doubled);
        assert_eq!(
            print::line(&ast),
            "SELECT to_char(slot, 'YYYY-MM-DD') AS t FROM b"
        );
        assert!(!parse("SELECT '' AS t FROM b").unwrap().1);
    }

    #[test]
    fn formats_move_into_texts() {
        let (sql, out) = rewritten(
            "SELECT to_char(slot,'YYYY-MM-DD HH24:MI') AS t, to_char(a.d, 'DD.MM') AS d, to_char(at,'HH24:MI') FROM a",
        );
        assert_eq!(sql, "SELECT slot AS t, a.d, at AS to_char FROM a");
        assert_eq!(out.formats["t"], "datetime: 'yyyy-MM-dd HH:mm'");
        assert_eq!(out.formats["d"], "date: 'dd.MM'");
        assert_eq!(out.formats["to_char"], "time: 'HH:mm'");
        let (sql, _) =
            rewritten("SELECT 1 AS a FROM b WHERE to_char(slot,'YYYY-MM-DD') = '2024-01-01'");
        assert_eq!(
            sql,
            "SELECT 1 AS a FROM b WHERE imported_either(strftime('%Y-%m-%d', slot), 'to_char(slot, ''YYYY-MM-DD'')') = '2024-01-01'"
        );
    }

    #[test]
    fn intervals_become_params() {
        let (sql, out) = rewritten(
            "DELETE FROM b WHERE at < NOW() - INTERVAL '7 days' OR at > now() + interval '90 minutes' OR at < NOW() - INTERVAL '7 days'",
        );
        assert_eq!(
            sql,
            "DELETE FROM b WHERE at < :since OR at > :until OR at < :since"
        );
        assert_eq!(
            out.params,
            [
                ("since".to_owned(), "now - 7d".to_owned()),
                ("until".to_owned(), "now + 90m".to_owned())
            ]
        );
        let (sql, _) =
            rewritten("SELECT id FROM b WHERE at > CURRENT_TIMESTAMP - '1 day'::interval");
        assert_eq!(sql, "SELECT id FROM b WHERE at > :since");
    }

    #[test]
    fn arrays_ilike_schemas_stars_and_names() {
        let (sql, _) =
            rewritten("SELECT COUNT(*) FROM public.u WHERE :x = ANY(tags) AND n ILIKE 'a%'");
        assert_eq!(
            sql,
            "SELECT COUNT(*) AS count FROM u WHERE instr(',' || tags || ',', ',' || :x || ',') > 0 AND n LIKE 'a%'"
        );
        assert_eq!(rewritten("SELECT * FROM b").0, "SELECT title FROM b");
        assert_eq!(
            rewritten("SELECT a.id, b.id, 1 + 1 FROM a, b").0,
            "SELECT a.id, b.id AS id_2, 1 + 1 AS column_3 FROM a, b"
        );
        assert_eq!(
            rewritten("INSERT INTO b(x) VALUES(:nope) RETURNING id")
                .1
                .unknown,
            BTreeMap::from([("nope".to_owned(), "nope".to_owned())])
        );
    }
}
