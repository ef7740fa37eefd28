//! Random walks: people do whatever they can think of, and a bot that the compiler has accepted stands it. No handler
//! fails, Telegram refuses no call, every press is answered, and from everywhere `/cancel` and `/start` get an answer.
//!
//! Updates come as Telegram's JSON and are read by the same code as a webhook's body; the handlers, the store and its
//! SQLite file are the real ones; [`room`] is a Telegram that is as strict as [`super::telegram`].

mod people;
mod room;
mod words;

use std::sync::Arc;
use std::time::Instant;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;

use self::people::{Act, People};
use self::room::Room;
use super::process::{Folder, Process, start};
use crate::bot::Bot;
use crate::clock::Clock;
use crate::engine::{OfferedRow, Outcome};
use crate::i18n::Texts;
use crate::incoming::{Channel, Incoming};
use crate::store::outbox::RowKey;
use crate::telegram::method::Call;
use crate::telegram::update;
use crate::telemetry::metrics::metrics;
use crate::texts::menus;

/// When every walk begins: 2030-01-14 09:00 UTC.
const BEGINS: i64 = 1_894_611_600;
/// Deliveries between two looks at the ways out.
const LOOK: usize = 150;
/// How many lines of the trail a failure tells.
const TOLD: usize = 30;
/// How the clock moves: a little mostly; now and then a dialogue's time runs out, or the day changes.
const PAUSES: [i64; 8] = [1, 1, 1, 5, 70, 700, 3600, 90_000];

/// A walk: the same seed, bot and number do the same things.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct Plan {
    pub seed: u64,
    /// Deliveries.
    pub updates: usize,
    /// On a private Postgres instead of a SQLite file.
    pub postgres: bool,
}

/// How far a walk came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Walked {
    pub updates: usize,
    /// Messages sent and edited.
    pub messages: usize,
    pub presses: usize,
    /// Steps of dialogues answered.
    pub steps: u64,
    /// Answers that a step refused.
    pub refused: u64,
    /// Dialogues finished.
    pub finished: u64,
    /// Updates in private chats that nothing was said to: what the author's conditions leave out, and what is no talk.
    pub silent: usize,
}

impl std::ops::AddAssign for Walked {
    fn add_assign(&mut self, more: Self) {
        self.updates += more.updates;
        self.messages += more.messages;
        self.presses += more.presses;
        self.steps += more.steps;
        self.refused += more.refused;
        self.finished += more.finished;
        self.silent += more.silent;
    }
}

/// Walks through one bot.
///
/// # Errors
/// What went wrong, with the last updates that led there.
pub fn walk(bot: &'static dyn Bot, plan: Plan) -> Result<Walked, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("the walk's runtime does not start: {error}"))?;
    runtime.block_on(async {
        let mut walk = Walk::begin(bot, plan).await?;
        let ended = walk.on(plan.updates).await;
        walk.process.store.close().await;
        match ended {
            Ok(()) => Ok(walk.counted()),
            Err(wrong) => Err(format!(
                "`{}`, seed {}: {wrong}\n{}",
                bot.spec().id,
                plan.seed,
                walk.trail.join("\n")
            )),
        }
    })
}

struct Walk {
    bot: &'static dyn Bot,
    folder: Folder,
    clock: Clock,
    process: Process,
    random: StdRng,
    people: People,
    room: Room,
    update_id: i64,
    walked: Walked,
    /// Of the metrics, when it began.
    before: [u64; 3],
    trail: Vec<String>,
}

impl Walk {
    async fn begin(bot: &'static dyn Bot, plan: Plan) -> Result<Self, String> {
        let folder = Folder::new(plan.postgres);
        let clock = Clock::fixed(BEGINS);
        let process = start(&[bot], &folder, &clock).await?;
        Ok(Self {
            bot,
            folder,
            clock,
            process,
            random: StdRng::seed_from_u64(plan.seed),
            people: People::new(bot.spec()),
            room: Room::default(),
            update_id: 1000,
            walked: Walked::default(),
            before: dialogues(bot),
            trail: Vec::new(),
        })
    }

