//! The fixed form of `--format json`.

use serde_json::{Value, json};

use super::Place;
use crate::diagnostics::Diagnostic;
use crate::source::{SourceMap, Span};

/// `{"diagnostics": […]}`; columns count characters, the end is one past the last one.
pub fn json(sources: &SourceMap, diagnostics: &[Diagnostic]) -> String {
    value(sources, diagnostics).to_string()
}

/// The same as a value.
pub(super) fn value(sources: &SourceMap, diagnostics: &[Diagnostic]) -> Value {
    let list: Vec<Value> = diagnostics
        .iter()
        .map(|d| {
            let notes = d.notes.iter().map(|(span, text)| {
                let mut note = place(sources, *span);
                note["message"] = text.as_str().into();
                note
            });
            let fixes = d.fixes.iter().map(|fix| {
                let edits = fix.edits.iter().map(|edit| {
                    let mut change = place(sources, edit.span);
                    change["text"] = edit.text.as_str().into();
                    change
                });
                json!({ "title": fix.title, "edits": edits.collect::<Vec<_>>() })
            });
            let mut finding = json!({
                "code": d.code.id,
                "severity": d.severity.name(),
                "message": d.message,
                "help": d.help,
            });
            let rest = json!({
                "notes": notes.collect::<Vec<_>>(),
                "fixes": fixes.collect::<Vec<_>>(),
            });
            for part in [place(sources, d.span), rest] {
                if let (Value::Object(all), Value::Object(part)) = (&mut finding, part) {
                    all.extend(part);
                }
            }
            finding
        })
        .collect();
    json!({ "diagnostics": list })
}

fn place(sources: &SourceMap, span: Span) -> Value {
    let place = Place::at(sources, span);
    json!({
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "end_line": place.end_line,
        "end_column": place.end_column,
    })
}
