//! The look of rustc. The only user of annotate-snippets.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet};

use crate::diagnostics::{Diagnostic, Severity};
use crate::source::{FileId, SourceMap, Span};

/// Longest line that is drawn, in bytes.
const LINE: usize = 20_000;
/// An excerpt longer than this, in bytes, is looked at for such lines; a hundred times longer is never drawn.
const EXCERPT: usize = LINE;
/// Most lines of a fix that is drawn.
const PATCH: usize = 20;

/// Every finding with its source line, a caret and a help line. `colour`: ANSI colours, for a terminal.
pub fn human(sources: &SourceMap, diagnostics: &[Diagnostic], colour: bool) -> String {
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let mut out = String::new();
    for diagnostic in diagnostics {
        let group = group(sources, diagnostic);
        let report: Vec<Group<'_>> = match patch(sources, diagnostic) {
            Some(patch) => vec![group, patch],
            None => vec![group],
        };
        out.push_str(&renderer.render(&report));
        out.push_str("\n\n");
    }
    out
}

fn group<'a>(sources: &'a SourceMap, diagnostic: &'a Diagnostic) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(
        level
            .primary_title(diagnostic.message.as_str())
            .id(diagnostic.code.id),
    );
    // The primary place comes first; notes in its file share its excerpt, others follow in one of their own.
    let mut files = vec![diagnostic.span.file];
    for (span, _) in &diagnostic.notes {
        if !files.contains(&span.file) {
            files.push(span.file);
        }
    }
    for file in files {
        let excerpt = excerpt(sources, diagnostic, file);
        group = match excerpt {
            Some(excerpt) => group.element(excerpt),
            None => group.element(origin(sources, diagnostic, file)),
        };
    }
    if let Some(help) = &diagnostic.help {
        let shown = patch(sources, diagnostic).is_some();
        if !shown {
            group = group.element(Level::HELP.message(help.as_str()));
        }
    }
    group
}

/// The help line with what the file looks like after the fix. `None`: there is no fix, or it is too large to be drawn.
fn patch<'a>(sources: &'a SourceMap, diagnostic: &'a Diagnostic) -> Option<Group<'a>> {
    let [fix] = diagnostic.fixes.as_slice() else {
        return None;
    };
    let file = fix.edits.first()?.span.file;
    let source = sources.file(file);
    let lo = fix.edits.iter().map(|e| e.span.lo as usize).min()?;
    let hi = fix.edits.iter().map(|e| e.span.hi as usize).max()?;
    let first = source.lines.partition_point(|&s| s as usize <= lo).max(1) - 1;
    let start = *source.lines.get(first)? as usize;
    let end = hi
        + source
            .text
            .get(hi..)?
            .find('\n')
            .unwrap_or(source.text.len() - hi);
    let text = source.text.get(start..end)?.trim_end_matches('\r');
    let small = text.len() <= EXCERPT && text.lines().count() <= PATCH;
    if !small || fix.edits.iter().any(|e| e.span.file != file) {
        return None;
    }
    let title = diagnostic.help.as_deref().unwrap_or(fix.title.as_str());
    let patches = fix.edits.iter().map(|edit| {
        let within = |offset: u32| (offset as usize - start).min(text.len());
        let (lo, hi) = (within(edit.span.lo), within(edit.span.hi));
        Patch::new(lo..hi, edit.text.as_str())
    });
    let snippet = Snippet::source(text)
        .path(source.path.as_str())
        .line_start(first + 1)
        .patches(patches);
    Some(Level::HELP.secondary_title(title).element(snippet))
}

/// The place alone, for lines that nobody wants to see.
fn origin<'a>(sources: &'a SourceMap, diagnostic: &Diagnostic, file: FileId) -> Origin<'a> {
    let notes = diagnostic.notes.iter().map(|(span, _)| *span);
    let first = std::iter::once(diagnostic.span)
        .chain(notes)
        .find(|span| span.file == file);
    let (line, column) = first.map_or((1, 1), |span| sources.line_column(file, span.lo));
    Origin::path(sources.file(file).path.as_str())
        .line(line as usize)
        .char_column(column as usize)
}

/// The lines from the first to the last place in `file` (annotate-snippets folds what is between).
/// `None`: they are too long to be drawn.
fn excerpt<'a>(
    sources: &'a SourceMap,
    diagnostic: &'a Diagnostic,
    file: FileId,
) -> Option<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    let primary = (
        AnnotationKind::Primary,
        diagnostic.span,
        diagnostic.label.as_str(),
    );
    let notes = diagnostic
        .notes
        .iter()
        .map(|(span, text)| (AnnotationKind::Context, *span, text.as_str()));
    let places: Vec<_> = std::iter::once(primary)
        .chain(notes)
        .filter(|(_, span, _)| span.file == file)
        .map(|(kind, span, text)| (kind, first_line(sources, span), text))
        .collect();
    let source = sources.file(file);
    let lo = places.iter().map(|(_, r, _)| r.start).min().unwrap_or(0);
    let hi = places.iter().map(|(_, r, _)| r.end).max().unwrap_or(0);
    let first = source.lines.partition_point(|&s| s as usize <= lo).max(1) - 1;
    let start = source.lines.get(first).copied().unwrap_or(0) as usize;
    let end = source.text[hi..]
        .find('\n')
        .map_or(source.text.len(), |n| hi + n);
    // The line end of a file from Windows is no part of the line.
    let text = source.text[start..end].trim_end_matches('\r');
    if text.len() > EXCERPT && text.lines().any(|line| line.len() > LINE)
        || text.len() > 100 * EXCERPT
    {
        return None;
    }
    let within = |offset: usize| (offset - start).min(text.len());
    let snippet = Snippet::source(text)
        .path(source.path.as_str())
        .line_start(first + 1)
        .annotations(places.into_iter().map(|(kind, range, text)| {
            let annotation = kind.span(within(range.start)..within(range.end));
            if text.is_empty() {
                annotation
            } else {
                annotation.label(text)
            }
        }));
    Some(snippet)
}

/// The part of a place on its first line, within the file and on character boundaries.
fn first_line(sources: &SourceMap, span: Span) -> Range<usize> {
    let text = &sources.file(span.file).text;
    let floor = |offset: usize| {
        let mut at = offset.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let lo = floor(span.lo as usize);
    let hi = floor(span.hi as usize).max(lo);
    let line = text[lo..hi].find(['\n', '\r']).map_or(hi, |n| lo + n);
    lo..line
}
