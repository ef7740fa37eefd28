//! A report that a person can read: of one kind of finding in one file the first hundred, of everything a thousand.

use std::collections::HashMap;

use super::codes::files;
use super::{Diagnostic, Severity};
use crate::source::FileId;

/// Most findings of one code in one file.
const ALIKE: usize = 100;
/// Most findings of a run.
const ALL: usize = 1_000;

/// Leaves out what is too much of `list`, which is in order, and says how much it was. True: there was something.
pub(super) fn bound(list: &mut Vec<Diagnostic>) -> bool {
    if list.len() <= ALIKE {
        return false;
    }
    let mut counts: HashMap<(FileId, &str), usize> = HashMap::new();
    // The first that is left out of each kind.
    let mut more: Vec<Diagnostic> = Vec::new();
    list.retain(|d| {
        let count = counts.entry((d.span.file, d.code.id)).or_default();
        *count += 1;
        if *count == ALIKE + 1 {
            more.push(d.clone());
        }
        *count <= ALIKE
    });
    let kinds = more.iter().map(|first| {
        let left = counts[&(first.span.file, first.code.id)] - ALIKE;
        let code = first.code.id;
        say(first, left, &format!("of `{code}` in this file"))
    });
    let mut notes: Vec<Diagnostic> = kinds.collect();
    if list.len() > ALL {
        // Warnings go first, errors from the end.
        let errors = list
            .iter()
            .filter(|d| d.severity == Severity::Error)
            .count();
        let (mut keep_errors, mut keep_warnings) = (errors.min(ALL), ALL.saturating_sub(errors));
        let left = list.len() - ALL;
        let mut first: Option<Diagnostic> = None;
        list.retain(|d| {
            let keep = match d.severity {
                Severity::Error => &mut keep_errors,
                Severity::Warning => &mut keep_warnings,
            };
            let kept = *keep > 0;
            *keep -= usize::from(kept);
            if !kept && first.is_none() {
                first = Some(d.clone());
            }
            kept
        });
        if let Some(first) = first {
            notes = vec![say(&first, left, "in this run")];
        }
    }
    let any = !notes.is_empty();
    list.append(&mut notes);
    any
}

fn say(first: &Diagnostic, left: usize, whose: &str) -> Diagnostic {
    let (findings, are) = match left {
        1 => ("finding", "is"),
        _ => ("findings", "are"),
    };
    let left = thousands(left);
    Diagnostic::new(
        &files::MORE,
        first.span,
        format!("{left} more {findings} {whose} {are} not shown"),
    )
    .help("mend those above; often they have one cause")
}

/// `9,900`.
fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::codes::texts;
    use super::*;
    use crate::source::Span;

    fn found(code: &'static super::super::Code, file: u32, lo: u32) -> Diagnostic {
        let file = FileId(file);
        Diagnostic::new(code, Span { file, lo, hi: lo }, "x")
    }

    #[test]
    fn the_first_of_a_kind_stay() {
        let mut list: Vec<_> = (0..250)
            .map(|n| found(&files::DUPLICATE_KEY, 0, n))
            .collect();
        list.push(found(&files::TAB, 0, 300));
        assert!(bound(&mut list));
        assert_eq!(list.len(), 102);
        assert_eq!((list[100].code.id, list[101].code.id), ("BF0011", "BF0018"));
        assert_eq!(list[101].span.lo, 100);
        assert_eq!(
            list[101].message,
            "150 more findings of `BF0015` in this file are not shown"
        );
        let mut list: Vec<_> = (0..100)
            .map(|n| found(&files::DUPLICATE_KEY, 0, n))
            .collect();
        assert!(!bound(&mut list));
        assert_eq!(list.len(), 100);
    }

    #[test]
    fn an_error_is_never_left_out_for_warnings() {
        let mut list: Vec<_> = (0..2_000)
            .map(|n| found(&texts::UNUSED_KEY, n, 0))
            .collect();
        list.push(found(&files::TAB, 2_000, 0));
        assert!(bound(&mut list));
        assert_eq!(list.len(), 1_001);
        assert!(list.iter().any(|d| d.severity == Severity::Error));
        assert_eq!(
            list[1_000].message,
            "1,001 more findings in this run are not shown"
        );
    }
}
