//! Files and places in them.

pub mod folder;

pub use botfactory_lang::source::{FileId, SourceFile, SourceMap, Span, Spanned, Str};
