//! The runtime's own words.

/// The runtime's own words, by locale tag: shipped `.ftl` sources (`ru`, `en`), for any tag of these languages.
///
/// They are plain text without markup: print them with [`crate::markup::ParseMode::Plain`].
pub fn own(tag: &str) -> Option<&'static str> {
    match crate::locale::negotiate(tag, &["ru", "en"])? {
        0 => Some(include_str!("../../words/ru.ftl")),
        _ => Some(include_str!("../../words/en.ftl")),
    }
}

/// Every message id of the runtime's own words, sorted, and the variables each may use.
pub fn own_ids() -> &'static [(&'static str, &'static [&'static str])] {
    &[
        ("bf-already-answered", &[]),
        ("bf-back", &[]),
        ("bf-bad-argument", &["usage"]),
        ("bf-bad-bool", &[]),
        ("bf-bad-date", &[]),
        ("bf-bad-datetime", &[]),
        ("bf-bad-decimal", &[]),
        ("bf-bad-email", &[]),
        ("bf-bad-int", &[]),
        ("bf-bad-option", &[]),
        ("bf-bad-pattern", &[]),
        ("bf-bad-phone", &[]),
        ("bf-bad-time", &[]),
        ("bf-broadcast-begins", &["id"]),
        ("bf-broadcast-cancelled", &["id", "sent", "total"]),
        (
            "bf-broadcast-completed",
            &["id", "sent", "total", "blocked", "failed", "skipped"],
        ),
        ("bf-broadcast-paused", &["id", "done", "total"]),
        ("bf-broadcast-running", &["id", "done", "total", "left"]),
        ("bf-broadcast-scheduled", &["id", "at"]),
        ("bf-cancel", &[]),
        ("bf-cancelled", &[]),
        ("bf-choose-locale", &[]),
        ("bf-conflict", &[]),
        ("bf-done", &[]),
        ("bf-error", &[]),
        ("bf-expired", &[]),
        ("bf-list-empty", &[]),
        ("bf-list-found", &["words", "total"]),
        ("bf-list-not-found", &["words"]),
        ("bf-list-page", &["page", "pages", "total"]),
        ("bf-list-search", &[]),
        ("bf-locale-name", &[]),
        ("bf-locale-set", &[]),
        ("bf-no", &[]),
        ("bf-no-way-back", &[]),
        ("bf-not-allowed", &[]),
        ("bf-not-free", &[]),
        ("bf-not-yours", &[]),
        ("bf-nothing-free", &[]),
        ("bf-nothing-to-cancel", &[]),
        ("bf-nothing-to-skip", &[]),
        ("bf-outdated", &[]),
        ("bf-replaced", &[]),
        ("bf-share-contact", &[]),
        ("bf-share-location", &[]),
        ("bf-skip", &[]),
        ("bf-slow-down", &["wait"]),
        ("bf-take", &[]),
        ("bf-thinking", &[]),
        ("bf-too-few", &["min"]),
        ("bf-too-great", &["max"]),
        ("bf-too-long", &["max"]),
        ("bf-too-many", &["max"]),
        ("bf-too-short", &["min"]),
        ("bf-too-small", &["min"]),
        ("bf-unknown", &[]),
        ("bf-want-contact", &[]),
        ("bf-want-file", &[]),
        ("bf-want-location", &[]),
        ("bf-want-photo", &[]),
        ("bf-want-text", &[]),
        ("bf-yes", &[]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::length::utf16;
    use crate::limits::{BUTTON_TEXT, TOAST};
    use fluent_syntax::ast::{Entry, Expression, InlineExpression, PatternElement};
    use std::collections::BTreeSet;

    /// Ids with their variables, and the plain text of each.
    fn defined(tag: &str) -> Vec<(String, BTreeSet<String>, String)> {
        let resource = fluent_syntax::parser::parse(own(tag).unwrap()).unwrap();
        let mut found = Vec::new();
        for entry in &resource.body {
            let Entry::Message(message) = entry else {
                continue;
            };
            assert!(message.attributes.is_empty());
            let (mut variables, mut text) = (BTreeSet::new(), String::new());
            for element in &message.value.as_ref().unwrap().elements {
                match element {
                    PatternElement::TextElement { value } => text.push_str(value),
                    PatternElement::Placeable {
                        expression: Expression::Inline(InlineExpression::VariableReference { id }),
                    } => {
                        variables.insert(id.name.to_owned());
                    }
                    other => panic!(
                        "{}: {other:?} is not for the runtime's words",
                        message.id.name
                    ),
                }
            }
            found.push((message.id.name.to_owned(), variables, text));
        }
        found.sort();
        found
    }

    #[test]
    fn own_ids_are_what_both_files_define() {
        let listed: Vec<(String, BTreeSet<String>)> = own_ids()
            .iter()
            .map(|(id, variables)| {
                (
                    (*id).to_owned(),
                    variables.iter().map(|name| (*name).to_owned()).collect(),
                )
            })
            .collect();
        assert!(listed.is_sorted(), "sorted for binary search");
        for tag in ["ru", "en"] {
            let found: Vec<_> = defined(tag)
                .into_iter()
                .map(|(id, variables, _)| (id, variables))
                .collect();
            assert_eq!(found, listed, "{tag}");
        }
    }

    #[test]
    fn texts_suit_every_parse_mode_and_place() {
        for tag in ["ru", "en"] {
            for (id, _, text) in defined(tag) {
                assert!(!text.contains(['<', '>', '&', '\\', '\n']), "{tag} {id}");
                assert!(utf16(&text) <= TOAST, "{tag} {id} may be a toast");
                let button = matches!(
                    id.as_str(),
                    "bf-back"
                        | "bf-skip"
                        | "bf-cancel"
                        | "bf-yes"
                        | "bf-no"
                        | "bf-share-contact"
                        | "bf-share-location"
                        | "bf-locale-name"
                        | "bf-take"
                );
                assert!(!button || utf16(&text) <= BUTTON_TEXT, "{tag} {id}");
            }
        }
    }

    #[test]
    fn examples_can_be_typed() {
        use crate::answer::{self, Bounds};
        for tag in ["ru", "en"] {
            for (id, _, text) in defined(tag) {
                let example = |marker: &str| {
                    text.rsplit_once(marker)
                        .map(|(_, rest)| rest.trim_end_matches('.').to_owned())
                };
                let example = example("например, ").or_else(|| example("like this: "));
                let Some(example) = example else { continue };
                let fine = match id.as_str() {
                    "bf-bad-date" => answer::date(&example, Bounds::NONE).is_ok(),
                    "bf-bad-time" => answer::time(&example, Bounds::NONE).is_ok(),
                    "bf-bad-datetime" => {
                        answer::datetime(&example, &jiff::tz::TimeZone::UTC, Bounds::NONE).is_ok()
                    }
                    "bf-bad-phone" => answer::phone(&example).is_ok(),
                    "bf-bad-email" => answer::email(&example).is_ok(),
                    _ => continue,
                };
                assert!(fine, "{tag} {id}: {example}");
            }
        }
    }

    #[test]
    fn by_language() {
        assert_eq!(own("ru-RU"), own("ru"));
        assert_eq!(own("en-GB"), own("en"));
        assert_eq!(own("de"), None);
    }
}
