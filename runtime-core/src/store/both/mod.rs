//! What is the same on both engines to the letter: written once and made for each, for sqlx's types differ. What an engine
//! does in its own way is in the files of the same names below `sqlite` and `postgres`.

/// Makes items for each engine, in the modules `sqlite` and `postgres`. In them `Engine` is the engine, `Connection` and
/// `Row` are its types of sqlx's, `engine` is its module. `reading!` and `writing!` run a statement; what a `writing!` names
/// in brackets is cloned for each of its runs.
macro_rules! on_both {
    ($($item:item)*) => {
        #[cfg(feature = "sqlite")]
        #[allow(unused_imports)] // not every file needs all of them
        pub(crate) mod sqlite {
            use super::*;
            use crate::store::sqlite::{self as engine, Sqlite as Engine, reading, writing};
            use sqlx::sqlite::{SqliteConnection as Connection, SqliteRow as Row};
            $($item)*
        }
        #[cfg(feature = "postgres")]
        #[allow(unused_imports)]
        pub(crate) mod postgres {
            use super::*;
            use crate::store::postgres::{self as engine, Postgres as Engine, reading, writing};
            use sqlx::postgres::{PgConnection as Connection, PgRow as Row};
            $($item)*
        }
    };
}

mod broadcasts;
pub(crate) mod events;
pub(crate) mod jobs;
mod letters;
mod llm;
mod manage;
pub(crate) mod outbox;
pub(crate) mod seen;
mod texts;
pub(crate) mod timers;
mod values;
