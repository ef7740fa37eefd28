//! From an update to what it caused. The only caller of generated code.

mod account;
mod bots;
mod compose;
mod deliver;
mod dialogue;
mod guard;
pub mod jobs;
mod limits;
mod order;
mod outcome;
#[cfg(feature = "postgres")]
mod postgres;
mod quick;
mod route;
mod seat;
mod shared;
#[cfg(feature = "sqlite")]
mod sqlite;
mod timers;
mod turn;

pub use outcome::{OfferedRow, Outcome, Outgoing};
pub use shared::FloodGate;
pub(crate) use shared::{SecretKeys, Shared};

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use botfactory_lang::callback::Keys;

use account::{Ran, What};
use compose::{Frame, compose};
use deliver::Parcel;
use order::Order;
use quick::Errand;
use route::{Route, Work};
use seat::{Seat, Update};
use turn::Turn;

use crate::bot::Bot;
use crate::handler::db::Connection;
use crate::handler::error::HandlerError;
use crate::handler::printer::Words;
use crate::handler::{Cx, Next};
use crate::incoming::{Channel, Event, Incoming, Person, Place};
use crate::limits::Limits;
use crate::redis::Redis;
use crate::store::events::Kind;
use crate::store::letters::ATTEMPTS;
use crate::store::outbox::OutboxNotice;
use crate::store::{Backend, Store, StoreError};
use crate::telegram::flood::BULK_PER_SECOND;
use crate::telemetry;
use crate::telemetry::events::{LockWaited, WidgetsUsed};
#[cfg(feature = "postgres")]
use crate::telemetry::life::{self, Life};

/// A bot of this deployment, as the engine serves it.
#[derive(Debug, Clone, Copy)]
pub struct Served {
    /// Generated code.
    pub bot: &'static dyn Bot,
    /// Telegram's numeric id (the token's part before `:`); `None`: preview only.
    pub telegram_id: Option<i64>,
}

/// The engine.
#[derive(Debug)]
pub struct Engine {
    shared: Arc<Shared>,
    seats: Vec<Arc<Seat>>,
    order: Order,
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
                bulk: AtomicU32::new(BULK_PER_SECOND),
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

    /// Messages a second of one bot's broadcasts, all together.
    pub(crate) fn hold_bulk_to(&self, per_second: u32) {
        self.shared.bulk.store(per_second, Ordering::Relaxed);
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
        let mut noted = None;
        if channel != Channel::Preview {
            let store = &self.shared.store;
            let now = store.clock().micros();
            store.heard.hear(key.bot, place.chat_id, now);
            let id = seat.spec.id;
            let anew = store.people.see(key.bot, id, &person, place.private, now);
            noted = anew.then_some(now);
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
            noted,
        };
        if let Some(held_back) = self.policed(&update, &route).await {
            return match held_back {
                Ok(cx) => {
                    let what = Kind::RatelimitHit.of(route.command(seat));
                    self.answer(update, &cx, what, Ran::default()).await
                }
                Err(error) => self.fail(update, &error, route.command(seat)).await,
            };
        }
        if route.is_forbidden(&update) {
            let mut cx = Cx::new(update.words.clone(), Connection::None, None);
            cx.refuse_own("bf-not-allowed");
            let what = Kind::Forbidden.of(route.command(seat));
            return self.answer(update, &cx, what, Ran::default()).await;
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
            bulk: self.shared.bulk.load(Ordering::Relaxed),
            admin,
            reader_admin: None,
            admins: seat.admins(),
        })
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
            Err(error) => self.fail(update, &error, what.name).await,
        }
    }

    /// `flow`: the command whose handler failed, where it is known.
    async fn fail(&self, update: Update, error: &HandlerError, flow: &'static str) -> Outcome {
        tracing::error!(
            bot_id = update.seat.spec.id,
            update_id = update.update_id,
            trace_id = %update.trace_id,
            %error,
            "handler error"
        );
        let code = error.code();
        self.write(update, Work::Bury { code, flow }).await
    }

    /// A handler outside the writer took too long.
    async fn expired(&self, update: Update, flow: &'static str) -> Outcome {
        if !self.shared.store.at_ease().await {
            return Outcome::BUSY; // a store that is down never counts
        }
        let counted = self
            .shared
            .store
            .count_failure(update.key.bot, update.update_id)
            .await;
        match counted {
            Ok(count) if count >= ATTEMPTS => {
                let code = "deadline";
                self.write(update, Work::Bury { code, flow }).await
            }
            _ => Outcome::BUSY,
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
