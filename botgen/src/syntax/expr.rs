//! Expressions: text to AST.
//!
//! A hand-written descent over the decoded scalar; every node's span comes from [`Str::span_of`]. Precedence, loosest
//! first: `or`, `and`, `not`, one comparison (`== != < <= > >=`, `in`, `is null`, `is empty`), `+ -`, `* /`, unary
//! `-`, filters. Depth and number of operators are bounded, so later stages may recurse over the tree.

use botfactory_lang::limits::NESTING;

use super::ast::{Comparison, Expr, ExprKind, Field, Operator};
use crate::diagnostics::codes::expressions as codes;
use crate::diagnostics::{Code, Diagnostic, Sink};
use crate::source::{Span, Spanned, Str};

/// Most operators and filters of one expression: with [`NESTING`] it bounds the height of the tree.
const OPERATORS: usize = 128;

/// Words that cannot be variables.
pub const KEYWORDS: [&str; 9] = [
    "and", "or", "not", "in", "is", "null", "true", "false", "this",
];

/// Reads a whole scalar as one expression (`when:`, `params:`).
pub fn parse_expr(text: &Str, sink: &mut Sink) -> Option<Expr> {
    let mut parser = Parser::new(text, sink);
    parser.skip_space();
    if parser.at_end() {
        let span = text.span;
        parser.report(
            Diagnostic::new(
                &codes::EXPRESSION_SYNTAX,
                span,
                "an expression is missing here",
            )
            .help("write a condition or a value, for example `service == 'spa'`"),
        );
        return None;
    }
    if parser.rest().starts_with("{{") {
        let span = parser.span(parser.pos..parser.pos + 2);
        parser.report(
            Diagnostic::new(
                &codes::EXPRESSION_SYNTAX,
                span,
                "this field is an expression already",
            )
            .help("leave out `{{` and `}}`"),
        );
        return None;
    }
    let expr = parser.expr()?;
    parser.expect_end()?;
    Some(expr)
}

/// Reads a field that is not a text: a literal, or `{{EXPR}}` alone.
pub fn parse_field(text: &Str, sink: &mut Sink) -> Option<Field> {
    let Some(open) = text.value.find("{{") else {
        return Some(Field::Literal(text.clone()));
    };
    let mut parser = Parser::new(text, sink);
    parser.skip_space();
    if parser.pos != open {
        return mixed(&mut parser, open);
    }
    parser.pos += 2;
    let expr = parser.expr()?;
    parser.close_tag(open)?;
    parser.skip_space();
    if !parser.at_end() {
        return mixed(&mut parser, open);
    }
    Some(Field::Expr(expr))
}

fn mixed(parser: &mut Parser<'_, '_>, open: usize) -> Option<Field> {
    let span = parser.span(open..open + 2);
    parser.report(
        Diagnostic::new(
            &codes::FIELD_MIXED,
            span,
            "this field is one value, not a text with values in it",
        )
        .help("write a literal, or `{{…}}` alone"),
    );
    None
}

/// Reads expressions and the small things around them out of one scalar. Shared with the text parser.
#[derive(Debug)]
pub(super) struct Parser<'a, 's> {
    text: &'a Str,
    /// Byte offset in `text.value`, always on a character's boundary.
    pub(super) pos: usize,
    sink: &'s mut Sink,
    depth: usize,
    operators: usize,
}

