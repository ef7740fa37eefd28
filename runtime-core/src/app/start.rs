//! Opening everything, in order: database and its migrations, secrets, the way to Telegram, engine, sender.

use std::sync::Arc;

use botfactory_lang::callback::Keys;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use secrecy::ExposeSecret;

use super::AppError;
use crate::bot::Bot;
use crate::broadcast::Broadcasts;
use crate::clock::Clock;
use crate::config::{Config, Key};
use crate::deployment::parts::{Boxed, Core};
use crate::deployment::registration::Registrar;
use crate::deployment::{Deployment, Served, Settings};
use crate::engine::{self, Engine, OfferedRow, Outcome, Outgoing};
use crate::incoming::Incoming;
use crate::llm::{self, Llm};
use crate::outbox::{DirectError, Sender};
use crate::redis::Redis;
use crate::redis::counters::Counters;
use crate::store::Store;
use crate::store::outbox::{OutboxNotice, OutboxRow};
use crate::store::tables::MigrationSet;
use crate::telegram::client::Client;
use crate::telemetry;
use crate::texts::Overrides;
use crate::texts::menus::BotMenus;

/// Updates whose rows may wait for the sender; what does not fit is given back to the table.
const ANNOUNCED: usize = 1024;

/// Engine, sender and store, as a deployment has them.
#[derive(Debug)]
pub struct Live {
    engine: Arc<Engine>,
    sender: Sender,
    store: Arc<Store>,
    redis: Redis,
    overrides: Arc<Overrides>,
    broadcasts: Broadcasts,
    llm: Llm,
}

impl Core for Live {
    fn handle(&self, incoming: Incoming) -> Boxed<'_, Outcome> {
        Box::pin(self.engine.handle(incoming))
    }
    fn direct(&self, bot: i64, call: Outgoing) -> Boxed<'_, Result<(), DirectError>> {
        Box::pin(self.sender.direct(bot, call))
    }
    fn flushed(&self, row: OfferedRow) {
        self.sender.flushed(row.key());
    }
    fn healthy(&self) -> Boxed<'_, bool> {
        Box::pin(self.store.health())
    }
    fn letters(&self) -> Option<&Arc<Store>> {
        Some(&self.store)
    }
    fn requeued(&self) {
        self.sender.look();
    }
    fn overrides(&self) -> Option<&Overrides> {
        Some(&self.overrides)
    }
    fn broadcasts(&self) -> Option<&Broadcasts> {
        Some(&self.broadcasts)
    }
    fn llm(&self) -> Option<&Llm> {
        Some(&self.llm)
    }
    fn set_admins(&self, bot: usize, admins: &[i64]) {
        self.engine.set_admins(bot, admins);
    }
    fn redis_healthy(&self) -> bool {
        self.redis.up()
    }
}

/// Everything, open and at rest.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct App {
    pub deployment: Deployment,
    pub store: Arc<Store>,
    pub engine: Arc<Engine>,
    pub overrides: Arc<Overrides>,
    pub broadcasts: Broadcasts,
    pub llm: Llm,
    pub sender: Sender,
    pub client: Client,
    /// Ends when the last mark is written.
    pub marking: JoinHandle<()>,
    /// What the engine commits.
    pub announced: mpsc::Receiver<Vec<OutboxRow>>,
}

/// Opens the database and brings it up to date.
///
/// # Errors
/// In words for a person.
pub async fn store(
    bots: &'static [&'static dyn Bot],
    config: &Config,
) -> Result<Arc<Store>, AppError> {
    let sets: Vec<&'static MigrationSet> = bots.iter().map(|bot| &bot.spec().migrations).collect();
    Store::open(config.database.expose_secret(), &sets, Clock::system())
        .await
        .map_err(|error| {
            let shown = config.shown_database();
            let advice = crate::store::error::advice(&error);
            let sep = if advice.is_empty() { "" } else { "; " };
            AppError::Failed(format!(
                "cannot open the database {shown}: {error}{sep}{advice}"
            ))
        })
}

