//! Flows, steps and actions under their new names.

use std::collections::{BTreeMap, BTreeSet};

use super::{Action, Def, Flow, FlowKind, Plan, Scope, Step, Var};
use crate::import::broadcast;
use crate::import::names;
use crate::import::old::{self, Said};
use crate::import::pattern::{self, Meaning};
use crate::import::report::Notes;
use crate::import::template;
use crate::import::yaml;

/// What the texts of one flow want from its queries.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// Walked by `t:key {{#each x}}…` only.
    pub singles: BTreeSet<String>,
    /// Names used inside `#each`, by list.
    pub columns: BTreeMap<String, Vec<String>>,
}

impl Wanted {
    fn of(flow: &old::Flow) -> Self {
        let mut wanted = Self::default();
        let mut walked = BTreeSet::new();
        let actions = flow
            .on_enter
            .iter()
            .chain(&flow.on_step)
            .chain(&flow.on_complete);
        for action in actions {
            let old::ActionKind::Reply(reply) = &action.kind else {
                continue;
            };
            for said in [Some(&reply.text), reply.empty_text.as_ref()]
                .into_iter()
                .flatten()
            {
                for (list, names, single) in template::loops(said.parsed()) {
                    wanted
                        .columns
                        .entry(list.clone())
                        .or_default()
                        .extend(names);
                    if single {
                        wanted.singles.insert(list);
                    } else {
                        walked.insert(list);
                    }
                }
            }
        }
        wanted.singles.retain(|list| !walked.contains(list));
        wanted
    }
}

/// What stands in scope while a flow is planned.
pub(super) struct Walk<'a> {
    pub wanted: &'a Wanted,
    pub scope: Scope,
    pub taken: BTreeSet<String>,
}

impl Walk<'_> {
    pub(super) fn define(&mut self, plan: &mut Plan, old: &str, def: Def) -> usize {
        let name = names::variable(old, &self.taken);
        self.taken.insert(name.clone());
        plan.vars.push(Var { name, def });
        self.scope.insert(old.to_owned(), plan.vars.len() - 1);
        plan.vars.len() - 1
    }
}
impl Plan {
    /// Plans one flow under its new command.
    pub(in crate::import) fn flow(&mut self, flow: old::Flow, cmd: String, notes: &mut Notes) {
        let wanted = Wanted::of(&flow);
        let mut walk = Walk {
            wanted: &wanted,
            scope: Scope::new(),
            taken: BTreeSet::new(),
        };
        let (path, description) = (flow.path, flow.description);
        let mut on_enter = self.actions(&flow.on_enter, &mut walk, notes);
        if flow.declared == old::Declared::Menu && !flow.options.is_empty() {
            let kind = FlowKind::Menu {
                title: flow.title,
                options: flow.options,
                scope: walk.scope,
            };
            self.flows.push(Flow {
                path,
                cmd,
                description,
                kind,
                on_enter,
            });
            return;
        }
        if flow.declared == old::Declared::Menu {
            notes.changed(&path, "a menu without options is `flow.generic.v1` now");
            on_enter.extend(flow.title.map(|title| plain_reply(title, &walk.scope)));
        }
        let (asking, telling): (Vec<_>, Vec<_>) = flow.steps.into_iter().partition(old::Step::asks);
        for step in telling {
            notes.changed(
                &step.path,
                "a step with only a `reply` is a message when the flow starts",
            );
            on_enter.extend(step.reply.map(|r| plain_reply(r, &walk.scope)));
        }
        if asking.is_empty() {
            if flow.declared != old::Declared::Generic {
                notes.translated(
                    &path,
                    "without steps: `flow.generic.v1` with the actions of `on_enter` and `on_complete`",
                );
            }
            on_enter.extend(self.actions(&flow.on_complete, &mut walk, notes));
            if !on_enter.iter().any(Action::replies) {
                notes.changed(&path, "the flow replied nothing; it says it is done now");
                on_enter.push(Action::Done);
            }
            self.flows.push(Flow {
                path,
                cmd,
                description,
                kind: FlowKind::Generic,
                on_enter,
            });
            return;
        }
        if on_enter.iter().any(Action::replies) {
            notes.changed(
                &path,
                "a reply in `on_enter` ended the old wizard at once; now its questions follow",
            );
        }
        let mut steps: Vec<Step> = asking
            .into_iter()
            .map(|step| self.step(step, &mut walk, notes))
            .collect();
        let on_step = self.on_step(&flow.on_step, &mut steps, &mut walk, notes);
        let mut on_complete = self.actions(&flow.on_complete, &mut walk, notes);
        if !on_complete.iter().any(Action::replies) {
            notes.changed(
                &path,
                "the wizard ended without a word; it says it is done now",
            );
            on_complete.push(Action::Done);
        }
        let ttl = match flow.ttl {
            Some((_, seconds)) if (60..=30 * 86_400).contains(&seconds) => seconds,
            Some((path, seconds)) if seconds > 0 => {
                let nearest = seconds.clamp(60, 30 * 86_400);
                notes.changed(
                    &path,
                    format!(
                        "a wizard waits from 1m to 30d, not {seconds} s: {} instead",
                        yaml::duration(nearest)
                    ),
                );
                nearest
            }
            Some((path, seconds)) => {
                notes.changed(&path, format!("{seconds} s is no lifetime; 24h instead"));
                86_400
            }
            None => 86_400,
        };
        self.flows.push(Flow {
            path,
            cmd,
            description,
            kind: FlowKind::Wizard {
                ttl,
                steps,
                on_step,
                on_complete,
            },
            on_enter,
        });
    }

