//! What others ask about the bots that are served, and tell them.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use botfactory_lang::locale::LocaleIndex;

use super::Engine;
use super::seat::Seat;
use crate::bot::BotSpec;
use crate::handler::printer::Words;
use crate::i18n::Texts;
use crate::incoming::Person;

impl Engine {
    /// Tells the bot's own `@username`, once Telegram has said it; commands to other bots are ignored from then on.
    pub fn set_username(&self, bot: usize, username: &str) {
        if let Some(seat) = self.seats.get(bot) {
            seat.set_username(username);
        }
    }

    /// The numeric id of a bot: Telegram's, or for [`crate::incoming::Channel::Preview`] (and a bot without a token) a negative
    /// one made from its name. 0: no such bot.
    pub fn bot_id(&self, bot: usize, preview: bool) -> i64 {
        self.seats.get(bot).map_or(0, |seat| seat.id(preview))
    }

    /// Telegram's ids of a bot's admins.
    pub(crate) fn admins(&self, bot: usize) -> Arc<[i64]> {
        self.seats
            .get(bot)
            .map_or_else(|| [].into(), |seat| seat.admins())
    }

    /// Who may use what only admins may (`BOTFACTORY_ADMINS_<BOT>`), from the next update on.
    pub fn set_admins(&self, bot: usize, admins: &[i64]) {
        if let Some(seat) = self.seats.get(bot) {
            seat.set_admins(admins);
        }
    }

    /// What a bot's texts can see where nobody acts: for descriptions and the like. `None`: no such bot or locale.
    pub fn words(&self, bot: usize, locale: LocaleIndex) -> Option<Words> {
        let seat = self.seats.get(bot)?;
        (locale < seat.spec.locales.len()).then(|| Words {
            texts: seat.texts_now(),
            locale,
            person: Arc::new(Person {
                id: 0,
                first_name: String::new(),
                last_name: None,
                username: None,
                language_code: None,
            }),
            chat_id: 0,
            now: self.shared.store.clock().now(),
            args: "".into(),
            bot: seat.id(false),
            bulk: self.shared.bulk.load(Ordering::Relaxed),
            admin: false,
            reader_admin: None,
            admins: seat.admins(),
        })
    }

    /// What a bot is.
    pub(crate) fn spec(&self, bot: usize) -> Option<&'static BotSpec> {
        self.seats.get(bot).map(|seat| seat.spec)
    }

    /// A bot's texts as they were compiled, and as they are now.
    pub(crate) fn texts(&self, bot: usize) -> Option<(Arc<Texts>, Arc<Texts>)> {
        let seat = self.seats.get(bot)?;
        Some((seat.texts.clone(), seat.texts_now()))
    }

    /// From the next update on these are a bot's texts.
    pub(crate) fn speak(&self, bot: usize, texts: Arc<Texts>) {
        if let Some(seat) = self.seats.get(bot) {
            seat.speak(texts);
        }
    }

    /// The ids of the bots that send here.
    pub(crate) fn senders(&self) -> Vec<i64> {
        let mut ids = self.bot_ids();
        ids.retain(|id| *id > 0); // a preview's is negative
        ids
    }

    fn seat_of(&self, bot: i64) -> Option<&Arc<Seat>> {
        self.seats
            .iter()
            .find(|seat| seat.id(false) == bot || seat.id(true) == bot)
    }

    /// The folder of a bot, by its numeric id.
    pub(crate) fn name_of(&self, bot: i64) -> Option<&'static str> {
        self.seat_of(bot).map(|seat| seat.spec.id)
    }

    /// A bot's texts as they are now, by its numeric id.
    pub(crate) fn texts_of(&self, bot: i64) -> Option<Arc<Texts>> {
        self.seat_of(bot).map(|seat| seat.texts_now())
    }

    /// What a bot's texts can see where nobody acts, by its numeric id and the locale's tag (else the bot's default).
    pub(crate) fn words_in(&self, bot: i64, tag: &str) -> Option<Words> {
        let at = self
            .seats
            .iter()
            .position(|seat| seat.id(false) == bot || seat.id(true) == bot)?;
        let seat = self.seats.get(at)?;
        let locale = seat.texts.index(tag).unwrap_or(seat.spec.default_locale);
        self.words(at, locale)
    }

    /// How many bots it serves.
    pub(crate) fn bots(&self) -> usize {
        self.seats.len()
    }
}
