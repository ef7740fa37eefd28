//! What is said: replies and their keyboards as YAML.

use super::Writer;
use crate::import::ftl::Own;
use crate::import::old::{self, Button, Said};
use crate::import::plan::Scope;
use crate::import::text::{Mode, Speaker};
use crate::import::tour::Does;
use crate::import::yaml::{Entries, Node};

impl Writer<'_> {
    pub(super) fn reply(
        &mut self,
        reply: &old::Reply,
        scope: &Scope,
        last: bool,
        into: &mut Vec<Node>,
    ) {
        let mode = self.mode(reply);
        let speaker = Speaker::new(self.plan, self.keys, self.notes);
        let guarded = speaker.guarded(&reply.text, scope);
        let walks = speaker.walks(&reply.text, scope);
        let text = self.say(&reply.text, scope, mode);
        // Where it says something else when nothing is found, either may come.
        let fixed = !walks && guarded.is_none();
        if reply.text.parts().is_empty() {
            self.tour.message(&text, mode, fixed, self.keys);
        }
        let keyboard = self.keyboard(&reply.keyboard, scope);
        let build = |text: Node, when: Option<String>, goto: bool| {
            let mut entries = Entries::default();
            entries.maybe("when", when.map(Node::word));
            entries.add("text", text);
            entries.maybe("keyboard", keyboard.clone());
            entries.maybe("parse_mode", mode_of(mode));
            if let Some(improve) = &reply.improve {
                let how = match improve.how {
                    "true" => Node::Flag,
                    how => Node::word(how),
                };
                entries.add("llm_improve", how);
                entries.maybe("llm_style", improve.style.as_ref().map(Node::word));
                let most = improve.max_tokens;
                entries.maybe("max_tokens", most.map(|most| Node::word(most.to_string())));
            }
            entries.maybe("goto", goto.then(|| Node::word("end")));
            entries
        };
        // A query that may find nothing, and a text that needs what it finds.
        if let Some(guard) = guarded
            && !guard.always
        {
            let empty = match &reply.empty_text {
                Some(empty) => self.say(empty, scope, mode),
                None => {
                    self.notes.changed(
                        &reply.path,
                        "without `empty_text`; a default is sent when nothing is found",
                    );
                    self.own(Own::Empty)
                }
            };
            let (null, there) = (
                format!("{} is null", guard.var),
                format!("{} is not null", guard.var),
            );
            let block = "action.reply_template.v1";
            let empty = build(empty, Some(null), last).block(block);
            let text = build(text, (!last).then_some(there), false).block(block);
            into.extend([empty.from(&reply.path), text.from(&reply.path)]);
            return;
        }
        let text = match self.chunks(&reply.text, scope, mode, into) {
            Some(last) => last,
            None => text,
        };
        if let Some(empty) = reply.empty_text.as_ref().filter(|_| !walks) {
            self.notes.changed(
                &empty.path,
                format!(
                    "`empty_text` without a list in the text was sent always or never; left out: {:?}",
                    empty.text
                ),
            );
        }
        let mut entries = build(text, None, false);
        let empty = match reply.empty_text.as_ref().filter(|_| walks) {
            Some(empty) => Some(self.say(empty, scope, mode)),
            None if walks && reply.text.is_only_blocks() => {
                self.notes.changed(
                    &reply.path,
                    "without `empty_text`; a default is sent when nothing is found",
                );
                Some(self.own(Own::Empty))
            }
            None => None,
        };
        if let Some(empty) = empty {
            entries.0.insert(1, ("empty_text".to_owned(), empty));
        }
        let block = entries.block("action.reply_template.v1");
        into.push(block.from(&reply.path));
    }

    /// A text that no message holds: all but its last part as messages of their own, and that part.
    fn chunks(
        &mut self,
        said: &Said,
        scope: &Scope,
        mode: Mode,
        into: &mut Vec<Node>,
    ) -> Option<Node> {
        let mut parts = said.parts();
        let last = parts.pop().filter(|_| !parts.is_empty())?;
        self.notes.changed(
            &said.path,
            format!("longer than a message; {} messages now", parts.len() + 1),
        );
        for part in parts {
            let mut entries = Entries::default();
            let text = self.say(&part, scope, mode);
            self.tour.message(&text, mode, true, self.keys);
            entries.add("text", text);
            entries.maybe("parse_mode", mode_of(mode));
            let block = entries.block("action.reply_template.v1");
            into.push(block.from(&said.path));
        }
        let last = self.say(&last, scope, mode);
        self.tour.message(&last, mode, true, self.keys);
        Some(last)
    }

    pub(super) fn mode(&mut self, reply: &old::Reply) -> Mode {
        let Some(said) = &reply.parse_mode else {
            return Mode::Html;
        };
        match said.text.to_ascii_lowercase().as_str() {
            "html" => Mode::Html,
            "markdownv2" => Mode::MarkdownV2,
            other => {
                if other != "none" {
                    self.notes.person(
                        &said.path,
                        format!(
                            "`{}` is no parse mode here; the text is sent plain",
                            said.text
                        ),
                    );
                }
                Mode::Plain
            }
        }
    }

    pub(in crate::import) fn keyboard(
        &mut self,
        rows: &[Vec<Button>],
        scope: &Scope,
    ) -> Option<Node> {
        let rows: Vec<Node> = rows
            .iter()
            .map(|row| match row.as_slice() {
                [button] => self.button(button, scope),
                row => {
                    let row = row.iter().map(|b| self.button(b, scope)).collect();
                    Node::inline(Node::List(row))
                }
            })
            .collect();
        (!rows.is_empty()).then_some(Node::List(rows))
    }

    fn button(&mut self, button: &Button, scope: &Scope) -> Node {
        let mut entries = Entries::default();
        let text = self.say(&button.text, scope, Mode::Plain);
        let label = text.clone();
        entries.add("text", text);
        let (command, args) = button
            .target
            .split_once(char::is_whitespace)
            .unwrap_or((&button.target, ""));
        if let Some(command) = self.commands.names.get(command) {
            if !args.is_empty() {
                self.notes.person(
                    &button.path,
                    format!("the flow of `{command}` declares no `args`; those of the button are left out"),
                );
            }
            let does = Does::Command(command.clone());
            self.tour.button(&label, does, self.keys);
            entries.add("callback", Node::word(command));
        } else if ["http://", "https://", "tg://"]
            .iter()
            .any(|p| button.target.starts_with(p))
        {
            self.notes.changed(
                &button.path,
                "a link as callback data did nothing; it is a `url` now",
            );
            let url = Said {
                path: button.path.clone(),
                text: button.target.clone(),
                read: old::Read::Whole,
            };
            let url = self.say(&url, scope, Mode::Plain);
            entries.add("url", url);
        } else {
            let what = match button.target.as_str() {
                "" => "a button without a target".to_owned(),
                command if command.starts_with('/') => format!("no flow owns `{command}`"),
                data => format!("nothing answered the callback data `{data}`"),
            };
            self.notes.person(
                &button.path,
                format!("{what}; the button shows a toast now"),
            );
            let toast = self.own(Own::NoTarget);
            let does = Does::toast(&toast, self.keys);
            self.tour.button(&label, does, self.keys);
            entries.add("toast", toast);
        }
        entries.inline().from(&button.path)
    }
}

fn mode_of(mode: Mode) -> Option<Node> {
    match mode {
        Mode::Html => None,
        Mode::MarkdownV2 => Some(Node::word("MarkdownV2")),
        Mode::Plain => Some(Node::word("none")),
    }
}
