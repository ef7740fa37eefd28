//! Texts are typed and proven here (bodies on their way).

use botfactory_lang::markup::ParseMode;

use super::FlowCx;
use super::scope::Scope;
use crate::ir::expr::Expr;
use crate::ir::text::{Slot, TextCall};
use crate::syntax::ast;

/// What a text is for.
#[derive(Debug, Clone, Copy)]
pub struct TextUse<'a> {
    /// Decides its limits.
    pub slot: Slot,
    /// How it is marked up; only messages have markup.
    pub mode: ParseMode,
    /// The wanted name of its function.
    pub hint: &'a str,
}

/// A text that was proven.
#[derive(Debug, Clone)]
pub struct Checked {
    /// In [`FlowCx::texts`].
    pub call: TextCall,
    /// The lists that are walked at top level, for `empty_text`.
    pub top_lists: Vec<Expr>,
    /// It prints nothing when every one of `top_lists` is empty: a message needs an `empty_text` then.
    pub empty_with_lists: bool,
}

/// Proves a text and pushes it to [`FlowCx::texts`]. `None`: something is wrong and was reported.
pub fn text(
    _cx: &mut FlowCx<'_>,
    _scope: &Scope,
    _t: &ast::Text,
    _use: TextUse<'_>,
) -> Option<Checked> {
    None
}

/// Reports a message that walks lists, prints nothing when they are empty, and has no `empty_text`.
pub fn needs_empty_text(_cx: &mut FlowCx<'_>, _checked: &Checked, _t: &ast::Text) {}
