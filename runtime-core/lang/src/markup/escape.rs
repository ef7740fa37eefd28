//! Values made harmless for the place where they stand.

use super::{ParseMode, Place};

/// Appends `value` to `out`, escaped for `mode` at `place`.
pub fn escape_into(mode: ParseMode, place: Place, value: &str, out: &mut String) {
    if place == Place::Address {
        return percent_encode(value, out);
    }
    let special = special(mode, place);
    let bytes = value.as_bytes();
    let mut from = 0;
    // All special characters are ASCII, so every cut is between characters.
    for (at, byte) in bytes.iter().copied().enumerate() {
        if byte < 128 && special[usize::from(byte)] {
            out.push_str(&value[from..at]);
            push(mode, byte, out);
            from = at + 1;
        }
    }
    out.push_str(&value[from..]);
}

/// Escapes what `out` holds from byte `from` on: for values that were printed straight into a text.
pub fn escape_tail(mode: ParseMode, place: Place, out: &mut String, from: usize) {
    let special = special(mode, place);
    let Some(tail) = out.get(from..) else { return };
    let harmless = |byte: u8| byte >= 128 || !special[usize::from(byte)];
    if place != Place::Address && tail.bytes().all(harmless) {
        return;
    }
    let tail = out.split_off(from);
    escape_into(mode, place, &tail, out);
}

/// RFC 3986: everything but unreserved characters, and the `/` that values of several parts hold.
fn percent_encode(value: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
            out.push(char::from(byte));
        } else {
            let digit = |n: u8| char::from(HEX[usize::from(n & 15)]);
            out.extend(['%', digit(byte >> 4), digit(byte)]);
        }
    }
}

type Table = [bool; 128];

const fn table(characters: &[u8]) -> Table {
    let mut table = [false; 128];
    let mut at = 0;
    while at < characters.len() {
        table[characters[at] as usize] = true;
        at += 1;
    }
    table
}

static NOTHING: Table = table(b"");
static HTML: Table = table(b"<>&");
static HTML_ATTRIBUTE: Table = table(b"<>&\"'");
static MARKDOWN: Table = table(b"_*[]()~`>#+-=|{}.!\\");
static MARKDOWN_CODE: Table = table(b"`\\");
static MARKDOWN_TARGET: Table = table(b")\\");

fn special(mode: ParseMode, place: Place) -> &'static Table {
    match (mode, place) {
        (ParseMode::Plain, _) | (_, Place::Address) => &NOTHING,
        (ParseMode::Html, Place::Text | Place::Code) => &HTML,
        (ParseMode::Html, Place::Attribute) => &HTML_ATTRIBUTE,
        (ParseMode::MarkdownV2, Place::Text) => &MARKDOWN,
        (ParseMode::MarkdownV2, Place::Code) => &MARKDOWN_CODE,
        (ParseMode::MarkdownV2, Place::Attribute) => &MARKDOWN_TARGET,
    }
}

fn push(mode: ParseMode, byte: u8, out: &mut String) {
    match (mode, byte) {
        (ParseMode::Html, b'<') => out.push_str("&lt;"),
        (ParseMode::Html, b'>') => out.push_str("&gt;"),
        (ParseMode::Html, b'&') => out.push_str("&amp;"),
        (ParseMode::Html, b'"') => out.push_str("&quot;"),
        // `&apos;` is not among Telegram's named entities.
        (ParseMode::Html, b'\'') => out.push_str("&#39;"),
        (ParseMode::MarkdownV2, _) => {
            out.push('\\');
            out.push(char::from(byte));
        }
        _ => out.push(char::from(byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{check, plain_text};
    use super::*;

    fn escaped(mode: ParseMode, place: Place, value: &str) -> String {
        let mut out = String::new();
        escape_into(mode, place, value, &mut out);
        out
    }

    #[test]
    fn in_addresses() {
        let of = |value| escaped(ParseMode::Plain, Place::Address, value);
        assert_eq!(of("a b&c=d/ё?#"), "a%20b%26c%3Dd/%D1%91%3F%23");
        assert_eq!(of("A-z_0.9~"), "A-z_0.9~");
    }

    #[test]
    fn by_place() {
        use ParseMode::{Html, MarkdownV2, Plain};
        assert_eq!(
            escaped(Html, Place::Text, "<b> & \"x\" 'y'"),
            "&lt;b&gt; &amp; \"x\" 'y'"
        );
        assert_eq!(
            escaped(Html, Place::Attribute, "a\"b'&"),
            "a&quot;b&#39;&amp;"
        );
        assert_eq!(
            escaped(MarkdownV2, Place::Text, "1.5 (a_b) \\ привет!"),
            "1\\.5 \\(a\\_b\\) \\\\ привет\\!"
        );
        assert_eq!(escaped(MarkdownV2, Place::Code, "a.`b`\\"), "a.\\`b\\`\\\\");
        assert_eq!(
            escaped(MarkdownV2, Place::Attribute, "http://x/(a)\\"),
            "http://x/(a\\)\\\\"
        );
        assert_eq!(escaped(Plain, Place::Text, "<&*_"), "<&*_");
    }

    #[test]
    fn a_tail_is_escaped_in_place() {
        let mut out = "*a* ".to_owned();
        let from = out.len();
        out.push_str("05.03");
        escape_tail(ParseMode::MarkdownV2, Place::Text, &mut out, from);
        assert_eq!(out, "*a* 05\\.03");
        escape_tail(ParseMode::MarkdownV2, Place::Text, &mut out, 99);
        assert_eq!(out, "*a* 05\\.03");
    }

    #[test]
    fn any_value_is_harmless_and_reads_back() {
        const PIECES: [&str; 14] = [
            "<", ">", "&", "\"", "'", "*", "_", "`", "\\", "\n", "a", "ж", "🙂", "](",
        ];
        let mut seed: u64 = 5;
        for _ in 0..5_000 {
            let mut value = String::new();
            for _ in 0..12 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                value.push_str(PIECES[(seed >> 40) as usize % PIECES.len()]);
            }
            for (mode, before, after, place) in [
                (ParseMode::Html, "<b>", "</b>", Place::Text),
                (ParseMode::Html, "<code>", "</code>", Place::Code),
                (ParseMode::MarkdownV2, "*", "*", Place::Text),
                (ParseMode::MarkdownV2, "`", "`", Place::Code),
                (ParseMode::MarkdownV2, "```\n", "```", Place::Code),
            ] {
                let text = format!("{before}{}{after}", escaped(mode, place, &value));
                assert_eq!(check(mode, &text, &[]).0, vec![], "{text:?}");
                assert_eq!(plain_text(mode, &text), value, "{text:?}");
            }
            for (mode, before, after) in [
                (ParseMode::Html, "<a href=\"", "\">x</a>"),
                (ParseMode::Html, "<a href='", "'>x</a>"),
                (ParseMode::MarkdownV2, "[x](", ")"),
            ] {
                let text = format!("{before}{}{after}", escaped(mode, Place::Attribute, &value));
                assert_eq!(check(mode, &text, &[]).0, vec![], "{text:?}");
                assert_eq!(plain_text(mode, &text), "x", "{text:?}");
            }
        }
    }
}
