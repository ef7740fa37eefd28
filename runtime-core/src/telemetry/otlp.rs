//! Spans to a collector: OTLP over HTTP in its JSON encoding (<https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>).
//! Written by hand on the HTTP client that is here anyway: the crates of OpenTelemetry would bring Protocol Buffers and a
//! second HTTP client for what is one document. Off, it costs a look at an empty cell.
//!
//! Nothing waits for a collector: spans go through a bounded queue, and what does not fit or cannot be delivered is dropped
//! and counted.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use super::life::Life;
use super::metrics::metrics;
use super::trace::Trace;

/// Spans that may wait.
const QUEUE: usize = 4096;
/// Spans of one request.
const BATCH: usize = 512;
/// How long a span waits for company.
const EVERY: Duration = Duration::from_secs(2);
/// How long a collector may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A collector of spans.
#[derive(Debug, Clone)]
pub struct Otlp {
    /// Of the traces.
    pub url: String,
    /// Names and values; values may be secrets.
    pub headers: Vec<(String, SecretString)>,
    /// Our name there.
    pub service: String,
    /// Which part of what we begin is sent, 0 to 1.
    pub ratio: f64,
}

/// Who does the work that a span is about, with its number in the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// We, among ourselves.
    Internal = 1,
    /// We, for whoever asked.
    Server = 2,
    /// Somebody whom we ask.
    Client = 3,
}

/// Something that took time.
#[derive(Debug)]
pub struct Span {
    /// Its trace and its place there.
    pub trace: Trace,
    /// Out of a closed set.
    pub name: &'static str,
    /// Who does it.
    pub kind: Kind,
    /// How long it took, until now.
    pub took: Duration,
    /// Names and words out of closed sets: never a person's words.
    pub attributes: Vec<(&'static str, &'static str)>,
    /// How it failed.
    pub failed: Option<&'static str>,
}

#[derive(Debug)]
struct Ended {
    span: Span,
    at: SystemTime,
}

#[derive(Debug)]
struct Export {
    queue: mpsc::Sender<Ended>,
    ratio: f64,
}

static EXPORT: OnceLock<Export> = OnceLock::new();

/// Whether spans of a trace are sent.
pub fn wanted(trace: Trace) -> bool {
    EXPORT
        .get()
        .is_some_and(|export| trace.sampled(export.ratio))
}

/// The `traceparent` for whoever we ask as `trace`.
pub fn header(trace: Trace) -> String {
    let ratio = EXPORT.get().map_or(0.0, |export| export.ratio);
    trace.header(trace.sampled(ratio))
}

/// A span has ended now.
pub fn record(span: Span) {
    if let Some(export) = EXPORT.get()
        && span.trace.sampled(export.ratio)
    {
        let ended = Ended {
            span,
            at: SystemTime::now(),
        };
        if export.queue.try_send(ended).is_err() {
            count("dropped", 1);
        }
    }
}

/// Something within what this task works on has ended now.
pub fn within(
    name: &'static str,
    took: Duration,
    attributes: &[(&'static str, &'static str)],
    failed: Option<&'static str>,
) {
    if EXPORT.get().is_some()
        && let Some(life) = Life::current()
    {
        record(Span {
            trace: life.trace.child(),
            name,
            kind: Kind::Internal,
            took,
            attributes: attributes.to_vec(),
            failed,
        });
    }
}

fn count(outcome: &'static str, spans: usize) {
    if let Some(m) = metrics() {
        m.spans
            .with_label_values(&[outcome])
            .inc_by(u64::try_from(spans).unwrap_or(u64::MAX));
    }
}

/// Sends spans until the stop signal, and then what waits.
///
/// # Errors
/// No HTTP client can be made (no trusted certificates on this machine).
pub fn start(
    to: Otlp,
    version: &'static str,
    stopped: watch::Receiver<bool>,
) -> Result<impl Future<Output = ()> + Send + 'static, String> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder();
    let builder = if to.url.starts_with("http://") {
        builder.tls_certs_only([])
    } else {
        builder
    };
    let http = builder
        .timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|_| "no TLS client for the collector of spans".to_owned())?;
    let (queue, waiting) = mpsc::channel(QUEUE);
    let _ = EXPORT.set(Export {
        queue,
        ratio: to.ratio,
    });
    Ok(run(http, to, version, waiting, stopped))
}

async fn run(
    http: reqwest::Client,
    to: Otlp,
    version: &'static str,
    mut waiting: mpsc::Receiver<Ended>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let until = tokio::time::Instant::now() + EVERY;
        let mut stopping = false;
        while batch.len() < BATCH && !stopping {
            tokio::select! {
                biased;
                span = waiting.recv() => match span {
                    Some(span) => batch.push(span),
                    None => stopping = true,
                },
                _ = tokio::time::sleep_until(until) => break,
                _ = stopped.wait_for(|stop| *stop) => stopping = true,
            }
        }
        while stopping && let Ok(span) = waiting.try_recv() {
            batch.push(span);
        }
        if !batch.is_empty() {
            let spans = batch.len();
            let sent = send(&http, &to, version, &batch).await;
            count(if sent { "sent" } else { "failed" }, spans);
            batch.clear();
        }
        if stopping {
            return;
        }
    }
}

