//! Flows: commands, dialogues, and the questions of these.

use super::expr::Expr;
use super::sql::Query;
use super::text::TextCall;
use super::types::Variable;
use super::{Action, ActionKind, Effect, Origin, To, ask, text, types, widget};

/// One command and what it starts.
#[derive(Debug)]
pub struct Flow {
    /// Without the `/`.
    pub command: String,
    /// Rust module name, unique in the bot.
    pub module: String,
    /// Where.
    pub origin: Origin,
    /// The YAML block, or `intent`.
    pub block: &'static str,
    /// Listed in Telegram's menu with this text (plain, no arguments but the locale).
    pub description: Option<TextCall>,
    /// Only admins may use it.
    pub admins: bool,
    /// Typed arguments, in order.
    pub args: Vec<Arg>,
    /// Of the command itself (for a wizard at least `State`).
    pub effect: Effect,
    /// What the command does first; for an intent and a menu exactly one reply at the end.
    pub on_enter: Vec<Action>,
    /// The dialogue that follows.
    pub wizard: Option<Wizard>,
    /// Every text of the flow, by [`text::TextId`].
    pub texts: Vec<text::Text>,
    /// Every query of the flow, by [`super::sql::QueryId`].
    pub queries: Vec<Query>,
    /// Every choice type of the flow, by [`types::ChoiceId`].
    pub choices: Vec<Choice>,
    /// Every record type of the flow, by [`ask::RecordId`].
    pub records: Vec<ask::Record>,
}

impl Flow {
    /// Every action of the flow.
    pub fn actions(&self) -> impl Iterator<Item = &Action> {
        let wizard = self.wizard.iter();
        let later = wizard.flat_map(|w| {
            let steps = w.steps.iter().flat_map(|step| &step.after);
            steps.chain(&w.on_complete)
        });
        self.on_enter.iter().chain(later)
    }

    /// Something goes to the bot's admins.
    pub fn tells_admins(&self) -> bool {
        self.actions().any(|action| {
            matches!(&action.kind, ActionKind::Reply(reply) if matches!(reply.to, Some(To::Admins)))
        })
    }

    /// Some handler of it waits for the model.
    pub fn is_slow(&self) -> bool {
        let dialogue = self.wizard.iter().flat_map(|wizard| {
            let after = wizard.steps.iter().flat_map(|step| &step.after);
            after.chain(&wizard.on_complete)
        });
        self.on_enter.iter().chain(dialogue).any(Action::is_slow)
    }
}

/// A typed argument of a command.
#[derive(Debug)]
pub struct Arg {
    /// The variable.
    pub var: Variable,
    /// How its text form is read; the same rules as a typed answer.
    pub rule: Rule,
    /// May be missing (then `var.ty` is nullable).
    pub optional: bool,
    /// Where.
    pub origin: Origin,
}

/// A dialogue.
#[derive(Debug)]
pub struct Wizard {
    /// Seconds a waiting conversation lives after its last step.
    pub ttl: i64,
    /// Arguments and results of `on_enter` that something reads after the first question, kept with the conversation.
    /// A result that some way to a step does not write (a `goto` before it) is nullable. Arguments that a step asks
    /// for when they are missing are not here but among [`Step::known`], from the start on and nullable.
    pub loaded: Vec<Variable>,
    /// In order. Never empty.
    pub steps: Vec<Step>,
    /// Run after the last answer, with [`Wizard::known_at_end`].
    pub on_complete: Vec<Action>,
    /// Step variables known there; those not answered on every path are nullable.
    pub known_at_end: Vec<Variable>,
    /// Effect of completing.
    pub complete_effect: Effect,
    /// What happens when nobody answers for `ttl`.
    pub timeout: Option<Timeout>,
}

/// What a wizard's timer does.
#[derive(Debug)]
pub enum Timeout {
    /// Says something and ends the dialogue.
    Reply {
        /// A reply, without `when` or `goto`.
        action: Box<Action>,
        /// Step variables that it reads; nullable where some step does not know them.
        reads: Vec<Variable>,
    },
    /// Asks the question of this step.
    Goto(usize),
    /// Ends the dialogue with the runtime's words.
    Cancel,
}

