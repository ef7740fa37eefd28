//! Updates per second and CPU time per update: the built binary beside a hand-written axum + sqlx handler, in one run.
//!
//! `cargo bench --bench updates` (builds the release binary first; `--features postgres` measures that engine, too). Webhook
//! updates over 32 keep-alive connections on loopback, closed loop: `/start`, `/my`, and the wizard of the booking bot, four
//! updates that end in an INSERT. The reference answers them with the same texts and the same statements, keeps the wizard's
//! state in a table of the same database, and has nothing of claims, outbox, locks, locales, metrics or secrets: what ours
//! costs above it is the price of those. Both commit durably (`synchronous` FULL, `fsync` on). Ratios of one run mean
//! something; absolute figures are the machine's.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 32;
const WARM_UP: Duration = Duration::from_millis(700);
const MEASURED: Duration = Duration::from_secs(3);
const PEOPLE: i64 = 100_000;
const SECRET: &str = "bench-secret-of-some-length";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|word| word == "reference") {
        reference::serve(&arguments[2], &arguments[3]);
        return;
    }
    let folder = std::env::temp_dir().join(format!("botfactory-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the databases");
    run(&folder);
    let _ = std::fs::remove_dir_all(&folder);
}

fn run(folder: &Path) {
    let telegram = fake_telegram();
    let file = |name: &str| format!("sqlite://{}", folder.join(name).display());
    engine(
        folder,
        telegram,
        "SQLite",
        &file("ours.db"),
        &file("reference.db"),
    );
    #[cfg(feature = "postgres")]
    {
        let server = runtime_core::testing::postgres::Postgres::start_durable();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let ours = runtime.block_on(server.database("ours"));
        let reference = runtime.block_on(server.database("reference"));
        engine(folder, telegram, "Postgres", &ours, &reference);
    }
}

/// Ours and the reference on one engine.
fn engine(folder: &Path, telegram: SocketAddr, name: &str, ours_url: &str, reference_url: &str) {
    println!("\n{name}");
    let ours_port = free_port();
    let began = Instant::now();
    let ours = Server::start(
        Command::new(env!("CARGO_BIN_EXE_botfactory"))
            .arg("serve")
            .env("BOTFACTORY_LISTEN", format!("127.0.0.1:{ours_port}"))
            .env("DATABASE_URL", ours_url)
            .env(
                "BOTFACTORY_TOKEN_BOOKING",
                "1000001:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            )
            .env("BOTFACTORY_TELEGRAM_API", format!("http://{telegram}"))
            .env("BOTFACTORY_PUBLIC_URL", "https://bots.example.org")
            .env("BOTFACTORY_WEBHOOK_SECRET", SECRET)
            .current_dir(folder),
        ours_port,
    );
    println!(
        "start to first 200: {:.0} ms",
        began.elapsed().as_secs_f64() * 1000.0
    );
    println!("resident after start: {:.1} MiB", ours.resident());
    let size = std::fs::metadata(env!("CARGO_BIN_EXE_botfactory")).map_or(0, |file| file.len());
    println!("binary: {:.1} MB", size as f64 / 1e6);

    let reference_port = free_port();
    let myself = std::env::current_exe().expect("the path of this program");
    let reference = Server::start(
        Command::new(myself).args(["reference", &reference_port.to_string(), reference_url]),
        reference_port,
    );
    seed(ours_url);
    seed(reference_url);

    println!(
        "\n{:<24} {:>12} {:>12} {:>9} {:>12} {:>12} {:>9}",
        "", "ours upd/s", "hand upd/s", "ratio", "ours us CPU", "hand us CPU", "ratio"
    );
    for (name, talk, preview) in [
        ("/start, webhook", Talk::Says("/start"), false),
        ("/my, webhook", Talk::Says("/my"), false),
        ("wizard, webhook", Talk::Books, false),
        ("/start, preview", Talk::Says("/start"), true),
        ("/my, preview", Talk::Says("/my"), true),
    ] {
        let a = load(&ours, talk, preview);
        if preview {
            println!(
                "{name:<24} {:>12.0} {:>12} {:>9} {:>12.1}",
                a.rate, "", "", a.cpu
            );
            continue;
        }
        let b = load(&reference, talk, false);
        println!(
            "{name:<24} {:>12.0} {:>12.0} {:>9.2} {:>12.1} {:>12.1} {:>9.2}",
            a.rate,
            b.rate,
            a.rate / b.rate,
            a.cpu,
            b.cpu,
            a.cpu / b.cpu
        );
    }
    println!("\nresident after load: {:.1} MiB", ours.resident());
}

/// What people do.
#[derive(Debug, Clone, Copy)]
enum Talk {
    /// One text.
    Says(&'static str),
    /// The whole wizard.
    Books,
}

/// A slot that nobody else has.
fn slot() -> String {
    static SLOT: AtomicI64 = AtomicI64::new(0);
    let minutes = SLOT.fetch_add(1, Ordering::Relaxed);
    let day = minutes / 1440;
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}",
        2101 + day / 336,
        day % 336 / 28 + 1,
        day % 28 + 1,
        minutes % 1440 / 60,
        minutes % 60
    )
}

