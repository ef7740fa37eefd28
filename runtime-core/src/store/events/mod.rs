//! Events: what bots did, for operators to ask afterwards. No event holds a word of a person: names of this build, numbers,
//! durations.
//!
//! What an update has stored commits together with its event; those of updates that store nothing wait in a bounded queue
//! and are written many at once, within a second. A crash loses that second of them, and a queue that is full loses some,
//! counted. Old ones are forgotten from the front ([`Store::keep_events`]).

pub(crate) mod ask;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::{mpsc, watch};

pub use ask::{Filter, Flow, Found, HOURS, MOST, Problem, Report, Tagged, Typed};

use super::Store;
use super::error::StoreError;
use crate::telemetry;
use crate::telemetry::events::{EventsDropped, EventsWritten};

/// Events that may wait to be written.
const QUEUE: usize = 8192;
/// Events of one statement.
const BATCH: usize = 512;
/// How long an event may wait for company.
const EVERY: Duration = Duration::from_secs(1);
/// Attempts at a batch; then it is lost.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);
/// Events forgotten at once.
pub(crate) const FORGOTTEN: i64 = 2000;
/// An event waits for less than this to be written (microseconds).
const FORGETTING: i64 = 60_000_000;
const DAY: i64 = 24 * 3600 * 1_000_000;

/// What an event says of a reply that the model may have written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ResultTag {
    /// `yes`: the model's words were sent; `no`: the author's, as decided; `error`: the author's, because the model's did not
    /// come.
    pub llm: &'static str,
    /// What the person gets of a comparison: `control` or `treatment`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<&'static str>,
    /// Where the decision came from: `ab_test`, or `explicit_config` where the author said so.
    pub source: &'static str,
    /// Why the model's words did not come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
}

impl ResultTag {
    /// Whether it is worth more to whoever evaluates: a reply that is compared before one that is not, then one that the
    /// model was asked for.
    pub(crate) fn says_more_than(self, other: Self) -> bool {
        let weight = |tag: Self| (tag.variant.is_some(), tag.llm != "no");
        weight(self) > weight(other)
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A command ran.
    Command,
    /// A dialogue began.
    WizardStart,
    /// An answer was taken, and the next question asked.
    WizardStep,
    /// An answer was refused; the question stays.
    WizardRefused,
    /// The last answer was taken, and what follows from it done.
    WizardDone,
    /// A dialogue was left: cancelled, or begun by a build whose state this one does not know.
    WizardLeft,
    /// Nobody answered for too long.
    WizardTimeout,
    /// A page of a list was turned, or a widget's view.
    Page,
    /// A button that only shows something, or is of no use any more.
    Press,
    /// A language was chosen.
    Locale,
    /// A text that nothing understands.
    Unknown,
    /// A rate limit held somebody back.
    RatelimitHit,
    /// Only admins may.
    Forbidden,
    /// What a model said was used, or its fallback.
    Llm,
    /// A handler failed: a dead letter was written.
    Error,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 15] = [
        Self::Command,
        Self::WizardStart,
        Self::WizardStep,
        Self::WizardRefused,
        Self::WizardDone,
        Self::WizardLeft,
        Self::WizardTimeout,
        Self::Page,
        Self::Press,
        Self::Locale,
        Self::Unknown,
        Self::RatelimitHit,
        Self::Forbidden,
        Self::Llm,
        Self::Error,
    ];

    /// As it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::WizardStart => "wizard_start",
            Self::WizardStep => "wizard_step",
            Self::WizardRefused => "wizard_refused",
            Self::WizardDone => "wizard_done",
            Self::WizardLeft => "wizard_left",
            Self::WizardTimeout => "wizard_timeout",
            Self::Page => "page",
            Self::Press => "press",
            Self::Locale => "locale",
            Self::Unknown => "unknown",
            Self::RatelimitHit => "ratelimit_hit",
            Self::Forbidden => "forbidden",
            Self::Llm => "llm",
            Self::Error => "error",
        }
    }
}

/// An event. Its words come out of closed sets of this build.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Event {
    /// Microseconds since 1970.
    pub(crate) at: i64,
    pub(crate) bot: i64,
    pub(crate) bot_id: &'static str,
    pub(crate) person: i64,
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    pub(crate) name: &'static str,
    pub(crate) step: &'static str,
    /// Microseconds.
    pub(crate) took: i64,
    pub(crate) trace_id: String,
    pub(crate) data: Data,
    pub(crate) result_tag: Option<ResultTag>,
}

/// What else is known of an update.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Data {
    pub(crate) channel: &'static str,
    /// `pure`, `read`, `state`, `write`, `slow`; empty: no handler ran.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) effect: &'static str,
    pub(crate) locale: &'static str,
    /// Statements that read, and that wrote.
    pub(crate) queries: u64,
    pub(crate) execs: u64,
    /// Microseconds that the handler waited for them.
    pub(crate) sql_us: u64,
    /// Messages said.
    pub(crate) replies: usize,
    /// Of an error: the command or dialogue.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) flow: &'static str,
}

