//! Steps of a wizard, and what each must know.

use crate::check::text::TextUse;
use crate::check::{facts, text};
use std::collections::BTreeSet;

use super::rules::Given;
use super::{FlowCheck, actions};
use crate::check::blocks::{self, mode};
use crate::check::graph::reads::Reads;
use crate::check::graph::{Env, Graph, live};
use crate::check::scope::Scope;
use crate::diagnostics::codes::{graph as graph_codes, limits};
use crate::diagnostics::{Diagnostic, Severity};
use crate::ir::types::{ChoiceId, Ty, Variable};
use crate::ir::widget::Widget;
use crate::ir::{Action, Branch, Effect, Rule, Step};
use crate::syntax::ast;
use botfactory_lang::limits::KEYBOARD_BUTTONS;
use botfactory_lang::markup::ParseMode;

/// Most options of one choice: back, skip and cancel need buttons too.
const OPTIONS: usize = KEYBOARD_BUTTONS - 3;

/// A step before it is known which answers it must carry.
#[derive(Debug)]
pub struct Asked {
    /// `known` and `effect` are not filled yet.
    pub step: Step,
    /// Variables (Rust identifiers) that it reads, its own excluded.
    pub reads: BTreeSet<String>,
}

impl FlowCheck<'_> {
    /// Learns the types of the steps' variables. A step and the argument that it asks for are one variable.
    pub fn learn_steps(&mut self, wizard: &ast::Wizard) {
        for (index, step) in wizard.steps.iter().enumerate() {
            let name = step.var.value.as_str();
            // A second step of the name (reported) says nothing of the first.
            let first = wizard.steps.iter().position(|s| s.var.value == name);
            if first != Some(index) {
                continue;
            }
            let Some(mut ty) = self.answer(step) else {
                self.learn(name, None);
                continue;
            };
            use crate::ir::types::Base;
            if let (Base::Text { max: Some(max) }, Some(Base::Text { max: Some(other) })) =
                (&mut ty.base, self.type_of(name).map(|t| &t.base))
            {
                *max = (*max).max(*other);
            }
            self.learn(name, (!step.bad_type).then_some(ty));
        }
    }

    /// The type of a step's answers. `None`: it depends on what has an error, or is one.
    fn answer(&self, step: &ast::Step) -> Option<Ty> {
        match step.widget.as_ref().map(|w| &w.node) {
            Some(ast::Widget::Pick(pick)) => blocks::pick::answer(self, pick),
            // Learned with the list.
            Some(ast::Widget::Pages(_)) => self.type_of(&step.var.value).cloned(),
            _ => Some(Given::step(step).ty(self)),
        }
    }

    /// Checks the lists that steps show, before anything reads what is chosen of them: only their queries say what that is.
    pub fn find_rows(&mut self, wizard: &ast::Wizard, graph: &Graph) {
        for (index, step) in wizard.steps.iter().enumerate() {
            let (Some(widget), Some(Some(env))) = (&step.widget, graph.at.get(index)) else {
                continue;
            };
            if !matches!(widget.node, ast::Widget::Pages(_)) || step.bad_type {
                continue;
            }
            let name = step.var.value.as_str();
            self.learn(name, None);
            let scope = self.scope(env, Some(name));
            let rule = blocks::widget(self, &scope, step, widget);
            if let Some(Rule::Widget(Widget::Pages(list))) = &rule {
                let columns = self.cx.queries.get(list.pages.of.0).map(|q| &q.columns);
                let ty = columns
                    .and_then(|c| c.get(list.pages.id))
                    .map(|c| c.ty.clone());
                self.learn(name, ty);
            }
            self.listed.insert(index, rule);
        }
    }

    /// Checks a step. `known` and `effect` come later.
    pub fn step(
        &mut self,
        wizard: &ast::Wizard,
        index: usize,
        step: &ast::Step,
        env: &Env,
    ) -> Option<Asked> {
        let name = step.var.value.as_str();
        let scope = self.scope(env, Some(name));
        let hint = format!("ask_{name}");
        let ask = TextUse::message(mode(step.parse_mode.as_ref()), hint.as_str());
        let ask = text::text(&mut self.cx, &scope, &step.ask, ask);
        let hint = format!("refuse_{name}");
        let refuse = TextUse::message(ParseMode::Html, hint.as_str());
        let refusal = match step.validate.as_ref().and_then(|v| v.msg.as_ref()) {
            Some(msg) => text::text(&mut self.cx, &scope, msg, refuse).map(|c| Some(c.call)),
            None => Some(None),
        };
        let options_fine = self.options(&scope, name, index);
        let rule = match (step.bad_type, &step.widget) {
            (true, _) => None,
            (false, Some(_)) if self.listed.contains_key(&index) => {
                self.listed.remove(&index).flatten()
            }
            (false, Some(widget)) => blocks::widget(self, &scope, step, widget),
            (false, None) => self.rule(&scope, Given::step(step)),
        };
        let when = match &step.when {
            Some(when) => self
                .guard(
                    &scope,
                    when,
                    ("the step is passed over", "it is always asked"),
                )
                .map(Some),
            None => Some(None),
        };
        let optional = step.optional.as_ref().is_some_and(|o| o.node);
        let ty = self.answer(step).map(|ty| ty.with_null(optional));

        let mut answered = env.clone();
        answered.write(name, optional);
        let mut after_scope = self.scope(&answered, None);
        let after = self.actions(&mut after_scope, &step.on_step);
        let left = |actions: &[ast::Action]| actions.iter().any(ast::Action::leaves);
        // What follows an unconditional `goto` of the step's own `on_step` does not run after this step.
        let common = if left(&step.on_step) {
            Some(Vec::new())
        } else {
            self.common(&mut after_scope, &wizard.on_step)
        };
        let case = if left(&step.on_step) || left(&wizard.on_step) {
            Some(Vec::new())
        } else {
            self.case(&mut after_scope, &step.case)
        };
        let mut after = after?;
        after.extend(common?);
        options_fine.then_some(())?;
        let step = Step {
            id: step.id.as_ref().unwrap_or(&step.var).value.clone(),
            var: self.variable(name, ty?),
            origin: self.origin(step.span),
            ask: ask?.call,
            rule: rule?,
            optional,
            unless_arg: self.names.asks_for.get(index).is_some_and(Option::is_some),
            when: when?,
            refusal: refusal?,
            known: Vec::new(),
            after,
            case: case?,
            effect: Effect::State,
        };
        let reads = self.step_reads(&step);
        Some(Asked { step, reads })
    }

    /// The wizard's `on_step`, with what is known after this step. A warning counts only if every step gives it.
    fn common(&mut self, scope: &mut Scope, on_step: &[ast::Action]) -> Option<Vec<Action>> {
        let mark = self.mark();
        let outer = std::mem::take(self.cx.sink);
        let mut common = self.actions(scope, on_step);
        let found = std::mem::replace(self.cx.sink, outer).finish();
        let (errors, mut warnings): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|d| d.severity == Severity::Error);
        errors.into_iter().for_each(|d| self.cx.sink.report(d));
        if let Some(before) = &self.on_step_warnings {
            warnings.retain(|d| before.contains(d));
        }
        self.on_step_warnings = Some(warnings);
        if let Some(common) = &mut common {
            self.share(mark, common);
        }
        common
    }

    fn case(&mut self, scope: &mut Scope, case: &[ast::Case]) -> Option<Vec<Branch>> {
        let mut done = Some(Vec::new());
        for (i, branch) in case.iter().enumerate() {
            let last = i + 1 == case.len();
            let when = match &branch.when {
                Some(when) => self
                    .guard(
                        scope,
                        when,
                        (
                            "this branch is never taken",
                            "the next ones are never taken",
                        ),
                    )
                    .map(Some),
                None => Some(None),
            };
            if when.is_none() {
                self.unguarded.get_or_insert(self.cx.sink.mark());
            }
            let target = self.target(&branch.goto);
            if let Some(test) = &branch.when {
                actions::narrow(scope, test, false);
                if let Some(Some(typed)) = &when {
                    facts::learn(&self.cx, scope, test, typed, false);
                }
            }
            match (when, target, &mut done) {
                (Some(when), Some(target), Some(done)) => done.push(Branch { when, target }),
                _ => done = None,
            }
            if branch.when.is_none() && !last {
                // The graph has reported what follows.
                return None;
            }
        }
        done
    }

    /// Options whose label or `when` reads variables: now their place is known.
    fn options(&mut self, scope: &Scope, name: &str, index: usize) -> bool {
        let Some(ChoiceId(id)) = self.names.choice_of(name) else {
            return true;
        };
        let at = &self.names.choices[id];
        if at.step != Some(index) {
            return true;
        }
        let mut fine = true;
        let options = at.options(self.flow);
        let step = crate::resolve::steps(self.flow).get(index);
        // A selection has a limit of its own.
        let several = step.is_some_and(|s| s.widget.is_some());
        if let Some(over) = options.get(OPTIONS).filter(|_| !several) {
            self.cx.sink.report(
                Diagnostic::new(
                    &limits::BUTTONS,
                    over.span,
                    format!("this is option {} of a choice", OPTIONS + 1),
                )
                .help(format!(
                    "a message has at most {KEYBOARD_BUTTONS} buttons, three of them are back, skip and cancel: ask in two steps"
                )),
            );
            fine = false;
        }
        for (i, option) in options.iter().enumerate() {
            if super::choices::reads_variables(&option.text) {
                match self.label(scope, name, option) {
                    Some(label) => self.cx.choices[id].options[i].label = label,
                    None => fine = false,
                }
            }
            if let Some(when) = &option.when {
                match self.guard(
                    scope,
                    when,
                    ("the option is never offered", "it is always offered"),
                ) {
                    Some(when) => self.cx.choices[id].options[i].when = Some(when),
                    None => fine = false,
                }
            }
        }
        if fine {
            self.nothing_to_choose(scope, id, options);
        }
        fine
    }

    /// Every option may be missing at once: whoever is asked then can only leave.
    fn nothing_to_choose(&mut self, scope: &Scope, id: usize, options: &[ast::Choice]) {
        let typed = self.cx.choices.get(id).map_or(&[][..], |c| &c.options);
        let conditions = options.iter().zip(typed);
        let conditions: Option<Vec<_>> = conditions
            .map(|(o, typed)| o.when.as_ref().zip(typed.when.as_ref()))
            .collect();
        let Some(conditions) = conditions.filter(|all| !all.is_empty()) else {
            return;
        };
        if !facts::all_false(&self.cx, scope, &conditions) {
            return;
        }
        let mut diagnostic = Diagnostic::new(
            &graph_codes::NOTHING_TO_CHOOSE,
            options.first().map_or(self.flow.span, |o| o.span),
            "every option has a `when`, and all of them can be false",
        )
        .help("give one option no `when`, or ask the step only `when` something can be chosen");
        for (condition, _) in conditions.iter().take(3) {
            diagnostic = diagnostic.note(condition.span, "may be false");
        }
        self.cx.sink.report(diagnostic);
    }

    fn step_reads(&self, step: &Step) -> BTreeSet<String> {
        let mut reads = Reads::new(&self.cx.texts, &self.cx.queries);
        reads.text(&step.ask);
        reads.exprs(&step.when);
        reads.rule(&step.rule);
        if let Rule::Choice { choice } | Rule::Widget(Widget::Multiselect { choice, .. }) =
            &step.rule
            && let Some(choice) = self.cx.choices.get(choice.0)
        {
            reads.choice(choice);
        }
        if let Some(refusal) = &step.refusal {
            reads.text(refusal);
        }
        reads.actions(&step.after);
        for branch in &step.case {
            reads.exprs(&branch.when);
        }
        reads.found.remove(&step.var.ident);
        reads.found
    }
}

