//! A deployment of one bot on a database of its own (a temporary SQLite file, or a private Postgres), and people who talk
//! to it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use botfactory_lang::callback::Keys;
use runtime_core::bot::Bot;
use runtime_core::clock::Clock;
use runtime_core::engine::{Engine, FloodGate, OfferedRow, Outcome, Served};
use runtime_core::incoming::{
    CallbackIn, Channel, Content, Event, Incoming, MessageIn, Person, Place,
};
use runtime_core::store::Store;
use runtime_core::store::outbox::{OutboxNotice, OutboxRow};
use runtime_core::telegram::method::{Call, ReplyMarkup};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use tokio::sync::mpsc;

pub const BOT_ID: i64 = 77;
pub const ANNA: i64 = 1001;
pub const BORIS: i64 = 1002;
pub const GROUP: i64 = -500;

#[derive(Debug, Default)]
pub struct Gate {
    pub closed: AtomicBool,
}

impl FloodGate for Gate {
    fn open(&self, _: i64, _: i64) -> bool {
        !self.closed.load(Ordering::SeqCst)
    }
}

/// A database of one test's own.
pub struct Database {
    pub folder: PathBuf,
    #[cfg(feature = "postgres")]
    server: Option<runtime_core::testing::postgres::Postgres>,
    /// The store goes through it; administrators do not.
    #[cfg(feature = "postgres")]
    pub proxy: Option<runtime_core::testing::proxy::Proxy>,
}

impl Database {
    pub fn new() -> Self {
        let name = format!("botfactory-test-{:016x}", rand::random::<u64>());
        Self {
            folder: std::env::temp_dir().join(name),
            #[cfg(feature = "postgres")]
            server: super::POSTGRES.then(runtime_core::testing::postgres::Postgres::start),
            #[cfg(feature = "postgres")]
            proxy: None,
        }
    }

    /// With a proxy before the server.
    #[cfg(feature = "postgres")]
    #[allow(dead_code)] // not in the program that tests SQLite
    pub async fn behind_a_proxy() -> Self {
        let mut database = Self::new();
        if let Some(server) = &database.server {
            let folder = server.folder().to_path_buf();
            database.proxy = Some(runtime_core::testing::proxy::Proxy::start(folder).await);
        }
        database
    }