    fn step(&mut self, step: old::Step, walk: &mut Walk<'_>, notes: &mut Notes) -> Step {
        let before = walk.scope.clone();
        let (mut def, mut regex, mut shown) = (None, step.regex, None);
        let (mut ask, mut old_name) = (step.ask, step.var);
        if let Some(mut widget) = step.widget {
            let is_list = widget.pages.is_some();
            old_name = widget.var.take().or(old_name).or_else(|| {
                // The old default.
                is_list.then(|| "selected_item".to_owned())
            });
            (shown, def) = self.widget(&mut widget, walk, notes);
            if shown.is_some()
                && let Some(regex) = regex.take()
            {
                notes.changed(
                    &regex.path,
                    format!(
                        "what is chosen was never checked by a pattern; left out: `{}`",
                        regex.text
                    ),
                );
            }
            ask = widget.title.take().or(ask);
        }
        let meaning = regex.as_ref().map(|said| pattern::meaning(&said.text));
        if let (Some(said), Some(Meaning::Unusable(why))) = (&regex, &meaning) {
            notes.person(
                &said.path,
                format!("the pattern cannot be used ({why}); left out, every answer is accepted"),
            );
            regex = None;
        }
        let old_name = old_name.unwrap_or_else(|| {
            notes.changed(&step.path, "a step without `var`; its answer got a name");
            "answer".to_owned()
        });
        let var = walk.define(
            self,
            &old_name,
            def.unwrap_or(Def::Answer(regex.as_ref().and(meaning))),
        );
        let name = &self.vars[var].name;
        if *name != old_name {
            notes.changed(
                &step.path,
                format!("the variable `{old_name}` is called `{name}` now"),
            );
        }
        Step {
            path: step.path,
            var,
            ask,
            regex,
            msg: step.msg,
            widget: shown,
            before,
            after: walk.scope.clone(),
            on_step: Vec::new(),
        }
    }

    /// `on_step` ran after each answer with what was known then. Actions that read later answers stand at
    /// the steps from which these are known.
    fn on_step(
        &mut self,
        actions: &[old::Action],
        steps: &mut [Step],
        walk: &mut Walk<'_>,
        notes: &mut Notes,
    ) -> Vec<Action> {
        let mut read = Vec::new();
        for action in actions {
            match &action.kind {
                old::ActionKind::Sql(sql) => {
                    let rest = sql.sql.text.split(':').skip(1);
                    read.extend(rest.map(|r| {
                        r.chars()
                            .take_while(|c| c.is_alphanumeric() || *c == '_')
                            .collect::<String>()
                    }));
                }
                old::ActionKind::Reply(reply) => {
                    for said in std::iter::once(&reply.text).chain(&reply.empty_text) {
                        match said.parsed() {
                            template::Parsed::Template(pieces) => {
                                template::names_in(&pieces, &mut read);
                            }
                            template::Parsed::Key(key) => {
                                read.extend(key.args.into_iter().filter_map(|(_, a)| match a {
                                    template::Arg::Variable(name) => Some(name),
                                    template::Arg::Literal(_) => None,
                                }));
                            }
                        }
                    }
                }
                old::ActionKind::Limit(limit) => {
                    for said in limit.suffix.iter().chain(&limit.message) {
                        if let template::Parsed::Template(pieces) = said.parsed() {
                            template::names_in(&pieces, &mut read);
                        }
                    }
                }
                old::ActionKind::Broadcast(broadcast) => {
                    let pace = broadcast.pace.as_deref().and_then(broadcast::chosen);
                    let audience = broadcast::chosen(&broadcast.audience);
                    let chosen = audience.into_iter().chain(pace);
                    read.extend(chosen.map(|(name, _)| name.to_owned()));
                    if let template::Parsed::Template(pieces) = broadcast.message.parsed() {
                        template::names_in(&pieces, &mut read);
                    }
                }
                old::ActionKind::Other(..) => {}
            }
        }
        let answers: BTreeSet<usize> = steps.iter().map(|s| s.var).collect();
        let needs: BTreeSet<usize> = read
            .iter()
            .filter_map(|name| walk.scope.get(name).copied())
            .filter(|var| answers.contains(var))
            .collect();
        let first = steps
            .iter()
            .position(|s| needs.iter().all(|v| s.after.values().any(|a| a == v)))
            .unwrap_or(0);
        let end = std::mem::take(&mut walk.scope);
        let mut everywhere = Vec::new();
        if first == 0 {
            walk.scope = steps.first().map(|s| s.after.clone()).unwrap_or_default();
            everywhere = self.actions(actions, walk, notes);
        } else {
            for step in &mut steps[first..] {
                walk.scope = step.after.clone();
                step.on_step = self.actions(actions, walk, notes);
                if !step.on_step.is_empty() {
                    notes.changed(
                        &step.path,
                        "`on_step` reads answers that are known from this step on; it stands here now",
                    );
                }
            }
        }
        // Its results were never readable afterwards.
        walk.scope = end;
        everywhere
    }

