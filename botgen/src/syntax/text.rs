//! Texts: `t:KEY {…}` and templates, to AST.
//!
//! A template is first cut into literals and tags, then lines of block tags are emptied, then the tags are nested.
//! A tag that cannot be read is reported and skipped, so one text can report several mistakes.

mod key;
mod nest;

pub use key::parse_callback;

use super::ast::{Expr, ExprKind, KeyRef, Text, TextKind};

use super::expr::Parser;
use crate::diagnostics::codes::texts as codes;
use crate::diagnostics::{Diagnostic, Sink, meant};
use crate::source::{Span, Spanned, Str};

/// Reads a text.
pub fn parse(text: &Str, sink: &mut Sink) -> Option<Text> {
    let before = sink.errors();
    let mut parser = Parser::new(text, sink);
    parser.skip_space();
    let kind = if parser.rest().starts_with("t:") {
        let key = key::key(&mut parser, None)?;
        parser.skip_space();
        if !parser.at_end() {
            return parser.unexpected(
                &codes::KEY_SYNTAX,
                "nothing after a `t:` text",
                Some("to mix it with other words write `{{t:key}}` inside a template"),
            );
        }
        TextKind::Key(key)
    } else {
        let tokens = tokens(&mut parser);
        TextKind::Template(nest::nest(nest::vanish(tokens, text), text, sink))
    };
    (sink.errors() == before).then(|| Text {
        source: text.clone(),
        kind,
    })
}

/// Reads what a button walks: `xs`, or `xs as x`.
pub fn parse_each(text: &Str, sink: &mut Sink) -> Option<(Expr, Option<Spanned<String>>)> {
    let mut parser = Parser::new(text, sink);
    parser.skip_space();
    let read = list_as(&mut parser)?;
    parser.expect_end()?;
    Some(read)
}

/// What a template is cut into.
#[derive(Debug)]
enum Token {
    /// A byte range of the source.
    Words(std::ops::Range<usize>),
    Value(Expr),
    Key(KeyRef),
    /// Block tags and comments: what lets a line vanish.
    Tag(Tag, Span),
}

#[derive(Debug)]
enum Tag {
    Each(Expr, Option<Spanned<String>>),
    If(Expr),
    ElseIf(Expr),
    Else,
    EndEach,
    EndIf,
    Comment,
}

/// Tags of one text that cannot be read, until the rest of it is left unread.
const UNREAD: usize = 50;

/// Cuts a template. Tags that could not be read are replaced by harmless ones.
fn tokens(parser: &mut Parser<'_, '_>) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut unread = 0;
    loop {
        let words = parser.pos;
        let rest = parser.rest();
        let open = rest.find("{{");
        let end = words + open.unwrap_or(rest.len());
        if let Some(stray) = parser
            .source()
            .value
            .get(words..end)
            .and_then(|w| w.find("}}"))
        {
            let span = parser.span(words + stray..words + stray + 2);
            parser.report(
                Diagnostic::new(&codes::TAG_UNCLOSED, span, "this `}}` closes nothing")
                    .help("to write two braces as they are: `{{\"}}\"}}`"),
            );
        }
        if end > words {
            tokens.push(Token::Words(words..end));
        }
        if open.is_none() {
            return tokens;
        }
        parser.pos = end + 2;
        if let Some(token) = tag(parser, end) {
            tokens.push(token);
        } else {
            // Reported. Go on behind the tag.
            unread += 1;
            if unread == UNREAD {
                return Vec::new();
            }
            skip_tag(parser);
        }
    }
}

