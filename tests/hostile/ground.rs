//! The deployment under attack: every example bot connected to the strict Telegram, on either engine, and its whole database
//! as text, to be compared.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};

use runtime_core::testing::postgres::Postgres;
use runtime_core::testing::telegram::FakeTelegram;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

use crate::support::{BOOKING_TOKEN, Home, Node, SURVEY_TOKEN, WEBHOOK_SECRET, until};
use crate::wire::{Said, Wire};

/// Where the data lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// Bots with the tokens that they have here.
pub const BOTS: [(&str, &str); 4] = [
    ("booking", BOOKING_TOKEN),
    ("shop", "4444:AAshopSECRETshopSECRETshopSECRETsho"),
    ("support", "4545:AAsupportSECRETsupportSECRETsuppor"),
    ("survey", SURVEY_TOKEN),
];

/// A bystander with rows in every bot, whom nothing may touch.
pub const VERA: i64 = 900;

/// Every table's rows as text.
pub type Dump = BTreeMap<String, Vec<String>>;

pub struct Ground {
    pub engine: Engine,
    pub telegram: FakeTelegram,
    pub home: Home,
    pub node: Node,
    _postgres: Option<Postgres>,
    database: String,
    next: AtomicI64,
}

impl Ground {
    pub async fn new(engine: Engine) -> Self {
        Self::with(engine, &[]).await
    }

    /// With these settings beside the usual ones.
    pub async fn with(engine: Engine, settings: &[(&str, &str)]) -> Self {
        let telegram = FakeTelegram::start().await.unwrap();
        telegram.scale_pauses(0.01);
        let home = Home::new();
        for (bot, token) in BOTS {
            telegram.bot(token);
            home.set(
                &format!("BOTFACTORY_TOKEN_{}", bot.to_ascii_uppercase()),
                token,
            );
        }
        home.set("BOTFACTORY_TELEGRAM_API", telegram.url());
        let public = format!("http://127.0.0.1:{}", home.port);
        home.set("BOTFACTORY_PUBLIC_URL", &public);
        home.set("BOTFACTORY_WEBHOOK_SECRET", WEBHOOK_SECRET);
        let postgres = (engine == Engine::Postgres).then(Postgres::start);
        let database = match &postgres {
            Some(server) => server.url("postgres"),
            None => format!("sqlite://{}", home.database().display()),
        };
        home.set("DATABASE_URL", &database);
        for (name, value) in settings {
            home.set(name, value);
        }
        let node = home.start().await;
        let ground = Self {
            engine,
            telegram,
            home,
            node,
            _postgres: postgres,
            database,
            next: AtomicI64::new(1_000_000),
        };
        until("registering", || async {
            let webhooks = ground.telegram.accepted("setWebhook").len();
            (webhooks >= BOTS.len()).then_some(())
        })
        .await;
        ground
    }

    pub fn address(&self) -> SocketAddr {
        self.node.address
    }

    pub fn next_id(&self) -> i64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Posts an update (its id is set) as Telegram does, and checks what comes back: 200, and a call that Telegram takes.
    pub async fn hook(&self, wire: &mut Wire, bot: &str, mut update: Value) -> Option<Value> {
        update["update_id"] = self.next_id().into();
        let said = self.post(wire, bot, update.to_string().as_bytes()).await;
        assert_eq!(said.status, 200, "{update}: {}", said.text());
        let answer: Value = serde_json::from_slice(&said.body).unwrap();
        answer.get("method")?;
        if let Err((status, words)) = self.telegram.check(&answer) {
            panic!("Telegram says {status} {words} to {answer}, the answer to {update}");
        }
        Some(answer)
    }

    /// Posts bytes with the right secret.
    pub async fn post(&self, wire: &mut Wire, bot: &str, body: &[u8]) -> Said {
        let secret = format!("X-Telegram-Bot-Api-Secret-Token: {WEBHOOK_SECRET}\r\n");
        wire.ask("POST", &format!("/tg/{bot}"), &secret, body).await
    }

    /// Everything in the database.
    pub async fn dump(&self) -> Dump {
        match self.engine {
            Engine::Sqlite => dump_sqlite(&self.database).await,
            Engine::Postgres => dump_postgres(&self.database).await,
        }
    }

