//! Tokens of bots' days, and what operators have set for them.

use sqlx::Row as _;

use crate::store::error::StoreError;
use crate::store::llm::{LlmBot, LlmCounts, LlmDay};

on_both! {
    fn day(row: &Row) -> Result<LlmDay, sqlx::Error> {
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

    impl Engine {
        pub(crate) async fn llm_bot(&self, bot: &str) -> Result<LlmBot, StoreError> {
            let row = reading!(self, connection => sqlx::query(
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
            writing!(self, [change], connection => sqlx::query(
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

        pub(crate) async fn llm_days(&self, bot: &str, from: &str) -> Result<Vec<LlmDay>, StoreError> {
            let rows = reading!(self, connection => sqlx::query(
                "SELECT day, used + reserved, spent, asked, cached, calls, failed, millis FROM bf_llm_days \
                 WHERE bot = $1 AND day >= $2 ORDER BY day",
            )
            .bind(bot)
            .bind(from)
            .fetch_all(connection))?;
            Ok(rows.iter().map(day).collect::<Result<_, _>>()?)
        }

        pub(crate) async fn reset_llm(&self, bot: &'static str, day: String) -> Result<(), StoreError> {
            writing!(self, [day], connection => sqlx::query(
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
            writing!(self, [before], connection => sqlx::query(
                "DELETE FROM bf_llm_days WHERE bot = $1 AND day < $2",
            )
            .bind(bot)
            .bind(&before)
            .execute(connection))?;
            Ok(())
        }
    }
}
