//! A wizard's `on_step` runs after every step and is checked with what is known at each. Where it means the same,
//! it is written once: the later texts and queries give way to those of an earlier step.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::FlowCheck;
use crate::ir::sql::{Query, QueryId};
use crate::ir::text::{Text, TextCall, TextId};
use crate::ir::types::Base;
use crate::ir::{Action, ActionKind, ButtonDoes};

/// What one run of `on_step` has added to the flow.
#[derive(Debug, Clone)]
pub struct Added {
    texts: Range<usize>,
    queries: Range<usize>,
}

/// How far a flow has come.
#[derive(Debug)]
pub struct Mark {
    texts: usize,
    queries: usize,
    idents: BTreeSet<String>,
    numbers: BTreeMap<String, usize>,
}

impl FlowCheck<'_> {
    /// Before `on_step` is checked.
    pub fn mark(&self) -> Mark {
        Mark {
            texts: self.cx.texts.len(),
            queries: self.cx.queries.len(),
            idents: self.cx.idents.clone(),
            numbers: self.cx.numbers.clone(),
        }
    }

    /// After it: takes back what is there already.
    pub fn share(&mut self, mark: Mark, actions: &mut [Action]) {
        if actions.iter().any(gives_rows) {
            return;
        }
        let added = Added {
            texts: mark.texts..self.cx.texts.len(),
            queries: mark.queries..self.cx.queries.len(),
        };
        let twin = self.shared.iter().find(|before| self.same(before, &added));
        let Some(twin) = twin.cloned() else {
            self.shared.push(added);
            return;
        };
        self.cx.texts.truncate(mark.texts);
        self.cx.queries.truncate(mark.queries);
        self.cx.idents = mark.idents;
        self.cx.numbers = mark.numbers;
        let moved = Moved {
            texts: (added.texts.start, twin.texts.start),
            queries: (added.queries.start, twin.queries.start),
        };
        for action in actions {
            moved.action(action);
        }
    }

    fn same(&self, a: &Added, b: &Added) -> bool {
        let texts = || {
            (
                &self.cx.texts[a.texts.clone()],
                &self.cx.texts[b.texts.clone()],
            )
        };
        let queries = || {
            (
                &self.cx.queries[a.queries.clone()],
                &self.cx.queries[b.queries.clone()],
            )
        };
        a.texts.len() == b.texts.len()
            && a.queries.len() == b.queries.len()
            && texts()
                .0
                .iter()
                .zip(texts().1)
                .all(|(a, b)| same_text(a, b))
            && queries()
                .0
                .iter()
                .zip(queries().1)
                .all(|(a, b)| same_query(a, b))
    }
}

/// Rows have the type of their own query: types of expressions would have to follow.
fn gives_rows(action: &Action) -> bool {
    if matches!(action.kind, ActionKind::Pages(_) | ActionKind::Broadcast(_)) || action.is_slow() {
        return true;
    }
    let ActionKind::Sql {
        result: Some(var), ..
    } = &action.kind
    else {
        return false;
    };
    match &var.ty.base {
        Base::Row(_) => true,
        Base::List { item, .. } => matches!(item.base, Base::Row(_)),
        _ => false,
    }
}

/// But for the name.
fn same_text(a: &Text, b: &Text) -> bool {
    let nameless = |text: &Text| Text {
        ident: String::new(),
        ..text.clone()
    };
    format!("{:?}", nameless(a)) == format!("{:?}", nameless(b))
}

/// But for the names of the function and the row.
fn same_query(a: &Query, b: &Query) -> bool {
    let nameless = |query: &Query| Query {
        ident: String::new(),
        row: String::new(),
        ..query.clone()
    };
    format!("{:?}", nameless(a)) == format!("{:?}", nameless(b))
}

/// Where ids have gone: (from, to) of the first of each.
struct Moved {
    texts: (usize, usize),
    queries: (usize, usize),
}

impl Moved {
    fn action(&self, action: &mut Action) {
        match &mut action.kind {
            ActionKind::Sql {
                query, on_conflict, ..
            } => {
                *query = QueryId(moved(query.0, self.queries));
                if let Some(conflict) = on_conflict {
                    self.text(&mut conflict.reply);
                }
            }
            ActionKind::Reply(reply) => {
                self.text(&mut reply.text);
                if let Some((_, empty)) = &mut reply.empty {
                    self.text(empty);
                }
                for button in reply.keyboard.iter_mut().flatten() {
                    self.text(&mut button.text);
                    if let ButtonDoes::Url(url) = &mut button.does {
                        self.text(url);
                    }
                }
            }
            ActionKind::Limit(limit) => limit.message.iter_mut().for_each(|text| self.text(text)),
            ActionKind::SetLocale { .. }
            | ActionKind::AskLocale
            | ActionKind::Pages(_)
            | ActionKind::Ask(_)
            | ActionKind::Broadcast(_)
            | ActionKind::Segment(_)
            | ActionKind::Subscribe(_) => {}
        }
    }

    fn text(&self, call: &mut TextCall) {
        call.id = TextId(moved(call.id.0, self.texts));
    }
}

fn moved(id: usize, (from, to): (usize, usize)) -> usize {
    if id >= from { id - from + to } else { id }
}
