//! The compiler's checks over texts that are to be overridden: what is at fault is at fault for the same reasons and in the
//! same words.

mod run;
mod told;

use std::collections::BTreeMap;

use serde::Serialize;

use super::Handed;
use crate::diagnostics::{Severity, Sink};
use crate::ftl;
use run::{Owner, Run};

/// A bot's texts as they were compiled.
#[derive(Debug, Clone, Copy)]
pub struct Written<'w> {
    /// Tag and `.ftl` source of each locale.
    pub locales: &'w [(&'w str, &'w str)],
    /// Index of the default.
    pub default: usize,
    /// What the compiler handed over.
    pub handed: &'w Handed,
}

/// Words that are to stand in the place of a text.
#[derive(Debug, Clone, Copy)]
pub struct Given<'g> {
    /// Index of the locale.
    pub locale: usize,
    /// The text's name.
    pub key: &'g str,
    /// Fluent, as it would stand after the `=`.
    pub words: &'g str,
    /// Where each line of the words stands in what was sent: line and column of its first character, both from 1. Empty: the
    /// words were sent by themselves.
    pub lines: &'g [(u32, u32)],
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Checked {
    /// In order of the texts.
    pub faults: Vec<Fault>,
}

impl Checked {
    /// Those that keep the texts from being stored.
    pub fn errors(&self) -> impl Iterator<Item = &Fault> {
        let errors = self.faults.iter();
        errors.filter(|fault| fault.severity == Severity::Error)
    }
}

/// A finding, as the compiler words it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// `BF0412`.
    pub code: &'static str,
    /// An error keeps the texts from being stored.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// A word about the place; may be empty.
    pub label: String,
    /// What to do.
    pub help: Option<String>,
    /// Where.
    pub at: Position,
    /// Other places that matter.
    pub notes: Vec<(Position, String)>,
    /// Which of the given texts may be at fault.
    pub culprits: Vec<usize>,
}

/// A place.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// The overridden text; line and column are those of what was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Its locale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// A file of the bot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
}

/// Checks the given texts together: as if they stood in the bot's files.
pub fn check(written: &Written<'_>, given: &[Given<'_>]) -> Checked {
    let mut run = Run::new(written, given);
    run.locales();
    run.texts();
    run.choices();
    run.checked
}

/// Which of the given texts can be used, and what is wrong with the others: a text that does not suit the bot (any more) is
/// left out, and so is one that only suited together with it.
pub fn settle(written: &Written<'_>, given: &[Given<'_>]) -> (Vec<usize>, Vec<(usize, Fault)>) {
    let mut active: Vec<usize> = (0..given.len()).collect();
    let mut stale: Vec<(usize, Fault)> = Vec::new();
    while !active.is_empty() {
        let some: Vec<Given<'_>> = active
            .iter()
            .filter_map(|i| given.get(*i).copied())
            .collect();
        let checked = check(written, &some);
        let mut gone: BTreeMap<usize, &Fault> = BTreeMap::new();
        for fault in checked.errors() {
            let all = 0..active.len();
            let culprits = match fault.culprits.as_slice() {
                [] => all.collect(), // nobody knows which
                some => some.to_vec(),
            };
            for at in culprits {
                gone.entry(at).or_insert(fault);
            }
        }
        if gone.is_empty() {
            break;
        }
        let left = active.iter().enumerate();
        let left: Vec<usize> = left
            .filter(|(at, _)| !gone.contains_key(at))
            .map(|(_, i)| *i)
            .collect();
        for (at, fault) in gone {
            if let Some(i) = active.get(at) {
                stale.push((*i, fault.clone()));
            }
        }
        active = left;
    }
    stale.sort_by_key(|(i, _)| *i);
    (active, stale)
}

/// What is wrong with an `.ftl` source as such: what is not Fluent, what stands there twice. `name` is what it is called.
pub fn syntax(name: &str, source: &str) -> Vec<Fault> {
    let nothing = Handed::default();
    let written = Written {
        locales: &[],
        default: 0,
        handed: &nothing,
    };
    let mut run = Run::new(&written, &[]);
    let file = run.file(name.to_owned(), source.to_owned(), Owner::Bot);
    let mut sink = Sink::default();
    ftl::parse(file, source, &mut sink);
    run.keep(sink, &[]);
    run.checked.faults
}
