//! Flood control: how fast one may write before Telegram says 429.
//!
//! Telegram's limits for replies are per chat: about one message a second in a private chat with bursts allowed,
//! 20 a minute in a group (<https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this>). The
//! 30 a second per bot are for bulk notifications only, hence two classes. What Telegram answers beats what we guess:
//! a 429 closes the chat, and when several chats of a bot get one, the bot.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What kind of traffic a call belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Answers to a person's update.
    Reply,
    /// Changes of messages, as answers to a person's update: groups count them by themselves.
    Edit,
    /// Notifications: held to [`BULK_PER_SECOND`] per bot as well.
    Bulk,
}

/// Messages that may leave at once for a private chat; then one a second.
pub(crate) const PRIVATE_BURST: u32 = 20;
pub(crate) const PRIVATE_INTERVAL: Duration = Duration::from_secs(1);
/// Messages in any minute for a group; as many changes of messages besides.
pub(crate) const GROUP_PER_MINUTE: usize = 20;
const MINUTE: Duration = Duration::from_secs(60);
/// The part of a chat's budget that bulk may use: the rest is for replies.
pub(crate) const BULK_SHARE: u32 = 2;
/// Bulk messages a second for one bot, a little below Telegram's 30.
pub(crate) const BULK_PER_SECOND: u32 = 25;
/// Chats remembered before full budgets are forgotten.
const CHATS_KEPT: usize = 20_000;
/// Chats that must be flooded within [`SPREAD`] before the whole bot waits.
const CHATS_FOR_BOT: usize = 3;
const SPREAD: Duration = Duration::from_secs(10);

/// In-process flood budgets of every bot of this deployment.
#[derive(Debug, Default)]
pub struct Flood {
    inner: Mutex<Inner>,
    /// Bulk messages a second; 0: [`BULK_PER_SECOND`].
    bulk: AtomicU32,
}

#[derive(Debug, Default)]
struct Inner {
    /// By bot, chat, and whether it is a group's budget of edits.
    chats: HashMap<(i64, i64, bool), Bucket>,
    bots: HashMap<i64, BotBudget>,
    /// So many chats are remembered before those with full budgets are forgotten.
    forget_at: usize,
}

#[derive(Debug)]
struct Bucket {
    pace: Pace,
    closed_until: Instant,
}

#[derive(Debug)]
enum Pace {
    /// Generic cell rate algorithm: the instant at which the budget is full again.
    Private(Instant),
    /// When the last [`GROUP_PER_MINUTE`] left.
    Group(VecDeque<Instant>),
}

impl Bucket {
    fn new(chat: i64, now: Instant) -> Self {
        Self {
            // Groups, supergroups and channels have negative ids.
            pace: if chat < 0 {
                Pace::Group(VecDeque::new())
            } else {
                Pace::Private(now)
            },
            closed_until: now,
        }
    }

    fn wait(&self, class: Class, now: Instant) -> Duration {
        let (burst, per_minute) = limits(class);
        let paced = match &self.pace {
            Pace::Private(full_at) => wait(*full_at, PRIVATE_INTERVAL, burst, now),
            // The one that must be a minute old for another to fit.
            Pace::Group(sent) => sent
                .len()
                .checked_sub(per_minute)
                .and_then(|oldest| sent.get(oldest))
                .map_or(Duration::ZERO, |oldest| {
                    (*oldest + MINUTE).saturating_duration_since(now)
                }),
        };
        paced.max(self.closed_until.saturating_duration_since(now))
    }

    fn take(&mut self, now: Instant) {
        match &mut self.pace {
            Pace::Private(full_at) => *full_at = (*full_at).max(now) + PRIVATE_INTERVAL,
            Pace::Group(sent) => {
                if sent.len() >= GROUP_PER_MINUTE {
                    sent.pop_front();
                }
                sent.push_back(now);
            }
        }
    }

