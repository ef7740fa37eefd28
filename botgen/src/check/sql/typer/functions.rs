//! Types of functions.

use std::ops::Range;

use sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArguments, Spanned, Value, WindowType,
};

use super::catalogue::{KNOWN, SQLITE, foreign, good_format, good_modifier};
use super::from::last;
use super::open::short;
use super::{Typed, Typer};
use crate::check::sql::fault::Fault;
use crate::check::sql::text::range;
use crate::diagnostics::codes::sql as codes;
use crate::diagnostics::meant;
use crate::ir::types::Base;

const TEXT: Base = Base::Text { max: None };

impl Typer<'_> {
    pub(super) fn function(&mut self, f: &Function, at: Range<usize>) -> Typed {
        let name = last(&f.name).to_ascii_lowercase();
        let place = range(f.name.span());
        if self.pg()
            && let Some(typed) = self.postgres_function(f, &name, &at)
        {
            return typed;
        }
        if !self.pg()
            && self.in_migration
            && ["now", "transaction_timestamp"].contains(&name.as_str())
        {
            self.edits.replace(at.clone(), "CURRENT_TIMESTAMP");
            return Typed::of(Base::DateTime, false, at);
        }
        if let Some(help) = foreign(&name, self, f).filter(|_| !self.pg()) {
            let text = short(self.lexed.slice(&at));
            self.fault(
                Fault::new(
                    &codes::FORM,
                    at.clone(),
                    format!("SQLite does not know `{text}`"),
                )
                .help(help),
            );
            return Typed::unknown(at);
        }
        if !f.within_group.is_empty() || f.null_treatment.is_some() {
            return self.not_portable(at, "leave out WITHIN GROUP and IGNORE NULLS");
        }
        if let Some(typed) = self.aggregate(f, &name, &at) {
            return typed;
        }
        if let Some(over) = &f.over {
            self.window(over);
            return self.window_function(f, &name, at);
        }
        let Some(args) = Self::arguments(f) else {
            return self.unknown_function(f, &name, place, at);
        };
        let count = args.len();
        let range_of = at.clone();
        let result = move |base: Base, typed: &[Typed]| {
            let refs: Vec<&Typed> = typed.iter().collect();
            Typed::of(base, typed.iter().any(|t| t.null), range_of).by(&refs)
        };
        match (name.as_str(), count) {
            ("coalesce", 2..) | ("ifnull", 2) => {
                let items: Vec<Typed> = args.iter().map(|e| self.infer(e)).collect();
                let joined = self.join(&items, at);
                Typed {
                    null: items.iter().all(|t| t.null),
                    ..joined
                }
            }
            ("nullif", 2) => {
                let items: Vec<Typed> = args.iter().map(|e| self.infer(e)).collect();
                let joined = self.join(&items, at);
                Typed {
                    null: true,
                    ..joined
                }
            }
            ("iif", 3) => {
                self.condition(args[0], "IIF");
                let items: Vec<Typed> = args[1..].iter().map(|e| self.infer(e)).collect();
                self.join(&items, at)
            }
            ("min" | "max", 2..) => {
                let items: Vec<Typed> = args.iter().map(|e| self.infer(e)).collect();
                self.join(&items, at)
            }
            ("length" | "char_length" | "unicode", 1) => {
                let typed = self.all(&args, &TEXT, &name);
                result(Base::Int, &typed)
            }
            ("instr", 2) => {
                let typed = self.all(&args, &TEXT, &name);
                result(Base::Int, &typed)
            }
            ("upper" | "lower", 1) | ("trim" | "ltrim" | "rtrim", 1 | 2) | ("replace", 3) => {
                let typed = self.all(&args, &TEXT, &name);
                result(TEXT, &typed)
            }
            ("substr" | "substring", 2 | 3) => {
                let mut typed = self.all(&args[..1], &TEXT, &name);
                typed.extend(self.all(&args[1..], &Base::Int, &name));
                result(TEXT, &typed)
            }
            ("abs" | "sign", 1) => {
                let typed = self.infer(args[0]);
                if matches!(typed.base, Some(Base::Int | Base::Real)) {
                    self.settle(&typed);
                } else if !matches!(typed.base, Some(Base::Decimal(_) | Base::Null)) {
                    self.constrain(&typed, &Base::Int, &format!("`{name}`"));
                }
                let base = match (&typed.base, name.as_str()) {
                    (Some(_), "sign") => Some(Base::Int),
                    (base, _) => base.clone(),
                };
                Typed {
                    base,
                    leaves: Vec::new(),
                    is: None,
                    ..typed
                }
            }
            ("round", 1 | 2) => {
                let mut typed = self.all(&args[..1], &Base::Real, &name);
                typed.extend(self.all(&args[1..], &Base::Int, &name));
                result(Base::Real, &typed)
            }
            ("ceil" | "ceiling" | "floor", 1) => {
                let typed = self.all(&args, &Base::Real, &name);
                result(Base::Real, &typed)
            }
            ("random", 0) => result(Base::Int, &[]),
            ("typeof", 1) => {
                let typed = self.infer(args[0]);
                self.settle(&typed);
                result(TEXT, &[])
            }
            ("printf" | "format", 1..) => {
                let typed = self.all(&args[..1], &TEXT, &name);
                for arg in &args[1..] {
                    let arg = self.infer(arg);
                    self.settle(&arg);
                }
                result(TEXT, &typed)
            }
            ("current_timestamp", 0) => result(Base::DateTime, &[]),
            ("current_date", 0) => result(Base::Date, &[]),
            ("current_time", 0) => result(Base::Time, &[]),
            ("date" | "datetime" | "time" | "julianday" | "unixepoch", _) => {
                let base = match name.as_str() {
                    "date" => Base::Date,
                    "datetime" => Base::DateTime,
                    "time" => Base::Time,
                    "julianday" => Base::Real,
                    _ => Base::Int,
                };
                let null = self.moment(&args);
                Typed::of(base, null, at)
            }
            ("strftime", 1..) => {
                let format = self.infer(args[0]);
                self.constrain(&format, &TEXT, "`strftime`'s format");
                let null = self.moment(&args[1..]) || format.null;
                // A wrong format gives null.
                let plain = matches!(args[0], Expr::Value(v)
                    if matches!(&v.value, Value::SingleQuotedString(s) if good_format(s)));
                Typed::of(TEXT, null || !plain, at)
            }
            _ => self.unknown_function(f, &name, place, at),
        }
    }

    /// Arguments of one type.
    pub(super) fn all(&mut self, args: &[&Expr], base: &Base, name: &str) -> Vec<Typed> {
        args.iter()
            .map(|e| {
                let typed = self.infer(e);
                self.constrain(&typed, base, &format!("`{name}`'s argument"));
                typed
            })
            .collect()
    }

    /// The time value and modifiers of a date function. True: the result may be null.
    fn moment(&mut self, args: &[&Expr]) -> bool {
        let Some((first, modifiers)) = args.split_first() else {
            return false;
        };
        let mut null = match first {
            Expr::Value(v) if matches!(&v.value, Value::SingleQuotedString(s) if s == "now") => {
                false
            }
            _ => {
                let typed = self.infer(first);
                if typed.leaves.is_empty() {
                    let instant = matches!(typed.base, Some(Base::DateTime | Base::Date));
                    typed.null || !instant
                } else {
                    // A parameter of its own type, or a literal moment.
                    let instant = match typed.base {
                        Some(Base::DateTime | Base::Date) => typed.base.clone(),
                        _ => Some(Base::DateTime),
                    };
                    if let Some(instant) = instant {
                        self.constrain(&typed, &instant, "the moment");
                    }
                    typed.null
                }
            }
        };
        for modifier in modifiers {
            match modifier {
                Expr::Value(v) if matches!(&v.value, Value::SingleQuotedString(s) if good_modifier(s)) =>
                    {}
                _ => {
                    let typed = self.infer(modifier);
                    self.constrain(&typed, &TEXT, "a modifier");
                    null = true;
                }
            }
        }
        null
    }

    fn aggregate(&mut self, f: &Function, name: &str, at: &Range<usize>) -> Option<Typed> {
        let FunctionArguments::List(list) = &f.args else {
            return None;
        };
        let args = &list.args;
        let is = matches!(
            (name, args.len()),
            ("count", 0 | 1)
                | ("sum" | "total" | "avg" | "min" | "max", 1)
                | ("group_concat", 1 | 2)
                | ("string_agg", 2)
        );
        if !is {
            return None;
        }
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
            return Some(Typed::unknown(at.clone()));
        }
        let covered = std::mem::replace(&mut self.frame().covered, !windowed);
        let mut typed = Vec::new();
        let mut star = false;
        for arg in args {
            match arg {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(e)) => typed.push(self.infer(e)),
                _ => star = true,
            }
        }
        for clause in &list.clauses {
            if let FunctionArgumentClause::OrderBy(list) = clause {
                for item in list {
                    let by = self.infer(&item.expr);
                    self.settle(&by);
                }
            }
        }
        if let Some(filter) = &f.filter {
            self.condition(filter, "FILTER");
        }
        self.frame().covered = covered;
        if let Some(over) = &f.over {
            self.window(over);
        } else {
            self.frame().aggregated = true;
        }
        // Over a group there is always a row; FILTER and frames can leave none.
        let grouped = self.frame().grouped && f.filter.is_none();
        let framed = matches!(&f.over, Some(WindowType::WindowSpec(w)) if w.window_frame.is_none());
        let some = if windowed {
            framed && f.filter.is_none()
        } else {
            grouped
        };
        let null = |t: Option<&Typed>| !some || t.is_none_or(|t| t.null);
        let first = typed.first().cloned();
        let done = |base: Base, null: bool| {
            let refs: Vec<&Typed> = typed.iter().collect();
            Typed::of(base, null, at.clone()).by(&refs)
        };
        let distinct = matches!(list.duplicate_treatment, Some(DuplicateTreatment::Distinct));
        Some(match name {
            "count" => {
                if star && distinct {
                    self.fault(Fault::new(
                        &codes::SYNTAX,
                        at.clone(),
                        "COUNT(DISTINCT …) needs a column",
                    ));
                }
                for t in &typed {
                    self.settle(t);
                }
                done(Base::Int, false)
            }
            _ if star => return Some(self.not_portable(at.clone(), "name a column")),
            "group_concat" | "string_agg" => {
                let printable = first.as_ref().is_some_and(|t| {
                    t.leaves.is_empty() && matches!(t.base, Some(Base::Int | Base::Date))
                });
                if self.pg() {
                    self.joined_texts(f, name, &typed, printable);
                }
                for t in typed.iter().skip(usize::from(printable)) {
                    self.constrain(t, &TEXT, &format!("`{name}`'s argument"));
                }
                done(TEXT, null(first.as_ref()))
            }
            "min" | "max" => {
                let t = first?;
                if let Some(Base::Bool) = t.base {
                    self.constrain(&t, &Base::Int, &format!("`{name}`"));
                }
                Typed {
                    null: null(Some(&t)),
                    is: None,
                    range: at.clone(),
                    ..t
                }
            }
            _ => {
                let t = first?;
                let nullable = null(Some(&t));
                let base = match t.base {
                    None if !t.untyped => return Some(Typed::unknown(at.clone())),
                    None if self.pg() => {
                        return Some(Typed::untyped(at.clone()).or_null(nullable));
                    }
                    Some(Base::Int | Base::Real | Base::Decimal(_)) => t.base.clone(),
                    _ => {
                        self.constrain(&t, &Base::Int, &format!("`{name}`"));
                        return Some(Typed::unknown(at.clone()));
                    }
                };
                self.settle(&t);
                if self.pg() {
                    return Some(self.postgres_sum(f, name, base, nullable, at).by(&[&t]));
                }
                match (name, base) {
                    ("sum", Some(base)) => done(base, nullable),
                    ("avg", Some(Base::Decimal(s))) if s > 0 => {
                        // The mean of scaled integers, rounded to the column's own digits.
                        if windowed || f.filter.is_some() {
                            return Some(self.not_portable(
                                at.clone(),
                                "write SUM and COUNT with the same FILTER, and divide in the text",
                            ));
                        }
                        self.edits.replace(at.start..at.start, "CAST(ROUND(");
                        self.edits.replace(at.end..at.end, ") AS INTEGER)");
                        done(Base::Decimal(s), nullable)
                    }
                    ("total", Some(Base::Decimal(s))) if s > 0 => {
                        return Some(self.not_portable(at.clone(), "write COALESCE(SUM(…), 0)"));
                    }
                    ("total", _) => done(Base::Real, false),
                    _ => done(Base::Real, nullable),
                }
            }
        })
    }

    pub(super) fn window(&mut self, over: &WindowType) {
        if let WindowType::WindowSpec(spec) = over {
            for expr in spec
                .partition_by
                .iter()
                .chain(spec.order_by.iter().map(|o| &o.expr))
            {
                let typed = self.infer(expr);
                self.settle(&typed);
            }
        }
    }

    fn window_function(&mut self, f: &Function, name: &str, at: Range<usize>) -> Typed {
        let place = range(f.name.span());
        let Some(args) = Self::arguments(f) else {
            return self.unknown_function(f, name, place, at);
        };
        match (name, args.len()) {
            ("row_number" | "rank" | "dense_rank", 0) => Typed::of(Base::Int, false, at),
            ("percent_rank" | "cume_dist", 0) => Typed::of(Base::Real, false, at),
            ("ntile", 1) => {
                self.all(&args, &Base::Int, name);
                Typed::of(Base::Int, false, at)
            }
            ("lag" | "lead", 1..=3) | ("first_value" | "last_value", 1) | ("nth_value", 2) => {
                let first = self.infer(args[0]);
                if let Some(n) = args.get(1) {
                    let n = self.infer(n);
                    self.constrain(&n, &Base::Int, &format!("`{name}`'s offset"));
                }
                let joined = match args.get(2) {
                    Some(default) => {
                        let default = self.infer(default);
                        self.join(&[first, default], at)
                    }
                    None => Typed { is: None, ..first },
                };
                Typed {
                    null: true,
                    ..joined
                }
            }
            _ => self.unknown_function(f, name, place, at),
        }
    }

    /// A function that we do not know: SQLite may, then its result needs a CAST.
    fn unknown_function(
        &mut self,
        f: &Function,
        name: &str,
        place: Range<usize>,
        at: Range<usize>,
    ) -> Typed {
        if let Some(args) = Self::arguments(f) {
            for arg in args {
                let typed = self.infer(arg);
                self.settle(&typed);
            }
        }
        if self.pg() {
            return Typed::untyped(at);
        }
        if [
            "last_insert_rowid",
            "changes",
            "total_changes",
            "load_extension",
        ]
        .contains(&name)
        {
            self.fault(
                Fault::new(
                    &codes::FORM,
                    place,
                    format!("`{name}` depends on the connection"),
                )
                .help("use RETURNING"),
            );
            return Typed::unknown(at);
        }
        if KNOWN.contains(&name) {
            self.fault(Fault::new(
                &codes::FUNCTION,
                at.clone(),
                format!("`{name}` takes other arguments"),
            ));
            return Typed::unknown(at);
        }
        if !SQLITE.contains(&name) {
            self.fault(
                Fault::new(
                    &codes::FUNCTION,
                    place,
                    format!("there is no function `{name}`"),
                )
                .suggest(name, meant(name, KNOWN.iter().copied())),
            );
            return Typed::unknown(at);
        }
        Typed::untyped(at)
    }
}
