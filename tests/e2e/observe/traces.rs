//! Spans at a collector, from the built binary.

use std::sync::{Arc, Mutex};

use axum::Json;
use axum::http::HeaderMap;
use axum::routing::post;
use serde_json::Value;

use super::scrape::Scrape;
use super::{TRACE, TRACEPARENT, hook_traced};
use crate::support::raw::text;
use crate::support::{Channel, Home, World, until};

/// Spans as they came, and the key that came with each request.
type Spans = Arc<Mutex<Vec<(String, Value)>>>;

/// A collector of OTLP's JSON over HTTP; gone when dropped.
struct Collector {
    url: String,
    spans: Spans,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Collector {
    async fn start() -> Self {
        let spans = Spans::default();
        let keep = spans.clone();
        let take = post(|headers: HeaderMap, Json(body): Json<Value>| async move {
            let key = headers["x-key"].to_str().unwrap().to_owned();
            let groups = body["resourceSpans"].as_array().unwrap();
            let scopes = groups
                .iter()
                .flat_map(|group| group["scopeSpans"].as_array().unwrap());
            let all = scopes.flat_map(|scope| scope["spans"].as_array().unwrap());
            let mut keep = keep.lock().unwrap();
            keep.extend(all.map(|span| (key.clone(), span.clone())));
        });
        let router = axum::Router::new().route("/v1/traces", take);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, spans, server }
    }

    fn of(&self, trace: &str) -> Vec<Value> {
        let spans = self.spans.lock().unwrap();
        let own = spans.iter().filter(|(_, span)| span["traceId"] == trace);
        own.map(|(_, span)| span.clone()).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_its_handler_and_its_calls_reach_a_collector() {
    let collector = Collector::start().await;
    let home = Home::new()
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)
        .with("OTEL_EXPORTER_OTLP_HEADERS", "x-key=secret")
        .with("OTEL_TRACES_SAMPLER_ARG", "0");
    let world = World::start_at(Channel::Webhook, home).await;
    // In a group the reply goes through the API: at once (`/start`), or by the outbox (`/book`).
    hook_traced(&world, &text(1, 7, -5, "/start"), TRACEPARENT).await;
    hook_traced(&world, &text(2, 7, -5, "/book"), TRACEPARENT).await;
    // Nobody has asked for this one, and of ours none is sampled.
    world.hook(&text(3, 7, -5, "/help")).await;
    let spans = until("spans", || async {
        let spans = collector.of(TRACE);
        let named = |name: &str| spans.iter().filter(|span| span["name"] == name).count();
        (named("update") == 2 && named("handler") == 2 && named("sendMessage") == 2)
            .then_some(spans)
    })
    .await;
    let updates: Vec<&Value> = spans.iter().filter(|s| s["name"] == "update").collect();
    for update in &updates {
        assert_eq!(update["parentSpanId"], TRACEPARENT[36..52], "{update}");
        assert_eq!(update["kind"], 2);
        let own = |name: &str| {
            let of = |s: &&Value| s["name"] == name && s["parentSpanId"] == update["spanId"];
            spans.iter().filter(of).count()
        };
        assert_eq!((own("handler"), own("sendMessage")), (1, 1), "{spans:#?}");
    }
    // What Telegram was told is where its span says.
    let told = world.telegram().traces();
    for span in spans.iter().filter(|s| s["name"] == "sendMessage") {
        let header = format!("00-{TRACE}-{}-01", span["spanId"].as_str().unwrap());
        assert!(told.contains(&header), "{header} is not in {told:?}");
    }
    let all = collector.spans.lock().unwrap().clone();
    assert!(
        all.iter()
            .all(|(key, span)| key == "secret" && span["traceId"] == TRACE),
        "{all:#?}"
    );
    assert!(!format!("{all:?}").contains("Anna"));
    let sent = until("counting", || async {
        let sent = Scrape::of(&world)
            .await
            .sum("otlp_spans_total", &[("outcome", "sent")]);
        (sent >= 6.0).then_some(sent)
    })
    .await;
    assert_eq!(sent, all.len() as f64);
    // A collector that is away costs spans, and nothing else.
    drop(collector);
    hook_traced(&world, &text(4, 7, -5, "/start"), TRACEPARENT).await;
    until("counting what failed", || async {
        let scrape = Scrape::of(&world).await;
        (scrape.sum("otlp_spans_total", &[("outcome", "failed")]) >= 3.0).then_some(())
    })
    .await;
    world.db().settled().await;
    world.stop().await;
}
