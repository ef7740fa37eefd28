//! Questions to the model on SQLite.

use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::Sqlite;
use crate::store::error::StoreError;
use crate::store::llm::{LlmBatch, LlmCharged};

impl Sqlite {
    pub(crate) async fn charge_llm(
        &self,
        bot: &'static str,
        day: String,
        default_limit: i64,
        batch: LlmBatch,
    ) -> Result<LlmCharged, StoreError> {
        writing!(self, [day, batch], connection => charge(connection, bot, &day, default_limit, &batch))
    }
}

/// As `bf_llm_charge` of Postgres. The first statement writes: from there on no other process does.
async fn charge(
    connection: &mut SqliteConnection,
    bot: &str,
    day: &str,
    default_limit: i64,
    batch: &LlmBatch,
) -> Result<LlmCharged, sqlx::Error> {
    let row = sqlx::query(
        "INSERT INTO bf_llm_days (bot, day) VALUES ($1, $2) \
         ON CONFLICT (bot, day) DO UPDATE SET epoch = epoch RETURNING epoch, used, reserved",
    )
    .bind(bot)
    .bind(day)
    .fetch_one(&mut *connection)
    .await?;
    let limit: Option<i64> = sqlx::query_scalar("SELECT budget FROM bf_llm_bots WHERE bot = $1")
        .bind(bot)
        .fetch_optional(&mut *connection)
        .await?
        .flatten();
    let mut charged = LlmCharged {
        epoch: row.try_get(0)?,
        used: row.try_get(1)?,
        reserved: row.try_get(2)?,
        limit: limit.unwrap_or(default_limit),
        granted: Vec::with_capacity(batch.wanted.len()),
    };
    let back = batch
        .back
        .iter()
        .filter(|(epoch, _)| *epoch == charged.epoch);
    let back = back.map(|(_, tokens)| *tokens).fold(0, i64::saturating_add);
    charged.used = charged.used.saturating_add(batch.spent);
    charged.reserved = charged.reserved.saturating_sub(back).max(0);
    for wanted in &batch.wanted {
        let all = charged
            .used
            .saturating_add(charged.reserved)
            .saturating_add(*wanted);
        let fits = charged.limit == 0 || all <= charged.limit;
        if fits {
            charged.reserved = charged.reserved.saturating_add(*wanted);
        }
        charged.granted.push(fits);
    }
    let counts = &batch.counts;
    sqlx::query(
        "UPDATE bf_llm_days SET used = $3, reserved = $4, spent = spent + $5, asked = asked + $6, cached = cached + $7, \
           calls = calls + $8, failed = failed + $9, millis = millis + $10 WHERE bot = $1 AND day = $2",
    )
    .bind(bot)
    .bind(day)
    .bind(charged.used)
    .bind(charged.reserved)
    .bind(batch.spent)
    .bind(counts.asked)
    .bind(counts.cached)
    .bind(counts.calls)
    .bind(counts.failed)
    .bind(counts.millis)
    .execute(connection)
    .await?;
    Ok(charged)
}
