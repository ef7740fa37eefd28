//! What messages refer to: other messages, terms, functions. Everything here is one locale's.

use std::collections::{BTreeMap, BTreeSet};

use botfactory_lang::format::check_pattern;
use botfactory_lang::limits::NESTING;
use botfactory_lang::words;

use super::Locale;
use super::tree::{Args, Element, Expr, Message, Pattern};
use crate::diagnostics::codes::texts as codes;
use crate::diagnostics::{Diagnostic, Sink, did_you_mean};
use crate::source::Span;

/// What a reference leads to: a message, or a term (its name with the `-`).
type Name = String;

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
    cycles(locale, sink) && sizes(locale, sink)
}

fn reference(locale: &Locale, e: &Expr, sink: &mut Sink) {
    match e {
        Expr::Message {
            id,
            attribute,
            span,
        } => {
            if locale.runtime_has(id) {
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
            if let Some(pattern) = found.and_then(|t| t.pattern(attribute.as_deref())) {
                term_arguments(id, pattern, args, *span, sink);
            }
        }
        Expr::Call {
            function,
            args,
            span,
        } => call(function, args, *span, sink),
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
            super::plurals::check(locale, selector, variants, sink);
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
        let help = match did_you_mean(id, known.map(String::as_str)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if kind == "message" => {
                format!("write the {kind}, or `$` before the name of a variable: `{{ ${id} }}`")
            }
            None => format!("write it: `-{id} = …`"),
        };
        sink.report(
            Diagnostic::new(
                &codes::FTL_REFERENCE,
                span,
                format!("there is no {kind} `{id}` in `{}`", locale.tag),
            )
            .help(help),
        );
        return;
    };
    if message.pattern(attribute).is_some() {
        return;
    }
    let names = message.attributes.iter().map(|a| a.name.as_str());
    let (text, help) = match attribute {
        Some(name) => (
            format!("the {kind} `{id}` has no attribute `{name}`"),
            did_you_mean(name, names).map(|meant| format!("did you mean `.{meant}`?")),
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
    sink.report(diagnostic);
}

/// A term sees only the arguments that are given with it.
fn term_arguments(id: &str, pattern: &Pattern, args: &Args, span: Span, sink: &mut Sink) {
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
    for element in &pattern.elements {
        if let Element::Placeable(Expr::Variable { name, span: at }) = element
            && !args.named.iter().any(|(n, _, _)| n == name)
        {
            sink.report(
                Diagnostic::new(
                    &codes::FTL_REFERENCE,
                    span,
                    format!("the term `-{id}` needs `{name}`"),
                )
                .note(*at, "used here")
                .help(format!(
                    "a term sees only what is given with it: `{{ -{id}({name}: \"…\") }}`"
                )),
            );
        }
    }
}

const NUMBER_OPTIONS: [&str; 7] = [
    "minimumFractionDigits",
    "maximumFractionDigits",
    "minimumIntegerDigits",
    "useGrouping",
    "style",
    "currency",
    "type",
];
const DATETIME_OPTIONS: [&str; 3] = ["dateStyle", "timeStyle", "pattern"];

fn call(function: &str, args: &Args, span: Span, sink: &mut Sink) {
    let mut wrong = |at: Span, message: String, help: String| {
        let diagnostic = Diagnostic::new(&codes::FTL_REFERENCE, at, message);
        sink.report(if help.is_empty() {
            diagnostic
        } else {
            diagnostic.help(help)
        });
    };
    let options: &[&str] = match function {
        "NUMBER" => &NUMBER_OPTIONS,
        "DATETIME" => &DATETIME_OPTIONS,
        _ => {
            let help = did_you_mean(function, ["NUMBER", "DATETIME"]).map_or_else(
                || "there are `NUMBER` and `DATETIME`".to_owned(),
                |meant| format!("did you mean `{meant}`?"),
            );
            wrong(span, format!("there is no function `{function}`"), help);
            return;
        }
    };
    match args.positional.as_slice() {
        [Expr::Variable { .. }] => {}
        [Expr::Number { .. }] if function == "NUMBER" => {}
        [] => wrong(
            span,
            format!("`{function}` needs a variable"),
            format!("write `{function}($name)`"),
        ),
        [other] => wrong(
            other.span(),
            format!("`{function}` takes a variable"),
            format!("write `{function}($name)`"),
        ),
        [_, second, ..] => wrong(
            second.span(),
            format!("`{function}` takes one value"),
            "options are named: `name: value`".into(),
        ),
    }
    for (name, at, value) in &args.named {
        if !options.contains(&name.as_str()) {
            let help = did_you_mean(name, options.iter().copied()).map_or_else(
                || {
                    let known: Vec<String> = options.iter().map(|o| format!("`{o}`")).collect();
                    format!("its options are {}", known.join(", "))
                },
                |meant| format!("did you mean `{meant}`?"),
            );
            wrong(*at, format!("`{function}` has no option `{name}`"), help);
            continue;
        }
        if let Some((message, help)) = bad_option(name, value) {
            wrong(value.span(), message, help);
        }
    }
    let has = |option: &str, wanted: &str| {
        args.named.iter().any(|(name, _, value)| {
            name == option
                && matches!(value, Expr::Text { text, .. } if wanted.is_empty() || text == wanted)
        })
    };
    if function == "NUMBER" && has("style", "currency") && !has("currency", "") {
        wrong(
            span,
            "money needs its currency".into(),
            "add `currency: \"EUR\"`".into(),
        );
    }
}

/// What is wrong with the value of an option.
fn bad_option(name: &str, value: &Expr) -> Option<(String, String)> {
    let one_of = |known: &[&str]| {
        let fits = matches!(value, Expr::Text { text, .. } if known.contains(&text.as_str()));
        let list: Vec<String> = known.iter().map(|k| format!("`\"{k}\"`")).collect();
        (!fits).then(|| {
            (
                format!("this is not a value of `{name}`"),
                format!("there are {}", list.join(", ")),
            )
        })
    };
    match name {
        "dateStyle" | "timeStyle" => one_of(&["short", "medium", "long", "full"]),
        "style" => one_of(&["decimal", "percent", "currency"]),
        "type" => one_of(&["cardinal", "ordinal"]),
        "pattern" => match value {
            Expr::Text { text, .. } => check_pattern(text, true, true).err().map(|wrong| {
                (
                    wrong,
                    "a pattern is written as CLDR does: `\"d MMMM, HH:mm\"`".into(),
                )
            }),
            _ => Some(("a pattern is a text in quotes".into(), String::new())),
        },
        "currency" => match value {
            Expr::Text { text, .. }
                if text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase()) =>
            {
                None
            }
            _ => Some((
                "a currency is its code of ISO 4217".into(),
                "for example `\"EUR\"`".into(),
            )),
        },
        "useGrouping" => match value {
            Expr::Number { text, .. } if matches!(text.as_str(), "0" | "1") => None,
            _ => Some(("write `0` or `1`".into(), String::new())),
        },
        _ => match value {
            Expr::Number { text, .. } if text.parse::<u8>().is_ok_and(|n| n <= 18) => None,
            _ => Some(("this is a number of digits, 0 to 18".into(), String::new())),
        },
    }
}

/// What a message or term refers to, with the places.
fn targets(message: &Message) -> Vec<(Name, Span)> {
    let mut out = Vec::new();
    for pattern in message.patterns() {
        each(pattern, &mut |e| match e {
            Expr::Message { id, span, .. } => out.push((id.clone(), *span)),
            Expr::Term { id, span, .. } => out.push((format!("-{id}"), *span)),
            _ => {}
        });
    }
    out
}

fn get<'l>(locale: &'l Locale, name: &str) -> Option<&'l Message> {
    match name.strip_prefix('-') {
        Some(term) => locale.terms.get(term),
        None => locale.messages.get(name),
    }
}

