//! Overridden texts on Postgres.

use super::pool::on;
use super::{Postgres, QUICK};
use crate::store::error::StoreError;
use crate::store::texts::{KEEP_CHANGES, TextChange};

impl Postgres {
    pub(crate) async fn change_texts(
        &self,
        bot: &'static str,
        expected: i64,
        author: String,
        at: i64,
        changes: Vec<TextChange>,
    ) -> Result<Option<i64>, StoreError> {
        let column = |get: fn(&TextChange) -> &str| {
            changes
                .iter()
                .map(|c| get(c).to_owned())
                .collect::<Vec<_>>()
        };
        let words: Vec<Option<String>> = changes.iter().map(|c| c.words.clone()).collect();
        let (locales, keys) = (column(|c| &c.locale), column(|c| &c.key));
        let originals = column(|c| &c.original);
        on!(self.own, QUICK, connection => sqlx::query_scalar(
            "SELECT bf_change_texts($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(bot)
        .bind(expected)
        .bind(&author)
        .bind(at)
        .bind(KEEP_CHANGES)
        .bind(&locales)
        .bind(&keys)
        .bind(&words)
        .bind(&originals)
        .fetch_one(connection))
    }
}
