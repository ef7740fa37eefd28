//! One update in the writer: claim, conversation, the bot's SQL, outbox and response commit together.

use std::sync::Arc;
use std::time::{Duration, Instant};

use botfactory_lang::callback::WizardAction;
use botfactory_lang::words::Args;
use sqlx::SqliteConnection;
use tokio::sync::oneshot;

use super::compose::{Composed, Frame, compose};
use super::deliver::{Parcel, StoredParcel};
use super::dialogue::{Standing, act};
use super::guard::{Ended, run};
use super::route::{Control, Work};
use super::seat::Update;
use super::{Outcome, Shared};
use crate::handler::error::HandlerError;
use crate::handler::{Connection, Cx, Next, Said};
use crate::ingress::Channel;
use crate::store::conversation::{self, Effects, Found, Stand};
use crate::store::error::{is_outage, sql_code};
use crate::store::letters::{ATTEMPTS, count_failure};
use crate::store::outbox::{OFFERED_LEASE, micros};
use crate::store::writer::{Attempt, Boxed, End, Job, Left, Ran};
use crate::telegram::method::Call;
use crate::telemetry;
use crate::telemetry::events::{
    DuplicateAnswered, HandlerFailed, HandlerRan, StatementsRan, WizardMove, WizardMoved,
};

/// Why the last run failed, kept for the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// The handler failed, with this code.
    Code(&'static str),
    /// The handler's time was over.
    Expired,
}

/// What the last run came to.
#[derive(Debug)]
enum Verdict {
    /// The store is at fault, or the handler's time was over: not now.
    Busy,
    /// Handled before.
    Duplicate(Option<Call>),
    /// Nothing to store.
    Answered(Parcel),
    /// Stored.
    Stored {
        parcel: StoredParcel,
        locale: Option<(i64, &'static str)>,
    },
}

/// An update for the writer.
pub(crate) struct UpdateJob {
    shared: Arc<Shared>,
    update: Update,
    work: Work,
    verdict: Verdict,
    fault: Option<Fault>,
    moves: Vec<WizardMoved>,
    failed: Option<&'static str>,
    tell: oneshot::Sender<Outcome>,
}

/// What a handler did, taken out of its context.
struct Did {
    cx: Cx,
    connection: Box<SqliteConnection>,
    ended: Ended,
}

impl UpdateJob {
    pub(crate) fn new(
        shared: Arc<Shared>,
        update: Update,
        work: Work,
        tell: oneshot::Sender<Outcome>,
    ) -> Self {
        Self {
            shared,
            update,
            work,
            verdict: Verdict::Busy,
            fault: None,
            moves: Vec::new(),
            failed: None,
            tell,
        }
    }

    async fn attempt(&mut self, mut connection: Box<SqliteConnection>, attempt: Attempt) -> Left {
        let committed_in_vain = matches!(self.verdict, Verdict::Stored { .. });
        self.verdict = Verdict::Busy;
        self.moves.clear();
        self.failed = None;
        let found =
            conversation::open(&mut connection, self.update.key, self.update.update_id).await;
        let stand = match found {
            Ok(Found::Row(stand)) => stand,
            Ok(Found::Duplicate(response)) => {
                if response.is_some() && self.update.channel == Channel::Webhook {
                    let until = self.shared.store.clock().micros() + micros(OFFERED_LEASE);
                    let (bot, id) = (self.update.key.bot, self.update.update_id);
                    let offered = conversation::offer_again(&mut connection, bot, id, until).await;
                    if offered.is_err() {
                        return abandoned(connection).await;
                    }
                }
                self.verdict = Verdict::Duplicate(response);
                return released(connection).await;
            }
            Err(error) => {
                tracing::error!(code = sql_code(&error), trace_id = %self.update.trace_id, "reading the conversation failed");
                return abandoned(connection).await;
            }
        };
        if let Work::Bury(code) = self.work {
            return self.bury(connection, code).await;
        }
        if let Some(fault) = self.fault {
            return self.settle(connection, fault).await; // it took the transaction with it
        }
        if attempt == Attempt::Refused {
            // The handler ran well, but its COMMIT was refused: a deferred constraint.
            return if committed_in_vain {
                self.bury(connection, "sql_conflict").await
            } else {
                released(connection).await
            };
        }
        self.handle(connection, stand).await
    }

