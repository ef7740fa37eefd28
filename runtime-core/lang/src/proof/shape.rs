//! The shape of a text: the author's words, holes where values stand, branches. Templates and translations both
//! take this shape; markup, lengths and emptiness are proven on it.

use serde::{Deserialize, Serialize};

use crate::markup::{self, ParseMode, Place};

use super::bounds::Bound;
use super::message::Message;
use crate::diagnostics::codes::texts as codes;
use crate::diagnostics::{Diagnostic, Sink};
use crate::source::{Span, Str};

/// A node.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Node {
    /// The author's words.
    #[serde(rename = "w")]
    Words {
        /// Markup included.
        #[serde(rename = "t")]
        text: String,
        /// Where.
        #[serde(skip)]
        at: At,
    },
    /// A value.
    #[serde(rename = "h")]
    Hole(Hole),
    /// One of these, each with the author's words for when it is: `{{#if paid}}`, `[few]`. Without such words there
    /// is nothing to choose.
    #[serde(rename = "b")]
    Branches(Vec<(String, Vec<Node>)>),
    /// The body once for each row, or the second where there are none.
    #[serde(rename = "l")]
    Loop {
        /// The list as the author wrote it.
        #[serde(rename = "l")]
        list: String,
        /// Where.
        #[serde(skip)]
        span: Span,
        /// Most rows; `None`: no bound is known.
        #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
        most: Option<usize>,
        /// For a row.
        #[serde(rename = "b")]
        body: Vec<Node>,
        /// For none.
        #[serde(rename = "o")]
        otherwise: Vec<Node>,
    },
    /// A translation.
    #[serde(rename = "k")]
    Message(Message),
}

/// A place where a value stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Hole {
    /// By locale; the last one stands for all that follow.
    #[serde(rename = "b")]
    pub bounds: Vec<Bound>,
    /// Its index in the list of places.
    #[serde(skip)]
    pub id: Option<usize>,
    /// What stands there: `{{name}}`, `{ $name }`.
    #[serde(rename = "w")]
    pub what: String,
    /// Where.
    #[serde(skip)]
    pub span: Span,
    /// What it can hold beside letters.
    #[serde(rename = "k")]
    pub kind: Kind,
}

/// What a value can be made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Anything, line breaks included.
    #[serde(rename = "t")]
    Text,
    /// A whole number without grouping.
    #[serde(rename = "w")]
    Whole,
    /// Letters, digits, `-`: a locale, the values of a choice.
    #[serde(rename = "n")]
    Name,
    /// Printed by us, on one line.
    #[serde(rename = "l")]
    Line,
}

impl Hole {
    /// In a locale.
    pub fn bound(&self, locale: usize) -> Bound {
        let bound = self.bounds.get(locale).or(self.bounds.last());
        bound.copied().unwrap_or(Bound {
            least: 0,
            most: None,
        })
    }
}

/// Where words stand.
#[derive(Debug, Clone, Copy)]
pub enum At {
    /// In the text's scalar, from this byte of its value.
    Scalar(usize),
    /// In a file, byte for byte.
    File(Span),
    /// Somehow in this place (a literal with escapes).
    Within(Span),
}

impl Default for At {
    fn default() -> Self {
        Self::Scalar(0)
    }
}

impl At {
    /// The place of a byte range of the words; `source` is the text's scalar.
    pub fn span(self, source: &Str, range: std::ops::Range<usize>) -> Span {
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
pub fn each_words(nodes: &[Node], see: &mut impl FnMut(&str, At)) {
    for node in nodes {
        match node {
            Node::Words { text, at } => see(text, *at),
            Node::Hole(_) => {}
            Node::Branches(branches) => {
                for (_, branch) in branches {
                    each_words(branch, see);
                }
            }
            Node::Message(Message { locales, .. }) => {
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

/// Every translation.
pub fn each_message<'n>(nodes: &'n [Node], see: &mut impl FnMut(&'n Message)) {
    for node in nodes {
        match node {
            Node::Words { .. } | Node::Hole(_) => {}
            Node::Message(message) => see(message),
            Node::Branches(branches) => {
                for (_, branch) in branches {
                    each_message(branch, see);
                }
            }
            Node::Loop {
                body, otherwise, ..
            } => {
                each_message(body, see);
                each_message(otherwise, see);
            }
        }
    }
}

/// [`each_message`], to change them.
pub fn each_message_mut(nodes: &mut [Node], see: &mut impl FnMut(&mut Message)) {
    for node in nodes {
        match node {
            Node::Words { .. } | Node::Hole(_) => {}
            Node::Message(message) => see(message),
            Node::Branches(branches) => {
                for (_, branch) in branches {
                    each_message_mut(branch, see);
                }
            }
            Node::Loop {
                body, otherwise, ..
            } => {
                each_message_mut(body, see);
                each_message_mut(otherwise, see);
            }
        }
    }
}

/// Gives everything of a text that was handed over the place of the text.
pub fn settle(nodes: &mut [Node], at: Span) {
    for node in nodes {
        match node {
            Node::Words { at: place, .. } => *place = At::Within(at),
            Node::Hole(hole) => hole.span = at,
            Node::Message(message) => {
                message.span = at;
                for given in &mut message.given {
                    given.span = at;
                    given.name_span = at;
                }
            }
            Node::Branches(branches) => {
                for (_, branch) in branches {
                    settle(branch, at);
                }
            }
            Node::Loop {
                span,
                body,
                otherwise,
                ..
            } => {
                *span = at;
                settle(body, at);
                settle(otherwise, at);
            }
        }
    }
}

/// A copy without what the translations are in each locale.
pub fn folded(nodes: &[Node]) -> Vec<Node> {
    let fold = |node: &Node| match node {
        Node::Words { .. } | Node::Hole(_) => node.clone(),
        Node::Branches(branches) => {
            let branches = branches.iter();
            Node::Branches(
                branches
                    .map(|(label, b)| (label.clone(), folded(b)))
                    .collect(),
            )
        }
        Node::Loop {
            list,
            span,
            most,
            body,
            otherwise,
        } => Node::Loop {
            list: list.clone(),
            span: *span,
            most: *most,
            body: folded(body),
            otherwise: folded(otherwise),
        },
        Node::Message(message) => Node::Message(Message {
            id: message.id,
            key: message.key.clone(),
            attribute: message.attribute.clone(),
            span: message.span,
            given: message.given.clone(),
            locales: Vec::new(),
        }),
    };
    nodes.iter().map(fold).collect()
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
pub fn check_markup(
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
                Node::Message(Message { id, locales, .. }) => {
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
