//! Characters of the text that is written.

use super::Mode;
use crate::import::markup;
use crate::import::template::Piece;

/// A string literal of an expression.
pub(super) fn literal(text: &str) -> String {
    let text = text.replace(['\n', '\\'], " ");
    if text.contains('\'') {
        format!("\"{}\"", text.replace('"', "”"))
    } else {
        format!("'{text}'")
    }
}

/// The author's words: braces that would open or close a tag are written as literals. What stands between such
/// braces was no word for the markup's check, so it is escaped here.
pub(super) fn words(text: &str, tag_follows: bool, mode: Mode, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find("{{").into_iter().chain(rest.find("}}")).min() {
        let (before, braces) = (&rest[..at], &rest[at..at + 2]);
        out.push_str(before);
        out.push_str(&format!("{{{{\"{braces}\"}}}}"));
        rest = &rest[at + 2..];
        if braces == "{{"
            && let Some((inside, after)) = rest.split_once("}}")
        {
            out.push_str(&match mode {
                Mode::Html => inside.replace('&', "&amp;").replace('<', "&lt;"),
                Mode::MarkdownV2 => markup::escaped(inside),
                Mode::Plain => inside.to_owned(),
            });
            out.push_str("{{\"}}\"}}");
            rest = after;
        }
    }
    match rest.strip_suffix('{') {
        Some(rest) if tag_follows => {
            out.push_str(rest);
            out.push_str("{{\"{\"}}");
        }
        _ => out.push_str(rest),
    }
}

/// Whether the line that is being written has nothing on it. A line of nothing but block tags vanishes with
/// its line break, so such tags get a line of their own.
fn at_line_start(out: &str) -> bool {
    out.rsplit('\n').next().is_none_or(|l| l.trim().is_empty())
}

fn own_line(out: &mut String, tag: &str) {
    out.truncate(out.trim_end_matches(' ').len());
    out.push_str(tag);
    out.push('\n');
}

pub(super) fn open_tag(out: &mut String, tag: &str, body: &[Piece]) {
    let leads = match body.first() {
        Some(Piece::Words(text)) => text.starts_with('\n'),
        Some(Piece::Value(_)) | None => false,
        Some(_) => true,
    };
    let breaks = matches!(body.last(), Some(Piece::Words(text)) if text.ends_with('\n'));
    if at_line_start(out) && (leads || breaks) {
        own_line(out, tag);
    } else {
        out.push_str(tag);
    }
}

pub(super) fn close_tag(out: &mut String, tag: &str) {
    if at_line_start(out) {
        own_line(out, tag);
    } else {
        out.push_str(tag);
    }
}
