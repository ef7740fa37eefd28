//! What Postgres knows of a statement. It is parsed and analysed, never run.

use std::collections::HashMap;

use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgColumn, PgDatabaseError, PgErrorPosition, PgStatement};
use sqlx::{
    AssertSqlSafe, Column as _, Either, Executor, PgConnection, Row, SqlSafeStr, Statement,
    TypeInfo as _,
};

use crate::check::sql::postgres::{Column, Described, Refusal};

/// Names of types and columns by their numbers, until a migration changes them.
#[derive(Debug, Default)]
pub struct Catalogue {
    types: HashMap<u32, String>,
    columns: HashMap<(u32, i16), TableColumn>,
}

#[derive(Debug, Clone)]
struct TableColumn {
    table: String,
    name: String,
    /// `None`: of a view.
    nullable: Option<bool>,
}

impl Catalogue {
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.types.clear();
        self.columns.clear();
    }

    /// Describes a statement.
    ///
    /// # Errors
    /// Postgres's, or a type that sqlx does not know.
    pub async fn describe(
        &mut self,
        connection: &mut PgConnection,
        sql: &str,
    ) -> Result<Described, sqlx::Error> {
        let statement = connection
            .prepare(AssertSqlSafe(sql).into_sql_str())
            .await?;
        self.learn(connection, &statement).await?;
        let name = |oid: Option<Oid>| oid.and_then(|oid| self.types.get(&oid.0)).cloned();
        let parameters = match statement.parameters() {
            Some(Either::Left(types)) => types
                .iter()
                .map(|ty| name(ty.oid()).unwrap_or_else(|| ty.name().to_lowercase()))
                .collect(),
            _ => Vec::new(),
        };
        let columns = statement.columns().iter().map(|column| {
            let behind = place(column).and_then(|place| self.columns.get(&place));
            Column {
                name: column.name().to_owned(),
                ty: name(column.type_info().oid())
                    .unwrap_or_else(|| column.type_info().name().to_lowercase()),
                nullable: behind.and_then(|behind| behind.nullable),
                origin: behind.map(|behind| (behind.table.clone(), behind.name.clone())),
            }
        });
        Ok(Described {
            parameters,
            columns: columns.collect(),
        })
    }

    /// Asks for the names that are not known yet: a few times per run, not per statement.
    async fn learn(
        &mut self,
        connection: &mut PgConnection,
        statement: &PgStatement,
    ) -> Result<(), sqlx::Error> {
        let of_columns = statement
            .columns()
            .iter()
            .map(|column| column.type_info().oid());
        let of_parameters = match statement.parameters() {
            Some(Either::Left(types)) => types,
            _ => &[],
        };
        let types = of_columns
            .chain(of_parameters.iter().map(|ty| ty.oid()))
            .flatten();
        let mut types: Vec<i64> = types
            .filter(|oid| !self.types.contains_key(&oid.0))
            .map(|oid| i64::from(oid.0))
            .collect();
        types.sort_unstable();
        types.dedup();
        if !types.is_empty() {
            let rows = sqlx::query("SELECT oid, typname::text FROM pg_type WHERE oid = ANY($1)")
                .bind(types)
                .persistent(false)
                .fetch_all(&mut *connection)
                .await?;
            for row in rows {
                self.types
                    .insert(row.try_get::<Oid, _>(0)?.0, row.try_get(1)?);
            }
        }
        let tables = statement.columns().iter().filter_map(place);
        let mut tables: Vec<i64> = tables
            .filter(|place| !self.columns.contains_key(place))
            .map(|place| i64::from(place.0))
            .collect();
        tables.sort_unstable();
        tables.dedup();
        if !tables.is_empty() {
            let rows = sqlx::query(
                "SELECT attrelid, attnum, attname::text, NOT attnotnull, relkind IN ('r', 'p', 'f'), \
                   CASE WHEN relnamespace = 'public'::regnamespace THEN relname::text \
                     ELSE relnamespace::regnamespace::text || '.' || relname END \
                 FROM pg_attribute JOIN pg_class c ON c.oid = attrelid \
                 WHERE attrelid = ANY($1) AND NOT attisdropped",
            )
            .bind(tables)
            .persistent(false)
            .fetch_all(&mut *connection)
            .await?;
            for row in rows {
                let nullable: bool = row.try_get(3)?;
                let column = TableColumn {
                    name: row.try_get(2)?,
                    nullable: row.try_get::<bool, _>(4)?.then_some(nullable),
                    table: row.try_get(5)?,
                };
                self.columns
                    .insert((row.try_get::<Oid, _>(0)?.0, row.try_get(1)?), column);
            }
        }
        Ok(())
    }
}

/// The table's column behind a result's.
fn place(column: &PgColumn) -> Option<(u32, i16)> {
    Some((column.relation_id()?.0, column.relation_attribute_no()?))
}

/// An error as the checks take it.
pub fn refusal(error: &sqlx::Error) -> Refusal {
    let sqlx::Error::Database(database) = error else {
        return match error {
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed => {
                Refusal::Gone(error.to_string())
            }
            // The driver, not the server: a type that it cannot name.
            other => Refusal::Refused {
                sqlstate: "0A000".to_owned(),
                message: format!("a type that cannot be read: {other}"),
                position: None,
                hint: None,
            },
        };
    };
    let Some(error) = database.try_downcast_ref::<PgDatabaseError>() else {
        return Refusal::Gone(database.message().to_owned());
    };
    match error.code() {
        // The server ends, or somebody has ended this session.
        "57P01" | "57P02" | "57P03" | "25P03" => return Refusal::Gone(error.message().to_owned()),
        _ => {}
    }
    Refusal::Refused {
        sqlstate: error.code().to_owned(),
        message: error.message().to_owned(),
        position: match error.position() {
            Some(PgErrorPosition::Original(at)) => Some(at),
            _ => None,
        },
        hint: error.hint().or(error.detail()).map(str::to_owned),
    }
}
