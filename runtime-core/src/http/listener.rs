//! Sockets: ports that two instances can share while one takes over from the other, and connections that know when a
//! response has left.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

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

/// A [`TcpListener`] whose connections tell when what was written to them has been flushed.
#[derive(Debug)]
pub struct FlushListener(pub TcpListener);

impl Listener for FlushListener {
    type Io = FlushStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (FlushStream, SocketAddr) {
        // axum's own accept for TCP retries and pauses on errors as it should.
        let (stream, peer) = Listener::accept(&mut self.0).await;
        // Small answers must not wait for more data.
        let _ = stream.set_nodelay(true);
        let stream = FlushStream {
            stream,
            flushes: Flushes::default(),
        };
        (stream, peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
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
}

impl Connected<IncomingStream<'_, FlushListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, FlushListener>) -> Self {
        Self {
            address: *stream.remote_addr(),
            flushes: stream.io().flushes.clone(),
        }
    }
}

/// A TCP connection that reports flushes. hyper flushes the stream only when its own buffer is empty.
#[derive(Debug)]
pub struct FlushStream {
    stream: TcpStream,
    flushes: Flushes,
}

impl AsyncRead for FlushStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for FlushStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        if matches!(flushed, Poll::Ready(Ok(()))) {
            self.flushes.flushed();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
