//! What the server remembers.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::Notify;

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 429 with `retry_after` seconds.
    Flood(u32),
    /// This status, without an effect.
    Status(u16),
    /// No answer for so long, without an effect.
    Hang(Duration),
    /// The connection breaks, without an effect.
    Close,
    /// It happens, but the connection breaks before the answer.
    AcceptThenClose,
    /// 403 "bot was blocked by the user".
    Blocked,
    /// 400 with `migrate_to_chat_id`.
    Migrated(i64),
}

/// Updates with the same key are delivered one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum QueueKey {
    Chat(i64),
    Person(i64),
}

/// How a call came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Via {
    Api,
    Response,
}

/// A call as it came, and how it was answered.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Recorded {
    pub method: String,
    pub body: Value,
    pub status: u16,
    pub description: String,
    pub via: Via,
    pub at: Instant,
}

/// A message that people see.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Shown {
    pub chat: i64,
    pub message_id: i64,
    /// With its markup.
    pub text: String,
    pub parse_mode: Option<String>,
    pub markup: Option<Value>,
    /// How often it was edited.
    pub edits: u32,
}

impl Shown {
    /// Payload of the button with this text.
    pub fn callback(&self, button: &str) -> Option<String> {
        let rows = self.markup.as_ref()?.get("inline_keyboard")?.as_array()?;
        rows.iter()
            .filter_map(Value::as_array)
            .flatten()
            .find(|b| b.get("text").and_then(Value::as_str) == Some(button))?
            .get("callback_data")?
            .as_str()
            .map(str::to_owned)
    }

    /// Texts of its buttons.
    pub fn buttons(&self) -> Vec<String> {
        let rows = self
            .markup
            .as_ref()
            .and_then(|m| m.get("inline_keyboard"))
            .and_then(Value::as_array);
        rows.into_iter()
            .flatten()
            .filter_map(Value::as_array)
            .flatten()
            .filter_map(|b| b.get("text").and_then(Value::as_str))
            .map(str::to_owned)
            .collect()
    }
}

/// An update in a queue.
#[derive(Debug, Clone)]
pub(super) struct Update {
    pub(super) id: i64,
    pub(super) queue: QueueKey,
    pub(super) json: Value,
}

#[derive(Debug, Clone)]
pub(super) struct Webhook {
    pub(super) url: String,
    pub(super) secret: Option<String>,
    pub(super) allowed: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct Bot {
    pub(super) id: i64,
    pub(super) webhook: Option<Webhook>,
    /// Somebody delivers.
    pub(super) watched: bool,
    pub(super) queues: HashMap<QueueKey, VecDeque<Update>>,
    /// Queues with a delivery under way.
    pub(super) running: HashSet<QueueKey>,
    pub(super) delivered: Vec<Update>,
    pub(super) commands: BTreeMap<String, Vec<(String, String)>>,
    pub(super) shown: Vec<Shown>,
    /// Of each chat, the places in `shown`.
    pub(super) of_chat: HashMap<i64, Vec<usize>>,
    pub(super) callbacks: HashMap<String, Instant>,
    next_message: i64,
    next_update: i64,
}

#[derive(Debug, Default)]
pub(super) struct Inner {
    pub(super) bots: HashMap<String, Bot>,
    pub(super) calls: Vec<Recorded>,
    faults: Vec<(Option<&'static str>, Fault)>,
    flood_control: bool,
    /// Messages a second of one bot to all chats together; 0: any number.
    bulk: usize,
    bulk_sent: VecDeque<Instant>,
    /// People who have blocked the bot.
    blocked: HashSet<i64>,
    sent: HashMap<i64, VecDeque<Instant>>,
    scale: Option<f64>,
    /// Instances behind a balancer: updates go to any of them.
    spread: Vec<String>,
}

/// Everything, shared.
#[derive(Debug, Default)]
pub(super) struct State {
    inner: Mutex<Inner>,
    pub(super) changed: Notify,
    closed: AtomicBool,
    traces: Mutex<Vec<String>>,
}

impl State {
    pub(super) fn traced(&self, header: &str) {
        let mut traces = self.traces.lock().unwrap_or_else(PoisonError::into_inner);
        traces.push(header.to_owned());
    }

