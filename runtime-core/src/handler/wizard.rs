//! Dialogues: what the runtime knows of a wizard, and a stored conversation.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::effect::{Effect, Reads, Writes};
use super::error::HandlerError;
use crate::incoming::{Person, Place as Chat};

/// Most bytes of a stored conversation.
pub const CONVERSATION_BYTES: usize = 64 * 1024;
/// Most states that `back` can return to; older ones are forgotten.
pub const TRAIL: usize = 32;

/// A wizard.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct WizardSpec {
    /// Its command, without `/`: the name of the flow in stored conversations.
    pub command: &'static str,
    /// Seconds that a waiting conversation lives.
    pub ttl: i64,
    /// Something happens by itself when nobody has answered for that long ([`crate::bot::Bot::timeout`]).
    pub on_timeout: bool,
    pub steps: &'static [StepSpec],
}

/// A step.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct StepSpec {
    pub id: &'static str,
    pub optional: bool,
    /// Values of a choice's options (buttons), in order; `bool` steps have `["true", "false"]`.
    pub options: &'static [&'static str],
    /// What it waits for.
    pub wanted: botfactory_lang::answer::Wanted,
    /// What an answer to it (or skipping it, or going back from it) may do.
    pub effect: Effect,
    pub reads: Reads,
    pub writes: Writes,
}

/// A conversation that waits for an answer: the flow, the run, the step, and the states (JSON) for now and for `back`.
#[derive(Clone, Serialize, Deserialize)]
pub struct Waiting {
    flow: String,
    /// Seconds that it lives, so that `back` need not know the wizard.
    ttl: i64,
    /// Its wizard says what happens then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    timed: bool,
    /// The timer has led here, and nobody has answered since: it does so once in a row.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    by_timer: bool,
    /// The rest of a handler waits for something outside; until then no answer is taken.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    busy: bool,
    /// Whom the timer tells; only where it is `timed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    caller: Option<Box<Caller>>,
    here: Place,
    loaded: Box<RawValue>,
    /// Where `back` leads, the last place last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    trail: Vec<Place>,
}

/// Whoever was asked, and where: no update tells it when a timer fires, or an answer of the model is there.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Caller {
    id: i64,
    first_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    language_code: Option<String>,
    chat: i64,
    private: bool,
    thread: i64,
}

impl Caller {
    pub(crate) fn of(person: &Person, chat: Chat) -> Self {
        Self {
            id: person.id,
            first_name: person.first_name.clone(),
            last_name: person.last_name.clone(),
            username: person.username.clone(),
            language_code: person.language_code.clone(),
            chat: chat.chat_id,
            private: chat.private,
            thread: chat.thread_id,
        }
    }

    /// The person's id.
    pub(crate) fn id(&self) -> i64 {
        self.id
    }

    /// Who, and where.
    pub(crate) fn parts(&self) -> (Person, Chat) {
        let person = Person {
            id: self.id,
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            username: self.username.clone(),
            language_code: self.language_code.clone(),
        };
        let chat = Chat {
            chat_id: self.chat,
            private: self.private,
            thread_id: self.thread,
        };
        (person, chat)
    }
}

/// A step and what was known there.
#[derive(Clone, Serialize, Deserialize)]
struct Place {
    step: String,
    /// It may be skipped.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    skip: bool,
    /// It shows a reply keyboard (contact, location, phone), to be removed afterwards.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    keyboard: bool,
    /// What its widget shows ([`super::widget::Widget`]); empty as it is first shown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    view: String,
    state: Box<RawValue>,
}

impl std::fmt::Debug for Waiting {
    /// Without answers.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiting")
            .field("flow", &self.flow)
            .field("step", &self.here.step)
            .field("trail", &self.trail.len())
            .finish_non_exhaustive()
    }
}

