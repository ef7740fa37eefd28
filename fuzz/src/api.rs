//! Requests to every route of the built bots: never a 500 or a panic, refusals in the one envelope, and nothing of a body in
//! them. One input is a line with method, path and media type, and the body after it.

use std::cell::RefCell;
use std::collections::BTreeMap;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use runtime_core::app::start::{self, App};
use runtime_core::config::Config;
use runtime_core::http::routes;
use serde_json::Value;
use tokio::runtime::Runtime;
use tower_service::Service;

const TOKEN: &str = "0123456789abcdef";
/// Stands in bodies of the seeds. With blanks: no name of a field looks like it.
const WORDS: &str = "SECRET WORDS";
/// Longest answer.
const ANSWER: usize = 64 << 20;

struct House {
    runtime: Runtime,
    app: App,
    router: Router,
}

thread_local! {
    static HOUSE: RefCell<House> = RefCell::new(open());
}

fn open() -> House {
    let names: Vec<&str> = botfactory::BOTS.iter().map(|bot| bot.spec().id).collect();
    let folder = std::env::temp_dir().join(format!("botfactory-fuzz-{}", std::process::id()));
    let mut settings = BTreeMap::from([
        (
            "DATABASE_URL".to_owned(),
            format!("sqlite://{}/api.db", folder.display()),
        ),
        ("BOTFACTORY_ADMIN_TOKEN".to_owned(), TOKEN.to_owned()),
        // Nobody listens there: what asks Telegram is told so at once.
        (
            "BOTFACTORY_TELEGRAM_API".to_owned(),
            "http://127.0.0.1:9".to_owned(),
        ),
        (
            "BOTFACTORY_PUBLIC_URL".to_owned(),
            "https://bots.example.org".to_owned(),
        ),
        ("BOTFACTORY_WEBHOOK_SECRET".to_owned(), TOKEN.to_owned()),
    ]);
    for (at, name) in names.iter().enumerate().skip(1) {
        // The first has none.
        let variable = format!("BOTFACTORY_TOKEN_{}", name.to_ascii_uppercase());
        settings.insert(
            variable,
            format!("{}:AAfuzzSECRETfuzzSECRETfuzzSECRETfuzz", 1000 + at),
        );
    }
    let config = Config::read(&settings, &names).expect("settings");
    let runtime = super::runtime();
    let app = runtime.block_on(start::open(botfactory::BOTS, &config));
    let app = app.expect("an open deployment");
    // Routers watch the database in a task.
    let router = routes::all(&app.deployment);
    House {
        runtime,
        app,
        router,
    }
}

/// `POST /bots/booking/broadcast application/json`, a line's end, the body.
pub fn api(data: &[u8]) {
    let mut parts = data.splitn(2, |byte| *byte == b'\n');
    let head = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let body = parts.next().unwrap_or_default();
    let mut head = head.split(' ');
    let (Some(method), Some(target)) = (head.next(), head.next()) else {
        return;
    };
    let request = Request::builder()
        .method(method)
        .uri(target)
        .header("host", "bots.example.org")
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("x-telegram-bot-api-secret-token", TOKEN)
        .header("content-type", head.next().unwrap_or("application/json"))
        .body(Body::from(body.to_vec()));
    let Ok(request) = request else {
        return; // hyper refuses it before any of this
    };
    HOUSE.with_borrow_mut(|house| {
        let House {
            runtime,
            app,
            router,
        } = house;
        runtime.block_on(async {
            let response = match router.call(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            let status = response.status().as_u16();
            let kind = response.headers().get("content-type").cloned();
            let answer = to_bytes(response.into_body(), ANSWER).await;
            let answer = answer.expect("an answer that does not break off");
            while app.announced.try_recv().is_ok() {}
            let text = String::from_utf8_lossy(&answer);
            // 502: nobody is Telegram here; 503: it is told when to come again.
            assert!(
                status < 500 || status == 502 || status == 503,
                "{status} {text}"
            );
            let health = target.starts_with("/health");
            if status >= 400 && !answer.is_empty() && !health {
                let error: Value = serde_json::from_slice(&answer).expect("the envelope");
                let error = &error["error"];
                assert!(
                    error["code"].is_string() && error["message"].is_string(),
                    "{text}"
                );
                assert_eq!(error["trace_id"].as_str().map(str::len), Some(32), "{text}");
                assert!(!text.contains(WORDS), "{text}");
            }
            assert!(
                !text.contains("fuzzSECRET") && !text.contains(TOKEN),
                "{text}"
            );
            assert!(kind.is_some() || answer.is_empty(), "{status} {text}");
        });
    });
}
