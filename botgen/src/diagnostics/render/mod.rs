//! Findings as text: for people, and in the fixed forms that tools read.

mod github;
mod human;
mod json;
mod sarif;
mod verbose;

use super::{Diagnostic, Severity};
use crate::source::{SourceMap, Span};

pub use github::github;
pub use human::human;
pub use json::json;
pub use sarif::sarif;
pub use verbose::{json_verbose, verbose};

/// Where a finding stands; lines and columns 1-based, columns in characters, the end exclusive.
struct Place<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

impl<'a> Place<'a> {
    fn of(sources: &'a SourceMap, diagnostic: &Diagnostic) -> Self {
        Self::at(sources, diagnostic.span)
    }

    fn at(sources: &'a SourceMap, span: Span) -> Self {
        let (line, column) = sources.line_column(span.file, span.lo);
        let (end_line, end_column) = sources.line_column(span.file, span.hi.max(span.lo));
        Self {
            file: &sources.file(span.file).path,
            line,
            column,
            end_line,
            end_column,
        }
    }
}

/// `[BF0303] bots/salon/bot.yaml:14:5: message`, the one-line form of `cargo::warning`.
pub fn line(sources: &SourceMap, diagnostic: &Diagnostic) -> String {
    let place = Place::of(sources, diagnostic);
    format!(
        "[{}] {}:{}:{}: {}",
        diagnostic.code.id, place.file, place.line, place.column, diagnostic.message
    )
}

/// `error: 3 errors in 1 bot; try: botgen explain BF0302`; `None` when there is nothing to report.
/// `bots` is the number of bots that were compiled.
pub fn summary(diagnostics: &[Diagnostic], bots: usize) -> Option<String> {
    let count = |severity| {
        diagnostics
            .iter()
            .filter(|d| d.severity == severity)
            .count()
    };
    let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let worst = diagnostics.iter().min_by_key(|d| d.severity)?;
    let mut counts = Vec::new();
    if errors > 0 {
        counts.push(plural(errors, "error"));
    }
    if warnings > 0 {
        counts.push(plural(warnings, "warning"));
    }
    Some(format!(
        "{}: {} in {}; try: botgen explain {}",
        worst.severity.name(),
        counts.join(" and "),
        plural(bots, "bot"),
        worst.code.id
    ))
}