/// What a load showed.
struct Figures {
    /// Updates per second.
    rate: f64,
    /// Microseconds of CPU of the server per update.
    cpu: f64,
}

fn load(server: &Server, talk: Talk, preview: bool) -> Figures {
    static UPDATE: AtomicI64 = AtomicI64::new(1);
    let (counting, stop) = (AtomicBool::new(false), AtomicBool::new(false));
    let counted = AtomicI64::new(0);
    let mut cpu = 0.0;
    std::thread::scope(|scope| {
        for connection in 0..CONNECTIONS {
            let (counting, stop, counted) = (&counting, &stop, &counted);
            scope.spawn(move || {
                let mut stream = TcpStream::connect(server.address).expect("the server listens");
                let _ = stream.set_nodelay(true);
                let mut person = connection as i64;
                let mut buffer = vec![0; 64 * 1024];
                while !stop.load(Ordering::Relaxed) {
                    person = (person + CONNECTIONS as i64) % PEOPLE;
                    let texts = match talk {
                        Talk::Says(text) => vec![text.to_owned()],
                        Talk::Books => vec![
                            "/quick".to_owned(),
                            "spa".to_owned(),
                            slot(),
                            "a note of mine".to_owned(),
                        ],
                    };
                    for text in texts {
                        let id = UPDATE.fetch_add(1, Ordering::Relaxed);
                        let request = if preview {
                            preview_request(person, &text)
                        } else {
                            webhook_request(id, person, &text)
                        };
                        stream
                            .write_all(request.as_bytes())
                            .expect("the server reads");
                        let status = response(&mut stream, &mut buffer);
                        assert_eq!(status, 200, "the server answers");
                        if counting.load(Ordering::Relaxed) {
                            counted.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
            });
        }
        std::thread::sleep(WARM_UP);
        let before = server.cpu();
        counting.store(true, Ordering::Relaxed);
        std::thread::sleep(MEASURED);
        counting.store(false, Ordering::Relaxed);
        cpu = server.cpu() - before;
        stop.store(true, Ordering::Relaxed);
    });
    let updates = counted.load(Ordering::Relaxed) as f64;
    Figures {
        rate: updates / MEASURED.as_secs_f64(),
        cpu: cpu * 1e6 / updates,
    }
}

fn webhook_request(update: i64, person: i64, text: &str) -> String {
    let id = 10_000 + person;
    let body = format!(
        r#"{{"update_id":{update},"message":{{"message_id":{update},"date":1890000000,"chat":{{"id":{id},"type":"private","first_name":"Anna"}},"from":{{"id":{id},"is_bot":false,"first_name":"Anna","language_code":"en"}},"text":"{text}","entities":[{{"type":"bot_command","offset":0,"length":{}}}]}}}}"#,
        text.len()
    );
    format!(
        "POST /tg/booking HTTP/1.1\r\nhost: bots.example.org\r\ncontent-type: application/json\r\nx-telegram-bot-api-secret-token: {SECRET}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn preview_request(person: i64, text: &str) -> String {
    let body = format!(
        r#"{{"bot_id":"booking","text":"{text}","user_id":{}}}"#,
        10_000 + person
    );
    format!(
        "POST /preview/send HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Reads one response with `content-length`; its status.
fn response(stream: &mut TcpStream, buffer: &mut [u8]) -> u16 {
    let mut filled = 0;
    loop {
        let read = stream
            .read(&mut buffer[filled..])
            .expect("the server answers");
        assert!(read > 0, "the server keeps the connection");
        filled += read;
        let Some(end) = buffer[..filled]
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
        else {
            continue;
        };
        let head = String::from_utf8_lossy(&buffer[..end]).to_lowercase();
        let length: usize = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.trim().parse().unwrap_or(0));
        if filled >= end + 4 + length {
            return head
                .split(' ')
                .nth(1)
                .and_then(|status| status.parse().ok())
                .unwrap_or(0);
        }
    }
}

/// A process that is killed when the measurement ends.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(command: &mut Command, port: u16) -> Self {
        let child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let server = Self { child, address };
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(10) {
            if let Ok(mut stream) = TcpStream::connect(address) {
                let _ = stream.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n");
                if response(&mut stream, &mut [0; 4096]) == 200 {
                    return server;
                }
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        panic!("the server did not answer in ten seconds");
    }

    /// Seconds of CPU, user and system.
    fn cpu(&self) -> f64 {
        let stat =
            std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let fields: Vec<&str> = stat
            .rsplit(") ")
            .next()
            .unwrap_or_default()
            .split(' ')
            .collect();
        let ticks = |n: usize| {
            fields
                .get(n)
                .and_then(|field| field.parse::<f64>().ok())
                .unwrap_or(0.0)
        };
        (ticks(11) + ticks(12)) / 100.0
    }

    /// MiB.
    fn resident(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))
            .unwrap_or_default();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap_or("0 kB");
        line.trim()
            .trim_end_matches(" kB")
            .parse::<f64>()
            .unwrap_or(0.0)
            / 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port()
}

/// Says yes to whatever registration asks; never meets a reply, which ride in the responses.
fn fake_telegram() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer_yes(stream));
        }
    });
    address
}

