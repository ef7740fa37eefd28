//! Functions: those of SQLite that Postgres spells otherwise, and Postgres's own.

use std::ops::Range;

use sqlparser::ast::{Expr, Function, FunctionArguments, Spanned, Value};

use super::super::open::short;
use super::super::{Typed, Typer};
use crate::check::sql::fault::Fault;
use crate::check::sql::text::range;
use crate::diagnostics::codes::sql as codes;
use crate::ir::types::Base;

const TEXT: Base = Base::Text { max: None };

/// Aggregates whose type Postgres says.
const AGGREGATES: &[&str] = &[
    "array_agg",
    "bit_and",
    "bit_or",
    "bit_xor",
    "bool_and",
    "bool_or",
    "corr",
    "covar_pop",
    "covar_samp",
    "every",
    "json_agg",
    "json_object_agg",
    "jsonb_agg",
    "jsonb_object_agg",
    "mode",
    "percentile_cont",
    "percentile_disc",
    "range_agg",
    "regr_avgx",
    "regr_avgy",
    "regr_count",
    "regr_intercept",
    "regr_r2",
    "regr_slope",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "var_pop",
    "var_samp",
    "variance",
    "xmlagg",
];

/// Functions that give null exactly where an argument is.
const STRICT: &[&str] = &[
    "age",
    "ascii",
    "btrim",
    "cbrt",
    "char_length",
    "chr",
    "date_part",
    "date_trunc",
    "degrees",
    "div",
    "encode",
    "exp",
    "gcd",
    "initcap",
    "lcm",
    "left",
    "ln",
    "log",
    "lpad",
    "make_date",
    "make_interval",
    "make_time",
    "make_timestamptz",
    "md5",
    "mod",
    "octet_length",
    "overlay",
    "pi",
    "power",
    "radians",
    "repeat",
    "reverse",
    "right",
    "rpad",
    "split_part",
    "sqrt",
    "starts_with",
    "strpos",
    "to_char",
    "to_date",
    "to_hex",
    "to_number",
    "to_timestamp",
    "translate",
    "trunc",
    "gen_random_uuid",
    "concat",
    "concat_ws",
];

