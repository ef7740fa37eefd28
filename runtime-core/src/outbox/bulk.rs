//! One call of a broadcast: at once, or not now. Who is asked when, and what is remembered, is the broadcast's
//! (`broadcast::runner`); here are the budgets, the calls at one moment and the lease.

use std::time::Duration;

use super::lane::{LEASE_NEEDED, SHORT};
use super::sender::Sender;
use crate::faults;
use crate::telegram::error::ApiError;
use crate::telegram::flood::Class;
use crate::telegram::method::Call;

/// Why a call of a broadcast did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unsent {
    /// Nothing was sent: flood control, or what it waited for took too long.
    Later(Duration),
    /// This process does not send for that bot.
    NoToken,
    /// It was tried.
    Api(ApiError),
}

impl Sender {
    /// Makes a call within the bulk limits, if that can be done before `until` (microseconds of the store's clock): whoever
    /// takes the row then must find that it was done, or never will be.
    pub(crate) async fn bulk(&self, bot: i64, call: &Call, until: i64) -> Result<(), Unsent> {
        let shared = &self.shared;
        let sending = shared.bot(bot).ok_or(Unsent::NoToken)?;
        if let Some(chat) = call.chat_id() {
            while let Err(wait) = shared.flood.take(bot, chat, Class::Bulk).await {
                if wait > SHORT || shared.stopping() {
                    return Err(Unsent::Later(wait));
                }
                tokio::time::sleep(wait).await;
            }
        }
        let permit = shared.calls(Class::Bulk).acquire().await;
        let Ok(_permit) = permit else {
            return Err(Unsent::Later(SHORT));
        };
        let left = until.saturating_sub(shared.store.clock().micros());
        if shared.stopping() || left < i64::try_from(LEASE_NEEDED.as_micros()).unwrap_or(i64::MAX) {
            return Err(Unsent::Later(Duration::ZERO));
        }
        faults::point("broadcast.before_call");
        let told = shared.client.send(&sending.token, call).await;
        faults::point("broadcast.after_call");
        match told {
            Ok(_) => Ok(()),
            Err(error) => {
                if let ApiError::Flood { retry_after } = error {
                    let chat = call.chat_id();
                    let closed = shared.flood.closed(bot, chat, Class::Bulk, retry_after);
                    closed.await;
                }
                Err(Unsent::Api(error))
            }
        }
    }
}
