//! What an author wrote stands in messages, and messages stand on terminals: what cannot be seen is shown as
//! `\u200b`, and of what nobody reads to its end the middle is left out.

use super::Diagnostic;

/// Most characters of a message, twice: at its beginning and at its end.
const HALF: usize = 300;

/// Makes every word of a finding visible.
pub(super) fn make(diagnostic: &mut Diagnostic) {
    one_line(&mut diagnostic.message);
    one_line(&mut diagnostic.label);
    for (_, words) in &mut diagnostic.notes {
        one_line(words);
    }
    if let Some(help) = &mut diagnostic.help {
        shorten(help);
        show(help, |c| c != '\n');
    }
}

fn one_line(words: &mut String) {
    shorten(words);
    show(words, |_| true);
}

/// Leaves out the middle: what is wrong stands at both ends of a message, the name in between.
fn shorten(words: &mut String) {
    if words.len() <= 2 * HALF {
        return;
    }
    let begin = words.char_indices().nth(HALF).map(|(at, _)| at);
    let end = words.char_indices().nth_back(HALF - 1).map(|(at, _)| at);
    if let (Some(begin), Some(end)) = (begin, end)
        && begin < end
    {
        words.replace_range(begin..end, "…");
    }
}

fn show(words: &mut String, wanted: impl Fn(char) -> bool) {
    let hidden = |before: Option<char>, c: char| wanted(c) && is_hidden(before, c);
    let mut before = None;
    let any = words.chars().any(|c| hidden(before.replace(c), c));
    if !any {
        return;
    }
    let mut out = String::with_capacity(words.len() + 16);
    let mut before = None;
    for c in words.chars() {
        match hidden(before.replace(c), c) {
            true if c == '\n' => out.push_str("\\n"),
            true => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => out.push(c),
        }
    }
    *words = out;
}

/// Controls, marks of direction, spaces without width. A joiner after a letter of its script, or in an emoji, is
/// part of what is seen.
fn is_hidden(before: Option<char>, c: char) -> bool {
    match c {
        '\u{200c}' | '\u{200d}' => before.is_none_or(|b| b.is_ascii()),
        _ => {
            c.is_control()
                || matches!(
                    c,
                    '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
                )
                || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_a_long_name_is_left_out() {
        let mut text = format!("`{}` is not here", "ж".repeat(10_000));
        one_line(&mut text);
        assert_eq!(text.chars().count(), 2 * HALF + 1);
        assert!(text.starts_with("`ж") && text.ends_with("ж` is not here"));
    }

    #[test]
    fn hidden_characters_are_shown() {
        let shown = |text: &str| {
            let mut text = text.to_owned();
            one_line(&mut text);
            text
        };
        assert_eq!(
            shown("unknown key `na\u{200b}me`"),
            "unknown key `na\\u200bme`"
        );
        assert_eq!(shown("a\u{1b}[31m\nb\u{202e}"), "a\\u001b[31m\\nb\\u202e");
        assert_eq!(shown("a\u{200d}b"), "a\\u200db");
        assert_eq!(
            shown("Привет 👨\u{200d}👩\u{200d}👧"),
            "Привет 👨\u{200d}👩\u{200d}👧"
        );
    }
}
