//! The keys of a mapping, held against its published type.

use std::collections::HashSet;

use schemars::JsonSchema;

use super::{Cx, synonyms};
use crate::diagnostics::codes::{files, shape as shape_codes};
use crate::diagnostics::{Diagnostic, Edit, Meant, meant};
use crate::schema::Shape;
use crate::source::Span;
use crate::syntax::registry;
use crate::yaml::{Entry, Kind, Map, Node, Style};

/// An open mapping. Unknown and missing keys are reported already.
pub struct Fields<'n> {
    /// The whole mapping.
    pub span: Span,
    /// Where it begins: what is underlined where something is missing.
    pub place: Span,
    /// How messages call it: `this step`.
    pub what: String,
    /// The file's syntax breaks off inside it, or an entry was refused.
    pub truncated: bool,
    shape: &'static Shape,
    /// Keys whose value can be decoded.
    entries: Vec<&'n Entry>,
    /// All keys that are written.
    written: Vec<(&'n str, Span)>,
    taken: HashSet<String>,
}

impl<'n> Fields<'n> {
    /// The value under a key of the published type. `None`: the key is absent, or its value is empty (reported).
    pub fn get(&mut self, key: &str) -> Option<&'n Node> {
        debug_assert!(
            self.shape.field(key).is_some(),
            "`{key}` is no field of {}",
            self.what
        );
        self.taken.insert(key.to_owned());
        let entry = self.entries.iter().find(|e| e.key.text.value == key)?;
        Some(&entry.value)
    }

    /// The place of a key.
    pub fn key_span(&self, key: &str) -> Option<Span> {
        let (_, span) = self.written.iter().find(|(k, _)| *k == key)?;
        Some(*span)
    }

    /// Whether there is anything, known or not.
    pub fn any_written(&self) -> bool {
        !self.written.is_empty()
    }

    /// Whether there is a key that the published type lacks: it was reported.
    pub fn any_unknown(&self) -> bool {
        self.written
            .iter()
            .any(|(key, _)| self.shape.field(key).is_none())
    }

    /// The first of `keys` that is present.
    pub fn any_of(&self, keys: &[&'static str]) -> Option<&'static str> {
        keys.iter().copied().find(|k| self.key_span(k).is_some())
    }

    /// Checks in tests that the decoder looked at every field of the published type.
    pub fn finish(self) {
        if cfg!(debug_assertions) {
            for name in self.shape.names() {
                debug_assert!(
                    self.taken.contains(name),
                    "`{name}` of {} is published but never decoded",
                    self.what
                );
            }
        }
    }
}

impl Cx<'_> {
    /// Opens a mapping of the published type `T`. `what` names it in messages: `this step`.
    pub fn fields<'n, T: JsonSchema + 'static>(
        &mut self,
        node: &'n Node,
        what: &str,
    ) -> Option<Fields<'n>> {
        let map = self.map(node, what)?;
        let entries: Vec<_> = map.entries.iter().collect();
        let place = beginning(self, node.span, map);
        Some(self.fields_of(Shape::of::<T>(), node.span, place, map, entries, what))
    }

    /// The same for entries that were found elsewhere (`map` is where they stand). `place`: what is underlined where
    /// a key is missing.
    pub(in crate::syntax) fn fields_of<'n>(
        &mut self,
        shape: &'static Shape,
        span: Span,
        place: Span,
        map: &'n Map,
        entries: Vec<&'n Entry>,
        what: &str,
    ) -> Fields<'n> {
        let mut known = Vec::new();
        let mut unreadable = Vec::new();
        let mut rest = entries.as_slice();
        while let [entry, tail @ ..] = rest {
            rest = tail;
            let name = entry.key.text.value.as_str();
            if shape.field(name).is_some() {
                known.push(*entry);
                continue;
            }
            if let Some(field) = missing_colon(shape, map, entry) {
                let d = Diagnostic::new(
                    &shape_codes::UNKNOWN_KEY,
                    entry.key.text.span,
                    format!("a colon is missing after `{}`", field),
                );
                let value = name[field.len()..].trim_start();
                let title = format!("write `{field}: {value}`");
                let end = entry.key.text.span_of(field.len()..field.len());
                self.report(d.help(title.clone()).fix(title, [Edit::insert(end, ":")]));
                unreadable.push(field);
                continue;
            }
            let pieces = split_pieces(map, known.last().copied(), entry, tail);
            if let (Some(before), 1..) = (known.last(), pieces) {
                self.split_text(before, &entries[entries.len() - tail.len() - 1..][..pieces]);
                rest = &tail[pieces - 1..];
                // The value is not what was meant: say nothing more about it.
                known.retain(|e| e.key.text.span != before.key.text.span);
                continue;
            }
            self.unknown_key(shape, entry, map, what);
        }
        let missing: Vec<&str> = shape
            .fields
            .iter()
            .filter(|f| f.required && !entries.iter().any(|e| e.key.text.value == f.name))
            .map(|f| f.name.as_str())
            .filter(|name| !unreadable.contains(name))
            // An intent that holds a block is meant to be a flow.
            .filter(|name| {
                let block = |e: &&Entry| registry::find(&e.key.text.value).is_some();
                *name != "reply" || !entries.iter().any(block)
            })
            // A misspelt key is not missing.
            .filter(|name| {
                let unknown = entries.iter().map(|e| e.key.text.value.as_str());
                let unknown = unknown.filter(|k| shape.field(k).is_none());
                let only = shape.fields.len() == 1;
                !unknown.into_iter().any(|k| {
                    only || synonyms::key(shape, k) == Some(*name) || meant(k, [*name]).is_some()
                })
            })
            .collect();
        if !missing.is_empty() && !map.truncated {
            let names: Vec<String> = missing.iter().map(|m| format!("`{m}`")).collect();
            let mut d = Diagnostic::new(
                &shape_codes::MISSING_KEY,
                place,
                format!("{what} has no {}", names.join(" and no ")),
            );
            if let Some(field) = shape.field(missing[0]) {
                let doc = field.doc.split("\n\n").next().unwrap_or_default();
                let doc = doc.replace('\n', " ");
                d = d.help(format!(
                    "`{}:` {}",
                    field.name,
                    lower(doc.trim_end_matches('.'))
                ));
            }
            self.report(d);
        }
        // `key:` with nothing after it.
        known.retain(|entry| match &entry.value.kind {
            Kind::Broken => {
                self.fault();
                false
            }
            // A value there like others.
            Kind::Scalar(s)
                if s.is_null()
                    && !s.absent
                    && entry.key.text.value == "fallback"
                    && shape.field("result_var").is_some() =>
            {
                true
            }
            Kind::Scalar(s) if s.is_null() => {
                self.empty_value(shape, entry);
                false
            }
            _ => true,
        });
        Fields {
            span,
            place,
            what: what.to_owned(),
            truncated: map.truncated,
            shape,
            entries: known,
            written: entries
                .iter()
                .map(|e| (e.key.text.value.as_str(), e.key.text.span))
                .collect(),
            taken: HashSet::new(),
        }
    }

    fn empty_value(&mut self, shape: &Shape, entry: &Entry) {
        let Kind::Scalar(scalar) = &entry.value.kind else {
            return;
        };
        let name = &entry.key.text.value;
        if let (true, Some(comment)) = (scalar.absent, scalar.comment) {
            let written = self.sources.slice(comment).trim_end().to_owned();
            let d = Diagnostic::new(
                &files::COMMENT,
                comment,
                format!("`{name}` is empty: a `#` after a space begins a comment"),
            );
            self.report(d.help(format!("put the text in quotes: `{name}: \"{written}\"`")));
            return;
        }
        if scalar.absent {
            let ty = shape.field(name).map_or("value", |f| f.ty.as_str());
            self.error(
                &shape_codes::TYPE,
                entry.key.text.span,
                format!("`{name}` has no value"),
                format!("write its {ty} after the colon, or remove the key"),
            );
            return;
        }
        let word = scalar.text.value.clone();
        self.error(
            &files::BARE_WORD,
            entry.value.span,
            format!("`{word}` is YAML's word for nothing, `{name}` has no value"),
            format!("for the text write `\"{word}\"`; to leave `{name}` out remove the key"),
        );
    }

    fn unknown_key(&mut self, shape: &Shape, entry: &Entry, map: &Map, what: &str) {
        let name = entry.key.text.value.as_str();
        let span = entry.key.text.span;
        let mut d = Diagnostic::new(
            &shape_codes::UNKNOWN_KEY,
            span,
            format!("{what} has no key `{name}`"),
        );
        let written = |n: &str| map.entries.iter().any(|e| e.key.text.value == n);
        let near = meant(name, shape.names());
        let free = near.and_then(|_| meant(name, shape.names().filter(|n| !written(n))));
        let elsewhere = synonyms::key(shape, name).filter(|key| !written(key));
        d = if let Some(key) = elsewhere {
            let near = Meant {
                word: key,
                only: false,
            };
            d.suggest(name, &near)
        } else if let Some(key) = synonyms::key(shape, name) {
            d.help(format!(
                "`{key}` says that, and is there already: remove one of them"
            ))
        } else if let Some(block) = registry::find(name).filter(|_| shape.field("cmd").is_some()) {
            d.help(format!(
                "`{}` is an action: write a flow, `flow.generic.v1`, with it below `on_enter`",
                block.name
            ))
        } else if name == "allow" && shape.field("when").is_some() {
            d.help("write `when: user.is_admin`: then it is done for admins only")
        } else if let Some(right) = registry::old_key(name) {
            d.help(right)
        } else if let (Some(near), None) = (near, free) {
            d.help(format!(
                "`{}` is there already; remove one of them",
                near.word
            ))
        } else if let Some(near) = free {
            d.suggest(name, &near)
        } else if map.flow && entry.value_is_absent() {
            d.help("quote a text that contains a comma")
        } else if let [only] = shape.fields.as_slice() {
            let doc = only.doc.split("\n\n").next().unwrap_or_default();
            let doc = doc.replace('\n', " ");
            let doc = lower(doc.trim_end_matches('.'));
            d.help(format!("its key is `{}`: {doc}", only.name))
        } else {
            let keys: Vec<_> = shape.names().map(|n| format!("`{n}`")).collect();
            d.help(format!("its keys are {}", keys.join(", ")))
        };
        self.report(d);
    }

    /// `{ sql: SELECT a, b FROM t }`: what follows a comma became a key.
    fn split_text(&mut self, before: &Entry, pieces: &[&Entry]) {
        let Some(last) = pieces.last() else { return };
        let span = before.value.span.to(last.key.text.span);
        let written = self.sources.slice(span).to_owned();
        let name = &before.key.text.value;
        let comma = Span {
            lo: before.value.span.hi,
            hi: pieces[0].key.text.span.lo,
            ..span
        };
        let d = Diagnostic::new(
            &files::SPLIT,
            span,
            format!("the comma ends the text of `{name}`"),
        )
        .note(comma, "inside `{…}` a comma separates keys")
        .help(format!("quote it: `{name}: \"{}\"`", escape(&written)));
        let edit = Edit::replace(span, format!("\"{}\"", escape(&written)));
        self.report(d.fix("quote the text", [edit]));
    }
}

