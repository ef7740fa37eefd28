//! What goes into the compiler: bytes by path, and which folders are bots. Only [`Input::load`] reads a disk;
//! everything after it is a pure function of this value.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

/// Largest file that is read, in bytes. A larger one is loaded one byte too far, and the compiler reports it.
pub const FILE_BYTES: usize = 10_000_000;
/// Most files of one bot folder.
pub const FILES: usize = 2_000;
/// Most bytes of all its files.
pub const BYTES: usize = 50_000_000;
/// The folders of a bot that hold files of its own, besides `bot.yaml`.
pub const FOLDERS: [&str; 5] = ["flows", "locales", "migrations", "chats", KEPT];
/// The folder of what `botgen prepare` has kept of Postgres's answers.
pub const KEPT: &str = "sqlx";
/// What people call one of [`FOLDERS`] by mistake, and what it is called: files there are told.
pub const OTHER_NAMES: [(&str, &str); 7] = [
    ("flow", "flows"),
    ("locale", "locales"),
    ("i18n", "locales"),
    ("lang", "locales"),
    ("migration", "migrations"),
    ("sql", "migrations"),
    ("chat", "chats"),
];
/// Most files of that folder: one for each statement.
pub const KEPT_FILES: usize = 20_000;

/// All files of a run. Order of loading does not matter: both collections are sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Input {
    /// The bots to compile, by path.
    pub bots: Vec<BotFolder>,
    /// Contents by path as people should see it (relative to the working directory, `/` separators).
    /// Holds the files of `bots`, and the migrations of bots whose tables they share.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// One bot's folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BotFolder {
    /// Path as people should see it, without a trailing `/`; empty for the working directory itself.
    pub path: String,
    /// The folder's name: the bot's id.
    pub id: String,
}

impl BotFolder {
    /// The path of a file in it.
    pub fn join(&self, name: &str) -> String {
        join(&self.path, name)
    }
}

/// Why a folder could not be loaded.
#[derive(Debug)]
pub struct LoadError {
    /// The path as given.
    pub path: PathBuf,
    /// What went wrong.
    pub reason: String,
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.reason)
    }
}

impl std::error::Error for LoadError {}

impl Input {
    /// An input from memory: `(path of the bot's folder, its files)`. The id is the folder's name.
    pub fn from_memory<'a>(
        bots: impl IntoIterator<Item = (&'a str, Vec<(&'a str, &'a [u8])>)>,
    ) -> Self {
        let mut input = Self::default();
        for (path, files) in bots {
            let id = path.rsplit('/').next().unwrap_or(path);
            input.add_bot(path.to_owned(), id.to_owned());
            for (name, bytes) in files {
                input.files.insert(join(path, name), bytes.to_vec());
            }
        }
        input
    }

    /// Reads bots from disk. Each of `dirs` is a bot's folder (it has a `bot.yaml`) or holds such folders;
    /// paths are shown relative to `base`.
    ///
    /// # Errors
    /// A path that is no folder or cannot be read, or a folder without any bot in it.
    pub fn load(base: &Path, dirs: &[PathBuf]) -> Result<Self, LoadError> {
        let base = base.canonicalize().unwrap_or_else(|_| base.to_owned());
        let mut input = Self::default();
        for dir in dirs {
            let fail = |reason: &str| LoadError {
                path: dir.clone(),
                reason: reason.to_owned(),
            };
            let full = base
                .join(dir)
                .canonicalize()
                .map_err(|_| fail("there is no such folder"))?;
            if !full.is_dir() {
                return Err(fail("is not a folder; name a bot's folder"));
            }
            let holder = if is_bot(&full) {
                Vec::new()
            } else {
                entries(&full)?.into_iter().filter(|p| is_bot(p)).collect()
            };
            if holder.is_empty() {
                input.load_bot(&base, &full)?;
            }
            for bot in holder {
                input.load_bot(&base, &bot)?;
            }
        }
        Ok(input)
    }

    fn add_bot(&mut self, path: String, id: String) {
        let bot = BotFolder { path, id };
        if let Err(at) = self.bots.binary_search(&bot) {
            self.bots.insert(at, bot);
        }
    }

    fn load_bot(&mut self, base: &Path, full: &Path) -> Result<(), LoadError> {
        let shown = relative(base, full);
        let id = full
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        self.add_bot(shown.clone(), id);
        let mut count = Count::default();
        self.load_files(full, &shown, &mut count, FILES)?;
        for folder in FOLDERS {
            let path = full.join(folder);
            // Machines write more files than people.
            let (mut kept, most) = (Count::default(), KEPT_FILES);
            let (count, most) = match folder {
                KEPT => (&mut kept, most),
                _ => (&mut count, FILES),
            };
            if path.is_dir() {
                self.load_tree(&path, &join(&shown, folder), count, most, 0)?;
            }
        }
        // What stands in a folder of nearly that name is told, as far as it can be read.
        let mut beside = Count::default();
        for (name, _) in OTHER_NAMES {
            let path = full.join(name);
            if path.is_dir() {
                let _ = self.load_tree(&path, &join(&shown, name), &mut beside, FILES, 1);
            }
        }
        if let Some(other) = self.shared_migrations(&shown) {
            let path = full.join(&other);
            if let Ok(path) = path.canonicalize()
                && path.is_dir()
            {
                self.load_tree(&path, &relative(base, &path), &mut count, FILES, 0)?;
            }
        }
        Ok(())
    }

