//! Conversations of the new bot: every command is said, every button of what it sends is pressed, and each is answered
//! as the old spec has it.

use std::collections::BTreeMap;

use super::ftl::Keys;
use super::text::Mode;
use super::yaml::{Entries, Node};

/// Most conversations.
const MOST: usize = 300;
/// Longest words that are compared, in characters.
const WORDS: usize = 200;

/// What a button does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Does {
    /// Runs a command.
    Command(String),
    /// Shows this, where it is known.
    Toast(Option<String>),
}

/// What a command sends first.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Words of each message; nothing where they depend on values.
    lines: Vec<Option<String>>,
    buttons: Vec<(String, Does)>,
}

/// What all commands send.
#[derive(Debug, Default)]
pub(super) struct Tour {
    heard: BTreeMap<String, Heard>,
    /// In the order of the bot.
    order: Vec<String>,
    now: Option<Heard>,
}

impl Tour {
    /// What follows is sent by a command.
    pub(super) fn begin(&mut self) {
        self.now = Some(Heard::default());
    }

    /// What follows is not: it takes an answer.
    pub(super) fn end(&mut self, cmd: &str) {
        if let Some(heard) = self.now.take() {
            self.order.push(cmd.to_owned());
            self.heard.insert(cmd.to_owned(), heard);
        }
    }

    /// What follows is not said to everybody.
    pub(super) fn forget(&mut self) {
        self.now = None;
    }

    /// A message. `sure`: it is sent whatever the database holds.
    pub(super) fn message(&mut self, text: &Node, mode: Mode, sure: bool, keys: &Keys) {
        if let Some(heard) = &mut self.now {
            heard
                .lines
                .push(if sure { words(text, mode, keys) } else { None });
        }
    }

    /// A button of the last message.
    pub(super) fn button(&mut self, label: &Node, does: Does, keys: &Keys) {
        let Some(heard) = &mut self.now else { return };
        if let Some(label) = words(label, Mode::Plain, keys)
            && !heard.buttons.iter().any(|(l, _)| l.contains(&label) || label.contains(l))
            // More is not shown.
            && label.encode_utf16().count() <= 60
        {
            heard.buttons.push((label, does));
        }
    }

    /// `chats/smoke.yaml`.
    pub(super) fn conversations(&self, locale: &str) -> Option<Vec<Node>> {
        let mut all = Vec::new();
        for cmd in &self.order {
            let Some(heard) = self.heard.get(cmd) else {
                continue;
            };
            let mut steps = vec![step("say", Node::word(cmd))];
            steps.extend(heard.lines.iter().map(expect));
            all.push(conversation(
                &format!("{cmd} is answered"),
                locale,
                steps.clone(),
            ));
            for (label, does) in &heard.buttons {
                let mut steps = steps.clone();
                steps.push(step("press", Node::text(label)));
                match does {
                    Does::Toast(toast) => {
                        steps.extend(toast.as_ref().map(|t| step("toast", Node::text(t))));
                    }
                    Does::Command(target) => {
                        let lines = self.heard.get(target).map(|h| h.lines.as_slice());
                        steps.extend(lines.unwrap_or_default().iter().map(expect));
                    }
                }
                all.push(conversation(&format!("{cmd}: {label}"), locale, steps));
            }
        }
        all.truncate(MOST);
        (!all.is_empty()).then_some(all)
    }
}

fn conversation(name: &str, locale: &str, steps: Vec<Node>) -> Node {
    let mut conversation = Entries::default();
    conversation.add("name", Node::text(name));
    conversation.add("locale", Node::word(locale));
    conversation.add("steps", Node::List(steps));
    conversation.map()
}

fn step(key: &str, node: Node) -> Node {
    let mut step = Entries::default();
    step.add(key, node);
    step.map()
}

fn expect(line: &Option<String>) -> Node {
    step("expect", Node::text(line.as_deref().unwrap_or_default()))
}

impl Does {
    /// Shows a text.
    pub(super) fn toast(text: &Node, keys: &Keys) -> Self {
        Self::Toast(words(text, Mode::Plain, keys))
    }
}

/// The first line of a text that is the same for everyone.
fn words(node: &Node, mode: Mode, keys: &Keys) -> Option<String> {
    let Node::Text(text) = node.bare() else {
        return None;
    };
    let shown;
    let text = match text.strip_prefix("t:") {
        Some(key) => {
            shown = keys.shown(key)?;
            shown.as_str()
        }
        None => text.as_str(),
    };
    // What is in a list or a branch may not be printed.
    let before = text.find("{{#").map_or(text, |at| &text[..at]);
    let marks = match mode {
        Mode::Html => "<>&{}",
        Mode::MarkdownV2 => "_*[]()~`>#+-=|{}.!\\",
        Mode::Plain => "{}",
    };
    let mut lines = before.lines().map(str::trim);
    let line = lines.find(|line| {
        !line.is_empty() && !line.contains(|c| marks.contains(c)) && line.chars().count() <= WORDS
    })?;
    Some(line.to_owned())
}
