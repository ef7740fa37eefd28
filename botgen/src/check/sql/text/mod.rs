//! SQL text by tokens: every place is a byte range of the text, also in the parsed statements.
//!
//! sqlparser counts lines and characters. Its tokens are given byte offsets before they are parsed, as columns of
//! line 1, so that every span of the tree is a byte range and no other file converts anything.

mod edits;
mod places;

use std::ops::Range;

use sqlparser::ast::Statement;
use sqlparser::dialect::{Dialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Span as SqlSpan, Token, TokenWithSpan, Tokenizer};

use super::fault::Fault;
use crate::Engine;
use crate::diagnostics::codes::sql as codes;
use crate::diagnostics::did_you_mean;
use places::next_char;

pub use edits::{Edits, Origins};

/// Deepest nesting of parentheses and CASEs.
const DEPTH: usize = 20;
/// The parser's own bound, which counts several steps for each of them.
const PARSER_DEPTH: usize = 50;
/// Stack for parsing and typing: unoptimised, sqlparser takes more than 100 kB for a subquery in FROM, and who calls us
/// may be a test's thread with 2 MB.
const STACK: usize = 32 << 20;
/// Most operators in an expression with all that are around it.
const OPERATORS: usize = 120;
/// Most UNIONs, EXCEPTs and INTERSECTs.
const SETS: usize = 30;

fn dialect(engine: Engine) -> &'static dyn Dialect {
    match engine {
        Engine::Sqlite => &SQLiteDialect {},
        Engine::Postgres => &PostgreSqlDialect {},
    }
}

/// A text and its tokens, whitespace and comments left out.
#[derive(Debug)]
pub struct Lexed<'a> {
    /// The text.
    pub text: &'a str,
    /// In order.
    pub tokens: Vec<Tok>,
    /// Whose SQL it is.
    pub engine: Engine,
}

/// Runs `work`, if it goes `deep` with a stack that is large enough for whatever [`Lexed::parse`] lets through.
///
/// # Errors
/// The machine has no thread to spare.
pub fn with_stack<T: Send>(deep: bool, work: impl FnOnce() -> T + Send) -> Result<T, Fault> {
    if !deep {
        return Ok(work());
    }
    std::thread::scope(|scope| {
        let spawned = std::thread::Builder::new()
            .name("botgen-deep".into())
            .stack_size(STACK)
            .spawn_scoped(scope, work);
        match spawned.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(e) => Err(Fault::new(
                &codes::DATABASE,
                0..0,
                format!("the machine has no thread to check SQL with: {e}"),
            )),
        }
    })
}

/// A token.
#[derive(Debug, Clone)]
pub struct Tok {
    /// What it is. `:name` is one [`Token::Placeholder`].
    pub token: Token,
    /// Where it stands.
    pub range: Range<usize>,
    /// Index of the matching parenthesis.
    pub pair: Option<usize>,
    /// Index of the innermost `(` around it.
    pub within: Option<usize>,
}

impl Tok {
    /// Whether it is this unquoted word.
    pub fn is_word(&self, word: &str) -> bool {
        matches!(&self.token, Token::Word(w) if w.quote_style.is_none() && w.value.eq_ignore_ascii_case(word))
    }
    /// The unquoted word, upper case.
    pub fn word(&self) -> Option<String> {
        match &self.token {
            Token::Word(w) if w.quote_style.is_none() => Some(w.value.to_ascii_uppercase()),
            _ => None,
        }
    }
}

