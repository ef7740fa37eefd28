//! An update as everything here reads it, however it came.

pub mod guest;

use botfactory_lang::value::{Contact, File, Location};

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
