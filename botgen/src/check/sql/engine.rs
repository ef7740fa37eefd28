//! The engine's own words, with a place in the text: SQLite gives none, so the name it quotes is looked for.

use std::ops::Range;

use sqlparser::tokenizer::Token;

use super::fault::Fault;
use super::text::Lexed;
use crate::diagnostics::Code;

/// What SQLite said about the statement of these tokens.
pub fn fault(words: &str, lexed: &Lexed<'_>, tokens: &Range<usize>, code: &'static Code) -> Fault {
    let whole = lexed.bytes(tokens);
    let at = named(words)
        .and_then(|name| {
            // `near "x"` quotes the token; `no such column: t.x` ends with the name.
            let name = name.rsplit('.').next().unwrap_or(name);
            lexed.tokens[tokens.clone()]
                .iter()
                .find(|t| match &t.token {
                    Token::Word(w) => w.value.eq_ignore_ascii_case(name),
                    other => other.to_string() == name,
                })
        })
        .map_or(whole, |t| t.range.clone());
    let message = words.trim().trim_end_matches('.');
    Fault::new(code, at, format!("SQLite refuses this: {message}"))
}

fn named(words: &str) -> Option<&str> {
    if let Some((_, rest)) = words.split_once("near \"") {
        return rest.split('"').next();
    }
    for start in [
        "no such column: ",
        "no such table: ",
        "no such function: ",
        "no such index: ",
        "no such collation sequence: ",
        "ambiguous column name: ",
        "misuse of aggregate: ",
        "misuse of aggregate function ",
        "misuse of window function ",
        "wrong number of arguments to function ",
        "duplicate column name: ",
        "foreign key mismatch - \"",
        "unknown column \"",
        "there is already a table named ",
        "Cannot add a ",
    ] {
        if let Some((_, rest)) = words.split_once(start) {
            return rest.split(['(', '"', ' ', ',']).next();
        }
    }
    None
}
