//! What a language model is asked.

use super::{Field, StepType, Text};
use crate::source::{Span, Spanned, Str};

/// `llm_improve` and what goes with it.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Improve {
    pub span: Span,
    /// `ab`: for half of the people.
    pub compare: bool,
    pub style: Option<Spanned<&'static str>>,
    pub max_tokens: Option<Spanned<i64>>,
}

/// `action.llm.v1`.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Ask {
    pub span: Span,
    /// Something of it could not be read (reported).
    pub lost: bool,
    pub prompt: Text,
    pub input: Text,
    pub context: Option<Text>,
    pub task: Option<Spanned<Task>>,
    pub output: AskOutput,
    pub result_var: Str,
    pub fallback: AskFallback,
    pub max_tokens: Option<Spanned<i64>>,
    pub temperature: Option<Str>,
    pub keep: Option<Spanned<Keep>>,
    /// Seconds.
    pub timeout: Option<Spanned<i64>>,
    pub on_long: Option<Text>,
    pub on_late: Option<Text>,
    pub trust: Option<Str>,
}

/// What the model is told about its task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Task {
    Plain,
    Classify,
    Extract,
    Validate,
    Answer,
}

/// What stays of a text that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Keep {
    Start,
    End,
    Ends,
}

/// What form an answer has.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum AskOutput {
    Text,
    Choice(Vec<AskOption>),
    Record(Vec<AskField>),
}

/// An option of an answer.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct AskOption {
    pub span: Span,
    pub value: Str,
    pub about: Option<Str>,
    pub text: Text,
}

/// A field of a record.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct AskField {
    pub name: Str,
    pub ty: Spanned<StepType>,
    pub optional: bool,
    pub about: Option<Str>,
    pub min: Option<Str>,
    pub max: Option<Str>,
    pub options: Vec<AskOption>,
}

/// What holds where there is no answer.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum AskFallback {
    Null(Span),
    Text(Text),
    Fields(Span, Vec<(Str, FallbackField)>),
}

/// What a field of a record holds then.
#[derive(Debug, Clone)]
pub enum FallbackField {
    /// `null`.
    Null(Span),
    /// A value.
    Value(Field),
}
