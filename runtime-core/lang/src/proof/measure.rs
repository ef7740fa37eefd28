//! Interval analysis: how long a text can be in a locale, what makes it so, and whether it can be blank.

use crate::length::utf16;
use crate::markup::{self, ParseMode};

use super::message::Message;
use super::shape::{At, Node};
use crate::source::Span;

/// How long a text can be in one locale, in UTF-16 units after entity parsing.
#[derive(Debug, Clone, Default)]
pub(super) struct Measure {
    /// The least: the shortest branches, no rows, the shortest values.
    pub least: usize,
    /// The author's words alone over the longest branches, each row of a list once.
    pub words: usize,
    /// The branches that make `words`.
    pub words_by: Vec<String>,
    /// With values; `None`: no bound is known.
    pub most: Option<usize>,
    /// The branches that make `most`.
    pub most_by: Vec<String>,
    /// What adds most to `most`.
    pub culprit: Option<Culprit>,
    /// The longest run of the author's words: units, bytes, place.
    pub longest: Option<(usize, usize, At)>,
    /// Bytes of the author's words, markup included, over the longest branches.
    pub bytes: usize,
    /// Formatted stretches, rows counted by their bound; `None`: no bound is known.
    pub entities: Option<usize>,
}

/// A value or a list that makes a text long.
#[derive(Debug, Clone)]
pub(super) struct Culprit {
    /// As the author wrote it.
    pub what: String,
    /// Where.
    pub span: Span,
    /// What it adds; `None`: no bound is known.
    pub units: Option<usize>,
    /// It is a list.
    pub list: bool,
}

impl Measure {
    fn nothing() -> Self {
        Self {
            most: Some(0),
            entities: Some(0),
            ..Self::default()
        }
    }

    /// What follows it.
    fn add(&mut self, next: Self) {
        self.least += next.least;
        self.words += next.words;
        self.words_by.extend(next.words_by);
        self.most = sum(self.most, next.most);
        self.most_by.extend(next.most_by);
        self.culprit = worse(self.culprit.take(), next.culprit);
        self.longest = match (self.longest, next.longest) {
            (Some(a), Some(b)) => Some(if b.0 > a.0 { b } else { a }),
            (a, b) => a.or(b),
        };
        self.bytes += next.bytes;
        self.entities = sum(self.entities, next.entities);
    }

    /// One of both.
    fn or(self, other: Self) -> Self {
        let longer = more(other.most, self.most);
        let wordier = other.words > self.words;
        let (words, words_by, longest) = if wordier {
            (other.words, other.words_by, other.longest)
        } else {
            (self.words, self.words_by, self.longest)
        };
        let (most, most_by, culprit) = if longer {
            (other.most, other.most_by, other.culprit)
        } else {
            (self.most, self.most_by, self.culprit)
        };
        Self {
            least: self.least.min(other.least),
            words,
            words_by,
            most,
            most_by,
            culprit,
            longest,
            bytes: self.bytes.max(other.bytes),
            entities: self.entities.zip(other.entities).map(|(a, b)| a.max(b)),
        }
    }

    fn chosen(mut self, label: &str) -> Self {
        if !label.is_empty() {
            self.words_by.insert(0, label.to_owned());
            self.most_by.insert(0, label.to_owned());
        }
        self
    }
}

fn sum(a: Option<usize>, b: Option<usize>) -> Option<usize> {
    Some(a?.saturating_add(b?))
}

/// Whether the first bound is greater; no bound is the greatest.
fn more(a: Option<usize>, b: Option<usize>) -> bool {
    match (a, b) {
        (None, Some(_)) => true,
        (Some(a), Some(b)) => a > b,
        (_, None) => false,
    }
}

fn worse(a: Option<Culprit>, b: Option<Culprit>) -> Option<Culprit> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if more(b.units, a.units) { b } else { a }),
        (a, b) => a.or(b),
    }
}

