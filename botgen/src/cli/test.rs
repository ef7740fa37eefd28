//! `botgen test`.

use std::path::PathBuf;

/// Runs the conversation tests through cargo.
pub fn run(_dirs: &[PathBuf]) -> u8 {
    super::WRONG_USE
}
