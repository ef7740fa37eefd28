//! Cuts at rows, lines and words; every part is sound by itself.

use super::super::{check, plain_text, visible_length};
use super::*;

fn squeezed(text: &str) -> String {
    text.chars().filter(|char| !char.is_whitespace()).collect()
}

fn prove(mode: ParseMode, text: &str, breaks: &[usize], units: usize, bytes: usize) -> Vec<String> {
    assert_eq!(check(mode, text, &[]).0, vec![], "{text:?}");
    let parts = split_at_most(mode, text, breaks, units, bytes);
    let mut seen = String::new();
    for part in &parts {
        assert_eq!(check(mode, part, &[]).0, vec![], "{part:?} of {text:?}");
        assert!(visible_length(mode, part) <= units + 1, "{part:?}");
        assert!(part.len() <= bytes, "{} bytes: {part:?}", part.len());
        let plain = plain_text(mode, part);
        assert!(!plain.trim().is_empty());
        seen.push_str(&plain);
    }
    assert_eq!(
        squeezed(&seen),
        squeezed(&plain_text(mode, text)),
        "{text:?}"
    );
    parts
}

#[test]
fn short_texts_stay_whole() {
    assert_eq!(split(ParseMode::Html, "<b>a</b>", &[]), ["<b>a</b>"]);
    let long = "a".repeat(4096);
    assert_eq!(
        split(ParseMode::Html, &format!("<b>{long}</b>"), &[]).len(),
        1
    );
}

#[test]
fn rows_before_lines_before_words_before_anything() {
    let html = ParseMode::Html;
    let text = "aaa\nbbb\nccc\nddd";
    assert_eq!(
        prove(html, text, &[4], 10, 999),
        ["aaa\n", "bbb\nccc\n", "ddd"]
    );
    assert_eq!(prove(html, text, &[], 10, 999), ["aaa\nbbb\n", "ccc\nddd"]);
    assert_eq!(prove(html, "aaa bbb ccc", &[], 9, 999), ["aaa bbb ", "ccc"]);
    assert_eq!(prove(html, "aaabbbccc", &[], 4, 999), ["aaab", "bbcc", "c"]);
    assert_eq!(prove(html, "ab👨‍👩‍👧c", &[], 9, 999), ["ab", "👨‍👩‍👧c"]);
}

#[test]
fn tags_are_closed_and_opened_again() {
    let html = ParseMode::Html;
    assert_eq!(
        prove(
            html,
            "<b>aaa <a href=\"https://x\">bbb ccc</a></b> ddd",
            &[],
            8,
            999
        ),
        [
            "<b>aaa <a href=\"https://x\">bbb </a></b>",
            "<b><a href=\"https://x\">ccc</a></b> ddd"
        ]
    );
    assert_eq!(
        prove(html, "<b>aaaa</b><i>bbbb</i>", &[], 4, 999),
        ["<b>aaaa</b>", "<i>bbbb</i>"]
    );
    assert_eq!(
        prove(html, "&lt;&lt;&lt;", &[], 2, 999),
        ["&lt;&lt;", "&lt;"]
    );
    assert_eq!(
        prove(
            html,
            "<pre><code class=\"language-x\">aa\nbb</code></pre>",
            &[],
            3,
            999
        ),
        [
            "<pre><code class=\"language-x\">aa\n</code></pre>",
            "<pre><code class=\"language-x\">bb</code></pre>"
        ]
    );
}

#[test]
fn rows_inside_a_tag() {
    let text = "<b>aaa bbb\nccc\n</b>";
    let rows = [text.find("ccc").unwrap()];
    assert_eq!(
        prove(ParseMode::Html, text, &rows, 11, 999),
        ["<b>aaa bbb\n</b>", "<b>ccc\n</b>"]
    );
    // A row's end inside a tag is no place to cut.
    assert_eq!(
        prove(ParseMode::Html, "<b>aaaa</b><i>bbbb</i>", &[1, 9], 6, 999),
        ["<b>aaaa</b><i>bb</i>", "<i>bb</i>"]
    );
}

