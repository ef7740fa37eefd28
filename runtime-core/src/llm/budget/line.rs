//! A bot's day as one process keeps it between two statements: who waits, what calls hold, what the block has left, what is
//! still to be stored. Pure: the clerk runs the statements.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::{BLOCK_LIVE, Line, Op, Reservation, Waiting, block};
use crate::llm::ask::Refused;
use crate::store::llm::{LlmBatch, LlmCharged, LlmCounts};

/// Most calls that one statement reserves for.
const TOGETHER: usize = 256;
/// Calls of a bot that may wait for others to settle; further ones are refused.
const PARKED: usize = 1024;
/// How long what is settled may wait to be stored while nobody waits for it.
const SAVE_EVERY: Duration = Duration::from_millis(250);
/// How long before its end a block that calls are made from is confirmed.
const RENEW: Duration = Duration::from_millis(500);
/// How long a block that could not be confirmed waits for a database that answers.
const RETRY: Duration = Duration::from_secs(2);

/// Tells whoever has asked for a flush when the last line of it is stored.
#[derive(Debug)]
pub(super) struct Flushed(Option<oneshot::Sender<()>>);

impl Flushed {
    pub(super) fn new(tell: oneshot::Sender<()>) -> Arc<Self> {
        Arc::new(Self(Some(tell)))
    }
}

