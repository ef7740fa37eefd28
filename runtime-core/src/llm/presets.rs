//! Rewriting replies: the styles that an author or an operator can choose.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ask::{Ask, Format, Keep, Task};
use crate::store::llm::LlmBot;

/// Shortest and longest reply that is rewritten, in characters.
const FITS: std::ops::RangeInclusive<usize> = 10..=500;
/// Longest rewritten reply, in characters.
const LONGEST: u32 = 1_500;

/// How a reply is rewritten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// In few words.
    Short,
    /// Friendlier.
    #[default]
    Neutral,
    /// With more detail.
    Detailed,
}

impl Preset {
    /// As it stands in bots, in the database and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Short => "short",
            Self::Neutral => "neutral",
            Self::Detailed => "detailed",
        }
    }

    /// By its name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Short, Self::Neutral, Self::Detailed]
            .into_iter()
            .find(|preset| preset.name() == name)
    }

    /// What is set for a bot.
    pub(super) fn of(set: &LlmBot) -> Self {
        let named = set.preset.as_deref().and_then(Self::named);
        named.unwrap_or_default()
    }

    /// Most tokens of the answer.
    pub fn tokens(self) -> u32 {
        match self {
            Self::Short => 100,
            Self::Neutral => 200,
            Self::Detailed => 300,
        }
    }

    fn words(self, russian: bool) -> &'static str {
        match (self, russian) {
            (Self::Short, false) => "Say it as briefly as possible.",
            (Self::Short, true) => "Скажи как можно короче.",
            (Self::Neutral, false) => "Make it friendlier and clearer.",
            (Self::Neutral, true) => "Скажи дружелюбнее и понятнее.",
            (Self::Detailed, false) => "Say it in more detail, still without adding facts.",
            (Self::Detailed, true) => "Скажи подробнее, но не добавляя фактов.",
        }
    }

    /// The question that rewrites `reply`, a plain text; `None`: it is too short or too long for that, and stays as it is.
    /// `most`: the author's own bound of tokens. A neutral style says nothing yet: the bot's preset replaces it when the
    /// question is asked.
    pub fn improve(
        self,
        place: Cow<'static, str>,
        locale: Cow<'static, str>,
        reply: &str,
        most: Option<u32>,
    ) -> Option<Ask> {
        let reply = reply.trim();
        if !FITS.contains(&reply.chars().count()) {
            return None;
        }
        let (system, cap) = match self {
            Self::Neutral => (String::new(), Self::Detailed.tokens()),
            Self::Short | Self::Detailed => {
                (self.words(russian(&locale)).to_owned(), self.tokens())
            }
        };
        Some(Ask {
            place,
            task: Task::Improve,
            locale,
            system,
            given: None,
            text: reply.to_owned(),
            keep: Keep::Start,
            format: Format::Text { max: LONGEST },
            max_tokens: most.map_or(cap, |most| most.min(cap)),
            temperature: 30,
        })
    }

    /// A question as this preset of the bot decides it, where its style is neutral.
    pub(super) fn decides(self, ask: &Ask) -> Cow<'_, Ask> {
        if ask.task != Task::Improve || !ask.system.is_empty() {
            return Cow::Borrowed(ask);
        }
        let mut ask = ask.clone();
        self.words(russian(&ask.locale)).clone_into(&mut ask.system);
        ask.max_tokens = ask.max_tokens.min(self.tokens());
        Cow::Owned(ask)
    }
}

fn russian(locale: &str) -> bool {
    locale == "ru" || locale.starts_with("ru-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_fits_is_rewritten() {
        let ask = |reply: &str| Preset::Neutral.improve("p".into(), "ru".into(), reply, Some(1000));
        assert!(ask("коротко").is_none());
        assert!(ask(&"я".repeat(501)).is_none());
        let ask = ask(&"я".repeat(500)).unwrap();
        let ask = Preset::Neutral.decides(&ask);
        assert_eq!(ask.max_tokens, 200);
        assert!(ask.system.contains("дружелюбнее"));
        let bounded = Preset::Detailed.improve("p".into(), "en".into(), "A long reply.", Some(50));
        assert_eq!(bounded.unwrap().max_tokens, 50);
    }

    #[test]
    fn presets_have_names() {
        for preset in [Preset::Short, Preset::Neutral, Preset::Detailed] {
            assert_eq!(Preset::named(preset.name()), Some(preset));
        }
        assert_eq!(Preset::named("loud"), None);
    }
}
