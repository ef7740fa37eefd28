//! Findings as clients see them.

use botfactory_lang::overrides::{Fault, Position};
use serde::Serialize;
use utoipa::ToSchema;

/// A finding: the fields of `botgen check --format json`, and where it stands in what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
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
    #[schema(value_type = Place)]
    pub at: Position,
    /// Other places that matter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

/// Another place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = FindingNote)]
pub struct Note {
    /// What is there.
    pub message: String,
    /// Where.
    #[serde(flatten)]
    #[schema(value_type = Place)]
    pub at: Position,
}

/// A [`Position`] for the description of the API; `botfactory-lang` knows nothing of HTTP. A test holds the two together.
#[derive(Debug, ToSchema)]
#[schema(as = FindingPlace)]
#[allow(dead_code)]
struct Place {
    /// The overridden text; line and column are those of what was sent.
    key: Option<String>,
    /// Its locale.
    locale: Option<String>,
    /// A file of the bot.
    file: Option<String>,
    /// From 1.
    line: u32,
    /// From 1, in characters.
    column: Option<u32>,
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use utoipa::PartialSchema;

    use super::{Place, Position};

    #[test]
    fn a_place_is_described_as_it_is_written() {
        let position = Position {
            key: Some("greet".to_owned()),
            locale: Some("en".to_owned()),
            file: Some("bot.yaml".to_owned()),
            line: 1,
            column: Some(1),
        };
        let written = serde_json::to_value(position).unwrap();
        let described = serde_json::to_value(Place::schema()).unwrap();
        let keys = |of: &serde_json::Value| -> BTreeSet<String> {
            of.as_object().unwrap().keys().cloned().collect()
        };
        assert_eq!(keys(&written), keys(&described["properties"]));
    }
}
