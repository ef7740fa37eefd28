//! One of the author's options in what a model said.

use serde_json::Value;

use super::unfenced;
use crate::llm::ask::Choice;

/// Longest answer that is looked at for a choice, in characters.
const CHOICE_CHARS: usize = 400;
/// Words beside an option that say that it is not meant, in lower case.
const NEGATIONS: &[&str] = &[
    "not", "no", "never", "neither", "nor", "none", "cannot", "don't", "doesn't", "isn't", "не",
    "нет", "ни",
];

/// The option that an answer says.
pub(super) fn read(options: &[Choice], content: &str) -> Option<String> {
    if content.chars().nth(CHOICE_CHARS).is_some() {
        return None;
    }
    let content = unfenced(content);
    // `{"choice": "bug"}`, or just `"bug"`.
    let said = match serde_json::from_str::<Value>(content) {
        Ok(Value::String(said)) => said,
        Ok(Value::Object(map)) if map.len() == 1 => map.values().next()?.as_str()?.to_owned(),
        _ => content.to_owned(),
    };
    option(options, &said).or_else(|| named(options, &said))
}

/// The only option among the words; `a` is not named by `a-b` where both are options.
fn named(options: &[Choice], said: &str) -> Option<String> {
    let mut longest: Vec<&Choice> = options.iter().collect();
    longest.sort_by_key(|option| std::cmp::Reverse(option.value.len()));
    let mut rest = said.to_lowercase();
    let mut found: Option<&Choice> = None;
    for option in longest {
        let value = option.value.to_lowercase();
        if !has_word(&rest, &value) {
            continue;
        }
        if found.replace(option).is_some() {
            return None;
        }
        rest = without_word(&rest, &value);
    }
    // `not a bug`: whatever else it is.
    let rest = rest.replace('’', "'");
    let negated = NEGATIONS.iter().any(|word| has_word(&rest, word));
    found
        .filter(|_| !negated)
        .map(|option| option.value.clone().into_owned())
}

/// The option that all of the words are: as they stand, without marks around them, in other letters' case, with other gaps.
pub(super) fn option(options: &[Choice], said: &str) -> Option<String> {
    let said = said.trim();
    let bare = said.trim_matches(|c: char| !c.is_alphanumeric() && c != '_' && c != '-');
    let lower = |text: &str| text.to_lowercase();
    let joined = |text: &str| lower(text).replace([' ', '-'], "_");
    let exact = |text: &str| options.iter().find(|o| o.value == text);
    let only = |same: &dyn Fn(&str) -> String| {
        let wanted = same(bare);
        let mut alike = options.iter().filter(|o| same(&o.value) == wanted);
        let first = alike.next()?;
        alike.next().is_none().then_some(first)
    };
    let found = exact(said).or_else(|| exact(bare));
    let found = found.or_else(|| only(&lower)).or_else(|| only(&joined));
    found.map(|option| option.value.clone().into_owned())
}

/// Where `word` stands in `text`, and is not a part of another word.
fn places<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = usize> + 't {
    let of_word = |c: char| c.is_alphanumeric() || c == '_';
    let found = text.match_indices(word).filter(move |(at, found)| {
        let before = text.get(..*at).and_then(|t| t.chars().next_back());
        let after = text.get(at + found.len()..).and_then(|t| t.chars().next());
        !found.is_empty() && !before.is_some_and(of_word) && !after.is_some_and(of_word)
    });
    found.map(|(at, _)| at)
}

fn has_word(text: &str, word: &str) -> bool {
    places(text, word).next().is_some()
}

/// The text with a mark in each place of the word.
fn without_word(text: &str, word: &str) -> String {
    let (mut out, mut from) = (String::with_capacity(text.len()), 0);
    for at in places(text, word) {
        out.push_str(text.get(from..at).unwrap_or_default());
        out.push('_');
        from = at + word.len();
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use crate::llm::ask::{Format, Output};
    use crate::llm::output::read;
    use crate::llm::output::samples::options;

    #[test]
    fn choices() {
        let format = Format::Choice {
            options: options(&["bug", "billing", "other_thing"]),
        };
        let read = |content: &str| match read(&format, content, &[]) {
            Some(Output::Choice(value)) => Some(value),
            _ => None,
        };
        for said in [
            "bug",
            " Bug.\n",
            "\"bug\"",
            "**BUG**",
            "{\"choice\": \"bug\"}",
            "```\nbug\n```",
            "```json\n{\"answer\":\"bug\"}\n```",
            "The message is a bug report.",
            "<think>billing or bug?</think>\nbug",
            "\u{feff}bug",
            "«Bug»!",
            "Category: bug",
        ] {
            assert_eq!(read(said).as_deref(), Some("bug"), "{said}");
        }
        for said in [
            "other_thing",
            "Other thing",
            "other-thing.",
            "It is other_thing",
        ] {
            assert_eq!(read(said).as_deref(), Some("other_thing"), "{said}");
        }
        for said in [
            "",
            "bugs",
            "debug",
            "bug or billing",
            "neither",
            "<think>bug",
            "{\"a\":\"bug\",\"b\":\"billing\"}",
            "{\"choice\":[\"bug\"]}",
            "This is not a bug.",
            "It isn’t a bug",
            "Это не bug",
            &"bug ".repeat(200),
        ] {
            assert_eq!(read(said), None, "{said}");
        }
    }

    #[test]
    fn an_option_within_another_is_not_named() {
        let format = Format::Choice {
            options: options(&["bug", "bug-report", "no", "yes"]),
        };
        let read = |content: &str| match read(&format, content, &[]) {
            Some(Output::Choice(value)) => Some(value),
            _ => None,
        };
        for (said, meant) in [
            ("I would call it a bug-report.", Some("bug-report")),
            ("A bug, it seems.", Some("bug")),
            ("a bug-report about a bug", None),
            ("No, it is fine.", Some("no")),
            ("No, not really.", None),
            ("yes or no", None),
        ] {
            assert_eq!(read(said).as_deref(), meant, "{said}");
        }
    }
}
