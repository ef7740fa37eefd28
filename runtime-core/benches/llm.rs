//! What a question to the model costs beside the model's own time: 32 people who ask, wait for the answer and ask again, a
//! server that takes 50 ms for every answer; the same requests are sent by hand over 32 connections in the same run, in turns.
//!
//! `cargo bench -p runtime-core --features testing,postgres --bench llm` (without `postgres` on SQLite only; with Postgres
//! goes a Redis). Every question is another one: it passes limits, breaker, budget (reserved before the call and settled
//! after it), moderation and cache. `no block`: a budget so small that every reservation waits for a commit of its own or of
//! others that wait too. Differences of one run mean something; absolute figures are the machine's.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use runtime_core::clock::Clock;
use runtime_core::llm::breaker::{Monotonic, Rules};
use runtime_core::llm::settings::{LlmConfig, Upstream};
use runtime_core::llm::{Ask, Format, Keep, Llm, Parts, Task};
use runtime_core::redis::Redis;
use runtime_core::store::Store;
use runtime_core::testing::llm::{Act, Stub};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const PEOPLE: i64 = 32;
/// Times that ours and those by hand take turns.
const TURNS: usize = 6;
/// Questions of each person in a turn; the first of them warm up.
const ROUNDS: usize = 14;
const WARM_UP: usize = 4;
/// Tokens of a day: large, and too small for a block.
const BUDGETS: [(&str, i64); 2] = [("", 1_000_000), (", no block", 60_000)];
const BOTS: [&str; 2] = ["large", "small"];
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
        "{PEOPLE} at once, {} questions each, the model takes {} ms\n",
        TURNS * (ROUNDS - WARM_UP),
        MODEL.as_millis()
    );
    println!(
        "{:<28} {:>9} {:>9} {:>9} {:>9}",
        "milliseconds", "p50", "p95", "p99", "most"
    );
    let url = format!("sqlite://{}", folder.join("bench.db").display());
    for (bot, (name, budget)) in BOTS.into_iter().zip(BUDGETS) {
        engine(bot, &format!("SQLite{name}"), budget, &url, Redis::alone()).await;
    }
    #[cfg(feature = "postgres")]
    {
        let server = runtime_core::testing::postgres::Postgres::start_durable();
        let url = server.database("bench").await;
        let shared = runtime_core::testing::redis::Redis::start();
        let redis = Redis::open(&shared.url()).expect("its URL");
        while !redis.up() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        for (bot, (name, budget)) in BOTS.into_iter().zip(BUDGETS) {
            let name = format!("Postgres, Redis{name}");
            engine(bot, &name, budget, &url, redis.clone()).await;
        }
    }
}

async fn engine(bot: &'static str, name: &str, daily_budget: i64, url: &str, redis: Redis) {
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
        daily_budget,
        user_per_minute: 100_000,
        bot_per_minute: 1_000_000,
        ..LlmConfig::default()
    };
    let llm = Llm::open(Parts {
        bots: vec![(bot, "UTC")],
        config,
        store: store.clone(),
        redis,
        key: [1; 32],
        moderators: Vec::new(),
        rules: Rules::default(),
        time: Monotonic::default(),
    })
    .expect("a client");
    let (model, asked) = (llm.clone(), Arc::new(AtomicUsize::new(0)));
    let ours = move |person| {
        let (llm, asked) = (model.clone(), asked.clone());
        async move {
            let ask = question(asked.fetch_add(1, Ordering::Relaxed));
            let began = Instant::now();
            llm.ask(bot, person, &ask).await.expect("an answer");
            began.elapsed()
        }
    };
    measured(ours.clone()).await;
    let body = stub.asked().pop().expect("it was asked").body.to_string();
    let connections = connections(stub.url().trim_start_matches("http://"), &body).await;
    let hand = move |person| by_hand(connections.clone(), person);
    let (mut ours_took, mut hand_took) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        ours_took.extend(measured(ours.clone()).await);
        hand_took.extend(measured(hand.clone()).await);
    }
    for times in [&mut ours_took, &mut hand_took] {
        times.sort_by(f64::total_cmp);
    }
    let (ours, by_hand) = (ours_took, hand_took);
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

/// Everybody asks, waits for the answer, asks again, each in a task of their own. Milliseconds of each question.
async fn measured<F: Future<Output = Duration> + Send + 'static>(
    ask: impl Fn(i64) -> F + Clone + Send + 'static,
) -> Vec<f64> {
    let mut people = tokio::task::JoinSet::new();
    for person in 0..PEOPLE {
        let ask = ask.clone();
        people.spawn(async move {
            let mut took = Vec::with_capacity(ROUNDS);
            for _ in 0..ROUNDS {
                took.push(ask(person).await.as_secs_f64() * 1000.0);
            }
            took.split_off(WARM_UP)
        });
    }
    people.join_all().await.concat()
}

/// Connections that are kept, and what is sent over them.
struct Connections {
    streams: Vec<tokio::sync::Mutex<tokio::net::TcpStream>>,
    request: String,
}

async fn connections(address: &str, body: &str) -> Arc<Connections> {
    let mut streams = Vec::new();
    for _ in 0..PEOPLE {
        let opened = tokio::net::TcpStream::connect(address).await;
        let stream = opened.expect("the stub listens");
        stream.set_nodelay(true).expect("an open socket");
        streams.push(tokio::sync::Mutex::new(stream));
    }
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    Arc::new(Connections { streams, request })
}

/// The same request by hand.
async fn by_hand(connections: Arc<Connections>, person: i64) -> Duration {
    let index = usize::try_from(person).expect("few");
    let mut stream = connections.streams[index].lock().await;
    let began = Instant::now();
    let sent = stream.write_all(connections.request.as_bytes()).await;
    sent.expect("it takes it");
    let mut answer = Vec::new();
    loop {
        let mut part = [0; 4096];
        let n = stream.read(&mut part).await.expect("an answer");
        assert!(n > 0, "it closed the connection");
        answer.extend_from_slice(&part[..n]);
        let text = String::from_utf8_lossy(&answer);
        let Some((head, rest)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| {
            let line = line.to_lowercase();
            line.strip_prefix("content-length: ")?.parse().ok()
        });
        if rest.len() >= length.unwrap_or(0) {
            return began.elapsed();
        }
    }
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