/// Opens everything.
///
/// # Errors
/// In words for a person.
pub async fn open(bots: &'static [&'static dyn Bot], config: &Config) -> Result<App, AppError> {
    let store = store(bots, config).await?;
    let secret = match &config.webhook_secret {
        Some(secret) => secret.clone(),
        None => hex(stored(&store, "webhook").await?).into(),
    };
    let keys = Keys {
        current: match config.key {
            Some(Key(key)) => key,
            None => stored(&store, "key").await?,
        },
        old: config.key_old.map(|Key(key)| key),
    };
    let shared = keys.current;
    let name = hex(stored(&store, "deployment").await?)
        .chars()
        .take(16)
        .collect();
    telemetry::logs::pseudonyms(keys.current);
    store.keep_events(config.observe.events_days);
    let connected = config.tokens.iter().any(Option::is_some);
    let client = if connected {
        Client::new(&config.telegram_api).map_err(|e| AppError::Failed(e.to_string()))?
    } else {
        // Reading this machine's certificates takes longer than everything else at start.
        Client::without_tls(&config.telegram_api).map_err(|e| AppError::Failed(e.to_string()))?
    };
    let redis = match &config.redis {
        Some(url) => {
            telemetry::metrics::begin_redis();
            Redis::open(url.expose_secret()).map_err(|e| AppError::Failed(e.to_string()))?
        }
        None => Redis::alone(),
    };
    store.share(redis.clone());
    let (sender, marking) = Sender::new(client.clone(), store.clone(), redis.clone());
    let (notice, announced) = OutboxNotice::channel(ANNOUNCED);
    let mut served = Vec::with_capacity(bots.len());
    let mut seats = Vec::with_capacity(bots.len());
    for (at, bot) in bots.iter().enumerate() {
        let token = config.tokens.get(at).cloned().flatten();
        if let Some(token) = &token {
            sender.set_bot(bot.spec().id, token.clone());
        }
        seats.push(engine::Served {
            bot: *bot,
            telegram_id: token.as_ref().map(crate::telegram::token::Token::bot),
        });
        served.push(Served::new(*bot, token));
    }
    let engine = Engine::new(
        store.clone(),
        &seats,
        keys,
        Arc::new(sender.clone()),
        notice,
    )
    .map_err(|error| AppError::Failed(error.to_string()))?;
    engine.share(redis.clone());
    for (at, bot) in bots.iter().enumerate() {
        let admins = config.admins.get(at).map_or(&[][..], Vec::as_slice);
        engine.set_admins(at, admins);
        let spec = bot.spec();
        let wanted = spec.tells_admins || spec.commands.iter().any(|command| command.admins);
        if admins.is_empty() && wanted {
            tracing::warn!(
                bot_id = spec.id,
                variable = %crate::config::admins_variable(spec.id),
                "nobody is an admin of this bot: what only admins may do is closed"
            );
        }
    }
    let engine = Arc::new(engine);
    let overrides = Arc::new(Overrides::new(store.clone(), engine.clone()));
    let loaded = overrides.load().await;
    loaded.map_err(|e| AppError::Failed(format!("cannot read overridden texts: {e}")))?;
    let registrar = connected.then(|| {
        let menus = BotMenus::new(engine.clone(), store.clock());
        Registrar::new(
            client.clone(),
            Arc::new(menus),
            Some(sender.clone()),
            config.public_url.clone(),
            secret.clone(),
            redis.clone(),
        )
    });
    let facts = bots
        .iter()
        .map(|bot| bot.spec())
        .map(|spec| (spec.id, spec.tz));
    let llm = Llm::open(llm::Parts {
        bots: facts.collect(),
        config: config.llm.clone(),
        store: store.clone(),
        redis: redis.clone(),
        key: shared,
        moderators: Vec::new(),
        rules: llm::breaker::Rules::default(),
        time: llm::breaker::Monotonic::default(),
    })
    .map_err(|error| AppError::Failed(error.to_string()))?;
    engine.set_model(Arc::new(llm.clone()));
    sender.hold_bulk_to(config.bulk_per_second);
    let broadcasts = Broadcasts::new(
        store.clone(),
        engine.clone(),
        sender.clone(),
        config.bulk_per_second,
    );
    let core = Live {
        engine: engine.clone(),
        sender: sender.clone(),
        store: store.clone(),
        redis: redis.clone(),
        overrides: overrides.clone(),
        broadcasts: broadcasts.clone(),
        llm: llm.clone(),
    };
    let settings = Settings {
        name,
        webhook_secret: secret,
        admin_key: config.admin_key,
        proxies: config.proxies.clone(),
        admin_apart: config.admin_listen.is_some(),
        public_url: config.public_url.clone(),
        postgres: config.database.expose_secret().starts_with("postgres"),
        redis: redis.configured(),
        counters: Arc::new(Counters::new(redis)),
    };
    Ok(App {
        deployment: Deployment::new(served, Arc::new(core), settings, registrar),
        store,
        engine,
        overrides,
        broadcasts,
        llm,
        sender,
        client,
        marking,
        announced,
    })
}

async fn stored(store: &Store, name: &'static str) -> Result<[u8; 32], AppError> {
    store.secret(name).await.map_err(|error| {
        AppError::Failed(format!("cannot read a secret from the database: {error}"))
    })
}

fn hex(bytes: [u8; 32]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