fn prove_truncated(mode: ParseMode, text: &str, breaks: &[usize], units: usize) -> String {
    let cut = truncate_to(mode, text, breaks, units, 2_000);
    assert_eq!(check(mode, &cut, &[]).0, vec![], "{cut:?} of {text:?}");
    assert!(visible_length(mode, &cut) <= units, "{cut:?} of {text:?}");
    assert!(cut.len() <= 2_000);
    let (plain, whole) = (plain_text(mode, &cut), plain_text(mode, text));
    if cut != text {
        let kept = plain.strip_suffix('…').expect("dots at the end");
        assert!(whole.starts_with(kept.trim_end()), "{cut:?} of {text:?}");
        assert!(
            utf16_of(kept) * 2 + 40 > units,
            "too much is given away: {cut:?} of {text:?}"
        );
    }
    cut
}

fn utf16_of(text: &str) -> usize {
    length::utf16(text)
}

#[test]
fn truncated_at_the_last_row_or_line() {
    let html = ParseMode::Html;
    let text = "aaa\nbbb\nccc\nddd";
    assert_eq!(prove_truncated(html, text, &[], 99), text);
    assert_eq!(prove_truncated(html, text, &[], 12), "aaa\nbbb\n…");
    assert_eq!(prove_truncated(html, text, &[8], 14), "aaa\nbbb\n…");
    assert_eq!(
        prove_truncated(html, "<b>aaa\nbbb\nccc</b>", &[], 10),
        "<b>aaa\nbbb\n</b>…"
    );
    assert_eq!(
        prove_truncated(html, "a\nbbbb cccc dddd", &[], 14),
        "a\nbbbb cccc…"
    );
    assert_eq!(
        prove_truncated(html, "&lt;&lt;&lt;&lt;&lt;", &[], 4),
        "&lt;&lt;…"
    );
    assert_eq!(
        prove_truncated(ParseMode::MarkdownV2, "_aaa bbb ccc_", &[], 9),
        "_aaa _…"
    );
}

#[test]
fn any_text_is_truncated_soundly() {
    for seed in 0..600 {
        let mut random = Random(seed);
        let mut text = String::new();
        let mode = if seed % 2 == 0 {
            random.html(3, &mut text);
            ParseMode::Html
        } else {
            random.markdown(3, &mut text, &mut Vec::new());
            ParseMode::MarkdownV2
        };
        let breaks: Vec<usize> = (0..text.len()).filter(|_| random.below(40) == 0).collect();
        let units = 30 + random.below(60);
        prove_truncated(mode, &text, &breaks, units);
    }
}

#[test]
fn custom_emoji_stay_whole() {
    let text = "aaa<tg-emoji emoji-id=\"5\">❤️‍🔥</tg-emoji>b";
    assert_eq!(
        prove(ParseMode::Html, text, &[], 6, 999),
        ["aaa", "<tg-emoji emoji-id=\"5\">❤️‍🔥</tg-emoji>b"].map(String::from)
    );
}

#[test]
fn white_space_makes_no_message() {
    let text = format!("aaa{}bbb", " ".repeat(30));
    assert_eq!(prove(ParseMode::Html, &text, &[], 10, 999).len(), 2);
}

#[test]
fn markdown_is_closed_and_opened_again() {
    let markdown = ParseMode::MarkdownV2;
    assert_eq!(
        prove(markdown, "*aaa [bbb ccc](https://x)*", &[], 8, 999),
        ["*aaa [bbb ](https://x)*", "*[ccc](https://x)*"]
    );
    assert_eq!(
        prove(markdown, ">aaa\n>bbb\n>ccc", &[], 8, 999),
        [">aaa\n>bbb", ">ccc"]
    );
    assert_eq!(
        prove(markdown, "```rust\naaa\nbbb```", &[], 4, 999),
        ["```rust\naaa\n```", "```rust\nbbb```"]
    );
    assert_eq!(
        prove(markdown, "___aaa bbb_**__", &[], 4, 999),
        ["___aaa _**__", "__**_bbb_**__"]
    );
    assert_eq!(prove(markdown, "\\.\\.\\.", &[], 2, 999), ["\\.\\.", "\\."]);
    assert_eq!(prove(markdown, "*>aaa bbb\nc*", &[], 4, 999).len(), 3);
}

