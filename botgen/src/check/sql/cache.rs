//! The entry of sqlx's offline cache: what its macros read instead of a database.
//!
//! The form is sqlx 0.9's `QueryData` (`sqlx-macros-core`, `query/data.rs`), the types are ours: SQLite itself knows
//! neither the type of most expressions nor whether they can be null.

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::ir::sql::{CacheEntry, Column, Storage};

/// The entry of a statement. `origins` are the tables' columns behind the result's, where they are direct.
pub fn entry(
    sql: &str,
    parameters: usize,
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
            json!({
                "name": column.name,
                "ordinal": ordinal,
                "type_info": match column.sqlite {
                    Storage::Text => "Text",
                    Storage::Integer => "Integer",
                    Storage::Real => "Float",
                    Storage::Bool => "Bool",
                },
                "origin": origin,
            })
        })
        .collect();
    let nullable: Vec<bool> = columns.iter().map(|c| c.ty.nullable).collect();
    let entry = json!({
        "db_name": "SQLite",
        "query": sql,
        "describe": {
            "columns": described,
            "parameters": { "Right": parameters },
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
