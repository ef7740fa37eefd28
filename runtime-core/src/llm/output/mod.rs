//! What a model's words come to: of the form that was asked for, bounded, or nothing.

mod choice;
mod record;
mod schema;

#[cfg(test)]
mod samples;

use super::ask::{Format, Output};
use super::fences;

pub(super) use schema::response_format;

/// Reads the model's words; `None`: they do not have the form, or show one of the `marks` of the question's fences.
pub(super) fn read(format: &Format, content: &str, marks: &[String]) -> Option<Output> {
    let content = plain(content);
    let output = match format {
        Format::Text { max } => Output::Text(text(&content, usize::try_from(*max).ok()?)?),
        Format::Choice { options } => Output::Choice(choice::read(options, &content)?),
        Format::Record { fields } => Output::Record(record::read(fields, &content)?),
    };
    (!fences::shown(&output, marks)).then_some(output)
}

/// Without what a model thought aloud, without our fences and without control characters.
fn plain(content: &str) -> String {
    let spoken = match content.rsplit_once("</think>") {
        Some((_, spoken)) => spoken,
        None if content.trim_start().starts_with("<think>") => "",
        None => content,
    };
    // A byte order mark is no word either.
    let kept = spoken
        .chars()
        .filter(|c| (!c.is_control() && *c != '\u{feff}') || *c == '\n' || *c == '\t');
    fences::without(kept.collect::<String>().trim())
}

/// What stands between the first pair of ``` lines, or all of it.
fn unfenced(content: &str) -> &str {
    let Some((_, rest)) = content.split_once("```") else {
        return content;
    };
    let body = rest.split_once('\n').map_or(rest, |(_, body)| body);
    body.split_once("```").map_or(body, |(body, _)| body).trim()
}

fn text(content: &str, max: usize) -> Option<String> {
    if content.is_empty() || max == 0 {
        return None;
    }
    let Some((end, _)) = content.char_indices().nth(max) else {
        return Some(content.to_owned());
    };
    // One character for the dots.
    let head = content.get(..end)?;
    let head = head.char_indices().next_back().map(|(at, _)| at)?;
    Some(dotted(content.get(..head)?))
}

/// A text that goes on, cut at a word where one is near.
fn dotted(head: &str) -> String {
    let word = head.rfind(char::is_whitespace).unwrap_or(0);
    let head = match head.get(..word) {
        Some(words) if word * 5 > head.len() * 4 => words,
        _ => head,
    };
    format!("{}…", head.trim_end())
}

/// A text that ended because it had no more tokens: it does not look like a whole one. At most `max` characters.
pub(super) fn broken_off(text: String, max: u32) -> String {
    if text.ends_with(['.', '!', '?', '…', '。', '！', '？']) {
        return text; // as good as whole
    }
    let most = usize::try_from(max).unwrap_or(usize::MAX).saturating_sub(1);
    match text.char_indices().nth(most) {
        Some((end, _)) => dotted(text.get(..end).unwrap_or_default()),
        None => dotted(&text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_had_no_more_tokens_is_no_whole_text() {
        for (said, shown) in [
            (
                "We are open on workdays from ni",
                "We are open on workdays from…",
            ),
            ("We are open. Help is", "We are open. Help…"),
            ("We are open.", "We are open."),
            ("Supercalifragilistic", "Supercalifragilistic…"),
            (
                "exactly thirty characters here",
                "exactly thirty characters…",
            ),
        ] {
            let text = broken_off(said.to_owned(), 30);
            assert_eq!(text, shown, "{said}");
            assert!(text.chars().count() <= 30);
        }
    }

    #[test]
    fn texts_are_bounded() {
        let read = |content: &str| match read(&Format::Text { max: 20 }, content, &[]) {
            Some(Output::Text(text)) => Some(text),
            _ => None,
        };
        assert_eq!(read(" hello\u{0} "), Some("hello".to_owned()));
        assert_eq!(read(" \n "), None);
        let long = read("one two three four five six").unwrap();
        assert_eq!(long, "one two three four…");
        assert_eq!(read(&"я".repeat(100)).unwrap().chars().count(), 20);
        assert_eq!(
            read("exactly twenty chars").unwrap(),
            "exactly twenty chars"
        );
    }
}