    /// Nothing to remember.
    fn idle(&self, now: Instant) -> bool {
        self.closed_until <= now
            && match &self.pace {
                Pace::Private(full_at) => *full_at <= now,
                Pace::Group(sent) => sent.back().is_none_or(|last| *last + MINUTE <= now),
            }
    }
}

#[derive(Debug)]
struct BotBudget {
    bulk_full_at: Instant,
    closed_until: Instant,
    flooded: Vec<(i64, Instant)>,
}

/// A class's part of a chat's budget: burst of a private chat, messages a minute of a group.
pub(crate) fn limits(class: Class) -> (u32, usize) {
    match class {
        Class::Reply | Class::Edit => (PRIVATE_BURST, GROUP_PER_MINUTE),
        Class::Bulk => (
            PRIVATE_BURST / BULK_SHARE,
            GROUP_PER_MINUTE / BULK_SHARE as usize,
        ),
    }
}

/// Whether a call has a budget of its own there.
pub(crate) fn apart(chat: i64, class: Class) -> bool {
    chat < 0 && class == Class::Edit
}

/// How long until one more cell fits.
fn wait(full_at: Instant, interval: Duration, burst: u32, now: Instant) -> Duration {
    let start = full_at.max(now);
    (start + interval)
        .saturating_duration_since(now)
        .saturating_sub(interval * burst)
}

impl Flood {
    /// No budget used yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// So many bulk messages a second from now on.
    pub fn hold_bulk_to(&self, per_second: u32) {
        self.bulk.store(per_second, Ordering::Relaxed);
    }

    /// Bulk messages a second.
    pub fn bulk_per_second(&self) -> u32 {
        match self.bulk.load(Ordering::Relaxed) {
            0 => BULK_PER_SECOND,
            per_second => per_second,
        }
    }

