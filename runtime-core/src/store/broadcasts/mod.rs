//! Broadcasts and their recipients.
//!
//! A recipient's row is written once. Whoever wants to send takes rows, and moments for their calls (`Slots`: all
//! instances together keep the pace), says of each in a committed statement that its call begins, and of each
//! how it ended. A crash leaves rows that were taken, which are taken again, and rows whose call had begun: those are
//! ambiguous.
//!
//! | module | holds |
//! |---|---|
//! | [`audience`] | who gets it |
//! | `making` | a broadcast to be stored, and an audience as statements ask for it |
//! | `sending` | recipients that are taken, begun and done with; the moments of their calls |
//! | `telling` | the message that tells how far it is |
//! | `sql` | statements that are the same on both engines |

pub mod audience;
pub(crate) mod making;
pub(crate) mod sending;
pub(crate) mod sql;
pub(crate) mod telling;

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use super::Store;
use super::error::StoreError;
use super::outbox::micros;
use audience::Audience;
pub(crate) use making::{Filter, Making};
pub(crate) use sending::{
    Advance, Advanced, Ahead, Done, Ended, Enrolled, Paced, Slots, Take, Taken, Taking,
};
pub(crate) use telling::Telling;

/// How long whoever takes a row, or begins its call, has for it.
pub(crate) const LEASE: Duration = Duration::from_secs(30);
/// Recipients of one broadcast.
pub(crate) const RECIPIENTS: i64 = 1_000_000;
/// Rows of recipients written at once.
pub(crate) const ENROL: i64 = 2_000;
/// How long after the end of a broadcast its recipients' rows are kept.
pub const KEEP_RECIPIENTS: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long it is kept itself.
pub const KEEP_BROADCASTS: Duration = Duration::from_secs(400 * 24 * 3600);
/// Broadcasts, or failures, of one page.
pub const PAGE: i64 = 100;
/// Where a broadcast stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum State {
    Scheduled,
    Running,
    Paused,
    Completed,
    Cancelled,
}

impl State {
    /// As it is stored.
    pub(crate) fn stored(self) -> i16 {
        match self {
            Self::Scheduled => 0,
            Self::Running => 1,
            Self::Paused => 2,
            Self::Completed => 3,
            Self::Cancelled => 4,
        }
    }
    pub(crate) fn of(stored: i16) -> Self {
        match stored {
            0 => Self::Scheduled,
            1 => Self::Running,
            2 => Self::Paused,
            3 => Self::Completed,
            _ => Self::Cancelled,
        }
    }
    /// For people and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// How many recipients stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) total: i64,
    pub(crate) sent: i64,
    pub(crate) failed: i64,
    pub(crate) blocked: i64,
    pub(crate) ambiguous: i64,
    pub(crate) skipped: i64,
}

impl Counts {
    /// Those for whom nothing is left to do.
    pub(crate) fn done(&self) -> i64 {
        self.sent + self.failed + self.blocked + self.ambiguous + self.skipped
    }
    pub(crate) fn waiting(&self) -> i64 {
        self.total.saturating_sub(self.done()).max(0)
    }
}

/// A broadcast as it is stored, without its messages.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) id: i64,
    pub(crate) bot: i64,
    pub(crate) name: String,
    pub(crate) audience: String,
    pub(crate) state: State,
    pub(crate) problem: Option<String>,
    pub(crate) per_second: i64,
    pub(crate) skip: bool,
    pub(crate) enrolled: bool,
    pub(crate) counts: Counts,
    pub(crate) created: i64,
    pub(crate) starts: i64,
    pub(crate) started: Option<i64>,
    pub(crate) finished: Option<i64>,
    /// Chat, locale, number of the last text.
    pub(crate) told: Option<(i64, String, i64)>,
}

/// Columns of [`Row`], in its order.
macro_rules! columns {
    () => {
        "id, bot, name, audience, state, problem, per_second, skip, enrolled, total, sent, failed, blocked, ambiguous, \
         skipped, created, starts, started, finished, told_chat, told_tag, told_n"
    };
}
pub(crate) use columns;

/// Reads [`columns`] of either engine.
macro_rules! read {
    ($row:expr) => {{
        let row = $row;
        let told: Option<i64> = row.try_get(19)?;
        let tag: Option<String> = row.try_get(20)?;
        let n: i64 = row.try_get(21)?;
        Ok::<_, sqlx::Error>($crate::store::broadcasts::Row {
            id: row.try_get(0)?,
            bot: row.try_get(1)?,
            name: row.try_get(2)?,
            audience: row.try_get(3)?,
            state: $crate::store::broadcasts::State::of(row.try_get(4)?),
            problem: row.try_get(5)?,
            per_second: i64::from(row.try_get::<i32, _>(6)?),
            skip: row.try_get(7)?,
            enrolled: row.try_get(8)?,
            counts: $crate::store::broadcasts::Counts {
                total: row.try_get(9)?,
                sent: row.try_get(10)?,
                failed: row.try_get(11)?,
                blocked: row.try_get(12)?,
                ambiguous: row.try_get(13)?,
                skipped: row.try_get(14)?,
            },
            created: row.try_get(15)?,
            starts: row.try_get(16)?,
            started: row.try_get(17)?,
            finished: row.try_get(18)?,
            told: told.map(|chat| (chat, tag.unwrap_or_default(), n)),
        })
    }};
}
pub(crate) use read;