/// `reply "x"` inside `{…}`: the key that was meant.
fn missing_colon<'s>(shape: &'s Shape, map: &Map, entry: &Entry) -> Option<&'s str> {
    let (first, _) = entry.key.text.value.split_once(' ')?;
    let meant = map.flow && entry.value_is_absent() && entry.key.style == Style::Plain;
    let written = map.entries.iter().any(|e| e.key.text.value == first);
    shape
        .field(first)
        .filter(|_| meant && !written)
        .map(|f| f.name.as_str())
}

/// How many of the entries from `entry` on are pieces of a text that commas split.
fn split_pieces(map: &Map, before: Option<&Entry>, entry: &Entry, tail: &[&Entry]) -> usize {
    let bare =
        |n: &Node| matches!(&n.kind, Kind::Scalar(s) if s.style == Style::Plain && !s.absent);
    let piece = |e: &Entry| e.key.style == Style::Plain && e.value_is_absent();
    if !map.flow || !before.is_some_and(|b| bare(&b.value)) || !piece(entry) {
        return 0;
    }
    1 + tail.iter().take_while(|e| piece(e)).count()
}

impl Entry {
    /// Only a key is written.
    pub(in crate::syntax) fn value_is_absent(&self) -> bool {
        matches!(&self.value.kind, Kind::Scalar(s) if s.absent)
    }
}

/// Where a mapping begins: its brace, or its first key.
fn beginning(cx: &Cx<'_>, span: Span, map: &Map) -> Span {
    match map.entries.first() {
        Some(first) if !map.flow => first.key.text.span,
        _ if cx.sources.slice(span).starts_with('{') => Span {
            hi: span.lo + 1,
            ..span
        },
        _ => span,
    }
}

/// A text between double quotes.
pub(super) fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// A doc comment's sentence as the end of a message.
fn lower(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}
