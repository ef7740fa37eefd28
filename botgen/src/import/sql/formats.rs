//! Postgres' patterns of dates and times, as CLDR's and as strftime's; intervals.

use sqlparser::ast::{DataType, Expr, Value};

use super::{arguments, last, literal};

/// Seconds of `INTERVAL '7 days'` or `'7 days'::interval`, and whether that is exact.
pub(super) fn interval(expr: &Expr) -> Option<(i64, bool)> {
    let (text, unit) = match expr {
        Expr::Interval(interval) => (
            match &*interval.value {
                Expr::Value(v) => match &v.value {
                    Value::Number(n, _) => n.clone(),
                    _ => literal(&interval.value)?.to_owned(),
                },
                _ => return None,
            },
            interval.leading_field.as_ref().map(ToString::to_string),
        ),
        Expr::Cast {
            expr,
            data_type: DataType::Interval { .. },
            ..
        } => (literal(expr)?.to_owned(), None),
        Expr::Nested(inner) => return interval(inner),
        _ => return None,
    };
    let text = match unit {
        Some(unit) => format!("{text} {unit}"),
        None => text,
    };
    let mut words = text.split_whitespace().peekable();
    let (mut total, mut exact) = (0i64, true);
    words.peek()?;
    while let Some(count) = words.next() {
        let count: i64 = count.parse().ok()?;
        let unit = words.next()?.to_lowercase();
        let seconds = match unit.trim_end_matches('s') {
            "second" | "sec" => 1,
            "minute" | "min" => 60,
            "hour" => 3600,
            "day" => 86_400,
            "week" => 7 * 86_400,
            "month" | "mon" => {
                exact = false;
                30 * 86_400
            }
            "year" => {
                exact = false;
                365 * 86_400
            }
            _ => return None,
        };
        total = total.checked_add(count.checked_mul(seconds)?)?;
    }
    (total > 0).then_some((total, exact))
}

/// SQLite's `date_trunc(unit, value)`.
pub(super) fn truncated(unit: &str, value: &Expr) -> Option<Expr> {
    let text = |text: &str| Expr::value(Value::SingleQuotedString(text.to_owned()));
    let modifiers: &[&str] = match unit.to_lowercase().as_str() {
        "day" => &["start of day"],
        "month" => &["start of month"],
        "year" => &["start of year"],
        // Monday begins it.
        "week" => &["-6 days", "weekday 1", "start of day"],
        _ => return None,
    };
    let mut args = vec![value.clone()];
    args.extend(modifiers.iter().map(|m| text(m)));
    Some(super::build::call("datetime", args))
}

/// SQLite's `EXTRACT(field FROM value)`.
pub(super) fn part(field: &str, value: &Expr) -> Option<Expr> {
    let pattern = match field.to_lowercase().as_str() {
        "year" => "%Y",
        "month" => "%m",
        "day" => "%d",
        "hour" => "%H",
        "minute" => "%M",
        "second" => "%S",
        "dow" => "%w",
        "doy" => "%j",
        "epoch" => "%s",
        _ => return None,
    };
    // Of a moment, not of the time between two.
    let is_moment = matches!(
        value,
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) | Expr::Value(_) | Expr::Function(_)
    );
    let pattern = Expr::value(Value::SingleQuotedString(pattern.to_owned()));
    is_moment.then(|| Expr::Cast {
        kind: sqlparser::ast::CastKind::Cast,
        expr: Box::new(super::build::call("strftime", vec![pattern, value.clone()])),
        data_type: DataType::Integer(None),
        format: None,
    })
}

/// `to_char(column, 'YYYY-MM-DD HH24:MI')`: the column and the filter that prints it so.
pub(super) fn to_char(expr: &Expr) -> Option<(Expr, String)> {
    let Expr::Function(function) = expr else {
        return None;
    };
    if last(&function.name) != "to_char" {
        return None;
    }
    let [Some(value), Some(format)] = arguments(function)[..] else {
        return None;
    };
    if !matches!(value, Expr::Identifier(_) | Expr::CompoundIdentifier(_)) {
        return None;
    }
    let (pattern, has_date, has_time) = cldr(literal(format)?)?;
    let filter = match (has_date, has_time) {
        (true, true) => "datetime",
        (true, false) => "date",
        (false, true) => "time",
        (false, false) => return None,
    };
    Some((value.clone(), format!("{filter}: '{pattern}'")))
}

/// Postgres' field, CLDR's, strftime's, and whether it is a field of the date.
type Field = (&'static str, &'static str, Option<&'static str>, bool);

/// Longest first.
const FIELDS: &[Field] = &[
    ("HH24", "HH", Some("%H"), false),
    ("HH12", "hh", None, false),
    ("YYYY", "yyyy", Some("%Y"), true),
    ("Month", "MMMM", None, true),
    ("month", "MMMM", None, true),
    ("Mon", "MMM", None, true),
    ("mon", "MMM", None, true),
    ("Day", "EEEE", None, true),
    ("day", "EEEE", None, true),
    ("Dy", "EEE", None, true),
    ("YY", "yy", None, true),
    ("MM", "MM", Some("%m"), true),
    ("DD", "dd", Some("%d"), true),
    ("HH", "hh", None, false),
    ("MI", "mm", Some("%M"), false),
    ("SS", "ss", Some("%S"), false),
    ("AM", "a", None, false),
    ("PM", "a", None, false),
];

/// One field or one other character of a Postgres pattern.
fn fields(format: &str) -> Vec<Result<&'static Field, char>> {
    let mut found = Vec::new();
    let mut rest = format;
    while let Some(c) = rest.chars().next() {
        // `FM` only removes padding.
        if let Some(after) = rest.strip_prefix("FM") {
            rest = after;
        } else if let Some(field) = FIELDS.iter().find(|(pg, ..)| rest.starts_with(pg)) {
            found.push(Ok(field));
            rest = &rest[field.0.len()..];
        } else {
            found.push(Err(c));
            rest = &rest[c.len_utf8()..];
        }
    }
    found
}

/// The CLDR pattern, and whether it has fields of a date and of a time.
fn cldr(format: &str) -> Option<(String, bool, bool)> {
    let (mut pattern, mut has_date, mut has_time) = (String::new(), false, false);
    for field in fields(format) {
        match field {
            Ok((_, cldr, _, date)) => {
                has_date |= date;
                has_time |= !date;
                pattern.push_str(cldr);
            }
            Err(c) if c.is_ascii_punctuation() && c != '\'' && c != '"' || c == ' ' => {
                pattern.push(c);
            }
            Err(_) => return None,
        }
    }
    Some((pattern, has_date, has_time))
}

/// strftime's pattern, where it has every field.
pub(super) fn strftime(format: &str) -> Option<String> {
    fields(format)
        .into_iter()
        .map(|field| match field {
            Ok((_, _, strftime, _)) => strftime.map(str::to_owned),
            Err('%') => None,
            Err(c) => Some(c.to_string()),
        })
        .collect()
}
