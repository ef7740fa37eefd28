//! A bot's token.

use secrecy::{ExposeSecret, SecretString};

/// A bot's token in the form `<digits>:<secret>`. Never printed.
#[derive(Debug, Clone)]
pub struct Token {
    id: i64,
    secret: SecretString,
}

/// Why a text is no token; never carries the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a bot token: it looks like `123456789:AA…` (digits, a colon, at least 20 of A-Z a-z 0-9 _ -)"
)]
pub struct BadToken;

/// Fewest characters after the colon; Telegram's own tokens have 35.
const SECRET_LEAST: usize = 20;

impl Token {
    /// Checks the form.
    pub fn parse(text: &str) -> Result<Self, BadToken> {
        let (id, secret) = text.split_once(':').ok_or(BadToken)?;
        let digits = (1..=16).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit());
        let rest = (SECRET_LEAST..=128).contains(&secret.len())
            && secret
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if !digits || !rest {
            return Err(BadToken);
        }
        Ok(Self {
            id: id.parse().map_err(|_| BadToken)?,
            secret: text.to_owned().into(),
        })
    }

    /// Telegram's numeric id of the bot: the key of claims and sends.
    pub fn bot(&self) -> i64 {
        self.id
    }

    /// The whole token, for the address of a call and nothing else.
    pub(crate) fn expose(&self) -> &str {
        self.secret.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form() {
        let token = Token::parse("123456:AAaa_-BBbbCCccDDddEEee").unwrap();
        assert_eq!(token.bot(), 123_456);
        assert!(!format!("{token:?}").contains("AAaa"));
        for bad in [
            "",
            "123456",
            ":AAaa_-BBbbCCccDDddEEee",
            "12a:AAaa_-BBbbCCccDDddEEee",
            "1:short",
            "1:with space and more chars",
            "12345678901234567:AAaa_-BBbbCCccDDddEEee",
        ] {
            assert!(Token::parse(bad).is_err(), "{bad}");
        }
    }
}
