//! The sender: committed rows and direct calls go into the lane of their chat; what crashes and refusals left behind
//! is swept up when its lease ends.

mod shared;
mod sweep;

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::lane::{self, Item, Lane, LaneKey};
use super::marks::Marks;
use crate::engine::{FloodGate, Outgoing};
use crate::redis::Redis;
use crate::redis::budget::Budgets;
use crate::redis::notices::Notice;
use crate::store::Store;
use crate::store::outbox::{OutboxRow, RowKey};
use crate::telegram::client::Client;
use crate::telegram::error::ApiError;
use crate::telegram::flood::Class;
use crate::telegram::token::Token;
use crate::telemetry::life::Life;
use crate::telemetry::{self, events};
use shared::Shared;
use sweep::{hear, sweep, take_announced};

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
