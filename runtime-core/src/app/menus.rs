//! The bots' command menus in every locale.

use std::sync::Arc;

use botfactory_lang::length::cut;
use botfactory_lang::limits;

use crate::clock::Clock;
use crate::engine::Engine;
use crate::handler::printer::Words;
use crate::i18n::Texts;
use crate::ingress::Person;
use crate::registration::{Menu, Menus};

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
        let texts = self.engine.texts(bot);
        texts.map_or_else(Vec::new, |(_, now)| of(&now, &self.clock))
    }

    fn named(&self, bot: usize, username: &str) {
        self.engine.set_username(bot, username);
    }
}

/// The lists of commands of a bot: for everybody, and per language.
pub(crate) fn of(texts: &Arc<Texts>, clock: &Clock) -> Vec<Menu> {
    let spec = texts.spec;
    let nobody = Arc::new(Person {
        id: 0,
        first_name: String::new(),
        last_name: None,
        username: None,
        language_code: None,
    });
    let menu = |locale: usize, language: Option<String>| {
        let words = Words {
            texts: texts.clone(),
            locale,
            person: nobody.clone(),
            chat_id: 0,
            now: clock.now(),
            args: "".into(),
        };
        let commands = spec
            .commands
            .iter()
            .filter_map(|command| {
                let text = command.description?(&words);
                let description = cut(text.as_str(), limits::COMMAND_DESCRIPTION).into_owned();
                Some((command.name.to_owned(), description))
            })
            .take(limits::COMMANDS)
            .collect();
        Menu { language, commands }
    };
    let mut menus = vec![menu(spec.default_locale, None)];
    for (index, locale) in spec.locales.iter().enumerate() {
        // Telegram knows two-letter languages only; the first locale of a language wins.
        let language = locale.tag.split('-').next().unwrap_or(locale.tag);
        let known = menus
            .iter()
            .any(|m| m.language.as_deref() == Some(language));
        if language.len() == 2 && !known {
            menus.push(menu(index, Some(language.to_owned())));
        }
    }
    menus
}
