//! A deployment, the Telegram it talks to, and the people in it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use runtime_core::testing::telegram::{FakeBot, FakeTelegram, Recorded, User};

use super::talk::{Room, Talk};
use super::{Answer, BOOKING_TOKEN, Db, Home, Node, SURVEY_TOKEN, WEBHOOK_SECRET, http, until};

/// How updates reach the bots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// `POST /preview/send`; there is no Telegram.
    Preview,
    /// Telegram calls.
    Webhook,
    /// The bot asks Telegram.
    Polling,
}

/// Everything. Cheap to clone.
#[derive(Debug, Clone)]
pub struct World(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    channel: Channel,
    home: Home,
    node: tokio::sync::Mutex<Option<Node>>,
    telegram: FakeTelegram,
    bots: HashMap<&'static str, FakeBot>,
    rooms: Mutex<HashMap<(&'static str, i64), Room>>,
    next_person: AtomicI64,
}

impl World {
    /// Starts a deployment with an empty database.
    pub async fn start(channel: Channel) -> Self {
        Self::start_at(channel, Home::new()).await
    }

    /// Starts one in this folder.
    pub async fn start_at(channel: Channel, home: Home) -> Self {
        let telegram = FakeTelegram::start().await.unwrap();
        let mut bots = HashMap::new();
        if channel != Channel::Preview {
            bots.insert("booking", telegram.bot(BOOKING_TOKEN));
            bots.insert("survey", telegram.bot(SURVEY_TOKEN));
            home.set("BOTFACTORY_TOKEN_BOOKING", BOOKING_TOKEN);
            home.set("BOTFACTORY_TOKEN_SURVEY", SURVEY_TOKEN);
            home.set("BOTFACTORY_TELEGRAM_API", telegram.url());
        }
        if channel == Channel::Webhook {
            let url = format!("http://127.0.0.1:{}", home.port);
            home.set("BOTFACTORY_PUBLIC_URL", &url);
            home.set("BOTFACTORY_WEBHOOK_SECRET", WEBHOOK_SECRET);
        }
        let node = home.start().await;
        let world = Self(Arc::new(Inner {
            channel,
            home,
            node: tokio::sync::Mutex::new(Some(node)),
            telegram,
            bots,
            rooms: Mutex::default(),
            next_person: AtomicI64::new(1001),
        }));
        world.registered().await;
        world
    }

    /// How updates reach the bots.
    pub fn channel(&self) -> Channel {
        self.0.channel
    }

    /// Folder, port and environment.
    pub fn home(&self) -> &Home {
        &self.0.home
    }

    /// The strict Telegram.
    pub fn telegram(&self) -> &FakeTelegram {
        &self.0.telegram
    }

    /// A bot's side in Telegram.
    pub fn bot(&self, id: &str) -> &FakeBot {
        self.0.bots.get(id).expect("no Telegram in previews")
    }

    /// Its database.
    pub fn db(&self) -> Db {
        Db::of(&self.0.home)
    }

    /// A new person, in their private chat with the booking bot.
    pub fn person(&self, name: &'static str, language: &'static str) -> Talk {
        let id = self.0.next_person.fetch_add(1, Ordering::Relaxed);
        self.talk("booking", User { id, name, language }, id)
    }

    /// Somebody in some chat with some bot.
    pub fn talk(&self, bot: &'static str, user: User, chat: i64) -> Talk {
        let room = self
            .0
            .rooms
            .lock()
            .unwrap()
            .entry((bot, chat))
            .or_default()
            .clone();
        Talk::new(self.clone(), bot, user, chat, room)
    }

    /// Waits until Telegram knows how to reach the bots.
    async fn registered(&self) {
        if self.0.channel == Channel::Preview {
            return;
        }
        until("registering", || async {
            let mut ok = true;
            for id in self.0.bots.keys() {
                let bot = self.get(&format!("/bots/{id}")).await.ok();
                let telegram = &bot["telegram"];
                ok &= telegram["updates"]["state"] == "ok" && telegram["commands"]["state"] == "ok";
            }
            ok.then_some(())
        })
        .await;
    }

    /// `GET` of the deployment.
    pub async fn get(&self, path: &str) -> Answer {
        http::get(self.address(), path).await
    }

    /// `POST` of JSON to the deployment.
    pub async fn post(&self, path: &str, body: &serde_json::Value) -> Answer {
        http::post(self.address(), path, &[], body.to_string().as_bytes()).await
    }

    /// Where it listens.
    pub fn address(&self) -> std::net::SocketAddr {
        ([127, 0, 0, 1], self.0.home.port).into()
    }

    /// Its process, for what a test does to it.
    pub async fn node(&self) -> tokio::sync::MappedMutexGuard<'_, Node> {
        tokio::sync::MutexGuard::map(self.0.node.lock().await, |node| {
            node.as_mut().expect("it runs")
        })
    }

    /// SIGTERM, and a new process on the same database.
    pub async fn restart(&self) {
        let mut node = self.0.node.lock().await;
        node.take().expect("it runs").stop().await;
        *node = Some(self.0.home.start().await);
        drop(node);
        self.registered().await;
    }

    /// SIGKILL.
    pub async fn kill(&self) {
        let node = self.0.node.lock().await.take();
        node.expect("it runs").kill().await;
    }

    /// A new process after [`World::kill`].
    pub async fn revive(&self) {
        let mut node = self.0.node.lock().await;
        assert!(node.is_none(), "it runs");
        *node = Some(self.0.home.start().await);
        drop(node);
        self.registered().await;
    }

    /// Calls that Telegram refused though no fault was injected: there must be none.
    pub fn refused(&self) -> Vec<Recorded> {
        let mut calls = self.0.telegram.calls();
        // What is as it should be, presses that nobody waits for any more, and groups that moved are no refusals.
        let settled = [
            "not modified",
            "query is too old",
            "upgraded to a supergroup",
        ];
        calls.retain(|call| {
            call.status == 400 && !settled.iter().any(|words| call.description.contains(words))
        });
        calls
    }

    /// Ends it and looks at what it leaves: nothing that Telegram refused, no handler that failed, no secret and no
    /// words of people in its logs.
    pub async fn stop(&self) {
        let node = self.0.node.lock().await.take().expect("it runs");
        let output = node.stop().await;
        assert_discreet(&output);
        let refused = self.refused();
        assert!(refused.is_empty(), "Telegram refused: {refused:#?}");
        let letters = self.db().dead_letters().await;
        assert!(letters.is_empty(), "dead letters {letters:?}: {output}");
    }

    /// One step of a preview.
    pub async fn preview(&self, body: serde_json::Value) -> Answer {
        self.post("/preview/send", &body).await
    }
}

/// What people in these tests write where it would be seen in a log.
pub const WORDS_OF_PEOPLE: &[&str] = &["quiet room", "Больше пирогов", "Спина", "plumbus"];

/// No token, no secret and no words of people in what a process has printed.
pub fn assert_discreet(output: &str) {
    for token in [BOOKING_TOKEN, SURVEY_TOKEN] {
        let secret = token.split(':').nth(1).unwrap();
        assert!(!output.contains(secret), "a token in the logs: {output}");
    }
    assert!(
        !output.contains(WEBHOOK_SECRET),
        "a secret in the logs: {output}"
    );
    for words in WORDS_OF_PEOPLE {
        assert!(!output.contains(words), "{words:?} in the logs: {output}");
    }
}
