//! The compiler's checks over texts that are to be overridden: what is at fault is at fault for the same reasons and in the
//! same words.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::parts::lay;
use super::{ChoiceUse, Handed, Key, LabelUse, TextUse};
use crate::diagnostics::codes::texts as codes;
use crate::diagnostics::{Diagnostic, Severity, Sink, meant};
use crate::ftl::links::{self, Node as Link};
use crate::ftl::tree::{Attribute, Message as Entry, Pattern};
use crate::ftl::{self, Locale};
use crate::proof::bounds::Lengths;
use crate::proof::labels::{self, Choice, Label};
use crate::proof::message::{self, Message};
use crate::proof::shape;
use crate::proof::{self, Cx};
use crate::source::{FileId, SourceMap, Span, Str};

/// How deep the lines of a text stand while it is read.
const INDENT: usize = 4;

/// A bot's texts as they were compiled.
#[derive(Debug, Clone, Copy)]
pub struct Written<'w> {
    /// Tag and `.ftl` source of each locale.
    pub locales: &'w [(&'w str, &'w str)],
    /// Index of the default.
    pub default: usize,
    /// What the compiler handed over.
    pub handed: &'w Handed,
}

/// Words that are to stand in the place of a text.
#[derive(Debug, Clone, Copy)]
pub struct Given<'g> {
    /// Index of the locale.
    pub locale: usize,
    /// The text's name.
    pub key: &'g str,
    /// Fluent, as it would stand after the `=`.
    pub words: &'g str,
    /// Where each line of the words stands in what was sent: line and column of its first character, both from 1. Empty: the
    /// words were sent by themselves.
    pub lines: &'g [(u32, u32)],
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Checked {
    /// In order of the texts.
    pub faults: Vec<Fault>,
}

impl Checked {
    /// Those that keep the texts from being stored.
    pub fn errors(&self) -> impl Iterator<Item = &Fault> {
        let errors = self.faults.iter();
        errors.filter(|fault| fault.severity == Severity::Error)
    }
}

/// A finding, as the compiler words it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// `BF0412`.
    pub code: &'static str,
    /// An error keeps the texts from being stored.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// A word about the place; may be empty.
    pub label: String,
    /// What to do.
    pub help: Option<String>,
    /// Where.
    pub at: Position,
    /// Other places that matter.
    pub notes: Vec<(Position, String)>,
    /// Which of the given texts may be at fault.
    pub culprits: Vec<usize>,
}

/// A place.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// The overridden text; line and column are those of what was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Its locale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// A file of the bot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
}

/// Checks the given texts together: as if they stood in the bot's files.
pub fn check(written: &Written<'_>, given: &[Given<'_>]) -> Checked {
    let mut run = Run::new(written, given);
    run.locales();
    run.texts();
    run.choices();
    run.checked
}

/// Which of the given texts can be used, and what is wrong with the others: a text that does not suit the bot (any more) is
/// left out, and so is one that only suited together with it.
pub fn settle(written: &Written<'_>, given: &[Given<'_>]) -> (Vec<usize>, Vec<(usize, Fault)>) {
    let mut active: Vec<usize> = (0..given.len()).collect();
    let mut stale: Vec<(usize, Fault)> = Vec::new();
    while !active.is_empty() {
        let some: Vec<Given<'_>> = active
            .iter()
            .filter_map(|i| given.get(*i).copied())
            .collect();
        let checked = check(written, &some);
        let mut gone: BTreeMap<usize, &Fault> = BTreeMap::new();
        for fault in checked.errors() {
            let all = 0..active.len();
            let culprits = match fault.culprits.as_slice() {
                [] => all.collect(), // nobody knows which
                some => some.to_vec(),
            };
            for at in culprits {
                gone.entry(at).or_insert(fault);
            }
        }
        if gone.is_empty() {
            break;
        }
        let left = active.iter().enumerate();
        let left: Vec<usize> = left
            .filter(|(at, _)| !gone.contains_key(at))
            .map(|(_, i)| *i)
            .collect();
        for (at, fault) in gone {
            if let Some(i) = active.get(at) {
                stale.push((*i, fault.clone()));
            }
        }
        active = left;
    }
    stale.sort_by_key(|(i, _)| *i);
    (active, stale)
}

/// What is wrong with an `.ftl` source as such: what is not Fluent, what stands there twice. `name` is what it is called.
pub fn syntax(name: &str, source: &str) -> Vec<Fault> {
    let nothing = Handed::default();
    let written = Written {
        locales: &[],
        default: 0,
        handed: &nothing,
    };
    let mut run = Run::new(&written, &[]);
    let file = run.file(name.to_owned(), source.to_owned(), Owner::Bot);
    let mut sink = Sink::default();
    ftl::parse(file, source, &mut sink);
    run.keep(sink, &[]);
    run.checked.faults
}

/// Whose file it is.
#[derive(Debug, Clone, Copy)]
enum Owner {
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

struct Run<'r> {
    written: &'r Written<'r>,
    given: &'r [Given<'r>],
    sources: SourceMap,
    owners: Vec<Owner>,
    locales: Vec<Locale>,
    lengths: Lengths,
    checked: Checked,
    /// The given texts by locale and name.
    named: BTreeMap<usize, BTreeMap<Link, Vec<usize>>>,
    seen: BTreeSet<(&'static str, Position, String)>,
}

