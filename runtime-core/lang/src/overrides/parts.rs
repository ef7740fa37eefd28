//! Where the texts of an `.ftl` file stand, byte for byte, and how other words are put in their places: everything else
//! of the file (comments, order, spelling) stays as it is.

use std::collections::BTreeMap;
use std::ops::Range;

use fluent_syntax::ast::{Attribute, Comment, Entry};
use fluent_syntax::parser;

use super::Key;
use crate::ftl::too_deep;

/// How much deeper the lines of a text stand than its key.
const INDENT: usize = 4;

/// A text of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub key: Key,
    /// What stands after its `=`, without the blanks at the end.
    pub range: Range<usize>,
}

impl Part {
    fn indent(&self) -> usize {
        match self.key.attribute {
            Some(_) => 2 * INDENT,
            None => INDENT,
        }
    }
}

/// The texts of a file, in order; of two with one name the first. What is not Fluent is left out.
pub fn parts(source: &str) -> Vec<Part> {
    // The parser goes into braces by recursion.
    if too_deep(source).is_some() {
        return Vec::new();
    }
    let (Ok(resource) | Err((resource, _))) = parser::parse(source);
    let at = |slice: &str| {
        (slice.as_ptr() as usize)
            .saturating_sub(source.as_ptr() as usize)
            .min(source.len())
    };
    let line = |offset: usize| {
        source
            .get(..offset)
            .and_then(|s| s.rfind('\n'))
            .map_or(0, |n| n + 1)
    };
    let comment = |c: &Comment<&str>| c.content.first().map(|first| line(at(first)));
    // Where each entry begins: its comment, or its name.
    let begins = |entry: &Entry<&str>| match entry {
        Entry::Message(m) => m
            .comment
            .as_ref()
            .and_then(comment)
            .unwrap_or(line(at(m.id.name))),
        Entry::Term(t) => t
            .comment
            .as_ref()
            .and_then(comment)
            .unwrap_or(line(at(t.id.name))),
        Entry::Comment(c) | Entry::GroupComment(c) | Entry::ResourceComment(c) => {
            comment(c).unwrap_or(source.len())
        }
        Entry::Junk { content } => line(at(content)),
    };
    let starts: Vec<usize> = resource.body.iter().map(begins).collect();
    let mut out: Vec<Part> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for (i, entry) in resource.body.iter().enumerate() {
        let end = starts.get(i + 1).copied().unwrap_or(source.len());
        let (term, id, value, attributes): (_, _, _, &[Attribute<&str>]) = match entry {
            Entry::Message(m) => (false, m.id.name, m.value.is_some(), &m.attributes),
            Entry::Term(t) => (true, t.id.name, true, &t.attributes),
            _ => continue,
        };
        let key = |attribute: Option<&str>| Key {
            term,
            id: id.to_owned(),
            attribute: attribute.map(str::to_owned),
        };
        let heads = attributes.iter().map(|a| (Some(a.id.name), a.id.name));
        let heads: Vec<_> = std::iter::once((None, id)).chain(heads).collect();
        for (n, (attribute, name)) in heads.iter().enumerate() {
            if attribute.is_none() && !value {
                continue;
            }
            let after = at(name) + name.len();
            // An attribute's name stands after its `.`.
            let next = heads
                .get(n + 1)
                .map_or(end, |(_, name)| at(name).saturating_sub(1));
            let Some(equals) = source.get(after..next).and_then(|s| s.find('=')) else {
                continue;
            };
            let from = after + equals + 1;
            let text = source.get(from..next).unwrap_or_default();
            let part = Part {
                key: key(*attribute),
                range: from..from + text.trim_end_matches([' ', '\n', '\r']).len(),
            };
            if seen.insert(part.key.clone()) {
                out.push(part);
            }
        }
    }
    out
}

/// A text of a file by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// Its name.
    pub key: Key,
    /// What stands after its `=`, without the indentation that it owes to its place.
    pub words: String,
    /// Where each line of the words stands in the file: line and column of its first character, both from 1.
    pub lines: Vec<(u32, u32)>,
}

