//! What a person gave a step: a message, a press, or "skip"; read into typed values.

use std::borrow::Cow;
use std::sync::OnceLock;

use botfactory_lang::answer::{self, Wanted};
use botfactory_lang::callback::{hash32, next_arg};
use botfactory_lang::value::{Contact, Date, Decimal, File, Instant, Location, TimeOfDay};

use super::message::{ABSENT, Text};
use super::printer::Words;
use crate::incoming::Content;

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
    fn label(self, words: &Words) -> Text;
}

/// `{{column | label: 'flow.choice'}}`: the label of the option with this value, or the value itself.
pub fn label_of<C: Choice>(value: &str, words: &super::printer::Words) -> String {
    C::from_value(value).map_or_else(
        || value.to_owned(),
        |option| option.label(words).into_string(),
    )
}

/// What was given. Made by the engine; commands never arrive here.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    what: What<'a>,
    words: &'a Words,
}

impl std::fmt::Debug for Given<'_> {
    /// Without the answer.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.what {
            What::Typed(_) => "Given::Typed",
            What::Argument(_) => "Given::Argument",
            What::Pressed(_) => "Given::Pressed",
            What::Key(_) => "Given::Key",
            What::Skipped => "Given::Skipped",
            What::Sent(_) => "Given::Sent",
        })
    }
}

#[derive(Clone, Copy)]
enum What<'a> {
    Typed(&'a str),
    Argument(&'a str),
    /// Hash of the option's value.
    Pressed(u32),
    /// A widget's key.
    Key(&'a str),
    Skipped,
    /// Anything but a text.
    Sent(&'a Content),
}

impl<'a> Given<'a> {
    /// For command arguments: reads `text` by the same rules as an answer.
    pub fn argument(text: &'a str, words: &'a Words) -> Self {
        Self {
            what: What::Argument(text),
            words,
        }
    }
    /// A message.
    pub(crate) fn content(content: &'a Content, words: &'a Words) -> Self {
        Self {
            what: match content {
                Content::Text(text) => What::Typed(text),
                other => What::Sent(other),
            },
            words,
        }
    }
    /// A pressed option.
    pub(crate) fn pressed(option: u32, words: &'a Words) -> Self {
        Self {
            what: What::Pressed(option),
            words,
        }
    }
    /// A widget's key.
    pub(crate) fn key(key: &'a str, words: &'a Words) -> Self {
        Self {
            what: What::Key(key),
            words,
        }
    }
    /// Hands it to a widget that shows `view`.
    pub(crate) fn to<W: super::widget::Widget>(
        &self,
        widget: &W,
        view: &str,
    ) -> Result<super::widget::Turned<W::Value>, Refusal> {
        match self.what {
            What::Key(key) => widget.pressed(self.words, view, key),
            What::Typed(text) | What::Argument(text) => widget.typed(self.words, view, text),
            // A button of the step as another build drew it.
            What::Pressed(_) => Err(Refusal::NotAnOption),
            What::Skipped | What::Sent(_) => Err(Refusal::WrongKind(widget.wanted())),
        }
    }
    /// A button of a widget was pressed.
    pub(crate) fn is_press(&self) -> bool {
        matches!(self.what, What::Key(_))
    }
    /// A widget's key, if one of its buttons was pressed.
    pub(crate) fn pressed_key(&self) -> Option<&'a str> {
        match self.what {
            What::Key(key) => Some(key),
            _ => None,
        }
    }
    /// A text, if one was typed.
    pub(crate) fn typed_text(&self) -> Option<&'a str> {
        match self.what {
            What::Typed(text) | What::Argument(text) => Some(text),
            _ => None,
        }
    }
    /// Nothing: the step is skipped.
    pub(crate) fn skip(words: &'a Words) -> Self {
        Self {
            what: What::Skipped,
            words,
        }
    }
    /// The person skips (only optional steps get this; the engine refuses it elsewhere).
    pub fn skipped(&self) -> bool {
        matches!(self.what, What::Skipped)
    }
    /// The typed text must match `pattern` as a whole before the type is parsed.
    pub fn matching(&self, pattern: &Pattern) -> Result<&Self, Refusal> {
        match self.what {
            What::Typed(text) | What::Argument(text) if !pattern.is_match(text) => {
                Err(Refusal::Pattern)
            }
            _ => Ok(self),
        }
    }
    fn typed(&self, wanted: Wanted) -> Result<&'a str, Refusal> {
        match self.what {
            What::Typed(text) | What::Argument(text) => Ok(text),
            _ => Err(Refusal::WrongKind(wanted)),
        }
    }
    /// A text.
    pub fn text(&self, rule: &TextRule) -> Result<String, Refusal> {
        let bounds = Bounds {
            min: Some(rule.min),
            max: Some(rule.max),
        };
        answer::text(self.typed(Wanted::Text)?, bounds)
    }
    /// A whole number.
    pub fn int(&self, bounds: Bounds<i64>) -> Result<i64, Refusal> {
        answer::int(self.typed(Wanted::Int)?, bounds)
    }
    /// A decimal.
    pub fn decimal<const N: u8>(&self, bounds: Bounds<Decimal<N>>) -> Result<Decimal<N>, Refusal> {
        answer::decimal(self.typed(Wanted::Decimal)?, bounds)
    }
    /// Yes or no (typed, or the two buttons that the engine shows).
    pub fn bool(&self) -> Result<bool, Refusal> {
        if let What::Pressed(hash) = self.what {
            return match hash {
                _ if hash == hash32(YES) => Ok(true),
                _ if hash == hash32(NO) => Ok(false),
                _ => Err(Refusal::NotAnOption),
            };
        }
        let (yes, no) = (
            self.words.own_plain("bf-yes"),
            self.words.own_plain("bf-no"),
        );
        answer::boolean(
            self.typed(Wanted::Bool)?,
            yes.as_str().trim(),
            no.as_str().trim(),
        )
    }
    /// A date.
    pub fn date(&self, bounds: Bounds<Date>) -> Result<Date, Refusal> {
        answer::date(self.typed(Wanted::Date)?, bounds)
    }
    /// A time of day.
    pub fn time(&self, bounds: Bounds<TimeOfDay>) -> Result<TimeOfDay, Refusal> {
        answer::time(self.typed(Wanted::Time)?, bounds)
    }
    /// A date and time in the bot's zone.
    pub fn instant(&self, bounds: Bounds<Instant>) -> Result<Instant, Refusal> {
        let typed = self.typed(Wanted::DateTime)?;
        if let (What::Argument(_), Some(seconds)) = (self.what, typed.strip_prefix('@')) {
            // The form of a button's payload: an instant, whatever the zone.
            return seconds
                .parse()
                .ok()
                .and_then(Instant::try_from_unix)
                .ok_or(Refusal::Malformed(Wanted::DateTime))
                .and_then(|instant| within(instant, bounds));
        }
        answer::datetime(typed, self.words.data().formats.tz(), bounds)
    }
    /// One of the options: pressed, or typed as label or value (case and outer spaces ignored). `offered` are those
    /// whose `when` holds.
    pub fn choice<C: Choice>(&self, offered: &[C]) -> Result<C, Refusal> {
        let found = match self.what {
            What::Pressed(hash) => offered.iter().find(|o| hash32(o.value()) == hash),
            What::Typed(text) | What::Argument(text) => {
                let typed = text.trim().to_lowercase();
                let same = |words: &str| words.trim().to_lowercase() == typed;
                offered
                    .iter()
                    .find(|o| same(o.value()) || same(&o.label(self.words).plain()))
            }
            _ => return Err(Refusal::WrongKind(Wanted::Choice)),
        };
        found.copied().ok_or(Refusal::NotAnOption)
    }
    /// A phone number, typed or as a shared contact.
    pub fn phone(&self) -> Result<String, Refusal> {
        match self.what {
            What::Sent(Content::Contact(contact)) => answer::phone(&contact.phone),
            _ => answer::phone(self.typed(Wanted::Phone)?),
        }
    }
    /// An e-mail address.
    pub fn email(&self) -> Result<String, Refusal> {
        answer::email(self.typed(Wanted::Email)?)
    }
    /// A shared contact.
    pub fn contact(&self) -> Result<Contact, Refusal> {
        match self.what {
            What::Sent(Content::Contact(contact)) => Ok(contact.clone()),
            _ => Err(Refusal::WrongKind(Wanted::Contact)),
        }
    }
    /// A shared location.
    pub fn location(&self) -> Result<Location, Refusal> {
        match self.what {
            What::Sent(Content::Location(location)) => Ok(*location),
            _ => Err(Refusal::WrongKind(Wanted::Location)),
        }
    }
    /// A photo (its largest size).
    pub fn photo(&self) -> Result<File, Refusal> {
        match self.what {
            What::Sent(Content::Photo(file)) => Ok(file.clone()),
            _ => Err(Refusal::WrongKind(Wanted::Photo)),
        }
    }
    /// A document.
    pub fn file(&self) -> Result<File, Refusal> {
        match self.what {
            What::Sent(Content::File(file)) => Ok(file.clone()),
            _ => Err(Refusal::WrongKind(Wanted::File)),
        }
    }
}

