//! Fluent's functions: `NUMBER` and `DATETIME` with their options.

use crate::format::check_pattern;

use super::tree::{Args, Expr};
use crate::diagnostics::codes::texts as codes;
use crate::diagnostics::{Diagnostic, Sink, meant};
use crate::source::Span;

const NUMBER_OPTIONS: [&str; 7] = [
    "minimumFractionDigits",
    "maximumFractionDigits",
    "minimumIntegerDigits",
    "useGrouping",
    "style",
    "currency",
    "type",
];
const DATETIME_OPTIONS: [&str; 3] = ["dateStyle", "timeStyle", "pattern"];

pub(super) fn call(function: &str, args: &Args, span: Span, sink: &mut Sink) {
    let wrong = |sink: &mut Sink, at: Span, message: String, help: String| {
        let diagnostic = Diagnostic::new(&codes::FTL_FUNCTION, at, message);
        sink.report(if help.is_empty() {
            diagnostic
        } else {
            diagnostic.help(help)
        });
    };
    let options: &[&str] = match function {
        "NUMBER" => &NUMBER_OPTIONS,
        "DATETIME" => &DATETIME_OPTIONS,
        _ => {
            let message = format!("there is no function `{function}`");
            let d = Diagnostic::new(&codes::FTL_FUNCTION, span, message);
            sink.report(match meant(function, ["NUMBER", "DATETIME"]) {
                Some(near) => d.suggest(function, &near),
                None => d.help("there are `NUMBER` and `DATETIME`"),
            });
            return;
        }
    };
    match args.positional.as_slice() {
        [Expr::Variable { .. }] => {}
        [Expr::Number { .. }] if function == "NUMBER" => {}
        [] => wrong(
            sink,
            span,
            format!("`{function}` needs a variable"),
            format!("write `{function}($name)`"),
        ),
        [other] => wrong(
            sink,
            other.span(),
            format!("`{function}` takes a variable"),
            format!("write `{function}($name)`"),
        ),
        [_, second, ..] => wrong(
            sink,
            second.span(),
            format!("`{function}` takes one value"),
            "options are named: `name: value`".into(),
        ),
    }
    for (name, at, value) in &args.named {
        if !options.contains(&name.as_str()) {
            let message = format!("`{function}` has no option `{name}`");
            let d = Diagnostic::new(&codes::FTL_FUNCTION, *at, message);
            sink.report(match meant(name, options.iter().copied()) {
                Some(near) => d.suggest(name, &near),
                None => {
                    let known: Vec<String> = options.iter().map(|o| format!("`{o}`")).collect();
                    d.help(format!("its options are {}", known.join(", ")))
                }
            });
            continue;
        }
        if let Some((message, help)) = bad_option(name, value) {
            wrong(sink, value.span(), message, help);
        }
    }
    let has = |option: &str, wanted: &str| {
        args.named.iter().any(|(name, _, value)| {
            name == option
                && matches!(value, Expr::Text { text, .. } if wanted.is_empty() || text == wanted)
        })
    };
    if function == "NUMBER" && has("style", "currency") && !has("currency", "") {
        wrong(
            sink,
            span,
            "money needs its currency".into(),
            "add `currency: \"EUR\"`".into(),
        );
    }
    let at = |option: &str| args.named.iter().find(|(name, ..)| name == option);
    if let (Some((_, at, _)), false) = (at("currency"), has("style", "currency")) {
        wrong(
            sink,
            *at,
            "without its style the currency is not printed".into(),
            "add `style: \"currency\"`".into(),
        );
    }
    let digits = |option: &str| match at(option) {
        Some((_, at, Expr::Number { text, .. })) => text.parse::<u8>().ok().map(|n| (n, *at)),
        _ => None,
    };
    if let (Some((least, _)), Some((most, at))) = (
        digits("minimumFractionDigits"),
        digits("maximumFractionDigits"),
    ) && least > most
    {
        wrong(
            sink,
            at,
            format!("no number has at least {least} and at most {most} digits after the point"),
            "exchange the two".into(),
        );
    }
}

/// What is wrong with the value of an option.
fn bad_option(name: &str, value: &Expr) -> Option<(String, String)> {
    let one_of = |known: &[&str]| {
        let fits = matches!(value, Expr::Text { text, .. } if known.contains(&text.as_str()));
        let list: Vec<String> = known.iter().map(|k| format!("`\"{k}\"`")).collect();
        (!fits).then(|| {
            (
                format!("this is not a value of `{name}`"),
                format!("there are {}", list.join(", ")),
            )
        })
    };
    match name {
        "dateStyle" | "timeStyle" => one_of(&["short", "medium", "long", "full"]),
        "style" => one_of(&["decimal", "percent", "currency"]),
        "type" => one_of(&["cardinal", "ordinal"]),
        "pattern" => match value {
            Expr::Text { text, .. } => check_pattern(text, true, true).err().map(|wrong| {
                (
                    wrong,
                    "a pattern is written as CLDR does: `\"d MMMM, HH:mm\"`".into(),
                )
            }),
            _ => Some(("a pattern is a text in quotes".into(), String::new())),
        },
        "currency" => match value {
            Expr::Text { text, .. }
                if text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase()) =>
            {
                None
            }
            _ => Some((
                "a currency is its code of ISO 4217".into(),
                "for example `\"EUR\"`".into(),
            )),
        },
        "useGrouping" => match value {
            Expr::Number { text, .. } if matches!(text.as_str(), "0" | "1") => None,
            _ => Some((
                "`useGrouping` is 0 or 1".into(),
                "0 prints 1234567 without gaps".into(),
            )),
        },
        _ => match value {
            Expr::Number { text, .. } if text.parse::<u8>().is_ok_and(|n| n <= 18) => None,
            _ => Some((
                format!("`{name}` is a number of digits, 0 to 18"),
                "write it without quotes".into(),
            )),
        },
    }
}
