//! `t:KEY {name=EXPR, …}` and `/command {name=EXPR, …}`.

use crate::diagnostics::codes::texts as codes;
use crate::diagnostics::{Diagnostic, Sink};
use crate::source::{Spanned, Str};
use crate::syntax::ast::{ButtonDoes, Expr, KeyRef};
use crate::syntax::expr::Parser;

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
pub(super) fn key(parser: &mut Parser<'_, '_>, open: Option<usize>) -> Option<KeyRef> {
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
        if let Some(inner) = parser.rest().strip_prefix("{{") {
            let inner = inner.split("}}").next().unwrap_or_default().trim();
            return parser.unexpected(
                &codes::ARGUMENT_SYNTAX,
                "a value",
                Some(&format!(
                    "inside the braces a bare word is a variable already: `{{{}={inner}}}`",
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
