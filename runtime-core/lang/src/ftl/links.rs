//! What messages refer to: other messages and terms, their texts and attributes. Everything here is one locale's.

use std::collections::{BTreeMap, BTreeSet};

use crate::limits::NESTING;

use super::tree::{Element, Expr, Message, Pattern};
use super::{Locale, functions, needs, selections};
use crate::diagnostics::codes::texts as codes;
use crate::diagnostics::{Diagnostic, Sink, meant};
use crate::source::Span;

/// A text that can be printed: a message, or a term (its name with the `-`), and the attribute if it is one's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node {
    /// The key; a term's name with its `-`.
    pub name: String,
    /// Without the `.`.
    pub attribute: Option<String>,
}

impl std::fmt::Display for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.attribute {
            Some(attribute) => write!(f, "{}.{attribute}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// Every expression of a pattern, outer ones first.
pub(super) fn each<'p>(pattern: &'p Pattern, see: &mut impl FnMut(&'p Expr)) {
    for element in &pattern.elements {
        if let Element::Placeable(e) = element {
            each_expr(e, see);
        }
    }
}

fn each_expr<'p>(e: &'p Expr, see: &mut impl FnMut(&'p Expr)) {
    see(e);
    match e {
        Expr::Select { selector, variants } => {
            each_expr(selector, see);
            for variant in variants {
                each(&variant.pattern, see);
            }
        }
        Expr::Call { args, .. } | Expr::Term { args, .. } => {
            for inner in &args.positional {
                each_expr(inner, see);
            }
        }
        _ => {}
    }
}

/// Checks every reference and call of a locale. `false`: later stages must not follow its references.
pub(super) fn check(locale: &Locale, sink: &mut Sink) -> bool {
    for message in locale.messages.values().chain(locale.terms.values()) {
        for pattern in message.patterns() {
            each(pattern, &mut |e| reference(locale, e, sink));
        }
    }
    let finite = cycles(locale, sink) && sizes(locale, sink);
    needs::terms(locale, sink);
    finite
}

fn reference(locale: &Locale, e: &Expr, sink: &mut Sink) {
    match e {
        Expr::Message {
            id,
            attribute,
            span,
        } => {
            if locale.runtime_has(id) {
                if let Some(name) = attribute {
                    sink.report(
                        Diagnostic::new(
                            &codes::FTL_REFERENCE,
                            *span,
                            format!("the message `{id}` has no attribute `{name}`"),
                        )
                        .help(format!("the runtime's own words have none: `{{ {id} }}`")),
                    );
                }
                return;
            }
            let found = locale.messages.get(id);
            let known = locale.messages.keys();
            refer(
                locale,
                id,
                attribute.as_deref(),
                found,
                known,
                "message",
                *span,
                sink,
            );
        }
        Expr::Term {
            id,
            attribute,
            args,
            span,
        } => {
            let found = locale.terms.get(id);
            let known = locale.terms.keys();
            refer(
                locale,
                id,
                attribute.as_deref(),
                found,
                known,
                "term",
                *span,
                sink,
            );
            if let Some(positional) = args.positional.first() {
                sink.report(
                    Diagnostic::new(
                        &codes::FTL_REFERENCE,
                        positional.span(),
                        "a term takes named arguments only",
                    )
                    .help(format!("write `{{ -{id}(name: \"value\") }}`")),
                );
            }
        }
        Expr::Call {
            function,
            args,
            span,
        } => functions::call(function, args, *span, sink),
        Expr::Select { selector, variants } => {
            let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
            for variant in variants {
                if let Some(first) = seen.insert(&variant.key, variant.span) {
                    sink.report(
                        Diagnostic::new(
                            &codes::FTL_DUPLICATE,
                            variant.span,
                            format!("the variant `[{}]` stands here twice", variant.key),
                        )
                        .note(first, "the first one"),
                    );
                }
            }
            selections::check(locale, selector, variants, sink);
        }
        _ => {}
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "one report in two kinds of words"
)]
fn refer<'l>(
    locale: &Locale,
    id: &str,
    attribute: Option<&str>,
    found: Option<&Message>,
    known: impl Iterator<Item = &'l String>,
    kind: &str,
    span: Span,
    sink: &mut Sink,
) {
    let Some(message) = found else {
        // What could not be read may be what is meant.
        if locale.broken {
            return;
        }
        let near = meant(id, known.map(String::as_str));
        let help = match near {
            Some(near) => format!("did you mean `{}`?", near.word),
            None if kind == "message" => {
                format!("write the {kind}, or `$` before the name of a variable: `{{ ${id} }}`")
            }
            None => format!("write it: `-{id} = …`"),
        };
        let d = Diagnostic::new(
            &codes::FTL_REFERENCE,
            span,
            format!("there is no {kind} `{id}` in `{}`", locale.tag),
        )
        .help(help);
        sink.report(match near {
            Some(near) => d.rename(id, &near),
            None => d,
        });
        return;
    };
    if message.pattern(attribute).is_some() {
        return;
    }
    let names = message.attributes.iter().map(|a| a.name.as_str());
    let near = attribute.and_then(|name| meant(name, names));
    let (text, help) = match attribute {
        Some(name) => (
            format!("the {kind} `{id}` has no attribute `{name}`"),
            near.map(|near| format!("did you mean `.{}`?", near.word)),
        ),
        None => (
            format!("the {kind} `{id}` has attributes but no text of its own"),
            Some(format!("name one of its attributes: `{id}.attribute`")),
        ),
    };
    let mut diagnostic =
        Diagnostic::new(&codes::FTL_REFERENCE, span, text).note(message.span, "it stands here");
    if let Some(help) = help {
        diagnostic = diagnostic.help(help);
    }
    if let (Some(name), Some(near)) = (attribute, near) {
        diagnostic = diagnostic.rename(name, &near);
    }
    sink.report(diagnostic);
}

/// What a text refers to, with the places.
fn targets(pattern: &Pattern) -> Vec<(Node, Span)> {
    let mut out = Vec::new();
    each(pattern, &mut |e| match e {
        Expr::Message {
            id,
            attribute,
            span,
        } => out.push((
            Node {
                name: id.clone(),
                attribute: attribute.clone(),
            },
            *span,
        )),
        Expr::Term {
            id,
            attribute,
            span,
            ..
        } => out.push((
            Node {
                name: format!("-{id}"),
                attribute: attribute.clone(),
            },
            *span,
        )),
        _ => {}
    });
    out
}

fn get<'l>(locale: &'l Locale, node: &Node) -> Option<&'l Pattern> {
    let message = match node.name.strip_prefix('-') {
        Some(term) => locale.terms.get(term),
        None => locale.messages.get(&node.name),
    };
    message?.pattern(node.attribute.as_deref())
}

