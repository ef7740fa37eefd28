//! Translations: the bot's `.ftl` files, parsed with places, and what their messages need (bodies on their way).

use crate::diagnostics::Sink;
use crate::ir;
use crate::source::{FileId, SourceMap};
use crate::syntax::ast;

/// A bot's parsed `.ftl` files.
#[derive(Debug, Default)]
pub struct Translations {}

impl Translations {
    /// The locales as the runtime needs them, in the order in which the bot declares them, and the default's index.
    pub fn locales(&self, _sources: &SourceMap) -> (Vec<ir::Locale>, usize) {
        (Vec::new(), 0)
    }
}

/// Parses the files of a bot and checks what can be said about each by itself. Files of undeclared locales are
/// ignored (reported elsewhere).
pub fn load(
    _bot: &ast::Bot,
    _files: &[(String, FileId)],
    _sources: &SourceMap,
    _sink: &mut Sink,
) -> Translations {
    Translations::default()
}

/// Checks what is known only after every text of the bot: unused and missing messages, the runtime's own words.
/// Which messages were used is kept in `words`.
pub fn finish(_bot: &ast::Bot, _words: &Translations, _sink: &mut Sink) {}
