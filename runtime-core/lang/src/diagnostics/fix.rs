//! Fixes: edits of the author's files that mend a finding, with only one right answer.

use crate::source::{SourceMap, Span};

/// One way to mend a finding.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fix {
    /// What it does, as a command: ``write `/help` ``.
    pub title: String,
    /// The changes, which belong together and do not overlap.
    pub edits: Vec<Edit>,
}

/// One change of a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Edit {
    /// What goes; empty to insert.
    pub span: Span,
    /// What comes in its place.
    pub text: String,
}

impl Edit {
    /// Writes `text` in the place of `span`.
    pub fn replace(span: Span, text: impl Into<String>) -> Self {
        Self {
            span,
            text: text.into(),
        }
    }
    /// Writes `text` before `span`.
    pub fn insert(span: Span, text: impl Into<String>) -> Self {
        Self::replace(
            Span {
                hi: span.lo,
                ..span
            },
            text,
        )
    }
    /// Takes `span` out.
    pub fn remove(span: Span) -> Self {
        Self::replace(span, "")
    }
}

/// `right` where `wrong` stands within `span`; `None` if it does not stand there exactly once.
pub(super) fn rename(sources: &SourceMap, span: Span, wrong: &str, right: &str) -> Option<Edit> {
    let text = sources.slice(span);
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let mut whole = text.match_indices(wrong).filter(|(at, _)| {
        let before = text[..*at].chars().next_back().is_some_and(part);
        let after = text[at + wrong.len()..].chars().next().is_some_and(part);
        !wrong.is_empty() && !before && !after
    });
    let (at, _) = whole.next().filter(|_| whole.next().is_none())?;
    let lo = span.lo + u32::try_from(at).ok()?;
    let hi = lo + u32::try_from(wrong.len()).ok()?;
    Some(Edit::replace(Span { lo, hi, ..span }, right))
}

/// Takes `key: value` out of its mapping, by the place of the value.
pub fn remove_entry(sources: &SourceMap, value: Span) -> Option<Edit> {
    let text = &sources.file(value.file).text;
    let before = text.get(..value.lo as usize)?.trim_end();
    let before = before.strip_suffix(':')?;
    let key = before.trim_end_matches(|c: char| c.is_alphanumeric() || "_.-".contains(c));
    let lo = u32::try_from(key.len()).ok()?;
    remove_element(sources, Span { lo, ..value })
}

/// Takes an element out of a list, or an entry with its key out of a mapping: with its comma inside of `{…}` and
/// `[…]`, else with its line. `None`: what remained would not be in order.
pub fn remove_element(sources: &SourceMap, span: Span) -> Option<Edit> {
    let text = sources.file(span.file).text.as_str();
    let (lo, hi) = (span.lo as usize, span.hi as usize);
    let (before, after) = (text.get(..lo)?, text.get(hi..)?);
    let edit = |lo: usize, hi: usize| {
        let span = Span {
            lo: u32::try_from(lo).ok()?,
            hi: u32::try_from(hi).ok()?,
            ..span
        };
        Some(Edit::remove(span))
    };
    let line = before.rfind('\n').map_or(0, |n| n + 1);
    let head = text.get(line..lo)?.trim_start_matches(' ');
    let end = after.find('\n').map_or(text.len(), |n| hi + n + 1);
    let tail = text.get(hi..end)?.trim();
    if head.is_empty() || head == "- " {
        let scalar = !text.get(lo..hi)?.contains(": ");
        let whole = tail.is_empty() || tail.starts_with('#');
        // After `- ` the next key of the mapping would have to move up.
        return (whole && (head.is_empty() || scalar)).then(|| edit(line, end))?;
    }
    let spaces = after.len() - after.trim_start_matches([' ', '\t']).len();
    if let Some(rest) = after.get(spaces..)?.strip_prefix(',') {
        let gap = rest.len() - rest.trim_start_matches(' ').len();
        return edit(lo, hi + spaces + 1 + gap);
    }
    match before.trim_end().strip_suffix(',') {
        Some(kept) => edit(kept.len(), hi),
        None => edit(lo, hi),
    }
}
