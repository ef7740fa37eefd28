//! `botgen new`.

use std::path::Path;

/// Writes a small complete bot.
pub fn run(_dir: &Path) -> u8 {
    super::WRONG_USE
}
