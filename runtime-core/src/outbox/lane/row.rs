//! One row of the outbox: its call, and what becomes of it.

use std::time::Duration;

use super::{
    BEHIND, Flow, Item, LEASE_NEEDED, LaneKey, NO_TOKEN, REVISE_AGAIN, SHORT, ambiguous, failed,
    postpone, since, unreachable, whole_seconds,
};
use crate::outbox::backoff::ATTEMPTS;
use crate::outbox::revise::{self, Resolved};
use crate::outbox::sender::{DirectError, Sender, Sending};
use crate::store::outbox::{OnAmbiguous, OutboxRow, RowKey};
use crate::telegram::error::ApiError;
use crate::telegram::flood::Class;
use crate::telegram::method::Call;
use crate::telemetry::{self, events};

enum Lease {
    Good,
    /// Ended: the row belongs to whoever takes it next.
    Gone,
}

/// Whether the row is ours for as long as a call may take, prolonging it where it is not.
async fn ensure_lease(sender: &Sender, row: RowKey, lease_until: &mut i64) -> Lease {
    let store = &sender.shared.store;
    let needed = i64::try_from(LEASE_NEEDED.as_micros()).unwrap_or(i64::MAX);
    let now = store.clock().micros();
    if now.saturating_add(needed) <= *lease_until {
        return Lease::Good;
    }
    // Only a lease that still runs may be prolonged: one that ended may be another's by now.
    let slack = 1_000_000;
    if now.saturating_add(slack) < *lease_until
        && let Ok(until) = store.extend_lease(vec![row]).await
        && store.clock().micros() < *lease_until
    {
        *lease_until = until;
        return Lease::Good;
    }
    Lease::Gone
}

pub(super) async fn send_row(sender: &Sender, key: LaneKey, mut row: OutboxRow) -> Flow {
    let shared = &sender.shared;
    let bot = row.key.bot;
    let Some(sending) = shared.bot(bot) else {
        return postpone(sender, key, row, NO_TOKEN, false).await;
    };
    // The message that a row names is gone: it is sent anew.
    let mut gone = false;
    loop {
        // What cannot be marked would be sent again. If the lease ends meanwhile, whoever takes the row sends it.
        while shared.behind()
            && !shared.stopping()
            && shared.store.clock().micros() < row.lease_until
        {
            tokio::time::sleep(BEHIND).await;
        }
        let Ok(found) = revise::resolve(&shared.store, bot, &row.call, gone).await else {
            telemetry::emit(events::StoreFailed { task: "sent_as" });
            return postpone(sender, key, row, REVISE_AGAIN, false).await;
        };
        let call = match found {
            Resolved::Call(call) => call,
            Resolved::Nothing => {
                shared.mark(row.key);
                return Flow::Next;
            }
            Resolved::Wait => return postpone(sender, key, row, REVISE_AGAIN, false).await,
        };
        if row.ambiguous && !call.idempotent() {
            // A lease ended unmarked: it may have arrived.
            let policy = row.on_ambiguous();
            ambiguous(&sending, policy);
            if policy == OnAmbiguous::Skip {
                shared.mark(row.key);
                return Flow::Next;
            }
        }
        row.ambiguous = false;
        let class = match row.class {
            Class::Bulk => Class::Bulk,
            _ => call.reply_class(),
        };
        if let Some(chat) = call.chat_id()
            && let Err(wait) = shared.flood.take(bot, chat, class).await
        {
            telemetry::emit(events::FloodWaited {
                bot: sending.name,
                class: if class == Class::Bulk {
                    "bulk"
                } else {
                    "reply"
                },
                wait,
            });
            if wait > SHORT || shared.stopping() {
                return postpone(sender, key, row, wait, false).await;
            }
            tokio::time::sleep(wait).await;
            continue;
        }
        let more = call.messages().saturating_sub(1);
        if let Some(chat) = call.chat_id().filter(|_| more > 0) {
            shared.flood.charge(bot, chat, more);
        }
        let Ok(_permit) = shared.calls(class).acquire().await else {
            return Flow::Next;
        };
        // Checked right before the call: everything above may have taken long.
        if matches!(
            ensure_lease(sender, row.key, &mut row.lease_until).await,
            Lease::Gone
        ) {
            return Flow::Next;
        }
        crate::faults::point("send.before_call");
        let told = shared.client.send(&sending.token, &call).await;
        crate::faults::point("send.after_call");
        let error = match told {
            Ok(message) => {
                shared.earn(bot, class);
                sent(sender, &row, message).await;
                telemetry::emit(events::ReplySent {
                    bot: sending.name,
                    via: "outbox",
                    after: since(sender, row.at),
                });
                return Flow::Next;
            }
            Err(ApiError::Unchangeable) if matches!(row.call, Call::ReviseSent(_)) && !gone => {
                gone = true;
                continue;
            }
            // It is gone already, or stays for good.
            Err(ApiError::Unchangeable) if matches!(row.call, Call::WithdrawSent(_)) => {
                shared.mark(row.key);
                return Flow::Next;
            }
            Err(error) => error,
        };
        row.attempts += 1;
        let wait = match after(&error, row.attempts) {
            After::Wait(wait) => {
                let chat = row.call.chat_id();
                let seconds = whole_seconds(wait);
                shared.flood.closed(bot, chat, class, seconds).await;
                // Flood control is Telegram's rhythm, not a failure: it never uses up the attempts.
                row.attempts -= 1;
                wait
            }
            After::Retry => {
                if matches!(error, ApiError::Ambiguous(_)) && !call.idempotent() {
                    let policy = row.on_ambiguous();
                    ambiguous(&sending, policy);
                    if policy == OnAmbiguous::Skip {
                        shared.mark(row.key);
                        return Flow::Next;
                    }
                }
                shared.pause(bot, class, row.attempts - 1)
            }
            After::Postpone(wait) => wait,
            After::Moved(chat) => {
                moved(sender, key, row, chat).await;
                return Flow::Next;
            }
            After::Drop => {
                failed(&sending, &error, &row);
                shared.mark(row.key);
                drop_rest(sender, key, &error, &sending).await;
                if let Some(chat) = row.call.chat_id() {
                    unreachable(sender, &sending, bot, chat).await;
                }
                return Flow::Next;
            }
            After::Dead(code) => {
                failed(&sending, &error, &row);
                let method = row.call.name();
                if shared
                    .store
                    .mark_failed(row.key, code, method)
                    .await
                    .is_err()
                {
                    telemetry::emit(events::StoreFailed {
                        task: "mark_failed",
                    });
                }
                telemetry::emit(events::CallBuried {
                    bot: sending.name,
                    code,
                });
                return Flow::Next;
            }
        };
        telemetry::emit(events::SendRetried {
            bot: sending.name,
            class: error.class(),
            attempt: row.attempts,
            after: wait,
        });
        if wait > SHORT || shared.stopping() {
            let attempted = !matches!(error, ApiError::Flood { .. });
            return postpone(sender, key, row, wait, attempted).await;
        }
        tokio::time::sleep(wait).await;
    }
}

