//! A deployment's folder, port and environment; they outlive its processes, so that one can be started again.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::Mutex;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpSocket;
use tokio::process::Command;

use super::{Node, within};

/// The built binary.
pub const BINARY: &str = env!("CARGO_BIN_EXE_botfactory");

/// A folder, a port and an environment.
#[derive(Debug)]
pub struct Home {
    folder: PathBuf,
    /// Bound but never listened on: nobody else gets the port between two starts.
    _reserved: TcpSocket,
    /// Where the deployment listens.
    pub port: u16,
    variables: Mutex<Vec<(String, String)>>,
}

impl Home {
    /// An empty folder and a free port.
    pub fn new() -> Self {
        let name = format!("botfactory-e2e-{:016x}", rand::random::<u64>());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let (reserved, port) = reserve();
        let home = Self {
            _reserved: reserved,
            port,
            variables: Mutex::default(),
            folder,
        };
        let database = format!("sqlite://{}", home.database().display());
        home.with("DATABASE_URL", &database)
            .with("BOTFACTORY_LISTEN", &format!("127.0.0.1:{port}"))
    }

    /// Sets a variable; an empty value takes it away.
    pub fn with(self, name: &str, value: &str) -> Self {
        self.set(name, value);
        self
    }

    /// Sets a variable for the next start; an empty value takes it away.
    pub fn set(&self, name: &str, value: &str) {
        let mut variables = self.variables.lock().unwrap();
        variables.retain(|(known, _)| known != name);
        if !value.is_empty() {
            variables.push((name.to_owned(), value.to_owned()));
        }
    }

    /// What is set for the next start.
    pub fn variable(&self, name: &str) -> Option<String> {
        let variables = self.variables.lock().unwrap();
        let set = variables.iter().find(|(known, _)| known == name);
        set.map(|(_, value)| value.clone())
    }

    /// The working directory of its processes.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The database's file.
    pub fn database(&self) -> PathBuf {
        self.folder.join("data/bots.db")
    }

    /// The binary with these arguments, in this folder with nothing but this environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command
            .args(arguments)
            .env_clear()
            .envs(self.variables.lock().unwrap().iter().map(|(n, v)| (n, v)))
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Starts `serve` and waits until it says where it listens.
    pub async fn start(&self) -> Node {
        Node::start(self.command(&["serve"])).await
    }

    /// Starts `serve` and waits until it has ended, which it should at once.
    pub async fn refused(&self) -> (i32, String) {
        let output = self.run(&["serve"], "").await;
        let code = output.status.code().expect("it was not killed");
        (code, String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// Runs the binary to its end with this on standard input.
    pub async fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_owned();
        let writing = tokio::spawn(async move {
            // It may have ended without reading.
            let _ = stdin.write_all(input.as_bytes()).await;
        });
        let output = within("running the binary", child.wait_with_output()).await;
        writing.await.unwrap();
        output.unwrap()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A free port that stays ours: a socket with `SO_REUSEPORT`, as the binary's own, that never listens.
pub fn reserve() -> (TcpSocket, u16) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseport(true).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = socket.local_addr().unwrap().port();
    (socket, port)
}