    /// `migrations: ../booking/migrations` of a bot.yaml that is already loaded.
    fn shared_migrations(&self, bot: &str) -> Option<String> {
        let text = std::str::from_utf8(self.files.get(&join(bot, "bot.yaml"))?).ok()?;
        text.contains("migrations")
            .then(|| crate::yaml::root_scalar(text, "migrations"))
            .flatten()
    }

    /// A folder and its folders (migrations have one per engine).
    fn load_tree(
        &mut self,
        dir: &Path,
        shown: &str,
        count: &mut Count,
        most: usize,
        depth: usize,
    ) -> Result<(), LoadError> {
        self.load_files(dir, shown, count, most)?;
        if depth < 2 {
            for path in entries(dir)?.into_iter().filter(|p| p.is_dir()) {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                self.load_tree(&path, &join(shown, &name), count, most, depth + 1)?;
            }
        }
        Ok(())
    }

    fn load_files(
        &mut self,
        dir: &Path,
        shown: &str,
        count: &mut Count,
        most: usize,
    ) -> Result<(), LoadError> {
        for path in entries(dir)?.into_iter().filter(|p| !p.is_dir()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let fail = |reason: &str| LoadError {
                path: PathBuf::from(join(shown, &name)),
                reason: reason.to_owned(),
            };
            if !path.is_file() {
                return Err(fail(
                    "is no file: a link that leads nowhere, a pipe or the like",
                ));
            }
            count.files += 1;
            if count.files > most {
                return Err(LoadError {
                    path: dir.to_owned(),
                    reason: format!("holds more than {most} files"),
                });
            }
            let bytes = read(&path).map_err(|e| fail(&e.to_string()))?;
            count.bytes += bytes.len();
            if count.bytes > BYTES {
                return Err(LoadError {
                    path: dir.to_owned(),
                    reason: format!("holds more than {} MB in all", BYTES / 1_000_000),
                });
            }
            self.files.insert(join(shown, &name), bytes);
        }
        Ok(())
    }
}

/// How much of a bot's folder has been read.
#[derive(Debug, Default)]
struct Count {
    files: usize,
    bytes: usize,
}

/// Has a `bot.yaml`, or looks so much like a bot that leaving it out would hide a mistake.
fn is_bot(dir: &Path) -> bool {
    ["bot.yaml", "bot.yml"]
        .iter()
        .any(|f| dir.join(f).is_file())
        || ["flows", "locales"].iter().any(|f| dir.join(f).is_dir())
}

/// At most one byte more than [`FILE_BYTES`].
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?
        .take(FILE_BYTES as u64 + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What is in a folder but for hidden files, sorted.
fn entries(dir: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let list = fs::read_dir(dir).and_then(|entries| {
        entries
            .map(|e| e.map(|e| e.path()))
            .collect::<io::Result<Vec<_>>>()
    });
    let mut list = list.map_err(|e| LoadError {
        path: dir.to_owned(),
        reason: e.to_string(),
    })?;
    list.retain(|p| {
        !p.file_name()
            .is_some_and(|n| n.to_string_lossy().starts_with('.'))
    });
    list.sort();
    for path in &list {
        let name = path.file_name().unwrap_or_default();
        let reason = match name.to_str() {
            None => "has a name that is not UTF-8",
            Some(name) if name.chars().any(is_invisible) => "has a name with control characters",
            Some(_) => continue,
        };
        return Err(LoadError {
            path: dir.join(format!("{name:?}").trim_matches('"')),
            reason: reason.to_owned(),
        });
    }
    Ok(list)
}

/// Has no place on a terminal.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

/// `to` as seen from `base`, both absolute; `/` between the parts.
fn relative(base: &Path, to: &Path) -> String {
    let (from, to): (Vec<_>, Vec<_>) = (base.components().collect(), to.components().collect());
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..".to_owned(), from.len() - common);
    let down = to[common..].iter().filter_map(|c| match c {
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        _ => None,
    });
    up.chain(down).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative() {
        let rel = |a: &str, b: &str| relative(Path::new(a), Path::new(b));
        assert_eq!(rel("/w", "/w/bots/a"), "bots/a");
        assert_eq!(rel("/w/bots", "/w/bots"), "");
        assert_eq!(rel("/w/x/y", "/w/bots/a"), "../../bots/a");
    }

    #[test]
    fn order_does_not_matter() {
        let a = ("bots/a", vec![("bot.yaml", &b"x"[..])]);
        let b = ("bots/b", vec![("bot.yaml", &b"y"[..])]);
        assert_eq!(
            Input::from_memory([a.clone(), b.clone()]),
            Input::from_memory([b, a])
        );
    }
}