async fn send(http: &reqwest::Client, to: &Otlp, version: &str, batch: &[Ended]) -> bool {
    let mut request = http.post(&to.url).json(&document(to, version, batch));
    for (name, value) in &to.headers {
        request = request.header(name, value.expose_secret());
    }
    let answered = request.send().await;
    answered.is_ok_and(|answer| answer.status().is_success())
}

fn document(to: &Otlp, version: &str, batch: &[Ended]) -> Value {
    let spans: Vec<Value> = batch.iter().map(span).collect();
    json!({"resourceSpans": [{
        "resource": {"attributes": [
            attribute("service.name", &to.service),
            attribute("service.version", version),
        ]},
        "scopeSpans": [{"scope": {"name": "botfactory", "version": version}, "spans": spans}],
    }]})
}

fn span(Ended { span, at }: &Ended) -> Value {
    let end = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let begin = end.saturating_sub(span.took);
    let attributes = span.attributes.iter();
    json!({
        "traceId": span.trace.id(),
        "spanId": span.trace.span(),
        "parentSpanId": span.trace.parent().unwrap_or_default(),
        "name": span.name,
        "kind": span.kind as u8,
        "startTimeUnixNano": begin.as_nanos().to_string(),
        "endTimeUnixNano": end.as_nanos().to_string(),
        "attributes": attributes.map(|(name, value)| attribute(name, value)).collect::<Vec<_>>(),
        "status": match span.failed {
            Some(how) => json!({"code": 2, "message": how}),
            None => json!({}),
        },
    })
}

fn attribute(name: &str, value: &str) -> Value {
    json!({"key": name, "value": {"stringValue": value}})
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::Json;
    use axum::http::HeaderMap;
    use axum::routing::post;

    use super::*;

    #[tokio::test]
    async fn spans_reach_a_collector() {
        let seen: Arc<Mutex<Vec<(String, Value)>>> = Arc::default();
        let keep = seen.clone();
        let collector = axum::Router::new().route(
            "/v1/traces",
            post(|headers: HeaderMap, Json(body): Json<Value>| async move {
                let key = headers["x-key"].to_str().unwrap().to_owned();
                keep.lock().unwrap().push((key, body));
            }),
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1/traces", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, collector).await });
        let (stop, stopped) = watch::channel(false);
        let to = Otlp {
            url,
            headers: vec![("x-key".to_owned(), "secret".to_owned().into())],
            service: "bots".to_owned(),
            ratio: 0.0,
        };
        let exporting = tokio::spawn(start(to, "1.0", stopped).unwrap());
        // Nobody asked for this one, and none of ours are sampled.
        let own = Trace::new();
        assert!(!wanted(own) && header(own).ends_with("-00"));
        let asked = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let asked = Trace::of(Some(asked.as_bytes()));
        assert!(wanted(asked) && header(asked).ends_with("-01"));
        for trace in [own, asked] {
            record(Span {
                trace,
                name: "update",
                kind: Kind::Server,
                took: Duration::from_millis(20),
                attributes: vec![("bot_id", "shop")],
                failed: None,
            });
            Life::traced(trace).within(|| {
                within(
                    "handler",
                    Duration::from_millis(5),
                    &[("effect", "read")],
                    Some("sql"),
                );
            });
        }
        stop.send(true).unwrap();
        exporting.await.unwrap();
        let seen = seen.lock().unwrap();
        let [(key, body)] = &seen[..] else {
            panic!("{seen:?}")
        };
        assert_eq!(key, "secret");
        let resource = &body["resourceSpans"][0];
        assert_eq!(
            resource["resource"]["attributes"][0],
            json!({"key": "service.name", "value": {"stringValue": "bots"}})
        );
        let spans = resource["scopeSpans"][0]["spans"].as_array().unwrap();
        assert_eq!(spans.len(), 2, "{spans:#?}");
        let (update, handler) = (&spans[0], &spans[1]);
        assert_eq!(update["traceId"], "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(update["parentSpanId"], "b7ad6b7169203331");
        assert_eq!(update["kind"], 2);
        assert_eq!(handler["parentSpanId"], update["spanId"]);
        assert_eq!(handler["status"]["code"], 2);
        let nanos = |name: &str| update[name].as_str().unwrap().parse::<u128>().unwrap();
        assert_eq!(
            nanos("endTimeUnixNano") - nanos("startTimeUnixNano"),
            20_000_000
        );
    }
}
