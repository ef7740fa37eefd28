//! The clock that handlers, deadlines of conversations and leases see. Virtual in conversation tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use botfactory_lang::value::Instant;

/// Tells the time: the system's, or one that a test moves.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    fixed: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands at `unix` seconds until [`Clock::advance`].
    pub fn fixed(unix: i64) -> Self {
        Self {
            fixed: Some(Arc::new(AtomicI64::new(unix.saturating_mul(1_000_000)))),
        }
    }

    /// Moves a fixed clock; the system's does not listen.
    pub fn advance(&self, seconds: i64) {
        if let Some(fixed) = &self.fixed {
            fixed.fetch_add(seconds.saturating_mul(1_000_000), Ordering::SeqCst);
        }
    }

    /// Microseconds since 1970: the unit of the runtime's own tables.
    pub fn micros(&self) -> i64 {
        match &self.fixed {
            Some(fixed) => fixed.load(Ordering::SeqCst),
            None => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| {
                    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
                }),
        }
    }

    /// The instant that handlers see.
    pub fn now(&self) -> Instant {
        Instant::from_unix(self.micros().div_euclid(1_000_000))
    }
}
