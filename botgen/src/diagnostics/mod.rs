//! What the compiler has to say: plain data, one registry of codes, several renderings.

pub mod codes;
pub mod render;

use std::collections::HashSet;

use crate::source::Span;
pub use codes::Code;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The bot is not built.
    Error,
    /// The bot is built.
    Warning,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// From the registry; carries the severity.
    pub code: &'static Code,
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
}

impl Diagnostic {
    /// A finding at `span`.
    pub fn new(code: &'static Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            span,
            label: String::new(),
            notes: Vec::new(),
            help: None,
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
}

/// Collects findings. Handed `&mut` through every stage; nothing else reports.
#[derive(Debug, Default)]
pub struct Sink {
    list: Vec<Diagnostic>,
    seen: HashSet<(&'static str, Span, String)>,
    errors: usize,
}

impl Sink {
    /// Reports a finding (a repetition of the same message at the same place is dropped).
    pub fn report(&mut self, diagnostic: Diagnostic) {
        let key = (
            diagnostic.code.id,
            diagnostic.span,
            diagnostic.message.clone(),
        );
        if self.seen.insert(key) {
            self.errors += usize::from(diagnostic.code.severity == Severity::Error);
            self.list.push(diagnostic);
        }
    }
    /// Number of errors so far: a caller that must know whether *its* part failed compares before and after.
    pub fn errors(&self) -> usize {
        self.errors
    }
    /// Everything, in order of file and place.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        self.list
            .sort_by(|a, b| (a.span, a.code.id).cmp(&(b.span, b.code.id)));
        self.list
    }
}

/// The word in `known` that `wrong` was probably meant to be.
pub fn did_you_mean<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|k| {
            (
                strsim::damerau_levenshtein(&wrong.to_lowercase(), &k.to_lowercase()),
                k,
            )
        })
        .filter(|(d, k)| *d <= 1.max(k.chars().count().min(wrong.chars().count()) / 3))
        .min_by_key(|(d, _)| *d)
        .map(|(_, k)| k)
}
