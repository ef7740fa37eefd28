//! Where the model is, and what bots may ask of it: `LLM_*`.

use std::time::Duration;

use secrecy::SecretString;

use super::reader::{Address, Reader};
use super::variables::{list, near};
use crate::llm::moderation::Rule;
use crate::llm::settings::{BUDGET_MOST, LlmConfig, Moderation, Upstream};

/// Every variable of the model's, with what it is for.
pub const VARIABLES: &[(&str, &str)] = &[
    (
        "LLM_BASE_URL",
        "OpenAI-compatible server that bots ask (unset: fallbacks only)",
    ),
    ("LLM_MODEL", "the model's name there"),
    ("LLM_API_KEY", "sent as a bearer token, if set"),
    ("LLM_ENABLED", "`false` switches it off for every bot"),
    ("LLM_TIMEOUT", "seconds one call may take (15)"),
    (
        "LLM_DEADLINE",
        "seconds one question may take, retries included (30)",
    ),
    ("LLM_RETRIES", "further calls after a failed one (2)"),
    ("LLM_PARALLEL", "calls at one moment (32)"),
    (
        "LLM_CONTEXT",
        "tokens that fit into the model's context (4096)",
    ),
    ("LLM_TOP_P", "nucleus sampling, 0 to 1 (0.9)"),
    (
        "LLM_CACHE_TTL",
        "seconds that answers are kept; 0: not at all (900)",
    ),
    (
        "LLM_USER_PER_MINUTE",
        "questions of one person a minute; 0: any number (10)",
    ),
    (
        "LLM_BOT_PER_MINUTE",
        "questions of one bot a minute; 0: any number (600)",
    ),
    (
        "LLM_DAILY_BUDGET",
        "tokens of one bot a day, where none is set for it; 0: any number (10000)",
    ),
    (
        "LLM_MODERATION_URL",
        "asked about every text and answer, as OpenAI's /v1/moderations",
    ),
    ("LLM_MODERATION_KEY", "sent there as a bearer token, if set"),
    (
        "LLM_MODERATION_RULES",
        "file of regular expressions; what matches one is refused",
    ),
];

/// Most bytes of a file of rules.
const RULES_BYTES: u64 = 256 << 10;

/// A name that begins as ours do is a mistake where it is nearly one of ours; others may have variables `LLM_…` too.
pub(super) fn mistaken(name: &str) -> Option<String> {
    let known: Vec<&str> = VARIABLES.iter().map(|(name, _)| *name).collect();
    if !name.starts_with("LLM_") || known.contains(&name) {
        return None;
    }
    let near = near(name, &known);
    (!near.is_empty()).then(|| format!("unknown variable `{name}`; did you mean {}?", list(&near)))
}

