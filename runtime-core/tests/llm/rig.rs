//! A model behind a stub, for two bots.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use runtime_core::clock::Clock;
use runtime_core::llm::breaker::{Monotonic, Rules};
use runtime_core::llm::moderation::Moderator;
use runtime_core::llm::settings::{LlmConfig, Upstream};
use runtime_core::llm::{Answer, Ask, Choice, Format, Keep, Llm, Output, Parts, Refused, Task};
use runtime_core::redis::Redis;
use runtime_core::store::Store;
use runtime_core::testing::llm::Stub;

pub const SHOP: &str = "shop";
pub const DESK: &str = "desk";
/// Nobody sees it.
pub const KEY: &str = "sk-hunter2-hunter2";
/// 2026-03-01 21:30 UTC: it is the 2nd in Moscow, where the desk is.
pub const BEGINS: i64 = 1_772_400_600;

/// A database of one test's own.
pub enum Database {
    Sqlite(PathBuf),
    Postgres(runtime_core::testing::postgres::Postgres),
}

impl Database {
    pub fn sqlite() -> Self {
        let name = format!("botfactory-llm-{:016x}", rand::random::<u64>());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self::Sqlite(folder)
    }

    pub fn postgres() -> Self {
        Self::Postgres(runtime_core::testing::postgres::Postgres::start())
    }

    pub async fn open(&self, clock: &Clock) -> Arc<Store> {
        let url = match self {
            Self::Sqlite(folder) => format!("sqlite://{}", folder.join("test.db").display()),
            Self::Postgres(server) => server.url("postgres"),
        };
        Store::open(&url, &[], clock.clone()).await.unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Self::Sqlite(folder) = self {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// One instance.
pub struct Rig {
    pub llm: Llm,
    pub store: Arc<Store>,
    pub clock: Clock,
    pub time: Monotonic,
    /// Goes with the last instance.
    _database: Arc<Database>,
}

/// Few waits, no limits.
pub fn config(stub: &Stub) -> LlmConfig {
    LlmConfig {
        upstream: Some(Upstream {
            base: format!("{}/v1", stub.url()),
            model: "small".to_owned(),
            key: Some(KEY.to_owned().into()),
            timeout: Duration::from_secs(5),
            context: 4096,
            top_p: 0.9,
        }),
        deadline: Duration::from_secs(10),
        retries: 0,
        user_per_minute: 0,
        bot_per_minute: 0,
        daily_budget: 0,
        cache: Duration::ZERO,
        ..LlmConfig::default()
    }
}

pub struct Wanted {
    pub config: LlmConfig,
    pub redis: Redis,
    pub database: Arc<Database>,
    pub rules: Rules,
    pub moderators: Vec<Box<dyn Moderator>>,
}

impl Wanted {
    pub fn new(config: LlmConfig) -> Self {
        Self {
            config,
            redis: Redis::alone(),
            database: Arc::new(Database::sqlite()),
            rules: Rules::default(),
            moderators: Vec::new(),
        }
    }

    pub async fn open(self) -> Rig {
        let clock = Clock::fixed(BEGINS);
        let time = Monotonic::default();
        let store = self.database.open(&clock).await;
        let llm = Llm::open(Parts {
            bots: vec![(SHOP, "UTC"), (DESK, "Europe/Moscow")],
            config: self.config,
            store: store.clone(),
            redis: self.redis,
            key: [7; 32],
            moderators: self.moderators,
            rules: self.rules,
            time: time.clone(),
        });
        Rig {
            llm: llm.unwrap(),
            store,
            clock,
            time,
            _database: self.database,
        }
    }
}

pub async fn rig(config: LlmConfig) -> Rig {
    Wanted::new(config).open().await
}

impl Rig {
    pub async fn ask(&self, ask: &Ask) -> Result<Answer, Refused> {
        self.llm.ask(SHOP, 1001, ask).await
    }

    pub async fn used(&self) -> i64 {
        let usage = self.llm.usage(SHOP).await.unwrap();
        usage.unwrap().current_usage
    }

    pub async fn metric(&self, name: &str) -> bool {
        let text = runtime_core::telemetry::metrics::text();
        String::from_utf8(text).unwrap().contains(name)
    }
}

/// A text is asked for.
pub fn text(words: &str) -> Ask {
    Ask {
        place: "test/place".into(),
        task: Task::Plain,
        locale: "en".into(),
        system: "Answer.".to_owned(),
        given: None,
        text: words.to_owned(),
        keep: Keep::Start,
        format: Format::Text { max: 200 },
        max_tokens: 10,
        temperature: 20,
    }
}

/// One of `bug`, `other`.
pub fn choice(words: &str) -> Ask {
    let option = |value: &'static str| Choice {
        value: value.into(),
        about: "".into(),
    };
    Ask {
        task: Task::Classify,
        format: Format::Choice {
            options: vec![option("bug"), option("other")],
        },
        ..text(words)
    }
}

pub fn said(words: &str) -> Output {
    Output::Text(words.to_owned())
}

pub async fn until(what: &str, done: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !done().await {
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "{what}: not within 10 s"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
