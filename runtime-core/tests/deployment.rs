//! A whole deployment in one process: a hand-written bot, the real engine and database, the strict Telegram.

use std::collections::BTreeMap;

use runtime_core::app::start::{self, App};
use runtime_core::config::Config;
use runtime_core::config::access::Proxies;
use runtime_core::deployment::Standing;
use runtime_core::http::doors::Doors;
use runtime_core::http::listener::{self, FlushListener};
use runtime_core::http::{routes, serve};
use runtime_core::ingress::polling::Polling;
use runtime_core::prelude::*;
use runtime_core::testing::telegram::{FakeBot, FakeTelegram, Fault, User, Via};
use tokio::sync::watch;

#[derive(Debug)]
struct Demo;

fn menu(words: &Words) -> Text {
    let mut text = words.plain().begin();
    text.push(if words.locale() == "ru" {
        "Начало"
    } else {
        "Begin"
    });
    text.end()
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
        LocaleSpec { tag: "en", ftl: "" },
        LocaleSpec { tag: "ru", ftl: "" },
    ],
    default_locale: 0,
    commands: &[
        CommandSpec {
            name: "start",
            effect: Effect::Pure,
            reads: Reads::Many,
            writes: Writes::Many,
            wizard: false,
            admins: false,
            description: Some(menu),
            usage: "/start",
        },
        CommandSpec {
            name: "two",
            effect: Effect::Write,
            reads: Reads::Many,
            writes: Writes::Many,
            wizard: false,
            admins: false,
            description: None,
            usage: "/two",
        },
    ],
    wizards: &[],
    lists: &[],
    migrations: MigrationSet {
        owner: "demo",
        files: &[Migration {
            version: 1,
            name: "hits",
            sqlite: "CREATE TABLE hits (user_id INTEGER NOT NULL)",
            postgres: None,
        }],
    },
    source_hash: "x",
    texts: "",
};