    fn actions(
        &mut self,
        actions: &[old::Action],
        walk: &mut Walk<'_>,
        notes: &mut Notes,
    ) -> Vec<Action> {
        let mut planned = Vec::new();
        for action in actions {
            match &action.kind {
                old::ActionKind::Sql(sql) => {
                    planned.extend(self.sql(sql, walk, notes).map(Action::Sql));
                }
                old::ActionKind::Reply(reply) => {
                    self.asked_columns(reply, &walk.scope);
                    planned.push(Action::Reply(Box::new(reply.clone()), walk.scope.clone()));
                }
                old::ActionKind::Limit(limit) => {
                    notes.changed(
                        &action.path,
                        "a sliding window of its own: who is held back and tries again waits no longer for it, and other limits do not count with it",
                    );
                    planned.push(Action::Limit(Box::new(limit.clone()), walk.scope.clone()));
                }
                old::ActionKind::Broadcast(broadcast) => {
                    if self.audience(broadcast, &walk.scope, notes) {
                        let scope = walk.scope.clone();
                        planned.push(Action::Broadcast(Box::new(broadcast.clone()), scope));
                    }
                }
                old::ActionKind::Other(block, whole) => {
                    notes.person(
                        &action.path,
                        format!("`{block}` is no known block; left out: {whole}"),
                    );
                }
            }
        }
        planned
    }
}

impl Plan {
    /// Whether a broadcast has an audience. What somebody typed becomes a choice among those that there are.
    fn audience(&mut self, broadcast: &old::Broadcast, scope: &Scope, notes: &mut Notes) -> bool {
        let written = broadcast.audience.as_str();
        let refuse = |notes: &mut Notes| {
            notes.person(
                &broadcast.path,
                format!("`{written}` is no audience; the broadcast is left out"),
            );
            false
        };
        let Some((name, segment)) = broadcast::chosen(written) else {
            return broadcast::is_audience(written) || refuse(notes);
        };
        let var = scope.get(name).copied();
        let var = var.filter(|var| matches!(self.vars[*var].def, Def::Answer(_)));
        let Some(var) = var else {
            return refuse(notes);
        };
        if self.segments.is_empty() && segment {
            self.segments.insert("vip".to_owned());
        }
        let segments = self.segments.iter();
        let values: Vec<String> = match segment {
            true => segments.cloned().collect(),
            false => ["all", "active_7d"]
                .map(str::to_owned)
                .into_iter()
                .chain(segments.map(|s| format!("segment:{s}")))
                .collect(),
        };
        notes.person(
            &broadcast.path,
            format!(
                "whom it reaches was typed: a choice among {} now; compare with the segments that there are",
                values.join(", ")
            ),
        );
        self.choices.insert(var, values);
        true
    }
}

fn plain_reply(text: Said, scope: &Scope) -> Action {
    Action::Reply(
        Box::new(old::Reply {
            path: text.path.clone(),
            text,
            empty_text: None,
            keyboard: Vec::new(),
            parse_mode: None,
            improve: None,
        }),
        scope.clone(),
    )
}
