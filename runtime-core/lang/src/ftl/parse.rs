//! An `.ftl` file into messages and terms; what is not Fluent is reported.

use std::collections::BTreeMap;

use crate::limits::NESTING;
use fluent_syntax::ast::Entry;
use fluent_syntax::parser::{self, ErrorKind, ParserError};

use super::tree::{Message, Places};
use crate::diagnostics::codes::{files, texts as codes};
use crate::diagnostics::{Diagnostic, Sink};
use crate::source::{FileId, Span};

/// Most messages, terms and comments of a file.
const ENTRIES: usize = 20_000;

/// What a file holds.
#[derive(Debug, Default)]
pub struct File {
    /// By key.
    pub messages: BTreeMap<String, Message>,
    /// By name, without the `-`.
    pub terms: BTreeMap<String, Message>,
    /// Something could not be read.
    pub broken: bool,
}

/// Reads a file.
pub fn parse(file: FileId, source: &str, sink: &mut Sink) -> File {
    let places = Places { file, source };
    let mut out = File::default();
    if let Some(at) = too_deep(source) {
        sink.report(
            Diagnostic::new(
                &codes::FTL_SYNTAX,
                point(places, at..at + 1),
                format!("braces are nested deeper than {NESTING}"),
            )
            .help("a `{` that is meant as it is stands in quotes: `{\"{\"}`"),
        );
        out.broken = true;
        return out;
    }
    let (resource, errors) = match parser::parse(source) {
        Ok(resource) => (resource, Vec::new()),
        Err(both) => both,
    };
    for error in &errors {
        out.broken = true;
        let (message, mut help) = explain(&error.kind);
        let rest = source.get(error.pos.start..).unwrap_or_default();
        let next = rest.lines().skip(1).find(|l| !l.trim().is_empty());
        if matches!(
            error.kind,
            ErrorKind::ExpectedMessageField { .. } | ErrorKind::ExpectedTermField { .. }
        ) && next.is_some_and(|l| l.starts_with('\t'))
        {
            help = Some("the next line begins with a tab: indent it with spaces".to_owned());
        }
        let mut diagnostic = Diagnostic::new(&codes::FTL_SYNTAX, place_of(places, error), message);
        if let Some(help) = help {
            diagnostic = diagnostic.help(help);
        }
        sink.report(diagnostic);
    }
    for (count, entry) in resource.body.iter().enumerate() {
        if count == ENTRIES {
            let place = match entry {
                Entry::Message(m) => places.of(m.id.name),
                Entry::Term(t) => places.of(t.id.name),
                _ => point(places, 0..1),
            };
            sink.report(
                Diagnostic::new(
                    &files::TOO_LARGE,
                    place,
                    format!("the file has more than {ENTRIES} messages"),
                )
                .help("a bot is written by people; values that are looked up belong into a table"),
            );
            out.broken = true;
            break;
        }
        let (id, message, term) = match entry {
            Entry::Message(m) => (
                m.id.name,
                places.message(m.id.name, m.value.as_ref(), &m.attributes),
                false,
            ),
            Entry::Term(t) => (
                t.id.name,
                places.message(t.id.name, Some(&t.value), &t.attributes),
                true,
            ),
            _ => continue,
        };
        for (i, attribute) in message.attributes.iter().enumerate() {
            let earlier = message.attributes.iter().take(i);
            if let Some(first) = earlier.into_iter().find(|a| a.name == attribute.name) {
                twice(&attribute.name, attribute.span, first.span, sink);
            }
        }
        let map = if term {
            &mut out.terms
        } else {
            &mut out.messages
        };
        if let Some(first) = map.get(id) {
            twice(id, message.span, first.span, sink);
        } else {
            map.insert(id.to_owned(), message);
        }
    }
    out
}

fn twice(name: &str, span: Span, first: Span, sink: &mut Sink) {
    sink.report(
        Diagnostic::new(
            &codes::FTL_DUPLICATE,
            span,
            format!("`{name}` is defined twice"),
        )
        .note(first, "first defined here")
        .help("keep one of them"),
    );
}

/// The parser recurses into braces and, inside them, parentheses: the place where they are nested too deep.
pub(crate) fn too_deep(source: &str) -> Option<usize> {
    let mut open: Vec<u8> = Vec::new();
    let mut bytes = source.bytes().enumerate();
    while let Some((i, b)) = bytes.next() {
        match b {
            b'{' => open.push(b),
            b'(' if !open.is_empty() => open.push(b),
            b'}' => while open.pop().is_some_and(|b| b == b'(') {},
            b')' if open.last() == Some(&b'(') => {
                open.pop();
            }
            b'"' if !open.is_empty() => {
                // A literal ends on its line.
                let mut escaped = false;
                for (_, b) in bytes.by_ref() {
                    match b {
                        b'\n' => break,
                        b'"' if !escaped => break,
                        b => escaped = b == b'\\' && !escaped,
                    }
                }
            }
            _ => {}
        }
        if open.len() > NESTING {
            return Some(i);
        }
    }
    None
}

