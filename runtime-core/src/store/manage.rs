//! What the management API asks of the database: stored locales, applied migrations, and emptying a bot's tables.

use super::Store;
use super::error::StoreError;
use super::tables::TableSpec;

/// A migration that was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Its number.
    pub version: i64,
    /// When: microseconds since 1970.
    pub at: i64,
}

impl Store {
    /// The migrations of an owner that were applied, in order. `#runtime` is the runtime itself.
    ///
    /// # Errors
    /// The database fails.
    pub async fn applied(&self, owner: &str) -> Result<Vec<Applied>, StoreError> {
        let rows = backend!(self, backend => backend.applied(owner).await)?;
        let applied = |(version, at)| Applied { version, at };
        Ok(rows.into_iter().map(applied).collect())
    }

    /// Stores the locale of a person or a chat, as if they had chosen it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn set_locale(
        &self,
        bot: i64,
        subject: i64,
        tag: &'static str,
    ) -> Result<(), StoreError> {
        backend!(self, backend => backend.set_locale(bot, subject, tag).await)?;
        self.locales.chosen(bot, subject, tag);
        Ok(())
    }

    /// Deletes rows of a bot's table, [`TableSpec::BATCH`] at most where they do not refer to each other; how many there were.
    ///
    /// # Errors
    /// The database fails, or rows of other tables refer to these.
    pub async fn empty(
        &self,
        bot: &'static str,
        table: &'static TableSpec,
    ) -> Result<u64, StoreError> {
        backend!(self, backend => backend.empty(bot, table).await)
    }
}