impl Typer<'_> {
    /// `None`: nothing that differs from what both engines know.
    pub(in super::super) fn postgres_function(
        &mut self,
        f: &Function,
        name: &str,
        at: &Range<usize>,
    ) -> Option<Typed> {
        let args = Self::arguments(f);
        if AGGREGATES.contains(&name) || !f.within_group.is_empty() {
            return Some(self.aggregate_of_postgres(f, name, at));
        }
        let args = args?;
        let plain = f.over.is_none();
        let place = range(f.name.span());
        let moment = |base| Some(Typed::of(base, false, at.clone()));
        match (name, args.len()) {
            ("now" | "transaction_timestamp" | "statement_timestamp" | "clock_timestamp", 0)
            | ("current_timestamp", 0) => moment(Base::DateTime),
            ("current_date", 0) => moment(Base::Date),
            // A time with a zone otherwise.
            ("current_time", 0) => {
                self.edits.replace(at.clone(), "LOCALTIME(0)");
                moment(Base::Time)
            }
            ("random", 0) => moment(Base::Real),
            // Refused as a lint; that it may be null would be its echo.
            ("nextval", 1) => {
                self.infer(args[0]);
                moment(Base::Int)
            }
            ("ifnull", 2) => {
                self.edits.replace(place, "COALESCE");
                let items: Vec<Typed> = args.iter().map(|e| self.infer(e)).collect();
                let null = items.iter().all(|t| t.null);
                Some(self.join(&items, at.clone()).or_null(null))
            }
            ("iif", 3) => {
                self.condition(args[0], "IIF");
                let items: Vec<Typed> = args[1..].iter().map(|e| self.infer(e)).collect();
                self.iif(&place, &args, at);
                Some(self.join(&items, at.clone()))
            }
            ("min" | "max", 2..) if plain => {
                let items: Vec<Typed> = args.iter().map(|e| self.infer(e)).collect();
                // MAX(a, NULL) is null, GREATEST passes over it.
                if items.iter().any(|t| t.null) {
                    let greatest = if name == "max" { "GREATEST" } else { "LEAST" };
                    return Some(self.not_portable(
                        at.clone(),
                        &format!("write {greatest}, which passes over nulls, in `postgres:`"),
                    ));
                }
                let greatest = if name == "max" { "GREATEST" } else { "LEAST" };
                self.edits.replace(place, greatest);
                Some(self.join(&items, at.clone()))
            }
            ("greatest" | "least", 1..) => {
                let items: Vec<Typed> = args.iter().map(|e| self.infer(e)).collect();
                let null = items.iter().all(|t| t.null);
                Some(self.join(&items, at.clone()).or_null(null))
            }
            ("instr", 2) => {
                self.edits.replace(place, "STRPOS");
                let typed = self.all(&args, &TEXT, name);
                let null = typed.iter().any(|t| t.null);
                Some(Typed::of(Base::Int, null, at.clone()).by(&typed.iter().collect::<Vec<_>>()))
            }
            ("unicode", 1) => {
                self.edits.replace(place, "ASCII");
                let typed = self.all(&args, &TEXT, name);
                let null = typed.iter().any(|t| t.null);
                Some(Typed::of(Base::Int, null, at.clone()).by(&typed.iter().collect::<Vec<_>>()))
            }
            ("sign", 1) => {
                let typed = self.infer(args[0]);
                self.settle(&typed);
                self.edits.wrap(at, "CAST(", " AS BIGINT)");
                Some(Typed::of(Base::Int, typed.null, at.clone()).by(&[&typed]))
            }
            ("abs", 1) => {
                let typed = self.infer(args[0]);
                (typed.untyped && typed.base.is_none())
                    .then(|| Typed::untyped(at.clone()).or_null(typed.null))
                    .or_else(|| {
                        if !matches!(typed.base, Some(Base::Decimal(_) | Base::Null)) {
                            self.number_for(&typed, name);
                        }
                        Some(Typed {
                            leaves: Vec::new(),
                            is: None,
                            ..typed
                        })
                    })
            }
            ("round", 1 | 2) => Some(self.round(&args, at)),
            ("ceil" | "ceiling" | "floor", 1) => {
                let typed = self.infer(args[0]);
                if typed.untyped || matches!(typed.base, Some(Base::Decimal(_))) {
                    self.settle(&typed);
                    return Some(Typed::untyped(at.clone()).or_null(typed.null).by(&[&typed]));
                }
                self.constrain(&typed, &Base::Real, &format!("`{name}`'s argument"));
                Some(Typed::of(Base::Real, typed.null, at.clone()).by(&[&typed]))
            }
            ("date", 1) => {
                if matches!(args[0], Expr::Value(v) if matches!(&v.value, Value::SingleQuotedString(s) if s == "now"))
                {
                    self.edits.replace(at.clone(), "CURRENT_DATE");
                    return moment(Base::Date);
                }
                let typed = self.infer(args[0]);
                let instant = matches!(typed.base, Some(Base::DateTime | Base::Date));
                if !typed.leaves.is_empty() && !instant {
                    self.constrain(&typed, &Base::DateTime, "the moment");
                } else {
                    self.settle(&typed);
                }
                Some(Typed::of(Base::Date, typed.null, at.clone()).by(&[&typed]))
            }
            _ => {
                if let Some(help) = of_sqlite(name, self, &args) {
                    let text = short(self.lexed.slice(at));
                    self.fault(
                        Fault::new(
                            &codes::FORM,
                            at.clone(),
                            format!("Postgres does not know `{text}`"),
                        )
                        .help(help),
                    );
                    return Some(Typed::unknown(at.clone()));
                }
                let strict = STRICT.contains(&name) && plain;
                strict.then(|| self.deferred(&args, at.clone()))
            }
        }
    }

    fn number_for(&mut self, typed: &Typed, name: &str) {
        if matches!(typed.base, Some(Base::Int | Base::Real)) {
            self.settle(typed);
        } else {
            self.constrain(typed, &Base::Int, &format!("`{name}`"));
        }
    }

    /// IIF(a, b, c) is CASE WHEN a THEN b ELSE c END.
    fn iif(&mut self, place: &Range<usize>, args: &[&Expr], at: &Range<usize>) {
        let lexed = self.lexed;
        let Some(open) = lexed.token_at(place.end) else {
            return;
        };
        let commas: Vec<Range<usize>> = lexed
            .tokens
            .iter()
            .filter(|t| t.within == Some(open) && t.token == sqlparser::tokenizer::Token::Comma)
            .map(|t| t.range.clone())
            .collect();
        let [first, second] = &commas[..] else {
            return;
        };
        debug_assert_eq!(args.len(), 3);
        let (first, second) = (first.clone(), second.clone());
        self.edits
            .replace(place.start..lexed.tokens[open].range.end, "CASE WHEN ");
        self.edits.replace(first, " THEN");
        self.edits.replace(second, " ELSE");
        self.edits.replace(at.end - 1..at.end, " END");
        // A CASE binds as loosely as what is around it lets it.
        self.edits.wrap(at, "(", ")");
    }

    /// Postgres rounds numerics to digits, doubles only to whole numbers.
    fn round(&mut self, args: &[&Expr], at: &Range<usize>) -> Typed {
        let typed = self.infer(args[0]);
        let digits = match args.get(1) {
            Some(Expr::Value(v)) => match &v.value {
                Value::Number(n, _) => n.parse::<u8>().ok(),
                _ => None,
            },
            Some(_) => None,
            None => Some(0),
        };
        let mut null = typed.null;
        if let Some(second) = args.get(1) {
            let second = self.infer(second);
            self.constrain(&second, &Base::Int, "`round`'s argument");
            null |= second.null;
        }
        let unknown = typed.untyped && typed.base.is_none();
        if unknown || (matches!(typed.base, Some(Base::Decimal(_))) && typed.leaves.is_empty()) {
            let exact = matches!(typed.base, Some(Base::Decimal(_))) || args.len() == 2;
            return match digits.filter(|d| exact && *d <= 18) {
                Some(d) => Typed::of(Base::Decimal(d), null, at.clone()).by(&[&typed]),
                None => Typed::untyped(at.clone()).or_null(null).by(&[&typed]),
            };
        }
        self.constrain(&typed, &Base::Real, "`round`'s argument");
        if args.len() == 2 {
            self.edits.wrap(&typed.range, "CAST(", " AS NUMERIC)");
            self.edits.wrap(at, "CAST(", " AS DOUBLE PRECISION)");
        }
        Typed::of(Base::Real, null, at.clone()).by(&[&typed])
    }

    /// An aggregate that only Postgres has.
    fn aggregate_of_postgres(&mut self, f: &Function, name: &str, at: &Range<usize>) -> Typed {
        let windowed = f.over.is_some();
        if !windowed && (!self.frame().may_aggregate || self.frame().covered) {
            self.fault(
                Fault::new(
                    &codes::GROUPING,
                    at.clone(),
                    format!("`{}` cannot stand here", short(self.lexed.slice(at))),
                )
                .help("an aggregate stands in the result, HAVING or ORDER BY of a SELECT, not inside another"),
            );
            return Typed::unknown(at.clone());
        }
        let covered = std::mem::replace(&mut self.frame().covered, !windowed);
        let mut null = !(self.frame().grouped && f.filter.is_none() && !windowed);
        let list = match &f.args {
            FunctionArguments::List(list) => Some(list),
            _ => None,
        };
        let ordered = list
            .into_iter()
            .flat_map(|l| &l.clauses)
            .filter_map(|c| match c {
                sqlparser::ast::FunctionArgumentClause::OrderBy(list) => Some(list),
                _ => None,
            })
            .flatten()
            .chain(&f.within_group)
            .map(|o| &o.expr);
        let args = Self::arguments(f).unwrap_or_default();
        for e in args.into_iter().chain(ordered) {
            let typed = self.infer(e);
            self.settle(&typed);
            null |= typed.null;
        }
        if let Some(filter) = &f.filter {
            self.condition(filter, "FILTER");
        }
        self.frame().covered = covered;
        match &f.over {
            Some(over) => self.window(over),
            None => self.frame().aggregated = true,
        }
        match name {
            "bool_and" | "bool_or" | "every" => Typed::of(Base::Bool, null, at.clone()),
            _ => Typed::untyped(at.clone()).or_null(null),
        }
    }

    /// SUM, AVG and TOTAL: Postgres widens them to numeric, the DSL's type is the column's.
    pub(in super::super) fn postgres_sum(
        &mut self,
        f: &Function,
        name: &str,
        base: Option<Base>,
        null: bool,
        at: &Range<usize>,
    ) -> Typed {
        let whole = self.lexed.whole_call(at);
        let done = |base: Base, null: bool| Typed::of(base, null, at.clone());
        match (name, base) {
            ("sum", Some(Base::Int)) => {
                self.edits.wrap(&whole, "CAST(", " AS BIGINT)");
                done(Base::Int, null)
            }
            ("sum", Some(base)) => done(base, null),
            ("avg", Some(Base::Decimal(s))) if s > 0 => {
                self.edits.wrap(&whole, "ROUND(", &format!(", {s})"));
                done(Base::Decimal(s), null)
            }
            ("total", Some(Base::Decimal(s))) if s > 0 => {
                self.not_portable(at.clone(), "write COALESCE(SUM(…), 0)")
            }
            ("total", _) => {
                self.edits.replace(range(f.name.span()), "SUM");
                self.edits
                    .wrap(&whole, "COALESCE(CAST(", " AS DOUBLE PRECISION), 0)");
                done(Base::Real, false)
            }
            _ => {
                self.edits.wrap(&whole, "CAST(", " AS DOUBLE PRECISION)");
                done(Base::Real, null)
            }
        }
    }

    /// GROUP_CONCAT and STRING_AGG join texts, and need to be told what stands between them.
    pub(in super::super) fn joined_texts(
        &mut self,
        f: &Function,
        name: &str,
        args: &[Typed],
        printable: bool,
    ) {
        if name == "group_concat" {
            self.edits.replace(range(f.name.span()), "STRING_AGG");
        }
        let Some(first) = args.first() else {
            return;
        };
        let alone = args.len() == 1;
        match (printable, alone) {
            (true, true) => self
                .edits
                .wrap(&first.range.clone(), "CAST(", " AS TEXT), ','"),
            (true, false) => self.edits.wrap(&first.range.clone(), "CAST(", " AS TEXT)"),
            (false, true) => {
                let end = first.range.end;
                self.edits.replace(end..end, ", ','");
            }
            (false, false) => {}
        }
    }
}

