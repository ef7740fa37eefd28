//! The HTTP surface with an engine that does what the test says.

#[cfg(all(feature = "sqlite", feature = "postgres"))]
mod manage;
mod table;
mod tables;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::connect_info::ConnectInfo;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use super::listener::Peer;
use super::routes;
use crate::bot::{Bot, BotSpec, CommandSpec, Delivery, Handling, Scope};
use crate::config::access::{AdminKey, Proxies};
use crate::deployment::parts::{Boxed, Core};
use crate::deployment::{Deployment, Served, Settings};
use crate::engine::{OfferedRow, Outcome, Outgoing};
use crate::handler::Cx;
use crate::handler::effect::Effect;
use crate::handler::given::Given;
use crate::handler::message::Text;
use crate::handler::printer::Words;
use crate::handler::wizard::Waiting;
use crate::i18n::{LocaleSpec, Strategy};
use crate::incoming::{Event, Incoming};
use crate::outbox::DirectError;
use crate::redis::Redis;
use crate::redis::counters::Counters;
use crate::store::tables::{Migration, MigrationSet};
use crate::telegram::error::ApiError;
use crate::telegram::method::{AnswerCallbackQuery, Call, SendMessage};
use crate::telegram::token::Token;

/// A bot that is only facts.
#[derive(Debug)]
pub(crate) struct Facts;

pub(crate) const SPEC: BotSpec = BotSpec {
    id: "booking",
    name: "Booking",
    tz: "UTC",
    scope: Scope::UserInChat,
    strategy: Strategy::User,
    delivery: Delivery::Auto,
    on_ambiguous: crate::store::outbox::OnAmbiguous::Resend,
    tells_admins: false,
    locales: &[
        LocaleSpec { tag: "ru", ftl: "" },
        LocaleSpec { tag: "en", ftl: "" },
    ],
    default_locale: 0,
    commands: &[CommandSpec {
        name: "start",
        effect: Effect::Pure,
        reads: crate::handler::effect::Reads::None,
        writes: crate::handler::effect::Writes::None,
        wizard: false,
        admins: false,
        description: None,
        usage: "/start",
    }],
    wizards: &[],
    lists: &[],
    migrations: MigrationSet {
        owner: "booking",
        files: &[Migration {
            version: 1,
            name: "bookings",
            sqlite: tables::TABLES,
            postgres: Some(tables::TABLES),
        }],
    },
    source_hash: "abc",
    texts: "",
};

impl Bot for Facts {
    fn spec(&self) -> &'static BotSpec {
        &SPEC
    }
    fn command(&self, name: &str) -> Option<usize> {
        (name == "start").then_some(0)
    }
    fn enter<'a>(&'a self, _: &'a mut Cx, _: usize, _: &'a str) -> Handling<'a> {
        Box::pin(async { Ok(()) })
    }
    fn answer<'a>(&'a self, _: &'a mut Cx, _: Waiting, _: Given<'a>) -> Handling<'a> {
        Box::pin(async { Ok(()) })
    }
    fn ask<'a>(&'a self, _: &'a mut Cx, _: &'a Waiting) -> Handling<'a> {
        Box::pin(async { Ok(()) })
    }
    fn compiled(&self) -> &'static str {
        r#"{"commands":[{"command":"start"}],"tables":[],"graph":{"nodes":[{"id":"/start","kind":"command"}],"edges":[],"mermaid":"flowchart TD\n"}}"#
    }
    fn tables(&self) -> &'static [crate::store::tables::TableSpec] {
        tables::SPECS
    }
    fn fallback(&self, _: &Words) -> Option<Text> {
        None
    }
    fn toast(&self, _: u32, _: &Words) -> Option<Text> {
        None
    }
}

/// An engine that answers from a list and remembers what it was given.
#[derive(Debug, Default)]
pub(crate) struct Scripted {
    pub(crate) outcomes: Mutex<VecDeque<Outcome>>,
    pub(crate) seen: Mutex<Vec<Incoming>>,
    pub(crate) directs: Mutex<VecDeque<Result<(), DirectError>>>,
    pub(crate) sent: Mutex<Vec<Call>>,
    pub(crate) flushed: AtomicUsize,
    pub(crate) store: Option<Arc<crate::store::Store>>,
}

