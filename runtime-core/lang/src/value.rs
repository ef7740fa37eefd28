//! The typed values of the DSL.

use serde::{Deserialize, Serialize};

/// A point in time (UTC, whole seconds). DSL `datetime`.
/// In SQLite it is TEXT `YYYY-MM-DD HH:MM:SS`; in JSON (stored conversations) the same string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(jiff::Timestamp);

/// A calendar day. DSL `date`; SQLite TEXT `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(jiff::civil::Date);

/// A time of day, whole seconds. DSL `time`; SQLite TEXT `HH:MM:SS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(jiff::civil::Time);

/// A span of time in whole seconds. DSL durations `30s 15m 24h 7d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Duration(pub i64);

/// A decimal number with `SCALE` digits after the point, held as a scaled integer.
/// DSL `decimal(SCALE)`; SQLite INTEGER (scaled), JSON its decimal string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Decimal<const SCALE: u8>(pub i64);

/// A shared contact (Bot API, Contact).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Phone number as Telegram gives it.
    pub phone: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: Option<String>,
    /// The contact's user id, where it has one.
    pub user_id: Option<i64>,
}

/// A shared location (Bot API, Location).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Location {
    /// Degrees.
    pub latitude: f64,
    /// Degrees.
    pub longitude: f64,
}

/// A photo or document that a person sent (Bot API, PhotoSize and Document).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Usable to send the file again.
    pub file_id: String,
    /// Stable over time and across bots.
    pub unique_id: String,
    /// File name, documents only.
    pub name: Option<String>,
    /// Size in bytes, where Telegram says it.
    pub size: Option<i64>,
}

/// What generated code gives to and takes from SQL. `Sql` is the type sqlx binds and reads on
/// SQLite (`String`, `i64`, `f64`, `bool`).
pub trait SqlValue: Sized {
    /// The database's own form.
    type Sql;
    /// To the database.
    fn to_sql(&self) -> Self::Sql;
    /// From the database; `Err` names what was found (never the value) when a row was written
    /// by something else than this bot.
    fn from_sql(value: Self::Sql) -> Result<Self, BadColumn>;
}

/// A stored value that does not have the form its column promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadColumn {
    /// The DSL type expected.
    pub expected: &'static str,
}

impl std::fmt::Display for BadColumn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a stored value is not a {}", self.expected)
    }
}

impl std::error::Error for BadColumn {}

// To write: constructors (`Instant::now()`, `from_unix(i64)`, `unix()`, `parse_sql(&str)`,
// `in_tz(&TimeZone)`, `+ Duration`, `- Duration`, `Date::today(now, tz)`, ordering, Display in SQL
// form, serde as strings), `SqlValue` for Instant, Date, TimeOfDay, Decimal, bool, i64, f64, String.
