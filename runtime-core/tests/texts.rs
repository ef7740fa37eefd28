//! Overridden texts in whole deployments: two instances on one Postgres, with and without Redis; a command line beside a
//! running instance on SQLite; command menus that follow.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use runtime_core::app::cli::Texts;
use runtime_core::app::start::{self, App};
use runtime_core::app::texts;
use runtime_core::config::Config;
use runtime_core::engine::Outcome;
use runtime_core::http::doors::Doors;
use runtime_core::http::listener::{self, FlushListener};
use runtime_core::http::{routes, serve};
use runtime_core::incoming::{Channel, Content, Event, Incoming, MessageIn, Person, Place};
use runtime_core::prelude::*;
use runtime_core::telegram::method::Call;
use runtime_core::testing::postgres::Postgres;
use runtime_core::testing::redis::Redis;
use runtime_core::testing::telegram::{FakeBot, FakeTelegram};
use serde_json::{Value, json};
use tokio::sync::watch;

#[derive(Debug)]
struct Demo;

/// What another instance may be late by.
const LATE: Duration = Duration::from_secs(1);
const TOKEN: &str = "123456:AAaa_-BBbbCCccDDddEEee";
static BOTS: &[&dyn Bot] = &[&Demo];

fn printed(words: &Words, key: &'static str) -> Text {
    let mut text = words.plain().begin();
    text.write_fmt(format_args!("{}", words.plain().t(key, Args::new())));
    text.end()
}

fn description(words: &Words) -> Text {
    printed(words, "cmd-start")
}

static SPEC: BotSpec = BotSpec {
    id: "demo",
    name: "Demo",
    tz: "UTC",
    scope: Scope::UserInChat,
    strategy: Strategy::User,
    delivery: Delivery::Auto,
    on_ambiguous: runtime_core::store::outbox::OnAmbiguous::Resend,
    tells_admins: false,
    locales: &[
        LocaleSpec {
            tag: "en",
            ftl: "# The menu\ncmd-start = Begin\nhello = Hello\n",
        },
        LocaleSpec {
            tag: "ru",
            ftl: "cmd-start = Начало\nhello = Привет\n",
        },
    ],
    default_locale: 0,
    commands: &[CommandSpec {
        name: "start",
        effect: Effect::Pure,
        reads: Reads::None,
        writes: Writes::None,
        wizard: false,
        admins: false,
        description: Some(description),
        usage: "/start",
    }],
    wizards: &[],
    lists: &[],
    migrations: MigrationSet {
        owner: "demo",
        files: &[],
    },
    source_hash: "x",
    texts: r#"{"t":[{"a":"bot.yaml:4","s":"m","m":"Plain","n":[{"k":{"k":"hello"}}]},{"a":"bot.yaml:5","s":"d","m":"Plain","n":[{"k":{"k":"cmd-start"}}]}]}"#,
};

impl Bot for Demo {
    fn spec(&self) -> &'static BotSpec {
        &SPEC
    }
    fn command(&self, name: &str) -> Option<usize> {
        SPEC.commands.iter().position(|c| c.name == name)
    }
    fn enter<'a>(&'a self, cx: &'a mut Cx, _: usize, _: &'a str) -> Handling<'a> {
        Box::pin(async move {
            let text = printed(cx.words(), "hello");
            cx.reply(Message::new(text));
            Ok(())
        })
    }
    fn answer<'a>(&'a self, _: &'a mut Cx, _: Waiting, _: Given<'a>) -> Handling<'a> {
        Box::pin(async { Ok(()) })
    }
    fn ask<'a>(&'a self, _: &'a mut Cx, _: &'a Waiting) -> Handling<'a> {
        Box::pin(async { Ok(()) })
    }
    fn fallback(&self, _: &Words) -> Option<Text> {
        None
    }
    fn toast(&self, _: u32, _: &Words) -> Option<Text> {
        None
    }
}

/// One instance: its listener, and what follows the texts.
struct Instance {
    app: App,
    url: String,
    client: reqwest::Client,
    _stop: watch::Sender<bool>,
}

