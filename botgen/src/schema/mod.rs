//! The published form of the language: serde types whose JSON Schema (by schemars) editors use, whose
//! doc comments are the reference page, and whose field lists are what the decoder accepts.
//!
//! The types of blocks stand beside their decoders in [`crate::syntax::blocks`].

mod docs;
mod publish;
mod shape;
mod words;

pub use docs::reference;
pub use publish::{bot_schema, chats_schema, flows_schema};
pub use shape::{FieldInfo, Shape};
pub use words::{
    AllowName, AudienceName, BlockName, Bool, CalendarModeName, Command, Count, Duration,
    Expression, Hours, Literal, LocaleTag, Name, NumberTypeName, OnAmbiguousName, OverflowName,
    ParseModeName, Regex, SegmentName, SqlText, StepTypeName, Template, Value, WeekdayName,
};
