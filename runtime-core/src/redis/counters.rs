//! Counters with an end, shared where there is a Redis: failed attempts at an update. Without Redis every instance counts
//! for itself.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis::Script;

use super::Redis;

/// Counters that one process remembers by itself.
const REMEMBERED: usize = 16_384;
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

/// The counters.
#[derive(Debug)]
pub struct Counters {
    redis: Redis,
    counts: Mutex<Remembered<String, u64>>,
}

impl Counters {
    /// Nothing counted yet.
    pub fn new(redis: Redis) -> Self {
        Self {
            redis,
            counts: Mutex::default(),
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

    #[tokio::test]
    async fn alone_it_counts_for_itself() {
        let counters = Counters::new(Redis::alone());
        assert_eq!(counters.count("a", Duration::from_millis(30)).await, 1);
        assert_eq!(counters.count("a", Duration::from_millis(30)).await, 2);
        tokio::time::sleep(Duration::from_millis(40)).await;
        assert_eq!(counters.count("a", Duration::from_millis(30)).await, 1);
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