    /// What its budget gives a second: what was missed is made up for by a little more than [`Flood::bulk_per_second`].
    pub(crate) fn bulk_budget(&self) -> u32 {
        let per_second = self.bulk_per_second();
        per_second.saturating_add(per_second.div_ceil(25))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A poisoned budget is still a budget.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one message from the budgets, or says how long to wait (nothing is taken then).
    pub fn take(&self, bot: i64, chat: i64, class: Class, now: Instant) -> Result<(), Duration> {
        let mut inner = self.lock();
        if inner.chats.len() >= inner.forget_at.max(CHATS_KEPT) {
            inner.chats.retain(|_, bucket| !bucket.idle(now));
            // Where most are busy, not again for each message.
            inner.forget_at = inner.chats.len() * 2;
        }
        let budget = inner.bots.entry(bot).or_insert_with(|| BotBudget::new(now));
        let mut longest = budget.closed_until.saturating_duration_since(now);
        let per_second = self.bulk_budget();
        let bulk = Duration::from_secs(1) / per_second;
        if class == Class::Bulk {
            longest = longest.max(wait(budget.bulk_full_at, bulk, per_second, now));
        }
        let apart = apart(chat, class);
        if apart && let Some(messages) = inner.chats.get(&(bot, chat, false)) {
            longest = longest.max(messages.closed_until.saturating_duration_since(now));
        }
        let bucket = inner
            .chats
            .entry((bot, chat, apart))
            .or_insert_with(|| Bucket::new(chat, now));
        longest = longest.max(bucket.wait(class, now));
        if !longest.is_zero() {
            return Err(longest);
        }
        bucket.take(now);
        if class == Class::Bulk
            && let Some(budget) = inner.bots.get_mut(&bot)
        {
            budget.bulk_full_at = budget.bulk_full_at.max(now) + bulk;
        }
        Ok(())
    }

    /// Takes further messages of a call that is several at once, whatever the budget says: what comes next waits longer.
    pub fn charge(&self, bot: i64, chat: i64, messages: u32, now: Instant) {
        let mut inner = self.lock();
        let bucket = inner
            .chats
            .entry((bot, chat, false))
            .or_insert_with(|| Bucket::new(chat, now));
        for _ in 0..messages {
            bucket.take(now);
        }
    }

    /// Gives back one message that was taken and not sent.
    pub fn give_back(&self, bot: i64, chat: i64, class: Class) {
        let mut inner = self.lock();
        if let Some(bucket) = inner.chats.get_mut(&(bot, chat, apart(chat, class))) {
            match &mut bucket.pace {
                Pace::Private(full_at) => {
                    *full_at = full_at.checked_sub(PRIVATE_INTERVAL).unwrap_or(*full_at);
                }
                Pace::Group(sent) => {
                    sent.pop_back();
                }
            }
        }
        if class == Class::Bulk
            && let Some(budget) = inner.bots.get_mut(&bot)
        {
            let bulk = Duration::from_secs(1) / self.bulk_budget();
            budget.bulk_full_at = budget
                .bulk_full_at
                .checked_sub(bulk)
                .unwrap_or(budget.bulk_full_at);
        }
    }

    /// Another instance was told 429: nothing to be concluded from how many.
    pub fn shut(&self, bot: i64, chat: Option<i64>, seconds: u32, now: Instant) {
        let until = now + Duration::from_secs(u64::from(seconds));
        let mut inner = self.lock();
        match chat {
            None => {
                let budget = inner.bots.entry(bot).or_insert_with(|| BotBudget::new(now));
                budget.closed_until = budget.closed_until.max(until);
            }
            Some(chat) => {
                let bucket = inner
                    .chats
                    .entry((bot, chat, false))
                    .or_insert_with(|| Bucket::new(chat, now));
                bucket.closed_until = bucket.closed_until.max(until);
            }
        }
    }

    /// Whether a reply could leave right now; takes nothing.
    pub fn open(&self, bot: i64, chat: i64, now: Instant) -> bool {
        let inner = self.lock();
        inner.bots.get(&bot).is_none_or(|b| b.closed_until <= now)
            && inner
                .chats
                .get(&(bot, chat, false))
                .is_none_or(|b| b.wait(Class::Reply, now).is_zero())
    }

    /// Telegram said 429 for a message to `chat`. Whether the whole bot is closed by now. What bulk has brought about
    /// stops bulk only, beyond that chat.
    pub fn closed(
        &self,
        bot: i64,
        chat: Option<i64>,
        class: Class,
        retry_after: u32,
        now: Instant,
    ) -> bool {
        let until = now + Duration::from_secs(u64::from(retry_after));
        let mut inner = self.lock();
        let budget = inner.bots.entry(bot).or_insert_with(|| BotBudget::new(now));
        match chat {
            None => {
                budget.closed_until = budget.closed_until.max(until);
                true
            }
            Some(chat) => {
                budget
                    .flooded
                    .retain(|(c, at)| *c != chat && now.saturating_duration_since(*at) < SPREAD);
                let bulk = class == Class::Bulk;
                if bulk {
                    budget.bulk_full_at = budget.bulk_full_at.max(until + Duration::from_secs(1));
                } else {
                    budget.flooded.push((chat, now));
                }
                let whole = budget.flooded.len() >= CHATS_FOR_BOT;
                if whole {
                    budget.closed_until = budget.closed_until.max(until);
                    budget.flooded.clear();
                }
                let bucket = inner
                    .chats
                    .entry((bot, chat, false))
                    .or_insert_with(|| Bucket::new(chat, now));
                bucket.closed_until = bucket.closed_until.max(until);
                whole
            }
        }
    }
}

impl BotBudget {
    fn new(now: Instant) -> Self {
        Self {
            bulk_full_at: now,
            closed_until: now,
            flooded: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOT: i64 = 1;

    fn taken(flood: &Flood, chat: i64, class: Class, now: Instant, tries: u32) -> u32 {
        (0..tries)
            .filter(|_| flood.take(BOT, chat, class, now).is_ok())
            .count() as u32
    }

    #[test]
    fn a_private_chat_has_a_burst_then_one_a_second() {
        let flood = Flood::new();
        let now = Instant::now();
        assert_eq!(taken(&flood, 7, Class::Reply, now, 50), PRIVATE_BURST);
        assert!(!flood.open(BOT, 7, now));
        assert!(flood.open(BOT, 8, now));
        let wait = flood.take(BOT, 7, Class::Reply, now).unwrap_err();
        assert_eq!(wait, Duration::from_secs(1));
        assert_eq!(
            taken(&flood, 7, Class::Reply, now + Duration::from_secs(2), 50),
            2
        );
    }

    #[test]
    fn a_group_has_twenty_a_minute() {
        let flood = Flood::new();
        let now = Instant::now();
        assert_eq!(taken(&flood, -7, Class::Reply, now, 50), 20);
        assert_eq!(
            taken(&flood, -7, Class::Reply, now + Duration::from_secs(60), 50),
            20
        );
    }

    #[test]
    fn replies_are_not_held_to_the_bulk_limit() {
        let flood = Flood::new();
        let now = Instant::now();
        let bulk: u32 = (0..100)
            .map(|chat| taken(&flood, chat, Class::Bulk, now, 1))
            .sum();
        assert_eq!(bulk, BULK_PER_SECOND + 1);
        let replies: u32 = (200..300)
            .map(|chat| taken(&flood, chat, Class::Reply, now, 1))
            .sum();
        assert_eq!(replies, 100);
    }

    #[test]
    fn a_group_has_twenty_edits_a_minute_besides() {
        let flood = Flood::new();
        let now = Instant::now();
        assert_eq!(taken(&flood, -7, Class::Edit, now, 50), 20);
        assert_eq!(taken(&flood, -7, Class::Reply, now, 50), 20);
        let later = now + Duration::from_secs(59);
        assert_eq!(taken(&flood, -7, Class::Edit, later, 50), 0);
        flood.closed(BOT, Some(-8), Class::Reply, 5, now);
        assert_eq!(taken(&flood, -8, Class::Edit, now, 1), 0);
    }

    #[test]
    fn an_album_counts_as_its_messages() {
        let flood = Flood::new();
        let now = Instant::now();
        for chat in [7, -7] {
            assert_eq!(taken(&flood, chat, Class::Reply, now, 1), 1);
            flood.charge(BOT, chat, 9, now);
            assert_eq!(taken(&flood, chat, Class::Reply, now, 50), 10, "{chat}");
        }
    }

    #[test]
    fn bulk_leaves_half_of_every_chat_to_replies() {
        let flood = Flood::new();
        let now = Instant::now();
        assert_eq!(taken(&flood, 7, Class::Bulk, now, 25), PRIVATE_BURST / 2);
        assert_eq!(taken(&flood, 7, Class::Reply, now, 25), PRIVATE_BURST / 2);
        assert_eq!(taken(&flood, -7, Class::Bulk, now, 15), 10);
        assert_eq!(taken(&flood, -7, Class::Reply, now, 15), 10);
    }

    #[test]
    fn what_bulk_has_flooded_stops_bulk_only() {
        let flood = Flood::new();
        let now = Instant::now();
        for chat in 1..=9 {
            assert!(!flood.closed(BOT, Some(chat), Class::Bulk, 5, now));
        }
        assert!(flood.open(BOT, 10, now));
        assert!(flood.take(BOT, 10, Class::Bulk, now).is_err());
    }

    #[test]
    fn a_429_closes_the_chat_and_three_close_the_bot() {
        let flood = Flood::new();
        let now = Instant::now();
        flood.closed(BOT, Some(1), Class::Reply, 5, now);
        assert_eq!(
            flood.take(BOT, 1, Class::Reply, now),
            Err(Duration::from_secs(5))
        );
        assert!(flood.open(BOT, 2, now));
        flood.closed(BOT, Some(2), Class::Reply, 5, now);
        flood.closed(BOT, Some(3), Class::Reply, 5, now);
        assert!(!flood.open(BOT, 4, now));
        assert!(flood.open(2, 4, now));
        assert!(flood.open(BOT, 4, now + Duration::from_secs(5)));
    }
}
