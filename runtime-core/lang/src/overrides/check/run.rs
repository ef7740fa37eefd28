//! All texts with the given ones in their places, and the proofs about them.

use std::collections::{BTreeMap, BTreeSet};

use super::told::INDENT;
use super::{Checked, Given, Position, Written};
use crate::diagnostics::codes::texts as codes;
use crate::diagnostics::{Diagnostic, Sink, meant};
use crate::ftl::links::{self, Node as Link};
use crate::ftl::tree::{Attribute, Message as Entry, Pattern};
use crate::ftl::{self, Locale};
use crate::overrides::parts::lay;
use crate::overrides::{ChoiceUse, Key, LabelUse, TextUse};
use crate::proof::bounds::Lengths;
use crate::proof::labels::{self, Choice, Label};
use crate::proof::message::{self, Message};
use crate::proof::{self, Cx, shape};
use crate::source::{FileId, SourceMap, Span, Str};

/// Whose file it is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Owner {
    /// The bot's: an `.ftl` file, or a place in its YAML.
    Bot,
    /// A given text's.
    Given {
        at: usize,
        /// The words begin on the line below the key.
        block: bool,
        /// Characters before them else.
        before: u32,
    },
}

pub(super) struct Run<'r> {
    pub(super) written: &'r Written<'r>,
    pub(super) given: &'r [Given<'r>],
    pub(super) sources: SourceMap,
    pub(super) owners: Vec<Owner>,
    pub(super) locales: Vec<Locale>,
    lengths: Lengths,
    pub(super) checked: Checked,
    /// The given texts by locale and name.
    named: BTreeMap<usize, BTreeMap<Link, Vec<usize>>>,
    pub(super) seen: BTreeSet<(&'static str, Position, String)>,
}

