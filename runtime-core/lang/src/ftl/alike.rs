//! Whether the translations of a message are marked up alike: the same number of bold words, links to the same
//! places. Their order is the translator's; the variants of a selection may differ among themselves.

use std::collections::{BTreeMap, BTreeSet};

use crate::limits::NESTING;
use crate::markup::{self, ParseMode};

use super::Locale;
use super::tree::{Element, Expr, Pattern};
use crate::diagnostics::codes::texts as codes;
use crate::diagnostics::{Diagnostic, Sink};
use crate::source::Span;

/// A kind of formatted stretch: its name, and its target with the locale's own tag left out of it.
type Kind = (String, String);

/// How often it stands in a text: least and most over the variants.
#[derive(Debug, Clone)]
struct Count {
    least: usize,
    most: usize,
    place: Span,
    /// The target as written.
    target: String,
}

type Counts = BTreeMap<Kind, Count>;

/// Compares a message of all locales that have it with the default's.
pub fn check(
    locales: &[Locale],
    default: usize,
    key: &str,
    attribute: Option<&str>,
    mode: ParseMode,
    sink: &mut Sink,
) {
    if mode == ParseMode::Plain || locales.len() < 2 {
        return;
    }
    let counted = |locale: &Locale| {
        let message = locale.messages.get(key)?;
        let pattern = message.pattern(attribute).filter(|_| !locale.endless)?;
        let attribute = message
            .attributes
            .iter()
            .find(|a| Some(a.name.as_str()) == attribute);
        let span = attribute.map_or(message.span, |a| a.span);
        let mut tally = Tally {
            locale,
            mode,
            budget: PIECES,
        };
        let counts = tally.pattern(pattern, span, 0);
        (tally.budget > 0).then_some((span, counts))
    };
    let Some(model) = locales.get(default) else {
        return;
    };
    let Some((model_span, wanted)) = counted(model) else {
        return;
    };
    for locale in locales.iter().filter(|l| l.tag != model.tag) {
        let Some((span, found)) = counted(locale) else {
            continue;
        };
        compare((model, model_span, &wanted), (locale, span, &found), sink);
    }
}

fn compare(
    (model, model_span, wanted): (&Locale, Span, &Counts),
    (locale, span, found): (&Locale, Span, &Counts),
    sink: &mut Sink,
) {
    let (there, here) = (&model.tag, &locale.tag);
    let most = |counts: &Counts, kind| counts.get(kind).map_or(0, |c| c.most);
    let mut missing: Vec<(&Kind, &Count)> = wanted
        .iter()
        .filter(|(kind, count)| most(found, kind) < count.least)
        .collect();
    let extra = found
        .iter()
        .filter(|(kind, count)| most(wanted, kind) < count.least);
    let mut say = |at, message: String, (note, words): (Span, String), help: &str| {
        let d = Diagnostic::new(&codes::MARKUP_DIFFERS, at, message);
        sink.report(d.note(note, words).help(help));
    };
    for (kind, count) in extra {
        // The same stretch with another target.
        let moved = missing
            .iter()
            .position(|(m, _)| m.0 == kind.0 && m.1 != kind.1);
        if let Some(at) = moved {
            let (_, was) = missing.remove(at);
            say(
                count.place,
                format!("`{}` here is `{}` in `{there}`", count.target, was.target),
                (was.place, format!("in `{there}`")),
                "let all languages name the same place",
            );
            continue;
        }
        say(
            count.place,
            format!("`{here}` has {} that `{there}` lacks", noun(&kind.0)),
            (model_span, format!("the message in `{there}`")),
            "mark up the same words in all languages",
        );
    }
    for (kind, count) in missing {
        say(
            span,
            format!("`{here}` lacks {} that `{there}` has", noun(&kind.0)),
            (count.place, format!("in `{there}`")),
            "mark up the same words in all languages",
        );
    }
}

fn noun(name: &str) -> &str {
    match name {
        "a" => "a link",
        "b" => "a bold stretch",
        "i" => "a stretch of italics",
        "u" => "an underlined stretch",
        "s" => "a struck-out stretch",
        "tg-spoiler" => "a spoiler",
        "tg-emoji" => "a custom emoji",
        "pre" => "a block of code",
        "code" => "a stretch of code",
        "blockquote" => "a quotation",
        other => other,
    }
}

/// Pieces of one message that are looked at.
const PIECES: usize = 5_000;

struct Tally<'l> {
    locale: &'l Locale,
    mode: ParseMode,
    budget: usize,
}