impl Reader<'_> {
    pub(super) fn llm(&mut self) -> LlmConfig {
        let usual = LlmConfig::default();
        let timeout = self.seconds("LLM_TIMEOUT", 15, 1, 120);
        let deadline = self.seconds("LLM_DEADLINE", 30, 1, 120);
        if deadline < timeout && self.get("LLM_DEADLINE").is_some() {
            self.error(
                "`LLM_DEADLINE` is shorter than `LLM_TIMEOUT`: one call would never have its time",
            );
        }
        let context = self.number("LLM_CONTEXT", 4096, 512, 2_000_000);
        let top_p = self.number("LLM_TOP_P", 0.9, 0.0, 1.0);
        let upstream = self.upstream(timeout.min(deadline), context, top_p);
        LlmConfig {
            upstream,
            deadline,
            retries: self.number("LLM_RETRIES", usual.retries, 0, 5),
            parallel: self.number("LLM_PARALLEL", usual.parallel, 1, 1024),
            cache: self.seconds("LLM_CACHE_TTL", 900, 0, 86_400),
            user_per_minute: self.number("LLM_USER_PER_MINUTE", usual.user_per_minute, 0, 10_000),
            bot_per_minute: self.number("LLM_BOT_PER_MINUTE", usual.bot_per_minute, 0, 100_000),
            daily_budget: self.number("LLM_DAILY_BUDGET", usual.daily_budget, 0, BUDGET_MOST),
            moderation: self.moderation(),
            rules: self.rules(),
        }
    }

    fn upstream(&mut self, timeout: Duration, context: u32, top_p: f32) -> Option<Upstream> {
        let base = self.get("LLM_BASE_URL").map(str::to_owned);
        let model = self.get("LLM_MODEL").map(str::to_owned);
        let key = self.bearer("LLM_API_KEY");
        let on = self.switch("LLM_ENABLED");
        match (&base, &model) {
            (None, Some(_)) => {
                self.error("`LLM_MODEL` needs `LLM_BASE_URL`: where the model is");
            }
            (Some(_), None) => {
                self.error("`LLM_BASE_URL` needs `LLM_MODEL`: the model's name there");
            }
            (Some(_), Some(m)) if m.len() > 200 || m.chars().any(char::is_control) => {
                self.error("`LLM_MODEL` is no name of a model");
            }
            _ => {}
        }
        let base = self.address_of("LLM_BASE_URL", &base?, "http://127.0.0.1:11434")?;
        if base.ends_with("/chat/completions") {
            self.error("`LLM_BASE_URL` ends before `/chat/completions`, which is appended to it");
        }
        // A bare host means the API's usual place; an address with a path is taken as it stands.
        let bare = reqwest::Url::parse(&base).is_ok_and(|url| url.path() == "/");
        let upstream = Upstream {
            base: if bare { format!("{base}/v1") } else { base },
            model: model?,
            key,
            timeout,
            context,
            top_p,
        };
        on.then_some(upstream)
    }

    fn moderation(&mut self) -> Option<Moderation> {
        let url = self.get("LLM_MODERATION_URL").map(str::to_owned);
        let key = self.bearer("LLM_MODERATION_KEY");
        let example = "https://api.openai.com/v1/moderations";
        let url = self.address_of("LLM_MODERATION_URL", &url?, example)?;
        Some(Moderation { url, key })
    }

    fn rules(&mut self) -> Vec<Rule> {
        let Some(file) = self.get("LLM_MODERATION_RULES").map(str::to_owned) else {
            return Vec::new();
        };
        let short = std::fs::metadata(&file).is_ok_and(|found| found.len() <= RULES_BYTES);
        let text = short.then(|| std::fs::read_to_string(&file).ok()).flatten();
        let Some(text) = text else {
            self.error("`LLM_MODERATION_RULES` names no file of at most 256 KiB that can be read");
            return Vec::new();
        };
        let mut rules = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match Rule::own(line) {
                Ok(rule) => rules.push(rule),
                Err(_) => self.error(format!(
                    "line {} of the file of `LLM_MODERATION_RULES` is no regular expression",
                    at + 1
                )),
            }
        }
        rules
    }

    fn address_of(&mut self, name: &str, value: &str, example: &str) -> Option<String> {
        let value = value.trim_end_matches('/');
        if Address::parse(value).is_none() {
            self.error(format!(
                "`{name}` must be an http or https address without a query or a password, such as `{example}`"
            ));
            return None;
        }
        Some(value.to_owned())
    }

    /// What can stand in a header.
    fn bearer(&mut self, name: &str) -> Option<SecretString> {
        let value = self.get(name)?.to_owned();
        if value.bytes().any(|b| !b.is_ascii_graphic()) {
            self.error(format!("`{name}` holds a character that no key has"));
            return None;
        }
        Some(value.into())
    }

    fn seconds(&mut self, name: &str, usual: u64, least: u64, most: u64) -> Duration {
        Duration::from_secs(self.number(name, usual, least, most))
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use crate::config::Config;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, String> {
        let variables = pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        Config::read(&variables, &[]).map_err(|error| error.to_string())
    }

    fn base(url: &str) -> String {
        let config = read(&[("LLM_BASE_URL", url), ("LLM_MODEL", "m")]).unwrap();
        config.llm.upstream.unwrap().base
    }

    #[test]
    fn a_bare_host_means_the_usual_place() {
        assert_eq!(base("http://llm:11434"), "http://llm:11434/v1");
        assert_eq!(base("http://llm:11434/"), "http://llm:11434/v1");
        assert_eq!(
            base("https://api.openai.com/v1"),
            "https://api.openai.com/v1"
        );
        assert_eq!(
            base("https://x.example/v1beta/openai/"),
            "https://x.example/v1beta/openai"
        );
    }

    #[test]
    fn without_an_address_there_is_no_model() {
        assert!(read(&[]).unwrap().llm.upstream.is_none());
        assert!(
            read(&[("LLM_MODEL", "m")])
                .unwrap_err()
                .contains("LLM_BASE_URL")
        );
        let nameless = read(&[("LLM_BASE_URL", "http://llm")]).unwrap_err();
        assert!(nameless.contains("LLM_MODEL"), "{nameless}");
        let whole = [
            (
                "LLM_BASE_URL",
                "https://api.openai.com/v1/chat/completions/",
            ),
            ("LLM_MODEL", "m"),
        ];
        assert!(read(&whole).unwrap_err().contains("ends before"));
        let off = [
            ("LLM_BASE_URL", "http://llm"),
            ("LLM_MODEL", "m"),
            ("LLM_ENABLED", "false"),
        ];
        assert!(read(&off).unwrap().llm.upstream.is_none());
    }

    #[test]
    fn every_mistake_is_said_and_no_value_with_it() {
        let wrong = read(&[
            ("LLM_BASE_URL", "http://me:hunter2@llm"),
            ("LLM_MODEL", "m"),
            ("LLM_API_KEY", "sk-hunter2 x"),
            ("LLM_TIMEOUT", "hunter2"),
            ("LLM_PARALLEL", "0"),
            ("LLM_ENABLED", "hunter2"),
            ("LLM_BASE_ULR", "x"),
            ("LLM_SOMETHING_ELSE_ENTIRELY", "x"),
            ("LLM_MODERATION_RULES", "/hunter2"),
        ])
        .unwrap_err();
        assert_eq!(wrong.lines().count(), 7, "{wrong}");
        assert!(!wrong.contains("hunter2"), "{wrong}");
        assert!(wrong.contains("did you mean `LLM_BASE_URL`?"), "{wrong}");
    }

    #[test]
    fn the_key_is_not_shown() {
        let config = read(&[
            ("LLM_BASE_URL", "http://llm"),
            ("LLM_MODEL", "m"),
            ("LLM_API_KEY", "sk-hunter2"),
        ])
        .unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
        let upstream = config.llm.upstream.unwrap();
        assert_eq!(upstream.key.unwrap().expose_secret(), "sk-hunter2");
    }
}
