//! What is stored about a person, on Postgres.

use std::time::Duration;

use futures_util::TryStreamExt;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};

use super::pool::{ATTEMPTS, Loan, on, within};
use super::{Postgres, QUICK};
use crate::store::error::StoreError;
use crate::store::export::{Out, WHOLE};
use crate::store::person::{Erased, Part, Second};

/// Tables are read as a whole where they have no index by people.
const THOROUGH: Duration = Duration::from_secs(30);

impl Postgres {
    pub(crate) async fn export(
        &self,
        parts: &[Part],
        person: i64,
        out: &mut Out,
    ) -> Result<(), StoreError> {
        // One of the many: outbox and timers share the two of `own`.
        let mut loan = self.snapshot().await?;
        for part in parts {
            let sql = format!("SELECT row_to_json(t)::text FROM ({}) t", part.select);
            let query = sqlx::query_scalar(AssertSqlSafe(sql)).bind(person);
            let query = match part.second {
                Second::None => query,
                Second::Number(number) => query.bind(number),
                Second::Name(name) => query.bind(name),
            };
            let mut rows = query.fetch(loan.connection()?);
            while let Some(row) = rows.try_next().await? {
                let row: String = row;
                out.row(part.table, &row).await?;
            }
            out.end_table();
        }
        loan.done().await;
        Ok(())
    }

    /// A connection whose statements see one moment, and may take as long as an export.
    async fn snapshot(&self) -> Result<Loan, StoreError> {
        let limit = WHOLE.as_millis();
        let begin = format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = {limit}; \
             SET LOCAL idle_in_transaction_session_timeout = {limit}"
        );
        let mut attempts = 0_u32;
        loop {
            attempts += 1;
            let mut loan = self.handlers.get().await?;
            let begun = sqlx::raw_sql(AssertSqlSafe(begin.clone()));
            match within(QUICK, async { begun.execute(loan.connection()?).await }).await {
                Ok(_) => {
                    loan.in_snapshot();
                    return Ok(loan);
                }
                // It had died while it was idle.
                Err(error) if loan.failed(&error) && attempts < ATTEMPTS => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    pub(crate) async fn erase_person(
        &self,
        parts: Vec<Part>,
        person: i64,
    ) -> Result<Vec<Erased>, StoreError> {
        on!(self.own, THOROUGH, connection => erase(connection, &parts, person))
    }
}

async fn erase(
    connection: &mut PgConnection,
    parts: &[Part],
    person: i64,
) -> Result<Vec<Erased>, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let mut erased = Vec::with_capacity(parts.len());
    for part in parts {
        let mut rows = 0;
        for sql in &part.erase {
            let query = sqlx::query(AssertSqlSafe(sql.clone())).bind(person);
            let query = match part.second {
                Second::None => query,
                Second::Number(number) => query.bind(number),
                Second::Name(name) => query.bind(name),
            };
            rows += query.execute(&mut *transaction).await?.rows_affected();
        }
        erased.push(Erased {
            table: part.table,
            rows,
        });
    }
    transaction.commit().await?;
    Ok(erased)
}
