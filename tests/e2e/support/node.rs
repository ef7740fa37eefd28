//! A running binary. Ended by its own pid only; dropped, it is killed.

use std::net::SocketAddr;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use super::http::{self, Answer};
use super::within;

type Lines = Arc<Mutex<Vec<String>>>;

/// A process that serves.
#[derive(Debug)]
pub struct Node {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    out: Lines,
    err: Lines,
    reading: Vec<JoinHandle<()>>,
}

impl Node {
    /// Starts it and waits until it says where it listens.
    pub async fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let (out, err) = (Lines::default(), Lines::default());
        let reading = vec![
            tokio::spawn(read(child.stdout.take().unwrap(), out.clone())),
            tokio::spawn(read(child.stderr.take().unwrap(), err.clone())),
        ];
        let address = within("starting", async {
            loop {
                let said = err.lock().unwrap().iter().find_map(|line| address(line));
                if let Some(address) = said {
                    return address;
                }
                if let Some(status) = child.try_wait().unwrap() {
                    panic!("ended at start with {status}: {:#?}", err.lock().unwrap());
                }
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            }
        })
        .await;
        Self {
            child,
            address,
            out,
            err,
            reading,
        }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// SIGTERM; returns at once.
    pub async fn signal(&self) {
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -TERM {}", self.pid())])
            .status()
            .await
            .unwrap();
        assert!(sent.success());
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        let status = within("ending", self.child.wait()).await.unwrap();
        for reading in self.reading.drain(..) {
            let _ = reading.await;
        }
        status
    }

    /// SIGTERM and a proper end.
    pub async fn stop(mut self) -> String {
        self.signal().await;
        let status = self.ended().await;
        let output = self.output();
        assert!(status.success(), "{status}: {output}");
        output
    }

    /// SIGKILL: it gets no chance to do anything more.
    pub async fn kill(mut self) {
        self.child.start_kill().unwrap();
        self.ended().await;
    }

    /// Everything it has printed, logs first.
    pub fn output(&self) -> String {
        let mut lines = self.out.lock().unwrap().clone();
        lines.extend(self.err.lock().unwrap().iter().cloned());
        lines.join("\n")
    }

    /// Its log lines.
    pub fn logs(&self) -> Vec<String> {
        self.out.lock().unwrap().clone()
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        http::get(self.address, path).await
    }

    /// `POST` of JSON.
    pub async fn post(&self, path: &str, body: &serde_json::Value) -> Answer {
        http::post(self.address, path, &[], body.to_string().as_bytes()).await
    }
}

async fn read(from: impl AsyncRead + Unpin, into: Lines) {
    let mut lines = BufReader::new(from).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        into.lock().unwrap().push(line);
    }
}

fn address(line: &str) -> Option<SocketAddr> {
    let (_, address) = line.split_once("http://")?;
    if !line.starts_with("Talk to them") {
        return None;
    }
    address.trim_end_matches('/').parse().ok()
}
