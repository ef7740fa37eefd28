//! Dialogues whose time is over, where their wizard says what happens then.
//!
//! A conversation's `timer` is when that falls due. Whoever takes it puts it off by a short lease, so that instances do not
//! do each other's work; that a timer fires once does not hang on the lease but on the conversation's version, which the
//! firing changes in the same transaction.

use std::time::Duration;

use botfactory_lang::callback::hash32;

use super::Store;
use super::conversation::Key;
use super::error::StoreError;
use super::outbox::micros;

/// How long whoever takes a timer has for it before another instance looks at it.
const LEASE: Duration = Duration::from_secs(60);
/// Claims of timers lie below every update id of Telegram's.
const BASE: i64 = 1 << 62;
/// Bits of a claim's id that tell processes apart.
const PROCESS_BITS: u32 = 11;

/// A dialogue whose time is over.
#[derive(Debug, Clone)]
pub(crate) struct Due {
    pub(crate) key: Key,
    pub(crate) run: i64,
    pub(crate) version: i64,
    /// JSON of `handler::wizard::Waiting`.
    pub(crate) waiting: String,
}

impl Store {
    /// Takes up to `limit` dialogues of these bots whose time is over, the longest overdue first.
    pub(crate) async fn due(&self, bots: &[i64], limit: u32) -> Result<Vec<Due>, StoreError> {
        let now = self.clock.micros();
        let until = now.saturating_add(micros(LEASE));
        backend!(self, backend => backend.due(bots, now, until, limit).await)
    }

    /// Looks at a timer that was taken again after `delay`, unless the dialogue has moved; `None`: never.
    pub(crate) async fn put_off(
        &self,
        due: &Due,
        delay: Option<Duration>,
    ) -> Result<(), StoreError> {
        let timer = delay.map_or(0, |delay| self.clock.micros().saturating_add(micros(delay)));
        backend!(self, backend => backend.put_off(due.key, due.version, timer).await)
    }

    /// The id of a timer's claim: it grows with the time, as update ids do. Two processes that fire for one bot in one
    /// microsecond may collide; then one of them finds the claim and comes again when its lease ends.
    pub(crate) fn timer_claim(&self) -> i64 {
        let process = i64::from(hash32(&self.instance) >> (32 - PROCESS_BITS));
        let time = self.next_at() & (BASE >> PROCESS_BITS).saturating_sub(1);
        (time << PROCESS_BITS | process) - BASE
    }
}

/// What failed attempts at a timer are counted by: the same for every attempt.
pub(crate) fn counted_as(key: Key, run: i64) -> i64 {
    let Key {
        bot,
        chat,
        person,
        thread,
    } = key;
    let whose = hash32(&format!("{bot}:{chat}:{person}:{thread}"));
    -1 - (i64::from(whose) << 24 | run & 0x00ff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lie_below_every_update() {
        let key = |person| Key {
            bot: 7,
            chat: person,
            person,
            thread: 0,
        };
        let ids = [
            counted_as(key(1), 1),
            counted_as(key(1), 2),
            counted_as(key(2), 1),
        ];
        assert!(ids.iter().all(|id| *id < 0));
        assert!(ids[0] != ids[1] && ids[0] != ids[2]);
        assert_eq!(ids[0], counted_as(key(1), 1));
    }
}
