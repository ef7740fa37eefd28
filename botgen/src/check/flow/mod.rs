//! What every flow has: variables, actions one after another, keyboards, rules of answers. The blocks themselves
//! are in [`super::blocks`].

pub mod actions;
pub mod buttons;
pub mod carried;
pub mod choices;
pub mod exclusive;
pub mod labels;
pub mod payload;
pub mod regexes;
pub mod rules;
pub mod share;
pub mod steps;
pub mod timeout;
pub mod unused;

use crate::check::text;
use crate::check::text::TextUse;
use std::collections::BTreeMap;

use super::graph::{self, Env, Graph};
use super::scope::Scope;
use super::{FlowCx, blocks};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::codes::{expressions, graph as codes, names};
use crate::ir;
use crate::ir::types::{Base, ChoiceId, Ty, Variable};
use crate::resolve::{self, FlowNames, NamedVar, Written};
use crate::source::{Span, Str};
use crate::syntax::ast;

/// A flow being checked.
#[derive(Debug)]
pub struct FlowCheck<'a> {
    /// Where texts, queries and findings go.
    pub cx: FlowCx<'a>,
    /// As written.
    pub flow: &'a ast::Flow,
    /// Its names.
    pub names: &'a FlowNames,
    /// Rust identifiers of its variables.
    idents: BTreeMap<String, String>,
    /// Types as they are written, without what the flow adds; `None`: the definition has an error.
    types: BTreeMap<String, Option<Ty>>,
    /// What is known on every way into the dialogue: the types of what is loaded with it.
    entered: Option<Env>,
    /// Texts of the model that nobody has vouched for.
    pub doubts: Vec<blocks::trust::Doubt>,
    /// What is checked is said by a timer.
    pub timed: bool,
    /// Some way through the dialogue is not known, because of an error: it may write what seems unwritten.
    pub ways_lost: bool,
    /// The first finding after a condition with an error that leads away: what it should have shown is not known.
    unguarded: Option<usize>,
    /// The keyboard at hand is read by admins only.
    pub to_admins: bool,
    /// Warnings that the wizard's `on_step` gives after every step so far.
    pub on_step_warnings: Option<Vec<Diagnostic>>,
    /// What runs of the wizard's `on_step` have added.
    shared: Vec<share::Added>,
    /// What the steps are that show a list, by index; `None`: something is wrong and was reported.
    listed: BTreeMap<usize, Option<ir::Rule>>,
}

/// What a block makes of its flow.
#[derive(Debug)]
pub struct Body {
    /// What the command does first.
    pub on_enter: Vec<ir::Action>,
    /// The dialogue that follows.
    pub wizard: Option<ir::Wizard>,
    /// Of the command itself.
    pub effect: ir::Effect,
}

/// Checks a flow. `None`: something is wrong and was reported.
pub fn check<'a>(cx: FlowCx<'a>, flow: &'a ast::Flow, names: &'a FlowNames) -> Option<ir::Flow> {
    let mut check = FlowCheck {
        cx,
        flow,
        names,
        idents: BTreeMap::new(),
        types: BTreeMap::new(),
        entered: None,
        doubts: Vec::new(),
        timed: false,
        ways_lost: false,
        unguarded: None,
        to_admins: false,
        on_step_warnings: None,
        shared: Vec::new(),
        listed: BTreeMap::new(),
    };
    for var in &names.vars {
        let ident = check.cx.ident(&var.name);
        check.idents.insert(var.name.clone(), ident);
    }
    check.chosen();
    check.known_answers();
    check.choices();
    let description = check.cx.description(flow.description.as_ref());
    let args = check.args();
    let mark = check.cx.sink.mark();
    let body = blocks::flow(&mut check);
    if let Some(since) = check.unguarded {
        let since = since.max(mark);
        check.cx.sink.take_back(since, &expressions::NULLABLE);
    }
    // On a way that is lost it may be null.
    if check.ways_lost {
        check.cx.sink.take_back(mark, &expressions::NEVER_NULL);
    }
    blocks::trust::report(&mut check);
    let (args, body) = (args?, body?);
    // Advice waits until nothing is wrong: what looks unused may be meant for what is broken.
    if check.cx.sink.errors() == 0 {
        unused::report(&mut check, &body);
        blocks::ratelimit::after_writes(&mut check);
        check.advise();
    }
    let origin = check.cx.origin(flow.entry_cmd.span);
    Some(ir::Flow {
        command: check.cx.command.to_owned(),
        module: check.cx.module(),
        origin,
        block: flow.block.node,
        description,
        admins: flow.allow.is_some(),
        args,
        effect: body.effect,
        on_enter: body.on_enter,
        wizard: body.wizard,
        texts: check.cx.texts,
        queries: check.cx.queries,
        choices: check.cx.choices,
        records: check.cx.records,
    })
}

