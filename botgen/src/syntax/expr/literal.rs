//! Lists, texts, numbers, durations, words and paths.

use botfactory_lang::limits::NESTING;

use super::Parser;
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::expressions as codes;
use crate::source::Spanned;
use crate::syntax::ast::{Expr, ExprKind};
use crate::syntax::decode::respelt;

impl<'a> Parser<'a, '_> {
    pub(super) fn list(&mut self, start: usize) -> Option<Expr> {
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

    pub(super) fn string(&mut self, quote: char) -> Option<Expr> {
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

    pub(super) fn number(&mut self, start: usize) -> Option<Expr> {
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
                    .help(match respelt(&format!("{whole}{fraction}{unit}")) {
                        Some(right) if fraction.is_empty() => format!("write `{right}`"),
                        _ => "durations are whole: `30s`, `15m`, `24h`, `7d`; a text stands in quotes".to_owned(),
                    }),
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

    pub(super) fn word(&mut self, start: usize) -> Option<Expr> {
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
