//! Webhook, polling and preview: all become the same [`Incoming`].

pub mod deliver;
pub mod polling;
pub mod preview;
pub mod webhook;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use botfactory_lang::value::{Contact, File, Location};

use crate::broadcast::Broadcasts;
use crate::engine::{OfferedRow, Outcome, Outgoing};
use crate::llm::Llm;
use crate::outbox::DirectError;
use crate::store::Store;
use crate::texts::Overrides;

/// A boxed future.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What ingress stands on: the engine, the sender and the store, as one. Tests put their own in its place.
pub trait Core: Send + Sync + std::fmt::Debug + 'static {
    /// Handles an update.
    fn handle(&self, incoming: Incoming) -> Boxed<'_, Outcome>;
    /// Sends a call of an update that is not acknowledged yet; `bot` is Telegram's numeric id.
    fn direct(&self, bot: i64, call: Outgoing) -> Boxed<'_, Result<(), DirectError>>;
    /// A response that carried this row has left the process.
    fn flushed(&self, row: OfferedRow);
    /// Whether the store answers.
    fn healthy(&self) -> Boxed<'_, bool>;
    /// Where dead letters are.
    fn letters(&self) -> Option<&Arc<Store>> {
        None
    }
    /// A dead letter waits to be sent again.
    fn requeued(&self) {}
    /// Broadcasts.
    fn broadcasts(&self) -> Option<&Broadcasts> {
        None
    }
    /// Texts that are overridden at run time.
    fn overrides(&self) -> Option<&Overrides> {
        None
    }
    /// The model that bots ask.
    fn llm(&self) -> Option<&Llm> {
        None
    }
    /// Who may use what only admins may, from the next update on.
    fn set_admins(&self, _bot: usize, _admins: &[i64]) {}
    /// Whether Redis answers; false where there is none.
    fn redis_healthy(&self) -> bool {
        false
    }
}

/// An update, decoded leniently.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// Index into the deployment's bots.
    pub bot: usize,
    /// Telegram's; a generated one for previews.
    pub update_id: i64,
    /// How it came.
    pub channel: Channel,
    /// For logs, dead letters and error envelopes.
    pub trace_id: String,
    /// When it arrived.
    pub arrived: std::time::Instant,
    /// What it is.
    pub event: Event,
}

/// How an update came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Channel {
    Webhook,
    Polling,
    Preview,
}

impl Channel {
    /// For metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Polling => "polling",
            Self::Preview => "preview",
        }
    }
}

impl Event {
    /// Telegram's id of whoever acts; 0: nobody is known.
    pub fn person(&self) -> i64 {
        match self {
            Self::Message(message) => message.from.id,
            Self::Callback(press) => press.from.id,
            Self::Other(_) => 0,
        }
    }

    /// For metrics: a closed set.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Message(_) => "message",
            Self::Callback(_) => "callback_query",
            Self::Other(kind) => kind,
        }
    }
}

/// What happened.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Event {
    Message(MessageIn),
    Callback(CallbackIn),
    /// A kind that no bot uses: acknowledged and counted by this name.
    Other(&'static str),
}

/// Who acts.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Person {
    pub id: i64,
    pub first_name: String,
    pub last_name: Option<String>,
    pub username: Option<String>,
    pub language_code: Option<String>,
}

/// Where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Place {
    pub chat_id: i64,
    pub private: bool,
    /** Forum topic, 0 if none. */
    pub thread_id: i64,
}

/// A message.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct MessageIn {
    pub from: Person,
    pub place: Place,
    pub message_id: i64,
    pub content: Content,
}

/// What a message holds, as far as steps can use it.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Content {
    Text(String),
    Contact(Contact),
    Location(Location),
    Photo(File),
    File(File),
    /** Sticker, voice, poll, … */
    Other,
}

/// A button press.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct CallbackIn {
    pub id: String,
    pub from: Person,
    pub place: Place,
    /** 0 when Telegram no longer says. */
    pub message_id: i64,
    pub data: String,
}
