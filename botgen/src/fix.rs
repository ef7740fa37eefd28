//! `botgen fix`: applies the fixes of findings, and takes back what makes anything worse.

use std::collections::{BTreeMap, HashSet};

use crate::diagnostics::{Diagnostic, Edit, Severity};
use crate::source::SourceMap;
use crate::{Compiled, Input, Options, compile};

/// Most rounds of compiling and applying.
const ROUNDS: usize = 100;

/// What came of it.
#[derive(Debug)]
pub struct Fixed {
    /// The files as they are now.
    pub input: Input,
    /// The findings that are gone, as `path: title`, in order.
    pub applied: Vec<String>,
    /// The last look at the bots: what remains.
    pub compiled: Compiled,
}

/// Applies every fix that does not overlap another, again and again until there is none. A fix counts only if its
/// finding is gone after it and no error came; else it is left out. Nothing but the edited bytes changes.
pub fn fix(input: Input, options: &Options) -> Fixed {
    let compiled = compile(&input, options);
    let mut fixed = Fixed {
        input,
        applied: Vec::new(),
        compiled,
    };
    let mut refused: HashSet<Id> = HashSet::new();
    for _ in 0..ROUNDS {
        let candidates = candidates(&fixed, &refused);
        if candidates.is_empty() {
            break;
        }
        if let Some(better) = attempt(&fixed, &candidates, options, &mut refused) {
            fixed = better;
        }
    }
    fixed
}

/// A finding as it is known after other places of its file have changed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Id {
    code: &'static str,
    file: String,
    message: String,
    line: String,
}

impl Id {
    fn of(sources: &SourceMap, d: &Diagnostic) -> Self {
        let file = sources.file(d.span.file);
        let (line, _) = sources.line_column(d.span.file, d.span.lo);
        let line = file.text.lines().nth(line as usize - 1);
        Self {
            code: d.code.id,
            file: file.path.clone(),
            message: d.message.clone(),
            line: line.unwrap_or_default().to_owned(),
        }
    }
}

struct Candidate<'a> {
    id: Id,
    finding: &'a Diagnostic,
    title: &'a str,
    edits: &'a [Edit],
}

/// Fixes that do not overlap, of files that belong to the bots.
fn candidates<'a>(fixed: &'a Fixed, refused: &HashSet<Id>) -> Vec<Candidate<'a>> {
    let sources = &fixed.compiled.sources;
    let own = |edit: &Edit| {
        let path = &sources.file(edit.span.file).path;
        let bots = &fixed.input.bots;
        fixed.input.files.contains_key(path)
            && bots.iter().any(|bot| path.starts_with(&bot.join("")))
    };
    let mut taken: Vec<&Edit> = Vec::new();
    let mut list = Vec::new();
    for finding in &fixed.compiled.diagnostics {
        let [fix] = finding.fixes.as_slice() else {
            continue;
        };
        let id = Id::of(sources, finding);
        let overlaps = |e: &Edit| taken.iter().any(|t| overlap(t, e));
        if refused.contains(&id) || !fix.edits.iter().all(own) || fix.edits.iter().any(overlaps) {
            continue;
        }
        taken.extend(&fix.edits);
        list.push(Candidate {
            id,
            finding,
            title: &fix.title,
            edits: &fix.edits,
        });
    }
    list
}

/// Two insertions at one place overlap as well: their order would matter.
fn overlap(a: &Edit, b: &Edit) -> bool {
    let (a, b) = (a.span, b.span);
    a.file == b.file && a.lo <= b.hi && b.lo <= a.hi
}

/// All of `set`, or a part of it that is good. `None`: no part is; single fixes that are not good are refused.
fn attempt(
    fixed: &Fixed,
    set: &[Candidate<'_>],
    options: &Options,
    refused: &mut HashSet<Id>,
) -> Option<Fixed> {
    let input = apply(fixed, set);
    let compiled = compile(&input, options);
    if is_better(&fixed.compiled, &compiled, set) {
        let sources = &fixed.compiled.sources;
        let titles = set.iter().map(|c| {
            let (line, _) = sources.line_column(c.finding.span.file, c.finding.span.lo);
            format!("{}:{line}: {}", c.id.file, c.title)
        });
        let applied = fixed.applied.iter().cloned().chain(titles).collect();
        return Some(Fixed {
            input,
            applied,
            compiled,
        });
    }
    if let [only] = set {
        refused.insert(only.id.clone());
        return None;
    }
    let (left, right) = set.split_at(set.len() / 2);
    attempt(fixed, left, options, refused).or_else(|| attempt(fixed, right, options, refused))
}

fn is_better(before: &Compiled, after: &Compiled, set: &[Candidate<'_>]) -> bool {
    let count = |compiled: &Compiled, errors_only: bool| {
        let mut counts: BTreeMap<(&'static str, String, String), usize> = BTreeMap::new();
        for d in &compiled.diagnostics {
            if !errors_only || d.severity == Severity::Error {
                let file = compiled.sources.file(d.span.file).path.clone();
                *counts
                    .entry((d.code.id, file, d.message.clone()))
                    .or_default() += 1;
            }
        }
        counts
    };
    let (old, new) = (count(before, true), count(after, true));
    let worse = new.iter().any(|(k, n)| old.get(k).is_none_or(|o| n > o));
    let (old, new) = (count(before, false), count(after, false));
    let gone = set.iter().all(|c| {
        let key = (c.id.code, c.id.file.clone(), c.id.message.clone());
        new.get(&key).copied().unwrap_or_default() < old.get(&key).copied().unwrap_or_default()
    });
    !worse && gone
}

/// The input with the edits of `set` in it.
fn apply(fixed: &Fixed, set: &[Candidate<'_>]) -> Input {
    let sources = &fixed.compiled.sources;
    let mut edits: Vec<&Edit> = set.iter().flat_map(|c| c.edits).collect();
    edits.sort_by_key(|e| (e.span.file, std::cmp::Reverse(e.span.lo)));
    let mut input = fixed.input.clone();
    for edit in edits {
        let path = &sources.file(edit.span.file).path;
        let Some(bytes) = input.files.get_mut(path) else {
            continue;
        };
        // Places are counted without the mark that some editors begin a file with.
        let mark = if bytes.starts_with(b"\xef\xbb\xbf") {
            3
        } else {
            0
        };
        let range = edit.span.lo as usize + mark..edit.span.hi as usize + mark;
        if range.end <= bytes.len() {
            // A file keeps its line ends.
            let windows = bytes.windows(2).any(|w| w == b"\r\n");
            let text = match windows {
                true => edit.text.replace('\n', "\r\n"),
                false => edit.text.clone(),
            };
            bytes.splice(range, text.into_bytes());
        }
    }
    input
}
