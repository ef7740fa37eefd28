//! How many tokens a text has, without its model's tokenizer. Two answers: a likely one from above, and one that no text
//! exceeds.

/// Sixths of a token that a character takes in ordinary text: three ASCII characters make a token at most, elsewhere two
/// bytes do (a Cyrillic letter is one). Tokenizers of today do better in every language that people write.
fn sixths(c: char) -> usize {
    if c.is_ascii() { 2 } else { c.len_utf8() * 3 }
}

/// As many as an ordinary text has at most: for the author's words, and for what fits into a context.
pub(super) fn likely(text: &str) -> usize {
    text.chars().map(sixths).sum::<usize>().div_ceil(6)
}

/// As many as any text has at most, one that was made to have many too: a token is a byte at least.
pub(super) fn most(text: &str) -> usize {
    text.len()
}

/// The longest beginning of `text` with at most so many likely tokens.
pub(super) fn start(text: &str, tokens: usize) -> &str {
    let mut left = tokens.saturating_mul(6);
    let end = text.char_indices().find(|(_, c)| {
        let fits = sixths(*c) <= left;
        left = left.saturating_sub(sixths(*c));
        !fits
    });
    text.get(..end.map_or(text.len(), |(at, _)| at))
        .unwrap_or_default()
}

/// The longest end of `text` with at most so many likely tokens.
pub(super) fn end(text: &str, tokens: usize) -> &str {
    let mut left = tokens.saturating_mul(6);
    let begin = text.char_indices().rev().find(|(_, c)| {
        let fits = sixths(*c) <= left;
        left = left.saturating_sub(sixths(*c));
        !fits
    });
    let at = begin.map_or(0, |(at, c)| at + c.len_utf8());
    text.get(at..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_text_fits() {
        let text = "Привет, world! 👋 ".repeat(50);
        for tokens in [0, 1, 2, 7, 40, 10_000] {
            for part in [start(&text, tokens), end(&text, tokens)] {
                assert!(likely(part) <= tokens.min(likely(&text)), "{tokens}");
                assert!(most(part) >= likely(part));
            }
            assert!(text.starts_with(start(&text, tokens)));
            assert!(text.ends_with(end(&text, tokens)));
        }
        assert_eq!(start(&text, likely(&text)), text);
        assert_eq!(end(&text, likely(&text)), text);
    }
}
