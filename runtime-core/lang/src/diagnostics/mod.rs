//! What is to be said about somebody's files: plain data, codes, and a sink that collects.

pub mod codes;
pub mod facts;
mod fix;
mod many;
mod near;
mod visible;

use std::collections::HashSet;

use crate::source::{SourceMap, Span};
pub use codes::Code;
pub use fix::{Edit, Fix, remove_element, remove_entry};
pub use near::{Meant, did_you_mean, in_latin, meant};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The bot is not built.
    Error,
    /// The bot is built.
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// From the registry.
    pub code: &'static Code,
    /// The code's, unless the bot's `lints` say otherwise.
    pub severity: Severity,
    /// What is wrong: lower case, no full stop, the author's names in backticks.
    pub message: String,
    /// The place.
    pub span: Span,
    /// A word under the caret (may be empty).
    pub label: String,
    /// Other places that matter.
    pub notes: Vec<(Span, String)>,
    /// What to do.
    pub help: Option<String>,
    /// The ways to do it by machine: each by itself mends the finding.
    pub fixes: Vec<Fix>,
    /// Wrong and right names, before their places are looked up.
    renames: Vec<(String, String)>,
}

impl Diagnostic {
    /// A finding at `span`.
    pub fn new(code: &'static Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity,
            message: message.into(),
            span,
            label: String::new(),
            notes: Vec::new(),
            help: None,
            fixes: Vec::new(),
            renames: Vec::new(),
        }
    }
    /// Sets the word under the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }
    /// Adds another place.
    #[must_use]
    pub fn note(mut self, span: Span, text: impl Into<String>) -> Self {
        self.notes.push((span, text.into()));
        self
    }
    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
    /// Adds a way to mend it that a machine can go. `title` is what it does, as a command: `write `/help``.
    #[must_use]
    pub fn fix(mut self, title: impl Into<String>, edits: impl IntoIterator<Item = Edit>) -> Self {
        self.fixes.push(Fix {
            title: title.into(),
            edits: edits.into_iter().collect(),
        });
        self
    }
    /// Offers to take something out, as the help line says.
    #[must_use]
    pub fn removing(self, edit: Option<Edit>) -> Self {
        let title = self.help.clone().unwrap_or_default();
        match edit {
            Some(edit) => self.fix(title, [edit]),
            None => self,
        }
    }
    /// Says which name was meant in the place of `wrong`, and offers to write it if no other is as near.
    #[must_use]
    pub fn suggest(self, wrong: &str, meant: &Meant<'_>) -> Self {
        self.help(format!("did you mean `{}`?", meant.word))
            .rename(wrong, meant)
    }
    /// The offer of [`Diagnostic::suggest`] alone. `wrong` stands within the finding's span, which may hold quotes or
    /// a sign besides.
    #[must_use]
    pub fn rename(mut self, wrong: &str, meant: &Meant<'_>) -> Self {
        if meant.only {
            self.renames.push((wrong.to_owned(), meant.word.to_owned()));
        }
        self
    }
    /// Looks up where the wrong names stand.
    fn place_renames(&mut self, sources: &SourceMap) {
        for (wrong, right) in std::mem::take(&mut self.renames) {
            let Some(edit) = fix::rename(sources, self.span, &wrong, &right) else {
                continue;
            };
            if self.label.is_empty()
                && let Some(letters) = near::look_alikes(&wrong, &right)
            {
                self.label = letters;
            }
            self.fixes.push(Fix {
                title: format!("write `{right}`"),
                edits: vec![edit],
            });
        }
    }
}

/// Collects findings. Handed `&mut` through every stage; nothing else reports.
#[derive(Debug, Default)]
pub struct Sink {
    list: Vec<Diagnostic>,
    seen: HashSet<(&'static str, Span, String)>,
    errors: usize,
    facts: Vec<facts::TextFact>,
}

impl Sink {
    /// Reports a finding (a repetition of the same message at the same place is dropped).
    pub fn report(&mut self, mut diagnostic: Diagnostic) {
        visible::make(&mut diagnostic);
        let key = (
            diagnostic.code.id,
            diagnostic.span,
            diagnostic.message.clone(),
        );
        if self.seen.insert(key) {
            self.errors += usize::from(diagnostic.severity == Severity::Error);
            self.list.push(diagnostic);
        }
    }
    /// How many findings there are: a mark for [`Self::take_back`].
    pub fn mark(&self) -> usize {
        self.list.len()
    }
    /// Drops the findings with this code since a mark: what they say follows from another error.
    pub fn take_back(&mut self, mark: usize, code: &Code) {
        let mut at = 0;
        self.list.retain(|d| {
            at += 1;
            at <= mark || d.code.id != code.id
        });
        let errors = self.list.iter().filter(|d| d.severity == Severity::Error);
        self.errors = errors.count();
    }
    /// Adds another place to the findings with this code since a mark.
    pub fn explain(&mut self, mark: usize, code: &Code, place: Span, text: &str) {
        for found in self.list.iter_mut().skip(mark) {
            if found.code.id == code.id {
                found.notes.push((place, text.to_owned()));
            }
        }
    }
    /// Notes what was proven of a text.
    pub fn prove(&mut self, fact: facts::TextFact) {
        self.facts.push(fact);
    }
    /// Everything that was proven, in order of place.
    pub fn take_facts(&mut self) -> Vec<facts::TextFact> {
        facts::merged(std::mem::take(&mut self.facts))
    }
    /// Number of errors so far: a caller that must know whether *its* part failed compares before and after.
    pub fn errors(&self) -> usize {
        self.errors
    }
    /// Gives every finding another severity, or drops it.
    pub fn settle(&mut self, mut severity: impl FnMut(&Diagnostic) -> Option<Severity>) {
        self.list.retain_mut(|diagnostic| {
            let settled = severity(diagnostic);
            diagnostic.severity = settled.unwrap_or(diagnostic.severity);
            settled.is_some()
        });
        let errors = self.list.iter().filter(|d| d.severity == Severity::Error);
        self.errors = errors.count();
    }
    /// Finds the places of misspelt names, so that the offers to write them right become fixes.
    pub fn place_fixes(&mut self, sources: &SourceMap) {
        for diagnostic in &mut self.list {
            diagnostic.place_renames(sources);
        }
    }
    /// Everything, in order of file and place; what is [too much](many) is counted.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        sort(&mut self.list);
        if many::bound(&mut self.list) {
            sort(&mut self.list);
        }
        self.list
    }
}

fn sort(list: &mut [Diagnostic]) {
    list.sort_by(|a, b| (a.span, a.code.id).cmp(&(b.span, b.code.id)));
}
