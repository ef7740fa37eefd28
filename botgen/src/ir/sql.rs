//! Queries, proven against the migrations.

use super::Origin;
use super::expr::Expr;
use super::types::Ty;

/// Index into [`super::Flow::queries`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct QueryId(pub usize);

/// One statement: one Rust function.
#[derive(Debug, Clone)]
pub struct Query {
    /// Function name, unique in the flow: `select_bookings`, `insert_bookings`.
    pub ident: String,
    /// Row struct name, unique in the flow: `Bookings`. Used when `shape` is rows or single.
    pub row: String,
    /// Where.
    pub origin: Origin,
    /// For SQLite, with `?1 ?2 …`; `None` in a run that does not prove it there.
    pub sqlite: Option<Text>,
    /// For Postgres, with `$1 $2 …`; likewise.
    pub postgres: Option<Text>,
    /// In order of their numbers.
    pub params: Vec<Param>,
    /// Result columns, in order; empty when nothing is returned.
    pub columns: Vec<Column>,
    /// What the caller gets.
    pub shape: Shape,
    /// INSERT, UPDATE or DELETE.
    pub writes: bool,
    /// Tables it can violate a constraint of (then `on_conflict` was declared).
    pub may_conflict: bool,
}

impl Query {
    /// The text for an engine; empty where it was not proven.
    pub fn sql(&self, engine: crate::Engine) -> &str {
        let text = match engine {
            crate::Engine::Sqlite => &self.sqlite,
            crate::Engine::Postgres => &self.postgres,
        };
        text.as_ref().map_or("", |t| t.sql.as_str())
    }
}

/// A statement as one engine gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// LIMIT added where needed, and what the engine needs to be told.
    pub sql: String,
    /// Which of the query's parameters each number stands for.
    pub params: Vec<usize>,
    /// sqlx's description for the offline cache.
    pub cache: CacheEntry,
}

/// A bound parameter.
#[derive(Debug, Clone)]
pub struct Param {
    /// Rust parameter name, unique in the query.
    pub ident: String,
    /// The value at the call.
    pub value: Expr,
    /// The type it is bound as.
    pub ty: Ty,
}

/// A result column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// As SQL names it.
    pub name: String,
    /// Field of the row struct.
    pub ident: String,
    /// DSL type.
    pub ty: Ty,
    /// How sqlx reads it on SQLite.
    pub sqlite: Storage,
}

/// How sqlx reads a value on SQLite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// `String`.
    Text,
    /// `i64`.
    Integer,
    /// `f64`.
    Real,
    /// `bool`.
    Bool,
}

/// What a query gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Nothing (the number of rows is not used).
    Nothing,
    /// A list of rows.
    Rows,
    /// The first row; `always` when the SQL yields one in every case.
    Single {
        /// Never null.
        always: bool,
    },
    /// First column of the first row. `always` as above (the column's own nullability comes on top).
    Scalar {
        /// A row is always there.
        always: bool,
    },
    /// A list of the single column's values.
    Flatten,
}

/// The file that sqlx's macros read instead of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheEntry {
    /// `query-<sha256>.json`.
    pub file: String,
    /// Its contents.
    pub json: String,
}
