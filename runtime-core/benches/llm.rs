//! What a question to the model costs beside the model's own time: 32 people ask at once, again and again, a server that
//! takes 50 ms for every answer; the same requests are sent by hand in the same run.
//!
//! `cargo bench -p runtime-core --features testing,postgres --bench llm` (without `postgres` on SQLite only; with Postgres
//! goes a Redis). Every question is another one: it passes limits, breaker, budget (durably reserved before the call and
//! settled after it), moderation and cache. Differences of one run mean something; absolute figures are the machine's.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use runtime_core::clock::Clock;
use runtime_core::config::llm::{LlmConfig, Upstream};
use runtime_core::llm::breaker::{Monotonic, Rules};
use runtime_core::llm::{Ask, Format, Keep, Llm, Parts, Task};
use runtime_core::redis::Redis;
use runtime_core::store::Store;
use runtime_core::testing::llm::{Act, Stub};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const PEOPLE: i64 = 32;
const ROUNDS: usize = 60;
const WARM_UP: usize = 10;
const MODEL: Duration = Duration::from_millis(50);

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let folder = std::env::temp_dir().join(format!("botfactory-bench-llm-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the database");
    runtime.block_on(all(&folder));
    let _ = std::fs::remove_dir_all(&folder);
}

async fn all(folder: &Path) {
    println!(
        "{PEOPLE} at once, {ROUNDS} rounds, the model takes {} ms\n",
        MODEL.as_millis()
    );
    println!(
        "{:<28} {:>9} {:>9} {:>9} {:>9}",
        "milliseconds", "p50", "p95", "p99", "most"
    );
    let url = format!("sqlite://{}", folder.join("bench.db").display());
    engine("SQLite", &url, Redis::alone()).await;
    #[cfg(feature = "postgres")]
    {
        let server = runtime_core::testing::postgres::Postgres::start_durable();
        let url = server.database("bench").await;
        let shared = runtime_core::testing::redis::Redis::start();
        let redis = Redis::open(&shared.url()).expect("its URL");
        while !redis.up() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        engine("Postgres and Redis", &url, redis).await;
    }
}

async fn engine(name: &str, url: &str, redis: Redis) {
    let stub = Stub::start().await.expect("a port");
    stub.always(Act::Slow(MODEL, "Your parcel is on its way.".to_owned()));
    let store = Store::open(url, &[], Clock::system())
        .await
        .expect("a database");
    let config = LlmConfig {
        upstream: Some(Upstream {
            base: format!("{}/v1", stub.url()),
            model: "stub".to_owned(),
            key: None,
            timeout: Duration::from_secs(10),
            context: 4096,
            top_p: 0.9,
        }),
        daily_budget: 1_000_000_000,
        user_per_minute: 100_000,
        bot_per_minute: 1_000_000,
        ..LlmConfig::default()
    };
    let llm = Llm::open(Parts {
        bots: vec![("bench", "UTC")],
        config,
        store: store.clone(),
        redis,
        key: [1; 32],
        moderators: Vec::new(),
        rules: Rules::default(),
        time: Monotonic::default(),
    })
    .expect("a client");
    let asked = Arc::new(AtomicUsize::new(0));
    let ours = measured(|person| {
        let llm = llm.clone();
        let ask = question(asked.fetch_add(1, Ordering::Relaxed));
        async move {
            let began = Instant::now();
            llm.ask("bench", person, &ask).await.expect("an answer");
            began.elapsed()
        }
    })
    .await;
    let body = stub.asked().pop().expect("it was asked").body.to_string();
    let address = stub.url().trim_start_matches("http://").to_owned();
    let by_hand = by_hand(&address, &body).await;
    row(&format!("{name}: ours"), &ours);
    row(&format!("{name}: by hand"), &by_hand);
    let difference = |share: f64| at(&ours, share) - at(&by_hand, share);
    println!(
        "{:<28} {:>9.2} {:>9.2} {:>9.2}\n",
        format!("{name}: difference"),
        difference(0.50),
        difference(0.95),
        difference(0.99)
    );
    store.close().await;
}

fn question(n: usize) -> Ask {
    Ask {
        place: "bench".into(),
        task: Task::Plain,
        locale: "en".into(),
        system: "You answer for a delivery service, in one sentence.".to_owned(),
        given: None,
        text: format!("Where is my parcel number {n}?"),
        keep: Keep::Start,
        format: Format::Text { max: 500 },
        max_tokens: 100,
        temperature: 20,
    }
}

/// Everybody asks, waits for the answer, asks again. Milliseconds of each, sorted.
async fn measured<F: Future<Output = Duration>>(ask: impl Fn(i64) -> F) -> Vec<f64> {
    let mut times = Vec::new();
    for round in 0..WARM_UP + ROUNDS {
        let took = join((0..PEOPLE).map(|person| Box::pin(ask(person))).collect()).await;
        if round >= WARM_UP {
            times.extend(took.iter().map(|t| t.as_secs_f64() * 1000.0));
        }
    }
    times.sort_by(f64::total_cmp);
    times
}

/// Runs them together on this task.
async fn join<T, F: Future<Output = T> + Unpin>(futures: Vec<F>) -> Vec<T> {
    let mut waiting: Vec<Option<F>> = futures.into_iter().map(Some).collect();
    let mut done: Vec<Option<T>> = waiting.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        let mut all = true;
        for (future, done) in waiting.iter_mut().zip(&mut done) {
            let Some(running) = future else { continue };
            match std::pin::Pin::new(running).poll(cx) {
                std::task::Poll::Ready(value) => {
                    *done = Some(value);
                    *future = None;
                }
                std::task::Poll::Pending => all = false,
            }
        }
        if all {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    done.into_iter().flatten().collect()
}

/// The same request over 32 connections that are kept.
async fn by_hand(address: &str, body: &str) -> Vec<f64> {
    let mut connections = Vec::new();
    for _ in 0..PEOPLE {
        let opened = tokio::net::TcpStream::connect(address).await;
        let stream = opened.expect("the stub listens");
        stream.set_nodelay(true).expect("an open socket");
        connections.push(Arc::new(tokio::sync::Mutex::new(stream)));
    }
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let (connections, request) = (&connections, &request);
    measured(|person| async move {
        let index = usize::try_from(person).expect("few");
        let mut stream = connections[index].lock().await;
        let began = Instant::now();
        stream
            .write_all(request.as_bytes())
            .await
            .expect("it takes it");
        let mut answer = Vec::new();
        loop {
            let mut part = [0; 4096];
            let n = stream.read(&mut part).await.expect("an answer");
            assert!(n > 0, "it closed the connection");
            answer.extend_from_slice(&part[..n]);
            let text = String::from_utf8_lossy(&answer);
            if let Some((head, rest)) = text.split_once("\r\n\r\n") {
                let length = head.lines().find_map(|line| {
                    line.to_lowercase()
                        .strip_prefix("content-length: ")?
                        .parse()
                        .ok()
                });
                if rest.len() >= length.unwrap_or(0) {
                    break;
                }
            }
        }
        began.elapsed()
    })
    .await
}

fn at(times: &[f64], share: f64) -> f64 {
    let last = times.len() - 1;
    times[((last as f64) * share).round() as usize]
}

fn row(name: &str, times: &[f64]) {
    println!(
        "{name:<28} {:>9.2} {:>9.2} {:>9.2} {:>9.2}",
        at(times, 0.50),
        at(times, 0.95),
        at(times, 0.99),
        at(times, 1.0)
    );
}
