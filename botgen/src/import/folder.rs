//! The thin writer: a new folder for a translated bot.

use std::collections::BTreeSet;
use std::path::Path;

use super::report::{ImportError, Report};
use super::{Check, KeyFile, Order, Surroundings, names, translate_checked};

/// The report in the new folder.
const REPORT: &str = "IMPORT.md";

/// Translates the spec and writes the bot's folder; the folder's name becomes the bot's id. Nothing is written
/// when the folder has anything in it. Tables that sibling folders create are not created twice. What `check` refuses
/// is taken back.
///
/// # Errors
/// Any [`ImportError`].
pub fn run(
    spec: &str,
    file_name: &str,
    keys: &[KeyFile<'_>],
    out: &Path,
    check: Check<'_>,
) -> Result<Report, ImportError> {
    let folder = out.display().to_string();
    let io = |path: &Path| {
        let path = path.display().to_string();
        move |error: std::io::Error| ImportError::Io {
            path,
            message: error.to_string(),
        }
    };
    let bot_id = out
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    if !names::is_id(&bot_id) {
        return Err(ImportError::BotId { name: bot_id });
    }
    match std::fs::read_dir(out) {
        Ok(mut entries) => {
            if entries.next().is_some() {
                return Err(ImportError::NotEmpty { folder });
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) if out.is_file() => {
            drop(error);
            return Err(ImportError::NotEmpty { folder });
        }
        Err(error) => return Err(io(out)(error)),
    }
    let beside = Surroundings {
        taken_tables: tables_beside(out),
        bot_id: bot_id.clone(),
        today: Some(jiff::Zoned::now().date().to_string()),
    };
    let order = Order {
        spec,
        keys,
        beside: &beside,
    };
    let imported = translate_checked(&order, check)?;
    let mut files = imported.files;
    let mut report = Report {
        file_name: file_name.to_owned(),
        bot_id,
        files: files.keys().cloned().collect(),
        lines: imported.report,
    };
    report.files.insert(0, REPORT.to_owned());
    files.insert(REPORT.to_owned(), report.page());
    for (name, content) in &files {
        let path = out.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(io(parent))?;
        }
        std::fs::write(&path, content).map_err(io(&path))?;
    }
    Ok(report)
}

/// Names after CREATE TABLE in the migrations of sibling folders. Best effort: what cannot be read is for
/// `botgen check` to complain about.
fn tables_beside(out: &Path) -> BTreeSet<String> {
    let mut tables = BTreeSet::new();
    let parent = match out.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return tables,
    };
    let folders = std::fs::read_dir(parent).into_iter().flatten().flatten();
    for bot in folders.filter(|e| e.path().join("bot.yaml").is_file()) {
        let migrations = bot.path().join("migrations");
        for folder in ["", "sqlite", "postgres"].map(|f| migrations.join(f)) {
            for file in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                if file.path().extension().is_some_and(|e| e == "sql")
                    && let Ok(sql) = std::fs::read_to_string(file.path())
                {
                    tables.extend(created_tables(&sql));
                }
            }
        }
    }
    tables
}

fn created_tables(sql: &str) -> impl Iterator<Item = String> {
    let words: Vec<String> = sql
        .split(|c: char| c.is_whitespace() || c == '(')
        .filter(|w| !w.is_empty())
        .map(str::to_lowercase)
        .collect();
    let mut tables = Vec::new();
    for (i, pair) in words.windows(2).enumerate() {
        if pair == ["create", "table"] {
            let mut rest = words[i + 2..]
                .iter()
                .filter(|w| !["if", "not", "exists"].contains(&w.as_str()));
            tables.extend(rest.next().map(|w| w.trim_matches('"').to_owned()));
        }
    }
    tables.into_iter()
}
