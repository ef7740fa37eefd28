//! What is proven of a text: markup, lengths, emptiness, and that a translation is given what it needs.
//!
//! The compiler proves the texts of a bot; the runtime proves them again before a text is overridden ([`crate::overrides`]).
//!
//! | file | holds |
//! |---|---|
//! | this | the road: markup, addresses, lengths, emptiness |
//! | [`shape`] | words, holes, branches: what is proven about markup |
//! | [`message`] | `t:KEY {…}`: a translation in every locale, and the arguments against what it needs |
//! | `measure` | intervals of lengths, with their witness |
//! | `verdict` | lengths, formatted places and blanks against the limits of a text's slot |
//! | [`bounds`] | how long a printed value can be, by locale |
//! | `address` | what a button may open |
//! | `combine` | branches and values of MarkdownV2 side by side |
//! | [`labels`] | the options of a choice that read alike |

mod address;
pub mod bounds;
mod combine;
pub mod labels;
mod measure;
pub mod message;
pub mod shape;
mod verdict;

use serde::{Deserialize, Serialize};

use crate::diagnostics::codes::texts as codes;
use crate::diagnostics::{Diagnostic, Sink};
use crate::ftl::{Locale, alike};
use crate::markup::{ParseMode, Place, html_in};
use crate::source::Str;
use bounds::Lengths;
use shape::{At, Node};

/// What a text is for; decides its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Slot {
    #[serde(rename = "m")]
    Message,
    /// The text below a file.
    #[serde(rename = "c")]
    Caption,
    #[serde(rename = "b")]
    Button,
    #[serde(rename = "t")]
    Toast,
    #[serde(rename = "d")]
    Description,
    #[serde(rename = "u")]
    Url,
    /// Part of a question to the language model: nobody reads it as it stands.
    #[serde(rename = "q")]
    Question,
}

impl Slot {
    /// For people and tools.
    pub fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Caption => "caption",
            Self::Button => "button",
            Self::Toast => "toast",
            Self::Description => "description",
            Self::Url => "url",
            Self::Question => "question",
        }
    }
}

/// What happens to a message that its values make longer than Telegram takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Overflow {
    #[default]
    #[serde(rename = "s")]
    Split,
    #[serde(rename = "t")]
    Truncate,
    #[serde(rename = "e")]
    Error,
}

/// A text whose words and values are known.
#[derive(Debug, Clone, Copy)]
pub struct Text<'t> {
    /// Where it is written.
    pub source: &'t Str,
    /// What it is for.
    pub slot: Slot,
    /// How it is marked up; only messages have markup.
    pub mode: ParseMode,
    /// What is to happen when values make a message too long.
    pub overflow: Overflow,
    /// Several messages may be made of it where it is too long.
    pub splits: bool,
    /// The command whose flow it belongs to, without `/`.
    pub command: &'t str,
    /// What it is for: `ask_name`, `title`, …
    pub place: &'t str,
}

/// What the checks of a text can see.
#[derive(Debug)]
pub struct Cx<'c> {
    /// The bot's locales.
    pub locales: &'c [Locale],
    /// Index of the default.
    pub default: usize,
    /// Lengths of what they print.
    pub lengths: &'c Lengths,
    /// Findings.
    pub sink: &'c mut Sink,
}

impl Cx<'_> {
    /// A locale's tag.
    fn tag(&self, locale: usize) -> &str {
        self.locales.get(locale).map_or("", |l| l.tag.as_str())
    }
}

/// What was proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// Where each value stands, in the order of the holes.
    pub places: Vec<Place>,
    /// It prints nothing when every list that it walks at top level is empty.
    pub empty_with_lists: bool,
    /// Most UTF-16 units that it has in any locale; `None`: nothing bounds it.
    pub most: Option<usize>,
}

/// Proves a text. `holes`: how many values and messages of it have a place; `before`: errors before it was looked at.
/// `None`: something is wrong and was reported.
pub fn text(
    cx: &mut Cx<'_>,
    t: &Text<'_>,
    nodes: &[Node],
    holes: usize,
    before: usize,
) -> Option<Proven> {
    let mode = t.mode;
    if matches!(t.slot, Slot::Button | Slot::Toast | Slot::Description) {
        no_markup(cx, t, nodes);
    }
    let place_of_all = match t.slot {
        Slot::Url => Place::Address,
        _ => Place::Text,
    };
    let mut places = vec![place_of_all; holes];
    shape::check_markup(mode, t.source, nodes, &mut places, cx.sink);
    if mode == ParseMode::MarkdownV2 && cx.sink.errors() == before {
        combine::check(t.source, nodes, cx.locales.len().max(1), cx.sink);
    }
    if t.slot == Slot::Url {
        address::check(cx, t, nodes);
    }
    let most = verdict::lengths(cx, t, nodes);
    if cx.sink.errors() > before {
        return None;
    }
    marked_up_alike(cx, nodes, mode);
    let mut empty_with_lists = false;
    // The model takes an empty text too.
    let seen = t.slot != Slot::Question;
    if seen && measure::can_be_empty(mode, nodes, true) {
        verdict::empty(cx, t, nodes);
    } else if seen {
        empty_with_lists = measure::can_be_empty(mode, nodes, false);
        verdict::blank(cx, t, nodes);
    }
    (cx.sink.errors() == before).then_some(Proven {
        places,
        empty_with_lists,
        most,
    })
}

/// What a text says in a locale, where that is always the same.
pub fn fixed(nodes: &[Node], locale: usize) -> Option<String> {
    measure::fixed(nodes, locale)
}

fn marked_up_alike(cx: &mut Cx<'_>, nodes: &[Node], mode: ParseMode) {
    shape::each_message(nodes, &mut |message| {
        let attribute = message.attribute.as_deref();
        alike::check(
            cx.locales,
            cx.default,
            &message.key,
            attribute,
            mode,
            cx.sink,
        );
    });
}

/// Tags and entities where they would be shown as they are.
fn no_markup(cx: &mut Cx<'_>, t: &Text<'_>, nodes: &[Node]) {
    let mut found = Vec::new();
    shape::each_words(nodes, &mut |words, at| {
        for hit in html_in(words) {
            let inside = matches!(at, At::Scalar(_));
            let shown = words.get(hit.clone()).unwrap_or_default().to_owned();
            found.push((at.span(t.source, hit), shown, inside));
        }
    });
    for (span, hit, inside) in found {
        let mut diagnostic = Diagnostic::new(
            &codes::MARKUP_IN_PLAIN,
            span,
            format!("`{hit}` would be shown as it stands here"),
        )
        .help("buttons, toasts and descriptions have no markup: write plain words");
        if !inside {
            diagnostic = diagnostic.note(t.source.span, "used without markup here");
        }
        cx.sink.report(diagnostic);
    }
}
