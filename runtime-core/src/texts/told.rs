//! Findings as clients see them.

use botfactory_lang::overrides::{Fault, Position};
use serde::Serialize;

/// A finding: the fields of `botgen check --format json`, and where it stands in what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `BF0412`; `botgen explain` tells more.
    pub code: &'static str,
    /// `error` or `warning`.
    pub severity: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Where.
    #[serde(flatten)]
    pub at: Position,
    /// Other places that matter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

/// Another place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// What is there.
    pub message: String,
    /// Where.
    #[serde(flatten)]
    pub at: Position,
}

impl From<&Fault> for Finding {
    fn from(fault: &Fault) -> Self {
        let message = match fault.label.as_str() {
            "" => fault.message.clone(),
            label => format!("{} ({label})", fault.message),
        };
        let notes = fault.notes.iter().map(|(at, message)| Note {
            message: message.clone(),
            at: at.clone(),
        });
        Self {
            code: fault.code,
            severity: fault.severity.name(),
            message,
            help: fault.help.clone(),
            at: fault.at.clone(),
            notes: notes.collect(),
        }
    }
}

impl std::fmt::Display for Finding {
    /// `error[BF0412]: … (greet in en, 1:7)`, for a terminal.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}[{}]: {} ({})",
            self.severity,
            self.code,
            self.message,
            Shown(&self.at)
        )?;
        for note in &self.notes {
            write!(f, "\n  {} ({})", note.message, Shown(&note.at))?;
        }
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

struct Shown<'p>(&'p Position);

impl std::fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Position {
            key,
            locale,
            file,
            line,
            column,
        } = self.0;
        if let Some(key) = key {
            write!(f, "{key}")?;
            if let Some(locale) = locale {
                write!(f, " in {locale}")?;
            }
            f.write_str(", ")?;
        }
        if let Some(file) = file {
            write!(f, "{file}:")?;
        }
        write!(f, "{line}")?;
        match column {
            Some(column) => write!(f, ":{column}"),
            None => Ok(()),
        }
    }
}
