//! Nodes into what the author wrote: the AST.
//!
//! After this stage there are no unknown keys and no wrong YAML types; texts and expressions are parsed. A part
//! with an error is left out and what holds it is marked incomplete.

pub mod ast;
pub mod blocks;
pub mod bot;
pub mod chat;
pub mod decode;
pub mod expr;
pub mod flow;
pub mod keyboard;
pub mod lints;
pub mod registry;
pub mod statement;
pub mod step;
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
    /// `chats/*.yaml`.
    pub chats: Vec<ast::Conversation>,
}

/// Reads the YAML files of every bot. A bot without a readable `bot.yaml` is left out.
pub fn parse(folders: Vec<Folder>, sources: &SourceMap, sink: &mut Sink) -> Vec<Parsed> {
    folders
        .into_iter()
        .filter_map(|folder| {
            let bot = bot::parse(&folder, sources, sink)?;
            let chats = chat::parse(&folder, sources, sink);
            Some(Parsed { folder, bot, chats })
        })
        .collect()
}
