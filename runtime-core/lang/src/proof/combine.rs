//! Branches and values side by side. In HTML a branch that is whole in itself is whole anywhere; in MarkdownV2 marks
//! that meet make others: `_{{x}}_` around nothing is `__`, and so is the seam of `_a_` and `_b_`. So texts of
//! MarkdownV2 are also read as they can come out.

use crate::markup::{self, ParseMode};

use super::message::Message;
use super::shape::{At, Hole, Kind, Node};
use crate::diagnostics::codes::texts as codes;
use crate::diagnostics::{Diagnostic, Sink};
use crate::source::Str;

/// Most ways that are read one by one; where there are more, neighbours are varied in pairs.
const WAYS: usize = 400;

/// One way in which a text can come out.
#[derive(Debug, Default)]
pub(super) struct Way {
    pub text: String,
    /// Start, length and place of the author's words.
    words: Vec<(usize, usize, At)>,
    /// Start of each value.
    pub values: Vec<(usize, Kind)>,
    /// What was chosen, for people.
    by: Vec<String>,
    /// What to choose next, and what was chosen of how many.
    picks: Vec<usize>,
    arities: Vec<usize>,
}

impl Way {
    /// The place of a byte range, where the author's words stand there.
    pub fn span(&self, source: &Str, range: std::ops::Range<usize>) -> Option<crate::source::Span> {
        let (start, len, at) = self
            .words
            .iter()
            .find(|(start, len, _)| (*start..start + len).contains(&range.start))?;
        let lo = range.start - start;
        let hi = (range.end - start).clamp(lo, *len);
        Some(at.span(source, lo..hi))
    }

    fn pick(&mut self, of: usize) -> usize {
        let at = self.arities.len();
        self.arities.push(of.max(1));
        self.picks.get(at).copied().unwrap_or(0).min(of.max(1) - 1)
    }

    fn walk(
        &mut self,
        nodes: &[Node],
        locale: usize,
        values: &impl Fn(&Hole) -> Vec<(&'static str, &'static str)>,
    ) {
        for node in nodes {
            match node {
                Node::Words { text, at } => {
                    self.words.push((self.text.len(), text.len(), *at));
                    self.text.push_str(text);
                }
                Node::Hole(hole) => {
                    let forms = values(hole);
                    let chosen = self.pick(forms.len());
                    let (form, name) = forms.get(chosen).copied().unwrap_or(("x", ""));
                    if !name.is_empty() {
                        self.by.push(format!("`{}` {name}", hole.what));
                    }
                    self.values.push((self.text.len(), hole.kind));
                    self.text.push_str(form);
                }
                Node::Branches(branches) => {
                    let chosen = self.pick(branches.len());
                    if let Some((label, nodes)) = branches.get(chosen) {
                        if !label.is_empty() {
                            self.by.push(label.clone());
                        }
                        self.walk(nodes, locale, values);
                    }
                }
                Node::Loop {
                    list,
                    body,
                    otherwise,
                    ..
                } => match self.pick(3) {
                    0 => {
                        self.by.push(format!("two rows of `{list}`"));
                        self.walk(body, locale, values);
                        self.walk(body, locale, values);
                    }
                    1 => {
                        self.by.push(format!("one row of `{list}`"));
                        self.walk(body, locale, values);
                    }
                    _ => {
                        self.by.push(format!("no rows of `{list}`"));
                        self.walk(otherwise, locale, values);
                    }
                },
                Node::Message(Message { locales, .. }) => {
                    if let Some(nodes) = locales.get(locale) {
                        self.walk(nodes, locale, values);
                    }
                }
            }
        }
    }
}

/// The ways in which a text can come out in a locale: all of them where they are few, else every choice by itself
/// and with its neighbour's. `see` ends the walk with `false`.
pub(super) fn ways(
    nodes: &[Node],
    locale: usize,
    values: &impl Fn(&Hole) -> Vec<(&'static str, &'static str)>,
    see: &mut impl FnMut(&Way) -> bool,
) {
    let run = |picks: Vec<usize>| {
        let mut way = Way {
            picks,
            ..Way::default()
        };
        way.walk(nodes, locale, values);
        way
    };
    let mut picks: Vec<usize> = Vec::new();
    for _ in 0..WAYS {
        let way = run(picks);
        if !see(&way) {
            return;
        }
        // The next one: the last choice that has another.
        let mut next: Vec<usize> = (0..way.arities.len())
            .map(|i| way.picks.get(i).copied().unwrap_or(0))
            .collect();
        loop {
            let at = next.len();
            match next.pop() {
                None => return,
                Some(chosen) if way.arities.get(at - 1).is_some_and(|of| chosen + 1 < *of) => {
                    next.push(chosen + 1);
                    break;
                }
                Some(_) => {}
            }
        }
        picks = next;
    }
    let arities = run(Vec::new()).arities;
    for i in 0..arities.len() {
        for chosen in 0..arities[i] {
            let neighbour = arities.get(i + 1).copied().unwrap_or(1);
            for next in 0..neighbour {
                let mut picks = vec![0; i];
                picks.extend([chosen, next]);
                if !see(&run(picks)) {
                    return;
                }
            }
        }
    }
}

/// Values as MarkdownV2 may see them.
fn forms(hole: &Hole) -> Vec<(&'static str, &'static str)> {
    if hole.kind != Kind::Text {
        return vec![("1", "")];
    }
    let mut forms = vec![("x", ""), ("x\ny", "of several lines")];
    if hole.bounds.iter().any(|b| b.least == 0) {
        forms.push(("", "empty"));
    }
    forms
}

/// Reads a text of MarkdownV2 as it can come out, and reports the first way that Telegram refuses.
pub(super) fn check(source: &Str, nodes: &[Node], locales: usize, sink: &mut Sink) {
    for locale in 0..locales {
        let mut refused = None;
        ways(nodes, locale, &forms, &mut |way| {
            let (errors, _) = markup::check(ParseMode::MarkdownV2, &way.text, &[]);
            let Some(error) = errors.into_iter().next() else {
                return true;
            };
            let span = way.span(source, error.range.clone()).unwrap_or(source.span);
            refused = Some((span, error.message, way.by.clone()));
            false
        });
        if let Some((span, message, by)) = refused {
            let mut diagnostic = Diagnostic::new(&codes::MARKUP, span, message).help(
                "marks that meet are read as others: put a word or an escaped character between them, or write HTML",
            );
            if !by.is_empty() {
                diagnostic = diagnostic.label(format!("with {}", by.join(", ")));
            }
            if span.file != source.span.file {
                diagnostic = diagnostic.note(source.span, "used here");
            }
            sink.report(diagnostic);
            return;
        }
    }
}