impl FlowCx<'_> {
    /// The command's text in Telegram's menu. An error in it is reported.
    pub fn description(&mut self, text: Option<&ast::Text>) -> Option<ir::text::TextCall> {
        let usage = TextUse::plain(ir::text::Slot::Description, "description");
        Some(text::text(self, &Scope::default(), text?, usage)?.call)
    }

    /// The flow's Rust module.
    pub fn module(&self) -> String {
        let owner = self.bot.symbols.commands.get(self.command);
        owner.map_or_else(|| super::snake(self.command), |c| c.module.clone())
    }

    /// The effect of some actions.
    pub fn effect(&self, actions: &[ir::Action]) -> ir::Effect {
        let of = |action: &ir::Action| match &action.kind {
            ir::ActionKind::Sql { query, .. } => match self.queries.get(query.0) {
                Some(query) if query.writes => ir::Effect::Write,
                _ => ir::Effect::Read,
            },
            ir::ActionKind::Ask(_) => ir::Effect::Slow,
            ir::ActionKind::Reply(reply) if reply.improve.is_some() => ir::Effect::Slow,
            ir::ActionKind::Broadcast(broadcast) if broadcast.dry_run => ir::Effect::Read,
            ir::ActionKind::Broadcast(_)
            | ir::ActionKind::Segment(_)
            | ir::ActionKind::Subscribe(_) => ir::Effect::Write,
            ir::ActionKind::SetLocale { .. } => ir::Effect::State,
            // Somebody else hears of it once, so it is claimed.
            ir::ActionKind::Reply(reply) if reply.to.is_some() => ir::Effect::State,
            ir::ActionKind::Pages(list) if list.pages.rows.queries().is_empty() => ir::Effect::Pure,
            ir::ActionKind::Pages(_) => ir::Effect::Read,
            ir::ActionKind::Reply(_) | ir::ActionKind::AskLocale | ir::ActionKind::Limit(_) => {
                ir::Effect::Pure
            }
        };
        actions.iter().map(of).max().unwrap_or(ir::Effect::Pure)
    }
}

impl<'a> FlowCheck<'a> {
    /// A variable with the type that it has where it is stored.
    pub fn variable(&self, name: &str, ty: Ty) -> Variable {
        Variable {
            name: name.to_owned(),
            ident: self.idents.get(name).cloned().unwrap_or_default(),
            ty,
        }
    }

    /// Notes the variables that the person chooses.
    fn chosen(&mut self) {
        use super::sql::lint::taint::{Source, is_free};
        for var in &self.names.vars {
            let ident = self.ident_of(&var.name).to_owned();
            let origins = &mut self.cx.advice.origins;
            origins.name(&var.name, &ident);
            match var.by {
                Written::Argument(_) => origins.choose(&ident, Source::Argument),
                Written::Step(i) => {
                    let step = match &self.flow.kind {
                        ast::FlowKind::Wizard(wizard) => wizard.steps.get(i),
                        _ => None,
                    };
                    let free = step.is_some_and(|s| match s.ty.node {
                        ast::StepType::Phone | ast::StepType::Email => true,
                        // A row of the list is one of those that the person may see.
                        ast::StepType::Choice | ast::StepType::Column => false,
                        ty => is_free(&resolve::base(ty, None, None)),
                    });
                    if free {
                        origins.choose(&ident, Source::Answer);
                    }
                }
                Written::OnEnter | Written::Run => {}
            }
        }
    }

