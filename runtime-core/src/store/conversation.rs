//! Where a person stands in a dialogue, and what an update leaves behind: what both engines read and store.

use super::Store;
use super::error::StoreError;
use super::events::Event;
use super::jobs::NewJob;
use crate::telegram::method::Call;

/// Whose conversation: ids that the bot's scope does not tell apart are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) bot: i64,
    pub(crate) chat: i64,
    pub(crate) person: i64,
    pub(crate) thread: i64,
}

/// What is found before an update runs.
#[derive(Debug)]
pub(crate) enum Found {
    /// The update was handled before. The response, if it was offered and the outbox has not sent it.
    Duplicate(Option<Call>),
    /// It was not.
    Row(Stand),
}

/// A conversation's row; without one everything is 0, and the engine numbers questions from the clock on.
#[derive(Debug, Default, Clone)]
pub(crate) struct Stand {
    /// Number of the last question asked.
    pub(crate) run: i64,
    /// Grows with every change; 0: no row.
    pub(crate) version: i64,
    pub(crate) expires: i64,
    pub(crate) waiting: Option<String>,
}

/// What an update leaves behind.
#[derive(Debug, Clone)]
pub(crate) struct Effects {
    pub(crate) key: Key,
    pub(crate) update_id: i64,
    pub(crate) at: i64,
    /// The conversation's version when it was read; stored only if it is still that, where the conversation moves.
    #[cfg_attr(not(feature = "postgres"), allow(dead_code))]
    // SQLite's writer reads and stores alone
    pub(crate) expected: i64,
    /// The claim's own row.
    pub(crate) first: Stored,
    /// Further calls to be sent, from n = 1.
    pub(crate) rest: Vec<Stored>,
    /// `Some`: it moves.
    pub(crate) conversation: Option<Moved>,
    /// `Some`: whose locale, and which.
    pub(crate) locale: Option<(i64, &'static str)>,
    /// `Some`: code and trace id of a dead letter.
    pub(crate) letter: Option<(&'static str, String)>,
    /// `Some`: the rest of the handler, to be run later. Only stored where the update has a transaction of its own.
    pub(crate) job: Option<NewJob>,
    /// `Some`: the job that this ends; as `job`.
    pub(crate) settles: Option<i64>,
    /// `Some`: what operators can ask afterwards.
    pub(crate) event: Option<Event>,
}

/// What storing an update's effects came to.
#[derive(Debug)]
#[cfg(feature = "postgres")]
pub(crate) enum Step {
    /// Stored.
    Done,
    /// The update was handled before: nothing was stored. Its response as in [`Found::Duplicate`].
    Duplicate(Option<Call>),
    /// The conversation has moved since it was read: nothing was stored.
    Lost,
}

/// Where a conversation goes.
#[derive(Debug, Clone)]
pub(crate) struct Moved {
    pub(crate) run: i64,
    pub(crate) expires: i64,
    /// When its timer fires; 0: never.
    pub(crate) timer: i64,
    /// JSON of `handler::wizard::Waiting`; `None`: waits for nothing.
    pub(crate) waiting: Option<String>,
}

impl Moved {
    /// Waits for nothing any more.
    pub(crate) fn ended(run: i64) -> Self {
        Self {
            run,
            expires: 0,
            timer: 0,
            waiting: None,
        }
    }
}

/// A call as a row.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) state: i64,
    pub(crate) chat: Option<i64>,
    pub(crate) lease_until: i64,
    pub(crate) call: Option<String>,
    /// [`crate::store::outbox::FLAG_SKIP`] and its like.
    pub(crate) flags: i16,
}

/// Rows as one parameter: `[[state, chat, lease_until, "call", flags], …]`; none are NULL.
pub(crate) fn json_rows(rows: &[Stored]) -> Option<String> {
    if rows.is_empty() {
        return None;
    }
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            let call = row.call.as_deref();
            (row.state, row.chat, row.lease_until, call, row.flags)
        })
        .collect();
    serde_json::to_string(&rows).ok()
}

impl Store {
    /// Whether somebody waits there: enough to ignore the talk of a group.
    pub(crate) async fn waits(&self, key: Key) -> Result<bool, StoreError> {
        backend!(self, backend => backend.waits(key).await)
    }
}
