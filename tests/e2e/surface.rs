//! Operators' and builders' routes: what they say, to whom, and what they never say.

use std::net::{SocketAddr, UdpSocket};

use serde_json::{Value, json};

use crate::support::raw::{SECRET, press, text};
use crate::support::world::assert_discreet;
use crate::support::{
    Answer, BOOKING_ID, BOOKING_TOKEN, Channel, Home, WEBHOOK_SECRET, World, http,
};
use crate::words::EN;

async fn with(world: &World, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    http::send(world.address(), method, path, headers, b"{}").await
}

#[tokio::test(flavor = "multi_thread")]
async fn health() {
    let world = World::start(Channel::Preview).await;
    let health = world.get("/health").await;
    assert_eq!(health.text(), r#"{"ok":true}"#);
    assert_eq!(world.get("/health/db").await.text(), r#"{"db_ok":true}"#);
    assert_eq!(world.get("/health/ready").await.ok()["ready"], true);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bots_are_listed_without_secrets() {
    let world = World::start(Channel::Webhook).await;
    let list = world.get("/bots").await.ok();
    let ids: Vec<&str> = list["bots"]
        .as_array()
        .unwrap()
        .iter()
        .map(|b| b["bot_id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["booking", "newsletter", "shop", "support", "survey"]);
    let bot = world.get("/bots/booking").await.ok();
    assert_eq!(bot["name"], "Booking");
    assert_eq!(bot["locales"], json!(["ru", "en"]));
    assert_eq!(bot["default_locale"], "ru");
    assert_eq!(bot["telegram"]["id"], BOOKING_ID);
    let commands = bot["commands"].as_array().unwrap();
    let effect =
        |name: &str| commands.iter().find(|c| c["command"] == name).unwrap()["effect"].clone();
    assert_eq!(effect("start"), "pure");
    assert_eq!(effect("help"), "pure");
    assert_eq!(effect("my"), "read");
    assert_eq!(effect("cancel_booking"), "write");
    for path in [
        "/bots",
        "/bots/booking",
        "/bots/survey",
        "/metrics",
        "/",
        "/health/ready",
    ] {
        let text = world.get(path).await.text();
        assert_discreet(&text);
        assert!(!text.contains(BOOKING_TOKEN), "{path}");
    }
    world.get("/bots/nobody").await.refused(404);
    world.get("/bots/nobody/reload").await.refused(405);
    world
        .post("/bots/nobody/reload", &json!({}))
        .await
        .refused(404);
    http::send(world.address(), "DELETE", "/bots/booking", &[], b"")
        .await
        .refused(405);
    // The menus of commands, per language.
    let telegram = world.bot("booking");
    let named = |commands: Vec<(String, String)>, name: &str| {
        commands
            .into_iter()
            .find(|(command, _)| command == name)
            .unwrap()
            .1
    };
    assert_eq!(named(telegram.commands(""), "book"), "Записаться");
    assert_eq!(
        named(telegram.commands("en"), "book"),
        "Book an appointment"
    );
    assert!(
        !telegram
            .commands("en")
            .iter()
            .any(|(name, _)| name == "cancel_booking")
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reload() {
    let world = World::start(Channel::Webhook).await;
    let before = world.telegram().accepted("setWebhook").len();
    let reload = world.post("/bots/booking/reload", &json!({})).await.ok();
    assert_eq!(reload["bot_id"], "booking");
    assert_eq!(reload["reloaded"], true);
    assert_eq!(reload["webhook_synced"], true);
    assert!(
        reload["build"]
            .as_str()
            .is_some_and(|build| build.len() >= 16),
        "{reload}"
    );
    assert!(
        reload.as_object().unwrap().contains_key("sources_differ"),
        "{reload}"
    );
    assert_eq!(world.telegram().accepted("setWebhook").len(), before + 1);
    world.person("Anna", "en").say("/help").await.only(EN.help);
    world.stop().await;

    let world = World::start(Channel::Preview).await;
    let reload = http::send(world.address(), "POST", "/bots/survey/reload", &[], b"")
        .await
        .ok();
    assert_eq!(reload["reloaded"], true);
    assert_eq!(reload["webhook_synced"], Value::Null);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn previews_are_checked() {
    let world = World::start(Channel::Preview).await;
    let preview = async |body: Value| world.preview(body).await;
    preview(json!({"bot_id": "nobody", "text": "/start"}))
        .await
        .refused(404);
    preview(json!({"bot_id": "booking"})).await.refused(422);
    preview(json!({"bot_id": "booking", "text": "a", "callback": "/help"}))
        .await
        .refused(422);
    preview(json!({"bot_id": "booking", "text": ""}))
        .await
        .refused(422);
    preview(json!({"bot_id": "booking", "text": "x".repeat(4097)}))
        .await
        .refused(422);
    preview(json!({"bot_id": "booking", "callback": "x".repeat(65)}))
        .await
        .refused(422);
    preview(json!({"bot_id": "booking", "text": "a", "other": 1}))
        .await
        .refused(422);
    preview(json!({"bot_id": "booking", "text": 5}))
        .await
        .refused(422);
    preview(json!({"bot_id": "booking", "text": "a", "user_id": "plumbus"}))
        .await
        .refused(422);
    preview(json!([])).await.refused(422);
    http::post(world.address(), "/preview/send", &[], b"{\"bot_id\":")
        .await
        .refused(400);
    http::post(world.address(), "/preview/send", &[], b"")
        .await
        .refused(400);
    let headers = [("Content-Type", "text/plain")];
    http::post(world.address(), "/preview/send", &headers, b"{}")
        .await
        .refused(415);
    let large = json!({"bot_id": "booking", "text": "x".repeat(1 << 20)});
    preview(large).await.refused(413);
    http::get(world.address(), "/preview/send")
        .await
        .refused(405);

    // The documented form.
    let reply = preview(json!({"bot_id": "booking", "text": "/start", "locale": "en"}))
        .await
        .ok();
    let bot_reply = reply["bot_reply"].as_str().unwrap();
    assert!(bot_reply.contains("Hello, "), "{reply}");
    let message = &reply["messages"][0];
    assert_eq!(message["method"], "sendMessage");
    assert_eq!(message["parse_mode"], "HTML");
    assert_eq!(
        message["buttons"][0][0],
        json!({"text": "📅 Book", "callback": message["buttons"][0][0]["callback"]})
    );
    assert!(reply.get("toast").is_none());
    // A callback may be a command, too.
    let reply = preview(json!({"bot_id": "booking", "callback": "/help", "locale": "en"}))
        .await
        .ok();
    assert!(reply["bot_reply"].as_str().unwrap().contains(EN.help));
    // People and chats are told apart by their ids.
    for (user, chat) in [(1, 0), (2, 0), (1, 7), (2, 7)] {
        let mut body =
            json!({"bot_id": "booking", "text": "/book", "user_id": user, "locale": "en"});
        if chat != 0 {
            body["chat_id"] = chat.into();
        }
        let reply = preview(body).await.ok();
        assert!(
            !reply["bot_reply"].as_str().unwrap().contains(EN.replaced),
            "{user} {chat}"
        );
    }
    for user in [i64::MIN, i64::MAX, -1] {
        let body = json!({"bot_id": "booking", "text": "/help", "user_id": user, "chat_id": user, "locale": "en"});
        assert!(
            preview(body).await.ok()["bot_reply"]
                .as_str()
                .unwrap()
                .contains(EN.help)
        );
    }
    let negative =
        "SELECT count(*) FROM bf_conversations WHERE bot >= 0 OR chat >= 0 OR person >= 0";
    assert_eq!(world.db().number(negative).await, 0);
    world.stop().await;
}

/// A preview beside a connected bot never reaches Telegram or its people.
#[tokio::test(flavor = "multi_thread")]
async fn previews_of_a_connected_bot() {
    let world = World::start(Channel::Webhook).await;
    let before = world.telegram().calls().len();
    let anna = world.person("Anna", "en");
    for text in ["/book", "spa", "2030-01-15 14:00", "/skip"] {
        let body =
            json!({"bot_id": "booking", "user_id": anna.user().id, "text": text, "locale": "en"});
        world.preview(body).await.ok();
    }
    assert_eq!(world.telegram().calls().len(), before);
    assert_eq!(world.db().unsent().await, 0);
    anna.say("/my").await.only(EN.no_bookings);
    assert_eq!(
        world
            .db()
            .number("SELECT count(*) FROM bookings WHERE user_id < 0")
            .await,
        1
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn admin_routes_answer_only_this_machine() {
    let world = World::start(Channel::Webhook).await;
    let guarded = [
        ("GET", "/bots"),
        ("GET", "/bots/booking"),
        ("POST", "/bots/booking/reload"),
        ("POST", "/preview/send"),
        ("GET", "/metrics"),
        ("GET", "/"),
    ];
    let strangers: &[&[(&str, &str)]] = &[
        &[("Host", "bots.example.org")],
        &[("Host", "localhost.example.org")],
        &[("Host", "127.0.0.1.example.org:8000")],
        &[("Host", "")],
        &[("X-Forwarded-For", "127.0.0.1")],
        &[("x-forwarded-for", "")],
        &[("Forwarded", "for=127.0.0.1")],
        &[("X-Real-IP", "127.0.0.1")],
        &[("Via", "1.1 proxy")],
        &[("Origin", "https://example.org")],
        &[("Origin", "null")],
        &[("Sec-Fetch-Site", "cross-site")],
    ];
    for (method, path) in guarded {
        for stranger in strangers {
            let answer = with(&world, method, path, stranger).await;
            assert_eq!(
                answer.status,
                403,
                "{method} {path} {stranger:?}: {}",
                answer.text()
            );
            answer.refused(403);
        }
        for host in ["localhost", "127.0.0.1:8000", "[::1]:1", "LOCALHOST"] {
            let answer = with(&world, method, path, &[("Host", host)]).await;
            assert!(
                matches!(answer.status, 200 | 422),
                "{method} {path} {host}: {}",
                answer.text()
            );
        }
    }
    // Telegram and load balancers come from anywhere.
    let update = text(1, 5, 5, "/help").to_string();
    let headers = [
        (SECRET, WEBHOOK_SECRET),
        ("Host", "bots.example.org"),
        ("X-Forwarded-For", "149.154.160.1"),
    ];
    let answer = http::post(world.address(), "/tg/booking", &headers, update.as_bytes()).await;
    answer.ok();
    for stranger in strangers {
        with(&world, "GET", "/health", stranger).await.ok();
    }
    world.stop().await;
}

/// This machine's own address on its network, if it has one.
fn network_address() -> Option<std::net::IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_loopback() && !ip.is_unspecified()).then_some(ip)
}

#[tokio::test(flavor = "multi_thread")]
async fn admin_routes_refuse_other_peers() {
    let Some(ip) = network_address() else { return };
    let home = Home::new();
    home.set("BOTFACTORY_LISTEN", "0.0.0.0:0");
    let node = home.start().await;
    let far = SocketAddr::new(ip, node.address.port());
    http::get(far, "/health").await.ok();
    for path in ["/bots", "/metrics", "/"] {
        http::get(far, path).await.refused(403);
    }
    node.get("/bots").await.ok();
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_token_opens_and_closes() {
    let token = "e2e-admin-token-0123456789";
    let home = Home::new().with("BOTFACTORY_ADMIN_TOKEN", token);
    let world = World::start_at(Channel::Preview, home).await;
    let bearer = format!("Bearer {token}");
    let short = format!("Bearer {}", &token[..token.len() - 1]);
    for (method, path) in [
        ("GET", "/bots"),
        ("POST", "/bots/booking/reload"),
        ("POST", "/preview/send"),
        ("GET", "/metrics"),
    ] {
        let answer = with(&world, method, path, &[]).await;
        answer.refused(401);
        assert!(answer.header("www-authenticate").is_some());
        for wrong in [short.as_str(), "Bearer ", "Basic abc", token] {
            with(&world, method, path, &[("Authorization", wrong)])
                .await
                .refused(401);
        }
        // With it the request may come from anywhere.
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Host", "bots.example.org"),
            ("X-Forwarded-For", "1.2.3.4"),
        ];
        let answer = with(&world, method, path, &headers).await;
        assert!(
            matches!(answer.status, 200 | 422),
            "{method} {path}: {}",
            answer.text()
        );
    }
    assert_eq!(with(&world, "GET", "/", &[]).await.status, 200);
    world.get("/health").await.ok();
    let output = world.node().await.output();
    assert!(!output.contains(token), "{output}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn admin_routes_on_a_listener_of_their_own() {
    let (_reserved, port) = crate::support::home::reserve();
    let home = Home::new().with("BOTFACTORY_ADMIN_LISTEN", &format!("127.0.0.1:{port}"));
    let own: SocketAddr = ([127, 0, 0, 1], home.port).into();
    let node = home.start().await;
    let admin: SocketAddr = ([127, 0, 0, 1], port).into();
    for path in ["/bots", "/metrics", "/", "/health/db"] {
        http::get(own, path).await.refused(404);
        assert_eq!(http::get(admin, path).await.status, 200, "{path}");
    }
    http::get(own, "/health").await.ok();
    http::get(admin, "/health").await.ok();
    http::post(admin, "/tg/booking", &[], b"{}")
        .await
        .refused(404);
    node.stop().await;
}

/// The names of all series, without values.
fn series(metrics: &str) -> Vec<String> {
    let lines = metrics.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| Some(line.rsplit_once(' ')?.0.to_owned()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_bounded_and_useful() {
    let world = World::start(Channel::Webhook).await;
    let strange = async |at: usize| {
        let marker = format!("marker{at}");
        http::post(
            world.address(),
            &format!("/tg/{marker}"),
            &[(SECRET, &marker)],
            b"{}",
        )
        .await;
        http::get(world.address(), &format!("/{marker}")).await;
        http::get(world.address(), &format!("/bots/{marker}")).await;
        http::send(
            world.address(),
            "PURGE",
            &format!("/bots/{marker}"),
            &[],
            b"",
        )
        .await;
        world
            .preview(json!({"bot_id": marker, "text": "/start"}))
            .await;
        let id = i64::try_from(at).unwrap();
        world
            .hook(&json!({"update_id": 1000 + id, format!("{marker}"): {}}))
            .await;
        world
            .hook(&text(2000 + id, 100 + id, 100 + id, &format!("/{marker}")))
            .await;
        world
            .hook(&text(3000 + id, 100 + id, 100 + id, &marker))
            .await;
        world
            .hook(&press(4000 + id, 100 + id, 100 + id, &marker))
            .await;
    };
    for at in 0..3 {
        strange(at).await;
    }
    world.get("/metrics").await; // which counts itself
    let before = series(&world.get("/metrics").await.text());
    for at in 3..20 {
        strange(at).await;
    }
    let answer = world.get("/metrics").await;
    assert!(
        answer
            .header("content-type")
            .unwrap()
            .starts_with("text/plain; version=0.0.4")
    );
    let text = answer.text();
    assert_eq!(
        series(&text),
        before,
        "series grow with what strangers send"
    );
    assert!(!text.contains("marker"), "{text}");
    for name in [
        "bot_updates_total{",
        "webhook_latency_seconds_bucket{",
        "dsl_handle_latency_seconds_bucket{",
        "webhook_refused_total{",
        "reply_sent_total{",
        "telegram_requests_total{",
        "store_commit_seconds_bucket{",
        "process_resident_memory_bytes ",
        "botfactory_build_info{",
    ] {
        assert!(text.contains(name), "no {name}");
    }
    let refused = "webhook_refused_total{reason=\"unknown_bot\"} 20";
    assert!(text.contains(refused), "{text}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dialogue_is_counted() {
    let world = World::start(Channel::Preview).await;
    let anna = world.person("Anna", "en");
    for words in ["/book", "nothing", "spa", "2030-01-15 14:00", "/skip"] {
        anna.say(words).await;
    }
    let metrics = world.get("/metrics").await.text();
    let label = "{bot_id=\"booking\",flow_cmd=\"book\"}";
    for (name, value) in [
        ("wizard_flows_total", 1),
        ("wizard_completions_total", 1),
        ("wizard_errors_total", 1),
        ("wizard_steps_total", 3),
    ] {
        let line = format!("{name}{label} {value}");
        assert!(metrics.contains(&line), "no {line} in {metrics}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_are_json_and_discreet() {
    let home = Home::new().with("RUST_LOG", "debug");
    let world = World::start_at(Channel::Webhook, home).await;
    let anna = world.person("Plumbus", "en");
    for words in [
        "/book",
        "plumbus",
        "spa",
        "quiet room",
        "2030-01-15 14:00",
        "plumbus in a quiet room",
        "/my",
    ] {
        anna.say(words).await;
    }
    world.hook(&text(1, 5, 5, "plumbus")).await;
    http::post(
        world.address(),
        "/tg/booking",
        &[(SECRET, WEBHOOK_SECRET)],
        b"{\"plumbus",
    )
    .await;
    http::post(
        world.address(),
        "/tg/plumbus",
        &[(SECRET, "plumbus-secret")],
        b"plumbus",
    )
    .await;
    world
        .preview(json!({"bot_id": "plumbus", "text": "plumbus"}))
        .await;
    world.node().await.signal().await;
    let mut node = world.node().await;
    assert!(node.ended().await.success());
    let output = node.output();
    assert_discreet(&output);
    assert!(!output.to_lowercase().contains("plumbus"), "{output}");
    assert!(!output.contains("2030-01-15"), "{output}");
    let logs = node.logs();
    assert!(!logs.is_empty());
    for line in logs {
        let entry: Value =
            serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        assert!(
            entry["timestamp"].is_string() && entry["level"].is_string(),
            "{line}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chat_page() {
    let world = World::start(Channel::Preview).await;
    let page = world.get("/").await;
    assert_eq!(page.status, 200);
    assert!(page.text().to_lowercase().starts_with("<!doctype html"));
    assert!(
        page.header("content-security-policy")
            .unwrap()
            .contains("default-src 'none'")
    );
    assert!(
        !page.text().contains("http://") || page.text().contains("www.w3.org"),
        "it loads from elsewhere"
    );
    world.stop().await;
}
