//! What the lanes of a process share.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, Semaphore};

use super::{RENEW_MARGIN, RENEW_ROWS, SWEEP_EVERY, Sender, Sending, lock};
use crate::outbox::backoff::RetryBudget;
use crate::outbox::lane::{self, Item, Lane, LaneKey};
use crate::outbox::marks::Marks;
use crate::redis::Redis;
use crate::redis::budget::Budgets;
use crate::store::Store;
use crate::store::outbox::{LEASE, RowKey, micros};
use crate::telegram::client::Client;
use crate::telegram::flood::Class;
use crate::telemetry::{self, events};

#[derive(Debug)]
pub(in crate::outbox) struct Shared {
    pub(in crate::outbox) client: Client,
    pub(in crate::outbox) store: Arc<Store>,
    pub(in crate::outbox) flood: Budgets,
    pub(super) redis: Redis,
    /// Something may wait in the table: look now.
    pub(super) look: Notify,
    pub(super) reply_calls: Semaphore,
    pub(super) bulk_calls: Semaphore,
    pub(super) bots: RwLock<HashMap<i64, Sending>>,
    pub(super) marks: Mutex<Option<Marks>>,
    pub(super) queues: Mutex<Queues>,
    /// By bot, and whether of bulk.
    pub(super) budgets: Mutex<HashMap<(i64, bool), RetryBudget>>,
    pub(super) waiting: AtomicUsize,
    pub(super) next_loose: AtomicU64,
    pub(super) stopping: AtomicBool,
}

