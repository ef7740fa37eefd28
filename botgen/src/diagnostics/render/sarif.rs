//! SARIF 2.1.0, the form that code scanners exchange.
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

use std::collections::HashMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Place;
use crate::diagnostics::{Diagnostic, Fix, codes};
use crate::source::{SourceMap, Span};

/// One run with every code as a rule.
pub fn sarif(sources: &SourceMap, diagnostics: &[Diagnostic]) -> String {
    let rules: Vec<Value> = codes::all()
        .map(|c| {
            json!({
                "id": c.id,
                "shortDescription": { "text": c.title },
                "help": { "text": codes::page(c), "markdown": codes::page(c) },
                "defaultConfiguration": { "level": c.severity.name() },
            })
        })
        .collect();
    let mut seen = HashMap::new();
    let results: Vec<Value> = diagnostics
        .iter()
        .map(|d| {
            let message = match &d.help {
                Some(help) => format!("{}\nhelp: {help}", d.message),
                None => d.message.clone(),
            };
            let related = d.notes.iter().enumerate().map(|(i, (span, text))| {
                json!({
                    "id": i + 1,
                    "message": { "text": text },
                    "physicalLocation": location(sources, *span),
                })
            });
            let mut result = json!({
                "ruleId": d.code.id,
                "ruleIndex": codes::all().position(|c| c.id == d.code.id),
                "level": d.severity.name(),
                "message": { "text": message },
                "locations": [{ "physicalLocation": location(sources, d.span) }],
                "relatedLocations": related.collect::<Vec<_>>(),
                "partialFingerprints": { "finding/v1": fingerprint(sources, d, &mut seen) },
            });
            if !d.fixes.is_empty() {
                let fixes = d.fixes.iter().map(|f| fix(sources, f));
                result["fixes"] = fixes.collect();
            }
            result
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

fn location(sources: &SourceMap, span: Span) -> Value {
    let place = Place::at(sources, span);
    json!({
        "artifactLocation": { "uri": uri(place.file) },
        "region": region(&place),
    })
}

fn region(place: &Place<'_>) -> Value {
    json!({
        "startLine": place.line, "startColumn": place.column,
        "endLine": place.end_line, "endColumn": place.end_column,
    })
}

fn fix(sources: &SourceMap, fix: &Fix) -> Value {
    let mut files: Vec<(Span, Vec<Value>)> = Vec::new();
    for edit in &fix.edits {
        let replacement = json!({
            "deletedRegion": region(&Place::at(sources, edit.span)),
            "insertedContent": { "text": edit.text },
        });
        match files.iter_mut().find(|(s, _)| s.file == edit.span.file) {
            Some((_, list)) => list.push(replacement),
            None => files.push((edit.span, vec![replacement])),
        }
    }
    let changes = files.into_iter().map(|(span, list)| {
        json!({
            "artifactLocation": { "uri": uri(Place::at(sources, span).file) },
            "replacements": list,
        })
    });
    json!({
        "description": { "text": fix.title },
        "artifactChanges": changes.collect::<Vec<_>>(),
    })
}

/// The same for the same finding after lines were added above it: no line number, but the line's text, and a count
/// where all else is equal.
fn fingerprint(sources: &SourceMap, d: &Diagnostic, seen: &mut HashMap<String, usize>) -> String {
    let file = sources.file(d.span.file);
    let place = Place::of(sources, d);
    let line = file.text.lines().nth(place.line as usize - 1);
    let line = line.unwrap_or_default().trim();
    let what = [d.code.id, place.file, &d.message, line].join("\0");
    let count = seen.entry(what.clone()).or_default();
    *count += 1;
    let hash = Sha256::digest(format!("{what}\0{count}"));
    hash.iter().take(16).map(|b| format!("{b:02x}")).collect()
}

/// A path as a relative URI reference (RFC 3986).
fn uri(path: &str) -> String {
    let keep = |b: u8| b.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=@".contains(&b);
    let mut out = String::new();
    for byte in path.bytes() {
        match keep(byte) {
            true => out.push(char::from(byte)),
            false => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn paths_are_uris() {
        assert_eq!(super::uri("bots/a b/50%.yaml"), "bots/a%20b/50%25.yaml");
        assert_eq!(super::uri("../б:#?"), "../%D0%B1%3A%23%3F");
    }
}
