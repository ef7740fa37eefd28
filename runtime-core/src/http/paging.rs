//! Lists are bounded: a page, and where the next one begins.

use super::error::Problem;

/// Most entries of a page, and how many it has where nobody says.
pub const MOST: u32 = 1_000;
/// See [`MOST`].
pub const USUAL: u32 = 100;

/// How many entries somebody wants.
///
/// # Errors
/// None, or more than [`MOST`].
pub fn limit(given: Option<u32>, usual: u32) -> Result<usize, Problem> {
    match given.unwrap_or(usual) {
        limit @ 1..=MOST => Ok(limit as usize),
        _ => Err(Problem::bad_request(format!(
            "`limit` is a number from 1 to {MOST}"
        ))),
    }
}

/// The first `limit` entries, and whether there are more.
pub fn page<T>(entries: impl Iterator<Item = T>, limit: usize) -> (Vec<T>, bool) {
    let mut page: Vec<T> = entries.take(limit.saturating_add(1)).collect();
    let more = page.len() > limit;
    page.truncate(limit);
    (page, more)
}
