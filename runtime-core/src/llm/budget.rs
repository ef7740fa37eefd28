//! Tokens of each bot's day: reserved before a call, settled after it. What is used and what is reserved together never
//! exceed the limit, over all instances: the database decides.
//!
//! One task of each process talks to it and takes everything that waits along, so that many calls at once cost a few
//! statements. A call that would fit if others used less than they have reserved waits for them. What a call really used is
//! settled after its answer is on its way; what a crash leaves reserved counts as used until the day is over.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::ask::Refused;
use crate::store::Store;
use crate::store::llm::{KEEP_DAYS, LlmBatch, LlmCharged, LlmCounts};
use crate::telemetry::{self, events};

/// What may wait for the task; whoever comes then waits too.
const QUEUE: usize = 1024;
/// Most things that one statement takes along.
const TOGETHER: usize = 256;
/// Calls of a bot that may wait for others to settle; further ones are refused.
const PARKED: usize = 1024;

/// The way to the task.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    queue: mpsc::Sender<Op>,
}

/// Tokens that are reserved for a call. Dropped without being settled, all of them count as used.
#[derive(Debug)]
pub(super) struct Reservation {
    line: Line,
    epoch: i64,
    tokens: i64,
    queue: mpsc::Sender<Op>,
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
    /// Tells when everything before it is stored.
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
        let clerk = Clerk {
            store,
            default_limit,
            lines: HashMap::new(),
        };
        let again = queue.downgrade();
        tokio::spawn(clerk.run(waiting, again));
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

    /// Waits until everything that was settled before is stored.
    pub(super) async fn flush(&self) {
        let (tell, told) = oneshot::channel();
        if self.queue.send(Op::Flush(tell)).await.is_ok() {
            let _ = told.await;
        }
    }
}

impl Reservation {
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
            let _ = self
                .queue
                .try_send(self.settled(self.tokens, LlmCounts::default()));
        }
    }
}

/// The task.
struct Clerk {
    store: Arc<Store>,
    default_limit: i64,
    lines: HashMap<Line, Work>,
}

/// What is to be done with a bot's day.
#[derive(Default)]
struct Work {
    batch: LlmBatch,
    fresh: VecDeque<Waiting>,
    /// Would fit, were it not for what this process has reserved.
    parked: VecDeque<Waiting>,
    /// Tokens that calls of this process have reserved.
    under_way: i64,
    /// The day was seen before.
    known: bool,
}

impl Clerk {
    async fn run(mut self, mut queue: mpsc::Receiver<Op>, again: mpsc::WeakSender<Op>) {
        while let Some(op) = queue.recv().await {
            let mut flushed = Vec::new();
            self.take(op, &mut flushed);
            for _ in 1..TOGETHER {
                let Ok(op) = queue.try_recv() else { break };
                self.take(op, &mut flushed);
            }
            let lines: Vec<Line> = self.lines.keys().cloned().collect();
            for line in lines {
                self.work(&line, &again).await;
            }
            for tell in flushed {
                let _ = tell.send(());
            }
        }
    }

    fn take(&mut self, op: Op, flushed: &mut Vec<oneshot::Sender<()>>) {
        match op {
            Op::Reserve(line, waiting) => self.line(line).fresh.push_back(waiting),
            Op::Settle {
                line,
                epoch,
                back,
                spent,
                counts,
            } => {
                let work = self.line(line);
                work.under_way -= back;
                work.settle(epoch, back, spent);
                work.batch.counts.add(counts);
            }
            Op::Count(line, counts) => self.line(line).batch.counts.add(counts),
            Op::Flush(tell) => flushed.push(tell),
        }
    }

    fn line(&mut self, line: Line) -> &mut Work {
        self.lines.entry(line).or_default()
    }

    /// Does what is to be done with a day, until nothing is left that can be.
    async fn work(&mut self, line: &Line, again: &mpsc::WeakSender<Op>) {
        loop {
            let Some(work) = self.lines.get_mut(line) else {
                return;
            };
            if !work.any() {
                if work.under_way <= 0 && work.parked.is_empty() {
                    self.lines.remove(line);
                }
                return;
            }
            let known = std::mem::replace(&mut work.known, true);
            let (batch, waiting) = work.next();
            let settled = batch.spent;
            let charged = self
                .store
                .charge_llm(line.0, &line.1, self.default_limit, batch)
                .await;
            let Some(work) = self.lines.get_mut(line) else {
                return;
            };
            match charged {
                Ok(charged) => {
                    telemetry::emit(events::LlmBudget {
                        bot: line.0,
                        spent: u64::try_from(settled).unwrap_or(0),
                        used: charged.used.saturating_add(charged.reserved),
                        limit: charged.limit,
                    });
                    work.charged(line, &charged, waiting, again);
                }
                Err(_) => {
                    // Nobody knows whether it was done: what was reserved stays so.
                    telemetry::emit(events::StoreFailed { task: "llm_budget" });
                    for waiting in waiting.into_iter().chain(work.parked.drain(..)) {
                        let _ = waiting.tell.send(Err(Refused::Failed));
                    }
                }
            }
            if !known {
                self.forget(line).await;
            }
        }
    }

    /// Days that are too old go when a new one begins.
    async fn forget(&self, line: &Line) {
        let day: Result<jiff::civil::Date, _> = line.1.parse();
        let keep = jiff::Span::new().try_days(KEEP_DAYS);
        if let (Ok(day), Ok(keep)) = (day, keep)
            && let Ok(before) = day.checked_sub(keep)
        {
            // It is tried again with the next day.
            let _ = self
                .store
                .forget_llm_days(line.0, &before.to_string())
                .await;
        }
    }
}

impl Work {
    fn settle(&mut self, epoch: i64, back: i64, spent: i64) {
        self.batch.back.push((epoch, back));
        self.batch.spent = self.batch.spent.saturating_add(spent);
    }

    /// Whether a statement would do anything.
    fn any(&self) -> bool {
        let parked = self.under_way <= 0 && !self.parked.is_empty();
        !self.fresh.is_empty() || parked || self.batch != LlmBatch::default()
    }

    /// What goes into the next statement.
    fn next(&mut self) -> (LlmBatch, Vec<Waiting>) {
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
        (batch, waiting)
    }

    fn charged(
        &mut self,
        line: &Line,
        charged: &LlmCharged,
        waiting: Vec<Waiting>,
        again: &mpsc::WeakSender<Op>,
    ) {
        for (at, one) in waiting.into_iter().enumerate() {
            if charged.granted.get(at) == Some(&true) {
                let Some(queue) = again.upgrade() else {
                    continue; // nobody is left who could call
                };
                self.under_way += one.tokens;
                let reservation = Reservation {
                    line: line.clone(),
                    epoch: charged.epoch,
                    tokens: one.tokens,
                    queue,
                    settled: false,
                };
                if let Err(Ok(mut unused)) = one.tell.send(Ok(reservation)) {
                    // Whoever asked has gone meanwhile.
                    unused.settled = true;
                    self.under_way -= unused.tokens;
                    self.settle(charged.epoch, unused.tokens, 0);
                }
                continue;
            }
            let hopeless = charged.used.saturating_add(one.tokens) > charged.limit;
            if hopeless || self.under_way <= 0 || self.parked.len() >= PARKED {
                let _ = one.tell.send(Err(Refused::Budget));
            } else {
                self.parked.push_back(one);
            }
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
