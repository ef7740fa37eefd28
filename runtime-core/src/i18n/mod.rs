//! A bot's texts, ready to print: one catalogue and one set of formats per locale, built at start, and again where texts
//! are overridden ([`crate::texts`]). An update keeps those that it began with.

use std::sync::Arc;

use botfactory_lang::format::Formats;
use botfactory_lang::locale::{LocaleIndex, negotiate};
use botfactory_lang::words::{Catalogue, own};
use jiff::tz::TimeZone;

use crate::incoming::{Person, Place};

/// A locale's texts.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct LocaleSpec {
    pub tag: &'static str,
    pub ftl: &'static str,
}

/// Whose stored locale counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Strategy {
    User,
    Chat,
    Fixed,
}

/// In which languages a bot speaks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Languages {
    /// The bot's folder.
    pub(crate) bot: &'static str,
    /// IANA zone.
    pub(crate) tz: &'static str,
    pub(crate) strategy: Strategy,
    pub(crate) locales: &'static [LocaleSpec],
    pub(crate) default: LocaleIndex,
}

/// One locale of a bot.
pub(crate) struct Locale {
    pub(crate) tag: &'static str,
    pub(crate) catalogue: Catalogue,
    pub(crate) formats: Formats,
}

/// A bot's texts in all its locales.
pub(crate) struct Texts {
    pub(crate) languages: Languages,
    first: Arc<Locale>,
    rest: Vec<Arc<Locale>>,
    tags: Vec<&'static str>,
    tz: TimeZone,
}

impl std::fmt::Debug for Texts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Texts")
            .field("bot", &self.languages.bot)
            .field("locales", &self.tags)
            .finish_non_exhaustive()
    }
}

/// Why a bot's texts cannot be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextsError {
    Zone,
    Locale(&'static str),
}

impl Locale {
    /// The runtime's own words (English where there are none), the bot's over them.
    fn new(tag: &'static str, ftl: &str, tz: &TimeZone) -> Result<Self, TextsError> {
        let catalogue = Catalogue::new(tag, tz.clone(), &[own_source(tag), ftl]);
        Ok(Self {
            tag,
            catalogue: catalogue.map_err(|_| TextsError::Locale(tag))?,
            formats: Formats::new(tag, tz.clone()),
        })
    }
}

/// The source of the runtime's own words in a locale: its language's, else English.
pub(crate) fn own_source(tag: &str) -> &'static str {
    let language = tag.split('-').next().unwrap_or(tag);
    own(tag)
        .or_else(|| own(language))
        .or_else(|| own("en"))
        .unwrap_or_default()
}

impl Texts {
    /// Builds them: the runtime's own words in each language (English where there are none), the bot's over them.
    pub(crate) fn new(languages: Languages) -> Result<Self, TextsError> {
        let tz = TimeZone::get(languages.tz).map_err(|_| TextsError::Zone)?;
        let mut locales = Vec::with_capacity(languages.locales.len());
        for locale in languages.locales {
            locales.push(Arc::new(Locale::new(locale.tag, locale.ftl, &tz)?));
        }
        let tags: Vec<_> = locales.iter().map(|locale| locale.tag).collect();
        if languages.default >= tags.len() {
            return Err(TextsError::Locale("default"));
        }
        let mut locales = locales.into_iter();
        let first = locales.next().ok_or(TextsError::Locale("default"))?;
        Ok(Self {
            languages,
            first,
            rest: locales.collect(),
            tags,
            tz,
        })
    }

    /// The same with other `.ftl` sources in some locales.
    pub(crate) fn with(&self, changed: &[(LocaleIndex, String)]) -> Result<Self, TextsError> {
        let mut texts = Self {
            languages: self.languages,
            first: self.first.clone(),
            rest: self.rest.clone(),
            tags: self.tags.clone(),
            tz: self.tz.clone(),
        };
        for (index, ftl) in changed {
            let Some(tag) = self.tags.get(*index) else {
                continue;
            };
            let locale = Arc::new(Locale::new(tag, ftl, &self.tz)?);
            match index.checked_sub(1) {
                None => texts.first = locale,
                Some(later) => {
                    if let Some(place) = texts.rest.get_mut(later) {
                        *place = locale;
                    }
                }
            }
        }
        Ok(texts)
    }

    /// A locale; an index out of range (none is made) is the first.
    pub(crate) fn locale(&self, index: LocaleIndex) -> &Locale {
        let later = index.checked_sub(1).and_then(|index| self.rest.get(index));
        later.unwrap_or(&self.first)
    }

    /// The locales' tags, in the bot's order.
    pub(crate) fn tags(&self) -> &[&'static str] {
        &self.tags
    }

    /// The locale with this tag.
    pub(crate) fn index(&self, tag: &str) -> Option<LocaleIndex> {
        self.tags.iter().position(|known| *known == tag)
    }

    /// Whose stored choice counts here: the person's id, the chat's, or nobody's.
    pub(crate) fn subject(&self, person: &Person, place: Place) -> Option<i64> {
        match self.languages.strategy {
            _ if self.tags.len() < 2 => None,
            Strategy::User => Some(person.id),
            Strategy::Chat => Some(place.chat_id),
            Strategy::Fixed => None,
        }
    }

    /// The locale to speak: the stored choice, else the language of the person's client (a group has none of its own,
    /// where the choice is the chat's), else the default.
    pub(crate) fn choose(
        &self,
        stored: Option<&str>,
        person: &Person,
        place: Place,
    ) -> LocaleIndex {
        self.choose_for(stored, person.language_code.as_deref(), place)
    }

    /// The same of somebody of whom only the language is known.
    pub(crate) fn choose_for(
        &self,
        stored: Option<&str>,
        language: Option<&str>,
        place: Place,
    ) -> LocaleIndex {
        // Who may not choose has not.
        let stored = stored.filter(|_| self.languages.strategy != Strategy::Fixed);
        if let Some(index) = stored.and_then(|tag| self.index(tag)) {
            return index;
        }
        let asks_client = match self.languages.strategy {
            Strategy::User => true,
            Strategy::Chat => place.private,
            Strategy::Fixed => false,
        };
        language
            .filter(|_| asks_client)
            .and_then(|code| negotiate(code, &self.tags))
            .unwrap_or(self.languages.default)
    }
}
