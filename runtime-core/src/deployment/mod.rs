//! The bots of this process with everything that serves them: what ingress and every route see.
//!
//! | module | holds |
//! |---|---|
//! | this | the bots, how each stands with Telegram, and what the configuration says |
//! | [`parts`] | the engine, the sender and the store, as one |
//! | [`delivery`] | how an update is handed to the engine within its deadline |
//! | [`registration`] | what Telegram is told about a bot |
//! | [`vitals`] | what the health routes say |

pub mod delivery;
pub mod parts;
pub mod registration;
pub mod vitals;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use arc_swap::ArcSwapOption;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use utoipa::ToSchema;

use crate::bot::{Bot, BotSpec};
use crate::config::access::{AdminKey, Proxies};
use crate::redis::counters::Counters;
use crate::telegram::token::Token;
use delivery::Delivery;
use parts::Core;
use registration::Registrar;
use vitals::Vitals;

/// Updates handled at one moment; more is overload, and Telegram keeps them.
const IN_FLIGHT: usize = 512;

/// The deployment; cheap to clone.
#[derive(Debug, Clone)]
pub struct Deployment(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    bots: Vec<Served>,
    core: Arc<dyn Core>,
    delivery: Delivery,
    permits: Arc<Semaphore>,
    settings: Settings,
    admin_key: ArcSwapOption<AdminKey>,
    vitals: Vitals,
    registrar: Option<Registrar>,
}

/// What the routes need of the configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Of the deployment: the same for every instance on one database, another one for every other. Nothing follows from it.
    pub name: String,
    /// Of the webhook, for all bots.
    pub webhook_secret: SecretString,
    /// `None`: admin and preview on loopback only.
    pub admin_key: Option<AdminKey>,
    /// Whose `X-Forwarded-For` counts.
    pub proxies: Proxies,
    /// Admin routes have a listener of their own.
    pub admin_apart: bool,
    /// Base of the webhook's address; `None`: polling.
    pub public_url: Option<String>,
    /// The database is Postgres.
    pub postgres: bool,
    /// `REDIS_URL` is set.
    pub redis: bool,
    /// Counts failed attempts, of all instances where they share a Redis.
    pub counters: Arc<Counters>,
}

/// A bot and its connection to Telegram.
#[derive(Debug)]
pub struct Served {
    /// Generated code.
    pub bot: &'static dyn Bot,
    link: RwLock<Link>,
    /// When what is read at run time was read last: microseconds since 1970.
    read_at: AtomicI64,
}

/// How a bot gets its updates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// No token: only the chat page and the terminal.
    Preview,
    /// This process asks Telegram.
    Polling,
    /// Telegram calls.
    Webhook,
}

impl Mode {
    /// For people and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Preview => "preview only",
            Self::Polling => "polling",
            Self::Webhook => "webhook",
        }
    }
}

/// How a registration with Telegram stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Standing {
    /// Nothing to do.
    #[default]
    None,
    /// Under way for the first time.
    Pending,
    /// Done.
    Ok,
    /// Failed; it is tried again.
    Failed {
        /// Class of the error.
        class: &'static str,
        /// Cleaned words.
        reason: String,
    },
}

/// A bot's connection to Telegram.
#[derive(Debug, Clone, Default)]
pub struct Link {
    /// `None`: preview only.
    pub token: Option<Token>,
    /// Without `@`, once Telegram has said it.
    pub username: Option<String>,
    /// Webhook, or polling.
    pub updates: Standing,
    /// Commands of the menu.
    pub commands: Standing,
}

impl Served {
    /// A bot with its token.
    pub fn new(bot: &'static dyn Bot, token: Option<Token>) -> Self {
        Self {
            bot,
            link: RwLock::new(Link {
                token,
                ..Link::default()
            }),
            read_at: AtomicI64::new(jiff::Timestamp::now().as_microsecond()),
        }
    }

    /// When what is read at run time was read last.
    pub fn read_at(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.read_at.load(Ordering::Relaxed)).unwrap_or_default()
    }

    /// It was read just now.
    pub fn read_again(&self) {
        let now = jiff::Timestamp::now().as_microsecond();
        self.read_at.store(now, Ordering::Relaxed);
    }

    /// Facts.
    pub fn spec(&self) -> &'static BotSpec {
        self.bot.spec()
    }

    /// How it stands with Telegram.
    pub fn link(&self) -> Link {
        self.link
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Changes how it stands.
    pub fn update(&self, change: impl FnOnce(&mut Link)) {
        change(&mut self.link.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Telegram's numeric id, where a token is known.
    pub fn telegram_id(&self) -> Option<i64> {
        self.link
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .token
            .as_ref()
            .map(Token::bot)
    }
}

impl Deployment {
    /// Of these bots; the index is [`crate::incoming::Incoming::bot`]. To be called inside a runtime.
    pub fn new(
        bots: Vec<Served>,
        core: Arc<dyn Core>,
        settings: Settings,
        registrar: Option<Registrar>,
    ) -> Self {
        Self(Arc::new(Inner {
            bots,
            vitals: Vitals::watch(core.clone()),
            core,
            delivery: Delivery::new(settings.counters.clone()),
            permits: Arc::new(Semaphore::new(IN_FLIGHT)),
            admin_key: ArcSwapOption::from_pointee(settings.admin_key),
            settings,
            registrar,
        }))
    }

    /// Every bot.
    pub fn bots(&self) -> &[Served] {
        &self.0.bots
    }

    /// A bot by index.
    pub fn bot(&self, index: usize) -> Option<&Served> {
        self.0.bots.get(index)
    }

    /// A bot by its id.
    pub fn find(&self, id: &str) -> Option<usize> {
        self.0.bots.iter().position(|bot| bot.spec().id == id)
    }

    /// A bot's id, for metrics and logs.
    pub fn name(&self, index: usize) -> &'static str {
        self.bot(index).map_or("", |bot| bot.spec().id)
    }

    /// How a bot gets its updates.
    pub fn mode(&self, bot: &Served) -> Mode {
        match (bot.telegram_id(), &self.0.settings.public_url) {
            (None, _) => Mode::Preview,
            (Some(_), None) => Mode::Polling,
            (Some(_), Some(_)) => Mode::Webhook,
        }
    }

    /// Engine, sender and store.
    pub fn core(&self) -> &dyn Core {
        &*self.0.core
    }

    /// How the parts are.
    pub fn vitals(&self) -> &Vitals {
        &self.0.vitals
    }

    /// Hands updates to the engine.
    pub fn delivery(&self) -> &Delivery {
        &self.0.delivery
    }

    /// The right to handle one more update; `None`: overload.
    pub fn permit(&self) -> Option<OwnedSemaphorePermit> {
        self.0.permits.clone().try_acquire_owned().ok()
    }

    /// What the configuration says.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Opens admin routes; `None`: this machine does.
    pub fn admin_key(&self) -> Option<Arc<AdminKey>> {
        self.0.admin_key.load_full()
    }

    /// Takes another admin token from here on; the former one opens nothing any more. False: one was taken away, which
    /// opens the routes to programs of this machine and takes a new start.
    pub fn set_admin_key(&self, key: Option<AdminKey>) -> bool {
        match key {
            Some(key) => self.0.admin_key.store(Some(Arc::new(key))),
            None => return self.admin_key().is_none(),
        }
        true
    }

    /// Registers bots with Telegram; `None` where no bot has a token.
    pub fn registrar(&self) -> Option<&Registrar> {
        self.0.registrar.as_ref()
    }

    pub(crate) fn webhook_secret(&self) -> &str {
        self.0.settings.webhook_secret.expose_secret()
    }
}
