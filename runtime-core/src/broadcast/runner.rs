//! One broadcast as this instance sends it.
//!
//! Rows are taken two seconds ahead, and as many moments: these are given out by the table, so that all instances together
//! keep the pace. A moment before they are due, a committed statement says of the next rows that their calls begin (and how
//! others have ended): only those are made, each at the next moment that is left ([`super::turnstile`]). So a pause that has
//! committed lets nothing begin, a crash leaves no more than what had begun as ambiguous, and whatever is late (a slow
//! commit, a busy machine) costs moments instead of becoming a burst.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::letter::Letters;
use super::turnstile::Turnstile;
use super::verdict::{Trouble, Verdict, judge};
use super::worker::Broadcasts;
use crate::faults;
use crate::incoming::Place;
use crate::outbox::bulk::Unsent;
use crate::store::broadcasts::sending::HOLD;
use crate::store::broadcasts::{Advance, Ahead, Done, Row, State, Take, Taken};
use crate::store::outbox::micros;
use crate::telegram::method::Call;
use crate::telemetry;
use crate::telemetry::events::{
    BroadcastBegun, BroadcastCalled, BroadcastHeld, BroadcastMoved, BroadcastRunning,
    BroadcastSettled, StoreFailed,
};

/// How far ahead rows are taken.
const AHEAD: Duration = Duration::from_secs(2);
/// Rows that are held, at most.
const HELD: usize = 256;
/// Calls that have begun, at least and in seconds of the pace: no more are ambiguous if the process dies.
const CALLS: usize = 32;
const CALLS_SECONDS: usize = 2;
/// Calls begin in batches: of those that are due within [`BATCH`] once one is due within [`SOON`] (microseconds). A commit
/// that takes less than that costs no moment.
const BATCH: i64 = 600_000;
const SOON: i64 = 300_000;
/// How long the end of a call may wait to be stored.
const SETTLE: Duration = Duration::from_millis(250);
/// Pause between two looks for rows.
const LOOK: Duration = Duration::from_millis(500);
/// So much of the pace that nobody could use is made up for (microseconds).
const MISSED: i64 = 60_000_000;
/// Attempts to store how the last calls ended.
const LAST_ATTEMPTS: u32 = 5;
/// Longest pause between two looks while nothing may begin: it may be cancelled meanwhile.
const HELD_LOOK: Duration = Duration::from_secs(5);
/// Pause after the database has failed.
const AWAY: Duration = Duration::from_secs(1);
/// Pause between two batches of rows that are written.
const ENROL: Duration = Duration::from_millis(20);

/// A call that is to be made.
#[derive(Debug)]
struct Ready {
    taken: Taken,
    call: Call,
    /// Till when the row is ours.
    until: i64,
}

/// A call that was made.
struct Made {
    person: i64,
    attempts: i64,
    until: i64,
    told: Result<(), Unsent>,
    /// Microseconds between the moment it was due and the call, if there was one.
    late: Option<i64>,
}

/// See the module.
pub(super) struct Runner {
    all: Broadcasts,
    row: Row,
    name: &'static str,
    queue: VecDeque<Ready>,
    turnstile: Arc<Turnstile>,
    /// So much of the pace nobody has used (microseconds).
    missed: i64,
    /// No call of this bot's broadcasts before this moment.
    held: i64,
    calls: JoinSet<Made>,
    done: Vec<Done>,
    done_since: Instant,
    look: Instant,
    trouble: Trouble,
    /// Calls that have begun, at most.
    most: usize,
}

/// Why it goes on no more.
enum Stop {
    /// The process stops, or the broadcast does not run.
    Rest,
    /// All is done.
    Completed,
}

impl Runner {
    pub(super) fn new(all: Broadcasts, row: Row) -> Self {
        let rate = all.rate(row.per_second);
        let pace = usize::try_from(rate).unwrap_or(0);
        Self {
            most: CALLS.max(pace.saturating_mul(CALLS_SECONDS)),
            turnstile: Turnstile::new(all.name(row.bot), all.store.clock().clone()),
            missed: 0,
            held: 0,
            name: all.name(row.bot),
            trouble: Trouble::new(row.skip),
            all,
            row,
            queue: VecDeque::new(),
            calls: JoinSet::new(),
            done: Vec::new(),
            done_since: Instant::now(),
            look: Instant::now(),
        }
    }

