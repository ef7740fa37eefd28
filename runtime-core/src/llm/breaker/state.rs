//! The circuit breaker itself: what one process decides for itself, and what the script of `shared` does in Redis.

use std::time::Duration;

/// When it opens, and how it closes again.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Failures one after another that open it.
    pub failures: u32,
    /// How long it stays open before a probe.
    pub recovery: Duration,
    /// Probes one after another that close it.
    pub successes: u32,
    /// How long a probe may be out; then there is another: whoever took it has died.
    pub probe: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            failures: 5,
            recovery: Duration::from_secs(30),
            successes: 2,
            probe: Duration::from_secs(150), // longer than any call may take
        }
    }
}

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// Calls pass.
    #[default]
    Closed,
    /// None does.
    Open,
    /// One at a time does, to see.
    HalfOpen,
}

impl State {
    /// For metrics and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }

    pub(super) fn of(number: i64) -> Self {
        match number {
            1 => Self::Open,
            2 => Self::HalfOpen,
            _ => Self::Closed,
        }
    }
}

/// The right to make one call. Its outcome counts only while the breaker is in the state that gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Permit {
    pub(super) generation: i64,
    pub(super) probe: bool,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Failed,
    Succeeded,
    /// Nobody knows, or it says nothing about the server.
    Unknown,
}

/// A change of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) from: State,
    pub(super) to: State,
    /// How long it was in `from`, in milliseconds.
    pub(super) after: u64,
}

/// A breaker. Times are milliseconds of a monotonic clock.
#[derive(Debug, Clone, Default)]
pub(super) struct Breaker {
    pub(super) state: State,
    pub(super) failures: u32,
    pub(super) successes: u32,
    generation: i64,
    pub(super) since: u64,
    probe_until: u64,
}

impl Breaker {
    /// Asks for a call.
    ///
    /// # Errors
    /// Not now; perhaps after so many milliseconds.
    pub(super) fn enter(
        &mut self,
        now: u64,
        rules: &Rules,
    ) -> (Result<Permit, u64>, Option<Moved>) {
        let mut moved = None;
        if self.state == State::Open {
            let wait = millis(rules.recovery).saturating_sub(now.saturating_sub(self.since));
            if wait > 0 {
                return (Err(wait), None);
            }
            moved = self.turn(State::HalfOpen, now);
        }
        let probe = self.state == State::HalfOpen;
        if probe {
            if self.probe_until > now {
                return (Err(self.probe_until - now), moved);
            }
            self.probe_until = now.saturating_add(millis(rules.probe));
        }
        let generation = self.generation;
        (Ok(Permit { generation, probe }), moved)
    }

    /// A call ended.
    pub(super) fn leave(
        &mut self,
        permit: Permit,
        outcome: Outcome,
        now: u64,
        rules: &Rules,
    ) -> Option<Moved> {
        if permit.generation != self.generation {
            return None;
        }
        if permit.probe {
            self.probe_until = 0;
        }
        match (self.state, outcome) {
            (_, Outcome::Unknown) | (State::Open, _) => None,
            (State::Closed, Outcome::Succeeded) => {
                self.failures = 0;
                None
            }
            (State::Closed, Outcome::Failed) => {
                self.failures = self.failures.saturating_add(1);
                (self.failures >= rules.failures)
                    .then(|| self.turn(State::Open, now))
                    .flatten()
            }
            (State::HalfOpen, Outcome::Failed) => self.turn(State::Open, now),
            (State::HalfOpen, Outcome::Succeeded) => {
                self.successes = self.successes.saturating_add(1);
                (self.successes >= rules.successes)
                    .then(|| self.turn(State::Closed, now))
                    .flatten()
            }
        }
    }

    /// Takes over a state; `None`: it is in it already.
    pub(super) fn turn(&mut self, to: State, now: u64) -> Option<Moved> {
        if self.state == to {
            return None;
        }
        let moved = Moved {
            from: self.state,
            to,
            after: now.saturating_sub(self.since),
        };
        *self = Self {
            state: to,
            failures: if to == State::Open { self.failures } else { 0 },
            successes: 0,
            generation: self.generation.wrapping_add(1),
            since: now,
            probe_until: 0,
        };
        Some(moved)
    }

    /// Closes it, whatever has happened; calls under way do not count.
    pub(super) fn reset(&mut self, now: u64) -> Option<Moved> {
        let moved = self.turn(State::Closed, now);
        self.failures = 0;
        self.generation = self.generation.wrapping_add(1);
        moved
    }

    /// A permit as if it had just been given, for a call that another breaker let pass.
    pub(super) fn as_if(&self) -> Permit {
        Permit {
            generation: self.generation,
            probe: self.state == State::HalfOpen,
        }
    }
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const R: u64 = 30_000;

    fn rules() -> Rules {
        Rules::default()
    }

