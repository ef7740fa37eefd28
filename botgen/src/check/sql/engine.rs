//! The engine's own words, with a place in the text: Postgres gives one, SQLite none, so the name it quotes is looked for.

use std::ops::Range;

use sqlparser::tokenizer::Token;

use super::fault::Fault;
use super::text::Lexed;
use crate::diagnostics::Code;
use crate::diagnostics::codes::sql as codes;

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

/// What Postgres said.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    /// `42703`.
    pub sqlstate: &'a str,
    /// Its message.
    pub message: &'a str,
    /// Its hint.
    pub hint: Option<&'a str>,
    /// The byte of the author's text that it means.
    pub at: Option<usize>,
}

/// The byte of a position in characters, from 1.
pub fn byte_of(text: &str, position: usize) -> Option<usize> {
    let mut chars = text.char_indices();
    chars.nth(position.checked_sub(1)?).map(|(byte, _)| byte)
}

/// What Postgres said about a statement, under our code for it.
pub fn refusal(words: &Words<'_>, lexed: &Lexed<'_>, tokens: &Range<usize>) -> Fault {
    let code = match words.sqlstate {
        "42P01" => &codes::UNKNOWN_TABLE,
        "42703" => &codes::UNKNOWN_COLUMN,
        "42883" if words.message.starts_with("function") => &codes::FUNCTION,
        "42702" | "42725" if words.message.starts_with("column") => &codes::AMBIGUOUS,
        "42601" => &codes::SYNTAX,
        "42803" | "42P20" => &codes::GROUPING,
        "42P10" if words.message.contains("ON CONFLICT") => &codes::CONFLICT_TARGET,
        // Types that do not meet, values that are none of their type.
        "42883" | "42725" | "42804" | "42846" | "42P08" | "42P18" | "22P02" | "22003" | "22007"
        | "22008" => &codes::TYPE,
        _ => &codes::ENGINE,
    };
    refusal_as(words, lexed, tokens, code)
}

/// The same under a given code.
pub fn refusal_as(
    words: &Words<'_>,
    lexed: &Lexed<'_>,
    tokens: &Range<usize>,
    code: &'static Code,
) -> Fault {
    let whole = lexed.bytes(tokens);
    let at = words
        .at
        // What we have added stands behind the last token.
        .map(|byte| lexed.token_at(byte).unwrap_or(tokens.end))
        .map(|i| i.clamp(tokens.start, tokens.end.saturating_sub(1)))
        // `COLLATE "x"`: Postgres shows the clause, the name it quotes says more.
        .map(|i| {
            let name = words.message.split('"').nth(1);
            let same = |t: &Token| matches!((t, name), (Token::Word(w), Some(n)) if w.value.eq_ignore_ascii_case(n));
            (i..(i + 3).min(tokens.end))
                .find(|i| same(&lexed.tokens[*i].token))
                .unwrap_or(i)
        })
        .or_else(|| {
            // Without a place: the name it quotes.
            let name = words.message.split('"').nth(1)?;
            lexed.tokens[tokens.clone()]
                .iter()
                .position(
                    |t| matches!(&t.token, Token::Word(w) if w.value.eq_ignore_ascii_case(name)),
                )
                .map(|i| i + tokens.start)
        })
        .map_or(whole, |i| named_at(lexed, i));
    let message = match quoted_name(words.message) {
        Some(name) if code == &codes::UNKNOWN_TABLE => format!("there is no table `{name}`"),
        Some(name) if code == &codes::UNKNOWN_COLUMN => format!("there is no column `{name}`"),
        _ => format!("Postgres refuses this: {}", line(words.message)),
    };
    Fault::new(code, at, message).maybe_help(words.hint.map(line))
}

/// A token, with the table's name before a column's.
fn named_at(lexed: &Lexed<'_>, i: usize) -> Range<usize> {
    let mut range = lexed.tokens[i].range.clone();
    let next = |n: usize| lexed.tokens.get(i + n);
    if matches!(lexed.tokens[i].token, Token::Word(_))
        && next(1).is_some_and(|t| t.token == Token::Period)
        && let Some(column) = next(2)
    {
        range.end = column.range.end;
    }
    range
}

/// `column o.x does not exist`, `relation "x" does not exist`: the name.
fn quoted_name(message: &str) -> Option<&str> {
    let rest = message
        .strip_prefix("relation ")
        .or_else(|| message.strip_prefix("column "))?;
    let name = rest.strip_suffix(" does not exist")?;
    Some(name.trim_matches('"'))
}

/// One line of plain words.
fn line(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.trim_end_matches('.').replace('"', "`");
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(a), Some(b)) if a.is_ascii_uppercase() && b.is_ascii_lowercase() => {
            let mut lower = a.to_ascii_lowercase().to_string();
            lower.push_str(&text[1..]);
            lower
        }
        _ => text,
    }
}
