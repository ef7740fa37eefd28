//! Widgets and limits as YAML.

use super::ftl::Own;
use super::old::{self, Said};
use super::plan::{Def, Scope, Step, Widget};
use super::sql::Ty;
use super::template::{self, Parsed};
use super::text::{Mode, Speaker};
use super::write::Writer;
use super::yaml::{self, Entries, Node};

/// Longest window of a limit, in seconds.
const WINDOW: i64 = 30 * 86_400;
/// Most that a limit lets pass.
const ALLOWANCE: i64 = 10_000;

impl Writer<'_> {
    /// A step that shows a calendar or a list.
    pub(super) fn widget_step(&mut self, step: &Step, widget: &Widget) -> Node {
        let mut entries = Entries::default();
        let (block, path) = match widget {
            Widget::Calendar { path, .. } => ("widget.calendar.v1", path),
            Widget::Pages { path, .. } => ("widget.pagination.v1", path),
        };
        let title = match (&step.ask, widget) {
            (Some(title), _) => self.say(title, &step.before, Mode::Html),
            (None, Widget::Calendar { .. }) => self.own(Own::Day),
            (None, Widget::Pages { .. }) => self.own(Own::List),
        };
        // A list without rows says so instead.
        let sure = matches!(widget, Widget::Calendar { .. });
        self.tour.message(&title, Mode::Html, sure, self.keys);
        entries.add("title", title);
        entries.add("var", Node::word(&self.plan.vars[step.var].name));
        match widget {
            Widget::Calendar {
                with_time,
                min,
                max,
                tz,
                ..
            } => {
                if *with_time {
                    entries.add("mode", Node::word("datetime"));
                }
                for (key, said) in [("min", min), ("max", max), ("tz", tz)] {
                    let node = said.as_ref().map(|s| Node::word(&s.text).from(&s.path));
                    entries.maybe(key, node);
                }
            }
            Widget::Pages {
                stmt,
                list,
                id,
                item,
                page_size,
                empty,
                extra,
                ..
            } => {
                let stmt_at = *stmt;
                let stmt = &self.plan.stmts[stmt_at];
                let mut source = Entries::default();
                match list {
                    Some(list) => source.add("list", Node::word(&self.plan.vars[*list].name)),
                    None => self.query(stmt, &mut source),
                }
                entries.add("source", source.map().from(&stmt.path));
                entries.maybe("page_size", page_size.map(|n| Node::word(n.to_string())));
                // Columns that are called like variables have the row before them.
                let known = |name: &String| {
                    step.after
                        .values()
                        .any(|var| self.plan.vars[*var].name == *name)
                };
                let shadows = stmt.outputs.iter().any(|o| known(&o.name));
                let prefix = if shadows { "row." } else { "" };
                let item = match item {
                    Some(item) => {
                        let mut speaker = Speaker::new(self.plan, self.keys, self.notes);
                        let text = speaker.item(item, &step.before, stmt_at, prefix);
                        Node::text(text).from(&item.path)
                    }
                    None => Node::text(format!("{{{{{prefix}{id}}}}}")),
                };
                entries.add("item_template", item);
                entries.add("id_field", Node::word(id));
                entries.maybe("as", shadows.then(|| Node::word("row")));
                if let Some(empty) = empty {
                    let empty = self.say(empty, &step.before, Mode::Html);
                    entries.add("empty_text", empty);
                }
                let extra = self.keyboard(extra, &step.before);
                entries.maybe("extra_keyboard", extra);
            }
        }
        if let Some(msg) = &step.msg {
            let mut validate = Entries::default();
            let msg = self.say(msg, &step.before, Mode::Html);
            validate.add("msg", msg);
            entries.add("validate", validate.map());
        }
        if !step.on_step.is_empty() {
            let on_step = self.actions(&step.on_step, false);
            entries.add("on_step", on_step);
        }
        entries.block(block).from(path).from(&step.path)
    }

    /// A limit.
    pub(super) fn limit(&mut self, limit: &old::Limit, scope: &Scope) -> Node {
        let mut entries = Entries::default();
        if limit.scope != "user" {
            entries.add("scope", Node::word(&limit.scope));
        }
        let (window, allowance) = (limit.window.min(WINDOW), limit.allowance.min(ALLOWANCE));
        if (window, allowance) != (limit.window, limit.allowance) {
            self.notes.changed(
                &limit.path,
                format!(
                    "{} in {} s is more than a limit counts; it is {allowance} in {window} s now",
                    limit.allowance, limit.window
                ),
            );
        }
        entries.add("window", Node::word(yaml::duration(window)));
        entries.add("allowance", Node::word(allowance.to_string()));
        if let Some(suffix) = &limit.suffix {
            let suffix = self.suffix(suffix, scope);
            if !suffix.text.trim().is_empty() {
                let text = self.say(&suffix, scope, Mode::Plain);
                entries.add("key_suffix", text);
            }
        }
        if let Some(message) = &limit.message {
            let mut speaker = Speaker::new(self.plan, self.keys, self.notes).of_limit();
            let text = speaker.text(message, scope, Mode::Html);
            entries.add("message", Node::text(text).from(&message.path));
        }
        let block = entries.block("policy.ratelimit.v1");
        block.from(&limit.path)
    }

    /// The command that a suffix names is known when the bot is built; true and false make no key.
    fn suffix(&mut self, said: &Said, scope: &Scope) -> Said {
        let mut text = said.text.clone();
        if let Parsed::Template(pieces) = said.parsed() {
            let mut names = Vec::new();
            template::names_in(&pieces, &mut names);
            for name in names {
                let hole = format!("{{{{{name}}}}}");
                let known = scope
                    .get(&name)
                    .map(|var| (*var, &self.plan.vars[*var].def));
                let ty = match known {
                    None if name == "entry_cmd" => {
                        text = text.replace(&hole, &self.cmd);
                        continue;
                    }
                    Some((_, Def::Scalar(stmt))) => {
                        let output = self.plan.stmts[*stmt].outputs.first();
                        output.and_then(|o| self.plan.output(o).0)
                    }
                    Some((var, _)) => Some(self.plan.ty(var)),
                    None => None,
                };
                if ty == Some(Ty::Bool) {
                    text = text.replace(&hole, "");
                    self.notes.changed(
                        &said.path,
                        format!("`{hole}` is true or false, which makes no key; left out"),
                    );
                }
            }
        }
        Said {
            text,
            ..said.clone()
        }
    }
}
