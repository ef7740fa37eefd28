//! A way to a private Postgres that counts round trips, and can be cut or held.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The way. Ends with its last copy.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    socket: PathBuf,
    trips: AtomicU64,
    held: AtomicBool,
    cut: watch::Sender<u64>,
}

impl Proxy {
    /// To the server whose socket is in `folder`.
    ///
    /// # Panics
    /// There is no free port.
    pub async fn start(folder: PathBuf) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let shared = Arc::new(Shared {
            socket: folder.join(".s.PGSQL.5432"),
            trips: AtomicU64::new(0),
            held: AtomicBool::new(false),
            cut: watch::channel(0).0,
        });
        let accepting = tokio::spawn(accept(listener, shared.clone()));
        Self {
            port,
            shared,
            accepting,
        }
    }

    /// For `DATABASE_URL`.
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgres://postgres@127.0.0.1:{}/{database}?sslmode=disable",
            self.port
        )
    }

    /// How often an answer was asked for: `Sync` of the extended protocol, `Query` of the simple one
    /// (<https://www.postgresql.org/docs/current/protocol-message-formats.html>).
    pub fn trips(&self) -> u64 {
        self.shared.trips.load(Ordering::SeqCst)
    }

    /// Breaks every connection.
    pub fn cut(&self) {
        self.shared.cut.send_modify(|cuts| *cuts += 1);
    }

    /// Passes nothing on until it is let go: connections stay open.
    pub fn hold(&self, held: bool) {
        self.shared.held.store(held, Ordering::SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(pass(client, shared.clone()));
    }
}

async fn pass(client: TcpStream, shared: Arc<Shared>) {
    let mut cut = shared.cut.subscribe();
    let _ = client.set_nodelay(true);
    let Ok(server) = UnixStream::connect(&shared.socket).await else {
        return;
    };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let there = async {
        let mut counter = Counter::default();
        let mut buffer = vec![0; 16 << 10];
        loop {
            let read = from_client.read(&mut buffer).await?;
            shared
                .trips
                .fetch_add(counter.count(&buffer[..read]), Ordering::SeqCst);
            while shared.held.load(Ordering::SeqCst) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            if read == 0 {
                return to_server.shutdown().await;
            }
            to_server.write_all(&buffer[..read]).await?;
        }
    };
    let back = async {
        let mut buffer = vec![0; 16 << 10];
        loop {
            let read = from_server.read(&mut buffer).await?;
            if read == 0 {
                return to_client.shutdown().await;
            }
            to_client.write_all(&buffer[..read]).await?;
        }
    };
    tokio::select! {
        _ = async { tokio::join!(there, back) } => {}
        _ = cut.changed() => {}
    }
}

/// Reads the client's messages as they come, in whatever pieces.
#[derive(Debug, Default)]
struct Counter {
    /// The first message has no type.
    begun: bool,
    header: Vec<u8>,
    /// Bytes of the message that are still to come.
    left: usize,
}

impl Counter {
    fn count(&mut self, mut bytes: &[u8]) -> u64 {
        let mut trips = 0;
        while !bytes.is_empty() {
            if self.left > 0 {
                let skipped = self.left.min(bytes.len());
                self.left -= skipped;
                bytes = &bytes[skipped..];
                continue;
            }
            self.header.push(bytes[0]);
            bytes = &bytes[1..];
            let typed = usize::from(self.begun);
            if self.header.len() < 4 + typed {
                continue;
            }
            if self.begun && matches!(self.header[0], b'S' | b'Q') {
                trips += 1;
            }
            let length = self.header[typed..].iter();
            let length = length.fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            self.left = length.saturating_sub(4);
            self.begun = true;
            self.header.clear();
        }
        trips
    }
}