/// Cuts a text into tokens.
pub fn lex(text: &str, engine: Engine) -> Result<Lexed<'_>, Fault> {
    let mut at = Offsets::new(text);
    let raw = Tokenizer::new(dialect(engine), text)
        .tokenize_with_location()
        .map_err(|e| {
            let lo = at.byte(e.location).min(text.len());
            let message = e.message.trim_end_matches('.').to_owned();
            Fault::new(
                &codes::SYNTAX,
                lo..next_char(text, lo),
                lower_first(&message),
            )
        })?;
    let mut tokens: Vec<Tok> = Vec::with_capacity(raw.len() / 2);
    let mut after_colon = false;
    for TokenWithSpan { token, span } in raw {
        let range = at.byte(span.start)..at.byte(span.end);
        let glued = std::mem::take(&mut after_colon);
        match token {
            Token::Whitespace(_) => continue,
            Token::Colon => after_colon = true,
            Token::Word(ref w) if glued && w.quote_style.is_none() => {
                if let Some(colon) = tokens.last_mut() {
                    colon.token = Token::Placeholder(format!(":{}", w.value));
                    colon.range.end = range.end;
                    continue;
                }
            }
            _ => {}
        }
        tokens.push(Tok {
            token,
            range,
            pair: None,
            within: None,
        });
    }
    let mut open: Vec<usize> = Vec::new();
    for i in 0..tokens.len() {
        if tokens[i].token == Token::RParen
            && let Some(start) = open.pop()
        {
            tokens[i].pair = Some(start);
            tokens[start].pair = Some(i);
        }
        tokens[i].within = open.last().copied();
        if tokens[i].token == Token::LParen {
            open.push(i);
        }
    }
    Ok(Lexed {
        text,
        tokens,
        engine,
    })
}

