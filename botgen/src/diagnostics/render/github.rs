//! Workflow commands: annotations in GitHub's view of a change.

use std::fmt::Write;

use super::Place;
use crate::diagnostics::Diagnostic;
use crate::source::SourceMap;

/// One `::error …` or `::warning …` line for each finding.
/// <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>
pub fn github(sources: &SourceMap, diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for d in diagnostics {
        let place = Place::of(sources, d);
        let message = match &d.help {
            Some(help) => format!("{}\nhelp: {help}", d.message),
            None => d.message.clone(),
        };
        let _ = writeln!(
            out,
            "::{} file={},line={},col={},endLine={},endColumn={},title={}::{}",
            d.severity.name(),
            property(place.file),
            place.line,
            place.column,
            place.end_line,
            place.end_column,
            d.code.id,
            data(&message),
        );
    }
    out
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
