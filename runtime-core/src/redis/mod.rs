//! What instances share beside the database, if `REDIS_URL` names a Redis: flood budgets, counters with an end, small
//! caches, wake-ups. Nothing that must not be lost is here.
//!
//! Every use has a fallback inside this process and a bound on waiting ([`PATIENCE`]). After a failure nobody waits at all
//! until a watchman has got an answer again: losing Redis costs one log line, a metric, and the sharing.
//!
//! | module | holds |
//! |---|---|
//! | [`budget`] | flood budgets of all instances together |
//! | [`counters`] | counters with an end: failed attempts |
//! | [`notices`] | what instances tell each other |

pub mod budget;
pub mod counters;
pub mod notices;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ::redis::aio::{ConnectionManager, ConnectionManagerConfig};
use ::redis::{Client, Cmd, FromRedisValue, IntoConnectionInfo, ProtocolVersion, Script};
use tokio::sync::{broadcast, mpsc};

use crate::telemetry::{self, events};
use notices::{CHANNEL, Notice};

/// Longest wait for an answer; whoever asks goes on without one then.
pub const PATIENCE: Duration = Duration::from_millis(50);
/// How often the watchman asks.
const WATCH_EVERY: Duration = Duration::from_millis(250);
/// What the watchman waits: more than others, for it only asks whether Redis is back.
const WATCH_PATIENCE: Duration = Duration::from_millis(500);
/// Notices and reports that may wait to be sent; what does not fit is left out.
const QUEUE: usize = 1024;

/// The way to Redis, or to nobody.
#[derive(Debug, Clone)]
pub struct Redis {
    link: Option<Arc<Link>>,
    heard: broadcast::Sender<Notice>,
}

struct Link {
    manager: ConnectionManager,
    patience: Duration,
    up: AtomicBool,
    later: mpsc::Sender<Later>,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link")
            .field("up", &self.up)
            .finish_non_exhaustive()
    }
}

/// Something that nobody waits for.
enum Later {
    Notice(Notice),
    /// A message left without asking: it counts all the same.
    Used {
        bot: i64,
        chat: i64,
    },
}

/// `REDIS_URL` cannot be used. Never carries its password.
#[derive(Debug, thiserror::Error)]
#[error("`REDIS_URL` must look like `redis://:password@host:6379/0` (or `rediss://`)")]
pub struct BadUrl;

impl Redis {
    /// Nobody to share with: every use takes its fallback, which is right for one instance.
    pub fn alone() -> Self {
        Self {
            link: None,
            heard: broadcast::channel(1).0,
        }
    }

    /// Whether a URL can be used.
    ///
    /// # Errors
    /// It cannot.
    pub fn check(url: &str) -> Result<(), BadUrl> {
        url.into_connection_info().map(|_| ()).map_err(|_| BadUrl)
    }

    /// Begins to connect, and goes on trying for as long as the process lives. To be called inside a runtime.
    ///
    /// # Errors
    /// The URL cannot be used.
    pub fn open(url: &str) -> Result<Self, BadUrl> {
        Self::open_with(url, PATIENCE)
    }

    /// [`Redis::open`] for tests of what instances share: on a machine where everything waits an answer may take longer.
    ///
    /// # Errors
    /// The URL cannot be used.
    #[cfg(feature = "testing")]
    pub fn open_patiently(url: &str) -> Result<Self, BadUrl> {
        Self::open_with(url, Duration::from_secs(5))
    }