impl Core for Scripted {
    fn handle(&self, incoming: Incoming) -> Boxed<'_, Outcome> {
        self.seen.lock().unwrap().push(incoming);
        let outcome = self.outcomes.lock().unwrap().pop_front();
        Box::pin(async move {
            outcome.unwrap_or(Outcome::Done {
                response: None,
                calls: vec![],
            })
        })
    }
    fn direct(&self, _: i64, call: Outgoing) -> Boxed<'_, Result<(), DirectError>> {
        self.sent.lock().unwrap().push(call.call);
        let told = self.directs.lock().unwrap().pop_front().unwrap_or(Ok(()));
        Box::pin(async move { told })
    }
    fn flushed(&self, _: OfferedRow) {
        self.flushed.fetch_add(1, Ordering::SeqCst);
    }
    fn letters(&self) -> Option<&Arc<crate::store::Store>> {
        self.store.as_ref()
    }
    fn requeued(&self) {
        self.flushed.fetch_add(1, Ordering::SeqCst);
    }
    fn healthy(&self) -> Boxed<'_, bool> {
        Box::pin(async { true })
    }
}

const TOKEN: &str = "123456:AAaa_-BBbbCCccDDddEEee";
const SECRET: &str = "right-secret";

pub(crate) fn deployment(core: Arc<Scripted>, admin: Option<&str>, token: bool) -> Deployment {
    let token = token.then(|| Token::parse(TOKEN).unwrap());
    Deployment::new(
        vec![Served::new(&Facts, token)],
        core,
        Settings {
            name: "0a1b".to_owned(),
            webhook_secret: SECRET.to_owned().into(),
            admin_key: admin.map(AdminKey::of),
            proxies: Proxies::default(),
            admin_apart: false,
            public_url: None,
            postgres: false,
            redis: false,
            counters: Arc::new(Counters::new(Redis::alone())),
        },
        None,
    )
}

struct Answer {
    status: StatusCode,
    headers: axum::http::HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }
}

async fn ask(router: &Router, mut request: Request<Body>) -> Answer {
    use axum::extract::FromRequest;
    if request.extensions().get::<ConnectInfo<Peer>>().is_none() {
        request.extensions_mut().insert(ConnectInfo(Peer {
            address: "127.0.0.1:5".parse().unwrap(),
            flushes: Default::default(),
            pace: Default::default(),
        }));
    }
    let response = call(router.clone(), request).await;
    let (parts, body) = response.into_parts();
    assert!(
        body.size_hint().exact().is_some(),
        "every body has a length"
    );
    let text = String::from_request(Request::new(body), &()).await.unwrap();
    Answer {
        status: parts.status,
        headers: parts.headers,
        text,
    }
}

async fn call(mut router: Router, request: Request<Body>) -> axum::response::Response {
    use tower_service::Service;
    router.as_service::<Body>().call(request).await.unwrap()
}

fn webhook(body: impl Into<Body>) -> Request<Body> {
    Request::post("/tg/booking")
        .header("x-telegram-bot-api-secret-token", SECRET)
        .body(body.into())
        .unwrap()
}

fn text_update() -> String {
    json!({"update_id": 1, "message": {"message_id": 2, "from": {"id": 42, "first_name": "A"}, "chat": {"id": 42, "type": "private"}, "text": "hi"}})
        .to_string()
}

fn local(method: &str, path: &str, body: &str) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost:8000")
        .header("content-type", "application/json")
        .body(Body::from(body.to_owned()))
        .unwrap()
}

fn outgoing(text: &str) -> Outgoing {
    Outgoing::new(message(text), crate::store::outbox::OnAmbiguous::Resend)
}

fn message(text: &str) -> Call {
    Call::SendMessage(SendMessage {
        chat_id: 42,
        message_thread_id: None,
        text: text.to_owned(),
        parse_mode: None,
        reply_markup: None,
    })
}

