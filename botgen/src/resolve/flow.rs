//! The names inside a flow: variables, steps, choices.

use std::collections::BTreeMap;

use super::{Argument, ChoiceSymbol, base, type_name};
use crate::diagnostics::codes::{itself, names};
use crate::diagnostics::{Diagnostic, Sink};
use crate::ir::Target;
use crate::ir::types::{ChoiceId, Ty};
use crate::source::{Span, Str};
use crate::syntax::ast;
use botfactory_lang::callback::hash32;
use botfactory_lang::limits::ANSWER_TEXT;

/// Names that every flow has; the author's cannot shadow them.
pub const BUILTINS: [&str; 9] = [
    "bot_id", "user_id", "chat_id", "user", "locale", "now", "today", "args", "this",
];
/// Words of the expression language.
const WORDS: [&str; 10] = [
    "not", "and", "or", "in", "is", "null", "empty", "true", "false", "as",
];

/// The names inside one flow.
#[derive(Debug, Default)]
pub struct FlowNames {
    /// Arguments as others see them.
    pub args: Vec<Argument>,
    /// Every variable once, in order of writing.
    pub vars: Vec<NamedVar>,
    /// What a `goto` may name.
    pub targets: BTreeMap<String, Target>,
    /// Choices, by [`ChoiceId`].
    pub choices: Vec<ChoiceAt>,
    /// For each step: the index of the argument that it asks for.
    pub asks_for: Vec<Option<usize>>,
    /// Some arguments are not here, because something is wrong with them.
    pub args_lost: bool,
    /// Some choices may not be here, because something is wrong in the flow.
    pub choices_lost: bool,
}

/// A variable of a flow.
#[derive(Debug, Clone)]
pub struct NamedVar {
    /// As the author wrote it.
    pub name: String,
    /// Where.
    pub span: Span,
    /// By what it is written.
    pub by: Written,
}

/// By what a variable is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The argument of this index.
    Argument(usize),
    /// A statement of `on_enter`.
    OnEnter,
    /// The step of this index.
    Step(usize),
    /// A statement of an `on_step` or of `on_complete`: gone when that run is over.
    Run,
}

/// Where a choice's options stand.
#[derive(Debug, Clone)]
pub struct ChoiceAt {
    /// The variable.
    pub var: String,
    /// The argument of this index has it.
    pub arg: Option<usize>,
    /// The step of this index has it.
    pub step: Option<usize>,
    /// Values, in order.
    pub values: Vec<String>,
    /// The options, where they are an answer's of the model.
    pub own: Vec<ast::Choice>,
}

impl ChoiceAt {
    /// The options: the step's, where a step asks for an argument; never empty.
    pub fn options<'a>(&'a self, flow: &'a ast::Flow) -> &'a [ast::Choice] {
        if !self.own.is_empty() {
            return &self.own;
        }
        let step = self
            .step
            .and_then(|i| steps(flow).get(i))
            .map(|s| &s.options[..]);
        let arg = self
            .arg
            .and_then(|i| flow.args.get(i))
            .map(|a| &a.options[..]);
        match (step, arg) {
            (Some(options), _) if !options.is_empty() => options,
            (_, options) => options.unwrap_or_default(),
        }
    }
}

/// The steps of a flow.
pub fn steps(flow: &ast::Flow) -> &[ast::Step] {
    match &flow.kind {
        ast::FlowKind::Wizard(w) => &w.steps,
        _ => &[],
    }
}

impl FlowNames {
    /// The names of a flow. Reports names that are bad, shadow a built-in or are defined twice.
    pub fn of(flow: &ast::Flow, sink: &mut Sink) -> Self {
        let mut names = Self {
            args_lost: flow.args_lost,
            choices_lost: flow.incomplete,
            ..Self::default()
        };
        names.targets.insert("end".to_owned(), Target::End);
        for (i, arg) in flow.args.iter().enumerate() {
            names.define(&arg.name, Written::Argument(i), sink);
        }
        names.results(&flow.on_enter, Written::OnEnter, sink);
        if let ast::FlowKind::Wizard(wizard) = &flow.kind {
            for (i, step) in wizard.steps.iter().enumerate() {
                names.step(flow, i, step, sink);
            }
            names.results(&wizard.on_step, Written::Run, sink);
            names.results(&wizard.on_complete, Written::Run, sink);
        }
        names.find_choices(flow);
        names.find_args(flow, sink);
        names
    }

    /// The choice that a variable has.
    pub fn choice_of(&self, var: &str) -> Option<ChoiceId> {
        self.choices.iter().position(|c| c.var == var).map(ChoiceId)
    }

    /// As other flows see them.
    pub fn choice_symbols(&self) -> BTreeMap<String, ChoiceSymbol> {
        let symbol = |(i, c): (usize, &ChoiceAt)| {
            let id = ChoiceId(i);
            let values = c.values.clone();
            (c.var.clone(), ChoiceSymbol { id, values })
        };
        self.choices.iter().enumerate().map(symbol).collect()
    }

