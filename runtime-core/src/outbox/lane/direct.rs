//! A call that leaves before its update is acknowledged.

use super::{SHORT, ambiguous, unreachable, whole_seconds};
use crate::engine::Outgoing;
use crate::outbox::sender::{DirectError, Sender};
use crate::store::outbox::OnAmbiguous;
use crate::telegram::error::ApiError;
use crate::telemetry::{self, events};

/// Attempts at a direct call within its update's deadline.
const DIRECT_ATTEMPTS: u32 = 2;

/// A call that an unacknowledged update waits for: short waits happen here, everything longer is the caller's.
pub(super) async fn send_direct(
    sender: &Sender,
    bot: i64,
    outgoing: Outgoing,
) -> Result<(), DirectError> {
    let shared = &sender.shared;
    let Outgoing {
        mut call,
        on_ambiguous,
        keep: _,
    } = outgoing;
    let class = call.reply_class();
    let Some(sending) = shared.bot(bot) else {
        return Err(DirectError::Api(ApiError::BadToken));
    };
    let mut attempts = 0;
    loop {
        if let Some(chat) = call.chat_id()
            && let Err(wait) = shared.flood.take(bot, chat, class).await
        {
            telemetry::emit(events::FloodWaited {
                bot: sending.name,
                class: "reply",
                wait,
            });
            // Whoever stops waits for nobody: the update comes again.
            if wait > SHORT || shared.stopping() {
                return Err(DirectError::Later {
                    retry_after: whole_seconds(wait),
                });
            }
            tokio::time::sleep(wait).await;
            continue;
        }
        let Ok(_permit) = shared.calls(class).acquire().await else {
            return Err(DirectError::Later { retry_after: 1 });
        };
        attempts += 1;
        match shared.client.send(&sending.token, &call).await {
            Ok(_) => {
                shared.earn(bot, class);
                telemetry::emit(events::ReplySent {
                    bot: sending.name,
                    via: "api",
                    after: None,
                });
                return Ok(());
            }
            Err(ApiError::Flood { retry_after }) => {
                shared
                    .flood
                    .closed(bot, call.chat_id(), class, retry_after)
                    .await;
                return Err(DirectError::Later { retry_after });
            }
            Err(ApiError::Migrated { chat }) if attempts < DIRECT_ATTEMPTS => {
                if let Some(from) = call.chat_id()
                    && shared.store.move_chat(bot, from, chat).await.is_err()
                {
                    telemetry::emit(events::StoreFailed { task: "move_chat" });
                }
                call.move_to(chat);
            }
            // Surely not sent: once more at once may find a fresh connection.
            Err(ApiError::Unsent(_)) if attempts < DIRECT_ATTEMPTS => {}
            Err(error @ ApiError::Ambiguous(_)) if !call.idempotent() => {
                ambiguous(&sending, on_ambiguous);
                return match on_ambiguous {
                    OnAmbiguous::Skip => Ok(()),
                    OnAmbiguous::Resend => Err(DirectError::Api(error)),
                };
            }
            Err(error) => {
                if error == ApiError::Unreachable
                    && let Some(chat) = call.chat_id()
                {
                    unreachable(sender, &sending, bot, chat).await;
                }
                return Err(DirectError::Api(error));
            }
        }
    }
}
