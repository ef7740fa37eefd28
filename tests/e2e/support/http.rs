//! HTTP/1.1 by hand, one connection a request: tests need to set any header, break off anywhere, and see every byte.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::within;

/// A response.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("no JSON in {}: {}", self.status, self.text()))
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Checks the status and gives the JSON.
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json()
    }

    /// Checks that it is an error of this status in the one envelope, and gives its message.
    pub fn refused(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.text());
        let json = self.json();
        let error = &json["error"];
        let keys: Vec<&str> = json
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(keys, ["error"], "{json}");
        for key in ["code", "message", "trace_id"] {
            let given = error[key].as_str().is_some_and(|text| !text.is_empty());
            assert!(given, "no `{key}` in {json}");
        }
        for key in error.as_object().unwrap().keys() {
            let known = ["code", "message", "trace_id", "details"];
            assert!(known.contains(&key.as_str()), "unknown `{key}` in {json}");
        }
        error["message"].as_str().unwrap().to_owned()
    }
}

/// A request's bytes. `Host`, `Content-Length` and `Content-Type: application/json` are added unless given.
pub fn bytes(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut request = format!("{method} {path} HTTP/1.1\r\n");
    let given = |name: &str| headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
    let length = body.len().to_string();
    let mut add = |name: &str, value: &str| {
        request.push_str(&format!("{name}: {value}\r\n"));
    };
    for (name, value) in headers {
        add(name, value);
    }
    if !given("host") {
        add("Host", "localhost");
    }
    if !given("content-length") && method != "GET" {
        add("Content-Length", &length);
    }
    if !given("content-type") && method != "GET" {
        add("Content-Type", "application/json");
    }
    if !given("connection") {
        add("Connection", "close");
    }
    request.push_str("\r\n");
    let mut bytes = request.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// Sends a request and reads its response to the end.
pub async fn send(
    to: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let request = bytes(method, path, headers, body);
    within(&format!("{method} {path}"), async {
        let mut stream = TcpStream::connect(to).await.unwrap();
        stream.set_nodelay(true).unwrap();
        // The server may answer before it has read everything.
        let _ = stream.write_all(&request).await;
        receive(&mut stream).await
    })
    .await
}

/// Sends a request's head and waits until its body is asked for: by now a handler runs. The body is the caller's.
pub async fn begin(to: SocketAddr, path: &str, headers: &[(&str, &str)], body: usize) -> TcpStream {
    let length = body.to_string();
    let mut all = vec![
        ("Expect", "100-continue"),
        ("Content-Length", length.as_str()),
    ];
    all.extend_from_slice(headers);
    let request = bytes("POST", path, &all, b"");
    within(&format!("beginning {path}"), async {
        let mut stream = TcpStream::connect(to).await.unwrap();
        stream.write_all(&request).await.unwrap();
        let mut line = [0; 25];
        stream.read_exact(&mut line).await.unwrap();
        assert_eq!(&line, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream
    })
    .await
}

/// Reads one response to the end of the connection.
pub async fn receive(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    // What was read before a reset still counts.
    let ended = stream.read_to_end(&mut bytes).await;
    parse(&bytes).unwrap_or_else(|| {
        panic!(
            "no response ({ended:?}): {:?}",
            String::from_utf8_lossy(&bytes)
        )
    })
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(bytes.get(..end)?).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let body = bytes.get(end + 4..)?.to_vec();
    let answer = Answer {
        status,
        headers,
        body,
    };
    let length = answer.header("content-length")?.parse::<usize>().ok()?;
    assert_eq!(answer.body.len(), length, "a body of another length");
    Some(answer)
}

/// `GET`.
pub async fn get(to: SocketAddr, path: &str) -> Answer {
    send(to, "GET", path, &[], b"").await
}

/// `POST`.
pub async fn post(to: SocketAddr, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    send(to, "POST", path, headers, body).await
}