    fn open_with(url: &str, patience: Duration) -> Result<Self, BadUrl> {
        if url.starts_with("rediss:") {
            // Whoever was first has installed the same.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let info = url.into_connection_info().map_err(|_| BadUrl)?;
        let settings = info.redis_settings().clone();
        let info = info.set_redis_settings(settings.set_protocol(ProtocolVersion::RESP3));
        let client = Client::open(info).map_err(|_| BadUrl)?;
        let (heard, _) = broadcast::channel(QUEUE);
        let hear = heard.clone();
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_min_delay(Duration::from_millis(10))
            .set_connection_timeout(Some(WATCH_PATIENCE.max(patience)))
            .set_response_timeout(Some(WATCH_PATIENCE.max(patience)))
            .set_pipeline_buffer_size(QUEUE)
            .set_push_sender(move |push| {
                if let Some(notice) = Notice::of_push(&push) {
                    let _ = hear.send(notice); // nobody may be listening
                }
                Ok::<(), ::redis::aio::SendError>(())
            })
            .set_automatic_resubscription();
        let manager =
            ConnectionManager::new_lazy_with_config(client, config).map_err(|_| BadUrl)?;
        let (later, queue) = mpsc::channel(QUEUE);
        let link = Arc::new(Link {
            manager,
            patience,
            up: AtomicBool::new(false),
            later,
        });
        tokio::spawn(watch(Arc::downgrade(&link)));
        tokio::spawn(send_later(Arc::downgrade(&link), queue));
        Ok(Self {
            link: Some(link),
            heard,
        })
    }

    /// Whether `REDIS_URL` is set.
    pub fn configured(&self) -> bool {
        self.link.is_some()
    }

    /// Whether it answered the last time.
    pub fn up(&self) -> bool {
        self.link
            .as_ref()
            .is_some_and(|link| link.up.load(Ordering::Relaxed))
    }

    /// Tells the other instances, without waiting; a notice that cannot leave is only a little lateness there.
    pub fn tell(&self, notice: Notice) {
        self.later(Later::Notice(notice));
    }

    /// What other instances tell (and this one).
    pub fn hear(&self) -> broadcast::Receiver<Notice> {
        self.heard.subscribe()
    }

    /// A small value kept for a while by [`Redis::put`]; `None`: not there, or nobody to ask.
    pub async fn get(&self, key: &str) -> Option<String> {
        let command = ::redis::cmd("GET").arg(key).to_owned();
        self.call::<Option<String>>("cache", &command)
            .await
            .flatten()
    }

    /// Keeps a small value for others, for `keep`; whether it is kept.
    pub async fn put(&self, key: &str, value: &str, keep: Duration) -> bool {
        let seconds = keep.as_secs().max(1);
        let mut command = ::redis::cmd("SET");
        command.arg(key).arg(value).arg("EX").arg(seconds);
        self.call::<()>("cache", &command).await.is_some()
    }

    /// Asks; `None`: take the fallback. `purpose` is a label of the metric.
    async fn call<T: FromRedisValue>(&self, purpose: &'static str, command: &Cmd) -> Option<T> {
        let link = self.link(purpose)?;
        let mut manager = link.manager.clone();
        let asked = command.query_async(&mut manager);
        link.answered(purpose, tokio::time::timeout(link.patience, asked).await)
    }

    /// Runs a script; `None`: take the fallback.
    pub(crate) async fn run<T: FromRedisValue>(
        &self,
        purpose: &'static str,
        script: &Script,
        keys: &[String],
        arguments: &[i64],
    ) -> Option<T> {
        let link = self.link(purpose)?;
        let mut manager = link.manager.clone();
        let mut invocation = script.prepare_invoke();
        for key in keys {
            invocation.key(key);
        }
        for argument in arguments {
            invocation.arg(argument);
        }
        let asked = invocation.invoke_async(&mut manager);
        link.answered(purpose, tokio::time::timeout(link.patience, asked).await)
    }

    fn link(&self, purpose: &'static str) -> Option<&Link> {
        let link = self.link.as_ref()?;
        if link.up.load(Ordering::Relaxed) {
            return Some(link);
        }
        telemetry::emit(events::RedisMissed { purpose });
        None
    }

    fn later(&self, later: Later) {
        if let Some(link) = &self.link
            && link.up.load(Ordering::Relaxed)
        {
            let _ = link.later.try_send(later);
        }
    }
}

impl Link {
    fn answered<T>(
        &self,
        purpose: &'static str,
        answer: Result<::redis::RedisResult<T>, tokio::time::error::Elapsed>,
    ) -> Option<T> {
        let code = match answer {
            Ok(Ok(value)) => return Some(value),
            Ok(Err(error)) if error.is_io_error() || error.is_connection_refusal() => "io",
            // It answers, but not as we expect: another version, a key of somebody else's.
            Ok(Err(_)) => {
                telemetry::emit(events::RedisMissed { purpose });
                return None;
            }
            Err(_) => "timeout",
        };
        telemetry::emit(events::RedisMissed { purpose });
        self.changed(false, code);
        None
    }

    /// One line in the log when it changes, not one for each call.
    fn changed(&self, up: bool, code: &'static str) {
        if self.up.swap(up, Ordering::Relaxed) != up {
            telemetry::emit(events::RedisChanged { up, code });
        }
    }
}

/// Asks Redis again and again whether it is there, until nobody uses it any more.
async fn watch(link: std::sync::Weak<Link>) {
    let mut tick = tokio::time::interval(WATCH_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut subscribed = false;
    let mut first = true;
    loop {
        tick.tick().await;
        let Some(link) = link.upgrade() else { return };
        let mut manager = link.manager.clone();
        let asked = async {
            if !subscribed {
                // From then on the manager subscribes anew by itself.
                manager.subscribe(CHANNEL).await?;
                subscribed = true;
            }
            ::redis::cmd("PING").query_async::<()>(&mut manager).await
        };
        let patience = WATCH_PATIENCE.max(link.patience);
        let answer = tokio::time::timeout(patience, asked).await;
        let well = matches!(answer, Ok(Ok(())));
        if first && !well {
            telemetry::emit(events::RedisChanged {
                up: false,
                code: "start",
            });
        }
        first = false;
        link.changed(well, "watch");
    }
}

/// Sends what nobody waits for.
async fn send_later(link: std::sync::Weak<Link>, mut queue: mpsc::Receiver<Later>) {
    while let Some(later) = queue.recv().await {
        let Some(link) = link.upgrade() else { return };
        let mut manager = link.manager.clone();
        let sent = async {
            match later {
                Later::Notice(notice) => {
                    let mut publish = ::redis::cmd("PUBLISH");
                    publish.arg(CHANNEL).arg(notice.to_string());
                    publish.query_async::<()>(&mut manager).await
                }
                Later::Used { bot, chat } => budget::used(&mut manager, bot, chat).await,
            }
        };
        let _: Option<()> =
            link.answered("notice", tokio::time::timeout(link.patience, sent).await);
    }
}
