//! Heads of requests and their paths: smuggling, doubles, sizes, encodings, ids that are paths. Everything is answered below
//! 500 or closed, nothing of it has an effect, and nothing of it comes back in a header.

use crate::ground::{Engine, Ground};
use crate::support::WEBHOOK_SECRET;
use crate::wire::{Said, raw};

const UPDATE: &str = r#"{"update_id":77,"message":{"message_id":1,"date":1,"from":{"id":5,"first_name":"A"},"chat":{"id":5,"type":"private"},"text":"/quick"}}"#;

fn post(headers: &str, body: &str) -> Vec<u8> {
    format!("POST /tg/booking HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n{body}").into_bytes()
}

fn secret() -> String {
    format!("X-Telegram-Bot-Api-Secret-Token: {WEBHOOK_SECRET}\r\n")
}

/// Heads that must not do anything, by name.
fn tricks() -> Vec<(&'static str, Vec<u8>)> {
    let (secret, length) = (secret(), UPDATE.len());
    let chunked = format!("{:x}\r\n{UPDATE}\r\n0\r\n\r\n", length);
    let bomb: Vec<u8> = {
        // gzip of nothing but a header: whoever unpacked it would say so.
        let mut body = post(
            &format!("{secret}Content-Encoding: gzip\r\nContent-Length: 20\r\n"),
            "",
        );
        body.extend_from_slice(&[
            0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xed, 0xc1, 1, 1, 0, 0, 0, 0x80, 0x90, 0xfe,
        ]);
        body
    };
    vec![
        ("two lengths", post(&format!("{secret}Content-Length: {length}\r\nContent-Length: 5\r\n"), UPDATE)),
        ("a list of lengths", post(&format!("{secret}Content-Length: {length}, 5\r\n"), UPDATE)),
        ("a negative length", post(&format!("{secret}Content-Length: -1\r\n"), UPDATE)),
        ("a length with a sign", post(&format!("{secret}Content-Length: +{length}\r\n"), UPDATE)),
        ("a length beyond numbers", post(&format!("{secret}Content-Length: 99999999999999999999999\r\n"), "x")),
        ("a length of 8 EiB", post(&format!("{secret}Content-Length: 9223372036854775807\r\n"), "x")),
        ("another coding at the end", post(&format!("{secret}Transfer-Encoding: chunked, identity\r\n"), &chunked)),
        ("an unknown coding", post(&format!("{secret}Transfer-Encoding: xchunked\r\n"), &chunked)),
        ("a coding behind a vertical tab", post(&format!("{secret}Transfer-Encoding: \x0bchunked\r\n"), &chunked)),
        ("a name with a space", post(&format!("{secret}Transfer-Encoding : chunked\r\n"), &chunked)),
        ("a chunk of a size beyond numbers", post(&format!("{secret}Transfer-Encoding: chunked\r\n"), "fffffffffffffffff\r\nx")),
        ("a chunk without an end", post(&format!("{secret}Transfer-Encoding: chunked\r\n"), "5;a=b\r\nabcdeX\r\n0\r\n\r\n")),
        ("a folded header", post(&format!("{secret}X-A: b\r\n c: d\r\nContent-Length: {length}\r\n"), "")),
        ("a bare line feed", b"POST /tg/booking HTTP/1.1\nHost: localhost\nContent-Length: 0\n\n".to_vec()),
        ("a NUL in a header", post(&format!("{secret}X-A: a\0b\r\nContent-Length: 0\r\n"), "")),
        ("a bare carriage return", post(&format!("{secret}X-A: a\rX-B: c\r\nContent-Length: 0\r\n"), "")),
        ("no name", post(&format!("{secret}: x\r\nContent-Length: 0\r\n"), "")),
        ("two secrets, the right one first", post(&format!("{secret}X-Telegram-Bot-Api-Secret-Token: x\r\nContent-Length: {length}\r\n"), UPDATE)),
        ("two secrets, the right one last", post(&format!("X-Telegram-Bot-Api-Secret-Token: x\r\n{secret}Content-Length: {length}\r\n"), UPDATE)),
        ("a secret and more", post(&format!("X-Telegram-Bot-Api-Secret-Token: {WEBHOOK_SECRET} x\r\nContent-Length: {length}\r\n"), UPDATE)),
        ("a secret cut short", post(&format!("X-Telegram-Bot-Api-Secret-Token: {}\r\nContent-Length: {length}\r\n", &WEBHOOK_SECRET[1..]), UPDATE)),
        ("a secret in the query", format!("POST /tg/booking?secret_token={WEBHOOK_SECRET} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{UPDATE}").into_bytes()),
        ("an encoded body", bomb),
        ("an expectation of nonsense", post(&format!("{secret}Expect: 200-maybe\r\nContent-Length: {length}\r\n"), "")),
        ("an upgrade", b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n".to_vec()),
        ("HTTP/2 without asking", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec()),
        ("HTTP/0.9", b"GET /bots\r\n\r\n".to_vec()),
        ("HTTP/1.0 without a host", b"GET /bots HTTP/1.0\r\n\r\n".to_vec()),
        ("HTTP/3.7", b"GET /bots HTTP/3.7\r\nHost: localhost\r\n\r\n".to_vec()),
        ("another host in the target", b"GET http://bots.example.org/bots HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec()),
        ("two hosts", b"GET /bots HTTP/1.1\r\nHost: localhost\r\nHost: bots.example.org\r\n\r\n".to_vec()),
        ("two hosts, ours last", b"GET /bots HTTP/1.1\r\nHost: bots.example.org\r\nHost: localhost\r\n\r\n".to_vec()),
        ("a user in the host", b"GET /bots HTTP/1.1\r\nHost: localhost@bots.example.org\r\n\r\n".to_vec()),
        ("a host with a dot", b"GET /bots HTTP/1.1\r\nHost: 127.0.0.1.\r\n\r\n".to_vec()),
        ("a number as host", b"GET /bots HTTP/1.1\r\nHost: 2130706433\r\n\r\n".to_vec()),
        ("CONNECT", b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec()),
        ("TRACE", b"TRACE /bots HTTP/1.1\r\nHost: localhost\r\nX-Secret: a\r\n\r\n".to_vec()),
        ("OPTIONS *", b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec()),
        ("an overridden method", b"POST /bots/booking HTTP/1.1\r\nHost: localhost\r\nX-HTTP-Method-Override: DELETE\r\nContent-Length: 0\r\n\r\n".to_vec()),
        ("a rewritten path", b"GET /health HTTP/1.1\r\nHost: bots.example.org\r\nX-Original-URL: /bots\r\nX-Rewrite-URL: /bots\r\n\r\n".to_vec()),
        ("bytes that are no text", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03".to_vec()),
    ]
}

fn acceptable(name: &str, said: &[Said]) {
    for said in said {
        let status = said.status;
        assert!(status < 500, "{name}: {status} {}", said.text());
        // Two answers to one request would be a request that was smuggled in.
        assert!(!said.head.contains("X-Secret"), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tricks_with_heads_have_no_effect() {
    let ground = Ground::with(Engine::Sqlite, &[("RUST_LOG", "warn")]).await;
    let before = ground.dump().await;
    let webhooks = ground.telegram.accepted("setWebhook").len();
    for (name, bytes) in tricks() {
        let said = raw(ground.address(), &bytes).await;
        acceptable(name, &said);
        assert!(said.len() <= 1, "{name}: {said:#?}");
        let listed = said.iter().any(|said| said.text().contains("\"bot_id\""));
        assert!(!listed, "{name}: {said:#?}");
    }
    // A length and chunks: chunks count, and what follows is not taken for another request.
    let (secret, length) = (secret(), UPDATE.len());
    let both = format!("{secret}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n");
    let body =
        format!("{length:x}\r\n{UPDATE}\r\n0\r\n\r\nGET /bots HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let said = raw(
        ground.address(),
        &post(&both, &body.replace("\"/quick\"", "\"/help\"")),
    )
    .await;
    acceptable("both", &said);
    assert!(said.len() <= 1, "{said:#?}");
    assert_eq!(ground.telegram.accepted("setWebhook").len(), webhooks);
    let after = ground.dump().await;
    assert_eq!(before["bf_conversations"], after["bf_conversations"]);
    assert_eq!(before["bf_values"], after["bf_values"]);
    ground.end().await;
}

/// A body that nobody reads is no request, whatever it says; requests that come together are answered in their order.
#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_no_requests() {
    let ground = Ground::with(Engine::Sqlite, &[("RUST_LOG", "warn")]).await;
    let to = ground.address();
    let hidden = "GET /bots HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let length = hidden.len();
    let chunked = format!("{length:x}\r\n{hidden}\r\n0\r\n\r\n");
    for (line, status) in [
        ("POST /nowhere", 404),
        ("POST /bots", 405),
        ("PATCH /bots", 405),
        ("GET /health", 200),
        ("POST /tg/nobody", 404),
        ("POST /tg/booking", 401),
        ("DELETE /bots/booking/people/77?dry_run=true", 400),
        ("POST /bots/nobody/reload", 404),
    ] {
        for (framing, body) in [
            (format!("Content-Length: {length}"), hidden),
            ("Transfer-Encoding: chunked".to_owned(), &chunked),
        ] {
            let request = format!("{line} HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n\r\n{body}");
            let said = raw(to, request.as_bytes()).await;
            let statuses: Vec<u16> = said.iter().map(|said| said.status).collect();
            assert_eq!(statuses, [status], "{line}, {framing}");
        }
    }
    let asked = ["/health", "/nowhere", "/bots", "/health/db"];
    let together: String = asked
        .iter()
        .map(|path| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        .collect();
    let said = raw(
        to,
        format!("{together}GET /health\r\n\r\n{together}").as_bytes(),
    )
    .await;
    let statuses: Vec<u16> = said.iter().map(|said| said.status).collect();
    assert_eq!(statuses, [200, 404, 200, 200, 400]);
    ground.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn large_heads_are_refused() {
    let ground = Ground::with(Engine::Sqlite, &[("RUST_LOG", "warn")]).await;
    let to = ground.address();
    let long = "a".repeat(200_000);
    let many: String = (0..150).map(|n| format!("X-{n}: a\r\n")).collect();
    for (name, bytes) in [
        (
            "a long header",
            format!("GET /health HTTP/1.1\r\nHost: localhost\r\nX-A: {long}\r\n\r\n"),
        ),
        (
            "a long path",
            format!("GET /{long} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        ),
        (
            "a long secret",
            post_text(&format!(
                "X-Telegram-Bot-Api-Secret-Token: {long}\r\nContent-Length: 0\r\n"
            )),
        ),
        (
            "a long token",
            format!(
                "GET /bots HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {long}\r\n\r\n"
            ),
        ),
        (
            "many headers",
            format!("GET /health HTTP/1.1\r\nHost: localhost\r\n{many}\r\n"),
        ),
    ] {
        let said = raw(to, bytes.as_bytes()).await;
        acceptable(name, &said);
        for said in &said {
            assert!([400, 414, 431].contains(&said.status), "{name}: {said:?}");
        }
    }
    // Just below the bound all is well.
    let fine = format!(
        "GET /health HTTP/1.1\r\nHost: localhost\r\nX-A: {}\r\n\r\n",
        "a".repeat(30_000)
    );
    assert_eq!(raw(to, fine.as_bytes()).await[0].status, 200);
    ground.end().await;
}

fn post_text(headers: &str) -> String {
    String::from_utf8(post(headers, "")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_are_no_paths() {
    let ground = Ground::with(Engine::Sqlite, &[("RUST_LOG", "warn")]).await;
    let to = ground.address();
    let ids = [
        "..",
        "../booking",
        "..%2fbooking",
        "%2e%2e",
        "%2e%2e%2fetc%2fpasswd",
        "..%5c..%5c",
        "booking%00",
        "booking%0d%0aX-A:%20b",
        "booking/",
        "booking/..",
        "./booking",
        "%62ooking/../../etc",
        "BOOKING",
        "booking%20",
        "booking;a=b",
        "booking?x",
        "*",
        "%ff%fe",
        "%u002e",
        "bots",
        "bf_values",
        "booking'--",
        "{{bot_id}}",
        "%25",
        "%",
        "%zz",
        "%F0%9F%92%A9",
        "-",
        "0",
        "null",
    ];
    let before = ground.dump().await;
    for id in ids {
        for (method, path) in [
            ("GET", format!("/bots/{id}")),
            ("POST", format!("/bots/{id}/reload")),
            ("GET", format!("/bots/{id}/texts/en")),
            ("GET", format!("/bots/booking/texts/{id}")),
            ("DELETE", format!("/bots/booking/texts/en/{id}")),
            ("GET", format!("/bots/{id}/people/5")),
            ("DELETE", format!("/bots/booking/people/{id}")),
            ("GET", format!("/bots/{id}/dead-letters")),
            ("POST", format!("/bots/booking/dead-letters/{id}/requeue")),
            ("POST", format!("/tg/{id}")),
            ("GET", format!("/{id}")),
            ("GET", format!("//{id}//bots")),
        ] {
            let request = format!(
                "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            );
            let said = raw(to, request.as_bytes()).await;
            acceptable(&path, &said);
            for said in said {
                let harmless = matches!(said.status, 400 | 401 | 404 | 405 | 409 | 415 | 422)
                    // A query behind a real path, a person of whom nothing is known.
                    || (said.status == 200 && (path.contains('?') || path.contains("people/0") || path == "/bots"));
                assert!(harmless, "{method} {path}: {} {}", said.status, said.text());
                assert!(!said.head.contains("X-A"), "{path}");
                assert!(!said.text().contains("root:"), "{path}");
            }
        }
    }
    assert_eq!(before, ground.dump().await);
    ground.end().await;
}