impl Shared {
    pub(in crate::outbox) fn bot(&self, bot: i64) -> Option<Sending> {
        self.bots
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&bot)
            .cloned()
    }

    /// Where a call queues: its chat's lane, or one of its own where order does not matter.
    pub(super) fn lane_key(&self, bot: i64, chat: Option<i64>, class: Class) -> LaneKey {
        match chat {
            Some(chat) if class == Class::Bulk => LaneKey::Bulk(bot, chat),
            Some(chat) => LaneKey::Chat(bot, chat),
            None => LaneKey::Loose(self.next_loose.fetch_add(1, Ordering::Relaxed)),
        }
    }

    /// Puts an item into its lane, and starts the lane unless it runs or its chat is held.
    pub(in crate::outbox) fn push(&self, key: LaneKey, item: Item, sender: &Sender) {
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        telemetry::emit(events::OutboxWaiting { rows: before + 1 });
        let start = {
            let mut queues = lock(&self.queues);
            let held = queues.is_held(key);
            let lane = queues.lanes.entry(key).or_default();
            lane.push(item);
            let start = !lane.running && !held;
            lane.running |= start;
            start
        };
        if start {
            tokio::spawn(lane::run(sender.clone(), key));
        }
    }

    /// The next item of a running lane; an empty lane goes away.
    pub(in crate::outbox) fn next(&self, key: LaneKey) -> Option<Item> {
        let mut queues = lock(&self.queues);
        let item = queues.lanes.get_mut(&key).and_then(Lane::pop);
        if item.is_none() {
            queues.lanes.remove(&key);
        }
        item
    }

    /// The lane stands still for `delay`, with this item at its head.
    pub(in crate::outbox) fn park(&self, key: LaneKey, head: Item, delay: Duration) {
        let mut queues = lock(&self.queues);
        queues.hold(key, Instant::now() + delay);
        let lane = queues.lanes.entry(key).or_default();
        lane.push_front(head);
        lane.running = false;
    }

    /// The chat waits for `delay` plus the second within which the table's rows are due again; everything in the lane.
    pub(in crate::outbox) fn hold_and_drain(&self, key: LaneKey, delay: Duration) -> Vec<Item> {
        let mut queues = lock(&self.queues);
        queues.hold(key, Instant::now() + delay + SWEEP_EVERY);
        queues
            .lanes
            .get_mut(&key)
            .map(Lane::drain)
            .unwrap_or_default()
    }

    /// Everything behind the item that is being sent.
    pub(in crate::outbox) fn drain(&self, key: LaneKey) -> Vec<Item> {
        lock(&self.queues)
            .lanes
            .get_mut(&key)
            .map(Lane::drain)
            .unwrap_or_default()
    }

    /// Items have left the lanes, one way or another.
    pub(in crate::outbox) fn done(&self, items: usize) {
        let before = self.waiting.fetch_sub(items, Ordering::Relaxed);
        telemetry::emit(events::OutboxWaiting {
            rows: before.saturating_sub(items),
        });
    }

    /// Prolongs the leases of rows that wait in the lanes. Without it they would end, and the sweep would take what this
    /// process holds already a second time (or another one would), as if it had perhaps been sent.
    pub(super) async fn renew(&self) {
        let now = self.store.clock().micros();
        let (from, to) = (now + micros(RENEW_MARGIN), now + micros(LEASE) / 2);
        let ending: Vec<RowKey> = {
            let queues = lock(&self.queues);
            let lanes = queues.lanes.values();
            lanes.flat_map(|lane| lane.ending(from, to)).collect()
        };
        for rows in ending.chunks(RENEW_ROWS) {
            let Ok(until) = self.store.extend_lease(rows.to_vec()).await else {
                telemetry::emit(events::StoreFailed { task: "renew" });
                return;
            };
            let now = self.store.clock().micros();
            let rows: HashSet<RowKey> = rows.iter().copied().collect();
            for lane in lock(&self.queues).lanes.values_mut() {
                lane.prolonged(&rows, now, until);
            }
        }
    }

    /// Lets chats go on whose time had come before the sweep began: what the table held for them is in their lanes.
    pub(super) fn release(&self, swept: Instant, sender: &Sender) {
        let mut started = Vec::new();
        {
            let mut queues = lock(&self.queues);
            let Queues { lanes, held, .. } = &mut *queues;
            held.retain(|key, until| {
                if *until > swept {
                    return true;
                }
                if let Some(lane) = lanes.get_mut(key).filter(|lane| !lane.running) {
                    lane.running = true;
                    started.push(*key);
                }
                false
            });
        }
        for key in started {
            tokio::spawn(lane::run(sender.clone(), key));
        }
    }

    /// How long a held chat still waits.
    pub(super) fn held_for(&self, bot: i64, chat: i64) -> Option<Duration> {
        let queues = lock(&self.queues);
        let until = queues.held.get(&LaneKey::Chat(bot, chat))?;
        Some(until.saturating_duration_since(Instant::now()))
    }

    pub(in crate::outbox) fn mark(&self, row: RowKey) {
        if let Some(marks) = lock(&self.marks).as_ref() {
            marks.sent(row);
        }
    }

    /// Where a call of this class waits for its turn.
    pub(in crate::outbox) fn calls(&self, class: Class) -> &Semaphore {
        match class {
            Class::Bulk => &self.bulk_calls,
            Class::Reply | Class::Edit => &self.reply_calls,
        }
    }

    /// What is sent now cannot be marked.
    pub(in crate::outbox) fn behind(&self) -> bool {
        lock(&self.marks).as_ref().is_some_and(Marks::behind)
    }

    pub(in crate::outbox) fn earn(&self, bot: i64, class: Class) {
        let key = (bot, class == Class::Bulk);
        lock(&self.budgets).entry(key).or_default().earn();
    }

    pub(in crate::outbox) fn pause(&self, bot: i64, class: Class, attempts: i64) -> Duration {
        let key = (bot, class == Class::Bulk);
        lock(&self.budgets).entry(key).or_default().spend(attempts)
    }

    pub(in crate::outbox) async fn give_back(
        &self,
        rows: Vec<RowKey>,
        delay: Duration,
        attempted: bool,
    ) {
        if rows.is_empty() {
            return;
        }
        // If this fails the rows' leases end by themselves; they count as ambiguous then.
        if self.store.give_back(rows, delay, attempted).await.is_err() {
            telemetry::emit(events::StoreFailed { task: "give_back" });
        }
    }

    pub(in crate::outbox) fn stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}

/// The lanes, and the chats that wait. One lock: whether a lane runs and whether its chat is held change together.
#[derive(Debug, Default)]
pub(super) struct Queues {
    pub(super) lanes: HashMap<LaneKey, Lane>,
    /// Chats whose lanes stand still. What is newer waits behind what failed, in the lane or in the table.
    pub(super) held: HashMap<LaneKey, Instant>,
    /// Chats that are held only because of rows from before `began`: of an instance that ended, or of one that sends them
    /// right now.
    pub(super) leftovers: HashSet<(i64, i64)>,
    pub(super) began: i64,
}

impl Queues {
    pub(super) fn busy(&self) -> bool {
        self.lanes.values().any(|lane| lane.running)
    }

    /// Items of bulk, those that are being sent included.
    pub(super) fn bulk(&self) -> usize {
        let bulk = self
            .lanes
            .iter()
            .filter(|(key, _)| matches!(key, LaneKey::Bulk(..)));
        bulk.map(|(_, lane)| lane.len() + usize::from(lane.running))
            .sum()
    }

    fn is_held(&self, key: LaneKey) -> bool {
        self.held.contains_key(&key)
    }

    /// Keeps a chat waiting until `until` at least.
    pub(super) fn hold(&mut self, key: LaneKey, until: Instant) {
        if key.ordered() {
            let entry = self.held.entry(key).or_insert(until);
            *entry = (*entry).max(until);
        }
    }
}
