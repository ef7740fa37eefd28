//! The databases that bots are checked for, and the one Postgres that answers for all tasks.

use std::sync::Arc;

use super::problem::Problem;
use crate::check::sql::postgres::Oracle;
use crate::fix::{Fixed, fix};
use crate::postgres::Server;
use crate::{Compiled, Engine, Input, Options, compile, compile_all};

/// The databases that bots are checked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Engines {
    Sqlite,
    Postgres,
    All,
}

impl Engines {
    const ALL: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::All];

    /// In the worker's orders.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::All => "all",
        }
    }

    /// The other way round.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|engines| engines.name() == name)
    }

    /// One by one, for answers.
    pub fn each(self) -> &'static [&'static str] {
        match self {
            Self::Sqlite => &["sqlite"],
            Self::Postgres => &["postgres"],
            Self::All => &["sqlite", "postgres"],
        }
    }
}

/// For which databases a server checks.
#[derive(Debug, Clone)]
pub struct Checks {
    /// Which.
    pub engines: Engines,
    server: Option<Arc<Server>>,
}

impl Checks {
    /// Starts the private Postgres where one is needed and none is named: once, for every task to come.
    ///
    /// # Errors
    /// There is none, in words for people.
    pub fn begin(engines: Engines) -> Result<Self, String> {
        let server = match engines {
            Engines::Sqlite => None,
            Engines::Postgres | Engines::All => Some(Arc::new(opened()?)),
        };
        Ok(Self { engines, server })
    }

    /// Postgres answers: a private one that has ended meanwhile is started anew, here and never by a worker, whose bounds it
    /// would have.
    ///
    /// # Errors
    /// It does not.
    pub async fn ready(&self) -> Result<(), Problem> {
        let Some(server) = self.server.clone() else {
            return Ok(());
        };
        let opened = tokio::task::spawn_blocking(move || server.open().map(drop)).await;
        match opened {
            Ok(Ok(())) => Ok(()),
            _ => Err(Problem::busy("Postgres does not answer", 5)),
        }
    }
}

fn opened() -> Result<Server, String> {
    let server = Server::from_env()?;
    server.open()?;
    Ok(server)
}

/// The compiler of a task.
#[derive(Debug)]
pub struct Judge {
    /// For which databases.
    pub engines: Engines,
    postgres: Options,
}

impl Judge {
    /// Finds the Postgres that the server has started.
    ///
    /// # Errors
    /// It does not answer.
    pub fn find(engines: Engines) -> Result<Self, String> {
        let server: Option<Arc<dyn Oracle>> = match engines {
            Engines::Sqlite => None,
            Engines::Postgres | Engines::All => Some(Arc::new(opened()?)),
        };
        let postgres = Options {
            engine: Engine::Postgres,
            postgres: server,
            ..Options::now()
        };
        Ok(Self { engines, postgres })
    }

    /// Compiles.
    pub fn compile(&self, input: &Input) -> Compiled {
        match self.engines {
            Engines::Sqlite => compile(input, &Options::now()),
            Engines::Postgres => compile(input, &self.postgres),
            Engines::All => compile_all(input, &self.postgres),
        }
    }

    /// Mends what has one right answer, and looks at the rest.
    pub fn fix(&self, input: Input) -> Fixed {
        match self.engines {
            Engines::Sqlite => fix(input, &Options::now()),
            Engines::Postgres => fix(input, &self.postgres),
            Engines::All => {
                // What has one right answer has it on both.
                let fixed = fix(input, &Options::now());
                Fixed {
                    compiled: self.compile(&fixed.input),
                    ..fixed
                }
            }
        }
    }
}
