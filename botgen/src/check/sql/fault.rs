//! A finding inside an SQL text, before its place in a file is known.

use std::ops::Range;

use crate::diagnostics::codes::sql as codes;
use crate::diagnostics::{Code, Diagnostic, Meant};
use crate::source::{Span, Str};

/// See the module.
#[derive(Debug, Clone)]
pub struct Fault {
    code: &'static Code,
    range: Range<usize>,
    message: String,
    help: Option<String>,
    notes: Vec<(Span, String)>,
    renames: Vec<(String, String)>,
}

impl Fault {
    /// A finding at a byte range of the text.
    pub fn new(code: &'static Code, range: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            code,
            range,
            message: message.into(),
            help: None,
            notes: Vec::new(),
            renames: Vec::new(),
        }
    }
    /// What to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
    /// What to do, where something is known.
    #[must_use]
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }
    /// Says which name was meant in the place of `wrong`, and offers to write it if no other is as near.
    #[must_use]
    pub fn suggest(self, wrong: &str, meant: Option<Meant<'_>>) -> Self {
        let Some(Meant { word, only }) = meant else {
            return self;
        };
        let mut said = self.help(format!("did you mean `{word}`?"));
        if only {
            said.renames.push((wrong.to_owned(), word.to_owned()));
        }
        said
    }
    /// Another place.
    #[must_use]
    pub fn note(mut self, span: Span, text: impl Into<String>) -> Self {
        self.notes.push((span, text.into()));
        self
    }
    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }
    /// Whether the migrations lack what this is about: no table or column has the name, no other owner has it.
    pub fn is_absence(&self) -> bool {
        let lacks = [
            codes::UNKNOWN_TABLE.id,
            codes::UNKNOWN_COLUMN.id,
            codes::MISSING.id,
        ];
        lacks.contains(&self.code.id)
            && (self.notes.is_empty() || self.code.id == codes::MISSING.id)
    }
    /// Its place.
    pub fn range(&self) -> Range<usize> {
        self.range.clone()
    }
    /// Its code.
    pub fn code(&self) -> &'static Code {
        self.code
    }
    /// With its place in a file.
    pub fn at(self, text: &Str) -> Diagnostic {
        let mut diagnostic = Diagnostic::new(self.code, text.span_of(self.range), self.message);
        diagnostic.notes = self.notes;
        diagnostic.help = self.help;
        for (wrong, word) in &self.renames {
            let meant = Meant { word, only: true };
            diagnostic = diagnostic.rename(wrong, &meant);
        }
        diagnostic
    }
}
