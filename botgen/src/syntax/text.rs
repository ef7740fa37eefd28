//! Texts: `t:KEY {…}` and templates, to AST.
//!
//! A template is first cut into literals and tags, then lines of block tags are emptied, then the tags are nested.
//! A tag that cannot be read is reported and skipped, so one text can report several mistakes.

use botfactory_lang::limits::NESTING;

use super::ast::{ButtonDoes, Expr, ExprKind, KeyRef, Piece, Text, TextKind};
use super::expr::Parser;
use crate::diagnostics::codes::texts as codes;
use crate::diagnostics::{Diagnostic, Sink, did_you_mean};
use crate::source::{Span, Spanned, Str};

/// Reads a text.
pub fn parse(text: &Str, sink: &mut Sink) -> Option<Text> {
    let before = sink.errors();
    let mut parser = Parser::new(text, sink);
    parser.skip_space();
    let kind = if parser.rest().starts_with("t:") {
        let key = key(&mut parser, None)?;
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
        TextKind::Template(nest(vanish(tokens, text), text, sink))
    };
    (sink.errors() == before).then(|| Text {
        source: text.clone(),
        kind,
    })
}

/// Reads a button's `callback:`: `/cmd` or `/cmd {id=EXPR, …}`.
pub fn parse_callback(text: &Str, sink: &mut Sink) -> Option<ButtonDoes> {
    const FORM: &str =
        "a callback is a command, with its arguments in braces: `/product {id=p.id}`";
    let mut parser = Parser::new(text, sink);
    parser.skip_space();
    let start = parser.pos;
    if !parser.eat("/") {
        return parser.unexpected(
            &codes::CALLBACK_SYNTAX,
            "a command with its `/`",
            Some(FORM),
        );
    }
    let rest = parser.rest();
    let end = rest
        .find(|c: char| c.is_whitespace() || c == '{')
        .unwrap_or(rest.len());
    parser.pos += end;
    if end == 0 {
        return parser.unexpected(&codes::CALLBACK_SYNTAX, "a command's name", Some(FORM));
    }
    let command = Spanned {
        node: text
            .value
            .get(start..parser.pos)
            .unwrap_or_default()
            .to_owned(),
        span: parser.span(start..parser.pos),
    };
    parser.skip_space();
    let args = if parser.rest().starts_with('{') {
        arguments(&mut parser)?
    } else {
        Vec::new()
    };
    parser.skip_space();
    if !parser.at_end() {
        return parser.unexpected(&codes::CALLBACK_SYNTAX, "`{` or the end", Some(FORM));
    }
    Some(ButtonDoes::Callback {
        command,
        args,
        span: text.span,
    })
}

/// `t:KEY[.attribute] {…}`; `open` is the place of the `{{` around it.
fn key(parser: &mut Parser<'_, '_>, open: Option<usize>) -> Option<KeyRef> {
    let start = parser.pos;
    parser.pos += "t:".len();
    let name = identifier(parser, "the key of a translation after `t:`", true)?;
    let attribute = if parser.eat(".") {
        Some(identifier(
            parser,
            "the name of an attribute after `.`",
            false,
        )?)
    } else {
        None
    };
    let mut end = parser.pos;
    parser.skip_space();
    let args = if parser.rest().starts_with('{')
        && open.is_none_or(|_| !parser.rest().starts_with("{{"))
    {
        let args = arguments(parser)?;
        end = parser.pos;
        args
    } else {
        Vec::new()
    };
    Some(KeyRef {
        span: parser.span(start..end),
        key: name,
        attribute,
        args,
    })
}

/// A Fluent identifier: `[a-zA-Z][a-zA-Z0-9_-]*`.
fn identifier(parser: &mut Parser<'_, '_>, wanted: &str, key: bool) -> Option<Spanned<String>> {
    let rest = parser.rest();
    let start = parser.pos;
    let len = rest
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))
        .unwrap_or(rest.len());
    let name = rest.get(..len).unwrap_or_default();
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        let help = if !key {
            None
        } else if name.starts_with('-') {
            Some("a term (`-name`) stands in other translations only; make a message of it")
        } else {
            Some(
                "keys begin with a letter; a text that really begins with `t:` is written `{{\"t:\"}}`",
            )
        };
        return parser.unexpected(&codes::KEY_SYNTAX, wanted, help);
    }
    parser.pos += len;
    Some(Spanned {
        node: name.to_owned(),
        span: parser.span(start..parser.pos),
    })
}