impl Instance {
    async fn start(config: &Config) -> Self {
        let app = start::open(BOTS, config).await.unwrap();
        let port = listener::open("127.0.0.1:0".parse().unwrap()).unwrap();
        let url = format!("http://{}", port.listener.local_addr().unwrap());
        let (stop, stopped) = watch::channel(false);
        let routes = routes::all(&app.deployment);
        let doors = Doors::of_process(config.proxies.clone());
        let listener = FlushListener::new(port.listener, doors, stopped.clone()).unwrap();
        tokio::spawn(serve::run(listener, routes, std::future::pending()));
        // What other instances tell arrives here.
        let renewing = app.deployment.clone();
        let renew = move |bot| renewing.renewal(bot);
        tokio::spawn(app.overrides.clone().run(renew, stopped));
        Self {
            app,
            url,
            client: reqwest::Client::new(),
            _stop: stop,
        }
    }

    /// What it says to `/start`.
    async fn says(&self) -> String {
        static NEXT: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(1);
        let update_id = NEXT.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let outcome = self.app.deployment.core().handle(Incoming {
            bot: 0,
            update_id,
            channel: Channel::Webhook,
            trace_id: "t".to_owned(),
            arrived: Instant::now(),
            event: Event::Message(MessageIn {
                from: Person {
                    id: 5,
                    first_name: "Ann".to_owned(),
                    last_name: None,
                    username: None,
                    language_code: None,
                },
                place: Place {
                    chat_id: 5,
                    private: true,
                    thread_id: 0,
                },
                message_id: 1,
                content: Content::Text("/start".to_owned()),
            }),
        });
        match outcome.await {
            Outcome::Done {
                response: Some((Call::SendMessage(message), _)),
                ..
            } => message.text,
            Outcome::Done { calls, .. } => match &calls[0].call {
                Call::SendMessage(message) => message.text.clone(),
                other => panic!("{other:?}"),
            },
            Outcome::Busy { .. } => panic!("busy"),
        }
    }

