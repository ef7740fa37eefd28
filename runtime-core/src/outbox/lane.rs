//! One chat's queue. Its items leave one after the other; a failure decides about those behind it too.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use tokio::sync::oneshot;

use super::backoff::ATTEMPTS;
use super::revise::{self, Resolved};
use super::sender::{DirectError, PARK, Sender, Sending};
use crate::engine::Outgoing;
use crate::store::outbox::OnAmbiguous;
use crate::store::outbox::{OutboxRow, RowKey};
use crate::telegram::client::CALL_TIMEOUT;
use crate::telegram::error::ApiError;
use crate::telegram::flood::Class;
use crate::telegram::method::Call;
use crate::telemetry::life::{self, Life};
use crate::telemetry::{self, events};

/// Waits up to this long happen in the lane; longer ones give the rows back.
pub(super) const SHORT: Duration = Duration::from_secs(3);
/// How often a lane looks whether marks can be written again.
const BEHIND: Duration = Duration::from_millis(50);
/// What a lease must outlive: the call, and marking it.
pub(super) const LEASE_NEEDED: Duration = Duration::from_secs(CALL_TIMEOUT.as_secs() + 2);
/// Pause for rows of a bot whose token this process does not have, or that Telegram does not accept.
const NO_TOKEN: Duration = Duration::from_secs(60);
/// Pause of a call whose row is still to be sent.
const REVISE_AGAIN: Duration = Duration::from_secs(1);
/// Attempts at a direct call within its update's deadline.
const DIRECT_ATTEMPTS: u32 = 2;

/// Which queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum LaneKey {
    /// Bot and chat.
    Chat(i64, i64),
    /// Bot and chat: bulk, which no reply waits behind.
    Bulk(i64, i64),
    /// Alone: an answer to a callback.
    Loose(u64),
}

impl LaneKey {
    /// Whether what is behind an item waits for it.
    pub(super) fn ordered(self) -> bool {
        !matches!(self, Self::Loose(_))
    }
}

/// Something to be sent.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // a direct call lives for a moment: a box would cost more
pub(super) enum Item {
    /// A committed row, leased to this process.
    Row(Box<OutboxRow>),
    /// A call of an update that waits for it.
    Direct {
        bot: i64,
        outgoing: Outgoing,
        tell: oneshot::Sender<Result<(), DirectError>>,
        life: Option<Life>,
    },
}

impl Item {
    /// Order within the lane: rows by their place in the table, direct calls as they come.
    fn at(&self) -> i64 {
        match self {
            Self::Row(row) => row.at,
            Self::Direct { .. } => i64::MAX,
        }
    }
}

/// A queue. One task serves it while `running`.
#[derive(Debug, Default)]
pub(super) struct Lane {
    items: VecDeque<Item>,
    pub(super) running: bool,
}

impl Lane {
    /// Rows that the sweep brings are older than what has come since: they go before it.
    pub(super) fn push(&mut self, item: Item) {
        let at = item.at();
        let place = self
            .items
            .iter()
            .rposition(|other| other.at() <= at)
            .map_or(0, |before| before + 1);
        self.items.insert(place, item);
    }

    pub(super) fn push_front(&mut self, item: Item) {
        self.items.push_front(item);
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn pop(&mut self) -> Option<Item> {
        self.items.pop_front()
    }

    pub(super) fn drain(&mut self) -> Vec<Item> {
        self.items.drain(..).collect()
    }

    /// Its rows whose lease ends between `from` and `to`.
    pub(super) fn ending(&self, from: i64, to: i64) -> impl Iterator<Item = RowKey> {
        self.items.iter().filter_map(move |item| match item {
            Item::Row(row) if (from..to).contains(&row.lease_until) => Some(row.key),
            _ => None,
        })
    }

    /// The leases of these rows run till `until` now, but for those that had ended by `now`: they may be another's.
    pub(super) fn prolonged(&mut self, rows: &HashSet<RowKey>, now: i64, until: i64) {
        for item in &mut self.items {
            if let Item::Row(row) = item
                && row.lease_until > now
                && rows.contains(&row.key)
            {
                row.lease_until = until;
            }
        }
    }

    /// Its rows, for giving them back; direct calls are told to come again by being dropped.
    pub(super) fn drain_rows(&mut self) -> Vec<RowKey> {
        self.drain()
            .into_iter()
            .filter_map(|item| match item {
                Item::Row(row) => Some(row.key),
                Item::Direct { .. } => None,
            })
            .collect()
    }
}

/// Seconds, rounded up, at least one.
pub(super) fn whole_seconds(wait: Duration) -> u32 {
    u32::try_from(wait.as_millis().div_ceil(1000))
        .unwrap_or(u32::MAX)
        .max(1)
}

/// Whether the lane goes on after an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    /// It was parked with the item at its head; another task goes on when its chat is released.
    Parked,
}

