//! A flow as YAML.

use super::Writer;
use crate::import::ftl::Own;
use crate::import::plan::{Action, Flow, FlowKind, Scope};
use crate::import::sql::print;
use crate::import::text::Mode;
use crate::import::yaml::{self, Entries, Node};

impl Writer<'_> {
    /// A flow.
    pub(in crate::import) fn flow(&mut self, flow: &Flow) -> Node {
        let mut entries = Entries::default();
        self.cmd.clone_from(&flow.cmd);
        self.tour.begin();
        entries.add("entry_cmd", Node::word(&flow.cmd));
        if self.is_for_admins(flow) {
            entries.add("allow", Node::word("admin"));
            self.tour.forget();
            self.notes.person(
                &flow.path,
                "anybody could do this; only admins may now: name them in `BOTFACTORY_ADMINS_<BOT>`",
            );
        }
        if let Some(description) = &flow.description {
            let text = self.say(description, &Scope::new(), Mode::Plain);
            entries.add("description", text);
        }
        let block = match &flow.kind {
            FlowKind::Menu { .. } => "flow.menu.v1",
            FlowKind::Wizard { .. } => "flow.wizard.v1",
            FlowKind::Generic | FlowKind::Language => "flow.generic.v1",
        };
        match &flow.kind {
            FlowKind::Menu {
                title,
                options,
                scope,
            } => {
                let title = match title {
                    Some(title) => self.say(title, scope, Mode::Html),
                    None => {
                        self.notes.changed(
                            &flow.path,
                            "a menu without a title; a default stands for it",
                        );
                        self.own(Own::Choose)
                    }
                };
                if !flow.on_enter.is_empty() {
                    let on_enter = self.actions(&flow.on_enter, false);
                    entries.add("on_enter", on_enter);
                }
                self.tour.message(&title, Mode::Html, true, self.keys);
                entries.add("title", title);
                let options = self.keyboard(options, scope);
                entries.maybe("options", options);
            }
            FlowKind::Wizard {
                ttl,
                steps,
                on_step,
                on_complete,
            } => {
                entries.add("ttl", Node::word(yaml::duration(*ttl)));
                if *ttl != 86_400 {
                    self.notes.translated(
                        &flow.path,
                        format!("`ttl_sec` is `ttl: {}` now", yaml::duration(*ttl)),
                    );
                }
                if !flow.on_enter.is_empty() {
                    let on_enter = self.actions(&flow.on_enter, false);
                    entries.add("on_enter", on_enter);
                }
                let mut written = Vec::new();
                for step in steps {
                    written.push(self.step(step));
                    self.tour.end(&flow.cmd);
                }
                entries.add("steps", Node::List(written));
                if !on_step.is_empty() {
                    let on_step = self.actions(on_step, false);
                    entries.add("on_step", on_step);
                }
                let on_complete = self.actions(on_complete, true);
                entries.add("on_complete", on_complete);
            }
            FlowKind::Generic => {
                let on_enter = self.actions(&flow.on_enter, true);
                entries.add("on_enter", on_enter);
            }
            FlowKind::Language => {
                self.tour
                    .message(&Node::Flag, Mode::Plain, false, self.keys);
                let set = Node::Map(vec![(
                    "action.set_locale.v1".to_owned(),
                    Entries::default().map(),
                )]);
                entries.add("on_enter", Node::List(vec![set]));
            }
        }
        self.tour.end(&flow.cmd);
        entries.block(block).from(&flow.path)
    }

    /// Whether a flow writes to everybody, or reads who they are.
    fn is_for_admins(&self, flow: &Flow) -> bool {
        let mut lists = vec![&flow.on_enter];
        if let FlowKind::Wizard {
            steps,
            on_step,
            on_complete,
            ..
        } = &flow.kind
        {
            lists.extend([on_step, on_complete]);
            lists.extend(steps.iter().map(|step| &step.on_step));
        }
        lists.into_iter().flatten().any(|action| match action {
            Action::Broadcast(..) => true,
            Action::Sql(stmt) => {
                let line = print::line(&self.plan.stmts[*stmt].ast).to_ascii_lowercase();
                ["bf_people", "bf_broadcasts", "bf_segments"]
                    .iter()
                    .any(|view| line.contains(view))
            }
            _ => false,
        })
    }
}
