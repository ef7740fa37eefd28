//! Files and places in them.

use std::sync::Arc;

/// Index of a file in the [`SourceMap`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A range of bytes in a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub lo: u32,
    /// One past the last byte.
    pub hi: u32,
}

impl Span {
    /// From the start of `self` to the end of `other` (same file).
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        Span {
            file: self.file,
            lo: self.lo.min(other.lo),
            hi: self.hi.max(other.hi),
        }
    }
}

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub node: T,
    /// Where it stands.
    pub span: Span,
}

/// A decoded scalar that can still name the place of each of its bytes: quotes, escapes, block
/// indentation and line folding are undone in `value`; [`Str::span_of`] redoes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Str {
    /// The decoded text.
    pub value: String,
    /// The whole scalar, with quotes.
    pub span: Span,
    /// `(offset in value, offset in file)` at every place where the difference changes, ascending,
    /// the first at 0. Shared: scalars are cloned into several AST nodes.
    pub map: Arc<[(u32, u32)]>,
}

impl Str {
    /// The place of a byte range of `value`. Ranges beyond the end are clamped.
    pub fn span_of(&self, range: std::ops::Range<usize>) -> Span {
        let at = |offset: usize| {
            let offset = u32::try_from(offset.min(self.value.len())).unwrap_or(u32::MAX);
            let i = self.map.partition_point(|&(v, _)| v <= offset).max(1) - 1;
            let (v, f) = self.map.get(i).copied().unwrap_or((0, self.span.lo));
            (f + (offset - v)).min(self.span.hi)
        };
        let (lo, hi) = (at(range.start), at(range.end));
        // The end of a range may stand at the start of the next mapped run: step back to the byte before it.
        let hi = if range.end > range.start {
            at(range.end - 1) + 1
        } else {
            hi
        };
        Span {
            file: self.span.file,
            lo,
            hi: hi.max(lo),
        }
    }
}

/// One file.
#[derive(Debug)]
pub struct SourceFile {
    /// Path as the person should see it (relative to the working directory, `/` separators).
    pub path: String,
    /// Contents.
    pub text: String,
    /// Byte offset of each line's start.
    pub lines: Vec<u32>,
}

/// All files of a run.
#[derive(Debug, Default)]
pub struct SourceMap {
    /// Indexed by [`FileId`].
    pub files: Vec<SourceFile>,
}

impl SourceMap {
    /// A line of a file, from 1, without its indentation and its end.
    pub fn line(&self, path: &str, line: usize) -> Option<Span> {
        let file = self.find(path)?;
        let whole = &self.file(file);
        let start = *whole.lines.get(line.checked_sub(1)?)?;
        let text = whole.text.get(start as usize..)?.lines().next()?;
        let at = |length: usize| u32::try_from(length).ok().map(|l| start + l);
        Some(Span {
            file,
            lo: at(text.len() - text.trim_start().len())?,
            hi: at(text.trim_end().len())?,
        })
    }

    /// Adds a file.
    pub fn add(&mut self, path: String, text: String) -> FileId {
        let lines = std::iter::once(0)
            .chain(
                text.bytes()
                    .enumerate()
                    .filter(|(_, b)| *b == b'\n')
                    .map(|(i, _)| u32::try_from(i + 1).unwrap_or(u32::MAX)),
            )
            .collect();
        self.files.push(SourceFile { path, text, lines });
        FileId(u32::try_from(self.files.len() - 1).unwrap_or(u32::MAX))
    }

    /// A file.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// The file of this path.
    pub fn find(&self, path: &str) -> Option<FileId> {
        let at = self.files.iter().position(|f| f.path == path)?;
        u32::try_from(at).ok().map(FileId)
    }

    /// The text of a span; empty if it is out of bounds.
    pub fn slice(&self, span: Span) -> &str {
        let range = span.lo as usize..span.hi as usize;
        self.file(span.file).text.get(range).unwrap_or_default()
    }

    /// Line and column of a byte offset, 1-based, columns in characters.
    pub fn line_column(&self, file: FileId, offset: u32) -> (u32, u32) {
        let file = self.file(file);
        let line = file.lines.partition_point(|&start| start <= offset).max(1);
        let start = file.lines[line - 1] as usize;
        let mut end = (offset as usize).clamp(start, file.text.len().max(start));
        // Inside of a character: its beginning.
        while !file.text.is_char_boundary(end) && end > start {
            end -= 1;
        }
        let column = file.text.get(start..end).map_or(0, |s| s.chars().count()) + 1;
        (
            u32::try_from(line).unwrap_or(u32::MAX),
            u32::try_from(column).unwrap_or(u32::MAX),
        )
    }

    /// `path:line`, for doc comments of generated code.
    pub fn place(&self, span: Span) -> String {
        format!(
            "{}:{}",
            self.file(span.file).path,
            self.line_column(span.file, span.lo).0
        )
    }
}
