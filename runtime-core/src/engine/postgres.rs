//! One update on Postgres, by the cheapest protocol that keeps the promise that an acknowledged update has its effects, once:
//!
//! - `state`: read claim and conversation, run the handler, then one step that claims the update, moves the conversation if
//!   its version is unchanged, and stores outbox and response.
//! - `one`: the same, and the handler's only statement runs within that step.
//! - `write`: the handler runs in a transaction that holds the conversation's lock.
//!
//! Whatever ends unclear (a connection that breaks while it commits) is busy: Telegram delivers again, and the claim tells.

use std::time::{Duration, Instant};

use rand::Rng;

use super::Outcome;
use super::guard::Ended;
use super::limits;
use super::route::{Control, Work};
use super::turn::{Did, Plan, Turn, Verdict};
use crate::handler::db::{Connection, Reading, Transaction};
use crate::handler::effect::{Effect, Reads, Writes};
use crate::handler::error::HandlerError;
use crate::handler::wizard::Waiting;
use crate::store::StoreError;
use crate::store::conversation::{Found, Stand, Step};
use crate::store::error::{is_constraint, is_interrupt, is_retryable};
use crate::store::letters::ATTEMPTS;
use crate::store::postgres::Postgres;
use crate::telemetry;
use crate::telemetry::events::{ConversationRaced, LockWaited};

/// After so many lost steps the update runs under the lock of its conversation.
const LOSSES: u32 = 5;
/// Attempts at a transaction that deadlocks or cannot be serialised.
const RETRIES: u32 = 5;

/// What the compiler knows of the handler that will run.
#[derive(Debug, Clone, Copy)]
struct Facts {
    effect: Effect,
    reads: Reads,
    writes: Writes,
}

/// No handler runs, or one that only moves the conversation.
const MOVES: Facts = Facts {
    effect: Effect::State,
    reads: Reads::None,
    writes: Writes::None,
};
/// A handler of which nothing is known: another build's.
const ANYTHING: Facts = Facts {
    effect: Effect::Write,
    reads: Reads::Many,
    writes: Writes::Many,
};

impl Facts {
    /// It has to run in a transaction of its own.
    fn locks(self) -> bool {
        self.effect == Effect::Write && self.writes == Writes::Many
    }
}

/// Why an attempt did not come to a verdict.
#[derive(Debug)]
enum Stopped {
    /// The conversation has moved meanwhile.
    Lost,
    /// A deadlock, or a conflict of serialisation.
    Retry,
    /// The handler waits for the decision of a limit.
    Undecided,
    /// The statement that was handed over met a constraint: the handler runs again and learns it.
    Conflict(sqlx::Error),
    /// The handler failed.
    Failed(HandlerError),
    /// The handler's time was over.
    Expired,
}

impl From<HandlerError> for Stopped {
    fn from(error: HandlerError) -> Self {
        match error {
            HandlerError::Overtaken => Self::Lost,
            HandlerError::Undecided => Self::Undecided,
            HandlerError::Sql(error) if is_retryable(&error) => Self::Retry,
            error => Self::Failed(error),
        }
    }
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        HandlerError::from(error).into()
    }
}

/// Handles the update; what it did is committed when this returns.
pub(crate) async fn handle(postgres: &Postgres, mut turn: Turn) -> Outcome {
    let verdict = drive(postgres, &mut turn).await;
    turn.outcome(verdict)
}

