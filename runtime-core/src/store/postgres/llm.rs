//! Questions to the model on Postgres.

use sqlx::Row;
use sqlx::postgres::PgRow;

use super::pool::{on, within};
use super::{Postgres, QUICK};
use crate::store::error::StoreError;
use crate::store::llm::{LlmBatch, LlmBot, LlmCharged, LlmCounts, LlmDay};

impl Postgres {
    pub(crate) async fn llm_bot(&self, bot: &str) -> Result<LlmBot, StoreError> {
        let row = on!(self.own, QUICK, connection => sqlx::query(
            "SELECT enabled, preset, budget FROM bf_llm_bots WHERE bot = $1",
        )
        .bind(bot)
        .fetch_optional(connection))?;
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
        on!(self.own, QUICK, connection => sqlx::query(
            "INSERT INTO bf_llm_bots AS b (bot, enabled, preset, budget) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (bot) DO UPDATE SET enabled = coalesce($2, b.enabled), \
               preset = coalesce($3, b.preset), budget = coalesce($4, b.budget)",
        )
        .bind(bot)
        .bind(change.enabled)
        .bind(&change.preset)
        .bind(change.budget)
        .execute(connection))?;
        Ok(())
    }

    /// Not by [`on!`]: done twice it would give back what others have reserved.
    pub(crate) async fn charge_llm(
        &self,
        bot: &'static str,
        day: String,
        default_limit: i64,
        batch: LlmBatch,
    ) -> Result<LlmCharged, StoreError> {
        let (epochs, back): (Vec<i64>, Vec<i64>) = batch.back.iter().copied().unzip();
        let c = &batch.counts;
        let counts = vec![c.asked, c.cached, c.calls, c.failed, c.millis];
        let mut loan = self.own.get().await?;
        if loan.doubtful() {
            let asked = within(QUICK, async {
                sqlx::query("SELECT 1").execute(loan.connection()?).await
            });
            match asked.await {
                Ok(_) => loan.clean(),
                Err(error) => {
                    loan.failed(&error);
                    drop(loan);
                    loan = self.own.get().await?;
                }
            }
        }
        let charged = within(QUICK, async {
            sqlx::query("SELECT o_epoch, o_used, o_reserved, o_limit, o_granted FROM bf_llm_charge($1, $2, $3, $4, $5, $6, $7, $8)")
                .bind(bot)
                .bind(&day)
                .bind(default_limit)
                .bind(&epochs)
                .bind(&back)
                .bind(batch.spent)
                .bind(&counts)
                .bind(&batch.wanted)
                .fetch_one(loan.connection()?)
                .await
        });
        let row = match charged.await {
            Ok(row) => row,
            Err(error) => {
                loan.failed(&error);
                return Err(error.into());
            }
        };
        loan.clean();
        Ok(LlmCharged {
            epoch: row.try_get(0)?,
            used: row.try_get(1)?,
            reserved: row.try_get(2)?,
            limit: row.try_get(3)?,
            granted: row.try_get(4)?,
        })
    }

    pub(crate) async fn llm_days(&self, bot: &str, from: &str) -> Result<Vec<LlmDay>, StoreError> {
        let rows = on!(self.own, QUICK, connection => sqlx::query(
            "SELECT day, used + reserved, spent, asked, cached, calls, failed, millis FROM bf_llm_days \
             WHERE bot = $1 AND day >= $2 ORDER BY day",
        )
        .bind(bot)
        .bind(from)
        .fetch_all(connection))?;
        Ok(rows.iter().map(day).collect::<Result<_, _>>()?)
    }

    pub(crate) async fn reset_llm(&self, bot: &'static str, day: String) -> Result<(), StoreError> {
        on!(self.own, QUICK, connection => sqlx::query(
            "UPDATE bf_llm_days SET epoch = epoch + 1, used = 0, reserved = 0 WHERE bot = $1 AND day = $2",
        )
        .bind(bot)
        .bind(&day)
        .execute(connection))?;
        Ok(())
    }

    pub(crate) async fn forget_llm_days(
        &self,
        bot: &'static str,
        before: String,
    ) -> Result<(), StoreError> {
        on!(self.own, QUICK, connection => sqlx::query(
            "DELETE FROM bf_llm_days WHERE bot = $1 AND day < $2",
        )
        .bind(bot)
        .bind(&before)
        .execute(connection))?;
        Ok(())
    }
}

fn day(row: &PgRow) -> Result<LlmDay, sqlx::Error> {
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
