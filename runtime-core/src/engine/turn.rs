//! What both engines do with an update between reading its conversation and storing what it did: run the handler, make the
//! calls, decide what is stored, and afterwards what is said to whoever waits.

use std::sync::Arc;
use std::time::{Duration, Instant};

use botfactory_lang::words::Args;

use super::account::{self, At, Ran};
use super::compose::{Composed, Frame, compose};
use super::deliver::{Parcel, StoredParcel};
use super::dialogue::{Standing, act};
use super::guard::{Ended, timed};
use super::jobs::{self, Body, Finished};
use super::route::{Timer, Work};
use super::seat::Update;
use super::{OfferedRow, Outcome, Shared};
use crate::handler::db::Connection;
use crate::handler::error::HandlerError;
use crate::handler::wizard::Waiting;
use crate::handler::{Cx, Next, Said, Unhandled, Why};
use crate::incoming::Channel;
use crate::store::conversation::{Effects, Moved, Stand};
use crate::store::events::Event;
use crate::store::jobs::NewJob;
use crate::store::timers;
use crate::telegram::method::Call;
use crate::telemetry;
use crate::telemetry::events::{
    DuplicateAnswered, HandlerFailed, HandlerRan, StatementsRan, UpdateClaimed, WidgetsUsed,
    WizardMove, WizardMoved,
};

/// A dialogue waits at least this long after the deadline of its job, in microseconds: the job ends meanwhile.
const AFTER_JOB: i64 = 10 * 60 * 1_000_000;

/// What an update came to.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// The store is at fault, or the handler's time was over: not now.
    Busy,
    /// Handled before.
    Duplicate(Option<Call>),
    /// Nothing to store.
    Answered(Parcel),
    /// Stored.
    Stored(Kept),
}

/// What was stored beside the effects' rows.
#[derive(Debug)]
pub(crate) struct Kept {
    parcel: StoredParcel,
    locale: Option<(i64, &'static str)>,
    letter: Option<&'static str>,
    /// With a job.
    thinks: bool,
}

/// What is to be done about an update once its handler ran.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // one for each update: a box would cost more
pub(crate) enum Plan {
    /// Nothing to store.
    Answer(Parcel),
    /// To be stored in one step.
    Store(Box<Effects>, Kept),
}

/// An update on its way through the store.
pub(crate) struct Turn {
    pub(crate) shared: Arc<Shared>,
    pub(crate) update: Update,
    pub(crate) work: Work,
    moves: Vec<WizardMoved>,
    /// The conversation as the rest of a handler found it.
    seen: Option<Stand>,
    /// Of an update that stores nothing.
    event: Option<Event>,
    /// The dialogue that the last run of the handler stood in.
    at: At,
    /// The kinds of the widget that was shown, and of that which has given an answer.
    drawn: Option<&'static str>,
    picked: Option<&'static str>,
}

/// What a handler did.
#[derive(Debug)]
pub(crate) struct Did {
    pub(crate) cx: Cx,
    pub(crate) ended: Ended,
    /// A reply keyboard was shown before.
    keyboard: bool,
    ran: Ran,
}

impl Turn {
    pub(crate) fn new(shared: Arc<Shared>, update: Update, work: Work) -> Self {
        Self {
            shared,
            update,
            work,
            moves: Vec::new(),
            seen: None,
            event: None,
            at: At::default(),
            drawn: None,
            picked: None,
        }
    }

    /// It runs again: what the last run said of the dialogue is void.
    pub(crate) fn again(&mut self) {
        self.moves.clear();
        self.event = None;
        (self.drawn, self.picked) = (None, None);
    }

    /// Its dialogue has moved on since a timer was set or a job was stored.
    pub(crate) fn stale(&self, stand: &Stand) -> bool {
        let version = match &self.work {
            Work::Timeout(timer) => timer.version,
            Work::Resume(job) if job.version != 0 => job.version,
            Work::Longer(longer) if longer.version != 0 => longer.version,
            _ => return false,
        };
        version != stand.version
    }