/// What each question carries on, and what is kept from the start.
#[derive(Debug)]
pub struct Known {
    /// For each step.
    pub steps: Vec<Vec<Variable>>,
    /// At the completion.
    pub at_end: Vec<Variable>,
    /// Arguments and results of `on_enter`.
    pub loaded: Vec<Variable>,
}

impl Known {
    /// Answers of earlier steps are kept; anything else only where something still reads it.
    pub fn of(
        check: &FlowCheck<'_>,
        graph: &Graph,
        steps: &[Asked],
        on_complete: &[Action],
    ) -> Self {
        let at_end = actions::reads(check, on_complete);
        let mut nodes: Vec<live::Node> = steps
            .iter()
            .map(|s| live::Node {
                reads: s.reads.clone(),
                writes: Some(s.step.var.ident.clone()),
                looks: s.step.unless_arg,
            })
            .collect();
        nodes.push(live::Node {
            reads: at_end,
            writes: None,
            looks: false,
        });
        let live = live::solve(graph, &nodes);
        let own = |name: &str| steps.iter().position(|s| s.step.var.name == name);
        let at = |node: usize| -> Vec<Variable> {
            let Some(env) = graph.at.get(node).and_then(Option::as_ref) else {
                return Vec::new();
            };
            let mut known = Vec::new();
            for var in &check.names.vars {
                let Some(step) = own(&var.name) else { continue };
                let ident = check.ident_of(&var.name);
                if step != node
                    && (step < node || live[node].contains(ident))
                    && let Some(var) = stored(check, &var.name, env)
                {
                    known.push(var);
                }
            }
            known
        };
        let read: BTreeSet<&str> = live
            .iter()
            .chain(nodes.iter().map(|n| &n.reads))
            .flatten()
            .map(String::as_str)
            .collect();
        let mut loaded = Vec::new();
        for var in &check.names.vars {
            let Some(fact) = check.loaded(var) else {
                continue;
            };
            if read.contains(check.ident_of(&var.name))
                && let Some(ty) = check.type_of(&var.name)
            {
                let nullable = ty.nullable || fact.null || !fact.always;
                let ty = ty.clone().with_null(nullable);
                loaded.push(check.variable(&var.name, ty));
            }
        }
        Self {
            steps: (0..steps.len()).map(at).collect(),
            at_end: at(steps.len()),
            loaded,
        }
    }
}

/// A variable with the type that it has at a point where it may have been written.
fn stored(check: &FlowCheck<'_>, name: &str, env: &Env) -> Option<Variable> {
    let fact = env.get(name)?;
    let ty: Ty = check.type_of(name)?.clone();
    let nullable = ty.nullable || fact.null || !fact.always;
    Some(check.variable(name, ty.with_null(nullable)))
}
