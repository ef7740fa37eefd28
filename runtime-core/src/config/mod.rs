//! The configuration: environment variables, and `.env` below them. Every mistake is found at start, all at once.

pub mod access;
pub mod dotenv;
pub mod llm;
pub mod observe;

use std::collections::BTreeMap;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;

use secrecy::SecretString;
use sha2::{Digest, Sha256};

use self::access::{AdminKey, Proxies};
use self::llm::LlmConfig;
use crate::redis::Redis;
use crate::telegram::flood::BULK_PER_SECOND;
use crate::telegram::token::Token;

/// Where the server listens when nothing is said.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:8000";
/// Where the data lives when nothing is said.
pub const DEFAULT_DATABASE: &str = "sqlite://data/botfactory.db";
/// Telegram's own Bot API server.
pub const DEFAULT_TELEGRAM: &str = "https://api.telegram.org";

/// Every variable but the tokens, with what it is for: `--help` prints this table.
pub const VARIABLES: &[(&str, &str)] = &[
    ("BOTFACTORY_LISTEN", "address to listen on (127.0.0.1:8000)"),
    (
        "DATABASE_URL",
        "where the data lives (sqlite://data/botfactory.db)",
    ),
    (
        "REDIS_URL",
        "flood budgets, counters and wake-ups of several instances (unset: each for itself)",
    ),
    (
        "BOTFACTORY_PUBLIC_URL",
        "https address that Telegram reaches: webhook; unset: polling",
    ),
    (
        "BOTFACTORY_WEBHOOK_SECRET",
        "unset: generated once and kept in the database",
    ),
    (
        "BOTFACTORY_KEY",
        "signs buttons; unset: generated once and kept in the database",
    ),
    ("BOTFACTORY_KEY_OLD", "a former key, still accepted"),
    (
        "BOTFACTORY_ADMIN_TOKEN",
        "or `sha256:` and its hash; unset: admin and preview answer on loopback only",
    ),
    (
        "BOTFACTORY_ADMIN_LISTEN",
        "moves everything but /tg/* and /health to this address",
    ),
    (
        "BOTFACTORY_TRUSTED_PROXIES",
        "addresses and networks whose X-Forwarded-For counts (unset: nobody's)",
    ),
    (
        "BOTFACTORY_BULK_PER_SECOND",
        "messages a second that the broadcasts of one bot may send together (25)",
    ),
    (
        "BOTFACTORY_TELEGRAM_API",
        "another Bot API server (https://api.telegram.org)",
    ),
    (
        "BOTFACTORY_LOG",
        "which log lines to print (RUST_LOG, else info)",
    ),
    (
        "BOTFACTORY_LOG_FORMAT",
        "json, text, or auto: text on a terminal (auto)",
    ),
    (
        "BOTFACTORY_EVENTS_DAYS",
        "days that events are kept; 0: there are none (30)",
    ),
    (
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "collector that spans are sent to (unset: none)",
    ),
    (
        "OTEL_EXPORTER_OTLP_HEADERS",
        "sent along, such as authorization=Bearer …",
    ),
    ("OTEL_SERVICE_NAME", "our name there (botfactory)"),
    (
        "OTEL_TRACES_SAMPLER_ARG",
        "part of the traces that is sent, 0 to 1 (1)",
    ),
];

/// Most messages a second: what Telegram takes of paid broadcasts.
const BULK_MOST: u32 = 1000;
/// Read by the build, not by the binary; may stand in the same `.env`.
const BUILD_VARIABLES: &[&str] = &["BOTFACTORY_BOTS"];
const TOKEN_PREFIX: &str = "BOTFACTORY_TOKEN_";
const ADMINS_PREFIX: &str = "BOTFACTORY_ADMINS_";
/// Most admins of a bot: what goes to admins goes to each of them.
const ADMINS: usize = 50;
/// Shortest secret that an operator may choose.
const SECRET_LEAST: usize = 16;
/// Ports that Telegram's webhooks reach (<https://core.telegram.org/bots/api#setwebhook>).
const WEBHOOK_PORTS: &[u16] = &[443, 80, 88, 8443];

