//! A question to the model, and what comes of it. Both can be stored: a question waits in a durable job.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::prompt;

/// A question to the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    /// Where in the bot it stands, as the compiler names it: for events and the cache, out of a closed set.
    pub place: Cow<'static, str>,
    /// What the model is to do: picks our own words before the author's.
    pub task: Task,
    /// Tag of the locale whose language our own words to the model have.
    pub locale: Cow<'static, str>,
    /// The author's prompt, rendered.
    pub system: String,
    /// A text to answer from or to look things up in: data, never instructions. Cut before `text` is.
    pub given: Option<String>,
    /// What the person wrote (or, for [`Task::Improve`], the reply to rewrite): data, never instructions.
    pub text: String,
    /// What stays of `given` and `text` where they do not fit into the model's context.
    pub keep: Keep,
    /// What form the answer has.
    pub format: Format,
    /// Longest answer in tokens.
    pub max_tokens: u32,
    /// In hundredths, 0 to 200.
    pub temperature: u8,
}

/// Likely tokens of a person's text, and of what is given to answer from, that are stored with a question: at most 48 and
/// 96 KiB. Beside them a job has room for the longest prompt.
const TEXT: usize = 16_000;
const GIVEN: usize = 32_000;

impl Ask {
    /// With as much of its data as a stored job has room for: the rest goes by the rule by which it would be cut for the
    /// model.
    pub(crate) fn stored(mut self) -> Self {
        self.text = prompt::cut(self.text, TEXT, self.keep);
        self.given = self.given.map(|given| prompt::cut(given, GIVEN, self.keep));
        self
    }
}

/// What the model is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Whatever the author's prompt says.
    Plain,
    /// Tell which of the options a message is.
    Classify,
    /// Take the fields of a record out of a message.
    Extract,
    /// Tell whether an answer is what was asked for.
    Validate,
    /// Answer from the given text, and from nothing else.
    Answer,
    /// Rewrite a reply of the bot.
    Improve,
}

/// What stays of a text that is too long.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// Its beginning.
    #[default]
    Start,
    /// Its end.
    End,
    /// Beginning and end, half each, with `[…]` between them.
    Ends,
}

/// What form an answer has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// A plain text.
    Text {
        /// Longest text, in characters; what is longer is cut at a word.
        max: u32,
    },
    /// One of these.
    Choice {
        /// At least two, with different values.
        options: Vec<Choice>,
    },
    /// An object with these fields.
    Record {
        /// At least one, with different names.
        fields: Vec<Field>,
    },
}

/// An option of [`Format::Choice`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What the answer is.
    pub value: Cow<'static, str>,
    /// What the model is told about it; empty: nothing.
    pub about: Cow<'static, str>,
}

/// A field of [`Format::Record`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Its key.
    pub name: Cow<'static, str>,
    /// What values it has.
    pub kind: Kind,
    /// It may be null or missing; it is null in the output then.
    pub optional: bool,
    /// What the model is told about it; empty: nothing.
    pub about: Cow<'static, str>,
}

/// What values a field has. In the output they are JSON as said here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A string.
    Text {
        /// Longest, in characters; what is longer is not valid.
        max: u32,
    },
    /// A whole number.
    Int {
        /// Least.
        min: i64,
        /// Greatest.
        max: i64,
    },
    /// A decimal number: a string such as `12.50`, with at most `scale` places.
    Decimal {
        /// Places after the point.
        scale: u8,
    },
    /// True or false.
    Bool,
    /// A string `YYYY-MM-DD`.
    Date,
    /// A string `HH:MM`.
    Time,
    /// A string `YYYY-MM-DD HH:MM`: what the clocks of the bot's zone show.
    Datetime,
    /// A string out of these.
    Choice {
        /// The values.
        options: Vec<Choice>,
    },
}

/// What the model answered: of the form that was asked for, bounded, without control characters. Still what a machine
/// made of what a person wrote: to be escaped like any other text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// A text, never empty.
    Text(String),
    /// The value of an option.
    Choice(String),
    /// Every field of the record, in order, null where an optional one is missing; nothing else.
    Record(Map<String, Value>),
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// What it is.
    pub output: Output,
    /// Tokens that it cost, the question included; 0 where it was known already.
    pub tokens: u32,
    /// It was known already, or another question alike was under way.
    pub cached: bool,
}

/// Why there is no answer: the fallback holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    /// No model is configured, or it is switched off for the bot or for all.
    #[error("no model is in use")]
    Disabled,
    /// The person or the bot has asked too often.
    #[error("too many questions")]
    Limited,
    /// What is left of the bot's tokens for today is not enough.
    #[error("the budget of the day is used up")]
    Budget,
    /// The model has failed again and again and is left alone for a while.
    #[error("the circuit breaker is open")]
    Open,
    /// The model failed, and went on failing.
    #[error("the model failed")]
    Failed,
    /// No answer came in time.
    #[error("the model was too slow")]
    TimedOut,
    /// The text or the answer is not allowed.
    #[error("moderated")]
    Moderated,
    /// The answer does not have the form that was asked for.
    #[error("the model's answer was not usable")]
    Invalid,
    /// The question does not fit into the model's context, however its texts are cut.
    #[error("the question is too long for the model")]
    TooLong,
}

impl Refused {
    /// For metrics, events and logs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Limited => "limited",
            Self::Budget => "budget",
            Self::Open => "breaker_open",
            Self::Failed => "failed",
            Self::TimedOut => "timeout",
            Self::Moderated => "moderated",
            Self::Invalid => "invalid",
            Self::TooLong => "too_long",
        }
    }

    /// Every reason.
    pub const ALL: [Self; 9] = [
        Self::Disabled,
        Self::Limited,
        Self::Budget,
        Self::Open,
        Self::Failed,
        Self::TimedOut,
        Self::Moderated,
        Self::Invalid,
        Self::TooLong,
    ];
}
