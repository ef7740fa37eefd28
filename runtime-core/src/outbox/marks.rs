//! Sent rows are marked in batches: at most [`BATCH_TIME`] late, at most [`BATCH_ROWS`] at once. What a crash leaves
//! unmarked is sent again when its lease ends; what an outage of the database leaves is marked once that is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::store::Store;
use crate::store::outbox::RowKey;
use crate::telemetry::{self, events};

/// How long a sent row may wait for company.
pub const BATCH_TIME: Duration = Duration::from_millis(50);
/// How many rows are marked at once.
pub const BATCH_ROWS: usize = 64;
/// Attempts at marking a batch that the database refuses for another reason than that it is away; afterwards its leases
/// decide.
const TRIES: u32 = 5;
/// Shortest and longest pause between two attempts: shorter than the sweep waits after an outage.
const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_millis(400);

/// The way to the task that marks rows as sent.
#[derive(Debug, Clone)]
pub struct Marks {
    rows: mpsc::UnboundedSender<Mark>,
    behind: Arc<AtomicBool>,
}

/// What is to be remembered of a row.
#[derive(Debug, Clone, Copy)]
enum Mark {
    /// Telegram has it, or needs it no more.
    Sent(RowKey),
    /// It left in a webhook's response.
    Rode(RowKey),
}

impl Marks {
    /// Starts the task. It ends, everything marked, when the last [`Marks`] is dropped.
    pub fn start(store: Arc<Store>) -> (Self, JoinHandle<()>) {
        // Unbounded, but never longer than the rows that this process has sent: while marks fail, lanes send nothing.
        let (rows, waiting) = mpsc::unbounded_channel();
        let behind = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(run(store, waiting, behind.clone()));
        (Self { rows, behind }, task)
    }

    /// Marks cannot be written now. What is sent meanwhile would be sent again by whoever takes it over.
    pub fn behind(&self) -> bool {
        self.behind.load(Ordering::Relaxed)
    }

    /// This row was sent, or needs no sending any more.
    pub fn sent(&self, row: RowKey) {
        // Closed only at the very end of a shutdown: the lease decides then.
        let _ = self.rows.send(Mark::Sent(row));
    }

    /// This row has left in a webhook's response.
    pub fn rode(&self, row: RowKey) {
        let _ = self.rows.send(Mark::Rode(row));
    }
}

async fn run(
    store: Arc<Store>,
    mut waiting: mpsc::UnboundedReceiver<Mark>,
    behind: Arc<AtomicBool>,
) {
    while let Some(first) = waiting.recv().await {
        let mut batch = Vec::with_capacity(8);
        batch.push(first);
        let until = tokio::time::Instant::now() + BATCH_TIME;
        while batch.len() < BATCH_ROWS {
            match tokio::time::timeout_at(until, waiting.recv()).await {
                Ok(Some(row)) => batch.push(row),
                Ok(None) | Err(_) => break,
            }
        }
        mark(&store, batch, &behind).await;
    }
}

async fn mark(store: &Store, batch: Vec<Mark>, behind: &AtomicBool) {
    let (mut sent, mut rode) = (Vec::new(), Vec::new());
    for mark in batch {
        match mark {
            Mark::Sent(row) => sent.push(row),
            Mark::Rode(row) => rode.push(row),
        }
    }
    crate::faults::point("mark.before");
    let mut refused = 0;
    for attempt in 0_u32.. {
        let marked = match store.mark_sent(sent.clone()).await {
            Ok(()) => store.mark_rode(rode.clone()).await,
            failed => failed,
        };
        let Err(error) = marked else {
            crate::faults::point("mark.after");
            break;
        };
        behind.store(true, Ordering::Relaxed);
        if attempt < TRIES {
            telemetry::emit(events::StoreFailed { task: "mark_sent" });
        }
        refused += u32::from(!error.is_outage());
        if refused >= TRIES {
            break;
        }
        tokio::time::sleep((FIRST * 2_u32.pow(attempt.min(8))).min(LONGEST)).await;
    }
    behind.store(false, Ordering::Relaxed);
}
