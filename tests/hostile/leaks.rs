//! Secrets and words of people, planted everywhere, and looked for wherever something comes out of the program: its logs at
//! their finest, metrics, every body it answers with, its database, what it says when it cannot start.

use std::time::Duration;

use runtime_core::testing::telegram::Fault;
use serde_json::json;

use crate::ground::{BOTS, Engine, Ground, message, press, say};
use crate::support::{BOOKING_TOKEN, Home, WEBHOOK_SECRET, http};
use crate::wire::Wire;

const ADMIN: &str = "canary-admin-token-7f3a9c";
const KEY: &str = "canary-signing-key-51d0e2";
const KEY_OLD: &str = "canary-former-key-90aa17";
const REDIS: &str = "canary-redis-password-3b";

/// What people say and are called; only where it belongs may it be seen.
const WORDS: &[&str] = &[
    "canary words of a note",
    "canaryname",
    "canarysurname",
    "canary_username",
    "+4930canary5551212",
    "canary file.pdf",
];

/// The part of a token that is secret.
fn secret_of(token: &str) -> &str {
    token.split(':').nth(1).unwrap()
}

fn secrets() -> Vec<&'static str> {
    let tokens = BOTS.iter().map(|(_, token)| secret_of(token));
    tokens
        .chain([WEBHOOK_SECRET, ADMIN, KEY, KEY_OLD, REDIS])
        .collect()
}

fn found<'a>(text: &str, what: &[&'a str]) -> Vec<&'a str> {
    what.iter()
        .filter(|canary| text.contains(**canary))
        .copied()
        .collect()
}

