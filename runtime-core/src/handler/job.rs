//! Handlers in segments: what waits for something outside, and how the rest goes on.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use botfactory_lang::answer::{self, Bounds};
use botfactory_lang::value::{Date, Decimal, Instant, TimeOfDay};

use super::error::{Handled, HandlerError};
use super::given::Choice;
use super::message::Text;
use super::printer::Words;
use super::wizard::{Waiting, WizardSpec};
use super::{Cx, Next};
use crate::llm::ab::{self, Variant};
use crate::llm::presets::Preset;
use crate::llm::{Ask, Output, Task};

/// How many of 10 000 people get a rewritten reply where both are compared.
const HALF: u16 = 5_000;

/// Where a handler goes on once the answer is there.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Segment {
    /// Command of the flow, without `/`.
    pub flow: &'static str,
    /// Its place in the flow: `enter.1`.
    pub name: &'static str,
    /// The dialogue that waits meanwhile; `None`: the flow has none.
    pub wizard: Option<&'static WizardSpec>,
    /// Seconds after which the fallback holds.
    pub timeout: u32,
}

/// What a handler has asked for; stored with everything else that it did.
#[derive(Debug)]
pub(crate) struct Thought {
    pub(crate) segment: &'static Segment,
    pub(crate) ask: Ask,
    pub(crate) vars: Box<RawValue>,
    /// Of a rewritten reply, where that is compared.
    pub(crate) variant: Option<Variant>,
    /// Said where the answer takes long.
    pub(crate) long: Option<Text>,
    /// Said where the person has moved on meanwhile.
    pub(crate) late: Option<Text>,
}

impl Cx {
    /// Asks the model and ends this segment; the rest runs once there is an answer, or none will come. A dialogue waits
    /// meanwhile. `vars` is what the rest knows; with the question stands what is said where the answer takes long, and where
    /// the person has moved on. What of its texts has no room in a stored job is cut, as its author has said.
    ///
    /// # Errors
    /// The effect class said that the handler does not ask (a compiler bug), or what it knows does not serialize.
    pub fn think<V: Serialize>(
        &mut self,
        segment: &'static Segment,
        vars: &V,
        (ask, long, late): (Ask, Option<Text>, Option<Text>),
    ) -> Handled {
        if !self.connection.stores() {
            return Err(HandlerError::Bug(
                "a handler that only reads asks the model",
            ));
        }
        let vars = serde_json::value::to_raw_value(vars)
            .map_err(|_| HandlerError::Bug("what a segment knows does not serialize"))?;
        if let Some(wizard) = segment.wizard {
            self.next = match self
                .before
                .take_if(|before| self.inside && before.flow() == wizard.command)
            {
                Some(before) => {
                    let busy = Next::Turn(before.busy());
                    self.before = Some(before);
                    busy
                }
                None => {
                    if self.before.take().is_some() {
                        self.said.insert(0, super::Said::Own("bf-replaced"));
                    }
                    Next::Wait(Waiting::entering(wizard)?)
                }
            };
        }
        let improves = ask.task == Task::Improve;
        self.thought = Some(Thought {
            segment,
            ask: ask.stored(),
            vars,
            variant: self.variant.take().filter(|_| improves),
            long,
            late,
        });
        Ok(())
    }

    /// The question that rewrites a reply: in this style, with at most so many tokens; `compare`: for half of the people.
    /// `None`: it is sent as it is, and the event says so: it is not compared, too short or too long, or holds what plain words
    /// cannot say.
    pub fn improves(
        &mut self,
        place: &'static str,
        style: &'static str,
        most: Option<u32>,
        compare: bool,
        reply: &Text,
    ) -> Option<Ask> {
        let variant =
            compare.then(|| Variant::assigned("llm_improve", self.bot_id(), self.user_id(), HALF));
        let ask = if variant == Some(Variant::Control) || reply.says_more() {
            None
        } else {
            let style = Preset::named(style).unwrap_or_default();
            style.improve(place.into(), self.locale().into(), &reply.plain(), most)
        };
        match ask {
            Some(_) => self.variant = variant,
            None => self.tag(ab::tag(variant, None)),
        }
        ask
    }

    /// A message whose words the model has written: marked up like the original, which stays where there are none.
    #[must_use]
    pub fn reworded(&self, original: Text, words: Option<String>) -> Text {
        match words {
            Some(words) => {
                let mut text = Text::of(original.mode);
                text.push_plain(&words);
                text.end()
            }
            None => original,
        }
    }
}

