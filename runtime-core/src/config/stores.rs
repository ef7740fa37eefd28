//! Where the data lives, and what instances share beside it.

use secrecy::SecretString;

use super::DEFAULT_DATABASE;
use super::reader::Reader;
use crate::redis::Redis;

impl Reader<'_> {
    pub(super) fn database(&mut self) -> SecretString {
        let value = self
            .get("DATABASE_URL")
            .unwrap_or(DEFAULT_DATABASE)
            .to_owned();
        match value.split(':').next().unwrap_or_default() {
            "sqlite" if cfg!(feature = "sqlite") => {}
            "postgres" | "postgresql" if cfg!(feature = "postgres") => {
                if let Some(wrong) = wrong_postgres(&value) {
                    self.error(wrong);
                }
            }
            "sqlite" => self.error(
                "`DATABASE_URL` names a SQLite file (or is not set), but this build has only Postgres: use \
                 `postgres://user:password@host/database`, or build with the cargo feature `sqlite`",
            ),
            "postgres" | "postgresql" => self.error(
                "`DATABASE_URL` names a Postgres database, but this build has only SQLite: use `sqlite://data/botfactory.db`, \
                 or build with the cargo feature `postgres`",
            ),
            _ => self.error(
                "`DATABASE_URL` must begin with `sqlite:` or `postgres:`, such as `sqlite://data/botfactory.db`",
            ),
        }
        value.into()
    }

    pub(super) fn redis(&mut self) -> Option<SecretString> {
        let url = self.get("REDIS_URL")?.to_owned();
        if let Err(error) = Redis::check(&url) {
            self.error(error.to_string());
        }
        Some(url.into())
    }
}

/// What is wrong with a Postgres's URL.
#[cfg(feature = "postgres")]
fn wrong_postgres(url: &str) -> Option<String> {
    crate::store::postgres::settings::Settings::parse(url).err()
}

#[cfg(not(feature = "postgres"))]
fn wrong_postgres(_: &str) -> Option<String> {
    None
}
