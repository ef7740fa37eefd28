//! A circuit breaker for each bot and model: a server that fails again and again is left alone for a while. All instances
//! share it where there is a Redis; this process goes by its own while there is none. Only what the server did wrong counts.

mod shared;
mod state;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

pub use state::{Rules, State};

use crate::redis::Redis;
use crate::telemetry::{self, events};
use state::{Breaker, Moved, Outcome, Permit, millis};

/// Milliseconds that only ever grow; a test moves them.
#[derive(Debug, Clone)]
pub struct Monotonic {
    from: Instant,
    ahead: Arc<AtomicU64>,
}

impl Default for Monotonic {
    fn default() -> Self {
        Self {
            from: Instant::now(),
            ahead: Arc::default(),
        }
    }
}

impl Monotonic {
    fn now(&self) -> u64 {
        let ahead = self.ahead.load(Ordering::Relaxed);
        millis(self.from.elapsed()).saturating_add(ahead)
    }

    /// Lets time pass, in a test.
    pub fn advance(&self, by: std::time::Duration) {
        self.ahead.fetch_add(millis(by), Ordering::Relaxed);
    }
}

/// The breakers of all bots.
#[derive(Debug)]
pub(super) struct Breakers {
    redis: Redis,
    rules: Rules,
    time: Monotonic,
    /// By bot.
    own: Vec<One>,
}

#[derive(Debug)]
struct One {
    bot: &'static str,
    key: String,
    breaker: Mutex<Breaker>,
}

/// A breaker as operators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BreakerView {
    /// `closed`, `open` or `half_open`.
    pub state: &'static str,
    /// Failures one after another.
    pub failures: u32,
    /// Probes that went well one after another.
    pub successes: u32,
    /// Milliseconds that it has been in this state, as far as is known.
    pub since_ms: u64,
    /// Milliseconds until a probe may pass; null: nothing holds calls back.
    pub retry_in_ms: Option<u64>,
    /// All instances share it.
    pub shared: bool,
}

/// The right to make one call; dropped without an outcome it says nothing about the server.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    breakers: &'a Breakers,
    bot: usize,
    permit: Option<(Permit, bool)>,
    /// It was closed without a failure before the call, and is shared: a success moves nothing that anybody waits for.
    calm: bool,
}

impl Breakers {
    /// All closed. `model` names the server and its model.
    pub(super) fn new(
        redis: Redis,
        rules: Rules,
        time: Monotonic,
        bots: &[&'static str],
        model: &str,
    ) -> Self {
        let digest = Sha256::digest(model.as_bytes());
        let model: String = digest.iter().take(8).map(|b| format!("{b:02x}")).collect();
        let own = bots.iter().map(|bot| One {
            bot,
            key: format!("bf:{{{bot}}}:llm:breaker:{model}"),
            breaker: Mutex::default(),
        });
        Self {
            redis,
            rules,
            time,
            own: own.collect(),
        }
    }

    /// Asks for a call; `None`: not now.
    pub(super) async fn enter(&self, bot: usize) -> Option<Pass<'_>> {
        let one = self.own.get(bot)?;
        let (permit, shared, calm) = match shared::enter(&self.redis, &one.key, &self.rules).await {
            Some(told) => {
                self.follow(one, told.state, told.moved);
                let calm = told.state == State::Closed && told.failures == 0;
                (told.permit, true, calm)
            }
            None => {
                let (entered, moved) = one.own().enter(self.time.now(), &self.rules);
                self.moved(one, moved);
                (entered.ok(), false, false)
            }
        };
        if permit.is_none() {
            telemetry::emit(events::BreakerRefused { bot: one.bot });
        }
        permit.map(|permit| Pass {
            breakers: self,
            bot,
            permit: Some((permit, shared)),
            calm,
        })
    }

    /// Whether no call may pass now; takes nothing. Asks elsewhere only where this process has heard of an open one.
    pub(super) async fn shut(&self, bot: usize) -> bool {
        let heard = self.own.get(bot).map(|one| one.own().state);
        if heard.is_none_or(|state| state == State::Closed) {
            return false;
        }
        let shut = self
            .view(bot)
            .await
            .is_some_and(|view| view.retry_in_ms.is_some());
        if let Some(one) = self.own.get(bot).filter(|_| shut) {
            telemetry::emit(events::BreakerRefused { bot: one.bot });
        }
        shut
    }

