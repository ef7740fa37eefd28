//! What a flow asks the language model.

use super::Origin;
use super::expr::Expr;
use super::text::TextCall;
use super::types::{ChoiceId, Ty, Variable};
pub use crate::syntax::ast::{Keep, Task};

/// Longest text of an answer in characters: it fits into a message, whatever they are.
pub const ANSWER: u32 = 2000;

/// Index into [`super::Flow::records`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RecordId(pub usize);

/// A record type: the fields of an answer.
#[derive(Debug, Clone)]
pub struct Record {
    /// Rust type name, unique in the flow: `Order`.
    pub name: String,
    /// Where.
    pub origin: Origin,
    /// In order. Never empty.
    pub fields: Vec<Field>,
}

/// A field of a record.
#[derive(Debug, Clone)]
pub struct Field {
    /// As the author wrote it: the model's key.
    pub name: String,
    /// Its Rust identifier.
    pub ident: String,
    /// Nullable where it may be missing.
    pub ty: Ty,
    /// What the model is told about it.
    pub about: String,
    /// Bounds of an int.
    pub bounds: (i64, i64),
    /// What the model is told about a choice's options, in order.
    pub options: Vec<String>,
}

/// A question to the model; what follows is another segment.
#[derive(Debug)]
pub struct Ask {
    /// What the model is told about its task.
    pub task: Task,
    /// Instructions.
    pub prompt: TextCall,
    /// What the model looks at.
    pub input: TextCall,
    /// What it answers from.
    pub context: Option<TextCall>,
    /// What stays of texts that are too long.
    pub keep: Keep,
    /// What form the answer has.
    pub output: Output,
    /// The variable, nullable where the fallback is null or the action has a `when`.
    pub result: Variable,
    /// What it holds without an answer.
    pub fallback: Fallback,
    /// Of the answer.
    pub max_tokens: u32,
    /// In hundredths.
    pub temperature: u8,
    /// Seconds.
    pub timeout: u32,
    /// Said where it takes long.
    pub long: Option<TextCall>,
    /// Said where the person has moved on.
    pub late: Option<TextCall>,
}

/// What form an answer has.
#[derive(Debug)]
#[allow(missing_docs)]
pub enum Output {
    Text,
    /// And what the model is told about the options, in order.
    Choice(ChoiceId, Vec<String>),
    Record(RecordId),
}

/// What holds without an answer.
#[derive(Debug)]
#[allow(missing_docs)]
pub enum Fallback {
    Null,
    Text(TextCall),
    /// Index of an option.
    Option(usize),
    /// Of a record, in order.
    Fields(Vec<Expr>),
}

/// How a reply is rewritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Improve {
    /// For half of the people.
    pub compare: bool,
    /// Its style.
    pub style: &'static str,
    /// The author's bound of tokens.
    pub max_tokens: Option<u32>,
}
