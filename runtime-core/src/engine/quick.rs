//! Commands that only read, and lists whose page is turned: no claim, no writer.

use std::time::Duration;

use botfactory_lang::callback::PagePress;

use super::account::{self, Ran};
use super::guard::{self, Ended};
use super::seat::Update;
use super::{Engine, Outcome, limits};
use crate::handler::Cx;
use crate::handler::db::Connection;
#[cfg(feature = "postgres")]
use crate::handler::db::Reading;
use crate::handler::effect::{Effect, Reads};
use crate::handler::error::HandlerError;
use crate::store::events::Kind;
use crate::store::{Backend, StoreError};
use crate::telemetry;
use crate::telemetry::events::{HandlerRan, StatementsRan};

/// What runs without a claim.
#[derive(Debug, Clone, Copy)]
pub(super) enum Errand<'a> {
    /// A command and its arguments.
    Command(usize, &'a str),
    /// A list whose page is turned.
    Turn(usize, &'a PagePress),
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

impl Engine {
    /// What neither writes nor moves a conversation: no claim, no writer; a redelivery runs it again.
    pub(super) async fn quick(&self, update: Update, errand: Errand<'_>) -> Outcome {
        let what = match errand {
            Errand::Command(command, _) => {
                Kind::Command.of(account::command_name(&update.seat, command))
            }
            Errand::Turn(list, _) => {
                let list = update.seat.spec.lists.get(list);
                Kind::Page.of(list.map_or("", |list| list.command))
            }
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
                Quick::Well(cx, ran) => {
                    let what = if cx.held_back {
                        Kind::RatelimitHit.of(what.name)
                    } else {
                        what
                    };
                    return self.answer(update, &cx, what, ran).await;
                }
                Quick::Expired => return self.expired(update, what.name).await,
                Quick::Busy => return Outcome::BUSY,
                Quick::Failed(error) => return self.fail(update, &error, what.name).await,
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
                let reading = Reading::new(store.clone(), many, false);
                Ok(Connection::PostgresRead(reading))
            }
        }
    }
}
