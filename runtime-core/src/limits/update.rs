//! The decisions about one update: kept over the runs of its handler.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Answer, Ask, Counter, LimitKey, LimitSpec, Limits, Who};
use crate::clock::Clock;

/// Whom the limits of an update are about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject {
    pub(crate) person: i64,
    pub(crate) chat: i64,
    /// The bot's folder, for metrics.
    pub(crate) bot_id: &'static str,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Decisions {
    limits: Arc<Limits>,
    clock: Clock,
    bot: i64,
    update_id: i64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    known: Vec<(Counter, Answer)>,
    /// What a run has stopped for.
    wanted: Option<Ask>,
}

impl Decisions {
    /// None yet.
    pub fn new(limits: Arc<Limits>, clock: Clock, bot: i64, update_id: i64) -> Arc<Self> {
        Arc::new(Self {
            limits,
            clock,
            bot,
            update_id,
            state: Mutex::default(),
        })
    }

    /// A question about this update; `once`: whoever is held back is told once a window.
    pub fn ask(
        &self,
        limit: &'static LimitSpec,
        key: &LimitKey,
        subject: Subject,
        once: bool,
    ) -> Ask {
        let who = Who {
            bot: self.bot,
            update_id: self.update_id,
            person: subject.person,
            chat: subject.chat,
        };
        let now = self.clock.micros();
        self.limits.ask(limit, key, who, subject.bot_id, now, once)
    }

    /// The answer, where it is known or can be had without waiting for anybody.
    pub fn at_once(&self, ask: &Ask) -> Option<Answer> {
        let known = |state: &State| {
            let found = state.known.iter().find(|(known, _)| *known == ask.counter);
            found.map(|(_, answer)| *answer)
        };
        if let Some(answer) = known(&self.state()) {
            return Some(answer);
        }
        let answer = self.limits.at_once(ask)?;
        self.state().known.push((ask.counter, answer));
        Some(answer)
    }

    /// The answer. Waits for Redis at most [`crate::redis::PATIENCE`].
    pub async fn decide(&self, ask: &Ask) -> Answer {
        if let Some(answer) = self.at_once(ask) {
            return answer;
        }
        let answer = self.limits.decide(ask).await;
        self.state().known.push((ask.counter, answer));
        answer
    }

    /// A run stops for this answer.
    pub fn want(&self, ask: Ask) {
        self.state().wanted = Some(ask);
    }

    /// Gets the answer that a run has stopped for.
    pub async fn settle(&self) {
        let wanted = self.state().wanted.take();
        if let Some(ask) = wanted {
            self.decide(&ask).await;
        }
    }

    /// Whether an answer may have to be had from elsewhere.
    #[cfg(feature = "postgres")]
    pub fn asks_elsewhere(&self) -> bool {
        self.limits.asks_elsewhere()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