/// One tag, from behind its `{{` (at `open`) to behind its `}}`. A block tag whose inside cannot be read is
/// reported and still given, so that its closing tag finds it.
fn tag(parser: &mut Parser<'_, '_>, open: usize) -> Option<Token> {
    parser.skip_space();
    let start = parser.pos;
    let rest = parser.rest();
    if rest.starts_with('!') {
        let Some(end) = rest.find("}}") else {
            return unclosed(parser, open);
        };
        parser.pos += end + 2;
        return Some(Token::Tag(Tag::Comment, parser.span(open..parser.pos)));
    }
    if rest.starts_with("t:") {
        let key = key::key(parser, Some(open))?;
        parser.close_tag(open)?;
        return Some(Token::Key(key));
    }
    if parser.eat("#") {
        return block(parser, open, start);
    }
    if parser.eat("/") {
        parser.skip_space();
        let word = parser.peek_word();
        let range = start..parser.pos + word.len();
        let tag = match word {
            "each" => Tag::EndEach,
            "if" => Tag::EndIf,
            // Its opening tag is reported.
            _ if parser.source().value.contains(&format!("{{{{#{word}")) => return None,
            _ => return unknown_tag(parser, range, word, "/"),
        };
        parser.pos += word.len();
        if parser.close_tag(open).is_none() {
            skip_tag(parser);
        }
        return Some(Token::Tag(tag, parser.span(open..parser.pos)));
    }
    match parser.peek_word() {
        "else" => {
            parser.pos += "else".len();
            let tag = if parser.eat_word("if") {
                Tag::ElseIf(inside(parser, open)?)
            } else {
                if parser.close_tag(open).is_none() {
                    skip_tag(parser);
                }
                Tag::Else
            };
            return Some(Token::Tag(tag, parser.span(open..parser.pos)));
        }
        "elseif" | "elif" => {
            let word = parser.peek_word();
            let span = parser.span(start..start + word.len());
            parser.report(
                Diagnostic::new(&codes::TAG_UNKNOWN, span, format!("`{word}` is not a tag"))
                    .help("write `{{else if …}}`"),
            );
            return None;
        }
        word @ ("each" | "if" | "endif" | "endeach" | "end") => {
            let after = parser
                .rest()
                .get(word.len()..)
                .unwrap_or_default()
                .trim_start();
            // `{{each}}` alone may be a variable of that name; `{{if x}}` cannot.
            let alone = after.starts_with("}}") && matches!(word, "each" | "if" | "end");
            if !alone || word != "each" {
                let help = if word.starts_with("end") {
                    "blocks are closed by `{{/if}}` and `{{/each}}`".to_owned()
                } else {
                    format!("write `{{{{#{word} …}}}}`")
                };
                let span = parser.span(start..start + word.len());
                parser.report(
                    Diagnostic::new(&codes::TAG_UNKNOWN, span, format!("`{word}` is not a tag"))
                        .help(help),
                );
                return None;
            }
        }
        _ => {}
    }
    if rest.starts_with("}}") {
        let span = parser.span(open..start + 2);
        parser.report(
            Diagnostic::new(&codes::TAG_UNKNOWN, span, "this tag is empty")
                .help("to write two braces as they are: `{{\"{{\"}}`"),
        );
        return None;
    }
    if !closes(rest) {
        return unclosed(parser, open);
    }
    let value = parser.expr()?;
    parser.close_tag(open)?;
    Some(Token::Value(value))
}

fn block(parser: &mut Parser<'_, '_>, open: usize, start: usize) -> Option<Token> {
    parser.skip_space();
    let word = parser.peek_word();
    let range = start..parser.pos + word.len();
    match word {
        "if" => {
            parser.pos += word.len();
            let condition = inside(parser, open)?;
            Some(Token::Tag(
                Tag::If(condition),
                parser.span(open..parser.pos),
            ))
        }
        "each" => {
            parser.pos += word.len();
            let (list, alias) = match each(parser, open) {
                Some(read) => read,
                None => (unread(parser, open)?, None),
            };
            let span = parser.span(open..parser.pos);
            Some(Token::Tag(Tag::Each(list, alias), span))
        }
        _ => unknown_tag(parser, range, word, "#"),
    }
}

fn each(parser: &mut Parser<'_, '_>, open: usize) -> Option<(Expr, Option<Spanned<String>>)> {
    let read = list_as(parser)?;
    parser.close_tag(open)?;
    Some(read)
}