impl<'r> Run<'r> {
    pub(super) fn new(written: &'r Written<'r>, given: &'r [Given<'r>]) -> Self {
        let mut run = Self {
            written,
            given,
            sources: SourceMap::default(),
            owners: Vec::new(),
            locales: Vec::new(),
            lengths: Lengths::default(),
            checked: Checked::default(),
            named: BTreeMap::new(),
            seen: BTreeSet::new(),
        };
        for (i, given) in given.iter().enumerate() {
            let Some(key) = Key::parse(given.key) else {
                continue;
            };
            let name = match key.term {
                true => format!("-{}", key.id),
                false => key.id,
            };
            let attribute = key.attribute;
            let here = run.named.entry(given.locale).or_default();
            here.entry(Link { name, attribute }).or_default().push(i);
        }
        for (tag, source) in written.locales {
            let file = run.file(
                format!("locales/{tag}.ftl"),
                (*source).to_owned(),
                Owner::Bot,
            );
            // The compiler has read it without errors.
            let parsed = ftl::parse(file, source, &mut Sink::default());
            run.locales.push(Locale::new(tag, None, Some(file), parsed));
        }
        run
    }

    pub(super) fn file(&mut self, path: String, text: String, owner: Owner) -> FileId {
        self.owners.push(owner);
        self.sources.add(path, text)
    }

    /// Puts the texts in their places and checks each locale by itself.
    pub(super) fn locales(&mut self) {
        for (at, given) in self.given.iter().enumerate() {
            let mut sink = Sink::default();
            self.place(at, given, &mut sink);
            self.keep(sink, &[at]);
        }
        let touched: BTreeSet<usize> = self.given.iter().map(|g| g.locale).collect();
        for locale in touched {
            let mut sink = Sink::default();
            if let Some(locale) = self.locales.get_mut(locale) {
                locale.check(&mut sink);
            }
            let all = self.given.iter().enumerate();
            let all: Vec<usize> = all
                .filter(|(_, g)| g.locale == locale)
                .map(|(i, _)| i)
                .collect();
            self.keep(sink, &all);
        }
    }

    pub(super) fn place(&mut self, at: usize, given: &Given<'_>, sink: &mut Sink) {
        let key = Key::parse(given.key);
        let head = match &key {
            Some(Key { term: true, id, .. }) => format!("-{id} ="),
            Some(Key { id, .. }) => format!("{id} ="),
            None => "key =".to_owned(),
        };
        let laid = lay(given.words, INDENT);
        let before = u32::try_from(head.chars().count() + 1).unwrap_or(0);
        let text = format!("{head}{}\n", laid.text);
        let owner = Owner::Given {
            at,
            block: laid.block,
            before,
        };
        let file = self.file(given.key.to_owned(), text, owner);
        let whole = Span {
            file,
            lo: before,
            hi: before,
        };
        let Some(locale) = self.locales.get_mut(given.locale) else {
            return;
        };
        let source = &self.sources.file(file).text;
        let parsed = ftl::parse(file, source, sink);
        let Some(key) = key else {
            let message = format!("`{}` is not a name of a text", given.key);
            sink.report(
                Diagnostic::new(&codes::UNKNOWN_KEY, whole, message)
                    .help("names are `key`, `key.attribute`, `-term` and `-term.attribute`"),
            );
            return;
        };
        if parsed.broken {
            unknown(locale, &key, whole, sink);
            return;
        }
        let mut entries = parsed
            .messages
            .into_values()
            .chain(parsed.terms.into_values());
        let Some(Entry {
            value: Some(pattern),
            attributes,
            ..
        }) = entries.next()
        else {
            return;
        };
        if let Some(attribute) = attributes.first() {
            let name = Key {
                attribute: Some(attribute.name.clone()),
                ..key.clone()
            };
            let message = format!("`.{}` is a text of its own", attribute.name);
            sink.report(
                Diagnostic::new(&codes::FTL_SYNTAX, attribute.span, message)
                    .help(format!("give it under its own name: `{name}`")),
            );
        }
        if unknown(locale, &key, whole, sink) {
            put(locale, &key, pattern, whole);
        }
    }

    /// Proves every text that contains one of the given.
    pub(super) fn texts(&mut self) {
        // What the locales themselves are at fault for would only be repeated.
        for text in &self.written.handed.texts {
            let culprits = self.contained(text);
            if culprits.is_empty() {
                continue;
            }
            let span = self.stub(&text.at);
            let mut nodes = text.nodes.clone();
            shape::settle(&mut nodes, span);
            let mut sink = Sink::default();
            let mut cx = Cx {
                locales: &self.locales,
                default: self.written.default,
                lengths: &self.lengths,
                sink: &mut sink,
            };
            shape::each_message_mut(&mut nodes, &mut |message| {
                let names: Vec<String> = message.given.iter().map(|g| g.name.clone()).collect();
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                message::arguments(&mut cx, message, &names, None);
                message.locales = message::grow(cx.locales, cx.lengths, message);
            });
            let source = Str {
                value: String::new(),
                span,
                map: [(0, 0)].into(),
            };
            let written = proof::Text {
                source: &source,
                slot: text.slot,
                mode: text.mode,
                overflow: text.overflow,
                splits: true,
                command: &text.command,
                place: "",
            };
            // Also where an argument is wrong: the words of another language have nothing to do with it.
            let before = cx.sink.errors();
            proof::text(&mut cx, &written, &nodes, 0, before);
            self.keep(sink, &culprits);
        }
    }

    /// The given texts that a text prints.
    fn contained(&self, text: &TextUse) -> Vec<usize> {
        let mut roots = Vec::new();
        shape::each_message(&text.nodes, &mut |m| roots.push(link(m)));
        self.reached(&roots)
    }

    fn reached(&self, roots: &[Link]) -> Vec<usize> {
        let mut found = Vec::new();
        for (index, locale) in self.locales.iter().enumerate() {
            let Some(here) = self.named.get(&index) else {
                continue;
            };
            let reached = links::reached(locale, roots.iter().cloned());
            found.extend(reached.iter().filter_map(|link| here.get(link)).flatten());
        }
        found.sort_unstable();
        found
    }

    /// Options that would read alike.
    pub(super) fn choices(&mut self) {
        let several = self.locales.len() > 1;
        for choice in &self.written.handed.choices {
            let keys = choice.options.iter().filter_map(|o| match &o.label {
                LabelUse::Key(key, attribute) => Some(Link {
                    name: key.clone(),
                    attribute: attribute.clone(),
                }),
                _ => None,
            });
            let culprits = self.reached(&keys.collect::<Vec<_>>());
            if culprits.is_empty() {
                continue;
            }
            let span = self.stub(&choice.at);
            let mut sink = Sink::default();
            for locale in &self.locales {
                let inside = match several {
                    true => format!(" in `{}`", locale.tag),
                    false => String::new(),
                };
                labels::alike(&options(choice, locale, span), &inside, &mut sink);
            }
            self.keep(sink, &culprits);
        }
    }

    /// A place in the bot's YAML, of which nothing is here.
    fn stub(&mut self, at: &str) -> Span {
        let file = self.file(at.to_owned(), String::new(), Owner::Bot);
        Span { file, lo: 0, hi: 0 }
    }
}

