//! Where in the text things stand.

use std::ops::Range;

use sqlparser::ast::{Expr, Spanned};
use sqlparser::tokenizer::Token;

use super::{Lexed, range};

impl Lexed<'_> {
    /// Index of the first token that ends after this byte.
    pub fn token_at(&self, byte: usize) -> Option<usize> {
        let i = self.tokens.partition_point(|t| t.range.end <= byte);
        (i < self.tokens.len()).then_some(i)
    }

    /// The parentheses around a byte range, as a byte range, and the index of the `(`.
    pub fn around(&self, range: &Range<usize>) -> Option<(Range<usize>, usize)> {
        let open = self.tokens[self.token_at(range.start)?].within?;
        let close = self.tokens[open].pair?;
        Some((
            self.tokens[open].range.start..self.tokens[close].range.end,
            open,
        ))
    }

    /// From a name to the end of its parenthesised arguments, if it has some.
    pub fn with_arguments(&self, name: Range<usize>) -> Range<usize> {
        let Some(last) = self.token_at(name.end.saturating_sub(1)) else {
            return name;
        };
        match self.tokens.get(last + 1) {
            Some(open) if open.token == Token::LParen => match open.pair {
                Some(close) => name.start..self.tokens[close].range.end,
                None => name,
            },
            _ => name,
        }
    }

    /// A call with the FILTER and OVER behind it.
    pub fn whole_call(&self, at: &Range<usize>) -> Range<usize> {
        let mut end = at.end;
        while let Some(i) = self.token_at(end) {
            let token = &self.tokens[i];
            if !(token.is_word("FILTER") || token.is_word("OVER")) {
                break;
            }
            let Some(next) = self.tokens.get(i + 1) else {
                break;
            };
            end = match (&next.token, next.pair) {
                (Token::LParen, Some(close)) => self.tokens[close].range.end,
                _ => next.range.end,
            };
        }
        at.start..end
    }

    /// The exact place of an expression, parentheses and closing brackets included.
    pub fn expr(&self, expr: &Expr) -> Range<usize> {
        let join = |a: Range<usize>, b: Range<usize>| a.start.min(b.start)..a.end.max(b.end);
        let around = |inner: Range<usize>, word: bool| match self.around(&inner) {
            Some((outer, open)) if word && open > 0 => self.tokens[open - 1].range.start..outer.end,
            Some((outer, _)) => outer,
            None => inner,
        };
        match expr {
            Expr::Nested(inner) => around(self.expr(inner), false),
            Expr::Cast {
                kind: sqlparser::ast::CastKind::DoubleColon,
                expr,
                ..
            } => {
                let inner = self.expr(expr);
                let end = self
                    .token_at(inner.end)
                    .and_then(|i| self.tokens.get(i + 1))
                    .map_or(inner.end, |t| t.range.end);
                inner.start..end
            }
            Expr::Cast { expr, .. } => around(self.expr(expr), true),
            Expr::Function(f) => self.with_arguments(range(f.name.span())),
            Expr::Extract { expr, .. }
            | Expr::Position { expr, .. }
            | Expr::Overlay { expr, .. } => around(self.expr(expr), true),
            Expr::AtTimeZone {
                timestamp,
                time_zone,
            } => join(self.expr(timestamp), self.expr(time_zone)),
            Expr::Array(array) if !array.elem.is_empty() => {
                let elements = array.elem.iter().map(|e| self.expr(e));
                let inner = elements.reduce(join).unwrap_or(0..0);
                // `ARRAY`, `[` before, `]` behind.
                let open = self.token_at(inner.start).unwrap_or(0);
                let start = open.saturating_sub(1 + usize::from(array.named));
                let end = self.token_at(inner.end).unwrap_or(open);
                self.tokens[start].range.start..self.tokens[end].range.end
            }
            Expr::Exists { subquery, .. } => around(range(subquery.span()), true),
            Expr::Subquery(query) => around(range(query.span()), false),
            Expr::InSubquery { expr, subquery, .. } => {
                join(self.expr(expr), around(range(subquery.span()), false))
            }
            Expr::InList { expr, list, .. } => {
                let left = self.expr(expr);
                match list.last() {
                    Some(last) => join(left, around(self.expr(last), false)),
                    None => left,
                }
            }
            Expr::BinaryOp { left, right, .. }
            | Expr::IsDistinctFrom(left, right)
            | Expr::IsNotDistinctFrom(left, right) => join(self.expr(left), self.expr(right)),
            Expr::Between { expr, high, .. } => join(self.expr(expr), self.expr(high)),
            Expr::Like { expr, pattern, .. } | Expr::ILike { expr, pattern, .. } => {
                join(self.expr(expr), self.expr(pattern))
            }
            // The word before the text: INTERVAL '7 days', DATE '2026-01-15'.
            Expr::Interval(_) | Expr::TypedString(_) => {
                let inner = range(expr.span());
                let start = self
                    .token_at(inner.start)
                    .and_then(|i| i.checked_sub(1))
                    .map_or(inner.start, |i| self.tokens[i].range.start);
                start..inner.end
            }
            Expr::UnaryOp { expr, .. } => {
                let inner = self.expr(expr);
                let start = self
                    .token_at(inner.start)
                    .and_then(|i| i.checked_sub(1))
                    .map_or(inner.start, |i| self.tokens[i].range.start);
                start..inner.end
            }
            _ => range(expr.span()),
        }
    }

    /// The text of a range.
    pub fn slice(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }
}

pub(super) fn next_char(text: &str, at: usize) -> usize {
    text.get(at..)
        .and_then(|t| t.chars().next())
        .map_or(at, |c| at + c.len_utf8())
}
