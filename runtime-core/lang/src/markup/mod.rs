//! Parse modes: escaping, checking, visible length, splitting. Telegram's rules:
//! <https://core.telegram.org/bots/api#formatting-options>.

mod escape;
mod html;
mod html_tags;
mod markdown;
mod scan;
mod split;

pub use escape::{escape_into, escape_tail};
pub(crate) use html_tags::html_in;
pub use split::{split, truncate, truncate_to};

use crate::length::utf16;

/// How a text is marked up.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize,
)]
pub enum ParseMode {
    /// Telegram's HTML subset.
    #[default]
    Html,
    /// Telegram's MarkdownV2.
    MarkdownV2,
    /// No markup: buttons, toasts, descriptions, and `parse_mode: none`.
    Plain,
}

impl ParseMode {
    /// The value of Telegram's `parse_mode`, `None` for plain text.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Html => Some("HTML"),
            Self::MarkdownV2 => Some("MarkdownV2"),
            Self::Plain => None,
        }
    }
}

/// Where in the markup a value stands; decides how it is escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Place {
    /// Running text.
    #[default]
    Text,
    /// Inside `pre` or `code`.
    Code,
    /// Inside a quoted attribute value (HTML) or a link target (MarkdownV2).
    Attribute,
    /// In the address of a button, behind its host: percent-encoded.
    Address,
}

/// One fault in an author's markup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkupError {
    /// Byte range in the checked text.
    pub range: std::ops::Range<usize>,
    /// What is wrong, lower case, no full stop.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// A text's skeleton for checking: the author's words with each value replaced by a hole.
/// Holes are given as byte ranges of `text` (empty ranges allowed, in order, disjoint).
/// Returns every fault that Telegram would refuse (unknown tag, bad nesting, bad attribute,
/// unescaped `<` or `&`, unclosed tag) and, for each hole, its [`Place`].
///
/// Some faults that Telegram forgives silently are faults here, for what is seen is not what was meant:
/// unknown attributes and named entities, `&` by itself, tags inside `pre` and `code`, links in links.
pub fn check(
    mode: ParseMode,
    text: &str,
    holes: &[std::ops::Range<usize>],
) -> (Vec<MarkupError>, Vec<Place>) {
    match mode {
        ParseMode::Html => html::check(text, holes),
        ParseMode::MarkdownV2 => {
            let read = markdown::read(text, holes);
            (read.errors, read.places)
        }
        ParseMode::Plain => (Vec::new(), vec![Place::Text; holes.len()]),
    }
}

/// Length in UTF-16 units of what a person sees: markup removed, entities decoded.
pub fn visible_length(mode: ParseMode, text: &str) -> usize {
    let mut length = 0;
    each_visible(mode, text, |visible| {
        length += match visible {
            Visible::Text(text) => utf16(text),
            Visible::Char(char) => char.len_utf16(),
        };
    });
    length
}

/// Whether a person sees at most `max` UTF-16 units of `text`; cheap for texts far below.
pub fn fits(mode: ParseMode, text: &str, max: usize) -> bool {
    // Markup only takes bytes away, and a unit has at least one.
    text.len() <= max || visible_length(mode, text) <= max
}

/// Number of formatted stretches: what Telegram makes entities of.
pub fn entities(mode: ParseMode, text: &str) -> usize {
    match mode {
        ParseMode::Plain => 0,
        ParseMode::Html => {
            let mut before = None;
            html::pieces(text)
                .filter(|(_, piece)| {
                    // `<pre><code class="language-…">` is one.
                    let own = matches!(piece, html::Piece::Open(name)
                        if !(name.eq_ignore_ascii_case("code") && before == Some(html::Piece::Open("pre"))));
                    before = Some(*piece);
                    own
                })
                .count()
        }
        ParseMode::MarkdownV2 => markdown::read(text, &[]).markup.spans.len(),
    }
}

/// Whether nothing of `text` is seen: Telegram takes no message and no button without a visible character.
pub fn is_blank(mode: ParseMode, text: &str) -> bool {
    crate::length::is_blank(&plain_text(mode, text))
}

