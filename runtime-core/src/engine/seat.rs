//! A bot as the engine serves it, and one update of it.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use botfactory_lang::callback::Owner;

use super::{EngineError, Served};
use crate::bot::{Bot, BotSpec, Scope};
use crate::handler::printer::Words;
#[cfg(feature = "postgres")]
use crate::handler::wizard::StepSpec;
use crate::i18n::{Texts, TextsError};
use crate::incoming::{CallbackIn, Channel, Person, Place, guest};
use crate::limits::Decisions;
use crate::store::conversation::Key;

/// From arrival to ack, queueing included.
pub(crate) const DEADLINE: Duration = Duration::from_secs(25);
/// A handler's time for a message.
const MESSAGE_TIME: Duration = Duration::from_secs(8);
/// A handler's time for a callback: Telegram shows a spinner till it is answered.
const CALLBACK_TIME: Duration = Duration::from_secs(4);

/// A bot of this deployment.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) bot: &'static dyn Bot,
    pub(crate) spec: &'static BotSpec,
    /// As they were compiled.
    pub(crate) texts: Arc<Texts>,
    /// As they are now. Read without a lock, swapped as a whole.
    live: ArcSwap<Texts>,
    /// Some limit stands before everything that the bot does.
    pub(crate) policed: bool,
    telegram_id: Option<i64>,
    preview_id: i64,
    username: RwLock<Option<String>>,
    admins: ArcSwap<Arc<[i64]>>,
}

impl Seat {
    pub(crate) fn new(served: Served) -> Result<Self, EngineError> {
        let spec = served.bot.spec();
        let texts = Texts::new(spec.languages()).map_err(|error| match error {
            TextsError::Zone => EngineError::Zone { bot: spec.id },
            TextsError::Locale(locale) => EngineError::Texts {
                bot: spec.id,
                locale,
            },
        })?;
        let texts = Arc::new(texts);
        Ok(Self {
            bot: served.bot,
            spec,
            live: ArcSwap::new(texts.clone()),
            texts,
            policed: served.bot.limits().iter().any(|l| l.command.is_empty()),
            telegram_id: served.telegram_id,
            preview_id: crate::store::person::preview_number(spec.id),
            username: RwLock::new(None),
            admins: ArcSwap::from_pointee(Arc::from([])),
        })
    }

    /// Its texts as they are now.
    pub(crate) fn texts_now(&self) -> Arc<Texts> {
        self.live.load_full()
    }

    /// From the next update on these are its texts.
    pub(crate) fn speak(&self, texts: Arc<Texts>) {
        self.live.store(texts);
    }

    /// The numeric id that claims, sends and payloads are keyed by.
    pub(crate) fn id(&self, preview: bool) -> i64 {
        match self.telegram_id {
            Some(id) if !preview => id,
            _ => self.preview_id,
        }
    }

    /// It has a token.
    pub(crate) fn is_connected(&self) -> bool {
        self.telegram_id.is_some()
    }

    pub(crate) fn set_username(&self, username: &str) {
        *self
            .username
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Some(username.to_owned());
    }

    /// Whether `@name` is this bot; while nobody knows its name, every name may be.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.username
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .as_deref()
            .is_none_or(|own| own.eq_ignore_ascii_case(name))
    }

    /// Who may use what only admins may.
    pub(crate) fn admins(&self) -> Arc<[i64]> {
        self.admins.load().as_ref().clone()
    }

    pub(crate) fn set_admins(&self, admins: &[i64]) {
        self.admins.store(Arc::new(admins.into()));
    }

    /// Whether the person is one of them; a preview has admins of its own.
    pub(crate) fn is_admin(&self, person: i64) -> bool {
        guest::is_admin(person) || self.admins.load().contains(&person)
    }

    /// Whether only admins may use what the command begins.
    pub(crate) fn is_for_admins(&self, command: &str) -> bool {
        let mut commands = self.spec.commands.iter();
        commands.any(|spec| spec.name == command && spec.admins)
    }

    /// What the compiler knows of a wizard's step.
    #[cfg(feature = "postgres")]
    pub(crate) fn step(&self, flow: &str, step: &str) -> Option<&'static StepSpec> {
        let wizard = self.spec.wizards.iter().find(|w| w.command == flow)?;
        wizard.steps.iter().find(|known| known.id == step)
    }

    /// Whether a handler of the command (its flow) has a limit.
    pub(crate) fn limited(&self, command: &str) -> bool {
        let limits = self.bot.limits();
        !command.is_empty() && limits.iter().any(|limit| limit.command == command)
    }

    /// The command's name as the compiler wrote it: bounded, fit for a label.
    pub(crate) fn command_name(&self, flow: &str) -> &'static str {
        self.spec
            .commands
            .iter()
            .find(|command| command.name == flow)
            .map_or("", |command| command.name)
    }
}

/// A pressed button.
#[derive(Debug, Clone)]
pub(crate) struct Pressed {
    pub(crate) id: String,
    /// 0: Telegram no longer says which message.
    pub(crate) message_id: i64,
}

/// One update on its way.
#[derive(Debug)]
pub(crate) struct Update {
    pub(crate) seat: Arc<Seat>,
    pub(crate) update_id: i64,
    pub(crate) channel: Channel,
    pub(crate) trace_id: String,
    pub(crate) arrived: Instant,
    pub(crate) place: Place,
    pub(crate) pressed: Option<Pressed>,
    pub(crate) key: Key,
    pub(crate) words: Words,
    /// Decisions about limits; `None` where the bot has none.
    pub(crate) limits: Option<Arc<Decisions>>,
    /// When whoever acts was noted to be written, by this update.
    pub(crate) noted: Option<i64>,
}

impl Update {
    /// The update's owner of buttons and its conversation, as far as the bot's scope tells them apart.
    pub(crate) fn key(seat: &Seat, channel: Channel, person: &Person, place: Place) -> Key {
        let (chat, by_person, thread) = match seat.spec.scope {
            Scope::UserInChat => (place.chat_id, person.id, 0),
            Scope::Chat => (place.chat_id, 0, 0),
            Scope::User => (0, person.id, 0),
            Scope::Thread => (place.chat_id, 0, place.thread_id),
        };
        Key {
            bot: seat.id(channel == Channel::Preview),
            chat,
            person: by_person,
            thread,
        }
    }

    pub(crate) fn pressed(callback: &CallbackIn) -> Pressed {
        Pressed {
            id: callback.id.clone(),
            message_id: callback.message_id,
        }
    }

    /// Whose buttons this update's are.
    pub(crate) fn owner(&self) -> Owner {
        owner(self.key)
    }

    /// What is left till the ack must leave; `None`: nothing worth beginning.
    pub(crate) fn time(&self) -> Option<Duration> {
        let own = if self.pressed.is_some() {
            CALLBACK_TIME
        } else {
            MESSAGE_TIME
        };
        let left = DEADLINE.saturating_sub(self.arrived.elapsed());
        (left > Duration::from_millis(50)).then_some(left.min(own))
    }
}

/// A conversation as the owner of its buttons.
pub(crate) fn owner(key: Key) -> Owner {
    Owner {
        bot: key.bot,
        chat: key.chat,
        person: key.person,
        thread: key.thread,
    }
}
