//! From an update to what it caused. The only caller of generated code.

use crate::ingress::Incoming;
use crate::telegram::method::Call;

/// What became of an update.
#[derive(Debug)]
pub enum Outcome {
    /// Handled. `response` may ride in the webhook's response (only set for [`crate::ingress::Channel::Webhook`]);
    /// `calls` (of `pure` and `read` updates, or of a preview: all) are to be sent before the ack. Calls of `state` and
    /// `write` updates are in the outbox already.
    Done {
        /// The call for the response, and whether it is an outbox row to be marked once flushed.
        response: Option<(Call, Option<OfferedRow>)>,
        /// To be sent before the ack.
        calls: Vec<Call>,
    },
    /// Not handled now: 503 with `Retry-After` (webhook), later again (polling).
    Busy {
        /// Seconds.
        retry_after: u32,
    },
}

/// An outbox row whose call was offered as the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct OfferedRow {
    pub bot: i64,
    pub update_id: i64,
}

#[allow(dead_code)]
type Unused = Incoming;
