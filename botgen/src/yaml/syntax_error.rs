//! granit-parser's errors in our words: what is wrong and what to write instead.

use granit_parser::ErrorKind as E;

use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::files;
use crate::source::{FileId, Span};

/// The finding for an error at byte `offset`.
pub fn explain(file: FileId, text: &str, kind: &E, offset: usize) -> Diagnostic {
    let offset = floor(text, offset);
    let line = Line::at(text, offset);
    let span = |lo: usize, hi: usize| Span {
        file,
        lo: u32::try_from(lo).unwrap_or(u32::MAX),
        hi: u32::try_from(hi).unwrap_or(u32::MAX),
    };
    let here = span(offset, ceil(text, offset + 1));
    let error = |span: Span, message: &str| Diagnostic::new(&files::SYNTAX, span, message);
    if let Some((lo, hi)) = line.bare_template() {
        return bare_template(span(lo, hi));
    }
    if let Some((lo, hi)) = line.wide_indentation() {
        return wide_space(span(lo, hi));
    }
    match kind {
        E::TabInBlockIndentation | E::TabInIndentation | E::TabNotAllowed | E::TabInPlainScalar => {
            let (lo, hi) = tab(text, offset);
            Diagnostic::new(&files::TAB, span(lo, hi), "a tab is used as indentation")
                .help("indent with spaces; most editors can convert a file")
        }
        E::MappingValueNotAllowed => match (line.second_colon(), line.glued_colon_above()) {
            (None, Some((lo, hi))) => error(span(lo, hi), "a space is missing after this colon")
                .help("write `key: value`"),
            (Some((lo, hi)), _) => error(span(lo, hi), "`: ` inside a text that is not quoted")
                .help("put the text in double quotes, or remove the second `: `"),
            (None, None) => error(here, "a `:` that no key of this level can have")
                .help("indent keys of one mapping alike, write a space after each `:`, and quote texts that contain `: `"),
        },
        E::UnclosedQuotedScalar => error(here, "this quote is never closed")
            .help("end the text with the same quote; inside `\"…\"` a quote is `\\\"`, inside `'…'` it is `''`"),
        E::InvalidTrailingDoubleQuotedScalar | E::InvalidTrailingSingleQuotedScalar => error(
            here,
            "text after the closing quote",
        )
        .help("quote the whole text; inside `\"…\"` a quote is `\\\"`, inside `'…'` it is `''`; if the quote above is not closed, close it"),
        E::UnknownQuotedScalarEscape => {
            let (lo, hi) = bad_escape(text, offset);
            error(span(lo, hi), "a backslash that YAML does not know in double quotes")
                .help("a regex stands in single quotes: `'^\\d+$'`; in double quotes a backslash is `\\\\`")
        }
        E::InvalidQuotedScalarHexEscape
        | E::InvalidLowSurrogateHexEscape
        | E::InvalidLowSurrogate
        | E::MissingLowSurrogate
        | E::UnpairedLowSurrogate
        | E::InvalidUnicodeEscape => error(here, "a `\\x`, `\\u` or `\\U` that names no character")
            .help("write the character itself"),
        E::UnclosedFlowCollection { open } => {
            let close = if *open == '{' { '}' } else { ']' };
            comment_inside(file, text, offset, error(here, &format!("this `{open}` is never closed"))
                .help(format!("close it with `{close}`")))
        }
        E::ExpectedFlowMappingSeparator | E::ExpectedFlowSequenceSeparator
            if text[offset..].starts_with(['{', '[']) =>
        {
            error(here, "a bracket in the middle of a text that is not quoted")
                .help("inside `{…}` and `[…]` put the whole text in double quotes")
        }
        E::ExpectedFlowMappingSeparator | E::ExpectedFlowSequenceSeparator
        | E::UnexpectedEofFlowMapping | E::UnexpectedEofFlowSequence
        | E::UnexpectedEofImplicitFlowMapping | E::MismatchedFlowCollectionEnd { .. } => {
            let d = error(here, "inside `{…}` or `[…]` a `,` or the closing bracket is missing here")
                .help("quote texts inside `{…}` and `[…]`, put a `,` between the parts, close every bracket");
            let open = text[..offset].rfind(['{', '[']).unwrap_or(offset);
            comment_inside(file, text, open, d)
        }
        E::MisplacedFlowCollectionEnd => error(here, "a closing bracket that nothing opened")
            .help("remove it, or quote the text that begins with it"),
        E::UnexpectedCharacter { character } => error(
            here,
            &format!("a text that is not quoted cannot begin with `{character}`"),
        )
        .help("put the text in double quotes"),
        E::ExpectedBlockMappingKey | E::InvalidIndentation | E::SimpleKeyExpected => {
            match line.quoted_then_text(offset) {
                true => error(here, "text after a value that is already complete")
                    .help("put the whole text in double quotes"),
                false => error(here, "this line fits no level above it, or is no `key: value`")
                    .help("keys of one mapping begin in one column; write `key: value` with a space after the `:`"),
            }
        }
        E::ExpectedBlockSequenceEntry => error(here, "a list goes on with `- `, at its own column")
            .help("indent this line like the `- ` above it and begin it with `- `, or put it above the list"),
        E::BlockSequenceEntryNotAllowed | E::BlockEntryInFlowCollection => {
            error(here, "a list cannot begin on the line of its key")
                .help("write each `- ` on a line of its own below the key; quote a text that begins with `- `")
        }
        E::InvalidBlockScalarHeader => error(here, "`|` and `>` stand alone at the end of their line")
            .help("begin the text on the next line, indented; quote a text that begins with `|` or `>`"),
        E::InvalidBlockScalarIndent | E::TabAtBlockScalarStart | E::ZeroBlockScalarIndent => {
            error(here, "this line of a `|` text is indented less than its first")
                .help("indent every line of the text by the same number of spaces")
        }
        E::DirectiveDisallowed => error(here, "a YAML directive; a bot's files have none")
            .help("remove the line; a text that begins with `%` is quoted"),
        E::RecursionLimitExceeded => {
            Diagnostic::new(&files::TOO_DEEP, here, "nested too deep")
                .help("nothing in the language is nested this deep")
        }
        E::CommentNotSeparated | E::CommentInterceptedScalar => {
            error(here, "a comment in the middle of a text")
                .help("a `#` after a space begins a comment; put the text in double quotes")
        }
        E::InvalidSimpleKey => error(here, "a key that is longer than 1024 characters or spans lines")
            .help("write `key: value`; quote texts that contain `: `"),
        E::UndeclaredTagHandle | E::MissingTagUri | E::InvalidTagTerminator
        | E::ExpectedTagBang | E::InvalidGlobalTagCharacter | E::UnclosedVerbatimTag => {
            Diagnostic::new(&files::TAG, here, "`!` begins a YAML tag; a bot's files have none")
                .help("put the text in double quotes")
        }
        E::MissingAnchorOrAliasName => {
            Diagnostic::new(&files::ANCHOR, here, "`*` and `&` begin a YAML alias or anchor; a bot's files have none")
                .help("put the text in double quotes")
        }
        E::InvalidMappingValueWhitespace | E::InvalidColonPlacement | E::MappingKeyNotAllowed
        | E::FlowMappingValueAdjacentCollection => error(here, "a `:` or `?` at a place where YAML expects none")
            .help("write `key: value` with a space after the `:`; quote texts"),
        other => error(here, &format!("this is not YAML: {}", other.to_string().trim_end_matches('.'))),
    }
}

