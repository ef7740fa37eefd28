//! A strict Telegram in this process: it refuses what Telegram refuses, with Telegram's words, delivers updates the way
//! the Bot API server does (per-queue order, immediate retry, back-off, `Retry-After`, secret header), records every
//! call, and fails on demand.
//!
//! Sources: Bot API reference; Bot API server `WebhookActor.cpp` and `Client.cpp`.

mod delivery;
mod files;
pub(super) mod rules;
mod server;
mod state;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

pub use state::{Fault, QueueKey, Recorded, Shown, Via};
use state::{State, Update};

/// How long helpers wait for something to happen.
const PATIENCE: Duration = Duration::from_secs(10);

/// The server. Stops when the last clone is dropped.
#[derive(Clone)]
pub struct FakeTelegram {
    shared: Arc<Shared>,
}

struct Shared {
    url: String,
    state: Arc<State>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.server.abort();
        self.state.close();
    }
}

impl std::fmt::Debug for FakeTelegram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FakeTelegram")
            .field("url", &self.shared.url)
            .finish_non_exhaustive()
    }
}

/// A person or a group to write in.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub struct User {
    pub id: i64,
    pub name: &'static str,
    pub language: &'static str,
}

impl FakeTelegram {
    /// Starts on a free port of loopback.
    pub async fn start() -> std::io::Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let state = Arc::new(State::default());
        let router = server::router(state.clone());
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self {
            shared: Arc::new(Shared { url, state, server }),
        })
    }

    /// For `BOTFACTORY_TELEGRAM_API`.
    pub fn url(&self) -> &str {
        &self.shared.url
    }

    /// Makes a bot known by its token.
    pub fn bot(&self, token: &str) -> FakeBot {
        let id = token.split(':').next().and_then(|id| id.parse().ok());
        self.shared.state.add_bot(token, id.unwrap_or(1));
        FakeBot {
            telegram: self.clone(),
            token: token.to_owned(),
        }
    }

    /// The next call of `method` (`None`: of any) fails like this.
    pub fn fail_next(&self, method: Option<&'static str>, fault: Fault) {
        self.shared.state.add_fault(method, fault);
    }

    /// No call fails on demand any more.
    pub fn clear_faults(&self) {
        self.shared.state.clear_faults();
    }

    /// What Telegram would say to this call (`{"method": "sendMessage", …}`), without any effect.
    ///
    /// # Errors
    /// Status and description of its refusal.
    pub fn check(&self, call: &Value) -> Result<(), (u16, String)> {
        rules::call(call)
    }

    /// The `traceparent` headers that calls have brought, in order.
    pub fn traces(&self) -> Vec<String> {
        self.shared.state.traces()
    }

    /// Turns Telegram's flood control on.
    pub fn limit_floods(&self) {
        self.shared.state.limit_floods();
    }

    /// Telegram takes so many messages a second of all bots together.
    pub fn limit_bulk(&self, per_second: usize) {
        self.shared.state.limit_bulk(per_second);
    }

    /// This person has blocked the bot.
    pub fn block(&self, person: i64) {
        self.shared.state.block(person);
    }

    /// Pauses between deliveries are multiplied by this (1.0 at first).
    pub fn scale_pauses(&self, factor: f64) {
        self.shared.state.scale(factor);
    }

    /// Updates go to any of these (`http://127.0.0.1:8001`), as through a balancer, whatever the webhook's address says.
    pub fn spread(&self, bases: Vec<String>) {
        self.shared.state.spread(bases);
    }

    /// Every call so far.
    pub fn calls(&self) -> Vec<Recorded> {
        self.shared.state.calls()
    }

    /// Calls of one method that were accepted.
    pub fn accepted(&self, method: &str) -> Vec<Recorded> {
        let mut calls = self.calls();
        calls.retain(|call| call.method == method && call.status == 200);
        calls
    }
}

/// One bot of the server.
#[derive(Debug, Clone)]
pub struct FakeBot {
    telegram: FakeTelegram,
    token: String,
}

impl FakeBot {
    fn state(&self) -> &State {
        &self.telegram.shared.state
    }

    /// A person writes; `chat` is their own id for the private chat, or a group's negative id.
    pub fn say(&self, user: User, chat: i64, text: &str) -> i64 {
        self.message(user, chat, json!({ "text": text }))
    }

