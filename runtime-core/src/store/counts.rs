//! What operators see of the store: queues and pools of this process, and what waits in the tables.

use super::{Backend, Store, StoreError};
use crate::telemetry::events::{Depths, TablesCounted};

/// Rows of a kind that are counted at most: beyond that the number matters less than the time to count.
const MOST: i64 = 100_000;

/// Class, rows, and when the first of them was written.
pub(crate) const OUTBOX: &str = "SELECT class, count(*), min(at) FROM (SELECT class, at FROM bf_outbox \
     WHERE state IN (1, 2) AND state = 2 LIMIT $1) w GROUP BY class";
/// Bot and dialogues that wait after `$1`.
pub(crate) const DIALOGUES: &str = "SELECT bot, count(*) FROM (SELECT bot FROM bf_conversations \
     WHERE waiting IS NOT NULL AND expires > $1 LIMIT $2) w GROUP BY bot";

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

    /// What waits in the tables; `bots`: names and Telegram's numbers.
    ///
    /// # Errors
    /// The database fails.
    pub(crate) async fn counted(
        &self,
        bots: &[(&'static str, i64)],
    ) -> Result<TablesCounted, StoreError> {
        let now = self.clock.micros();
        let outbox = backend!(self, backend => backend.count_outbox(MOST).await)?;
        let dialogues = backend!(self, backend => backend.count_dialogues(now, MOST).await)?;
        let outbox = CLASSES.map(|(name, class)| {
            let found = outbox.iter().find(|(of, ..)| *of == class);
            let (rows, since) = found.map_or((0, now), |(_, rows, since)| (*rows, *since));
            (name, rows, now.saturating_sub(since).max(0) / 1_000_000)
        });
        let dialogues = bots.iter().map(|(name, number)| {
            let found = dialogues.iter().find(|(bot, _)| bot == number);
            (*name, found.map_or(0, |(_, count)| *count))
        });
        Ok(TablesCounted {
            outbox: outbox.to_vec(),
            dialogues: dialogues.collect(),
            letters: self.dead_letters().await?,
        })
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

    async fn count_dialogues(&self, now: i64, most: i64) -> Result<Vec<(i64, i64)>, StoreError> {
        let mut reader = self.readers.get().await?;
        let rows = sqlx::query_as(DIALOGUES)
            .bind(now)
            .bind(most)
            .fetch_all(reader.connection()?)
            .await?;
        reader.clean();
        Ok(rows)
    }
}
