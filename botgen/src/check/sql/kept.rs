//! What `botgen prepare` keeps of Postgres's answers, in `sqlx/` of a bot's folder: `migrations.json` names the
//! statements of migrations that Postgres has run, `query-….json` holds one statement and its description. A file for
//! each, so that two branches that add queries merge without a conflict.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::postgres::{Database, Described, Oracle, Refusal};
use crate::diagnostics::codes::sql as codes;
use crate::diagnostics::{Diagnostic, Sink};
use crate::source::folder::Folder;
use crate::source::{FileId, SourceMap, Span};

/// The form of the files; another one is written anew.
const VERSION: u32 = 1;
/// The file of the migrations.
const MIGRATIONS: &str = "migrations.json";

/// Answers by key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    applied: BTreeSet<String>,
    described: BTreeMap<String, Query>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    version: u32,
    key: String,
    sql: String,
    describe: Described,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Applied {
    version: u32,
    applied: BTreeSet<String>,
}

/// The least that every version has.
#[derive(Debug, Deserialize)]
struct AnyVersion {
    version: u32,
}

impl Answers {
    /// Reads what the folders hold. `false`: a file cannot be read (reported), so that nothing can be called missing.
    pub fn read(folders: &[Folder], sources: &SourceMap, sink: &mut Sink) -> (Self, bool) {
        let mut answers = Self::default();
        let mut whole = true;
        for folder in folders {
            for file in &folder.kept {
                if let Err(finding) = answers.add(*file, &folder.path, sources) {
                    sink.report(*finding);
                    whole = false;
                }
            }
        }
        (answers, whole)
    }

    fn add(
        &mut self,
        file: FileId,
        folder: &str,
        sources: &SourceMap,
    ) -> Result<(), Box<Diagnostic>> {
        let source = sources.file(file);
        let name = source.path.rsplit('/').next().unwrap_or_default();
        let broken = |span: Span, message: String| {
            let folder = if folder.is_empty() { "." } else { folder };
            let help = format!("it is written by machine: run `cargo botgen prepare {folder}`");
            Box::new(Diagnostic::new(&codes::BROKEN, span, message).help(help))
        };
        let start = Span { file, lo: 0, hi: 0 };
        let unreadable = |e: serde_json::Error| {
            let line = source
                .lines
                .get(e.line().saturating_sub(1))
                .copied()
                .unwrap_or(0);
            let end = u32::try_from(source.text.len()).unwrap_or(u32::MAX);
            let lo = (line + u32::try_from(e.column().saturating_sub(1)).unwrap_or(0)).min(end);
            // serde_json appends the place, which the caret shows.
            let words = e.to_string();
            let words = words.split(" at line ").next().unwrap_or_default();
            broken(
                Span { file, lo, hi: lo },
                format!("`{name}` cannot be read: {words}"),
            )
        };
        let any: AnyVersion = serde_json::from_str(&source.text).map_err(unreadable)?;
        if any.version != VERSION {
            let message = format!(
                "`{name}` was written by another version of botgen ({} instead of {VERSION})",
                any.version
            );
            return Err(broken(start, message));
        }
        if name == MIGRATIONS {
            let applied: Applied = serde_json::from_str(&source.text).map_err(unreadable)?;
            self.applied.extend(applied.applied);
            return Ok(());
        }
        let query: Query = serde_json::from_str(&source.text).map_err(unreadable)?;
        if name != file_of(&query.key) {
            return Err(broken(
                start,
                format!("`{name}` holds the answer of another file"),
            ));
        }
        self.described.insert(query.key.clone(), query);
        Ok(())
    }

    /// The files of `sqlx/`, by name.
    pub fn files(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        if !self.applied.is_empty() {
            let applied = Applied {
                version: VERSION,
                applied: self.applied.clone(),
            };
            files.insert(MIGRATIONS.to_owned(), json(&applied));
        }
        for (key, query) in &self.described {
            files.insert(file_of(key), json(query));
        }
        files
    }

    fn described(&self, key: &str, sql: &str) -> Result<Described, Refusal> {
        match self.described.get(key).filter(|query| query.sql == sql) {
            Some(query) => Ok(query.describe.clone()),
            None => Err(Refusal::Missing),
        }
    }
}

/// A key becomes a name that every file system takes.
fn file_of(key: &str) -> String {
    let hex: String = Sha256::digest(key.as_bytes())
        .iter()
        .take(16)
        .map(|b| format!("{b:02x}"))
        .collect();
    format!("query-{hex}.json")
}

