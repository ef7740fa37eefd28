//! Instances of the built binary on one database, the Telegram that they talk to, and what is broken on the way.

use std::process::Stdio;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use runtime_core::testing::postgres::Postgres;
use runtime_core::testing::proxy::Proxy;
use runtime_core::testing::redis::Redis;
use runtime_core::testing::telegram::{FakeBot, FakeTelegram};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Child;

use crate::support::{BOOKING_TOKEN, Home, SURVEY_TOKEN, WEBHOOK_SECRET};

/// One second of Telegram's pauses lasts so long here.
pub const SCALE: f64 = 0.01;
/// What a process wrote before it was killed is read by the fake Telegram so much later at most.
const ON_THE_WAY: Duration = Duration::from_secs(1);

/// What the data lies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// Everything that runs.
pub struct Deployment {
    pub engine: Engine,
    pub telegram: FakeTelegram,
    pub booking: FakeBot,
    pub survey: FakeBot,
    pub postgres: Mutex<Option<Postgres>>,
    pub proxy: Option<Proxy>,
    pub redis: Mutex<Option<Redis>>,
    pub instances: Vec<Instance>,
    /// Where administrators look, past the proxy.
    database: String,
    /// From when to when a process was killed, or something else broke that leaves unknown what was sent.
    kills: Mutex<Vec<(Instant, Instant)>>,
}

/// One place where a process runs.
pub struct Instance {
    pub home: Home,
    child: Mutex<Option<Child>>,
}

impl Deployment {
    /// Of so many instances, none of them started.
    pub async fn new(engine: Engine, instances: usize, with_redis: bool, with_proxy: bool) -> Self {
        let telegram = FakeTelegram::start().await.unwrap();
        telegram.scale_pauses(SCALE);
        let (booking, survey) = (telegram.bot(BOOKING_TOKEN), telegram.bot(SURVEY_TOKEN));
        let homes: Vec<Home> = (0..instances).map(|_| Home::new()).collect();
        let postgres = (engine == Engine::Postgres).then(Postgres::start);
        let proxy = match (&postgres, with_proxy) {
            (Some(server), true) => Some(Proxy::start(server.folder().to_path_buf()).await),
            _ => None,
        };
        let redis = with_redis.then(Redis::start);
        let database = match &postgres {
            Some(server) => server.url("postgres"),
            None => format!("sqlite://{}", homes[0].database().display()),
        };
        let seen = proxy
            .as_ref()
            .map_or(database.clone(), |proxy| proxy.url("postgres"));
        let public = format!("http://127.0.0.1:{}", homes[0].port);
        for home in &homes {
            home.set("DATABASE_URL", &seen);
            home.set("BOTFACTORY_TOKEN_BOOKING", BOOKING_TOKEN);
            home.set("BOTFACTORY_TOKEN_SURVEY", SURVEY_TOKEN);
            home.set("BOTFACTORY_TELEGRAM_API", telegram.url());
            home.set("BOTFACTORY_PUBLIC_URL", &public);
            home.set("BOTFACTORY_WEBHOOK_SECRET", WEBHOOK_SECRET);
            home.set("RUST_LOG", "warn");
            if let Some(redis) = &redis {
                home.set("REDIS_URL", &redis.url());
            }
        }
        if homes.len() > 1 {
            let bases = homes
                .iter()
                .map(|home| format!("http://127.0.0.1:{}", home.port));
            telegram.spread(bases.collect());
        }
        Self {
            engine,
            telegram,
            booking,
            survey,
            postgres: Mutex::new(postgres),
            proxy,
            redis: Mutex::new(redis),
            instances: homes
                .into_iter()
                .map(|home| Instance {
                    home,
                    child: Mutex::new(None),
                })
                .collect(),
            database,
            kills: Mutex::default(),
        }
    }

    /// Where administrators look.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Starts every instance.
    pub async fn start(&self) {
        for instance in &self.instances {
            assert!(instance.start().await, "it starts");
        }
    }

    /// Kills an instance (SIGKILL), and notes when.
    pub async fn kill(&self, at: usize) {
        let began = Instant::now();
        if self.instances[at].kill().await {
            self.broke(began, Instant::now());
        }
    }

    /// Notes that from then to then it cannot be known what was sent.
    pub fn broke(&self, from: Instant, to: Instant) {
        self.kills.lock().unwrap().push((from, to));
    }

    /// How often something broke.
    pub fn kills(&self) -> usize {
        self.kills.lock().unwrap().len()
    }

    /// Whether something broke between two messages, so that the second may repeat the first.
    pub fn broke_between(&self, first: Instant, second: Instant) -> bool {
        let kills = self.kills.lock().unwrap();
        kills
            .iter()
            .any(|(from, to)| first <= *to + ON_THE_WAY && *from <= second)
    }

