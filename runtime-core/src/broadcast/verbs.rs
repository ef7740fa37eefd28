//! Broadcasts, segments and subscriptions as a handler has them: within its update's transaction.

use super::letter::{Letter, Letters};
use super::{NewBroadcast, pace, progress};
use crate::handler::Cx;
use crate::handler::db::Db;
use crate::handler::error::HandlerError;
use crate::store::broadcasts::audience::Audience;
use crate::store::broadcasts::{Filter, Making, Telling};
#[cfg(feature = "postgres")]
use crate::store::postgres as pg;
use crate::store::seen::Sight;
#[cfg(feature = "sqlite")]
use crate::store::sqlite as lite;

/// The same call on the connection's engine: `lite` and `pg` have the same functions.
macro_rules! on {
    ($db:expr, $module:ident :: $name:ident ( $($argument:expr),* )) => {
        match $db {
            #[cfg(feature = "sqlite")]
            Db::Sqlite(connection) => lite::$module::$name(connection, $($argument),*).await,
            #[cfg(feature = "postgres")]
            Db::Postgres(connection) => pg::$module::$name(connection, $($argument),*).await,
        }
    };
}

impl Cx {
    fn numeric(&self) -> Result<i64, HandlerError> {
        match self.bot {
            0 => Err(HandlerError::Bug("a handler that runs ahead writes")),
            bot => Ok(bot),
        }
    }

    /// Makes a broadcast, with everything else that this update does; its id. Afterwards it needs neither this process nor
    /// this build. Class `write`, several statements.
    ///
    /// # Errors
    /// The database fails, or what the compiler promised of its messages does not hold.
    pub async fn broadcast(&mut self, new: NewBroadcast) -> Result<i64, HandlerError> {
        let bot = self.numeric()?;
        let words = self.words.clone();
        let tags = words.texts.tags();
        let letters = tags
            .iter()
            .zip(&new.messages)
            .map(|(tag, bulletin)| Ok(((*tag).to_owned(), Letter::new(bulletin)?)))
            .collect::<Result<Vec<_>, HandlerError>>()?;
        if letters.len() != tags.len() {
            return Err(HandlerError::Bug("a broadcast without a locale's message"));
        }
        let default = words.texts.languages.default;
        let letters = Letters::new(letters, tags.get(default).copied().unwrap_or_default());
        let now = words.now().unix().saturating_mul(1_000_000);
        let making = Making {
            bot,
            bot_id: words.bot_in_views(),
            name: new.name,
            request: None,
            messages: serde_json::to_string(&letters)
                .map_err(|_| HandlerError::Bug("a broadcast that cannot be written down"))?,
            per_second: new.per_second,
            on_ambiguous: new.on_ambiguous,
            now,
            starts: new
                .starts
                .map_or(now, |at| at.unix().saturating_mul(1_000_000)),
            // A preview reaches nobody, and only answers.
            told: new
                .progress
                .filter(|_| bot > 0)
                .map(|chat| (chat, words.locale())),
            audience: new.audience,
        };
        let id = on!(self.db_write().await?, broadcasts::insert(&making))?;
        if bot < 0 {
            on!(self.db_write().await?, broadcasts::close(id))?;
        }
        if let Some((chat, _)) = making.told {
            let state = making.state();
            let text = progress::text(&words, progress::Told::first(id, state, making.starts));
            let telling = Telling::first(bot, id, chat, &text, now);
            on!(self.db_write().await?, broadcasts::tell(&telling))?;
        }
        Ok(id)
    }

    /// How many people a broadcast to this audience would have now.
    ///
    /// # Errors
    /// The database fails.
    pub async fn audience(&mut self, audience: &Audience) -> Result<i64, HandlerError> {
        let bot = self.numeric()?;
        let now = self.now().unix().saturating_mul(1_000_000);
        let filter = Filter::new(audience, now);
        Ok(on!(self.db().await?, broadcasts::count(bot, &filter))?)
    }

    /// Messages a second that are really sent of so many wanted: what the deployment allows is the ceiling.
    pub fn pace(&self, per_second: i64) -> i64 {
        pace(per_second, self.words.bulk)
    }

    /// Puts the person into a segment.
    ///
    /// # Errors
    /// The database fails.
    pub async fn join_segment(&mut self, name: &str) -> Result<(), HandlerError> {
        self.change_segment(self.user_id(), name, true).await
    }
    /// Takes the person out of a segment.
    ///
    /// # Errors
    /// The database fails.
    pub async fn leave_segment(&mut self, name: &str) -> Result<(), HandlerError> {
        self.change_segment(self.user_id(), name, false).await
    }
    /// Puts another person into a segment, or takes them out.
    ///
    /// # Errors
    /// The database fails.
    pub async fn change_segment(
        &mut self,
        person: i64,
        name: &str,
        join: bool,
    ) -> Result<(), HandlerError> {
        let name_of_bot = self.words.bot_in_views();
        let bot = (self.numeric()?, &*name_of_bot);
        let now = self.now().unix().saturating_mul(1_000_000);
        let db = self.db_write().await?;
        on!(db, seen::segment(bot, name, &[person], join, now))?;
        Ok(())
    }
    /// Whether the person belongs to a segment.
    ///
    /// # Errors
    /// The database fails.
    pub async fn in_segment(&mut self, name: &str) -> Result<bool, HandlerError> {
        let (bot, person) = (self.numeric()?, self.user_id());
        Ok(on!(self.db().await?, seen::in_segment(bot, name, person))?)
    }
    /// Whether the person wants broadcasts from now on.
    ///
    /// # Errors
    /// The database fails.
    pub async fn subscribe(&mut self, wants: bool) -> Result<(), HandlerError> {
        let bot = self.numeric()?;
        let now = self.now().unix().saturating_mul(1_000_000);
        let person = self.words.person.clone();
        let sight = Sight::new(bot, self.bot_id(), &person, self.private, now);
        let db = self.db_write().await?;
        on!(db, seen::subscribe(&sight, wants))?;
        Ok(())
    }
    /// Whether the person wants broadcasts; who never said does.
    ///
    /// # Errors
    /// The database fails.
    pub async fn subscribed(&mut self) -> Result<bool, HandlerError> {
        let (bot, person) = (self.numeric()?, self.user_id());
        Ok(on!(self.db().await?, seen::subscribed(bot, person))?)
    }
}