/// The configuration of a process.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where everything listens.
    pub listen: SocketAddr,
    /// Where everything but `/tg/*` and `/health` listens, if apart.
    pub admin_listen: Option<SocketAddr>,
    /// `sqlite://…`, or `postgres://…` in a build with that engine.
    pub database: String,
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
        let url = self.database.split('?').next().unwrap_or_default();
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
            let Some(name) = name.to_str().filter(|name| ours(name)) else {
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

/// What is wrong with a Postgres's URL.
#[cfg(feature = "postgres")]
fn wrong_postgres(url: &str) -> Option<String> {
    crate::store::postgres::settings::Settings::parse(url).err()
}

#[cfg(not(feature = "postgres"))]
fn wrong_postgres(_: &str) -> Option<String> {
    None
}

/// Names that this program answers for.
fn ours(name: &str) -> bool {
    name.starts_with("BOTFACTORY_")
        || name.starts_with("LLM_")
        || name.starts_with("OTEL_")
        || matches!(name, "DATABASE_URL" | "REDIS_URL")
}

/// The variable with a bot's token.
pub fn token_variable(bot: &str) -> String {
    format!("{TOKEN_PREFIX}{}", bot.to_ascii_uppercase())
}

/// The variable with the ids of a bot's admins.
pub fn admins_variable(bot: &str) -> String {
    format!("{ADMINS_PREFIX}{}", bot.to_ascii_uppercase())
}

struct Reader<'a> {
    variables: &'a BTreeMap<String, String>,
    errors: Vec<String>,
}

