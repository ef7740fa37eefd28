//! The protocols against a real server: every outcome, rivals, broken and silent connections.

mod outages;
mod protocols;
mod rest;
mod rivals;

use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::postgres::PgArguments;
use sqlx::{Arguments, Row};

use super::Postgres;
use crate::clock::Clock;
use crate::store::conversation::{Effects, Found, Key, Moved, Stand, Step, Stored};
use crate::store::error::{StoreError, is_constraint, is_interrupt, is_outage};
use crate::store::outbox::{RowKey, STATE_NONE, STATE_OFFERED, STATE_RODE, STATE_WAITING};
use crate::telegram::method::Call;
use crate::testing::postgres::Postgres as Server;

const NOW: i64 = 1_800_000_000;

struct Bench {
    server: Server,
    db: Postgres,
}

impl Bench {
    async fn new(parameters: &str) -> Self {
        let server = Server::start();
        let db = open(&server, parameters).await;
        server
            .execute(
                "postgres",
                "CREATE TABLE bookings (who BIGINT NOT NULL, slot TEXT NOT NULL, UNIQUE (who, slot) DEFERRABLE)",
            )
            .await;
        Self { server, db }
    }

    async fn number(&self, sql: &'static str) -> i64 {
        let mut connection = self.server.connect("postgres").await;
        sqlx::query_scalar(sql)
            .fetch_one(&mut connection)
            .await
            .unwrap()
    }

    async fn stand(&self, person: i64) -> Stand {
        match self.db.look(key(person), i64::MAX).await.unwrap() {
            Found::Row(stand) => stand,
            Found::Duplicate(_) => panic!("no such update"),
        }
    }

    /// Ends every session but the administrator's own, as an operator or a failover does.
    async fn cut(&self) {
        self.server
            .execute(
                "postgres",
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'botfactory'",
            )
            .await;
    }
}

async fn open(server: &Server, parameters: &str) -> Postgres {
    let url = format!("{}{parameters}", server.url("postgres"));
    let clock = Clock::fixed(NOW);
    Postgres::open(&url, &[], &clock).await.unwrap().0
}

fn key(person: i64) -> Key {
    Key {
        bot: 7,
        chat: person,
        person,
        thread: 0,
    }
}

fn call(text: &str) -> String {
    serde_json::json!({"method": "sendMessage", "chat_id": 1, "text": text}).to_string()
}

fn row(state: i64, call: Option<String>) -> Stored {
    Stored {
        state,
        chat: Some(1),
        lease_until: 5,
        call,
        flags: 0,
    }
}

fn effects(update_id: i64, person: i64, expected: i64) -> Effects {
    Effects {
        key: key(person),
        update_id,
        at: update_id,
        expected,
        first: row(STATE_OFFERED, Some(call(&format!("answer to {update_id}")))),
        rest: Vec::new(),
        conversation: Some(Moved {
            run: expected + 1,
            expires: 9,
            timer: 0,
            waiting: Some(format!("{{\"step\":{expected}}}")),
        }),
        locale: None,
        letter: None,
        job: None,
        settles: None,
        event: None,
    }
}

fn text(call: Option<&Call>) -> Option<&str> {
    match call {
        Some(Call::SendMessage(message)) => Some(&message.text),
        _ => None,
    }
}

fn booking(who: i64, slot: &str) -> PgArguments {
    let mut arguments = PgArguments::default();
    arguments.add(who).unwrap();
    arguments.add(slot.to_owned()).unwrap();
    arguments
}

const BOOK: &str = "INSERT INTO bookings (who, slot) VALUES ($1, $2) -- the end\n";
