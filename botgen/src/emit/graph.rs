//! How a bot's commands, questions and buttons lead to each other: for `botgen graph`, and for operators.

use std::fmt::Write as _;

use serde::Serialize;

use crate::ir::{Action, ActionKind, Bot, Button, ButtonDoes, Flow, Step, Target, Timeout, Wizard};

/// A bot as a graph.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Graph {
    /// Commands and questions, in order of writing.
    pub nodes: Vec<Node>,
    /// What leads where, in order of writing.
    pub edges: Vec<Edge>,
}

/// A command, a question, or the end of a dialogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Node {
    /// `/book`, `/book step slot`, `/book complete`: as `check --verbose` names handlers.
    pub id: String,
    /// `command`, `step` or `complete`.
    pub kind: &'static str,
}

/// A way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Edge {
    /// A node.
    pub from: String,
    /// A node.
    pub to: String,
    /// `next`, `case`, `goto`, `button` or `timeout`.
    pub by: &'static str,
}

impl Graph {
    /// Of a bot.
    pub fn of(bot: &Bot) -> Self {
        let mut graph = Self::default();
        for flow in &bot.flows {
            graph.flow(flow);
        }
        graph
    }

    fn node(&mut self, id: String, kind: &'static str) {
        self.nodes.push(Node { id, kind });
    }

    fn edge(&mut self, from: &str, to: String, by: &'static str) {
        let edge = Edge {
            from: from.to_owned(),
            to,
            by,
        };
        // Ten buttons of a menu that lead to one place are one way.
        if !self.edges.contains(&edge) {
            self.edges.push(edge);
        }
    }

    fn flow(&mut self, flow: &Flow) {
        let command = format!("/{}", flow.command);
        self.node(command.clone(), "command");
        self.actions(flow, &command, &flow.on_enter);
        let Some(wizard) = &flow.wizard else {
            return;
        };
        self.edge(&command, step_id(flow, wizard, 0), "next");
        for (position, step) in wizard.steps.iter().enumerate() {
            let id = step_id(flow, wizard, position);
            self.node(id.clone(), "step");
            self.actions(flow, &id, &step.after);
            self.next(flow, wizard, position, step, &id);
            if let Some(Timeout::Goto(to)) = &wizard.timeout
                && *to != position
            {
                self.edge(&id, step_id(flow, wizard, *to), "timeout");
            }
        }
        let complete = step_id(flow, wizard, wizard.steps.len());
        self.node(complete.clone(), "complete");
        self.actions(flow, &complete, &wizard.on_complete);
    }

    /// Where an answer leads.
    fn next(&mut self, flow: &Flow, wizard: &Wizard, position: usize, step: &Step, id: &str) {
        for branch in &step.case {
            self.target(flow, id, branch.target, "case");
        }
        if step.case.is_empty() {
            self.edge(id, step_id(flow, wizard, position + 1), "next");
        }
    }

    fn actions(&mut self, flow: &Flow, from: &str, actions: &[Action]) {
        for action in actions {
            let keyboard: &[Vec<Button>] = match &action.kind {
                ActionKind::Reply(reply) => &reply.keyboard,
                ActionKind::Pages(pages) => {
                    self.edge(from, format!("/{}", pages.command), "button");
                    &pages.pages.extra
                }
                _ => &[],
            };
            for button in keyboard.iter().flatten() {
                if let ButtonDoes::Command { command, .. } = &button.does {
                    self.edge(from, format!("/{command}"), "button");
                }
            }
            if let Some(target) = action.goto {
                self.target(flow, from, target, "goto");
            }
        }
    }

    fn target(&mut self, flow: &Flow, from: &str, target: Target, by: &'static str) {
        // The end of a flow is no place.
        if let (Target::Step(to), Some(wizard)) = (target, &flow.wizard) {
            self.edge(from, step_id(flow, wizard, to), by);
        }
    }

    /// A flowchart for Mermaid. Names are commands and ids of steps: nothing in them means anything to it.
    pub fn mermaid(&self) -> String {
        let number = |id: &str| self.nodes.iter().position(|node| node.id == id);
        let mut text = String::from("flowchart TD\n");
        for (n, node) in self.nodes.iter().enumerate() {
            let (open, close) = match node.kind {
                "command" => ("([", "])"),
                "complete" => ("((", "))"),
                _ => ("[", "]"),
            };
            let _ = writeln!(text, "  n{n}{open}\"{}\"{close}", node.id);
        }
        for edge in &self.edges {
            let (Some(from), Some(to)) = (number(&edge.from), number(&edge.to)) else {
                continue;
            };
            let _ = match edge.by {
                "next" => writeln!(text, "  n{from} --> n{to}"),
                "timeout" => writeln!(text, "  n{from} -. timeout .-> n{to}"),
                by => writeln!(text, "  n{from} -- {by} --> n{to}"),
            };
        }
        text
    }
}

fn step_id(flow: &Flow, wizard: &Wizard, position: usize) -> String {
    match wizard.steps.get(position) {
        Some(step) => format!("/{} step {}", flow.command, step.id),
        None => format!("/{} complete", flow.command),
    }
}
