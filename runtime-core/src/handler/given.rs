//! What a person gave a step: a message, a press, or "skip"; read into typed values.

use std::sync::OnceLock;

use botfactory_lang::value::{Contact, Date, Decimal, File, Instant, Location, TimeOfDay};

pub use botfactory_lang::answer::{Bounds, Refusal};

/// A `validate.regex`, compiled on first use. The compiler has anchored it (`\\A(?:…)\\z`) and proven it valid.
#[derive(Debug)]
pub struct Pattern {
    source: &'static str,
    compiled: OnceLock<Option<regex::Regex>>,
}

impl Pattern {
    /// Of this source.
    pub const fn new(source: &'static str) -> Self {
        Self {
            source,
            compiled: OnceLock::new(),
        }
    }
    /// Whether `text` matches as a whole (a pattern that does not compile, which the compiler excludes, matches nothing).
    pub fn is_match(&self, text: &str) -> bool {
        self.compiled
            .get_or_init(|| regex::Regex::new(self.source).ok())
            .as_ref()
            .is_some_and(|regex| regex.is_match(text))
    }
}

/// Rule of a text step; lengths in UTF-16 units.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct TextRule {
    pub min: usize,
    pub max: usize,
}

/// A choice type of generated code.
pub trait Choice: Copy + PartialEq + Send + Sync + 'static {
    /// Every option, in order.
    const OPTIONS: &'static [Self];
    /// The value, as the database has it.
    fn value(self) -> &'static str;
    /// The option with this value.
    fn from_value(value: &str) -> Option<Self> {
        Self::OPTIONS.iter().copied().find(|o| o.value() == value)
    }
    /// Its label in the person's locale.
    fn label(self, words: &super::printer::Words) -> super::message::Text;
}

/// What was given. Made by the engine; commands never arrive here.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    _private: std::marker::PhantomData<&'a ()>,
}

impl<'a> Given<'a> {
    /// For command arguments: reads `text` by the same rules as an answer.
    pub fn argument(text: &'a str, words: &'a super::printer::Words) -> Self {
        let _ = (text, words);
        todo!()
    }
    /// The person skips (only optional steps get this; the engine refuses it elsewhere).
    pub fn skipped(&self) -> bool {
        todo!()
    }
    /// The typed text must match `pattern` as a whole before the type is parsed.
    pub fn matching(&self, pattern: &Pattern) -> Result<&Self, Refusal> {
        let _ = pattern;
        todo!()
    }
    /// A text.
    pub fn text(&self, rule: &TextRule) -> Result<String, Refusal> {
        let _ = rule;
        todo!()
    }
    /// A whole number.
    pub fn int(&self, bounds: Bounds<i64>) -> Result<i64, Refusal> {
        let _ = bounds;
        todo!()
    }
    /// A decimal.
    pub fn decimal<const N: u8>(&self, bounds: Bounds<Decimal<N>>) -> Result<Decimal<N>, Refusal> {
        let _ = bounds;
        todo!()
    }
    /// Yes or no (typed, or the two buttons that the engine shows).
    pub fn bool(&self) -> Result<bool, Refusal> {
        todo!()
    }
    /// A date.
    pub fn date(&self, bounds: Bounds<Date>) -> Result<Date, Refusal> {
        let _ = bounds;
        todo!()
    }
    /// A time of day.
    pub fn time(&self, bounds: Bounds<TimeOfDay>) -> Result<TimeOfDay, Refusal> {
        let _ = bounds;
        todo!()
    }
    /// A date and time in the bot's zone.
    pub fn instant(&self, bounds: Bounds<Instant>) -> Result<Instant, Refusal> {
        let _ = bounds;
        todo!()
    }
    /// One of the options: pressed, or typed as label or value (case and outer spaces ignored). `offered` are those
    /// whose `when` holds.
    pub fn choice<C: Choice>(&self, offered: &[C]) -> Result<C, Refusal> {
        let _ = offered;
        todo!()
    }
    /// A phone number, typed or as a shared contact.
    pub fn phone(&self) -> Result<String, Refusal> {
        todo!()
    }
    /// An e-mail address.
    pub fn email(&self) -> Result<String, Refusal> {
        todo!()
    }
    /// A shared contact.
    pub fn contact(&self) -> Result<Contact, Refusal> {
        todo!()
    }
    /// A shared location.
    pub fn location(&self) -> Result<Location, Refusal> {
        todo!()
    }
    /// A photo (its largest size).
    pub fn photo(&self) -> Result<File, Refusal> {
        todo!()
    }
    /// A document.
    pub fn file(&self) -> Result<File, Refusal> {
        todo!()
    }
}

/// Reads a command's typed arguments, in order, by the same rules as answers.
#[derive(Debug)]
pub struct ArgReader<'a> {
    #[allow(dead_code)]
    rest: &'a str,
    #[allow(dead_code)]
    words: &'a super::printer::Words,
}

impl<'a> ArgReader<'a> {
    /// Of the text after the command.
    pub fn new(rest: &'a str, words: &'a super::printer::Words) -> Self {
        Self { rest, words }
    }
    /// The next argument; missing: [`Refusal::Malformed`] of its type. `last`: a text that takes the whole rest.
    pub fn required<T>(
        &mut self,
        last: bool,
        read: impl FnOnce(&Given<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let _ = (last, read);
        todo!()
    }
    /// The next argument, `None` when it is missing or `~` (how `CommandLine` writes an absent one in the middle).
    pub fn optional<T>(
        &mut self,
        last: bool,
        read: impl FnOnce(&Given<'_>) -> Result<T, Refusal>,
    ) -> Result<Option<T>, Refusal> {
        let _ = (last, read);
        todo!()
    }
}