impl<'a, 's> Parser<'a, 's> {
    pub(super) fn new(text: &'a Str, sink: &'s mut Sink) -> Self {
        Self {
            text,
            pos: 0,
            sink,
            depth: 0,
            operators: 0,
        }
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.value.get(self.pos..).unwrap_or_default()
    }
    pub(super) fn source(&self) -> &'a Str {
        self.text
    }
    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }
    pub(super) fn at_end(&self) -> bool {
        self.rest().is_empty()
    }
    pub(super) fn span(&self, range: std::ops::Range<usize>) -> Span {
        self.text.span_of(range)
    }
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.sink.report(diagnostic);
    }
    pub(super) fn skip_space(&mut self) {
        let rest = self.rest();
        self.pos += rest.len() - rest.trim_start().len();
    }
    /// Takes these very characters.
    pub(super) fn eat(&mut self, what: &str) -> bool {
        let found = self.rest().starts_with(what);
        if found {
            self.pos += what.len();
        }
        found
    }
    /// The word that begins here: a letter or `_`, then letters, digits and `_`.
    pub(super) fn peek_word(&self) -> &'a str {
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
    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        self.skip_space();
        let found = self.peek_word() == word;
        if found {
            self.pos += word.len();
        }
        found
    }
    /// The thing that stands here, for a message: a word, a number, or one character.
    pub(super) fn found(&self) -> (std::ops::Range<usize>, String) {
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
    pub(super) fn unexpected<T>(
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
    pub(super) fn close_tag(&mut self, open: usize) -> Option<()> {
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

    pub(super) fn expect_end(&mut self) -> Option<()> {
        self.skip_space();
        if self.at_end() {
            return Some(());
        }
        if let Some(wrong) = self.foreign_operator() {
            return wrong;
        }
        self.unexpected(
            &codes::EXPRESSION_SYNTAX,
            "an operator or the end of the expression",
            None,
        )
    }

    /// Operators of other languages, where an operator of ours could stand.
    fn foreign_operator(&mut self) -> Option<Option<()>> {
        const FOREIGN: [(&str, &str); 9] = [
            ("&&", "write `and`"),
            ("||", "write `or`"),
            ("===", "write `==`"),
            ("<>", "write `!=`"),
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

    /// An expression; stops before what cannot continue it.
    pub(super) fn expr(&mut self) -> Option<Expr> {
        self.depth += 1;
        let result = if self.depth > NESTING {
            let (range, _) = self.found();
            let span = self.span(range);
            self.too_much(span)
        } else {
            self.or()
        };
        self.depth -= 1;
        result
    }

    fn too_much<T>(&mut self, span: Span) -> Option<T> {
        self.report(
            Diagnostic::new(
                &codes::EXPRESSION_SIZE,
                span,
                format!("this expression is nested deeper than {NESTING} or has more than {OPERATORS} operators"),
            )
            .help("split it into several conditions"),
        );
        None
    }

    fn node(&mut self, span: Span, kind: ExprKind) -> Option<Expr> {
        self.operators += 1;
        if self.operators > OPERATORS {
            return self.too_much(span);
        }
        Some(Expr { span, kind })
    }

    fn or(&mut self) -> Option<Expr> {
        let mut left = self.and()?;
        while self.eat_word("or") {
            let right = self.and()?;
            let span = left.span.to(right.span);
            left = self.node(span, ExprKind::Or(Box::new(left), Box::new(right)))?;
        }
        Some(left)
    }

    fn and(&mut self) -> Option<Expr> {
        let mut left = self.not()?;
        while self.eat_word("and") {
            let right = self.not()?;
            let span = left.span.to(right.span);
            left = self.node(span, ExprKind::And(Box::new(left), Box::new(right)))?;
        }
        Some(left)
    }

    fn not(&mut self) -> Option<Expr> {
        self.skip_space();
        let start = self.pos;
        let mut nots = Vec::new();
        while self.eat_word("not") {
            nots.push(self.pos - "not".len());
            if nots.len() > OPERATORS {
                let span = self.span(start..self.pos);
                return self.too_much(span);
            }
        }
        let mut expr = self.comparison()?;
        for lo in nots.into_iter().rev() {
            let span = self.span(lo..lo + "not".len()).to(expr.span);
            expr = self.node(span, ExprKind::Not(Box::new(expr)))?;
        }
        Some(expr)
    }

    fn comparison(&mut self) -> Option<Expr> {
        const SIGNS: [(&str, Comparison); 6] = [
            ("==", Comparison::Eq),
            ("!=", Comparison::Ne),
            ("<=", Comparison::Le),
            (">=", Comparison::Ge),
            ("<", Comparison::Lt),
            (">", Comparison::Gt),
        ];
        let left = self.sum()?;
        self.skip_space();
        let foreign = ["===", "<>"].iter().any(|f| self.rest().starts_with(f));
        let sign = SIGNS
            .into_iter()
            .find(|(sign, _)| !foreign && self.rest().starts_with(sign));
        let expr = if let Some((sign, comparison)) = sign {
            self.pos += sign.len();
            let right = self.sum()?;
            let span = left.span.to(right.span);
            self.node(
                span,
                ExprKind::Compare(comparison, Box::new(left), Box::new(right)),
            )?
        } else if self.eat_word("in") {
            self.contained(left, false)?
        } else if self.eat_word("is") {
            let negated = self.eat_word("not");
            let value = Box::new(left);
            let kind = if self.eat_word("null") {
                ExprKind::IsNull { value, negated }
            } else if self.eat_word("empty") {
                ExprKind::IsEmpty { value, negated }
            } else {
                return self.unexpected(
                    &codes::EXPRESSION_SYNTAX,
                    "`null` or `empty` after `is`",
                    Some("to compare with a value write `==` or `!=`"),
                );
            };
            let end = self.span(self.pos - 1..self.pos);
            let span = match &kind {
                ExprKind::IsNull { value, .. } | ExprKind::IsEmpty { value, .. } => {
                    value.span.to(end)
                }
                _ => end,
            };
            self.node(span, kind)?
        } else if self.peek_word() == "not" {
            let before = self.pos;
            self.pos += "not".len();
            if !self.eat_word("in") {
                self.pos = before;
                return Some(left);
            }
            self.contained(left, true)?
        } else {
            return Some(left);
        };
        self.no_chain()?;
        Some(expr)
    }

    fn contained(&mut self, value: Expr, negated: bool) -> Option<Expr> {
        let list = self.sum()?;
        let span = value.span.to(list.span);
        self.node(
            span,
            ExprKind::In {
                value: Box::new(value),
                list: Box::new(list),
                negated,
            },
        )
    }

    /// `a < b < c` means something else in every language: ask for `and`.
    fn no_chain(&mut self) -> Option<()> {
        self.skip_space();
        let rest = self.rest();
        let another = ["==", "!=", "<", ">"].iter().any(|s| rest.starts_with(s))
            || matches!(self.peek_word(), "in" | "is");
        if another {
            return self.unexpected(
                &codes::EXPRESSION_SYNTAX,
                "`and`, `or` or the end of the comparison",
                Some("comparisons do not chain: write `a < b and b < c`"),
            );
        }
        Some(())
    }

    fn sum(&mut self) -> Option<Expr> {
        let mut left = self.product()?;
        loop {
            self.skip_space();
            let operator = if self.eat("+") {
                Operator::Add
            } else if self.eat("-") {
                Operator::Sub
            } else {
                return Some(left);
            };
            let right = self.product()?;
            let span = left.span.to(right.span);
            left = self.node(
                span,
                ExprKind::Arithmetic(operator, Box::new(left), Box::new(right)),
            )?;
        }
    }

    fn product(&mut self) -> Option<Expr> {
        let mut left = self.unary()?;
        loop {
            self.skip_space();
            let operator = if self.eat("*") {
                Operator::Mul
            } else if self.eat("/") {
                Operator::Div
            } else {
                return Some(left);
            };
            let right = self.unary()?;
            let span = left.span.to(right.span);
            left = self.node(
                span,
                ExprKind::Arithmetic(operator, Box::new(left), Box::new(right)),
            )?;
        }
    }

    fn unary(&mut self) -> Option<Expr> {
        self.skip_space();
        let start = self.pos;
        if !self.eat("-") {
            return self.filtered();
        }
        // `-5` is a literal, so that a filter applies to the whole number.
        if self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.pos = start;
            return self.filtered();
        }
        self.depth += 1;
        let inner = if self.depth > NESTING {
            let span = self.span(start..start + 1);
            self.too_much(span)
        } else {
            self.unary()
        };
        self.depth -= 1;
        let inner = inner?;
        let span = self.span(start..start + 1).to(inner.span);
        self.node(span, ExprKind::Negate(Box::new(inner)))
    }

    fn filtered(&mut self) -> Option<Expr> {
        let mut value = self.primary()?;
        loop {
            self.skip_space();
            if self.rest().starts_with("||") || !self.eat("|") {
                return Some(value);
            }
            self.skip_space();
            let word = self.peek_word();
            if word.is_empty() {
                return self.unexpected(
                    &codes::EXPRESSION_SYNTAX,
                    "the name of a filter after `|`",
                    None,
                );
            }
            let name = Spanned {
                node: word.to_owned(),
                span: self.span(self.pos..self.pos + word.len()),
            };
            self.pos += word.len();
            let mut span = value.span.to(name.span);
            self.skip_space();
            let mut args = Vec::new();
            // No filter takes two arguments: a comma belongs to what surrounds the expression.
            if self.eat(":") {
                let argument = self.primary()?;
                span = span.to(argument.span);
                args.push(argument);
            }
            value = self.node(
                span,
                ExprKind::Filter {
                    value: Box::new(value),
                    name,
                    args,
                },
            )?;
        }
    }

    fn primary(&mut self) -> Option<Expr> {
        self.skip_space();
        let start = self.pos;
        let Some(first) = self.peek() else {
            return self.unexpected(&codes::EXPRESSION_SYNTAX, "a value", None);
        };
        match first {
            '(' => {
                self.pos += 1;
                let mut inner = self.expr()?;
                self.skip_space();
                if !self.eat(")") {
                    if let Some(wrong) = self.foreign_operator() {
                        wrong?;
                    }
                    return self.unexpected(&codes::EXPRESSION_SYNTAX, "`)`", None);
                }
                inner.span = self.span(start..self.pos);
                Some(inner)
            }
            '[' => self.list(start),
            '\'' | '"' => self.string(first),
            '0'..='9' | '-' => self.number(start),
            '@' => {
                self.pos += 1;
                let word = self.peek_word();
                self.pos += word.len();
                let span = self.span(start..self.pos);
                if word == "index" {
                    return Some(Expr {
                        span,
                        kind: ExprKind::Index,
                    });
                }
                self.report(
                    Diagnostic::new(
                        &codes::EXPRESSION_SYNTAX,
                        span,
                        format!("`@{word}` is not known"),
                    )
                    .help("inside `{{#each}}` there is `@index`, counted from 1"),
                );
                None
            }
            '!' => self.unexpected(
                &codes::EXPRESSION_SYNTAX,
                "a value",
                Some("write `not` instead of `!`"),
            ),
            '$' => self.unexpected(
                &codes::EXPRESSION_SYNTAX,
                "a value",
                Some("variables are written without `$`"),
            ),
            ':' => self.unexpected(
                &codes::EXPRESSION_SYNTAX,
                "a value",
                Some("`:name` stands in SQL only; here a variable is written without `:`"),
            ),
            '{' => self.unexpected(
                &codes::EXPRESSION_SYNTAX,
                "a value",
                Some("a tag has exactly two braces on each side; values are always escaped"),
            ),
            _ if first.is_alphabetic() || first == '_' => self.word(start),
            _ => self.unexpected(&codes::EXPRESSION_SYNTAX, "a value", None),
        }
    }

    fn list(&mut self, start: usize) -> Option<Expr> {
        self.pos += 1;
        let mut items = Vec::new();
        loop {
            self.skip_space();
            if self.eat("]") {
                break;
            }
            items.push(self.expr()?);
            self.skip_space();
            if self.eat("]") {
                break;
            }
            if !self.eat(",") {
                return self.unexpected(
                    &codes::EXPRESSION_SYNTAX,
                    "`,` or `]`",
                    Some("a list is written `['a', 'b']`"),
                );
            }
        }
        Some(Expr {
            span: self.span(start..self.pos),
            kind: ExprKind::List(items),
        })
    }

    fn string(&mut self, quote: char) -> Option<Expr> {
        let start = self.pos;
        let rest = self.rest();
        let mut value = String::new();
        let mut chars = rest.char_indices().skip(1);
        while let Some((i, c)) = chars.next() {
            if c == quote {
                self.pos = start + i + quote.len_utf8();
                return Some(Expr {
                    span: self.span(start..self.pos),
                    kind: ExprKind::Text(value),
                });
            }
            if c != '\\' {
                value.push(c);
                continue;
            }
            match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, e @ ('\\' | '\'' | '"'))) => value.push(e),
                Some((j, e)) => {
                    let span = self.span(start + i..start + j + e.len_utf8());
                    self.report(
                        Diagnostic::new(
                            &codes::EXPRESSION_SYNTAX,
                            span,
                            format!("`\\{}` is not an escape", e.escape_debug()),
                        )
                        .help("there are `\\\\`, `\\'`, `\\\"` and `\\n`"),
                    );
                    return None;
                }
                None => break,
            }
        }
        let span = self.span(start..start + 1);
        self.report(
            Diagnostic::new(
                &codes::EXPRESSION_SYNTAX,
                span,
                "this quote is never closed",
            )
            .help(format!("close the text with `{quote}`")),
        );
        None
    }

    fn number(&mut self, start: usize) -> Option<Expr> {
        let negative = self.eat("-");
        let whole = self.digits();
        if whole.is_empty() {
            // A `-` that is an argument of a filter or stands before no number.
            return self.unexpected(&codes::EXPRESSION_SYNTAX, "a number", None);
        }
        let mut fraction = "";
        if self.rest().starts_with('.')
            && self
                .rest()
                .chars()
                .nth(1)
                .is_some_and(|c| c.is_ascii_digit())
        {
            self.pos += 1;
            fraction = self.digits();
        }
        let unit = {
            let rest = self.rest();
            let end = rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                .unwrap_or(rest.len());
            rest.get(..end).unwrap_or_default()
        };
        self.pos += unit.len();
        let span = self.span(start..self.pos);
        let sign = if negative { "-" } else { "" };
        let kind = if !unit.is_empty() {
            let seconds = match unit {
                "s" => Some(1),
                "m" => Some(60),
                "h" => Some(3600),
                "d" => Some(86_400),
                _ => None,
            };
            let Some(seconds) = seconds.filter(|_| fraction.is_empty()) else {
                self.report(
                    Diagnostic::new(
                        &codes::EXPRESSION_SYNTAX,
                        span,
                        "this is neither a number nor a duration",
                    )
                    .help(
                        "durations are whole: `30s`, `15m`, `24h`, `7d`; a text stands in quotes",
                    ),
                );
                return None;
            };
            format!("{sign}{whole}")
                .parse::<i64>()
                .ok()
                .and_then(|n| n.checked_mul(seconds))
                .map(ExprKind::Duration)
        } else if fraction.is_empty() {
            format!("{sign}{whole}").parse().ok().map(ExprKind::Int)
        } else {
            u8::try_from(fraction.len())
                .ok()
                .filter(|scale| *scale <= 18)
                .and_then(|scale| {
                    let units = format!("{sign}{whole}{fraction}").parse().ok()?;
                    Some(ExprKind::Decimal { units, scale })
                })
        };
        let Some(kind) = kind else {
            self.report(Diagnostic::new(
                &codes::NUMBER_RANGE,
                span,
                "this number is too large",
            ));
            return None;
        };
        Some(Expr { span, kind })
    }

    fn digits(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        self.pos += end;
        rest.get(..end).unwrap_or_default()
    }

    fn word(&mut self, start: usize) -> Option<Expr> {
        let word = self.peek_word();
        self.pos += word.len();
        let span = self.span(start..self.pos);
        let kind = match word {
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            "null" => ExprKind::Null,
            "this" if !self.rest().starts_with('.') => ExprKind::This,
            "and" | "or" | "in" | "is" | "not" => {
                self.pos = start;
                return self.unexpected(&codes::EXPRESSION_SYNTAX, "a value", None);
            }
            _ => {
                let mut path = vec![Spanned {
                    node: word.to_owned(),
                    span,
                }];
                while self.rest().starts_with('.') {
                    self.pos += 1;
                    let part = self.peek_word();
                    if part.is_empty() {
                        return self.unexpected(
                            &codes::EXPRESSION_SYNTAX,
                            "a name after `.`",
                            Some("a field is written `row.column`"),
                        );
                    }
                    if path.len() >= NESTING {
                        let span = self.span(start..self.pos);
                        return self.too_much(span);
                    }
                    path.push(Spanned {
                        node: part.to_owned(),
                        span: self.span(self.pos..self.pos + part.len()),
                    });
                    self.pos += part.len();
                }
                ExprKind::Path(path)
            }
        };
        Some(Expr {
            span: self.span(start..self.pos),
            kind,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests;
