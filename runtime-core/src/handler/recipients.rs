//! To whom a message goes that is not for the chat it was caused in, and in which language.

use botfactory_lang::locale::LocaleIndex;

use super::Cx;
use super::db::Db;
use super::error::HandlerError;

/// Somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recipient {
    /// Telegram's id of the chat; of a private one it is the person's.
    pub chat: i64,
    locale: LocaleIndex,
}

impl Cx {
    /// The bot's admins, each with the language that they have chosen, else the bot's default.
    ///
    /// # Errors
    /// The database fails.
    pub async fn admins(&mut self) -> Result<Vec<Recipient>, HandlerError> {
        let admins = self.words.admins.clone();
        let mut list = Vec::with_capacity(admins.len());
        for chat in admins.iter() {
            list.push(self.recipient(*chat).await?);
        }
        Ok(list)
    }

    /// A chat with the language that was chosen there, else the bot's default.
    ///
    /// # Errors
    /// The database fails.
    pub async fn recipient(&mut self, chat: i64) -> Result<Recipient, HandlerError> {
        let own = self.words.chat_id == chat;
        let locale = match self.words.texts.tags().len() {
            _ if own => self.words.locale,
            1 => 0,
            _ => {
                let bot = self.words.bot;
                let tag = stored(self.db().await?, bot, chat).await?;
                let texts = &self.words.texts;
                tag.and_then(|tag| texts.index(&tag))
                    .unwrap_or(texts.spec.default_locale)
            }
        };
        Ok(Recipient { chat, locale })
    }

    /// Texts are in the recipient's language from here on; in which they were.
    pub fn speak_to(&mut self, to: Recipient) -> LocaleIndex {
        self.words.reader_admin = Some(self.words.admins.contains(&to.chat));
        std::mem::replace(&mut self.words.locale, to.locale)
    }

    /// Texts are for whoever acts again, in this language.
    pub fn speak(&mut self, locale: LocaleIndex) {
        self.words.reader_admin = None;
        self.words.locale = locale;
    }
}

async fn stored(db: Db<'_>, bot: i64, subject: i64) -> Result<Option<String>, HandlerError> {
    const SQL: &str = "SELECT tag FROM bf_locales WHERE bot = $1 AND subject = $2";
    Ok(match db {
        #[cfg(feature = "sqlite")]
        Db::Sqlite(connection) => {
            let tag = sqlx::query_scalar(SQL).bind(bot).bind(subject);
            tag.fetch_optional(connection).await?
        }
        #[cfg(feature = "postgres")]
        Db::Postgres(connection) => {
            let tag = sqlx::query_scalar(SQL).bind(bot).bind(subject);
            tag.fetch_optional(connection).await?
        }
    })
}
