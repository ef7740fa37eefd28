//! Nodes into what the author wrote: the AST.

pub mod ast;
