//! For which engines a run proves the bots, and who answers for Postgres.

use std::sync::{Arc, Mutex, PoisonError};

use clap::{Args, ValueEnum};

use super::complain;
use crate::check::sql::postgres::{Database, Oracle};
use crate::postgres::Server;
use crate::{Compiled, Engine, Input, Options, compile, compile_all};

/// `--engine`, `--offline`.
#[derive(Debug, Clone, Copy, Args)]
pub struct Engines {
    /// The databases that the SQL is checked for
    #[arg(long, value_enum, default_value_t = Which::Sqlite)]
    pub engine: Which,
    /// Ask no Postgres server: trust what `botgen prepare` has kept
    #[arg(long)]
    offline: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Which {
    /// SQLite, the default of the runtime
    Sqlite,
    /// Postgres, on the server of BOTGEN_DATABASE_URL or a private one
    Postgres,
    /// Both; what both find is reported once
    All,
}

impl Engines {
    /// Compiles for what was asked. `None`: it could not, which was said.
    pub fn compile(self, input: &Input) -> Option<Compiled> {
        if self.engine == Which::Sqlite {
            if self.offline {
                complain(
                    "`--offline` is about Postgres: it needs `--engine postgres` or `--engine all`",
                );
                return None;
            }
            return Some(compile(input, &Options::now()));
        }
        let server = if self.offline { None } else { Some(server()?) };
        let options = Options {
            engine: Engine::Postgres,
            postgres: server,
            ..Options::now()
        };
        if self.engine == Which::Postgres {
            return Some(compile(input, &options));
        }
        Some(compile_all(input, &options))
    }
}

/// The Postgres of this environment, ready to answer. `None`: there is none, which was said.
pub fn server() -> Option<Arc<dyn Oracle>> {
    match open() {
        Ok(server) => Some(server),
        Err(words) => {
            complain(&words);
            None
        }
    }
}

/// The same for who can do without.
pub fn quiet_server() -> Option<Arc<dyn Oracle>> {
    open().ok()
}

fn open() -> Result<Arc<dyn Oracle>, String> {
    let server = Server::from_env().and_then(|server| {
        // Opened before anything is checked: that there is no server is no mistake of a bot.
        let first = server.open()?;
        Ok(Opened {
            server,
            first: Mutex::new(Some(first)),
        })
    });
    server.map(|server| Arc::new(server) as Arc<dyn Oracle>)
}

/// A server whose first database is open already.
#[derive(Debug)]
struct Opened {
    server: Server,
    first: Mutex<Option<Box<dyn Database>>>,
}

impl Oracle for Opened {
    fn open(&self) -> Result<Box<dyn Database>, String> {
        let first = self
            .first
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        first.map_or_else(|| self.server.open(), Ok)
    }
}
