//! The fixed form of `--format json`.

use serde_json::{Value, json};

use super::Place;
use crate::diagnostics::Diagnostic;
use crate::source::SourceMap;

/// `{"diagnostics": […]}`; columns count characters, the end is one past the last one.
pub fn json(sources: &SourceMap, diagnostics: &[Diagnostic]) -> String {
    let list: Vec<Value> = diagnostics
        .iter()
        .map(|d| {
            let place = Place::of(sources, d);
            json!({
                "code": d.code.id,
                "severity": d.severity.name(),
                "message": d.message,
                "help": d.help,
                "file": place.file,
                "line": place.line,
                "column": place.column,
                "end_line": place.end_line,
                "end_column": place.end_column,
            })
        })
        .collect();
    json!({ "diagnostics": list }).to_string()
}
