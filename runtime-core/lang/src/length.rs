//! Lengths as Telegram counts them: UTF-16 code units.

use std::borrow::Cow;
use unicode_segmentation::UnicodeSegmentation;

/// Length of `text` in UTF-16 code units.
pub fn utf16(text: &str) -> usize {
    // Every character starts with one byte that is no continuation; those of four bytes are surrogate pairs.
    text.bytes()
        .map(|byte| usize::from(byte & 0xC0 != 0x80) + usize::from(byte >= 0xF0))
        .sum()
}

/// Whether Telegram sees nothing in it: it refuses a message or a button's text of spaces, control characters and marks
/// that print nothing alone (tdlib, `strip_empty_characters`).
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| {
        c.is_whitespace()
            || c.is_ascii_control()
            || matches!(
                c,
                '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2800}' | '\u{feff}' | '\u{fffc}'
            )
    })
}

/// The longest prefix of `text` of at most `max` UTF-16 units that ends at a grapheme-safe
/// place (never inside a character), with `…` as its last character when something was cut.
pub fn cut(text: &str, max: usize) -> Cow<'_, str> {
    // A text has at most as many units as bytes.
    if text.len() <= max || utf16(text) <= max {
        return Cow::Borrowed(text);
    }
    if max == 0 {
        return Cow::Borrowed("");
    }
    let kept = &text[..prefix(text, max - 1)];
    let mut out = String::with_capacity(kept.len() + '…'.len_utf8());
    out.push_str(kept.trim_end());
    out.push('…');
    Cow::Owned(out)
}

/// Byte length of the longest prefix of at most `max` UTF-16 units that ends between two graphemes; where the
/// very first grapheme is longer, between two characters.
pub(crate) fn prefix(text: &str, max: usize) -> usize {
    let (mut units, mut end) = (0, 0);
    for (at, grapheme) in text.grapheme_indices(true) {
        units += utf16(grapheme);
        if units > max {
            break;
        }
        end = at + grapheme.len();
    }
    if end > 0 {
        return end;
    }
    units = 0;
    for (at, char) in text.char_indices() {
        units += char.len_utf16();
        if units > max {
            break;
        }
        end = at + char.len_utf8();
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_utf16_units() {
        for text in ["", "abc", "привет", "ab😀", "e\u{301}", "👨‍👩‍👧", "漢字"]
        {
            assert_eq!(utf16(text), text.encode_utf16().count(), "{text}");
        }
    }

    #[test]
    fn marks_alone_are_nothing() {
        for text in [
            "",
            " \n",
            "\u{0}\u{7}",
            "\u{200b}\u{202e}",
            "\u{2800}",
            "\u{a0}\u{feff}",
        ] {
            assert!(is_blank(text), "{text:?}");
        }
        for text in ["a", "\u{202e}a", "\u{3164}", "👩\u{200d}👩", "\u{301}"] {
            assert!(!is_blank(text), "{text:?}");
        }
    }

    #[test]
    fn short_texts_are_borrowed() {
        assert!(matches!(cut("привет", 6), Cow::Borrowed("привет")));
        assert!(matches!(cut("", 0), Cow::Borrowed("")));
    }

    #[test]
    fn cuts_between_graphemes() {
        assert_eq!(cut("привет", 4), "при…");
        assert_eq!(cut("ab😀cd", 4), "ab…");
        assert_eq!(cut("a👨‍👩‍👧b", 5), "a…");
        assert_eq!(cut("ae\u{301}bc", 3), "a…");
        assert_eq!(cut("one two", 5), "one…", "no space before the dots");
        assert_eq!(cut("abc", 1), "…");
        assert_eq!(cut("abc", 0), "");
    }

    #[test]
    fn a_grapheme_longer_than_the_limit_is_cut_between_characters() {
        let pile = format!("a{}", "\u{301}".repeat(50));
        let short = cut(&pile, 10);
        assert_eq!(utf16(&short), 10);
        assert!(short.ends_with('…'));
    }

    #[test]
    fn never_longer_than_the_limit() {
        let text = "Привет, 👩🏽‍🚀 мир! 🇷🇺🇬🇧 e\u{301}x\r\nz".repeat(3);
        for max in 0..utf16(&text) + 2 {
            let short = cut(&text, max);
            assert!(utf16(&short) <= max, "{max}");
        }
    }
}
