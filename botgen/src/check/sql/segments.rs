//! Segments that a statement names: words of `segments`, like everywhere else.

use sqlparser::tokenizer::Token;

use super::fault::Fault;
use super::text::Lexed;
use super::typer::Typer;
use crate::diagnostics::codes::broadcasts as codes;
use crate::diagnostics::meant;
use crate::source::Str;

/// The runtime's view, and its column.
const VIEW: &str = "bf_segments";
const COLUMN: &str = "segment";

/// Literals that `segment` is compared with and that are no segments of the bot.
pub fn check(typer: &Typer<'_>, lexed: &Lexed<'_>, declared: &[Str]) -> Vec<Fault> {
    let view = |name: &String| name.eq_ignore_ascii_case(VIEW);
    if !typer
        .relations
        .iter()
        .any(|r| r.table.as_ref().is_some_and(view))
    {
        return Vec::new();
    }
    let mut faults = Vec::new();
    let mut compared = false;
    for (i, token) in lexed.tokens.iter().enumerate() {
        match &token.token {
            Token::Word(word) if word.value.eq_ignore_ascii_case(COLUMN) => compared = true,
            Token::Word(word) if word.value.eq_ignore_ascii_case("IN") => {}
            Token::Eq | Token::Neq | Token::LParen | Token::Comma => {}
            Token::SingleQuotedString(name) if compared => {
                // A list goes on.
                compared = matches!(
                    lexed.tokens.get(i + 1).map(|t| &t.token),
                    Some(Token::Comma)
                );
                if declared.iter().any(|segment| segment.value == *name) {
                    continue;
                }
                let message = format!("there is no segment `{name}`");
                let fault = Fault::new(&codes::SEGMENT, token.range.clone(), message);
                let near = meant(name, declared.iter().map(|s| s.value.as_str()));
                faults.push(match near {
                    Some(near) => fault.suggest(name, Some(near)),
                    None => fault
                        .help("nobody can belong to it: declare it under `segments` in `bot.yaml`"),
                });
            }
            _ => compared = false,
        }
    }
    faults
}
