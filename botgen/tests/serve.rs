//! `botgen serve` as its clients see it: the built program, over HTTP.
#![cfg(feature = "cli")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

struct Server {
    child: Child,
    address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Answer {
    status: u16,
    head: String,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{} {}", self.status, self.text))
    }
}

impl Server {
    fn start(more: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_botgen"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(more)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        stderr.read_line(&mut line).unwrap();
        let address = line.split("http://").nth(1).unwrap();
        let address = address.split_whitespace().next().unwrap().parse().unwrap();
        Self { child, address }
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n",
            body.len()
        );
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
        // Whoever refuses a body need not read it.
        let _ = stream.write_all(body);
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes);
        let (head, text) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        Answer {
            status: status.unwrap_or_else(|| panic!("{method} {path}: no answer: {head}")),
            head: head.to_lowercase(),
            text: text.to_owned(),
        }
    }

    fn json(&self, path: &str, body: &Value) -> Answer {
        let kind = [("Content-Type", "application/json")];
        self.send("POST", path, &kind, body.to_string().as_bytes())
    }
}

const GOOD: &str = "botfactory: v1\nlocale: en\nintents:\n  - { cmd: /start, reply: \"Hi\" }\n";

#[test]
fn bots_in_every_form_are_checked() {
    let server = Server::start(&[]);
    let whole = json!({"bot_id": "notes", "files": {
        "bot.yaml": "botfactory: v1\nlocale: en\nintents:\n  - { cmd: /start, reply: \"t:hello\" }\n",
        "locales/en.ftl": "hello = Hi\n",
    }});
    let said = server.json("/spec/validate", &whole);
    assert_eq!(
        (said.status, &said.json()["ok"]),
        (200, &json!(true)),
        "{}",
        said.text
    );
    assert_eq!(said.json()["diagnostics"], json!([]));
    for kind in ["application/yaml", "text/plain; charset=utf-8", "text/yaml"] {
        let said = server.send(
            "POST",
            "/spec/validate",
            &[("Content-Type", kind)],
            GOOD.as_bytes(),
        );
        assert_eq!(
            (said.status, &said.json()["ok"]),
            (200, &json!(true)),
            "{}",
            said.text
        );
    }
    let said = server
        .json(
            "/spec/validate",
            &json!({"yaml": GOOD.replace("cmd:", "cdm:")}),
        )
        .json();
    assert_eq!(said["ok"], false);
    let finding = &said["diagnostics"][0];
    for key in [
        "code",
        "severity",
        "message",
        "help",
        "file",
        "line",
        "column",
        "end_line",
        "end_column",
    ] {
        assert!(finding.get(key).is_some(), "{key}: {said}");
    }
    assert_eq!(
        (&finding["file"], &finding["line"]),
        (&json!("bot.yaml"), &json!(4))
    );
    assert!(
        said["errors"][0]["path"]
            .as_str()
            .unwrap()
            .starts_with("bot.yaml:4:")
    );
    let page = server.send("GET", finding["explain"].as_str().unwrap(), &[], b"");
    assert_eq!((page.status, &page.json()["code"]), (200, &finding["code"]));
    // The previous system's contract: the body is the spec.
    let old = json!({"intents": [{"cmd": "/start", "reply": "Hi"}]});
    let said = server.json("/spec/validate", &old).json();
    assert_eq!(
        (&said["ok"], &said["form"]),
        (&json!(true), &json!("imported"))
    );
    assert!(said["imported"]["files"]["bot.yaml"].is_string());
}

#[test]
fn what_a_model_wrote_is_mended_or_comes_with_a_template() {
    let server = Server::start(&[]);
    let raw = "Sure, here is your bot:\n\n```yaml\nbotfactory: v1\nlocale: en\nintents:\n  - { cmd: /start, reply: \"Hi\" }\nflows:\n  - flow.menu.v1:\n      entry_cmd: /menu\n      title: \"Menu\"\n      options:\n        - { text: \"Go\", callback: /strat }\n```\nEnjoy!";
    let said = server
        .json(
            "/spec/fix",
            &json!({"raw_dsl": raw, "llm_model": "any", "attempt": 1}),
        )
        .json();
    assert_eq!(said["success"], true, "{said}");
    let spec = said["final_spec"].as_str().unwrap();
    assert!(
        spec.contains("callback: /start") && !spec.contains("```"),
        "{spec}"
    );
    assert_eq!(said["changed"], json!(["bot.yaml"]));
    assert!(
        said["fixes_applied"][0]
            .as_str()
            .unwrap()
            .starts_with("bot.yaml:"),
        "{said}"
    );
    // What came back is right, and asking again changes nothing.
    let again = server.json("/spec/fix", &json!({"yaml": spec})).json();
    assert_eq!(
        (&again["final_spec"], &again["changed"]),
        (&said["final_spec"], &json!([]))
    );
    for raw in [
        "I cannot do that.",
        "",
        "```\nflows: [\n",
        "{\"intents\": 5",
    ] {
        let said = server.json("/spec/fix", &json!({"raw_dsl": raw})).json();
        assert_eq!(said["success"], false, "{said}");
        assert!(!said["errors"].as_array().unwrap().is_empty(), "{said}");
        assert!(
            !said["suggestions"].as_array().unwrap().is_empty(),
            "{said}"
        );
        let template = json!({"files": said["fallback_template"]});
        assert_eq!(server.json("/spec/validate", &template).json()["ok"], true);
    }
}

