//! What a handler can cost: how many queries and how many writing statements may run before what it did is stored. The
//! runtime picks the cheapest protocol by it.

use super::sql::{Query, Shape};
use super::{Action, ActionKind, Flow, Reply, Rule, Step, To, Wizard};

/// None, at most one, or possibly more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Count {
    None,
    One,
    Many,
}

impl Count {
    /// The variant's name in generated code.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::One => "One",
            Self::Many => "Many",
        }
    }
}

/// What may run at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Queries.
    pub reads: Count,
    /// Statements that write. `One`: its result is not read and nothing is read after it, so that it can be handed over
    /// to run together with the claim.
    pub writes: Count,
}

impl Cost {
    /// For people: how the engine with round trips handles it.
    pub fn protocol(self, effect: super::Effect) -> &'static str {
        use super::Effect::{Pure, Read, Slow, State, Write};
        match (effect, self.writes) {
            (Pure, _) => "no transaction",
            (Slow, _) => "segments, each a transaction",
            (Read, _) if self.reads == Count::Many => "one snapshot",
            (Read, _) => "one query",
            (State, _) => "one step",
            (Write, Count::Many) => "a transaction",
            (Write, _) => "one step with its statement",
        }
    }
}

/// A statement whose result nobody reads.
pub fn is_silent(query: &Query) -> bool {
    query.writes && query.shape == Shape::Nothing
}

/// What the command may run: its own actions, and those of the dialogue if that can be over at once.
pub fn of_command(flow: &Flow) -> Cost {
    let mut list: Vec<&Action> = flow.on_enter.iter().collect();
    if let Some(wizard) = flow.wizard.as_ref().filter(|w| passes(w, 0)) {
        list.extend(&wizard.on_complete);
    }
    of(flow, &list, flow.wizard.as_ref().map_or(0, most_asked))
}

/// What an answer to the step may run.
pub fn of_step(flow: &Flow, wizard: &Wizard, position: usize) -> Cost {
    let Some(step) = wizard.steps.get(position) else {
        return of(flow, &[], 0);
    };
    let mut list: Vec<&Action> = step.after.iter().collect();
    if completes(wizard, step, position) {
        list.extend(&wizard.on_complete);
    }
    // Its own widget is built to read the answer; then one question is asked.
    of(flow, &list, asked(step) + most_asked(wizard))
}

/// The queries of a step's widget.
fn asked(step: &Step) -> usize {
    match &step.rule {
        Rule::Widget(widget) => widget.queries().len(),
        _ => 0,
    }
}

/// The most queries that asking one of the questions takes.
fn most_asked(wizard: &Wizard) -> usize {
    wizard.steps.iter().map(asked).max().unwrap_or(0)
}

/// What turning the page of a list may run; `before`: the actions of its list before it.
pub fn of_turn(flow: &Flow, list: &super::pages::PagesAction, before: &[Action]) -> Cost {
    let again = list.carried.again.iter().filter_map(|i| before.get(*i));
    let mut cost = of(flow, &again.collect::<Vec<_>>(), 0);
    if matches!(list.pages.rows, super::pages::Rows::Query { .. }) {
        cost.reads = Count::Many;
    }
    cost
}

/// What runs after the last answer.
pub fn of_completion(flow: &Flow, wizard: &Wizard) -> Cost {
    of(flow, &wizard.on_complete.iter().collect::<Vec<_>>(), 0)
}

/// Whether an answer to the step can end the dialogue in order.
fn completes(wizard: &Wizard, step: &Step, position: usize) -> bool {
    // A branch leads to a step, which asks always, or out of the flow.
    let decided = step.case.last().is_some_and(|branch| branch.when.is_none());
    !decided && passes(wizard, position + 1)
}

/// Whether every step from here on may be passed over.
fn passes(wizard: &Wizard, from: usize) -> bool {
    wizard
        .steps
        .iter()
        .skip(from)
        .all(|step| step.when.is_some() || step.unless_arg)
}

/// Of actions, and of so many queries of widgets after them.
fn of(flow: &Flow, actions: &[&Action], asked: usize) -> Cost {
    let queries: Vec<&Query> = actions
        .iter()
        .flat_map(|action| match &action.kind {
            ActionKind::Sql { query, .. } => vec![*query],
            ActionKind::Pages(list) => list.pages.rows.queries(),
            ActionKind::Broadcast(broadcast) => match &broadcast.audience {
                super::broadcast::Audience::People(query) => vec![*query],
                _ => Vec::new(),
            },
            _ => Vec::new(),
        })
        .filter_map(|query| flow.queries.get(query.0))
        .collect();
    // What the runtime's own verbs ask and write.
    let mut verbs = Cost {
        reads: Count::None,
        writes: Count::None,
    };
    for action in actions {
        match &action.kind {
            ActionKind::Broadcast(broadcast) => {
                verbs.reads = Count::Many;
                if !broadcast.dry_run {
                    verbs.writes = Count::Many;
                }
            }
            ActionKind::Segment(_) | ActionKind::Subscribe(_) => verbs.writes = Count::Many,
            _ => {}
        }
    }
    let count = |n: usize| match n {
        0 => Count::None,
        1 => Count::One,
        _ => Count::Many,
    };
    // The language of whoever hears of it is looked up.
    let heard: usize = actions
        .iter()
        .map(|action| match &action.kind {
            ActionKind::Reply(Reply { to: Some(to), .. }) => match to {
                To::Admins => 2,
                To::Chat(_) => 1,
            },
            _ => 0,
        })
        .sum();
    let asked = asked + heard;
    let reads = count(asked + queries.iter().filter(|query| !query.writes).count());
    let writes = match count(queries.iter().filter(|query| query.writes).count()) {
        // What is handed over runs after everything else.
        Count::One if asked > 0 || !queries.last().is_some_and(|last| is_silent(last)) => {
            Count::Many
        }
        writes => writes,
    };
    Cost {
        reads: reads.max(verbs.reads),
        writes: writes.max(verbs.writes),
    }
}
