//! All that a generated handler can do: the verbs of [`Cx`].

pub mod arithmetic;
pub mod db;
pub mod effect;
pub mod error;
pub mod given;
pub mod job;
pub mod limit;
pub mod marks;
pub mod message;
pub mod pages;
#[cfg(feature = "postgres")]
pub mod pg;
pub mod printer;
pub mod reader;
pub mod widget;
pub mod wizard;

use std::sync::{Arc, OnceLock};

use botfactory_lang::locale::LocaleIndex;
use botfactory_lang::value::{Date, Instant};
use botfactory_lang::words::Arg;
use db::{Connection, Db};
use error::{Handled, HandlerError};
use message::{Message, Text};
use printer::Words;
use serde::Serialize;
use wizard::{Waiting, WizardSpec};

use crate::limits::Decisions;
use crate::llm::ab::Variant;
use crate::store::events::ResultTag;

/// One update being handled: who, where, when, the database, and what the handler has decided so far.
///
/// Owns its connection while the handler runs; the engine takes everything back afterwards.
#[derive(Debug)]
pub struct Cx {
    pub(crate) words: Words,
    /// Telegram's numeric id of the bot; 0 where a handler only runs ahead for its limits.
    pub(crate) bot: i64,
    pub(crate) connection: Connection,
    /// In order.
    pub(crate) said: Vec<Said>,
    /// The dialogue that waits, if the engine has looked (it has wherever a handler may touch it).
    pub(crate) before: Option<Waiting>,
    /// Why no handler ran, where one might have.
    pub(crate) unhandled: Option<Unhandled>,
    /// The person went a step back.
    pub(crate) back: bool,
    /// Whether the handler stands in the dialogue: it answers one, or began one.
    pub(crate) inside: bool,
    pub(crate) next: Next,
    pub(crate) locale: Option<LocaleIndex>,
    pub(crate) wrote: bool,
    /// Statements that read, and that wrote.
    pub(crate) queries: u64,
    pub(crate) execs: u64,
    /// What the answer to a press shows.
    pub(crate) toast: Option<Text>,
    /// Only private chats can show keyboards that ask for a contact or a location.
    pub(crate) private: bool,
    /// The view of the question's widget, as it is shown first.
    pub(crate) begun: String,
    /// The question that was to be asked has nothing to choose from.
    pub(crate) over: bool,
    /// The dialogue's time was over.
    pub(crate) timed_out: bool,
    /// Decisions about limits; `None` where the bot has none.
    pub(crate) limits: Option<Arc<Decisions>>,
    /// A limit has held it back.
    pub(crate) held_back: bool,
    /// Who wrote the reply, where that is compared.
    pub(crate) tag: Option<ResultTag>,
    /// Of the reply that is about to be rewritten.
    pub(crate) variant: Option<Variant>,
    /// The kind of the widget that was shown, and of that which has given an answer.
    pub(crate) drawn: Option<&'static str>,
    pub(crate) picked: OnceLock<&'static str>,
    /// What it has asked the model; the rest waits for the answer.
    pub(crate) thought: Option<job::Thought>,
    /// A promise of the compiler that did not hold, noticed where no error can be returned.
    pub(crate) bug: Option<&'static str>,
}

/// Why no handler ran, and the dialogue that waited.
#[derive(Debug)]
pub(crate) struct Unhandled {
    pub(crate) why: Why,
    pub(crate) dialogue: Option<Waiting>,
}

/// Why no handler ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// The person cancelled the dialogue.
    Cancelled,
    /// The dialogue's time was over.
    Late,
    /// Another build began the dialogue, and this one does not know its state.
    Outdated,
    /// Only admins may.
    Forbidden,
}

/// Where the conversation goes.
#[derive(Debug)]
pub(crate) enum Next {
    /// As it was.
    Stay,
    /// Waits for an answer.
    Wait(Waiting),
    /// Waits for the same answer: the question's widget shows something else.
    Turn(Waiting),
    /// Waits for nothing.
    End,
}

