//! SARIF 2.1.0, the form that code scanners exchange.

use serde_json::{Value, json};

use super::Place;
use crate::diagnostics::{Diagnostic, codes};
use crate::source::SourceMap;

/// One run with every code as a rule.
pub fn sarif(sources: &SourceMap, diagnostics: &[Diagnostic]) -> String {
    let rules: Vec<Value> = codes::all()
        .map(|c| {
            json!({
                "id": c.id,
                "shortDescription": { "text": c.title },
                "help": { "text": c.page, "markdown": c.page },
            })
        })
        .collect();
    let results: Vec<Value> = diagnostics
        .iter()
        .map(|d| {
            let place = Place::of(sources, d);
            let message = match &d.help {
                Some(help) => format!("{}\nhelp: {help}", d.message),
                None => d.message.clone(),
            };
            json!({
                "ruleId": d.code.id,
                "level": d.severity.name(),
                "message": { "text": message },
                "locations": [{ "physicalLocation": {
                    "artifactLocation": { "uri": place.file },
                    "region": {
                        "startLine": place.line, "startColumn": place.column,
                        "endLine": place.end_line, "endColumn": place.end_column,
                    },
                }}],
            })
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "botgen", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
    .to_string()
}