async fn drive(postgres: &Postgres, turn: &mut Turn) -> Verdict {
    if let Work::Bury { code, .. } = turn.work {
        return bury(postgres, turn, code).await;
    }
    let mut losses = 0;
    let mut retries = 0;
    let mut stops = 0;
    let mut conflict = None;
    loop {
        turn.again();
        let Some(time) = turn.update.time() else {
            // It waited too long: nobody's fault but the load's.
            return Verdict::Busy;
        };
        let attempt = attempt(postgres, turn, time, losses >= LOSSES, conflict.take());
        match attempt.await {
            Ok(verdict) => return verdict,
            Err(Stopped::Lost) if losses < 2 * LOSSES => {
                losses += 1;
                telemetry::emit(ConversationRaced {
                    bot: turn.update.seat.spec.id,
                });
            }
            Err(Stopped::Undecided) if stops < limits::STOPS => {
                stops += 1;
                limits::settle(&turn.update).await;
            }
            Err(Stopped::Undecided) => return Verdict::Busy,
            Err(Stopped::Retry) if retries < RETRIES => {
                retries += 1;
                let most = 10 << retries;
                let pause = rand::rng().random_range(1..=most);
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
            // Counted like a deadline: a conversation that nobody can move must not block its chat for a day.
            Err(Stopped::Lost | Stopped::Retry | Stopped::Expired) => {
                return expired(postgres, turn).await;
            }
            Err(Stopped::Conflict(error)) => conflict = Some(error),
            Err(Stopped::Failed(error)) => {
                turn.log(&error);
                if error.is_outage() {
                    return Verdict::Busy;
                }
                return bury(postgres, turn, error.code()).await;
            }
        }
    }
}

async fn attempt(
    postgres: &Postgres,
    turn: &mut Turn,
    time: Duration,
    lock: bool,
    conflict: Option<sqlx::Error>,
) -> Result<Verdict, Stopped> {
    let known = before_reading(turn);
    if lock || known.is_some_and(Facts::locks) {
        return locked(postgres, turn, time).await;
    }
    let (key, update_id) = (turn.update.key, turn.update.update_id);
    crate::faults::point("state.before_look");
    let stand = match postgres.look(key, update_id).await? {
        Found::Duplicate(response) => return Ok(Verdict::Duplicate(response)),
        Found::Row(stand) => stand,
    };
    crate::faults::point("state.after_look");
    let facts = known.unwrap_or_else(|| after_reading(turn, &stand));
    if facts.locks() {
        limits::ahead_of_answer(turn, &stand).await;
        return locked(postgres, turn, time).await;
    }
    stepped(postgres, turn, &stand, facts, time, conflict).await
}

/// The handler runs outside a transaction; what it did is stored in one step.
async fn stepped(
    postgres: &Postgres,
    turn: &mut Turn,
    stand: &Stand,
    facts: Facts,
    time: Duration,
    conflict: Option<sqlx::Error>,
) -> Result<Verdict, Stopped> {
    let store = turn.shared.store.clone();
    let mut reading = Reading::new(store, facts.reads == Reads::Many, true);
    reading.defers = facts.writes == Writes::One;
    reading.conflict = conflict;
    let mut did = turn
        .act(Connection::PostgresRead(reading), stand, time)
        .await;
    let mut deferred = None;
    if let Connection::PostgresRead(reading) = &mut did.cx.connection {
        deferred = reading.deferred.take();
        if matches!(
            did.ended,
            Ended::Well | Ended::Failed(HandlerError::Undecided)
        ) {
            reading.done().await; // the connection is free for others before the step waits for its batch
        }
    }
    if outdated(turn, &mut did)? {
        deferred = None;
    }
    crate::faults::point("state.after_handler");
    let (effects, kept) = match turn.conclude(&mut did, stand)? {
        Plan::Answer(parcel) => return Ok(Verdict::Answered(parcel)),
        Plan::Store(effects, kept) => (effects, kept),
    };
    if effects.job.is_some() || effects.settles.is_some() {
        return Err(HandlerError::Bug("a job outside a transaction").into());
    }
    drop(did);
    let step = match deferred {
        None => postgres.step(*effects).await?,
        Some(statement) => {
            let one = postgres.one(statement.sql, statement.arguments, *effects);
            match one.await {
                Err(StoreError::Sql(error)) if is_constraint(&error) => {
                    return Err(Stopped::Conflict(error));
                }
                Err(StoreError::Sql(error)) if is_interrupt(&error) => {
                    return Err(Stopped::Expired);
                }
                step => step?,
            }
        }
    };
    crate::faults::point("state.after_step");
    match step {
        Step::Done => Ok(Verdict::Stored(kept)),
        Step::Duplicate(response) => Ok(Verdict::Duplicate(response)),
        Step::Lost => Err(Stopped::Lost),
    }
}

/// The handler runs in a transaction that holds the lock of its conversation.
async fn locked(postgres: &Postgres, turn: &mut Turn, time: Duration) -> Result<Verdict, Stopped> {
    let (key, update_id) = (turn.update.key, turn.update.update_id);
    crate::faults::point("write.before_begin");
    let began = Instant::now();
    let (mut writing, found) = postgres.begin(key, update_id).await?;
    telemetry::emit(LockWaited {
        lock: "database",
        took: began.elapsed(),
    });
    crate::faults::point("write.after_begin");
    let stand = match found {
        Found::Duplicate(response) => {
            writing.rollback().await;
            return Ok(Verdict::Duplicate(response));
        }
        Found::Row(stand) => stand,
    };
    turn.found(&stand);
    if let Some(id) = turn.job()
        && !writing.hold_job(id).await?
    {
        writing.rollback().await;
        return Ok(turn.nothing());
    }
    let transaction = Transaction {
        writing,
        key,
        update_id,
        version: stand.version,
    };
    let connection = Connection::PostgresWrite(Box::new(transaction));
    let mut did = turn.act(connection, &stand, time).await;
    crate::faults::point("write.after_handler");
    let connection = std::mem::replace(&mut did.cx.connection, Connection::None);
    let Connection::PostgresWrite(mut transaction) = connection else {
        return Err(HandlerError::Bug("the transaction is gone").into()); // nothing takes it but this line
    };
    if matches!(did.ended, Ended::Expired) {
        return Err(Stopped::Expired); // dropped: what still runs there ends with its connection
    }
    let outdated = match outdated(turn, &mut did) {
        Ok(outdated) => outdated,
        Err(stopped) => {
            transaction.writing.rollback().await;
            return Err(stopped);
        }
    };
    if outdated {
        transaction.again().await?;
    }
    let (effects, kept) = match turn.conclude(&mut did, &stand) {
        Ok(Plan::Store(effects, kept)) => (effects, kept),
        Ok(Plan::Answer(parcel)) => {
            transaction.writing.rollback().await;
            return Ok(Verdict::Answered(parcel));
        }
        Err(error) => {
            transaction.writing.rollback().await;
            return Err(error.into());
        }
    };
    match transaction.writing.finish(*effects).await? {
        Step::Done => Ok(Verdict::Stored(kept)),
        Step::Duplicate(response) => Ok(Verdict::Duplicate(response)),
        Step::Lost => Err(Stopped::Lost),
    }
}

/// Whether the handler met a conversation of another build; then only the end of the dialogue is left of what it did.
fn outdated(turn: &Turn, did: &mut Did) -> Result<bool, Stopped> {
    match std::mem::replace(&mut did.ended, Ended::Well) {
        Ended::Well => Ok(false),
        Ended::Failed(HandlerError::Outdated) if !turn.resumes() => {
            turn.outdated(did);
            Ok(true)
        }
        Ended::Failed(error) => Err(error.into()),
        Ended::Expired => Err(Stopped::Expired),
    }
}

/// Counts outside every transaction; the third time is the last.
async fn expired(postgres: &Postgres, turn: &mut Turn) -> Verdict {
    if !turn.shared.store.at_ease().await {
        return Verdict::Busy; // a store that is down never counts
    }
    let now = turn.shared.store.clock().micros();
    let (bot, update_id) = (turn.update.key.bot, turn.counted_as());
    match postgres.count_failure(bot, update_id, now).await {
        Ok(count) if count >= ATTEMPTS => bury(postgres, turn, "deadline").await,
        _ => Verdict::Busy,
    }
}

/// Dead letter, claim and apology.
async fn bury(postgres: &Postgres, turn: &mut Turn, code: &'static str) -> Verdict {
    if turn.resumes() {
        return bury_job(postgres, turn, code)
            .await
            .unwrap_or(Verdict::Busy);
    }
    let Ok(Plan::Store(effects, kept)) = turn.bury(code) else {
        return Verdict::Busy;
    };
    match postgres.step(*effects).await {
        Ok(Step::Done) => Verdict::Stored(kept),
        Ok(Step::Duplicate(response)) => Verdict::Duplicate(response),
        Ok(Step::Lost) | Err(_) => Verdict::Busy,
    }
}

/// The same for the rest of a handler, whose job ends with it.
async fn bury_job(
    postgres: &Postgres,
    turn: &mut Turn,
    code: &'static str,
) -> Result<Verdict, StoreError> {
    let begun = postgres.begin(turn.update.key, turn.update.update_id);
    let (mut writing, found) = begun.await?;
    match found {
        Found::Duplicate(response) => {
            writing.rollback().await;
            return Ok(Verdict::Duplicate(response));
        }
        Found::Row(stand) => turn.found(&stand),
    }
    if let Some(id) = turn.job()
        && !writing.hold_job(id).await?
    {
        writing.rollback().await;
        return Ok(turn.nothing());
    }
    let Ok(Plan::Store(effects, kept)) = turn.bury(code) else {
        writing.rollback().await;
        return Ok(Verdict::Busy);
    };
    Ok(match writing.finish(*effects).await? {
        Step::Done => Verdict::Stored(kept),
        Step::Duplicate(response) => Verdict::Duplicate(response),
        Step::Lost => Verdict::Busy,
    })
}

/// What is known of the handler from the update alone.
fn before_reading(turn: &Turn) -> Option<Facts> {
    match &turn.work {
        Work::Command { command, .. } => Some(of_command(turn, *command)),
        Work::Locale(_) | Work::Timeout(_) | Work::Longer(_) | Work::Bury { .. } => Some(MOVES),
        Work::Resume(_) => Some(ANYTHING),
        Work::Control { .. } | Work::Answer(_) | Work::Press(_) => None,
    }
}

fn of_command(turn: &Turn, command: usize) -> Facts {
    let spec = turn.update.seat.spec.commands.get(command);
    spec.map_or(ANYTHING, |spec| Facts {
        effect: spec.effect,
        reads: spec.reads,
        writes: spec.writes,
    })
}

/// What is known once the conversation is read: the class of the step that it waits at.
fn after_reading(turn: &Turn, stand: &Stand) -> Facts {
    let waiting = stand.waiting.as_deref().map(Waiting::from_json);
    let of_step = |waiting: &Waiting| {
        turn.update
            .seat
            .step(waiting.flow(), waiting.step())
            .map_or(ANYTHING, |step| Facts {
                effect: step.effect,
                reads: step.reads,
                writes: step.writes,
            })
    };
    match (&turn.work, waiting) {
        (Work::Control { control, .. }, Some(Ok(_))) if *control == Control::Cancel => MOVES,
        (_, Some(Ok(waiting))) => of_step(&waiting),
        (Work::Control { own: Some(own), .. }, None) => of_command(turn, *own),
        _ => MOVES,
    }
}