/// Every text of a locale with the place of its name.
fn nodes(locale: &Locale) -> impl Iterator<Item = (Node, Span)> {
    let terms = locale.terms.iter().map(|(t, m)| (format!("-{t}"), m));
    let messages = locale.messages.iter().map(|(k, m)| (k.clone(), m));
    messages.chain(terms).flat_map(|(name, message)| {
        let attributes = message.attributes.iter();
        let attributes = attributes.map(|a| (Some(a.name.clone()), a.span));
        let value = message.value.iter().map(|_| (None, message.span));
        let all: Vec<_> = value.chain(attributes).collect();
        all.into_iter().map(move |(attribute, span)| {
            let name = name.clone();
            (Node { name, attribute }, span)
        })
    })
}

/// A text, its targets still to visit, its height so far.
type OnPath = (Node, Vec<(Node, Span)>, usize);

/// Depth-first without recursion: chains may be as long as files. A text that contains itself, and one whose
/// references go deeper than later stages follow, are errors.
fn cycles(locale: &Locale, sink: &mut Sink) -> bool {
    let before = sink.errors();
    let mut height: BTreeMap<Node, usize> = BTreeMap::new();
    for (start, _) in nodes(locale) {
        if height.contains_key(&start) {
            continue;
        }
        let mut path: Vec<OnPath> = Vec::new();
        let mut on_path: BTreeSet<Node> = BTreeSet::new();
        let open = |node: &Node| get(locale, node).map(targets).unwrap_or_default();
        path.push((start.clone(), open(&start), 0));
        on_path.insert(start);
        while let Some((node, todo, high)) = path.last_mut() {
            let Some((next, span)) = todo.pop() else {
                let (node, high) = (node.clone(), *high);
                path.pop();
                on_path.remove(&node);
                if let Some((_, _, outer)) = path.last_mut() {
                    *outer = (*outer).max(high + 1);
                }
                height.insert(node, high);
                continue;
            };
            if on_path.contains(&next) {
                let message = if *node == next {
                    format!("`{next}` contains itself")
                } else {
                    format!("`{node}` contains `{next}`, which contains `{node}`")
                };
                sink.report(
                    Diagnostic::new(&codes::FTL_CYCLE, span, message)
                        .help("a text cannot contain itself: leave one of the references out"),
                );
                continue;
            }
            if let Some(known) = height.get(&next) {
                *high = (*high).max(known + 1);
            } else {
                let inner = open(&next);
                on_path.insert(next.clone());
                path.push((next, inner, 0));
            }
            if path.last().is_some_and(|(_, _, high)| *high > NESTING) || path.len() > NESTING {
                sink.report(
                    Diagnostic::new(
                        &codes::FTL_CYCLE,
                        span,
                        format!("references are nested deeper than {NESTING}"),
                    )
                    .help("write the text out"),
                );
                return false;
            }
        }
    }
    sink.errors() == before
}