#[test]
fn hostile_input_is_refused_and_takes_nothing_down() {
    let server = Server::start(&[]);
    let kind = [("Content-Type", "application/json")];
    for (body, status) in [
        ("", 400),
        ("{", 400),
        ("[1]", 422),
        (r#"{"files":{"../../etc/passwd":"x"}}"#, 422),
        (r#"{"bot_id":"../x","yaml":""}"#, 422),
    ] {
        let said = server.send("POST", "/spec/validate", &kind, body.as_bytes());
        assert_eq!(said.status, status, "{body}: {}", said.text);
        assert!(said.json()["error"]["message"].is_string());
        assert_eq!(said.json()["error"]["trace_id"].as_str().unwrap().len(), 32);
    }
    let form = server.send(
        "POST",
        "/spec/fix",
        &[("Content-Type", "application/xml")],
        b"<x/>",
    );
    assert_eq!(form.status, 415);
    assert_eq!(server.send("POST", "/spec/fix", &[], b"x").status, 415);
    let large = vec![b'x'; 3 << 20];
    assert_eq!(server.send("POST", "/spec/fix", &kind, &large).status, 413);
    for (method, path, status) in [
        ("GET", "/spec/validate", 405),
        ("DELETE", "/spec/fix", 405),
        ("GET", "/nowhere", 404),
        ("GET", "/explain/BF9999", 404),
        ("GET", "/explain/%ff", 404),
        ("GET", "/schema/..%2f..", 404),
        ("GET", "/schema/bot", 200),
        ("GET", "/health", 200),
        ("GET", "/openapi.json", 200),
    ] {
        assert_eq!(
            server.send(method, path, &[], b"").status,
            status,
            "{method} {path}"
        );
    }
    // Deep, long, doubled, with bombs of aliases: an answer in time, whatever it says.
    let deep = "[".repeat(200_000);
    let nested = format!("{}1{}", "{\"a\":".repeat(100), "}".repeat(100));
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n";
    let expression = format!(
        "{GOOD}  - {{ cmd: /x, reply: \"{{{{ {}1{} }}}}\" }}\n",
        "(".repeat(50_000),
        ")".repeat(50_000)
    );
    let began = Instant::now();
    for text in [
        &deep,
        &nested,
        bomb,
        &expression,
        &"- ".repeat(100_000),
        &"\u{feff}\u{0}\u{1}".repeat(1000),
    ] {
        for path in ["/spec/validate", "/spec/fix"] {
            let said = server.send(
                "POST",
                path,
                &[("Content-Type", "text/plain")],
                text.as_bytes(),
            );
            assert!(
                [200, 503].contains(&said.status),
                "{}: {}",
                said.status,
                said.text
            );
            let said = server.json(path, &json!({"raw_dsl": text}));
            assert!(
                [200, 503].contains(&said.status),
                "{}: {}",
                said.status,
                said.text
            );
        }
    }
    assert!(
        began.elapsed() < Duration::from_secs(120),
        "{:?}",
        began.elapsed()
    );
    // A head that never ends does not keep others out.
    let mut slow = TcpStream::connect(server.address).unwrap();
    slow.write_all(b"POST /spec/fix HTTP/1.1\r\nX-").unwrap();
    assert_eq!(
        server.json("/spec/validate", &json!({"yaml": GOOD})).json()["ok"],
        true
    );
    slow.set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let mut rest = Vec::new();
    assert!(slow.read_to_end(&mut rest).is_ok(), "it is closed");
}

#[test]
fn many_at_once_are_answered_or_told_to_come_again() {
    let server = Server::start(&[]);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..60)
            .map(|_| scope.spawn(|| server.json("/spec/validate", &json!({"yaml": GOOD})).status))
            .collect();
        asked.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(
        statuses.iter().all(|status| [200, 503].contains(status)),
        "{statuses:?}"
    );
    assert!(statuses.contains(&200));
}

#[test]
fn pages_of_other_origins_read_nothing_unless_allowed() {
    let server = Server::start(&["--allow-origin", "https://editor.example.org"]);
    let ask =
        |method: &str, origin: &str| server.send(method, "/health", &[("Origin", origin)], b"");
    let allowed = ask("GET", "https://editor.example.org");
    assert!(
        allowed
            .head
            .contains("access-control-allow-origin: https://editor.example.org"),
        "{}",
        allowed.head
    );
    assert_eq!(ask("OPTIONS", "https://editor.example.org").status, 204);
    for origin in [
        "https://evil.example",
        "null",
        "https://editor.example.org.evil.example",
    ] {
        assert!(
            !ask("GET", origin).head.contains("access-control"),
            "{origin}"
        );
        assert_eq!(ask("OPTIONS", origin).status, 405);
    }
    // They could not read the answer, but keep the compiler busy by a form's request.
    let post = |origins: &[&str]| {
        let mut headers = vec![("Content-Type", "text/plain")];
        headers.extend(origins.iter().map(|origin| ("Origin", *origin)));
        server.send("POST", "/spec/validate", &headers, GOOD.as_bytes())
    };
    let allowed = "https://editor.example.org";
    assert_eq!((post(&[]).status, post(&[allowed]).status), (200, 200));
    for origins in [
        &["https://evil.example"][..],
        &["null"],
        &["http://localhost:8001"],
        &[allowed, "https://evil.example"],
    ] {
        let said = post(origins);
        assert_eq!(
            (said.status, &said.json()["error"]["code"]),
            (403, &json!("forbidden")),
            "{origins:?}"
        );
        assert!(!said.head.contains("access-control"), "{origins:?}");
    }
}

/// Everything that is described is there; everything that is answered is described.
#[test]
fn the_description_is_whole() {
    let server = Server::start(&[]);
    let api = server.send("GET", "/openapi.json", &[], b"").json();
    let text = api.to_string();
    for name in text.split("#/components/schemas/").skip(1) {
        let name = name.split('"').next().unwrap();
        assert!(api["components"]["schemas"][name].is_object(), "{name}");
    }
    let fields = |schema: &str| -> Vec<String> {
        let properties = api["components"]["schemas"][schema]["properties"].as_object();
        let mut keys: Vec<String> = properties.unwrap().keys().cloned().collect();
        keys.sort();
        keys
    };
    let keys = |value: &Value| -> Vec<String> {
        let mut keys: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    };
    let wrong = json!({"yaml": GOOD.replace("cmd:", "cdm:")});
    let checked = server.json("/spec/validate", &wrong).json();
    assert_eq!(keys(&checked), fields("Validation"));
    assert_eq!(keys(&checked["diagnostics"][0]), fields("Finding"));
    let broken = server
        .json("/spec/fix", &json!({"yaml": "flows: ["}))
        .json();
    assert_eq!(keys(&broken), fields("Mended"));
    assert_eq!(keys(&broken["suggestions"][0]), fields("Suggestion"));
    let hopeless = server.json("/spec/fix", &json!({"spec": []})).json();
    assert_eq!(keys(&hopeless), fields("Mended"));
    let hopeless = server.json("/spec/validate", &json!({"spec": []})).json();
    assert_eq!(keys(&hopeless), fields("Validation"));
}

/// For both engines, on a Postgres that is there once: what only one of them refuses says so.
#[test]
fn both_engines_are_asked() {
    let server = Server::start(&["--engine", "all"]);
    let bot = |sql: &str| {
        let yaml = format!(
            "botfactory: v1\nlocale: en\nflows:\n  - flow.generic.v1:\n      entry_cmd: /count\n      on_enter:\n        \
             - action.sql_query.v1: {{ sql: \"{sql}\", result_var: n, scalar: true }}\n        \
             - action.reply_template.v1: {{ text: \"{{{{n}}}}\" }}\n"
        );
        json!({"files": {"bot.yaml": yaml}})
    };
    let good = bot("SELECT 1 + 1 AS n");
    for path in ["/spec/validate", "/spec/fix"] {
        let said = server.json(path, &good).json();
        assert_eq!(said["engines"], json!(["sqlite", "postgres"]), "{said}");
        assert_eq!(said["errors"], json!([]), "{said}");
    }
    let said = server.json("/spec/validate", &bot("SELECT julianday('now') AS n"));
    let said = said.json();
    assert_eq!(said["ok"], false, "{said}");
    assert!(
        said["errors"][0]["msg"]
            .as_str()
            .unwrap()
            .contains("Postgres"),
        "{said}"
    );
    let alone = Server::start(&[]);
    let said = alone.json("/spec/validate", &good).json();
    assert_eq!(said["engines"], json!(["sqlite"]));
}