impl<'r> Run<'r> {
    fn new(written: &'r Written<'r>, given: &'r [Given<'r>]) -> Self {
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

    fn file(&mut self, path: String, text: String, owner: Owner) -> FileId {
        self.owners.push(owner);
        self.sources.add(path, text)
    }

    /// Puts the texts in their places and checks each locale by itself.
    fn locales(&mut self) {
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

    fn place(&mut self, at: usize, given: &Given<'_>, sink: &mut Sink) {
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
    fn texts(&mut self) {
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
    fn choices(&mut self) {
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

    /// Keeps what was found, with the texts that may be at fault.
    fn keep(&mut self, sink: Sink, suspects: &[usize]) {
        for found in sink.finish() {
            let fault = self.fault(found, suspects);
            // What the bot's own files are warned of has been said by the compiler.
            let ours = fault.at.key.is_some();
            let key = (fault.code, fault.at.clone(), fault.message.clone());
            if (ours || fault.severity == Severity::Error) && self.seen.insert(key) {
                self.checked.faults.push(fault);
            }
        }
    }

    fn fault(&self, found: Diagnostic, suspects: &[usize]) -> Fault {
        let places = std::iter::once(found.span).chain(found.notes.iter().map(|(span, _)| *span));
        let mut culprits: Vec<usize> = places.filter_map(|span| self.given_at(span)).collect();
        culprits.sort_unstable();
        culprits.dedup();
        if culprits.is_empty() {
            culprits = suspects.to_vec();
        }
        let (mut at, mut notes) = (found.span, found.notes);
        // Who overrides a text looks there, not at the place where the bot uses it.
        if self.given_at(at).is_none()
            && let Some(n) = notes
                .iter()
                .position(|(span, _)| self.given_at(*span).is_some())
        {
            let (here, _) = notes.remove(n);
            notes.insert(0, (at, "the text".to_owned()));
            at = here;
        }
        let mut place = self.position(at);
        let mut notes: Vec<(Position, String)> = notes
            .into_iter()
            .map(|(span, words)| (self.position(span), words))
            .collect();
        // What is said of a text as a whole is said of the one that is overridden in it.
        if let (true, [one]) = (place.key.is_none(), culprits.as_slice())
            && let Some(whole) = self.whole(*one)
        {
            notes.insert(
                0,
                (std::mem::replace(&mut place, whole), "the text".to_owned()),
            );
        }
        Fault {
            code: found.code.id,
            severity: found.severity,
            message: found.message,
            label: found.label,
            help: found.help,
            at: place,
            notes,
            culprits,
        }
    }

    /// The beginning of a given text.
    fn whole(&self, at: usize) -> Option<Position> {
        let given = self.given.get(at)?;
        let (line, column) = given.lines.first().copied().unwrap_or((1, 1));
        let tag = self.written.locales.get(given.locale);
        Some(Position {
            key: Some(given.key.to_owned()),
            locale: tag.map(|(tag, _)| (*tag).to_owned()),
            file: None,
            line,
            column: Some(column),
        })
    }

    fn given_at(&self, span: Span) -> Option<usize> {
        match self.owners.get(span.file.0 as usize) {
            Some(Owner::Given { at, .. }) => Some(*at),
            _ => None,
        }
    }

    fn position(&self, span: Span) -> Position {
        let (line, column) = self.sources.line_column(span.file, span.lo);
        let file = self.sources.file(span.file);
        match self.owners.get(span.file.0 as usize) {
            Some(Owner::Given { at, block, before }) => {
                let indent = u32::try_from(INDENT).unwrap_or(0);
                let (line, column) = match (*block, line) {
                    (true, 1) => (1, 1),
                    (true, _) => (line - 1, column.saturating_sub(indent).max(1)),
                    (false, 1) => (1, column.saturating_sub(*before).max(1)),
                    (false, _) => (line, column.saturating_sub(indent).max(1)),
                };
                let given = self.given.get(*at);
                let lines = given.map(|g| g.lines).unwrap_or_default();
                let sent = lines.get(line as usize - 1).or(lines.last());
                let (line, column) = match sent {
                    Some((sent, from)) => (*sent, from.saturating_add(column - 1)),
                    None => (line, column),
                };
                let tag = given.and_then(|g| self.written.locales.get(g.locale));
                Position {
                    key: Some(file.path.clone()),
                    locale: tag.map(|(tag, _)| (*tag).to_owned()),
                    file: None,
                    line,
                    column: Some(column),
                }
            }
            _ if file.text.is_empty() => {
                // `flows/book.yaml:17`.
                let (path, line) = file.path.rsplit_once(':').unwrap_or((&file.path, "1"));
                Position {
                    file: Some(path.to_owned()),
                    line: line.parse().unwrap_or(1),
                    ..Position::default()
                }
            }
            _ => Position {
                file: Some(file.path.clone()),
                line,
                column: Some(column),
                ..Position::default()
            },
        }
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
    let option = |o: &'c super::OptionUse| Choice {
        value: &o.value,
        span,
        when: o.when,
        label: label(&o.label),
    };
    choice.options.iter().map(option).collect()
}
