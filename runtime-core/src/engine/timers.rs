//! A dialogue whose time is over: like an update that nobody sent.

use std::time::{Duration, Instant};

use super::route::{Timer, Work};
use super::seat::Update;
use super::{Engine, Outcome};
use crate::faults;
use crate::handler::wizard::Waiting;
use crate::incoming::Channel;
use crate::store::timers::Due;
use crate::telemetry::life::Life;
use crate::telemetry::trace;

/// When a timer that could not be fired is looked at again.
const AGAIN: Duration = Duration::from_secs(2);

impl Engine {
    /// The ids of the bots that are served here; timers of others are theirs who serve them.
    pub(crate) fn bot_ids(&self) -> Vec<i64> {
        self.seats.iter().map(|seat| seat.id(false)).collect()
    }

    /// The bots that are served here: names and Telegram's numbers.
    pub(crate) fn names(&self) -> Vec<(&'static str, i64)> {
        let names = self.seats.iter();
        names.map(|seat| (seat.spec.id, seat.id(false))).collect()
    }

    /// Whether any wizard says what happens when nobody answers.
    pub(crate) fn has_timers(&self) -> bool {
        let mut wizards = self.seats.iter().flat_map(|seat| seat.spec.wizards);
        wizards.any(|wizard| wizard.on_timeout)
    }

    /// Fires a timer that was taken, if its dialogue still waits.
    pub(crate) async fn fire(&self, due: Due) {
        faults::point("timers.before_fire");
        let again = match self.time_out(&due).await {
            Some(Outcome::Done { .. }) => return faults::point("timers.after_fire"),
            Some(Outcome::Busy { .. }) => Some(AGAIN),
            None => None,
        };
        // If even this fails, its lease runs out.
        let _ = self.shared.store.put_off(&due, again).await;
    }

    /// `None`: nobody is known whom it could tell, because another build wrote it.
    async fn time_out(&self, due: &Due) -> Option<Outcome> {
        let Some(seat) = self.seats.iter().find(|seat| seat.id(false) == due.key.bot) else {
            return Some(Outcome::BUSY);
        };
        let (person, mut place) = Waiting::from_json(&due.waiting).ok()?.caller()?;
        if due.key.chat != 0 {
            place.chat_id = due.key.chat; // a group may have become a supergroup meanwhile
        }
        let Ok(words) = self.words_of(seat, due.key.bot, person.into(), place).await else {
            return Some(Outcome::BUSY);
        };
        let update_id = self.shared.store.timer_claim();
        let trace_id = trace::new_id();
        let life = Life::of(&trace_id, seat.spec.id, words.person.id);
        let update = Update {
            seat: seat.clone(),
            update_id,
            channel: Channel::Polling, // nothing can ride in a response
            trace_id: trace_id.clone(),
            arrived: Instant::now(),
            place,
            pressed: None,
            key: due.key,
            words,
            limits: self.decisions(seat, due.key.bot, update_id),
            noted: None,
        };
        let timer = Timer {
            run: due.run,
            version: due.version,
        };
        let fired = life.during(self.write(update, Work::Timeout(timer)));
        let fired = tokio::time::timeout(super::seat::DEADLINE, fired).await;
        Some(fired.unwrap_or(Outcome::BUSY))
    }
}
