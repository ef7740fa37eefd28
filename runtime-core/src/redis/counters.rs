//! Counters with an end, shared where there is a Redis: failed attempts at an update, and decisions of rate limits. Without
//! Redis every instance counts for itself.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis::Script;

use super::Redis;

/// Counters and decisions that one process remembers by itself.
const REMEMBERED: usize = 16_384;
/// How long a decision about an update holds: longer than Telegram's first retries, which rerun it.
const DECIDED: Duration = Duration::from_secs(600);

/// Adds one. Keys: the counter. Arguments: milliseconds that it lives from its first one on.
static COUNT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return n
",
    )
});

/// Decides once. Keys: the decision, the counter. Arguments: the window and the life of a decision in milliseconds, the
/// limit. Gives 0 for allowed, else the milliseconds until the window ends.
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local known = redis.call('GET', KEYS[1])
if known then return tonumber(known) end
local n = tonumber(redis.call('GET', KEYS[2]) or 0)
local verdict = 0
if n >= tonumber(ARGV[3]) then
  verdict = math.max(redis.call('PTTL', KEYS[2]), 1)
else
  n = redis.call('INCR', KEYS[2])
  if n == 1 then redis.call('PEXPIRE', KEYS[2], ARGV[1]) end
end
redis.call('SET', KEYS[1], verdict, 'PX', ARGV[2])
return verdict
",
    )
});

/// What a rate limit is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Telegram's numeric bot id.
    pub bot: i64,
    /// The update; asked again for it, the answer is the same.
    pub update_id: i64,
    /// Which limit: the compiler's name for it.
    pub rule: &'a str,
    /// Who is limited: a person, a chat, 0 for all together.
    pub subject: i64,
    /// How many are allowed in a window.
    pub limit: u32,
    /// How long a window is, from its first one on.
    pub window: Duration,
}

/// The counters.
#[derive(Debug)]
pub struct Counters {
    redis: Redis,
    counts: Mutex<Remembered<String, u64>>,
    decisions: Mutex<Remembered<(i64, i64, String), Duration>>,
}

impl Counters {
    /// Nothing counted yet.
    pub fn new(redis: Redis) -> Self {
        Self {
            redis,
            counts: Mutex::default(),
            decisions: Mutex::default(),
        }
    }

    /// Adds one to a counter that lives for `window` from its first one on; how many there are.
    pub async fn count(&self, name: &str, window: Duration) -> u64 {
        let keys = [format!("bf:count:{name}")];
        let shared: Option<i64> = self
            .redis
            .run("counter", &COUNT, &keys, &[milliseconds(window)])
            .await;
        if let Some(count) = shared.and_then(|count| u64::try_from(count).ok()) {
            return count;
        }
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(name.to_owned(), window, 0, Instant::now());
        *count += 1;
        *count
    }

    /// Takes one of a limit, once for each update and rule.
    ///
    /// # Errors
    /// The limit is reached: how long until its window ends.
    pub async fn take(&self, asked: Asked<'_>) -> Result<(), Duration> {
        let Asked {
            bot,
            update_id,
            rule,
            subject,
            limit,
            window,
        } = asked;
        let keys = [
            format!("bf:{{{bot}}}:decided:{update_id}:{rule}"),
            format!("bf:{{{bot}}}:limit:{rule}:{subject}"),
        ];
        let arguments = [
            milliseconds(window),
            milliseconds(DECIDED),
            i64::from(limit),
        ];
        let shared: Option<i64> = self.redis.run("limit", &TAKE, &keys, &arguments).await;
        if let Some(wait) = shared.and_then(|wait| u64::try_from(wait).ok()) {
            return verdict(Duration::from_millis(wait));
        }
        let now = Instant::now();
        let decision = (bot, update_id, rule.to_owned());
        let mut decisions = self
            .decisions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = decisions.get(&decision, now) {
            return verdict(known);
        }
        let [_, counter] = keys;
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let left = counts.left(&counter, now).unwrap_or(window);
        let count = counts.entry(counter, window, 0, now);
        let wait = if *count >= u64::from(limit) {
            left.max(Duration::from_millis(1))
        } else {
            *count += 1;
            Duration::ZERO
        };
        *decisions.entry(decision, DECIDED, wait, now) = wait;
        verdict(wait)
    }
}

fn verdict(wait: Duration) -> Result<(), Duration> {
    if wait.is_zero() { Ok(()) } else { Err(wait) }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis())
        .unwrap_or(i64::MAX)
        .max(1)
}

/// Values with an end, a bounded number of them.
#[derive(Debug)]
struct Remembered<K, V>(HashMap<K, (Instant, V)>);

impl<K, V> Default for Remembered<K, V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Hash + Eq, V: Copy> Remembered<K, V> {
    fn get(&self, key: &K, now: Instant) -> Option<V> {
        let (until, value) = self.0.get(key)?;
        (*until > now).then_some(*value)
    }

    fn left(&self, key: &K, now: Instant) -> Option<Duration> {
        let (until, _) = self.0.get(key)?;
        until
            .checked_duration_since(now)
            .filter(|left| !left.is_zero())
    }

    /// The value; one that is missing or has ended begins as `fresh` and ends after `window`.
    fn entry(&mut self, key: K, window: Duration, fresh: V, now: Instant) -> &mut V {
        if self.0.len() >= REMEMBERED && !self.0.contains_key(&key) {
            self.0.retain(|_, (until, _)| *until > now);
            if self.0.len() >= REMEMBERED {
                self.0.clear(); // too many to remember: better forgotten than refused
            }
        }
        let entry = self.0.entry(key).or_insert((now + window, fresh));
        if entry.0 <= now {
            *entry = (now + window, fresh);
        }
        &mut entry.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(update_id: i64, subject: i64) -> Asked<'static> {
        Asked {
            bot: 1,
            update_id,
            rule: "order",
            subject,
            limit: 2,
            window: Duration::from_secs(60),
        }
    }

    #[tokio::test]
    async fn alone_it_counts_for_itself_and_decides_once() {
        let counters = Counters::new(Redis::alone());
        assert_eq!(counters.count("a", Duration::from_millis(30)).await, 1);
        assert_eq!(counters.count("a", Duration::from_millis(30)).await, 2);
        tokio::time::sleep(Duration::from_millis(40)).await;
        assert_eq!(counters.count("a", Duration::from_millis(30)).await, 1);
        assert!(counters.take(asked(1, 7)).await.is_ok());
        assert!(counters.take(asked(2, 7)).await.is_ok());
        let wait = counters.take(asked(3, 7)).await.unwrap_err();
        assert!(wait > Duration::from_secs(50) && wait <= Duration::from_secs(60));
        assert!(counters.take(asked(2, 7)).await.is_ok(), "decided before");
        assert!(counters.take(asked(3, 7)).await.is_err(), "decided before");
        assert!(counters.take(asked(4, 8)).await.is_ok(), "somebody else");
    }

    #[test]
    fn memory_is_bounded() {
        let mut remembered = Remembered::default();
        let now = Instant::now();
        for n in 0..3 * REMEMBERED {
            *remembered.entry(n, Duration::from_secs(60), 0, now) += 1;
            assert!(remembered.0.len() <= REMEMBERED);
        }
    }
}
