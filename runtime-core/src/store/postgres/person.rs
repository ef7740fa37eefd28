//! What is stored about a person, on Postgres.

use std::time::Duration;

use serde_json::value::RawValue;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};

use super::Postgres;
use super::pool::on;
use crate::store::error::StoreError;
use crate::store::person::{Erased, Part, Second};

/// Tables are read as a whole where they have no index by people.
const THOROUGH: Duration = Duration::from_secs(30);

impl Postgres {
    pub(crate) async fn person(
        &self,
        part: &Part,
        person: i64,
    ) -> Result<Vec<Box<RawValue>>, StoreError> {
        let sql = format!("SELECT row_to_json(t)::text FROM ({}) t", part.select);
        let rows: Vec<String> =
            on!(self.own, THOROUGH, connection => rows(connection, &sql, person, part.second))?;
        rows.into_iter()
            .map(|row| {
                RawValue::from_string(row)
                    .map_err(|error| StoreError::Sql(sqlx::Error::Decode(error.into())))
            })
            .collect()
    }

    pub(crate) async fn erase_person(
        &self,
        parts: Vec<Part>,
        person: i64,
    ) -> Result<Vec<Erased>, StoreError> {
        on!(self.own, THOROUGH, connection => erase(connection, &parts, person))
    }
}

async fn rows(
    connection: &mut PgConnection,
    sql: &str,
    person: i64,
    second: Second,
) -> Result<Vec<String>, sqlx::Error> {
    let query = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).bind(person);
    let query = match second {
        Second::None => query,
        Second::Number(number) => query.bind(number),
        Second::Name(name) => query.bind(name),
    };
    query.fetch_all(connection).await
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
