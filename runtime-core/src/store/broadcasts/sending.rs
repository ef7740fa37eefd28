//! Recipients that are taken, begun and done with.

/// No moment is nearer than this when it is given out (microseconds): that its call begins is committed first.
pub(crate) const LEAD: i64 = 150_000;
/// What was missed is made up for by moments that are closer by this part of their distance: never by a burst.
pub(crate) const CLOSER: i64 = 51;
/// Longest pause at a time (microseconds): Telegram is asked again then, and says so again.
pub(crate) const HOLD: i64 = 3_600_000_000;

/// A recipient's own words, for the places that a message has for them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields {
    pub(crate) first_name: String,
    pub(crate) last_name: Option<String>,
    pub(crate) username: Option<String>,
}

/// A recipient that was taken.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) person: i64,
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
    /// When calls may begin.
    pub(crate) moments: Vec<i64>,
    /// So much of the pace nobody had asked for, and so much was made up for by these moments (microseconds).
    pub(crate) missed: i64,
    pub(crate) made_up: i64,
    /// Till when they are ours.
    pub(crate) until: i64,
    /// Rows of a crash that count as ambiguous now.
    pub(crate) ambiguous: i64,
    /// Nothing was due, and nobody holds anything: all is done, if everybody is enrolled.
    pub(crate) idle: bool,
}

/// What whoever takes has already.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ahead {
    /// Moments for calls.
    pub(crate) moments: i64,
    /// Rows whose calls wait for one.
    pub(crate) rows: i64,
    /// How many rows there is room for.
    pub(crate) most: i64,
    /// Something was missed and is to be made up for.
    pub(crate) behind: bool,
}

/// What taking asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taking {
    pub(crate) id: i64,
    pub(crate) now: i64,
    pub(crate) until: i64,
    /// Calls up to this moment.
    pub(crate) horizon: i64,
    pub(crate) ahead: Ahead,
    /// Messages a second of the whole bot.
    pub(crate) ceiling: i64,
}

/// The moments of calls: this broadcast's and its bot's next ones.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slots {
    pub(crate) next: i64,
    pub(crate) bot_next: i64,
    step: i64,
    bot_step: i64,
    /// So much closer are two moments than they are declared to be.
    closer: i64,
    /// So long nobody had asked for moments.
    pub(crate) missed: i64,
}

/// What is stored of a pace.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paced {
    /// Messages a second.
    pub(crate) per_second: i64,
    /// The broadcast's next moment; 0: it has had none.
    pub(crate) next: i64,
    /// Its bot's.
    pub(crate) bot_next: i64,
    /// Nothing of this bot's before then.
    pub(crate) held: i64,
}

impl Slots {
    pub(crate) fn new(paced: Paced, taking: &Taking) -> Self {
        let ceiling = taking.ceiling.max(1);
        // No pause is longer: a moment further away is that of a clock that was ahead.
        let latest = taking.now.saturating_add(HOLD);
        let first = taking.now.max(paced.held.min(latest)).saturating_add(LEAD);
        let last = paced.next.max(paced.bot_next);
        let missed = if paced.next == 0 {
            0
        } else {
            first.saturating_sub(last).max(0)
        };
        let (step, bot_step) = (
            1_000_000 / paced.per_second.clamp(1, ceiling),
            1_000_000 / ceiling,
        );
        let closer = |step: i64| {
            if taking.ahead.behind {
                step / CLOSER
            } else {
                0
            }
        };
        let latest = latest.max(first);
        Self {
            next: paced.next.clamp(first, latest),
            bot_next: paced.bot_next.clamp(first, latest),
            step: step - closer(step),
            bot_step: bot_step - closer(bot_step),
            closer: closer(step),
            missed,
        }
    }

    /// How many calls fit before the horizon.
    fn room(&self, taking: &Taking) -> i64 {
        let room = taking
            .horizon
            .saturating_sub(self.next.max(self.bot_next))
            .max(0);
        (room + self.step - 1) / self.step.max(1)
    }

    /// How many rows are wanted for the moments that there are.
    pub(crate) fn wanted(&self, taking: &Taking) -> i64 {
        let Ahead {
            moments,
            rows,
            most,
            ..
        } = taking.ahead;
        (moments + self.room(taking) - rows).min(most).max(0)
    }

    /// The moments of rows that have none yet, so many were taken.
    pub(crate) fn give(&mut self, taken: usize, taking: &Taking) -> Vec<i64> {
        let taken = i64::try_from(taken).unwrap_or(i64::MAX);
        let without = taking.ahead.rows.saturating_add(taken) - taking.ahead.moments;
        let count = without.clamp(0, self.room(taking));
        (0..count).map(|_| self.take()).collect()
    }

