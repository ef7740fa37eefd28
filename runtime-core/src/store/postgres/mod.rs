//! Postgres: raw connections, stored functions, batched state steps.

use std::sync::Arc;

use sqlx::postgres::{PgArguments, PgConnection};

use super::conversation::{Effects, Found, Key, Step};
use super::error::StoreError;
use super::locales::Subject;
use super::outbox::{OutboxRow, RowKey};
use crate::bot::MigrationSet;
use crate::clock::Clock;

/// A database of a server.
#[derive(Debug)]
pub(crate) struct Postgres {}

/// A connection on loan for a handler that reads.
#[derive(Debug)]
pub(crate) struct Loan {}

impl Loan {
    pub(crate) fn connection(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        Err(sqlx::Error::WorkerCrashed)
    }

    /// What was begun has ended well; ends the snapshot, if there is one.
    pub(crate) async fn done(self) {}
}

/// An open transaction that holds the lock of its conversation.
#[derive(Debug)]
pub(crate) struct Writing {}

#[allow(clippy::unused_async)]
impl Writing {
    pub(crate) fn connection(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        Err(sqlx::Error::WorkerCrashed)
    }

    pub(crate) async fn finish(self, _effects: Effects) -> Result<Step, StoreError> {
        Err(StoreError::Busy)
    }

    pub(crate) async fn rollback(self) {}

    pub(crate) async fn again(&mut self, _key: Key, _update_id: i64) -> Result<Found, StoreError> {
        Err(StoreError::Busy)
    }
}

#[allow(clippy::unused_async)]
impl Postgres {
    pub(crate) async fn open(
        _url: &str,
        _sets: &[&'static MigrationSet],
        _clock: &Clock,
    ) -> Result<Self, StoreError> {
        Err(StoreError::Url)
    }
    pub(crate) async fn last_at(&self) -> Result<i64, StoreError> {
        Err(StoreError::Busy)
    }
    pub(crate) async fn health(&self) -> Result<(), StoreError> {
        Err(StoreError::Busy)
    }
    pub(crate) async fn enter(&self, _now: i64) -> Result<(), StoreError> {
        Ok(())
    }
    pub(crate) async fn close(&self) {}

    // The engine's protocols.
    pub(crate) async fn look(&self, _key: Key, _update_id: i64) -> Result<Found, StoreError> {
        Err(StoreError::Busy)
    }
    pub(crate) async fn step(&self, _effects: Effects) -> Result<Step, StoreError> {
        Err(StoreError::Busy)
    }
    pub(crate) async fn begin(
        &self,
        _key: Key,
        _update_id: i64,
    ) -> Result<(Writing, Found), StoreError> {
        Err(StoreError::Busy)
    }
    pub(crate) async fn one(
        &self,
        _sql: &'static str,
        _arguments: PgArguments,
        _effects: Effects,
    ) -> Result<Step, StoreError> {
        Err(StoreError::Busy)
    }
    pub(crate) async fn reading(&self, _many: bool) -> Result<Loan, StoreError> {
        Err(StoreError::Busy)
    }
    pub(crate) async fn waits(&self, _key: Key) -> Result<bool, StoreError> {
        Err(StoreError::Busy)
    }

    // The outbox.
    pub(crate) async fn lease_expired(
        &self,
        _now: i64,
        _until: i64,
        _limit: u32,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        Err(StoreError::Busy)
    }
    pub(crate) async fn mark_sent(&self, _rows: Vec<RowKey>) -> Result<(), StoreError> {
        Err(StoreError::Busy)
    }
    pub(crate) async fn mark_rode(&self, _rows: Vec<RowKey>) -> Result<(), StoreError> {
        Err(StoreError::Busy)
    }
    pub(crate) async fn mark_failed(
        &self,
        _row: RowKey,
        _code: &'static str,
        _now: i64,
    ) -> Result<(), StoreError> {
        Err(StoreError::Busy)
    }
    pub(crate) async fn give_back(
        &self,
        _rows: Vec<RowKey>,
        _not_before: i64,
        _attempted: bool,
    ) -> Result<(), StoreError> {
        Err(StoreError::Busy)
    }
    pub(crate) async fn extend_lease(
        &self,
        _rows: Vec<RowKey>,
        _until: i64,
    ) -> Result<(), StoreError> {
        Err(StoreError::Busy)
    }
    pub(crate) async fn move_chat(
        &self,
        _bot: i64,
        _from: i64,
        _to: i64,
    ) -> Result<(), StoreError> {
        Err(StoreError::Busy)
    }
    pub(crate) async fn unsent_chats(&self) -> Result<Vec<(i64, i64, i64)>, StoreError> {
        Err(StoreError::Busy)
    }

    // Letters.
    pub(crate) async fn prune(
        &self,
        _claims: i64,
        _letters: i64,
        _from: Option<RowKey>,
    ) -> Result<(u64, Option<RowKey>), StoreError> {
        Err(StoreError::Busy)
    }
    pub(crate) async fn dead_letters(&self) -> Result<i64, StoreError> {
        Err(StoreError::Busy)
    }
    #[cfg(any(test, feature = "testing"))]
    pub(crate) async fn newest_letter(&self) -> Result<Option<String>, StoreError> {
        Err(StoreError::Busy)
    }
    #[cfg(any(test, feature = "testing"))]
    pub(crate) async fn count_rows(&self, _sql: &'static str) -> Result<usize, StoreError> {
        Err(StoreError::Busy)
    }
    pub(crate) async fn count_failure(
        &self,
        _bot: i64,
        _update_id: i64,
        _now: i64,
    ) -> Result<i64, StoreError> {
        Err(StoreError::Busy)
    }

    // Locales.
    pub(crate) async fn locale(&self, _subject: Subject) -> Result<Option<String>, StoreError> {
        Err(StoreError::Busy)
    }
    pub(crate) async fn locales(
        &self,
        _seen: i64,
        _first: bool,
    ) -> Result<(Vec<(Subject, Arc<str>)>, i64), StoreError> {
        Err(StoreError::Busy)
    }

    // Values.
    pub(crate) async fn secret(
        &self,
        _name: &'static str,
        _fresh: [u8; 32],
    ) -> Result<Vec<u8>, StoreError> {
        Err(StoreError::Busy)
    }
    pub(crate) async fn polling_lease(
        &self,
        _bot: i64,
        _holder: String,
        _now: i64,
        _until: i64,
    ) -> Result<Option<i64>, StoreError> {
        Err(StoreError::Busy)
    }
    pub(crate) async fn polling_advance(
        &self,
        _bot: i64,
        _holder: String,
        _next_id: i64,
    ) -> Result<bool, StoreError> {
        Err(StoreError::Busy)
    }
    pub(crate) async fn polling_release(
        &self,
        _bot: i64,
        _holder: String,
    ) -> Result<(), StoreError> {
        Err(StoreError::Busy)
    }
}