/// The way to the task that writes what does not commit with an update.
#[derive(Debug)]
pub(crate) struct Recorder {
    /// Days; 0: no events.
    days: AtomicI64,
    queue: mpsc::Sender<Event>,
    waiting: Mutex<Option<mpsc::Receiver<Event>>>,
    /// Bot, person, until when: people who were erased while events of theirs may have waited.
    erased: Mutex<Vec<(i64, i64, i64)>>,
    /// Held while a batch is written, and while a person is erased: none of theirs is on its way meanwhile.
    pub(crate) writing: tokio::sync::Mutex<()>,
}

impl Default for Recorder {
    fn default() -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        Self {
            days: AtomicI64::new(0),
            queue,
            waiting: Mutex::new(Some(waiting)),
            erased: Mutex::default(),
            writing: tokio::sync::Mutex::new(()),
        }
    }
}

impl Recorder {
    /// What waits of a person until `now` will be nobody's.
    pub(crate) fn forget(&self, bot: i64, person: i64, now: i64) {
        let mut erased = self.erased.lock().unwrap_or_else(PoisonError::into_inner);
        erased.retain(|(_, _, until)| now.saturating_sub(*until) < FORGETTING);
        erased.push((bot, person, now));
    }

    fn anonymize(&self, batch: &mut [Event]) {
        let erased = self.erased.lock().unwrap_or_else(PoisonError::into_inner);
        for (bot, person, until) in erased.iter() {
            for event in batch.iter_mut() {
                if (event.bot, event.person) == (*bot, *person) && event.at <= *until {
                    event.person = 0;
                }
            }
        }
    }

    /// Whether events are kept.
    pub(crate) fn on(&self) -> bool {
        self.days.load(Ordering::Relaxed) > 0
    }

    /// Queues an event that nothing else stores.
    pub(crate) fn record(&self, event: Event) {
        if self.on() && self.queue.try_send(event).is_err() {
            telemetry::emit(EventsDropped { events: 1 });
        }
    }

    /// Events that wait.
    pub(crate) fn depth(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }
}

/// As both engines read them: a JSON array of objects.
pub(crate) fn encoded(events: &[&Event]) -> Option<String> {
    (!events.is_empty())
        .then(|| serde_json::to_string(events).ok())
        .flatten()
}

impl Store {
    /// Keeps events for so many days; 0: none are written any more, and those that are there go.
    pub fn keep_events(&self, days: u16) {
        self.events.days.store(days.into(), Ordering::Relaxed);
    }

    /// Writes what waits, until the stop signal, and then the rest.
    pub async fn write_events(&self, mut stopped: watch::Receiver<bool>) {
        let waiting = self
            .events
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(mut waiting) = waiting else { return };
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let stopping = *stopped.borrow();
            if !stopping {
                let until = tokio::time::sleep(EVERY);
                tokio::select! {
                    () = until => {}
                    _ = stopped.wait_for(|stop| *stop) => {}
                }
            }
            while let Ok(event) = waiting.try_recv() {
                batch.push(event);
                if batch.len() == BATCH {
                    self.store_events(&mut batch).await;
                }
            }
            if !batch.is_empty() {
                self.store_events(&mut batch).await;
            }
            if stopping {
                return;
            }
        }
    }

    async fn store_events(&self, batch: &mut Vec<Event>) {
        let _writing = self.events.writing.lock().await;
        self.events.anonymize(batch);
        let events: Vec<&Event> = batch.iter().collect();
        let count = events.len();
        let Some(json) = encoded(&events) else {
            batch.clear();
            return;
        };
        let mut stored = false;
        for attempt in 0..ATTEMPTS {
            let json = json.clone();
            stored = backend!(self, backend => backend.store_events(json).await).is_ok();
            if stored {
                break;
            }
            tokio::time::sleep(PAUSE * 2_u32.pow(attempt)).await;
        }
        if stored {
            telemetry::emit(EventsWritten { events: count });
        } else {
            telemetry::emit(EventsDropped { events: count });
        }
        batch.clear();
    }

    /// Forgets some of the events that are too old; how many.
    ///
    /// # Errors
    /// The database fails.
    pub(crate) async fn forget_events(&self) -> Result<u64, StoreError> {
        let days = self.events.days.load(Ordering::Relaxed);
        let before = match days {
            0 => i64::MAX, // none are kept
            days => self.clock.micros().saturating_sub(days.saturating_mul(DAY)),
        };
        backend!(self, backend => backend.forget_events(before).await)
    }
}
