//! Which variables can be read at a place, and what tests have shown about them.

use std::collections::BTreeSet;

use super::facts::Facts;
use crate::ir::types::{Ty, Variable};
use crate::source::Span;

/// The variables of a place. Cheap to clone: flows are small.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    vars: Vec<Entry>,
    /// Paths (`gone`, `me.name`) that a test has shown not to be null.
    narrowed: BTreeSet<String>,
    /// What tests have shown about values.
    facts: Facts,
    /// Paths of texts that a test has shown not to be empty.
    filled: BTreeSet<String>,
    /// Innermost last.
    loops: Vec<Loop>,
    incomplete: bool,
    recipient: bool,
}

/// A variable and where it was defined.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The variable.
    pub var: Variable,
    /// Its definition.
    pub defined: Span,
    /// Set: it exists in the flow but is not written yet here (reading it is an error that says so).
    pub not_yet: bool,
    /// Set: its definition has an error (already reported), its type is not known: reading it gives `None` silently.
    pub broken: bool,
}

/// An `#each`.
#[derive(Debug, Clone)]
pub struct Loop {
    /// Rust name of the item.
    pub ident: String,
    /// `as x`.
    pub alias: Option<String>,
    /// The item's type; a row's columns are names inside the loop when there is no alias.
    pub item: Ty,
    /// Most rows, where a bound is known.
    pub most: Option<usize>,
    /// `@index` is known.
    pub counted: bool,
}

impl Loop {
    /// The row as a variable.
    pub fn variable(&self) -> Variable {
        Variable {
            name: self.alias.clone().unwrap_or_else(|| self.ident.clone()),
            ident: self.ident.clone(),
            ty: self.item.clone(),
        }
    }
}

impl Scope {
    /// Adds or replaces a variable.
    pub fn define(&mut self, var: Variable, defined: Span) {
        self.facts.forget(&var.ident);
        self.vars.retain(|e| e.var.name != var.name);
        self.vars.push(Entry {
            var,
            defined,
            not_yet: false,
            broken: false,
        });
    }
    /// Names a variable that is written only later on.
    pub fn announce(&mut self, var: Variable, defined: Span) {
        if self.get(&var.name).is_none() {
            self.vars.push(Entry {
                var,
                defined,
                not_yet: true,
                broken: false,
            });
        }
    }
    /// Part of the flow could not be read (reported): a name that is not here may have been there.
    pub fn set_incomplete(&mut self, incomplete: bool) {
        self.incomplete = incomplete;
    }
    /// An unknown name gives `None` silently.
    pub fn is_incomplete(&self) -> bool {
        self.incomplete
    }
    /// Names a variable whose definition has an error.
    pub fn define_broken(&mut self, var: Variable, defined: Span) {
        self.define(var, defined);
        if let Some(entry) = self.vars.last_mut() {
            entry.broken = true;
        }
    }
    /// The same scope in the text of a broadcast, where fields of whoever gets it may stand.
    #[must_use]
    pub fn with_recipient(mut self) -> Self {
        self.recipient = true;
        self
    }
    /// Whether they may.
    pub fn has_recipient(&self) -> bool {
        self.recipient
    }
    /// A variable by name.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.vars.iter().find(|e| e.var.name == name)
    }
    /// All, in order of definition.
    pub fn entries(&self) -> &[Entry] {
        &self.vars
    }
    /// Loops, innermost last.
    pub fn loops(&self) -> &[Loop] {
        &self.loops
    }
    /// The same scope inside a loop.
    #[must_use]
    pub fn inside(&self, entered: Loop) -> Self {
        let mut inner = self.clone();
        // The item of an earlier loop may have had this name.
        inner.facts.forget(&entered.ident);
        inner.loops.push(entered);
        inner
    }
    /// What is known about values.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }
    /// For learning more.
    pub fn facts_mut(&mut self) -> &mut Facts {
        &mut self.facts
    }
    /// Marks a path as not null.
    pub fn narrow(&mut self, path: &str) {
        self.narrowed.insert(path.to_owned());
    }
    /// Whether a path was shown not to be null.
    pub fn is_narrowed(&self, path: &str) -> bool {
        self.narrowed.contains(path)
    }
    /// Marks the text at a path as not empty.
    pub fn fill(&mut self, path: &str) {
        self.filled.insert(path.to_owned());
    }
    /// Marks what another scope has marked.
    pub fn fill_as(&mut self, other: &Self) {
        self.filled.extend(other.filled.iter().cloned());
    }
    /// Whether the text at a path was shown not to be empty.
    pub fn is_filled(&self, path: &str) -> bool {
        self.filled.contains(path)
    }
    /// Forgets what was shown (the variable is written again).
    pub fn forget(&mut self, name: &str) {
        let inside = format!("{name}.");
        self.narrowed
            .retain(|p| p != name && !p.starts_with(&inside));
        self.filled.retain(|p| p != name && !p.starts_with(&inside));
    }
}
