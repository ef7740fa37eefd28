//! Findings as whoever wrote the texts is told them.

use super::run::{Owner, Run};
use super::{Fault, Position};
use crate::diagnostics::{Diagnostic, Severity, Sink};
use crate::source::Span;

/// How deep the lines of a text stand while it is read.
pub(super) const INDENT: usize = 4;

impl<'r> Run<'r> {
    /// Keeps what was found, with the texts that may be at fault.
    pub(super) fn keep(&mut self, sink: Sink, suspects: &[usize]) {
        for found in sink.finish() {
            let fault = self.fault(found, suspects);
            // What the bot's own files are warned of has been said by the compiler.
            let ours = fault.at.key.is_some();
            let key = (fault.code, fault.at.clone(), fault.message.clone());
            if (ours || fault.severity == Severity::Error) && self.seen.insert(key) {
                self.checked.faults.push(fault);
            }
        }
    }

    pub(super) fn fault(&self, found: Diagnostic, suspects: &[usize]) -> Fault {
        let places = std::iter::once(found.span).chain(found.notes.iter().map(|(span, _)| *span));
        let mut culprits: Vec<usize> = places.filter_map(|span| self.given_at(span)).collect();
        culprits.sort_unstable();
        culprits.dedup();
        if culprits.is_empty() {
            culprits = suspects.to_vec();
        }
        let (mut at, mut notes) = (found.span, found.notes);
        // Who overrides a text looks there, not at the place where the bot uses it.
        if self.given_at(at).is_none()
            && let Some(n) = notes
                .iter()
                .position(|(span, _)| self.given_at(*span).is_some())
        {
            let (here, _) = notes.remove(n);
            notes.insert(0, (at, "the text".to_owned()));
            at = here;
        }
        let mut place = self.position(at);
        let mut notes: Vec<(Position, String)> = notes
            .into_iter()
            .map(|(span, words)| (self.position(span), words))
            .collect();
        // What is said of a text as a whole is said of the one that is overridden in it.
        if let (true, [one]) = (place.key.is_none(), culprits.as_slice())
            && let Some(whole) = self.whole(*one)
        {
            notes.insert(
                0,
                (std::mem::replace(&mut place, whole), "the text".to_owned()),
            );
        }
        Fault {
            code: found.code.id,
            severity: found.severity,
            message: found.message,
            label: found.label,
            help: found.help,
            at: place,
            notes,
            culprits,
        }
    }

    /// The beginning of a given text.
    pub(super) fn whole(&self, at: usize) -> Option<Position> {
        let given = self.given.get(at)?;
        let (line, column) = given.lines.first().copied().unwrap_or((1, 1));
        let tag = self.written.locales.get(given.locale);
        Some(Position {
            key: Some(given.key.to_owned()),
            locale: tag.map(|(tag, _)| (*tag).to_owned()),
            file: None,
            line,
            column: Some(column),
        })
    }

    fn given_at(&self, span: Span) -> Option<usize> {
        match self.owners.get(span.file.0 as usize) {
            Some(Owner::Given { at, .. }) => Some(*at),
            _ => None,
        }
    }

    fn position(&self, span: Span) -> Position {
        let (line, column) = self.sources.line_column(span.file, span.lo);
        let file = self.sources.file(span.file);
        match self.owners.get(span.file.0 as usize) {
            Some(Owner::Given { at, block, before }) => {
                let indent = u32::try_from(INDENT).unwrap_or(0);
                let (line, column) = match (*block, line) {
                    (true, 1) => (1, 1),
                    (true, _) => (line - 1, column.saturating_sub(indent).max(1)),
                    (false, 1) => (1, column.saturating_sub(*before).max(1)),
                    (false, _) => (line, column.saturating_sub(indent).max(1)),
                };
                let given = self.given.get(*at);
                let lines = given.map(|g| g.lines).unwrap_or_default();
                let sent = lines.get(line as usize - 1).or(lines.last());
                let (line, column) = match sent {
                    Some((sent, from)) => (*sent, from.saturating_add(column - 1)),
                    None => (line, column),
                };
                let tag = given.and_then(|g| self.written.locales.get(g.locale));
                Position {
                    key: Some(file.path.clone()),
                    locale: tag.map(|(tag, _)| (*tag).to_owned()),
                    file: None,
                    line,
                    column: Some(column),
                }
            }
            _ if file.text.is_empty() => {
                // `flows/book.yaml:17`.
                let (path, line) = file.path.rsplit_once(':').unwrap_or((&file.path, "1"));
                Position {
                    file: Some(path.to_owned()),
                    line: line.parse().unwrap_or(1),
                    ..Position::default()
                }
            }
            _ => Position {
                file: Some(file.path.clone()),
                line,
                column: Some(column),
                ..Position::default()
            },
        }
    }
}