    pub(super) fn traces(&self) -> Vec<String> {
        let traces = self.traces.lock().unwrap_or_else(PoisonError::into_inner);
        traces.clone()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.changed.notify_waiters();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    pub(super) fn add_bot(&self, token: &str, id: i64) {
        self.lock().bots.entry(token.to_owned()).or_insert(Bot {
            id,
            next_message: 1,
            next_update: 1000,
            ..Bot::default()
        });
    }

    pub(super) fn add_fault(&self, method: Option<&'static str>, fault: Fault) {
        self.lock().faults.push((method, fault));
    }

    pub(super) fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    pub(super) fn take_fault(&self, method: &str) -> Option<Fault> {
        let faults = &mut self.lock().faults;
        let at = faults
            .iter()
            .position(|(wanted, _)| wanted.is_none_or(|wanted| wanted == method))?;
        Some(faults.remove(at).1)
    }

    pub(super) fn limit_floods(&self) {
        self.lock().flood_control = true;
    }

    pub(super) fn limit_bulk(&self, per_second: usize) {
        self.lock().bulk = per_second;
    }

    pub(super) fn block(&self, chat: i64) {
        self.lock().blocked.insert(chat);
    }

    pub(super) fn blocked(&self, chat: i64) -> bool {
        self.lock().blocked.contains(&chat)
    }

    /// Seconds to wait before one more message to `chat`, where flood control is on.
    pub(super) fn flooded(&self, chat: i64) -> Option<u32> {
        let mut inner = self.lock();
        let now = Instant::now();
        if inner.bulk > 0 {
            let second = Duration::from_secs(1);
            let old = |at: &Instant| now.duration_since(*at) >= second;
            while inner.bulk_sent.front().is_some_and(old) {
                inner.bulk_sent.pop_front();
            }
            if inner.bulk_sent.len() >= inner.bulk {
                return Some(3);
            }
            inner.bulk_sent.push_back(now);
        }
        if !inner.flood_control {
            return None;
        }
        // 20 a minute in groups; about one a second with a burst in private chats.
        let (most, span) = if chat < 0 { (20, 60) } else { (30, 10) };
        let span = Duration::from_secs(span);
        let now = Instant::now();
        let sent = inner.sent.entry(chat).or_default();
        while sent
            .front()
            .is_some_and(|at| now.duration_since(*at) >= span)
        {
            sent.pop_front();
        }
        if sent.len() < most {
            sent.push_back(now);
            return None;
        }
        let wait = sent
            .front()
            .map_or(span, |at| span.saturating_sub(now.duration_since(*at)));
        Some(u32::try_from(wait.as_secs()).unwrap_or(0) + 1)
    }

    pub(super) fn scale(&self, factor: f64) {
        self.lock().scale = Some(factor);
    }

    pub(super) fn spread(&self, bases: Vec<String>) {
        self.lock().spread = bases;
    }

    /// Where this attempt goes: the webhook's own address, or the same path at an instance.
    pub(super) fn address(&self, url: &str) -> String {
        let inner = self.lock();
        if inner.spread.is_empty() {
            return url.to_owned();
        }
        let base = &inner.spread[rand::random_range(0..inner.spread.len())];
        let path = url.splitn(4, '/').nth(3).unwrap_or_default();
        format!("{base}/{path}")
    }

    pub(super) fn scaled(&self, pause: Duration) -> Duration {
        pause.mul_f64(self.lock().scale.unwrap_or(1.0))
    }

    pub(super) fn record(&self, call: Recorded) {
        self.lock().calls.push(call);
        self.changed.notify_waiters();
    }

    pub(super) fn calls(&self) -> Vec<Recorded> {
        self.lock().calls.clone()
    }

    pub(super) fn with<T>(&self, token: &str, act: impl FnOnce(&mut Bot) -> T) -> Option<T> {
        self.lock().bots.get_mut(token).map(act)
    }

    pub(super) fn next_message(&self, token: &str) -> i64 {
        self.with(token, Bot::take_message_id).unwrap_or(0)
    }

    pub(super) fn next_update(&self, token: &str) -> i64 {
        self.with(token, |bot| {
            bot.next_update += 1;
            bot.next_update
        })
        .unwrap_or(0)
    }

    pub(super) fn add_callback(&self, token: &str) -> String {
        self.with(token, |bot| {
            let id = format!("{}{}", bot.id, bot.callbacks.len() + 1);
            bot.callbacks.insert(id.clone(), Instant::now());
            id
        })
        .unwrap_or_default()
    }

    pub(super) fn queue(self: &State, token: &str, update: Update) {
        self.with(token, |bot| {
            bot.queues
                .entry(update.queue)
                .or_default()
                .push_back(update);
        });
        self.changed.notify_waiters();
    }

    pub(super) fn requeue(&self, token: &str, update_id: i64) -> bool {
        let update = self
            .with(token, |bot| {
                bot.delivered.iter().find(|u| u.id == update_id).cloned()
            })
            .flatten();
        match update {
            Some(update) => {
                self.queue(token, update);
                true
            }
            None => false,
        }
    }

    pub(super) fn pending(&self, token: &str) -> usize {
        self.with(token, |bot| bot.queues.values().map(VecDeque::len).sum())
            .unwrap_or(0)
    }

    pub(super) fn shown(&self, token: &str) -> Vec<Shown> {
        self.with(token, |bot| bot.shown.clone())
            .unwrap_or_default()
    }

    /// What a chat shows from its `from`-th message on.
    pub(super) fn shown_in(&self, token: &str, chat: i64, from: usize) -> Vec<Shown> {
        self.with(token, |bot| {
            let places = bot.of_chat.get(&chat);
            let places = places.and_then(|places| places.get(from..)).unwrap_or(&[]);
            places.iter().map(|at| bot.shown[*at].clone()).collect()
        })
        .unwrap_or_default()
    }

    pub(super) fn webhook_url(&self, token: &str) -> Option<String> {
        self.with(token, |bot| bot.webhook.as_ref().map(|w| w.url.clone()))?
    }

    pub(super) fn commands(&self, token: &str, language: &str) -> Vec<(String, String)> {
        self.with(token, |bot| bot.commands.get(language).cloned())
            .flatten()
            .unwrap_or_default()
    }
}

impl Bot {
    pub(super) fn show(&mut self, shown: Shown) {
        let places = self.of_chat.entry(shown.chat).or_default();
        places.push(self.shown.len());
        self.shown.push(shown);
    }

    pub(super) fn take_message_id(&mut self) -> i64 {
        self.next_message += 1;
        self.next_message
    }
}

/// A state that tasks can hold without keeping the server alive.
pub(super) type Shared = Arc<State>;
