//! Claim and conversation in one call, transactions that hold a conversation, and statements of bots that run together with
//! their claim.
//!
//! Writes are read to their end (`fetch_all`): what a COMMIT refuses is said after the rows.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::{Arguments, AssertSqlSafe, Connection, Row};

use super::pool::{Loan, on, within};
use super::{GRACE, Postgres, QUICK};
use crate::faults;
use crate::store::conversation::{Effects, Found, Key, Stand, Step, Stored, json_rows};
use crate::store::error::{StoreError, is_interrupt, is_state};
use crate::store::events::encoded;
use crate::store::outbox::{OFFERED_LEASE, STATE_OFFERED, STATE_RODE, decode, micros};

/// How often a duplicate's response is asked for while others change it.
const LOOKS: u32 = 3;

/// Claim and conversation as a function told them.
#[derive(Debug)]
struct Seen {
    found: Found,
    /// The response is still offered: whoever gets it again has it for as long again.
    offered: bool,
}

fn seen(rows: &[PgRow]) -> Result<Seen, sqlx::Error> {
    let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    if let Some(state) = row.try_get::<Option<i16>, _>(0)? {
        return duplicate(state, row.try_get(1)?);
    }
    Ok(Seen {
        found: Found::Row(Stand {
            run: row.try_get::<Option<i64>, _>(2)?.unwrap_or(0),
            expires: row.try_get::<Option<i64>, _>(3)?.unwrap_or(0),
            waiting: row.try_get(4)?,
            version: row.try_get::<Option<i64>, _>(5)?.unwrap_or(0),
        }),
        offered: false,
    })
}

fn duplicate(state: i16, call: Option<&str>) -> Result<Seen, sqlx::Error> {
    let state = i64::from(state);
    let call = call.filter(|_| matches!(state, STATE_OFFERED | STATE_RODE));
    // A call that only another build can read: handled all the same.
    let call = call.and_then(|call| decode(call).ok());
    Ok(Seen {
        offered: state == STATE_OFFERED && call.is_some(),
        found: Found::Duplicate(call),
    })
}

async fn ask(
    connection: &mut PgConnection,
    sql: &'static str,
    key: Key,
    update_id: i64,
) -> Result<Seen, sqlx::Error> {
    let rows = sqlx::query(sql)
        .bind(key.bot)
        .bind(update_id)
        .bind(key.chat)
        .bind(key.person)
        .bind(key.thread)
        .fetch_all(connection)
        .await?;
    seen(&rows)
}

const LOOK: &str = "SELECT * FROM bf_look($1, $2, $3, $4, $5)";
const BEGIN: &str = "SELECT * FROM bf_begin($1, $2, $3, $4, $5)";
/// The same, and its event, if it is stored.
const FINISH_TOLD: &str = super::events::TOLD;
const FINISH: &str = "SELECT bf_finish($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)";
/// Parameters of the functions that store.
const PARAMETERS: usize = 21;

/// A statement of the runtime's that ran out of time is not the update's fault.
pub(super) fn ours(error: StoreError) -> StoreError {
    match error {
        StoreError::Sql(error) if is_interrupt(&error) => StoreError::Busy,
        error => error,
    }
}

impl Postgres {
    /// Claim and conversation: one round trip. A response that is offered again is left alone for as long again.
    pub(crate) async fn look(&self, key: Key, update_id: i64) -> Result<Found, StoreError> {
        let seen = on!(self.handlers, QUICK, connection => ask(connection, LOOK, key, update_id))
            .map_err(ours)?;
        self.offer(seen, key, update_id).await
    }

    async fn offer(&self, mut seen: Seen, key: Key, update_id: i64) -> Result<Found, StoreError> {
        for _ in 0..LOOKS {
            if !seen.offered {
                return Ok(seen.found);
            }
            let until = self.clock.micros().saturating_add(micros(OFFERED_LEASE));
            let offered = on!(self.own, QUICK, connection => sqlx::query(
                "UPDATE bf_outbox SET lease_until = $3 WHERE bot = $1 AND update_id = $2 AND n = 0 AND state = 1",
            )
            .bind(key.bot)
            .bind(update_id)
            .bind(until)
            .execute(connection))?;
            if offered.rows_affected() > 0 {
                return Ok(seen.found);
            }
            // The outbox was faster, or the first response has left after all.
            seen = on!(self.own, QUICK, connection => ask(connection, LOOK, key, update_id))?;
        }
        Ok(Found::Duplicate(None))
    }

