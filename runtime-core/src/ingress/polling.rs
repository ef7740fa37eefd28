//! Long polling, for bots with a token and no public address. One instance polls a bot, by a lease in the store; the
//! offset is the lowest unfinished update, so a crash loses nothing and asks again for at most what was under way.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use serde_json::value::RawValue;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::deployment::delivery::{Addressee, Delivered};
use crate::deployment::{Deployment, Standing};
use crate::incoming::{Channel, Event, Incoming};
use crate::store::Store;
use crate::telegram::client::Client;
use crate::telegram::error::ApiError;
use crate::telegram::method::{ALLOWED_UPDATES, DeleteWebhook, GetUpdates};
use crate::telegram::token::Token;
use crate::telegram::update;
use crate::telemetry::{self, events, trace};

/// Seconds that Telegram holds an empty answer back; its own most is 50.
const HOLD: u8 = 25;
/// What a poll may take beyond that.
const MARGIN: Duration = Duration::from_secs(10);
/// How long the right to poll lasts; a poll must end within it.
const LEASE: Duration = Duration::from_secs(60);
/// How often another instance's right is looked at.
const LOOK: Duration = Duration::from_secs(5);
/// Updates asked for at once, Telegram's most.
const BATCH: u8 = 100;
/// Longest pause after failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// How long a poll waits for updates under way before it asks for more.
const PATIENCE: Duration = Duration::from_secs(2);
/// Unfinished updates beyond which no more are asked for.
const UNFINISHED: usize = 200;

/// One bot's polling.
#[derive(Debug)]
pub struct Polling {
    /// The deployment.
    pub deployment: Deployment,
    /// Index of the bot.
    pub bot: usize,
    /// The store with the lease.
    pub store: std::sync::Arc<Store>,
    /// The way to Telegram.
    pub client: Client,
}

/// Telegram queues messages by chat and presses by person; each such queue is handled in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Queue {
    Chat(i64),
    Person(i64),
    None,
}

/// What is under way: `true` when finished. The lowest unfinished id is the next offset.
type Under = BTreeMap<i64, bool>;

