//! The sender: committed rows and direct calls go into the lane of their chat; what crashes and refusals left behind
//! is swept up when its lease ends.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, Semaphore, broadcast, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::backoff::RetryBudget;
use super::lane::{self, Item, Lane, LaneKey};
use super::marks::Marks;
use crate::engine::{FloodGate, Outgoing};
use crate::redis::Redis;
use crate::redis::budget::Budgets;
use crate::redis::notices::Notice;
use crate::store::Store;
use crate::store::outbox::{LEASE, OutboxRow, RowKey, micros};
use crate::telegram::client::Client;
use crate::telegram::error::ApiError;
use crate::telegram::flood::Class;
use crate::telegram::token::Token;
use crate::telemetry::life::Life;
use crate::telemetry::{self, events};

/// Calls of replies to Telegram at one moment.
const CALLS: usize = 128;
/// Calls of bulk at one moment: its own, so that no reply waits for them.
const BULK_CALLS: usize = 256;
/// Rows of bulk that this process holds: two seconds' worth of the bulk limit, well within a lease.
const BULK_ROWS: usize = 50;
/// How long the sweep waits after an outage of the database.
const SETTLE: Duration = Duration::from_secs(1);
/// Rows taken over at once.
const SWEEP_ROWS: u32 = 64;
/// Rows that this process may hold unsent before it takes over no more.
const HELD_MOST: usize = 20_000;
/// How often rows without a sender are looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(1);
/// A lease that ends sooner is not prolonged any more: by the time it is, it may have ended.
const RENEW_MARGIN: Duration = Duration::from_secs(1);
/// Leases prolonged at once.
const RENEW_ROWS: usize = 256;
/// Waits up to this long happen in this process; during longer ones the rows are given back.
pub(super) const PARK: Duration = Duration::from_secs(30);
/// Longest time that new messages to a chat wait for what an earlier process left unsent there.
const HOLD_AT_START: Duration = Duration::from_secs(20);

/// Sends what was committed. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Sender {
    pub(super) shared: Arc<Shared>,
}

/// A bot that sends.
#[derive(Debug, Clone)]
pub(super) struct Sending {
    pub(super) name: &'static str,
    pub(super) token: Token,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) client: Client,
    pub(super) store: Arc<Store>,
    pub(super) flood: Budgets,
    redis: Redis,
    /// Something may wait in the table: look now.
    look: Notify,
    reply_calls: Semaphore,
    bulk_calls: Semaphore,
    bots: RwLock<HashMap<i64, Sending>>,
    marks: Mutex<Option<Marks>>,
    queues: Mutex<Queues>,
    /// By bot, and whether of bulk.
    budgets: Mutex<HashMap<(i64, bool), RetryBudget>>,
    waiting: AtomicUsize,
    next_loose: AtomicU64,
    stopping: AtomicBool,
}

