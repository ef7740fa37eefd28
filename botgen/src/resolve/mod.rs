//! AST to symbol tables: every name that is written once is known afterwards.

use std::collections::BTreeMap;

use crate::ir::types::{ChoiceId, Ty};
use crate::source::Span;

/// What a bot's names mean.
#[derive(Debug, Default)]
pub struct Symbols {
    /// Command (without `/`) → what owns it. Intents and flows share this table.
    pub commands: BTreeMap<String, Command>,
}

/// A command's owner.
#[derive(Debug, Clone)]
pub struct Command {
    /// Where `entry_cmd` or `cmd` stands.
    pub span: Span,
    /// Index in `ir::Bot::flows`.
    pub flow: usize,
    /// Rust module.
    pub module: String,
    /// Typed arguments, in order.
    pub args: Vec<Argument>,
    /// Choices of the flow by variable (steps and arguments), for `| label: 'command.var'`.
    pub choices: BTreeMap<String, ChoiceSymbol>,
}

/// An argument as others see it.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Argument {
    pub name: String,
    pub ty: Ty,
    pub optional: bool,
    pub span: Span,
}

/// A choice as others see it.
#[derive(Debug, Clone)]
pub struct ChoiceSymbol {
    /// Index in the flow's `choices` (arguments first, then steps, in order of writing).
    pub id: ChoiceId,
    /// Values, in order.
    pub values: Vec<String>,
}