impl Waiting {
    /// At step `step` of `wizard`, after `before` (of the same run) if there is one.
    pub(crate) fn new<L: Serialize, S: Serialize>(
        wizard: &'static WizardSpec,
        step: usize,
        loaded: &L,
        state: &S,
        before: Option<&Waiting>,
    ) -> Result<Self, HandlerError> {
        let spec = wizard
            .steps
            .get(step)
            .ok_or(HandlerError::Bug("wait: no such step"))?;
        let raw = |json: serde_json::Result<Box<RawValue>>| {
            json.map_err(|_| HandlerError::Bug("wait: state does not serialize"))
        };
        let mut trail = Vec::new();
        if let Some(before) = before.filter(|before| before.flow == wizard.command) {
            trail.clone_from(&before.trail);
            if let Some(at) = trail.iter().position(|place| place.step == spec.id) {
                trail.truncate(at); // `goto` back: what came after it is asked again
            } else if before.here.step != spec.id {
                trail.push(before.here.clone());
                if trail.len() > TRAIL {
                    trail.remove(0);
                }
            }
        }
        Ok(Self {
            flow: wizard.command.to_owned(),
            ttl: wizard.ttl,
            timed: wizard.on_timeout,
            by_timer: false,
            busy: false,
            caller: None,
            here: Place {
                step: spec.id.to_owned(),
                skip: spec.optional,
                keyboard: shows_reply_keyboard(spec),
                view: String::new(),
                state: raw(serde_json::value::to_raw_value(state))?,
            },
            loaded: raw(serde_json::value::to_raw_value(loaded))?,
            trail,
        })
    }

    /// Command of the flow.
    pub fn flow(&self) -> &str {
        &self.flow
    }
    /// Id of the step.
    pub fn step(&self) -> &str {
        &self.here.step
    }
    /// What was loaded on entry, and the state.
    pub fn read<L: DeserializeOwned, S: DeserializeOwned>(&self) -> Result<(L, S), HandlerError> {
        let loaded = serde_json::from_str(self.loaded.get());
        let state = serde_json::from_str(self.here.state.get());
        match (loaded, state) {
            (Ok(loaded), Ok(state)) => Ok((loaded, state)),
            _ => Err(HandlerError::Outdated),
        }
    }
    /// Seconds that it waits.
    pub(crate) fn ttl(&self) -> i64 {
        self.ttl
    }
    /// Whether something happens by itself when it has waited that long.
    pub(crate) fn timed(&self) -> bool {
        self.timed
    }
    /// Whether the timer has led here, and nobody has answered since.
    pub(crate) fn by_timer(&self) -> bool {
        self.by_timer
    }
    /// The timer has led here.
    pub(crate) fn led_by_timer(&mut self) {
        self.by_timer = true;
    }
    /// Remembers whom the timer will tell, and where.
    pub(crate) fn remember(&mut self, person: &Person, chat: Chat) {
        self.caller = self.timed.then(|| Box::new(Caller::of(person, chat)));
    }
    /// Whom the timer tells, and where; `None`: nothing is declared.
    pub(crate) fn caller(&self) -> Option<(Person, Chat)> {
        Some(self.caller.as_deref()?.parts())
    }
    /// Before the first question, while the rest of what comes before it waits for something outside.
    pub(crate) fn entering(wizard: &'static WizardSpec) -> Result<Self, HandlerError> {
        let nothing = || {
            RawValue::from_string("null".to_owned())
                .map_err(|_| HandlerError::Bug("null does not serialize"))
        };
        Ok(Self {
            flow: wizard.command.to_owned(),
            ttl: wizard.ttl,
            timed: false,
            by_timer: false,
            busy: true,
            caller: None,
            here: Place {
                step: String::new(),
                skip: false,
                keyboard: false,
                view: String::new(),
                state: nothing()?,
            },
            loaded: nothing()?,
            trail: Vec::new(),
        })
    }
    /// The same question, while the rest of a handler waits for something outside.
    pub(crate) fn busy(&self) -> Self {
        Self {
            busy: true,
            ..self.clone()
        }
    }
    /// Whether the rest of a handler waits for something outside.
    pub(crate) fn is_busy(&self) -> bool {
        self.busy
    }
    /// The question that is still there when that is over; `None`: none was asked yet.
    pub(crate) fn freed(self) -> Option<Self> {
        (!self.here.step.is_empty()).then_some(Self {
            busy: false,
            ..self
        })
    }
    /// What the step's widget shows.
    pub(crate) fn view(&self) -> &str {
        &self.here.view
    }
    /// The same question, its widget turned.
    pub(crate) fn turned(&self, view: String) -> Self {
        let mut waiting = self.clone();
        waiting.here.view = view;
        waiting.by_timer = false;
        waiting
    }
    /// Whether its step may be skipped.
    pub(crate) fn can_skip(&self) -> bool {
        self.here.skip
    }
    /// Whether there is a step to go back to.
    pub(crate) fn can_go_back(&self) -> bool {
        !self.trail.is_empty()
    }
    /// Whether a reply keyboard is shown.
    pub(crate) fn reply_keyboard(&self) -> bool {
        self.here.keyboard
    }
    /// Elsewhere no reply keyboard is shown (<https://core.telegram.org/bots/api#keyboardbutton>: private chats only).
    pub(crate) fn only_private_keyboard(&mut self, private: bool) {
        self.here.keyboard &= private;
    }
    /// The step before, with what was known there.
    pub(crate) fn back(&self) -> Option<Self> {
        let mut waiting = self.clone();
        waiting.here = waiting.trail.pop()?;
        waiting.by_timer = false;
        waiting.busy = false;
        Some(waiting)
    }
    /// For the database.
    pub(crate) fn to_json(&self) -> Result<String, HandlerError> {
        let json = serde_json::to_string(self)
            .map_err(|_| HandlerError::Bug("conversation does not serialize"))?;
        if json.len() > CONVERSATION_BYTES {
            return Err(HandlerError::TooLarge(CONVERSATION_BYTES));
        }
        Ok(json)
    }
    /// From the database; what cannot be read was written by another build.
    pub(crate) fn from_json(json: &str) -> Result<Self, HandlerError> {
        serde_json::from_str(json).map_err(|_| HandlerError::Outdated)
    }
}

