//! The reference page.

/// `docs/dsl.md`.
pub fn reference() -> String {
    String::new()
}