/// Most placeables that fluent-bundle prints in one message (its guard against "billion laughs"); of
/// variants the largest counts.
const PLACEABLES: usize = 100;

/// No message may print more placeables than Fluent lets it.
fn sizes(locale: &Locale, sink: &mut Sink) -> bool {
    let mut known: BTreeMap<Node, usize> = BTreeMap::new();
    let mut fine = true;
    for (node, span) in nodes(locale) {
        if size(locale, &node, &mut known) <= PLACEABLES {
            continue;
        }
        fine = false;
        sink.report(
            Diagnostic::new(
                &codes::FTL_SIZE,
                span,
                format!("`{node}` has more than {PLACEABLES} placeables, with those it contains"),
            )
            .help("it stops printing there: make several messages of it"),
        );
    }
    fine
}

/// Placeables of a text and of all that it contains. There are no cycles and no deep chains any more.
fn size(locale: &Locale, node: &Node, known: &mut BTreeMap<Node, usize>) -> usize {
    if let Some(size) = known.get(node) {
        return *size;
    }
    let total = get(locale, node).map_or(0, |p| pattern_size(locale, p, known));
    known.insert(node.clone(), total);
    total
}

fn pattern_size(locale: &Locale, pattern: &Pattern, known: &mut BTreeMap<Node, usize>) -> usize {
    let mut total = 0_usize;
    for element in &pattern.elements {
        if let Element::Placeable(e) = element {
            let inner = expr_size(locale, e, known);
            total = total.saturating_add(1).saturating_add(inner);
        }
    }
    total
}

/// What an expression prints besides itself.
fn expr_size(locale: &Locale, e: &Expr, known: &mut BTreeMap<Node, usize>) -> usize {
    let node = |name: String, attribute: &Option<String>| Node {
        name,
        attribute: attribute.clone(),
    };
    match e {
        Expr::Message { id, attribute, .. } => {
            // The runtime's own words print their variables.
            let own = if locale.runtime_has(id) { 2 } else { 0 };
            size(locale, &node(id.clone(), attribute), known).max(own)
        }
        Expr::Term { id, attribute, .. } => size(locale, &node(format!("-{id}"), attribute), known),
        Expr::Select { selector, variants } => {
            let variants = variants.iter();
            let largest = variants
                .map(|v| pattern_size(locale, &v.pattern, known))
                .max();
            let chosen_by = expr_size(locale, selector, known);
            chosen_by.saturating_add(largest.unwrap_or(0))
        }
        _ => 0,
    }
}

/// Everything that `used` reaches, itself included.
pub fn reached(locale: &Locale, used: impl Iterator<Item = Node>) -> BTreeSet<Node> {
    let mut reached = BTreeSet::new();
    let mut todo: Vec<Node> = used.collect();
    while let Some(node) = todo.pop() {
        let Some(pattern) = get(locale, &node) else {
            continue;
        };
        if reached.insert(node) {
            todo.extend(targets(pattern).into_iter().map(|(n, _)| n));
        }
    }
    reached
}

/// What nothing reaches, with its place; of a message of which nothing is reached only the message itself.
pub fn unreached(locale: &Locale, reached: &BTreeSet<Node>) -> Vec<(String, Span)> {
    let parts: BTreeSet<&str> = reached.iter().map(|n| n.name.as_str()).collect();
    let mut out: Vec<(String, Span)> = Vec::new();
    let mut whole: BTreeSet<String> = BTreeSet::new();
    for (node, span) in nodes(locale).filter(|(n, _)| !reached.contains(n)) {
        if parts.contains(node.name.as_str()) {
            // The text beside attributes that are used may be there for its own sake; a term must have one.
            if node.attribute.is_some() {
                out.push((node.to_string(), span));
            }
        } else if whole.insert(node.name.clone()) {
            let message = match node.name.strip_prefix('-') {
                Some(term) => locale.terms.get(term),
                None => locale.messages.get(&node.name),
            };
            out.push((node.name, message.map_or(span, |m| m.span)));
        }
    }
    out
}