    fn results(&mut self, actions: &[ast::Action], by: Written, sink: &mut Sink) {
        for action in actions {
            if let Some(result) = action.kind.result_var() {
                self.define(result, by, sink);
            }
            if let ast::ActionKind::Ask(ask) = &action.kind {
                self.define(&ask.result_var, by, sink);
            }
        }
    }

    fn step(&mut self, flow: &ast::Flow, index: usize, step: &ast::Step, sink: &mut Sink) {
        let arg = flow
            .args
            .iter()
            .position(|a| a.name.value == step.var.value);
        self.asks_for.push(arg);
        match arg {
            // Two steps may not ask for one argument either.
            Some(arg) if !self.asks_for[..index].contains(&Some(arg)) => {}
            _ => self.define(&step.var, Written::Step(index), sink),
        }
        let id = step.id.as_ref().unwrap_or(&step.var);
        if id.value == "end" {
            sink.report(
                Diagnostic::new(&names::STEP_TWICE, id.span, "a step cannot be called `end`")
                    .help("`goto: end` leaves the flow; give the step another `id`"),
            );
        } else if let Some(Target::Step(first)) = self.targets.get(&id.value) {
            let first = &steps(flow)[*first];
            // Two steps of one variable have been reported already.
            if step.id.is_some() || first.id.is_some() {
                sink.report(
                    Diagnostic::new(
                        &names::STEP_TWICE,
                        id.span,
                        format!("the wizard already has a step `{}`", id.value),
                    )
                    .note(first.id.as_ref().unwrap_or(&first.var).span, "the first")
                    .help("give one of them another `id`"),
                );
            }
        } else {
            // Stored conversations and buttons know a step by the hash of its id.
            let same = |other: &&String| hash32(other) == hash32(&id.value);
            if let Some(other) = self.targets.keys().find(same) {
                let message = format!("the ids `{}` and `{other}` have one hash", id.value);
                sink.report(
                    Diagnostic::new(&itself::HASH_COLLISION, id.span, message)
                        .help("give one of the two another `id`"),
                );
            }
            self.targets.insert(id.value.clone(), Target::Step(index));
        }
        self.results(&step.on_step, Written::Run, sink);
    }

    fn define(&mut self, name: &Str, by: Written, sink: &mut Sink) {
        check_name(name, sink);
        match self.vars.iter().find(|v| v.name == name.value) {
            Some(first) => sink.report(
                Diagnostic::new(
                    &names::VARIABLE_TWICE,
                    name.span,
                    format!("`{}` is already a variable of this flow", name.value),
                )
                .note(first.span, "the first definition")
                .help("give one of them another name: a name means one thing in a flow"),
            ),
            None => self.vars.push(NamedVar {
                name: name.value.clone(),
                span: name.span,
                by,
            }),
        }
    }

    fn find_choices(&mut self, flow: &ast::Flow) {
        let mut add = |var: &Str, arg, step| {
            let at = ChoiceAt {
                var: var.value.clone(),
                arg,
                step,
                values: Vec::new(),
                own: Vec::new(),
            };
            let values: Vec<_> = at
                .options(flow)
                .iter()
                .map(|o| o.value.value.clone())
                .collect();
            if !values.is_empty() && !self.choices.iter().any(|c| c.var == at.var) {
                self.choices.push(ChoiceAt { values, ..at });
            }
        };
        let is_choice =
            |ty: &ast::StepType| matches!(ty, ast::StepType::Choice | ast::StepType::Choices);
        let step_of = |arg| self.asks_for.iter().position(|a| *a == Some(arg));
        for (i, arg) in flow.args.iter().enumerate() {
            if is_choice(&arg.ty.node) {
                let step = step_of(i).filter(|s| is_choice(&steps(flow)[*s].ty.node));
                add(&arg.name, Some(i), step);
            }
        }
        for (i, step) in steps(flow).iter().enumerate() {
            if is_choice(&step.ty.node) {
                add(&step.var, None, Some(i));
            }
        }
        let dialogue = match &flow.kind {
            ast::FlowKind::Wizard(wizard) => Some(wizard),
            _ => None,
        };
        let dialogue = dialogue.into_iter().flat_map(|wizard| {
            let after = wizard.steps.iter().flat_map(|step| &step.on_step);
            after.chain(&wizard.on_step).chain(&wizard.on_complete)
        });
        for action in flow.on_enter.iter().chain(dialogue) {
            if let ast::ActionKind::Ask(ask) = &action.kind {
                self.answers(ask);
            }
        }
    }

