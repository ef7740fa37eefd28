//! Questions to the model on SQLite.

use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::Sqlite;
use crate::store::error::StoreError;
use crate::store::llm::{LlmBatch, LlmBot, LlmCharged, LlmCounts, LlmDay};

impl Sqlite {
    pub(crate) async fn llm_bot(&self, bot: &str) -> Result<LlmBot, StoreError> {
        let mut reader = self.readers.get().await?;
        let row = sqlx::query("SELECT enabled, preset, budget FROM bf_llm_bots WHERE bot = $1")
            .bind(bot)
            .fetch_optional(reader.connection()?)
            .await?;
        reader.clean();
        let Some(row) = row else {
            return Ok(LlmBot::default());
        };
        Ok(LlmBot {
            enabled: row.try_get(0)?,
            preset: row.try_get(1)?,
            budget: row.try_get(2)?,
        })
    }

    pub(crate) async fn set_llm_bot(
        &self,
        bot: &'static str,
        change: LlmBot,
    ) -> Result<(), StoreError> {
        self.writer
            .write(move |connection| {
                let change = change.clone();
                Box::pin(async move {
                    sqlx::query(
                        "INSERT INTO bf_llm_bots (bot, enabled, preset, budget) VALUES ($1, $2, $3, $4) \
                         ON CONFLICT (bot) DO UPDATE SET enabled = coalesce($2, enabled), \
                           preset = coalesce($3, preset), budget = coalesce($4, budget)",
                    )
                    .bind(bot)
                    .bind(change.enabled)
                    .bind(change.preset)
                    .bind(change.budget)
                    .execute(connection)
                    .await?;
                    Ok(())
                })
            })
            .await
    }

    pub(crate) async fn charge_llm(
        &self,
        bot: &'static str,
        day: String,
        default_limit: i64,
        batch: LlmBatch,
    ) -> Result<LlmCharged, StoreError> {
        self.writer
            .write(move |connection| {
                let (day, batch) = (day.clone(), batch.clone());
                Box::pin(async move { charge(connection, bot, &day, default_limit, &batch).await })
            })
            .await
    }

    pub(crate) async fn llm_days(&self, bot: &str, from: &str) -> Result<Vec<LlmDay>, StoreError> {
        let mut reader = self.readers.get().await?;
        let rows = sqlx::query(
            "SELECT day, used + reserved, spent, asked, cached, calls, failed, millis FROM bf_llm_days \
             WHERE bot = $1 AND day >= $2 ORDER BY day",
        )
        .bind(bot)
        .bind(from)
        .fetch_all(reader.connection()?)
        .await?;
        reader.clean();
        Ok(rows.iter().map(day).collect::<Result<_, _>>()?)
    }

    pub(crate) async fn reset_llm(&self, bot: &'static str, day: String) -> Result<(), StoreError> {
        self.writer
            .write(move |connection| {
                let day = day.clone();
                Box::pin(async move {
                    sqlx::query(
                        "UPDATE bf_llm_days SET epoch = epoch + 1, used = 0, reserved = 0 \
                         WHERE bot = $1 AND day = $2",
                    )
                    .bind(bot)
                    .bind(day)
                    .execute(connection)
                    .await?;
                    Ok(())
                })
            })
            .await
    }

    pub(crate) async fn forget_llm_days(
        &self,
        bot: &'static str,
        before: String,
    ) -> Result<(), StoreError> {
        self.writer
            .write(move |connection| {
                let before = before.clone();
                Box::pin(async move {
                    sqlx::query("DELETE FROM bf_llm_days WHERE bot = $1 AND day < $2")
                        .bind(bot)
                        .bind(before)
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            })
            .await
    }
}

fn day(row: &SqliteRow) -> Result<LlmDay, sqlx::Error> {
    Ok(LlmDay {
        day: row.try_get(0)?,
        used: row.try_get(1)?,
        spent: row.try_get(2)?,
        counts: LlmCounts {
            asked: row.try_get(3)?,
            cached: row.try_get(4)?,
            calls: row.try_get(5)?,
            failed: row.try_get(6)?,
            millis: row.try_get(7)?,
        },
    })
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