    /// A timer whose question was answered since it fell due: nothing is left to do.
    #[cfg(feature = "sqlite")]
    pub(crate) fn lapsed(&self, stand: &Stand) -> bool {
        matches!(self.work, Work::Timeout(_)) && self.stale(stand)
    }

    /// The job whose end it is.
    pub(crate) fn job(&self) -> Option<i64> {
        match &self.work {
            Work::Resume(job) => Some(job.id),
            _ => None,
        }
    }

    /// What is said where there is nothing to do.
    pub(crate) fn nothing(&self) -> Verdict {
        let nothing = Composed::default();
        Verdict::Answered(Parcel::new(&self.update, nothing, &*self.shared.gate))
    }

    /// It is the rest of a handler.
    pub(crate) fn resumes(&self) -> bool {
        matches!(self.work, Work::Resume(_))
    }

    /// What failed attempts are counted by. A timer's claim has another number every time it is tried.
    pub(crate) fn counted_as(&self) -> i64 {
        match self.work {
            Work::Timeout(timer) => timers::counted_as(self.update.key, timer.run),
            _ => self.update.update_id,
        }
    }

    /// The conversation as it is; whoever cannot end a job frees it.
    pub(crate) fn found(&mut self, stand: &Stand) {
        if matches!(self.work, Work::Resume(_)) {
            self.seen = Some(stand.clone());
        }
    }

    /// Runs the work for at most `time`.
    pub(crate) async fn act(
        &mut self,
        connection: Connection,
        stand: &Stand,
        time: Duration,
    ) -> Did {
        let standing = if self.stale(stand) {
            Standing::Idle
        } else {
            Standing::of(stand, self.shared.store.clock().micros())
        };
        let keyboard = standing.reply_keyboard();
        let mut cx = Cx::new(self.update.words.clone(), connection, None);
        cx.bot = self.update.key.bot;
        cx.private = self.update.place.private;
        cx.limits.clone_from(&self.update.limits);
        let began = Instant::now();
        let (mut ended, waited) = timed(
            time,
            act(&self.update, &self.work, standing, stand.run, &mut cx),
        )
        .await;
        let effect = match (&cx.next, cx.wrote) {
            _ if cx.thought.is_some() => "slow",
            (_, true) => "write",
            (Next::Stay, false) if cx.locale.is_none() => "read",
            _ => "state",
        };
        telemetry::emit(HandlerRan {
            bot: self.update.seat.spec.id,
            effect,
            took: began.elapsed(),
        });
        telemetry::emit(StatementsRan {
            bot: self.update.seat.spec.id,
            queries: cx.queries,
            execs: cx.execs,
            waited,
        });
        self.at = account::place(&self.update.seat, &cx);
        if let (Ended::Well, Some(place)) = (&ended, cx.bug) {
            ended = Ended::Failed(HandlerError::Bug(place));
        }
        Did {
            cx,
            ended,
            keyboard,
            ran: Ran { effect, waited },
        }
    }

    /// The stored conversation does not fit this build: nothing of what the handler did stays but the end of the dialogue,
    /// and the person is told.
    pub(crate) fn outdated(&self, did: &mut Did) {
        let words = did.cx.words.clone();
        let dialogue = did.cx.before.take();
        did.cx = Cx::new(words, Connection::None, None);
        did.cx.unhandled = Some(Unhandled {
            why: Why::Outdated,
            dialogue,
        });
        did.cx.said.push(Said::Own("bf-outdated"));
        did.cx.next = Next::End;
        did.ended = Ended::Well;
    }

