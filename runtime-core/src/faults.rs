//! Named places of the protocols, where a test may end the process: nothing without the cargo feature `faults`.
//!
//! With it, `KILL_POINT=name` (or `name:n`) in the environment makes the process kill itself with SIGKILL the first (n-th)
//! time that it passes there, and `CLOCK_AHEAD=seconds` makes its clock run ahead.

/// Every place, in the order of an update's life.
pub const POINTS: &[&str] = &[
    // SQLite's writer.
    "writer.before_begin",
    "writer.after_begin",
    "writer.after_claim",
    "writer.after_handler",
    "writer.after_store",
    "writer.before_commit",
    "writer.after_commit",
    // Postgres, `state` and `one`.
    "state.before_look",
    "state.after_look",
    "state.after_handler",
    "steps.before_call",
    "steps.after_call",
    "one.before",
    "one.after",
    "state.after_step",
    // Postgres, `write`.
    "write.before_begin",
    "write.begun",
    "write.after_begin",
    "write.after_handler",
    "write.before_finish",
    "write.before_commit",
    "write.committed",
    // The response, and the outbox.
    "response.before_flush",
    "response.flushed",
    "send.before_call",
    "send.after_call",
    "mark.before",
    "mark.after",
    "lease.before",
    "lease.after",
    // Timers.
    "timers.before_take",
    "timers.after_take",
    "timers.before_fire",
    "timers.after_fire",
    // Broadcasts.
    "broadcast.before_enrol",
    "broadcast.after_enrol",
    "broadcast.before_take",
    "broadcast.after_take",
    "broadcast.before_step",
    "broadcast.after_step",
    "broadcast.before_call",
    "broadcast.after_call",
    "broadcast.before_complete",
    // Jobs.
    "jobs.before_take",
    "jobs.after_take",
    "jobs.before_ask",
    "jobs.after_ask",
    "jobs.after_end",
];

/// Passes a place.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub fn point(_name: &'static str) {}

#[cfg(feature = "faults")]
pub use with::{clock_ahead, point};

#[cfg(feature = "faults")]
mod with {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::POINTS;

    /// Where, and how often it is still passed.
    static PLAN: LazyLock<Option<(&'static str, AtomicI64)>> = LazyLock::new(|| {
        let plan = std::env::var("KILL_POINT").ok()?;
        let (name, times) = plan.split_once(':').unwrap_or((&plan, "1"));
        let known = POINTS.iter().find(|known| **known == name);
        match (known, times.parse()) {
            (Some(known), Ok(times)) => Some((*known, AtomicI64::new(times))),
            _ => {
                eprintln!("error: KILL_POINT={plan} names no point");
                std::process::exit(2);
            }
        }
    });

    /// Passes a place.
    pub fn point(name: &'static str) {
        debug_assert!(POINTS.contains(&name), "{name} is not listed");
        if let Some((place, left)) = &*PLAN
            && *place == name
            && left.fetch_sub(1, Ordering::SeqCst) == 1
        {
            // As a kill from outside: nothing is flushed, nothing is dropped.
            let own = rustix::process::getpid();
            let _ = rustix::process::kill_process(own, rustix::process::Signal::KILL);
            loop {
                std::thread::park();
            }
        }
    }

    /// By how many microseconds the clock runs ahead.
    pub fn clock_ahead() -> i64 {
        static AHEAD: LazyLock<i64> = LazyLock::new(|| {
            let seconds: i64 = std::env::var("CLOCK_AHEAD")
                .ok()
                .and_then(|seconds| seconds.parse().ok())
                .unwrap_or(0);
            seconds.saturating_mul(1_000_000)
        });
        *AHEAD
    }
}
