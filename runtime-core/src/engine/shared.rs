//! What every update needs.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use botfactory_lang::callback::Keys;

use super::jobs;
use crate::limits::Limits;
use crate::store::Store;
use crate::store::outbox::{OutboxNotice, RowKey};

/// Whether a reply may ride in the webhook's response, where nothing counts it. Implemented by the sender.
pub trait FloodGate: Send + Sync + std::fmt::Debug {
    /// True when this process has nothing unsent for that chat and its flood budget is open; takes one message of it.
    fn open(&self, bot: i64, chat: i64) -> bool;
}

/// What every update needs.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) store: Arc<Store>,
    pub(crate) keys: SecretKeys,
    pub(crate) gate: Arc<dyn FloodGate>,
    pub(crate) notice: OutboxNotice,
    pub(crate) limits: Arc<Limits>,
    /// What answers questions of bots; until it is told, nothing does.
    pub(crate) model: std::sync::OnceLock<Arc<dyn jobs::Model>>,
    /// Messages a second of one bot's broadcasts, all together: for what handlers say of them.
    pub(crate) bulk: AtomicU32,
    /// A job was stored.
    pub(crate) jobs: tokio::sync::Notify,
}

/// [`Keys`] that do not print.
pub(crate) struct SecretKeys(pub(super) Keys);

impl std::ops::Deref for SecretKeys {
    type Target = Keys;
    fn deref(&self) -> &Keys {
        &self.0
    }
}

impl std::fmt::Debug for SecretKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretKeys")
    }
}

impl Shared {
    /// Gives rows back that nobody in this process will send, in the background.
    pub(crate) fn give_back(&self, rows: Vec<RowKey>) {
        let store = self.store.clone();
        tokio::spawn(async move {
            // If even this fails, their lease runs out.
            let _ = store.give_back(rows, Duration::ZERO, false).await;
        });
    }
}