/// `text` with markup removed and entities decoded (for the preview, toasts, logs of tests).
pub fn plain_text(mode: ParseMode, text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    each_visible(mode, text, |visible| match visible {
        Visible::Text(text) => out.push_str(text),
        Visible::Char(char) => out.push(char),
    });
    out
}

/// Whether a text that passed [`check`] holds what its plain words cannot say: a link behind words, or words that are hidden
/// at first.
pub fn says_more(mode: ParseMode, text: &str) -> bool {
    let more = |tag: &Tag| matches!(tag.name.as_str(), "a" | "tg-spoiler");
    mode != ParseMode::Plain && tags(mode, text).iter().any(more)
}

/// A formatted stretch of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// What opens it.
    pub range: std::ops::Range<usize>,
    /// HTML's shortest name, whatever the mode: `b`, `i`, `a`, `tg-spoiler`.
    pub name: String,
    /// A link's address, an emoji's id; else empty.
    pub target: String,
}

/// The formatted stretches of a text that passed [`check`], in order.
pub fn tags(mode: ParseMode, text: &str) -> Vec<Tag> {
    let markup = take_apart(mode, text);
    let opened = markup
        .tokens
        .into_iter()
        .filter_map(|(range, token)| match token {
            Token::Open(span) => Some((range, span)),
            _ => None,
        });
    let tag = |(range, span): (std::ops::Range<usize>, usize)| {
        let span = markup.spans.get(span)?;
        let (name, target) = match mode {
            ParseMode::Html => html_tag(&span.open),
            _ => markdown_tag(span),
        };
        Some(Tag {
            range,
            name,
            target,
        })
    };
    opened.filter_map(tag).collect()
}

fn html_tag(open: &str) -> (String, String) {
    let inner = open.trim_start_matches('<').trim_end_matches('>').trim();
    let (name, rest) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
    let target = rest.split_once('=').map_or(rest, |(_, value)| value);
    let target = target.trim().trim_matches(['"', '\'']).to_owned();
    let name = match name.to_ascii_lowercase().as_str() {
        "strong" => "b",
        "em" => "i",
        "ins" => "u",
        "strike" | "del" => "s",
        "span" => return ("tg-spoiler".to_owned(), String::new()),
        other => return (other.to_owned(), target),
    };
    (name.to_owned(), target)
}

fn markdown_tag(span: &Span) -> (String, String) {
    let name = match span.open.as_str() {
        "*" => "b",
        "_" => "i",
        "__" => "u",
        "~" => "s",
        "||" => "tg-spoiler",
        "`" => "code",
        open if open.starts_with("```") => "pre",
        open if open.starts_with("![") => "tg-emoji",
        open if open.starts_with('[') => "a",
        _ => "blockquote",
    };
    let target = span
        .close
        .strip_prefix("](")
        .and_then(|c| c.strip_suffix(')'));
    (name.to_owned(), target.unwrap_or_default().to_owned())
}

/// A piece of what a person sees.
enum Visible<'a> {
    Text(&'a str),
    Char(char),
}

fn each_visible<'a>(mode: ParseMode, text: &'a str, mut see: impl FnMut(Visible<'a>)) {
    match mode {
        ParseMode::Plain => see(Visible::Text(text)),
        ParseMode::Html => {
            for (range, piece) in html::pieces(text) {
                match piece {
                    html::Piece::Text => see(Visible::Text(&text[range])),
                    html::Piece::Char(char) => see(Visible::Char(char)),
                    html::Piece::Open(_) | html::Piece::Close(_) => {}
                }
            }
        }
        ParseMode::MarkdownV2 => {
            for (range, token) in markdown::read(text, &[]).markup.tokens {
                match token {
                    Token::Text => see(Visible::Text(&text[range])),
                    Token::Char(char) => see(Visible::Char(char)),
                    Token::Open(_) | Token::Close(_) | Token::Hidden => {}
                }
            }
        }
    }
}

/// What a stretch of marked-up text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    /// Seen as it is.
    Text,
    /// Seen as one character; whole or not at all.
    Char(char),
    /// Opens the span of this index.
    Open(usize),
    /// Closes it.
    Close(usize),
    /// Seen not at all, and belongs to what follows (the `>` of a quotation's further lines).
    Hidden,
}