    /// How long it takes until it says this.
    async fn comes_to_say(&self, text: &str) -> Duration {
        let began = Instant::now();
        loop {
            let said = self.says().await;
            if said == text {
                return began.elapsed();
            }
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "still {said:?}, not {text:?}"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn ask(&self, method: &str, path: &str, kind: &str, body: String) -> (u16, String) {
        let method = method.parse().unwrap();
        let request = self.client.request(method, format!("{}{path}", self.url));
        let sent = request
            .header("content-type", kind)
            .body(body)
            .send()
            .await
            .unwrap();
        (sent.status().as_u16(), sent.text().await.unwrap())
    }

    async fn json(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let (status, text) = self
            .ask(method, path, "application/json", body.to_string())
            .await;
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    async fn overrides(&self, locale: &str, texts: Value) -> (u16, Value) {
        let path = format!("/bots/demo/texts/{locale}?author=anna");
        self.json("PUT", &path, json!({ "texts": texts })).await
    }
}

/// A Telegram, and what the environment says.
async fn environment(database: &str, redis: Option<&str>) -> (FakeTelegram, FakeBot, Config) {
    let telegram = FakeTelegram::start().await.unwrap();
    let bot = telegram.bot(TOKEN);
    let mut variables = BTreeMap::from([
        ("BOTFACTORY_TOKEN_DEMO".to_owned(), TOKEN.to_owned()),
        (
            "BOTFACTORY_TELEGRAM_API".to_owned(),
            telegram.url().to_owned(),
        ),
        ("DATABASE_URL".to_owned(), database.to_owned()),
    ]);
    if let Some(url) = redis {
        variables.insert("REDIS_URL".to_owned(), url.to_owned());
    }
    let config = Config::read(&variables, &["demo"]).unwrap();
    (telegram, bot, config)
}

async fn two_instances(mut redis: Option<Redis>) {
    let postgres = Postgres::start();
    let url = redis.as_ref().map(Redis::url);
    let (_telegram, menu, config) = environment(&postgres.url("postgres"), url.as_deref()).await;
    let (a, b) = (
        Instance::start(&config).await,
        Instance::start(&config).await,
    );
    // Notices reach what sends.
    for instance in [&a, &b] {
        let (_, announced) = tokio::sync::mpsc::channel(1);
        instance.app.sender.clone().start(announced);
    }
    assert_eq!(
        (a.says().await, b.says().await),
        ("Hello".to_owned(), "Hello".to_owned())
    );
    if redis.is_some() {
        while !a.app.deployment.core().redis_healthy() || !b.app.deployment.core().redis_healthy() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    for turn in 0..3 {
        let words = format!("Ahoy {turn}");
        let (status, body) = a.overrides("en", json!({ "hello": words })).await;
        assert_eq!((status, &body["set"]), (200, &json!(["hello"])), "{body}");
        // Who has taken the request speaks it already.
        assert_eq!(a.says().await, words);
        let late = b.comes_to_say(&words).await;
        println!("turn {turn}: {late:?} later, Redis: {}", redis.is_some());
        assert!(late < LATE, "{late:?}");
    }
    // Without Redis, or without the notice: the table is looked at.
    if let Some(redis) = &mut redis {
        redis.kill();
        let (status, _) = b.overrides("en", json!({ "hello": "Alone" })).await;
        assert_eq!(status, 200);
        let late = a.comes_to_say("Alone").await;
        println!("Redis is gone: {late:?} later");
        assert!(late < LATE, "{late:?}");
    }
    // The menu is told to Telegram again.
    let (status, _) = a.overrides("ru", json!({ "cmd-start": "Старт" })).await;
    assert_eq!(status, 200);
    let told = vec![("start".to_owned(), "Старт".to_owned())];
    let began = Instant::now();
    while menu.commands("ru") != told {
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "{:?}",
            menu.commands("ru")
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(
        menu.commands(""),
        [("start".to_owned(), "Begin".to_owned())]
    );
    // Reverted everywhere.
    let (status, body) = b.json("DELETE", "/bots/demo/texts", Value::Null).await;
    assert_eq!(
        (status, &body["reverted"]),
        (200, &json!(["hello", "cmd-start"]))
    );
    assert!(a.comes_to_say("Hello").await < LATE);
    for instance in [a, b] {
        instance.app.store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_with_redis() {
    two_instances(Some(Redis::start())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_without_redis() {
    two_instances(None).await;
}

fn folder(name: &str) -> std::path::PathBuf {
    let folder =
        std::env::temp_dir().join(format!("botfactory-texts-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn the_routes() {
    let folder = folder("routes");
    let database = format!("sqlite://{}/x.db", folder.display());
    let (_telegram, _, config) = environment(&database, None).await;
    let a = Instance::start(&config).await;
    let (status, body) = a
        .overrides("en", json!({ "hello": "<b>Hi</b> { $name }", "helo": "x" }))
        .await;
    assert_eq!(status, 422);
    let error = &body["error"];
    assert_eq!(
        error["message"],
        "2 errors in these texts: nothing is stored"
    );
    let found = error["details"]["diagnostics"].as_array().unwrap();
    let missing = found.iter().find(|f| f["code"] == "BF0412").unwrap();
    assert_eq!(missing["message"], "`hello` needs `name` in `en`");
    assert_eq!(
        (&missing["key"], &missing["line"], &missing["column"]),
        (&json!("hello"), &json!(1), &json!(14))
    );
    assert_eq!(missing["notes"][0]["file"], "bot.yaml");
    assert_eq!(a.says().await, "Hello");
    let (status, _) = a.overrides("fr", json!({ "hello": "Salut" })).await;
    assert_eq!(status, 404);
    let (status, _) = a
        .json("PUT", "/bots/nobody/texts/en", json!({ "texts": {} }))
        .await;
    assert_eq!(status, 404);
    let (status, _) = a
        .json("PUT", "/bots/demo/texts/en", json!({ "keys": {} }))
        .await;
    assert_eq!(status, 422);
    let large = json!({ "texts": { "hello": "x".repeat(2 << 20) } });
    assert_eq!(a.json("PUT", "/bots/demo/texts/en", large).await.0, 413);
    // A whole file, with comments and what it does not change.
    let file = "# Mine\nhello =\n    Good day\n    to you\ncmd-start = Begin\n";
    let (status, text) = a
        .ask("PUT", "/bots/demo/texts/en", "text/plain", file.to_owned())
        .await;
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (status, &body["set"], &body["unchanged"]),
        (200, &json!(["hello"]), &json!(["cmd-start"]))
    );
    assert_eq!(a.says().await, "Good day\nto you");
    let (_, body) = a
        .json(
            "GET",
            "/bots/demo/texts?locale=en&overridden=true",
            Value::Null,
        )
        .await;
    assert_eq!(body["texts"].as_array().unwrap().len(), 1);
    let text = &body["texts"][0];
    assert_eq!(
        (&text["original"], &text["override"]["words"]),
        (&json!("Hello"), &json!("Good day\nto you"))
    );
    assert_eq!(
        (&text["override"]["author"], &text["used"]),
        (&json!("api"), &json!(["message"]))
    );
    let (_, body) = a.json("GET", "/bots/demo/texts", Value::Null).await;
    let all = body["texts"].as_array().unwrap();
    assert!(
        all.iter()
            .any(|t| t["key"] == "bf-yes" && t["locale"] == "ru" && t["source"] == "runtime")
    );
    let (status, ftl) = a
        .ask("GET", "/bots/demo/texts/en", "text/plain", String::new())
        .await;
    assert_eq!(
        (status, ftl.as_str()),
        (
            200,
            "# The menu\ncmd-start = Begin\nhello =\n    Good day\n    to you\n"
        )
    );
    let (_, body) = a.json("GET", "/bots/demo/text-changes", Value::Null).await;
    assert_eq!(
        (&body["changes"][0]["key"], &body["next"]),
        (&json!("hello"), &Value::Null)
    );
    let metrics = a
        .ask("GET", "/metrics", "text/plain", String::new())
        .await
        .1;
    for line in [
        "text_overrides{bot_id=\"demo\",state=\"active\"} 1",
        "text_override_changes_total{bot_id=\"demo\",what=\"refused\"}",
        "text_override_changes_total{bot_id=\"demo\",what=\"set\"}",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    let (status, _) = a
        .json("DELETE", "/bots/demo/texts/en/hello", Value::Null)
        .await;
    assert_eq!((status, a.says().await.as_str()), (200, "Hello"));
    let (status, _) = a
        .json("DELETE", "/bots/demo/texts/en/hello", Value::Null)
        .await;
    assert_eq!(status, 404);
    a.app.store.close().await;
    let _ = std::fs::remove_dir_all(&folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_line_beside_a_running_instance() {
    let folder = folder("line");
    let database = format!("sqlite://{}/x.db", folder.display());
    let (_telegram, menu, config) = environment(&database, None).await;
    let a = Instance::start(&config).await;
    assert_eq!(a.says().await, "Hello");
    let run =
        async |what| texts::run(BOTS, environment(&database, None).await.2, "demo", what).await;
    let set = |key: &str, words: &str| Texts::Set {
        locale: "en".to_owned(),
        key: key.to_owned(),
        words: words.to_owned(),
    };
    run(set("hello", "From the terminal")).await.unwrap();
    assert!(a.comes_to_say("From the terminal").await < LATE);
    let refused = run(set("hello", "{ $x }")).await.unwrap_err().to_string();
    assert!(
        refused.contains("error[BF0412]: `hello` needs `x` in `en` (hello in en, 1:4)"),
        "{refused}"
    );
    let file = folder.join("better.ftl");
    std::fs::write(&file, "hello = From a file\ncmd-start = Go\n").unwrap();
    run(Texts::SetFile {
        locale: "en".to_owned(),
        file: file.display().to_string(),
    })
    .await
    .unwrap();
    assert!(a.comes_to_say("From a file").await < LATE);
    let began = Instant::now();
    let told = vec![("start".to_owned(), "Go".to_owned())];
    while menu.commands("") != told {
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "{:?}",
            menu.commands("")
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    run(Texts::List(None)).await.unwrap();
    run(Texts::Export("en".to_owned())).await.unwrap();
    run(Texts::Changes).await.unwrap();
    let revert = |keys: &[&str]| Texts::Revert {
        locale: Some("en".to_owned()),
        keys: keys.iter().map(|k| (*k).to_owned()).collect(),
    };
    assert!(run(revert(&["hello", "nothing"])).await.is_err());
    assert!(a.comes_to_say("Hello").await < LATE);
    run(revert(&[])).await.unwrap();
    a.app.store.close().await;
    let _ = std::fs::remove_dir_all(&folder);
}
