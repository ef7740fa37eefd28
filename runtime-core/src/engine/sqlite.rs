//! One update in SQLite's writer: claim, conversation, the bot's SQL, outbox and response in one savepoint of a group.

use std::time::{Duration, Instant};

use sqlx::SqliteConnection;
use tokio::sync::oneshot;

use super::Outcome;
use super::guard::Ended;
use super::limits;
use super::route::Work;
use super::turn::{Did, Plan, Turn, Verdict};
use crate::handler::db::Connection;
use crate::handler::error::HandlerError;
use crate::incoming::Channel;
use crate::store::conversation::{Found, Stand};
use crate::store::error::sql_code;
use crate::store::events::Event;
use crate::store::letters::ATTEMPTS;
use crate::store::sqlite::Sqlite;
use crate::store::sqlite::conversation;
use crate::store::sqlite::jobs;
use crate::store::sqlite::letters::count_failure;
use crate::store::sqlite::watchdog::Watchdog;
use crate::store::sqlite::writer::{Attempt, Boxed, End, Job, Left, Ran};
use crate::telemetry;
use crate::telemetry::events::LockWaited;
use crate::telemetry::life::{self, Life};

/// Why the last run failed, kept for the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// The handler failed, with this code.
    Code(&'static str),
    /// The handler's time was over.
    Expired,
}

/// An update for the writer.
struct UpdateJob {
    turn: Turn,
    watchdog: Watchdog,
    verdict: Verdict,
    fault: Option<Fault>,
    /// The handler has stopped for a limit: nothing of it is left.
    undecided: bool,
    /// Goes into the group's commit.
    event: Option<Event>,
    /// When it was handed in; until it begins for the first time.
    handed_in: Option<Instant>,
    /// The writer's task works on many updates: this one's lines say whose they are.
    life: Option<Life>,
    tell: oneshot::Sender<Told>,
}

/// What whoever waits for the writer is told.
enum Told {
    Outcome(Outcome),
    /// To be handed in again once its limit is decided.
    Undecided(Box<Turn>),
}

/// Hands the update to the writer and waits for its group's COMMIT.
pub(crate) async fn handle(sqlite: &Sqlite, turn: Turn) -> Outcome {
    let mut turn = Box::new(turn);
    for _ in 0..=limits::STOPS {
        match submit(sqlite, *turn).await {
            Told::Outcome(outcome) => return outcome,
            Told::Undecided(stopped) => turn = stopped,
        }
        // The writer serves others meanwhile.
        limits::settle(&turn.update).await;
    }
    Outcome::BUSY
}

async fn submit(sqlite: &Sqlite, turn: Turn) -> Told {
    let (tell, told) = oneshot::channel();
    let job = UpdateJob {
        turn,
        watchdog: sqlite.watchdog.clone(),
        verdict: Verdict::Busy,
        fault: None,
        undecided: false,
        event: None,
        handed_in: Some(Instant::now()),
        life: Life::current(),
        tell,
    };
    match sqlite.writer.submit(Box::new(job)) {
        Ok(()) => told.await.unwrap_or(Told::Outcome(Outcome::BUSY)),
        Err(_) => Told::Outcome(Outcome::BUSY),
    }
}

