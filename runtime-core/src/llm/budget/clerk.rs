//! The task that runs the statements: one at a time for each bot's day, those of different bots at once, and nobody who can
//! be served from a block waits for one.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::line::{Flushed, Statement, Work};
use super::{Line, Op, QUEUE};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::llm::{KEEP_DAYS, LlmCharged};
use crate::telemetry::{self, events};

/// The task.
pub(super) struct Clerk {
    store: Arc<Store>,
    default_limit: i64,
    /// For what is settled later.
    again: mpsc::WeakSender<Op>,
    lines: HashMap<Line, Work>,
    running: JoinSet<(Line, Statement, Result<LlmCharged, StoreError>)>,
}

impl Clerk {
    pub(super) fn new(store: Arc<Store>, default_limit: i64, again: mpsc::WeakSender<Op>) -> Self {
        Self {
            store,
            default_limit,
            again,
            lines: HashMap::new(),
            running: JoinSet::new(),
        }
    }

    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Op>) {
        loop {
            let due = self.lines.values().filter(|work| !work.busy);
            let due = due.filter_map(Work::due).min();
            tokio::select! {
                op = queue.recv() => match op {
                    Some(op) => self.take(op),
                    None => break,
                },
                Some(ran) = self.running.join_next() => self.ran(ran.ok()),
                () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
            }
            // Whoever asks at the same moment goes along.
            tokio::task::yield_now().await;
            for _ in 0..QUEUE {
                let Ok(op) = queue.try_recv() else { break };
                self.take(op);
            }
            self.work(Instant::now());
        }
        // The last has gone: what is held goes back.
        self.flush(&Flushed::new(tokio::sync::oneshot::channel().0));
        self.work(Instant::now());
        while let Some(ran) = self.running.join_next().await {
            self.ran(ran.ok());
            self.work(Instant::now());
        }
    }

    fn take(&mut self, op: Op) {
        let now = Instant::now();
        match op {
            Op::Reserve(line, waiting) => {
                let work = self.lines.entry(line.clone());
                let work = work.or_insert_with(|| Work::new(now));
                work.reserve(&line, waiting, &self.again, now);
            }
            Op::Settle {
                line,
                epoch,
                back,
                spent,
                counts,
            } => {
                let work = self.lines.entry(line).or_insert_with(|| Work::new(now));
                work.settle(epoch, back, spent);
                work.count(counts);
            }
            Op::Count(line, counts) => {
                let work = self.lines.entry(line).or_insert_with(|| Work::new(now));
                work.count(counts);
            }
            Op::Flush(tell) => self.flush(&Flushed::new(tell)),
        }
    }

    fn flush(&mut self, flushed: &Arc<Flushed>) {
        for work in self.lines.values_mut() {
            work.flush(flushed.clone());
        }
    }

    /// Begins every statement whose time has come; forgets days that are done with.
    fn work(&mut self, now: Instant) {
        for (line, work) in &mut self.lines {
            if work.busy || work.due().is_none_or(|due| due > now) {
                continue;
            }
            let statement = work.next(now);
            let new = !std::mem::replace(&mut work.known, true);
            let (store, default_limit) = (self.store.clone(), self.default_limit);
            let line = line.clone();
            self.running.spawn(async move {
                let batch = statement.batch.clone();
                let charged = store
                    .charge_llm(line.0, &line.1, default_limit, batch)
                    .await;
                if new {
                    forget(&store, &line).await;
                }
                (line, statement, charged)
            });
        }
        self.lines.retain(|_, work| !work.over());
    }

    fn ran(&mut self, ran: Option<(Line, Statement, Result<LlmCharged, StoreError>)>) {
        // It does not panic, and nobody ends it.
        let Some((line, mut statement, charged)) = ran else {
            return;
        };
        let _flushed = std::mem::take(&mut statement.flushed);
        let Some(work) = self.lines.get_mut(&line) else {
            return;
        };
        match charged {
            Ok(charged) => {
                let spent = u64::try_from(statement.batch.spent).unwrap_or(0);
                work.charged(&line, statement, &charged, &self.again);
                let used = charged.used.saturating_add(charged.reserved);
                telemetry::emit(events::LlmBudget {
                    bot: line.0,
                    spent,
                    used: used.saturating_sub(work.free()),
                    limit: charged.limit,
                });
            }
            Err(_) => {
                telemetry::emit(events::StoreFailed { task: "llm_budget" });
                work.failed(statement, Instant::now());
            }
        }
    }
}

/// Days that are too old go when a new one begins.
async fn forget(store: &Store, line: &Line) {
    let day: Result<jiff::civil::Date, _> = line.1.parse();
    let keep = jiff::Span::new().try_days(KEEP_DAYS);
    if let (Ok(day), Ok(keep)) = (day, keep)
        && let Ok(before) = day.checked_sub(keep)
    {
        // It is tried again with the next day.
        let _ = store.forget_llm_days(line.0, &before.to_string()).await;
    }
}
