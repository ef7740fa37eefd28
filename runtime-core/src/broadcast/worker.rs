//! What every instance does about broadcasts: it notices those whose time has come and sends what it can take of them, writes
//! who was seen, tells how far they are, and forgets old ones. Nobody leads.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::runner::Runner;
use super::{pace, progress};
use crate::engine::Engine;
use crate::handler::printer::Words;
use crate::outbox::Sender;
use crate::store::broadcasts::{Row, State, Telling};
use crate::store::outbox::micros;
use crate::store::{Store, StoreError};
use crate::telemetry;
use crate::telemetry::events::{
    BroadcastMoved, BroadcastSettled, BroadcastsWaiting, PeopleWritten, StoreFailed,
};

/// How often broadcasts are looked for, and people written.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Broadcasts that one instance sends beside each other; others wait, or are another instance's.
const BESIDE: usize = 32;
/// How often a message that tells how far a broadcast is edits itself.
const TELL_EVERY: Duration = Duration::from_secs(5);
/// How often old broadcasts are forgotten.
const PRUNE_EVERY: Duration = Duration::from_secs(60);

/// The broadcasts of one instance.
#[derive(Debug, Clone)]
pub struct Broadcasts {
    pub(super) store: Arc<Store>,
    pub(super) engine: Arc<Engine>,
    pub(super) sender: Sender,
    /// Messages a second of one bot.
    pub(super) ceiling: u32,
}

impl Broadcasts {
    /// At rest. `ceiling`: messages a second of one bot, all its broadcasts together.
    pub fn new(store: Arc<Store>, engine: Arc<Engine>, sender: Sender, ceiling: u32) -> Self {
        engine.hold_bulk_to(ceiling);
        Self {
            store,
            engine,
            sender,
            ceiling,
        }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// What a bot's texts can see where nobody acts, in each of its locales.
    pub(crate) fn every_locale(&self, bot: i64) -> Vec<Words> {
        let words = self.engine.words_in(bot, "");
        words.map(|words| words.every_locale()).unwrap_or_default()
    }

    /// Messages a second that are really sent, of so many wanted.
    pub(crate) fn rate(&self, per_second: i64) -> i64 {
        pace(per_second, self.ceiling)
    }

    /// Works until the stop signal; calls under way are waited for, everything else is given back.
    pub async fn run(self, mut stopped: watch::Receiver<bool>) {
        // Instances that were started together do not look together.
        let first = Instant::now() + LOOK_EVERY.mul_f64(rand::random());
        let mut tick = interval_at(first, LOOK_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut running = JoinSet::new();
        let mut ids: Vec<(Id, i64)> = Vec::new();
        let mut pruned = Instant::now();
        loop {
            tokio::select! {
                _ = stopped.wait_for(|stop| *stop) => break,
                _ = tick.tick() => {}
                Some(ended) = running.join_next_with_id(), if !running.is_empty() => {
                    let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
                    ids.retain(|(task, _)| *task != id);
                    continue;
                }
            }
            self.write_people().await;
            match self.due().await {
                Ok(rows) => {
                    let held: HashSet<i64> = ids.iter().map(|(_, id)| *id).collect();
                    let free = BESIDE.saturating_sub(held.len());
                    for row in rows
                        .into_iter()
                        .filter(|r| !held.contains(&r.id))
                        .take(free)
                    {
                        let id = row.id;
                        let runner = Runner::new(self.clone(), row);
                        let task = running.spawn(runner.run(stopped.clone()));
                        ids.push((task.id(), id));
                    }
                }
                Err(_) => telemetry::emit(StoreFailed { task: "broadcasts" }),
            }
            self.settle_cancelled().await;
            if self.tell().await.is_err() {
                telemetry::emit(StoreFailed { task: "progress" });
            }
            if pruned.elapsed() >= PRUNE_EVERY {
                pruned = Instant::now();
                self.prune(&stopped).await;
            }
        }
        while running.join_next().await.is_some() {}
        self.write_people().await;
    }

    async fn write_people(&self) {
        match self.store.write_people().await {
            Ok(0) => {}
            Ok(people) => telemetry::emit(PeopleWritten { people }),
            Err(_) => telemetry::emit(StoreFailed { task: "people" }),
        }
    }

    /// Counts what a process has left of broadcasts that were cancelled: nobody takes of those any more.
    async fn settle_cancelled(&self) {
        match self.store.settle_cancelled(&self.engine.senders()).await {
            Ok(settled) => {
                for (bot, people) in settled {
                    telemetry::emit(BroadcastSettled {
                        bot: self.name(bot),
                        outcome: "ambiguous",
                        people,
                    });
                }
            }
            Err(_) => telemetry::emit(StoreFailed { task: "broadcasts" }),
        }
    }

    /// Those that run, begun ones included.
    pub(super) async fn due(&self) -> Result<Vec<Row>, StoreError> {
        let bots = self.engine.senders();
        let mut rows = self.store.due_broadcasts(&bots).await?;
        for row in &mut rows {
            if row.state == State::Scheduled && self.store.begin_broadcast(row).await? {
                row.state = State::Running;
                telemetry::emit(BroadcastMoved {
                    bot: self.name(row.bot),
                    id: row.id,
                    state: State::Running.name(),
                    took: None,
                });
            }
        }
        rows.retain(|row| row.state == State::Running);
        for bot in &bots {
            let of_bot = rows.iter().filter(|row| row.bot == *bot);
            telemetry::emit(BroadcastsWaiting {
                bot: self.name(*bot),
                people: of_bot.map(|row| row.counts.waiting()).sum(),
            });
        }
        Ok(rows)
    }

    pub(super) fn name(&self, bot: i64) -> &'static str {
        self.engine.name_of(bot).unwrap_or("")
    }

    /// Writes the messages that tell how far broadcasts are.
    pub(super) async fn tell(&self) -> Result<(), StoreError> {
        let rows = self.store.untold(&self.engine.senders()).await?;
        for row in rows {
            let Some((chat, tag, told)) = row.told.clone() else {
                continue;
            };
            let Some(words) = self.engine.words_in(row.bot, &tag) else {
                continue;
            };
            let rate = self.rate(row.per_second);
            let left = (row.counts.total > 0).then(|| row.counts.waiting() / rate);
            let told_of = progress::Told {
                id: row.id,
                state: row.state,
                counts: row.counts,
                left,
                starts: row.starts,
            };
            let text = progress::text(&words, told_of);
            let now = self.store.clock().micros();
            let next = if row.state == State::Running {
                now.saturating_add(micros(TELL_EVERY))
            } else {
                0
            };
            let telling = Telling::next(&row, chat, told, &text, now, next);
            if self.store.tell(telling).await? {
                self.sender.look();
            }
        }
        Ok(())
    }

    async fn prune(&self, stopped: &watch::Receiver<bool>) {
        while !*stopped.borrow() {
            match self.store.forget_broadcasts().await {
                Ok(0) => return,
                Ok(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                Err(_) => return telemetry::emit(StoreFailed { task: "prune" }),
            }
        }
    }
}
