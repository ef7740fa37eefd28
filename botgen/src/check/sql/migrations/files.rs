//! Which files there are, and in what order.

use std::collections::BTreeMap;

use crate::Engine;
use crate::check::sql::{MigrationFile, OwnerMigrations};
use crate::diagnostics::codes::sql as codes;
use crate::diagnostics::{Diagnostic, Sink};
use crate::source::Span;

/// A migration that the engine gets.
pub(super) struct Numbered<'a> {
    pub version: i64,
    pub title: String,
    pub file: &'a MigrationFile,
    /// Of the engine's own folder.
    pub own: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Folder {
    Both,
    Sqlite,
    Postgres,
}

/// The files for an engine, by number. Wrong names, gaps and duplicates are reported.
pub(super) fn in_order<'a>(
    owner: &'a OwnerMigrations,
    engine: Engine,
    sink: &mut Sink,
) -> Vec<Numbered<'a>> {
    let (wanted, other) = match engine {
        Engine::Sqlite => (Folder::Sqlite, Folder::Postgres),
        Engine::Postgres => (Folder::Postgres, Folder::Sqlite),
    };
    let mut report = |file: &MigrationFile, message: String, help: String| {
        let start = Span {
            file: file.file,
            lo: 0,
            hi: 0,
        };
        sink.report(Diagnostic::new(&codes::FILES, start, message).help(help));
    };
    let mut found: BTreeMap<i64, Vec<(Folder, String, &MigrationFile)>> = BTreeMap::new();
    for file in &owner.files {
        let (folder, name) = match file.name.split_once('/') {
            None => (Folder::Both, file.name.as_str()),
            Some(("sqlite", name)) => (Folder::Sqlite, name),
            Some(("postgres", name)) => (Folder::Postgres, name),
            Some((folder, _)) => {
                report(
                    file,
                    format!("`migrations/{folder}/` is not a folder of migrations"),
                    "files stand in `migrations/`, or in `migrations/sqlite/` and \
                     `migrations/postgres/` where the engines differ"
                        .to_owned(),
                );
                continue;
            }
        };
        match numbered(name) {
            Some((version, title)) => {
                found
                    .entry(version)
                    .or_default()
                    .push((folder, title, file));
            }
            None => report(
                file,
                format!("`{name}` is not a migration's name"),
                "name it `0001_what_it_does.sql`: four digits, then `a-z`, `0-9` and `_`"
                    .to_owned(),
            ),
        }
    }
    let mut list = Vec::new();
    let mut twice = Vec::new();
    let mut next = 1;
    for (version, mut files) in found {
        files.sort_by_key(|(folder, _, _)| *folder);
        if let Some((_, _, file)) = files.first().filter(|_| version != next) {
            report(
                file,
                format!("migration {next:04} is missing"),
                "numbers go up by one from 0001: what was applied is recorded by number".to_owned(),
            );
        }
        next = version + 1;
        let folders: Vec<Folder> = files.iter().map(|(folder, _, _)| *folder).collect();
        match folders[..] {
            [Folder::Both] | [Folder::Sqlite, Folder::Postgres] => {}
            [Folder::Sqlite] | [Folder::Postgres] => {
                let (folder, _, file) = &files[0];
                let other = if *folder == Folder::Sqlite {
                    "postgres"
                } else {
                    "sqlite"
                };
                report(
                    file,
                    format!("`migrations/{other}/` has no migration {version:04}"),
                    "where one engine has its own file, the other needs one too".to_owned(),
                );
            }
            _ => {
                if let [(_, _, first), .., (_, _, file)] = files.as_slice() {
                    let start = |file: &MigrationFile| Span {
                        file: file.file,
                        lo: 0,
                        hi: 0,
                    };
                    let message = format!("two migrations have the number {version:04}");
                    twice.push(
                        Diagnostic::new(&codes::FILES, start(file), message)
                            .note(start(first), "the other one")
                            .help("a new migration takes the next number"),
                    );
                }
            }
        }
        // One of a number is applied, so that one mistake is not many.
        if let Some((folder, title, file)) =
            files.into_iter().find(|(folder, _, _)| *folder != other)
        {
            list.push(Numbered {
                version,
                title,
                file,
                own: folder == wanted,
            });
        }
    }
    twice.into_iter().for_each(|d| sink.report(d));
    list
}

/// `0001_init.sql` → 1, `init`.
fn numbered(name: &str) -> Option<(i64, String)> {
    let (digits, title) = name.strip_suffix(".sql")?.split_once('_')?;
    let good = digits.len() == 4
        && digits.bytes().all(|b| b.is_ascii_digit())
        && !title.is_empty()
        && title
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    let version: i64 = digits.parse().ok()?;
    (good && version > 0).then(|| (version, title.to_owned()))
}