    /// Stores an update's effects together with others that wait: one round trip.
    pub(crate) async fn step(&self, effects: Effects) -> Result<Step, StoreError> {
        let (key, update_id) = (effects.key, effects.update_id);
        match self.steps.submit(effects).await.map_err(ours)? {
            Some(step) => Ok(step),
            None => self.handled(key, update_id).await,
        }
    }

    /// The response of an update that was handled before.
    async fn handled(&self, key: Key, update_id: i64) -> Result<Step, StoreError> {
        match self.look(key, update_id).await? {
            Found::Duplicate(response) => Ok(Step::Duplicate(response)),
            Found::Row(_) => Ok(Step::Lost), // its claim was forgotten meanwhile
        }
    }

    /// Begins a transaction that has the conversation to itself: two round trips.
    pub(crate) async fn begin(
        &self,
        key: Key,
        update_id: i64,
    ) -> Result<(Writing, Found), StoreError> {
        let mut attempts = 0;
        let (loan, seen) = loop {
            attempts += 1;
            let mut loan = self.handlers.get().await?;
            let begun = async {
                let connection = loan.connection()?;
                sqlx::raw_sql("BEGIN ISOLATION LEVEL READ COMMITTED")
                    .execute(&mut *connection)
                    .await?;
                faults::point("write.begun");
                ask(connection, BEGIN, key, update_id).await
            };
            match within(QUICK, begun).await {
                Ok(seen) => break (loan, seen),
                Err(error) => {
                    let again = loan.failed(&error);
                    loan.spoiled(); // a transaction may be open
                    drop(loan);
                    if !again || attempts >= super::pool::ATTEMPTS {
                        return Err(ours(error.into()));
                    }
                    super::pool::pause(&error, attempts).await;
                }
            }
        };
        let mut writing = Writing {
            loan,
            open: true,
            limit: self.settings.statement + GRACE,
        };
        if seen.offered {
            writing.end().await;
        }
        let found = self.offer(seen, key, update_id).await?;
        Ok((writing, found))
    }

    /// Runs a statement of the bot's and stores the update's effects, both or neither: one round trip.
    ///
    /// # Errors
    /// The statement's own too, such as a constraint: nothing is stored then.
    pub(crate) async fn one(
        &self,
        sql: &'static str,
        arguments: PgArguments,
        effects: Effects,
    ) -> Result<Step, StoreError> {
        let text = self
            .wrapped
            .get(sql, arguments.len(), effects.event.is_some());
        let (key, update_id) = (effects.key, effects.update_id);
        let mut all = arguments;
        add(&mut all, &effects)?;
        add_event(&mut all, &effects)?;
        let limit = self.settings.statement + GRACE;
        faults::point("one.before");
        let ran = on!(self.handlers, limit, connection =>
            sqlx::query_with(AssertSqlSafe(text.clone()), all.clone()).fetch_all(connection));
        faults::point("one.after");
        match ran {
            Ok(_) => Ok(Step::Done),
            Err(StoreError::Sql(error)) if is_state(&error, "BF001") => {
                self.handled(key, update_id).await
            }
            Err(StoreError::Sql(error)) if is_state(&error, "BF002") => Ok(Step::Lost),
            Err(error) => Err(error),
        }
    }

