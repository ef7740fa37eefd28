//! From an update to what it caused. The only caller of generated code.

mod account;
mod compose;
mod deliver;
mod dialogue;
mod guard;
pub mod jobs;
mod limits;
mod order;
#[cfg(feature = "postgres")]
mod postgres;
mod route;
mod seat;
#[cfg(feature = "sqlite")]
mod sqlite;
mod timers;
mod turn;

use std::sync::Arc;
use std::time::Duration;

use botfactory_lang::callback::{Keys, PagePress};
use botfactory_lang::locale::LocaleIndex;

use account::{Ran, What};
use compose::{Frame, compose};
use deliver::Parcel;
use guard::Ended;
use order::Order;
use route::{Route, Work};
use seat::{Seat, Update};
use turn::Turn;

use crate::bot::{Bot, Effect, OnAmbiguous, Reads};
use crate::handler::db::Connection;
use crate::handler::error::HandlerError;
use crate::handler::printer::Words;
use crate::handler::{Cx, Next};
use crate::i18n::Texts;
use crate::ingress::{Channel, Event, Incoming, Person, Place};
use crate::limits::Limits;
use crate::redis::Redis;
use crate::store::events::Kind;
use crate::store::letters::ATTEMPTS;
use crate::store::outbox::{OutboxNotice, RowKey};
use crate::store::{Backend, Store, StoreError};
use crate::telegram::method::Call;
use crate::telemetry;
use crate::telemetry::events::{HandlerRan, LockWaited, StatementsRan, WidgetsUsed};
#[cfg(feature = "postgres")]
use crate::telemetry::life::{self, Life};

/// What became of an update.
#[derive(Debug)]
pub enum Outcome {
    /// Handled. `response` may ride in the webhook's response (only set for [`crate::ingress::Channel::Webhook`]);
    /// `calls` (of `pure` and `read` updates, or of a preview: all) are to be sent before the ack. Calls of `state` and
    /// `write` updates are in the outbox already.
    Done {
        /// The call for the response, and whether it is an outbox row to be marked once flushed
        /// ([`Store::mark_rode`] with [`OfferedRow::key`]; [`Store::give_back`] if the response could surely not be written).
        response: Option<(Call, Option<OfferedRow>)>,
        /// To be sent before the ack.
        calls: Vec<Outgoing>,
    },
    /// Not handled now: 503 with `Retry-After` (webhook), later again (polling).
    Busy {
        /// Seconds.
        retry_after: u32,
    },
}

impl Outcome {
    /// Acknowledged, nothing to say.
    pub const NOTHING: Self = Self::Done {
        response: None,
        calls: Vec::new(),
    };
    /// Soon again: queues empty within a second.
    pub const BUSY: Self = Self::Busy { retry_after: 1 };
}

/// A call on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The call.
    pub call: Call,
    /// What becomes of it when nobody knows whether it arrived.
    pub on_ambiguous: OnAmbiguous,
    /// The id of its message is kept with its row, so that a later call can change or delete it
    /// ([`Call::ReviseSent`], [`Call::WithdrawSent`]). Such a call never rides in a response, which tells no id.
    pub keep: bool,
}

impl Outgoing {
    /// A call with its policy.
    pub fn new(call: Call, on_ambiguous: OnAmbiguous) -> Self {
        Self {
            call,
            on_ambiguous,
            keep: false,
        }
    }
}

/// An outbox row whose call was offered as the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct OfferedRow {
    pub bot: i64,
    pub update_id: i64,
}

impl OfferedRow {
    /// Its key in the outbox.
    pub fn key(self) -> crate::store::outbox::RowKey {
        crate::store::outbox::RowKey {
            bot: self.bot,
            update_id: self.update_id,
            n: 0,
        }
    }
}

/// Whether a reply may ride in the webhook's response, where nothing counts it. Implemented by the sender.
pub trait FloodGate: Send + Sync + std::fmt::Debug {
    /// True when this process has nothing unsent for that chat and its flood budget is open; takes one message of it.
    fn open(&self, bot: i64, chat: i64) -> bool;
}

