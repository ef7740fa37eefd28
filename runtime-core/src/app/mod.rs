//! The program: `botfactory serve|chat|migrate|health|webhook|dead-letters|events|people|texts`.
//!
//! | module | holds |
//! |---|---|
//! | [`cli`] | the command line |
//! | [`start`] | opening everything, in order |
//! | [`serve`] | serving until a signal, and stopping under a deadline |
//! | [`chat`] | a conversation in the terminal |
//! | [`health`] | asking a running instance |
//! | [`neighbour`] | who listens on our port already |
//! | [`webhook`] | webhooks by hand |
//! | [`letters`] | dead letters by hand |
//! | [`events`] | what bots did |
//! | [`people`] | a person's data by hand |
//! | [`texts`] | texts by hand |

pub mod chat;
pub mod cli;
pub mod events;
pub mod health;
pub mod letters;
pub mod neighbour;
pub mod people;
pub mod serve;
pub mod start;
pub mod texts;
pub mod webhook;

#[cfg(test)]
mod runbook;

use std::io::IsTerminal;
use std::process::ExitCode;

use sha2::{Digest, Sha256};

use crate::bot::Bot;
use crate::config::{Config, ConfigError};
use crate::telemetry::{self, events::NotStarted, logs};
use cli::Command;

/// Version of this program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Why the program ended badly: one clear line, no secrets.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The environment.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// Anything else, in words.
    #[error("{0}")]
    Failed(String),
}

/// Runs the program with these bots: the whole of a deployment's `main`.
pub fn main(bots: &'static [&'static dyn Bot]) -> ExitCode {
    telemetry::discretion::quiet_panics();
    let command = match cli::parse(std::env::args().skip(1)) {
        Ok(command) => command,
        Err(problem) => {
            eprintln!("error: {problem}\n\n{}", cli::USAGE);
            return ExitCode::from(2);
        }
    };
    match command {
        Command::Help => {
            print!("{}", cli::help(bots));
            return ExitCode::SUCCESS;
        }
        Command::Version => {
            println!("botfactory {VERSION} (sources {})", sources(bots));
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    let serves = matches!(command, Command::Serve);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(run(command, bots)),
        Err(error) => Err(AppError::Failed(format!("cannot start threads: {error}"))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // On a terminal it is said once, below.
            if serves && !std::io::stdout().is_terminal() {
                report(&error);
            }
            for line in error.to_string().lines() {
                eprintln!("error: {line}");
            }
            ExitCode::FAILURE
        }
    }
}

/// A line in the log for each reason why it does not serve.
fn report(error: &AppError) {
    let code = match error {
        AppError::Config(_) => "settings",
        AppError::Failed(_) => "start",
    };
    for reason in error.to_string().lines() {
        telemetry::emit(NotStarted { code, reason });
    }
}

async fn run(command: Command, bots: &'static [&'static dyn Bot]) -> Result<(), AppError> {
    let names: Vec<&str> = bots.iter().map(|bot| bot.spec().id).collect();
    let own = |bot: &&dyn Bot| (bot.spec().id, bot.spec().source_hash);
    logs::identify(VERSION, &sources(bots), bots.iter().map(own).collect());
    let config = Config::load(&names).inspect_err(|_| {
        if matches!(command, Command::Serve) {
            logs::start(None, logs::Format::Auto); // how lines are to look is not known
        }
    })?;
    let observe = &config.observe;
    match command {
        Command::Serve => logs::start(observe.log.as_deref(), observe.format),
        _ => logs::start_beside(observe.log.as_deref(), observe.format),
    }
    match command {
        Command::Serve => serve::run(bots, config).await,
        Command::Chat { bot, who } => chat::run(bots, config, &bot, who).await,
        Command::Migrate => {
            let store = start::store(bots, &config).await?;
            store.close().await;
            println!("the database is up to date: {}", config.shown_database());
            Ok(())
        }
        Command::Health => health::run(&config).await,
        Command::Webhook { action, bot } => webhook::run(bots, config, action, bot).await,
        Command::DeadLetters { bot, what } => letters::run(bots, config, &bot, what).await,
        Command::Events { bot, what } => events::run(bots, config, &bot, what).await,
        Command::People { bot, what } => people::run(bots, config, &bot, what).await,
        Command::Texts { bot, what } => texts::run(bots, config, &bot, what).await,
        Command::Help | Command::Version => Ok(()),
    }
}

/// A hash of everything that was compiled in: which build is this?
pub fn sources(bots: &[&'static dyn Bot]) -> String {
    let mut hash = Sha256::new();
    for bot in bots {
        let spec = bot.spec();
        hash.update(spec.id.as_bytes());
        hash.update([0]);
        hash.update(spec.source_hash.as_bytes());
        hash.update([0]);
    }
    let digest = hash.finalize();
    digest.iter().take(8).map(|b| format!("{b:02x}")).collect()
}
