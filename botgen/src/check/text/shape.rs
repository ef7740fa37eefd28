//! The shape of a text: the author's words, holes where values stand, branches. Templates and translations both
//! take this shape; markup, lengths and emptiness are proven on it.

use botfactory_lang::markup::{self, ParseMode, Place};

use super::bounds::Bound;

use crate::diagnostics::codes::texts as codes;
use crate::diagnostics::{Diagnostic, Sink};
use crate::source::{Span, Str};

/// A node.
#[derive(Debug)]
pub(super) enum Node {
    /// The author's words.
    Words { text: String, at: At },
    /// A value.
    Hole(Hole),
    /// One of these, each with the author's words for when it is: `{{#if paid}}`, `[few]`. Without such words there
    /// is nothing to choose.
    Branches(Vec<(String, Vec<Node>)>),
    /// The body once for each row, or the second where there are none.
    Loop {
        /// The list as the author wrote it.
        list: String,
        /// Where.
        span: Span,
        /// Most rows; `None`: no bound is known.
        most: Option<usize>,
        body: Vec<Node>,
        otherwise: Vec<Node>,
    },
    /// A translation, by locale; a locale that lacks it has nothing.
    Message { id: usize, locales: Vec<Vec<Node>> },
}

/// A place where a value stands.
#[derive(Debug)]
pub(super) struct Hole {
    /// By locale; the last one stands for all that follow.
    pub bounds: Vec<Bound>,
    /// Its index in the list of places.
    pub id: Option<usize>,
    /// What stands there: `{{name}}`, `{ $name }`.
    pub what: String,
    /// Where.
    pub span: Span,
    /// What it can hold beside letters.
    pub kind: Kind,
}

/// What a value can be made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Anything, line breaks included.
    Text,
    /// A whole number without grouping.
    Whole,
    /// Letters, digits, `-`: a locale, the values of a choice.
    Name,
    /// Printed by us, on one line.
    Line,
}

impl Hole {
    pub(super) fn bound(&self, locale: usize) -> Bound {
        let bound = self.bounds.get(locale).or(self.bounds.last());
        bound.copied().unwrap_or(Bound {
            least: 0,
            most: None,
        })
    }
}

/// Where words stand.
#[derive(Debug, Clone, Copy)]
pub(super) enum At {
    /// In the text's scalar, from this byte of its value.
    Scalar(usize),
    /// In a file, byte for byte.
    File(Span),
    /// Somehow in this place (a literal with escapes).
    Within(Span),
}

impl At {
    /// The place of a byte range of the words; `source` is the text's scalar.
    pub(super) fn span(self, source: &Str, range: std::ops::Range<usize>) -> Span {
        match self {
            At::Scalar(at) => source.span_of(at + range.start..at + range.end),
            At::File(span) => {
                let to = |n: usize| {
                    span.lo
                        .saturating_add(u32::try_from(n).unwrap_or(u32::MAX))
                        .min(span.hi)
                };
                Span {
                    lo: to(range.start),
                    hi: to(range.end),
                    ..span
                }
            }
            At::Within(span) => span,
        }
    }
}

/// Every run of words, outer ones first.
pub(super) fn each_words(nodes: &[Node], see: &mut impl FnMut(&str, At)) {
    for node in nodes {
        match node {
            Node::Words { text, at } => see(text, *at),
            Node::Hole(_) => {}
            Node::Branches(branches) => {
                for (_, branch) in branches {
                    each_words(branch, see);
                }
            }
            Node::Message { locales, .. } => {
                for nodes in locales {
                    each_words(nodes, see);
                }
            }
            Node::Loop {
                body, otherwise, ..
            } => {
                each_words(body, see);
                each_words(otherwise, see);
            }
        }
    }
}

/// The words around a branch, for checking it where it stands.
#[derive(Debug, Clone, Default)]
struct Around {
    before: String,
    before_holes: Vec<usize>,
    after: String,
    after_holes: Vec<usize>,
}

/// Checks the markup of a text and finds the place of every hole. Each branch must be whole in itself.
pub(super) fn check_markup(
    mode: ParseMode,
    source: &Str,
    nodes: &[Node],
    places: &mut [Place],
    sink: &mut Sink,
) {
    if mode != ParseMode::Plain {
        let mut markup = Markup {
            mode,
            source,
            places,
            sink,
        };
        markup.level(nodes, &Around::default());
    }
}

/// What stands around something in a place, when nothing more is known.
fn around(mode: ParseMode, place: Place) -> Around {
    let (before, after) = match (mode, place) {
        (ParseMode::Html, Place::Code) => ("<code>", "</code>"),
        (ParseMode::Html, Place::Attribute) => ("<a href=\"https://t.me/", "\">x</a>"),
        (ParseMode::MarkdownV2, Place::Code) => ("`", "`"),
        (ParseMode::MarkdownV2, Place::Attribute) => ("[x](https://t.me/", ")"),
        _ => ("", ""),
    };
    Around {
        before: before.to_owned(),
        after: after.to_owned(),
        ..Around::default()
    }
}

/// The work of [`check_markup`].
struct Markup<'m> {
    mode: ParseMode,
    source: &'m Str,
    places: &'m mut [Place],
    sink: &'m mut Sink,
}

