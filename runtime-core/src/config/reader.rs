//! Reads values of every kind, and collects what is wrong with them.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::{SocketAddr, ToSocketAddrs};
use std::str::FromStr;

use sha2::{Digest, Sha256};

use super::Key;

/// Shortest secret that an operator may choose.
pub(super) const SECRET_LEAST: usize = 16;

/// The variables, and the mistakes so far.
pub(super) struct Reader<'a> {
    pub(super) variables: &'a BTreeMap<String, String>,
    pub(super) errors: Vec<String>,
}

impl Reader<'_> {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
    }

    pub(super) fn error(&mut self, message: impl Into<String>) {
        self.errors.push(message.into());
    }

    pub(super) fn address(&mut self, name: &str) -> Option<SocketAddr> {
        let value = self.get(name)?;
        // `localhost:8000` is fine too: the first address wins.
        let found = value.to_socket_addrs().ok().and_then(|mut all| all.next());
        if found.is_none() {
            self.error(format!(
                "`{name}` is not an address: write it like `127.0.0.1:8000` or `0.0.0.0:8000`"
            ));
        }
        found
    }

    pub(super) fn secret(&mut self, name: &str) -> Option<String> {
        let value = self.get(name)?.to_owned();
        if value.len() < SECRET_LEAST {
            self.error(format!(
                "`{name}` is shorter than {SECRET_LEAST} characters: `openssl rand -hex 32` makes a good one"
            ));
        }
        Some(value)
    }

    pub(super) fn key(&mut self, name: &str) -> Option<Key> {
        let value = self.secret(name)?;
        Some(Key(Sha256::digest(value.as_bytes()).into()))
    }

    pub(super) fn switch(&mut self, name: &str) -> bool {
        match self.get(name) {
            None => true,
            Some(value) if ["1", "true", "on", "yes"].contains(&value) => true,
            Some(value) if ["0", "false", "off", "no"].contains(&value) => false,
            Some(_) => {
                self.error(format!("`{name}` must be `true` or `false`"));
                false
            }
        }
    }

    pub(super) fn number<T: FromStr + PartialOrd + Display + Copy>(
        &mut self,
        name: &str,
        usual: T,
        least: T,
        most: T,
    ) -> T {
        let Some(value) = self.get(name) else {
            return usual;
        };
        match value.parse() {
            Ok(number) if number >= least && number <= most => number,
            _ => {
                self.error(format!("`{name}` must be a number from {least} to {most}"));
                usual
            }
        }
    }
}

/// As much of an address as is needed to check one.
pub(super) struct Address {
    pub(super) tls: bool,
    pub(super) port: u16,
}

impl Address {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let url = reqwest::Url::parse(text).ok()?;
        let tls = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let plain = url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
            && url.has_host();
        plain.then_some(Self {
            tls,
            port: url.port_or_known_default()?,
        })
    }
}
