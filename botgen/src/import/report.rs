//! What the import did, line by line, and why it did nothing.

use std::collections::{BTreeSet, HashSet};
use std::fmt;

use super::old::Read;

/// How much attention a line wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The same meaning in the new spelling.
    Translated,
    /// The bot behaves differently from the letter of the old spec (mostly: as it was meant to).
    Changed,
    /// Something was left out or guessed; a person must look.
    NeedsPerson,
}

impl Severity {
    /// As people read it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Translated => "translated",
            Self::Changed => "changed",
            Self::NeedsPerson => "needs a person",
        }
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReportLine {
    /// How much attention it wants.
    pub severity: Severity,
    /// JSON path in the old spec (`flows[3].params.steps[1].validate.regex`), `spec` for all of it, or a file of
    /// the new folder.
    pub path: String,
    /// What was done, lower case, no full stop.
    pub message: String,
}

impl fmt::Display for ReportLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}: {}",
            self.severity.label(),
            self.path,
            self.message
        )
    }
}

/// What [`super::run`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Name of the old spec's file, as given.
    pub file_name: String,
    /// The bot's id: the folder's name.
    pub bot_id: String,
    /// Files written, relative to the folder, sorted.
    pub files: Vec<String>,
    /// Every change, in the order of the spec.
    pub lines: Vec<ReportLine>,
}

impl Report {
    /// How many lines have this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.lines.iter().filter(|l| l.severity == severity).count()
    }

    /// The report as a page of Markdown; what a person must look at comes first.
    pub fn page(&self) -> String {
        let name = self.file_name.rsplit(['/', '\\']).next();
        let mut page = format!(
            "# What `botgen import` made of `{}`\n\nEach line names the place in the old spec, or the file here. Delete this page when nothing of it is open.\n",
            name.unwrap_or_default()
        );
        for (severity, title) in [
            (Severity::NeedsPerson, "Needs a person"),
            (Severity::Changed, "Changed in meaning"),
            (Severity::Translated, "Translated"),
        ] {
            let count = self.count(severity);
            if count == 0 {
                continue;
            }
            page.push_str(&format!("\n## {title} ({count})\n\n"));
            for line in self.lines.iter().filter(|l| l.severity == severity) {
                // Quoted texts may have line breaks; a line of the list has none.
                let message = line.message.replace('\n', "⏎");
                page.push_str(&format!("- `{}`: {message}\n", line.path));
            }
        }
        page
    }
}

/// What a person must look at comes last, nearest to the prompt.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for severity in [
            Severity::Translated,
            Severity::Changed,
            Severity::NeedsPerson,
        ] {
            for line in self.lines.iter().filter(|l| l.severity == severity) {
                writeln!(f, "{line}")?;
            }
        }
        writeln!(
            f,
            "{} → bot `{}`: {} files, {} lines translated, {} changed, {} need a person",
            self.file_name,
            self.bot_id,
            self.files.len(),
            self.count(Severity::Translated),
            self.count(Severity::Changed),
            self.count(Severity::NeedsPerson),
        )
    }
}

/// Why nothing was imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportError {
    /// The file is not JSON. Line and column are 1-based.
    Json {
        /// Line of the fault.
        line: usize,
        /// Column of the fault, in bytes as serde_json counts.
        column: usize,
        /// What the parser says.
        message: String,
    },
    /// JSON, but not a spec: what stands there instead of an object.
    Shape(&'static str),
    /// A file of keys that is none.
    Keys {
        /// The file as given.
        file: String,
        /// What is wrong with it.
        message: String,
    },
    /// The output folder's name cannot be a bot's id.
    BotId {
        /// The name as found.
        name: String,
    },
    /// The output folder exists and has something in it.
    NotEmpty {
        /// The folder as given.
        folder: String,
    },
    /// The file system refused.
    Io {
        /// The file or folder.
        path: String,
        /// What the system says.
        message: String,
    },
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json {
                line,
                column,
                message,
            } => write!(
                f,
                "not valid JSON at line {line}, column {column}: {message}"
            ),
            Self::Shape(found) => write!(f, "a spec is a JSON object, found {found}"),
            Self::Keys { file, message } => write!(f, "`{file}` holds no keys: {message}"),
            Self::BotId { name } => write!(
                f,
                "the folder's name `{name}` becomes the bot's id and must be a lower-case letter and up to 31 of `a-z`, `0-9`, `_`; choose another `--out`"
            ),
            Self::NotEmpty { folder } => write!(
                f,
                "`{folder}` is not an empty folder; nothing was written, choose a new `--out`"
            ),
            Self::Io { path, message } => write!(f, "`{path}`: {message}"),
        }
    }
}

impl std::error::Error for ImportError {}

/// Collects lines and faults while the spec is read and translated.
#[derive(Debug, Default)]
pub(super) struct Notes {
    lines: Vec<ReportLine>,
    /// The same, to drop repetitions.
    seen: HashSet<ReportLine>,
    /// Texts whose tags are words: the compiler refused them as a template.
    pub(super) plain: BTreeSet<String>,
    /// Texts whose markup is words.
    pub(super) unmarked: BTreeSet<String>,
    /// What the compiler refused altogether.
    pub(super) left_out: BTreeSet<String>,
}

/// Most lines of a report.
const LINES: usize = 20_000;

/// Sections of a spec, then fields of a flow, in the order in which people write them.
const ORDER: &[&str] = &[
    "spec",
    "use",
    "i18n",
    "intents",
    "flows",
    "menu_flows",
    "wizard_flows",
    "params",
    "type",
    "entry_cmd",
    "ttl_sec",
    "title",
    "options",
    "on_enter",
    "steps",
    "on_step",
    "on_complete",
];

/// One part of a path: indices by number, known names by [`ORDER`], files at the end.
fn sort_key(path: &str) -> Vec<(usize, usize, &str)> {
    path.split(['.', '[', ']'])
        .filter(|part| !part.is_empty())
        .map(
            |part| match (part.parse(), ORDER.iter().position(|o| *o == part)) {
                (Ok(index), _) => (0, index, ""),
                (Err(_), Some(position)) => (1, position, ""),
                (Err(_), None) => (2, 0, part),
            },
        )
        .collect()
}

impl Notes {
    /// What counts in the text at this path.
    pub(super) fn how(&self, path: &str) -> Read {
        if self.plain.contains(path) {
            Read::Words
        } else if self.unmarked.contains(path) {
            Read::Template
        } else {
            Read::Whole
        }
    }
    /// The lines in the order of the spec.
    pub(super) fn sorted(mut self) -> Vec<ReportLine> {
        self.lines.sort_by_cached_key(|l| {
            let key = sort_key(&l.path);
            key.iter()
                .map(|(a, b, c)| (*a, *b, (*c).to_owned()))
                .collect::<Vec<_>>()
        });
        self.lines
    }

    fn add(&mut self, severity: Severity, path: &str, message: String) {
        // A chain of guesses can repeat itself; a report is for people.
        if self.lines.len() >= LINES {
            return;
        }
        let line = ReportLine {
            severity,
            path: path.to_owned(),
            message,
        };
        if self.seen.insert(line.clone()) {
            self.lines.push(line);
        }
    }
    pub(super) fn translated(&mut self, path: &str, message: impl Into<String>) {
        self.add(Severity::Translated, path, message.into());
    }
    pub(super) fn changed(&mut self, path: &str, message: impl Into<String>) {
        self.add(Severity::Changed, path, message.into());
    }
    pub(super) fn person(&mut self, path: &str, message: impl Into<String>) {
        self.add(Severity::NeedsPerson, path, message.into());
    }
}