fn link(message: &Message) -> Link {
    Link {
        name: message.key.clone(),
        attribute: message.attribute.clone(),
    }
}

/// Whether a locale has the text; says so if it does not.
fn unknown(locale: &Locale, key: &Key, at: Span, sink: &mut Sink) -> bool {
    let entries = if key.term {
        &locale.terms
    } else {
        &locale.messages
    };
    let kind = if key.term { "term" } else { "message" };
    let Some(entry) = entries.get(&key.id) else {
        if !key.term && locale.runtime_has(&key.id) && key.attribute.is_none() {
            return true;
        }
        let name = Key {
            attribute: None,
            ..key.clone()
        };
        let message = format!("there is no {kind} `{name}` in `{}`", locale.tag);
        let d = Diagnostic::new(&codes::UNKNOWN_KEY, at, message);
        let near = meant(&key.id, entries.keys().map(String::as_str));
        sink.report(d.help(match near {
            Some(near) if key.term => format!("did you mean `-{}`?", near.word),
            Some(near) => format!("did you mean `{}`?", near.word),
            None => "a text must be in the bot's files before it can be overridden".to_owned(),
        }));
        return false;
    };
    if entry.pattern(key.attribute.as_deref()).is_some() {
        return true;
    }
    let names: Vec<&str> = entry.attributes.iter().map(|a| a.name.as_str()).collect();
    let (message, help) = match &key.attribute {
        Some(attribute) => {
            let near = meant(attribute, names.iter().copied());
            (
                format!("the {kind} `{}` has no attribute `{attribute}`", key.id),
                match near {
                    Some(near) => format!("did you mean `.{}`?", near.word),
                    None => {
                        "a text must be in the bot's files before it can be overridden".to_owned()
                    }
                },
            )
        }
        None => (
            format!(
                "the {kind} `{}` has attributes but no text of its own",
                key.id
            ),
            format!("name one of its attributes: `{}.attribute`", key.id),
        ),
    };
    sink.report(Diagnostic::new(&codes::UNKNOWN_KEY, at, message).help(help));
    false
}

/// Puts a pattern in the place of a text.
fn put(locale: &mut Locale, key: &Key, pattern: Pattern, at: Span) {
    let entries = if key.term {
        &mut locale.terms
    } else {
        &mut locale.messages
    };
    let entry = entries.entry(key.id.clone()).or_insert_with(|| Entry {
        span: at,
        value: None,
        attributes: Vec::new(),
    });
    match &key.attribute {
        None => {
            entry.span = at;
            entry.value = Some(pattern);
        }
        Some(name) => {
            if let Some(Attribute {
                span, pattern: old, ..
            }) = entry.attributes.iter_mut().find(|a| a.name == *name)
            {
                *span = at;
                *old = pattern;
            }
        }
    }
}

/// The options of a choice in a locale.
fn options<'c>(choice: &'c ChoiceUse, locale: &Locale, span: Span) -> Vec<Choice<'c>> {
    let label = |label: &LabelUse| match label {
        LabelUse::Words(words) => Some(Label {
            words: words.clone(),
            place: span,
            everywhere: true,
        }),
        LabelUse::Key(key, attribute) => {
            let message = locale.messages.get(key)?;
            let attribute = attribute.as_deref();
            let at = message
                .attributes
                .iter()
                .find(|a| Some(a.name.as_str()) == attribute);
            Some(Label {
                words: locale.constant(message.pattern(attribute)?)?,
                place: at.map_or(message.span, |a| a.span),
                everywhere: false,
            })
        }
        LabelUse::Other => None,
    };
    let option = |o: &'c crate::overrides::OptionUse| Choice {
        value: &o.value,
        span,
        when: o.when,
        label: label(&o.label),
    };
    choice.options.iter().map(option).collect()
}
