//! A real Postgres that answers for the checks: the only part of botgen that starts processes and opens sockets.
//!
//! | file | holds |
//! |---|---|
//! | [`binaries`] | where the server's programs are |
//! | [`home`] | the folder of the private cluster, and who runs it |
//! | [`cluster`] | starting it once and keeping it warm; stopping it |
//! | [`databases`] | an empty database for a run |
//! | [`session`] | one run on it: everything in one transaction that is rolled back |
//! | [`describe`](mod@describe) | what Postgres knows of a statement |
//!
//! `BOTGEN_DATABASE_URL` names a server to use. Without it botgen starts a private one from the installed programs,
//! reachable through a socket in a folder of this user only, and leaves it running for the next check: it ends when
//! nobody has used it for a while.

pub mod binaries;
pub mod cluster;
mod databases;
mod describe;
mod home;
mod session;

use std::time::Duration;

use crate::check::sql::postgres::{Database, Oracle};
pub use cluster::Cluster;

/// A server to check on.
pub const URL: &str = "BOTGEN_DATABASE_URL";
/// The folder of the programs, where they are not on PATH or in a usual place.
pub const BIN: &str = "BOTGEN_POSTGRES_BIN";
/// Seconds that the private server goes on without being used.
pub const IDLE: &str = "BOTGEN_POSTGRES_IDLE";

/// Everything of the environment that leads to a server.
pub const ENVIRONMENT: [&str; 6] = [URL, BIN, IDLE, "PATH", "HOME", "XDG_CACHE_HOME"];

/// How long a statement of a check may take.
const STATEMENT: Duration = Duration::from_secs(10);
/// How long a connection to somebody's server may take.
const CONNECT: Duration = Duration::from_secs(10);

/// The server of this environment.
#[derive(Debug)]
pub enum Server {
    /// Of `BOTGEN_DATABASE_URL`.
    Given(String),
    /// Started by botgen, or to be started when it is first needed.
    Private(Cluster),
}

impl Server {
    /// What the environment says. Nothing is started or asked yet.
    ///
    /// # Errors
    /// A variable that makes no sense, in words for people.
    pub fn from_env() -> Result<Self, String> {
        match std::env::var(URL) {
            Ok(url) if !url.trim().is_empty() => Ok(Self::Given(url)),
            Err(std::env::VarError::NotUnicode(_)) => Err(format!("`{URL}` is not UTF-8")),
            _ => Cluster::from_env().map(Self::Private),
        }
    }
}

impl Oracle for Server {
    fn open(&self) -> Result<Box<dyn Database>, String> {
        let session = match self {
            Self::Given(url) => session::Session::open(session::Place::Given(url.clone())),
            Self::Private(cluster) => {
                session::Session::open(session::Place::Private(cluster.clone()))
            }
        };
        Ok(Box::new(session?))
    }
}