/// What an operator may do to a broadcast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub(crate) enum Order {
    Pause,
    Resume,
    Cancel,
}

/// What became of it.
#[derive(Debug)]
pub(crate) enum Obeyed {
    /// It stands as was wanted; `changed`: it did not before.
    Done {
        row: Box<Row>,
        changed: bool,
    },
    /// It has ended.
    Ended(State),
    Missing,
}

/// A recipient that got nothing: not who, but why.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = BroadcastFailure)]
pub struct Missed {
    /// `failed`, `blocked` or `ambiguous`.
    pub status: &'static str,
    /// Why.
    pub code: String,
    /// When: RFC 3339.
    pub at: String,
    /// Calls made.
    pub attempts: i64,
}

/// Reads [`sql::MISSED`] of either engine.
macro_rules! missed {
    ($row:expr) => {{
        let row = $row;
        Ok::<_, sqlx::Error>($crate::store::broadcasts::Missed {
            status: $crate::store::broadcasts::outcome(row.try_get(0)?),
            code: row.try_get(1)?,
            at: $crate::store::texts::moment(row.try_get(2)?),
            attempts: i64::from(row.try_get::<i32, _>(3)?),
        })
    }};
}
pub(crate) use missed;

/// Name of a recipient's state.
pub(crate) fn outcome(stored: i16) -> &'static str {
    match stored {
        4 => "failed",
        5 => "blocked",
        6 => "ambiguous",
        7 => "skipped",
        3 => "sent",
        _ => "waiting",
    }
}

impl Store {
    /// Stores a broadcast; its id, and whether it is new (`request` came before).
    pub(crate) async fn make_broadcast(&self, making: Making) -> Result<(i64, bool), StoreError> {
        backend!(self, backend => backend.make_broadcast(making).await)
    }

    /// How many people an audience has now.
    pub(crate) async fn audience(&self, bot: i64, audience: &Audience) -> Result<i64, StoreError> {
        let filter = Filter::new(audience, self.clock.micros());
        backend!(self, backend => backend.audience(bot, filter).await)
    }

    /// Broadcasts of these bots that run, or whose time has come.
    pub(crate) async fn due_broadcasts(&self, bots: &[i64]) -> Result<Vec<Row>, StoreError> {
        let now = self.clock.micros();
        backend!(self, backend => backend.due_broadcasts(bots, now).await)
    }

    /// A scheduled broadcast begins; false: another instance was faster, or it does not any more.
    pub(crate) async fn begin_broadcast(&self, row: &Row) -> Result<bool, StoreError> {
        let now = self.clock.micros();
        let since = Audience::parse(&row.audience)
            .ok()
            .and_then(|audience| making::since(&audience, now));
        backend!(self, backend => backend.begin_broadcast(row.id, now, since).await)
    }

    /// Writes the next rows of recipients, at most [`ENROL`].
    pub(crate) async fn enrol(&self, id: i64) -> Result<Enrolled, StoreError> {
        backend!(self, backend => backend.enrol(id, ENROL, RECIPIENTS).await)
    }

    /// The messages of a broadcast.
    pub(crate) async fn broadcast_letters(&self, id: i64) -> Result<Option<String>, StoreError> {
        backend!(self, backend => backend.letters_of(id).await)
    }

    /// The broadcast that a request with this key has made.
    pub(crate) async fn requested(
        &self,
        bot: i64,
        request: &str,
    ) -> Result<Option<i64>, StoreError> {
        backend!(self, backend => backend.requested(bot, request).await)
    }

    /// Takes recipients, and the moments of their calls before `horizon` has passed.
    pub(crate) async fn take_recipients(
        &self,
        id: i64,
        horizon: Duration,
        ahead: Ahead,
        ceiling: u32,
    ) -> Result<Take, StoreError> {
        let now = self.clock.micros();
        let taking = Taking {
            id,
            now,
            until: now.saturating_add(micros(LEASE)),
            horizon: now.saturating_add(micros(horizon)),
            ahead,
            ceiling: i64::from(ceiling),
        };
        backend!(self, backend => backend.take_recipients(taking).await)
    }