/// A bot of this deployment, as the engine serves it.
#[derive(Debug, Clone, Copy)]
pub struct Served {
    /// Generated code.
    pub bot: &'static dyn Bot,
    /// Telegram's numeric id (the token's part before `:`); `None`: preview only.
    pub telegram_id: Option<i64>,
}

/// What every update needs.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) store: Arc<Store>,
    pub(crate) keys: SecretKeys,
    pub(crate) gate: Arc<dyn FloodGate>,
    pub(crate) notice: OutboxNotice,
    pub(crate) limits: Arc<Limits>,
    /// What answers questions of bots; until it is told, nothing does.
    pub(crate) model: std::sync::OnceLock<Arc<dyn jobs::Model>>,
    /// A job was stored.
    pub(crate) jobs: tokio::sync::Notify,
}

/// [`Keys`] that do not print.
pub(crate) struct SecretKeys(Keys);

impl std::ops::Deref for SecretKeys {
    type Target = Keys;
    fn deref(&self) -> &Keys {
        &self.0
    }
}

impl std::fmt::Debug for SecretKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretKeys")
    }
}

impl Shared {
    /// Gives rows back that nobody in this process will send, in the background.
    pub(crate) fn give_back(&self, rows: Vec<RowKey>) {
        let store = self.store.clone();
        tokio::spawn(async move {
            // If even this fails, their lease runs out.
            let _ = store.give_back(rows, Duration::ZERO, false).await;
        });
    }
}

/// What runs without a claim.
#[derive(Debug, Clone, Copy)]
enum Errand<'a> {
    /// A command and its arguments.
    Command(usize, &'a str),
    /// A list whose page is turned.
    Turn(usize, &'a PagePress),
}

/// The engine.
#[derive(Debug)]
pub struct Engine {
    shared: Arc<Shared>,
    seats: Vec<Arc<Seat>>,
    order: Order,
}

/// How a command that needs no claim came out.
enum Quick {
    Well(Box<Cx>, Ran),
    Failed(HandlerError),
    /// Its time was over.
    Expired,
    Busy,
    /// It has stopped for a limit.
    Undecided,
}

/// Why an engine cannot start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A bot's texts do not parse (the compiler excludes it).
    #[error("texts of `{bot}` in `{locale}` do not parse")]
    Texts {
        /// The bot.
        bot: &'static str,
        /// The locale.
        locale: &'static str,
    },
    /// The time zone is unknown (the compiler excludes it).
    #[error("time zone of `{bot}` is unknown")]
    Zone {
        /// The bot.
        bot: &'static str,
    },
}

impl Engine {
    /// Builds every bot's texts and is ready. `bots`: the index is [`Incoming::bot`].
    pub fn new(
        store: Arc<Store>,
        bots: &[Served],
        keys: Keys,
        gate: Arc<dyn FloodGate>,
        notice: OutboxNotice,
    ) -> Result<Self, EngineError> {
        let seats = bots
            .iter()
            .map(|served| Seat::new(*served).map(Arc::new))
            .collect::<Result<Vec<_>, _>>()?;
        for seat in &seats {
            let rules = seat.bot.limits().iter().map(|limit| limit.rule);
            telemetry::metrics::begin_limits(seat.spec.id, rules);
            if seat.bot.slow() {
                telemetry::metrics::begin_jobs(seat.spec.id);
            }
        }
        Ok(Self {
            shared: Arc::new(Shared {
                store,
                limits: Arc::new(Limits::new(keys.current)),
                keys: SecretKeys(keys),
                gate,
                notice,
                model: std::sync::OnceLock::new(),
                jobs: tokio::sync::Notify::new(),
            }),
            seats,
            order: Order::default(),
        })
    }

    /// Rate limits count together with other instances from now on.
    pub fn share(&self, redis: Redis) {
        self.shared.limits.share(redis);
    }

    /// Tells the bot's own `@username`, once Telegram has said it; commands to other bots are ignored from then on.
    pub fn set_username(&self, bot: usize, username: &str) {
        if let Some(seat) = self.seats.get(bot) {
            seat.set_username(username);
        }
    }

