//! The sender: what handlers have committed leaves for Telegram, once, in the order of each chat.
//!
//! | module | holds |
//! |---|---|
//! | [`sender`] | takes committed rows and direct calls, keeps a lane per chat, sweeps up what crashes left |
//! | [`lane`] | one chat's queue: leases, flood budgets, the call, what its failure means |
//! | `bulk` | one call of a broadcast |
//! | [`marks`] | sent rows are marked in batches |
//! | [`backoff`] | how long to wait before the next attempt, under a budget of retries |
//!
//! Telegram has no idempotency key: a send that timed out, and a row whose lease ended unmarked, may have arrived or
//! not. For replies the policy is to send again; both cases are counted.

pub mod backoff;
pub(crate) mod bulk;
mod lane;
pub mod marks;
mod revise;
pub mod sender;
#[cfg(test)]
mod tests;

pub use sender::{DirectError, Sender};