impl Drop for Flushed {
    fn drop(&mut self) {
        if let Some(tell) = self.0.take() {
            let _ = tell.send(());
        }
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Work {
    batch: LlmBatch,
    fresh: VecDeque<Waiting>,
    /// Would fit, were it not for what this process has reserved.
    parked: VecDeque<Waiting>,
    /// Tokens that calls of this process have reserved.
    under_way: i64,
    /// Of these, the most at one moment, lately.
    peak: i64,
    /// Tokens that are reserved for this process and for no call: its block.
    free: i64,
    /// What `free` is reserved in.
    epoch: i64,
    /// When the block is no longer spent from.
    until: Instant,
    /// When the last statement began.
    asked: Instant,
    /// Most that a block may have, as the limit and what is left of it were last.
    most: i64,
    /// The last statement failed.
    failing: bool,
    flushed: Vec<Arc<Flushed>>,
    /// A statement is under way.
    pub(super) busy: bool,
    /// The day was seen before.
    pub(super) known: bool,
}

/// What goes into one statement.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) batch: LlmBatch,
    waiting: Vec<Waiting>,
    began: Instant,
    /// Told when what came of it is known everywhere.
    pub(super) flushed: Vec<Arc<Flushed>>,
}

impl Work {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            batch: LlmBatch::default(),
            fresh: VecDeque::new(),
            parked: VecDeque::new(),
            under_way: 0,
            peak: 0,
            free: 0,
            epoch: 0,
            until: now,
            asked: now,
            most: 0,
            failing: false,
            flushed: Vec::new(),
            busy: false,
            known: false,
        }
    }

    /// Reserves for a call: at once from the block, else with the next statement.
    pub(super) fn reserve(
        &mut self,
        line: &Line,
        waiting: Waiting,
        queue: &mpsc::WeakSender<Op>,
        now: Instant,
    ) {
        let first = self.fresh.is_empty() && self.parked.is_empty();
        if first && self.free >= waiting.tokens && now < self.until {
            self.free -= waiting.tokens;
            self.grant(line, self.epoch, waiting, queue);
        } else {
            self.fresh.push_back(waiting);
        }
    }

    /// A call has ended that had reserved `back` tokens and used `spent`.
    pub(super) fn settle(&mut self, epoch: i64, back: i64, spent: i64) {
        self.under_way -= back;
        self.batch.spent = self.batch.spent.saturating_add(spent);
        let rest = (back - spent).max(0);
        if epoch == self.epoch && self.most > 0 {
            self.free += rest;
            self.give(back - rest);
        } else {
            self.batch.back.push((epoch, back));
        }
    }

    pub(super) fn count(&mut self, counts: LlmCounts) {
        self.batch.counts.add(counts);
    }

    /// Everything is to be stored and the block given back.
    pub(super) fn flush(&mut self, flushed: Arc<Flushed>) {
        if self.busy || self.free > 0 || self.batch != LlmBatch::default() {
            self.flushed.push(flushed);
        }
    }

    /// When a statement is to be run; `None`: nothing is to be done.
    pub(super) fn due(&self) -> Option<Instant> {
        let settled = self.batch != LlmBatch::default();
        let retry = !self.parked.is_empty() && (self.under_way <= 0 || settled);
        if !self.fresh.is_empty() || retry || !self.flushed.is_empty() {
            return Some(self.asked);
        }
        if self.failing && !settled {
            return (self.free > 0).then_some(self.asked + RETRY);
        }
        if self.most == 0 {
            return (settled || self.free > 0).then_some(self.asked);
        }
        if self.under_way > 0 && self.free < self.peak / 4 && self.free < self.most {
            return Some(self.asked + SAVE_EVERY / 10);
        }
        if settled {
            return Some(self.asked + SAVE_EVERY);
        }
        match (self.free, self.under_way) {
            (free, ..=0) => (free > 0).then_some(self.until),
            _ => Some(self.until.checked_sub(RENEW).unwrap_or(self.until)),
        }
    }

    /// Nothing is left that could be needed.
    pub(super) fn over(&self) -> bool {
        !self.busy && self.under_way <= 0 && self.due().is_none()
    }

    /// What goes into the next statement.
    pub(super) fn next(&mut self, now: Instant) -> Statement {
        let keep = if self.failing {
            // What went back with a statement of which nobody knows would be lost.
            self.free
        } else if !self.flushed.is_empty() {
            0
        } else if self.under_way.saturating_add(self.wanted()) > 0 {
            self.most
        } else if now < self.until {
            self.free.min(self.most)
        } else {
            0
        };
        self.peak -= self.peak / 4;
        self.peak = self.peak.max(self.under_way.saturating_add(self.wanted()));
        let want = match self.failing {
            true => keep,
            false => (self.peak + self.peak / 2 - self.under_way).clamp(0, keep),
        };
        if self.free > want {
            let rest = self.free - want;
            self.free = want;
            self.give(rest);
        }
        let mut batch = std::mem::take(&mut self.batch);
        if !batch.back.is_empty() || self.under_way <= 0 {
            // Those that have waited longest come first.
            self.parked.extend(self.fresh.drain(..));
            std::mem::swap(&mut self.parked, &mut self.fresh);
        }
        let mut waiting = Vec::new();
        while waiting.len() < TOGETHER
            && let Some(next) = self.fresh.pop_front()
        {
            if !next.tell.is_closed() {
                batch.wanted.push(next.tokens);
                waiting.push(next);
            }
        }
        if want > self.free {
            batch.wanted.push(want - self.free);
        }
        self.busy = true;
        self.asked = now;
        Statement {
            batch,
            waiting,
            began: now,
            flushed: std::mem::take(&mut self.flushed),
        }
    }

    /// The statement was run.
    pub(super) fn charged(
        &mut self,
        line: &Line,
        statement: Statement,
        charged: &LlmCharged,
        queue: &mpsc::WeakSender<Op>,
    ) {
        self.ran();
        self.failing = false;
        self.until = statement.began + BLOCK_LIVE;
        if charged.epoch != self.epoch {
            // A reset: what was held before is held no longer.
            self.free = 0;
            self.epoch = charged.epoch;
        }
        let used = charged.used.saturating_add(charged.reserved);
        let room = charged.limit == 0 || charged.limit.saturating_sub(used) >= charged.limit / 4;
        self.most = if room { block(charged.limit) } else { 0 };
        let asked = statement.waiting.len();
        if charged.granted.get(asked) == Some(&true) {
            self.free += statement.batch.wanted.get(asked).copied().unwrap_or(0);
        }
        for (at, one) in statement.waiting.into_iter().enumerate() {
            if charged.granted.get(at) == Some(&true) {
                self.grant(line, charged.epoch, one, queue);
                continue;
            }
            let hopeless = charged.used.saturating_add(one.tokens) > charged.limit;
            if self.free > 0 && !hopeless {
                // Its own block is in its way.
                self.most = 0;
                self.fresh.push_back(one);
            } else if hopeless || self.under_way <= 0 || self.parked.len() >= PARKED {
                let _ = one.tell.send(Err(Refused::Budget));
            } else {
                self.parked.push_back(one);
            }
        }
    }

    /// Nobody knows whether the statement was run: what was reserved stays so, and no call is let pass without another one.
    pub(super) fn failed(&mut self, statement: Statement, now: Instant) {
        self.ran();
        self.failing = true;
        self.until = now;
        for waiting in statement.waiting.into_iter().chain(self.parked.drain(..)) {
            let _ = waiting.tell.send(Err(Refused::Failed));
        }
    }

    fn ran(&mut self) {
        self.busy = false;
        if self.batch == LlmBatch::default() && self.free == 0 {
            self.flushed.clear(); // all of it went along
        }
    }

    /// What the block has left.
    pub(super) fn free(&self) -> i64 {
        self.free
    }

    fn wanted(&self) -> i64 {
        let waiting = self.fresh.iter().chain(&self.parked);
        waiting.map(|one| one.tokens).fold(0, i64::saturating_add)
    }

    fn give(&mut self, tokens: i64) {
        match self.batch.back.last_mut() {
            Some((epoch, back)) if *epoch == self.epoch => *back = back.saturating_add(tokens),
            _ if tokens > 0 => self.batch.back.push((self.epoch, tokens)),
            _ => {}
        }
    }

    fn grant(&mut self, line: &Line, epoch: i64, one: Waiting, queue: &mpsc::WeakSender<Op>) {
        let Some(queue) = queue.upgrade() else {
            return; // nobody is left who could call
        };
        self.under_way += one.tokens;
        self.peak = self.peak.max(self.under_way);
        let reservation = Reservation {
            line: line.clone(),
            epoch,
            tokens: one.tokens,
            queue,
            sent: false,
            settled: false,
        };
        if let Err(Ok(mut unused)) = one.tell.send(Ok(reservation)) {
            // Whoever asked has gone meanwhile.
            unused.settled = true;
            self.settle(epoch, unused.tokens, 0);
        }
    }
}

impl LlmCounts {
    fn add(&mut self, other: Self) {
        self.asked += other.asked;
        self.cached += other.cached;
        self.calls += other.calls;
        self.failed += other.failed;
        self.millis = self.millis.saturating_add(other.millis);
    }
}
