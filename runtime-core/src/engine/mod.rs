//! From an update to what it caused. The only caller of generated code.

use std::sync::Arc;

use botfactory_lang::callback::Keys;

use crate::bot::Bot;
use crate::ingress::Incoming;
use crate::store::Store;
use crate::store::outbox::OutboxNotice;
use crate::telegram::method::Call;

/// What became of an update.
#[derive(Debug)]
pub enum Outcome {
    /// Handled. `response` may ride in the webhook's response (only set for [`crate::ingress::Channel::Webhook`]);
    /// `calls` (of `pure` and `read` updates, or of a preview: all) are to be sent before the ack. Calls of `state` and
    /// `write` updates are in the outbox already.
    Done {
        /// The call for the response, and whether it is an outbox row to be marked once flushed
        /// ([`Store::mark_sent`] with [`OfferedRow::key`]; [`Store::give_back`] if the response could surely not be written).
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

impl OfferedRow {
    /// Its key in the outbox.
    pub fn key(self) -> crate::store::outbox::RowKey {
        crate::store::outbox::RowKey {
            bot: self.bot,
            update_id: self.update_id,
            n: 0,
        }
    }
}

/// Whether a reply may ride in the webhook's response, where nothing counts it. Implemented by the sender.
pub trait FloodGate: Send + Sync + std::fmt::Debug {
    /// True when this process has nothing unsent for that chat and its flood budget is open; takes one message of it.
    fn open(&self, bot: i64, chat: i64) -> bool;
}

/// A bot of this deployment, as the engine serves it.
#[derive(Debug, Clone, Copy)]
pub struct Served {
    /// Generated code.
    pub bot: &'static dyn Bot,
    /// Telegram's numeric id (the token's part before `:`); `None`: preview only.
    pub telegram_id: Option<i64>,
}

/// The engine.
#[derive(Debug)]
pub struct Engine {
    store: Arc<Store>,
}

/// Why an engine cannot start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A bot's texts do not parse (the compiler excludes it).
    #[error("texts of `{bot}` in `{locale}` do not parse")]
    Texts {
        /// The bot.
        bot: &'static str,
        /// The locale.
        locale: &'static str,
    },
    /// The time zone is unknown (the compiler excludes it).
    #[error("time zone of `{bot}` is unknown")]
    Zone {
        /// The bot.
        bot: &'static str,
    },
}

impl Engine {
    /// Builds every bot's texts and is ready. `bots`: the index is [`Incoming::bot`].
    pub fn new(
        store: Arc<Store>,
        bots: &[Served],
        keys: Keys,
        gate: Arc<dyn FloodGate>,
        notice: OutboxNotice,
    ) -> Result<Self, EngineError> {
        let _ = (bots, keys, gate, notice);
        Ok(Self { store })
    }

    /// Tells the bot's own `@username`, once Telegram has said it; commands to other bots are ignored from then on.
    pub fn set_username(&self, bot: usize, username: &str) {
        let _ = (bot, username);
    }

    /// The numeric id of a bot: Telegram's, or for [`crate::ingress::Channel::Preview`] a negative one made from its name.
    pub fn bot_id(&self, bot: usize, preview: bool) -> i64 {
        let _ = (bot, preview);
        todo!()
    }

    /// Handles an update. Never fails: what is nobody's fault now is [`Outcome::Busy`], what is somebody's is a dead letter.
    /// Dropping the future does not undo an update that the writer has taken.
    pub async fn handle(&self, incoming: Incoming) -> Outcome {
        let _ = (incoming, &self.store);
        todo!()
    }
}