/// A range of the source, inside it, on characters' boundaries and not empty where that is possible.
fn point(places: Places<'_>, range: std::ops::Range<usize>) -> Span {
    let source = places.source;
    let mut lo = range.start.min(source.len());
    while !source.is_char_boundary(lo) {
        lo -= 1;
    }
    let mut hi = range.end.clamp(lo, source.len());
    while !source.is_char_boundary(hi) {
        hi += 1;
    }
    places.of(source.get(lo..hi).unwrap_or(source))
}

/// Where a syntax error is best shown.
fn place_of(places: Places<'_>, error: &ParserError) -> Span {
    let at = error.pos.start;
    let range = match &error.kind {
        // The whole entry is meant: show its name.
        ErrorKind::ExpectedMessageField { entry_id }
        | ErrorKind::ExpectedTermField { entry_id } => {
            at..at
                + entry_id.len()
                + usize::from(places.source.get(at..).is_some_and(|s| s.starts_with('-')))
        }
        _ => at..at + 1,
    };
    let span = point(places, range);
    let found = places
        .source
        .get(span.lo as usize..span.hi as usize)
        .unwrap_or_default();
    if !found.trim().is_empty() {
        return span;
    }
    // Nothing to see at a line's end: show the character before it.
    let before = places.source.get(..at.min(places.source.len()));
    let last = before.and_then(|s| s.trim_end().char_indices().next_back());
    last.map_or(span, |(i, c)| point(places, i..i + c.len_utf8()))
}

/// The parser's words in ours.
fn explain(kind: &ErrorKind) -> (String, Option<String>) {
    let say = |message: &str, help: &str| {
        (
            message.to_owned(),
            (!help.is_empty()).then(|| help.to_owned()),
        )
    };
    match kind {
        ErrorKind::ExpectedToken('=') => say(
            "expected `=` after the key",
            "a message is `key = text`; further lines of a text are indented",
        ),
        ErrorKind::ExpectedToken('}') => say(
            "expected `}` here",
            "placeables are `{ $name }`; a brace that is meant as it is stands in quotes: `{\"{\"}`",
        ),
        ErrorKind::ExpectedToken(c) => say(&format!("expected `{c}` here"), ""),
        ErrorKind::ExpectedCharRange { range } if range == "a-zA-Z" => say(
            "expected a name here",
            "names begin with a letter of `a-z` or `A-Z`; further lines of a text are indented",
        ),
        ErrorKind::ExpectedCharRange { range } if range.contains("\\n") || range.contains('\n') => {
            say(
                "expected a line break after `->`",
                "each variant stands on its own line",
            )
        }
        ErrorKind::ExpectedCharRange { range } => say(&format!("expected one of `{range}`"), ""),
        ErrorKind::ExpectedMessageField { entry_id } => say(
            &format!("`{entry_id}` has no text"),
            "write it after the `=`; further lines of a text are indented",
        ),
        ErrorKind::ExpectedTermField { entry_id } => say(
            &format!("the term `-{entry_id}` has no text"),
            "write it after the `=`",
        ),
        ErrorKind::ForbiddenCallee => say(
            "functions are written in capitals",
            "there are `NUMBER` and `DATETIME`",
        ),
        ErrorKind::MissingDefaultVariant => say(
            "one variant must be the default",
            "mark it with a star: `*[other] …`",
        ),
        ErrorKind::MultipleDefaultVariants => {
            say("only one variant can be the default", "keep one star")
        }
        ErrorKind::MissingValue => say("expected a text here", ""),
        ErrorKind::MessageReferenceAsSelector | ErrorKind::MessageAttributeAsSelector => say(
            "a message cannot be a selector",
            "select by a variable: `{ $name -> …}`",
        ),
        ErrorKind::TermReferenceAsSelector => say(
            "a term cannot be a selector",
            "select by an attribute of it: `{ -term.attribute -> …}`",
        ),
        ErrorKind::TermAttributeAsPlaceable => say(
            "an attribute of a term cannot be printed",
            "it can only be a selector",
        ),
        ErrorKind::UnterminatedStringLiteral => {
            say("this text in quotes is never closed", "close it with `\"`")
        }
        ErrorKind::PositionalArgumentFollowsNamed => say("the value stands before the options", ""),
        ErrorKind::DuplicatedNamedArgument(name) => say(&format!("`{name}` is given twice"), ""),
        ErrorKind::UnknownEscapeSequence(_) | ErrorKind::InvalidUnicodeEscapeSequence(_) => say(
            "this escape does not exist",
            "there are `\\\\`, `\\\"` and `\\u0000`",
        ),
        ErrorKind::UnbalancedClosingBrace => say(
            "this `}` closes nothing",
            "a brace that is meant as it is stands in quotes: `{\"}\"}`",
        ),
        ErrorKind::ExpectedInlineExpression => say(
            "expected a variable, a message or a text in quotes",
            "a variable is written `{ $name }`; a brace that is meant as it is stands in quotes: `{\"{\"}`",
        ),
        ErrorKind::ExpectedSimpleExpressionAsSelector => say(
            "this cannot be a selector",
            "select by a variable: `{ $name -> …}`",
        ),
        ErrorKind::ExpectedLiteral => say("an option is a number or a text in quotes", ""),
    }
}
