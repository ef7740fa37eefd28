//! The dialogue as a graph: which steps can be reached, what is known at each, and whether there is a way out.
//!
//! Nodes are the questions and the completion. A node is entered *in order* (then a step whose `when` is false, or
//! whose argument was given, is passed over) or by `goto` (then it is asked in any case). Everything here follows
//! from the AST alone; types come later.

pub mod env;
pub mod live;
pub mod reads;

use std::collections::BTreeMap;

use crate::ir::Target;
use crate::source::Span;
use crate::syntax::ast;
pub use env::{Env, Fact};

/// A dialogue as the graph sees it.
#[derive(Debug)]
pub struct Dialogue<'a> {
    /// The steps.
    pub steps: &'a [ast::Step],
    /// Run before the first.
    pub on_enter: &'a [ast::Action],
    /// Run after each.
    pub on_step: &'a [ast::Action],
    /// Run after the last.
    pub on_complete: &'a [ast::Action],
    /// Where its timer leads.
    pub timeout: Option<&'a str>,
    /// Where a `goto` of this flow leads.
    pub targets: &'a BTreeMap<String, Target>,
    /// Steps (by index) whose variable is also an argument.
    pub asked_args: &'a [bool],
    /// What is known before `on_enter`.
    pub start: Env,
}

/// A node that another leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// Index of the step; the number of steps for the completion.
    pub to: usize,
    /// In order, not by `goto`.
    pub in_order: bool,
}

/// What the graph shows.
#[derive(Debug, Default)]
pub struct Graph {
    /// For each step and, last, the completion: what is known when it is come to; `None`: nothing leads there.
    pub at: Vec<Option<Env>>,
    /// For each step and the completion: where it leads.
    pub edges: Vec<Vec<Edge>>,
    /// For each step and the completion: it can end the flow.
    pub ends: Vec<bool>,
    /// Where the timer leads from every step.
    pub timeout: Option<usize>,
    /// Where the command itself leads.
    pub entry: Vec<Edge>,
    /// Actions and cases that nothing reaches, with the one that is always taken before them.
    pub dead: Vec<(Span, Span)>,
    /// Some `goto` names nothing (reported elsewhere): what looks unreachable may not be.
    pub uncertain: bool,
}

impl Graph {
    /// The timer leads to step `to`. No way of the person's: it is no edge, and no way out either.
    fn time_out(
        &mut self,
        to: usize,
        env: &Env,
        dialogue: &Dialogue<'_>,
        waiting: &mut Vec<usize>,
    ) {
        let mut env = env.clone();
        if let Some(step) = dialogue.steps.get(to)
            && !dialogue.asked_args[to]
        {
            env.clear(&step.var.value);
        }
        let changed = match &mut self.at[to] {
            Some(known) => known.join(&env),
            none => {
                *none = Some(env);
                true
            }
        };
        if changed && !waiting.contains(&to) {
            waiting.push(to);
        }
    }

    /// Whether some way leads from node `from` to the end of the flow.
    pub fn can_end(&self) -> Vec<bool> {
        let mut can = self.ends.clone();
        loop {
            let mut changed = false;
            for node in 0..can.len() {
                if !can[node] && self.edges[node].iter().any(|e| can[e.to]) {
                    can[node] = true;
                    changed = true;
                }
            }
            if !changed {
                return can;
            }
        }
    }
}

/// What is known while a step waits for its answer: not that answer.
pub fn waited(step: &ast::Step, mut env: Env) -> Env {
    env.clear(&step.var.value);
    env
}

/// Solves the data flow to its fixed point: facts only grow weaker, so it ends.
pub fn solve(dialogue: &Dialogue<'_>) -> Graph {
    let count = dialogue.steps.len();
    let mut graph = Graph {
        at: vec![None; count + 1],
        edges: vec![Vec::new(); count + 1],
        ends: vec![false; count + 1],
        timeout: match dialogue.timeout.and_then(|goto| dialogue.targets.get(goto)) {
            Some(Target::Step(to)) => Some(*to),
            _ => None,
        },
        ..Graph::default()
    };
    let mut walk = Walk::new(dialogue);
    let rest = walk.run(dialogue.on_enter, dialogue.start.clone());
    walk.in_order(0, rest);
    let mut waiting = Vec::new();
    graph.entry = walk.settle(&mut graph, &mut waiting).0;
    while let Some(node) = waiting.pop() {
        let Some(env) = graph.at[node].clone() else {
            continue;
        };
        let mut walk = Walk::new(dialogue);
        match dialogue.steps.get(node) {
            Some(step) => {
                if let Some(to) = graph.timeout {
                    graph.time_out(to, &waited(step, env.clone()), dialogue, &mut waiting);
                }
                walk.step(node, step, env);
            }
            None => {
                let rest = walk.run(dialogue.on_complete, env);
                walk.ends |= rest.is_some();
            }
        }
        let (edges, ends) = walk.settle(&mut graph, &mut waiting);
        graph.edges[node] = edges;
        graph.ends[node] = ends;
    }
    graph.dead.sort_unstable();
    graph.dead.dedup();
    graph
}