/// `{name=EXPR, …}`.
fn arguments(parser: &mut Parser<'_, '_>) -> Option<Vec<(Spanned<String>, Expr)>> {
    let open = parser.pos;
    parser.pos += 1;
    let mut args: Vec<(Spanned<String>, Expr)> = Vec::new();
    loop {
        parser.skip_space();
        if parser.eat("}") {
            return Some(args);
        }
        if parser.at_end() {
            return unclosed_arguments(parser, open);
        }
        let name = argument_name(parser)?;
        if let Some((first, _)) = args.iter().find(|(n, _)| n.node == name.node) {
            let diagnostic = Diagnostic::new(
                &codes::ARGUMENT_SYNTAX,
                name.span,
                format!("`{}` is given twice", name.node),
            )
            .note(first.span, "first given here");
            parser.report(diagnostic);
            return None;
        }
        parser.skip_space();
        if parser.rest().starts_with("{{") {
            return parser.unexpected(
                &codes::ARGUMENT_SYNTAX,
                "a value",
                Some(&format!(
                    "inside the braces a bare word is a variable already: `{{{0}={0}}}`",
                    name.node
                )),
            );
        }
        args.push((name, parser.expr()?));
        parser.skip_space();
        if parser.eat(",") || parser.rest().starts_with('}') {
            continue;
        }
        if parser.at_end() {
            return unclosed_arguments(parser, open);
        }
        return parser.unexpected(
            &codes::ARGUMENT_SYNTAX,
            "`,` or `}`",
            Some("arguments are separated by commas: `{a=x, b=y}`"),
        );
    }
}

fn unclosed_arguments<T>(parser: &mut Parser<'_, '_>, open: usize) -> Option<T> {
    let span = parser.span(open..open + 1);
    parser.report(
        Diagnostic::new(&codes::ARGUMENT_SYNTAX, span, "this `{` is never closed")
            .help("close the arguments with `}`"),
    );
    None
}

/// `name=`, up to and with the sign.
fn argument_name(parser: &mut Parser<'_, '_>) -> Option<Spanned<String>> {
    let rest = parser.rest();
    let start = parser.pos;
    let len = rest
        .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-'))
        .unwrap_or(rest.len());
    let name = rest.get(..len).unwrap_or_default().to_owned();
    if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        let help = if rest.starts_with('$') {
            "the `$` stands in the translation only: `{name=value}`"
        } else {
            "arguments are written `{name=value}`"
        };
        return parser.unexpected(&codes::ARGUMENT_SYNTAX, "an argument's name", Some(help));
    }
    parser.pos += len;
    let span = parser.span(start..parser.pos);
    parser.skip_space();
    if !parser.eat("=") {
        let help = if parser.rest().starts_with([',', '}']) {
            format!("write `{name}={name}`")
        } else {
            format!("arguments are written `{{{name}=value}}`")
        };
        return parser.unexpected(&codes::ARGUMENT_SYNTAX, "`=`", Some(&help));
    }
    Some(Spanned { node: name, span })
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

/// Cuts a template. Tags that could not be read are replaced by harmless ones.
fn tokens(parser: &mut Parser<'_, '_>) -> Vec<Token> {
    let mut tokens = Vec::new();
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
        let key = key(parser, Some(open))?;
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
    parser.close_tag(open)?;
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

/// Goes behind a tag that could not be read: behind its `}}`, or to the next `{{` if that comes first.
fn skip_tag(parser: &mut Parser<'_, '_>) {
    let rest = parser.rest();
    let close = rest.find("}}").map(|i| i + 2);
    let open = rest.find("{{");
    parser.pos += close.into_iter().chain(open).min().unwrap_or(rest.len());
}

fn unclosed<T>(parser: &mut Parser<'_, '_>, open: usize) -> Option<T> {
    let span = parser.span(open..open + 2);
    parser.report(
        Diagnostic::new(&codes::TAG_UNCLOSED, span, "this `{{` is never closed")
            .help("close it with `}}`"),
    );
    None
}

fn unknown_tag<T>(
    parser: &mut Parser<'_, '_>,
    range: std::ops::Range<usize>,
    word: &str,
    sign: &str,
) -> Option<T> {
    let help = match did_you_mean(word, ["each", "if"]) {
        Some(meant) => format!("did you mean `{sign}{meant}`?"),
        None if matches!(word, "unless") => "write `{{#if not …}}`".to_owned(),
        None => "blocks are `{{#each …}}…{{/each}}` and `{{#if …}}…{{/if}}`".to_owned(),
    };
    let span = parser.span(range);
    parser.report(
        Diagnostic::new(
            &codes::TAG_UNKNOWN,
            span,
            format!("`{sign}{word}` is not a tag"),
        )
        .help(help),
    );
    None
}

/// Empties the lines that hold nothing but block tags and comments: their spaces and their line break go.
fn vanish(tokens: Vec<Token>, text: &Str) -> Vec<Token> {
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
fn nest(tokens: Vec<Token>, text: &Str, sink: &mut Sink) -> Vec<Piece> {
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

#[cfg(test)]
mod tests;