    /// The numeric id of a bot: Telegram's, or for [`crate::ingress::Channel::Preview`] (and a bot without a token) a negative
    /// one made from its name. 0: no such bot.
    pub fn bot_id(&self, bot: usize, preview: bool) -> i64 {
        self.seats.get(bot).map_or(0, |seat| seat.id(preview))
    }

    /// Telegram's ids of a bot's admins.
    pub(crate) fn admins(&self, bot: usize) -> Arc<[i64]> {
        self.seats
            .get(bot)
            .map_or_else(|| [].into(), |seat| seat.admins())
    }

    /// Who may use what only admins may (`BOTFACTORY_ADMINS_<BOT>`), from the next update on.
    pub fn set_admins(&self, bot: usize, admins: &[i64]) {
        if let Some(seat) = self.seats.get(bot) {
            seat.set_admins(admins);
        }
    }

    /// What a bot's texts can see where nobody acts: for descriptions and the like. `None`: no such bot or locale.
    pub fn words(&self, bot: usize, locale: LocaleIndex) -> Option<Words> {
        let seat = self.seats.get(bot)?;
        (locale < seat.spec.locales.len()).then(|| Words {
            texts: seat.texts_now(),
            locale,
            person: Arc::new(Person {
                id: 0,
                first_name: String::new(),
                last_name: None,
                username: None,
                language_code: None,
            }),
            chat_id: 0,
            now: self.shared.store.clock().now(),
            args: "".into(),
            bot: seat.id(false),
            admin: false,
            reader_admin: None,
            admins: seat.admins(),
        })
    }

    /// A bot's texts as they were compiled, and as they are now.
    pub(crate) fn texts(&self, bot: usize) -> Option<(Arc<Texts>, Arc<Texts>)> {
        let seat = self.seats.get(bot)?;
        Some((seat.texts.clone(), seat.texts_now()))
    }

    /// From the next update on these are a bot's texts.
    pub(crate) fn speak(&self, bot: usize, texts: Arc<Texts>) {
        if let Some(seat) = self.seats.get(bot) {
            seat.speak(texts);
        }
    }

    /// The ids of the bots that send here.
    pub(crate) fn senders(&self) -> Vec<i64> {
        let mut ids = self.bot_ids();
        ids.retain(|id| *id > 0); // a preview's is negative
        ids
    }

    fn seat_of(&self, bot: i64) -> Option<&Arc<Seat>> {
        self.seats
            .iter()
            .find(|seat| seat.id(false) == bot || seat.id(true) == bot)
    }

