//! One chat's queue. Its items leave one after the other; a failure decides about those behind it too.

mod direct;
mod row;

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use tokio::sync::oneshot;

use super::sender::{DirectError, PARK, Sender, Sending};
use crate::engine::Outgoing;
use crate::store::outbox::OnAmbiguous;
use crate::store::outbox::{OutboxRow, RowKey};
use crate::telegram::client::CALL_TIMEOUT;
use crate::telegram::error::ApiError;
use crate::telemetry::life::{self, Life};
use crate::telemetry::{self, events};
use direct::send_direct;
use row::send_row;

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
