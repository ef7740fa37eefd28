//! Recipients that are taken, begun and done with.

use crate::broadcast::letter::Fields;

/// So much of what was missed is made up for: a pace that catches up with more would be a burst (microseconds).
pub(crate) const LAG: i64 = 250_000;
/// Longest pause at a time (microseconds): Telegram is asked again then, and says so again.
pub(crate) const HOLD: i64 = 3_600_000_000;

/// A recipient that was taken.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) person: i64,
    /// When its call may begin.
    pub(crate) at: i64,
    pub(crate) attempts: i64,
    pub(crate) fields: Fields,
    /// Of their Telegram.
    pub(crate) language: Option<String>,
    /// The locale that they have chosen.
    pub(crate) chosen: Option<String>,
}

/// What writing rows of recipients came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Enrolled {
    /// Everybody has a row.
    pub(crate) all: bool,
    /// These were the first.
    pub(crate) first: bool,
}

/// What taking came to.
#[derive(Debug, Default)]
pub(crate) struct Take {
    /// It does not run (any more).
    pub(crate) stopped: bool,
    pub(crate) taken: Vec<Taken>,
    /// Till when they are ours.
    pub(crate) until: i64,
    /// Rows of a crash that count as ambiguous now.
    pub(crate) ambiguous: i64,
    /// Nothing was due, and nobody holds anything: all is done, if everybody is enrolled.
    pub(crate) idle: bool,
}

/// What taking asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taking {
    pub(crate) id: i64,
    pub(crate) now: i64,
    pub(crate) until: i64,
    /// Calls up to this moment.
    pub(crate) horizon: i64,
    pub(crate) most: i64,
    /// Messages a second of the whole bot.
    pub(crate) ceiling: i64,
}

/// The moments of calls: this broadcast's and its bot's next ones.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slots {
    pub(crate) next: i64,
    pub(crate) step: i64,
    pub(crate) bot_next: i64,
    pub(crate) bot_step: i64,
}

impl Slots {
    /// `next` and `bot_next` as they are stored.
    pub(crate) fn new(next: i64, bot_next: i64, per_second: i64, taking: &Taking) -> Self {
        let ceiling = taking.ceiling.max(1);
        // What was missed is made up for, but for no more than `LAG` of it; who begins has missed nothing.
        let from = |next: i64| {
            if next == 0 {
                taking.now
            } else {
                // No pause is longer: a moment further away is that of a clock that was ahead.
                next.clamp(
                    taking.now.saturating_sub(LAG),
                    taking.now.saturating_add(HOLD),
                )
            }
        };
        Self {
            next: from(next),
            step: 1_000_000 / per_second.clamp(1, ceiling),
            bot_next: from(bot_next),
            bot_step: 1_000_000 / ceiling,
        }
    }

    /// How many calls fit before the horizon.
    pub(crate) fn room(&self, taking: &Taking) -> i64 {
        let fit = |next: i64, step: i64| {
            let room = taking.horizon.saturating_sub(next);
            if room <= 0 {
                0
            } else {
                (room + step - 1) / step.max(1)
            }
        };
        fit(self.next, self.step)
            .min(fit(self.bot_next, self.bot_step))
            .min(taking.most)
    }

    /// The next moment.
    pub(crate) fn take(&mut self) -> i64 {
        let at = self.next.max(self.bot_next);
        self.next += self.step;
        self.bot_next += self.bot_step;
        at
    }
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    Sent,
    Failed,
    Blocked,
    Ambiguous,
    /// Nothing was sent: again, not before that moment.
    Again(i64),
    /// Nobody knows; again all the same.
    Resend(i64),
}

impl Ended {
    pub(crate) fn stored(self) -> i16 {
        match self {
            Self::Again(_) | Self::Resend(_) => 0,
            Self::Sent => 3,
            Self::Failed => 4,
            Self::Blocked => 5,
            Self::Ambiguous => 6,
        }
    }
    /// `due` of the row.
    pub(crate) fn due(self) -> i64 {
        match self {
            Self::Again(at) | Self::Resend(at) => at,
            _ => 0,
        }
    }
    /// For metrics: a closed set.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Blocked => "blocked",
            Self::Ambiguous => "ambiguous",
            Self::Again(_) | Self::Resend(_) => "again",
        }
    }
}

/// A call that ended.
#[derive(Debug, Clone)]
pub(crate) struct Done {
    pub(crate) person: i64,
    /// Till when the row was ours: by this it is known to be the same attempt.
    pub(crate) until: i64,
    pub(crate) ended: Ended,
    pub(crate) code: Option<&'static str>,
    /// It was no attempt: flood control, no connection.
    pub(crate) free: bool,
}

/// Calls that ended and calls that are to begin.
#[derive(Debug, Clone, Default)]
pub(crate) struct Advance {
    pub(crate) id: i64,
    pub(crate) bot: i64,
    pub(crate) now: i64,
    /// Till when what begins is ours.
    pub(crate) until: i64,
    pub(crate) done: Vec<Done>,
    /// Person, and till when the row is ours.
    pub(crate) begin: Vec<(i64, i64)>,
}

/// What became of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Advanced {
    /// It runs; if not, nothing has begun.
    pub(crate) runs: bool,
    /// Calls that may be made now, and till when.
    pub(crate) begun: Vec<i64>,
    pub(crate) until: i64,
    /// People who have opted out or cannot be reached any more.
    pub(crate) skipped: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taking(now: i64, horizon: i64) -> Taking {
        Taking {
            id: 1,
            now,
            until: now + 30_000_000,
            horizon,
            most: 1_000,
            ceiling: 25,
        }
    }

    #[test]
    fn a_pace_neither_bursts_nor_drifts() {
        let now = 1_000_000_000;
        let mut slots = Slots::new(0, 0, 10, &taking(now, now + 1_000_000));
        assert_eq!(slots.room(&taking(now, now + 1_000_000)), 10);
        let at: Vec<i64> = (0..10).map(|_| slots.take()).collect();
        assert_eq!(at.first(), Some(&now));
        assert!(at.windows(2).all(|two| two[1] - two[0] == 100_000));
        // Asked again too early: nothing is due.
        let again = Slots::new(
            slots.next,
            slots.bot_next,
            10,
            &taking(now + 1, now + 900_000),
        );
        assert_eq!(again.room(&taking(now + 1, now + 900_000)), 0);
        // After a pause of a minute: no more than a quarter of a second is made up for.
        let late = now + 60_000_000;
        let after = Slots::new(slots.next, slots.bot_next, 10, &taking(late, late));
        assert_eq!(after.room(&taking(late, late)), 3);
    }

    #[test]
    fn two_broadcasts_of_one_bot_share_its_ceiling() {
        let now = 1_000_000_000;
        let taking = taking(now, now + 1_000_000);
        let mut first = Slots::new(0, 0, 20, &taking);
        let taken = first.room(&taking);
        assert_eq!(taken, 20);
        (0..taken).for_each(|_| {
            first.take();
        });
        let second = Slots::new(0, first.bot_next, 20, &taking);
        assert_eq!(second.room(&taking), 5);
    }

    #[test]
    fn nobody_is_faster_than_the_ceiling() {
        let now = 1_000_000_000;
        let taking = taking(now, now + 1_000_000);
        assert_eq!(Slots::new(0, 0, 100, &taking).room(&taking), 25);
    }
}