    /// Says what the lints on SQL have kept until nothing is wrong.
    fn advise(&mut self) {
        let mut advice = std::mem::take(&mut self.cx.advice);
        let ident_of = |name: &str| self.ident_of(name).to_owned();
        let shown = super::sql::lint::Shown {
            texts: &self.cx.texts,
            ident_of: &ident_of,
        };
        let mut said = crate::diagnostics::Sink::default();
        advice.report(&shown, &mut said);
        for d in said.finish() {
            self.cx.sink.report(d);
        }
    }

    /// The Rust identifier of a variable.
    pub fn ident_of(&self, name: &str) -> &str {
        self.idents.get(name).map_or("", String::as_str)
    }

    /// The type of a variable as written; `None` while it is not known.
    pub fn type_of(&self, name: &str) -> Option<&Ty> {
        self.types.get(name)?.as_ref()
    }

    /// Remembers a variable's type; `None`: its definition has an error.
    pub fn learn(&mut self, name: &str, ty: Option<Ty>) {
        self.types.insert(name.to_owned(), ty);
    }

    /// The variables that can be read at a point of the flow. `own` is the variable that is about to be written.
    pub fn scope(&self, env: &Env, own: Option<&str>) -> Scope {
        let mut scope = Scope::default();
        scope.set_incomplete(self.flow.incomplete);
        for var in &self.names.vars {
            let fact = match var.by {
                _ if own == Some(var.name.as_str()) => None,
                Written::Run => None,
                _ => env.get(&var.name),
            };
            let Some(fact) = fact else {
                let unset = self.variable(&var.name, Ty::maybe(Base::Null));
                let own = own == Some(var.name.as_str());
                if self.ways_lost && !own && !matches!(var.by, Written::Run) {
                    scope.define_broken(unset, var.span);
                } else {
                    scope.announce(unset, var.span);
                }
                continue;
            };
            match self.type_of(&var.name) {
                Some(ty) => {
                    let here = ty.nullable || fact.null || !fact.always;
                    let loaded = self.loaded(var).is_some_and(|f| f.null || !f.always);
                    let ty = ty.clone().with_null(here || loaded);
                    scope.define(self.variable(&var.name, ty), var.span);
                    if loaded && !here {
                        scope.narrow(&var.name);
                    }
                }
                None => {
                    let ty = Ty::maybe(Base::Null);
                    scope.define_broken(self.variable(&var.name, ty), var.span);
                }
            }
        }
        for path in env.shown() {
            scope.narrow(path);
        }
        self.bounds_of_ints(&mut scope);
        scope
    }

    /// What answers and arguments say about their numbers.
    fn bounds_of_ints(&self, scope: &mut Scope) {
        let literal = |field: &Option<ast::Field>| match field {
            Some(ast::Field::Literal(s)) => s.value.parse().ok(),
            _ => None,
        };
        for var in &self.names.vars {
            let (ty, min, max, span) = match var.by {
                // The argument that a step asks for has the bounds of both.
                Written::Argument(i) if !self.names.asks_for.contains(&Some(i)) => {
                    let Some(arg) = self.flow.args.get(i) else {
                        continue;
                    };
                    (
                        arg.ty.node,
                        literal(&arg.min),
                        literal(&arg.max),
                        arg.name.span,
                    )
                }
                Written::Step(i) => {
                    let Some(step) = resolve::steps(self.flow).get(i) else {
                        continue;
                    };
                    (
                        step.ty.node,
                        literal(&step.min),
                        literal(&step.max),
                        step.var.span,
                    )
                }
                _ => continue,
            };
            if ty == ast::StepType::Int && (min.is_some() || max.is_some()) {
                scope
                    .facts_mut()
                    .bound(self.ident_of(&var.name), min, max, span);
            }
        }
    }

    /// What is known of a variable that is kept with the conversation: stored once for all steps, it may be null
    /// where the step itself knows better.
    pub fn loaded(&self, var: &NamedVar) -> Option<graph::Fact> {
        let kept = match var.by {
            Written::Argument(i) => !self.names.asks_for.contains(&Some(i)),
            Written::OnEnter => true,
            Written::Step(_) | Written::Run => false,
        };
        self.entered.as_ref().filter(|_| kept)?.get(&var.name)
    }

