//! Locale tags and how a person's language finds one of the bot's.

/// Index of a locale in the bot's list `locales`.
pub type LocaleIndex = usize;

/// Which of `locales` (BCP 47 tags, as the bot declares them) serves a person whose Telegram
/// client says `language_code`: exact tag first, then the language alone (`en-GB` → `en`,
/// `pt` → `pt-BR`). `None`: nothing fits, use the default.
pub fn negotiate(language_code: &str, locales: &[&str]) -> Option<LocaleIndex> {
    let _ = (language_code, locales);
    todo!()
}