#[test]
fn raw_bytes_are_bounded_too() {
    let row = "<a href=\"https://example.com/a/long/address\">x</a>\n";
    let text = row.repeat(2000);
    let parts = prove(ParseMode::Html, &text, &[], MESSAGE_TEXT, MESSAGE_RAW_BYTES);
    assert!(parts.len() >= text.len() / MESSAGE_RAW_BYTES);
    assert!(parts.iter().all(|part| part.ends_with("</a>\n")));
}

/// Random well-formed texts.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    fn words(&mut self, mode: ParseMode, out: &mut String) {
        const WORDS: [&str; 12] = [
            "a",
            "слово",
            "1.5",
            "\n",
            " ",
            "🙂",
            "<&>",
            "👨‍👩‍👧",
            "x_y",
            "e\u{301}",
            "verylongwordwithoutspaces",
            "\n\n  ",
        ];
        for _ in 0..1 + self.below(6) {
            super::super::escape_into(
                mode,
                super::super::Place::Text,
                WORDS[self.below(WORDS.len())],
                out,
            );
        }
    }

    fn html(&mut self, depth: usize, out: &mut String) {
        for _ in 0..1 + self.below(4) {
            self.words(ParseMode::Html, out);
            if depth > 0 {
                let (open, close) = [
                    ("<b>", "</b>"),
                    ("<i>", "</i>"),
                    ("<u>", "</u>"),
                    ("<tg-spoiler>", "</tg-spoiler>"),
                ][self.below(4)];
                out.push_str(open);
                self.html(depth - 1, out);
                out.push_str(close);
            }
        }
        if self.below(3) == 0 {
            out.push_str("<code>");
            self.words(ParseMode::Html, out);
            out.push_str("</code>");
        }
    }

    fn markdown(&mut self, depth: usize, out: &mut String, inside: &mut Vec<&'static str>) {
        for _ in 0..1 + self.below(4) {
            self.words(ParseMode::MarkdownV2, out);
            let mark = ["*", "~", "||", "_", "__", "`"][self.below(6)];
            if depth == 0
                || inside.contains(&mark)
                || (mark.starts_with('_') && inside.iter().any(|mark| mark.starts_with('_')))
            {
                continue;
            }
            out.push_str(mark);
            if mark == "`" {
                out.push_str("code \\` text");
            } else {
                inside.push(mark);
                self.markdown(depth - 1, out, inside);
                inside.pop();
            }
            out.push_str(mark);
            out.push(' ');
        }
    }
}

#[test]
fn any_text_is_split_into_sound_parts() {
    for seed in 0..300 {
        let mut random = Random(seed);
        let mut text = String::new();
        random.html(3, &mut text);
        let breaks: Vec<usize> = (0..text.len()).filter(|_| random.below(40) == 0).collect();
        let units = 12 + random.below(60);
        prove(ParseMode::Html, &text, &breaks, units, 100_000);
        prove(ParseMode::Html, &text, &[], 4096, 300);
    }
}

#[test]
fn any_markdown_is_split_into_sound_parts() {
    for seed in 0..300 {
        let mut random = Random(seed);
        let mut text = String::new();
        random.markdown(3, &mut text, &mut Vec::new());
        if random.below(3) == 0 {
            text.push_str("\n>quoted *text\n>more* text\n>and more text\nafter ");
            random.words(ParseMode::MarkdownV2, &mut text);
        }
        let breaks: Vec<usize> = (0..text.len()).filter(|_| random.below(40) == 0).collect();
        let units = 12 + random.below(60);
        prove(ParseMode::MarkdownV2, &text, &breaks, units, 100_000);
    }
}
