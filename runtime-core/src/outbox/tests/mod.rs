//! The sender on a real database against the strict Telegram.

mod classes;
mod kinds;

use std::sync::Arc;
use std::time::Duration;

use super::{DirectError, Sender};
use crate::clock::Clock;
use crate::engine::{FloodGate, Outgoing};
use crate::store::Store;
use crate::store::outbox::OnAmbiguous;
use crate::store::outbox::{FLAG_KEEP, OutboxNotice, OutboxRow, RowKey, SentAs, flags};
use crate::telegram::client::Client;
use crate::telegram::flood::Class;
use crate::telegram::media::{AlbumItem, AlbumKind, SendMediaGroup, SendPhoto};
use crate::telegram::method::{
    Call, EditMessageText, ReviseSent, SendMessage, SentRow, WithdrawSent,
};
use crate::telegram::token::Token;
use crate::testing::telegram::{FakeBot, FakeTelegram, Fault};

const TOKEN: &str = "123456:AAaa_-BBbbCCccDDddEEee";
const BOT: i64 = 123_456;

struct Bench {
    telegram: FakeTelegram,
    bot: FakeBot,
    store: Arc<Store>,
    sender: Sender,
    folder: std::path::PathBuf,
    tasks: Vec<tokio::task::JoinHandle<()>>,
    marking: tokio::task::JoinHandle<()>,
    _notice: OutboxNotice,
}

impl Bench {
    async fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("botfactory-outbox-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let url = format!("sqlite://{}/x.db", folder.display());
        let store = Store::open(&url, &[], Clock::system()).await.unwrap();
        let telegram = FakeTelegram::start().await.unwrap();
        let bot = telegram.bot(TOKEN);
        let client = Client::new(telegram.url()).unwrap();
        let (sender, marking) = Sender::new(client, store.clone(), crate::redis::Redis::alone());
        sender.set_bot("booking", Token::parse(TOKEN).unwrap());
        let (notice, _announced) = OutboxNotice::channel(16);
        Self {
            telegram,
            bot,
            store,
            sender,
            folder,
            tasks: Vec::new(),
            marking,
            _notice: notice,
        }
    }

    /// Starts the sweep.
    fn start(&mut self) {
        let (_notice, announced) = OutboxNotice::channel(16);
        self.tasks.extend(self.sender.start(announced));
    }

    /// A committed row, leased till `lease` from now (negative: its writer is gone).
    async fn row(&self, update_id: i64, n: i64, chat: i64, text: &str, lease: i64) -> OutboxRow {
        let call = Call::SendMessage(SendMessage {
            chat_id: chat,
            message_thread_id: None,
            text: text.to_owned(),
            parse_mode: None,
            reply_markup: None,
        });
        let at = self.store.clock().micros();
        let lease_until = at + lease * 1_000_000;
        let json = serde_json::to_string(&call).unwrap();
        self.store
            .sqlite()
            .writer
            .write(move |connection| {
                let json = json.clone();
                Box::pin(async move {
                    sqlx::query(
                        "INSERT INTO bf_outbox (bot, update_id, n, chat, at, state, lease_until, call) \
                         VALUES ($1, $2, $3, $4, $5, 2, $6, $7)",
                    )
                    .bind(BOT)
                    .bind(update_id)
                    .bind(n)
                    .bind(chat)
                    .bind(at)
                    .bind(lease_until)
                    .bind(json)
                    .execute(connection)
                    .await
                    .map(|_| ())
                })
            })
            .await
            .unwrap();
        OutboxRow {
            key: RowKey {
                bot: BOT,
                update_id,
                n,
            },
            chat: Some(chat),
            at,
            call,
            lease_until,
            ambiguous: false,
            attempts: 0,
            class: Class::Reply,
            flags: 0,
            life: None,
        }
    }