#[tokio::test]
async fn the_webhook_refuses_what_is_not_telegrams() {
    let core = Arc::new(Scripted::default());
    let router = routes::all(&deployment(core.clone(), None, true));
    let wrong = Request::post("/tg/booking")
        .header("x-telegram-bot-api-secret-token", "wrong")
        .body(Body::from(text_update()))
        .unwrap();
    let none = Request::post("/tg/booking")
        .body(Body::from(text_update()))
        .unwrap();
    let unknown = Request::post("/tg/nobody").body(Body::empty()).unwrap();
    let get = Request::get("/tg/booking").body(Body::empty()).unwrap();
    for (request, status, code) in [
        (wrong, 401, "unauthorized"),
        (none, 401, "unauthorized"),
        (unknown, 404, "not_found"),
        (get, 405, "method_not_allowed"),
        (webhook("{"), 400, "bad_request"),
        (webhook("[]"), 400, "bad_request"),
        (webhook("x".repeat(1_000_001)), 413, "payload_too_large"),
    ] {
        let answer = ask(&router, request).await;
        assert_eq!(answer.status, status);
        let error = &answer.json()["error"];
        assert_eq!(error["code"], code);
        assert_eq!(error["trace_id"].as_str().unwrap().len(), 32);
    }
    assert!(core.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_bot_without_a_token_has_no_webhook() {
    let router = routes::all(&deployment(Arc::default(), None, false));
    assert_eq!(ask(&router, webhook(text_update())).await.status, 404);
}

#[tokio::test]
async fn unknown_kinds_are_acknowledged() {
    let core = Arc::new(Scripted::default());
    let router = routes::all(&deployment(core.clone(), None, true));
    for body in [
        "{}",
        r#"{"update_id":1,"brand_new_kind":{"x":1}}"#,
        r#"{"update_id":1,"poll":{}}"#,
    ] {
        assert_eq!(ask(&router, webhook(body)).await.status, 200, "{body}");
    }
    assert!(core.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn the_response_carries_one_call_and_its_row_is_marked() {
    let core = Arc::new(Scripted::default());
    let router = routes::all(&deployment(core.clone(), None, true));
    core.outcomes.lock().unwrap().push_back(Outcome::Done {
        response: Some((
            message("hello"),
            Some(OfferedRow {
                bot: 123_456,
                update_id: 1,
            }),
        )),
        calls: vec![],
    });
    let answer = ask(&router, webhook(text_update())).await;
    assert_eq!(
        answer.json(),
        json!({"method": "sendMessage", "chat_id": 42, "text": "hello"})
    );
    assert_eq!(answer.headers["content-type"], "application/json");
    let seen = core.seen.lock().unwrap();
    assert_eq!(seen.len(), 1);
    assert!(matches!(&seen[0].event, Event::Message(m) if m.from.id == 42));
}

#[tokio::test]
async fn busy_and_unsent_replies_come_again_later() {
    let core = Arc::new(Scripted::default());
    let router = routes::all(&deployment(core.clone(), None, true));
    core.outcomes
        .lock()
        .unwrap()
        .push_back(Outcome::Busy { retry_after: 3 });
    let answer = ask(&router, webhook(text_update())).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.headers["retry-after"], "3");
    let two = || Outcome::Done {
        response: None,
        calls: vec![outgoing("a"), outgoing("b")],
    };
    // Flood control: the whole update again.
    core.outcomes.lock().unwrap().push_back(two());
    core.directs
        .lock()
        .unwrap()
        .push_back(Err(DirectError::Later { retry_after: 9 }));
    let answer = ask(&router, webhook(text_update())).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.headers["retry-after"]),
        (503, &"9".parse().unwrap())
    );
    // Somebody who blocked the bot is no reason to come again.
    core.outcomes.lock().unwrap().push_back(two());
    core.directs
        .lock()
        .unwrap()
        .push_back(Err(DirectError::Api(ApiError::Unreachable)));
    assert_eq!(ask(&router, webhook(text_update())).await.status, 200);
    // Telegram is away: twice again, then the replies are given up.
    for expected in [503, 503, 200] {
        core.outcomes.lock().unwrap().push_back(Outcome::Done {
            response: None,
            calls: vec![outgoing("a")],
        });
        core.directs
            .lock()
            .unwrap()
            .push_back(Err(DirectError::Api(ApiError::Ambiguous("timeout"))));
        assert_eq!(ask(&router, webhook(text_update())).await.status, expected);
    }
}

#[tokio::test]
async fn preview_says_what_would_be_sent() {
    let core = Arc::new(Scripted::default());
    let router = routes::all(&deployment(core.clone(), None, false));
    core.outcomes.lock().unwrap().push_back(Outcome::Done {
        response: None,
        calls: vec![
            Outgoing::new(
                Call::AnswerCallbackQuery(AnswerCallbackQuery {
                    callback_query_id: "1".into(),
                    text: Some("ok".into()),
                    show_alert: false,
                }),
                crate::store::outbox::OnAmbiguous::Resend,
            ),
            outgoing("hello"),
            outgoing("world"),
        ],
    });
    let body = r#"{"bot_id":"booking","callback":"/start","user_id":7,"locale":"en"}"#;
    let answer = ask(&router, local("POST", "/preview/send", body)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(
        answer.json(),
        json!({"bot_reply": "hello\nworld", "toast": "ok", "messages": [
            {"method": "sendMessage", "text": "hello", "buttons": [], "to": 42},
            {"method": "sendMessage", "text": "world", "buttons": [], "to": 42}]})
    );
    let seen = core.seen.lock().unwrap();
    assert!(
        matches!(&seen[0].event, Event::Callback(c) if c.from.id < 0 && c.from.language_code.as_deref() == Some("en"))
    );
}

#[tokio::test]
async fn preview_refuses_odd_bodies() {
    let router = routes::all(&deployment(Arc::default(), None, false));
    for (body, status) in [
        (r#"{"bot_id":"nobody","text":"x"}"#, 404),
        (r#"{"bot_id":"booking","text":"x","extra":1}"#, 422),
        (r#"{"bot_id":"booking"}"#, 422),
        (r#"{"bot_id":"booking","text":" "}"#, 422),
        (r#"{"bot_id":"booking","text":"x","callback":"/y"}"#, 422),
        (r#"{"bot_id":"booking","text":5}"#, 422),
        (r#"{"bot_id":"#, 400),
    ] {
        let answer = ask(&router, local("POST", "/preview/send", body)).await;
        assert_eq!(answer.status, status, "{body}");
        assert!(answer.json()["error"]["trace_id"].is_string());
    }
    let large = format!(r#"{{"bot_id":"booking","text":"{}"}}"#, "x".repeat(70_000));
    let answer = ask(&router, local("POST", "/preview/send", &large)).await;
    assert_eq!(answer.status, 413);
    let mut form = local("POST", "/preview/send", "{}");
    form.headers_mut()
        .insert("content-type", "text/plain".parse().unwrap());
    assert_eq!(ask(&router, form).await.status, 415);
    assert_eq!(
        ask(&router, local("GET", "/preview/send", "")).await.status,
        405
    );
    let nowhere = ask(&router, local("GET", "/nowhere", "")).await;
    assert_eq!(
        (
            nowhere.status.as_u16(),
            nowhere.json()["error"]["code"].clone()
        ),
        (404, json!("not_found"))
    );
}

#[tokio::test]
async fn without_a_token_only_this_machine_may() {
    let router = routes::all(&deployment(Arc::default(), None, false));
    assert_eq!(ask(&router, local("GET", "/bots", "")).await.status, 200);
    let with = |name: &'static str, value: &'static str| {
        let mut request = local("GET", "/bots", "");
        request.headers_mut().insert(name, value.parse().unwrap());
        request
    };
    for request in [
        with("host", "bots.example.org"),
        with("x-forwarded-for", "1.2.3.4"),
        with("forwarded", "for=1.2.3.4"),
        with("origin", "https://evil.example"),
        with("sec-fetch-site", "cross-site"),
    ] {
        assert_eq!(ask(&router, request).await.status, 403);
    }
    assert_eq!(
        ask(&router, with("origin", "http://localhost:8000"))
            .await
            .status,
        200
    );
    for path in ["/", "/metrics", "/bots/booking"] {
        let mut far = local("GET", path, "");
        far.extensions_mut().insert(ConnectInfo(Peer {
            address: "10.0.0.9:5".parse().unwrap(),
            flushes: Default::default(),
            pace: Default::default(),
        }));
        assert_eq!(ask(&router, far).await.status, 403, "{path}");
    }
}

#[tokio::test]
async fn with_a_token_the_token_counts() {
    let router = routes::all(&deployment(Arc::default(), Some("0123456789abcdef"), false));
    assert_eq!(ask(&router, local("GET", "/bots", "")).await.status, 401);
    let mut right = local("GET", "/bots", "");
    right
        .headers_mut()
        .insert("authorization", "Bearer 0123456789abcdef".parse().unwrap());
    right
        .headers_mut()
        .insert("host", "bots.example.org".parse().unwrap());
    assert_eq!(ask(&router, right).await.status, 200);
    assert_eq!(ask(&router, local("GET", "/", "")).await.status, 200);
    for path in ["/health", "/health/db", "/health/ready"] {
        assert_eq!(
            ask(&router, local("GET", path, "")).await.status,
            200,
            "{path}"
        );
    }
}

#[tokio::test]
async fn bots_and_reload_and_metrics() {
    let router = routes::all(&deployment(Arc::default(), None, true));
    let list = ask(&router, local("GET", "/bots", "")).await.json();
    assert_eq!(list["total"], 1);
    assert_eq!(list["bots"][0]["bot_id"], "booking");
    assert_eq!(list["bots"][0]["mode"], "polling");
    let bot = ask(&router, local("GET", "/bots/booking", "")).await;
    assert_eq!(bot.json()["telegram"]["id"], 123_456);
    assert!(!bot.text.contains("AAaa"));
    let reload = ask(&router, local("POST", "/bots/booking/reload", ""))
        .await
        .json();
    assert_eq!(reload["reloaded"], true);
    assert_eq!(
        ask(&router, local("GET", "/bots/nobody", "")).await.status,
        404
    );
    let metrics = ask(&router, local("GET", "/metrics", "")).await.text;
    assert!(metrics.contains("api_requests_total{code=\"200\",route=\"/bots\"}"));
}

#[tokio::test]
async fn two_listeners_split_the_routes() {
    let deployment = deployment(Arc::default(), None, true);
    let public = routes::public(&deployment);
    let admin = routes::admin(&deployment);
    assert_eq!(ask(&public, local("GET", "/bots", "")).await.status, 404);
    assert_eq!(ask(&public, local("GET", "/health", "")).await.status, 200);
    assert_eq!(ask(&public, webhook(text_update())).await.status, 200);
    assert_eq!(ask(&admin, local("GET", "/bots", "")).await.status, 200);
    assert_eq!(ask(&admin, webhook(text_update())).await.status, 404);
}

#[tokio::test]
async fn an_offered_row_is_marked_when_its_response_was_flushed() {
    let core = Arc::new(Scripted::default());
    let router = routes::all(&deployment(core.clone(), None, true));
    core.outcomes.lock().unwrap().push_back(Outcome::Done {
        response: Some((
            message("hello"),
            Some(OfferedRow {
                bot: 123_456,
                update_id: 1,
            }),
        )),
        calls: vec![],
    });
    let port = crate::http::listener::open("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = port.listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (_stop, stopped) = tokio::sync::watch::channel(false);
        let doors = crate::http::doors::Doors::of_process(Proxies::default());
        let listener =
            crate::http::listener::FlushListener::new(port.listener, doors, stopped).unwrap();
        crate::http::serve::run(listener, router, std::future::pending()).await;
    });
    let http = crate::telegram::client::plain_http().unwrap();
    let answer = http
        .post(format!("http://{address}/tg/booking"))
        .header("x-telegram-bot-api-secret-token", SECRET)
        .body(text_update())
        .send()
        .await
        .unwrap();
    assert!(answer.text().await.unwrap().contains("hello"));
    assert_eq!(core.flushed.load(Ordering::SeqCst), 1);
    // A body that is too large is read far enough for its sender to see the answer.
    let large = http
        .post(format!("http://{address}/tg/booking"))
        .header("x-telegram-bot-api-secret-token", SECRET)
        .body("x".repeat(3_000_000))
        .send()
        .await
        .unwrap();
    assert_eq!(large.status(), 413);
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn dead_letters_are_listed_requeued_once_and_discarded() {
    let folder = std::env::temp_dir().join(format!("botfactory-letters-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let url = format!("sqlite://{}/x.db", folder.display());
    let store = crate::store::Store::open(&url, &[], crate::clock::Clock::system())
        .await
        .unwrap();
    store
        .sqlite()
        .writer
        .write(|connection| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO bf_outbox (bot, update_id, n, chat, at, state, lease_until, call) VALUES \
                       (123456, 1, 0, 42, 1, 2, 1, '{\"method\":\"sendMessage\",\"chat_id\":42,\"text\":\"secret\"}'), \
                       (123456, 1, 1, 42, 1, 2, 1, '{\"method\":\"sendMessage\",\"chat_id\":42,\"text\":\"secret\"}');
                     INSERT INTO bf_dead_letters (bot, update_id, at, code, trace_id) VALUES \
                       (123456, 9, 5, 'handler_failed', 'trace'), (7, 9, 5, 'another_bots', '')",
                )
                .execute(connection)
                .await
                .map(|_| ())
            })
        })
        .await
        .unwrap();
    for n in [0, 1] {
        let row = crate::store::outbox::RowKey {
            bot: 123_456,
            update_id: 1,
            n,
        };
        for _ in 0..2 {
            let failed = store.mark_failed(row, "telegram_refused", "sendMessage");
            failed.await.unwrap();
        }
    }
    let core = Arc::new(Scripted {
        store: Some(store.clone()),
        ..Scripted::default()
    });
    let router = routes::all(&deployment(core.clone(), None, true));
    let list = "/bots/booking/dead-letters";
    let answer = ask(&router, local("GET", list, "")).await;
    assert_eq!(answer.status, 200);
    assert!(!answer.text.contains("secret"), "never a text");
    let letters = answer.json();
    let letters = letters["dead_letters"].as_array().unwrap().clone();
    assert_eq!(letters.len(), 3, "{letters:?}");
    assert_eq!(letters[0]["requeueable"], false);
    assert_eq!(letters[0]["trace_id"], "trace");
    assert_eq!(letters[1]["method"], "sendMessage");
    assert_eq!(letters[1]["requeueable"], true);
    let id = |at: usize| letters[at]["id"].as_i64().unwrap();
    let after = ask(
        &router,
        local("GET", &format!("{list}?after={}", id(1)), ""),
    )
    .await;
    assert_eq!(after.json()["dead_letters"].as_array().unwrap().len(), 1);
    let wrong = ask(&router, local("GET", &format!("{list}?after=x"), "")).await;
    assert_eq!(wrong.json()["error"]["code"], "bad_request");
    // Once, however many ask.
    let again = format!("{list}/{}/requeue", id(1));
    assert_eq!(ask(&router, local("POST", &again, "")).await.status, 200);
    assert_eq!(core.flushed.load(Ordering::SeqCst), 1);
    let gone = ask(&router, local("POST", &again, "")).await;
    assert_eq!(
        (gone.status.as_u16(), &gone.json()["error"]["code"]),
        (404, &json!("not_found"))
    );
    let handlers = format!("{list}/{}/requeue", id(0));
    let answer = ask(&router, local("POST", &handlers, "")).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["error"]["code"]),
        (409, &json!("conflict"))
    );
    let bin = format!("{list}/{}", id(2));
    assert_eq!(ask(&router, local("DELETE", &bin, "")).await.status, 200);
    assert_eq!(ask(&router, local("DELETE", &bin, "")).await.status, 404);
    assert_eq!(
        ask(&router, local("DELETE", &format!("{list}/x"), ""))
            .await
            .status,
        404
    );
    let rows = store
        .lease_expired(crate::telegram::flood::Class::Reply, 10)
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    assert!(rows[0].key.n == 0 && !rows[0].ambiguous && rows[0].attempts == 0);
    // Guarded like the other routes.
    let mut foreign = local("GET", list, "");
    foreign
        .headers_mut()
        .insert("x-forwarded-for", "1.2.3.4".parse().unwrap());
    assert_eq!(ask(&router, foreign).await.status, 403);
    store.close().await;
    let _ = std::fs::remove_dir_all(&folder);
}