    /// Where the store goes.
    pub fn store_url(&self) -> String {
        #[cfg(feature = "postgres")]
        if let Some(proxy) = &self.proxy {
            return proxy.url("postgres");
        }
        self.url()
    }
    pub fn url(&self) -> String {
        #[cfg(feature = "postgres")]
        if let Some(server) = &self.server {
            return server.url("postgres");
        }
        format!("sqlite://{}/bot.db", self.folder.display())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The same call on a connection of an administrator's.
macro_rules! administer {
    ($rig:expr, $connection:ident => $call:expr) => {{
        let url = $rig.database.url();
        #[cfg(feature = "postgres")]
        if super::POSTGRES {
            let $connection = &mut sqlx::PgConnection::connect(&url).await.unwrap();
            return $call;
        }
        let $connection = &mut SqliteConnection::connect(&url).await.unwrap();
        $call
    }};
}

pub struct Rig {
    pub database: Arc<Database>,
    pub clock: Clock,
    bot: &'static dyn Bot,
    pub store: Arc<Store>,
    pub engine: Arc<Engine>,
    pub gate: Arc<Gate>,
    rows: mpsc::Receiver<Vec<OutboxRow>>,
    next: AtomicI64,
    /// What a message's arrival is set back by.
    pub late: Duration,
}

/// What came back: the response, what is sent before the ack, what the outbox announced.
#[derive(Debug)]
pub struct Reply {
    pub calls: Vec<Call>,
    pub offered: Option<OfferedRow>,
    pub busy: bool,
}

impl Reply {
    pub fn texts(&self) -> Vec<&str> {
        self.calls
            .iter()
            .filter_map(|call| match call {
                Call::SendMessage(m) => Some(m.text.as_str()),
                Call::EditMessageText(m) => Some(m.text.as_str()),
                _ => None,
            })
            .collect()
    }
    pub fn text(&self) -> String {
        self.texts().join("\n")
    }
    pub fn toast(&self) -> Option<&str> {
        self.calls.iter().find_map(|call| match call {
            Call::AnswerCallbackQuery(a) => a.text.as_deref(),
            _ => None,
        })
    }
    pub fn answers(&self) -> usize {
        let is = |call: &&Call| matches!(call, Call::AnswerCallbackQuery(_));
        self.calls.iter().filter(is).count()
    }
    pub fn markups(&self) -> Vec<&ReplyMarkup> {
        self.calls
            .iter()
            .filter_map(|call| match call {
                Call::SendMessage(m) => m.reply_markup.as_ref(),
                Call::EditMessageText(m) => m.reply_markup.as_ref(),
                _ => None,
            })
            .collect()
    }
    /// Payload of the inline button with this label.
    pub fn button(&self, label: &str) -> String {
        for markup in self.markups() {
            if let ReplyMarkup::Inline { inline_keyboard } = markup {
                for button in inline_keyboard.iter().flatten() {
                    if button.text.contains(label) {
                        return button.callback_data.clone().unwrap();
                    }
                }
            }
        }
        panic!("no button {label} in {self:?}");
    }
    pub fn has_button(&self, label: &str) -> bool {
        self.markups().iter().any(|markup| match markup {
            ReplyMarkup::Inline { inline_keyboard } => inline_keyboard
                .iter()
                .flatten()
                .any(|b| b.text.contains(label)),
            _ => false,
        })
    }
}

impl Rig {
    pub async fn new() -> Self {
        Self::on(Arc::new(Database::new()), Clock::fixed(1_800_000_000), 1).await
    }

    pub async fn on(database: Arc<Database>, clock: Clock, next: i64) -> Self {
        Self::with(&super::bot::BOT, database, clock, next).await
    }

    /// Of another bot.
    pub async fn with(
        bot: &'static dyn Bot,
        database: Arc<Database>,
        clock: Clock,
        next: i64,
    ) -> Self {
        let store = Store::open(
            &database.store_url(),
            &[&bot.spec().migrations],
            clock.clone(),
        )
        .await
        .unwrap();
        let (notice, rows) = OutboxNotice::channel(1000);
        let gate = Arc::new(Gate::default());
        let engine = Engine::new(
            store.clone(),
            &[Served {
                bot,
                telegram_id: Some(BOT_ID),
            }],
            Keys {
                current: [7; 32],
                old: None,
            },
            gate.clone(),
            notice,
        )
        .unwrap();
        engine.set_username(0, "booking_bot");
        Self {
            database,
            clock,
            bot,
            store,
            engine: Arc::new(engine),
            gate,
            rows,
            next: AtomicI64::new(next),
            late: Duration::ZERO,
        }
    }

    /// The process ends in good order and starts again.
    pub async fn restart(self) -> Self {
        self.store.close().await;
        let next = self.next.load(Ordering::SeqCst);
        let (bot, database, clock) = (self.bot, self.database.clone(), self.clock.clone());
        drop(self);
        Self::with(bot, database, clock, next).await
    }

    pub async fn count(&self, table: &str) -> i64 {
        self.numbers(&format!("SELECT count(*) FROM {table}")).await[0]
    }

    /// An administrator's statement.
    pub async fn execute(&self, sql: &str) {
        administer!(self, connection => {
            sqlx::query(AssertSqlSafe(sql.to_owned())).execute(connection).await.unwrap();
        })
    }

    /// An administrator's query of one number column.
    pub async fn numbers(&self, sql: &str) -> Vec<i64> {
        administer!(self, connection => {
            sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(connection).await.unwrap()
        })
    }

    /// An administrator's query of one text column.
    pub async fn texts(&self, sql: &str) -> Vec<Option<String>> {
        administer!(self, connection => {
            sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(connection).await.unwrap()
        })
    }

    pub fn id(&self) -> i64 {
        self.next.fetch_add(1, Ordering::SeqCst)
    }

    pub fn person(id: i64) -> Person {
        Person {
            id,
            first_name: if id == ANNA { "Anna <b>" } else { "Boris" }.to_owned(),
            last_name: None,
            username: None,
            language_code: None,
        }
    }

    pub fn incoming(&self, update_id: i64, event: Event) -> Incoming {
        Incoming {
            bot: 0,
            update_id,
            channel: Channel::Webhook,
            trace_id: format!("t{update_id}"),
            arrived: Instant::now() - self.late,
            event,
        }
    }

    pub fn message(person: i64, chat: i64, content: Content) -> Event {
        Event::Message(MessageIn {
            from: Self::person(person),
            place: place(chat),
            message_id: 10,
            content,
        })
    }

    pub fn callback(person: i64, chat: i64, data: &str) -> Event {
        Event::Callback(CallbackIn {
            id: "q1".to_owned(),
            from: Self::person(person),
            place: place(chat),
            message_id: 11,
            data: data.to_owned(),
        })
    }

    pub async fn update(&mut self, update_id: i64, event: Event) -> Reply {
        let incoming = self.incoming(update_id, event);
        self.take(incoming).await
    }

    pub async fn take(&mut self, incoming: Incoming) -> Reply {
        let outcome = self.engine.handle(incoming).await;
        self.reply(outcome)
    }

    pub fn reply(&mut self, outcome: Outcome) -> Reply {
        let mut reply = Reply {
            calls: Vec::new(),
            offered: None,
            busy: false,
        };
        match outcome {
            Outcome::Busy { .. } => reply.busy = true,
            Outcome::Done { response, calls } => {
                if let Some((call, offered)) = response {
                    reply.calls.push(call);
                    reply.offered = offered;
                }
                reply
                    .calls
                    .extend(calls.into_iter().map(|outgoing| outgoing.call));
            }
        }
        reply.calls.extend(self.announced());
        reply
    }

    pub fn announced(&mut self) -> Vec<Call> {
        let mut calls = Vec::new();
        while let Ok(rows) = self.rows.try_recv() {
            calls.extend(rows.into_iter().map(|row| row.call));
        }
        calls
    }

    pub async fn say(&mut self, person: i64, text: &str) -> Reply {
        self.send(person, Content::Text(text.to_owned())).await
    }

    pub async fn send(&mut self, person: i64, content: Content) -> Reply {
        let id = self.id();
        self.update(id, Self::message(person, person, content))
            .await
    }

    pub async fn say_in_group(&mut self, person: i64, text: &str) -> Reply {
        let id = self.id();
        let content = Content::Text(text.to_owned());
        self.update(id, Self::message(person, GROUP, content)).await
    }

    pub async fn press(&mut self, person: i64, data: &str) -> Reply {
        let id = self.id();
        self.update(id, Self::callback(person, person, data)).await
    }
}

pub fn place(chat: i64) -> Place {
    Place {
        chat_id: chat,
        private: chat > 0,
        thread_id: 0,
    }
}