/// Measures a text in a locale.
pub(super) fn measure(mode: ParseMode, nodes: &[Node], locale: usize) -> Measure {
    let mut all = Measure::nothing();
    let mut text = String::new();
    let mut longest: Option<(usize, usize, At)> = None;
    for node in nodes {
        match node {
            Node::Words { text: more, at } => {
                text.push_str(more);
                let units = utf16(more);
                if longest.is_none_or(|(most, ..)| units > most) {
                    longest = Some((units, more.len(), *at));
                }
            }
            Node::Hole(hole) => {
                let bound = hole.bound(locale);
                all.add(Measure {
                    least: bound.least,
                    most: bound.most,
                    culprit: Some(Culprit {
                        what: hole.what.clone(),
                        span: hole.span,
                        units: bound.most,
                        list: false,
                    }),
                    ..Measure::nothing()
                });
            }
            Node::Branches(branches) => {
                let each = branches
                    .iter()
                    .map(|(label, nodes)| measure(mode, nodes, locale).chosen(label));
                all.add(each.reduce(Measure::or).unwrap_or_else(Measure::nothing));
            }
            Node::Loop {
                list,
                span,
                most,
                body,
                otherwise,
            } => {
                let row = measure(mode, body, locale);
                all.add(rows(row, list, *span, *most).or(measure(mode, otherwise, locale)));
            }
            Node::Message(Message { locales, .. }) => {
                if let Some(nodes) = locales.get(locale) {
                    all.add(measure(mode, nodes, locale));
                }
            }
        }
    }
    let own = markup::visible_length(mode, &text);
    all.add(Measure {
        least: own,
        words: own,
        most: Some(own),
        longest,
        bytes: text.len(),
        entities: Some(markup::entities(mode, &text)),
        ..Measure::nothing()
    });
    all
}

/// As many rows as there can be.
fn rows(row: Measure, list: &str, span: Span, most: Option<usize>) -> Measure {
    let times = |n: Option<usize>| match (n, most) {
        (Some(0), _) => Some(0),
        (Some(n), Some(rows)) => Some(n.saturating_mul(rows)),
        _ => None,
    };
    let (units, entities) = (times(row.most), times(row.entities));
    let label = match most {
        Some(rows) => format!("{rows} rows of `{list}`"),
        None => format!("any number of rows of `{list}`"),
    };
    // A row that has no bound itself is to blame before the list is.
    let culprit = match (row.culprit, row.most) {
        (Some(culprit), None) => Some(culprit),
        _ => Some(Culprit {
            what: list.to_owned(),
            span,
            units,
            list: true,
        }),
    };
    Measure {
        most: units,
        entities,
        culprit,
        most_by: std::iter::once(label).chain(row.most_by).collect(),
        ..row
    }
}

/// Whether the author's words alone can be nothing. `lists`: the lists walked at this level are not empty.
pub(super) fn can_be_empty(mode: ParseMode, nodes: &[Node], lists: bool) -> bool {
    let mut text = String::new();
    for node in nodes {
        let empty = match node {
            Node::Words { text: more, .. } => {
                text.push_str(more);
                continue;
            }
            Node::Hole(hole) => {
                !hole.bounds.is_empty() && hole.bounds.iter().all(|b| b.most == Some(0))
            }
            Node::Branches(branches) => branches.iter().any(|(_, b)| can_be_empty(mode, b, false)),
            Node::Loop {
                body, otherwise, ..
            } => {
                can_be_empty(mode, body, false) || (!lists && can_be_empty(mode, otherwise, false))
            }
            Node::Message(Message { locales, .. }) => {
                locales.iter().any(|l| can_be_empty(mode, l, false))
            }
        };
        if !empty {
            return false;
        }
    }
    markup::is_blank(mode, &text)
}

/// The values, all of them empty or blank, that leave nothing to be seen in a locale. `None`: something always is.
pub(super) fn blank_by(
    mode: ParseMode,
    nodes: &[Node],
    locale: usize,
) -> Option<Vec<(String, Span)>> {
    let mut text = String::new();
    let mut by = Vec::new();
    for node in nodes {
        let blank = match node {
            Node::Words { text: more, .. } => {
                text.push_str(more);
                continue;
            }
            Node::Hole(hole) if hole.bound(locale).least == 0 => {
                Some(vec![(hole.what.clone(), hole.span)])
            }
            Node::Hole(_) => None,
            Node::Branches(branches) => {
                branches.iter().find_map(|(_, b)| blank_by(mode, b, locale))
            }
            // That there are rows is proven elsewhere; that every one of them prints nothing is far-fetched.
            Node::Loop { .. } => None,
            Node::Message(Message { locales, .. }) => match locales.get(locale) {
                Some(nodes) => blank_by(mode, nodes, locale),
                None => Some(Vec::new()),
            },
        };
        by.extend(blank?);
    }
    markup::is_blank(mode, &text).then_some(by)
}

/// What a text says in a locale, where that is always the same.
pub(super) fn fixed(nodes: &[Node], locale: usize) -> Option<String> {
    let mut text = String::new();
    for node in nodes {
        match node {
            Node::Words { text: more, .. } => text.push_str(more),
            Node::Message(Message { locales, .. }) => {
                text.push_str(&fixed(locales.get(locale)?, locale)?)
            }
            Node::Branches(branches) => match &branches[..] {
                [(label, nodes)] if label.is_empty() => text.push_str(&fixed(nodes, locale)?),
                _ => return None,
            },
            Node::Hole(_) | Node::Loop { .. } => return None,
        }
    }
    Some(text)
}
