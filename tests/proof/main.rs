//! What the engine promises, under load: nothing lost, nothing done twice. Processes are killed at every named place of the
//! protocols and at random, databases are cut, stopped and paused, instances come and go; afterwards the database is compared
//! with what people did, and what they were told with what they had to hear.
//!
//! Short by default; `PROOF_LONG=1` (`scripts/proof.sh`) runs long and prints figures.

#[allow(dead_code, unused_imports)]
#[path = "../e2e/support/mod.rs"]
mod support;
#[allow(dead_code)]
#[path = "../e2e/words.rs"]
mod words;

mod broadcast;
mod chaos;
mod deployment;
mod kill;
mod load;
mod overload;
mod questions;
mod soak;
mod timers;
mod two;

/// Whether this run may take long.
pub fn long() -> bool {
    std::env::var("PROOF_LONG").is_ok_and(|long| long == "1")
}
