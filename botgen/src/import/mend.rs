//! What the compiler refuses of a translated bot is taken back, bit by bit, until it refuses nothing: a text's tags
//! become words, then the text is left out, then the action, the step, the flow. Each is a line of the report with
//! the compiler's own words.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::json;
use super::report::Notes;
use super::yaml::Origins;

/// An error of the compiler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Path in the bot's folder.
    pub file: String,
    /// Its first byte there.
    pub at: usize,
    /// `BF0521`.
    pub code: &'static str,
    /// Its words.
    pub message: String,
}

/// Files of a bot: path in its folder → content.
pub type Files = BTreeMap<String, String>;

/// Which bytes of a file were made of what.
pub(super) type Made = BTreeMap<String, Origins>;

/// What was taken back.
#[derive(Debug, Default)]
pub(super) struct Mends {
    /// Texts whose markup is words, and texts whose tags are words too.
    pub unmarked: BTreeSet<String>,
    pub plain: BTreeSet<String>,
    /// Values that are left out.
    pub left_out: BTreeSet<String>,
    /// No conversation test.
    pub silent: bool,
    /// What and why.
    why: Vec<(String, String, &'static str)>,
}

/// Most rounds; each takes something back, so that this bounds a spec full of mistakes.
pub(super) const ROUNDS: usize = 60;

/// Codes that are about markup.
const MARKUP: &[&str] = &["BF0430", "BF0431"];
/// Codes that words alone can have.
const LONG: &[&str] = &["BF0601", "BF0432"];

impl Mends {
    /// Takes back what the findings are about. `false`: nothing more can be.
    pub(super) fn learn(&mut self, made: &Made, findings: &[Finding]) -> bool {
        let mut done: BTreeSet<&str> = BTreeSet::new();
        let mut learnt = false;
        let first = findings.iter().map(rank).min();
        for finding in findings.iter().filter(|f| Some(rank(f)) == first) {
            if finding.file.starts_with("chats/") {
                learnt |= !std::mem::replace(&mut self.silent, true);
                continue;
            }
            let origins = made.get(&finding.file).map_or(&[][..], Vec::as_slice);
            let mut around: Vec<_> = origins
                .iter()
                .filter(|(range, _)| range.contains(&finding.at))
                .collect();
            around.sort_by_key(|(range, _)| range.len());
            let why = format!("{}: {}", finding.code, finding.message);
            for (_, path) in around {
                // What was taken back in this round may have been all of it.
                if done.contains(path.as_str()) {
                    break;
                }
                let text = is_text(path);
                let markup = MARKUP.contains(&finding.code);
                let how = if text && markup && self.unmarked.insert(path.clone()) {
                    "the signs of its markup are words now"
                } else if text && !LONG.contains(&finding.code) && self.plain.insert(path.clone()) {
                    "its tags and markup are words now"
                } else if self.left_out.insert(path.clone()) {
                    "left out"
                } else {
                    continue;
                };
                done.insert(path);
                self.why.push((path.clone(), why, how));
                learnt = true;
                break;
            }
        }
        learnt
    }

    /// The lines of the report.
    pub(super) fn tell(&self, spec: &Value, notes: &mut Notes) {
        for (path, why, how) in &self.why {
            let what = match json::at(spec, "", path) {
                Some(value) => format!(": {}", json::quote(value)),
                None => String::new(),
            };
            notes.person(path, format!("the check says {why}; {how}{what}"));
        }
    }
}

/// What is taken back first: an error of a block or a table makes others of what it would have defined.
fn rank(finding: &Finding) -> usize {
    let number: usize = finding
        .code
        .trim_start_matches("BF")
        .parse()
        .unwrap_or_default();
    match number {
        0..=199 | 501..=509 => 0,
        // What nothing provides may be what another finding is about.
        520..=521 | 530 => 2,
        _ => 1,
    }
}

/// Whether a value at this path is a text with tags, and not a query or a pattern.
fn is_text(path: &str) -> bool {
    let last = path.rsplit(['.', '#']).next().unwrap_or(path);
    path.contains(".ftl#")
        || matches!(
            last,
            "reply"
                | "text"
                | "empty_text"
                | "ask"
                | "msg"
                | "title"
                | "description"
                | "message"
                | "item_template"
        )
}
