//! Lists in pages: a step or an action.

use super::{Expr, Keyboard, ParseMode, Statement, Text};
use crate::source::{Span, Spanned, Str};

/// `widget.pagination.v1`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Pages {
    pub span: Span,
    /// Of an action; a step's is its question.
    pub title: Option<Text>,
    pub source: PageSource,
    pub page_size: Option<Spanned<i64>>,
    pub item: Text,
    pub id_field: Str,
    /// `as:`.
    pub alias: Option<Spanned<String>>,
    /// Of an action.
    pub select: Option<PageSelect>,
    pub empty_text: Option<Text>,
    pub extra: Keyboard,
    pub parse_mode: Option<Spanned<ParseMode>>,
    pub edit: bool,
    /// Of a step.
    pub search: bool,
}

/// Where a list's rows come from.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum PageSource {
    /// `result_var` is absent.
    Sql(Box<Statement>),
    List(Expr),
}

/// `select: "/product {id=id}"`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct PageSelect {
    /// With the leading `/`.
    pub command: Spanned<String>,
    /// `None`: none are written, the id is meant.
    pub args: Option<Vec<(Spanned<String>, Expr)>>,
    pub span: Span,
}
