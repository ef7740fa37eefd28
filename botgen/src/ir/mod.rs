//! The typed program: what the checks have proven and the emitter writes down.
//!
//! Nothing here is optional that cannot be absent, and no string stands where an id will do. Every
//! node that becomes an item of generated code knows its [`Origin`].

pub mod ask;
pub mod broadcast;
pub mod conversation;
pub mod cost;
pub mod expr;
pub mod pages;
pub mod sql;
pub mod text;
pub mod types;
pub mod widget;

use expr::Expr;
use sql::Query;
use text::TextCall;
use types::Variable;

/// Where a node was written: `bots/booking/bot.yaml:21`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(pub String);

/// A deployment.
#[derive(Debug)]
pub struct Program {
    /// By id.
    pub bots: Vec<Bot>,
    /// Every conversation test.
    pub conversations: Vec<conversation::Conversation>,
    /// Hash of all sources, hex.
    pub source_hash: String,
}

/// A bot.
#[derive(Debug)]
pub struct Bot {
    /// Folder name, `[a-z][a-z0-9_]{0,31}`.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Folder as people see it.
    pub folder: String,
    /// IANA zone, proven to exist.
    pub tz: String,
    /// Whose conversation.
    pub scope: crate::syntax::ast::Scope,
    /// Whose stored locale counts.
    pub strategy: crate::syntax::ast::Strategy,
    /// How replies travel.
    pub delivery: crate::syntax::ast::Delivery,
    /// What becomes of messages of which nobody knows whether they arrived.
    pub on_ambiguous: crate::syntax::ast::OnAmbiguous,
    /// Limits of the whole bot: each with its condition. Their messages are among [`Bot::texts`]; they read built-ins only.
    pub policies: Vec<(Option<Expr>, Limit)>,
    /// Tags; the sources of each; index 0 is not special.
    pub locales: Vec<Locale>,
    /// Index into `locales`.
    pub default_locale: usize,
    /// Texts that belong to no flow, by [`text::TextId`]: those of `fallback`, `toasts` and `policies`. They read no
    /// variables but [`Limit::RETRY_IN`].
    pub texts: Vec<text::Text>,
    /// Text for what nothing understands; `None`: `bf-unknown`. Index into `texts`.
    pub fallback: Option<TextCall>,
    /// Intents and flows, in order of writing; each owns one command. Index = command id.
    pub flows: Vec<Flow>,
    /// Every toast of the bot: hash → text (index into `texts`).
    pub toasts: Vec<(u32, TextCall)>,
    /// Owner of its tables (its own id or another bot's) and the files.
    pub migrations: Migrations,
    /// Those of its owner's tables that hold rows of people, in the order in which they can be erased.
    pub people: Vec<PersonTable>,
    /// The tables of that owner; those that refer to others come first.
    pub tables: Vec<Table>,
    /// SHA-256 of the bot's sources, hex.
    pub source_hash: String,
}

/// A table that migrations make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// As written.
    pub name: String,
    /// It has the column `bot_id`.
    pub bot: bool,
    /// It has the column `user_id`.
    pub person: bool,
    /// Migrations insert rows.
    pub seeded: bool,
    /// Its rows refer to each other, or it and others refer to each other in a ring: rows cannot go a few at a time.
    pub ring: bool,
}

/// A locale's files.
#[derive(Debug)]
pub struct Locale {
    /// BCP 47.
    pub tag: String,
    /// The bot's own `.ftl` text (empty if there is none); the runtime's words stand below it.
    pub ftl: String,
}

/// A table with rows of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonTable {
    /// As the migrations name it.
    pub table: String,
    /// Which rows: `$1` is the person, `$2` the bot's id.
    pub condition: String,
    /// `$2` stands in it.
    pub by_bot: bool,
    /// Its columns, lower case.
    pub columns: Vec<String>,
}

/// What must be applied to the database before the bot runs.
#[derive(Debug, Default)]
pub struct Migrations {
    /// Name in `bf_migrations.owner`.
    pub owner: String,
    /// In order. Empty where another bot of this deployment owns the tables.
    pub files: Vec<Migration>,
}

/// One migration, translated for each engine being built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// `0001`.
    pub version: i64,
    /// `bookings`.
    pub name: String,
    /// SQLite's text; `None` in a run that does not prove it there.
    pub sqlite: Option<String>,
    /// Postgres's; likewise.
    pub postgres: Option<String>,
}

/// What a handler may do; decides the protocol (`DESIGN.md` §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Replies only.
    Pure,
    /// Reads the bot's tables.
    Read,
    /// Moves the conversation (or the stored locale); reads.
    State,
    /// Writes the bot's tables.
    Write,
    /// Waits for something outside between its segments.
    Slow,
}

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
    /// Every query of the flow, by [`sql::QueryId`].
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
}

impl Action {
    /// It ends a segment: what follows waits for the model.
    pub fn is_slow(&self) -> bool {
        match &self.kind {
            ActionKind::Ask(_) => true,
            ActionKind::Reply(reply) => reply.improve.is_some(),
            _ => false,
        }
    }
}

