//! A bot's files, and small changes to them.

use std::collections::BTreeMap;
use std::ops::Range;

/// A bot: its files by name, without `chats/` (a conversation test of a mutant would fail for its own reason).
#[derive(Debug, Clone)]
pub struct Base {
    pub name: String,
    pub files: BTreeMap<String, String>,
}

/// One change.
#[derive(Debug, Clone)]
pub struct Mutant {
    /// The kind of change.
    pub operator: &'static str,
    /// Where, in the author's terms: a key of the YAML, a statement's part, a message of Fluent.
    pub place: String,
    pub change: Change,
}

/// What is done.
#[derive(Debug, Clone)]
pub enum Change {
    /// Pieces of one file, replaced; in order, apart from each other.
    Edits(String, Vec<(Range<usize>, String)>),
    /// A file goes.
    Remove(String),
    /// Two files change places.
    Exchange(String, String),
    /// A file comes.
    Add(String, String),
}

impl Mutant {
    /// One piece of a file, replaced.
    pub fn edit(
        operator: &'static str,
        place: impl Into<String>,
        file: &str,
        range: Range<usize>,
        with: impl Into<String>,
    ) -> Self {
        Self {
            operator,
            place: place.into(),
            change: Change::Edits(file.to_owned(), vec![(range, with.into())]),
        }
    }

    /// The files with the change.
    pub fn apply(&self, base: &Base) -> BTreeMap<String, String> {
        let mut files = base.files.clone();
        match &self.change {
            Change::Edits(file, edits) => {
                let text = files.get_mut(file).expect("the file is there");
                for (range, with) in edits.iter().rev() {
                    text.replace_range(range.clone(), with);
                }
            }
            Change::Remove(file) => {
                files.remove(file);
            }
            Change::Exchange(a, b) => {
                let (was_a, was_b) = (files[a].clone(), files[b].clone());
                files.insert(a.clone(), was_b);
                files.insert(b.clone(), was_a);
            }
            Change::Add(file, text) => {
                files.insert(file.clone(), text.clone());
            }
        }
        files
    }

    /// Before and after, for people.
    pub fn shown(&self, base: &Base) -> String {
        match &self.change {
            Change::Edits(file, edits) => {
                let text = &base.files[file];
                let (range, with) = &edits[0];
                let line = text[..range.start].matches('\n').count() + 1;
                let before = &text[range.clone()];
                format!("{file}:{line} {} → {}", short(before), short(with))
            }
            Change::Remove(file) => format!("{file} removed"),
            Change::Exchange(a, b) => format!("{a} ↔ {b}"),
            Change::Add(file, text) => format!("{file} added: {}", short(text)),
        }
    }
}

fn short(text: &str) -> String {
    let mut short: String = text.chars().take(70).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("{short:?}")
}

/// Words of a text: letters, digits and `_`, not beginning with a digit; as ranges.
pub fn words(text: &str) -> Vec<Range<usize>> {
    runs(text, |c| c.is_alphanumeric() || c == '_')
        .into_iter()
        .filter(|range| !text[range.clone()].starts_with(|c: char| c.is_numeric()))
        .collect()
}

/// Numbers of a text, as ranges.
pub fn numbers(text: &str) -> Vec<Range<usize>> {
    runs(text, |c| c.is_alphanumeric() || c == '_')
        .into_iter()
        .filter(|range| text[range.clone()].bytes().all(|b| b.is_ascii_digit()))
        .collect()
}

fn runs(text: &str, part: impl Fn(char) -> bool) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices() {
        match (part(c), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                runs.push(from..at);
                start = None;
            }
            _ => {}
        }
    }
    runs.extend(start.map(|from| from..text.len()));
    runs
}

/// All places of `part` in `text`, without regard to case.
pub fn places(text: &str, part: &str) -> Vec<Range<usize>> {
    let (lower, part) = (text.to_ascii_lowercase(), part.to_ascii_lowercase());
    lower
        .match_indices(&part)
        .map(|(at, _)| at..at + part.len())
        .collect()
}

/// A word as a hand in a hurry types it.
pub fn misspelt(word: &str, which: usize) -> String {
    let mut chars: Vec<char> = word.chars().collect();
    let at = which / 4 % chars.len();
    match which % 4 {
        0 if chars.len() > 1 => {
            chars.remove(at);
        }
        1 if chars.len() > 1 => {
            let to = (at + 1) % chars.len();
            chars.swap(at, to);
        }
        2 => chars.insert(at, chars[at]),
        _ => chars[at] = if chars[at] == 'x' { 'y' } else { 'x' },
    }
    chars.into_iter().collect()
}