fn answer_yes(mut stream: TcpStream) {
    let mut buffer = vec![0; 64 * 1024];
    let body = r#"{"ok":true,"result":{"id":1000001,"is_bot":true,"first_name":"Bench","username":"bench_bot","url":"","has_custom_certificate":false,"pending_update_count":0}}"#;
    let yes = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    if stream.read(&mut buffer).is_ok_and(|read| read > 0) {
        let _ = stream.write_all(yes.as_bytes());
    }
}

/// A booking for each person (who are many: nobody hears more than once a second), for webhook and reference alike.
fn seed(url: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        use sqlx::Connection;
        #[cfg(feature = "postgres")]
        if url.starts_with("postgres") {
            let mut connection = sqlx::PgConnection::connect(url).await.expect("the database");
            sqlx::query(
                "INSERT INTO bookings (bot_id, user_id, service, slot)
                 SELECT 'booking', 10000 + i, 'spa', TIMESTAMPTZ '2030-01-01' + i * INTERVAL '1 minute'
                 FROM generate_series(0, 99999) i",
            )
            .execute(&mut connection)
            .await
            .expect("the bookings");
            return;
        }
        let mut connection = sqlx::SqliteConnection::connect(url).await.expect("the database");
        sqlx::query(
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99999)
             INSERT INTO bookings (bot_id, user_id, service, slot)
             SELECT 'booking', 10000 + i, 'spa', datetime('2030-01-01', '+' || i || ' minutes') FROM n",
        )
        .execute(&mut connection)
        .await
        .expect("the bookings");
    });
}

/// What a careful person would write by hand without guarantees: axum, sqlx's pool without its ping before each
/// query, the wizard's state in a table.
mod reference {
    use axum::extract::State;
    use axum::routing::{get, post};
    use axum::{Json, Router};
    use serde_json::{Value, json};