/// A text that begins with `{{` and is not quoted.
pub fn bare_template(span: Span) -> Diagnostic {
    Diagnostic::new(
        &files::SYNTAX,
        span,
        "`{{` at this place begins a YAML mapping, not a text",
    )
    .help("put the whole text in double quotes: `text: \"{{name}}, …\"`")
}

/// Indentation that YAML does not take for indentation.
pub fn wide_space(span: Span) -> Diagnostic {
    Diagnostic::new(
        &files::SYNTAX,
        span,
        "this space is not an ordinary one (U+00A0 or the like)",
    )
    .help("it came with text copied from elsewhere; replace it with ordinary spaces")
}

/// Adds the comment that swallows the closing bracket, if there is one behind `open`.
fn comment_inside(file: FileId, text: &str, open: usize, d: Diagnostic) -> Diagnostic {
    let line = Line::at(text, open);
    let rest = &text[open..line.end];
    let Some(at) = rest.find(" #") else { return d };
    let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let span = Span {
        file,
        lo: small(open + at + 1),
        hi: small(line.end),
    };
    d.note(span, "a `#` after a space begins a comment")
        .help("put the text with the `#` in double quotes")
}

struct Line<'a> {
    text: &'a str,
    start: usize,
    end: usize,
}

impl<'a> Line<'a> {
    fn at(text: &'a str, offset: usize) -> Self {
        let start = text[..offset].rfind('\n').map_or(0, |n| n + 1);
        let end = text[offset..]
            .find(['\n', '\r'])
            .map_or(text.len(), |n| offset + n);
        Self { text, start, end }
    }

