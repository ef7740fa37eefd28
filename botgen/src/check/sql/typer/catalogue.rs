//! Functions by name: SQLite's, Postgres's, and what the date functions take.

use sqlparser::ast::Function;

use super::Typer;

/// Every function whose type is known, for did-you-mean.
pub(super) const KNOWN: &[&str] = &[
    "abs",
    "avg",
    "ceil",
    "char_length",
    "coalesce",
    "count",
    "current_date",
    "current_time",
    "current_timestamp",
    "date",
    "datetime",
    "dense_rank",
    "first_value",
    "floor",
    "group_concat",
    "ifnull",
    "iif",
    "instr",
    "lag",
    "last_value",
    "lead",
    "length",
    "lower",
    "ltrim",
    "max",
    "min",
    "nth_value",
    "ntile",
    "nullif",
    "printf",
    "random",
    "rank",
    "replace",
    "round",
    "row_number",
    "rtrim",
    "sign",
    "strftime",
    "string_agg",
    "substr",
    "substring",
    "sum",
    "time",
    "total",
    "trim",
    "unixepoch",
    "upper",
];

/// Functions of SQLite whose result has no one type, or that are rarely of use: they work inside a CAST.
pub(super) const SQLITE: &[&str] = &[
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "char",
    "concat",
    "concat_ws",
    "cos",
    "cosh",
    "degrees",
    "exp",
    "glob",
    "hex",
    "json",
    "json_array",
    "json_array_length",
    "json_extract",
    "json_group_array",
    "json_group_object",
    "json_insert",
    "json_object",
    "json_patch",
    "json_quote",
    "json_remove",
    "json_replace",
    "json_set",
    "json_type",
    "json_valid",
    "like",
    "likelihood",
    "likely",
    "ln",
    "log",
    "log10",
    "log2",
    "mod",
    "octet_length",
    "pi",
    "pow",
    "power",
    "quote",
    "radians",
    "randomblob",
    "sin",
    "sinh",
    "soundex",
    "sqrt",
    "tan",
    "tanh",
    "timediff",
    "trunc",
    "unhex",
    "unistr",
    "unlikely",
    "zeroblob",
];

/// Functions of Postgres, with what to write instead.
pub(super) fn foreign(name: &str, typer: &Typer<'_>, f: &Function) -> Option<String> {
    let arg = |n: usize| {
        Typer::arguments(f)
            .and_then(|a| {
                a.get(n)
                    .map(|e| typer.lexed.slice(&typer.lexed.expr(e)).to_owned())
            })
            .unwrap_or_else(|| "…".to_owned())
    };
    Some(match name {
        "now"
        | "transaction_timestamp"
        | "statement_timestamp"
        | "clock_timestamp"
        | "localtimestamp" => "write `:now`, the moment of the update".to_owned(),
        "to_timestamp" | "to_date" => {
            format!(
                "write {} alone: the step's `type` makes it a moment",
                arg(0)
            )
        }
        "to_char" => format!(
            "select {} as it is, and print it in the text: `{{{{slot | date: 'd MMMM, HH:mm'}}}}`",
            arg(0)
        ),
        "date_trunc" | "date_part" => format!("write `strftime('%Y-%m', {})`, say", arg(1)),
        "age" | "make_interval" => {
            "bind the moment: `params: { since: now - 7d }`, and compare with `:since`".to_owned()
        }
        "greatest" => "write the two-argument MAX(a, b)".to_owned(),
        "least" => "write the two-argument MIN(a, b)".to_owned(),
        "left" => format!("write `SUBSTR({}, 1, {})`", arg(0), arg(1)),
        "right" => format!("write `SUBSTR({}, -{})`", arg(0), arg(1)),
        "strpos" => format!("write `INSTR({}, {})`", arg(0), arg(1)),
        "btrim" => format!("write `TRIM({})`", arg(0)),
        "array_agg" => "write a query of rows, and `{{#each}}` in the text".to_owned(),
        "bool_and" | "every" | "bool_or" => {
            "count what is true by `COUNT(*) FILTER (WHERE …)`".to_owned()
        }
        "unnest" | "generate_series" | "array_length" | "cardinality" => {
            "there are no arrays: use a table of its own".to_owned()
        }
        "gen_random_uuid" | "uuid_generate_v4" => "use a BIGSERIAL key".to_owned(),
        "pg_sleep" | "pg_advisory_lock" | "pg_advisory_xact_lock" => "leave it out".to_owned(),
        "currval" | "nextval" | "lastval" => "use RETURNING".to_owned(),
        _ => return None,
    })
}

/// A modifier that SQLite's date functions surely know.
pub(super) fn good_modifier(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    if matches!(
        text.as_str(),
        "start of month" | "start of year" | "start of day" | "utc" | "localtime"
    ) {
        return true;
    }
    let Some((number, unit)) = text.split_once(' ') else {
        return false;
    };
    let number = number.strip_prefix(['+', '-']).unwrap_or(number);
    let unit = unit.trim().trim_end_matches('s');
    !number.is_empty()
        && number.len() < if unit.starts_with("year") { 3 } else { 6 }
        && number.bytes().all(|b| b.is_ascii_digit())
        && ["second", "minute", "hour", "day", "month", "year"].contains(&unit)
}

/// A format of strftime that gives a text.
pub(super) fn good_format(text: &str) -> bool {
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let known = |c: char| "deFfGgHIjJklmMpPRsSTuUVwWY%".contains(c);
        if c == '%' && !chars.next().is_some_and(known) {
            return false;
        }
    }
    true
}
