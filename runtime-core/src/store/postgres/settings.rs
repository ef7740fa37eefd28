//! What `DATABASE_URL` says of a Postgres: libpq's parameters as far as sqlx knows them, and our own limits.

use std::str::FromStr;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

/// Parameters that sqlx reads. It would log one that it does not know together with its value.
const KNOWN: &[&str] = &[
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];
/// Prepared statements kept per connection; sqlx's default of 100 is less than a big deployment's queries.
const STATEMENTS: usize = 512;
/// Connections that serve no handler: one for batched steps, two for the outbox and all else.
pub(crate) const RESERVED: usize = 3;

/// A database, and the limits of its use.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) options: PgConnectOptions,
    /// `connections`: at most so many of this process.
    pub(crate) connections: usize,
    /// `connect_timeout`, in seconds.
    pub(crate) connect: Duration,
    /// `statement_timeout`, in milliseconds: the server ends a statement after it.
    pub(crate) statement: Duration,
    /// `lock_timeout`, in milliseconds: the server ends a statement that waits for a lock after it.
    pub(crate) lock: Duration,
}

/// Without the options: they hold the password.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").finish_non_exhaustive()
    }
}

impl Settings {
    /// From `postgres://…`.
    ///
    /// # Errors
    /// What is wrong, without values.
    pub(crate) fn parse(url: &str) -> Result<Self, String> {
        let malformed =
            || "`DATABASE_URL` must look like `postgres://user:password@host/database`".to_owned();
        let mut url = reqwest::Url::parse(url).map_err(|_| malformed())?;
        let mut limits = [
            ("connections", 16, 5, 1000),
            ("connect_timeout", 3, 1, 60),
            ("statement_timeout", 8_000, 1_000, 60_000),
            ("lock_timeout", 4_000, 100, 60_000),
        ];
        let mut theirs = Vec::new();
        for (name, value) in url.query_pairs() {
            if let Some((_, limit, least, most)) = limits.iter_mut().find(|own| own.0 == name) {
                match value.parse() {
                    Ok(number) if (*least..=*most).contains(&number) => *limit = number,
                    _ => {
                        return Err(format!(
                            "`{name}` in `DATABASE_URL` must be a number from {least} to {most}"
                        ));
                    }
                }
            } else if KNOWN.contains(&&*name) || name.starts_with("options[") {
                theirs.push((name.into_owned(), value.into_owned()));
            } else {
                let own: Vec<&str> = limits.iter().map(|own| own.0).collect();
                let known = KNOWN.iter().chain(&own);
                let near = known
                    .map(|known| (strsim::damerau_levenshtein(known, &name), known))
                    .min()
                    .filter(|(distance, _)| *distance <= 2);
                // Its name may be the rest of a password in which a `?` stands: only one that is nearly known is repeated.
                return Err(match near {
                    Some((_, near)) => format!(
                        "`DATABASE_URL` has an unknown parameter `{name}`; did you mean `{near}`?"
                    ),
                    None => "`DATABASE_URL` has an unknown parameter; a `?` of a password is written `%3F`".to_owned(),
                });
            }
        }
        let named = theirs.iter().any(|(name, _)| name == "application_name");
        url.set_query(None);
        if !theirs.is_empty() {
            url.query_pairs_mut().extend_pairs(&theirs);
        }
        let mut options = PgConnectOptions::from_str(url.as_str()).map_err(|_| malformed())?;
        if !named {
            options = options.application_name("botfactory");
        }
        let [connections, connect, statement, lock] = limits.map(|own| own.1);
        Ok(Self {
            options: options
                .statement_cache_capacity(STATEMENTS)
                .disable_statement_logging(),
            connections: usize::try_from(connections).unwrap_or(usize::MAX),
            connect: Duration::from_secs(connect),
            statement: Duration::from_millis(statement),
            lock: Duration::from_millis(lock),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_ours_and_the_rest_is_of_libpq() {
        let settings = Settings::parse(
            "postgres://u:p%40@h:5433/d?connections=20&sslmode=require&statement_timeout=5000&application_name=x",
        )
        .unwrap();
        assert_eq!(settings.connections, 20);
        assert!(!format!("{settings:?}").contains("p@"));
        assert_eq!(settings.statement, Duration::from_secs(5));
        assert_eq!(settings.connect, Duration::from_secs(3));
        assert_eq!(settings.options.get_host(), "h");
        assert_eq!(settings.options.get_port(), 5433);
        assert_eq!(settings.options.get_application_name(), Some("x"));
        assert!(matches!(
            settings.options.get_ssl_mode(),
            sqlx::postgres::PgSslMode::Require
        ));
        let plain = Settings::parse("postgres://u@%2Ftmp%2Fpg/d").unwrap();
        assert_eq!(plain.connections, 16);
        assert_eq!(plain.options.get_application_name(), Some("botfactory"));
        assert!(plain.options.get_socket().is_some());
    }

    #[test]
    fn mistakes_are_told_without_values() {
        let told = |url| Settings::parse(url).unwrap_err();
        assert!(told("postgres://h/d?connections=2").contains("from 5 to 1000"));
        assert!(told("postgres://h/d?connections=many").contains("`connections`"));
        let unknown = told("postgres://h/d?pasword=hunter2");
        assert!(unknown.contains("did you mean `password`?"), "{unknown}");
        assert!(!unknown.contains("hunter2"));
        assert!(told("postgres://h/d?sslmode=maybe").contains("must look like"));
        assert!(told("postgres://h:port/d").contains("must look like"));
    }
}
