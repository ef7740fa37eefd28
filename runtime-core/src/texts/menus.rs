//! The bots' command menus in every locale.

use std::sync::Arc;

use botfactory_lang::length::cut;
use botfactory_lang::limits;

use crate::bot::BotSpec;
use crate::clock::Clock;
use crate::engine::Engine;
use crate::handler::printer::Words;
use crate::i18n::Texts;
use crate::incoming::Person;

/// A bot's menu in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Menu {
    /// Two letters; `None`: for everybody else.
    pub language: Option<String>,
    /// One chat's only: that of an admin, who sees commands that others do not.
    pub chat: Option<i64>,
    /// Name without `/`, and description.
    pub commands: Vec<(String, String)>,
}

/// Texts of the menus and what Telegram said about a bot go through here: the engine, in production.
pub trait Menus: Send + Sync + std::fmt::Debug + 'static {
    /// The menus of a bot, one per language, the default's (`language: None`) first.
    fn menus(&self, bot: usize) -> Vec<Menu>;
    /// Telegram has said the bot's `@username`.
    fn named(&self, bot: usize, username: &str);
}

/// Menus in the bots' texts as they are now, and the engine that learns the bots' names.
#[derive(Debug)]
pub struct BotMenus {
    engine: Arc<Engine>,
    clock: Clock,
}

impl BotMenus {
    /// Of the engine's bots.
    pub fn new(engine: Arc<Engine>, clock: &Clock) -> Self {
        Self {
            engine,
            clock: clock.clone(),
        }
    }
}

impl Menus for BotMenus {
    fn menus(&self, bot: usize) -> Vec<Menu> {
        let (Some(spec), Some((_, now))) = (self.engine.spec(bot), self.engine.texts(bot)) else {
            return Vec::new();
        };
        of(spec, &now, &self.clock, &self.engine.admins(bot))
    }

    fn named(&self, bot: usize, username: &str) {
        self.engine.set_username(bot, username);
    }
}

/// The lists of commands of a bot: for everybody, and per language; then those of its admins, who see more.
pub(crate) fn of(
    spec: &'static BotSpec,
    texts: &Arc<Texts>,
    clock: &Clock,
    admins: &[i64],
) -> Vec<Menu> {
    let nobody = Arc::new(Person {
        id: 0,
        first_name: String::new(),
        last_name: None,
        username: None,
        language_code: None,
    });
    let menu = |locale: usize, language: Option<String>, chat: Option<i64>| {
        let words = Words {
            texts: texts.clone(),
            locale,
            person: nobody.clone(),
            chat_id: 0,
            now: clock.now(),
            args: "".into(),
            bot: 0,
            bulk: 0,
            admin: false,
            reader_admin: None,
            admins: [].into(),
        };
        let commands = spec
            .commands
            .iter()
            .filter(|command| chat.is_some() || !command.admins)
            .filter_map(|command| {
                let text = command.description?(&words);
                let description = cut(text.as_str(), limits::COMMAND_DESCRIPTION).into_owned();
                Some((command.name.to_owned(), description))
            })
            .take(limits::COMMANDS)
            .collect();
        Menu {
            language,
            chat,
            commands,
        }
    };
    let mut languages = vec![(spec.default_locale, None)];
    for (index, locale) in spec.locales.iter().enumerate() {
        // Telegram knows two-letter languages only; the first locale of a language wins.
        let language = locale.tag.split('-').next().unwrap_or(locale.tag);
        let known = languages
            .iter()
            .any(|(_, known)| known.as_deref() == Some(language));
        if language.len() == 2 && !known {
            languages.push((index, Some(language.to_owned())));
        }
    }
    let more = spec
        .commands
        .iter()
        .any(|c| c.admins && c.description.is_some());
    let chats = admins.iter().filter(|_| more).map(|admin| Some(*admin));
    std::iter::once(None)
        .chain(chats)
        .flat_map(|chat| {
            languages
                .iter()
                .map(move |(locale, language)| (*locale, language.clone(), chat))
        })
        .map(|(locale, language, chat)| menu(locale, language, chat))
        .collect()
}