impl Lexed<'_> {
    /// Token ranges of the statements, `;` left out, empty ones too.
    pub fn statements(&self) -> Vec<Range<usize>> {
        let mut list = Vec::new();
        let mut start = 0;
        for (i, tok) in self.tokens.iter().enumerate() {
            if tok.token == Token::SemiColon {
                list.push(start..i);
                start = i + 1;
            }
        }
        list.push(start..self.tokens.len());
        list.retain(|r| !r.is_empty());
        list
    }

    /// The bytes of a range of tokens.
    pub fn bytes(&self, tokens: &Range<usize>) -> Range<usize> {
        match (self.tokens.get(tokens.start), tokens.end.checked_sub(1)) {
            (Some(first), Some(last)) if last < self.tokens.len() => {
                first.range.start..self.tokens[last].range.end
            }
            _ => self.text.len()..self.text.len(),
        }
    }

    /// Parses one statement.
    pub fn parse(&self, tokens: &Range<usize>) -> Result<Statement, Fault> {
        let deep = self.depth(tokens)?;
        with_stack(deep, || self.parse_here(tokens))?
    }

    fn parse_here(&self, tokens: &Range<usize>) -> Result<Statement, Fault> {
        let list = self.tokens[tokens.clone()]
            .iter()
            .map(|t| TokenWithSpan::new(t.token.clone(), span(&t.range)))
            .collect();
        let mut parser = Parser::new(dialect(self.engine))
            .with_recursion_limit(PARSER_DEPTH)
            .with_tokens_with_locations(list);
        let parsed = parser.parse_statement().and_then(|st| {
            let next = parser.peek_token();
            if next.token == Token::EOF {
                return Ok(st);
            }
            Err(ParserError::ParserError(format!(
                "`{}` is not expected here at Line: 1, Column: {}",
                next.token, next.span.start.column
            )))
        });
        parsed.map_err(|e| self.syntax(e, tokens))
    }

    /// The parser bounds its own recursion, but not chains: `a OR b OR …` is read in a loop and makes a tree as deep
    /// as it is long. What every later stage walks recursively is bounded here. True: it needs a stack of its own.
    pub fn depth(&self, tokens: &Range<usize>) -> Result<bool, Fault> {
        let too_deep = |i: usize| {
            let at = self.tokens[i].range.clone();
            Err(
                Fault::new(&codes::SYNTAX, at, "the statement is nested too deeply")
                    .help("write IN (…) for a chain of OR, or keep the values in a table"),
            )
        };
        // Operators of the expressions around the token, by parenthesis.
        let mut levels = vec![0_usize];
        let (mut sets, mut cases) = (0, 0_usize);
        let mut deep = false;
        for i in tokens.clone() {
            let token = &self.tokens[i];
            let Some(level) = levels.last_mut() else {
                return Ok(true); // the parser says what is wrong
            };
            match &token.token {
                Token::LParen => levels.push(0),
                Token::RParen => {
                    levels.pop();
                }
                Token::Comma => *level = 0,
                Token::Word(w) if w.quote_style.is_none() => {
                    match w.value.to_ascii_uppercase().as_str() {
                        "CASE" => cases += 1,
                        "END" => cases = cases.saturating_sub(1),
                        "AND" | "OR" | "NOT" | "IS" | "ISNULL" | "NOTNULL" | "LIKE" | "ILIKE"
                        | "GLOB" | "REGEXP" | "MATCH" | "IN" | "BETWEEN" | "COLLATE" => *level += 1,
                        "UNION" | "EXCEPT" | "INTERSECT" => sets += 1,
                        "SELECT" | "FROM" | "WHERE" | "ON" | "SET" | "HAVING" | "BY" | "WHEN"
                        | "THEN" | "ELSE" | "VALUES" => *level = 0,
                        _ => {}
                    }
                }
                Token::Word(_)
                | Token::Number(..)
                | Token::SingleQuotedString(_)
                | Token::Placeholder(_)
                | Token::Period
                | Token::SemiColon => {}
                _ => *level += 1,
            }
            let (nested, operators) = (levels.len() + cases, levels.iter().sum::<usize>());
            if nested > DEPTH || sets > SETS || operators > OPERATORS {
                return too_deep(i);
            }
            deep |= nested > 4 || sets > 4 || operators > 24;
        }
        Ok(deep)
    }

    fn syntax(&self, error: ParserError, tokens: &Range<usize>) -> Fault {
        let whole = self.bytes(tokens);
        let text = match error {
            ParserError::ParserError(text) | ParserError::TokenizerError(text) => text,
            ParserError::RecursionLimitExceeded => {
                return Fault::new(
                    &codes::SYNTAX,
                    whole,
                    "the statement is nested too deeply".to_owned(),
                );
            }
        };
        let (message, at) = match text.rsplit_once(" at Line: ") {
            Some((message, place)) => (
                message.to_owned(),
                place
                    .rsplit_once("Column: ")
                    .and_then(|(_, column)| column.trim().parse::<usize>().ok()),
            ),
            None => (text, None),
        };
        // Without a place the statement ends too early.
        let range = match at {
            Some(column) => self
                .token_at(column.saturating_sub(1))
                .map_or(whole.end..whole.end, |i| self.tokens[i].range.clone()),
            None => self
                .tokens
                .get(tokens.end.saturating_sub(1))
                .map_or(whole, |t| t.range.clone()),
        };
        // The parser's own debugging says no more than the token, which the caret shows.
        let message = match message.split_once(" for token ") {
            Some(_) => "this word or sign cannot stand here".to_owned(),
            None => message,
        };
        let message = match message.strip_prefix("Expected: ") {
            Some(rest) => {
                let (wanted, found) = rest.split_once(", found: ").unwrap_or((rest, "EOF"));
                let found = found.trim();
                let found = if found == "EOF" {
                    "the end".to_owned()
                } else {
                    format!("`{found}`")
                };
                format!("expected {}, found {found}", lower_first(wanted.trim()))
            }
            None => lower_first(message.trim().trim_end_matches('.')),
        };
        let help = self
            .placeholder(&range)
            .or_else(|| self.misspelt(&range, tokens))
            .or_else(|| self.comma(&range, tokens));
        Fault::new(&codes::SYNTAX, range, message).maybe_help(help)
    }

    /// `{{name}}`, `{name}`, `%s`: how values are put into SQL elsewhere.
    fn placeholder(&self, at: &Range<usize>) -> Option<String> {
        let from = self.slice(&(at.start..self.tokens.last()?.range.end));
        let inner = from.trim_start_matches('{').trim_start();
        let end = inner.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let name = &inner[..end.unwrap_or(inner.len())];
        match (from.starts_with('{'), name) {
            (true, "") => Some("a value is a parameter: write `:name`".to_owned()),
            (true, name) => Some(format!("a value is a parameter: write `:{name}`")),
            (false, _) if from.starts_with('%') => {
                Some("a value is a parameter: write `:name`".to_owned())
            }
            _ => None,
        }
    }

    /// Two names side by side in a list of columns.
    fn comma(&self, at: &Range<usize>, tokens: &Range<usize>) -> Option<String> {
        let i = self.token_at(at.start).filter(|i| tokens.contains(i))?;
        const GOES_ON: [&str; 16] = [
            "FROM",
            "WHERE",
            "ORDER",
            "GROUP",
            "LIMIT",
            "JOIN",
            "ON",
            "AND",
            "OR",
            "AS",
            "SET",
            "VALUES",
            "UNION",
            "HAVING",
            "RETURNING",
            "LEFT",
        ];
        let word = |i: usize| match &self.tokens.get(i)?.token {
            Token::Word(w) => Some(w),
            _ => None,
        };
        let here = word(i)?;
        let before = word(i.checked_sub(1)?)?;
        let names = before.keyword == Keyword::NoKeyword
            && !GOES_ON.contains(&here.value.to_ascii_uppercase().as_str());
        names.then(|| "is a comma missing before it?".to_owned())
    }

    /// A keyword that the word at an error, or the one before it, was probably meant to be.
    fn misspelt(&self, at: &Range<usize>, tokens: &Range<usize>) -> Option<String> {
        const WORDS: &[&str] = &[
            "SELECT",
            "INSERT",
            "UPDATE",
            "DELETE",
            "FROM",
            "WHERE",
            "GROUP",
            "ORDER",
            "HAVING",
            "LIMIT",
            "VALUES",
            "INTO",
            "SET",
            "RETURNING",
            "JOIN",
            "LEFT",
            "INNER",
            "AND",
            "BETWEEN",
            "LIKE",
            "UNION",
            "CREATE",
            "TABLE",
            "INDEX",
            "PRIMARY",
            "REFERENCES",
            "UNIQUE",
            "DEFAULT",
            "CONFLICT",
            "DISTINCT",
            "ALTER",
            "COLUMN",
        ];
        let i = self.token_at(at.start)?;
        [i.checked_sub(1), Some(i)]
            .into_iter()
            .flatten()
            .filter(|i| tokens.contains(i))
            .find_map(|i| {
                let word = self.tokens[i].word()?;
                let near = did_you_mean(&word, WORDS.iter().copied())?;
                (near != word && word != format!("{near}S") && word.len() > 2).then(|| {
                    let written = self.slice(&self.tokens[i].range);
                    format!("did you mean `{near}` for `{written}`?")
                })
            })
    }
}

