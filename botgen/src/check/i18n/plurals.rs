//! Plural forms: which a language has, and whether a selection covers them.

use intl_pluralrules::{PluralCategory, PluralRuleType, PluralRules};
use unic_langid::LanguageIdentifier;

use super::Locale;
use super::tree::{Expr, Variant};
use crate::diagnostics::codes::texts as codes;
use crate::diagnostics::{Diagnostic, Sink};

/// CLDR's names.
pub const CATEGORIES: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

/// Whether a selection chooses by plural forms or numbers. `[other]` alone says nothing.
pub fn is_plural(variants: &[Variant]) -> bool {
    variants
        .iter()
        .all(|v| v.number || CATEGORIES.contains(&v.key.as_str()))
        && variants.iter().any(|v| v.number || v.key != "other")
}

/// The forms that whole numbers take in a language, and all forms; `None` for a language without rules.
fn forms(tag: &str, ordinal: bool) -> Option<(Vec<&'static str>, Vec<&'static str>)> {
    let tag: LanguageIdentifier = tag.parse().ok()?;
    // Rules are kept by language.
    let language = LanguageIdentifier::from_parts(tag.language, None, None, &[]);
    let kind = if ordinal {
        PluralRuleType::ORDINAL
    } else {
        PluralRuleType::CARDINAL
    };
    let rules = PluralRules::create(language, kind).ok()?;
    let name = |c: PluralCategory| match c {
        PluralCategory::ZERO => "zero",
        PluralCategory::ONE => "one",
        PluralCategory::TWO => "two",
        PluralCategory::FEW => "few",
        PluralCategory::MANY => "many",
        PluralCategory::OTHER => "other",
    };
    let mut whole: Vec<&str> = (0_u32..=200)
        .filter_map(|n| rules.select(n).ok())
        .map(name)
        .collect();
    // Romance languages have a form for exact millions, which nobody misses; Breton and others need thousands.
    let rare: Vec<&str> = [1_000_u32, 1_000_000, 3_000_000]
        .into_iter()
        .filter_map(|n| rules.select(n).ok())
        .map(name)
        .collect();
    let fractions: Vec<&str> = ["0.5", "1.5", "2.5", "10.0", "0.1"]
        .into_iter()
        .filter_map(|n| rules.select(n).ok())
        .map(name)
        .collect();
    whole.sort_unstable();
    whole.dedup();
    let mut all: Vec<&str> = whole.iter().copied().chain(rare).chain(fractions).collect();
    all.push("other");
    all.sort_unstable();
    all.dedup();
    Some((whole, all))
}

/// Warns about forms that the language does not have, and about whole numbers left to a form that is not theirs.
pub(super) fn check(locale: &Locale, selector: &Expr, variants: &[Variant], sink: &mut Sink) {
    let names = variants.iter().filter(|v| !v.number);
    if !is_plural(variants) || names.clone().all(|v| v.key == "other") {
        return;
    }
    let ordinal = matches!(selector, Expr::Call { args, .. } if args.named.iter().any(
        |(name, _, value)| name == "type" && matches!(value, Expr::Text { text, .. } if text == "ordinal")));
    let Some((whole, all)) = forms(&locale.tag, ordinal) else {
        return;
    };
    for variant in names.clone() {
        if !all.contains(&variant.key.as_str()) {
            sink.report(
                Diagnostic::new(
                    &codes::PLURAL_FORMS,
                    variant.span,
                    format!(
                        "`{}` has no plural form `{}`, so this is never chosen",
                        locale.tag, variant.key
                    ),
                )
                .help(format!("its forms are {}", quoted(&all))),
            );
        }
    }
    let missing: Vec<&str> = whole
        .iter()
        .copied()
        .filter(|form| !variants.iter().any(|v| v.key == *form))
        .collect();
    let Some(default) = variants.iter().find(|v| v.default) else {
        return;
    };
    // One form that is left to a default of no form of its own is covered by it.
    let covered = missing.len() == 1 && !whole.contains(&default.key.as_str());
    if missing.is_empty() || covered {
        return;
    }
    sink.report(
        Diagnostic::new(
            &codes::PLURAL_FORMS,
            selector.span(),
            format!(
                "`{}` also has {}, which here read like `{}`",
                locale.tag,
                quoted(&missing),
                default.key
            ),
        )
        .help(format!(
            "its forms for whole numbers are {}",
            quoted(&whole)
        )),
    );
}

fn quoted(forms: &[&str]) -> String {
    let list: Vec<String> = CATEGORIES
        .iter()
        .filter(|c| forms.contains(c))
        .map(|f| format!("`[{f}]`"))
        .collect();
    list.join(" ")
}