/// Values of the two options of a `bool` step.
pub(crate) const YES: &str = "true";
/// See [`YES`].
pub(crate) const NO: &str = "false";

fn within(value: Instant, bounds: Bounds<Instant>) -> Result<Instant, Refusal> {
    match bounds {
        Bounds { min: Some(min), .. } if value < min => Err(Refusal::TooSmall {
            min: min.to_string(),
            length: false,
        }),
        Bounds { max: Some(max), .. } if value > max => Err(Refusal::TooGreat {
            max: max.to_string(),
            length: false,
        }),
        _ => Ok(value),
    }
}

/// Reads a command's typed arguments, in order, by the same rules as answers.
#[derive(Debug)]
pub struct ArgReader<'a> {
    rest: &'a str,
    words: &'a Words,
}

impl<'a> ArgReader<'a> {
    /// Of the text after the command.
    pub fn new(rest: &'a str, words: &'a Words) -> Self {
        Self { rest, words }
    }
    /// The next argument; missing: [`Refusal::Malformed`] of its type. `last`: a text that takes the whole rest.
    pub fn required<T>(
        &mut self,
        last: bool,
        read: impl FnOnce(&Given<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        match self.next(last) {
            Some(text) => read(&Given::argument(&text, self.words)),
            None => Err(Refusal::Malformed(Wanted::Text)),
        }
    }
    /// The next argument, `None` when it is missing or `~` (how `CommandLine` writes an absent one in the middle).
    pub fn optional<T>(
        &mut self,
        last: bool,
        read: impl FnOnce(&Given<'_>) -> Result<T, Refusal>,
    ) -> Result<Option<T>, Refusal> {
        match self.next(last) {
            Some(text) => read(&Given::argument(&text, self.words)).map(Some),
            None => Ok(None),
        }
    }

    fn next(&mut self, last: bool) -> Option<Cow<'a, str>> {
        let absent = {
            let (word, _) = next_arg(self.rest, false)?;
            // A quoted `"~"` is the text.
            matches!(word, Cow::Borrowed(ABSENT)) && !self.rest.trim_start().starts_with('"')
        };
        let (argument, rest) = next_arg(self.rest, last && !absent)?;
        self.rest = rest;
        (!absent).then_some(argument)
    }
}
