//! AST to symbol tables: every name that is written once is known afterwards.

mod commands;
mod flow;

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::Sink;
use crate::ir::types::{Base, ChoiceId, Ty};
use crate::source::Span;
use crate::syntax::ast;
pub use commands::RESERVED;
pub use flow::{BUILTINS, ChoiceAt, FlowNames, NamedVar, Written, steps, type_is_given};

/// What a bot's names mean.
#[derive(Debug, Default)]
pub struct Symbols {
    /// Command (without `/`) → what owns it. Intents and flows share this table.
    pub commands: BTreeMap<String, Command>,
    /// The commands' Rust modules.
    modules: BTreeSet<String>,
    /// By index in `ir::Bot::flows` (intents first): the names inside.
    pub flows: Vec<FlowNames>,
    /// A command is missing here because something is wrong with it: one that is not known may be that one.
    pub incomplete: bool,
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
    /// Only admins may use it.
    pub admins: bool,
    /// Typed arguments, in order.
    pub args: Vec<Argument>,
    /// Choices of the flow by variable (steps and arguments), for `| label: 'command.var'`.
    pub choices: BTreeMap<String, ChoiceSymbol>,
    /// There may be further arguments: something is wrong with them, which was reported.
    pub args_lost: bool,
    /// There may be further choices, likewise.
    pub choices_lost: bool,
}

/// An argument as others see it.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Argument {
    pub name: String,
    /// Nullable where it may be missing; a choice is one of the owner's flow.
    pub ty: Ty,
    /// May be missing: declared so, or a step asks for it then.
    pub optional: bool,
    /// Bounds of an int, or of the length of a text in UTF-16 units, where they are written as numbers.
    pub min: Option<i64>,
    pub max: Option<i64>,
    pub span: Span,
}

/// A choice as others see it.
#[derive(Debug, Clone)]
pub struct ChoiceSymbol {
    /// Index in the flow's `choices` (arguments first, then steps, in order of writing; a step that asks for an
    /// argument shares the argument's).
    pub id: ChoiceId,
    /// Values, in order.
    pub values: Vec<String>,
}

impl Symbols {
    /// The names of a bot. Reports names that are bad, reserved or defined twice.
    pub fn of(bot: &ast::Bot, sink: &mut Sink) -> Self {
        let mut symbols = Self {
            incomplete: bot.incomplete,
            ..Self::default()
        };
        for intent in &bot.intents {
            symbols.flows.push(FlowNames::default());
            commands::add(&mut symbols, &intent.cmd, intent.allow.is_some(), sink);
        }
        for flow in &bot.flows {
            let names = FlowNames::of(flow, sink);
            symbols.flows.push(names);
            commands::add(&mut symbols, &flow.entry_cmd, flow.allow.is_some(), sink);
        }
        symbols
    }
}

/// The type of a step's answer or an argument; `choice` is its index among the flow's choices.
/// `max`: the greatest length of a text.
pub fn base(ty: ast::StepType, choice: Option<ChoiceId>, max: Option<usize>) -> Base {
    use ast::StepType as S;
    match ty {
        S::Text => Base::Text { max },
        S::Int => Base::Int,
        S::Decimal(scale) => Base::Decimal(scale),
        S::Bool => Base::Bool,
        S::Date => Base::Date,
        S::Time => Base::Time,
        S::DateTime => Base::DateTime,
        // Without options (reported) there is no choice: what was typed is a text.
        S::Choice => choice.map_or(Base::Text { max: None }, Base::Choice),
        // Its query says what it is.
        S::Column => Base::Text { max: None },
        S::Choices => {
            let item = choice.map_or(Base::Text { max: None }, Base::Choice);
            Base::list(Ty::some(item), None)
        }
        // `+` and 15 digits; `local@domain` (RFC 5321 §4.5.3.1.3).
        S::Phone => Base::Text { max: Some(16) },
        S::Email => Base::Text { max: Some(254) },
        S::Contact => Base::Contact,
        S::Location => Base::Location,
        S::Photo | S::File => Base::File,
    }
}

/// The type's name in the language.
pub fn type_name(ty: ast::StepType) -> &'static str {
    use ast::StepType as S;
    match ty {
        S::Text => "text",
        S::Int => "int",
        S::Decimal(_) => "decimal",
        S::Bool => "bool",
        S::Date => "date",
        S::Time => "time",
        S::DateTime => "datetime",
        S::Choice => "choice",
        S::Choices => "list of choices",
        S::Column => "column",
        S::Phone => "phone",
        S::Email => "email",
        S::Contact => "contact",
        S::Location => "location",
        S::Photo => "photo",
        S::File => "file",
    }
}