    /// One column of texts.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self.engine {
            Engine::Sqlite => {
                let mut connection = SqliteConnection::connect(&self.database).await.unwrap();
                sqlx::query_scalar(sql).fetch_all(&mut connection).await
            }
            Engine::Postgres => {
                let mut connection = PgConnection::connect(&self.database).await.unwrap();
                sqlx::query_scalar(sql).fetch_all(&mut connection).await
            }
        }
        .unwrap()
    }

    /// Waits until nothing is left to be sent.
    pub async fn settled(&self) {
        until("sending", || async {
            let left = self
                .texts("SELECT CAST(count(*) AS TEXT) FROM bf_outbox WHERE state = 2")
                .await;
            (left == ["0"]).then_some(())
        })
        .await;
    }

    /// A bystander books, asks for help and takes the survey.
    pub async fn bystander(&self) {
        let mut wire = Wire::new(self.address());
        for (bot, words) in [
            (
                "booking",
                &["/book", "spa", "2031-02-03 14:00", "/skip"][..],
            ),
            (
                "support",
                &["/ticket", "other", "my bicycle is broken", "/skip"],
            ),
            ("survey", &["/survey", "no", "too far away", "no"]),
        ] {
            for text in words {
                self.hook(&mut wire, bot, say(VERA, text)).await;
            }
        }
        self.settled().await;
        until("noting who was seen", || async {
            let seen = format!("SELECT bot_id FROM bf_person WHERE person = {VERA}");
            (self.texts(&seen).await.len() == 3).then_some(())
        })
        .await;
        let dump = self.dump().await;
        for table in ["bookings", "support_tickets", "answers"] {
            assert_eq!(dump[table].len(), 1, "{table}");
        }
    }

    /// Ends it: it must still run, must not have panicked, no handler may have failed, and Telegram must have taken
    /// everything. Returns what it has printed.
    pub async fn end(mut self) -> String {
        assert!(self.node.runs(), "it has ended: {}", self.node.output());
        self.settled().await;
        let letters = self
            .texts("SELECT code || ' ' || method FROM bf_dead_letters")
            .await;
        let mut refused = self.telegram.calls();
        refused.retain(|call| {
            call.status == 400
                && !call.description.contains("not modified")
                && !call.description.contains("query is too old")
        });
        let Self { node, .. } = self;
        let output = node.stop().await;
        assert!(letters.is_empty(), "dead letters {letters:?}: {output}");
        assert!(refused.is_empty(), "Telegram refused {refused:#?}");
        assert!(!output.contains("panicked"), "{output}");
        output
    }
}

/// The rows of these tables, to be compared.
pub fn of(dump: &Dump, tables: &[&str]) -> Dump {
    let wanted = dump
        .iter()
        .filter(|(name, _)| tables.contains(&name.as_str()));
    wanted
        .map(|(name, rows)| (name.clone(), rows.clone()))
        .collect()
}

/// Rows in which this number stands.
pub fn rows_with(dump: &Dump, number: i64) -> Dump {
    let number = number.to_string();
    let has = |row: &String| {
        row.split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| word == number)
    };
    dump.iter()
        .map(|(name, rows)| {
            (
                name.clone(),
                rows.iter().filter(|row| has(row)).cloned().collect(),
            )
        })
        .collect()
}

/// The same without what is written after the fact: marks of the outbox, events.
pub fn steady(dump: &Dump, number: i64) -> Dump {
    let mut rows = rows_with(dump, number);
    rows.retain(|table, _| table != "bf_outbox" && table != "bf_events");
    rows
}

/// Somebody writes in their private chat.
pub fn say(person: i64, text: &str) -> Value {
    message(person, json!({ "text": text }))
}

/// Somebody sends something in their private chat.
pub fn message(person: i64, content: Value) -> Value {
    let mut message = json!({
        "message_id": 7, "date": 1_700_000_000,
        "from": { "id": person, "is_bot": false, "first_name": "Anna", "language_code": "en" },
        "chat": { "id": person, "type": "private", "first_name": "Anna" },
    });
    let fields = message.as_object_mut().unwrap();
    fields.extend(content.as_object().unwrap().clone());
    json!({ "message": message })
}

/// Somebody presses a button in some chat.
pub fn press(person: i64, chat: i64, data: &str) -> Value {
    let kind = if chat < 0 { "supergroup" } else { "private" };
    json!({ "callback_query": {
        "id": "77", "chat_instance": "1", "data": data,
        "from": { "id": person, "is_bot": false, "first_name": "Anna", "language_code": "en" },
        "message": { "message_id": 5, "date": 1_700_000_000, "text": "…", "chat": { "id": chat, "type": kind, "title": "g" } },
    }})
}

/// Payloads of the buttons of a call.
pub fn payloads(call: &Value) -> HashMap<String, String> {
    let rows = call["reply_markup"]["inline_keyboard"].as_array();
    rows.into_iter()
        .flatten()
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(|button| {
            let data = button["callback_data"].as_str()?;
            Some((button["text"].as_str()?.to_owned(), data.to_owned()))
        })
        .collect()
}

async fn dump_sqlite(database: &str) -> Dump {
    let mut connection = SqliteConnection::connect(database).await.unwrap();
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT t.name, group_concat('quote(\"' || c.name || '\")', '||'',''||') FROM sqlite_schema t, \
         pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' GROUP BY t.name",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let mut dump = Dump::new();
    for (table, row) in columns {
        let sql = format!("SELECT {row} FROM \"{table}\" ORDER BY 1");
        let rows = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_all(&mut connection)
            .await
            .unwrap();
        dump.insert(table, rows);
    }
    dump
}

async fn dump_postgres(database: &str) -> Dump {
    let mut connection = PgConnection::connect(database).await.unwrap();
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    let mut dump = Dump::new();
    for table in tables {
        let sql = format!("SELECT t::text FROM \"{table}\" t ORDER BY 1");
        let rows = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_all(&mut connection)
            .await
            .unwrap();
        dump.insert(table, rows);
    }
    dump
}