/// A byte range as a span of sqlparser's.
fn span(range: &Range<usize>) -> SqlSpan {
    SqlSpan::new(
        Location::new(1, range.start as u64 + 1),
        Location::new(1, range.end as u64 + 1),
    )
}

/// The byte range of a parsed node.
pub fn range(span: SqlSpan) -> Range<usize> {
    let byte = |l: Location| usize::try_from(l.column).unwrap_or(0).saturating_sub(1);
    byte(span.start)..byte(span.end)
}

/// Bytes of the tokenizer's lines and characters, asked for in order.
struct Offsets<'a> {
    chars: std::str::CharIndices<'a>,
    line: u64,
    column: u64,
}

impl<'a> Offsets<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            chars: text.char_indices(),
            line: 1,
            column: 1,
        }
    }
    fn byte(&mut self, at: Location) -> usize {
        while (self.line, self.column) < (at.line, at.column) {
            match self.chars.next() {
                Some((_, '\n')) => {
                    self.line += 1;
                    self.column = 1;
                }
                Some(_) => self.column += 1,
                None => break,
            }
        }
        self.chars.offset()
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(a), Some(b)) if a.is_uppercase() && b.is_lowercase() => {
            a.to_lowercase().chain(text.chars().skip(1)).collect()
        }
        _ => text.to_owned(),
    }
}

/// An identifier as SQL needs it: quoted only where it must be.
pub fn quoted(name: &str) -> String {
    let plain = name
        .chars()
        .enumerate()
        .all(|(i, c)| c == '_' || c.is_ascii_alphabetic() || (i > 0 && c.is_ascii_digit()));
    let keyword = matches!(
        Tokenizer::new(&SQLiteDialect {}, name).tokenize().as_deref(),
        Ok([Token::Word(w)]) if w.keyword != Keyword::NoKeyword
    );
    if plain && !keyword && !name.is_empty() {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}