    /// The choices of an answer: its variable's, or those of its fields, named `variable.field`.
    fn answers(&mut self, ask: &ast::Ask) {
        let mut add = |var: String, options: &[ast::AskOption]| {
            let own = options.iter().map(|o| ast::Choice {
                span: o.span,
                text: o.text.clone(),
                value: o.value.clone(),
                when: None,
            });
            if self.choices.iter().all(|c| c.var != var) {
                self.choices.push(ChoiceAt {
                    var,
                    arg: None,
                    step: None,
                    values: options.iter().map(|o| o.value.value.clone()).collect(),
                    own: own.collect(),
                });
            }
        };
        let var = &ask.result_var.value;
        match &ask.output {
            ast::AskOutput::Text => {}
            ast::AskOutput::Choice(options) => add(var.clone(), options),
            ast::AskOutput::Record(fields) => {
                for field in fields.iter().filter(|f| !f.options.is_empty()) {
                    add(format!("{var}.{}", field.name.value), &field.options);
                }
            }
        }
    }

    fn find_args(&mut self, flow: &ast::Flow, sink: &mut Sink) {
        let mut optional_before: Option<&ast::ArgDecl> = None;
        for (i, arg) in flow.args.iter().enumerate() {
            let asked = self.asks_for.iter().position(|a| *a == Some(i));
            if let Some(step) = asked.and_then(|s| steps(flow).get(s)) {
                self.agree(arg, step, sink);
            }
            if type_is_given(arg.ty.node) {
                let message = format!("a {} cannot be an argument", type_name(arg.ty.node));
                sink.report(
                    Diagnostic::new(&names::ARGUMENT_TYPE, arg.ty.span, message)
                        .help("it cannot be typed after a command: ask for it in a step"),
                );
            }
            let optional = arg.optional || asked.is_some();
            if optional {
                optional_before = optional_before.or(Some(arg));
            } else if let Some(before) = optional_before {
                sink.report(
                    Diagnostic::new(
                        &names::OPTIONAL_FIRST,
                        arg.name.span,
                        format!(
                            "`{}` is required and stands after `{}`, which may be missing",
                            arg.name.value, before.name.value
                        ),
                    )
                    .note(before.name.span, "may be missing")
                    .help("after a typed command arguments come in order: put the required ones first"),
                );
            }
            let choice = self.choice_of(&arg.name.value);
            let is_text = arg.ty.node == ast::StepType::Text;
            let default = is_text.then_some(ANSWER_TEXT as i64);
            let base = base(arg.ty.node, choice, None);
            self.args.push(Argument {
                name: arg.name.value.clone(),
                ty: Ty::some(base).with_null(optional),
                optional,
                min: number(arg.min.as_ref()),
                max: number(arg.max.as_ref()).or(default),
                span: arg.name.span,
            });
        }
    }

    /// An argument and the step that asks for it are one variable.
    fn agree(&self, arg: &ast::ArgDecl, step: &ast::Step, sink: &mut Sink) {
        let name = &arg.name.value;
        if arg.ty.node != step.ty.node {
            let message = format!(
                "`{name}` is {} as an argument and {} as a step",
                type_name(arg.ty.node),
                type_name(step.ty.node)
            );
            sink.report(
                Diagnostic::new(&names::ARGUMENT_AND_STEP, step.ty.span, message)
                    .note(arg.ty.span, "the argument")
                    .help("a step whose variable is an argument asks for it when it is missing: give both one type"),
            );
        } else if let (Some(at), false, false) = (
            arg.options.first(),
            step.options.is_empty(),
            values(&arg.options) == values(&step.options),
        ) {
            let message = format!("the options of argument `{name}` are not those of its step");
            sink.report(
                Diagnostic::new(&names::ARGUMENT_AND_STEP, at.span, message)
                    .note(step.span, "the step")
                    .help("leave the argument's options out: it takes those of the step"),
            );
        }
    }
}

/// Given by a message of its own kind, never typed.
pub fn type_is_given(ty: ast::StepType) -> bool {
    use ast::StepType as S;
    matches!(ty, S::Contact | S::Location | S::Photo | S::File)
}

fn number(field: Option<&ast::Field>) -> Option<i64> {
    match field? {
        ast::Field::Literal(s) => s.value.parse().ok(),
        ast::Field::Expr(_) => None,
    }
}

fn values(options: &[ast::Choice]) -> Vec<&str> {
    options.iter().map(|o| o.value.value.as_str()).collect()
}

fn check_name(name: &Str, sink: &mut Sink) {
    let value = name.value.as_str();
    if BUILTINS.contains(&value) {
        let message = format!("`{value}` is a built-in and cannot be shadowed");
        sink.report(
            Diagnostic::new(&names::BUILTIN_SHADOWED, name.span, message)
                .help(format!("take another name, such as `my_{value}`")),
        );
    } else if WORDS.contains(&value) {
        let message = format!("`{value}` is a word of the expression language");
        sink.report(
            Diagnostic::new(&names::EXPRESSION_WORD, name.span, message)
                .help(format!("take another name, such as `my_{value}`")),
        );
    }
}
