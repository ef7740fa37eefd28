//! What operators see of the store: queues and pools of this process, and what waits in the tables.

use std::collections::HashMap;

use super::{Backend, Store, StoreError};
use crate::telemetry::events::{Depths, TablesCounted};

/// Rows of a kind that are counted at most: beyond that the number matters less than the time to count.
const MOST: i64 = 100_000;

/// Class, rows, and when the first of them was written.
pub(crate) const OUTBOX: &str = "SELECT class, count(*), min(at) FROM (SELECT class, at FROM bf_outbox \
     WHERE state IN (1, 2) AND state = 2 LIMIT $1) w GROUP BY class";
/// Conversations that one step of a walk passes. Everybody who ever wrote has one, and an index of those that wait would be
/// written with every answer: so they are walked over in the order of their key.
pub(crate) const STEP: i64 = 10_000;
/// The conversation with which a step after `$1` to `$4` ends, `$5` further.
pub(crate) const STEP_ENDS: &str = "SELECT bot, chat, person, thread FROM bf_conversations \
     WHERE (bot, chat, person, thread) > ($1, $2, $3, $4) ORDER BY bot, chat, person, thread LIMIT 1 OFFSET $5";
/// Bot and dialogues of a step (after `$1` to `$4`, up to `$5` to `$8`) that wait after `$9`.
pub(crate) const DIALOGUES: &str = "SELECT bot, count(*) FROM bf_conversations \
     WHERE (bot, chat, person, thread) > ($1, $2, $3, $4) AND (bot, chat, person, thread) <= ($5, $6, $7, $8) \
     AND waiting IS NOT NULL AND expires > $9 GROUP BY bot";

/// The key of a conversation.
pub(crate) type Place = (i64, i64, i64, i64);
const FIRST: Place = (i64::MIN, i64::MIN, i64::MIN, i64::MIN);
const LAST: Place = (i64::MAX, i64::MAX, i64::MAX, i64::MAX);

/// Counts dialogues that wait for an answer, a bounded step at a time.
#[derive(Debug, Default)]
pub struct Walk {
    /// Where the last step has ended; `None`: at the end.
    after: Option<Place>,
    found: HashMap<i64, i64>,
}

macro_rules! placed {
    ($query:expr, $place:expr) => {{
        let (bot, chat, person, thread) = $place;
        $query.bind(bot).bind(chat).bind(person).bind(thread)
    }};
}
#[cfg(feature = "postgres")]
pub(crate) use placed;

/// Classes of the outbox.
const CLASSES: [(&str, i16); 2] = [("reply", 0), ("bulk", 1)];

impl Store {
    /// Queues and pools of this process.
    pub(crate) fn depths(&self) -> Depths {
        let mut depths = Depths {
            queues: vec![("events", self.events.depth())],
            pools: Vec::new(),
        };
        match &self.backend {
            #[cfg(feature = "sqlite")]
            Backend::Sqlite(sqlite) => {
                depths.queues.push(("writer", sqlite.writer.depth()));
                let (used, size) = sqlite.readers.lent();
                depths.pools.push(("readers", used, size));
            }
            #[cfg(feature = "postgres")]
            Backend::Postgres(postgres) => postgres.depths(&mut depths),
        }
        depths
    }

    /// What waits in the tables.
    ///
    /// # Errors
    /// The database fails.
    pub(crate) async fn counted(&self) -> Result<TablesCounted, StoreError> {
        let now = self.clock.micros();
        let outbox = backend!(self, backend => backend.count_outbox(MOST).await)?;
        let outbox = CLASSES.map(|(name, class)| {
            let found = outbox.iter().find(|(of, ..)| *of == class);
            let (rows, since) = found.map_or((0, now), |(_, rows, since)| (*rows, *since));
            (name, rows, now.saturating_sub(since).max(0) / 1_000_000)
        });
        Ok(TablesCounted {
            outbox: outbox.to_vec(),
            letters: self.dead_letters().await?,
        })
    }

    /// The next step of a walk. Where it is the last one: dialogues by Telegram's number of the bot, and the next step begins
    /// anew.
    ///
    /// # Errors
    /// The database fails; the next call takes the same step.
    pub async fn walk(&self, walk: &mut Walk) -> Result<Option<HashMap<i64, i64>>, StoreError> {
        let now = self.clock.micros();
        let after = walk.after.unwrap_or(FIRST);
        let ends = backend!(self, backend => backend.step_ends(after, STEP - 1).await)?;
        let to = ends.unwrap_or(LAST);
        let found = backend!(self, backend => backend.count_dialogues(after, to, now).await)?;
        for (bot, dialogues) in found {
            *walk.found.entry(bot).or_default() += dialogues;
        }
        walk.after = ends;
        Ok(ends.is_none().then(|| std::mem::take(&mut walk.found)))
    }
}

#[cfg(feature = "sqlite")]
impl super::sqlite::Sqlite {
    async fn count_outbox(&self, most: i64) -> Result<Vec<(i16, i64, i64)>, StoreError> {
        let mut reader = self.readers.get().await?;
        let rows = sqlx::query_as(OUTBOX)
            .bind(most)
            .fetch_all(reader.connection()?)
            .await?;
        reader.clean();
        Ok(rows)
    }

    async fn step_ends(&self, after: Place, rows: i64) -> Result<Option<Place>, StoreError> {
        let mut reader = self.readers.get().await?;
        let ends = placed!(sqlx::query_as(STEP_ENDS), after)
            .bind(rows)
            .fetch_optional(reader.connection()?)
            .await?;
        reader.clean();
        Ok(ends)
    }

    async fn count_dialogues(
        &self,
        after: Place,
        to: Place,
        now: i64,
    ) -> Result<Vec<(i64, i64)>, StoreError> {
        let mut reader = self.readers.get().await?;
        let rows = placed!(placed!(sqlx::query_as(DIALOGUES), after), to)
            .bind(now)
            .fetch_all(reader.connection()?)
            .await?;
        reader.clean();
        Ok(rows)
    }
}
