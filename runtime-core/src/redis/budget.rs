//! Flood budgets of all instances together. A message on the outbox's path asks Redis, by one script; a reply that rides in
//! a response asks only this process, and is counted there afterwards. What Telegram answers with 429 closes a chat (or a
//! bot) on every instance at once.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use redis::Script;
use redis::aio::ConnectionManager;

use super::notices::Notice;
use super::{Later, Redis};
use crate::telegram::flood::{
    BULK_PER_SECOND, Class, Flood, GROUP_PER_MINUTE, PRIVATE_INTERVAL, apart, limits,
};

/// Takes one message. Keys: chat's budget, chat closed, bot closed, bulk's budget. Arguments: 1 for a group; 1 for bulk; 1 to
/// count whatever the budget says; private interval and burst; group's number; bulk's a second; how many of a group are
/// remembered. Gives the milliseconds to
/// wait, 0: taken. Times are Redis's, in milliseconds.
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local group, bulk, force = ARGV[1] == '1', ARGV[2] == '1', ARGV[3] == '1'
local interval, burst, per_minute = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local bulk_interval = 1000 / tonumber(ARGV[7])
local wait = math.max(redis.call('PTTL', KEYS[2]), redis.call('PTTL', KEYS[3]), 0)
local full = now
if group then
  local oldest = redis.call('LINDEX', KEYS[1], per_minute - 1)
  if oldest then wait = math.max(wait, tonumber(oldest) + 60000 - now) end
else
  full = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
  wait = math.max(wait, full + interval - now - interval * burst)
end
local bulk_full = now
if bulk then
  bulk_full = math.max(tonumber(redis.call('GET', KEYS[4]) or now), now)
  wait = math.max(wait, bulk_full + bulk_interval - now - 1000)
end
if wait > 0 and not force then return math.ceil(wait) end
if group then
  redis.call('LPUSH', KEYS[1], now)
  redis.call('LTRIM', KEYS[1], 0, tonumber(ARGV[8]) - 1)
  redis.call('PEXPIRE', KEYS[1], 60000)
else
  redis.call('SET', KEYS[1], full + interval, 'PX', math.ceil(full + interval - now) + 1000)
end
if bulk then
  redis.call('SET', KEYS[4], bulk_full + bulk_interval, 'PX', 5000)
end
return 0
",
    )
});

fn keys(bot: i64, chat: i64, class: Class) -> [String; 4] {
    let of = if apart(chat, class) { ":edits" } else { "" };
    // Keys of one bot stay on one node of a cluster.
    [
        format!("bf:{{{bot}}}:flood:{chat}{of}"),
        closed_key(bot, Some(chat)),
        closed_key(bot, None),
        format!("bf:{{{bot}}}:flood:bulk"),
    ]
}

fn closed_key(bot: i64, chat: Option<i64>) -> String {
    match chat {
        Some(chat) => format!("bf:{{{bot}}}:closed:{chat}"),
        None => format!("bf:{{{bot}}}:closed"),
    }
}

fn arguments(chat: i64, class: Class, force: bool, bulk: u32) -> [i64; 8] {
    let (burst, per_minute) = limits(class);
    [
        i64::from(chat < 0),
        i64::from(class == Class::Bulk),
        i64::from(force),
        i64::try_from(PRIVATE_INTERVAL.as_millis()).unwrap_or(i64::MAX),
        i64::from(burst),
        i64::try_from(per_minute).unwrap_or(i64::MAX),
        i64::from(bulk),
        i64::try_from(GROUP_PER_MINUTE).unwrap_or(i64::MAX),
    ]
}

/// Counts a reply that left without asking.
pub(super) async fn used(
    manager: &mut ConnectionManager,
    bot: i64,
    chat: i64,
) -> redis::RedisResult<()> {
    let mut invocation = TAKE.prepare_invoke();
    for key in keys(bot, chat, Class::Reply) {
        invocation.key(key);
    }
    for argument in arguments(chat, Class::Reply, true, BULK_PER_SECOND) {
        invocation.arg(argument);
    }
    invocation.invoke_async::<i64>(manager).await.map(|_| ())
}

/// The budgets: this process's own, and those of all instances where there is a Redis.
#[derive(Debug)]
pub struct Budgets {
    own: Flood,
    redis: Redis,
}

impl Budgets {
    /// No budget used yet.
    pub fn new(redis: Redis) -> Self {
        Self {
            own: Flood::new(),
            redis,
        }
    }

    /// So many bulk messages a second of one bot from now on.
    pub fn hold_bulk_to(&self, per_second: u32) {
        self.own.hold_bulk_to(per_second);
    }

    /// Takes one message from the budgets.
    ///
    /// # Errors
    /// How long to wait; nothing is taken then.
    pub async fn take(&self, bot: i64, chat: i64, class: Class) -> Result<(), Duration> {
        let now = Instant::now();
        // Its own share is never more than all use together: what it refuses the others would refuse too.
        self.own.take(bot, chat, class, now)?;
        let shared: Option<i64> = self
            .redis
            .run(
                "flood",
                &TAKE,
                &keys(bot, chat, class),
                &arguments(chat, class, false, self.own.bulk_budget()),
            )
            .await;
        match shared.and_then(|wait| u64::try_from(wait).ok()) {
            None | Some(0) => Ok(()),
            Some(wait) => {
                self.own.give_back(bot, chat, class);
                Err(Duration::from_millis(wait))
            }
        }
    }

    /// Takes the further messages of a call that is several at once.
    pub fn charge(&self, bot: i64, chat: i64, messages: u32) {
        self.own.charge(bot, chat, messages, Instant::now());
        for _ in 0..messages {
            self.redis.later(Later::Used { bot, chat });
        }
    }

    /// Takes one message of a reply that rides in a response, if this process thinks that it may leave now.
    pub fn ride(&self, bot: i64, chat: i64) -> bool {
        let may = self
            .own
            .take(bot, chat, Class::Reply, Instant::now())
            .is_ok();
        if may {
            self.redis.later(Later::Used { bot, chat });
        }
        may
    }

    /// Telegram said 429 for a message to `chat` (or for the bot): nobody sends there for a while.
    pub async fn closed(&self, bot: i64, chat: Option<i64>, class: Class, seconds: u32) {
        let whole = self.own.closed(bot, chat, class, seconds, Instant::now());
        let mut shut = vec![chat];
        if whole && chat.is_some() {
            shut.push(None);
        }
        for chat in shut {
            self.redis.tell(Notice::Flood { bot, chat, seconds });
            // For instances that start later.
            let mut command = redis::cmd("SET");
            command
                .arg(closed_key(bot, chat))
                .arg(1)
                .arg("EX")
                .arg(seconds.max(1));
            let _ = self.redis.call::<()>("flood", &command).await;
        }
    }

    /// Another instance was told 429.
    pub fn heard(&self, bot: i64, chat: Option<i64>, seconds: u32) {
        self.own.shut(bot, chat, seconds, Instant::now());
    }
}