    async fn handle(&mut self, connection: Box<SqliteConnection>, stand: Stand) -> Left {
        let Some(time) = self.update.time() else {
            // It waited too long in the queue: nobody's fault but the load's.
            return released(connection).await;
        };
        let standing = Standing::of(&stand, self.shared.store.clock().micros());
        let keyboard = standing.reply_keyboard();
        let began = Instant::now();
        self.shared.store.watchdog.within(time);
        let (cx, connection, ended) = self.act(connection, standing, stand.run, time).await;
        if !matches!(ended, Ended::Expired) {
            self.shared.store.watchdog.rest(); // else what still runs is interrupted first
        }
        let Some(connection) = connection else {
            return (None, Ran::Lost);
        };
        let mut did = Did {
            cx,
            connection,
            ended,
        };
        telemetry::emit(HandlerRan {
            bot: self.update.seat.spec.id,
            effect: match (&did.cx.next, did.cx.wrote) {
                (_, true) => "write",
                (Next::Stay, false) if did.cx.locale.is_none() => "read",
                _ => "state",
            },
            took: began.elapsed(),
        });
        telemetry::emit(StatementsRan {
            bot: self.update.seat.spec.id,
            queries: did.cx.queries,
            execs: did.cx.execs,
        });
        if let (Ended::Well, Some(place)) = (&did.ended, did.cx.bug) {
            did.ended = Ended::Failed(HandlerError::Bug(place));
        }
        match did.ended {
            Ended::Well => {}
            Ended::Expired => return self.settle(did.connection, Fault::Expired).await,
            Ended::Failed(HandlerError::Outdated) => {
                if conversation::rollback(&mut did.connection).await.is_err() {
                    return (Some(did.connection), Ran::Lost);
                }
                let words = did.cx.words;
                did.cx = Cx::new(words, Connection::None, None);
                did.cx.said.push(Said::Own("bf-outdated"));
                did.cx.next = Next::End;
            }
            Ended::Failed(error) => return self.failed(did.connection, &error).await,
        }
        match self.conclude(&mut did, &stand, keyboard).await {
            Ok(()) => (Some(did.connection), Ran::Done),
            Err(error) => self.failed(did.connection, &error).await,
        }
    }

    async fn act(
        &mut self,
        connection: Box<SqliteConnection>,
        standing: Standing,
        at_run: i64,
        time: Duration,
    ) -> (Cx, Option<Box<SqliteConnection>>, Ended) {
        let mut cx = Cx::new(
            self.update.words.clone(),
            Connection::Write(connection),
            None,
        );
        cx.private = self.update.place.private;
        let ended = run(
            time,
            act(&self.update, &self.work, standing, at_run, &mut cx),
        )
        .await;
        let connection = match std::mem::replace(&mut cx.connection, Connection::None) {
            Connection::Write(connection) => Some(connection),
            Connection::None | Connection::Read(_) => None, // nothing takes it out of a context but this line
        };
        (cx, connection, ended)
    }