    async fn on(&mut self, updates: usize) -> Result<(), String> {
        self.menus()?;
        let mut look = LOOK;
        while self.walked.updates < updates {
            if self.walked.updates >= look {
                look += LOOK;
                self.ways_out(false).await?;
            }
            if self.random.random_bool(0.003) {
                self.restart().await?;
            }
            if self.random.random_bool(0.06) {
                let at = self.random.random_range(0..PAUSES.len());
                self.clock.advance(PAUSES.get(at).copied().unwrap_or(1));
                // Sometimes somebody answers before the scheduler has looked.
                if self.random.random_bool(0.7) {
                    self.time_out().await?;
                }
            }
            if self.random.random_bool(0.001) {
                // Telegram's ids begin elsewhere after a silence.
                self.update_id = self.random.random_range(1_000_000..900_000_000);
            }
            let act = self.people.act(&self.room, self.now(), &mut self.random);
            self.perform(&act).await?;
        }
        self.ways_out(true).await
    }

    fn now(&self) -> i64 {
        self.clock.micros().div_euclid(1_000_000)
    }

    async fn perform(&mut self, act: &Act) -> Result<(), String> {
        let first = self.update(act);
        // Two quick taps are two updates at once.
        let second = (act.is_press() && self.random.random_bool(0.05)).then(|| self.update(act));
        self.deliver(&first, second.as_ref(), false).await?;
        self.people.learn(act, &self.room);
        if self.random.random_bool(0.06) {
            self.note("(delivered again)".to_owned());
            self.deliver(&first, None, true).await?;
        }
        Ok(())
    }

    fn update(&mut self, act: &Act) -> Value {
        self.update_id += 1;
        self.room.update(act, self.update_id, self.now())
    }

    fn note(&mut self, line: String) {
        self.trail.push(line);
        if self.trail.len() > TOLD {
            self.trail.remove(0);
        }
    }

    async fn restart(&mut self) -> Result<(), String> {
        self.note("(restarted)".to_owned());
        self.process.store.close().await;
        self.process = start(&[self.bot], &self.folder, &self.clock).await?;
        Ok(())
    }

    async fn deliver(
        &mut self,
        first: &Value,
        second: Option<&Value>,
        again: bool,
    ) -> Result<(), String> {
        let begun = self.incoming(first)?;
        let outcomes = match second {
            None => vec![self.process.engine.handle(begun).await],
            Some(second) => {
                let again = self.incoming(second)?;
                let engine = &self.process.engine;
                let (a, b) = tokio::join!(engine.handle(begun), engine.handle(again));
                vec![a, b]
            }
        };
        let mut calls = Vec::new();
        let mut marks = Vec::new();
        for outcome in outcomes {
            let Outcome::Done {
                response,
                calls: more,
            } = outcome
            else {
                return Err("the update was not handled in time".to_owned());
            };
            if let Some((call, offered)) = response {
                marks.extend(offered.map(OfferedRow::key));
                calls.push(call);
            }
            calls.extend(more.into_iter().map(|outgoing| outgoing.call));
        }
        let said = self.room.said();
        self.receive(calls, marks).await?;
        for update in [Some(first), second].into_iter().flatten() {
            let press = update.pointer("/callback_query/id").and_then(Value::as_str);
            if let Some(press) = press {
                self.room.answered(press, again)?;
            } else if !again
                && self.room.said() == said
                && update.pointer("/message/chat/type").and_then(Value::as_str) == Some("private")
            {
                self.walked.silent += 1;
            }
        }
        Ok(())
    }

    /// Timers that have fallen due fire, as the scheduler would have them.
    async fn time_out(&mut self) -> Result<(), String> {
        loop {
            let fired = self.process.scheduler.fire_due().await;
            if fired.map_err(|error| error.to_string())? == 0 {
                return Ok(());
            }
            self.note("(nobody has answered)".to_owned());
            self.receive(Vec::new(), Vec::new()).await?;
        }
    }

