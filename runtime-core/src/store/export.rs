//! What is stored about a person, as one JSON text that is written while it is read: whole however much it is, and never more
//! of it in memory than a few pieces. All tables are read in one snapshot.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::person::Part;
use super::tables::HeldByBot;
use super::{Store, StoreError};
use crate::telemetry::life::{self, Life};
use crate::telemetry::{self, events};

/// Bytes of a piece; a row that is longer is one by itself.
const PIECE: usize = 64 << 10;
/// Pieces that wait for whoever reads: as long as an export fits in here, no connection waits for a slow reader.
const AHEAD: usize = 16;
/// How long a reader may leave a full queue as it is.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long an export may take.
pub(crate) const WHOLE: Duration = Duration::from_secs(60);
/// How long one waits for another to end.
const TURN: Duration = Duration::from_secs(2);

/// An export on its way, in pieces of JSON.
#[derive(Debug)]
pub struct Export(mpsc::Receiver<Result<Bytes, StoreError>>);

impl Export {
    /// The next piece; `None`: that was all. After an error what came before is no whole.
    pub async fn next(&mut self) -> Option<Result<Bytes, StoreError>> {
        self.0.recv().await
    }

    /// The same, to be polled.
    pub fn poll_next(
        &mut self,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Bytes, StoreError>>> {
        self.0.poll_recv(cx)
    }
}

/// Where rows of an export are written to.
#[derive(Debug)]
pub(crate) struct Out {
    tell: mpsc::Sender<Result<Bytes, StoreError>>,
    piece: Vec<u8>,
    /// The table that is being written.
    open: Option<&'static str>,
    tables: u64,
    rows: u64,
}

impl Out {
    /// A row of a table; rows of one follow each other.
    ///
    /// # Errors
    /// Nobody reads (any more).
    pub(crate) async fn row(&mut self, table: &'static str, json: &str) -> Result<(), StoreError> {
        if self.open == Some(table) {
            self.piece.push(b',');
        } else {
            self.end_table();
            let comma = if self.tables == 0 { "" } else { "," };
            // Quotes of a table's name are the compiler's to refuse; escaped all the same.
            let name = serde_json::Value::from(table);
            let head = format!("{comma}{{\"table\":{name},\"rows\":[");
            self.piece.extend_from_slice(head.as_bytes());
            self.open = Some(table);
            self.tables += 1;
        }
        self.piece.extend_from_slice(json.as_bytes());
        self.rows += 1;
        if self.piece.len() >= PIECE {
            self.hand_out().await?;
        }
        Ok(())
    }

    /// The next row begins a table, even if it is called the same.
    pub(crate) fn end_table(&mut self) {
        if self.open.take().is_some() {
            self.piece.extend_from_slice(b"]}");
        }
    }

    async fn hand_out(&mut self) -> Result<(), StoreError> {
        let piece = std::mem::take(&mut self.piece).into();
        let told = self.tell.send_timeout(Ok(piece), PATIENCE).await;
        told.map_err(|_| StoreError::Busy)
    }
}

impl Store {
    /// Begins to read everything that is stored about a person by this bot, which `numbers` are Telegram's for. Tables without
    /// a row of theirs are left out; a table that several numbers have rows in stands there for each. It ends after a minute
    /// at the latest.
    ///
    /// # Errors
    /// Another export is at work.
    pub async fn export(
        self: &Arc<Self>,
        bot: HeldByBot,
        numbers: &[i64],
        person: i64,
    ) -> Result<Export, StoreError> {
        let turn = tokio::time::timeout(TURN, self.exports.clone().acquire_owned()).await;
        let (Ok(Ok(turn)), parts) = (turn, super::person::parts(bot, numbers)) else {
            return Err(StoreError::Busy);
        };
        let (tell, pieces) = mpsc::channel(AHEAD);
        let work = run(self.clone(), bot.id, parts, person, tell, turn);
        tokio::spawn(life::during(Life::current(), work));
        Ok(Export(pieces))
    }
}

async fn run(
    store: Arc<Store>,
    bot: &'static str,
    parts: Vec<Part>,
    person: i64,
    tell: mpsc::Sender<Result<Bytes, StoreError>>,
    turn: OwnedSemaphorePermit,
) {
    let mut out = Out {
        tell,
        piece: format!("{{\"bot_id\":\"{bot}\",\"user_id\":{person},\"tables\":[").into_bytes(),
        open: None,
        tables: 0,
        rows: 0,
    };
    let read = async { backend!(store, backend => backend.export(&parts, person, &mut out).await) };
    let read = tokio::time::timeout(WHOLE, read).await;
    drop(turn);
    let ended = match read.unwrap_or(Err(StoreError::Busy)) {
        Ok(()) => {
            out.end_table();
            out.piece.extend_from_slice(b"]}");
            out.hand_out().await
        }
        Err(error) => Err(error),
    };
    telemetry::emit(events::PersonHandled {
        bot,
        what: if ended.is_ok() {
            "export"
        } else {
            "export_cut"
        },
        rows: out.rows,
    });
    if let Err(error) = ended {
        let _ = out.tell.send_timeout(Err(error), PATIENCE).await;
    }
}
