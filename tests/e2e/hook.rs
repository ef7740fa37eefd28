//! What the webhook refuses, and what it takes.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::raw::{SECRET, call, press, text};
use crate::support::{Answer, Channel, WEBHOOK_SECRET, World, http};
use crate::words::EN;

const ANNA: i64 = 501;

async fn post(world: &World, path: &str, secret: Option<&str>, body: &[u8]) -> Answer {
    let headers: Vec<(&str, &str)> = secret.iter().map(|secret| (SECRET, *secret)).collect();
    http::post(world.address(), path, &headers, body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals() {
    let world = World::start(Channel::Webhook).await;
    let update = text(1, ANNA, ANNA, "/help").to_string();
    let body = update.as_bytes();
    let right = Some(WEBHOOK_SECRET);

    for wrong in [
        None,
        Some(""),
        Some("wrong"),
        Some("e2e-webhook-secret-012345678"),
        Some("e2e-webhook-secret-01234567890"),
        Some("E2E-webhook-secret-0123456789"),
    ] {
        post(&world, "/tg/booking", wrong, body).await.refused(401);
    }
    for path in [
        "/tg/nobody",
        "/tg/BOOKING",
        "/tg/booking%00",
        "/tg/..%2fbots",
    ] {
        post(&world, path, right, body).await.refused(404);
        post(&world, path, None, body).await.refused(404);
    }
    for path in ["/tg", "/tg/", "/tg/booking/more", "/nothing", "//"] {
        post(&world, path, right, body).await.refused(404);
    }
    http::get(world.address(), "/tg/booking").await.refused(405);

    let malformed: &[&[u8]] = &[
        b"",
        b"{",
        b"null",
        b"[]",
        b"\"text\"",
        b"{\"update_id\":1",
        b"\xff\xfe",
        b"{\"update_id\":1}{}",
        b"update_id=1",
    ];
    for body in malformed {
        let shown = String::from_utf8_lossy(body).into_owned();
        let message = post(&world, "/tg/booking", right, body).await.refused(400);
        assert!(!message.contains("update_id"), "{shown}: {message}");
    }

    // Deeply nested JSON neither overflows a stack nor gets in.
    let deep = format!(
        "{{\"update_id\":1,\"message\":{}{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let answer = post(&world, "/tg/booking", right, deep.as_bytes()).await;
    assert!(matches!(answer.status, 200 | 400), "{}", answer.text());

    // Still there, and nothing was recorded.
    call(&post(&world, "/tg/booking", right, body).await);
    assert_eq!(world.db().number("SELECT count(*) FROM bf_outbox").await, 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn large_bodies() {
    let world = World::start(Channel::Webhook).await;
    let right = Some(WEBHOOK_SECRET);
    let of = |length: usize| {
        let mut update = text(1, ANNA, ANNA, "/help");
        let more = length - update.to_string().len() - 12;
        update["padding"] = "x".repeat(more - 1).into();
        update.to_string().into_bytes()
    };
    for length in [1_000_000, 1_000_001, 1 << 20, 2_000_000, 5_000_000] {
        let answer = post(&world, "/tg/booking", right, &of(length)).await;
        answer.refused(413);
        // Whatever is in it.
        post(&world, "/tg/booking", right, &vec![b'x'; length])
            .await
            .refused(413);
    }
    call(&post(&world, "/tg/booking", right, &of(900_000)).await);

    // A length that is announced is refused without the body being sent.
    let headers = [(SECRET, WEBHOOK_SECRET), ("Content-Length", "4000000000")];
    let request = http::bytes("POST", "/tg/booking", &headers, b"");
    let mut stream = TcpStream::connect(world.address()).await.unwrap();
    stream.write_all(&request).await.unwrap();
    http::receive(&mut stream).await.refused(413);

    // Without a length, in chunks.
    let headers = [
        (SECRET, WEBHOOK_SECRET),
        ("Transfer-Encoding", "chunked"),
        ("Content-Length", ""),
    ];
    let request = http::bytes("POST", "/tg/booking", &headers, b"");
    let request = String::from_utf8(request)
        .unwrap()
        .replace("Content-Length: \r\n", "");
    let mut stream = TcpStream::connect(world.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let chunk = format!("{:x}\r\n{}\r\n", 100_000, "x".repeat(100_000));
    for _ in 0..15 {
        let _ = stream.write_all(chunk.as_bytes()).await;
    }
    let _ = stream.write_all(b"0\r\n\r\n").await;
    http::receive(&mut stream).await.refused(413);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_kinds_and_odd_updates_are_taken() {
    let world = World::start(Channel::Webhook).await;
    let person = json!({"id": ANNA, "is_bot": false, "first_name": "Anna"});
    let chat = json!({"id": ANNA, "type": "private"});
    let updates: Vec<Value> = vec![
        json!({}),
        json!({"update_id": 10}),
        json!({"update_id": "text"}),
        json!({"update_id": 1.5}),
        json!({"update_id": -1, "message": {"text": "/help"}}),
        json!({"update_id": i64::MAX, "brand_new_kind": {"a": [1, {"b": null}]}}),
        json!({"update_id": 11, "edited_message": {"message_id": 1, "text": "/book", "from": person, "chat": chat, "date": 1}}),
        json!({"update_id": 12, "channel_post": {"message_id": 1, "chat": {"id": -100, "type": "channel"}, "date": 1, "text": "/book"}}),
        json!({"update_id": 13, "message": null}),
        json!({"update_id": 14, "message": 7}),
        json!({"update_id": 15, "message": {"chat": 7, "from": [], "text": {}}}),
        json!({"update_id": 16, "callback_query": {"id": 1}}),
        json!({"update_id": 17, "callback_query": {"id": "1", "from": person, "chat_instance": "1", "game_short_name": "g"}}),
        json!({"update_id": 18, "callback_query": {"id": "1", "from": person, "chat_instance": "1", "data": "/help", "inline_message_id": "x"}}),
        json!({"update_id": 19, "inline_query": {"id": "1", "from": person, "query": "q", "offset": ""}}),
        json!({"update_id": 20, "my_chat_member": {}}),
        json!({"update_id": 21, "message_reaction": {}}),
        json!({"update_id": 22, "message": {"message_id": 1, "date": 1, "from": person, "chat": chat, "new_chat_members": []}}),
        json!({"update_id": 23, "message": {"message_id": 1, "date": 1, "chat": {"id": -100, "type": "group"}, "sender_chat": {}, "text": "/book"}}),
        json!({"update_id": 24, "message": {"message_id": 1, "date": 1, "from": {"id": 9, "is_bot": true, "first_name": "b"}, "chat": chat, "text": "/book"}}),
        json!({"update_id": 25, "poll": {}, "message": {"text": 5}, "x": "y".repeat(10_000)}),
    ];
    for update in &updates {
        let answer = world.hook(update).await;
        assert_eq!(answer.status, 200, "{update}: {}", answer.text());
    }
    // An update with fields of tomorrow is the update of today.
    let mut update = text(30, ANNA, ANNA, "/help");
    update["message"]["brand_new_field"] = json!({"x": [1, 2]});
    update["message"]["from"]["brand_new_flag"] = true.into();
    update["message"]["entities"] = json!([{"type": "brand_new", "offset": 0, "length": 5}]);
    assert!(
        call(&world.hook(&update).await)["text"]
            .as_str()
            .unwrap()
            .contains(EN.help)
    );
    // A key that stands twice, as some proxies leave it.
    let twice = text(31, ANNA, ANNA, "/help")
        .to_string()
        .replacen('{', "{\"update_id\":30,", 1);
    let answer = post(
        &world,
        "/tg/booking",
        Some(WEBHOOK_SECRET),
        twice.as_bytes(),
    )
    .await;
    assert!(matches!(answer.status, 200 | 400), "{}", answer.text());
    assert!(world.db().dead_letters().await.is_empty());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_press_is_answered() {
    let world = World::start(Channel::Webhook).await;
    let long = "x".repeat(64);
    let presses = [
        "",
        "x",
        "/help",
        "/nothing",
        "/cancel",
        "/lang",
        "t",
        "l:",
        "w:",
        "🦀🦀🦀",
        "\u{0}",
        &long,
    ];
    for (at, data) in (1..).zip(presses) {
        let answer = world.hook(&press(at, ANNA, ANNA, data)).await;
        let call = call(&answer);
        assert_eq!(call["method"], "answerCallbackQuery", "{data:?}");
        assert_eq!(call["callback_query_id"], at.to_string(), "{data:?}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_carries_many_updates() {
    let world = World::start(Channel::Webhook).await;
    let mut stream = TcpStream::connect(world.address()).await.unwrap();
    let mut seen = Vec::new();
    for id in 1..=20 {
        let update = text(id, ANNA + id, ANNA + id, "/help").to_string();
        let headers = [(SECRET, WEBHOOK_SECRET), ("Connection", "keep-alive")];
        let request = http::bytes("POST", "/tg/booking", &headers, update.as_bytes());
        stream.write_all(&request).await.unwrap();
        let wanted = usize::try_from(id).unwrap();
        while String::from_utf8_lossy(&seen).matches(EN.help).count() < wanted {
            let mut some = [0; 4096];
            let read = stream.read(&mut some).await.unwrap();
            assert!(
                read > 0,
                "closed after {id}: {}",
                String::from_utf8_lossy(&seen)
            );
            seen.extend_from_slice(&some[..read]);
        }
    }
    world.stop().await;
}
