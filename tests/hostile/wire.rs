//! A connection that is kept: thousands of requests, and bytes that are no request at all.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What came back; `None`: the connection was closed without a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Said {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A connection.
pub struct Wire {
    to: SocketAddr,
    stream: Option<TcpStream>,
}

impl Wire {
    pub fn new(to: SocketAddr) -> Self {
        Self { to, stream: None }
    }

    /// A request with a body, on the connection of the one before where that stands.
    pub async fn ask(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) -> Said {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{headers}\r\n",
            body.len()
        );
        let mut request = head.into_bytes();
        request.extend_from_slice(body);
        // A connection that was kept may have been closed meanwhile.
        for _ in 0..2 {
            if let Some(said) = self.once(&request).await {
                return said;
            }
        }
        panic!("no answer to {method} {path}");
    }

    async fn once(&mut self, request: &[u8]) -> Option<Said> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => connect(self.to).await,
        };
        stream.write_all(request).await.ok()?;
        let said = read(&mut stream).await?;
        let closes = said.head.to_ascii_lowercase().contains("connection: close");
        self.stream = (!closes).then_some(stream);
        Some(said)
    }
}

pub async fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Bytes as they are, and every response to them, until the connection is closed or nothing more comes.
pub async fn raw(to: SocketAddr, bytes: &[u8]) -> Vec<Said> {
    let mut stream = connect(to).await;
    // It may be closed before everything is written.
    let _ = stream.write_all(bytes).await;
    let mut all = Vec::new();
    loop {
        let next = tokio::time::timeout(Duration::from_millis(400), read(&mut stream));
        match next.await {
            Ok(Some(said)) => all.push(said),
            _ => return all,
        }
    }
}

/// One response.
pub async fn read(stream: &mut TcpStream) -> Option<Said> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        match stream.read(&mut byte).await {
            Ok(1) => head.push(byte[0]),
            _ => return None,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Said { status, head, body })
}