    /// Takes what was sent, with what the outbox announces.
    async fn receive(
        &mut self,
        mut calls: Vec<Call>,
        mut marks: Vec<RowKey>,
    ) -> Result<(), String> {
        while let Ok(rows) = self.process.rows.try_recv() {
            for row in rows {
                marks.push(row.key);
                calls.push(row.call);
            }
        }
        let store = &self.process.store;
        store
            .mark_sent(marks)
            .await
            .map_err(|error| error.to_string())?;
        let letter = store
            .newest_letter()
            .await
            .map_err(|error| error.to_string())?;
        let said = self.room.said();
        for call in &calls {
            let shown = self.room.take(call)?;
            self.note(format!("    {shown}"));
        }
        self.walked.messages += self.room.said() - said;
        if let Some(letter) = letter {
            return Err(format!("the handler failed: {letter}"));
        }
        Ok(())
    }

    fn incoming(&mut self, json: &Value) -> Result<Incoming, String> {
        let bytes = serde_json::to_vec(json).map_err(|error| error.to_string())?;
        self.note(shortened(json));
        let read = update::read(&bytes).map_err(|error| error.to_string())?;
        let update_id = read.id.ok_or("an update of the walk has no id")?;
        self.walked.updates += 1;
        self.walked.presses += usize::from(json.get("callback_query").is_some());
        let channel = if self.random.random_bool(0.3) {
            Channel::Polling
        } else {
            Channel::Webhook
        };
        Ok(Incoming {
            bot: 0,
            update_id,
            channel,
            trace_id: format!("walk-{update_id}"),
            arrived: Instant::now(),
            event: read.event,
        })
    }

    /// People can leave whatever they are in, and begin again.
    async fn ways_out(&mut self, everybody: bool) -> Result<(), String> {
        for act in self.people.ways_out(everybody) {
            let said = self.room.said();
            let update = self.update(&act);
            self.deliver(&update, None, false).await?;
            if self.room.said() == said {
                return Err("a dead end: no answer".to_owned());
            }
        }
        Ok(())
    }

    /// Telegram accepts the lists of commands.
    fn menus(&self) -> Result<(), String> {
        let spec = self.bot.spec();
        let texts = Texts::new(spec.languages());
        let texts = texts.map_err(|_| "the texts cannot be read".to_owned())?;
        menus::of(spec, &Arc::new(texts), &self.clock, &[])
            .into_iter()
            .try_for_each(room::menu)
    }

    fn counted(&self) -> Walked {
        let mut walked = self.walked;
        let after = dialogues(self.bot);
        let since = |at: usize| {
            let (after, before) = (after.get(at).copied(), self.before.get(at).copied());
            after.unwrap_or(0) - before.unwrap_or(0)
        };
        (walked.steps, walked.refused, walked.finished) = (since(0), since(1), since(2));
        walked
    }
}

/// Steps answered, answers refused, dialogues finished: of this bot in this process.
fn dialogues(bot: &dyn Bot) -> [u64; 3] {
    let Some(metrics) = metrics() else {
        return [0; 3];
    };
    let spec = bot.spec();
    let sum = |counter: &prometheus::IntCounterVec| {
        let of = |name| counter.with_label_values(&[spec.id, name]).get();
        spec.commands.iter().map(|command| of(command.name)).sum()
    };
    [
        sum(&metrics.wizard_steps),
        sum(&metrics.wizard_refusals),
        sum(&metrics.wizard_completions),
    ]
}

/// An update, as a failure tells it.
fn shortened(json: &Value) -> String {
    let text = json.to_string();
    match text.char_indices().nth(700) {
        Some((end, _)) => format!(
            "{} … ({} bytes)",
            text.get(..end).unwrap_or(&text),
            text.len()
        ),
        None => text,
    }
}
