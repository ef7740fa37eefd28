//! What a message is in each locale, as a tree of what can be printed.

use super::{Message, Type, patterns};
use crate::ftl::Locale;
use crate::ftl::tree::{Element, Expr, Pattern};
use crate::limits::NESTING;
use crate::markup::ParseMode;
use crate::proof::bounds::{self, Bound, Lengths};
use crate::proof::measure::measure;
use crate::proof::shape::{At, Hole, Kind as HoleKind, Node};

/// What a message is in each locale.
pub fn grow(locales: &[Locale], lengths: &Lengths, message: &Message) -> Vec<Vec<Node>> {
    // A locale that lacks the message, or whose messages contain themselves, says nothing (both are reported).
    let nothing = || {
        vec![Node::Hole(Hole {
            bounds: vec![Bound::up_to(SMALL)],
            id: None,
            what: format!("t:{}", message.key),
            span: message.span,
            kind: HoleKind::Line,
        })]
    };
    let mut all: Vec<Vec<Node>> = locales.iter().map(|_| nothing()).collect();
    for (i, locale, pattern) in patterns(locales, &message.key, message.attribute.as_deref()) {
        let Some(nodes) = all.get_mut(i).filter(|_| !locale.endless) else {
            continue;
        };
        let given: Vec<Argument<'_>> = message
            .given
            .iter()
            .map(|g| Argument {
                name: &g.name,
                ty: (!g.printed).then_some(&g.ty),
                bound: g
                    .bounds
                    .get(i)
                    .or(g.bounds.last())
                    .copied()
                    .unwrap_or(Bound {
                        least: 0,
                        most: None,
                    }),
                kind: g.kind,
            })
            .collect();
        let mut grow = Grow {
            locale,
            lengths,
            given: &given,
            budget: NODES,
        };
        *nodes = grow.pattern(pattern, 0);
    }
    all
}

/// The length of a message without arguments in one locale.
pub fn fixed(
    locales: &[Locale],
    lengths: &Lengths,
    (key, attribute): (&str, Option<&str>),
    locale: usize,
) -> Bound {
    let here = locales.get(locale).filter(|l| !l.endless);
    let found = here.and_then(|l| Some((l, l.messages.get(key)?.pattern(attribute)?)));
    // What is missing is reported.
    let Some((words, pattern)) = found else {
        return Bound::up_to(SMALL);
    };
    let mut grow = Grow {
        locale: words,
        lengths,
        given: &[],
        budget: NODES,
    };
    let nodes = grow.pattern(pattern, 0);
    let measure = measure(ParseMode::Plain, &nodes, locale);
    Bound {
        least: measure.least,
        most: measure.most,
    }
}

/// Nodes of one message: more than any real text has; what lies beyond is not looked at.
const NODES: usize = 5_000;
/// Longest text of a term's variable or of the runtime's own words, in UTF-16 units.
const SMALL: usize = 300;

/// An argument as Fluent sees it.
struct Argument<'g> {
    name: &'g str,
    /// Of a value that Fluent prints itself.
    ty: Option<&'g Type>,
    bound: Bound,
    kind: HoleKind,
}

/// Turns a pattern, and all that it contains, into nodes.
struct Grow<'a, 'b> {
    locale: &'a Locale,
    lengths: &'b Lengths,
    given: &'b [Argument<'b>],
    budget: usize,
}

impl Grow<'_, '_> {
    fn pattern(&mut self, pattern: &Pattern, depth: usize) -> Vec<Node> {
        if depth > NESTING {
            return Vec::new();
        }
        let mut nodes = Vec::new();
        for element in &pattern.elements {
            if self.budget == 0 {
                nodes.push(Node::Hole(Hole {
                    bounds: Vec::new(),
                    id: None,
                    what: "…".to_owned(),
                    span: pattern.span,
                    kind: HoleKind::Text,
                }));
                return nodes;
            }
            self.budget -= 1;
            nodes.push(match element {
                Element::Words { text, span } => Node::Words {
                    text: text.clone(),
                    at: At::File(*span),
                },
                Element::Placeable(e) => self.placeable(e, depth),
            });
        }
        nodes
    }

    fn placeable(&mut self, e: &Expr, depth: usize) -> Node {
        let hole = |bound, what: String, kind| {
            Node::Hole(Hole {
                bounds: vec![bound],
                id: None,
                what,
                span: e.span(),
                kind,
            })
        };
        let small = |what: &str| hole(Bound::up_to(SMALL), format!("{{ {what} }}"), HoleKind::Line);
        match e {
            Expr::Text { text, span } => Node::Words {
                text: text.clone(),
                at: At::Within(*span),
            },
            Expr::Number { text, .. } => {
                hole(Bound::up_to(text.len() * 2), text.clone(), HoleKind::Line)
            }
            Expr::Variable { name, .. } => match self.given.iter().find(|g| g.name == name) {
                Some(given) => hole(given.bound, format!("{{ ${name} }}"), given.kind),
                None => small(&format!("${name}")),
            },
            Expr::Call { function, args, .. } => {
                let name = match args.positional.first() {
                    Some(Expr::Variable { name, .. }) => name.as_str(),
                    _ => "",
                };
                let given = self.given.iter().find(|g| g.name == name);
                let options: Vec<(&str, &str)> = args
                    .named
                    .iter()
                    .filter_map(|(name, _, value)| match value {
                        Expr::Text { text, .. } | Expr::Number { text, .. } => {
                            Some((name.as_str(), text.as_str()))
                        }
                        _ => None,
                    })
                    .collect();
                let bound = bounds::call(
                    self.lengths,
                    &self.locale.tag,
                    given.and_then(|g| g.ty),
                    &options,
                );
                hole(bound, format!("{{ {function}(${name}) }}"), HoleKind::Line)
            }
            Expr::Message {
                id,
                attribute,
                span,
            } => {
                let found = self.locale.messages.get(id);
                match found.and_then(|m| m.pattern(attribute.as_deref())) {
                    Some(pattern) => {
                        Node::Branches(vec![(String::new(), self.pattern(pattern, depth + 1))])
                    }
                    // The runtime's own words stand where they are used, as they are.
                    None => match self.locale.own_words(id) {
                        Some(text) => Node::Words {
                            text,
                            at: At::Within(*span),
                        },
                        None => small(id),
                    },
                }
            }
            Expr::Term {
                id,
                attribute,
                args,
                ..
            } => {
                let found = self.locale.terms.get(id);
                let Some(pattern) = found.and_then(|m| m.pattern(attribute.as_deref())) else {
                    return small(&format!("-{id}"));
                };
                // A term sees what it is given and nothing else.
                let given: Vec<Argument<'_>> = args
                    .named
                    .iter()
                    .map(|(name, _, value)| Argument {
                        name,
                        ty: None,
                        bound: match value {
                            Expr::Text { text, .. } => Bound::exactly(text),
                            _ => Bound::up_to(SMALL),
                        },
                        kind: HoleKind::Line,
                    })
                    .collect();
                let mut term = Grow {
                    locale: self.locale,
                    lengths: self.lengths,
                    given: &given,
                    budget: self.budget,
                };
                let nodes = term.pattern(pattern, depth + 1);
                self.budget = term.budget;
                Node::Branches(vec![(String::new(), nodes)])
            }
            Expr::Select { variants, .. } => Node::Branches(
                variants
                    .iter()
                    .map(|v| {
                        let label = format!("`[{}]`", v.key);
                        (label, self.pattern(&v.pattern, depth + 1))
                    })
                    .collect(),
            ),
        }
    }
}
