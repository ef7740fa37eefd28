//! What became of an update, and the calls it caused.

use crate::store::outbox::OnAmbiguous;
use crate::store::outbox::RowKey;
use crate::telegram::method::Call;

/// What became of an update.
#[derive(Debug)]
pub enum Outcome {
    /// Handled. `response` may ride in the webhook's response (only set for [`crate::incoming::Channel::Webhook`]);
    /// `calls` (of `pure` and `read` updates, or of a preview: all) are to be sent before the ack. Calls of `state` and
    /// `write` updates are in the outbox already.
    Done {
        /// The call for the response, and whether it is an outbox row to be marked once flushed
        /// ([`crate::store::Store::mark_rode`] with [`OfferedRow::key`]; [`crate::store::Store::give_back`] if the response could surely not be written).
        response: Option<(Call, Option<OfferedRow>)>,
        /// To be sent before the ack.
        calls: Vec<Outgoing>,
    },
    /// Not handled now: 503 with `Retry-After` (webhook), later again (polling).
    Busy {
        /// Seconds.
        retry_after: u32,
    },
}

impl Outcome {
    /// Acknowledged, nothing to say.
    pub const NOTHING: Self = Self::Done {
        response: None,
        calls: Vec::new(),
    };
    /// Soon again: queues empty within a second.
    pub const BUSY: Self = Self::Busy { retry_after: 1 };
}

/// A call on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The call.
    pub call: Call,
    /// What becomes of it when nobody knows whether it arrived.
    pub on_ambiguous: OnAmbiguous,
    /// The id of its message is kept with its row, so that a later call can change or delete it
    /// ([`Call::ReviseSent`], [`Call::WithdrawSent`]). Such a call never rides in a response, which tells no id.
    pub keep: bool,
}

impl Outgoing {
    /// A call with its policy.
    pub fn new(call: Call, on_ambiguous: OnAmbiguous) -> Self {
        Self {
            call,
            on_ambiguous,
            keep: false,
        }
    }
}

/// An outbox row whose call was offered as the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct OfferedRow {
    pub bot: i64,
    pub update_id: i64,
}

impl OfferedRow {
    /// Its key in the outbox.
    pub fn key(self) -> RowKey {
        RowKey {
            bot: self.bot,
            update_id: self.update_id,
            n: 0,
        }
    }
}
