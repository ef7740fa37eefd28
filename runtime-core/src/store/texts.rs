//! Texts that were overridden at run time, by bot, locale and key; who has changed what.

use serde::Serialize;
use utoipa::ToSchema;

use super::Store;
use super::error::StoreError;
use crate::redis::notices::Notice;

/// Changes of a bot that are remembered.
pub(crate) const KEEP_CHANGES: i64 = 1_000;
/// Changes of one page of [`Store::text_changes`].
pub(crate) const PAGE: i64 = 100;

/// An overridden text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TextRow {
    pub(crate) locale: String,
    pub(crate) key: String,
    pub(crate) words: String,
    /// What stood there in the bot's files when it was overridden.
    pub(crate) original: String,
    pub(crate) author: String,
    /// Microseconds.
    pub(crate) at: i64,
}

/// A text to override, or to revert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TextChange {
    pub(crate) locale: String,
    pub(crate) key: String,
    /// `None`: reverted.
    pub(crate) words: Option<String>,
    pub(crate) original: String,
}

/// A change as it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TextChanged {
    /// Its number.
    pub id: i64,
    /// When: RFC 3339.
    pub at: String,
    /// Who.
    pub author: String,
    /// Tag.
    pub locale: String,
    /// The text.
    pub key: String,
    /// What it became; null: it was reverted.
    pub words: Option<String>,
}

impl TextChanged {
    /// As it is stored.
    pub(crate) fn new(
        (id, at): (i64, i64),
        author: String,
        locale: String,
        key: String,
        words: Option<String>,
    ) -> Self {
        Self {
            id,
            at: moment(at),
            author,
            locale,
            key,
            words,
        }
    }
}

/// RFC 3339.
pub(crate) fn moment(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros)
        .unwrap_or_default()
        .to_string()
}

impl Store {
    /// How often the texts of each bot have changed; bots whose texts never did are left out.
    pub(crate) async fn text_versions(&self) -> Result<Vec<(String, i64)>, StoreError> {
        backend!(self, backend => backend.text_versions().await)
    }

    /// A bot's overridden texts, in order of locale and key, and how often they have changed.
    pub(crate) async fn texts(&self, bot: &str) -> Result<(i64, Vec<TextRow>), StoreError> {
        backend!(self, backend => backend.texts(bot).await)
    }

    /// Changes texts of a bot, all or none, and tells the other instances. `None`: somebody else has changed them since
    /// `expected`.
    pub(crate) async fn change_texts(
        &self,
        bot: &'static str,
        expected: i64,
        author: &str,
        changes: Vec<TextChange>,
    ) -> Result<Option<i64>, StoreError> {
        let at = self.clock.micros();
        let changed = backend!(
            self,
            backend => backend.change_texts(bot, expected, author.to_owned(), at, changes).await
        )?;
        if changed.is_some() {
            self.locales.tell(Notice::Texts);
        }
        Ok(changed)
    }

    /// A bot's newest changes of texts with a smaller number than `before`, newest first.
    pub(crate) async fn text_changes(
        &self,
        bot: &str,
        before: i64,
    ) -> Result<Vec<TextChanged>, StoreError> {
        backend!(self, backend => backend.text_changes(bot, before, PAGE).await)
    }

    /// Another instance says that texts have changed.
    pub(crate) fn texts_told(&self) {
        self.texts_told.notify_one();
    }

    /// Waits for [`Store::texts_told`].
    pub(crate) async fn told_of_texts(&self) {
        self.texts_told.notified().await;
    }
}
