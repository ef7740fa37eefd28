//! Sockets: ports that two instances can share while one takes over from the other, and connections that know when a
//! response has left.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;

use super::doors::{Doors, Ticket};
use super::pace::{Pace, Reading, Writing};

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// How long a listener that is to stop waits for one more connection that the system has made already, and for all.
const LAST_CONNECTION: Duration = Duration::from_millis(5);
const LAST_CONNECTIONS: Duration = Duration::from_millis(50);

/// An open port.
#[derive(Debug)]
pub struct Port {
    /// Accepts connections.
    pub listener: TcpListener,
    /// Another instance listens there too; connections are shared until it stops.
    pub shared: bool,
}

/// Opens a port so that a second instance of this program can open it too (`SO_REUSEPORT`).
///
/// # Errors
/// The port belongs to another program, or may not be opened.
pub fn open(address: SocketAddr) -> io::Result<Port> {
    // A socket without SO_REUSEPORT tells whether anybody is there.
    let shared = address.port() != 0
        && socket(address)?
            .bind(address)
            .is_err_and(|e| e.kind() == io::ErrorKind::AddrInUse);
    let socket = socket(address)?;
    #[cfg(unix)]
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    Ok(Port {
        listener: socket.listen(BACKLOG)?,
        shared,
    })
}

fn socket(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.set_reuseaddr(true)?;
    Ok(socket)
}

/// A [`TcpListener`] whose connections tell when what was written to them has been flushed. Told to stop, it takes what
/// has connected already and closes the port: with two instances on it, closing it at once would break connections that
/// the system has given to this one.
#[derive(Debug)]
pub struct FlushListener {
    /// `None`: closed.
    listener: Option<TcpListener>,
    address: SocketAddr,
    doors: Doors,
    stopped: watch::Receiver<bool>,
    /// When the port is closed at the latest, once that is known.
    closes: Option<tokio::time::Instant>,
}

impl FlushListener {
    /// Listens until `stopped` says so, and lets in as many as `doors` does.
    ///
    /// # Errors
    /// The socket has no address.
    pub fn new(
        listener: TcpListener,
        doors: Doors,
        stopped: watch::Receiver<bool>,
    ) -> io::Result<Self> {
        Ok(Self {
            address: listener.local_addr()?,
            listener: Some(listener),
            doors,
            stopped,
            closes: None,
        })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The next connection that is let in; those that are not are closed.
    pub async fn accept(&mut self) -> (FlushStream, Peer) {
        loop {
            let (stream, address) = self.next().await;
            let Some(ticket) = self.doors.enter(address.ip()) else {
                continue;
            };
            // Small answers must not wait for more data.
            let _ = stream.set_nodelay(true);
            let peer = Peer {
                address,
                flushes: Flushes::default(),
                pace: Pace::default(),
            };
            let stream = FlushStream {
                stream,
                flushes: peer.flushes.clone(),
                pace: peer.pace.clone(),
                reading: Reading::default(),
                writing: Writing::default(),
                _ticket: ticket,
            };
            return (stream, peer);
        }
    }

    async fn next(&mut self) -> (TcpStream, SocketAddr) {
        let mut stopped = self.stopped.clone();
        if let Some(listener) = &mut self.listener {
            let told = tokio::select! {
                biased;
                at = told(&mut stopped) => at,
                // axum's own accept for TCP retries and pauses on errors as it should.
                accepted = Listener::accept(listener) => return accepted,
            };
            // What has connected shows up within a turn of the reactor. More may go on coming: not for ever.
            let closes = *self.closes.get_or_insert(told + LAST_CONNECTIONS);
            let last = (tokio::time::Instant::now() + LAST_CONNECTION).min(closes);
            let last = tokio::time::timeout_at(last, Listener::accept(listener));
            if let Ok(accepted) = last.await {
                return accepted;
            }
        }
        self.listener = None;
        std::future::pending().await
    }
}

async fn told(stopped: &mut watch::Receiver<bool>) -> tokio::time::Instant {
    if stopped.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await; // whoever could have said so is gone
    }
    tokio::time::Instant::now()
}

type Action = Box<dyn FnOnce() + Send>;

/// What is to happen once a connection has flushed what was written so far. Lost with the connection.
#[derive(Clone, Default)]
pub struct Flushes(Arc<Mutex<Vec<Action>>>);

impl std::fmt::Debug for Flushes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Flushes")
    }
}

impl Flushes {
    /// To be called when the data has been handed to the HTTP machinery.
    pub fn when_flushed(&self, action: Action) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(action);
    }

    fn flushed(&self) {
        let actions = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if !actions.is_empty() {
            crate::faults::point("response.flushed");
        }
        for action in actions {
            action();
        }
    }
}

/// Who is at the other end, and its [`Flushes`].
#[derive(Debug, Clone)]
pub struct Peer {
    /// Address of the other end.
    pub address: SocketAddr,
    /// Of this connection.
    pub flushes: Flushes,
    /// What it waits for.
    pub pace: Pace,
}

/// A TCP connection that reports flushes and does not wait for ever. hyper flushes the stream only when its own buffer is
/// empty.
#[derive(Debug)]
pub struct FlushStream {
    stream: TcpStream,
    flushes: Flushes,
    pace: Pace,
    reading: Reading,
    writing: Writing,
    _ticket: Ticket,
}

impl AsyncRead for FlushStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buf.filled().len();
        match Pin::new(&mut this.stream).poll_read(cx, buf) {
            Poll::Pending => this.reading.wait(&this.pace, cx),
            ready => {
                if buf.filled().len() > before {
                    this.pace.read();
                }
                ready
            }
        }
    }
}

impl AsyncWrite for FlushStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write(cx, buf) {
            Poll::Pending => self.writing.wait(cx),
            ready => ready,
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write_vectored(cx, bufs) {
            Poll::Pending => self.writing.wait(cx),
            ready => ready,
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        if matches!(flushed, Poll::Ready(Ok(()))) {
            self.writing.done();
            self.pace.flushed();
            self.flushes.flushed();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