/// Something said, not yet a call.
#[derive(Debug)]
pub(crate) enum Said {
    Message(Message),
    Question {
        wizard: &'static WizardSpec,
        step: usize,
        text: Text,
        choices: Choices,
    },
    /// An answer was refused: a toast when a button was pressed, else a message.
    Refusal(Text),
    /// The runtime's own words.
    Own(&'static str),
}

/// What a question offers.
#[derive(Debug)]
pub(crate) enum Choices {
    /// Options of its step.
    Options(Vec<(usize, Text)>),
    /// A widget; `edit`: in place of the message whose button was pressed.
    Widget {
        drawn: widget::Drawn,
        extra: Vec<Vec<message::Button>>,
        edit: bool,
    },
}

impl Cx {
    pub(crate) fn new(words: Words, connection: Connection, before: Option<Waiting>) -> Self {
        Self {
            words,
            bot: 0,
            connection,
            said: Vec::new(),
            before,
            unhandled: None,
            back: false,
            inside: false,
            next: Next::Stay,
            locale: None,
            wrote: false,
            queries: 0,
            execs: 0,
            toast: None,
            private: false,
            begun: String::new(),
            over: false,
            timed_out: false,
            limits: None,
            held_back: false,
            tag: None,
            variant: None,
            drawn: None,
            picked: OnceLock::new(),
            thought: None,
            bug: None,
        }
    }

    /// The update's event says who wrote the reply. It has room for one: of several replies, for the one that says most.
    pub(crate) fn tag(&mut self, tag: ResultTag) {
        if self.tag.is_none_or(|known| tag.says_more_than(known)) {
            self.tag = Some(tag);
        }
    }

