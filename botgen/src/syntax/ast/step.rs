//! The questions of a wizard.

use super::{Action, Expr, Field, ParseMode, Text, Widget};
use crate::source::{Span, Spanned, Str};

/// A type as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum StepType {
    Text,
    Int,
    Decimal(u8),
    Bool,
    Date,
    Time,
    DateTime,
    Choice,
    /// Several options of a choice: only a widget's.
    Choices,
    /// What a column of the rows is: only a widget's.
    Column,
    Phone,
    Email,
    Contact,
    Location,
    Photo,
    File,
}

/// A wizard's step.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Step {
    pub span: Span,
    pub ask: Text,
    pub var: Str,
    /// Default: `var`.
    pub id: Option<Str>,
    pub ty: Spanned<StepType>,
    /// `type` could not be read (reported): what the answers are is not known.
    pub bad_type: bool,
    /// What asks, instead of a message that waits for another one.
    pub widget: Option<Spanned<Widget>>,
    pub optional: Option<Spanned<bool>>,
    /// Of `type: choice`.
    pub options: Vec<Choice>,
    pub min: Option<Field>,
    pub max: Option<Field>,
    pub validate: Option<Validate>,
    pub when: Option<Expr>,
    pub case: Vec<Case>,
    pub on_step: Vec<Action>,
    pub parse_mode: Option<Spanned<ParseMode>>,
}

/// `validate:`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Validate {
    pub span: Span,
    pub regex: Option<Str>,
    pub msg: Option<Text>,
}

/// One option of a choice.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Choice {
    pub span: Span,
    pub text: Text,
    pub value: Str,
    pub when: Option<Expr>,
}

/// One branch of `case:`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Case {
    pub span: Span,
    pub when: Option<Expr>,
    pub goto: Str,
}