impl Markup<'_> {
    fn set(&mut self, id: usize, place: Place) {
        if let Some(known) = self.places.get_mut(id) {
            *known = place;
        }
    }

    fn level(&mut self, nodes: &[Node], around_us: &Around) {
        let mode = self.mode;
        let mut text = around_us.before.clone();
        let mut holes: Vec<usize> = around_us.before_holes.clone();
        // (start of the words in `text`, length, where they stand)
        let mut words: Vec<(usize, usize, At)> = Vec::new();
        // Index in `holes` of each node that is one.
        let mut at_hole: Vec<Option<usize>> = Vec::new();
        for node in nodes {
            if let Node::Words { text: more, at } = node {
                words.push((text.len(), more.len(), *at));
                text.push_str(more);
                at_hole.push(None);
            } else {
                at_hole.push(Some(holes.len()));
                holes.push(text.len());
            }
        }
        let end = text.len();
        text.push_str(&around_us.after);
        holes.extend(around_us.after_holes.iter().map(|h| end + h));
        let ranges: Vec<_> = holes.iter().map(|h| *h..*h).collect();
        let (errors, found) = markup::check(mode, &text, &ranges);
        let mut faulty = false;
        for error in errors {
            let own = words
                .iter()
                .find(|(start, len, _)| (*start..start + len).contains(&error.range.start));
            let Some((start, len, at)) = own else {
                continue;
            };
            faulty = true;
            let lo = error.range.start - start;
            let hi = (error.range.end - start).clamp(lo, *len);
            let mut diagnostic =
                Diagnostic::new(&codes::MARKUP, at.span(self.source, lo..hi), error.message);
            if !error.help.is_empty() {
                diagnostic = diagnostic.help(error.help);
            }
            self.sink.report(diagnostic);
        }
        for (node, hole) in nodes.iter().zip(at_hole) {
            let Some(hole) = hole else { continue };
            let place = found.get(hole).copied().unwrap_or_default();
            // Where this level is at fault, what stands around a branch would only repeat it.
            let inner = || {
                if faulty {
                    return around(mode, place);
                }
                let at = holes.get(hole).copied().unwrap_or_default();
                Around {
                    before: text.get(..at).unwrap_or_default().to_owned(),
                    before_holes: holes.iter().take(hole).copied().collect(),
                    after: text.get(at..).unwrap_or_default().to_owned(),
                    after_holes: holes.iter().skip(hole + 1).map(|h| h - at).collect(),
                }
            };
            match node {
                Node::Words { .. } => {}
                Node::Hole(hole_here @ Hole { id, .. }) => {
                    let at = holes.get(hole).copied().unwrap_or_default();
                    let before = text.get(..at).unwrap_or_default();
                    if place == Place::Attribute && !faulty {
                        typed_attribute(mode, before, hole_here, self.source, self.sink);
                    }
                    if let Some(id) = id {
                        self.set(*id, place);
                    }
                }
                Node::Branches(branches) => {
                    let inner = inner();
                    for (_, branch) in branches {
                        self.level(branch, &inner);
                    }
                }
                Node::Loop {
                    body, otherwise, ..
                } => {
                    let inner = inner();
                    self.level(body, &inner);
                    self.level(otherwise, &inner);
                }
                Node::Message { id, locales } => {
                    self.set(*id, place);
                    let inner = around(mode, place);
                    for nodes in locales {
                        self.level(nodes, &inner);
                    }
                }
            }
        }
    }
}

/// Attributes that Telegram reads itself: a number where a number has to be, no value where words are fixed.
fn typed_attribute(mode: ParseMode, before: &str, hole: &Hole, source: &Str, sink: &mut Sink) {
    let name = if mode == ParseMode::Html {
        // `<tg-emoji emoji-id="`: the name before the quote that is open here.
        let quote = before.rfind(['"', '\'']).unwrap_or(0);
        let head = before.get(..quote).unwrap_or_default().trim_end();
        let head = head.strip_suffix('=').unwrap_or_default().trim_end();
        head.rsplit(|c: char| c.is_whitespace())
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase()
    } else {
        let target = before.rsplit('(').next().unwrap_or_default();
        let last = target.rsplit(['?', '&']).next().unwrap_or_default();
        let known = target.starts_with("tg://emoji?") || target.starts_with("tg://time?");
        match last.split('=').next() {
            Some(name) if known => name.to_owned(),
            _ => return,
        }
    };
    let message = match name.as_str() {
        "emoji-id" | "unix" | "id" if hole.kind != Kind::Whole => {
            format!(
                "`{name}` is a number, and `{}` may be something else",
                hole.what
            )
        }
        "format" => format!(
            "`format` is a fixed word, and `{}` may be another",
            hole.what
        ),
        _ => return,
    };
    let mut diagnostic = Diagnostic::new(&codes::MARKUP, hole.span, message)
        .help("give an int, or write it in words of yours: Telegram refuses the message otherwise");
    if hole.span.file != source.span.file {
        diagnostic = diagnostic.note(source.span, "used here");
    }
    sink.report(diagnostic);
}