fn json(value: &impl Serialize) -> String {
    // Plain data: nothing in it can fail to be written.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

/// Answers from what was kept.
#[derive(Debug, Clone)]
pub struct Kept(pub Arc<Answers>);

impl Oracle for Kept {
    fn open(&self) -> Result<Box<dyn Database>, String> {
        Ok(Box::new(self.clone()))
    }
}

impl Database for Kept {
    fn run(&self, key: &str, _sql: &str) -> Result<(), Refusal> {
        if self.0.applied.contains(key) {
            Ok(())
        } else {
            Err(Refusal::Missing)
        }
    }
    fn describe(&self, key: &str, sql: &str) -> Result<Described, Refusal> {
        self.0.described(key, sql)
    }
}

/// Asks another, and notes what it says.
#[derive(Debug, Clone)]
pub struct Recorder {
    asks: Arc<dyn Oracle>,
    notes: Arc<Mutex<Answers>>,
}

impl Recorder {
    /// Of the answers of `asks`.
    pub fn new(asks: Arc<dyn Oracle>) -> Self {
        Self {
            asks,
            notes: Arc::default(),
        }
    }
    /// What was said so far. Refusals are not kept: they are errors of the bot.
    pub fn answers(&self) -> Answers {
        self.notes
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }
}

impl Oracle for Recorder {
    fn open(&self) -> Result<Box<dyn Database>, String> {
        let asks = self.asks.open()?;
        Ok(Box::new(Recording {
            asks,
            notes: self.notes.clone(),
        }))
    }
}

#[derive(Debug)]
struct Recording {
    asks: Box<dyn Database>,
    notes: Arc<Mutex<Answers>>,
}

impl Recording {
    fn note(&self, note: impl FnOnce(&mut Answers)) {
        note(
            &mut self
                .notes
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        );
    }
}

impl Database for Recording {
    fn prepare(&self, sql: &str) -> Result<(), String> {
        self.asks.prepare(sql)
    }
    fn run(&self, key: &str, sql: &str) -> Result<(), Refusal> {
        self.asks.run(key, sql)?;
        self.note(|answers| {
            answers.applied.insert(key.to_owned());
        });
        Ok(())
    }
    fn describe(&self, key: &str, sql: &str) -> Result<Described, Refusal> {
        let described = self.asks.describe(key, sql)?;
        self.note(|answers| {
            let query = Query {
                version: VERSION,
                key: key.to_owned(),
                sql: sql.to_owned(),
                describe: described.clone(),
            };
            answers.described.insert(key.to_owned(), query);
        });
        Ok(described)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::sql::postgres::Column;

    #[derive(Debug)]
    struct Server;

    impl Oracle for Server {
        fn open(&self) -> Result<Box<dyn Database>, String> {
            Ok(Box::new(Server))
        }
    }

    impl Database for Server {
        fn run(&self, _: &str, sql: &str) -> Result<(), Refusal> {
            if sql == "bad" {
                Err(Refusal::Gone(String::new()))
            } else {
                Ok(())
            }
        }
        fn describe(&self, _: &str, _: &str) -> Result<Described, Refusal> {
            let column = Column {
                name: "id".into(),
                ty: "int8".into(),
                nullable: Some(false),
                origin: Some(("t".into(), "id".into())),
            };
            Ok(Described {
                parameters: vec!["text".into()],
                columns: vec![column],
            })
        }
    }

    /// Reads files as the compiler does.
    fn read(files: &BTreeMap<String, String>) -> (Answers, Vec<Diagnostic>) {
        let mut sources = SourceMap::default();
        let mut sink = Sink::default();
        let kept = files
            .iter()
            .map(|(name, text)| sources.add(format!("bots/a/sqlx/{name}"), text.clone()))
            .collect();
        let folder = Folder {
            path: "bots/a".into(),
            kept,
            ..Folder::default()
        };
        let (answers, _) = Answers::read(&[folder], &sources, &mut sink);
        (answers, sink.finish())
    }

    fn recorded() -> Answers {
        let recorder = Recorder::new(Arc::new(Server));
        let db = recorder.open().unwrap();
        db.run("m2", "CREATE …").unwrap();
        db.run("m1", "CREATE …").unwrap();
        assert!(db.run("m3", "bad").is_err());
        db.describe("q1", "SELECT 1").unwrap();
        db.describe("q2", "SELECT 2").unwrap();
        recorder.answers()
    }

    #[test]
    fn what_is_written_answers_like_the_server() {
        let answers = recorded();
        let files = answers.files();
        assert_eq!(files.len(), 3);
        assert_eq!(
            files[MIGRATIONS],
            "{\n  \"version\": 1,\n  \"applied\": [\n    \"m1\",\n    \"m2\"\n  ]\n}\n"
        );
        assert!(
            files
                .keys()
                .all(|name| crate::source::folder::is_kept(name))
        );
        let (again, findings) = read(&files);
        assert_eq!((again.clone(), findings), (answers, vec![]));
        let kept = Kept(Arc::new(again)).open().unwrap();
        assert_eq!(
            kept.describe("q1", "SELECT 1"),
            Server.describe("q1", "SELECT 1")
        );
        assert_eq!(kept.run("m1", "CREATE …"), Ok(()));
        for missing in [
            kept.run("m3", "bad"),
            kept.describe("q1", "SELECT 3").map(drop),
            kept.describe("q3", "SELECT 1").map(drop),
        ] {
            assert_eq!(missing, Err(Refusal::Missing));
        }
    }

    #[test]
    fn broken_files_say_where() {
        let mut files = recorded().files();
        let first = files.keys().nth(1).unwrap().clone();
        let text = files[&first].replace("\"int8\"", "8");
        files.insert(first.clone(), text);
        files.insert(MIGRATIONS.into(), "{\"version\": 2}".into());
        files.insert(
            "query-0.json".into(),
            files.values().next_back().unwrap().clone(),
        );
        let (_, findings) = read(&files);
        let messages: Vec<_> = findings.iter().map(|d| d.message.as_str()).collect();
        assert_eq!(messages.len(), 3, "{messages:?}");
        assert_eq!(
            messages[0],
            "`migrations.json` was written by another version of botgen (2 instead of 1)"
        );
        assert_eq!(
            messages[1],
            "`query-0.json` holds the answer of another file"
        );
        assert!(
            messages[2].contains("cannot be read: invalid type: integer `8`"),
            "{messages:?}"
        );
        assert!(findings.iter().all(|d| {
            d.help
                .as_deref()
                .is_some_and(|h| h.ends_with("`cargo botgen prepare bots/a`"))
        }));
    }
}