impl Flow {
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

/// An action.
#[derive(Debug)]
pub struct Action {
    /// Where.
    pub origin: Origin,
    /// Runs (and its `goto` is taken) only when this holds.
    pub when: Option<Expr>,
    /// What it does.
    pub kind: ActionKind,
    /// Where the flow goes afterwards; nothing after it runs.
    pub goto: Option<Target>,
}

/// What an action does.
#[derive(Debug)]
#[allow(missing_docs)]
pub enum ActionKind {
    /// Runs a query and binds its result.
    Sql {
        query: sql::QueryId,
        /// The new variable (nullable when the action has a `when`), absent where nothing is kept.
        result: Option<Variable>,
        on_conflict: Option<OnConflict>,
    },
    Reply(Reply),
    /// Stores the locale.
    SetLocale {
        locale: Expr,
    },
    /// Shows the keyboard of locales.
    AskLocale,
    /// Goes on only for those who may pass.
    Limit(Limit),
    /// Shows a list; where it is empty the flow ends.
    Pages(Box<pages::PagesAction>),
    /// Asks the model.
    Ask(Box<ask::Ask>),
    /// Makes a broadcast, or counts what it would reach.
    Broadcast(Box<broadcast::Broadcast>),
    /// Puts somebody into a segment, or takes them out.
    Segment(broadcast::SegmentChange),
    /// Whether the person wants broadcasts from now on.
    Subscribe(bool),
}

impl ActionKind {
    /// The variable that keeps what it gives.
    pub fn result(&self) -> Option<&Variable> {
        match self {
            Self::Sql { result, .. } => result.as_ref(),
            Self::Broadcast(broadcast) => broadcast.result.as_ref(),
            _ => None,
        }
    }
    /// The same, to change it.
    pub fn result_mut(&mut self) -> Option<&mut Variable> {
        match self {
            Self::Sql { result, .. } => result.as_mut(),
            Self::Broadcast(broadcast) => broadcast.result.as_mut(),
            Self::Ask(ask) => Some(&mut ask.result),
            _ => None,
        }
    }
}

/// A rate limit.
#[derive(Debug)]
pub struct Limit {
    /// Where it was written.
    pub origin: Origin,
    /// Where it stands, unique in the bot: `book.on_enter.1`, `policies.1`.
    pub place: String,
    /// Which counters it has: its place, or the `key` that it shares with others.
    pub rule: String,
    /// Who has a counter of their own.
    pub scope: crate::syntax::ast::LimitScope,
    /// Seconds.
    pub window: i64,
    /// How many pass in any window. At least one.
    pub allowance: i64,
    /// What separates counters further: texts, numbers, truth values, dates and times, none of them null.
    pub suffix: Vec<Expr>,
    /// What whoever is held back is told; may read [`Limit::RETRY_IN`].
    pub message: Option<TextCall>,
    /// What holds while the shared counters cannot be reached.
    pub on_error: crate::syntax::ast::OnError,
}

impl Limit {
    /// The variable that a message may read: seconds until it goes on, a whole number. No other variable has its ident.
    pub const RETRY_IN: &'static str = "retry_in";
}

/// What happens when a constraint of the migrations refuses the statement: the update's SQL is rolled back.
#[derive(Debug)]
pub struct OnConflict {
    /// What the person is told.
    pub reply: TextCall,
    /// Where they go; `End` when nothing is declared.
    pub target: Target,
}

/// To whom a message goes.
#[derive(Debug, Clone)]
pub enum To {
    /// Each of the bot's admins.
    Admins,
    /// A chat's id: a whole number that is not null.
    Chat(Expr),
}

/// A message.
#[derive(Debug)]
pub struct Reply {
    /// The text.
    pub text: TextCall,
    /// Cut off with `…` where it is too long, instead of split.
    pub truncate: bool,
    /// Sent instead of `text` when every one of these lists is empty.
    pub empty: Option<(Vec<Expr>, TextCall)>,
    /// Rows.
    pub keyboard: Vec<Vec<Button>>,
    /// To another chat than the update's.
    pub to: Option<To>,
    /// Replaces the message whose button was pressed, where there is one.
    pub edit: bool,
    /// Other than the bot's.
    pub on_ambiguous: Option<crate::syntax::ast::OnAmbiguous>,
    /// The model rewrites it first.
    pub improve: Option<ask::Improve>,
}

/// A button.
#[derive(Debug, Clone)]
pub struct Button {
    /// One for each element of a list.
    pub each: Option<Each>,
    /// Plain text, cut at 64 units.
    pub text: TextCall,
    /// Shown only when this holds.
    pub when: Option<Expr>,
    /// What it does.
    pub does: ButtonDoes,
}

/// A list that buttons are made of.
#[derive(Debug, Clone)]
pub struct Each {
    /// Not null.
    pub list: Expr,
    /// Rust name of the item, known in the button's text, condition and arguments.
    pub item: String,
    /// How many stand in one row; 0: all of them stand in the row that the button is written in.
    pub columns: usize,
}

/// What a button does.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum ButtonDoes {
    /// Runs a command of this bot (proven to exist, arguments typed, at most 64 bytes). Arguments in declared order;
    /// missing optional ones at the end are absent, in the middle `null`.
    Command {
        command: String,
        args: Vec<Expr>,
    },
    Url(TextCall),
    /// Index into [`Bot::toasts`].
    Toast(u32),
}
