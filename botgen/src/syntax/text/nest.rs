//! Tags into a tree: lines of block tags vanish, blocks are nested, the ends trimmed.

use botfactory_lang::limits::NESTING;

use super::{Tag, Token, nothing};
use crate::diagnostics::codes::texts as codes;
use crate::diagnostics::{Diagnostic, Sink};
use crate::source::{Span, Spanned, Str};
use crate::syntax::ast::{Expr, Piece};

/// Empties the lines that hold nothing but block tags and comments: their spaces and their line break go.
pub(super) fn vanish(tokens: Vec<Token>, text: &Str) -> Vec<Token> {
    // Words are cut behind each line break, so a line is a run of tokens up to one that ends in `\n`.
    let mut lines: Vec<Vec<Token>> = vec![Vec::new()];
    let mut push = |token: Token, ends: bool| {
        if let Some(line) = lines.last_mut() {
            line.push(token);
        }
        if ends {
            lines.push(Vec::new());
        }
    };
    for token in tokens {
        let Token::Words(range) = token else {
            push(token, false);
            continue;
        };
        let words = text.value.get(range.clone()).unwrap_or_default();
        let mut at = range.start;
        for line in words.split_inclusive('\n') {
            push(Token::Words(at..at + line.len()), line.ends_with('\n'));
            at += line.len();
        }
    }
    lines
        .into_iter()
        .flat_map(|line| {
            let blank = |t: &Token| match t {
                Token::Words(r) => text
                    .value
                    .get(r.clone())
                    .is_none_or(|w| w.trim().is_empty()),
                Token::Tag(..) => true,
                Token::Value(_) | Token::Key(_) => false,
            };
            let bare = line.iter().all(blank) && line.iter().any(|t| matches!(t, Token::Tag(..)));
            line.into_iter()
                .filter(move |t| !bare || matches!(t, Token::Tag(..)))
        })
        .filter(|t| !matches!(t, Token::Tag(Tag::Comment, _)))
        .collect()
}

/// An open block.
#[derive(Debug)]
struct Open {
    span: Span,
    kind: OpenKind,
    /// What the current branch holds.
    pieces: Vec<Piece>,
    /// `{{else}}` was met.
    otherwise: Option<Span>,
}

#[derive(Debug)]
enum OpenKind {
    Root,
    Each {
        list: Expr,
        alias: Option<Spanned<String>>,
        body: Vec<Piece>,
    },
    If {
        /// Finished arms.
        arms: Vec<(Expr, Vec<Piece>)>,
        /// Condition of the current arm.
        condition: Expr,
    },
}

impl OpenKind {
    fn name(&self) -> &'static str {
        match self {
            Self::Root => "",
            Self::Each { .. } => "each",
            Self::If { .. } => "if",
        }
    }
}

/// Nests the tags and trims both ends.
pub(super) fn nest(tokens: Vec<Token>, text: &Str, sink: &mut Sink) -> Vec<Piece> {
    let root = |pieces| Open {
        span: text.span,
        kind: OpenKind::Root,
        pieces,
        otherwise: None,
    };
    let mut stack: Vec<Open> = Vec::new();
    let mut top = root(Vec::new());
    for token in tokens {
        match token {
            Token::Words(range) => words(&mut top.pieces, range, text),
            Token::Value(expr) => top.pieces.push(Piece::Value(expr)),
            Token::Key(key) => top.pieces.push(Piece::Key(key)),
            Token::Tag(tag @ (Tag::Each(..) | Tag::If(_)), span) => {
                if stack.len() >= NESTING {
                    sink.report(
                        Diagnostic::new(
                            &codes::TAG_NESTING,
                            span,
                            format!("blocks are nested deeper than {NESTING}"),
                        )
                        .help("simplify the text"),
                    );
                    // The text is not handed on: nothing more to learn from it.
                    return Vec::new();
                }
                let kind = match tag {
                    Tag::Each(list, alias) => OpenKind::Each {
                        list,
                        alias,
                        body: Vec::new(),
                    },
                    Tag::If(condition) => OpenKind::If {
                        arms: Vec::new(),
                        condition,
                    },
                    _ => OpenKind::Root,
                };
                let opened = Open {
                    span,
                    kind,
                    pieces: Vec::new(),
                    otherwise: None,
                };
                stack.push(std::mem::replace(&mut top, opened));
            }
            Token::Tag(tag @ (Tag::Else | Tag::ElseIf(_)), span) => {
                otherwise(&mut top, tag, span, sink);
            }
            Token::Tag(tag @ (Tag::EndEach | Tag::EndIf), span) => {
                let name = if matches!(tag, Tag::EndIf) {
                    "if"
                } else {
                    "each"
                };
                if top.kind.name() == name {
                    close(&mut top, &mut stack);
                } else if stack.iter().any(|o| o.kind.name() == name) {
                    // Inner blocks were forgotten: report them and close them with it.
                    while top.kind.name() != name && !stack.is_empty() {
                        report_open(&top, Some((span, name)), sink);
                        close(&mut top, &mut stack);
                    }
                    close(&mut top, &mut stack);
                } else {
                    sink.report(
                        Diagnostic::new(
                            &codes::TAG_UNCLOSED,
                            span,
                            format!("`{{{{/{name}}}}}` closes nothing"),
                        )
                        .help(format!("there is no open `{{{{#{name}}}}}` before it")),
                    );
                }
            }
            Token::Tag(Tag::Comment, _) => {}
        }
    }
    while !stack.is_empty() {
        report_open(&top, None, sink);
        close(&mut top, &mut stack);
    }
    let mut pieces = top.pieces;
    trim(&mut pieces, text);
    pieces
}