/// The texts of a file with their words, in order.
pub fn located(source: &str) -> Vec<Located> {
    let breaks = source.bytes().enumerate().filter(|(_, b)| *b == b'\n');
    let starts: Vec<usize> = std::iter::once(0)
        .chain(breaks.map(|(i, _)| i + 1))
        .collect();
    let place = |offset: usize| {
        let line = starts.partition_point(|start| *start <= offset).max(1);
        let start = starts.get(line - 1).copied().unwrap_or(0);
        let before = source.get(start..offset).unwrap_or_default();
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        (number(line), number(before.chars().count() + 1))
    };
    let locate = |part: Part| {
        let lines = dedented(source, &part);
        Located {
            words: joined(source, &lines),
            lines: lines.iter().map(|line| place(line.start)).collect(),
            key: part.key,
        }
    };
    parts(source).into_iter().map(locate).collect()
}

/// The words of a text: what stands after its `=`, without the indentation that it owes to its place.
pub fn words(source: &str, part: &Part) -> String {
    joined(source, &dedented(source, part))
}

fn joined(source: &str, lines: &[Range<usize>]) -> String {
    let lines = lines
        .iter()
        .map(|line| source.get(line.clone()).unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// The lines of a text without their common indentation, and without ends of lines.
fn dedented(source: &str, part: &Part) -> Vec<Range<usize>> {
    let raw = source.get(part.range.clone()).unwrap_or_default();
    let mut from = part.range.start;
    let mut lines: Vec<Range<usize>> = Vec::new();
    for line in raw.split('\n') {
        let whole = line.strip_suffix('\r').unwrap_or(line);
        lines.push(from..from + whole.len());
        from += line.len() + 1;
    }
    let text = |line: &Range<usize>| source.get(line.clone()).unwrap_or_default();
    let blanks = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let Some((first, rest)) = lines.split_first_mut() else {
        return lines;
    };
    first.start += blanks(text(first));
    let filled = rest
        .iter()
        .filter(|line| !text(line).trim_matches(' ').is_empty());
    let common = filled.map(|line| blanks(text(line))).min().unwrap_or(0);
    for line in rest {
        line.start = (line.start + common).min(line.end);
    }
    // Words that begin on a line of their own: what is before it says nothing.
    let empty = lines
        .iter()
        .take_while(|line| text(line).trim_matches(' ').is_empty());
    let empty = empty.count().min(lines.len() - 1);
    lines.drain(..empty);
    lines
}

/// How words are written after `key =`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Laid {
    /// What follows the `=`.
    pub text: String,
    /// They begin on the next line.
    pub block: bool,
}

/// Lays words out below a key. Of several lines each stands on its own, so that all keep their indentation; signs that begin a
/// line of another kind can only stand beside the key.
pub(super) fn lay(words: &str, indent: usize) -> Laid {
    let words = words.replace("\r\n", "\n");
    let words = words.trim_end_matches([' ', '\n']);
    let margin = format!("\n{}", " ".repeat(indent));
    let block = words.contains('\n') && !words.starts_with(['.', '[', '*', '}']);
    let text = if block {
        let lines = words.split('\n').map(|line| match line.trim_matches(' ') {
            "" => "\n".to_owned(),
            _ => format!("{margin}{line}"),
        });
        lines.collect()
    } else {
        format!(" {}", words.replace('\n', &margin))
    };
    Laid { text, block }
}

/// Puts other words in the places of a file's texts. Those of the runtime's own words that the file does not have are
/// appended.
pub fn spliced(source: &str, words: &BTreeMap<Key, &str>) -> String {
    let mut out = String::with_capacity(source.len() + 64 * words.len());
    let mut from = 0;
    let mut placed = std::collections::BTreeSet::new();
    for part in parts(source) {
        let Some(new) = words.get(&part.key) else {
            continue;
        };
        out.push_str(source.get(from..part.range.start).unwrap_or_default());
        out.push_str(&lay(new, part.indent()).text);
        from = part.range.end;
        placed.insert(part.key);
    }
    out.push_str(source.get(from..).unwrap_or_default());
    for (key, new) in words.iter().filter(|(key, _)| !placed.contains(key)) {
        if key.term || key.attribute.is_some() || !key.id.starts_with("bf-") {
            continue;
        }
        if !out.is_empty() && !out.ends_with('\n') {
            out.push('\n');
        }
        out.push_str(&format!("{key} ={}\n", lay(new, INDENT).text));
    }
    out
}
