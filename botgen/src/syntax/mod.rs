//! Nodes into what the author wrote: the AST.

pub mod ast;
pub mod expr;
pub mod text;

use crate::diagnostics::Sink;
use crate::source::SourceMap;
use crate::source::folder::Folder;

/// A bot's files and what was written in them.
#[derive(Debug)]
pub struct Parsed {
    /// Its files.
    pub folder: Folder,
    /// `bot.yaml` and `flows/*.yaml`.
    pub bot: ast::Bot,
}

/// Reads the YAML files of every bot. A bot without a readable `bot.yaml` is left out.
pub fn parse(_folders: &[Folder], _sources: &SourceMap, _sink: &mut Sink) -> Vec<Parsed> {
    Vec::new()
}