    /// So much was made up for by so many moments.
    pub(crate) fn made_up(&self, moments: &[i64]) -> i64 {
        let count = i64::try_from(moments.len()).unwrap_or(i64::MAX);
        self.closer.saturating_mul(count)
    }

    /// The next moment.
    fn take(&mut self) -> i64 {
        let at = self.next.max(self.bot_next);
        self.next = at + self.step;
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
    /// Of a cancelled broadcast nothing is sent again: what nobody knows stays unknown.
    pub(crate) fn at_last(self, cancelled: bool) -> Self {
        match self {
            Self::Resend(_) if cancelled => Self::Ambiguous,
            ended => ended,
        }
    }
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
    /// No call of this bot's broadcasts before this moment, as Telegram has told one of the instances.
    pub(crate) held: i64,
    /// Calls that may be made now, and till when.
    pub(crate) begun: Vec<i64>,
    pub(crate) until: i64,
    /// People who have opted out or cannot be reached any more.
    pub(crate) skipped: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taking(now: i64, ahead: Ahead) -> Taking {
        Taking {
            id: 1,
            now,
            until: now + 30_000_000,
            horizon: now + LEAD + 1_000_000,
            ahead,
            ceiling: 25,
        }
    }

    fn paced(per_second: i64, next: i64, bot_next: i64) -> Paced {
        Paced {
            per_second,
            next,
            bot_next,
            held: 0,
        }
    }

    const NOW: i64 = 1_000_000_000;
    const MANY: Ahead = Ahead {
        moments: 0,
        rows: 0,
        most: 1_000,
        behind: false,
    };

    #[test]
    fn a_pace_neither_bursts_nor_drifts() {
        let asked = taking(NOW, MANY);
        let mut slots = Slots::new(paced(10, 0, 0), &asked);
        assert_eq!(slots.wanted(&asked), 10);
        let at = slots.give(10, &asked);
        assert_eq!(at.first(), Some(&(NOW + LEAD)));
        assert!(at.windows(2).all(|two| two[1] - two[0] == 100_000));
        assert_eq!((at.len(), slots.missed), (10, 0));
        // Asked again too early: nothing is due.
        let again = taking(NOW - 100_000, MANY);
        let slots = paced(10, slots.next, slots.bot_next);
        assert_eq!(Slots::new(slots, &again).wanted(&again), 0);
        // A minute later: nothing is made up for at once, and it is told what was missed.
        let late = taking(NOW + 61_000_000, MANY);
        let after = Slots::new(slots, &late);
        assert_eq!((after.wanted(&late), after.missed), (10, 60_000_000));
    }

    #[test]
    fn what_was_missed_is_made_up_for_slowly() {
        let behind = Ahead {
            behind: true,
            ..MANY
        };
        let asked = taking(NOW, behind);
        let mut slots = Slots::new(paced(25, NOW, NOW), &asked);
        let at = slots.give(1_000, &asked);
        assert_eq!(at.len(), 26);
        assert!(at.windows(2).all(|two| two[1] - two[0] == 40_000 - 784));
        assert_eq!(slots.made_up(&at), 26 * 784);
    }

    #[test]
    fn moments_that_are_left_are_used_first() {
        let ahead = Ahead {
            moments: 6,
            rows: 9,
            ..MANY
        };
        let asked = taking(NOW, ahead);
        let mut slots = Slots::new(paced(10, 0, 0), &asked);
        assert_eq!(slots.wanted(&asked), 7);
        // Fewer were found: what nobody needs is not taken from the pace.
        assert_eq!(slots.give(2, &asked).len(), 5);
        assert_eq!(slots.next, NOW + LEAD + 500_000);
    }

    #[test]
    fn nothing_is_given_out_within_a_pause() {
        let asked = taking(NOW, MANY);
        let held = Paced {
            held: NOW + 600_000,
            ..paced(10, NOW, NOW)
        };
        let mut slots = Slots::new(held, &asked);
        assert_eq!(slots.wanted(&asked), 4);
        assert_eq!(slots.give(1, &asked), [NOW + 600_000 + LEAD]);
    }

    #[test]
    fn two_broadcasts_of_one_bot_share_its_ceiling() {
        let asked = taking(NOW, MANY);
        let mut first = Slots::new(paced(20, 0, 0), &asked);
        assert_eq!(first.give(1_000, &asked).len(), 20);
        let second = Slots::new(paced(20, 0, first.bot_next), &asked);
        assert_eq!(second.wanted(&asked), 4);
    }

    #[test]
    fn nobody_is_faster_than_the_ceiling() {
        let asked = taking(NOW, MANY);
        let slots = Slots::new(paced(100, 0, 0), &asked);
        assert_eq!(slots.wanted(&asked), 25);
    }
}