    /// A person sends something: `content` holds the message's own fields.
    pub fn message(&self, user: User, chat: i64, content: Value) -> i64 {
        let mut message = json!({
            "message_id": self.state().next_message(&self.token),
            "date": unix_now(),
            "from": from(user),
            "chat": chat_of(user, chat),
        });
        if let (Value::Object(message), Value::Object(content)) = (&mut message, content) {
            message.extend(content);
        }
        self.deliver(QueueKey::Chat(chat), json!({ "message": message }))
    }

    /// A person presses the button with this text, under a message that the bot has sent.
    pub fn press(&self, user: User, message: &Shown, button: &str) -> Option<i64> {
        let data = message.callback(button)?;
        Some(self.press_data(user, message, &data))
    }

    /// A press with any payload.
    pub fn press_data(&self, user: User, message: &Shown, data: &str) -> i64 {
        let id = self.state().add_callback(&self.token);
        self.deliver(
            QueueKey::Person(user.id),
            json!({ "callback_query": {
                "id": id,
                "from": from(user),
                "chat_instance": "1",
                "data": data,
                "message": {
                    "message_id": message.message_id,
                    "date": unix_now(),
                    "chat": chat_of(user, message.chat),
                    "text": message.text,
                },
            }}),
        )
    }

    /// Puts an update into a queue; `update` has no `update_id` yet.
    pub fn deliver(&self, queue: QueueKey, mut update: Value) -> i64 {
        let id = self.state().next_update(&self.token);
        if let Value::Object(fields) = &mut update {
            fields.insert("update_id".to_owned(), id.into());
        }
        self.state().queue(
            &self.token,
            Update {
                id,
                queue,
                json: update,
            },
        );
        id
    }

    /// Delivers an update once more, as Telegram does when an answer was lost.
    pub fn redeliver(&self, update_id: i64) -> bool {
        self.state().requeue(&self.token, update_id)
    }

    /// Waits until the bot shows a message with `text` in it (sent or edited); the newest such message.
    ///
    /// # Panics
    /// After ten seconds, with everything that is shown: for tests.
    pub async fn wait_for(&self, text: &str) -> Shown {
        let found = self
            .wait(|| {
                self.shown()
                    .into_iter()
                    .rev()
                    .find(|m| m.text.contains(text))
            })
            .await;
        found.unwrap_or_else(|| {
            panic!(
                "no message with {text:?}; shown: {:#?}; calls: {:#?}",
                self.shown(),
                self.telegram.calls()
            )
        })
    }

    /// Waits until `found` finds something; `None` after ten seconds.
    pub async fn wait<T>(&self, found: impl Fn() -> Option<T>) -> Option<T> {
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            let changed = self.state().changed.notified();
            if let Some(found) = found() {
                return Some(found);
            }
            // Not every change notifies (a deadline passing): look again now and then.
            let next = tokio::time::Instant::now() + Duration::from_millis(50);
            let _ = tokio::time::timeout_at(next.min(until), changed).await;
            if tokio::time::Instant::now() >= until {
                return found();
            }
        }
    }

    /// Waits until nothing is queued for this bot any more.
    pub async fn wait_until_idle(&self) -> bool {
        self.wait(|| (self.state().pending(&self.token) == 0).then_some(()))
            .await
            .is_some()
    }

    /// What the bot shows, oldest first.
    pub fn shown(&self) -> Vec<Shown> {
        self.state().shown(&self.token)
    }

    /// What a chat shows from its `from`-th message on, oldest first.
    pub fn shown_in(&self, chat: i64, from: usize) -> Vec<Shown> {
        self.state().shown_in(&self.token, chat, from)
    }

    /// Updates that wait for being delivered.
    pub fn pending(&self) -> usize {
        self.state().pending(&self.token)
    }

    /// The webhook's address.
    pub fn webhook(&self) -> Option<String> {
        self.state().webhook_url(&self.token)
    }

    /// Commands in a language (`""`: for everybody else).
    pub fn commands(&self, language: &str) -> Vec<(String, String)> {
        self.state().commands(&self.token, language)
    }
}

fn from(user: User) -> Value {
    json!({ "id": user.id, "is_bot": false, "first_name": user.name, "language_code": user.language })
}

fn chat_of(user: User, chat: i64) -> Value {
    if chat == user.id {
        json!({ "id": chat, "type": "private", "first_name": user.name })
    } else {
        json!({ "id": chat, "type": "supergroup", "title": "group" })
    }
}

fn unix_now() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
