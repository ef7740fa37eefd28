//! What must hold for every route, whoever adds it: the cases are made of the table.

use std::collections::BTreeSet;

use super::*;
use crate::http::api::{self, Door};
use crate::http::openapi;

const ADMIN: &str = "0123456789abcdef";

/// A route: who may use it, its method, its pattern, and a path that matches it.
struct Row {
    door: Door,
    method: &'static str,
    pattern: String,
    path: String,
}

fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for door in Door::ALL {
        for (pattern, mut item) in api::behind(door).into_openapi().paths.paths {
            openapi::each(&mut item, &mut |method, _| {
                rows.push(Row {
                    door,
                    method,
                    path: filled(&pattern),
                    pattern: pattern.clone(),
                });
            });
        }
    }
    assert!(rows.len() > 20);
    rows
}

fn filled(pattern: &str) -> String {
    let mut path = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap();
        path.push_str(before);
        path.push_str(match name {
            "id" | "bot_id" => "booking",
            "locale" => "en",
            _ => "1",
        });
        rest = after;
    }
    path + rest
}

fn request(row: &Row) -> Request<Body> {
    local(&row.method.to_uppercase(), &row.path, "{}")
}

fn far(row: &Row) -> Request<Body> {
    let mut request = request(row);
    request.extensions_mut().insert(ConnectInfo(Peer {
        address: "10.0.0.9:5".parse().unwrap(),
        flushes: Default::default(),
        pace: Default::default(),
    }));
    request
}

fn refused(answer: &Answer, status: u16, code: &str, row: &Row) {
    let route = format!("{} {}: {}", row.method, row.pattern, answer.text);
    assert_eq!(answer.status, status, "{route}");
    let error = &answer.json()["error"];
    assert_eq!(error["code"], code, "{route}");
    assert!(error["message"].is_string(), "{route}");
    assert_eq!(error["trace_id"].as_str().unwrap().len(), 32, "{route}");
}