/// The answer that a segment goes on with.
#[derive(Debug)]
pub struct Resumed<'a> {
    pub(crate) flow: &'a str,
    pub(crate) segment: &'a str,
    pub(crate) vars: &'a RawValue,
    pub(crate) output: Option<&'a Output>,
}

impl<'a> Resumed<'a> {
    /// Command of the flow.
    pub fn flow(&self) -> &'a str {
        self.flow
    }
    /// Name of the segment.
    pub fn segment(&self) -> &'a str {
        self.segment
    }
    /// What the segment knows.
    ///
    /// # Errors
    /// It was stored by a build that knew other things.
    pub fn vars<V: DeserializeOwned>(&self) -> Result<V, HandlerError> {
        serde_json::from_str(self.vars.get()).map_err(|_| HandlerError::Outdated)
    }
    /// A text; `None`: the fallback holds, as everywhere below.
    pub fn text(&self) -> Option<String> {
        match self.output? {
            Output::Text(text) => Some(text.clone()),
            _ => None,
        }
    }
    /// An option.
    pub fn choice<C: Choice>(&self) -> Option<C> {
        match self.output? {
            Output::Choice(value) => C::from_value(value),
            _ => None,
        }
    }
    /// A record; `make` takes its fields.
    pub fn record<R>(&self, make: impl FnOnce(Record<'_>) -> Option<R>) -> Option<R> {
        match self.output? {
            Output::Record(fields) => make(Record { fields }),
            _ => None,
        }
    }
}

/// How a handler came to the next segment.
#[derive(Debug)]
pub enum Went<'a> {
    /// Its action's condition did not hold.
    Past,
    /// Nothing was to be asked.
    On,
    /// It has asked.
    With(Resumed<'a>),
}

impl Went<'_> {
    /// Its action's condition did not hold.
    pub fn past(&self) -> bool {
        matches!(self, Self::Past)
    }
    fn answer(&self) -> Option<&Resumed<'_>> {
        match self {
            Self::With(answer) => Some(answer),
            Self::Past | Self::On => None,
        }
    }
    /// [`Resumed::text`].
    pub fn text(&self) -> Option<String> {
        self.answer()?.text()
    }
    /// [`Resumed::choice`].
    pub fn choice<C: Choice>(&self) -> Option<C> {
        self.answer()?.choice()
    }
    /// [`Resumed::record`].
    pub fn record<R>(&self, make: impl FnOnce(Record<'_>) -> Option<R>) -> Option<R> {
        self.answer()?.record(make)
    }
}

/// Fields of an answer. What is missing or of another kind is `None`.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    fields: &'a Map<String, Value>,
}

impl Record<'_> {
    fn str(&self, name: &str) -> Option<&str> {
        self.fields.get(name)?.as_str()
    }
    /// A text.
    pub fn text(&self, name: &str) -> Option<String> {
        self.str(name).map(str::to_owned)
    }
    /// A whole number.
    pub fn int(&self, name: &str) -> Option<i64> {
        self.fields.get(name)?.as_i64()
    }
    /// A decimal number.
    pub fn decimal<const SCALE: u8>(&self, name: &str) -> Option<Decimal<SCALE>> {
        Decimal::parse(self.str(name)?)
    }
    /// A truth value.
    pub fn bool(&self, name: &str) -> Option<bool> {
        self.fields.get(name)?.as_bool()
    }
    /// A date.
    pub fn date(&self, name: &str) -> Option<Date> {
        answer::date(
            self.str(name)?,
            Bounds {
                min: None,
                max: None,
            },
        )
        .ok()
    }
    /// A time of day.
    pub fn time(&self, name: &str) -> Option<TimeOfDay> {
        answer::time(
            self.str(name)?,
            Bounds {
                min: None,
                max: None,
            },
        )
        .ok()
    }
    /// A moment, as the clocks of the bot's zone show it.
    pub fn datetime(&self, name: &str, words: &Words) -> Option<Instant> {
        let zone = words.data().formats.tz();
        answer::datetime(
            self.str(name)?,
            zone,
            Bounds {
                min: None,
                max: None,
            },
        )
        .ok()
    }
    /// An option.
    pub fn choice<C: Choice>(&self, name: &str) -> Option<C> {
        C::from_value(self.str(name)?)
    }
}
