//! The planned bot as YAML.

mod actions;
mod broadcast;
mod flow;
mod reply;
mod step;

use super::commands::Commands;
use super::ftl::{Keys, Own};
use super::old::{self, Said};
use super::plan::{Plan, Scope};
use super::report::Notes;
use super::text::{Mode, Speaker};
use super::tour::Tour;
use super::yaml::{Entries, Node};

/// Writes flows and intents.
pub(super) struct Writer<'a> {
    pub plan: &'a Plan,
    pub keys: &'a mut Keys,
    pub notes: &'a mut Notes,
    pub commands: &'a Commands,
    /// The command of the flow that is being written.
    pub cmd: String,
    /// What commands send.
    pub tour: Tour,
}

impl Writer<'_> {
    pub(super) fn say(&mut self, said: &Said, scope: &Scope, mode: Mode) -> Node {
        let text = Speaker::new(self.plan, self.keys, self.notes).text(said, scope, mode);
        Node::text(text).from(&said.path)
    }

    pub(super) fn own(&mut self, own: Own) -> Node {
        Node::text(self.keys.own(own))
    }

    /// A command with a fixed reply.
    pub(super) fn intent(&mut self, intent: &old::Intent, cmd: &str) -> Node {
        let none = Scope::new();
        let mut entries = Entries::default();
        entries.add("cmd", Node::word(cmd));
        if let Some(description) = &intent.description {
            let text = self.say(description, &none, Mode::Plain);
            entries.add("description", text);
        }
        let reply = match &intent.reply {
            Some(reply) => self.say(reply, &none, Mode::Html),
            None => {
                self.notes.changed(
                    &intent.path,
                    "an intent without a reply; a default stands for it",
                );
                self.own(Own::Empty)
            }
        };
        self.tour.begin();
        self.tour.message(&reply, Mode::Html, true, self.keys);
        self.tour.end(cmd);
        let short = !matches!(reply.bare(), Node::Text(text) if text.contains('\n'));
        entries.add("reply", reply);
        let node = if short {
            entries.inline()
        } else {
            entries.map()
        };
        node.from(&intent.path)
    }

    /// `chats/smoke.yaml`.
    pub(super) fn smoke(&self) -> Option<Vec<Node>> {
        self.tour.conversations(&self.keys.locales.default)
    }
}