    async fn unsent(&self) -> i64 {
        let mut reader = self.store.sqlite().readers.get().await.unwrap();
        let count = sqlx::query_scalar("SELECT count(*) FROM bf_outbox WHERE state IN (1, 2)")
            .fetch_one(reader.connection().unwrap())
            .await
            .unwrap();
        reader.clean();
        count
    }

    async fn until_marked(&self) {
        for _ in 0..500 {
            if self.unsent().await == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("rows stay unsent; calls: {:#?}", self.telegram.calls());
    }

    /// Changes a row as no code of ours would.
    async fn set(&self, sql: &'static str) {
        let writer = &self.store.sqlite().writer;
        writer
            .write(move |connection| {
                Box::pin(async move { sqlx::query(sql).execute(connection).await.map(|_| ()) })
            })
            .await
            .unwrap();
    }

    fn texts(&self) -> Vec<String> {
        self.bot.shown().into_iter().map(|m| m.text).collect()
    }

    async fn end(self) {
        self.sender.stop(Duration::from_secs(1)).await;
        self.tasks.iter().for_each(|task| task.abort());
        tokio::time::timeout(Duration::from_secs(5), self.marking)
            .await
            .unwrap()
            .unwrap();
        self.store.close().await;
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test]
async fn sends_in_the_order_of_the_chat_and_marks() {
    let bench = Bench::new("order").await;
    let mut rows = Vec::new();
    for n in 0..5 {
        rows.push(bench.row(1, n, 42, &format!("{n}"), 60).await);
    }
    bench.sender.send(rows);
    bench.until_marked().await;
    assert_eq!(bench.texts(), ["0", "1", "2", "3", "4"]);
    bench.end().await;
}

#[tokio::test]
async fn flood_control_is_honoured_and_keeps_the_order() {
    let mut bench = Bench::new("flood").await;
    bench.start();
    bench.telegram.fail_next(None, Fault::Flood(1));
    let first = bench.row(1, 0, 42, "first", 60).await;
    bench.sender.send(vec![first]);
    let second = bench.row(2, 0, 42, "second", 60).await;
    bench.sender.send(vec![second]);
    assert!(!bench.sender.open(BOT, 42), "something is queued there");
    assert!(bench.sender.open(BOT, 43));
    bench.until_marked().await;
    assert_eq!(bench.texts(), ["first", "second"]);
    let calls = bench.telegram.calls();
    assert_eq!(calls.len(), 3);
    assert!(calls[1].at - calls[0].at >= Duration::from_secs(1));
    bench.end().await;
}

#[tokio::test]
async fn a_longer_wait_parks_the_chat_but_no_other() {
    let mut bench = Bench::new("park").await;
    bench.start();
    bench.telegram.fail_next(None, Fault::Flood(4));
    let first = bench.row(1, 0, 42, "first", 60).await;
    bench.sender.send(vec![first]);
    bench
        .bot
        .wait(|| (bench.telegram.calls().len() == 1).then_some(()))
        .await;
    let second = bench.row(2, 0, 42, "second", 60).await;
    let other = bench.row(3, 0, 43, "other", 60).await;
    bench.sender.send(vec![second, other]);
    bench.bot.wait_for("other").await;
    assert!(matches!(
        bench
            .sender
            .direct(
                BOT,
                Outgoing::new(bench.row(4, 0, 42, "x", 60).await.call, OnAmbiguous::Resend)
            )
            .await,
        Err(DirectError::Later { retry_after: 1..=4 })
    ));
    bench.bot.wait_for("second").await;
    assert_eq!(bench.texts(), ["other", "first", "second"]);
    bench.end().await;
}

#[tokio::test]
async fn ambiguous_replies_are_sent_again() {
    let mut bench = Bench::new("ambiguous").await;
    bench.start();
    bench.telegram.fail_next(None, Fault::AcceptThenClose);
    let row = bench.row(1, 0, 42, "twice", 60).await;
    bench.sender.send(vec![row]);
    bench.until_marked().await;
    assert_eq!(bench.texts(), ["twice", "twice"]);
    bench.end().await;
}

#[tokio::test]
async fn what_a_crash_left_is_swept_up_in_order() {
    let mut bench = Bench::new("crash").await;
    bench.row(1, 0, 42, "a", -1).await;
    bench.row(1, 1, 42, "b", -1).await;
    bench.start();
    bench.until_marked().await;
    assert_eq!(bench.texts(), ["a", "b"]);
    bench.end().await;
}

#[tokio::test]
async fn what_a_clock_that_was_ahead_left_is_waited_for() {
    let bench = Bench::new("ahead").await;
    bench.row(1, 0, 5, "old", 20).await;
    bench.set("UPDATE bf_outbox SET at = at + 3600000000").await;
    let url = format!("sqlite://{}/x.db", bench.folder.display());
    let store = Store::open(&url, &[], Clock::system()).await.unwrap();
    let client = Client::new(bench.telegram.url()).unwrap();
    let (next, marking) = Sender::new(client, store, crate::redis::Redis::alone());
    next.set_bot("booking", Token::parse(TOKEN).unwrap());
    next.hold_leftovers().await;
    assert!(!next.open(BOT, 5), "a reply would overtake it");
    assert!(next.open(BOT, 6));
    drop(next);
    marking.abort();
    bench.end().await;
}

#[tokio::test]
async fn refusals_become_dead_letters_and_blocks_drop_the_rest() {
    let mut bench = Bench::new("refused").await;
    bench.start();
    let bad = bench.row(1, 0, 42, " ", 60).await;
    let good = bench.row(1, 1, 42, "good", 60).await;
    bench.sender.send(vec![bad, good]);
    bench.until_marked().await;
    assert_eq!(bench.texts(), ["good"]);
    bench.telegram.fail_next(None, Fault::Blocked);
    let first = bench.row(2, 0, 42, "never", 60).await;
    let second = bench.row(2, 1, 42, "nor this", 60).await;
    bench.sender.send(vec![first, second]);
    bench.until_marked().await;
    assert_eq!(bench.texts(), ["good"]);
    let mut reader = bench.store.sqlite().readers.get().await.unwrap();
    let code: String = sqlx::query_scalar("SELECT code FROM bf_dead_letters")
        .fetch_one(reader.connection().unwrap())
        .await
        .unwrap();
    reader.clean();
    drop(reader);
    assert_eq!(code, "telegram_refused");
    bench.end().await;
}

#[tokio::test]
async fn a_migrated_group_is_followed() {
    let bench = Bench::new("migrated").await;
    bench.telegram.fail_next(None, Fault::Migrated(-1001));
    let first = bench.row(1, 0, -7, "a", 60).await;
    let second = bench.row(1, 1, -7, "b", 60).await;
    bench.sender.send(vec![first, second]);
    bench.until_marked().await;
    let chats: Vec<i64> = bench.bot.shown().iter().map(|m| m.chat).collect();
    assert_eq!(chats, [-1001, -1001]);
    assert_eq!(bench.texts(), ["a", "b"]);
    bench.end().await;
}

#[tokio::test]
async fn a_row_whose_lease_ended_is_left_alone() {
    let bench = Bench::new("lease").await;
    let row = bench.row(1, 0, 42, "not mine any more", -1).await;
    bench.sender.send(vec![row]);
    for _ in 0..50 {
        if bench.sender.waiting() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(bench.telegram.calls().is_empty());
    assert_eq!(bench.unsent().await, 1);
    bench.end().await;
}

#[tokio::test]
async fn stopping_gives_back_what_did_not_leave() {
    let bench = Bench::new("stop").await;
    bench.telegram.fail_next(None, Fault::Flood(3600));
    let row = bench.row(1, 0, 42, "later", 60).await;
    bench.sender.send(vec![row]);
    bench
        .bot
        .wait(|| (bench.telegram.calls().len() == 1).then_some(()))
        .await;
    bench.sender.stop(Duration::from_millis(200)).await;
    let mut reader = bench.store.sqlite().readers.get().await.unwrap();
    let given_back: i64 = sqlx::query_scalar("SELECT given_back FROM bf_outbox")
        .fetch_one(reader.connection().unwrap())
        .await
        .unwrap();
    reader.clean();
    drop(reader);
    assert_eq!(given_back, 1);
    bench.end().await;
}

#[tokio::test]
async fn rows_that_wait_here_stay_leased() {
    let mut bench = Bench::new("renewed").await;
    bench.start();
    bench.telegram.fail_next(None, Fault::Flood(5));
    let rows = vec![
        bench.row(1, 0, 42, "first", 3).await,
        bench.row(1, 1, 42, "second", 3).await,
    ];
    bench.sender.send(rows);
    // Longer than their leases ran. Were these to end, the sweep would take the rows a second time.
    let mut most = 0;
    for _ in 0..100 {
        most = most.max(bench.sender.waiting());
        if bench.texts().len() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(most, 2);
    bench.until_marked().await;
    assert_eq!(bench.texts(), ["first", "second"]);
    assert_eq!(bench.telegram.calls().len(), 3);
    bench.end().await;
}

/// What is known to be sent is not sent again because the database was away when it was to be marked.
#[cfg(feature = "postgres")]
#[tokio::test]
async fn what_was_sent_while_the_database_was_away_is_marked_later() {
    let mut server = crate::testing::postgres::Postgres::start();
    let store = Store::open(&server.url("postgres"), &[], Clock::system())
        .await
        .unwrap();
    let telegram = FakeTelegram::start().await.unwrap();
    let bot = telegram.bot(TOKEN);
    let client = Client::new(telegram.url()).unwrap();
    let (sender, _marking) = Sender::new(client, store.clone(), crate::redis::Redis::alone());
    sender.set_bot("booking", Token::parse(TOKEN).unwrap());
    let (_notice, announced) = OutboxNotice::channel(16);
    let tasks = sender.start(announced);
    let rows: Vec<OutboxRow> = (0..2)
        .map(|n| OutboxRow {
            key: RowKey {
                bot: BOT,
                update_id: 1,
                n,
            },
            chat: Some(42),
            at: n,
            call: Call::SendMessage(SendMessage {
                chat_id: 42,
                message_thread_id: None,
                text: n.to_string(),
                parse_mode: None,
                reply_markup: None,
            }),
            lease_until: store.clock().micros() + 60_000_000,
            ambiguous: false,
            attempts: 0,
            class: Class::Reply,
            flags: 0,
            life: None,
        })
        .collect();
    // In the table their lease ends at once.
    for row in &rows {
        let call = serde_json::to_string(&row.call).unwrap();
        let insert = format!(
            "INSERT INTO bf_outbox (bot, update_id, n, chat, at, state, lease_until, call) \
             VALUES ({BOT}, 1, {}, 42, {}, 2, {}, '{call}')",
            row.key.n,
            row.at,
            store.clock().micros() + 1_500_000,
        );
        server.execute("postgres", &insert).await;
    }
    server.kill();
    sender.send(vec![rows[0].clone()]);
    bot.wait_for("0").await;
    // Longer than marking was tried for. What comes meanwhile waits: it could not be marked either.
    tokio::time::sleep(Duration::from_secs(2)).await;
    sender.send(vec![rows[1].clone()]);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(bot.shown().len(), 1);
    server.restart();
    bot.wait_for("1").await;
    tokio::time::sleep(Duration::from_secs(3)).await; // the sweep has looked
    assert_eq!(telegram.accepted("sendMessage").len(), 2);
    let mut connection = server.connect("postgres").await;
    let unsent: i64 = sqlx::query_scalar("SELECT count(*) FROM bf_outbox WHERE state = 2")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(unsent, 0);
    tasks.iter().for_each(|task| task.abort());
    store.close().await;
}
