//! The clock that handlers, deadlines of conversations and leases see. Virtual in conversation tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use botfactory_lang::value::Instant;

/// Tells the time: the system's, one that follows a server's, or one that a test moves.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    fixed: Option<Arc<AtomicI64>>,
    #[cfg(feature = "postgres")]
    led: Option<Arc<Led>>,
}

/// A clock that is set by another: between two settings it goes by the system's monotonic clock, so that a jump of the
/// system's time does not move it.
#[cfg(feature = "postgres")]
#[derive(Debug)]
pub(crate) struct Led {
    from: std::time::Instant,
    /// Microseconds since 1970 at `from`.
    at: AtomicI64,
}

#[cfg(feature = "postgres")]
impl Led {
    fn elapsed(&self) -> i64 {
        i64::try_from(self.from.elapsed().as_micros()).unwrap_or(i64::MAX)
    }

    /// It is `micros` now.
    pub(crate) fn set(&self, micros: i64) {
        self.at
            .store(micros.saturating_sub(self.elapsed()), Ordering::SeqCst);
    }
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
            ..Self::default()
        }
    }

    /// The system's clock becomes one that is led; a test's stays what it is.
    #[cfg(feature = "postgres")]
    pub(crate) fn led(&self) -> (Self, Option<Arc<Led>>) {
        if self.fixed.is_some() {
            return (self.clone(), None);
        }
        let led = Arc::new(Led {
            from: std::time::Instant::now(),
            at: AtomicI64::new(self.told()),
        });
        let clock = Self {
            fixed: None,
            led: Some(led.clone()),
        };
        (clock, Some(led))
    }

    /// Moves a fixed clock; the system's does not listen.
    pub fn advance(&self, seconds: i64) {
        if let Some(fixed) = &self.fixed {
            fixed.fetch_add(seconds.saturating_mul(1_000_000), Ordering::SeqCst);
        }
    }

    /// Microseconds since 1970: the unit of the runtime's own tables.
    pub fn micros(&self) -> i64 {
        #[cfg(feature = "faults")]
        if self.fixed.is_none() {
            return self.told().saturating_add(crate::faults::clock_ahead());
        }
        self.told()
    }

    fn told(&self) -> i64 {
        #[cfg(feature = "postgres")]
        if let Some(led) = &self.led {
            return led.at.load(Ordering::SeqCst).saturating_add(led.elapsed());
        }
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
