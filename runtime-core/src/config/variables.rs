//! The names of the variables, and what is said of a name that is not one of them.

use super::llm;
use super::reader::Reader;

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

/// Read by the build, not by the binary; may stand in the same `.env`.
const BUILD_VARIABLES: &[&str] = &["BOTFACTORY_BOTS"];
const TOKEN_PREFIX: &str = "BOTFACTORY_TOKEN_";
const ADMINS_PREFIX: &str = "BOTFACTORY_ADMINS_";

/// Names that this program answers for.
pub(super) fn ours(name: &str) -> bool {
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

impl Reader<'_> {
    pub(super) fn unknown_names(&mut self, bots: &[&str]) {
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
}

/// Known names that `name` may have meant, nearest first.
pub(super) fn near<'a>(name: &str, known: &[&'a str]) -> Vec<&'a str> {
    let mut close: Vec<(usize, &str)> = known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), *candidate))
        .filter(|(distance, _)| *distance <= 3)
        .collect();
    close.sort_unstable();
    close.into_iter().take(3).map(|(_, name)| name).collect()
}

/// Names for a sentence.
pub(super) fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
