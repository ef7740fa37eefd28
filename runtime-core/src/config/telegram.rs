//! Telegram: tokens and admins of the bots, the Bot API, the way in.

use secrecy::SecretString;

use super::DEFAULT_TELEGRAM;
use super::reader::{Address, Reader, SECRET_LEAST};
use super::variables::{admins_variable, token_variable};
use crate::telegram::flood::BULK_PER_SECOND;
use crate::telegram::token::Token;

/// Most messages a second: what Telegram takes of paid broadcasts.
const BULK_MOST: u32 = 1000;
/// Most admins of a bot: what goes to admins goes to each of them.
const ADMINS: usize = 50;
/// Ports that Telegram's webhooks reach (<https://core.telegram.org/bots/api#setwebhook>).
const WEBHOOK_PORTS: &[u16] = &[443, 80, 88, 8443];

impl Reader<'_> {
    pub(super) fn tokens(&mut self, bots: &[&str]) -> Vec<Option<Token>> {
        let mut tokens: Vec<Option<Token>> = Vec::with_capacity(bots.len());
        for bot in bots {
            let name = token_variable(bot);
            let token = match self.get(&name).map(Token::parse) {
                None => None,
                Some(Ok(token)) => Some(token),
                Some(Err(error)) => {
                    self.error(format!("`{name}`: {error}"));
                    None
                }
            };
            let twin = token.as_ref().and_then(|token| {
                bots.iter()
                    .zip(&tokens)
                    .find(|(_, other)| other.as_ref().is_some_and(|o| o.bot() == token.bot()))
            });
            if let Some((other, _)) = twin {
                let message = format!(
                    "`{name}` is the token of `{other}` too: one Telegram bot can be one bot only"
                );
                self.error(message);
            }
            tokens.push(token);
        }
        tokens
    }

    pub(super) fn admins(&mut self, bot: &str) -> Vec<i64> {
        let name = admins_variable(bot);
        let Some(value) = self.get(&name).map(str::to_owned) else {
            return Vec::new();
        };
        let mut admins = Vec::new();
        for id in value.split([',', ' ', ';']).filter(|id| !id.is_empty()) {
            match id.parse::<i64>() {
                Ok(id) if id > 0 && !admins.contains(&id) => admins.push(id),
                Ok(id) if id > 0 => {}
                _ => self.error(format!(
                    "`{name}` must hold Telegram's numeric ids of people, such as `123456789,987654321`"
                )),
            }
        }
        if admins.len() > ADMINS {
            self.error(format!("`{name}` names more than {ADMINS} people"));
        }
        admins
    }

    pub(super) fn telegram_api(&mut self) -> String {
        let value = self
            .get("BOTFACTORY_TELEGRAM_API")
            .unwrap_or(DEFAULT_TELEGRAM)
            .trim_end_matches('/')
            .to_owned();
        if Address::parse(&value).is_none() {
            self.error("`BOTFACTORY_TELEGRAM_API` must be an http or https address without a query, such as `https://api.telegram.org`");
        }
        value
    }

    pub(super) fn public_url(&mut self, own_server: bool) -> Option<String> {
        let value = self
            .get("BOTFACTORY_PUBLIC_URL")?
            .trim_end_matches('/')
            .to_owned();
        match Address::parse(&value) {
            None => self.error("`BOTFACTORY_PUBLIC_URL` must be an https address without a query, such as `https://bots.example.org`"),
            // A Bot API server of one's own takes any address; Telegram's does not.
            Some(_) if own_server => {}
            Some(address) if !address.tls => self.error("`BOTFACTORY_PUBLIC_URL` must begin with `https://`: Telegram calls nothing else"),
            Some(address) if !WEBHOOK_PORTS.contains(&address.port) => self.error("`BOTFACTORY_PUBLIC_URL` must use port 443, 80, 88 or 8443: Telegram calls no other"),
            Some(_) => {}
        }
        Some(value)
    }

    pub(super) fn webhook_secret(&mut self) -> Option<SecretString> {
        let value = self.get("BOTFACTORY_WEBHOOK_SECRET")?.to_owned();
        let fits = (SECRET_LEAST..=256).contains(&value.len())
            && value
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if !fits {
            self.error(format!("`BOTFACTORY_WEBHOOK_SECRET` must have {SECRET_LEAST} to 256 of A-Z a-z 0-9 _ - (Telegram takes no other)"));
        }
        Some(value.into())
    }

    /// Telegram takes about 30 a second of a bot; more is for paid broadcasts and servers of one's own.
    pub(super) fn bulk_per_second(&mut self) -> u32 {
        self.number("BOTFACTORY_BULK_PER_SECOND", BULK_PER_SECOND, 1, BULK_MOST)
    }
}
