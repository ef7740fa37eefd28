//! What was proven, for `check --verbose`: how long every text can be and what makes it so, and what every handler may
//! do.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::diagnostics::Diagnostic;
use crate::diagnostics::facts::{Beyond, HandlerFact, TextFact};
use crate::source::SourceMap;

/// `bots/booking/bot.yaml:21:13`.
fn place(sources: &SourceMap, fact: &TextFact) -> (String, u32, u32) {
    let (line, column) = sources.line_column(fact.span.file, fact.span.lo);
    (sources.file(fact.span.file).path.clone(), line, column)
}

/// For people: a paragraph for each text with a line for each locale, then a line for each handler.
pub fn verbose(sources: &SourceMap, texts: &[TextFact], handlers: &[HandlerFact]) -> String {
    let mut out = String::new();
    let mut before = None;
    for fact in texts {
        let key = (fact.span, fact.slot);
        if before != Some(key) {
            let (file, line, column) = place(sources, fact);
            let command = match fact.command.as_str() {
                "" => String::new(),
                command => format!(" /{command}"),
            };
            let role = match fact.place == fact.slot {
                true => fact.slot.to_owned(),
                false => format!("{} {}", fact.slot, fact.place),
            };
            let _ = writeln!(out, "{file}:{line}:{column}{command} {role}");
            before = Some(key);
        }
        let most = fact
            .most
            .map_or_else(|| "any".to_owned(), |n| n.to_string());
        let limit = fact.limit.map_or_else(String::new, |n| format!(" of {n}"));
        let beyond = match fact.beyond {
            Beyond::Never => String::new(),
            other => format!(", {} beyond", other.name()),
        };
        let by = match fact.by.is_empty() {
            true => String::new(),
            false => format!(": {}", fact.by.join(", ")),
        };
        let _ = writeln!(
            out,
            "    {} {}..{most}{limit}{beyond}{by}",
            fact.locale, fact.least
        );
    }
    for handler in handlers {
        let _ = writeln!(
            out,
            "{} {}: {}, {}",
            handler.bot, handler.handler, handler.effect, handler.protocol
        );
    }
    out
}

/// [`super::json`] with `texts` and `handlers`.
pub fn json_verbose(
    sources: &SourceMap,
    diagnostics: &[Diagnostic],
    texts: &[TextFact],
    handlers: &[HandlerFact],
) -> String {
    let texts: Vec<Value> = texts
        .iter()
        .map(|fact| {
            let (file, line, column) = place(sources, fact);
            json!({
                "file": file,
                "line": line,
                "column": column,
                "command": fact.command,
                "slot": fact.slot,
                "place": fact.place,
                "locale": fact.locale,
                "min": fact.least,
                "max": fact.most,
                "limit": fact.limit,
                "witness": fact.by,
                "beyond": fact.beyond.name(),
            })
        })
        .collect();
    let handlers: Vec<Value> = handlers
        .iter()
        .map(|h| json!({ "bot": h.bot, "handler": h.handler, "effect": h.effect, "protocol": h.protocol }))
        .collect();
    let mut all = super::json::value(sources, diagnostics);
    if let Some(fields) = all.as_object_mut() {
        fields.insert("texts".to_owned(), Value::Array(texts));
        fields.insert("handlers".to_owned(), Value::Array(handlers));
    }
    all.to_string()
}
