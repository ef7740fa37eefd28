//! Rate limits: who may pass, and how long others wait.
//!
//! The moments that passed are kept ([`window`]), so that never more than the allowance pass in any stretch of the window,
//! and nobody is refused while fewer have. Redis keeps them for all instances where there is one ([`shared`]); this process
//! keeps those that it has let pass itself, in bounded memory ([`local`]), and goes by them alone while Redis is away.
//!
//! A decision belongs to its update: a redelivery, another run of the handler and another instance get the same one, and it
//! counts once. No name and no value is in a key: keys are MACs.

mod local;
mod shared;
mod spec;
mod update;
mod window;

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use hmac::{Hmac, Mac};
use sha2::Sha256;

pub use spec::{LimitKey, LimitScope, LimitSpec, OnError};
pub(crate) use update::{Decisions, Subject};

use crate::redis::Redis;
use crate::telemetry::{self, events};
use local::Local;

/// Least time that a decision about an update holds: longer than Telegram's first redeliveries.
const DECIDED: Duration = Duration::from_secs(600);
/// Longest: by then Telegram has forgotten the update.
const FORGOTTEN: Duration = Duration::from_secs(25 * 3600);
/// What people are told to wait while the shared counters are away and nobody passes.
const AWAY: Duration = Duration::from_secs(30);

/// A counter: a MAC of its rule, its subject and what else separates it.
pub(crate) type Counter = u128;

/// Whose update it is.
#[derive(Debug, Clone, Copy)]
pub struct Who {
    /// Telegram's numeric bot id.
    pub bot: i64,
    /// The update.
    pub update_id: i64,
    /// The person.
    pub person: i64,
    /// The chat.
    pub chat: i64,
}

/// The question whether an update may pass.
#[derive(Debug, Clone)]
pub struct Ask {
    pub(crate) limit: &'static LimitSpec,
    pub(crate) bot_id: &'static str,
    pub(crate) bot: i64,
    pub(crate) update_id: i64,
    pub(crate) counter: Counter,
    /// Where it is kept that the person was told; `None`: they are told every time.
    pub(crate) told: Option<Counter>,
    /// Microseconds since 1970.
    pub(crate) now: i64,
}

impl Ask {
    /// Microseconds.
    fn window(&self) -> i64 {
        self.limit.window.max(1).saturating_mul(1_000_000)
    }
    fn allowance(&self) -> usize {
        usize::try_from(self.limit.allowance).unwrap_or(1).max(1)
    }
    /// How long a decision is kept. One to pass counts for a window, so a redelivery must find it for as long; one to wait
    /// counts nothing.
    fn life(&self, answer: Answer) -> Duration {
        match answer {
            Answer::Pass => Duration::from_micros(self.window().unsigned_abs())
                .max(DECIDED)
                .min(FORGOTTEN),
            Answer::Wait { .. } => DECIDED,
        }
    }
    fn key(&self) -> (i64, i64, Counter) {
        (self.bot, self.update_id, self.counter)
    }
}

/// The decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It passes, and was counted.
    Pass,
    /// It does not, and was not counted.
    Wait {
        /// Milliseconds until it goes on.
        millis: i64,
        /// The person has not been told within the window.
        tell: bool,
    },
}

impl Answer {
    /// Whole seconds until it goes on; `None`: it passes.
    pub fn retry_in(self) -> Option<i64> {
        match self {
            Self::Pass => None,
            Self::Wait { millis, .. } => Some(millis.max(1).saturating_add(999) / 1000),
        }
    }
}

/// The limits of all bots of this process.
#[derive(Debug)]
pub struct Limits {
    redis: OnceLock<Redis>,
    key: MacKey,
    local: Mutex<Local>,
}

/// Shows nothing.
struct MacKey([u8; 32]);

impl std::fmt::Debug for MacKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MacKey")
    }
}

impl Limits {
    /// Counts for itself until [`Limits::share`]. `key` is the deployment's: all instances have the same.
    pub fn new(key: [u8; 32]) -> Self {
        Self {
            redis: OnceLock::new(),
            key: MacKey(key),
            local: Mutex::default(),
        }
    }

    /// Counts together with the other instances from now on.
    pub fn share(&self, redis: Redis) {
        let _ = self.redis.set(redis); // only ever one
    }

    /// A question; `once`: whoever is held back is told once a window.
    pub fn ask(
        &self,
        limit: &'static LimitSpec,
        key: &LimitKey,
        who: Who,
        bot_id: &'static str,
        now: i64,
        once: bool,
    ) -> Ask {
        let (scope, subject) = match limit.scope {
            LimitScope::User => ("user", who.person),
            LimitScope::Chat => ("chat", who.chat),
            LimitScope::Bot => ("bot", 0),
        };
        Ask {
            limit,
            bot_id,
            bot: who.bot,
            update_id: who.update_id,
            counter: self.mac(who.bot, limit.rule, scope, subject, key.bytes()),
            told: once.then(|| self.mac(who.bot, limit.rule, "told", who.person, &[])),
            now,
        }
    }