/// Everything that leaves one node.
struct Walk<'a> {
    dialogue: &'a Dialogue<'a>,
    leaves: Vec<(Edge, Env)>,
    ends: bool,
    dead: Vec<(Span, Span)>,
    uncertain: bool,
}

impl<'a> Walk<'a> {
    fn new(dialogue: &'a Dialogue<'a>) -> Self {
        Self {
            dialogue,
            leaves: Vec::new(),
            ends: false,
            dead: Vec::new(),
            uncertain: false,
        }
    }

    /// Goes on to node `to` in order, if the way leads on at all.
    fn in_order(&mut self, to: usize, env: Option<Env>) {
        if let Some(env) = env {
            self.leaves.push((Edge { to, in_order: true }, env));
        }
    }

    fn jump(&mut self, goto: &str, env: Env) {
        match self.dialogue.targets.get(goto) {
            Some(Target::Step(to)) => self.leaves.push((
                Edge {
                    to: *to,
                    in_order: false,
                },
                env,
            )),
            Some(Target::End) => self.ends = true,
            None => self.uncertain = true,
        }
    }

    fn step(&mut self, node: usize, step: &ast::Step, mut env: Env) {
        let name = &step.var.value;
        if self.dialogue.asked_args.get(node) == Some(&true) {
            let mut given = env.clone();
            given.write(name, false);
            self.in_order(node + 1, Some(given));
        }
        if let Some(when) = &step.when {
            let mut passed = env.after(when, false);
            passed.write(name, true);
            self.in_order(node + 1, Some(passed));
            // A `goto` asks in any case, so the question itself does not know that `when` holds.
        }
        env.write(name, step.optional.as_ref().is_some_and(|o| o.node));
        let rest = self.run(&step.on_step, env);
        let rest = rest.and_then(|env| self.run(self.dialogue.on_step, env));
        let Some(mut env) = rest else {
            let leaves = |a: &&ast::Action| a.leaves();
            let mut actions = step.on_step.iter().chain(self.dialogue.on_step);
            if let (Some(case), Some(action)) = (step.case.first(), actions.find(leaves)) {
                self.dead.push((case.span, action.span));
            }
            return;
        };
        for case in &step.case {
            let Some(when) = &case.when else {
                // Branches after it have been reported with the shape.
                return self.jump(&case.goto.value, env);
            };
            self.jump(&case.goto.value, env.after(when, true));
            env = env.after(when, false);
        }
        self.in_order(node + 1, Some(env));
    }

    /// Runs actions; what is known after the last one, `None` if none leads there.
    fn run(&mut self, actions: &[ast::Action], env: Env) -> Option<Env> {
        let mut env = Some(env);
        let mut always: Option<Span> = None;
        for action in actions {
            let Some(before) = env.take() else {
                if let Some(always) = always {
                    self.dead.push((action.span, always));
                }
                break;
            };
            let mut inside = match &action.when {
                Some(when) => before.after(when, true),
                None => before.clone(),
            };
            if let ast::ActionKind::Query(s) | ast::ActionKind::Exec(s) = &action.kind
                && let Some(conflict) = &s.on_conflict
            {
                match &conflict.goto {
                    Some(goto) => self.jump(&goto.value, inside.clone()),
                    None => self.ends = true,
                }
            }
            if let Some(result) = action.kind.result_var() {
                inside.write(&result.value, false);
            }
            if let ast::ActionKind::Ask(ask) = &action.kind {
                inside.write(&ask.result_var.value, false);
            }
            // An empty list ends the flow.
            self.ends |= matches!(action.kind, ast::ActionKind::Pages(_));
            self.uncertain |= action.unsure;
            if let Some(goto) = &action.goto {
                self.jump(&goto.value, inside);
                env = match &action.when {
                    Some(when) => Some(before.after(when, false)),
                    None if action.unsure => Some(before),
                    None => None,
                };
                always = Some(action.span);
            } else {
                if let Some(when) = &action.when {
                    inside.join(&before.after(when, false));
                }
                env = Some(inside);
            }
        }
        env
    }

    /// Joins what leaves into the nodes it leads to; those that have learned something wait to be looked at.
    fn settle(self, graph: &mut Graph, waiting: &mut Vec<usize>) -> (Vec<Edge>, bool) {
        graph.dead.extend(self.dead);
        graph.uncertain |= self.uncertain;
        let mut edges = Vec::new();
        for (edge, mut env) in self.leaves {
            if let Some(step) = self.dialogue.steps.get(edge.to)
                && !self.dialogue.asked_args[edge.to]
            {
                // The question overwrites it: nothing there may read the old value.
                env.clear(&step.var.value);
            }
            edges.push(edge);
            let changed = match &mut graph.at[edge.to] {
                Some(known) => known.join(&env),
                none => {
                    *none = Some(env);
                    true
                }
            };
            if changed && !waiting.contains(&edge.to) {
                waiting.push(edge.to);
            }
        }
        edges.sort_unstable();
        edges.dedup();
        (edges, self.ends)
    }
}

#[cfg(test)]
mod tests;
