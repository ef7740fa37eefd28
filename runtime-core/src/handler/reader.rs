//! To whom a message goes that is not for the chat it was caused in, and in which language.

use botfactory_lang::locale::LocaleIndex;

use super::Cx;
use super::db::Db;
use super::error::HandlerError;
use crate::incoming::Place;

/// Somebody else who will read a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reader {
    /// Telegram's id of the chat; of a private one it is the person's.
    pub chat: i64,
    locale: LocaleIndex,
}

impl Cx {
    /// The bot's admins, each with their language as [`Cx::recipient`] finds it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn admins(&mut self) -> Result<Vec<Reader>, HandlerError> {
        let admins = self.words.admins.clone();
        let mut list = Vec::with_capacity(admins.len());
        for chat in admins.iter() {
            list.push(self.recipient(*chat).await?);
        }
        Ok(list)
    }

    /// A chat with its language: what was chosen there, else that of the person's Telegram where the bot has met them, else
    /// the bot's default. As broadcasts speak.
    ///
    /// # Errors
    /// The database fails.
    pub async fn recipient(&mut self, chat: i64) -> Result<Reader, HandlerError> {
        let own = self.words.chat_id == chat;
        let locale = match self.words.texts.tags().len() {
            _ if own => self.words.locale,
            1 => 0,
            _ => {
                let bot = self.words.bot;
                let (chosen, language) = known(self.db().await?, bot, chat).await?;
                let place = Place {
                    chat_id: chat,
                    private: true, // only a person has a language of their own
                    thread_id: 0,
                };
                let texts = &self.words.texts;
                texts.choose_for(chosen.as_deref(), language.as_deref(), place)
            }
        };
        Ok(Reader { chat, locale })
    }

    /// Texts are in the recipient's language from here on; in which they were.
    pub fn speak_to(&mut self, to: Reader) -> LocaleIndex {
        self.words.reader_admin = Some(self.words.admins.contains(&to.chat));
        std::mem::replace(&mut self.words.locale, to.locale)
    }

    /// Texts are for whoever acts again, in this language.
    pub fn speak(&mut self, locale: LocaleIndex) {
        self.words.reader_admin = None;
        self.words.locale = locale;
    }
}

/// What was chosen in a chat, and the language of the person's Telegram.
type Known = (Option<String>, Option<String>);

async fn known(db: Db<'_>, bot: i64, chat: i64) -> Result<Known, HandlerError> {
    const SQL: &str = "SELECT (SELECT tag FROM bf_locales WHERE bot = $1 AND subject = $2), \
                       (SELECT language FROM bf_person WHERE bot = $1 AND person = $2)";
    Ok(match db {
        #[cfg(feature = "sqlite")]
        Db::Sqlite(connection) => {
            let known = sqlx::query_as(SQL).bind(bot).bind(chat);
            known.fetch_one(connection).await?
        }
        #[cfg(feature = "postgres")]
        Db::Postgres(connection) => {
            let known = sqlx::query_as(SQL).bind(bot).bind(chat);
            known.fetch_one(connection).await?
        }
    })
}
