//! All that a generated handler can do: the verbs of [`Cx`].

pub mod arithmetic;
pub mod error;
pub mod given;
pub mod message;
pub mod printer;
pub mod wizard;

use botfactory_lang::value::{Date, Instant};
use error::HandlerError;
use message::{Message, Text};
use printer::Words;
use serde::Serialize;
use wizard::WizardSpec;

/// One update being handled: who, where, when, the database, and what the handler has decided so far.
///
/// Owns its connection while the handler runs; the engine takes everything back afterwards.
#[derive(Debug)]
pub struct Cx {/* private: person, chat, words, clock, connection, calls so far, conversation move, flags */}

impl Cx {
    /// `:bot_id`.
    pub fn bot_id(&self) -> &'static str {
        todo!()
    }
    /// `:user_id`.
    pub fn user_id(&self) -> i64 {
        todo!()
    }
    /// `:chat_id`.
    pub fn chat_id(&self) -> i64 {
        todo!()
    }
    /// The moment the update was taken up; the same for the whole handler.
    pub fn now(&self) -> Instant {
        todo!()
    }
    /// Today in the bot's zone.
    pub fn today(&self) -> Date {
        todo!()
    }
    /// The person's locale tag.
    pub fn locale(&self) -> &'static str {
        todo!()
    }
    /// What texts can see.
    pub fn words(&self) -> &Words {
        todo!()
    }

    /// The connection for a query that reads. An error when the effect class said that none is needed
    /// (a compiler bug, never a panic).
    pub fn db(&mut self) -> Result<&mut sqlx::SqliteConnection, HandlerError> {
        todo!()
    }
    /// The connection for a statement that writes: only inside the writer. Remembers that something was written.
    pub fn db_write(&mut self) -> Result<&mut sqlx::SqliteConnection, HandlerError> {
        todo!()
    }
    /// Undoes every statement of this update so far (`on_conflict`); answers and replies stay.
    pub async fn undo(&mut self) -> Result<(), HandlerError> {
        todo!()
    }

    /// Sends a message: split where it is too long, edits in place where it says so and a button was pressed.
    pub fn reply(&mut self, message: Message) {
        let _ = message;
        todo!()
    }
    /// Refuses the command's arguments: `bf-bad-argument` with the usage.
    pub fn refuse_args(&mut self, usage: &'static str) {
        let _ = usage;
        todo!()
    }
    /// Shows the keyboard of the bot's locales.
    pub fn show_locales(&mut self) {
        todo!()
    }
    /// Stores the person's (or chat's) locale and goes on in it. A tag the bot does not have is an error.
    pub async fn set_locale(&mut self, tag: &str) -> Result<(), HandlerError> {
        let _ = tag;
        todo!()
    }

    /// Starts a dialogue: a new run; one that was waiting is replaced, and the person is told.
    pub fn begin(&mut self, wizard: &'static WizardSpec) {
        let _ = wizard;
        todo!()
    }
    /// Asks a step's question: its text, its options (`(index into StepSpec::options, label)`), and the row of back,
    /// skip and cancel. For steps of type contact and location it explains how to send one.
    pub fn ask(
        &mut self,
        wizard: &'static WizardSpec,
        step: usize,
        text: Text,
        options: Vec<(usize, Text)>,
    ) {
        let _ = (wizard, step, text, options);
        todo!()
    }
    /// Waits for the answer to step `step`; `loaded` and `state` are kept with the conversation. The state that was
    /// left is remembered for `back`.
    pub fn wait<L: Serialize, S: Serialize>(
        &mut self,
        wizard: &'static WizardSpec,
        step: usize,
        loaded: &L,
        state: &S,
    ) -> Result<(), HandlerError> {
        let _ = (wizard, step, loaded, state);
        todo!()
    }
    /// Refuses an answer: the step's own text, else the runtime's words for the refusal. The conversation stays.
    pub fn refuse(
        &mut self,
        wizard: &'static WizardSpec,
        step: usize,
        refusal: &given::Refusal,
        text: Option<Text>,
    ) {
        let _ = (wizard, step, refusal, text);
        todo!()
    }
    /// [`Cx::end`], as the last words of a handler.
    ///
    /// # Errors
    /// Never: the type is a handler's.
    pub fn done(&mut self) -> crate::bot::Handled {
        self.end();
        Ok(())
    }
    /// The flow is over; the conversation waits for nothing.
    pub fn end(&mut self) {
        todo!()
    }
}
