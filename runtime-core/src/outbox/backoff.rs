//! How long to wait before the next attempt.

use std::time::Duration;

use rand::Rng;

/// Attempts before a send becomes a dead letter: with the pauses between them some twenty minutes without Telegram.
pub const ATTEMPTS: i64 = 24;
/// Longest pause between two attempts.
const LONGEST: Duration = Duration::from_secs(60);
/// Least pause while a bot has used up its retries; short enough that what waits leaves soon after Telegram is back.
const EXHAUSTED: Duration = Duration::from_secs(4);
/// Retries that a bot may have in reserve.
const RESERVE: f64 = 20.0;
/// What one success adds to the reserve: retries stay below a tenth of the traffic.
const EARNED: f64 = 0.1;

/// Doubling from one second, with jitter of ±50 %, so that instances do not return in step.
pub fn pause(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts.clamp(0, 6)).unwrap_or(6);
    let base = Duration::from_secs(1)
        .saturating_mul(1 << doublings)
        .min(LONGEST);
    base.mul_f64(rand::rng().random_range(0.5..1.5))
}

/// A bot's budget of retries: while Telegram is down, retries must not become the traffic.
#[derive(Debug, Clone, Copy)]
pub struct RetryBudget {
    left: f64,
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self { left: RESERVE }
    }
}

impl RetryBudget {
    /// A call succeeded.
    pub fn earn(&mut self) {
        self.left = (self.left + EARNED).min(RESERVE);
    }

    /// A retry is wanted: how long to wait before it.
    pub fn spend(&mut self, attempts: i64) -> Duration {
        if self.left >= 1.0 {
            self.left -= 1.0;
            pause(attempts)
        } else {
            pause(attempts).max(EXHAUSTED)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_bounded() {
        for _ in 0..50 {
            assert!(
                pause(0) >= Duration::from_millis(500) && pause(0) < Duration::from_millis(1500)
            );
            assert!(pause(3) >= Duration::from_secs(4));
            assert!(pause(i64::MAX) <= Duration::from_secs(90));
        }
    }

    #[test]
    fn an_exhausted_budget_waits_long() {
        let mut budget = RetryBudget::default();
        for _ in 0..20 {
            assert!(budget.spend(0) < Duration::from_secs(2));
        }
        assert!(budget.spend(0) >= EXHAUSTED);
        (0..11).for_each(|_| budget.earn());
        assert!(budget.spend(0) < Duration::from_secs(2));
    }
}