    /// What is known before `on_enter`: the arguments.
    pub fn start(&self) -> Env {
        let mut env = Env::default();
        for arg in &self.names.args {
            env.write(&arg.name, arg.optional);
        }
        env
    }

    /// The flow's graph; what it shows to be wrong with actions is reported.
    pub fn graph(&mut self, wizard: Option<&ast::Wizard>) -> Graph {
        let asked: Vec<bool> = self.names.asks_for.iter().map(Option::is_some).collect();
        let mut graph = graph::solve(&graph::Dialogue {
            steps: wizard.map_or(&[], |w| &w.steps),
            on_enter: &self.flow.on_enter,
            on_step: wizard.map_or(&[], |w| &w.on_step),
            on_complete: wizard.map_or(&[], |w| &w.on_complete),
            timeout: wizard.and_then(|w| match &w.on_timeout {
                Some(ast::OnTimeout::Goto(step)) => Some(step.value.as_str()),
                _ => None,
            }),
            targets: &self.names.targets,
            asked_args: &asked,
            start: self.start(),
        });
        // A timer that leads to no step (reported) may have been meant to lead to any.
        let lost = wizard.and_then(|w| match &w.on_timeout {
            Some(ast::OnTimeout::Goto(step)) => Some(step),
            _ => None,
        });
        graph.uncertain |= lost.is_some_and(|s| !self.names.targets.contains_key(&s.value));
        for env in graph.at.iter().flatten() {
            match &mut self.entered {
                Some(entered) => {
                    entered.join(env);
                }
                None => self.entered = Some(env.clone()),
            }
        }
        let steps = wizard.map_or(0, |w| w.steps.len());
        let unreached = graph.at.iter().take(steps).any(Option::is_none);
        self.ways_lost = graph.uncertain || self.flow.incomplete || unreached;
        for (dead, before) in &graph.dead {
            self.cx.sink.report(
                Diagnostic::new(&codes::UNREACHABLE_ACTION, *dead, "this is never reached")
                    .note(*before, "always leaves, because it has no `when`")
                    .help("give the `goto` before it a `when`, or remove what follows it"),
            );
        }
        graph
    }

    /// Where a `goto` leads. `None`: nowhere, reported.
    pub fn target(&mut self, goto: &Str) -> Option<ir::Target> {
        if let Some(target) = self.names.targets.get(&goto.value) {
            return Some(*target);
        }
        if matches!(&self.flow.kind, ast::FlowKind::Wizard(w) if w.steps_lost) {
            return None;
        }
        let steps: Vec<&str> = self
            .names
            .targets
            .keys()
            .map(String::as_str)
            .filter(|k| *k != "end")
            .collect();
        let known = self.names.targets.keys().map(String::as_str);
        let near = crate::diagnostics::meant(&goto.value, known);
        let mut d = Diagnostic::new(
            &names::UNKNOWN_TARGET,
            goto.span,
            format!("there is no step `{}` in this flow", goto.value),
        );
        d = d.help(match near {
            Some(near) => format!("did you mean `{}`?", near.word),
            None if steps.is_empty() && goto.value.starts_with('/') => {
                "a `goto` stays in its flow; offer another command by a button with `callback`"
                    .into()
            }
            None if steps.is_empty() => {
                "only a wizard has steps; here a `goto` can only be `end`".into()
            }
            None => format!(
                "its steps are `{}`; `end` leaves the flow",
                steps.join("`, `")
            ),
        });
        self.cx.sink.report(match near {
            Some(near) => d.rename(&goto.value, &near),
            None => d,
        });
        None
    }

    /// A type's base for a step or an argument of this flow.
    pub fn base(&self, name: &str, ty: ast::StepType, max: Option<usize>) -> Base {
        let choice = self.names.choice_of(name);
        match (resolve::base(ty, choice, max), choice) {
            // Several options: at most all of them.
            (Base::List { item, .. }, Some(ChoiceId(id))) => {
                let most = self.names.choices.get(id).map(|c| c.values.len());
                Base::List { item, most }
            }
            (base, _) => base,
        }
    }

    /// For doc comments.
    pub fn origin(&self, span: Span) -> ir::Origin {
        self.cx.origin(span)
    }
}
