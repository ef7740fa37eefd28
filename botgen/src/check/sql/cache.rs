//! The entry of sqlx's offline cache: what its macros read instead of a database.
//!
//! The form is sqlx 0.9's `QueryData` (`sqlx-macros-core`, `query/data.rs`), the types are ours: SQLite knows neither
//! the type of most expressions nor whether they can be null, Postgres no nullability but that of plain columns.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::types;
use crate::Engine;
use crate::ir::sql::{CacheEntry, Column, Storage};
use crate::ir::types::Base;

/// The entry of a statement. `origins` are the tables' columns behind the result's, where they are direct.
pub fn entry(
    engine: Engine,
    sql: &str,
    parameters: &[Base],
    columns: &[Column],
    origins: &[Option<(String, String)>],
) -> CacheEntry {
    let hash = Sha256::digest(sql.as_bytes())
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect::<String>();
    let described: Vec<_> = columns
        .iter()
        .enumerate()
        .map(|(ordinal, column)| {
            let origin = match origins.get(ordinal).and_then(Option::as_ref) {
                Some((table, name)) => json!({ "Table": { "table": table, "name": name } }),
                None => json!("Expression"),
            };
            // sqlx has no types of its own for some: the name says which of the runtime's reads them.
            let name = match (engine, wrapped(&column.ty.base)) {
                (Engine::Postgres, Some(ty)) => format!("{}: Pg<{ty}>", column.name),
                _ => column.name.clone(),
            };
            json!({
                "name": name,
                "ordinal": ordinal,
                "type_info": match (engine, column.sqlite) {
                    (Engine::Postgres, _) => of_postgres(&column.ty.base),
                    (Engine::Sqlite, Storage::Text) => "Text",
                    (Engine::Sqlite, Storage::Integer) => "Integer",
                    (Engine::Sqlite, Storage::Real) => "Float",
                    (Engine::Sqlite, Storage::Bool) => "Bool",
                },
                "origin": origin,
            })
        })
        .collect();
    let nullable: Vec<bool> = columns.iter().map(|c| c.ty.nullable).collect();
    let (name, bound): (&str, Value) = match engine {
        Engine::Sqlite => ("SQLite", json!({ "Right": parameters.len() })),
        Engine::Postgres => {
            let types: Vec<_> = parameters.iter().map(of_postgres).collect();
            ("PostgreSQL", json!({ "Left": types }))
        }
    };
    let entry = json!({
        "db_name": name,
        "query": sql,
        "describe": {
            "columns": described,
            "parameters": bound,
            "nullable": nullable,
        },
        "hash": hash,
    });
    let mut json = format!("{entry:#}");
    json.push('\n');
    CacheEntry {
        file: format!("query-{hash}.json"),
        json,
    }
}

/// The DSL's Rust type, where the runtime has its own form of it on Postgres's wire (`runtime_core::prelude::Pg`).
fn wrapped(base: &Base) -> Option<String> {
    Some(match base {
        Base::Date => "Date".to_owned(),
        Base::Time => "TimeOfDay".to_owned(),
        Base::DateTime => "Instant".to_owned(),
        Base::Decimal(scale) => format!("Decimal<{scale}>"),
        _ => return None,
    })
}

/// sqlx's name of the type that a DSL type is sent and read as.
fn of_postgres(base: &Base) -> &'static str {
    match types::wire(base) {
        "int8" => "Int8",
        "numeric" => "Numeric",
        "float8" => "Float8",
        "bool" => "Bool",
        "date" => "Date",
        "time" => "Time",
        "timestamptz" => "Timestamptz",
        _ => "Text",
    }
}
