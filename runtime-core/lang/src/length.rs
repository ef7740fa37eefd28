//! Lengths as Telegram counts them: UTF-16 code units.

/// Length of `text` in UTF-16 code units.
pub fn utf16(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The longest prefix of `text` of at most `max` UTF-16 units that ends at a grapheme-safe
/// place (never inside a character), with `…` as its last character when something was cut.
pub fn cut(text: &str, max: usize) -> std::borrow::Cow<'_, str> {
    let _ = (text, max);
    todo!()
}