impl<'l> Tally<'l> {
    fn pattern(&mut self, pattern: &'l Pattern, owner: Span, depth: usize) -> Counts {
        let mut counts = Counts::new();
        if depth > NESTING {
            return counts;
        }
        // (start in the text, end, where it stands, byte for byte)
        let mut places: Vec<(usize, usize, Span, bool)> = Vec::new();
        let mut text = String::new();
        for element in &pattern.elements {
            self.budget = self.budget.saturating_sub(1);
            if self.budget == 0 {
                return counts;
            }
            let from = text.len();
            let (place, exact) = match element {
                Element::Words { text: words, span } => {
                    text.push_str(words);
                    (*span, true)
                }
                Element::Placeable(e) => {
                    self.placeable(e, &mut text, &mut counts, depth);
                    (e.span(), false)
                }
            };
            places.push((from, text.len(), place, exact));
        }
        for tag in markup::tags(self.mode, &text) {
            let at = places.iter().find(|(_, end, ..)| tag.range.start < *end);
            let place = at.map_or(owner, |(from, end, span, exact)| {
                if !exact {
                    return *span;
                }
                let to = |n: usize| {
                    let offset = u32::try_from(n.min(*end) - from).unwrap_or(0);
                    span.lo.saturating_add(offset).min(span.hi)
                };
                Span {
                    lo: to(tag.range.start),
                    hi: to(tag.range.end),
                    ..*span
                }
            });
            let kind = (tag.name, self.neutral(&tag.target));
            let count = counts.entry(kind).or_insert(Count {
                least: 0,
                most: 0,
                place,
                target: tag.target,
            });
            count.least += 1;
            count.most += 1;
        }
        counts
    }

    fn placeable(&mut self, e: &'l Expr, text: &mut String, counts: &mut Counts, depth: usize) {
        match e {
            Expr::Text { text: words, .. } => text.push_str(words),
            Expr::Number { text: digits, .. } => text.push_str(digits),
            Expr::Variable { name, .. } => variable(name, text),
            Expr::Call { args, .. } => {
                for arg in &args.positional {
                    if let Expr::Variable { name, .. } = arg {
                        variable(name, text);
                    }
                }
            }
            Expr::Message { id, attribute, .. } => {
                let found = self.locale.messages.get(id);
                let found = found.and_then(|m| m.pattern(attribute.as_deref()));
                self.contained(found, e.span(), text, counts, depth);
            }
            Expr::Term { id, attribute, .. } => {
                let found = self.locale.terms.get(id);
                let found = found.and_then(|m| m.pattern(attribute.as_deref()));
                self.contained(found, e.span(), text, counts, depth);
            }
            Expr::Select { variants, .. } => {
                text.push('…');
                let all: Vec<Counts> = variants
                    .iter()
                    .map(|v| self.pattern(&v.pattern, v.span, depth + 1))
                    .collect();
                let kinds: BTreeSet<&Kind> = all.iter().flat_map(Counts::keys).collect();
                for kind in kinds {
                    let each = all.iter().map(|c| c.get(kind));
                    let least = each.clone().map(|c| c.map_or(0, |c| c.least)).min();
                    let Some(most) = each.flatten().max_by_key(|c| c.most) else {
                        continue;
                    };
                    let one = Count {
                        least: least.unwrap_or(0),
                        ..most.clone()
                    };
                    add(counts, kind.clone(), one);
                }
            }
        }
    }

    fn contained(
        &mut self,
        found: Option<&'l Pattern>,
        owner: Span,
        text: &mut String,
        counts: &mut Counts,
        depth: usize,
    ) {
        let Some(pattern) = found else { return };
        // Plain words may be part of an address.
        if let [Element::Words { text: words, .. }] = pattern.elements.as_slice()
            && markup::tags(self.mode, words).is_empty()
        {
            text.push_str(words);
            return;
        }
        text.push('…');
        for (kind, count) in self.pattern(pattern, owner, depth + 1) {
            add(counts, kind, count);
        }
    }

    /// A target without the parts that name the language: `ru.example.org/help` and `en.example.org/help`.
    fn neutral(&self, target: &str) -> String {
        let tag = self.locale.tag.to_lowercase();
        let language = tag.split('-').next().unwrap_or_default();
        let parts = target.split(|c: char| !(c.is_alphanumeric() || matches!(c, '$' | '-' | '_')));
        let parts = parts.filter(|p| {
            let part = p.to_lowercase();
            !part.is_empty() && part != tag && part != language && part.replace('_', "-") != tag
        });
        parts.collect::<Vec<_>>().join("/")
    }
}

fn variable(name: &str, text: &mut String) {
    text.push('$');
    text.extend(name.chars().filter(char::is_ascii_alphanumeric));
}

fn add(counts: &mut Counts, kind: Kind, count: Count) {
    match counts.get_mut(&kind) {
        Some(known) => {
            known.least += count.least;
            known.most += count.most;
        }
        None => {
            counts.insert(kind, count);
        }
    }
}
