//! The planned bot as YAML.

use super::broadcast::chosen;
use super::commands::Commands;
use super::ftl::{Keys, Own};
use super::old::{self, Button, Said};
use super::pattern::{self, Meaning};
use super::plan::{Action, Def, Flow, FlowKind, Plan, Scope, Step, Stmt};
use super::report::Notes;
use super::sql::{Kind, Ty, either, print};
use super::text::{Mode, Speaker};
use super::tour::{Does, Tour};
use super::yaml::{self, Entries, Node};
use crate::Engine;

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

    /// A flow.
    pub(super) fn flow(&mut self, flow: &Flow) -> Node {
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

    fn broadcast(&mut self, broadcast: &old::Broadcast, scope: &Scope) -> Node {
        let plan = self.plan;
        let name_of = |old: &str| scope.get(old).map(|var| plan.vars[*var].name.as_str());
        let mut entries = Entries::default();
        let audience = match chosen(&broadcast.audience) {
            Some((old, segment)) => {
                let name = name_of(old).unwrap_or(old);
                match segment {
                    true => format!("segment:{{{{{name}}}}}"),
                    false => format!("{{{{{name}}}}}"),
                }
            }
            None => broadcast.audience.clone(),
        };
        entries.add("audience", Node::text(audience));
        let message = self.say(&broadcast.message, scope, Mode::Html);
        entries.add("message", message);
        let pace = broadcast.pace.as_deref().and_then(|pace| {
            if let Some((old, _)) = chosen(pace) {
                let var = scope.get(old)?;
                let bounded = match &plan.vars[*var].def {
                    Def::Answer(Some(Meaning::Int { min, max })) => {
                        *min >= 1 && max.is_some_and(|max| max <= 100)
                    }
                    _ => false,
                };
                let name = name_of(old)?;
                return bounded.then(|| Node::text(format!("{{{{{name}}}}}")));
            }
            let pace = pace.parse::<i64>().ok()?;
            (1..=100)
                .contains(&pace)
                .then(|| Node::word(pace.to_string()))
        });
        if let (Some(written), None) = (&broadcast.pace, &pace) {
            self.notes.person(
                &broadcast.path,
                format!("`{written}` messages a second are not from 1 to 100; 25 now"),
            );
        }
        if let Some(pace) = pace {
            let mut throttle = Entries::default();
            throttle.add("per_sec", pace);
            entries.add("throttle", throttle.inline());
        }
        let block = entries.block("ops.broadcast.v1");
        block.from(&broadcast.path)
    }

    fn step(&mut self, step: &Step) -> Node {
        if let Some(widget) = &step.widget {
            return self.widget_step(step, widget);
        }
        let var = &self.plan.vars[step.var];
        let ty = self.plan.ty(step.var);
        let mut entries = Entries::default();
        let ask = match &step.ask {
            Some(ask) => self.say(ask, &step.before, Mode::Html),
            None => {
                self.notes.changed(
                    &step.path,
                    "a step without a question; a default stands for it",
                );
                self.own(Own::Ask)
            }
        };
        self.tour.message(&ask, Mode::Html, true, self.keys);
        entries.add("ask", ask);
        entries.add("var", Node::word(&var.name));
        if let Some(values) = self.plan.choices.get(&step.var) {
            entries.add("type", Node::word("choice"));
            let options = values.iter().map(|value| {
                let mut option = Entries::default();
                option.add("text", Node::text(value));
                option.add("value", Node::text(value));
                option.inline()
            });
            entries.add("options", Node::List(options.collect()));
            if !step.on_step.is_empty() {
                let on_step = self.actions(&step.on_step, false);
                entries.add("on_step", on_step);
            }
            return entries.map().from(&step.path);
        }
        let kind = match ty {
            Ty::Text => None,
            Ty::Int => Some("int"),
            Ty::Real | Ty::Decimal => Some("decimal(2)"),
            Ty::Bool => Some("bool"),
            Ty::Date => Some("date"),
            Ty::DateTime => Some("datetime"),
        };
        if let Some(kind) = kind {
            // `decimal(2)` is no trap of YAML.
            entries.add(
                "type",
                if kind.contains('(') {
                    Node::text(kind)
                } else {
                    Node::word(kind)
                },
            );
        }
        let mut regex = step
            .regex
            .as_ref()
            .map(|r| Node::Regex(pattern::whole(&r.text).0));
        let (mut min, mut max) = (None, None);
        if let Def::Answer(Some(meaning)) = &var.def {
            let path = step.regex.as_ref().map_or(&step.path, |r| &r.path);
            match (meaning, ty) {
                (Meaning::DateTime, Ty::DateTime) | (Meaning::Date, Ty::Date | Ty::DateTime) => {
                    regex = None;
                    self.notes.changed(
                        path,
                        format!(
                            "the pattern only checked the form: `type: {}`, an instant of the bot's `tz` (UTC until you set it), checked by the calendar",
                            kind.unwrap_or_default()
                        ),
                    );
                }
                (
                    Meaning::Int {
                        min: low,
                        max: high,
                    },
                    Ty::Int,
                ) => {
                    regex = None;
                    min = Some(Node::word(low.to_string()));
                    max = high.map(|n| Node::word(n.to_string()));
                    self.notes.changed(
                        path,
                        "the pattern was a range of whole numbers: `type: int` with `min` and `max`",
                    );
                }
                (
                    Meaning::Length {
                        min: low,
                        max: high,
                    },
                    Ty::Text,
                ) => {
                    regex = None;
                    min = low.map(|n| Node::word(n.to_string()));
                    max = high.map(|n| Node::word(n.to_string()));
                    self.notes
                        .changed(path, "the pattern was a length of text: `min` and `max`");
                }
                (Meaning::Regex { pattern, widened }, _) => {
                    regex = Some(Node::Regex(pattern.clone()));
                    if *widened {
                        self.notes.changed(
                            path,
                            "the old system matched at the start only; the pattern ends with `(?s:.*)` now",
                        );
                    }
                }
                _ => {}
            }
        } else if regex.is_none() && ty != Ty::Text {
            self.notes.changed(
                &step.path,
                format!("the statements need `type: {}`", kind.unwrap_or_default()),
            );
        }
        let at = step.regex.as_ref().map_or(&step.path, |r| &r.path);
        regex = regex.map(|node| node.from(at));
        entries.maybe("min", min);
        entries.maybe("max", max);
        let mut validate = Entries::default();
        validate.maybe("regex", regex);
        if let Some(msg) = &step.msg {
            let msg = self.say(msg, &step.before, Mode::Html);
            validate.add("msg", msg);
        }
        if !validate.0.is_empty() {
            let long = validate
                .0
                .iter()
                .any(|(_, n)| matches!(n.bare(), Node::Text(t) if t.contains('\n')));
            entries.add(
                "validate",
                if long {
                    validate.map()
                } else {
                    validate.inline()
                },
            );
        }
        if !step.on_step.is_empty() {
            let on_step = self.actions(&step.on_step, false);
            entries.add("on_step", on_step);
        }
        entries.map().from(&step.path)
    }

    /// Actions; `last`: the flow ends after them.
    pub(super) fn actions(&mut self, actions: &[Action], last: bool) -> Node {
        let mut written = Vec::new();
        for (i, action) in actions.iter().enumerate() {
            match action {
                Action::Sql(stmt) => written.push(self.statement(&self.plan.stmts[*stmt])),
                Action::Reply(reply, scope) => {
                    self.reply(reply, scope, last && i + 1 == actions.len(), &mut written);
                }
                Action::Limit(limit, scope) => written.push(self.limit(limit, scope)),
                Action::Broadcast(broadcast, scope) => {
                    written.push(self.broadcast(broadcast, scope));
                }
                Action::Done => {
                    let mut entries = Entries::default();
                    let text = self.own(Own::Done);
                    self.tour.message(&text, Mode::Html, true, self.keys);
                    entries.add("text", text);
                    written.push(entries.block("action.reply_template.v1"));
                }
            }
        }
        Node::List(written)
    }

    /// `sql`, `params`, `unscoped`.
    pub(super) fn query(&mut self, stmt: &Stmt, entries: &mut Entries) {
        let on = |engine| {
            let ast = either::resolved(&stmt.ast, engine);
            Node::Block(print::layout(&print::line(&ast)))
        };
        let (sqlite, postgres) = (on(Engine::Sqlite), on(Engine::Postgres));
        if sqlite == postgres {
            entries.add("sql", sqlite);
        } else {
            self.notes.translated(
                &stmt.path,
                "the engines spell it differently: one statement for each",
            );
            let both = vec![
                ("sqlite".to_owned(), sqlite),
                ("postgres".to_owned(), postgres),
            ];
            entries.add("sql", Node::Map(both));
        }
        if !stmt.params.is_empty() {
            let params = stmt
                .params
                .iter()
                .map(|(name, value)| (name.clone(), Node::word(value)))
                .collect();
            entries.add("params", Node::Map(params));
        }
        entries.maybe("unscoped", stmt.unscoped.map(Node::text));
    }

    fn statement(&mut self, stmt: &Stmt) -> Node {
        let mut entries = Entries::default();
        self.query(stmt, &mut entries);
        if let Some(var) = stmt.result {
            let var = &self.plan.vars[var];
            entries.add("result_var", Node::word(&var.name));
            let shape = match var.def {
                Def::Single(_) => Some("single"),
                Def::Scalar(_) => Some("scalar"),
                Def::Flat(_) => Some("flatten"),
                _ => None,
            };
            entries.maybe(shape.unwrap_or_default(), shape.map(|_| Node::Flag));
            if let Def::Single(_) = var.def {
                self.notes.changed(
                    &stmt.path,
                    format!(
                        "a translation takes one row: `{}` is the first one now",
                        var.name
                    ),
                );
            }
        }
        if stmt.conflicts {
            let mut conflict = Entries::default();
            let reply = self.own(Own::Exists);
            conflict.add("reply", reply);
            entries.add("on_conflict", conflict.inline());
        }
        let block = entries.block(match stmt.kind {
            Kind::Read => "action.sql_query.v1",
            _ => "action.sql_exec.v1",
        });
        block.from(&stmt.path)
    }

    fn reply(&mut self, reply: &old::Reply, scope: &Scope, last: bool, into: &mut Vec<Node>) {
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

    fn mode(&mut self, reply: &old::Reply) -> Mode {
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

    pub(super) fn keyboard(&mut self, rows: &[Vec<Button>], scope: &Scope) -> Option<Node> {
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