/// Serves a lane until it is empty or parked.
pub(super) async fn run(sender: Sender, key: LaneKey) {
    while let Some(item) = sender.shared.next(key) {
        match item {
            Item::Row(row) => {
                let sent = life::during(row.life, send_row(&sender, key, *row));
                if sent.await == Flow::Parked {
                    return;
                }
            }
            Item::Direct {
                bot,
                outgoing,
                tell,
                life,
            } => {
                if !tell.is_closed() {
                    let sent = life::during(life, send_direct(&sender, bot, outgoing));
                    let told = sent.await;
                    let _ = tell.send(told); // the update may have run out of time
                }
            }
        }
        sender.shared.done(1);
    }
}

/// This row and everything behind it wait: in the lane where that is short, else in the table.
async fn postpone(
    sender: &Sender,
    key: LaneKey,
    row: OutboxRow,
    delay: Duration,
    attempted: bool,
) -> Flow {
    let shared = &sender.shared;
    let ordered = key.ordered();
    if ordered && delay <= PARK && !shared.stopping() {
        shared.park(key, Item::Row(Box::new(row)), delay);
        return Flow::Parked;
    }
    let rest = shared.hold_and_drain(key, delay);
    let count = rest.len();
    let mut rows = Vec::new();
    for item in rest {
        match item {
            Item::Row(row) => rows.push(row.key),
            Item::Direct { tell, .. } => {
                let _ = tell.send(Err(DirectError::Later {
                    retry_after: whole_seconds(delay),
                }));
            }
        }
    }
    shared.give_back(vec![row.key], delay, attempted).await;
    shared.give_back(rows, delay, false).await;
    shared.done(count);
    Flow::Next
}

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

async fn send_row(sender: &Sender, key: LaneKey, mut row: OutboxRow) -> Flow {
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

/// A call that an unacknowledged update waits for: short waits happen here, everything longer is the caller's.
async fn send_direct(sender: &Sender, bot: i64, outgoing: Outgoing) -> Result<(), DirectError> {
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

fn since(sender: &Sender, at: i64) -> Option<Duration> {
    let now = sender.shared.store.clock().micros();
    u64::try_from(now.saturating_sub(at))
        .ok()
        .map(Duration::from_micros)
}

/// Telegram does not deliver to this chat: remembered, and what waits for it in the table is dropped.
async fn unreachable(sender: &Sender, sending: &Sending, bot: i64, chat: i64) {
    match sender.shared.store.mark_unreachable(bot, chat).await {
        Ok(dropped) => telemetry::emit(events::ChatUnreachable {
            bot: sending.name,
            dropped,
        }),
        Err(_) => telemetry::emit(events::StoreFailed {
            task: "mark_unreachable",
        }),
    }
}

fn ambiguous(sending: &Sending, policy: OnAmbiguous) {
    telemetry::emit(events::SendAmbiguous {
        bot: sending.name,
        policy: policy.name(),
    });
}

fn failed(sending: &Sending, error: &ApiError, row: &OutboxRow) {
    telemetry::emit(events::ReplyFailed {
        bot: sending.name,
        class: error.class(),
        method: row.call.name(),
        reason: &error.to_string(),
        update_id: row.key.update_id,
    });
}