/// Functions of SQLite, with what to write instead.
fn of_sqlite(name: &str, typer: &Typer<'_>, args: &[&Expr]) -> Option<String> {
    let arg = |n: usize| {
        args.get(n)
            .map_or("…", |e| typer.lexed.slice(&typer.lexed.expr(e)))
    };
    Some(match name {
        "datetime" => match args {
            [Expr::Value(_), ..] => {
                "bind the moment: `:now`, or `params: { since: now - 7d }`".to_owned()
            }
            [_] => format!("write {} alone", arg(0)),
            _ => format!("write {} + INTERVAL '1 day', say", arg(0)),
        },
        "date" | "time" if args.len() > 1 => {
            format!("write CAST({} + INTERVAL '1 day' AS DATE), say", arg(0))
        }
        "time" => format!("write CAST({} AS TIME)", arg(0)),
        "strftime" => format!("write TO_CHAR({}, 'YYYY-MM'), say", arg(1)),
        "julianday" | "unixepoch" => {
            format!("write CAST(EXTRACT(EPOCH FROM {}) AS BIGINT)", arg(0))
        }
        "typeof" => "leave it out: every column has one type".to_owned(),
        "printf" => "select the columns, and print them in the text".to_owned(),
        "glob" => "write LIKE".to_owned(),
        "char" => format!("write CHR({})", arg(0)),
        "hex" | "unhex" | "quote" | "randomblob" | "zeroblob" | "soundex" | "likely"
        | "unlikely" | "likelihood" | "timediff" | "unistr" | "json_extract"
        | "json_group_array" | "json_group_object" | "json_insert" | "json_patch"
        | "json_quote" | "json_remove" | "json_replace" | "json_set" | "json_type"
        | "json_valid" | "json_array" => {
            "write what Postgres has instead in `postgres:`".to_owned()
        }
        "last_insert_rowid" | "changes" | "total_changes" => "use RETURNING".to_owned(),
        _ => return None,
    })
}