impl UpdateJob {
    async fn attempt(&mut self, mut connection: Box<SqliteConnection>, attempt: Attempt) -> Left {
        let committed_in_vain = matches!(self.verdict, Verdict::Stored(_));
        if let Some(handed_in) = self.handed_in.take() {
            telemetry::emit(LockWaited {
                lock: "writer",
                took: handed_in.elapsed(),
            });
        }
        self.verdict = Verdict::Busy;
        self.undecided = false;
        self.event = None;
        self.turn.again();
        let update = &self.turn.update;
        let found = conversation::open(&mut connection, update.key, update.update_id).await;
        let stand = match found {
            Ok(Found::Row(stand)) => stand,
            Ok(Found::Duplicate(response)) => {
                if response.is_some() && update.channel == Channel::Webhook {
                    let until = self.turn.offered_until();
                    let (bot, id) = (update.key.bot, update.update_id);
                    let offered = conversation::offer_again(&mut connection, bot, id, until).await;
                    if offered.is_err() {
                        return abandoned(connection).await;
                    }
                }
                self.verdict = Verdict::Duplicate(response);
                return released(connection).await;
            }
            Err(error) => {
                tracing::error!(code = sql_code(&error), trace_id = %update.trace_id, "reading the conversation failed");
                return abandoned(connection).await;
            }
        };
        self.turn.found(&stand);
        if let Some(id) = self.turn.job() {
            match jobs::is_there(&mut connection, id).await {
                Ok(true) => {}
                Ok(false) => {
                    self.verdict = self.turn.nothing();
                    return released(connection).await;
                }
                Err(_) => return abandoned(connection).await,
            }
        }
        if self.turn.lapsed(&stand) {
            self.verdict = self.turn.nothing();
            return released(connection).await;
        }
        if let Work::Bury { code, .. } = self.turn.work {
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
        crate::faults::point("writer.after_claim");
        self.handle(connection, stand).await
    }

    async fn handle(&mut self, connection: Box<SqliteConnection>, stand: Stand) -> Left {
        let Some(time) = self.turn.update.time() else {
            // It waited too long in the queue: nobody's fault but the load's.
            return released(connection).await;
        };
        let (mut did, connection) = self.act(connection, &stand, time).await;
        let Some(mut connection) = connection else {
            return (None, Ran::Lost);
        };
        match std::mem::replace(&mut did.ended, Ended::Well) {
            Ended::Well => {}
            Ended::Expired => return self.settle(connection, Fault::Expired).await,
            Ended::Failed(HandlerError::Outdated) if !self.turn.resumes() => {
                if conversation::rollback(&mut connection).await.is_err() {
                    return (Some(connection), Ran::Lost);
                }
                self.turn.outdated(&mut did);
            }
            Ended::Failed(HandlerError::Undecided) => {
                if conversation::rollback(&mut connection).await.is_err() {
                    return (Some(connection), Ran::Lost);
                }
                self.undecided = true;
                return released(connection).await;
            }
            Ended::Failed(error) => return self.failed(connection, &error).await,
        }
        crate::faults::point("writer.after_handler");
        let stored = match self.turn.conclude(&mut did, &stand) {
            Ok(plan) => self.store(&mut connection, plan).await,
            Err(error) => Err(error),
        };
        match stored {
            Ok(()) => (Some(connection), Ran::Done),
            Err(error) => self.failed(connection, &error).await,
        }
    }

    async fn act(
        &mut self,
        connection: Box<SqliteConnection>,
        stand: &Stand,
        time: Duration,
    ) -> (Did, Option<Box<SqliteConnection>>) {
        self.watchdog.within(time);
        let connection = Connection::SqliteWrite(connection);
        let mut did = self.turn.act(connection, stand, time).await;
        if !matches!(did.ended, Ended::Expired) {
            self.watchdog.rest(); // else what still runs is interrupted first
        }
        let connection = match std::mem::replace(&mut did.cx.connection, Connection::None) {
            Connection::SqliteWrite(connection) => Some(connection),
            _ => None, // nothing takes it out of a context but this line
        };
        (did, connection)
    }

    /// Stores what is to be stored, and closes the savepoint.
    async fn store(
        &mut self,
        connection: &mut SqliteConnection,
        plan: Plan,
    ) -> Result<(), HandlerError> {
        match plan {
            Plan::Answer(parcel) => {
                conversation::release(connection).await?;
                self.verdict = Verdict::Answered(parcel);
            }
            Plan::Store(mut effects, kept) => {
                conversation::close(connection, &effects).await?;
                self.event = effects.event.take();
                crate::faults::point("writer.after_store");
                self.verdict = Verdict::Stored(kept);
            }
        }
        Ok(())
    }

    /// The handler (or storing what it did) failed.
    async fn failed(&mut self, connection: Box<SqliteConnection>, error: &HandlerError) -> Left {
        self.turn.again();
        self.turn.log(error);
        if error.is_outage() {
            return abandoned(connection).await;
        }
        self.settle(connection, Fault::Code(error.code())).await
    }

    /// Rolls back what the handler did and records the fault. If the transaction went with it, the next attempt records it.
    async fn settle(&mut self, mut connection: Box<SqliteConnection>, fault: Fault) -> Left {
        self.fault = Some(fault);
        let rolled_back = conversation::rollback(&mut connection).await;
        self.watchdog.rest();
        if rolled_back.is_err() {
            return (Some(connection), Ran::Lost);
        }
        let code = match fault {
            Fault::Code(code) => code,
            Fault::Expired => {
                let now = self.turn.shared.store.clock().micros();
                let (bot, id) = (self.turn.update.key.bot, self.turn.counted_as());
                match count_failure(&mut connection, bot, id, now).await {
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
        let stored = match self.turn.bury(code) {
            Ok(plan) => self.store(&mut connection, plan).await,
            Err(error) => Err(error),
        };
        match stored {
            Ok(()) => (Some(connection), Ran::Done),
            Err(_) => {
                self.verdict = Verdict::Busy;
                abandoned(connection).await
            }
        }
    }
}

impl Job for UpdateJob {
    fn run<'a>(
        &'a mut self,
        connection: Box<SqliteConnection>,
        attempt: Attempt,
    ) -> Boxed<'a, Left> {
        Box::pin(life::during(self.life, self.attempt(connection, attempt)))
    }

    fn event(&self) -> Option<&Event> {
        self.event.as_ref()
    }

    fn finish(self: Box<Self>, end: End) {
        let Self {
            turn,
            verdict,
            undecided,
            tell,
            ..
        } = *self;
        let told = match end {
            End::Failed => Told::Outcome(Outcome::BUSY),
            End::Committed if undecided => Told::Undecided(Box::new(turn)),
            End::Committed => Told::Outcome(turn.outcome(verdict)),
        };
        // If whoever waited has gone, Telegram delivers again and gets the stored response, or its lease runs out.
        let _ = tell.send(told);
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
