//! Translations: `.ftl` sources, parsed with places, and what can be said about each by itself.
//!
//! | file | holds |
//! |---|---|
//! | this | one locale |
//! | [`tree`] | Fluent's tree with places |
//! | `parse` | files into trees |
//! | [`links`] | references, cycles, sizes |
//! | `functions` | `NUMBER` and `DATETIME` |
//! | `own` | the runtime's own words |
//! | [`alike`] | markup that differs between locales |
//! | `selections` | selections: which variant each value chooses |
//! | `plurals` | the plural forms of a language |
//! | [`needs`] | the variables that a message needs, and what terms are given |

pub mod alike;
mod functions;
pub mod links;
pub mod needs;
mod own;
mod parse;
mod plurals;
mod selections;
pub mod tree;

use std::collections::BTreeMap;

use crate::diagnostics::codes::texts as codes;
use crate::diagnostics::{Diagnostic, Sink};
use crate::source::{FileId, Span};
use crate::words;
use tree::Message;

pub(crate) use parse::too_deep;
pub use parse::{File, parse};

/// References that [`Locale::constant`] follows: labels have hardly one.
const SHALLOW: usize = 8;

/// One locale.
#[derive(Debug, Default)]
pub struct Locale {
    /// As the bot declares it.
    pub tag: String,
    /// Where the bot declares it.
    pub declared: Option<Span>,
    /// Its file.
    pub file: Option<FileId>,
    /// Messages by key.
    pub messages: BTreeMap<String, Message>,
    /// Terms by name, without the `-`.
    pub terms: BTreeMap<String, Message>,
    /// The file is missing or could not be read whole (reported): nothing can be said about what it lacks.
    pub broken: bool,
    /// Messages contain themselves or too many others (reported): references must not be followed.
    pub endless: bool,
}

impl Locale {
    /// A locale as its file has it, which is parsed but not checked yet ([`Locale::check`]).
    pub fn new(tag: &str, declared: Option<Span>, file: Option<FileId>, parsed: File) -> Self {
        Self {
            tag: tag.to_owned(),
            declared,
            file,
            messages: parsed.messages,
            terms: parsed.terms,
            broken: parsed.broken,
            endless: false,
        }
    }

    /// Checks what can be said about a locale by itself.
    pub fn check(&mut self, sink: &mut Sink) {
        self.endless = !links::check(self, sink);
        own::check(self, sink);
        placeholders(self, sink);
    }

    /// Whether the runtime ships this message in the locale's language and the bot does not replace it.
    pub fn runtime_has(&self, id: &str) -> bool {
        !self.messages.contains_key(id)
            && words::own(&self.tag).is_some()
            && words::own_ids().iter().any(|(known, _)| *known == id)
    }

    /// What a pattern prints, if it is the same for everybody.
    pub fn constant(&self, pattern: &tree::Pattern) -> Option<String> {
        self.constant_in(pattern, 0)
    }

    fn constant_in(&self, pattern: &tree::Pattern, depth: usize) -> Option<String> {
        use tree::{Element, Expr};
        if depth > SHALLOW {
            return None;
        }
        let inner = |message: Option<&Message>, attribute: &Option<String>| {
            let pattern = message?.pattern(attribute.as_deref())?;
            self.constant_in(pattern, depth + 1)
        };
        let words = pattern.elements.iter().map(|element| match element {
            Element::Words { text, .. } | Element::Placeable(Expr::Text { text, .. }) => {
                Some(text.clone())
            }
            Element::Placeable(Expr::Message { id, attribute, .. }) => {
                inner(self.messages.get(id), attribute)
            }
            Element::Placeable(Expr::Term { id, attribute, .. }) => {
                inner(self.terms.get(id), attribute)
            }
            Element::Placeable(_) => None,
        });
        words.collect()
    }

    /// What one of the runtime's own words is in this locale, the bot's version included.
    pub fn words_of_runtime(&self, id: &str) -> Option<String> {
        match self.messages.get(id) {
            Some(message) => self.constant(message.value.as_ref()?),
            None => self.own_words(id),
        }
    }

    /// The text of one of the runtime's own words, without its variables.
    pub fn own_words(&self, id: &str) -> Option<String> {
        let source = words::own(&self.tag).filter(|_| self.runtime_has(id))?;
        let (Ok(resource) | Err((resource, _))) = fluent_syntax::parser::parse(source);
        let value = resource.body.into_iter().find_map(|entry| match entry {
            fluent_syntax::ast::Entry::Message(m) if m.id.name == id => m.value,
            _ => None,
        })?;
        let words = value.elements.into_iter().filter_map(|e| match e {
            fluent_syntax::ast::PatternElement::TextElement { value } => Some(value),
            fluent_syntax::ast::PatternElement::Placeable { .. } => None,
        });
        Some(words.collect())
    }
}

/// Messages that only say that they are to be written.
fn placeholders(locale: &Locale, sink: &mut Sink) {
    const MARKS: [&str; 4] = ["TODO", "FIXME", "TBD", "XXX"];
    // In these languages the word means `all`.
    let all = ["es", "pt", "gl"]
        .iter()
        .any(|l| locale.tag.split('-').next() == Some(l));
    let messages = locale.messages.iter().chain(&locale.terms);
    for (key, message) in messages {
        for pattern in message.patterns() {
            let Some(tree::Element::Words { text, .. }) = pattern.elements.first() else {
                continue;
            };
            let text = text.trim();
            let alone = pattern.elements.len() == 1;
            let marked = |mark: &str| {
                let meant = alone && !(all && mark == "TODO");
                let rest = text.strip_prefix(mark);
                rest.is_some_and(|r| r.starts_with(':') || (meant && r.is_empty()))
            };
            if MARKS.iter().any(|mark| marked(mark)) {
                sink.report(
                    Diagnostic::new(
                        &codes::PLACEHOLDER,
                        pattern.span,
                        format!("`{key}` is still to be written in `{}`", locale.tag),
                    )
                    .help("write the text that people should read"),
                );
            }
        }
    }
}