/// Every name, terms with their `-`.
fn names(locale: &Locale) -> impl Iterator<Item = Name> {
    let terms = locale.terms.keys().map(|t| format!("-{t}"));
    locale.messages.keys().cloned().chain(terms)
}

/// A name, its targets still to visit, its height so far.
type OnPath = (Name, Vec<(Name, Span)>, usize);

/// Depth-first without recursion: chains may be as long as files. A message that contains itself, and one whose
/// references go deeper than later stages follow, are errors.
fn cycles(locale: &Locale, sink: &mut Sink) -> bool {
    let before = sink.errors();
    let mut height: BTreeMap<Name, usize> = BTreeMap::new();
    for start in names(locale) {
        if height.contains_key(&start) {
            continue;
        }
        let mut path: Vec<OnPath> = Vec::new();
        let mut on_path: BTreeSet<Name> = BTreeSet::new();
        let open = |name: &Name| get(locale, name).map(targets).unwrap_or_default();
        path.push((start.clone(), open(&start), 0));
        on_path.insert(start);
        while let Some((name, todo, high)) = path.last_mut() {
            let Some((next, span)) = todo.pop() else {
                let (name, high) = (name.clone(), *high);
                path.pop();
                on_path.remove(&name);
                if let Some((_, _, outer)) = path.last_mut() {
                    *outer = (*outer).max(high + 1);
                }
                height.insert(name, high);
                continue;
            };
            if on_path.contains(&next) {
                let message = if *name == next {
                    format!("`{next}` contains itself")
                } else {
                    format!("`{name}` contains `{next}`, which contains `{name}`")
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
    let mut known: BTreeMap<Name, usize> = BTreeMap::new();
    let mut fine = true;
    for name in names(locale) {
        if size(locale, &name, &mut known) <= PLACEABLES {
            continue;
        }
        fine = false;
        if let Some(message) = get(locale, &name) {
            sink.report(
                Diagnostic::new(
                    &codes::FTL_SIZE,
                    message.span,
                    format!(
                        "`{name}` has more than {PLACEABLES} placeables, with those it contains"
                    ),
                )
                .help("it stops printing there: make several messages of it"),
            );
        }
    }
    fine
}

/// Placeables of a message or term and of all that it contains. There are no cycles and no deep chains any more.
fn size(locale: &Locale, name: &str, known: &mut BTreeMap<Name, usize>) -> usize {
    if let Some(size) = known.get(name) {
        return *size;
    }
    let Some(message) = get(locale, name) else {
        return 0;
    };
    let mut total = 0_usize;
    for pattern in message.patterns() {
        total = total.max(pattern_size(locale, pattern, known));
    }
    known.insert(name.to_owned(), total);
    total
}

fn pattern_size(locale: &Locale, pattern: &Pattern, known: &mut BTreeMap<Name, usize>) -> usize {
    let mut total = 0_usize;
    for element in &pattern.elements {
        let Element::Placeable(e) = element else {
            continue;
        };
        let inner = match e {
            Expr::Message { id, .. } => size(locale, id, known),
            Expr::Term { id, .. } => size(locale, &format!("-{id}"), known),
            Expr::Select { variants, .. } => variants
                .iter()
                .map(|v| pattern_size(locale, &v.pattern, known))
                .max()
                .unwrap_or(0),
            _ => 0,
        };
        total = total.saturating_add(1).saturating_add(inner);
    }
    total
}

/// Everything that `used` reaches, itself included.
pub(super) fn reached(locale: &Locale, used: impl Iterator<Item = Name>) -> BTreeSet<Name> {
    let mut reached = BTreeSet::new();
    let mut todo: Vec<Name> = used.collect();
    while let Some(name) = todo.pop() {
        let Some(message) = get(locale, &name) else {
            continue;
        };
        if reached.insert(name) {
            todo.extend(targets(message).into_iter().map(|(n, _)| n));
        }
    }
    reached
}

/// Every name that nothing reaches, with its place.
pub(super) fn unreached<'l>(
    locale: &'l Locale,
    reached: &BTreeSet<Name>,
) -> impl Iterator<Item = (Name, Span)> + 'l {
    let reached = reached.clone();
    names(locale)
        .filter(move |n| !reached.contains(n))
        .filter_map(|n| get(locale, &n).map(|m| (n, m.span)))
}

/// Messages whose names belong to the runtime.
pub(super) fn own_words(locale: &Locale, sink: &mut Sink) {
    let own = words::own_ids();
    for (id, message) in locale
        .messages
        .iter()
        .filter(|(id, _)| id.starts_with("bf-"))
    {
        let Some((_, allowed)) = own.iter().find(|(known, _)| known == id) else {
            let known = own.iter().map(|(k, _)| *k);
            let help = match did_you_mean(id, known) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => {
                    "keys that begin with `bf-` are the runtime's own words; choose another name"
                        .into()
                }
            };
            sink.report(
                Diagnostic::new(
                    &codes::OWN_WORDS,
                    message.span,
                    format!("the runtime has no message `{id}`"),
                )
                .help(help),
            );
            continue;
        };
        let Some(pattern) = &message.value else {
            sink.report(
                Diagnostic::new(
                    &codes::OWN_WORDS,
                    message.span,
                    format!("`{id}` has no text of its own"),
                )
                .help("the runtime prints its text, not its attributes"),
            );
            continue;
        };
        for element in &pattern.elements {
            if let Element::Words { text, span } = element
                && let Some(hit) = crate::check::text::html_in(text).first()
            {
                let to = |n: usize| span.lo.saturating_add(u32::try_from(n).unwrap_or(0));
                let at = Span {
                    lo: to(hit.start),
                    hi: to(hit.end).min(span.hi),
                    ..*span
                };
                sink.report(
                    Diagnostic::new(
                        &codes::MARKUP_IN_PLAIN,
                        at,
                        format!(
                            "`{}` would be shown as it stands here",
                            text.get(hit.clone()).unwrap_or_default()
                        ),
                    )
                    .help("the runtime's own words have no markup: write plain words"),
                );
            }
        }
        for need in super::needs::of(locale, pattern) {
            if allowed.contains(&need.name.as_str()) {
                continue;
            }
            let help = match allowed {
                [] => "the runtime gives it no variables".to_owned(),
                list => format!("the runtime gives it `${}`", list.join("`, `$")),
            };
            sink.report(
                Diagnostic::new(
                    &codes::OWN_WORDS,
                    need.span,
                    format!("`{id}` has no variable `{}`", need.name),
                )
                .help(help),
            );
        }
    }
}
