//! Tokens of each bot's day: reserved before a call, settled after it. What is used and what is reserved together never
//! exceed the limit, over all instances: the database decides.
//!
//! One task of each process ([`clerk`]) talks to it and takes everything that waits along, so that many calls at once cost a
//! few statements. Where a limit is large it reserves a *block* beside what is asked for, at most as much as the calls of
//! the last moments had ([`block`]), and calls that fit into it wait for no statement at all. A block is spent from for
//! [`BLOCK_LIVE`] after the database was asked, goes back when nobody wants it, and is not taken from a small limit or of
//! the last quarter of any. A call that would fit if others used less than they have reserved waits for them. What a call
//! really used is settled after its answer is on its way; what a crash leaves reserved counts as used until the day is over.

mod clerk;
mod line;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::ask::Refused;
use crate::store::Store;
use crate::store::llm::LlmCounts;
use clerk::Clerk;

/// What may wait for the task; whoever comes then waits too.
const QUEUE: usize = 1024;
/// How long after the database was asked an instance may spend from its block: so long another limit may not hold there.
pub(super) const BLOCK_LIVE: Duration = Duration::from_secs(1);
/// A block is at most this part of the limit: what a crash can take of a day beside its calls under way.
const BLOCK_PART: i64 = 32;
/// Where that part is less than so many tokens there is no block.
const BLOCK_LEAST: i64 = 2_000;
/// Most tokens of a block.
const BLOCK_MOST: i64 = 65_536;

/// Most tokens that an instance holds beside what its calls have reserved, under this limit (0: none).
pub(super) fn block(limit: i64) -> i64 {
    match limit {
        0 => BLOCK_MOST,
        limit if limit / BLOCK_PART < BLOCK_LEAST => 0,
        limit => (limit / BLOCK_PART).min(BLOCK_MOST),
    }
}

/// The way to the task.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    queue: mpsc::Sender<Op>,
}

/// Tokens that are reserved for a call. Dropped without being settled, all of them count as used, where it was made.
#[derive(Debug)]
pub(super) struct Reservation {
    line: Line,
    epoch: i64,
    tokens: i64,
    queue: mpsc::Sender<Op>,
    sent: bool,
    settled: bool,
}

/// A bot's day: the bot, and `YYYY-MM-DD`.
pub(super) type Line = (&'static str, String);

#[derive(Debug)]
enum Op {
    Reserve(Line, Waiting),
    Settle {
        line: Line,
        epoch: i64,
        back: i64,
        spent: i64,
        counts: LlmCounts,
    },
    Count(Line, LlmCounts),
    /// Tells when everything before it is stored and no block is held.
    Flush(oneshot::Sender<()>),
}

#[derive(Debug)]
struct Waiting {
    tokens: i64,
    tell: oneshot::Sender<Result<Reservation, Refused>>,
}

impl Budget {
    /// Starts the task, which ends with the last of what this returns. To be called inside a runtime.
    pub(super) fn start(store: Arc<Store>, default_limit: i64) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let clerk = Clerk::new(store, default_limit, queue.downgrade());
        tokio::spawn(clerk.run(waiting));
        Self { queue }
    }

    /// Reserves tokens of a bot's day. Waits while others under way may leave enough.
    ///
    /// # Errors
    /// Too few are left; or the database fails.
    pub(super) async fn reserve(&self, line: Line, tokens: u32) -> Result<Reservation, Refused> {
        let (tell, told) = oneshot::channel();
        let tokens = i64::from(tokens);
        let op = Op::Reserve(line, Waiting { tokens, tell });
        self.queue.send(op).await.map_err(|_| Refused::Failed)?;
        told.await.map_err(|_| Refused::Failed)?
    }

    /// Counts; a count that finds no room is left out.
    pub(super) fn count(&self, line: Line, counts: LlmCounts) {
        let _ = self.queue.try_send(Op::Count(line, counts));
    }

    /// Waits until everything that was settled before is stored, and what was held beside it given back.
    pub(super) async fn flush(&self) {
        let (tell, told) = oneshot::channel();
        if self.queue.send(Op::Flush(tell)).await.is_ok() {
            let _ = told.await;
        }
    }
}

impl Reservation {
    /// The call is made now.
    pub(super) fn sent(&mut self) {
        self.sent = true;
    }

    /// So many were used.
    pub(super) async fn settle(mut self, spent: u32, counts: LlmCounts) {
        self.settled = true;
        let op = self.settled(i64::from(spent), counts);
        let _ = self.queue.send(op).await;
    }

    /// Nobody knows: all of them count.
    pub(super) async fn settle_all(self, counts: LlmCounts) {
        let all = u32::try_from(self.tokens).unwrap_or(u32::MAX);
        self.settle(all, counts).await;
    }

    fn settled(&self, spent: i64, counts: LlmCounts) -> Op {
        Op::Settle {
            line: self.line.clone(),
            epoch: self.epoch,
            back: self.tokens,
            spent,
            counts,
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if !self.settled {
            // Where there is no room it stays reserved, which counts as much.
            let spent = if self.sent { self.tokens } else { 0 };
            let _ = self
                .queue
                .try_send(self.settled(spent, LlmCounts::default()));
        }
    }
}