/// Why a direct call did not happen.
#[derive(Debug)]
pub enum DirectError {
    /// The chat is flooded, or this process stops: later again.
    Later {
        /// Seconds.
        retry_after: u32,
    },
    /// Telegram refused it or did not answer.
    Api(ApiError),
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sender {
    /// Ready to send; nothing runs until [`Sender::start`].
    pub fn new(client: Client, store: Arc<Store>, redis: Redis) -> (Self, JoinHandle<()>) {
        let (marks, marking) = Marks::start(store.clone());
        let shared = Shared {
            client,
            store,
            flood: Budgets::new(redis.clone()),
            redis,
            look: Notify::new(),
            reply_calls: Semaphore::new(CALLS),
            bulk_calls: Semaphore::new(BULK_CALLS),
            bots: RwLock::default(),
            marks: Mutex::new(Some(marks)),
            queues: Mutex::default(),
            budgets: Mutex::default(),
            waiting: AtomicUsize::new(0),
            next_loose: AtomicU64::new(0),
            stopping: AtomicBool::new(false),
        };
        (
            Self {
                shared: Arc::new(shared),
            },
            marking,
        )
    }

    /// Sets or replaces a bot's token.
    pub fn set_bot(&self, name: &'static str, token: Token) {
        self.shared
            .bots
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(token.bot(), Sending { name, token });
    }

    /// So many bulk messages a second of one bot from now on.
    pub fn hold_bulk_to(&self, per_second: u32) {
        self.shared.flood.hold_bulk_to(per_second);
    }

    /// Takes committed rows as the engine announces them, and sweeps up the rest, until [`Sender::stop`].
    pub fn start(&self, announced: mpsc::Receiver<Vec<OutboxRow>>) -> [JoinHandle<()>; 3] {
        [
            tokio::spawn(take_announced(self.clone(), announced)),
            tokio::spawn(sweep(self.clone())),
            tokio::spawn(hear(self.clone(), self.shared.redis.hear())),
        ]
    }

    /// Rows of earlier processes that are still leased: what is newer waits for them, for a while, so that the order in
    /// their chats is kept. To be called before the first update is handled.
    pub async fn hold_leftovers(&self) {
        let shared = &self.shared;
        let now = shared.store.clock().micros();
        // In the order of the rows, not of the clock: it may have been ahead when they were written.
        let before = shared.store.next_at();
        let Ok(chats) = shared.store.unsent_chats(before).await else {
            telemetry::emit(events::StoreFailed { task: "sweep" });
            return;
        };
        let mut queues = lock(&shared.queues);
        for (bot, chat, lease_until) in chats {
            let left = u64::try_from(lease_until.saturating_sub(now)).unwrap_or(0);
            let wait = (Duration::from_micros(left) + SWEEP_EVERY).min(HOLD_AT_START);
            queues.hold(LaneKey::Chat(bot, chat), Instant::now() + wait);
            queues.leftovers.insert((bot, chat));
        }
        queues.began = before;
    }

    /// Queues committed rows.
    pub fn send(&self, rows: Vec<OutboxRow>) {
        for row in rows {
            let long = row
                .chat
                .and_then(|chat| self.shared.held_for(row.key.bot, chat))
                .filter(|wait| *wait > PARK);
            match long {
                Some(wait) => {
                    let sender = self.clone();
                    tokio::spawn(async move {
                        sender.shared.give_back(vec![row.key], wait, false).await;
                    });
                }
                None => self.enqueue(row),
            }
        }
    }

    /// Sends one call before the update is acknowledged, behind what is queued for the same chat. Dropping the future
    /// takes a call that has not begun out of the queue.
    pub async fn direct(&self, bot: i64, outgoing: Outgoing) -> Result<(), DirectError> {
        let chat = outgoing.call.chat_id();
        if let Some(wait) = chat.and_then(|chat| self.shared.held_for(bot, chat)) {
            return Err(DirectError::Later {
                retry_after: lane::whole_seconds(wait),
            });
        }
        let (tell, told) = oneshot::channel();
        let key = self.shared.lane_key(bot, chat, Class::Reply);
        let item = Item::Direct {
            bot,
            outgoing,
            tell,
            life: Life::current(),
        };
        self.shared.push(key, item, self);
        told.await
            .unwrap_or(Err(DirectError::Later { retry_after: 1 }))
    }

    /// A row that rode in a webhook's response and was flushed.
    pub fn flushed(&self, row: RowKey) {
        if let Some(marks) = lock(&self.shared.marks).as_ref() {
            marks.rode(row);
        }
    }

    /// Something waits in the table: looks there at once.
    pub fn look(&self) {
        self.shared.look.notify_one();
    }

    /// Rows that this process holds unsent.
    pub fn waiting(&self) -> usize {
        self.shared.waiting.load(Ordering::Relaxed)
    }

    /// Sends what is queued until `limit` has passed, gives the rest back, and lets the marks be written.
    pub async fn stop(&self, limit: Duration) {
        let until = tokio::time::Instant::now() + limit;
        self.shared.stopping.store(true, Ordering::Relaxed);
        while lock(&self.shared.queues).busy() && tokio::time::Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let rest: Vec<RowKey> = lock(&self.shared.queues)
            .lanes
            .values_mut()
            .flat_map(Lane::drain_rows)
            .collect();
        if !rest.is_empty() {
            self.shared.give_back(rest, Duration::ZERO, false).await;
            self.shared.redis.tell(Notice::Outbox);
        }
        lock(&self.shared.marks).take();
    }

    fn enqueue(&self, row: OutboxRow) {
        let key = self.shared.lane_key(row.key.bot, row.chat, row.class);
        self.shared.push(key, Item::Row(Box::new(row)), self);
    }
}

impl FloodGate for Sender {
    fn open(&self, bot: i64, chat: i64) -> bool {
        let key = LaneKey::Chat(bot, chat);
        {
            // An offered response overtakes whatever is still queued, so nothing may be.
            let queues = lock(&self.shared.queues);
            if queues.lanes.contains_key(&key) || queues.held.contains_key(&key) {
                return false;
            }
        }
        self.shared.flood.ride(bot, chat)
    }
}

/// The lanes, and the chats that wait. One lock: whether a lane runs and whether its chat is held change together.
#[derive(Debug, Default)]
struct Queues {
    lanes: HashMap<LaneKey, Lane>,
    /// Chats whose lanes stand still. What is newer waits behind what failed, in the lane or in the table.
    held: HashMap<LaneKey, Instant>,
    /// Chats that are held only because of rows from before `began`: of an instance that ended, or of one that sends them
    /// right now.
    leftovers: HashSet<(i64, i64)>,
    began: i64,
}

impl Queues {
    fn busy(&self) -> bool {
        self.lanes.values().any(|lane| lane.running)
    }