impl Polling {
    /// Polls until `stop`.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut failures = 0u32;
        while !*stop.borrow() {
            let Some(token) = self.token() else { return };
            let pause = match self.turn(&token, &mut stop).await {
                Ok(()) => {
                    failures = 0;
                    LOOK
                }
                Err(error) => {
                    self.stand(Standing::Failed {
                        class: error.class(),
                        reason: error.to_string(),
                    });
                    telemetry::emit(events::PollingFailed {
                        bot: self.deployment.name(self.bot),
                        class: error.class(),
                        reason: &error.to_string(),
                    });
                    failures = failures.saturating_add(1);
                    pause_after(&error, failures)
                }
            };
            let _ = tokio::time::timeout(pause, stop.wait_for(|stop| *stop)).await;
        }
        if let Some(token) = self.token() {
            // Lets another instance go on at once; if it fails the lease ends by itself.
            let _ = self.store.polling_release(token.bot()).await;
        }
    }

    fn token(&self) -> Option<Token> {
        self.deployment.bot(self.bot)?.link().token
    }

    fn stand(&self, standing: Standing) {
        if let Some(bot) = self.deployment.bot(self.bot) {
            bot.update(|link| link.updates = standing);
        }
    }

    /// Polls while this instance has the right to; `Ok` when it has not, or is to stop.
    async fn turn(&self, token: &Token, stop: &mut watch::Receiver<bool>) -> Result<(), ApiError> {
        let Some(mut next) = self.lease(token).await else {
            return Ok(());
        };
        // A webhook that is still set makes getUpdates fail with 409. Nothing that waits is dropped.
        let free = DeleteWebhook {
            drop_pending_updates: false,
        };
        self.client.call(token, &free).await?;
        self.stand(Standing::Ok);
        let mut under = Under::new();
        let mut tasks: JoinSet<i64> = JoinSet::new();
        let mut lanes = Lanes::default();
        let mut stored = next;
        loop {
            if *stop.borrow() {
                self.finish(token, tasks, under, &mut lanes).await;
                return Ok(());
            }
            if self.lease(token).await.is_none() {
                return Ok(());
            }
            if under.len() < UNFINISHED {
                let offset = under.keys().next().copied().unwrap_or(next);
                let request = GetUpdates {
                    offset: (offset > 0).then_some(offset),
                    limit: BATCH,
                    // With something under way Telegram would answer at once anyway.
                    timeout: if under.is_empty() { HOLD } else { 0 },
                    allowed_updates: ALLOWED_UPDATES,
                };
                let limit = Duration::from_secs(HOLD.into()) + MARGIN;
                let polled = tokio::select! {
                    polled = self.client.call_within(token, &request, limit) => polled,
                    _ = stop.wait_for(|stop| *stop) => continue,
                };
                let polled = match polled {
                    Ok(polled) => polled,
                    Err(error) => {
                        self.finish(token, tasks, under, &mut lanes).await;
                        return Err(error);
                    }
                };
                if polled.is_empty() && under.is_empty() {
                    // Everything below is confirmed. Asking without an offset from here on also finds what comes after
                    // a quiet week, when ids start again anywhere (<https://core.telegram.org/bots/api#update>).
                    next = 0;
                }
                for raw in polled {
                    next = next.max(self.take(&raw, &mut under, &mut lanes, &mut tasks));
                }
            }
            let until = tokio::time::Instant::now() + PATIENCE;
            while !tasks.is_empty() {
                match tokio::time::timeout_at(until, tasks.join_next()).await {
                    Ok(Some(Ok(done))) => finished(&mut under, done),
                    Ok(Some(Err(_))) => {}
                    Ok(None) | Err(_) => break,
                }
            }
            let lowest = under.keys().next().copied().unwrap_or(next);
            if lowest != stored {
                let advanced = self.store.polling_advance(token.bot(), lowest).await;
                if !matches!(advanced, Ok(true)) {
                    return Ok(());
                }
                stored = lowest;
            }
        }
    }

    /// The right to poll, and the lowest unfinished id.
    async fn lease(&self, token: &Token) -> Option<i64> {
        match self.store.polling_lease(token.bot(), LEASE).await {
            Ok(lease) => lease,
            Err(_) => {
                telemetry::emit(events::StoreFailed {
                    task: "polling_lease",
                });
                None
            }
        }
    }

    /// Starts an update unless it is under way; the id after it.
    fn take(
        &self,
        raw: &RawValue,
        under: &mut Under,
        lanes: &mut Lanes,
        tasks: &mut JoinSet<i64>,
    ) -> i64 {
        let Ok(update) = update::read(raw.get().as_bytes()) else {
            return 0;
        };
        let Some(id) = update.id else { return 0 };
        if under.contains_key(&id) {
            return id + 1;
        }
        under.insert(id, false);
        let incoming = Incoming {
            bot: self.bot,
            update_id: id,
            channel: Channel::Polling,
            trace_id: trace::new_id(),
            arrived: Instant::now(),
            event: update.event,
        };
        let queue = queue(&incoming.event);
        let lane = lanes.lane(queue);
        let deployment = self.deployment.clone();
        let Some(bot) = self.addressee() else {
            return id + 1;
        };
        tasks.spawn(async move {
            // A task of its own: a panic must not leave the update unfinished for ever.
            let handling = tokio::spawn(async move {
                // Behind what came before in the same queue.
                let _turn = lane.lock().await;
                handle(&deployment, bot, incoming).await;
            });
            let _ = handling.await;
            id
        });
        id + 1
    }

    fn addressee(&self) -> Option<Addressee> {
        let bot = self.deployment.bot(self.bot)?;
        Some(Addressee {
            name: bot.spec().id,
            id: bot.telegram_id()?,
        })
    }

    /// At the end: what runs may finish, and the offset is remembered.
    async fn finish(
        &self,
        token: &Token,
        mut tasks: JoinSet<i64>,
        mut under: Under,
        lanes: &mut Lanes,
    ) {
        let until = tokio::time::Instant::now() + PATIENCE;
        let mut next = under.keys().next_back().map_or(0, |last| last + 1);
        while let Ok(Some(Ok(done))) = tokio::time::timeout_at(until, tasks.join_next()).await {
            finished(&mut under, done);
        }
        lanes.0.clear();
        if let Some(lowest) = under.keys().next() {
            next = *lowest;
        }
        if next > 0 {
            let _ = self.store.polling_advance(token.bot(), next).await;
        }
    }
}

/// Until it is done: nobody but us will bring it again.
async fn handle(deployment: &Deployment, bot: Addressee, mut incoming: Incoming) {
    loop {
        let delivered = deployment
            .delivery()
            .run(deployment.core(), bot, incoming.clone())
            .await;
        match delivered {
            // Polling has no response to carry a call; the engine offers none.
            Delivered::Done(_) => return,
            Delivered::Busy { retry_after } => {
                tokio::time::sleep(Duration::from_secs(retry_after.clamp(1, 60).into())).await;
                incoming.arrived = Instant::now();
            }
        }
    }
}

