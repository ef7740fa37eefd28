//! What a handler does.

use super::expr::Expr;
use super::text::TextCall;
use super::types::Variable;
use super::{Origin, Reply, Target, ask, broadcast, pages, sql};
use crate::syntax::ast::{LimitScope, OnError};

/// What a handler may do: it picks the protocol by which the runtime runs it.
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
    pub scope: LimitScope,
    /// Seconds.
    pub window: i64,
    /// How many pass in any window. At least one.
    pub allowance: i64,
    /// What separates counters further: texts, numbers, truth values, dates and times, none of them null.
    pub suffix: Vec<Expr>,
    /// What whoever is held back is told; may read [`Limit::RETRY_IN`].
    pub message: Option<TextCall>,
    /// What holds while the shared counters cannot be reached.
    pub on_error: OnError,
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