    /// `:bot_id`.
    pub fn bot_id(&self) -> &'static str {
        self.words.bot_id()
    }
    /// `:user_id`.
    pub fn user_id(&self) -> i64 {
        self.words.user_id()
    }
    /// `:chat_id`.
    pub fn chat_id(&self) -> i64 {
        self.words.chat_id()
    }
    /// The moment the update was taken up; the same for the whole handler.
    pub fn now(&self) -> Instant {
        self.words.now()
    }
    /// Today in the bot's zone.
    pub fn today(&self) -> Date {
        self.words.today()
    }
    /// The person's locale tag.
    pub fn locale(&self) -> &'static str {
        self.words.locale()
    }
    /// What texts can see.
    pub fn words(&self) -> &Words {
        &self.words
    }

    /// The connection for a query that reads.
    ///
    /// # Errors
    /// The effect class said that none is needed (a compiler bug, never a panic), or none can be had.
    pub async fn db(&mut self) -> Result<Db<'_>, HandlerError> {
        self.queries += 1;
        self.connection.db().await
    }
    /// The connection for a statement that writes. Remembers that something was written.
    ///
    /// # Errors
    /// The effect class said that the handler only reads.
    #[allow(clippy::unused_async)] // as `db`: an engine may have to go and get it
    pub async fn db_write(&mut self) -> Result<Db<'_>, HandlerError> {
        let db = self.connection.db_write()?;
        self.wrote = true;
        self.execs += 1;
        Ok(db)
    }
    /// Whether the handler's only statement is to be handed over ([`Cx::defer`]) instead of run.
    #[cfg(feature = "postgres")]
    pub fn defers(&self) -> bool {
        matches!(&self.connection, Connection::PostgresRead(reading) if reading.defers)
    }
    /// Hands over the handler's only statement: it runs together with claim, conversation and response, in one round
    /// trip. `query` is `sql` with its arguments, as sqlx's macro has checked it.
    ///
    /// # Errors
    /// It ran and a constraint refused it: the handler runs again and learns it here.
    #[cfg(feature = "postgres")]
    pub fn defer<'q>(
        &mut self,
        sql: &'static str,
        mut query: impl sqlx::Execute<'q, sqlx::Postgres>,
    ) -> Result<(), HandlerError> {
        let Connection::PostgresRead(reading) = &mut self.connection else {
            return Err(HandlerError::Bug("a statement is handed over to nobody"));
        };
        let arguments = query.take_arguments().map_err(sqlx::Error::Encode)?;
        reading.defer(sql, arguments.unwrap_or_default())?;
        self.wrote = true;
        self.execs += 1;
        Ok(())
    }
    /// Undoes every statement of this update so far (`on_conflict`); answers and replies stay.
    ///
    /// # Errors
    /// The database fails.
    pub async fn undo(&mut self) -> Result<(), HandlerError> {
        self.connection.undo().await
    }

    /// Sends a message: split where it is too long, edits in place where it says so and a button was pressed.
    pub fn reply(&mut self, message: Message) {
        self.said.push(Said::Message(message));
    }
    /// Refuses the command's arguments: `bf-bad-argument` with the usage.
    pub fn refuse_args(&mut self, usage: &'static str) {
        let args = printer::Args::new().with("usage", Arg::Text(usage.into()));
        let text = self.words.own("bf-bad-argument", &args);
        self.said.push(Said::Refusal(text));
    }
    /// A list cannot be shown again as its button says: it was made by a build that knew other things.
    ///
    /// # Errors
    /// Never: the type is a handler's.
    pub fn outdated(&mut self) -> Handled {
        self.toast = Some(self.words.own_plain("bf-outdated"));
        Ok(())
    }
    /// Shows the keyboard of the bot's locales.
    pub fn show_locales(&mut self) {
        let texts = Arc::clone(&self.words.texts);
        let mut message = Message::new(self.words.own("bf-choose-locale", &printer::Args::new()));
        for (index, tag) in texts.tags().iter().enumerate() {
            let mut words = self.words.clone();
            words.locale = index; // each language in its own words
            let name = words.own_plain("bf-locale-name");
            let data = botfactory_lang::callback::locale(tag);
            message = message.row([message::Button::callback(&name, data)]);
        }
        self.reply(message);
    }
    /// Stores the person's (or chat's) locale and goes on in it. A tag the bot does not have is an error.
    pub async fn set_locale(&mut self, tag: &str) -> Result<(), HandlerError> {
        let Some(index) = self.words.texts.index(tag) else {
            return Err(HandlerError::Bug("set_locale: no such locale"));
        };
        if !self.connection.stores() {
            return Err(HandlerError::Bug("a handler that only reads sets a locale"));
        }
        // Stored with everything else at the end: `undo` is about the bot's statements.
        self.locale = Some(index);
        self.words.locale = index;
        Ok(())
    }

    /// Starts a dialogue: a new run; one that was waiting is replaced, and the person is told.
    pub fn begin(&mut self, wizard: &'static WizardSpec) {
        let _ = wizard;
        if !self.connection.stores() {
            self.bug = Some("a handler that only reads begins a dialogue");
        }
        if self.before.take().is_some() {
            self.said.push(Said::Own("bf-replaced"));
            self.next = Next::End;
        }
        self.inside = true;
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
        self.said.push(Said::Question {
            wizard,
            step,
            text,
            choices: Choices::Options(options),
        });
    }
    /// Asks a step's question with a widget: as it was left, if this is the way back to it.
    pub fn show<W: widget::Widget>(
        &mut self,
        wizard: &'static WizardSpec,
        step: usize,
        text: Text,
        widget: &W,
    ) {
        let view = match &self.next {
            Next::Wait(waiting) if is_at(waiting, wizard, step) => waiting.view(),
            _ => "",
        };
        let drawn = widget.draw(&self.words, view);
        self.drawn = Some(W::KIND);
        let begun = widget.begun();
        if begun.len() > widget::VIEW_BYTES {
            self.bug = Some("a widget's view is too long");
        }
        self.begun = begun;
        self.said.push(Said::Question {
            wizard,
            step,
            text,
            choices: Choices::Widget {
                drawn,
                extra: widget.extra(),
                edit: false,
            },
        });
    }
    /// What a list in pages is to show where its step's question is asked.
    pub fn seek(&self, wizard: &'static WizardSpec, step: usize) -> widget::Seek {
        let view = match &self.next {
            Next::Wait(waiting) if is_at(waiting, wizard, step) => waiting.view(),
            _ => "",
        };
        widget::Seek::new(view, None, None, false)
    }
    /// What it is to show, and what was chosen of it, now that something is given; `search`: typed words are searched.
    pub fn seek_given(&self, given: &given::Given<'_>, search: bool) -> widget::Seek {
        let view = self.before.as_ref().map_or("", Waiting::view);
        widget::Seek::new(view, given.pressed_key(), given.typed_text(), search)
    }
    /// There is nothing to choose from: this is said instead of the question, and the flow is over.
    pub fn over(&mut self, message: Message) {
        self.reply(message);
        self.end();
        self.over = true;
    }
    /// What an answer to a widget's question comes to.
    ///
    /// # Errors
    /// The widget does not take it.
    pub fn give<W: widget::Widget>(
        &self,
        widget: &W,
        given: &given::Given<'_>,
    ) -> Result<widget::Turned<W::Value>, given::Refusal> {
        let view = self.before.as_ref().map_or("", Waiting::view);
        let turned = given.to(widget, view);
        if let Ok(widget::Turned::Value(_)) = &turned {
            let _ = self.picked.set(W::KIND); // a handler takes one answer
        }
        turned
    }
    /// The same question, its widget turned: the message whose button was pressed shows it from now on, and its buttons
    /// still count.
    ///
    /// # Errors
    /// Outside a dialogue, or a view too long: bugs of a widget.
    pub fn turn<W: widget::Widget>(
        &mut self,
        wizard: &'static WizardSpec,
        step: usize,
        text: Text,
        widget: &W,
        view: String,
    ) -> Handled {
        if view.len() > widget::VIEW_BYTES {
            return Err(HandlerError::Bug("a widget's view is too long"));
        }
        let Some(before) = &self.before else {
            return Err(HandlerError::Bug("turn outside a dialogue"));
        };
        let drawn = widget.draw(&self.words, &view);
        self.drawn = Some(W::KIND);
        self.next = Next::Turn(before.turned(view));
        self.said.push(Said::Question {
            wizard,
            step,
            text,
            choices: Choices::Widget {
                drawn,
                extra: widget.extra(),
                edit: true,
            },
        });
        Ok(())
    }
    /// After a refused press: the keyboard may show what is not so any more, and is drawn again as it is now.
    ///
    /// # Errors
    /// As [`Self::turn`].
    pub fn redraw<W: widget::Widget>(
        &mut self,
        wizard: &'static WizardSpec,
        step: usize,
        text: Text,
        widget: &W,
        given: &given::Given<'_>,
    ) -> Handled {
        if !given.is_press() {
            return Ok(());
        }
        let view = self.before.as_ref().map_or("", Waiting::view).to_owned();
        self.turn(wizard, step, text, widget, view)
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
        if !self.inside {
            return Err(HandlerError::Bug("wait outside a dialogue"));
        }
        if self.over {
            return Ok(());
        }
        let mut waiting = Waiting::new(wizard, step, loaded, state, self.before.as_ref())?;
        waiting.only_private_keyboard(self.private);
        if !self.begun.is_empty() {
            waiting = waiting.turned(std::mem::take(&mut self.begun));
        }
        self.next = Next::Wait(waiting);
        Ok(())
    }
    /// Refuses an answer: the step's own text, else the runtime's words for the refusal. The conversation stays.
    pub fn refuse(
        &mut self,
        wizard: &'static WizardSpec,
        step: usize,
        refusal: &given::Refusal,
        text: Option<Text>,
    ) {
        let _ = (wizard, step);
        let text = text.unwrap_or_else(|| {
            let (key, list) = refusal.message();
            let mut args = printer::Args::new();
            for (name, value) in list {
                args = args.with(name, Arg::Text(value.into()));
            }
            self.words.own(key, &args)
        });
        self.said.push(Said::Refusal(text));
    }
    pub(crate) fn refuse_own(&mut self, key: &'static str) {
        let text = self.words.own(key, &printer::Args::new());
        self.said.push(Said::Refusal(text));
    }
    /// [`Cx::end`], as the last words of a handler.
    ///
    /// # Errors
    /// Never: the type is a handler's.
    pub fn done(&mut self) -> Handled {
        self.end();
        Ok(())
    }
    /// The dialogue has taken too long: it is over, and the runtime says so.
    ///
    /// # Errors
    /// Never: the type is a handler's.
    pub fn expire(&mut self) -> Handled {
        self.said.push(Said::Own("bf-expired"));
        self.done()
    }
    /// The flow is over; the conversation waits for nothing.
    pub fn end(&mut self) {
        if self.inside {
            self.next = Next::End;
        }
    }
}

fn is_at(waiting: &Waiting, wizard: &WizardSpec, step: usize) -> bool {
    waiting.flow() == wizard.command
        && wizard
            .steps
            .get(step)
            .is_some_and(|spec| spec.id == waiting.step())
}