    /// Makes the calls, and decides what is to be stored.
    pub(crate) fn conclude(&mut self, did: &mut Did, stand: &Stand) -> Result<Plan, HandlerError> {
        let cx = &mut did.cx;
        let resumes = matches!(self.work, Work::Resume(_) | Work::Longer(_));
        if let Next::Wait(waiting) | Next::Turn(waiting) = &mut cx.next {
            waiting.remember(&cx.words.person, self.update.place);
        }
        if matches!(cx.next, Next::End) && cx.said.is_empty() && cx.toast.is_none() {
            cx.said.push(Said::Own("bf-done")); // a dialogue never ends in silence
        }
        let cx = &did.cx;
        let last_run = self.last_run(stand);
        let next_run = match &cx.next {
            Next::Turn(_) => last_run, // the same question: its buttons still count
            _ => last_run.saturating_add(1),
        };
        let composed = compose(
            &Frame {
                update: &self.update,
                keys: &self.shared.keys,
                words: &cx.words,
                run: next_run,
                next: &cx.next,
                keyboard_before: did.keyboard,
            },
            &cx.said,
            cx.toast.as_ref(),
        )?;
        let parcel = Parcel::new(&self.update, composed, &*self.shared.gate);
        let locale = cx.locale.and_then(|index| {
            let subject = self
                .update
                .seat
                .texts
                .subject(&cx.words.person, self.update.place)?;
            Some((subject, *self.update.seat.texts.tags().get(index)?))
        });
        let moved = cx.wrote
            || locale.is_some()
            || !matches!(cx.next, Next::Stay)
            || cx.thought.is_some()
            || resumes;
        self.moves = moves(&self.update, &self.work, cx);
        (self.drawn, self.picked) = (cx.drawn, cx.picked.get().copied());
        let what = account::of_turn(&self.update, &self.work, cx, &self.moves);
        let store = &self.shared.store;
        let event = account::event(store, &self.update, what, did.ran, Some(cx));
        if !moved {
            self.event = event;
            return Ok(Plan::Answer(parcel));
        }
        let now = self.shared.store.clock().micros();
        let job = cx.thought.as_ref().map(|thought| {
            Ok::<_, HandlerError>(NewJob {
                flow: thought.segment.flow,
                segment: thought.segment.name,
                // Where a dialogue waits, it moves together with this.
                version: thought
                    .segment
                    .wizard
                    .map_or(0, |_| stand.version.saturating_add(1)),
                deadline: jobs::deadline(now, thought.segment.timeout),
                body: Body::store(
                    thought,
                    &cx.words.person,
                    self.update.place,
                    cx.words.args(),
                    &self.update.trace_id,
                )?,
            })
        });
        let job = job.transpose()?;
        let conversation = match &cx.next {
            Next::Stay => None,
            Next::Wait(waiting) | Next::Turn(waiting) => {
                let ttl = waiting.ttl().saturating_mul(1_000_000);
                let mut expires = now.saturating_add(ttl);
                if let Some(job) = &job {
                    expires = expires.max(job.deadline.saturating_add(AFTER_JOB));
                }
                // Nothing could be said to a preview: it speaks only when it is spoken to. And it is not the person who is
                // late while a job runs.
                let timed = waiting.timed()
                    && !waiting.is_busy()
                    && self.update.channel != Channel::Preview;
                Some(Moved {
                    run: next_run,
                    expires,
                    timer: if timed { expires } else { 0 },
                    waiting: Some(waiting.to_json()?),
                })
            }
            Next::End => Some(Moved::ended(last_run)),
        };
        self.plan(parcel, stand, conversation, locale, None, job, event)
    }

    /// The number of the last question. A conversation without a row counts from the clock's milliseconds on: buttons of one that
    /// was erased have smaller numbers, since nobody is asked a question every millisecond.
    fn last_run(&self, stand: &Stand) -> i64 {
        match stand.version {
            0 => self.shared.store.clock().micros() / 1_000,
            _ => stand.run,
        }
    }

