//! Expressions: text to AST.
//!
//! A hand-written descent over the decoded scalar; every node's span comes from [`Str::span_of`]. Precedence, loosest
//! first: `or`, `and`, `not`, one comparison (`== != < <= > >=`, `in`, `is null`, `is empty`), `+ -`, `* /`, unary
//! `-`, filters. Depth and number of operators are bounded, so later stages may recurse over the tree.

mod cursor;
mod literal;

use botfactory_lang::limits::NESTING;

pub(super) use cursor::Parser;

use super::ast::{Comparison, Expr, ExprKind, Field, Operator};
use crate::diagnostics::codes::expressions as codes;
use crate::diagnostics::{Diagnostic, Sink};
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

/// Reads `words{{EXPR}}`; the words are so many bytes.
pub fn parse_after(text: &Str, words: usize, sink: &mut Sink) -> Option<Expr> {
    let mut parser = Parser::new(text, sink);
    parser.pos = words + 2;
    let expr = parser.expr()?;
    parser.close_tag(words)?;
    parser.skip_space();
    if !parser.at_end() {
        mixed(&mut parser, words);
        return None;
    }
    Some(expr)
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

impl Parser<'_, '_> {
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
                    .help("inside `{{#each}}` there is `@index`, counted from 1; people are known by their numbers, not by their `@names`"),
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
}

#[cfg(test)]
pub(crate) mod tests;