    fn str(&self) -> &'a str {
        &self.text[self.start..self.end.max(self.start)]
    }

    /// A value that is not quoted and holds `{{`.
    fn bare_template(&self) -> Option<(usize, usize)> {
        let line = self.str();
        let at = line.find("{{")?;
        let before = &line[..at];
        let quoted = before.matches('"').count() % 2 == 1 || before.matches('\'').count() % 2 == 1;
        let opens = before.trim_end().ends_with([':', '-', ',', '[']) || before.contains('{');
        (!quoted && opens).then(|| (self.start + at, self.start + at + 2))
    }

    /// A space among the indentation of this line or the one above that YAML takes for a letter.
    fn wide_indentation(&self) -> Option<(usize, usize)> {
        let above = self.start.checked_sub(1).map(|at| Line::at(self.text, at));
        above.iter().chain([self]).find_map(|line| {
            let text = line.str();
            let blank = text.len() - text.trim_start().len();
            let (at, c) = text[..blank]
                .char_indices()
                .find(|(_, c)| !matches!(c, ' ' | '\t'))?;
            let at = line.start + at;
            Some((at, at + c.len_utf8()))
        })
    }

    /// The second `: ` of the line, when the first ends a key.
    fn second_colon(&self) -> Option<(usize, usize)> {
        let line = self.str();
        let first = line.find(": ")?;
        let second = first
            + 2
            + line[first + 2..].find(": ").or_else(|| {
                line[first + 2..]
                    .ends_with(':')
                    .then(|| line.len() - first - 3)
            })?;
        Some((self.start + second, self.start + second + 1))
    }

    /// `key:value` on the line above.
    fn glued_colon_above(&self) -> Option<(usize, usize)> {
        let above = Line::at(self.text, self.start.checked_sub(1)?);
        let text = above.str();
        let word = text.trim_start_matches([' ', '-']);
        let colon = word.find(':')?;
        let key = &word[..colon];
        let good = !key.is_empty()
            && key
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_.".contains(&b))
            && !word[colon + 1..].starts_with(' ')
            && colon + 1 < word.len();
        let at = above.start + text.len() - word.len() + colon;
        good.then_some((at, at + 1))
    }

    /// Something complete stands before `offset` on the same line.
    fn quoted_then_text(&self, offset: usize) -> bool {
        self.text[self.start..offset.max(self.start)]
            .trim()
            .contains(": ")
    }
}

/// The first tab at or after `offset` on its line or the next (the error may stand at the text before it).
fn tab(text: &str, offset: usize) -> (usize, usize) {
    let window = ceil(text, (offset + 2000).min(text.len()));
    let before = text[..offset].rfind('\n').map_or(0, |n| n + 1);
    let found = text[before..window]
        .find("\t")
        .map_or(offset, |n| before + n);
    (found, (found + 1).min(text.len()))
}

/// The first escape at or after `offset` that YAML does not have.
fn bad_escape(text: &str, offset: usize) -> (usize, usize) {
    let mut chars = text[offset..].char_indices();
    while let Some((at, c)) = chars.next() {
        if c != '\\' {
            continue;
        }
        match chars.next() {
            Some((_, c)) if "0abt\tnvfre \"/\\N_LPxuU\n\r".contains(c) => {}
            Some((next, c)) => return (offset + at, offset + next + c.len_utf8()),
            None => break,
        }
    }
    (offset, ceil(text, offset + 1))
}

fn floor(text: &str, offset: usize) -> usize {
    let mut at = offset.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn ceil(text: &str, offset: usize) -> usize {
    let mut at = offset.min(text.len());
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}
