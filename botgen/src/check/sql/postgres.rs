//! What the checks ask Postgres. They stay pure: whoever answers is given to them.
//!
//! Two can answer: a server (the command line starts a private one), and the files that `botgen prepare` has written
//! from a server's answers, which build.rs and `check --offline` trust.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Gives databases to check on.
pub trait Oracle: fmt::Debug + Send + Sync {
    /// A database without tables, for one run. Dropping it ends it.
    ///
    /// # Errors
    /// Why there is none, in words for people: no server, no right to make a database.
    fn open(&self) -> Result<Box<dyn Database>, String>;
}

/// One run's database.
pub trait Database: fmt::Debug + Send + Sync {
    /// Makes what is there before the first migration: nothing is kept of it.
    ///
    /// # Errors
    /// The server refuses it or is gone, in words for people.
    fn prepare(&self, sql: &str) -> Result<(), String> {
        let _ = sql;
        Ok(())
    }
    /// Runs one statement of a migration. `key` names it: a hash of it and of all statements before it of the same owner
    /// (the runtime, a bot). Never of another's: what is kept for a bot must not depend on who is built with it.
    /// A refused statement leaves no trace, and the next one may follow.
    ///
    /// # Errors
    /// See [`Refusal`].
    fn run(&self, key: &str, sql: &str) -> Result<(), Refusal>;
    /// Describes one statement without running it. `key` names it: a hash of it and of the migrations of its owner.
    /// `sql` is kept beside the answer, and must be the same for the same key.
    ///
    /// # Errors
    /// See [`Refusal`].
    fn describe(&self, key: &str, sql: &str) -> Result<Described, Refusal>;
}

/// What Postgres knows of a statement.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Described {
    /// Types of `$1 $2 …`, as `pg_type.typname` has them: `int8`, `text`, `timestamptz`, `_int8`.
    pub parameters: Vec<String>,
    /// Of the result, in order.
    pub columns: Vec<Column>,
}

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// `pg_type.typname`.
    pub ty: String,
    /// Of a plain column of a table: whether it lacks NOT NULL. `None`: an expression, a view's column. Postgres says
    /// nothing of what a join does to it: the column of the inner side of an outer join is `Some(false)` all the same.
    pub nullable: Option<bool>,
    /// Table and column behind it, where it is just that (through views too: then they are the view's).
    pub origin: Option<(String, String)>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Postgres refuses the statement.
    Refused {
        /// `42703`.
        sqlstate: String,
        /// Its own words.
        message: String,
        /// Where in the statement, in characters from 1.
        position: Option<usize>,
        /// `HINT`, where there is one, else `DETAIL`.
        hint: Option<String>,
    },
    /// The kept answers do not have this one: `botgen prepare` was not run since the statement or a migration changed.
    Missing,
    /// The server does not answer any more: its words.
    Gone(String),
}
