//! What is stored about a person, on SQLite.

use futures_util::TryStreamExt;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Column, Row, TypeInfo, ValueRef};

use super::Sqlite;
use crate::store::error::StoreError;
use crate::store::export::{Out, WHOLE};
use crate::store::person::{Erased, Part, Second};

macro_rules! bound {
    ($sql:expr, $person:expr, $second:expr) => {{
        let query = sqlx::query(AssertSqlSafe($sql.clone())).bind($person);
        match $second {
            Second::None => query,
            Second::Number(number) => query.bind(number),
            Second::Name(name) => query.bind(name),
        }
    }};
}

impl Sqlite {
    pub(crate) async fn export(
        &self,
        parts: &[Part],
        person: i64,
        out: &mut Out,
    ) -> Result<(), StoreError> {
        let mut reader = self.readers.get().await?;
        // Whoever gives up leaves a statement that ends by itself.
        reader.watchdog().within(WHOLE);
        reader.snapshot().await?;
        for part in parts {
            let mut rows = bound!(part.select, person, part.second).fetch(reader.connection()?);
            while let Some(row) = rows.try_next().await? {
                out.row(part.table, json(&row)?.get()).await?;
            }
            out.end_table();
        }
        reader.done().await;
        Ok(())
    }

    pub(crate) async fn erase_person(
        &self,
        parts: Vec<Part>,
        person: i64,
    ) -> Result<Vec<Erased>, StoreError> {
        self.writer
            .write(move |connection| {
                let parts = parts.clone();
                Box::pin(async move { erase(connection, &parts, person).await })
            })
            .await
    }
}

async fn erase(
    connection: &mut SqliteConnection,
    parts: &[Part],
    person: i64,
) -> Result<Vec<Erased>, sqlx::Error> {
    let mut erased = Vec::with_capacity(parts.len());
    for part in parts {
        let mut rows = 0;
        for sql in &part.erase {
            rows += bound!(sql, person, part.second)
                .execute(&mut *connection)
                .await?
                .rows_affected();
        }
        erased.push(Erased {
            table: part.table,
            rows,
        });
    }
    Ok(erased)
}

/// A row as it is stored; bytes in hexadecimal digits.
fn json(row: &SqliteRow) -> Result<Box<RawValue>, sqlx::Error> {
    let mut object = Map::new();
    for column in row.columns() {
        let at = column.ordinal();
        let raw = row.try_get_raw(at)?;
        // Of nothing the kind is what the column declares.
        let kind = match raw.is_null() {
            true => String::new(),
            false => raw.type_info().name().to_owned(),
        };
        let value = match kind.as_str() {
            "" => Value::Null,
            "INTEGER" => row.try_get_unchecked::<i64, _>(at)?.into(),
            "REAL" => row.try_get_unchecked::<f64, _>(at)?.into(),
            "BLOB" => {
                let bytes: Vec<u8> = row.try_get_unchecked(at)?;
                let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                hex.into()
            }
            _ => row.try_get_unchecked::<String, _>(at)?.into(),
        };
        object.insert(column.name().to_owned(), value);
    }
    to_raw_value(&object).map_err(|error| sqlx::Error::Encode(error.into()))
}