/// `xs`, or `xs as x`.
fn list_as(parser: &mut Parser<'_, '_>) -> Option<(Expr, Option<Spanned<String>>)> {
    let list = parser.expr()?;
    let mut alias = None;
    if parser.eat_word("as") {
        parser.skip_space();
        let word = parser.peek_word();
        if word.is_empty() || super::expr::KEYWORDS.contains(&word) {
            return parser.unexpected(
                &codes::TAG_UNKNOWN,
                "a name after `as`",
                Some("`{{#each bookings as b}}` gives `{{b.slot}}`"),
            );
        }
        alias = Some(Spanned {
            node: word.to_owned(),
            span: parser.span(parser.pos..parser.pos + word.len()),
        });
        parser.pos += word.len();
    }
    Some((list, alias))
}

/// The condition of an opening tag; a placeholder where it cannot be read, nothing where the tag has no end.
fn inside(parser: &mut Parser<'_, '_>, open: usize) -> Option<Expr> {
    let read = |parser: &mut Parser<'_, '_>| {
        let expr = parser.expr()?;
        parser.close_tag(open)?;
        Some(expr)
    };
    read(parser).or_else(|| unread(parser, open))
}

fn unread(parser: &mut Parser<'_, '_>, open: usize) -> Option<Expr> {
    let ends = parser.rest().contains("}}");
    skip_tag(parser);
    ends.then(|| nothing(parser.span(open..open + 2)))
}

/// Stands for an expression that could not be read (then the text as a whole is not given).
fn nothing(span: Span) -> Expr {
    Expr {
        span,
        kind: ExprKind::Null,
    }
}

/// Whether a `}}` comes before the next `{{`, not counting what stands in quotes. Of quotes without an end the
/// parser of expressions speaks.
fn closes(rest: &str) -> bool {
    let mut quote = None;
    let mut chars = rest.char_indices();
    while let Some((i, c)) = chars.next() {
        match quote {
            Some(_) if c == '\\' => {
                chars.next();
            }
            Some(q) if c == q => quote = None,
            Some(_) => {}
            None if matches!(c, '\'' | '"') => quote = Some(c),
            None if rest[i..].starts_with("}}") => return true,
            None if rest[i..].starts_with("{{") => return false,
            None => {}
        }
    }
    quote.is_some()
}

/// Goes behind a tag that could not be read: behind its `}}`, or to the next `{{` if that comes first.
fn skip_tag(parser: &mut Parser<'_, '_>) {
    let rest = parser.rest();
    let next = rest.find("{{").unwrap_or(rest.len());
    let close = rest.get(..next).and_then(|tag| tag.find("}}"));
    parser.pos += close.map_or(next, |i| i + 2);
}

fn unclosed<T>(parser: &mut Parser<'_, '_>, open: usize) -> Option<T> {
    let span = parser.span(open..open + 2);
    parser.report(
        Diagnostic::new(&codes::TAG_UNCLOSED, span, "this `{{` is never closed")
            .help("close it with `}}`; to write two braces as they are: `{{\"{{\"}}`"),
    );
    None
}

fn unknown_tag<T>(
    parser: &mut Parser<'_, '_>,
    range: std::ops::Range<usize>,
    word: &str,
    sign: &str,
) -> Option<T> {
    let near = meant(word, ["each", "if"]);
    let help = match near {
        Some(near) => format!("did you mean `{sign}{}`?", near.word),
        None if matches!(word, "unless") => "write `{{#if not …}}`".to_owned(),
        None => "blocks are `{{#each …}}…{{/each}}` and `{{#if …}}…{{/if}}`".to_owned(),
    };
    let span = parser.span(range);
    let d = Diagnostic::new(
        &codes::TAG_UNKNOWN,
        span,
        format!("`{sign}{word}` is not a tag"),
    )
    .help(help);
    parser.report(match near {
        Some(near) => d.rename(word, &near),
        None => d,
    });
    None
}

#[cfg(test)]
mod tests;