    /// How a bot's stands.
    pub(super) async fn view(&self, bot: usize) -> Option<BreakerView> {
        let one = self.own.get(bot)?;
        let wait = |state: State, since: u64| {
            let left = millis(self.rules.recovery).saturating_sub(since);
            (state == State::Open && left > 0).then_some(left)
        };
        if let Some(told) = shared::look(&self.redis, &one.key, &self.rules).await {
            self.follow(one, told.state, None);
            return Some(BreakerView {
                state: told.state.name(),
                failures: told.failures,
                successes: told.successes,
                since_ms: told.since,
                retry_in_ms: wait(told.state, told.since),
                shared: true,
            });
        }
        let own = one.own();
        let since = self.time.now().saturating_sub(own.since);
        Some(BreakerView {
            state: own.state.name(),
            failures: own.failures,
            successes: own.successes,
            since_ms: since,
            retry_in_ms: wait(own.state, since),
            shared: false,
        })
    }

    /// Closes a bot's, whatever has happened.
    pub(super) async fn reset(&self, bot: usize) {
        let Some(one) = self.own.get(bot) else { return };
        let told = shared::reset(&self.redis, &one.key, &self.rules).await;
        let own = one.own().reset(self.time.now());
        self.moved(one, told.map_or(own, |told| told.moved));
    }

    /// This process's own stands as the shared one does: should Redis go, it goes on from there.
    fn follow(&self, one: &One, state: State, moved: Option<Moved>) {
        let _ = one.own().turn(state, self.time.now());
        match moved {
            Some(_) => self.moved(one, moved),
            None => telemetry::emit(events::BreakerStands {
                bot: one.bot,
                open: state != State::Closed,
            }),
        }
    }

    fn moved(&self, one: &One, moved: Option<Moved>) {
        if let Some(moved) = moved {
            telemetry::emit(events::BreakerMoved {
                bot: one.bot,
                from: moved.from.name(),
                to: moved.to.name(),
                after: std::time::Duration::from_millis(moved.after),
            });
        }
    }

    async fn leave(&self, bot: usize, permit: Permit, shared: bool, outcome: Outcome) {
        let Some(one) = self.own.get(bot) else { return };
        if shared {
            let told = shared::leave(&self.redis, &one.key, &self.rules, permit, outcome).await;
            if let Some(told) = told {
                self.follow(one, told.state, told.moved);
                return;
            }
        }
        let mut own = one.own();
        let permit = if shared { own.as_if() } else { permit };
        let moved = own.leave(permit, outcome, self.time.now(), &self.rules);
        drop(own);
        self.moved(one, moved);
    }
}

impl One {
    fn own(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass<'_> {
    /// The server answered.
    pub(super) async fn succeeded(mut self) {
        if self.calm {
            self.later(Outcome::Succeeded);
        } else {
            self.end(Outcome::Succeeded).await;
        }
    }
    /// The server failed.
    pub(super) async fn failed(mut self) {
        self.end(Outcome::Failed).await;
    }
    /// What happened says nothing about the server.
    pub(super) async fn unknown(mut self) {
        self.end(Outcome::Unknown).await;
    }
    async fn end(&mut self, outcome: Outcome) {
        if let Some((permit, shared)) = self.permit.take() {
            self.breakers.leave(self.bot, permit, shared, outcome).await;
        }
    }
}

impl Pass<'_> {
    /// Ends it without waiting.
    fn later(&mut self, outcome: Outcome) {
        let (Some((permit, shared)), Some(one)) =
            (self.permit.take(), self.breakers.own.get(self.bot))
        else {
            return;
        };
        if shared {
            // Outside of a runtime nobody could; a probe comes back when its lease ends then.
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                let (redis, rules) = (self.breakers.redis.clone(), self.breakers.rules);
                let key = one.key.clone();
                runtime.spawn(
                    async move { shared::leave(&redis, &key, &rules, permit, outcome).await },
                );
            }
        } else {
            let now = self.breakers.time.now();
            let _ = one.own().leave(permit, outcome, now, &self.breakers.rules);
        }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.later(Outcome::Unknown);
    }
}