    /// Calls that a process has left when it died, of broadcasts that were cancelled: ambiguous. By bot, how many.
    pub(crate) async fn settle_cancelled(
        &self,
        bots: &[i64],
    ) -> Result<Vec<(i64, i64)>, StoreError> {
        let now = self.clock.micros();
        let left = backend!(self, backend => backend.left_of_cancelled(now).await)?;
        let mut settled = Vec::new();
        for (id, bot) in left {
            if bots.contains(&bot) {
                let people = backend!(self, backend => backend.settle_cancelled(id, now).await)?;
                settled.push((bot, people));
            }
        }
        Ok(settled)
    }

    /// Stores how calls ended, and that others begin.
    pub(crate) async fn advance(&self, mut advance: Advance) -> Result<Advanced, StoreError> {
        advance.now = self.clock.micros();
        advance.until = advance.now.saturating_add(micros(LEASE));
        advance.done.sort_unstable_by_key(|done| done.person);
        advance.begin.sort_unstable();
        let until = advance.until;
        let mut advanced = backend!(self, backend => backend.advance(advance).await)?;
        advanced.until = until;
        Ok(advanced)
    }

    /// Gives back rows whose calls have not begun: person, and till when each is ours.
    pub(crate) async fn give_back_recipients(
        &self,
        id: i64,
        mut rows: Vec<(i64, i64)>,
    ) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        rows.sort_unstable();
        backend!(self, backend => backend.give_back_recipients(id, rows).await)
    }

    /// No call of this bot's broadcasts before `delay` has passed, on any instance.
    pub(crate) async fn hold_broadcasts(
        &self,
        bot: i64,
        delay: Duration,
    ) -> Result<(), StoreError> {
        let delay = micros(delay).min(sending::HOLD);
        let until = self.clock.micros().saturating_add(delay);
        backend!(self, backend => backend.hold_broadcasts(bot, until).await)
    }

    /// All is done: it is completed; false: it is not, or was before.
    pub(crate) async fn complete(&self, id: i64) -> Result<Option<Row>, StoreError> {
        let now = self.clock.micros();
        backend!(self, backend => backend.complete(id, now).await)
    }

    /// It pauses by itself, for this reason.
    pub(crate) async fn suspend(&self, id: i64, problem: &'static str) -> Result<bool, StoreError> {
        let now = self.clock.micros();
        backend!(self, backend => backend.suspend(id, problem, now).await)
    }

    /// Pauses, resumes or cancels.
    pub(crate) async fn order(
        &self,
        bot: i64,
        id: i64,
        order: Order,
    ) -> Result<Obeyed, StoreError> {
        let now = self.clock.micros();
        let changed = backend!(self, backend => backend.order(bot, id, order, now).await)?;
        let row = self.broadcast(bot, id).await?;
        Ok(match row {
            None => Obeyed::Missing,
            Some(row) => {
                let as_wanted = match order {
                    Order::Pause => row.state == State::Paused,
                    Order::Resume => matches!(row.state, State::Running | State::Scheduled),
                    Order::Cancel => row.state == State::Cancelled,
                };
                if changed || as_wanted {
                    Obeyed::Done {
                        row: Box::new(row),
                        changed,
                    }
                } else {
                    Obeyed::Ended(row.state)
                }
            }
        })
    }

    /// One broadcast.
    pub(crate) async fn broadcast(&self, bot: i64, id: i64) -> Result<Option<Row>, StoreError> {
        backend!(self, backend => backend.broadcast(bot, id).await)
    }

    /// A bot's broadcasts with smaller ids than `before`, newest first, at most [`PAGE`].
    pub(crate) async fn broadcasts(&self, bot: i64, before: i64) -> Result<Vec<Row>, StoreError> {
        backend!(self, backend => backend.broadcasts(bot, before, PAGE).await)
    }

    /// Recipients that got nothing, but for the first `offset` of them, at most [`PAGE`].
    pub(crate) async fn missed(&self, id: i64, offset: i64) -> Result<Vec<Missed>, StoreError> {
        backend!(self, backend => backend.missed(id, offset, PAGE).await)
    }

    /// Broadcasts of these bots whose message is to be written again.
    pub(crate) async fn untold(&self, bots: &[i64]) -> Result<Vec<Row>, StoreError> {
        let now = self.clock.micros();
        backend!(self, backend => backend.untold(bots, now).await)
    }

    /// Writes it again, once among all instances.
    pub(crate) async fn tell(&self, telling: Telling) -> Result<bool, StoreError> {
        backend!(self, backend => backend.tell_again(telling).await)
    }

    /// Forgets recipients and broadcasts that ended long ago; how many rows.
    pub async fn forget_broadcasts(&self) -> Result<u64, StoreError> {
        let now = self.clock.micros();
        let recipients = now.saturating_sub(micros(KEEP_RECIPIENTS));
        let broadcasts = now.saturating_sub(micros(KEEP_BROADCASTS));
        backend!(self, backend => backend.prune_broadcasts(recipients, broadcasts).await)
    }
}