    pub fn serve(port: &str, url: &str) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            #[cfg(feature = "postgres")]
            if url.starts_with("postgres") {
                return postgres::serve(port, url).await;
            }
            sqlite::serve(port, url).await;
        });
    }

    fn message(update: &Value) -> (i64, &str) {
        let message = &update["message"];
        (
            message["from"]["id"].as_i64().unwrap_or_default(),
            message["text"].as_str().unwrap_or_default(),
        )
    }

    fn button(text: &str, data: &str) -> Value {
        json!({"text": text, "callback_data": data})
    }

    fn reply(chat: i64, text: &str, keyboard: Value) -> Json<Value> {
        Json(
            json!({"method": "sendMessage", "chat_id": chat, "text": text, "parse_mode": "HTML",
            "reply_markup": {"inline_keyboard": keyboard}}),
        )
    }

    fn menu(update: &Value, chat: i64) -> Json<Value> {
        let name = update["message"]["from"]["first_name"]
            .as_str()
            .unwrap_or_default();
        reply(
            chat,
            &format!("Hello, {name}!\nWhat can I do for you?"),
            json!([
                [button("📅 Book", "/book")],
                [
                    button("📋 My bookings", "/my"),
                    button("🌍 Language", "/lang")
                ],
                [button("🕒 Opening hours", "tx"), button("❓ Help", "/help")]
            ]),
        )
    }

    fn ask(chat: i64, text: &str) -> Json<Value> {
        let cancel = button("Cancel", "w:0000000000000000000000000000000000000000");
        match text {
            "What would you like to book?" => reply(
                chat,
                text,
                json!([
                    [button("💆 Massage", "w:1")],
                    [button("🛁 Spa", "w:2")],
                    [button("💇 Haircut", "w:3")],
                    [cancel]
                ]),
            ),
            _ => reply(chat, text, json!([[button("← Back", "w:4"), cancel]])),
        }
    }

    fn listed(chat: i64, rows: &[(i64, String, String, Option<String>)]) -> Json<Value> {
        let mut text = format!("<b>{} bookings</b>\n", rows.len());
        for (index, (_, service, slot, _)) in rows.iter().enumerate() {
            text.push_str(&format!("{}. {service} — {slot}\n", index + 1));
        }
        reply(chat, &text, json!([[button("📅 Book", "/book")]]))
    }

    fn booked(chat: i64, id: i64, service: &str, slot: &str, note: &str) -> Json<Value> {
        reply(
            chat,
            &format!("✅ Done! {service}, {slot}\n<i>{note}</i>"),
            json!([
                [button(
                    "✖️ Cancel the booking",
                    &format!("/cancel_booking {id}")
                )],
                [button("📋 My bookings", "/my")]
            ]),
        )
    }

    /// The same program for both engines: only pool and dialect differ.
    macro_rules! program {
        ($name:ident, $pool:ty, $open:expr, $tables:expr, $list:expr, $insert:expr) => {
            mod $name {
                use super::*;

                pub async fn serve(port: &str, url: &str) {
                    let pool: $pool = $open(url).await;
                    for table in $tables {
                        sqlx::query(table).execute(&pool).await.expect("the table");
                    }
                    let app = Router::new()
                        .route("/health", get(|| async { Json(json!({"ok": true})) }))
                        .route("/tg/booking", post(update))
                        .with_state(pool);
                    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await.expect("the port");
                    axum::serve(listener, app).await.expect("the server");
                }

                async fn update(State(pool): State<$pool>, Json(update): Json<Value>) -> Json<Value> {
                    let (user, text) = message(&update);
                    match text {
                        "/my" => {
                            let rows = sqlx::query_as($list).bind("booking").bind(user).fetch_all(&pool).await;
                            listed(user, &rows.unwrap_or_default())
                        }
                        "/quick" => {
                            sqlx::query(
                                "INSERT INTO states (person, step, service, slot) VALUES ($1, 'service', NULL, NULL) \
                                 ON CONFLICT (person) DO UPDATE SET step = 'service', service = NULL, slot = NULL",
                            )
                            .bind(user)
                            .execute(&pool)
                            .await
                            .expect("the state");
                            ask(user, "What would you like to book?")
                        }
                        "/start" => menu(&update, user),
                        _ => answer(&pool, user, text).await,
                    }
                }

                async fn answer(pool: &$pool, user: i64, text: &str) -> Json<Value> {
                    let state: Option<(String, Option<String>, Option<String>)> =
                        sqlx::query_as("SELECT step, service, slot FROM states WHERE person = $1")
                            .bind(user)
                            .fetch_optional(pool)
                            .await
                            .expect("the state");
                    let (step, service, slot) = state.unwrap_or_default();
                    match step.as_str() {
                        "service" => {
                            sqlx::query("UPDATE states SET step = 'slot', service = $2 WHERE person = $1")
                                .bind(user)
                                .bind(text)
                                .execute(pool)
                                .await
                                .expect("the state");
                            ask(user, "When? Type it like this: <code>2030-01-15 14:00</code>")
                        }
                        "slot" => {
                            sqlx::query("UPDATE states SET step = 'note', slot = $2 WHERE person = $1")
                                .bind(user)
                                .bind(text)
                                .execute(pool)
                                .await
                                .expect("the state");
                            ask(user, "Anything to add?")
                        }
                        _ => {
                            let (service, slot) = (service.unwrap_or_default(), slot.unwrap_or_default());
                            let id: i64 = sqlx::query_scalar($insert)
                                .bind("booking")
                                .bind(user)
                                .bind(&service)
                                .bind(&slot)
                                .bind(text)
                                .fetch_one(pool)
                                .await
                                .expect("the booking");
                            sqlx::query("DELETE FROM states WHERE person = $1")
                                .bind(user)
                                .execute(pool)
                                .await
                                .expect("the state");
                            booked(user, id, &service, &slot, text)
                        }
                    }
                }
            }
        };
    }

    async fn open_sqlite(url: &str) -> sqlx::SqlitePool {
        use sqlx::sqlite::{
            SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
        };
        let options = url.parse::<SqliteConnectOptions>().expect("the address");
        let options = options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(std::time::Duration::from_secs(30));
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .test_before_acquire(false);
        pool.connect_with(options).await.expect("the database")
    }

    program!(
        sqlite,
        sqlx::SqlitePool,
        open_sqlite,
        [
            "CREATE TABLE IF NOT EXISTS bookings (id INTEGER PRIMARY KEY, bot_id TEXT NOT NULL, user_id INTEGER NOT NULL,
             service TEXT NOT NULL, slot TEXT NOT NULL UNIQUE, note TEXT, created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)",
            "CREATE INDEX IF NOT EXISTS bookings_by_user ON bookings (bot_id, user_id, slot)",
            "CREATE TABLE states (person INTEGER PRIMARY KEY, step TEXT NOT NULL, service TEXT, slot TEXT)",
        ],
        "SELECT id, service, slot, note FROM bookings WHERE bot_id = $1 AND user_id = $2 ORDER BY slot DESC LIMIT 5",
        "INSERT INTO bookings (bot_id, user_id, service, slot, note) VALUES ($1, $2, $3, $4, $5) RETURNING id"
    );

    #[cfg(feature = "postgres")]
    async fn open_postgres(url: &str) -> sqlx::PgPool {
        let pool = sqlx::postgres::PgPoolOptions::new()
            .max_connections(16)
            .test_before_acquire(false);
        pool.connect(url).await.expect("the database")
    }

    #[cfg(feature = "postgres")]
    program!(
        postgres,
        sqlx::PgPool,
        open_postgres,
        [
            "CREATE TABLE bookings (id BIGSERIAL PRIMARY KEY, bot_id TEXT NOT NULL, user_id BIGINT NOT NULL,
             service TEXT NOT NULL, slot TIMESTAMPTZ NOT NULL UNIQUE, note TEXT, created_at TIMESTAMPTZ NOT NULL DEFAULT now())",
            "CREATE INDEX bookings_by_user ON bookings (bot_id, user_id, slot)",
            "CREATE TABLE states (person BIGINT PRIMARY KEY, step TEXT NOT NULL, service TEXT, slot TEXT)",
        ],
        "SELECT id, service, CAST(slot AS TEXT), note FROM bookings WHERE bot_id = $1 AND user_id = $2 ORDER BY slot DESC LIMIT 5",
        "INSERT INTO bookings (bot_id, user_id, service, slot, note) VALUES ($1, $2, $3, CAST($4 AS TIMESTAMPTZ), $5) RETURNING id"
    );
}
