//! Locale tags and how a person's language finds one of the bot's.

/// Index of a locale in the bot's list `locales`.
pub type LocaleIndex = usize;

/// Which of `locales` (BCP 47 tags, as the bot declares them) serves a person whose Telegram
/// client says `language_code`: exact tag first, then the language alone (`en-GB` → `en`,
/// `pt` → `pt-BR`). `None`: nothing fits, use the default.
///
/// Case and `_` for `-` do not matter. Subtags are dropped from the end one by one
/// (`zh-Hant-TW` → `zh-Hant` → `zh`) before any locale of the same language is taken, the first declared one.
pub fn negotiate(language_code: &str, locales: &[&str]) -> Option<LocaleIndex> {
    let mut wanted = language_code.trim();
    if wanted.is_empty() {
        return None;
    }
    loop {
        if let Some(index) = locales.iter().position(|tag| same(tag, wanted)) {
            return Some(index);
        }
        match wanted.rfind(['-', '_']) {
            Some(at) => wanted = &wanted[..at],
            None => break,
        }
    }
    locales.iter().position(|tag| same(language(tag), wanted))
}

/// The language subtag.
fn language(tag: &str) -> &str {
    tag.split(['-', '_']).next().unwrap_or(tag)
}

fn same(a: &str, b: &str) -> bool {
    a.len() == b.len()
        && a.bytes().zip(b.bytes()).all(|(x, y)| {
            x.eq_ignore_ascii_case(&y) || matches!((x, y), (b'-', b'_') | (b'_', b'-'))
        })
}

#[cfg(test)]
mod tests {
    use super::negotiate;

    #[test]
    fn exact_then_language_then_relative() {
        assert_eq!(negotiate("en", &["ru", "en"]), Some(1));
        assert_eq!(negotiate("EN_gb", &["en", "en-GB"]), Some(1));
        assert_eq!(negotiate("en-US", &["ru", "en"]), Some(1));
        assert_eq!(negotiate("pt", &["ru", "pt-BR"]), Some(1));
        assert_eq!(negotiate("pt-PT", &["pt-BR", "ru"]), Some(0));
        assert_eq!(negotiate("zh-Hant-TW", &["zh-Hans", "zh-Hant"]), Some(1));
    }

    #[test]
    fn nothing_fits() {
        assert_eq!(negotiate("de", &["ru", "en"]), None);
        assert_eq!(negotiate("", &["ru"]), None);
        assert_eq!(negotiate("-", &["ru"]), None);
        assert_eq!(negotiate("e", &["en"]), None);
        assert_eq!(negotiate("enx", &["en"]), None);
        assert_eq!(negotiate("ru", &[]), None);
    }
}