/// Appends words, joined with what stands directly before them in the source.
fn words(pieces: &mut Vec<Piece>, range: std::ops::Range<usize>, source: &Str) {
    let Some(more) = source.value.get(range.clone()) else {
        return;
    };
    if let Some(Piece::Literal { text, span, at }) = pieces.last_mut()
        && *at + text.len() == range.start
    {
        text.push_str(more);
        *span = source.span_of(*at..range.end);
        return;
    }
    pieces.push(Piece::Literal {
        text: more.to_owned(),
        span: source.span_of(range.clone()),
        at: range.start,
    });
}

fn otherwise(top: &mut Open, tag: Tag, span: Span, sink: &mut Sink) {
    let error =
        |message: &str, help: &str| Diagnostic::new(&codes::TAG_UNCLOSED, span, message).help(help);
    if let Some(first) = top.otherwise {
        sink.report(
            error(
                "this block has its `{{else}}` already",
                "`{{else}}` is the last branch of a block",
            )
            .note(first, "the first one"),
        );
        return;
    }
    match (&mut top.kind, tag) {
        (OpenKind::Root, _) => sink.report(error(
            "`{{else}}` stands outside of any block",
            "it belongs between `{{#if}}` or `{{#each}}` and its closing tag",
        )),
        (OpenKind::Each { .. }, Tag::ElseIf(_)) => sink.report(error(
            "`{{#each}}` has no `{{else if}}`",
            "write `{{else}}` and an `{{#if}}` inside it",
        )),
        (OpenKind::Each { body, .. }, _) => {
            *body = std::mem::take(&mut top.pieces);
            top.otherwise = Some(span);
        }
        (OpenKind::If { arms, condition }, Tag::ElseIf(next)) => {
            let finished = std::mem::replace(condition, next);
            arms.push((finished, std::mem::take(&mut top.pieces)));
        }
        (OpenKind::If { arms, condition }, _) => {
            let finished = std::mem::replace(condition, nothing(span));
            arms.push((finished, std::mem::take(&mut top.pieces)));
            top.otherwise = Some(span);
        }
    }
}

/// Puts the finished block into the one around it.
fn close(top: &mut Open, stack: &mut Vec<Open>) {
    let Some(outer) = stack.pop() else {
        return;
    };
    let done = std::mem::replace(top, outer);
    let has_else = done.otherwise.is_some();
    let piece = match done.kind {
        OpenKind::Root => return,
        OpenKind::Each { list, alias, body } => {
            let (body, otherwise) = if has_else {
                (body, done.pieces)
            } else {
                (done.pieces, Vec::new())
            };
            Piece::Each {
                span: done.span,
                list,
                alias,
                body,
                otherwise,
            }
        }
        OpenKind::If {
            mut arms,
            condition,
        } => {
            let otherwise = if has_else {
                done.pieces
            } else {
                arms.push((condition, done.pieces));
                Vec::new()
            };
            Piece::If {
                span: done.span,
                arms,
                otherwise,
            }
        }
    };
    top.pieces.push(piece);
}

fn report_open(open: &Open, instead: Option<(Span, &str)>, sink: &mut Sink) {
    let name = open.kind.name();
    let mut diagnostic = Diagnostic::new(
        &codes::TAG_UNCLOSED,
        open.span,
        format!("`{{{{#{name}}}}}` is never closed"),
    )
    .help(format!("add `{{{{/{name}}}}}` where it ends"));
    if let Some((span, other)) = instead {
        diagnostic = diagnostic.note(span, format!("`{{{{/{other}}}}}` comes first"));
    }
    sink.report(diagnostic);
}

/// Trims the outer whitespace of a template: as far as words stand at its very ends.
fn trim(pieces: &mut Vec<Piece>, source: &Str) {
    while let Some(Piece::Literal { text, span, at }) = pieces.first_mut() {
        let trimmed = text.trim_start();
        if trimmed.is_empty() {
            pieces.remove(0);
            continue;
        }
        let cut = text.len() - trimmed.len();
        *text = trimmed.to_owned();
        *at += cut;
        *span = source.span_of(*at..*at + text.len());
        break;
    }
    while let Some(Piece::Literal { text, span, at }) = pieces.last_mut() {
        let len = text.trim_end().len();
        if len == 0 {
            pieces.pop();
            continue;
        }
        text.truncate(len);
        *span = source.span_of(*at..*at + len);
        break;
    }
}