impl Reader<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
    }

    fn error(&mut self, message: impl Into<String>) {
        self.errors.push(message.into());
    }

    /// Telegram takes about 30 a second of a bot; more is for paid broadcasts and servers of one's own.
    fn bulk_per_second(&mut self) -> u32 {
        let name = "BOTFACTORY_BULK_PER_SECOND";
        match self.get(name).map(str::parse) {
            None => BULK_PER_SECOND,
            Some(Ok(number @ 1..=BULK_MOST)) => number,
            Some(_) => {
                self.error(format!("`{name}` is a number from 1 to {BULK_MOST}"));
                BULK_PER_SECOND
            }
        }
    }

    fn unknown_names(&mut self, bots: &[&str]) {
        let tokens: Vec<String> = bots
            .iter()
            .flat_map(|bot| [token_variable(bot), admins_variable(bot)])
            .collect();
        let known: Vec<&str> = VARIABLES
            .iter()
            .map(|(name, _)| *name)
            .chain(BUILD_VARIABLES.iter().copied())
            .chain(tokens.iter().map(String::as_str))
            .collect();
        for name in self.variables.keys() {
            self.errors.extend(llm::mistaken(name));
            if !name.starts_with("BOTFACTORY_") || known.contains(&name.as_str()) {
                continue;
            }
            let hint = match near(name, &known).as_slice() {
                [] if name.starts_with(TOKEN_PREFIX) || name.starts_with(ADMINS_PREFIX) => {
                    format!("; the bots here are {}", list(bots))
                }
                [] => "; `botfactory --help` lists every variable".to_owned(),
                names => format!("; did you mean {}?", list(names)),
            };
            self.errors.push(format!("unknown variable `{name}`{hint}"));
        }
    }

    fn address(&mut self, name: &str) -> Option<SocketAddr> {
        let value = self.get(name)?;
        // `localhost:8000` is fine too: the first address wins.
        let found = value.to_socket_addrs().ok().and_then(|mut all| all.next());
        if found.is_none() {
            self.error(format!(
                "`{name}` is not an address: write it like `127.0.0.1:8000` or `0.0.0.0:8000`"
            ));
        }
        found
    }

    fn database(&mut self) -> String {
        let value = self
            .get("DATABASE_URL")
            .unwrap_or(DEFAULT_DATABASE)
            .to_owned();
        match value.split(':').next().unwrap_or_default() {
            "sqlite" if cfg!(feature = "sqlite") => {}
            "postgres" | "postgresql" if cfg!(feature = "postgres") => {
                if let Some(wrong) = wrong_postgres(&value) {
                    self.error(wrong);
                }
            }
            "sqlite" => self.error(
                "`DATABASE_URL` names a SQLite file (or is not set), but this build has only Postgres: use \
                 `postgres://user:password@host/database`, or build with the cargo feature `sqlite`",
            ),
            "postgres" | "postgresql" => self.error(
                "`DATABASE_URL` names a Postgres database, but this build has only SQLite: use `sqlite://data/botfactory.db`, \
                 or build with the cargo feature `postgres`",
            ),
            _ => self.error(
                "`DATABASE_URL` must begin with `sqlite:` or `postgres:`, such as `sqlite://data/botfactory.db`",
            ),
        }
        value
    }

    fn redis(&mut self) -> Option<SecretString> {
        let url = self.get("REDIS_URL")?.to_owned();
        if let Err(error) = Redis::check(&url) {
            self.error(error.to_string());
        }
        Some(url.into())
    }

    fn tokens(&mut self, bots: &[&str]) -> Vec<Option<Token>> {
        let mut tokens: Vec<Option<Token>> = Vec::with_capacity(bots.len());
        for bot in bots {
            let name = token_variable(bot);
            let token = match self.get(&name).map(Token::parse) {
                None => None,
                Some(Ok(token)) => Some(token),
                Some(Err(error)) => {
                    self.error(format!("`{name}`: {error}"));
                    None
                }
            };
            let twin = token.as_ref().and_then(|token| {
                bots.iter()
                    .zip(&tokens)
                    .find(|(_, other)| other.as_ref().is_some_and(|o| o.bot() == token.bot()))
            });
            if let Some((other, _)) = twin {
                let message = format!(
                    "`{name}` is the token of `{other}` too: one Telegram bot can be one bot only"
                );
                self.error(message);
            }
            tokens.push(token);
        }
        tokens
    }

    fn admins(&mut self, bot: &str) -> Vec<i64> {
        let name = admins_variable(bot);
        let Some(value) = self.get(&name).map(str::to_owned) else {
            return Vec::new();
        };
        let mut admins = Vec::new();
        for id in value.split([',', ' ', ';']).filter(|id| !id.is_empty()) {
            match id.parse::<i64>() {
                Ok(id) if id > 0 && !admins.contains(&id) => admins.push(id),
                Ok(id) if id > 0 => {}
                _ => self.error(format!(
                    "`{name}` must hold Telegram's numeric ids of people, such as `123456789,987654321`"
                )),
            }
        }
        if admins.len() > ADMINS {
            self.error(format!("`{name}` names more than {ADMINS} people"));
        }
        admins
    }

    fn telegram_api(&mut self) -> String {
        let value = self
            .get("BOTFACTORY_TELEGRAM_API")
            .unwrap_or(DEFAULT_TELEGRAM)
            .trim_end_matches('/')
            .to_owned();
        if Address::parse(&value).is_none() {
            self.error("`BOTFACTORY_TELEGRAM_API` must be an http or https address without a query, such as `https://api.telegram.org`");
        }
        value
    }

    fn public_url(&mut self, own_server: bool) -> Option<String> {
        let value = self
            .get("BOTFACTORY_PUBLIC_URL")?
            .trim_end_matches('/')
            .to_owned();
        match Address::parse(&value) {
            None => self.error("`BOTFACTORY_PUBLIC_URL` must be an https address without a query, such as `https://bots.example.org`"),
            // A Bot API server of one's own takes any address; Telegram's does not.
            Some(_) if own_server => {}
            Some(address) if !address.tls => self.error("`BOTFACTORY_PUBLIC_URL` must begin with `https://`: Telegram calls nothing else"),
            Some(address) if !WEBHOOK_PORTS.contains(&address.port) => self.error("`BOTFACTORY_PUBLIC_URL` must use port 443, 80, 88 or 8443: Telegram calls no other"),
            Some(_) => {}
        }
        Some(value)
    }

    fn webhook_secret(&mut self) -> Option<SecretString> {
        let value = self.get("BOTFACTORY_WEBHOOK_SECRET")?.to_owned();
        let fits = (SECRET_LEAST..=256).contains(&value.len())
            && value
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if !fits {
            self.error(format!("`BOTFACTORY_WEBHOOK_SECRET` must have {SECRET_LEAST} to 256 of A-Z a-z 0-9 _ - (Telegram takes no other)"));
        }
        Some(value.into())
    }

    fn secret(&mut self, name: &str) -> Option<String> {
        let value = self.get(name)?.to_owned();
        if value.len() < SECRET_LEAST {
            self.error(format!(
                "`{name}` is shorter than {SECRET_LEAST} characters: `openssl rand -hex 32` makes a good one"
            ));
        }
        Some(value)
    }

    fn admin_key(&mut self) -> Option<AdminKey> {
        const NAME: &str = "BOTFACTORY_ADMIN_TOKEN";
        match AdminKey::hashed(self.get(NAME)?) {
            Some(Ok(key)) => Some(key),
            Some(Err(wrong)) => {
                self.error(format!("`{NAME}`: {wrong}"));
                None
            }
            None => self.secret(NAME).as_deref().map(AdminKey::of),
        }
    }

    fn proxies(&mut self) -> Proxies {
        const NAME: &str = "BOTFACTORY_TRUSTED_PROXIES";
        let parsed = self.get(NAME).map(Proxies::parse);
        match parsed {
            None => Proxies::default(),
            Some(Ok(proxies)) => proxies,
            Some(Err(wrong)) => {
                self.error(format!("`{NAME}`: {wrong}"));
                Proxies::default()
            }
        }
    }

    fn key(&mut self, name: &str) -> Option<Key> {
        let value = self.secret(name)?;
        Some(Key(Sha256::digest(value.as_bytes()).into()))
    }
}

