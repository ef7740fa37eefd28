//! The message that tells how far a broadcast is.

use super::Row;
use crate::store::outbox::FLAG_KEEP;
use crate::telegram::method::{Call, ReviseSent, SendMessage, SentRow};

/// Ids of updates that never were, below those of timers: progress messages are rows of the outbox under them.
const TELLING: i64 = i64::MIN + (1 << 40);

/// A text of the message that tells how far a broadcast is: a row of the outbox.
#[derive(Debug, Clone)]
pub(crate) struct Telling {
    pub(crate) broadcast: i64,
    pub(crate) bot: i64,
    pub(crate) update_id: i64,
    pub(crate) n: i64,
    pub(crate) chat: i64,
    pub(crate) call: String,
    pub(crate) flags: i16,
    pub(crate) now: i64,
    /// When the next text is due; 0: when the state changes.
    pub(crate) next: i64,
}

impl Telling {
    /// The message itself.
    pub(crate) fn first(bot: i64, broadcast: i64, chat: i64, text: &str, now: i64) -> Self {
        let call = Call::SendMessage(said(chat, text));
        Self::new(bot, broadcast, 1, chat, &call, FLAG_KEEP, now)
    }

    /// What it says from now on.
    pub(crate) fn next(row: &Row, chat: i64, told: i64, text: &str, now: i64, next: i64) -> Self {
        let update_id = TELLING.saturating_add(row.id);
        let call = Call::ReviseSent(ReviseSent {
            row: SentRow { update_id, n: 1 },
            message: said(chat, text),
        });
        let telling = Self::new(row.bot, row.id, told + 2, chat, &call, 0, now);
        Self { next, ..telling }
    }

    fn new(bot: i64, broadcast: i64, n: i64, chat: i64, call: &Call, flags: i16, now: i64) -> Self {
        Self {
            broadcast,
            bot,
            update_id: TELLING.saturating_add(broadcast),
            n,
            chat,
            call: serde_json::to_string(call).unwrap_or_default(), // strings and numbers: never fails
            flags,
            now,
            next: now,
        }
    }
}

fn said(chat_id: i64, text: &str) -> SendMessage {
    SendMessage {
        chat_id,
        message_thread_id: None,
        text: text.to_owned(),
        parse_mode: None,
        reply_markup: None,
    }
}
