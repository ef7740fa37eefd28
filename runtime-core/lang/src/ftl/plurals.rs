//! The plural forms of a language, by CLDR.

use intl_pluralrules::{PluralCategory, PluralRuleType, PluralRules};
use unic_langid::LanguageIdentifier;

use super::tree::Variant;

/// CLDR's names.
pub const CATEGORIES: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

/// Whether a selection chooses by plural forms or numbers. `[other]` alone says nothing.
pub fn is_plural(variants: &[Variant]) -> bool {
    variants
        .iter()
        .all(|v| v.number || CATEGORIES.contains(&v.key.as_str()))
        && variants.iter().any(|v| v.number || v.key != "other")
}

/// The rules of a language.
pub(super) struct Rules(PluralRules);

impl Rules {
    /// `None` for a language without rules.
    pub fn of(tag: &str, ordinal: bool) -> Option<Self> {
        let tag: LanguageIdentifier = tag.parse().ok()?;
        // Rules are kept by language.
        let language = LanguageIdentifier::from_parts(tag.language, None, None, &[]);
        let kind = if ordinal {
            PluralRuleType::ORDINAL
        } else {
            PluralRuleType::CARDINAL
        };
        PluralRules::create(language, kind).ok().map(Self)
    }

    /// The form of a number as it is written.
    pub fn form(&self, number: &str) -> &'static str {
        match self.0.select(number).ok() {
            Some(PluralCategory::ZERO) => "zero",
            Some(PluralCategory::ONE) => "one",
            Some(PluralCategory::TWO) => "two",
            Some(PluralCategory::FEW) => "few",
            Some(PluralCategory::MANY) => "many",
            Some(PluralCategory::OTHER) | None => "other",
        }
    }
}

/// `[one]` `[few]`, in CLDR's order.
pub(super) fn quoted(forms: &[&str]) -> String {
    let list: Vec<String> = CATEGORIES
        .iter()
        .filter(|c| forms.contains(c))
        .map(|f| format!("`[{f}]`"))
        .collect();
    list.join(" ")
}
