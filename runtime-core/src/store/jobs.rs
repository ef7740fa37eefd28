//! The rest of a handler that waits for something outside: a durable job.
//!
//! Whoever takes a job has it until its deadline and a little longer. That its end is stored once does not hang on the lease
//! but on its claim, which is made from its id, and on its row, which goes in the same transaction.

use std::time::Duration;

use super::Store;
use super::conversation::Key;
use super::error::StoreError;
use super::outbox::micros;

/// How much longer than until its deadline whoever takes a job has it: for the rest of the handler.
const GRACE: Duration = Duration::from_secs(30);
/// Jobs that nobody has finished for so long after their deadline are forgotten: their bot is served no more.
pub(crate) const KEEP: Duration = Duration::from_secs(8 * 24 * 3600);
/// Claims of jobs lie below those of timers.
const BASE: i64 = -(1 << 62) - 1;

/// A job to be stored with what its handler did.
#[derive(Debug, Clone)]
pub(crate) struct NewJob {
    /// Command of the flow.
    pub(crate) flow: &'static str,
    /// Where the handler goes on.
    pub(crate) segment: &'static str,
    /// Of the conversation once this is stored; 0: it does not wait for the job.
    pub(crate) version: i64,
    pub(crate) deadline: i64,
    /// JSON of `engine::jobs::Body`.
    pub(crate) body: String,
}

/// A job that was taken.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) id: i64,
    pub(crate) key: Key,
    pub(crate) flow: String,
    pub(crate) segment: String,
    /// See [`NewJob`].
    pub(crate) version: i64,
    pub(crate) at: i64,
    pub(crate) deadline: i64,
    /// How often it was taken, this time included.
    pub(crate) attempts: i64,
    pub(crate) body: String,
}

impl Job {
    /// The id of the claim that its end has: the same for every attempt.
    pub(crate) fn claim(&self) -> i64 {
        BASE.saturating_sub(self.id.saturating_mul(2))
    }

    /// The id of the claim of the words that it takes long.
    pub(crate) fn longer_claim(&self) -> i64 {
        self.claim().saturating_sub(1)
    }
}

impl Store {
    /// Takes up to `limit` jobs of a bot that are ready, the oldest first.
    pub(crate) async fn take_jobs(&self, bot: i64, limit: u32) -> Result<Vec<Job>, StoreError> {
        let now = self.clock.micros();
        backend!(self, backend => backend.take_jobs(bot, now, micros(GRACE), limit).await)
    }

    /// Takes the oldest job of a conversation, whoever else may have it: for previews, which nobody else serves.
    pub(crate) async fn take_job_of(&self, key: Key) -> Result<Option<Job>, StoreError> {
        let now = self.clock.micros();
        backend!(self, backend => backend.take_job_of(key, now.saturating_add(micros(GRACE))).await)
    }

    /// Looks at a job that was taken again after `delay`.
    pub(crate) async fn put_off_job(&self, id: i64, delay: Duration) -> Result<(), StoreError> {
        let ready = self.clock.micros().saturating_add(micros(delay));
        backend!(self, backend => backend.put_off_job(id, ready).await)
    }

    /// How many jobs a bot has, and since when the oldest waits (microseconds; 0: there is none).
    pub(crate) async fn jobs_waiting(&self, bot: i64) -> Result<(i64, i64), StoreError> {
        backend!(self, backend => backend.jobs_waiting(bot).await)
    }

    /// Forgets jobs that nobody will finish; how many.
    pub(crate) async fn prune_jobs(&self) -> Result<u64, StoreError> {
        let before = self.clock.micros().saturating_sub(micros(KEEP));
        backend!(self, backend => backend.prune_jobs(before).await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_lie_below_those_of_timers() {
        let job = |id| Job {
            id,
            key: Key {
                bot: 1,
                chat: 1,
                person: 1,
                thread: 0,
            },
            flow: String::new(),
            segment: String::new(),
            version: 0,
            at: 0,
            deadline: 0,
            attempts: 1,
            body: String::new(),
        };
        assert!(job(1).claim() < -(1_i64 << 62));
        assert!(job(2).claim() < job(1).longer_claim());
        assert_eq!(job(i64::MAX).claim(), i64::MIN);
    }
}