    /// Ends all of them properly.
    pub async fn stop(&self) {
        for instance in &self.instances {
            instance.stop().await;
        }
    }

    /// One number out of the database.
    pub async fn number(&self, sql: &str) -> i64 {
        let sql = AssertSqlSafe(sql.to_owned());
        match self.engine {
            Engine::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.database).await.unwrap();
                sqlx::query_scalar(sql)
                    .fetch_one(&mut connection)
                    .await
                    .unwrap()
            }
            Engine::Postgres => {
                let mut connection = PgConnection::connect(&self.database).await.unwrap();
                sqlx::query_scalar(sql)
                    .fetch_one(&mut connection)
                    .await
                    .unwrap()
            }
        }
    }

    /// Rows of a person and a text.
    pub async fn pairs(&self, sql: &str) -> Vec<(i64, String)> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self.engine {
            Engine::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.database).await.unwrap();
                sqlx::query_as(sql)
                    .fetch_all(&mut connection)
                    .await
                    .unwrap()
            }
            Engine::Postgres => {
                let mut connection = PgConnection::connect(&self.database).await.unwrap();
                sqlx::query_as(sql)
                    .fetch_all(&mut connection)
                    .await
                    .unwrap()
            }
        }
    }

    /// Runs one instance whose clock is ahead of every lease until nothing is left to be sent, and ends it.
    pub async fn settle(&self) {
        self.stop().await;
        let first = &self.instances[0];
        first.home.set("KILL_POINT", "");
        first.home.set("CLOCK_AHEAD", "7500"); // beyond the leases of a clock that was an hour ahead
        assert!(first.start().await, "it starts");
        let began = Instant::now();
        loop {
            let left = self
                .number("SELECT count(*) FROM bf_outbox WHERE state IN (1, 2)")
                .await;
            if left == 0 {
                break;
            }
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "{left} rows are never sent"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        first.home.set("CLOCK_AHEAD", "");
        self.stop().await;
    }
}

impl Instance {
    /// Starts it; false when it ended before it answered.
    pub async fn start(&self) -> bool {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.home.folder().join("log"))
            .unwrap();
        let child = self
            .home
            .command(&["serve"])
            .stdout(log.try_clone().map(Stdio::from).unwrap())
            .stderr(Stdio::from(log))
            .spawn()
            .unwrap();
        *self.child.lock().unwrap() = Some(child);
        let began = Instant::now();
        loop {
            if !self.runs() {
                return false;
            }
            if self.get("/health", Duration::from_secs(1)).await == Some(200) {
                return true;
            }
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "it does not start: {}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// What it has printed.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.home.folder().join("log")).unwrap_or_default()
    }

    /// Whether its process runs.
    pub fn runs(&self) -> bool {
        let mut child = self.child.lock().unwrap();
        child
            .as_mut()
            .is_some_and(|child| child.try_wait().unwrap().is_none())
    }

    pub fn pid(&self) -> Option<u32> {
        self.child.lock().unwrap().as_ref().and_then(Child::id)
    }

    /// SIGKILL. Whether it was started since the last time, though it may have ended by itself.
    pub async fn kill(&self) -> bool {
        let child = self.child.lock().unwrap().take();
        let Some(mut child) = child else { return false };
        let _ = child.start_kill();
        let _ = child.wait().await;
        true
    }

    /// SIGTERM, and waits for its end.
    pub async fn stop(&self) {
        let child = self.child.lock().unwrap().take();
        let Some(mut child) = child else { return };
        if let Some(pid) = child.id() {
            let _ = std::process::Command::new("kill")
                .args(["-TERM", &pid.to_string()])
                .status();
        }
        let ended = tokio::time::timeout(Duration::from_secs(40), child.wait()).await;
        assert!(ended.is_ok(), "it ends when it is told to: {}", self.log());
    }

    /// The status of a `GET`, if it comes in time.
    pub async fn get(&self, path: &str, time: Duration) -> Option<u16> {
        let ask = async {
            let mut stream = TcpStream::connect(("127.0.0.1", self.home.port))
                .await
                .ok()?;
            let question =
                format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            stream.write_all(question.as_bytes()).await.ok()?;
            let mut answer = [0; 12];
            stream.read_exact(&mut answer).await.ok()?;
            std::str::from_utf8(&answer[9..12]).ok()?.parse().ok()
        };
        tokio::time::timeout(time, ask).await.ok().flatten()
    }

    /// Resident memory of its process in KiB, and how many files it has open.
    pub fn weight(&self) -> Option<(u64, usize)> {
        let pid = self.pid()?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        let resident = line.split_whitespace().nth(1)?.parse().ok()?;
        let files = std::fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count();
        Some((resident, files))
    }
}