/// As much of an address as is needed to check one.
struct Address {
    tls: bool,
    port: u16,
}

impl Address {
    fn parse(text: &str) -> Option<Self> {
        let url = reqwest::Url::parse(text).ok()?;
        let tls = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let plain = url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
            && url.has_host();
        plain.then_some(Self {
            tls,
            port: url.port_or_known_default()?,
        })
    }
}

/// Known names that `name` may have meant, nearest first.
fn near<'a>(name: &str, known: &[&'a str]) -> Vec<&'a str> {
    let mut close: Vec<(usize, &str)> = known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), *candidate))
        .filter(|(distance, _)| *distance <= 3)
        .collect();
    close.sort_unstable();
    close.into_iter().take(3).map(|(_, name)| name).collect()
}

fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {

    use super::*;

    const TOKEN: &str = "123456:AAaa_-BBbbCCccDDddEEee";

    fn read(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let variables = pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        Config::read(&variables, &["booking", "survey"])
    }

    fn error(pairs: &[(&str, &str)]) -> String {
        read(pairs).unwrap_err().to_string()
    }

    #[test]
    fn defaults() {
        let config = read(&[]).unwrap();
        assert_eq!(config.listen.to_string(), DEFAULT_LISTEN);
        assert_eq!(config.database, DEFAULT_DATABASE);
        assert_eq!(config.telegram_api, DEFAULT_TELEGRAM);
        assert_eq!(config.tokens.len(), 2);
        assert!(config.public_url.is_none() && config.admin_key.is_none());
    }

    #[test]
    fn tokens_are_per_bot() {
        let config = read(&[("BOTFACTORY_TOKEN_SURVEY", TOKEN)]).unwrap();
        assert!(config.tokens[0].is_none());
        assert_eq!(config.tokens[1].as_ref().unwrap().bot(), 123_456);
        let twice = error(&[
            ("BOTFACTORY_TOKEN_SURVEY", TOKEN),
            ("BOTFACTORY_TOKEN_BOOKING", TOKEN),
        ]);
        assert!(twice.contains("`booking` too"), "{twice}");
        let bad = error(&[("BOTFACTORY_TOKEN_SURVEY", "secret")]);
        assert!(bad.contains("BOTFACTORY_TOKEN_SURVEY") && !bad.contains("secret"));
    }

    #[test]
    fn unknown_names_get_near_ones() {
        let message = error(&[("BOTFACTORY_LISTN", "x"), ("BOTFACTORY_TOKEN_BOKING", "y")]);
        assert!(
            message.contains("did you mean `BOTFACTORY_LISTEN`?"),
            "{message}"
        );
        assert!(
            message.contains("did you mean `BOTFACTORY_TOKEN_BOOKING`?"),
            "{message}"
        );
        assert!(error(&[("BOTFACTORY_TOKEN_QUITE_ANOTHER", "y")]).contains("`booking`, `survey`"));
        assert!(read(&[("BOTFACTORY_BOTS", "booking"), ("OTHER", "x")]).is_ok());
    }

    #[test]
    fn postgres_is_told_apart() {
        let postgres = read(&[("DATABASE_URL", "postgres://u:hunter2@h/d")]);
        match postgres {
            Ok(config) => {
                let built = cfg!(feature = "postgres");
                assert!(built);
                assert_eq!(config.shown_database(), "postgres://h/d");
            }
            Err(error) => {
                let words = error.to_string();
                assert!(
                    words.contains("only SQLite") && !words.contains("hunter2"),
                    "{words}"
                );
            }
        }
        assert!(error(&[("DATABASE_URL", "data/x.db")]).contains("must begin"));
        #[cfg(feature = "postgres")]
        {
            let limits = read(&[("DATABASE_URL", "postgres://h/d?connections=20")]);
            assert!(limits.is_ok());
            let wrong = error(&[("DATABASE_URL", "postgres://h/d?conections=20")]);
            assert!(wrong.contains("did you mean `connections`?"), "{wrong}");
        }
    }

    #[test]
    fn public_urls() {
        let url = |value| read(&[("BOTFACTORY_PUBLIC_URL", value)]).map(|config| config.public_url);
        assert_eq!(
            url("https://bots.example.org/"),
            Ok(Some("https://bots.example.org".to_owned()))
        );
        assert!(url("http://bots.example.org").is_err());
        assert!(url("https://bots.example.org:8000").is_err());
        assert!(url("https://bots.example.org/?a=b").is_err());
        assert!(url("bots.example.org").is_err());
        assert!(
            read(&[
                ("BOTFACTORY_PUBLIC_URL", "http://127.0.0.1:9000"),
                ("BOTFACTORY_TELEGRAM_API", "http://127.0.0.1:9001/")
            ])
            .is_ok_and(|config| config.telegram_api == "http://127.0.0.1:9001")
        );
    }

    #[test]
    fn secrets_have_a_form_and_are_not_shown() {
        assert!(error(&[("BOTFACTORY_ADMIN_TOKEN", "short")]).contains("shorter"));
        assert!(error(&[("BOTFACTORY_WEBHOOK_SECRET", "not allowed characters!")]).contains("256"));
        let config = read(&[
            ("BOTFACTORY_ADMIN_TOKEN", "0123456789abcdef"),
            ("BOTFACTORY_KEY", "0123456789abcdef"),
        ])
        .unwrap();
        assert!(config.admin_key.unwrap().fits("0123456789abcdef"));
        let hash = format!("sha256:{}", "0f".repeat(32));
        assert!(read(&[("BOTFACTORY_ADMIN_TOKEN", &hash)]).is_ok());
        let config = read(&[("BOTFACTORY_TRUSTED_PROXIES", "10.0.0.0/8, ::1")]).unwrap();
        assert!(config.proxies.has("10.0.0.7".parse().unwrap()));
        for (name, wrong) in [
            ("BOTFACTORY_ADMIN_TOKEN", "short"),
            ("BOTFACTORY_ADMIN_TOKEN", "sha256:0123456789abcdef"),
            ("BOTFACTORY_TRUSTED_PROXIES", "0.0.0.0/0"),
            ("BOTFACTORY_TRUSTED_PROXIES", "proxy"),
        ] {
            assert!(read(&[(name, wrong)]).is_err(), "{name} {wrong}");
        }
        let config = read(&[("BOTFACTORY_KEY", "0123456789abcdef")]).unwrap();
        assert!(config.key.is_some());
    }

    #[test]
    fn the_environment_beats_the_file() {
        let dir = std::env::temp_dir().join(format!("botfactory-config-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let file = dir.join(".env");
        std::fs::write(
            &file,
            "BOTFACTORY_LISTEN=127.0.0.1:1\nDATABASE_URL=sqlite://a.db\nOTHER=1\n",
        )
        .unwrap();
        let environment = [("BOTFACTORY_LISTEN", "127.0.0.1:2"), ("HOME", "/")];
        let config = Config::load_from(
            &file,
            environment.iter().map(|(k, v)| (k.into(), v.into())),
            &[],
        )
        .unwrap();
        assert_eq!(config.listen.port(), 2);
        assert_eq!(config.database, "sqlite://a.db");
        std::fs::remove_dir_all(dir).unwrap();
    }
}
