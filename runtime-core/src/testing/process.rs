//! The engine on a temporary SQLite file, without a network.

use std::path::PathBuf;
use std::sync::Arc;

use botfactory_lang::callback::Keys;
use tokio::sync::mpsc;

use crate::bot::Bot;
use crate::clock::Clock;
use crate::engine::{Engine, FloodGate, Served};
use crate::store::Store;
use crate::store::outbox::{OutboxNotice, OutboxRow};

/// Telegram's id of every bot here.
const BOT: i64 = 7_000_000_001;

/// Nothing is ever in the way.
#[derive(Debug)]
struct Open;

impl FloodGate for Open {
    fn open(&self, _: i64, _: i64) -> bool {
        true
    }
}

/// A folder that goes when it is dropped.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new() -> Self {
        let name = format!("botfactory-chat-{:016x}", rand::random::<u64>());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A started engine; its outbox rows are left to whoever holds this.
pub(super) struct Process {
    pub(super) store: Arc<Store>,
    pub(super) engine: Engine,
    pub(super) rows: mpsc::Receiver<Vec<OutboxRow>>,
}

/// Starts on the file in this folder, which may be there already.
pub(super) async fn start(
    bots: &[&'static dyn Bot],
    folder: &Folder,
    clock: &Clock,
) -> Result<Process, String> {
    let url = format!("sqlite://{}/chat.db", folder.0.display());
    let sets: Vec<_> = bots.iter().map(|bot| &bot.spec().migrations).collect();
    let store = Store::open(&url, &sets, clock.clone())
        .await
        .map_err(|error| error.to_string())?;
    let served: Vec<_> = bots
        .iter()
        .map(|bot| Served {
            bot: *bot,
            telegram_id: Some(BOT),
        })
        .collect();
    let keys = Keys {
        current: [42; 32],
        old: None,
    };
    let (notice, rows) = OutboxNotice::channel(64);
    let engine = Engine::new(store.clone(), &served, keys, Arc::new(Open), notice)
        .map_err(|error| error.to_string())?;
    Ok(Process {
        store,
        engine,
        rows,
    })
}