    /// Dead letter, claim and apology.
    pub(crate) fn bury(&mut self, code: &'static str) -> Result<Plan, HandlerError> {
        self.moves.clear();
        let words = &self.update.words;
        let own = match (&self.work, code) {
            (Work::Resume(_), "outdated") => "bf-outdated",
            _ => "bf-error",
        };
        let text = words.own(own, &Args::new());
        let frame = Frame {
            update: &self.update,
            keys: &self.shared.keys,
            words,
            run: 0,
            next: &Next::Stay,
            keyboard_before: false,
        };
        // A toast for a press, a message for a message.
        let composed: Composed = compose(&frame, &[Said::Refusal(text)], None)?;
        let parcel = Parcel::new(&self.update, composed, &*self.shared.gate);
        let (stand, ended) = match &self.work {
            Work::Resume(job) => self.freed(job, code),
            // A dialogue that a timer cannot move is over, or it would try for ever.
            &Work::Timeout(Timer { run, version }) => {
                let stand = Stand {
                    run,
                    version,
                    ..Stand::default()
                };
                (stand, Some(Moved::ended(run)))
            }
            _ => (Stand::default(), None),
        };
        let store = &self.shared.store;
        let event = account::failed(store, &self.update, &self.work, self.at, code);
        self.plan(parcel, &stand, ended, None, Some(code), None, event)
    }

    /// A dialogue whose job cannot be ended waits for its answer again; one that had asked nothing yet, or that another
    /// build began, is over.
    fn freed(&self, job: &Finished, code: &'static str) -> (Stand, Option<Moved>) {
        let stand = self.seen.clone().unwrap_or_default();
        if job.version == 0 || job.version != stand.version {
            return (Stand::default(), None);
        }
        let waiting = stand.waiting.as_deref().map(Waiting::from_json);
        let freed = match waiting {
            Some(Ok(waiting)) if code != "outdated" => waiting.freed(),
            _ => None,
        };
        let moved = freed.and_then(|waiting| {
            let timed = waiting.timed() && self.update.channel != Channel::Preview;
            Some(Moved {
                run: stand.run,
                expires: stand.expires,
                timer: if timed { stand.expires } else { 0 },
                waiting: Some(waiting.to_json().ok()?),
            })
        });
        let moved = moved.unwrap_or_else(|| Moved::ended(stand.run));
        (stand, Some(moved))
    }