/// A person with all these words, who does everything.
async fn lives(ground: &Ground, wire: &mut Wire) {
    let dressed = |mut update: serde_json::Value| {
        for at in ["/message/from", "/callback_query/from"] {
            if let Some(from) = update.pointer_mut(at) {
                from["first_name"] = "canaryname".into();
                from["last_name"] = "canarysurname".into();
                from["username"] = "canary_username".into();
            }
        }
        update
    };
    for text in [
        "/start",
        "canary words of a note",
        "/quick",
        "spa",
        "2031-07-08 11:00",
        "canary words of a note",
        "/my",
        "/cancel_booking canary",
    ] {
        ground.hook(wire, "booking", dressed(say(6001, text))).await;
    }
    let contact = json!({"contact": {"phone_number": "+4930canary5551212", "first_name": "canaryname", "user_id": 6001}});
    let file = json!({"document": {"file_id": "BQAC", "file_unique_id": "u", "file_name": "canary file.pdf"}, "caption": "canary words of a note"});
    for content in [contact, file] {
        ground
            .hook(wire, "shop", dressed(message(6001, content)))
            .await;
    }
    ground
        .hook(
            wire,
            "booking",
            dressed(press(6001, 6001, "canary words of a note")),
        )
        .await;
    for text in ["/ticket", "other", "canary words of a note", "/skip"] {
        ground.hook(wire, "support", dressed(say(6001, text))).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leaks_whatever_fails() {
    // Everything that can be said is said: also what libraries say.
    let settings = [
        ("RUST_LOG", "trace"),
        ("BOTFACTORY_ADMIN_TOKEN", ADMIN),
        ("BOTFACTORY_KEY", KEY),
        ("BOTFACTORY_KEY_OLD", KEY_OLD),
    ];
    let redis = format!("redis://:{REDIS}@127.0.0.1:1/0");
    let ground = Ground::with(
        Engine::Sqlite,
        &[&settings[..], &[("REDIS_URL", redis.as_str())]].concat(),
    )
    .await;
    let mut wire = Wire::new(ground.address());
    lives(&ground, &mut wire).await;
    // Telegram fails in every way while people go on.
    for fault in [
        Fault::Status(500),
        Fault::Status(401),
        Fault::Status(404),
        Fault::Flood(1),
        Fault::Close,
        Fault::AcceptThenClose,
        Fault::Blocked,
        Fault::Migrated(-1009),
        Fault::Hang(Duration::from_millis(300)),
    ] {
        for method in ["sendMessage", "getMe", "setWebhook", "setMyCommands"] {
            ground.telegram.fail_next(Some(method), fault);
        }
        let bearer = format!("Bearer {ADMIN}");
        let headers = [("Authorization", bearer.as_str())];
        let reload = http::post(ground.address(), "/bots/booking/reload", &headers, b"").await;
        assert_eq!(found(&reload.text(), &secrets()), Vec::<&str>::new());
        let update = say(6002, "/help").to_string();
        let said = ground.post(&mut wire, "booking", update.as_bytes()).await;
        assert!([200, 503].contains(&said.status), "{}", said.status);
        ground.telegram.clear_faults();
    }
    // Wrong in every way, with words in it.
    for (method, path, body) in [
        (
            "POST",
            "/preview/send",
            r#"{"bot_id":"canaryname","text":"canary words of a note","user_id":"canaryname"}"#,
        ),
        ("POST", "/preview/send", "canary words of a note"),
        (
            "PUT",
            "/bots/booking/texts/en",
            r#"{"texts":{"btn-book":"{ $canaryname }"}}"#,
        ),
        ("GET", "/bots/canaryname", ""),
        ("POST", "/tg/booking", "canary words of a note"),
        ("GET", "/canaryname?token=canary_username", ""),
    ] {
        for authorization in [
            format!("Bearer {ADMIN}"),
            "Bearer canary_username".to_owned(),
            String::new(),
        ] {
            let headers = [("Authorization", authorization.as_str())];
            let said = http::send(ground.address(), method, path, &headers, body.as_bytes()).await;
            assert!(said.status < 500, "{method} {path}: {}", said.text());
            let leaked = found(&said.text(), &secrets());
            assert!(
                leaked.is_empty(),
                "{leaked:?} in {method} {path}: {}",
                said.text()
            );
            let words = found(&said.text(), WORDS);
            // Only a diagnostic of an operator's own text repeats it.
            assert!(
                words.is_empty() || path.contains("/texts/"),
                "{words:?} in {}",
                said.text()
            );
        }
    }
    // Everything that answers with a body.
    let bearer = format!("Bearer {ADMIN}");
    let headers = [("Authorization", bearer.as_str())];
    for path in [
        "/",
        "/bots",
        "/bots/booking",
        "/bots/shop",
        "/bots/booking/dead-letters",
        "/bots/booking/texts",
        "/bots/booking/texts/en",
        "/bots/booking/text-changes",
        "/metrics",
        "/health",
        "/health/db",
        "/health/pg",
        "/health/redis",
        "/health/ready",
        "/openapi.json",
        "/docs",
        "/nowhere",
    ] {
        let said = http::send(ground.address(), "GET", path, &headers, b"").await;
        let text = said.text();
        assert_eq!(found(&text, &secrets()), Vec::<&str>::new(), "{path}");
        assert_eq!(found(&text, WORDS), Vec::<&str>::new(), "{path}");
    }
    ground.settled().await;
    // Nowhere in the database, but for the words: those stand where they belong.
    for (table, rows) in ground.dump().await {
        let text = rows.join("\n");
        assert_eq!(found(&text, &secrets()), Vec::<&str>::new(), "{table}");
        let words = [
            "bookings",
            "support_tickets",
            "bf_conversations",
            "bf_person",
            "bf_outbox",
        ];
        if !words.contains(&table.as_str()) {
            assert_eq!(found(&text, WORDS), Vec::<&str>::new(), "{table}");
        }
    }
    let node = ground.node;
    let output = node.stop().await;
    assert!(
        output.len() > 10_000,
        "so little was said at the finest level: {output}"
    );
    assert_eq!(found(&output, &secrets()), Vec::<&str>::new());
    assert_eq!(found(&output, WORDS), Vec::<&str>::new());
    assert!(!output.contains("panicked"));
}

/// What it says when it cannot start names the variable, never the value.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_fails_says_no_values() {
    let odd = "canary value of a variable";
    for (name, value) in [
        (
            "BOTFACTORY_TOKEN_BOOKING",
            "123456:canary value of a variable",
        ),
        ("BOTFACTORY_TOKEN_BOOKING", odd),
        ("BOTFACTORY_WEBHOOK_SECRET", odd),
        ("BOTFACTORY_PUBLIC_URL", odd),
        ("BOTFACTORY_TELEGRAM_API", odd),
        (
            "DATABASE_URL",
            "postgres://user:canary value of a variable@127.0.0.1:1/x",
        ),
        ("DATABASE_URL", "canary value of a variable"),
        ("REDIS_URL", "redis://:canary value of a variable@:x/y"),
        (
            "BOTFACTORY_ADMIN_TOKEN",
            "sha256:canary value of a variable",
        ),
    ] {
        let home = Home::new().with(name, value);
        let (code, said) = home.refused().await;
        assert_eq!(code, 1, "{name}");
        assert!(
            said.contains(name) || name == "DATABASE_URL",
            "{name}: {said}"
        );
        assert!(!said.contains("canary value"), "{name}: {said}");
    }
    // A Telegram that nobody can reach, asked by hand.
    let home = Home::new()
        .with("BOTFACTORY_TOKEN_BOOKING", BOOKING_TOKEN)
        .with("BOTFACTORY_TELEGRAM_API", "http://127.0.0.1:1")
        .with("RUST_LOG", "trace");
    let output = home.run(&["webhook", "info", "booking"], "").await;
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(!output.status.success());
    assert!(!said.contains(secret_of(BOOKING_TOKEN)), "{said}");
}