    /// Sends until nothing is left to do, it does not run any more, or the stop signal.
    pub(super) async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        telemetry::emit(BroadcastRunning {
            bot: self.name,
            by: 1,
        });
        let name = self.name;
        if self.enrol(&stopped).await
            && let Some(letters) = self.letters().await
        {
            let gate = self.turnstile.clone().attend();
            let stop = async {
                let stop = self.send(&letters, &mut stopped).await;
                self.rest().await;
                stop
            };
            let stop = tokio::select! {
                stop = stop => stop,
                () = gate => Stop::Rest,
            };
            if matches!(stop, Stop::Completed) {
                self.complete().await;
            }
        }
        telemetry::emit(BroadcastRunning { bot: name, by: -1 });
    }

    /// Writes the rows of recipients; false: not now.
    async fn enrol(&self, stopped: &watch::Receiver<bool>) -> bool {
        if self.row.enrolled {
            return true;
        }
        let store = &self.all.store;
        loop {
            if *stopped.borrow() {
                return false;
            }
            faults::point("broadcast.before_enrol");
            match store.enrol(self.row.id).await {
                Ok(enrolled) => {
                    faults::point("broadcast.after_enrol");
                    if enrolled.first {
                        telemetry::emit(BroadcastBegun {
                            bot: self.name,
                            id: self.row.id,
                            audience: kind(&self.row.audience),
                        });
                    }
                    if enrolled.all {
                        return true;
                    }
                    tokio::time::sleep(ENROL).await;
                }
                Err(_) => {
                    telemetry::emit(StoreFailed { task: "broadcasts" });
                    return false; // the next look begins again
                }
            }
        }
    }

    async fn letters(&self) -> Option<Letters> {
        let found = self.all.store.broadcast_letters(self.row.id).await;
        let letters = found.ok().flatten()?;
        match serde_json::from_str(&letters) {
            Ok(letters) => Some(letters),
            // Of a build that knew more: whoever restores that build resumes it.
            Err(_) => {
                self.suspend("unreadable").await;
                None
            }
        }
    }

    async fn send(&mut self, letters: &Letters, stopped: &mut watch::Receiver<bool>) -> Stop {
        loop {
            if *stopped.borrow() {
                return Stop::Rest;
            }
            // What ended calls say counts before others begin.
            while let Some(made) = self.calls.try_join_next() {
                if let Ok(made) = made {
                    self.note(made);
                }
            }
            if self.wants_more()
                && let Some(stop) = self.take(letters).await
            {
                return stop;
            }
            if self.wants_step() && !self.step().await {
                return Stop::Rest;
            }
            if let Some(pause) = self.trouble.pause() {
                self.hold(pause).await;
            }
            if self.trouble.hopeless() {
                self.suspend("refused").await;
                return Stop::Rest;
            }
            let wake = self.wake();
            tokio::select! {
                _ = stopped.wait_for(|stop| *stop) => return Stop::Rest,
                Some(made) = self.calls.join_next(), if !self.calls.is_empty() => {
                    if let Ok(made) = made {
                        self.note(made);
                    }
                }
                () = tokio::time::sleep_until(wake) => {}
            }
        }
    }

    fn now(&self) -> i64 {
        self.all.store.clock().micros()
    }

    fn wants_more(&self) -> bool {
        Instant::now() >= self.look
    }

    /// Takes rows. `Some`: there is nothing more to do here.
    async fn take(&mut self, letters: &Letters) -> Option<Stop> {
        let held = u64::try_from(self.held.saturating_sub(self.now())).unwrap_or(0);
        let held = Duration::from_micros(held).min(HELD_LOOK);
        // The moments after a pause are asked for a little ahead; nobody is always the first to ask.
        let look = LOOK.mul_f64(rand::random_range(0.7..1.3));
        self.look = Instant::now() + held.saturating_sub(AHEAD).max(look);
        let all = &self.all;
        let lost = self.turnstile.lost();
        let lost = lost.saturating_mul(1_000_000 / self.all.rate(self.row.per_second));
        self.missed = self.missed.saturating_add(lost).min(MISSED);
        let rows = self.queue.len() + self.turnstile.waiting();
        let held = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let ahead = Ahead {
            moments: held(self.turnstile.ahead()),
            rows: held(rows),
            most: held(HELD.saturating_sub(rows)),
            behind: self.missed > 0,
        };
        let take = all
            .store
            .take_recipients(self.row.id, AHEAD, ahead, all.ceiling);
        let Ok(take) = take.await else {
            telemetry::emit(StoreFailed { task: "broadcasts" });
            self.look = Instant::now() + AWAY;
            return None;
        };
        if take.ambiguous > 0 {
            telemetry::emit(BroadcastSettled {
                bot: self.name,
                outcome: "ambiguous",
                people: take.ambiguous,
            });
        }
        if take.stopped {
            return Some(Stop::Rest);
        }
        self.missed = (self.missed - take.made_up)
            .saturating_add(take.missed)
            .clamp(0, MISSED);
        self.turnstile.add(&take.moments);
        let nothing = self.queue.is_empty() && self.calls.is_empty() && self.done.is_empty();
        if take.idle {
            self.look = Instant::now() + AWAY;
            return nothing.then_some(Stop::Completed);
        }
        self.ready(letters, take);
        None
    }

    fn ready(&mut self, letters: &Letters, take: Take) {
        let Some(texts) = self.all.engine.texts_of(self.row.bot) else {
            return; // the rows' lease ends
        };
        for taken in take.taken {
            let place = Place {
                chat_id: taken.person,
                private: true,
                thread_id: 0,
            };
            let locale =
                texts.choose_for(taken.chosen.as_deref(), taken.language.as_deref(), place);
            let tag = texts.tags().get(locale).copied().unwrap_or_default();
            let Some(letter) = letters.of(tag) else {
                continue; // none was made without a letter
            };
            let call = letter.call(taken.person, &taken.fields);
            self.queue.push_back(Ready {
                taken,
                call,
                until: take.until,
            });
        }
    }

    /// Something is due, or has waited long enough to be stored.
    fn wants_step(&self) -> bool {
        let next = self.turnstile.next_unclaimed();
        let due = self.now().saturating_add(SOON);
        let begins = self.may_begin() && next.is_some_and(|at| at <= due);
        // Nothing else will come: whoever waits for the end waits no longer.
        let last = self.queue.is_empty() && self.calls.is_empty();
        begins || (!self.done.is_empty() && (last || self.done_since.elapsed() >= SETTLE))
    }

    fn may_begin(&self) -> bool {
        !self.queue.is_empty() && self.calls.len() < self.most && self.now() >= self.held
    }

    fn wake(&self) -> Instant {
        let now = self.now();
        let after = |at: i64| {
            let wait = u64::try_from(at.saturating_sub(now)).unwrap_or(0);
            Instant::now() + Duration::from_micros(wait)
        };
        let mut wake = self.look;
        if self.may_begin()
            && let Some(at) = self.turnstile.next_unclaimed()
        {
            wake = wake.min(after(at.saturating_sub(SOON)));
        }
        if !self.done.is_empty() {
            wake = wake.min(self.done_since + SETTLE);
        }
        wake
    }

    /// Stores how calls have ended and that the next ones begin, and makes those. False: it does not run any more.
    async fn step(&mut self) -> bool {
        let due = self.now().saturating_add(BATCH);
        let count = if self.may_begin() {
            let room = self.most.saturating_sub(self.calls.len());
            let due = self.turnstile.unclaimed(due);
            self.queue.len().min(due).min(room)
        } else {
            0
        };
        let batch: Vec<Ready> = self.queue.drain(..count).collect();
        let advance = Advance {
            id: self.row.id,
            bot: self.row.bot,
            done: self.done.clone(),
            begin: batch.iter().map(|r| (r.taken.person, r.until)).collect(),
            ..Advance::default()
        };
        faults::point("broadcast.before_step");
        let Ok(advanced) = self.all.store.advance(advance).await else {
            telemetry::emit(StoreFailed { task: "broadcasts" });
            // What has ended is stored by the next step; the rows' lease ends, or they are begun by it.
            for ready in batch.into_iter().rev() {
                self.queue.push_front(ready);
            }
            tokio::time::sleep(AWAY).await;
            return true;
        };
        faults::point("broadcast.after_step");
        self.settled();
        if advanced.skipped > 0 {
            telemetry::emit(BroadcastSettled {
                bot: self.name,
                outcome: "skipped",
                people: advanced.skipped,
            });
        }
        for ready in batch {
            if advanced.begun.contains(&ready.taken.person) {
                self.make(ready, advanced.until);
            }
        }
        let now = self.now();
        if advanced.held > now.max(self.held) {
            // Another instance was told to wait.
            let pause = u64::try_from(advanced.held.saturating_sub(now)).unwrap_or(0);
            self.pause(Duration::from_micros(pause)).await;
        }
        advanced.runs
    }

    fn settled(&mut self) {
        for done in self.done.drain(..) {
            telemetry::emit(BroadcastSettled {
                bot: self.name,
                outcome: done.ended.name(),
                people: 1,
            });
        }
    }

    fn make(&mut self, ready: Ready, until: i64) {
        let sender = self.all.sender.clone();
        let bot = self.row.bot;
        let Ready { taken, call, .. } = ready;
        let ticket = self.turnstile.enter();
        self.calls.spawn(async move {
            let passed = ticket.pass().await;
            let late = passed.as_ref().ok().map(|pass| pass.late);
            let told = match &passed {
                Ok(_) => sender.bulk(bot, &call, until).await,
                Err(pause) => Err(Unsent::Later(*pause)),
            };
            Made {
                person: taken.person,
                attempts: taken.attempts + 1,
                until,
                told,
                late,
            }
        });
    }

    fn note(&mut self, made: Made) {
        if let Some(late) = made.late {
            telemetry::emit(BroadcastCalled {
                bot: self.name,
                late: Duration::from_micros(u64::try_from(late).unwrap_or(0)),
            });
        }
        let Verdict { ended, code, free } =
            judge(&made.told, made.attempts, self.now(), &mut self.trouble);
        if self.done.is_empty() {
            self.done_since = Instant::now();
        }
        self.done.push(Done {
            person: made.person,
            until: made.until,
            ended,
            code,
            free,
        });
    }

    /// Telegram wants a pause, or there is none: nobody's calls begin before it is over.
    async fn hold(&mut self, pause: Duration) {
        telemetry::emit(BroadcastHeld {
            bot: self.name,
            id: self.row.id,
            pause,
        });
        let store = self.all.store.clone();
        if store.hold_broadcasts(self.row.bot, pause).await.is_err() {
            telemetry::emit(StoreFailed { task: "broadcasts" });
        }
        self.pause(pause).await;
    }

    /// Nothing begins here before it is over; what has begun and was not called yet is given back.
    async fn pause(&mut self, pause: Duration) {
        let until = self.now().saturating_add(micros(pause).min(HOLD));
        self.held = self.held.max(until);
        self.look = Instant::now() + pause.min(HELD_LOOK);
        self.turnstile.turn_away(pause);
        self.give_back().await;
    }

    async fn give_back(&mut self) {
        let rows = self.queue.drain(..).map(|r| (r.taken.person, r.until));
        let rows = rows.collect();
        let store = self.all.store.clone();
        if store.give_back_recipients(self.row.id, rows).await.is_err() {
            // Their lease ends.
            telemetry::emit(StoreFailed { task: "broadcasts" });
        }
    }

    /// Gives back what has not begun, and waits for what has: each call has its time limit.
    async fn rest(&mut self) {
        self.turnstile.turn_away(Duration::ZERO);
        self.give_back().await;
        while let Some(made) = self.calls.join_next().await {
            if let Ok(made) = made {
                self.note(made);
            }
        }
        if self.done.is_empty() {
            return;
        }
        for attempt in 1..=LAST_ATTEMPTS {
            let advance = Advance {
                id: self.row.id,
                bot: self.row.bot,
                done: self.done.clone(),
                ..Advance::default()
            };
            if self.all.store.advance(advance).await.is_ok() {
                return self.settled();
            }
            telemetry::emit(StoreFailed { task: "broadcasts" });
            if attempt < LAST_ATTEMPTS {
                tokio::time::sleep(AWAY).await;
            }
        }
    }

    async fn complete(&self) {
        faults::point("broadcast.before_complete");
        match self.all.store.complete(self.row.id).await {
            Ok(Some(row)) => telemetry::emit(BroadcastMoved {
                bot: self.name,
                id: row.id,
                state: State::Completed.name(),
                took: row.started.zip(row.finished).map(|(from, to)| {
                    Duration::from_micros(u64::try_from(to.saturating_sub(from)).unwrap_or(0))
                }),
            }),
            Ok(None) => {}
            Err(_) => telemetry::emit(StoreFailed { task: "broadcasts" }),
        }
    }

    async fn suspend(&self, problem: &'static str) {
        if matches!(self.all.store.suspend(self.row.id, problem).await, Ok(true)) {
            telemetry::emit(BroadcastMoved {
                bot: self.name,
                id: self.row.id,
                state: State::Paused.name(),
                took: None,
            });
        }
    }
}

/// For metrics: a closed set.
fn kind(audience: &str) -> &'static str {
    match audience {
        "all" => "all",
        "people" => "people",
        segment if segment.starts_with("segment:") => "segment",
        _ => "active",
    }
}