    /// A connection for a handler that reads; with `many`, all its queries see one snapshot.
    pub(crate) async fn reading(&self, many: bool) -> Result<Loan, StoreError> {
        if many {
            let mut attempts = 0;
            loop {
                attempts += 1;
                let mut loan = self.handlers.get().await?;
                let begun = async {
                    sqlx::raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                        .execute(loan.connection()?)
                        .await
                };
                match within(QUICK, begun).await {
                    Ok(_) => {
                        loan.in_snapshot();
                        return Ok(loan);
                    }
                    Err(error) if loan.failed(&error) && attempts < super::pool::ATTEMPTS => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        loop {
            let mut loan = self.handlers.get().await?;
            if !loan.doubtful() {
                return Ok(loan);
            }
            let asked = async { loan.connection()?.ping().await };
            match within(QUICK, asked).await {
                Ok(()) => {
                    loan.clean();
                    return Ok(loan);
                }
                Err(error) if loan.failed(&error) => {} // the idle ones are gone: a new one is next
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Whether somebody waits there: enough to ignore the talk of a group.
    pub(crate) async fn waits(&self, key: Key) -> Result<bool, StoreError> {
        let seen = on!(self.handlers, QUICK, connection => sqlx::query_scalar(
            "SELECT waiting IS NOT NULL FROM bf_conversations \
             WHERE bot = $1 AND chat = $2 AND person = $3 AND thread = $4",
        )
        .bind(key.bot)
        .bind(key.chat)
        .bind(key.person)
        .bind(key.thread)
        .fetch_optional(connection))
        .map_err(ours)?;
        Ok(seen.unwrap_or(false))
    }
}

/// An open transaction that holds the lock of its conversation. Dropped, it is taken back.
#[derive(Debug)]
pub(crate) struct Writing {
    loan: Loan,
    open: bool,
    /// For the handler's statements that COMMIT may still check.
    limit: std::time::Duration,
}

impl Writing {
    pub(crate) fn connection(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        self.loan.connection()
    }

    /// Stores the effects and commits: two round trips. Where it breaks while it commits, the outcome is unknown and the
    /// claim tells.
    ///
    /// # Errors
    /// Nothing is stored then, but after a broken connection.
    pub(crate) async fn finish(mut self, effects: Effects) -> Result<Step, StoreError> {
        let mut arguments = PgArguments::default();
        add(&mut arguments, &effects)?;
        let told = add_event(&mut arguments, &effects)?;
        let finish = if told { FINISH_TOLD } else { FINISH };
        let finished = async {
            let connection = self.loan.connection()?;
            faults::point("write.before_finish");
            if effects.job.is_some() || effects.settles.is_some() {
                super::jobs::store(connection, &effects).await?;
            }
            let rows = sqlx::query_with(finish, arguments)
                .fetch_all(&mut *connection)
                .await?;
            let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
            let outcome: i16 = row.try_get(0)?;
            if outcome == 0 {
                faults::point("write.before_commit");
                sqlx::raw_sql("COMMIT").execute(&mut *connection).await?;
                faults::point("write.committed");
                return Ok(Step::Done);
            }
            sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await?;
            if outcome == 2 {
                return Ok(Step::Lost);
            }
            let seen = ask(connection, LOOK, effects.key, effects.update_id).await?;
            Ok(match seen.found {
                Found::Duplicate(response) => Step::Duplicate(response),
                Found::Row(_) => Step::Lost,
            })
        };
        match within(self.limit, finished).await {
            Ok(step) => {
                self.loan.clean();
                Ok(step)
            }
            Err(error) => {
                self.loan.failed(&error);
                self.loan.spoiled();
                Err(ours(error.into()))
            }
        }
    }

    /// Holds a job until the end; false: it is gone.
    ///
    /// # Errors
    /// The database fails.
    pub(crate) async fn hold_job(&mut self, id: i64) -> Result<bool, StoreError> {
        let held = async { super::jobs::hold(self.loan.connection()?, id).await };
        within(QUICK, held)
            .await
            .map_err(|error| ours(error.into()))
    }

    /// Takes everything back.
    pub(crate) async fn rollback(mut self) {
        if self.open {
            self.end().await;
        }
    }

    async fn end(&mut self) {
        self.open = false;
        let ended = async {
            sqlx::raw_sql("ROLLBACK")
                .execute(self.loan.connection()?)
                .await
        };
        if within(QUICK, ended).await.is_ok() {
            self.loan.clean();
        }
    }

    /// Takes back what ran and begins anew: two round trips.
    pub(crate) async fn again(&mut self, key: Key, update_id: i64) -> Result<Found, StoreError> {
        let begun = async {
            let connection = self.loan.connection()?;
            sqlx::raw_sql("ROLLBACK AND CHAIN")
                .execute(&mut *connection)
                .await?;
            ask(connection, BEGIN, key, update_id).await
        };
        match within(QUICK, begun).await {
            Ok(seen) => Ok(seen.found),
            Err(error) => {
                self.loan.failed(&error);
                self.loan.spoiled();
                Err(ours(error.into()))
            }
        }
    }
}

/// The bots' statements together with their claims: the text of each is made once.
#[derive(Debug, Default)]
pub(super) struct Wrapped(Mutex<HashMap<(&'static str, bool), Arc<str>>>);

impl Wrapped {
    /// There are as many as the build has such statements.
    fn get(&self, sql: &'static str, parameters: usize, told: bool) -> Arc<str> {
        let mut texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        texts
            .entry((sql, told))
            .or_insert_with(|| wrap(sql, parameters, told).into())
            .clone()
    }
}

/// `bf_one` runs first: where the update was handled before, it raises and the statement does not run.
fn wrap(sql: &str, parameters: usize, told: bool) -> String {
    let statement = sql.trim_end().trim_end_matches(';');
    let mut text = String::with_capacity(statement.len() + 160);
    text.push_str("WITH own AS (");
    text.push_str(statement);
    text.push_str("\n)"); // the line ends a comment, if the statement does with one
    if told {
        // Where `bf_one` raises, it is taken back with everything else.
        text.push_str(", told AS (");
        text.push_str(&super::events::beside(parameters + PARAMETERS + 1));
        text.push(')');
    }
    text.push_str(" SELECT bf_one(");
    for at in 1..=PARAMETERS {
        if at > 1 {
            text.push_str(", ");
        }
        let _ = std::fmt::Write::write_fmt(&mut text, format_args!("${}", parameters + at));
    }
    text.push(')');
    text
}

/// Parameters of `bf_finish` and `bf_one`.
pub(super) fn add(arguments: &mut PgArguments, effects: &Effects) -> Result<(), sqlx::Error> {
    let e = effects;
    let moved = e.conversation.as_ref();
    let (subject, tag) = e.locale.unzip();
    let letter = e.letter.as_ref();
    arguments.reserve(PARAMETERS, 256);
    let mut add = || {
        arguments.add(e.key.bot)?;
        arguments.add(e.update_id)?;
        arguments.add(e.key.chat)?;
        arguments.add(e.key.person)?;
        arguments.add(e.key.thread)?;
        arguments.add(e.at)?;
        arguments.add(e.first.chat)?;
        arguments.add(state(&e.first))?;
        arguments.add(e.first.lease_until)?;
        arguments.add(e.first.call.as_deref())?;
        arguments.add(json_rows(&e.rest))?;
        arguments.add(moved.map(|_| e.expected))?;
        arguments.add(moved.map(|moved| moved.run))?;
        arguments.add(moved.map(|moved| moved.expires))?;
        arguments.add(moved.and_then(|moved| moved.waiting.as_deref()))?;
        arguments.add(moved.map(|moved| moved.timer))?;
        arguments.add(subject)?;
        arguments.add(tag)?;
        arguments.add(letter.map(|letter| letter.0))?;
        arguments.add(letter.map(|letter| letter.1.as_str()))?;
        arguments.add(e.first.flags)
    };
    add().map_err(sqlx::Error::Encode)
}

/// The event, as one more parameter; false: there is none.
pub(super) fn add_event(
    arguments: &mut PgArguments,
    effects: &Effects,
) -> Result<bool, sqlx::Error> {
    let Some(json) = effects.event.as_ref().and_then(|event| encoded(&[event])) else {
        return Ok(false);
    };
    arguments.add(json).map_err(sqlx::Error::Encode)?;
    Ok(true)
}

pub(super) fn state(row: &Stored) -> i16 {
    i16::try_from(row.state).unwrap_or_default()
}

/// The outcome of a step that a function told.
pub(super) fn outcome(
    outcome: i16,
    state: Option<i16>,
    call: Option<&str>,
) -> Result<Option<Step>, sqlx::Error> {
    match (outcome, state) {
        (0, _) => Ok(Some(Step::Done)),
        (2, _) => Ok(Some(Step::Lost)),
        // An offered response must be prolonged first.
        (_, Some(state)) if i64::from(state) != STATE_OFFERED => {
            Ok(Some(match duplicate(state, call)?.found {
                Found::Duplicate(response) => Step::Duplicate(response),
                Found::Row(_) => Step::Lost,
            }))
        }
        _ => Ok(None),
    }
}
