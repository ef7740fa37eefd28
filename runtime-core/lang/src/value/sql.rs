//! Between the DSL's values and a database's.

use super::{Date, Decimal, Instant, TimeOfDay};

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

macro_rules! as_text {
    ($($type:ty => $name:literal),*) => {$(
        impl SqlValue for $type {
            type Sql = String;
            fn to_sql(&self) -> String {
                self.to_string()
            }
            fn from_sql(value: String) -> Result<Self, BadColumn> {
                Self::parse_sql(&value).ok_or(BadColumn { expected: $name })
            }
        }
    )*};
}
as_text!(Instant => "datetime", Date => "date", TimeOfDay => "time");

macro_rules! as_is {
    ($($type:ty),*) => {$(
        impl SqlValue for $type {
            type Sql = $type;
            fn to_sql(&self) -> $type {
                self.clone()
            }
            fn from_sql(value: $type) -> Result<Self, BadColumn> {
                Ok(value)
            }
        }
    )*};
}
as_is!(bool, i64, f64, String);

impl<const SCALE: u8> SqlValue for Decimal<SCALE> {
    type Sql = i64;
    fn to_sql(&self) -> i64 {
        self.0
    }
    fn from_sql(value: i64) -> Result<Self, BadColumn> {
        Ok(Self(value))
    }
}

/// SQL NULL.
impl<T: SqlValue> SqlValue for Option<T> {
    type Sql = Option<T::Sql>;
    fn to_sql(&self) -> Self::Sql {
        self.as_ref().map(T::to_sql)
    }
    fn from_sql(value: Self::Sql) -> Result<Self, BadColumn> {
        value.map(T::from_sql).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips() {
        let instant = Instant::from_unix(1_772_719_200);
        assert_eq!(instant.to_sql(), "2026-03-05 14:00:00");
        assert_eq!(Instant::from_sql(instant.to_sql()), Ok(instant));
        assert_eq!(
            Decimal::<2>::from_sql(Decimal::<2>(150).to_sql()),
            Ok(Decimal(150))
        );
        assert_eq!(Option::<i64>::from_sql(None), Ok(None));
        assert_eq!(Some(true).to_sql(), Some(true));
        assert_eq!("a".to_owned().to_sql(), "a");
    }

    #[test]
    fn a_bad_column_names_the_type_and_not_the_value() {
        let error = Date::from_sql("secret".to_owned()).unwrap_err();
        assert_eq!(error.to_string(), "a stored value is not a date");
        assert_eq!(
            Option::<Instant>::from_sql(Some("x".to_owned())),
            Err(BadColumn {
                expected: "datetime"
            })
        );
    }
}
