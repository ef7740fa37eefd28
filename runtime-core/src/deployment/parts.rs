//! What a deployment stands on: engine, sender and store, as one.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::broadcast::Broadcasts;
use crate::engine::{OfferedRow, Outcome, Outgoing};
use crate::incoming::Incoming;
use crate::llm::Llm;
use crate::outbox::DirectError;
use crate::store::Store;
use crate::texts::Overrides;

/// A boxed future.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a deployment stands on: the engine, the sender and the store, as one. Tests put their own in its place.
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