    fn call(breaker: &mut Breaker, now: u64, outcome: Outcome) -> Result<Option<Moved>, u64> {
        let (permit, moved) = breaker.enter(now, &rules());
        let permit = permit?;
        Ok(breaker.leave(permit, outcome, now, &rules()).or(moved))
    }

    fn opened(now: u64) -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..5 {
            call(&mut breaker, now, Outcome::Failed).unwrap();
        }
        assert_eq!(breaker.state, State::Open);
        breaker
    }

    #[test]
    fn five_failures_in_a_row_open_it() {
        let mut breaker = Breaker::default();
        for _ in 0..4 {
            assert_eq!(call(&mut breaker, 0, Outcome::Failed), Ok(None));
        }
        assert_eq!(call(&mut breaker, 0, Outcome::Succeeded), Ok(None));
        for _ in 0..4 {
            assert_eq!(call(&mut breaker, 0, Outcome::Failed), Ok(None));
        }
        assert_eq!(call(&mut breaker, 0, Outcome::Unknown), Ok(None));
        let moved = call(&mut breaker, 7, Outcome::Failed).unwrap().unwrap();
        assert_eq!((moved.from, moved.to), (State::Closed, State::Open));
        assert_eq!(call(&mut breaker, 7, Outcome::Succeeded), Err(R));
        assert_eq!(call(&mut breaker, 7 + R - 1, Outcome::Succeeded), Err(1));
    }

    #[test]
    fn one_probe_at_a_time_and_two_successes_close_it() {
        let mut breaker = opened(0);
        let (first, moved) = breaker.enter(R, &rules());
        assert_eq!(
            moved.map(|m| (m.from, m.to, m.after)),
            Some((State::Open, State::HalfOpen, R))
        );
        for _ in 0..50 {
            assert!(breaker.enter(R, &rules()).0.is_err(), "a second probe");
        }
        assert_eq!(
            breaker.leave(first.unwrap(), Outcome::Succeeded, R, &rules()),
            None
        );
        assert_eq!(breaker.state, State::HalfOpen);
        let moved = call(&mut breaker, R + 1, Outcome::Succeeded)
            .unwrap()
            .unwrap();
        assert_eq!((moved.from, moved.to), (State::HalfOpen, State::Closed));
        assert!(
            breaker
                .enter(R + 1, &rules())
                .0
                .is_ok_and(|permit| !permit.probe)
        );
    }

    #[test]
    fn a_failed_probe_opens_it_and_forgets_successes() {
        let mut breaker = opened(0);
        assert_eq!(
            call(&mut breaker, R, Outcome::Succeeded)
                .unwrap()
                .map(|m| m.to),
            Some(State::HalfOpen)
        );
        assert_eq!(
            call(&mut breaker, R, Outcome::Failed)
                .unwrap()
                .map(|m| m.to),
            Some(State::Open)
        );
        assert_eq!(call(&mut breaker, R + 1, Outcome::Succeeded), Err(R - 1));
        assert_eq!(
            call(&mut breaker, 2 * R, Outcome::Succeeded)
                .unwrap()
                .map(|m| m.to),
            Some(State::HalfOpen)
        );
        assert_eq!(
            breaker.state,
            State::HalfOpen,
            "one success is not enough again"
        );
        assert_eq!(
            call(&mut breaker, 2 * R, Outcome::Succeeded)
                .unwrap()
                .map(|m| m.to),
            Some(State::Closed)
        );
    }

    #[test]
    fn a_probe_that_never_ends_makes_room_for_another() {
        let mut breaker = opened(0);
        assert!(breaker.enter(R, &rules()).0.is_ok());
        assert_eq!(breaker.enter(R + 1, &rules()).0, Err(149_999));
        let (permit, _) = breaker.enter(R + 150_000, &rules());
        assert!(permit.unwrap().probe);
    }

    #[test]
    fn a_call_of_an_earlier_state_does_not_count() {
        let mut breaker = Breaker::default();
        let late: Vec<_> = (0..20)
            .map(|_| breaker.enter(0, &rules()).0.unwrap())
            .collect();
        for permit in &late {
            breaker.leave(*permit, Outcome::Failed, 1, &rules());
        }
        assert_eq!(breaker.state, State::Open);
        assert_eq!(
            breaker.leave(late[0], Outcome::Succeeded, 2, &rules()),
            None
        );
        let (probe, _) = breaker.enter(R + 1, &rules());
        assert_eq!(
            breaker.leave(late[1], Outcome::Failed, R + 1, &rules()),
            None
        );
        assert_eq!(breaker.state, State::HalfOpen);
        breaker.leave(probe.unwrap(), Outcome::Unknown, R + 1, &rules());
        assert!(
            breaker.enter(R + 1, &rules()).0.is_ok(),
            "the probe was given back"
        );
    }
}