/// One question.
#[derive(Debug)]
pub struct Step {
    /// `id:` or the variable's name.
    pub id: String,
    /// The variable that the answer fills; nullable if optional. It is never among `known` of its own step.
    /// Passing the step over because `when` is false makes it null.
    pub var: Variable,
    /// Where.
    pub origin: Origin,
    /// The question. May use `loaded` and `known`.
    pub ask: TextCall,
    /// How an answer is read.
    pub rule: Rule,
    /// May be skipped.
    pub optional: bool,
    /// The variable is also an argument: asked only when that is missing. Whoever comes here in order has the
    /// argument among its own `known`, nullable; where it is not null the step is passed over (`goto` asks always).
    pub unless_arg: bool,
    /// Asked only when this holds; else the step is passed over (`goto` to it asks always). Reads `loaded` and
    /// `known`, like the question.
    pub when: Option<Expr>,
    /// The text of every refusal, instead of the runtime's words.
    pub refusal: Option<TextCall>,
    /// Step variables known when the question is asked (fields of the state's variant); nullable where
    /// some path does not answer them: whoever comes here without knowing one passes null. Those of earlier steps,
    /// and of later ones only where a way back needs them.
    pub known: Vec<Variable>,
    /// Run after its answer (own `on_step`, then the flow's), with `known` and `var`. Skipping counts as an answer,
    /// passing over does not.
    pub after: Vec<Action>,
    /// Where to go then; read in order, with the results of `after`. Empty: the next step in order.
    pub case: Vec<Branch>,
    /// Effect of an accepted answer (at least `State`), over every path it can take.
    pub effect: Effect,
}

/// One branch of `case`.
#[derive(Debug)]
pub struct Branch {
    /// `None` on the last.
    pub when: Option<Expr>,
    /// Where to.
    pub target: Target,
}

/// Where `goto` leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Index into [`Wizard::steps`].
    Step(usize),
    /// Leaves the flow (no `on_complete`).
    End,
}

/// How an answer (or an argument) is read. Bounds that are expressions may use what is known at the step.
/// `pattern` is a proven regex, anchored at both ends.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Rule {
    Text {
        min: usize,
        max: usize,
        pattern: Option<String>,
    },
    Int {
        min: Option<Expr>,
        max: Option<Expr>,
        pattern: Option<String>,
    },
    Decimal {
        scale: u8,
        min: Option<Expr>,
        max: Option<Expr>,
        pattern: Option<String>,
    },
    Bool {
        pattern: Option<String>,
    },
    Date {
        min: Option<Expr>,
        max: Option<Expr>,
        pattern: Option<String>,
    },
    Time {
        min: Option<Expr>,
        max: Option<Expr>,
        pattern: Option<String>,
    },
    DateTime {
        min: Option<Expr>,
        max: Option<Expr>,
        pattern: Option<String>,
    },
    Choice {
        choice: types::ChoiceId,
    },
    Phone {
        pattern: Option<String>,
    },
    Email {
        pattern: Option<String>,
    },
    Contact,
    Location,
    Photo,
    File,
    Widget(widget::Widget),
}

/// A choice type: a step's (or an argument's) options.
#[derive(Debug, Clone)]
pub struct Choice {
    /// Rust type name, unique in the flow: `Service`.
    pub name: String,
    /// Where.
    pub origin: Origin,
    /// In order. Never empty.
    pub options: Vec<ChoiceOption>,
}

/// One option.
#[derive(Debug, Clone)]
pub struct ChoiceOption {
    /// Rust variant name, unique in the choice.
    pub variant: String,
    /// The value as the database has it.
    pub value: String,
    /// Its button's text. Uses nothing but the locale when a `| label` or another flow prints it.
    pub label: TextCall,
    /// Offered only when this holds.
    pub when: Option<Expr>,
}