#[tokio::test]
async fn without_the_right_token_no_admin_route_does_anything() {
    let core = Arc::new(Scripted::default());
    let router = routes::all(&deployment(core.clone(), Some(ADMIN), true));
    let mut admin = 0;
    for row in rows() {
        if !matches!(row.door, Door::Admin | Door::Metrics) {
            continue;
        }
        admin += 1;
        for given in [
            "",
            "Bearer",
            "Bearer wrong",
            "Basic MDEyMzQ1Njc4OWFiY2RlZg==",
            ADMIN,
        ] {
            let mut request = request(&row);
            if !given.is_empty() {
                let headers = request.headers_mut();
                headers.insert("authorization", given.parse().unwrap());
            }
            let answer = ask(&router, request).await;
            refused(&answer, 401, "unauthorized", &row);
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
        }
        let mut right = far(&row);
        let headers = right.headers_mut();
        headers.insert("authorization", format!("bearer {ADMIN}").parse().unwrap());
        let answer = ask(&router, right).await;
        assert_ne!(answer.status, 401, "{} {}", row.method, row.pattern);
        assert_ne!(answer.status, 403, "{} {}", row.method, row.pattern);
    }
    assert!(admin > 10);
    // Only those that came with the token were heard.
    assert!(core.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn without_a_token_nobody_from_elsewhere_gets_in() {
    let core = Arc::new(Scripted::default());
    let router = routes::all(&deployment(core.clone(), None, true));
    for row in rows() {
        if !matches!(row.door, Door::Admin | Door::Metrics | Door::Page) {
            continue;
        }
        refused(&ask(&router, far(&row)).await, 403, "forbidden", &row);
        for (name, value) in [
            ("host", "bots.example.org"),
            ("x-forwarded-for", "127.0.0.1"),
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "cross-site"),
        ] {
            let mut request = request(&row);
            request.headers_mut().insert(name, value.parse().unwrap());
            refused(&ask(&router, request).await, 403, "forbidden", &row);
        }
    }
    assert!(core.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn probes_and_telegram_need_no_admin_token() {
    let router = routes::all(&deployment(Arc::default(), Some(ADMIN), true));
    for row in rows() {
        let answer = ask(&router, far(&row)).await;
        match row.door {
            Door::Alive | Door::Health | Door::Page => {
                assert!(
                    answer.status == 200 || answer.status == 503,
                    "{} {}",
                    row.pattern,
                    answer.status
                );
            }
            Door::Telegram => refused(&answer, 401, "unauthorized", &row),
            Door::Admin | Door::Metrics => {}
        }
    }
}

#[tokio::test]
async fn every_route_is_there_and_has_no_other_methods() {
    let all = routes::all(&deployment(Arc::default(), None, true));
    let public = routes::public(&deployment(Arc::default(), None, true));
    let admin = routes::admin(&deployment(Arc::default(), None, true));
    let rows = rows();
    for row in &rows {
        // A route that is not there says so in these words.
        let there = |answer: Answer| {
            !answer.text.contains("\"method_not_allowed\"")
                && !answer.text.contains("no such route")
        };
        assert!(there(ask(&all, request(row)).await), "{}", row.pattern);
        let world = matches!(row.door, Door::Telegram | Door::Alive);
        let seen = there(ask(&public, request(row)).await);
        assert_eq!(seen, world, "{} on the world's listener", row.pattern);
        let seen = there(ask(&admin, request(row)).await);
        let apart = row.door != Door::Telegram;
        assert_eq!(seen, apart, "{} on the operators' listener", row.pattern);
        for method in ["get", "put", "post", "delete", "patch"] {
            let named = |other: &Row| other.pattern == row.pattern && other.method == method;
            if rows.iter().any(named) {
                continue;
            }
            let request = local(&method.to_uppercase(), &row.path, "{}");
            let answer = ask(&all, request).await;
            refused(&answer, 405, "method_not_allowed", row);
            let allow = answer.headers["allow"].to_str().unwrap().to_lowercase();
            assert!(allow.contains(row.method), "{}: {allow}", row.pattern);
        }
    }
    for path in [
        "/nowhere",
        "/bots/",
        "/bots/booking/nowhere",
        "/bots/%ff",
        "/bots/%ff/texts",
        "//bots",
        "/tg",
        "/tg/",
    ] {
        let answer = ask(&all, local("GET", path, "")).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.json()["error"]["code"], "not_found", "{path}");
    }
}

/// `DELETE …?dry_run=true` does not delete.
#[tokio::test]
async fn parameters_that_a_route_does_not_have_are_refused() {
    let core = Arc::new(Scripted::default());
    let router = routes::all(&deployment(core.clone(), None, true));
    let described = serde_json::to_value(openapi::document()).unwrap();
    for row in rows() {
        if row.door != Door::Admin {
            continue;
        }
        let elsewhere = described["paths"][&row.pattern][row.method]["deprecated"] == true;
        let method = row.method.to_uppercase();
        let heads = (row.method == "get").then(|| "HEAD".to_owned());
        for method in heads.into_iter().chain([method]) {
            let path = format!("{}?surely_unknown=1", row.path);
            let answer = ask(&router, local(&method, &path, "{}")).await;
            if method == "HEAD" {
                assert_eq!(answer.status, 400, "HEAD {path}");
            } else if elsewhere {
                refused(&answer, 405, "not_at_run_time", &row);
            } else {
                refused(&answer, 400, "bad_request", &row);
                assert!(answer.text.contains("`surely_unknown`"), "{}", answer.text);
            }
        }
        let nul = ask(
            &router,
            local("GET", &format!("{}?after=%00", row.path), ""),
        )
        .await;
        assert!(nul.status.is_client_error(), "{}: {}", row.path, nul.text);
    }
    assert!(core.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_operators_are_told_is_kept_by_no_cache() {
    let router = routes::all(&deployment(Arc::default(), Some(ADMIN), true));
    for row in rows() {
        if row.door != Door::Admin {
            continue;
        }
        let mut right = request(&row);
        let headers = right.headers_mut();
        headers.insert("authorization", format!("Bearer {ADMIN}").parse().unwrap());
        for request in [request(&row), right] {
            let answer = ask(&router, request).await;
            let header = |name: &str| answer.headers.get(name).map(|value| value.as_bytes());
            assert_eq!(
                header("cache-control"),
                Some(&b"no-store"[..]),
                "{}",
                row.pattern
            );
            assert_eq!(header("x-content-type-options"), Some(&b"nosniff"[..]));
        }
    }
}

#[tokio::test]
async fn large_bodies_are_refused_everywhere() {
    let router = routes::all(&deployment(Arc::default(), None, true));
    let large = format!("\"{}\"", "x".repeat(9 << 20));
    for row in rows() {
        if matches!(row.door, Door::Telegram) || row.method == "get" {
            continue;
        }
        let request = local(&row.method.to_uppercase(), &row.path, &large);
        let answer = ask(&router, request).await;
        // Whoever reads a body says that it is too large; whoever reads none does not care.
        let reads = serde_json::to_value(openapi::document()).unwrap()["paths"][&row.pattern]
            [row.method]["requestBody"]
            .is_object();
        if reads && answer.status != 503 {
            refused(&answer, 413, "payload_too_large", &row);
        }
    }
}

#[tokio::test]
async fn metrics_are_counted_by_pattern() {
    let router = routes::all(&deployment(Arc::default(), None, true));
    for row in rows() {
        ask(&router, request(&row)).await;
    }
    ask(&router, local("GET", "/bots/somebody-else", "")).await;
    let metrics = ask(&router, local("GET", "/metrics", "")).await.text;
    let labels: BTreeSet<&str> = metrics
        .lines()
        .filter(|line| line.starts_with("api_requests_total{"))
        .filter_map(|line| line.split_once("route=\"")?.1.split_once('"'))
        .map(|(route, _)| route)
        .collect();
    let all = rows();
    let patterns: BTreeSet<&str> = all.iter().map(|row| row.pattern.as_str()).collect();
    assert!(labels.contains("/bots/{id}/reload"));
    let foreign: Vec<_> = labels.difference(&patterns).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
}

#[tokio::test]
async fn the_description_says_everything_of_every_route() {
    let router = routes::all(&deployment(Arc::default(), None, true));
    let answer = ask(&router, local("GET", "/openapi.json", "")).await;
    assert_eq!(answer.headers["content-type"], "application/json");
    assert!(!answer.text.contains("booking"), "says nothing of bots");
    let api = answer.json();
    assert!(api["openapi"].as_str().unwrap().starts_with("3."));
    let mut ids = BTreeSet::new();
    let rows = rows();
    for row in &rows {
        let operation = &api["paths"][&row.pattern][row.method];
        let route = format!("{} {}", row.method, row.pattern);
        for field in ["summary", "operationId"] {
            assert!(operation[field].is_string(), "{route} has no {field}");
        }
        assert!(ids.insert(operation["operationId"].to_string()), "{route}");
        let summary = operation["summary"].as_str().unwrap();
        assert!(!summary.ends_with('.'), "{route}: {summary}");
        assert_eq!(
            operation["tags"].as_array().map(Vec::len),
            Some(1),
            "{route}"
        );
        let guarded = matches!(row.door, Door::Admin | Door::Metrics);
        assert_eq!(operation["security"].is_array(), guarded, "{route}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(
            responses.contains_key("200") || operation["deprecated"] == true,
            "{route}"
        );
        assert!(responses.contains_key("default"), "{route}");
        for name in row
            .pattern
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.split('}').next())
        {
            let described = operation["parameters"].as_array().is_some_and(|all| {
                all.iter()
                    .any(|one| one["in"] == "path" && one["name"] == name)
            });
            assert!(described, "{route} does not describe `{name}`");
        }
    }
    let listed: usize = api["paths"]
        .as_object()
        .unwrap()
        .values()
        .map(|item| item.as_object().unwrap().len())
        .sum();
    assert_eq!(listed, rows.len());
    // What is referred to is there.
    for name in answer.text.split("#/components/schemas/").skip(1) {
        let name = name.split('"').next().unwrap();
        assert!(api["components"]["schemas"][name].is_object(), "{name}");
    }
}

/// `docs/api-routes.md` is the description as a page. `UPDATE=1` writes it.
#[test]
fn the_page_of_routes_is_the_description() {
    let api = serde_json::to_value(openapi::document()).unwrap();
    let mut page = String::from(
        "# Every route\n\nWritten from the description that `/openapi.json` serves (`UPDATE=1 cargo nextest run -p runtime-core --lib \
         -E 'test(the_page_of_routes)'`); [api.md](api.md) says how to use them. *Admin*: `Authorization: Bearer …` with \
         `BOTFACTORY_ADMIN_TOKEN`, or this machine while that is unset. Statuses that every route may have (400, 401, 403, 413, \
         503) are left out.\n",
    );
    let mut tags: std::collections::BTreeMap<String, Vec<String>> = Default::default();
    for row in rows() {
        let operation = &api["paths"][&row.pattern][row.method];
        let text = |value: &Value| value.as_str().unwrap_or_default().replace('\n', " ");
        let query: Vec<String> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "query")
            .map(|parameter| format!("`{}`", text(&parameter["name"])))
            .collect();
        let query = match query.is_empty() {
            true => String::new(),
            false => format!(" Takes {}", query.join(", ")),
        };
        let statuses: Vec<&str> = operation["responses"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .filter(|status| !["default", "400", "401", "403", "413", "503"].contains(status))
            .collect();
        let guarded = match row.door {
            Door::Admin | Door::Metrics => "admin",
            Door::Page => "page",
            Door::Telegram => "secret",
            Door::Alive | Door::Health => "",
        };
        let more = text(&operation["description"]);
        let more = match more.is_empty() {
            true => String::new(),
            false => format!(". {}", more.trim_end_matches('.')),
        };
        let more = match query.is_empty() {
            true => more,
            false => format!("{more}."),
        };
        let line = format!(
            "| `{} {}` | {}{more}{query} | {guarded} | {} |\n",
            row.method.to_uppercase(),
            row.pattern,
            text(&operation["summary"]),
            statuses.join(" "),
        );
        tags.entry(text(&operation["tags"][0]))
            .or_default()
            .push(line);
    }
    for (tag, mut lines) in tags {
        lines.sort();
        page += &format!("\n## {tag}\n\n| route | does | for | statuses |\n|---|---|---|---|\n");
        page.extend(lines);
    }
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/api-routes.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == page, "UPDATE=1 writes docs/api-routes.md anew");
}