    /// Items of bulk, those that are being sent included.
    fn bulk(&self) -> usize {
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
    fn hold(&mut self, key: LaneKey, until: Instant) {
        if key.ordered() {
            let entry = self.held.entry(key).or_insert(until);
            *entry = (*entry).max(until);
        }
    }
}

impl Shared {
    pub(super) fn bot(&self, bot: i64) -> Option<Sending> {
        self.bots
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&bot)
            .cloned()
    }

    /// Where a call queues: its chat's lane, or one of its own where order does not matter.
    fn lane_key(&self, bot: i64, chat: Option<i64>, class: Class) -> LaneKey {
        match chat {
            Some(chat) if class == Class::Bulk => LaneKey::Bulk(bot, chat),
            Some(chat) => LaneKey::Chat(bot, chat),
            None => LaneKey::Loose(self.next_loose.fetch_add(1, Ordering::Relaxed)),
        }
    }

    /// Puts an item into its lane, and starts the lane unless it runs or its chat is held.
    pub(super) fn push(&self, key: LaneKey, item: Item, sender: &Sender) {
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
    pub(super) fn next(&self, key: LaneKey) -> Option<Item> {
        let mut queues = lock(&self.queues);
        let item = queues.lanes.get_mut(&key).and_then(Lane::pop);
        if item.is_none() {
            queues.lanes.remove(&key);
        }
        item
    }

    /// The lane stands still for `delay`, with this item at its head.
    pub(super) fn park(&self, key: LaneKey, head: Item, delay: Duration) {
        let mut queues = lock(&self.queues);
        queues.hold(key, Instant::now() + delay);
        let lane = queues.lanes.entry(key).or_default();
        lane.push_front(head);
        lane.running = false;
    }

    /// The chat waits for `delay` plus the second within which the table's rows are due again; everything in the lane.
    pub(super) fn hold_and_drain(&self, key: LaneKey, delay: Duration) -> Vec<Item> {
        let mut queues = lock(&self.queues);
        queues.hold(key, Instant::now() + delay + SWEEP_EVERY);
        queues
            .lanes
            .get_mut(&key)
            .map(Lane::drain)
            .unwrap_or_default()
    }

    /// Everything behind the item that is being sent.
    pub(super) fn drain(&self, key: LaneKey) -> Vec<Item> {
        lock(&self.queues)
            .lanes
            .get_mut(&key)
            .map(Lane::drain)
            .unwrap_or_default()
    }

    /// Items have left the lanes, one way or another.
    pub(super) fn done(&self, items: usize) {
        let before = self.waiting.fetch_sub(items, Ordering::Relaxed);
        telemetry::emit(events::OutboxWaiting {
            rows: before.saturating_sub(items),
        });
    }

    /// Prolongs the leases of rows that wait in the lanes. Without it they would end, and the sweep would take what this
    /// process holds already a second time (or another one would), as if it had perhaps been sent.
    async fn renew(&self) {
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
    fn release(&self, swept: Instant, sender: &Sender) {
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
    fn held_for(&self, bot: i64, chat: i64) -> Option<Duration> {
        let queues = lock(&self.queues);
        let until = queues.held.get(&LaneKey::Chat(bot, chat))?;
        Some(until.saturating_duration_since(Instant::now()))
    }

    pub(super) fn mark(&self, row: RowKey) {
        if let Some(marks) = lock(&self.marks).as_ref() {
            marks.sent(row);
        }
    }

    /// Where a call of this class waits for its turn.
    pub(super) fn calls(&self, class: Class) -> &Semaphore {
        match class {
            Class::Bulk => &self.bulk_calls,
            Class::Reply | Class::Edit => &self.reply_calls,
        }
    }

    /// What is sent now cannot be marked.
    pub(super) fn behind(&self) -> bool {
        lock(&self.marks).as_ref().is_some_and(Marks::behind)
    }

    pub(super) fn earn(&self, bot: i64, class: Class) {
        let key = (bot, class == Class::Bulk);
        lock(&self.budgets).entry(key).or_default().earn();
    }

    pub(super) fn pause(&self, bot: i64, class: Class, attempts: i64) -> Duration {
        let key = (bot, class == Class::Bulk);
        lock(&self.budgets).entry(key).or_default().spend(attempts)
    }

    pub(super) async fn give_back(&self, rows: Vec<RowKey>, delay: Duration, attempted: bool) {
        if rows.is_empty() {
            return;
        }
        // If this fails the rows' leases end by themselves; they count as ambiguous then.
        if self.store.give_back(rows, delay, attempted).await.is_err() {
            telemetry::emit(events::StoreFailed { task: "give_back" });
        }
    }

    pub(super) fn stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}

async fn take_announced(sender: Sender, mut announced: mpsc::Receiver<Vec<OutboxRow>>) {
    while let Some(rows) = announced.recv().await {
        sender.send(rows);
    }
}

/// What other instances tell.
async fn hear(sender: Sender, mut notices: broadcast::Receiver<Notice>) {
    let shared = &sender.shared;
    loop {
        match notices.recv().await {
            Ok(Notice::Outbox) => shared.look.notify_one(),
            Ok(Notice::Flood { bot, chat, seconds }) => shared.flood.heard(bot, chat, seconds),
            Ok(Notice::Locale { bot, subject }) => shared.store.locales.stale(bot, subject),
            Ok(Notice::Texts) => shared.store.texts_told(),
            Err(broadcast::error::RecvError::Lagged(_)) => {
                shared.look.notify_one();
                shared.store.texts_told();
            }
            Err(broadcast::error::RecvError::Closed) => return, // nobody to share with
        }
    }
}

/// Looks for rows that nobody sends: given back and due, or left by a crash.
async fn sweep(sender: Sender) {
    let shared = &sender.shared;
    let mut tick = tokio::time::interval(SWEEP_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut away = false;
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = shared.look.notified() => {}
        }
        if shared.stopping() {
            return;
        }
        let began = Instant::now();
        if away && shared.store.health().await {
            // What was sent while the database was away is marked first, by every instance.
            tokio::time::sleep(SETTLE).await;
            away = shared.behind();
        }
        shared.renew().await;
        // What does not fit waits in the table, where every instance can take it.
        while !away && shared.waiting.load(Ordering::Relaxed) < HELD_MOST {
            crate::faults::point("lease.before");
            match shared.store.lease_expired(Class::Reply, SWEEP_ROWS).await {
                Ok(rows) => {
                    if !rows.is_empty() {
                        crate::faults::point("lease.after");
                    }
                    let found = rows.len();
                    if found > 0 {
                        telemetry::emit(events::RowsTakenOver { rows: found });
                    }
                    // In the order of the table, and past the holds: these rows are what the holds are for.
                    rows.into_iter().for_each(|row| sender.enqueue(row));
                    if found < SWEEP_ROWS as usize {
                        break;
                    }
                }
                Err(_) => {
                    telemetry::emit(events::StoreFailed { task: "sweep" });
                    away = true;
                }
            }
        }
        if !away {
            sweep_bulk(&sender).await;
        }
        leftovers(shared).await;
        shared.release(began, &sender);
        if shared.store.forget_unreachable().await.is_err() {
            telemetry::emit(events::StoreFailed {
                task: "forget_unreachable",
            });
        }
    }
}

/// Chats whose rows from before the start have left by now wait no longer.
async fn leftovers(shared: &Shared) {
    let before = {
        let queues = lock(&shared.queues);
        if queues.leftovers.is_empty() {
            return;
        }
        queues.began
    };
    let Ok(chats) = shared.store.unsent_chats(before).await else {
        return; // the holds end by themselves
    };
    let waits: HashSet<(i64, i64)> = chats.iter().map(|(bot, chat, _)| (*bot, *chat)).collect();
    let mut queues = lock(&shared.queues);
    let gone: Vec<(i64, i64)> = queues.leftovers.difference(&waits).copied().collect();
    for (bot, chat) in gone {
        queues.leftovers.remove(&(bot, chat));
        if let Some(until) = queues.held.get_mut(&LaneKey::Chat(bot, chat)) {
            *until = (*until).min(Instant::now());
        }
    }
}

/// After the replies, and no more of it than leaves soon: the rest waits in the table.
async fn sweep_bulk(sender: &Sender) {
    let shared = &sender.shared;
    let held = lock(&shared.queues).bulk();
    let Some(room) = BULK_ROWS.checked_sub(held).filter(|room| *room > 0) else {
        return;
    };
    let room = u32::try_from(room).unwrap_or(u32::MAX);
    match shared.store.lease_expired(Class::Bulk, room).await {
        Ok(rows) => rows.into_iter().for_each(|row| sender.enqueue(row)),
        Err(_) => telemetry::emit(events::StoreFailed { task: "sweep" }),
    }
}
