//! Who is let in, and whose word about it counts.

use serde_json::{Value, json};

use crate::support::{Home, Node, http, until};
use crate::wire::raw;

const TOKEN: &str = "hostile-admin-token-0123456789";
/// SHA-256 of it.
fn hashed(token: &str) -> String {
    use std::io::Write;
    // By another program than ours.
    let mut child = std::process::Command::new("sha256sum")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(token.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let digits = String::from_utf8(output.stdout).unwrap();
    format!("sha256:{}", digits.split(' ').next().unwrap())
}

async fn bots(node: &Node, headers: &[(&str, &str)]) -> u16 {
    http::send(node.address, "GET", "/bots", headers, b"")
        .await
        .status
}

async fn bearing(node: &Node, token: &str) -> u16 {
    bots(node, &[("Authorization", &format!("Bearer {token}"))]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hashed_token_opens_and_its_hash_does_not() {
    let hash = hashed(TOKEN);
    let home = Home::new().with("BOTFACTORY_ADMIN_TOKEN", &hash);
    let node = home.start().await;
    assert_eq!(bearing(&node, TOKEN).await, 200);
    for wrong in [&hash, &hash["sha256:".len()..], "", &TOKEN[1..]] {
        assert_eq!(bearing(&node, wrong).await, 401, "{wrong}");
    }
    let right = format!("Bearer {TOKEN}");
    let twice = [
        ("Authorization", right.as_str()),
        ("Authorization", "Bearer x"),
    ];
    assert_eq!(bots(&node, &twice).await, 401);
    let output = node.stop().await;
    assert!(!output.contains(TOKEN) && !output.contains(&hash["sha256:".len()..]));
    // A hash that is none is found at start, and not shown.
    let (code, said) = Home::new()
        .with("BOTFACTORY_ADMIN_TOKEN", "sha256:0123456789abcdef")
        .refused()
        .await;
    assert_eq!(code, 1);
    assert!(
        said.contains("BOTFACTORY_ADMIN_TOKEN") && !said.contains("0123456789abcdef"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_changed_without_a_new_start() {
    let home = Home::new();
    let file = home.folder().join(".env");
    let write =
        |token: &str| std::fs::write(&file, format!("BOTFACTORY_ADMIN_TOKEN={token}\n")).unwrap();
    write(TOKEN);
    let node = home.start().await;
    assert_eq!(bearing(&node, TOKEN).await, 200);
    let other = "another-admin-token-9876543210";
    write(&hashed(other));
    let reload = async |token: &str| -> Value {
        let bearer = format!("Bearer {token}");
        let headers = [("Authorization", bearer.as_str())];
        http::post(node.address, "/bots/booking/reload", &headers, b"")
            .await
            .ok()
    };
    // Nothing changes before it is said.
    assert_eq!(bearing(&node, TOKEN).await, 200);
    assert_eq!(reload(TOKEN).await["restart_needed"], false);
    assert_eq!(bearing(&node, TOKEN).await, 401);
    assert_eq!(bearing(&node, other).await, 200);
    // Taking it away would open the routes: that takes a new start.
    std::fs::write(&file, "").unwrap();
    assert_eq!(reload(other).await["restart_needed"], true);
    assert_eq!(bearing(&node, other).await, 200);
    assert_eq!(bots(&node, &[]).await, 401);
    node.stop().await;
}

/// What the record of admin actions says about who asked.
async fn recorded(node: &Node) -> Vec<Option<String>> {
    let lines: Vec<Value> = node
        .logs()
        .iter()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|line| line["event"] == "admin action")
        .collect();
    assert!(lines.iter().all(|line| line["bot_id"] == "booking"
        && line["route"] == "/bots/{id}/reload"
        && line["status"] == 200));
    lines
        .iter()
        .map(|line| line["client"].as_str().map(str::to_owned))
        .collect()
}

async fn who_asked(proxies: Option<&str>) -> Vec<Option<String>> {
    let home = Home::new().with("BOTFACTORY_ADMIN_TOKEN", TOKEN);
    if let Some(proxies) = proxies {
        home.set("BOTFACTORY_TRUSTED_PROXIES", proxies);
    }
    let node = home.start().await;
    let bearer = format!("Bearer {TOKEN}");
    let forwarded = ["203.0.113.9", "127.0.0.1, 203.0.113.9", "nonsense"];
    for value in forwarded {
        let headers = [
            ("Authorization", bearer.as_str()),
            ("X-Forwarded-For", value),
        ];
        http::post(node.address, "/bots/booking/reload", &headers, b"")
            .await
            .ok();
    }
    let all = until("the record", || async {
        let all = recorded(&node).await;
        (all.len() >= forwarded.len()).then_some(all)
    })
    .await;
    node.stop().await;
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn only_configured_proxies_say_who_asked() {
    let peer = || Some("127.0.0.1".to_owned());
    assert_eq!(who_asked(None).await, [peer(), peer(), peer()]);
    assert_eq!(
        who_asked(Some("10.0.0.0/8")).await,
        [peer(), peer(), peer()]
    );
    let far = || Some("203.0.113.9".to_owned());
    assert_eq!(who_asked(Some("127.0.0.1")).await, [far(), far(), None]);
}

/// Whatever a proxy says of the client, it opens nothing: who comes through one is not this machine.
#[tokio::test(flavor = "multi_thread")]
async fn no_forwarding_header_opens_anything() {
    let home = Home::new().with("BOTFACTORY_TRUSTED_PROXIES", "127.0.0.0/8, ::1");
    let node = home.start().await;
    assert_eq!(bots(&node, &[]).await, 200);
    for (name, value) in [
        ("X-Forwarded-For", "127.0.0.1"),
        ("X-Forwarded-For", "::1"),
        ("X-Forwarded-Host", "localhost"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Anything", ""),
        ("Forwarded", "for=127.0.0.1;host=localhost"),
        ("X-Real-IP", "127.0.0.1"),
        ("X-Client-IP", "127.0.0.1"),
        ("X-Original-Host", "localhost"),
        ("Via", "1.1 proxy"),
        ("CF-Connecting-IP", "127.0.0.1"),
        ("True-Client-IP", "127.0.0.1"),
        ("Sec-Fetch-Site", "same-site"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Origin", "null"),
        ("Origin", "http://localhost.example.org"),
        ("Origin", "http://localhost:3000"),
        ("Origin", "http://127.0.0.1"),
        ("Origin", "https://localhost"),
        ("Host", "rebound.example.org"),
        ("Host", "localhost.example.org"),
        ("Host", "[::ffff:127.0.0.1]"),
    ] {
        assert_eq!(bots(&node, &[(name, value)]).await, 403, "{name}: {value}");
    }
    for host in ["localhost", "127.0.0.1:8000", "[::1]", "[::1]:8000"] {
        assert_eq!(bots(&node, &[("Host", host)]).await, 200, "{host}");
        let own = format!("http://{host}");
        let page = [("Host", host), ("Origin", own.as_str())];
        assert_eq!(bots(&node, &page).await, 200, "{host}");
    }
    node.stop().await;
}

/// nginx as it comes passes on what it is sent without a word of itself, and asks for `127.0.0.1` by HTTP/1.0.
#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_says_nothing_opens_nothing() {
    let home = Home::new();
    let node = home.start().await;
    let ask = async |version: &str, path: &str| {
        let host = node.address;
        let request =
            format!("GET {path} HTTP/{version}\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        raw(node.address, request.as_bytes()).await.remove(0).status
    };
    assert_eq!(ask("1.1", "/bots").await, 200);
    for path in ["/bots", "/", "/metrics", "/openapi.json"] {
        assert_eq!(ask("1.0", path).await, 403, "{path}");
    }
    assert_eq!(ask("1.0", "/health").await, 200);
    node.stop().await;
    // With a token it is the token that counts.
    home.set("BOTFACTORY_ADMIN_TOKEN", TOKEN);
    let node = home.start().await;
    let request = format!("GET /bots HTTP/1.0\r\nAuthorization: Bearer {TOKEN}\r\n\r\n");
    assert_eq!(raw(node.address, request.as_bytes()).await[0].status, 200);
    node.stop().await;
}

/// The same over IPv6, where this machine has it.
#[tokio::test(flavor = "multi_thread")]
async fn loopback_of_both_families() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        return; // no IPv6 here
    }
    let home = Home::new().with("BOTFACTORY_LISTEN", "[::1]:0");
    let node = home.start().await;
    assert!(node.address.is_ipv6());
    assert_eq!(bots(&node, &[("Host", "[::1]")]).await, 200);
    assert_eq!(bots(&node, &[("Host", "[2001:db8::1]")]).await, 403);
    let preview = json!({"bot_id": "booking", "text": "/start", "locale": "en"});
    node.post("/preview/send", &preview).await.ok();
    node.stop().await;
}