/// Forgets the finished ones at the bottom: everything below the first unfinished.
fn finished(under: &mut Under, id: i64) {
    under.insert(id, true);
    while let Some(first) = under.first_entry() {
        if !*first.get() {
            break;
        }
        first.remove();
    }
}

fn queue(event: &Event) -> Queue {
    match event {
        Event::Message(message) => Queue::Chat(message.place.chat_id),
        Event::Callback(press) => Queue::Person(press.from.id),
        Event::Other(_) => Queue::None,
    }
}

/// A lock per queue; tokio's locks are fair, so updates take their turn in order.
#[derive(Debug, Default)]
struct Lanes(HashMap<Queue, std::sync::Arc<tokio::sync::Mutex<()>>>);

impl Lanes {
    fn lane(&mut self, queue: Queue) -> std::sync::Arc<tokio::sync::Mutex<()>> {
        if self.0.len() > 1024 {
            self.0
                .retain(|_, lane| std::sync::Arc::strong_count(lane) > 1);
        }
        match queue {
            Queue::None => std::sync::Arc::default(),
            queue => self.0.entry(queue).or_default().clone(),
        }
    }
}

fn pause_after(error: &ApiError, failures: u32) -> Duration {
    match error {
        ApiError::Flood { retry_after } => Duration::from_secs((*retry_after).into()),
        ApiError::BadToken => LONGEST_PAUSE,
        _ => Duration::from_secs(1 << failures.min(6)).min(LONGEST_PAUSE),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::Clock;
    use crate::engine::Outcome;
    use crate::http::tests::{Scripted, deployment};
    use crate::testing::telegram::{FakeTelegram, Fault, User};

    const TOKEN: &str = "123456:AAaa_-BBbbCCccDDddEEee";

    #[tokio::test]
    async fn every_update_once_in_order_over_failures_and_restarts() {
        let folder = std::env::temp_dir().join(format!("botfactory-poll-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let url = format!("sqlite://{}/x.db", folder.display());
        let store = Store::open(&url, &[], Clock::system()).await.unwrap();
        let telegram = FakeTelegram::start().await.unwrap();
        let bot = telegram.bot(TOKEN);
        let client = Client::new(telegram.url()).unwrap();
        let core = Arc::new(Scripted::default());
        // One of the updates finds the store busy at first.
        core.outcomes
            .lock()
            .unwrap()
            .push_back(Outcome::Busy { retry_after: 1 });
        let deployment = deployment(core.clone(), None, true);
        let person = User {
            id: 42,
            name: "Ann",
            language: "en",
        };
        let (stop, stopped) = watch::channel(false);
        let poll = |stopped| {
            tokio::spawn(
                Polling {
                    deployment: deployment.clone(),
                    bot: 0,
                    store: store.clone(),
                    client: client.clone(),
                }
                .run(stopped),
            )
        };
        bot.say(person, 42, "1");
        bot.say(person, 42, "2");
        bot.say(person, -7, "other");
        telegram.fail_next(Some("getUpdates"), Fault::Status(502));
        let polling = poll(stopped);
        let texts = || {
            let seen = core.seen.lock().unwrap();
            let mut texts: Vec<(i64, String)> = Vec::new();
            for incoming in seen.iter() {
                if let Event::Message(m) = &incoming.event
                    && let crate::incoming::Content::Text(text) = &m.content
                {
                    texts.push((m.place.chat_id, text.clone()));
                }
            }
            texts
        };
        assert!(bot.wait_until_idle().await, "{:#?}", telegram.calls());
        // Busy once, so one of them was handed over twice; the order within the chat holds.
        let first = texts();
        assert_eq!(first.len(), 4, "{first:?}");
        let chat: Vec<&str> = first
            .iter()
            .filter(|(chat, _)| *chat == 42)
            .map(|(_, text)| text.as_str())
            .collect();
        assert!(chat == ["1", "1", "2"] || chat == ["1", "2"], "{chat:?}");
        stop.send(true).unwrap();
        polling.await.unwrap();
        // A new instance goes on at once, and asks for nothing twice.
        bot.say(person, 42, "3");
        let (stop, stopped) = watch::channel(false);
        let polling = poll(stopped);
        assert!(bot.wait_until_idle().await);
        assert_eq!(texts().len(), 5);
        stop.send(true).unwrap();
        polling.await.unwrap();
        store.close().await;
        let _ = std::fs::remove_dir_all(&folder);
    }
}