    /// The first 128 bits of a MAC over parts that cannot run into each other.
    fn mac(&self, bot: i64, rule: &str, scope: &str, subject: i64, key: &[u8]) -> Counter {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key.0) else {
            return 0; // a MAC of SHA-256 takes a key of any length
        };
        let (bot, subject) = (bot.to_le_bytes(), subject.to_le_bytes());
        for part in [&bot, rule.as_bytes(), scope.as_bytes(), &subject, key] {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            mac.update(part);
        }
        let bytes = mac.finalize().into_bytes();
        bytes
            .iter()
            .take(16)
            .fold(0, |all, byte| all << 8 | Counter::from(*byte))
    }

    /// Whether a question may have to be asked elsewhere.
    #[cfg(feature = "postgres")]
    pub(crate) fn asks_elsewhere(&self) -> bool {
        self.redis.get().is_some_and(Redis::up)
    }

    /// The answer, where it can be had without waiting for anybody.
    pub fn at_once(&self, ask: &Ask) -> Option<Answer> {
        let mut local = self.local();
        if let Some(answer) = local.decided(ask) {
            return Some(answer);
        }
        let Some(redis) = self.redis.get().filter(|redis| redis.configured()) else {
            let answer = local.take(ask);
            return Some(self.decided(&mut local, ask, answer, false));
        };
        if redis.up() {
            return None;
        }
        telemetry::emit(events::RedisMissed { purpose: "limit" });
        Some(self.without(&mut local, ask))
    }

    /// The answer. Waits for Redis at most [`crate::redis::PATIENCE`].
    pub async fn decide(&self, ask: &Ask) -> Answer {
        self.decide_all(std::slice::from_ref(ask)).await
    }

    /// The answers of one bot's rules, in order, up to the first that is not to pass: that one, else to pass. One question to
    /// Redis, whatever their number.
    pub async fn decide_all(&self, asks: &[Ask]) -> Answer {
        let mut at = 0;
        while let Some(ask) = asks.get(at) {
            match self.at_once(ask) {
                Some(Answer::Pass) => at += 1,
                Some(wait) => return wait,
                None => break,
            }
        }
        let asks = asks.get(at..).unwrap_or_default();
        if asks.is_empty() {
            return Answer::Pass;
        }
        let answers = match self.redis.get() {
            Some(redis) => shared::decide(redis, asks).await,
            None => None,
        };
        let mut local = self.local();
        for (at, ask) in asks.iter().enumerate() {
            let answer = match answers.as_ref().map(|answers| answers.get(at).copied()) {
                // Redis may have lost what this process still knows.
                Some(Some(Answer::Pass)) => local.full(ask).unwrap_or_else(|| {
                    local.passed(ask);
                    Answer::Pass
                }),
                Some(Some(answer)) => {
                    if matches!(answer, Answer::Wait { tell: true, .. }) {
                        local.tell(ask);
                    }
                    answer
                }
                // What Redis did not come to is not reached here either.
                Some(None) | None => {
                    let answer = self.without(&mut local, ask);
                    if answer != Answer::Pass {
                        return answer;
                    }
                    continue;
                }
            };
            if self.decided(&mut local, ask, answer, false) != Answer::Pass {
                return answer;
            }
        }
        Answer::Pass
    }

    /// Redis is configured and away.
    fn without(&self, local: &mut Local, ask: &Ask) -> Answer {
        match ask.limit.on_error {
            OnError::Allow => {
                let answer = local.take(ask);
                self.decided(local, ask, answer, false)
            }
            OnError::Deny => {
                let window = Duration::from_micros(ask.window().unsigned_abs());
                let millis = i64::try_from(window.min(AWAY).as_millis()).unwrap_or(i64::MAX);
                let tell = local.tell(ask);
                self.decided(local, ask, Answer::Wait { millis, tell }, true)
            }
        }
    }

    fn decided(&self, local: &mut Local, ask: &Ask, answer: Answer, away: bool) -> Answer {
        local.decide(ask, answer);
        telemetry::emit(events::LimitDecided {
            bot: ask.bot_id,
            rule: ask.limit.rule,
            outcome: match answer {
                Answer::Pass => "passed",
                Answer::Wait { .. } if away => "unavailable",
                Answer::Wait { .. } => "blocked",
            },
        });
        answer
    }

    fn local(&self) -> MutexGuard<'_, Local> {
        self.local.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
