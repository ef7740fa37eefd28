//! Questions to the model on Postgres.

use sqlx::Row;

use super::pool::within;
use super::{Postgres, QUICK};
use crate::store::error::StoreError;
use crate::store::llm::{LlmBatch, LlmCharged};

impl Postgres {
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
}