    /// The folder of a bot, by its numeric id.
    pub(crate) fn name_of(&self, bot: i64) -> Option<&'static str> {
        self.seat_of(bot).map(|seat| seat.spec.id)
    }

    /// A bot's texts as they are now, by its numeric id.
    pub(crate) fn texts_of(&self, bot: i64) -> Option<Arc<Texts>> {
        self.seat_of(bot).map(|seat| seat.texts_now())
    }

    /// What a bot's texts can see where nobody acts, by its numeric id and the locale's tag (else the bot's default).
    pub(crate) fn words_in(&self, bot: i64, tag: &str) -> Option<Words> {
        let at = self
            .seats
            .iter()
            .position(|seat| seat.id(false) == bot || seat.id(true) == bot)?;
        let seat = self.seats.get(at)?;
        let locale = seat.texts.index(tag).unwrap_or(seat.spec.default_locale);
        self.words(at, locale)
    }

    /// How many bots it serves.
    pub(crate) fn bots(&self) -> usize {
        self.seats.len()
    }

    /// Handles an update. Never fails: what is nobody's fault now is [`Outcome::Busy`], what is somebody's is a dead letter.
    /// Dropping the future does not undo an update that the writer has taken.
    pub async fn handle(&self, incoming: Incoming) -> Outcome {
        let deadline = tokio::time::Instant::from_std(incoming.arrived + seat::DEADLINE);
        let (bot, channel) = (incoming.bot, incoming.channel);
        let preview = match channel {
            Channel::Preview => self.key_of(bot, channel, &incoming.event),
            Channel::Webhook | Channel::Polling => None,
        };
        let handled = async {
            let outcome = self.route(incoming).await;
            match preview {
                Some(key) => self.think_aloud(bot, key, outcome).await,
                None => outcome,
            }
        };
        tokio::time::timeout_at(deadline, handled)
            .await
            .unwrap_or(Outcome::BUSY)
    }

    async fn route(&self, incoming: Incoming) -> Outcome {
        let Incoming {
            bot,
            update_id,
            channel,
            trace_id,
            arrived,
            event,
        } = incoming;
        let Some(seat) = self.seats.get(bot) else {
            return Outcome::NOTHING;
        };
        let (person, place, pressed, route) = match event {
            Event::Other(_) => return Outcome::NOTHING,
            Event::Message(message) => {
                let route = route::message(seat, message.place, message.content);
                (message.from, message.place, None, route)
            }
            Event::Callback(callback) => {
                let key = Update::key(seat, channel, &callback.from, callback.place);
                let owner = seat::owner(key);
                let route = route::callback(seat, &callback.data, &self.shared.keys, owner);
                let pressed = Update::pressed(&callback);
                (callback.from, callback.place, Some(pressed), route)
            }
        };
        let key = Update::key(seat, channel, &person, place);
        let person = Arc::new(person);
        if channel != Channel::Preview {
            let store = &self.shared.store;
            let now = store.clock().micros();
            store.heard.hear(key.bot, place.chat_id, now);
            let id = seat.spec.id;
            store.people.see(key.bot, id, &person, place.private, now);
        }
        if matches!(route, Route::Ignore) {
            return Outcome::NOTHING;
        }
        if let Route::Store(Work::Answer(_)) = route
            && !place.private
        {
            // The talk of a group: the writer has nothing to do with it unless a question waits for it.
            match self.shared.store.waits(key).await {
                Ok(true) => {}
                Ok(false) => return Outcome::NOTHING,
                Err(_) => return Outcome::BUSY,
            }
        }
        let Ok(words) = self.words_of(seat, key.bot, person, place).await else {
            return Outcome::BUSY;
        };
        let update = Update {
            seat: seat.clone(),
            update_id,
            channel,
            trace_id,
            arrived,
            place,
            pressed,
            key,
            words,
            limits: self.decisions(seat, key.bot, update_id),
        };
        if let Some(held_back) = self.policed(&update, &route).await {
            return match held_back {
                Ok(cx) => {
                    let what = Kind::RatelimitHit.of("");
                    self.answer(update, &cx, what, Ran::default()).await
                }
                Err(error) => self.fail(update, &error).await,
            };
        }
        if route.is_forbidden(&update) {
            let mut cx = Cx::new(update.words.clone(), Connection::None, None);
            cx.refuse_own("bf-not-allowed");
            return self
                .answer(update, &cx, Kind::Forbidden.of(""), Ran::default())
                .await;
        }
        match route {
            Route::Ignore => Outcome::NOTHING,
            Route::Store(work) => self.write(update, work).await,
            Route::Quick { command, args } => {
                self.quick(update, Errand::Command(command, &args)).await
            }
            Route::Turn { list, press } => self.quick(update, Errand::Turn(list, &press)).await,
            Route::Unknown => {
                let mut cx = Cx::new(update.words.clone(), Connection::None, None);
                dialogue::unknown(&update, &mut cx);
                self.answer(update, &cx, Kind::Unknown.of(""), Ran::default())
                    .await
            }
            Route::Toast(hash) => {
                let mut cx = Cx::new(update.words.clone(), Connection::None, None);
                cx.toast = Some(
                    seat.bot
                        .toast(hash, &cx.words)
                        .unwrap_or_else(|| cx.words.own_plain("bf-outdated")),
                );
                self.answer(update, &cx, Kind::Press.of(""), Ran::default())
                    .await
            }
            Route::OwnToast(key) => {
                let mut cx = Cx::new(update.words.clone(), Connection::None, None);
                cx.toast = Some(cx.words.own_plain(key));
                self.answer(update, &cx, Kind::Press.of(""), Ran::default())
                    .await
            }
        }
    }

    async fn words_of(
        &self,
        seat: &Seat,
        bot: i64,
        person: Arc<Person>,
        place: Place,
    ) -> Result<Words, StoreError> {
        let stored = match seat.texts.subject(&person, place) {
            Some(subject) => self.shared.store.locale(bot, subject).await?,
            None => None,
        };
        let admin = seat.is_admin(person.id);
        Ok(Words {
            texts: seat.texts_now(),
            locale: seat.texts.choose(stored.as_deref(), &person, place),
            person,
            chat_id: place.chat_id,
            now: self.shared.store.clock().now(),
            args: "".into(),
            bot,
            admin,
            reader_admin: None,
            admins: seat.admins(),
        })
    }

    /// What neither writes nor moves a conversation: no claim, no writer; a redelivery runs it again.
    async fn quick(&self, update: Update, errand: Errand<'_>) -> Outcome {
        let what = match errand {
            Errand::Command(command, _) => {
                Kind::Command.of(account::command_name(&update.seat, command))
            }
            Errand::Turn(..) => Kind::Page.of(""),
        };
        if let Errand::Command(command, args) = errand
            && let Some(cx) = limits::ahead_of_command(&update, command, args).await
        {
            let what = Kind::RatelimitHit.of(what.name);
            return self.answer(update, &cx, what, Ran::default()).await;
        }
        for _ in 0..=limits::STOPS {
            match self.run_quick(&update, errand).await {
                Quick::Undecided => limits::settle(&update).await,
                Quick::Well(cx, ran) => return self.answer(update, &cx, what, ran).await,
                Quick::Expired => return self.expired(update).await,
                Quick::Busy => return Outcome::BUSY,
                Quick::Failed(error) => return self.fail(update, &error).await,
            }
        }
        Outcome::BUSY
    }

    async fn run_quick(&self, update: &Update, errand: Errand<'_>) -> Quick {
        let Some(time) = update.time() else {
            return Quick::Busy;
        };
        let spec = update.seat.spec;
        let class = match errand {
            Errand::Command(command, _) => spec.commands.get(command).map(|c| (c.effect, c.reads)),
            Errand::Turn(list, _) => spec.lists.get(list).map(|list| match list.reads {
                Reads::None => (Effect::Pure, Reads::None),
                reads => (Effect::Read, reads),
            }),
        };
        let (effect, reads) = class.unwrap_or((Effect::Read, Reads::Many));
        let connection = match effect {
            Effect::Pure => Connection::None,
            _ => match self.reading(reads, time).await {
                Ok(connection) => connection,
                Err(_) => return Quick::Busy,
            },
        };
        let mut cx = Cx::new(update.words.clone(), connection, None);
        cx.bot = update.key.bot;
        cx.private = update.place.private;
        cx.limits.clone_from(&update.limits);
        let began = std::time::Instant::now();
        let (ended, waited) = match errand {
            Errand::Command(command, args) => {
                cx.words.args = args.into();
                guard::timed(time, update.seat.bot.enter(&mut cx, command, args)).await
            }
            Errand::Turn(list, press) => {
                guard::timed(time, update.seat.bot.turn(&mut cx, list, press)).await
            }
        };
        // What was there to be shown is not there any more.
        if matches!(errand, Errand::Turn(..)) && cx.said.is_empty() && cx.toast.is_none() {
            cx.toast = Some(cx.words.own_plain("bf-outdated"));
        }
        let ran = Ran {
            effect: if effect == Effect::Pure {
                "pure"
            } else {
                "read"
            },
            waited,
        };
        telemetry::emit(HandlerRan {
            bot: update.seat.spec.id,
            effect: ran.effect,
            took: began.elapsed(),
        });
        telemetry::emit(StatementsRan {
            bot: update.seat.spec.id,
            queries: cx.queries,
            execs: cx.execs,
            waited,
        });
        let error = match (ended, cx.bug) {
            (Ended::Well, None) => {
                cx.connection.done().await;
                return Quick::Well(Box::new(cx), ran);
            }
            (Ended::Well, Some(place)) => HandlerError::Bug(place),
            (Ended::Failed(HandlerError::Undecided), _) => {
                cx.connection.done().await;
                return Quick::Undecided;
            }
            (Ended::Failed(error), _) => error,
            (Ended::Expired, _) => return Quick::Expired,
        };
        // The connection goes before the store is asked again.
        if error.is_outage() {
            return Quick::Busy;
        }
        Quick::Failed(error)
    }

    /// What a handler said outside the writer.
    async fn answer(&self, update: Update, cx: &Cx, what: What, ran: Ran) -> Outcome {
        let composed = compose(
            &Frame {
                update: &update,
                keys: &self.shared.keys,
                words: &cx.words,
                run: 0,
                next: &Next::Stay,
                keyboard_before: false,
            },
            &cx.said,
            cx.toast.as_ref(),
        );
        match composed {
            Ok(composed) => {
                let store = &self.shared.store;
                if let Some(event) = account::event(store, &update, what, ran, Some(cx)) {
                    store.events.record(event);
                }
                telemetry::emit(WidgetsUsed {
                    bot: update.seat.spec.id,
                    drawn: (what.kind == Kind::Page).then_some("pagination"),
                    picked: None,
                });
                Parcel::new(&update, composed, &*self.shared.gate).unstored()
            }
            Err(error) => self.fail(update, &error).await,
        }
    }

    async fn fail(&self, update: Update, error: &HandlerError) -> Outcome {
        tracing::error!(
            bot_id = update.seat.spec.id,
            update_id = update.update_id,
            trace_id = %update.trace_id,
            %error,
            "handler error"
        );
        self.write(update, Work::Bury(error.code())).await
    }

    /// A handler outside the writer took too long.
    async fn expired(&self, update: Update) -> Outcome {
        if !self.shared.store.at_ease().await {
            return Outcome::BUSY; // a store that is down never counts
        }
        let counted = self
            .shared
            .store
            .count_failure(update.key.bot, update.update_id)
            .await;
        match counted {
            Ok(count) if count >= ATTEMPTS => self.write(update, Work::Bury("deadline")).await,
            _ => Outcome::BUSY,
        }
    }

    /// A connection for a command that only reads.
    async fn reading(&self, reads: Reads, time: Duration) -> Result<Connection, StoreError> {
        let store = &self.shared.store;
        match &store.backend {
            #[cfg(feature = "sqlite")]
            Backend::Sqlite(sqlite) => {
                let mut reader = sqlite.readers.get().await?;
                reader.watchdog().within(time);
                if reads == Reads::Many {
                    reader.snapshot().await?;
                }
                Ok(Connection::SqliteRead(reader))
            }
            #[cfg(feature = "postgres")]
            Backend::Postgres(_) => {
                let _ = time; // the pool's own limits hold, and whoever is dropped closes its connection
                let many = reads == Reads::Many;
                let reading = crate::handler::db::Reading::new(store.clone(), many, false);
                Ok(Connection::PostgresRead(reading))
            }
        }
    }

    /// What the store decides about: one update of a conversation at a time.
    async fn write(&self, update: Update, work: Work) -> Outcome {
        let began = std::time::Instant::now();
        let Some(pass) = self.order.enter(update.key).await else {
            return Outcome::BUSY;
        };
        telemetry::emit(LockWaited {
            lock: "conversation",
            took: began.elapsed(),
        });
        if let Work::Command { command, args } = &work
            && let Some(cx) = limits::ahead_of_command(&update, *command, args).await
        {
            let what = Kind::RatelimitHit.of(account::command_name(&update.seat, *command));
            return Box::pin(self.answer(update, &cx, what, Ran::default())).await;
        }
        let turn = Turn::new(self.shared.clone(), update, work);
        match &self.shared.store.backend {
            #[cfg(feature = "sqlite")]
            Backend::Sqlite(sqlite) => {
                let outcome = sqlite::handle(sqlite, turn).await;
                drop(pass);
                outcome
            }
            // In a task of its own: what has begun is finished and counted, also when whoever waits has gone.
            #[cfg(feature = "postgres")]
            Backend::Postgres(_) => {
                let store = self.shared.store.clone();
                let task = tokio::spawn(life::during(Life::current(), async move {
                    let outcome = match store.postgres() {
                        Some(postgres) => postgres::handle(postgres, turn).await,
                        None => Outcome::BUSY,
                    };
                    drop(pass);
                    outcome
                }));
                task.await.unwrap_or(Outcome::BUSY)
            }
        }
    }
}