    #[allow(clippy::too_many_arguments)] // all that an update may leave behind
    fn plan(
        &self,
        parcel: Parcel,
        stand: &Stand,
        conversation: Option<Moved>,
        locale: Option<(i64, &'static str)>,
        letter: Option<&'static str>,
        job: Option<NewJob>,
        event: Option<Event>,
    ) -> Result<Plan, HandlerError> {
        let at = self.shared.store.next_at();
        let (parcel, first, rest) = parcel.stored(&self.update, at)?;
        let effects = Effects {
            key: self.update.key,
            update_id: self.update.update_id,
            at,
            expected: stand.version,
            first,
            rest,
            conversation,
            locale,
            letter: letter.map(|code| (code, self.update.trace_id.clone())),
            job,
            settles: match &self.work {
                Work::Resume(job) => Some(job.id),
                _ => None,
            },
            event,
        };
        let thinks = effects.job.is_some();
        Ok(Plan::Store(
            Box::new(effects),
            Kept {
                parcel,
                locale,
                letter,
                thinks,
            },
        ))
    }

    /// One line in the log: what failed, never a text.
    pub(crate) fn log(&self, error: &HandlerError) {
        if error.is_outage() {
            tracing::error!(
                bot_id = self.update.seat.spec.id,
                update_id = self.update.update_id,
                trace_id = %self.update.trace_id,
                code = error.code(),
                "the database failed under a handler"
            );
            return;
        }
        tracing::error!(
            bot_id = self.update.seat.spec.id,
            update_id = self.update.update_id,
            trace_id = %self.update.trace_id,
            %error,
            "handler error"
        );
    }

    /// How long a response that is offered again is left alone.
    #[cfg(feature = "sqlite")]
    pub(crate) fn offered_until(&self) -> i64 {
        self.shared
            .store
            .clock()
            .micros()
            .saturating_add(crate::store::outbox::micros(
                crate::store::outbox::OFFERED_LEASE,
            ))
    }

    /// What whoever waits is told; committed rows go to the sender.
    pub(crate) fn outcome(self, verdict: Verdict) -> Outcome {
        let Self {
            shared,
            update,
            moves,
            event,
            drawn,
            picked,
            ..
        } = self;
        if matches!(verdict, Verdict::Answered(_) | Verdict::Stored(_)) {
            for moved in moves {
                telemetry::emit(moved);
            }
            telemetry::emit(WidgetsUsed {
                bot: update.seat.spec.id,
                drawn,
                picked,
            });
        }
        match verdict {
            Verdict::Busy => Outcome::BUSY,
            Verdict::Duplicate(response) => {
                // Who was erased since is not noted again by what they did before.
                if let Some(at) = update.noted {
                    let (bot, person) = (update.key.bot, update.words.person.id);
                    shared.store.people.unsee(bot, person, at);
                }
                telemetry::emit(DuplicateAnswered {
                    bot: update.seat.spec.id,
                    update_id: update.update_id,
                });
                let row = OfferedRow {
                    bot: update.key.bot,
                    update_id: update.update_id,
                };
                Outcome::Done {
                    response: response
                        .filter(|_| update.channel == Channel::Webhook)
                        .map(|call| (call, Some(row))),
                    calls: Vec::new(),
                }
            }
            Verdict::Answered(parcel) => {
                if let Some(event) = event {
                    shared.store.events.record(event);
                }
                parcel.unstored()
            }
            Verdict::Stored(kept) => {
                telemetry::emit(UpdateClaimed {
                    bot: update.seat.spec.id,
                });
                if let Some(code) = kept.letter {
                    telemetry::emit(HandlerFailed {
                        bot: update.seat.spec.id,
                        code,
                        trace_id: &update.trace_id,
                        update_id: update.update_id,
                    });
                }
                if let Some((subject, tag)) = kept.locale {
                    shared.store.locales.chosen(update.key.bot, subject, tag);
                }
                if kept.thinks && update.channel != Channel::Preview {
                    shared.jobs.notify_one();
                }
                let (outcome, rows) = kept.parcel.committed(&update);
                if let Err(refused) = shared.notice.announce(rows) {
                    shared.give_back(refused);
                }
                outcome
            }
        }
    }
}

/// How the dialogue moved, for the counters.
fn moves(update: &Update, work: &Work, cx: &Cx) -> Vec<WizardMoved> {
    if matches!(work, Work::Command { .. }) && !cx.inside {
        return Vec::new(); // whatever it says, the dialogue that waits has not moved
    }
    let moved = |flow: &str, how| WizardMoved {
        bot: update.seat.spec.id,
        command: update.seat.command_name(flow),
        how,
    };
    let refused = || cx.said.iter().any(|said| matches!(said, Said::Refusal(_)));
    if cx.timed_out {
        let before = cx.before.as_ref();
        return before
            .map(|before| moved(before.flow(), WizardMove::TimedOut))
            .into_iter()
            .collect();
    }
    // `before` is what the handler found; cancelling and expiring run no handler.
    match (&cx.next, &cx.before) {
        (Next::Wait(waiting), _) if waiting.is_busy() => Vec::new(), // it has not begun yet
        (Next::Wait(waiting), None) => vec![moved(waiting.flow(), WizardMove::Begun)],
        (Next::Wait(waiting), Some(_)) if !cx.back => {
            vec![moved(waiting.flow(), WizardMove::Answered)]
        }
        (Next::End, Some(before)) if cx.held_back => {
            vec![moved(before.flow(), WizardMove::Refused)]
        }
        (Next::End, Some(before)) => vec![
            moved(before.flow(), WizardMove::Answered),
            moved(before.flow(), WizardMove::Completed),
        ],
        (Next::Stay, Some(before)) if refused() => {
            vec![moved(before.flow(), WizardMove::Refused)]
        }
        _ => Vec::new(),
    }
}