/// Remembers what was sent. An id that later calls need is stored before anything else of this chat leaves.
async fn sent(sender: &Sender, row: &OutboxRow, message: Option<i64>) {
    let shared = &sender.shared;
    if let Some(message) = message {
        let replaced = match &row.call {
            Call::ReviseSent(revise) => {
                let named = revise::named(row.key.bot, revise.row);
                shared.store.replace_message(named, message).await
            }
            _ => Ok(()),
        };
        if replaced.is_err() {
            telemetry::emit(events::StoreFailed {
                task: "replace_message",
            });
        }
        if row.keeps() {
            match shared.store.mark_kept(row.key, message).await {
                Ok(()) => return,
                Err(_) => telemetry::emit(events::StoreFailed { task: "mark_kept" }),
            }
        }
    }
    shared.mark(row.key);
}

/// What an error means for a row.
enum After {
    /// Flood control: nothing was sent.
    Wait(Duration),
    /// Nobody's fault: again, after a pause.
    Retry,
    /// The token is the trouble: much later.
    Postpone(Duration),
    /// To another chat.
    Moved(i64),
    /// The person cannot be reached: neither this nor what is behind it.
    Drop,
    /// Never; a dead letter with this code.
    Dead(&'static str),
}

fn after(error: &ApiError, attempts: i64) -> After {
    match error {
        ApiError::Flood { retry_after } => After::Wait(Duration::from_secs((*retry_after).into())),
        ApiError::Unreachable => After::Drop,
        ApiError::Migrated { chat } => After::Moved(*chat),
        ApiError::Refused { .. }
        | ApiError::Unchangeable
        | ApiError::NotModified
        | ApiError::QueryTooOld => After::Dead("telegram_refused"),
        ApiError::BadToken if attempts >= ATTEMPTS => After::Dead("telegram_token"),
        ApiError::Conflict { .. } if attempts >= ATTEMPTS => After::Dead("telegram_conflict"),
        _ if attempts >= ATTEMPTS => After::Dead("telegram_unavailable"),
        ApiError::BadToken | ApiError::Conflict { .. } => After::Postpone(NO_TOKEN),
        ApiError::Ambiguous(_) | ApiError::Unsent(_) => After::Retry,
    }
}

/// The group became a supergroup: this row, what is behind it, and what waits in the table go there.
async fn moved(sender: &Sender, key: LaneKey, mut row: OutboxRow, to: i64) {
    let shared = &sender.shared;
    let bot = row.key.bot;
    if let Some(from) = row.chat
        && shared.store.move_chat(bot, from, to).await.is_err()
    {
        telemetry::emit(events::StoreFailed { task: "move_chat" });
    }
    row.call.move_to(to);
    row.chat = Some(to);
    let rest = shared.drain(key);
    let there = match key {
        LaneKey::Bulk(..) => LaneKey::Bulk(bot, to),
        _ => LaneKey::Chat(bot, to),
    };
    shared.push(there, Item::Row(Box::new(row)), sender);
    let count = rest.len();
    for mut item in rest {
        match &mut item {
            Item::Row(row) => {
                row.call.move_to(to);
                row.chat = Some(to);
            }
            Item::Direct { outgoing, .. } => outgoing.call.move_to(to),
        }
        shared.push(there, item, sender);
    }
    shared.done(count);
}

/// Nothing behind a 403 would arrive either.
async fn drop_rest(sender: &Sender, key: LaneKey, error: &ApiError, sending: &Sending) {
    if !key.ordered() {
        return;
    }
    let rest = sender.shared.drain(key);
    let count = rest.len();
    for item in rest {
        match item {
            Item::Row(row) => {
                failed(sending, error, &row);
                sender.shared.mark(row.key);
            }
            Item::Direct { tell, .. } => {
                let _ = tell.send(Err(DirectError::Api(error.clone())));
            }
        }
    }
    sender.shared.done(count);
}
