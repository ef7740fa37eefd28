//! Answers that were given before, for a while: in Redis for all instances where there is one, else in this process. Among
//! instances, too, one asks and the others wait for its answer.

use std::collections::{BTreeSet, HashMap};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::Script;

use super::ask::Output;
use super::flight::Key;
use crate::redis::Redis;

/// Answers that one process keeps.
const ANSWERS: usize = 4096;
/// Their bytes together.
const BYTES: usize = 8 << 20;
/// The label of the metric of fallbacks.
const PURPOSE: &str = "llm_cache";
/// No answer: the caller is to ask.
const ASK: &str = "!";
/// No answer: another instance asks.
const WAIT: &str = "?";

/// Keys: the answer, who asks. Arguments: a name for the caller, milliseconds that it may take.
static LOOK: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
local known = redis.call('GET', KEYS[1])
if known then return known end
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then return '!' end
return '?'
",
    )
});

/// Keys: who asks. Arguments: the caller's name.
static DONE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end return 0",
    )
});

/// See the module.
#[derive(Debug)]
pub(super) struct Cache {
    redis: Redis,
    keep: Duration,
    /// How long others wait for who asks.
    patience: Duration,
    kept: Mutex<Kept>,
}

/// What is known of a question.
#[derive(Debug, PartialEq)]
pub(super) enum Look {
    Known(Output),
    /// Nothing: ask. To be told of with [`Cache::done`].
    Ask(Asking),
    /// Another instance asks: look again.
    Wait,
}

/// The right to ask.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asking {
    /// Others are kept from it in Redis.
    name: Option<i64>,
}

impl Cache {
    pub(super) fn new(redis: Redis, keep: Duration, patience: Duration) -> Self {
        Self {
            redis,
            keep,
            patience,
            kept: Mutex::default(),
        }
    }

    pub(super) async fn look(&self, bot: &str, key: &Key) -> Look {
        if self.keep.is_zero() {
            return Look::Ask(Asking { name: None });
        }
        if self.redis.up() {
            let name = i64::from(rand::random::<u32>());
            let life = i64::try_from(self.patience.as_millis()).unwrap_or(i64::MAX);
            let keys = [answer_key(bot, key), asking_key(bot, key)];
            let told: Option<String> = self.redis.run(PURPOSE, &LOOK, &keys, &[name, life]).await;
            match told.as_deref() {
                Some(ASK) => return Look::Ask(Asking { name: Some(name) }),
                Some(WAIT) => return Look::Wait,
                Some(known) => {
                    // What another build has written in another form is asked again.
                    return match serde_json::from_str(known) {
                        Ok(output) => Look::Known(output),
                        Err(_) => Look::Ask(Asking { name: None }),
                    };
                }
                None => {}
            }
        }
        match self.kept().get(key, Instant::now()) {
            Some(output) => Look::Known(output),
            None => Look::Ask(Asking { name: None }),
        }
    }

    /// Whether keeping an answer takes a round trip.
    pub(super) fn is_far(&self) -> bool {
        !self.keep.is_zero() && self.redis.up()
    }

    /// The question was asked; an answer is kept.
    pub(super) async fn done(&self, bot: &str, key: &Key, asking: Asking, output: Option<&Output>) {
        if self.keep.is_zero() {
            return;
        }
        let keep = async {
            let Some(output) = output else { return };
            let text = serde_json::to_string(output).unwrap_or_default();
            let far = self.redis.up() && !text.is_empty();
            if !far
                || !self
                    .redis
                    .put(&answer_key(bot, key), &text, self.keep)
                    .await
            {
                let until = Instant::now() + self.keep;
                self.kept().put(*key, output.clone(), text.len(), until);
            }
        };
        let done = async {
            if let Some(name) = asking.name {
                let keys = [asking_key(bot, key)];
                let _: Option<i64> = self.redis.run(PURPOSE, &DONE, &keys, &[name]).await;
            }
        };
        // On one connection, in this order.
        tokio::join!(biased; keep, done);
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn answer_key(bot: &str, key: &Key) -> String {
    format!("bf:{{{bot}}}:llm:answer:{}", hex(key))
}

fn asking_key(bot: &str, key: &Key) -> String {
    format!("bf:{{{bot}}}:llm:asking:{}", hex(key))
}

fn hex(key: &Key) -> String {
    key.iter().map(|b| format!("{b:02x}")).collect()
}

/// In bounded memory; what ends soonest is forgotten first.
#[derive(Debug, Default)]
struct Kept {
    answers: HashMap<Key, (Instant, usize, Output)>,
    ends: BTreeSet<(Instant, Key)>,
    bytes: usize,
}

impl Kept {
    fn get(&self, key: &Key, now: Instant) -> Option<Output> {
        let (until, _, output) = self.answers.get(key)?;
        (*until > now).then(|| output.clone())
    }

    fn put(&mut self, key: Key, output: Output, bytes: usize, until: Instant) {
        self.remove(&key);
        while self.answers.len() >= ANSWERS || self.bytes.saturating_add(bytes) > BYTES {
            let Some((_, oldest)) = self.ends.first().copied() else {
                break;
            };
            self.remove(&oldest);
        }
        self.bytes = self.bytes.saturating_add(bytes);
        self.ends.insert((until, key));
        self.answers.insert(key, (until, bytes, output));
    }

    fn remove(&mut self, key: &Key) {
        if let Some((until, bytes, _)) = self.answers.remove(key) {
            self.ends.remove(&(until, *key));
            self.bytes = self.bytes.saturating_sub(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded() {
        let mut kept = Kept::default();
        let now = Instant::now();
        for n in 0..3 * ANSWERS {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&n.to_le_bytes());
            let end = now + Duration::from_secs(n as u64 + 1);
            kept.put(key, Output::Text(String::new()), 4000, end);
            assert!(kept.answers.len() <= ANSWERS && kept.bytes <= BYTES);
            assert_eq!(kept.answers.len(), kept.ends.len());
        }
        assert!(kept.answers.len() > 2000);
    }

    #[tokio::test]
    async fn answers_are_kept_for_a_while() {
        let cache = Cache::new(
            Redis::alone(),
            Duration::from_millis(40),
            Duration::from_secs(1),
        );
        let key = [1; 32];
        let Look::Ask(asking) = cache.look("b", &key).await else {
            panic!("known before it was asked");
        };
        let output = Output::Choice("bug".to_owned());
        cache.done("b", &key, asking, Some(&output)).await;
        assert_eq!(cache.look("b", &key).await, Look::Known(output));
        assert!(matches!(cache.look("b", &[2; 32]).await, Look::Ask(_)));
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(matches!(cache.look("b", &key).await, Look::Ask(_)));
    }
}
