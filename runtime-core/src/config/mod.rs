//! The configuration: environment variables, and `.env` below them. Every mistake is found at start, all at once.

pub mod access;
pub mod dotenv;
pub mod llm;
pub mod observe;
mod reader;
mod stores;
mod telegram;
#[cfg(test)]
mod tests;
mod variables;

pub use variables::{VARIABLES, admins_variable, token_variable};

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use access::{AdminKey, Proxies};
use reader::Reader;

use crate::llm::settings::LlmConfig;
use crate::telegram::token::Token;

/// Where the server listens when nothing is said.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:8000";
/// Where the data lives when nothing is said.
pub const DEFAULT_DATABASE: &str = "sqlite://data/botfactory.db";
/// Telegram's own Bot API server.
pub const DEFAULT_TELEGRAM: &str = "https://api.telegram.org";

/// The configuration of a process.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where everything listens.
    pub listen: SocketAddr,
    /// Where everything but `/tg/*` and `/health` listens, if apart.
    pub admin_listen: Option<SocketAddr>,
    /// `sqlite://…`, or `postgres://…` in a build with that engine: with its password.
    pub database: SecretString,
    /// What instances share beside the database; `None`: each for itself.
    pub redis: Option<SecretString>,
    /// By bot's index; `None`: preview only.
    pub tokens: Vec<Option<Token>>,
    /// By bot: Telegram's ids of its admins.
    pub admins: Vec<Vec<i64>>,
    /// Without a slash at the end. `None`: polling.
    pub public_url: Option<String>,
    /// `None`: from the database.
    pub webhook_secret: Option<SecretString>,
    /// Signs payloads. `None`: from the database.
    pub key: Option<Key>,
    /// Still verifies.
    pub key_old: Option<Key>,
    /// `None`: admin and preview on loopback only.
    pub admin_key: Option<AdminKey>,
    /// Proxies whose `X-Forwarded-For` counts.
    pub proxies: Proxies,
    /// Messages a second that the broadcasts of one bot may send together.
    pub bulk_per_second: u32,
    /// Base address of the Bot API.
    pub telegram_api: String,
    /// Where the model is, and what bots may ask of it.
    pub llm: LlmConfig,
    /// Log lines, events, traces.
    pub observe: observe::Observe,
}

impl Config {
    /// The database's URL without name and password.
    pub fn shown_database(&self) -> String {
        let url = self.database.expose_secret().split('?').next();
        let url = url.unwrap_or_default();
        match (url.split_once("://"), url.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, place))) => format!("{scheme}://{place}"),
            _ => url.to_owned(),
        }
    }
}

/// A signing key: the SHA-256 of what the operator wrote. Never printed.
#[derive(Clone, Copy)]
pub struct Key(pub [u8; 32]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

/// Everything that is wrong with the environment; values never appear.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError(pub Vec<String>);

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// From the process's environment and `.env` in the working directory, the environment winning.
    pub fn load(bots: &[&str]) -> Result<Self, ConfigError> {
        Self::load_from(Path::new(".env"), std::env::vars_os(), bots)
    }

    /// [`Config::load`] with everything given.
    pub fn load_from(
        file: &Path,
        environment: impl Iterator<Item = (std::ffi::OsString, std::ffi::OsString)>,
        bots: &[&str],
    ) -> Result<Self, ConfigError> {
        let mut variables = BTreeMap::new();
        match std::fs::read_to_string(file) {
            Ok(text) => variables
                .extend(dotenv::parse(&text).map_err(|e| ConfigError(vec![e.to_string()]))?),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(ConfigError(vec![format!("cannot read `.env`: {e}")])),
        }
        let mut errors = Vec::new();
        for (name, value) in environment {
            let Some(name) = name.to_str().filter(|name| variables::ours(name)) else {
                continue;
            };
            match value.into_string() {
                Ok(value) => {
                    variables.insert(name.to_owned(), value);
                }
                Err(_) => errors.push(format!("`{name}` is not UTF-8")),
            }
        }
        match Self::read(&variables, bots) {
            Ok(config) if errors.is_empty() => Ok(config),
            Ok(_) => Err(ConfigError(errors)),
            Err(ConfigError(more)) => {
                errors.extend(more);
                Err(ConfigError(errors))
            }
        }
    }

    /// From named values. An empty value counts as unset.
    pub fn read(variables: &BTreeMap<String, String>, bots: &[&str]) -> Result<Self, ConfigError> {
        let mut reader = Reader {
            variables,
            errors: Vec::new(),
        };
        reader.unknown_names(bots);
        let listen = reader
            .address("BOTFACTORY_LISTEN")
            .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8000)));
        let admin_listen = reader.address("BOTFACTORY_ADMIN_LISTEN");
        if admin_listen == Some(listen) && listen.port() != 0 {
            reader.error(
                "`BOTFACTORY_ADMIN_LISTEN` is the address of `BOTFACTORY_LISTEN`: unset it to serve both together",
            );
        }
        let telegram_api = reader.telegram_api();
        let own_server = telegram_api != DEFAULT_TELEGRAM;
        let config = Self {
            listen,
            admin_listen,
            database: reader.database(),
            redis: reader.redis(),
            tokens: reader.tokens(bots),
            admins: bots.iter().map(|bot| reader.admins(bot)).collect(),
            public_url: reader.public_url(own_server),
            webhook_secret: reader.webhook_secret(),
            key: reader.key("BOTFACTORY_KEY"),
            key_old: reader.key("BOTFACTORY_KEY_OLD"),
            admin_key: reader.admin_key(),
            proxies: reader.proxies(),
            bulk_per_second: reader.bulk_per_second(),
            telegram_api,
            llm: reader.llm(),
            observe: reader.observe(),
        };
        if reader.errors.is_empty() {
            Ok(config)
        } else {
            Err(ConfigError(reader.errors))
        }
    }
}