impl Bot for Demo {
    fn spec(&self) -> &'static BotSpec {
        &SPEC
    }
    fn command(&self, name: &str) -> Option<usize> {
        SPEC.commands.iter().position(|c| c.name == name)
    }
    fn enter<'a>(&'a self, cx: &'a mut Cx, command: usize, _: &'a str) -> Handling<'a> {
        Box::pin(async move {
            let words = cx.words().clone();
            let (html, plain) = (words.html(), words.plain());
            let mut label = plain.begin();
            label.push("Again");
            let mut first = html.begin();
            first.push(if command == 0 { "<b>Hello</b>" } else { "one" });
            cx.reply(
                Message::new(first.end())
                    .row([Button::command(label.end(), CommandLine::new("start"))]),
            );
            if command == 1 {
                let user = cx.user_id();
                sqlx::query("INSERT INTO hits (user_id) VALUES (?1)")
                    .bind(user)
                    .execute(cx.db_write().await?.sqlite()?)
                    .await?;
                let mut second = html.begin();
                second.push("two");
                cx.reply(Message::new(second.end()));
            }
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

static BOTS: &[&dyn Bot] = &[&Demo];
const TOKEN: &str = "123456:AAaa_-BBbbCCccDDddEEee";
const ANN: User = User {
    id: 42,
    name: "Ann",
    language: "en",
};

struct Bench {
    telegram: FakeTelegram,
    bot: FakeBot,
    config: Config,
    folder: std::path::PathBuf,
}

impl Bench {
    async fn new(name: &str, public_url: Option<&str>) -> Self {
        let folder = std::env::temp_dir().join(format!(
            "botfactory-deployment-{name}-{}",
            std::process::id()
        ));
        let _ = std::fs::remove_dir_all(&folder);
        let telegram = FakeTelegram::start().await.unwrap();
        let bot = telegram.bot(TOKEN);
        let mut variables = BTreeMap::from([
            ("BOTFACTORY_TOKEN_DEMO".to_owned(), TOKEN.to_owned()),
            (
                "BOTFACTORY_TELEGRAM_API".to_owned(),
                telegram.url().to_owned(),
            ),
            (
                "DATABASE_URL".to_owned(),
                format!("sqlite://{}/data/x.db", folder.display()),
            ),
        ]);
        if let Some(url) = public_url {
            variables.insert("BOTFACTORY_PUBLIC_URL".to_owned(), url.to_owned());
        }
        Self {
            telegram,
            bot,
            config: Config::read(&variables, &["demo"]).unwrap(),
            folder,
        }
    }
}

#[tokio::test]
async fn over_the_webhook() {
    let port = listener::open("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", port.listener.local_addr().unwrap());
    let bench = Bench::new("webhook", Some(&url)).await;
    let App {
        deployment,
        store,
        sender,
        announced,
        marking,
        ..
    } = start::open(BOTS, &bench.config).await.unwrap();
    let routes = routes::all(&deployment);
    tokio::spawn(async move {
        let (_stop, stopped) = tokio::sync::watch::channel(false);
        let doors = Doors::of_process(Proxies::default());
        let listener = FlushListener::new(port.listener, doors, stopped).unwrap();
        serve::run(listener, routes, std::future::pending()).await;
    });
    let sending = sender.start(announced);

    // Registered with its secret; a first failure is tried again.
    bench
        .telegram
        .fail_next(Some("setWebhook"), Fault::Status(502));
    let registrar = deployment.registrar().unwrap().clone();
    tokio::time::timeout(
        std::time::Duration::from_secs(10),
        registrar.register_until_done(deployment.clone(), 0),
    )
    .await
    .unwrap();
    assert_eq!(bench.bot.webhook(), Some(format!("{url}/tg/demo")));
    assert_eq!(deployment.bot(0).unwrap().link().updates, Standing::Ok);
    let pair = |a: &str, b: &str| vec![(a.to_owned(), b.to_owned())];
    assert_eq!(bench.bot.commands(""), pair("start", "Begin"));
    assert_eq!(bench.bot.commands("ru"), pair("start", "Начало"));

    // A pure reply rides in the response.
    bench.bot.say(ANN, 42, "/start");
    let hello = bench.bot.wait_for("<b>Hello</b>").await;
    assert_eq!(hello.buttons(), ["Again"]);
    assert!(bench.bot.wait_until_idle().await);
    let sent = bench.telegram.accepted("sendMessage");
    assert_eq!((sent.len(), sent[0].via), (1, Via::Response));

    // A press is answered.
    bench.bot.press(ANN, &hello, "Again").unwrap();
    assert!(bench.bot.wait_until_idle().await);
    bench
        .bot
        .wait(|| (!bench.telegram.accepted("answerCallbackQuery").is_empty()).then_some(()))
        .await
        .unwrap();

    // Two messages of a `write` handler come once each and in order, however often the update does.
    let update = bench.bot.say(ANN, 42, "/two");
    bench.bot.wait_for("two").await;
    assert!(bench.bot.wait_until_idle().await);
    assert!(bench.bot.redeliver(update));
    assert!(bench.bot.wait_until_idle().await);
    let texts: Vec<String> = bench.bot.shown().into_iter().map(|m| m.text).collect();
    assert_eq!(texts.iter().filter(|t| *t == "two").count(), 1, "{texts:?}");
    let (one, two) = (
        texts.iter().position(|t| t == "one").unwrap(),
        texts.iter().position(|t| t == "two").unwrap(),
    );
    assert!(one < two, "{texts:?}");
    // Nothing that Telegram would have refused.
    let refused: Vec<_> = bench
        .telegram
        .calls()
        .into_iter()
        .filter(|call| call.status == 400)
        .collect();
    assert!(refused.is_empty(), "{refused:#?}");

    sender.stop(std::time::Duration::from_secs(2)).await;
    sending.iter().for_each(tokio::task::JoinHandle::abort);
    marking.await.unwrap();
    store.close().await;
    let _ = std::fs::remove_dir_all(&bench.folder);
}

#[tokio::test]
async fn over_polling() {
    let bench = Bench::new("polling", None).await;
    let App {
        deployment,
        store,
        sender,
        client,
        announced,
        ..
    } = start::open(BOTS, &bench.config).await.unwrap();
    let sending = sender.start(announced);
    let (stop, stopped) = watch::channel(false);
    let polling = tokio::spawn(
        Polling {
            deployment: deployment.clone(),
            bot: 0,
            store: store.clone(),
            client,
        }
        .run(stopped),
    );
    bench.bot.say(ANN, 42, "/start");
    bench.bot.say(ANN, 42, "/two");
    bench.bot.wait_for("two").await;
    assert!(bench.bot.wait_until_idle().await);
    let sent = bench.telegram.accepted("sendMessage");
    let texts: Vec<_> = sent.iter().map(|call| &call.body["text"]).collect();
    assert_eq!(texts, ["<b>Hello</b>", "one", "two"]);
    assert!(sent.iter().all(|call| call.via == Via::Api));
    stop.send(true).unwrap();
    polling.await.unwrap();
    sender.stop(std::time::Duration::from_secs(2)).await;
    sending.iter().for_each(tokio::task::JoinHandle::abort);
    store.close().await;
    let _ = std::fs::remove_dir_all(&bench.folder);
}
