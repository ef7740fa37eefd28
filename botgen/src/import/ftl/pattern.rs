//! An old text as a pattern of Fluent.

use std::collections::BTreeSet;

use crate::import::markup;
use crate::import::names;
use crate::import::text::Mode;

/// A pattern, and what became of the text.
pub(super) struct Pattern {
    pub text: String,
    /// Placeholders that nothing gives.
    pub words: Vec<String>,
    /// Whether markup became words.
    pub changed: bool,
}

/// A piece of an old text.
enum Piece<'a> {
    Words(&'a str),
    Placeholder(&'a str),
}

/// `{name}`, and `{{name}}` where people mixed the two up.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut from, mut at) = (Vec::new(), 0, 0);
    while let Some(open) = text[at..].find('{').map(|o| at + o) {
        let double = text[open..].starts_with("{{");
        let start = open + if double { 2 } else { 1 };
        let close = if double { "}}" } else { "}" };
        let Some(end) = text[start..].find('}').map(|e| start + e) else {
            break;
        };
        let name = text[start..end].trim();
        let fits = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_alphanumeric() || c == '_')
            && text[end..].starts_with(close);
        if fits {
            pieces.push(Piece::Words(&text[from..open]));
            pieces.push(Piece::Placeholder(name));
            from = end + close.len();
            at = from;
        } else {
            at = open + 1;
        }
    }
    pieces.push(Piece::Words(&text[from..]));
    pieces
}

/// The names that a text wants, as Fluent calls them.
pub(super) fn placeholders(text: &str) -> impl Iterator<Item = String> {
    pieces(text).into_iter().filter_map(|piece| match piece {
        Piece::Placeholder(name) => Some(names::fluent(name)),
        Piece::Words(_) => None,
    })
}

/// The text with markup that its place takes; placeholders are `{{name}}`.
pub(super) fn marked(text: &str, mode: Mode) -> String {
    let mut holes = String::with_capacity(text.len());
    for piece in pieces(text.trim()) {
        match piece {
            Piece::Words(words) => holes.push_str(words),
            Piece::Placeholder(name) => holes.push_str(&format!("{{{{{name}}}}}")),
        }
    }
    match mode {
        Mode::Html => markup::html(&holes),
        Mode::MarkdownV2 => markup::markdown(&holes),
        Mode::Plain => markup::plain(&holes),
    }
}

/// Whether nothing of a text is left in its place.
pub(super) fn is_blank(text: &str, mode: Mode) -> bool {
    marked(text, mode).trim().is_empty()
}

/// The pattern of a text to which `args` are given. `plain`: the compiler refused its markup and placeholders.
pub(super) fn of(text: &str, mode: Mode, args: &BTreeSet<String>, plain: bool) -> Pattern {
    let holes = match plain {
        true => markup::words(text.trim(), mode),
        false => marked(text, mode),
    };
    let before: String = pieces(text.trim())
        .into_iter()
        .map(|piece| match piece {
            Piece::Words(words) => words.to_owned(),
            Piece::Placeholder(name) => format!("{{{{{name}}}}}"),
        })
        .collect();
    let mut pattern = Pattern {
        text: String::new(),
        words: Vec::new(),
        changed: holes != before,
    };
    for piece in pieces(&holes) {
        match piece {
            Piece::Words(words) => push_words(words, &mut pattern.text),
            Piece::Placeholder(name) if !plain && args.contains(&names::fluent(name)) => {
                pattern
                    .text
                    .push_str(&format!("{{ ${} }}", names::fluent(name)));
            }
            Piece::Placeholder(name) => {
                let literal = match mode {
                    Mode::MarkdownV2 => markup::escaped(&format!("{{{name}}}")),
                    _ => format!("{{{name}}}"),
                };
                push_words(&literal, &mut pattern.text);
                pattern.words.push(name.to_owned());
            }
        }
    }
    pattern
}

fn push_words(words: &str, out: &mut String) {
    for c in words.chars() {
        match c {
            '{' => out.push_str("{\"{\"}"),
            '}' => out.push_str("{\"}\"}"),
            c if c.is_control() && c != '\n' => out.push(' '),
            c => out.push(c),
        }
    }
}

/// What stands where a text is missing.
pub(super) fn stub(old: &str, mode: Mode, args: &BTreeSet<String>) -> String {
    let name = match mode {
        Mode::MarkdownV2 => markup::escaped(&format!("[{old}]")),
        Mode::Html => format!("[{}]", old.replace('&', "&amp;").replace('<', "&lt;")),
        Mode::Plain => format!("[{old}]"),
    };
    let mut out = String::new();
    push_words(&name, &mut out);
    for arg in args {
        out.push_str(&format!(" {{ ${arg} }}"));
    }
    out
}

/// The pattern after its `=`: on its line, or on lines of its own.
pub(super) fn indented(pattern: &str, indent: &str) -> String {
    let pattern = pattern.trim();
    if !pattern.contains('\n') {
        return format!(" {}", first_sign(pattern, true));
    }
    let mut out = String::new();
    for line in pattern.lines() {
        out.push('\n');
        if line.trim().is_empty() {
            continue;
        }
        out.push_str(indent);
        // Fluent takes away what all lines are indented by, and reads some signs at the start of a line.
        if line.starts_with([' ', '\t']) {
            out.push_str("{\"\"}");
            out.push_str(line);
        } else {
            out.push_str(&first_sign(line, false));
        }
    }
    out
}

fn first_sign(line: &str, inline: bool) -> String {
    match line.chars().next() {
        Some(c @ ('[' | '*' | '.')) if !inline => format!("{{\"{c}\"}}{}", &line[1..]),
        _ => line.to_owned(),
    }
}
