//! Reading one scalar, character by character: what expressions and the small things around them stand on.

use crate::diagnostics::codes::expressions as codes;
use crate::diagnostics::{Code, Diagnostic, Sink};
use crate::source::{Span, Str};
use crate::syntax::decode::respelt;

/// Reads expressions and the small things around them out of one scalar. Shared with the text parser.
#[derive(Debug)]
pub(in crate::syntax) struct Parser<'a, 's> {
    text: &'a Str,
    /// Byte offset in `text.value`, always on a character's boundary.
    pub(in crate::syntax) pos: usize,
    pub(super) sink: &'s mut Sink,
    pub(super) depth: usize,
    pub(super) operators: usize,
}

impl<'a, 's> Parser<'a, 's> {
    pub(in crate::syntax) fn new(text: &'a Str, sink: &'s mut Sink) -> Self {
        Self {
            text,
            pos: 0,
            sink,
            depth: 0,
            operators: 0,
        }
    }

    pub(in crate::syntax) fn rest(&self) -> &'a str {
        self.text.value.get(self.pos..).unwrap_or_default()
    }
    pub(in crate::syntax) fn source(&self) -> &'a Str {
        self.text
    }
    pub(in crate::syntax) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }
    pub(in crate::syntax) fn at_end(&self) -> bool {
        self.rest().is_empty()
    }
    pub(in crate::syntax) fn span(&self, range: std::ops::Range<usize>) -> Span {
        self.text.span_of(range)
    }
    pub(in crate::syntax) fn report(&mut self, diagnostic: Diagnostic) {
        self.sink.report(diagnostic);
    }
    pub(in crate::syntax) fn skip_space(&mut self) {
        let rest = self.rest();
        self.pos += rest.len() - rest.trim_start().len();
    }
    /// Takes these very characters.
    pub(in crate::syntax) fn eat(&mut self, what: &str) -> bool {
        let found = self.rest().starts_with(what);
        if found {
            self.pos += what.len();
        }
        found
    }
    /// The word that begins here: a letter or `_`, then letters, digits and `_`.
    pub(in crate::syntax) fn peek_word(&self) -> &'a str {
        let rest = self.rest();
        let starts = |c: char| c.is_alphabetic() || c == '_';
        if !rest.starts_with(starts) {
            return "";
        }
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default()
    }
    /// Takes this very word (not a longer one that begins with it).
    pub(in crate::syntax) fn eat_word(&mut self, word: &str) -> bool {
        self.skip_space();
        let found = self.peek_word() == word;
        if found {
            self.pos += word.len();
        }
        found
    }
    /// The thing that stands here, for a message: a word, a number, or one character.
    pub(in crate::syntax) fn found(&self) -> (std::ops::Range<usize>, String) {
        let rest = self.rest();
        let run = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(rest.len());
        let len = if run > 0 {
            run
        } else {
            rest.chars().next().map_or(0, char::len_utf8)
        };
        let word = rest.get(..len).unwrap_or_default();
        let shown = if word.is_empty() {
            "the end".to_owned()
        } else {
            format!("`{}`", word.escape_debug())
        };
        (self.pos..self.pos + len, shown)
    }
    /// Reports what stands here as unexpected.
    pub(in crate::syntax) fn unexpected<T>(
        &mut self,
        code: &'static Code,
        wanted: &str,
        help: Option<&str>,
    ) -> Option<T> {
        let (range, found) = self.found();
        let range = if range.is_empty() {
            // At the end: point at the last character, an empty caret shows nothing.
            let last = self
                .text
                .value
                .trim_end()
                .char_indices()
                .next_back()
                .map_or(0, |(i, _)| i);
            last..self.text.value.len()
        } else {
            range
        };
        let span = self.span(range);
        let mut diagnostic =
            Diagnostic::new(code, span, format!("expected {wanted}, found {found}"));
        if let Some(help) = help {
            diagnostic = diagnostic.help(help);
        }
        self.report(diagnostic);
        None
    }

    /// `}}` that closes the tag opened at `open`.
    pub(in crate::syntax) fn close_tag(&mut self, open: usize) -> Option<()> {
        self.skip_space();
        if self.eat("}}") {
            return Some(());
        }
        if self.at_end() || self.rest().starts_with("{{") {
            let span = self.span(open..open + 2);
            self.report(
                Diagnostic::new(
                    &crate::diagnostics::codes::texts::TAG_UNCLOSED,
                    span,
                    "this `{{` is never closed",
                )
                .help("close it with `}}`; to write two braces as they are: `{{\"{{\"}}`"),
            );
            return None;
        }
        if let Some(wrong) = self.foreign_operator() {
            return wrong;
        }
        self.unexpected(&codes::EXPRESSION_SYNTAX, "an operator or `}}`", None)
    }

    pub(in crate::syntax) fn expect_end(&mut self) -> Option<()> {
        self.skip_space();
        if self.at_end() {
            return Some(());
        }
        if let Some(wrong) = self.foreign_operator() {
            return wrong;
        }
        const UNITS: [&str; 9] = [
            "s", "sec", "second", "m", "min", "minute", "hour", "day", "week",
        ];
        let unit = self.peek_word().trim_end_matches('s');
        let before = self.text.value.get(..self.pos).unwrap_or_default();
        let counted = before.trim_end().ends_with(|c: char| c.is_ascii_digit());
        let number = before.trim_end();
        let number = number.trim_start_matches(|c: char| !c.is_ascii_digit());
        let number = number.rsplit(|c: char| !c.is_ascii_digit()).next();
        let whole = number.and_then(|n| respelt(&format!("{n} {}", self.peek_word())));
        let help = (counted && UNITS.contains(&unit)).then(|| match whole {
            Some(whole) => format!("a duration is one word: `{whole}`"),
            None => "a duration is one word: `30s`, `15m`, `24h`, `7d`".to_owned(),
        });
        self.unexpected(
            &codes::EXPRESSION_SYNTAX,
            "an operator or the end of the expression",
            help.as_deref(),
        )
    }

    /// Operators of other languages, where an operator of ours could stand.
    pub(super) fn foreign_operator(&mut self) -> Option<Option<()>> {
        const FOREIGN: [(&str, &str); 11] = [
            ("&&", "write `and`"),
            ("||", "write `or`"),
            ("===", "write `==`"),
            ("<>", "write `!=`"),
            ("=>", "write `>=`"),
            ("=<", "write `<=`"),
            ("=", "write `==` to compare"),
            (
                "?",
                "there is no `?`: use `{{#if …}}…{{else}}…{{/if}}` in a text, `default` for a missing value",
            ),
            (
                "(",
                "there are no functions: a filter is written `value | name`",
            ),
            (
                "[",
                "a list is walked by `{{#each}}`; a query with `single: true` gives one row",
            ),
            ("%", "there is no `%`"),
        ];
        let (wrong, help) = FOREIGN
            .into_iter()
            .find(|(op, _)| self.rest().starts_with(op))?;
        let span = self.span(self.pos..self.pos + wrong.len());
        self.report(
            Diagnostic::new(
                &codes::EXPRESSION_SYNTAX,
                span,
                format!("`{wrong}` is not an operator here"),
            )
            .help(help),
        );
        Some(None)
    }
}