/// A formatted stretch: what to write to open and close it elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Span {
    open: String,
    close: String,
    /// A custom emoji or the like: never cut inside.
    whole: bool,
    /// A quotation of MarkdownV2: its mark is repeated at every line.
    quotation: bool,
}

/// A text taken apart, in order and without gaps.
#[derive(Debug, Default)]
struct Markup {
    tokens: Vec<(std::ops::Range<usize>, Token)>,
    spans: Vec<Span>,
}

/// Takes a text that passed [`check`] apart.
fn take_apart(mode: ParseMode, text: &str) -> Markup {
    match mode {
        ParseMode::Plain => Markup {
            tokens: vec![(0..text.len(), Token::Text)],
            spans: Vec::new(),
        },
        ParseMode::Html => html::take_apart(text),
        ParseMode::MarkdownV2 => markdown::read(text, &[]).markup,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_plain_texts() {
        let html = "<b>Привет</b>, &lt;мир&gt; &amp; <a href=\"https://x.y/?a=1&amp;b=2\">ссылка</a> &#128578;";
        assert_eq!(
            plain_text(ParseMode::Html, html),
            "Привет, <мир> & ссылка 🙂"
        );
        assert_eq!(
            visible_length(ParseMode::Html, html),
            utf16("Привет, <мир> & ссылка 🙂")
        );
        let markdown = "*Привет*, \\<мир\\> [ссылка](https://x.y/\\)) `a_b` ||тайна||\n>цитата\n>ещё\nконец\\.";
        assert_eq!(
            plain_text(ParseMode::MarkdownV2, markdown),
            "Привет, <мир> ссылка a_b тайна\nцитата\nещё\nконец."
        );
        assert_eq!(
            plain_text(ParseMode::Plain, "a <b> &amp; *"),
            "a <b> &amp; *"
        );
        assert_eq!(visible_length(ParseMode::Plain, "🙂a"), 3);
    }

    #[test]
    fn tags_have_one_name_in_both_modes() {
        let said = |mode, text| -> Vec<(String, String)> {
            let tags = tags(mode, text);
            tags.into_iter().map(|t| (t.name, t.target)).collect()
        };
        let html = "<strong>a</strong> <a href=\"https://x.y/z\">b</a> <span class=\"tg-spoiler\">c</span> <code>d</code>\n<blockquote>e</blockquote>";
        let markdown = "*a* [b](https://x.y/z) ||c|| `d`\n>e";
        assert_eq!(
            said(ParseMode::Html, html),
            said(ParseMode::MarkdownV2, markdown)
        );
        let link = &tags(ParseMode::Html, html)[1];
        assert_eq!(
            (link.name.as_str(), link.target.as_str()),
            ("a", "https://x.y/z")
        );
        assert_eq!(link.range, 19..43);
    }

    #[test]
    fn links_and_hidden_words_say_more_than_plain_ones() {
        for (mode, more, as_much) in [
            (
                ParseMode::Html,
                [
                    "a <a href=\"https://x.y\">b</a>",
                    "<tg-spoiler>c</tg-spoiler>",
                    "<span class=\"tg-spoiler\">c</span>",
                ],
                ["<b>a</b> <code>b</code>", "&lt;a href", "https://x.y"],
            ),
            (
                ParseMode::MarkdownV2,
                ["a [b](https://x.y)", "||c||", "[b](tg://user?id=7)"],
                ["*a* `b`", "\\|\\|c\\|\\|", "\\[b\\]\\(c\\)"],
            ),
        ] {
            for text in more {
                assert!(says_more(mode, text), "{text}");
                assert!(!says_more(ParseMode::Plain, text), "{text}");
            }
            for text in as_much {
                assert!(!says_more(mode, text), "{text}");
            }
        }
    }

    #[test]
    fn fits_counts_what_is_seen() {
        assert!(fits(ParseMode::Html, "<b>abc</b>", 3));
        assert!(!fits(ParseMode::Html, "<b>abc</b>", 2));
        assert!(fits(ParseMode::MarkdownV2, "\\.\\.", 2));
    }

    #[test]
    fn holes_in_plain_text_are_text() {
        assert_eq!(
            check(ParseMode::Plain, "a <b &", &[0..0, 2..2]),
            (vec![], vec![Place::Text; 2])
        );
    }
}