/// Whether a step's question comes with a reply keyboard instead of inline buttons: only those can ask for a contact or
/// a location (<https://core.telegram.org/bots/api#keyboardbutton>).
pub(crate) fn shows_reply_keyboard(step: &StepSpec) -> bool {
    use botfactory_lang::answer::Wanted::{Contact, Location, Phone};
    matches!(step.wanted, Contact | Location | Phone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use botfactory_lang::answer::Wanted;

    const fn step(id: &'static str) -> StepSpec {
        StepSpec {
            id,
            optional: false,
            options: &[],
            wanted: Wanted::Text,
            effect: Effect::State,
            reads: Reads::None,
            writes: Writes::None,
        }
    }

    static WIZARD: WizardSpec = WizardSpec {
        command: "book",
        ttl: 60,
        on_timeout: false,
        steps: &[step("a"), step("b"), step("c")],
    };

    fn at(step: usize, before: Option<&Waiting>) -> Waiting {
        Waiting::new(&WIZARD, step, &(), &step, before).unwrap()
    }

    #[test]
    fn back_walks_the_trail_and_goto_cuts_it() {
        let a = at(0, None);
        assert!(!a.can_go_back());
        let c = at(2, Some(&at(1, Some(&a))));
        let json = c.to_json().unwrap();
        let c = Waiting::from_json(&json).unwrap();
        let b = c.back().unwrap();
        assert_eq!(b.step(), "b");
        assert_eq!(b.read::<(), usize>().unwrap().1, 1);
        assert_eq!(b.back().unwrap().step(), "a");
        // From c by `goto` to b: back leads to a, not to c.
        let again = at(1, Some(&c));
        assert_eq!(again.back().unwrap().step(), "a");
        // The same step again leaves the trail alone.
        assert_eq!(at(2, Some(&c)).back().unwrap().step(), "b");
    }

    #[test]
    fn bounds_hold() {
        let big = "x".repeat(CONVERSATION_BYTES);
        let waiting = Waiting::new(&WIZARD, 0, &(), &big, None).unwrap();
        assert!(matches!(waiting.to_json(), Err(HandlerError::TooLarge(_))));
        assert!(matches!(
            Waiting::from_json("{\"flow\":\"book\"}"),
            Err(HandlerError::Outdated)
        ));
    }
}