    /// Makes the calls; stores what moved, or releases what did not.
    async fn conclude(
        &mut self,
        did: &mut Did,
        stand: &Stand,
        keyboard_before: bool,
    ) -> Result<(), HandlerError> {
        let cx = &mut did.cx;
        if matches!(cx.next, Next::End) && cx.said.is_empty() && cx.toast.is_none() {
            cx.said.push(Said::Own("bf-done")); // a dialogue never ends in silence
        }
        let cx = &did.cx;
        let next_run = stand.run.saturating_add(1);
        let composed = compose(
            &Frame {
                update: &self.update,
                keys: &self.shared.keys,
                words: &cx.words,
                run: next_run,
                next: &cx.next,
                keyboard_before,
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
        let moved = cx.wrote || locale.is_some() || !matches!(cx.next, Next::Stay);
        self.moves = moves(&self.update, &self.work, cx);
        if !moved {
            conversation::release(&mut did.connection).await?;
            self.verdict = Verdict::Answered(parcel);
            return Ok(());
        }
        let now = self.shared.store.clock().micros();
        let json = match &cx.next {
            Next::Wait(waiting) => Some(waiting.to_json()?),
            Next::Stay | Next::End => None,
        };
        let conversation = match &cx.next {
            Next::Stay => None,
            Next::Wait(waiting) => {
                let ttl = waiting.ttl().saturating_mul(1_000_000);
                Some((next_run, now.saturating_add(ttl), json.as_deref()))
            }
            Next::End => Some((stand.run, 0, None)),
        };
        self.store(&mut did.connection, parcel, conversation, locale, None)
            .await
    }

    async fn store(
        &mut self,
        connection: &mut SqliteConnection,
        parcel: Parcel,
        conversation: Option<(i64, i64, Option<&str>)>,
        locale: Option<(i64, &'static str)>,
        letter: Option<&'static str>,
    ) -> Result<(), HandlerError> {
        let at = self.shared.store.next_at();
        let parcel = parcel.stored(&self.update, at)?;
        {
            let (first, rest) = parcel.table_rows();
            conversation::close(
                connection,
                &Effects {
                    key: self.update.key,
                    update_id: self.update.update_id,
                    at,
                    first,
                    rest: &rest,
                    conversation,
                    locale,
                    letter: letter.map(|code| (code, self.update.trace_id.as_str())),
                },
            )
            .await?;
        }
        self.verdict = Verdict::Stored { parcel, locale };
        Ok(())
    }

    /// The handler (or storing what it did) failed.
    async fn failed(&mut self, connection: Box<SqliteConnection>, error: &HandlerError) -> Left {
        self.moves.clear();
        if let HandlerError::Sql(sql) = error
            && is_outage(sql)
        {
            tracing::error!(code = sql_code(sql), trace_id = %self.update.trace_id, "the database failed under a handler");
            return abandoned(connection).await;
        }
        tracing::error!(
            bot = self.update.seat.spec.id,
            update_id = self.update.update_id,
            trace_id = %self.update.trace_id,
            %error,
            "handler error"
        );
        self.settle(connection, Fault::Code(error.code())).await
    }

    /// Rolls back what the handler did and records the fault. If the transaction went with it, the next attempt records it.
    async fn settle(&mut self, mut connection: Box<SqliteConnection>, fault: Fault) -> Left {
        self.fault = Some(fault);
        let rolled_back = conversation::rollback(&mut connection).await;
        self.shared.store.watchdog.rest();
        if rolled_back.is_err() {
            return (Some(connection), Ran::Lost);
        }
        let code = match fault {
            Fault::Code(code) => code,
            Fault::Expired => {
                let now = self.shared.store.clock().micros();
                let counted = count_failure(
                    &mut connection,
                    self.update.key.bot,
                    self.update.update_id,
                    now,
                )
                .await;
                match counted {
                    Ok(count) if count >= ATTEMPTS => "deadline",
                    Ok(_) => return released(connection).await,
                    Err(_) => return abandoned(connection).await,
                }
            }
        };
        self.bury(connection, code).await
    }

    /// Dead letter, claim and apology, in the open savepoint.
    async fn bury(&mut self, mut connection: Box<SqliteConnection>, code: &'static str) -> Left {
        let parcel = match self.apology() {
            Ok(parcel) => parcel,
            Err(_) => return abandoned(connection).await,
        };
        match self
            .store(&mut connection, parcel, None, None, Some(code))
            .await
        {
            Ok(()) => {
                self.failed = Some(code);
                (Some(connection), Ran::Done)
            }
            Err(_) => {
                self.verdict = Verdict::Busy;
                abandoned(connection).await
            }
        }
    }

    fn apology(&self) -> Result<Parcel, HandlerError> {
        let words = &self.update.words;
        let text = words.own("bf-error", &Args::new());
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
        Ok(Parcel::new(&self.update, composed, &*self.shared.gate))
    }
}

impl Job for UpdateJob {
    fn run<'a>(
        &'a mut self,
        connection: Box<SqliteConnection>,
        attempt: Attempt,
    ) -> Boxed<'a, Left> {
        Box::pin(self.attempt(connection, attempt))
    }

    fn finish(self: Box<Self>, end: End) {
        let Self {
            shared,
            update,
            verdict,
            moves,
            failed,
            tell,
            ..
        } = *self;
        if end == End::Failed {
            let _ = tell.send(Outcome::BUSY);
            return;
        }
        for moved in moves {
            telemetry::emit(moved);
        }
        if let Some(code) = failed {
            telemetry::emit(HandlerFailed {
                bot: update.seat.spec.id,
                code,
                trace_id: &update.trace_id,
                update_id: update.update_id,
            });
        }
        let outcome = match verdict {
            Verdict::Busy => Outcome::BUSY,
            Verdict::Duplicate(response) => {
                telemetry::emit(DuplicateAnswered {
                    bot: update.seat.spec.id,
                    update_id: update.update_id,
                });
                let row = super::OfferedRow {
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
            Verdict::Answered(parcel) => parcel.unstored(),
            Verdict::Stored { parcel, locale } => {
                if let Some((subject, tag)) = locale {
                    shared.store.locales.chosen(update.key.bot, subject, tag);
                }
                let (outcome, rows) = parcel.committed(&update);
                if let Err(refused) = shared.notice.announce(rows) {
                    shared.give_back(refused);
                }
                outcome
            }
        };
        // If whoever waited has gone, Telegram delivers again and gets the stored response, or its lease runs out.
        let _ = tell.send(outcome);
    }
}

async fn released(mut connection: Box<SqliteConnection>) -> Left {
    let ran = match conversation::release(&mut connection).await {
        Ok(()) => Ran::Done,
        Err(_) => Ran::Lost,
    };
    (Some(connection), ran)
}

async fn abandoned(mut connection: Box<SqliteConnection>) -> Left {
    let ran = match conversation::abandon(&mut connection).await {
        Ok(()) => Ran::Done,
        Err(_) => Ran::Lost,
    };
    (Some(connection), ran)
}

/// How the dialogue moved, for the counters.
fn moves(update: &Update, work: &Work, cx: &Cx) -> Vec<WizardMoved> {
    let moved = |flow: &str, how| WizardMoved {
        bot: update.seat.spec.id,
        command: update.seat.command_name(flow),
        how,
    };
    let back = match work {
        Work::Control { control, .. } => *control == Control::Back,
        Work::Press(press) => press.action == WizardAction::Back,
        _ => false,
    };
    let refused = || cx.said.iter().any(|said| matches!(said, Said::Refusal(_)));
    // `before` is what the handler found; cancelling and expiring run no handler.
    match (&cx.next, &cx.before) {
        (Next::Wait(waiting), None) => vec![moved(waiting.flow(), WizardMove::Begun)],
        (Next::Wait(waiting), Some(_)) if !back => {
            vec![moved(waiting.flow(), WizardMove::Answered)]
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
