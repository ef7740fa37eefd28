//! `botgen fix`.

use std::path::PathBuf;

use similar::TextDiff;

use super::{ERRORS, GOOD, Input, WRONG_USE, complain, load_input, print, report};
use crate::{Options, fix};

/// Mends what has only one right answer, and reports the rest. `dry_run` only shows it.
pub fn run(dirs: &[PathBuf], dry_run: bool) -> u8 {
    let Some(before) = load_input(dirs) else {
        return WRONG_USE;
    };
    let bots = before.bots.len();
    let fixed = fix::fix(before.clone(), &Options::now());
    let changed = changed(&before, &fixed.input);
    if dry_run {
        let diffs = changed.iter().map(|(path, old, new)| diff(path, old, new));
        let written = print(&diffs.collect::<String>());
        return match (written, changed.is_empty()) {
            (GOOD, true) => GOOD,
            (GOOD, false) => ERRORS,
            (other, _) => other,
        };
    }
    for (path, _, new) in &changed {
        if let Err(error) = std::fs::write(path, new) {
            complain(&format!("cannot write `{path}`: {error}"));
            return ERRORS;
        }
    }
    let titles = fixed.applied.iter().map(|title| format!("{title}\n"));
    print(&titles.collect::<String>());
    report(&fixed.compiled, bots);
    match fixed.compiled.has_errors() {
        true => ERRORS,
        false => GOOD,
    }
}

/// Path, old and new bytes of what differs.
fn changed<'a>(before: &'a Input, after: &'a Input) -> Vec<(&'a str, &'a [u8], &'a [u8])> {
    let files = before.files.iter().filter_map(|(path, old)| {
        let new = after.files.get(path)?;
        (old != new).then_some((path.as_str(), old.as_slice(), new.as_slice()))
    });
    files.collect()
}

fn diff(path: &str, old: &[u8], new: &[u8]) -> String {
    let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(new));
    let (a, b) = (format!("a/{path}"), format!("b/{path}"));
    let diff = TextDiff::from_lines(&old, &new);
    diff.unified_diff().header(&a, &b).to_string()
}
