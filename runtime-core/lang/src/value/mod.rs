//! The typed values of the DSL.

mod decimal;
mod parts;
mod sql;
mod text;
mod time;

pub use decimal::Decimal;
pub(crate) use decimal::{parse_units, power};
pub use parts::{Contact, File, Location};
pub use sql::{BadColumn, SqlValue};
pub use time::{Date, Duration, Instant, TimeOfDay};
