//! Flows, their arguments, and what they are made of.

use botfactory_lang::proof::Overflow;

use super::{Action, Choice, Field, Keyboard, ParseMode, Step, StepType, Text};
use crate::source::{Span, Spanned, Str};

/// A flow.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Flow {
    pub span: Span,
    /// Some of it could not be read (reported): report neither what it lacks nor what its absence breaks.
    pub incomplete: bool,
    /// `flow.wizard.v1`, and where it stands.
    pub block: Spanned<&'static str>,
    /// With the leading `/`.
    pub entry_cmd: Str,
    pub description: Option<Text>,
    /// `allow: admin`.
    pub allow: Option<Span>,
    pub args: Vec<ArgDecl>,
    /// Some arguments could not be read (reported): there may be others.
    pub args_lost: bool,
    pub on_enter: Vec<Action>,
    pub kind: FlowKind,
}

/// What a flow is.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum FlowKind {
    Menu(Menu),
    Wizard(Wizard),
    Generic,
}

/// `flow.menu.v1`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Menu {
    pub title: Text,
    pub overflow: Option<Spanned<Overflow>>,
    pub options: Keyboard,
    pub parse_mode: Option<Spanned<ParseMode>>,
    pub edit: Option<Spanned<bool>>,
}

/// `flow.wizard.v1`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Wizard {
    /// Seconds.
    pub ttl: Option<Spanned<i64>>,
    pub steps: Vec<Step>,
    /// A step, or the name of one, could not be read (reported).
    pub steps_lost: bool,
    pub on_step: Vec<Action>,
    pub on_complete: Vec<Action>,
    pub on_timeout: Option<OnTimeout>,
}

/// `on_timeout:`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum OnTimeout {
    /// An `action.reply_template.v1`; then the dialogue ends.
    Reply(Box<Action>),
    Goto(Str),
    Cancel,
    /// Something is wrong with it, and was reported.
    Bad,
}

/// `args: { id: int }`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct ArgDecl {
    pub name: Str,
    pub ty: Spanned<StepType>,
    pub optional: bool,
    pub min: Option<Field>,
    pub max: Option<Field>,
    pub options: Vec<Choice>,
}
