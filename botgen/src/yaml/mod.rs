//! A spanned node tree over the events of granit-parser.

/// The scalar under a key of the root mapping, without any report.
pub fn root_scalar(_text: &str, _key: &str) -> Option<String> {
    None
}
