//! The engine on a database of its own, without a network.

use std::path::PathBuf;
use std::sync::Arc;

use botfactory_lang::callback::Keys;
use tokio::sync::mpsc;

use crate::bot::Bot;
use crate::clock::Clock;
use crate::engine::{Engine, FloodGate, Served};
use crate::scheduler::{Scheduler, Worker};
use crate::store::Store;
use crate::store::outbox::{OutboxNotice, OutboxRow};

/// Telegram's id of the first bot here; the others follow.
const FIRST_BOT: i64 = 7_000_000_001;

/// Nothing is ever in the way.
#[derive(Debug)]
struct Open;

impl FloodGate for Open {
    fn open(&self, _: i64, _: i64) -> bool {
        true
    }
}

/// Where the database is, gone when it is dropped.
pub(super) struct Folder {
    path: PathBuf,
    #[cfg(feature = "postgres")]
    server: Option<super::postgres::Postgres>,
}

impl Folder {
    /// On a private Postgres (in a build with that engine) or a file of its own.
    pub(super) fn new(postgres: bool) -> Self {
        let _ = postgres;
        let name = format!("botfactory-chat-{:016x}", rand::random::<u64>());
        Self {
            path: std::env::temp_dir().join(name),
            #[cfg(feature = "postgres")]
            server: postgres.then(super::postgres::Postgres::start),
        }
    }

    fn url(&self) -> String {
        #[cfg(feature = "postgres")]
        if let Some(server) = &self.server {
            return server.url("postgres");
        }
        format!("sqlite://{}/chat.db", self.path.display())
    }
}

/// Whether conversations run on Postgres: `CHATS_ENGINE=postgres`.
///
/// # Panics
/// It names an engine that there is not, or not in this build: a test that runs elsewhere than it says proves nothing.
pub(super) fn on_postgres() -> bool {
    match std::env::var("CHATS_ENGINE").as_deref() {
        Err(_) | Ok("" | "sqlite") => false,
        Ok("postgres") if cfg!(feature = "postgres") => true,
        Ok("postgres") => panic!(
            "CHATS_ENGINE=postgres, but this build has no Postgres: add `--features postgres`"
        ),
        Ok(other) => panic!("CHATS_ENGINE={other}: there are `sqlite` and `postgres`"),
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// A started engine; its outbox rows are left to whoever holds this.
pub(super) struct Process {
    pub(super) store: Arc<Store>,
    pub(super) engine: Arc<Engine>,
    pub(super) scheduler: Scheduler,
    pub(super) worker: Worker,
    pub(super) rows: mpsc::Receiver<Vec<OutboxRow>>,
}

/// Starts on the database, which may be there already.
pub(super) async fn start(
    bots: &[&'static dyn Bot],
    folder: &Folder,
    clock: &Clock,
) -> Result<Process, String> {
    let sets: Vec<_> = bots.iter().map(|bot| &bot.spec().migrations).collect();
    let store = Store::open(&folder.url(), &sets, clock.clone())
        .await
        .map_err(|error| error.to_string())?;
    let served: Vec<_> = bots
        .iter()
        .zip(FIRST_BOT..)
        .map(|(bot, id)| Served {
            bot: *bot,
            telegram_id: Some(id),
        })
        .collect();
    let keys = Keys {
        current: [42; 32],
        old: None,
    };
    let (notice, rows) = OutboxNotice::channel(64);
    let engine = Engine::new(store.clone(), &served, keys, Arc::new(Open), notice)
        .map_err(|error| error.to_string())?;
    let engine = Arc::new(engine);
    Ok(Process {
        scheduler: Scheduler::new(store.clone(), engine.clone()),
        worker: Worker::new(store.clone(), engine.clone()),
        store,
        engine,
        rows,
    })
}
